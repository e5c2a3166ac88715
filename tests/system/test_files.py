"""
Issue 5, point 3: files whose size, name or content is no usual one, while they change, and the
stored variants of recipes that people copy. Read by Python's client, curl and wget.
"""

import contextlib
import http.client
import os
import ssl
import urllib.parse
from html.parser import HTMLParser

import pytest

from itkd import Config, Site, amount, curl
from itkd_site import run

NAMES = ["plain.txt", "a b.txt", "50%.txt", "%41.txt", "%2e%2e.txt", "q?x=1.txt", "hash#1.txt",
         "quote\"'.txt", "<b>&amp;.txt", "line\nbreak.txt", "tab\there.txt", "bell\a.txt",
         "ümläut.txt",
         "日本語.txt", "\U0001f600.txt", "back\\slash.txt", "semi;colon.txt", "colon:x.txt",
         "plus+plus.txt", "-dash.txt", " lead.txt", "trail.txt ", "dot..dot.txt", "star*.txt",
         "~tilde.txt", "{brace}.txt", "[x].txt", "&copy=1.txt", "javascript:alert(1).txt",
         '"><script>.txt', "l" * 251 + ".txt", "ä" * 125 + ".txt"]
RAW_NAMES = [b"latin1-\xe9.txt", b"cut-\xc3.txt", b"\xff\xfe.txt"]
BIG = 24 << 20  # more than any buffer on the way
RECIPE = """
AddEncoding gzip .gz
AddEncoding br .br
<FilesMatch "\\.js\\.(gz|br)$">
	ForceType text/javascript
</FilesMatch>
"""


class World:
    def __init__(self, start, directory, tls):
        self.a = Site("a", directory)
        config = Config(directory, tls, Site("main", directory))
        root = self.a.docroot
        lines = [f'<Directory "{root}">', "Options +Indexes +MultiViews", "</Directory>",
                 f'<Directory "{root}/names">',
                 "IndexOptions FancyIndexing HTMLTable Charset=UTF-8",
                 "IndexOptions NameWidth=* IgnoreCase", "</Directory>", RECIPE]
        config.vhost(self.a, *lines)
        config.vhost(self.a, *lines, tls=True)
        self.a.mkdir("names")
        for name in [n.encode() for n in NAMES] + RAW_NAMES:
            path = os.path.join(os.fsencode(root), b"names", name)
            with open(path, "wb") as f:
                f.write(b"content of " + name)
            self.a.own(os.fsdecode(path))
        self.a.file("empty.txt", "")
        self.a.file("data.bin", os.urandom(3_000_000))
        self.server = start(config)

    def sparse(self, name, size):
        path = self.a.file(name, "")
        os.truncate(path, size)
        return path


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


SCHEMES = pytest.mark.parametrize("secure", [None, "a.test"], ids=["http", "https"])


def take(connection, n):
    """Reads n bytes of a body, or fewer where it ends before; (how many, which byte values)."""
    data, connection.buffer = connection.buffer, b""
    got, values = len(data), set(data)
    while got < n and (data := connection.sock.recv(min(1 << 20, n - got))):
        got += len(data)
        values |= {data[0], data[-1]} | ({None} if data.strip(data[:1]) else set())
    return got, values


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.tags = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == "a":
            self.links.append(dict(attributes)["href"])


def fetch(world, path):
    client = http.client.HTTPConnection("127.0.0.1", world.server.port, timeout=60)
    with contextlib.closing(client):
        client.request("GET", path, headers={"Host": "a.test"})
        answer = client.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize("name", [n.encode() for n in NAMES] + RAW_NAMES)
def test_names(world, name):
    """Any name that a file system takes is one that a client can ask for."""
    assert fetch(world, "/names/" + urllib.parse.quote(name)) == (200, b"content of " + name)


