"""Issue 2, point 8: CGI programs (RFC 3875): what they are given and what they may answer."""

import itertools
import json
import os
import re

import pytest

from itkd import Config, Site, wait_for
from itkd_tools import GONE, exchange, install, status_of

TEXT = "a file to be sent to\n"
STARTED_WITH = {"ITKD_TEST_MARK": "of the administrator's shell",
                "PATH": "/nonexistent/own:" + os.environ["PATH"]}
NOFILE = (777, 5000)  # what itkd is started with
HEADER = "printf 'Content-Type: text/plain\\r\\n\\r\\n'\n"
BOTH = pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])


class World:
    """One server for the module; put() adds a program to site a."""

    def __init__(self, start, directory, tls):
        self.a = Site("a", directory)
        self.numbers = itertools.count()
        config = Config(directory, tls, Site("main", directory))
        config.vhost(self.a)
        config.vhost(self.a, tls=True)
        config.vhost(self.a, f'<Directory "{self.a.cgi_bin}">', "SSLOptions +StdEnvVars",
                     "</Directory>", name="std.test", tls=True)
        config.vhost(self.a, "Timeout 2", name="hasty.test")
        config.vhost(self.a, "LimitRequestBody 1000", name="small.test")
        config.raw(f'<Directory "{self.a.docroot}">', "\tAddHandler cgi-script .cgi",
                   "</Directory>", f'<Directory "{self.a.docroot}/exec">', "\tOptions +ExecCGI",
                   "</Directory>")
        self.a.mkdir("exec")
        self.a.file("text.txt", TEXT)
        for name in ("environ", "digest", "echo", "family", "gated", "process"):
            install(self.a, name)
        self.server = start(config, env=STARTED_WITH,
                            prefix=["prlimit", "--nofile={}:{}".format(*NOFILE)])

    def put(self, script, name="p{}", mode=0o700):
        """A program out of a shell script; its URL path."""
        name = name.format(next(self.numbers))
        self.a.cgi(name, "#!/bin/sh\n" + script, mode)
        return f"/cgi-bin/{name}"

    def prints(self, text, name="p{}"):
        """A program that prints text (with printf's escapes)."""
        return self.put(f"printf '{text}'\n", name)

    def child(self):
        """The one child that serves."""
        return wait_for(lambda: len(found := self.server.children()) == 1 and found, 30,
                        "one child, and no other")[0]


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


@pytest.fixture(autouse=True)
def nothing_left(world):
    """Point 8: once its client has gone no process of the site is left, child or program."""
    yield

    def left():
        return [p for p in world.server.processes() if p.uids[:1] == (world.a.uid,)]

    try:
        wait_for(lambda: not left(), 30, "the end of each process of the site")
    finally:
        for p in left():
            p.kill(9)


# -- what the program is given

def environment(raw):
    return dict(part.decode().split("=", 1) for part in raw.split(b"\0") if part)


# Apache sets these too; the value where there can be but one.
OPTIONAL = {
    "REQUEST_URI", "REQUEST_SCHEME", "SCRIPT_FILENAME", "DOCUMENT_ROOT", "CONTEXT_PREFIX",
    "CONTEXT_DOCUMENT_ROOT", "SERVER_ADDR", "SERVER_ADMIN", "SERVER_SIGNATURE", "REMOTE_PORT",
    "HTTP_CONNECTION",
}
OPTIONAL_TLS = {"HTTPS", "SSL_TLS_SNI"}
STD_ENV_VARS = {"SSL_PROTOCOL", "SSL_CIPHER", "SSL_CIPHER_USEKEYSIZE", "SSL_CIPHER_ALGKEYSIZE",
                "SSL_CIPHER_EXPORT", "SSL_CLIENT_VERIFY", "SSL_COMPRESS_METHOD", "SSL_SECURE_RENEG"}


