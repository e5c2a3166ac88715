"""Issue 6, point 1: X-Sendfile, and the arguments of an indexed query."""

import pytest

from itkd import Config, Site

TEXT = "".join(f"line {n}\n" for n in range(2000))


class World:
    def __init__(self, start, directory, tls):
        self.a = a = Site("a", directory)
        self.b = Site("b", directory)
        a.mkdir("files")
        a.mkdir("kept")
        a.mkdir("cgi")
        a.file("cgi/own.txt", TEXT)
        a.file("kept/kept.txt", TEXT)
        a.file("files/other.txt", TEXT)
        a.symlink("kept/theirs", self.b.docroot / "index.html")
        a.file("cgi/send.cgi", '#!/bin/sh\nprintf "Content-Type: text/x-own\\r\\nX-Mine: 1\\r\\n'
               'Content-Length: 3\\r\\nContent-Encoding: x-own\\r\\n'
               'X-SENDFILE: %s\\r\\n\\r\\nbody" "$QUERY_STRING"\n', 0o700)
        a.file("cgi/args.cgi", '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n"\n'
               'for word; do printf "[%s]" "$word"; done\n', 0o700)
        config = Config(directory, tls, Site("main", directory))
        config.raw(f"<Directory {a.docroot}/cgi>", "Options ExecCGI", "AddHandler cgi-script .cgi",
                   "</Directory>")
        config.vhost(a, "XSendFile On", f"XSendFilePath {a.docroot}/kept")
        config.vhost(a, name="off.test")
        self.server = start(config)


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


# name that the program gives ({root}: docroot), status
NAMES = [
    ("own.txt", 200), ("{root}/cgi/own.txt", 200), ("{root}/kept/kept.txt", 200),
    ("{root}/kept/../kept/kept.txt", 200), ("{root}/files/other.txt", 404),
    ("../files/other.txt", 404), ("{root}/kept/../files/other.txt", 404), ("/etc/passwd", 404),
    ("{root}/kept/theirs", 404), ("{root}/kept/none.txt", 404), ("{root}/kept", 404),
    ("{root}/kept/", 404), ("{root}/keptall", 404),
]


@pytest.mark.parametrize("name, status", NAMES)
def test_names(world, name, status):
    """Only what the site's user may read, below the program's directory or an XSendFilePath."""
    got = world.server.get("/cgi/send.cgi?" + name.format(root=world.a.docroot), "a.test")
    assert got.status == status
    if status == 200:
        assert got.text == TEXT and got.header("Content-Type") == "text/x-own"
        assert got.header("X-Mine") == "1" and got.header("X-Sendfile") is None
        assert got.header("ETag") and got.header("Last-Modified")
        assert got.header("Content-Encoding") is None  # it was that of the program's body
    else:
        assert "line 1" not in got.text and "root:" not in got.text


def test_ranges_and_conditions(world):
    """A file that was named is one: a part of it, and nothing where it is known."""
    server, path = world.server, "/cgi/send.cgi?own.txt"
    part = server.get(path, "a.test", headers={"Range": "bytes=5-9"})
    assert (part.status, part.text) == (206, TEXT[5:10])
    assert part.header("Content-Range") == f"bytes 5-9/{len(TEXT)}"
    known = server.get(path, "a.test", headers={"If-None-Match": part.header("ETag")})
    assert known.status == 304
    assert server.get(path, "a.test", method="HEAD").header("Content-Length") == str(len(TEXT))


def test_off(world):
    """Without the directive the field is one like others, and the body the program's, whatever
    length it said."""
    got = world.server.get("/cgi/send.cgi?own.txt", "off.test")
    assert (got.text, got.header("X-Sendfile")) == ("body", "own.txt")


# query, what the program is given
QUERIES = [
    ("a+b", "[a][b]"), ("a", "[a]"), ("a%20b+c", "[a b][c]"), ("a=b", ""), ("%3d", "[=]"),
    ("", ""), ("a+%3bls+$x", "[a][\\;ls][\\$x]"), ("--x+y", "[--x][y]"), ("a++b", "[a][][b]"),
    ("%zz", "[%zz]"),
]


@pytest.mark.parametrize("query, words", QUERIES)
def test_arguments(world, query, words):
    """RFC 3875 section 4.4, with Apache's escapes: of GET and HEAD, and without '='."""
    assert world.server.get(f"/cgi/args.cgi?{query}", "a.test").text == words
    assert world.server.get(f"/cgi/args.cgi?{query}", "a.test", method="POST", body="x").text == ""