def test_names_in_a_list(world):
    """A list has each of them, escaped: each link leads to its file, and no name makes a tag."""
    status, body = fetch(world, "/names/")
    page = Links(body.decode("utf-8", "surrogateescape"))
    found = []
    for link in page.links:
        path = urllib.parse.urljoin("http://a.test/names/", link)
        parts = urllib.parse.urlsplit(path)
        assert (parts.scheme, parts.netloc) == ("http", "a.test"), f"{link} leads elsewhere"
        if parts.path != "/" and not parts.query:
            found.append(parts.path)
    assert status == 200 and not page.tags & {"b", "script"}
    names = [urllib.parse.unquote_to_bytes(path[len("/names/"):]) for path in found]
    assert sorted(names) == sorted([n.encode() for n in NAMES] + RAW_NAMES)
    for path, name in zip(found, names):
        assert fetch(world, path) == (200, b"content of " + name)


@pytest.mark.parametrize("order", ["N", "M", "S", "D"])
def test_list_is_sorted(world, order):
    """The same list in both directions, by each column."""
    def names(direction):
        page = Links(fetch(world, f"/names/?C={order};O={direction}")[1].decode("latin-1"))
        return [link for link in page.links if not link.startswith(("?", "/"))]

    up, down = names("A"), names("D")
    assert len(up) == len(NAMES) + len(RAW_NAMES) and sorted(up) == sorted(down)
    assert up != down
    if order == "N":
        assert up == down[::-1]


@SCHEMES
def test_empty(world, secure):
    """0 bytes are an answer like any other, and the connection goes on."""
    with world.server.connect(tls=secure) as c:
        for method in ("GET", "HEAD", "POST", "GET"):
            got = c.get("/empty.txt", "a.test", method=method)
            assert (got.status, got.body, got.header("Content-Length")) == (200, b"", "0")


@SCHEMES
def test_grows_while_it_is_sent(world, secure):
    """What was promised is sent, not a byte more: the next answer begins where it should."""
    path = world.sparse("grows.bin", BIG)
    with world.server.connect(tls=secure, timeout=60) as c:
        c.request("/grows.bin", "a.test")
        assert c.head().status == 200
        with open(path, "ab") as f:
            f.write(b"x" * 100000)
        assert take(c, BIG) == (BIG, {0})
        assert c.get("/empty.txt", "a.test").body == b""


@SCHEMES
def test_truncated_while_it_is_sent(world, secure):
    """A client must see that it is not the whole: a reset, over TLS no close_notify."""
    path = world.sparse("shrinks.bin", BIG)
    with world.server.connect(tls=secure, timeout=60) as c:
        c.request("/shrinks.bin", "a.test")
        c.head()
        os.truncate(path, 1000)
        with pytest.raises((OSError, ssl.SSLError)):
            got, _ = take(c, BIG)
            raise AssertionError(f"{got} bytes of {BIG}, and then a clean end")


@SCHEMES
def test_replaced_while_it_is_sent(world, secure):
    """By another file under its name: the old one's bytes to the end, never a mixture."""
    size = 24 << 20
    path = world.a.file("replaced.bin", b"a" * size)
    with world.server.connect(tls=secure, timeout=60) as c:
        c.request("/replaced.bin", "a.test")
        c.head()
        world.a.file("replaced.bin.new", b"b" * 1000).rename(path)
        assert take(c, size) == (size, {ord("a")})
        assert c.get("/replaced.bin", "a.test").body == b"b" * 1000


def test_removed_while_it_is_sent(world):
    path = world.sparse("removed.bin", BIG)
    with world.server.connect(timeout=60) as c:
        c.request("/removed.bin", "a.test")
        c.head()
        path.unlink()
        assert take(c, BIG) == (BIG, {0})
        assert c.get("/removed.bin", "a.test").status == 404


def test_larger_than_32_bits(world):
    """5 GiB, whole where there is time for it: every byte counts."""
    size = 5 << 30
    world.sparse("huge.bin", size)
    length = amount(24 << 20, size)
    with world.server.connect(timeout=60) as c:
        c.request("/huge.bin", "a.test")
        assert c.head().header("Content-Length") == str(size)
        assert take(c, length) == (length, {0})