@BOTH
def test_environment(world, sni):
    """Point 8: the variables of RFC 3875 section 4.1, built from nothing, with their values."""
    server, a = world.server, world.a
    port = server.tls_port if sni else server.port
    with server.connect(tls=sni) as c:
        remote_port = c.sock.getsockname()[1]
        got = c.get("/cgi-bin/environ/extra%20path//x%3Fy?a=b&c=%20+d", f"a.test:{port}", "POST",
                    body=b"12345", headers=[
                        ("Content-Type", "text/x-own"), ("X-Many", "1"), ("X-Many", "2"),
                        ("Accept", "*/*"), ("User-Agent", "test")])
    assert got.status == 200
    found = environment(got.body)
    expected = {
        "CONTENT_LENGTH": "5",
        "CONTENT_TYPE": "text/x-own",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "PATH_INFO": "/extra path/x?y",
        "PATH_TRANSLATED": f"{a.docroot}/extra path/x?y",
        "QUERY_STRING": "a=b&c=%20+d",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "/cgi-bin/environ",
        "SERVER_NAME": "a.test",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": f"a.test:{port}",
        "HTTP_ACCEPT": "*/*",
        "HTTP_USER_AGENT": "test",
        "HTTP_X_MANY": "1, 2",
        # Not that of whoever started the server: as a service of Debian has it.
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    }
    assert {k: found.get(k) for k in expected} == expected
    # WordPress and others look for "Apache" before they write a .htaccess.
    assert re.fullmatch(r"itkd/[0-9.]+ \(Apache compatible\)", found["SERVER_SOFTWARE"])
    more = {
        "REQUEST_URI": "/cgi-bin/environ/extra%20path//x%3Fy?a=b&c=%20+d",
        "REQUEST_SCHEME": "https" if sni else "http",
        "SCRIPT_FILENAME": f"{a.cgi_bin}/environ",
        "DOCUMENT_ROOT": str(a.docroot),
        "SERVER_ADDR": "127.0.0.1",
        "SERVER_ADMIN": "webmaster@main.test",
        "REMOTE_PORT": str(remote_port),
        "HTTPS": "on",
        "SSL_TLS_SNI": "a.test",
    }
    assert {k: v for k, v in found.items() if k in more and v != more[k]} == {}
    allowed = set(expected) | {"SERVER_SOFTWARE"} | OPTIONAL | (OPTIONAL_TLS if sni else set())
    assert set(found) - allowed == set()
    if sni:
        assert found["HTTPS"] == "on"


def test_ssl_options(world):
    """SSLOptions +StdEnvVars gives programs mod_ssl's variables, in that directory only."""
    server = world.server
    for name, wanted in (("a.test", set()), ("std.test", STD_ENV_VARS)):
        with server.connect(tls=name) as c:
            found = environment(c.get("/cgi-bin/environ", name).body)
        assert STD_ENV_VARS & set(found) == wanted
    assert found["SSL_PROTOCOL"] == "TLSv1.3"
    assert found["SSL_CIPHER"].startswith("TLS_")
    assert found["SSL_CLIENT_VERIFY"] == "NONE"


def test_environment_of_a_simple_get(world):
    """Point 8: what a request does not have is not set, but for QUERY_STRING."""
    found = environment(world.server.get("/cgi-bin/environ", world.a).body)
    assert found["QUERY_STRING"] == "" and found["REQUEST_METHOD"] == "GET"
    absent = {"CONTENT_LENGTH", "CONTENT_TYPE", "PATH_INFO", "PATH_TRANSLATED", "AUTH_TYPE",
              "REMOTE_USER", "REMOTE_IDENT", "HTTPS", "HTTP_PROXY", *STARTED_WITH} - {"PATH"}
    assert absent & set(found) == set()


# a request's field: what may not reach the program's environment
KEPT_OUT = [
    ("Proxy: http://evil.test/", "evil.test"),
    ("proxy: http://evil.test/", "evil.test"),
    ("PROXY: http://evil.test/", "evil.test"),
    ("Authorization: Basic c2VjcmV0OnBhc3M=", "c2VjcmV0"),
    ("Proxy-Authorization: Basic c2VjcmV0OnBhc3M=", "c2VjcmV0"),
    ("X_Forwarded_User: forged-name", "forged-name"),
    ("Content_Length: 99999", "99999"),
    ("X.Y: dotted-name", "dotted-name"),
]