# -- variants that are stored beside the file

def test_stored_variants(world):
    """MultiViews with AddEncoding: the same URL, the bytes that the client can read."""
    for name, text in (("app.js.js", "plain, and the longest of them\n"), ("app.js.gz", "GZIP"),
                       ("app.js.br", "BROTLI")):
        world.a.file(name, text)
    for accepts, text, encoding in ((None, "plain, and the longest of them\n", None),
                                    ("gzip", "GZIP", "gzip"), ("br", "BROTLI", "br"),
                                    ("gzip;q=0.2, br;q=0.8", "BROTLI", "br"),
                                    ("identity", "plain, and the longest of them\n", None)):
        headers = {"Accept-Encoding": accepts} if accepts else {}
        got = world.server.get("/app.js", world.a, headers=headers)
        assert (got.status, got.text, got.header("Content-Encoding")) == (200, text, encoding)
        assert "accept-encoding" in got.header("Vary").lower()
        assert got.header("Content-Type") == "text/javascript"


# -- programs that people use

@SCHEMES
def test_wget(world, secure, tmp_path):
    """wget: a file, one that was cut is continued, and --timestamping asks first."""
    port = world.server.tls_port if secure else world.server.port
    url = f"{'https' if secure else 'http'}://127.0.0.1:{port}/data.bin"
    wget = ["wget", "-q", "--tries=1", "--timeout=120", "--no-check-certificate",
            "--header=Host: a.test", "-P", str(tmp_path)]
    run(*wget, url)
    data = (world.a.docroot / "data.bin").read_bytes()
    copy = tmp_path / "data.bin"
    assert copy.read_bytes() == data
    os.truncate(copy, 1_234_567)
    run(*wget, "--continue", url)
    assert copy.read_bytes() == data
    start = len(world.server.log("a.test-access.log"))
    run(*wget, "--timestamping", url)
    world.server.wait_log('" 304 ', "a.test-access.log", start=start)


@SCHEMES
def test_curl_resumes(world, secure, tmp_path):
    """curl -C - goes on where it was cut; --range takes parts; -z and --etag-compare ask first."""
    url = f"{'https' if secure else 'http'}://a.test/data.bin"
    data = (world.a.docroot / "data.bin").read_bytes()
    copy, tag = tmp_path / "copy", tmp_path / "tag"
    copy.write_bytes(data[:1_000_001])
    curl(world.server, url, "-C", "-", "-o", str(copy))
    assert copy.read_bytes() == data
    curl(world.server, url, "--range", "5-9", "-o", str(copy))
    assert copy.read_bytes() == data[5:10]
    curl(world.server, url, "--etag-save", str(tag), "-o", str(copy))
    done = curl(world.server, url, "--etag-compare", str(tag), "-o", str(copy),
                "-w", "%{http_code}")
    assert "304" in str(getattr(done, "stdout", done))


def test_http_client_keeps_its_connection(world):
    """Python's http.client: many answers of all kinds on one connection."""
    client = http.client.HTTPConnection("127.0.0.1", world.server.port, timeout=60)
    with contextlib.closing(client):
        client.connect()
        port = client.sock.getsockname()[1]
        for method, path, headers, status in (
                ("GET", "/data.bin", {}, 200), ("HEAD", "/data.bin", {}, 200),
                ("GET", "/data.bin", {"Range": "bytes=1-2"}, 206),
                ("GET", "/data.bin", {"Range": "bytes=1-2,9-10"}, 206),
                ("GET", "/none", {}, 404), ("GET", "/data.bin", {"If-None-Match": "*"}, 304),
                ("GET", "/data.bin", {"If-Match": '"x"'}, 412), ("OPTIONS", "/", {}, 200),
                ("GET", "/names/", {}, 200), ("GET", "/empty.txt", {}, 200)):
            client.request(method, path, headers={"Host": "a.test", **headers})
            answer = client.getresponse()
            answer.read()
            assert answer.status == status, path
            assert client.sock.getsockname()[1] == port, "it came with a new connection"