@pytest.mark.parametrize("field, kept_out", KEPT_OUT)
def test_fields_kept_out(world, field, kept_out):
    """Point 8: no HTTP_PROXY (httpoxy); no credentials; no name that could pass for another."""
    raw = exchange(world.server, f"GET /cgi-bin/environ HTTP/1.1\r\nHost: a.test\r\n{field}\r\n"
                   "Connection: close\r\n\r\n".encode())
    assert status_of(raw) == 200 and kept_out.encode() not in raw
    assert b"HTTP_PROXY=" not in raw


def test_chunked_has_no_length(world):
    """Point 8: with a chunked body CONTENT_LENGTH is not set (nobody knows it yet)."""
    raw = exchange(world.server, b"POST /cgi-bin/environ HTTP/1.1\r\nHost: a.test\r\nConnection: "
                   b"close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    assert status_of(raw) == 200 and b"CONTENT_LENGTH=" not in raw


def test_what_a_program_is_given(world):
    """Point 8: 0, 1, 2 are pipes that block, no other descriptor; default signals; the limits
    that itkd was started with; umask, directory and user."""
    got = json.loads(world.server.get("/cgi-bin/process", world.a).body)
    assert got["fds"] == {"0": [True, False], "1": [True, False], "2": [True, False]}
    assert got["nofile"] == list(NOFILE)
    blocked, ignored = (int(n, 16) for n in got["signals"][1::2])
    assert (blocked, ignored) == (0, 0)
    assert got["umask"] == 0o022
    assert got["cwd"] == str(world.a.cgi_bin)
    assert got["ids"] == [world.a.uid] * 3 + [world.a.gid] * 3


# -- what the program answers

# output, status, fields, body; None: any body
OUTPUTS = [
    (r"Content-Type: text/x-a\r\n\r\nhello", 200, {"Content-Type": "text/x-a"}, "hello"),
    (r"Content-Type: text/x-a\n\nhello", 200, {"Content-Type": "text/x-a"}, "hello"),
    (r"content-type:text/x-a\n\n", 200, {"Content-Type": "text/x-a"}, ""),
    (r"Status: 404 Nowhere\nContent-Type: text/x-a\n\nno", 404, {"Content-Type": "text/x-a"}, "no"),
    (r"Status: 503\nRetry-After: 7\n\nlater", 503, {"Retry-After": "7"}, "later"),
    (r"Status: 201 Made\nLocation: http://a.test/x\n\nmade", 201,
     {"Location": "http://a.test/x"}, "made"),
    (r"Status: 204 No Content\n\n", 204, {}, ""),
    (r"Status: 304 Not Modified\nETag: \042x\042\n\n", 304, {"ETag": '"x"'}, ""),
    (r"Location: http://other.test/x?y=%%20\n\n", 302,
     {"Location": "http://other.test/x?y=%20"}, None),
    (r"Status: 301 Moved\nLocation: https://other.test/\nContent-Type: text/plain\n\nthere", 301,
     {"Location": "https://other.test/"}, "there"),
    (r"Location: /text.txt\n\n", 200, {"Location": None, "Content-Type": "text/plain"}, TEXT),
    (r"Location: /text.txt?q=1\n\n", 200, {"Location": None}, TEXT),
    (r"Location: /text.txt?q=1#part\n\n", 200, {"Location": None}, TEXT),
    (r"Location: /missing\n\n", 404, {"Location": None}, None),
    (r"Content-Type:\n\nx", 200, {"Content-Type": None}, "x"),
    (r"X-Own: yes\nContent-Type: text/plain\n\nx", 200, {"X-Own": "yes"}, "x"),
    (r"Content-Length: 5\nContent-Type: text/plain\n\nhello", 200, {}, "hello"),
    (r"Content-Length: 3\nContent-Type: text/plain\n\nhello", 200, {}, None),
]


@BOTH
@pytest.mark.parametrize("output, status, fields, body", OUTPUTS)
def test_outputs(world, output, status, fields, body, sni):
    """Point 8: Status and Location (RFC 3875 section 6); the connection goes on afterwards."""
    path = world.prints(output)
    with world.server.connect(tls=sni) as c:
        got = c.get(path, "a.test")
        assert got.status == status
        assert {k: got.header(k) for k in fields} == fields
        assert body is None or got.text == body
        assert got.header("Status") is None
        if not got.closes:
            assert c.get("/text.txt", "a.test").text == TEXT


def test_modified_in_the_future(world):
    """Last-Modified is not later than Date (RFC 9110 section 8.8.2.1)."""
    got = world.server.get(world.prints(
        r"Last-Modified: Fri, 05 Nov 2094 08:49:37 GMT\n\nx"), world.a)
    assert got.header("Last-Modified") == got.header("Date")


def test_reason_phrase_and_repeated_fields(world):
    """Point 8: the reason of Status is sent; a field that may repeat keeps both values."""
    got = world.server.get(world.prints(
        r"Status: 404 Gone Fishing\nSet-Cookie: a=1\nSet-Cookie: b=2\n\n"), world.a)
    assert (got.status, got.reason) == (404, "Gone Fishing")
    assert got.header_all("Set-Cookie") == ["a=1", "b=2"]


def test_local_location_runs_a_program(world):
    """Point 8: a local Location is a new GET inside the server (RFC 3875 section 6.2.2)."""
    path = world.prints(r"Location: /cgi-bin/environ/info?from=local\n\n")
    got = world.server.get(path, world.a, method="POST", body=b"xyz")
    found = environment(got.body)
    assert found["QUERY_STRING"] == "from=local" and found["PATH_INFO"] == "/info"
    assert found["REQUEST_METHOD"] == "GET" and "CONTENT_LENGTH" not in found


# what the program does, statuses that are right
BROKEN = [
    ("exit 0", {500}),
    ("exit 3", {500}),
    ("kill -9 $$", {500}),
    ("printf 'Content-Type: text/plain\\n'", {500}),
    ("echo no header at all; echo; echo x", {500}),
    ("printf 'no colon\\nContent-Type: text/plain\\n\\nx'", {500}),
    ("printf 'Status: twohundred\\n\\nx'", {500}),
    ("printf 'Status: 99999 Much\\n\\nx'", {500}),
    ("printf 'Status: 42\\n\\nx'", {500}),
    ("printf 'Status: 2000\\n\\nx'", {500}),
    ("printf 'X: a\\001b\\n\\nx'", {500}),
    ("printf 'X: '; /usr/bin/head -c 3000000 /dev/zero | /usr/bin/tr '\\0' a; printf '\\n\\n'",
     {500}),
    ("while :; do echo X-Line: 1234567890123456789012345678901234567890; done", {500}),
]


@pytest.mark.parametrize("script, right", BROKEN, ids=lambda v: str(v)[:30])
def test_broken_programs(world, script, right):
    """Point 8: a program without a valid header gives 500, and the ErrorLog names it."""
    path = world.put(script)
    got = world.server.get(path, world.a)
    assert got.status in right and got.header("Content-Type").startswith("text/html")
    world.server.wait_log(re.escape(os.path.basename(path)), "a.test-error.log")


def test_location_to_itself_ends(world):
    """Point 8: programs that send the server in a circle end with 500."""
    world.prints(r"Location: /cgi-bin/circle2\n\n", "circle1")
    world.prints(r"Location: /cgi-bin/circle1\n\n", "circle2")
    assert world.server.get("/cgi-bin/circle1", world.a).status == 500


def test_length_that_is_not_reached(world):
    """Point 8: an answer shorter than its own Content-Length is not made whole by the next one."""
    path = world.prints(r"Content-Length: 10\nContent-Type: text/plain\n\nhello")
    with world.server.connect() as c:
        try:
            c.request(path, "a.test")
            c.request("/text.txt", "a.test")
            got = c.response()
        except GONE:
            return
        # Apache sends the length that it has seen.
        assert got.text == "hello" and c.response().text == TEXT


def test_framing_of_the_program_is_not_the_servers(world):
    """Point 8: a program's Transfer-Encoding cannot break the framing of the connection."""
    path = world.prints(r"Transfer-Encoding: chunked\nContent-Type: text/plain\n\nhello")
    with world.server.connect() as c:
        got = c.get(path, "a.test")
        assert len(got.header_all("Transfer-Encoding")) <= 1
        assert (got.status, got.text) == (200, "hello") or got.status == 500


@BOTH
def test_nph(world, sni):
    """Point 8: nph- programs speak for themselves, byte for byte, and the connection ends."""
    said = b"HTTP/1.0 299 Own Words\r\nX-Mine: 1\r\n\r\nall of it"
    path = world.prints(r"HTTP/1.0 299 Own Words\r\nX-Mine: 1\r\n\r\nall of it", "nph-{}")
    with world.server.connect(tls=sni) as c:
        c.request(path, "a.test")
        assert c.read_all() == said


def test_head_and_http10(world):
    """Point 8: HEAD gets no body whatever the program prints; HTTP/1.0 no chunked coding."""
    path = world.put(HEADER + 'printf "%s" "$REQUEST_METHOD"; /usr/bin/head -c 100000 /dev/zero\n')
    with world.server.connect() as c:
        got = c.get(path, "a.test", "HEAD")
        assert got.status == 200
        if not got.closes:
            assert c.get("/text.txt", "a.test").text == TEXT
    got = world.server.get(path, world.a, version="HTTP/1.0")
    assert got.header("Transfer-Encoding") is None
    assert got.body == b"GET" + bytes(100000)


def test_short_answer_is_counted(world):
    """One that ends at once has a length: a client of HTTP/1.0 keeps its connection behind it."""
    path = world.put(HEADER + "echo short\n")

    def kept():
        got = world.server.get(path, world.a, version="HTTP/1.0",
                               headers=[("Connection", "Keep-Alive")])
        assert got.text == "short\n"
        # On a busy machine its end may be late.
        return (got.header("Content-Length"), got.header("Connection")) == ("6", "Keep-Alive")

    wait_for(kept, 60, "a program that ended at once")


# name, file, mode, content, status
EXECUTION = [
    ("not-executable", 0o600, "#!/bin/sh\nexit\n", {500}),
    ("no-interpreter-line", 0o700, "printf 'Content-Type: text/plain\\n\\nx'\n", {500}),
    ("no-such-interpreter", 0o700, "#!/nonexistent/sh\n", {500}),
    ("empty", 0o700, "", {500}),
]


@pytest.mark.parametrize("name, mode, content, status", EXECUTION)
def test_execution(world, name, mode, content, status):
    """Point 8: what cannot be run gives its status and a line in the ErrorLog."""
    world.a.cgi(name, content, mode)
    assert world.server.get(f"/cgi-bin/{name}", world.a).status in status
    world.server.wait_log(name, "a.test-error.log")


# target, status
WHERE = [
    ("/cgi-bin/missing", 404),
    ("/cgi-bin/missing/info", 404),
    ("/cgi-bin/", 403),
    ("/cgi-bin/directory/", 403),
    ("/cgi-bin/../cgi-bin/digest", 200),
    ("/exec/in.cgi", 200),
    ("/exec/in.cgi/info", 200),
    ("/noexec.cgi", 403),
]


@pytest.mark.parametrize("target, status", WHERE)
def test_where_programs_run(world, target, status):
    """Point 8: ScriptAlias, and AddHandler cgi-script where Options ExecCGI allows it."""
    world.a.mkdir(world.a.cgi_bin / "directory")
    for name in ("exec/in.cgi", "noexec.cgi"):
        world.a.file(name, "#!/bin/sh\n" + HEADER + "echo ran\n", 0o700)
    got = world.server.get(target, world.a)
    assert got.status == status and "printf" not in got.text
