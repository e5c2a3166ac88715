"""Issue 2, point 8: CGI programs (RFC 3875)."""

import hashlib
import itertools
import json
import os
import re
import ssl

import pytest

from itkd import Config, Connection, Proc, Site, is_asan, tls_context, wait_for
from itkd_tools import GONE, Gate, exchange, install, noted, status_of, statuses, wait_gone

TEXT = "a file to be sent to\n"
STARTED_WITH = {"ITKD_TEST_MARK": "of the administrator's shell", "PATH": os.environ["PATH"]}
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
        return wait_for(lambda: len(found := self.server.children()) == 1 and found, 10,
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
        wait_for(lambda: not left(), 18, "the end of each process of the site")
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
    "PATH", "HTTP_CONNECTION",
}
OPTIONAL_TLS = {"HTTPS", "SSL_TLS_SNI", "SSL_PROTOCOL", "SSL_CIPHER"}


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
    }
    assert {k: found.get(k) for k in expected} == expected
    assert found["SERVER_SOFTWARE"]
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
        "SSL_PROTOCOL": "TLSv1.3",
    }
    assert {k: v for k, v in found.items() if k in more and v != more[k]} == {}
    allowed = set(expected) | {"SERVER_SOFTWARE"} | OPTIONAL | (OPTIONAL_TLS if sni else set())
    assert set(found) - allowed == set()
    if sni:
        assert found["HTTPS"] == "on"


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
    (r"Location: /missing\n\n", 404, {"Location": None}, None),
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
        c.request(path, "a.test")
        c.request("/text.txt", "a.test")
        try:
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


# name, file, mode, content, status
EXECUTION = [
    ("not-executable", 0o600, "#!/bin/sh\nexit\n", {403, 500}),
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


# -- bodies and streaming

def chunks(data, size):
    for at in range(0, len(data), size):
        part = data[at:at + size]
        yield b"%x\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


@BOTH
@pytest.mark.parametrize("coding", ["length", "chunked"])
@pytest.mark.parametrize("size", [0, 1, 65536, 10 << 20])
def test_post(world, size, coding, sni):
    """Point 8: POST with Content-Length and chunked arrives byte for byte, 10 MiB too."""
    data = os.urandom(size)
    with world.server.connect(tls=sni, timeout=60) as c:
        if coding == "length":
            c.request("/cgi-bin/digest", "a.test", "POST", body=data)
        else:
            c.request("/cgi-bin/digest", "a.test", "POST",
                      headers={"Transfer-Encoding": "chunked"})
            for part in chunks(data, 50000):
                c.send(part)
        got = c.response()
        assert got.status == 200
        assert got.text.split()[0] == hashlib.sha256(data).hexdigest()
        if not got.closes:
            assert c.get("/text.txt", "a.test").text == TEXT


@BOTH
def test_streaming_both_ways(world, sni):
    """Point 8: each piece is answered before the next one is sent."""
    with world.server.connect(tls=sni) as c:
        c.request("/cgi-bin/echo", "a.test", "POST", headers={"Transfer-Encoding": "chunked"})
        for number in range(20):
            piece = b"piece %d\n" % number
            c.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            while piece not in c.buffer:
                assert c._fill(), "EOF before the answer to a piece"
        c.send(b"0\r\n\r\n")
        got = c.response()
        assert got.text.splitlines()[-1] == "piece 19"


def test_expect_continue(world):
    """Point 8: the client that waits for 100 gets it, then sends, then gets its answer."""
    with world.server.connect() as c:
        c.request("/cgi-bin/digest", "a.test", "POST",
                  headers={"Expect": "100-continue", "Content-Length": "3"})
        assert c.response().status == 100
        c.send(b"abc")
        got = c.response()
        assert got.text.split()[0] == hashlib.sha256(b"abc").hexdigest()


@BOTH
def test_program_that_does_not_read(world, sni):
    """Point 8: a program that leaves its 10 MiB body unread still answers."""
    path = world.put(HEADER + "echo answered\n")
    with world.server.connect(tls=sni) as c:
        c.request(path, "a.test", "POST", body=bytes(10 << 20))
        assert c.response().text == "answered\n"


# how many bytes are sent, framing, status
LIMITED = [
    (1000, "length", 200), (1001, "length", 413), (1000, "chunked", 200), (5000, "chunked", 413),
]


@pytest.mark.parametrize("size, coding, status", LIMITED)
def test_limit_request_body(world, size, coding, status):
    """Point 8 with LimitRequestBody 1000: 413 beyond it, however the body is framed."""
    path = world.put("sum=$(/usr/bin/sha256sum)\n" + HEADER + 'echo "$sum"\n')
    head = f"POST {path} HTTP/1.1\r\nHost: small.test\r\nConnection: close\r\n"
    data = bytes(size)
    if coding == "length":
        raw = exchange(world.server, f"{head}Content-Length: {size}\r\n\r\n".encode() + data)
    else:
        raw = exchange(world.server, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode()
                       + b"".join(chunks(data, 100)))
    assert status_of(raw) == status


@pytest.mark.parametrize("body", [
    b"zz\r\nabc\r\n0\r\n\r\n", b"3\r\nabcd\r\n0\r\n\r\n", b"5 x\r\nhello\r\n0\r\n\r\n",
    b"-1\r\n\r\n", b"ffffffffffffffffff\r\n", b"3\nabc\n0\n\n"])
def test_broken_chunks(world, body):
    """Point 8: a broken chunked coding ends the request: 400, and nothing after it is served."""
    path = world.put("/bin/cat > /dev/null\n" + HEADER + "echo served\n")
    head = f"POST {path} HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw = exchange(world.server, head.encode() + body
                   + b"GET /text.txt HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
    assert statuses(raw) in ([400], [413]) and TEXT.encode() not in raw


@BOTH
def test_memory_does_not_grow_with_the_answer(world, sni):
    """Point 8: 100 MB stream through a child and a front that stay small."""
    size, bound = 100_000_000, (400_000 if is_asan() else 48_000)
    path = world.put(HEADER + f"exec /usr/bin/head -c {size} /dev/zero\n")
    with world.server.connect(tls=sni, timeout=60) as c:
        c.request(path, "a.test", version="HTTP/1.0")
        c._until(b"\r\n\r\n")
        got = len(c.buffer)
        while got < size * 2 // 3:
            got += len(c.sock.recv(65536))
        procs = [world.child(), *world.server.fronts()]
        peak = max(int(p.status["VmHWM"].split()[0]) for p in procs)
        while got < size:
            piece = len(c.sock.recv(65536))
            assert piece, f"EOF after {got} bytes"
            got += piece
    assert peak < bound, f"{peak} kB"


def test_slow_reader_stops_the_program(world):
    """Point 8: nothing collects what a client does not take: the program is made to wait."""
    path = world.put(HEADER + "exec /usr/bin/head -c 1000000000 /dev/zero\n")
    with world.server.connect(receive_buffer=65536) as c:
        c.request(path, "a.test")
        child = world.child()
        program = wait_for(child.children, 10, "the program")[0]
        written = [-1] * 20

        def waits():
            written.append(int(re.search(r"wchar: (\d+)", program.read("io"))[1]))
            return program.state == "S" and written[-20] == written[-1]

        wait_for(waits, 15, "the program to wait", interval=0.02)
        assert written[-1] < 64 << 20, "the program wrote far more than the client took"
        c.reset()
        wait_gone([child, program])


# -- what the program says on standard error

def test_stderr_line_by_line(world):
    """Point 8: each line of stderr is a line of the vhost's ErrorLog, without control bytes."""
    path = world.put("printf 'first line\\nsecond line\\n' >&2\n"
                     "printf 'colour \\033[31m red\\n' >&2\n"
                     "printf 'without its end' >&2\n" + HEADER)
    assert world.server.get(path, world.a).status == 200
    for text in ("first line", "second line", "colour ", "without its end"):
        world.server.wait_log(r"^\[.*\] .*" + text, "a.test-error.log")
    assert "\033" not in world.server.log("a.test-error.log")
    assert "first line" not in world.server.error_log()


def test_much_on_stderr_blocks_nothing(world):
    """Point 8: a megabyte on stderr, or one endless line, does not stop the answer."""
    for command in ("/usr/bin/yes 'a line of noise'", "/bin/cat /dev/zero"):
        path = world.put(f"{command} | /usr/bin/head -c 1000000 >&2\n" + HEADER + "echo done\n")
        assert world.server.get(path, world.a).text == "done\n"
    assert all(len(line) <= 4096 for line in world.server.log("a.test-error.log").splitlines())


# -- ends

def family(world, c, host="a.test"):
    """Starts the program `family` on a connection; its processes and the itkd child."""
    c.request("/cgi-bin/family", host)
    c._until(b"started\n")
    procs = noted(world.a, "family")
    assert len(procs) == 3 and all(p.alive for p in procs)
    return procs, Proc(procs[0].ppid)


def _reset(c, child):
    c.reset()


def _kill_child(c, child):
    child.kill(9)


def _wait_for_timeout(c, child):
    with pytest.raises(GONE):
        c.read_all()
        c.response()


# what happens, over TLS, on which vhost
ENDS = [
    ("reset", _reset, None, "a.test"),
    ("reset of TLS", _reset, "a.test", "a.test"),
    ("child killed", _kill_child, None, "a.test"),
    ("child killed under TLS", _kill_child, "a.test", "a.test"),
    ("Timeout", _wait_for_timeout, None, "hasty.test"),
]


@pytest.mark.parametrize("end, sni, host", [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_ends_of_a_process_group(world, end, sni, host):
    """Point 8: Timeout, a client that is gone and the child's death end the whole group, even
    programs that are deaf to SIGTERM."""
    with world.server.connect(tls=sni) as c:
        procs, child = family(world, c, host)
        assert child.comm == "itkd: child"
        end(c, child)
        wait_gone([*procs, child])
    assert world.server.get("/text.txt", world.a).status == 200


def test_timeout_without_an_answer(world):
    """Point 8: a program that says nothing in Timeout seconds: 504, and it is killed."""
    gate = Gate(world.a, "gate")
    with world.server.connect(timeout=30) as c:
        c.request("/cgi-bin/gated", "hasty.test")
        child = world.child()
        program = wait_for(child.children, 10, "the program")
        assert c.response().status == 504
        wait_gone(program)
    assert gate._reader() is None


def test_timeout_counts_from_the_last_byte(world):
    """Point 8: a program that says a word now and then is slow, not hung."""
    path = world.put(HEADER + "for i in 1 2 3 4 5 6 7 8; do echo $i; /bin/sleep 0.4; done\n")
    assert world.server.get(path, "hasty.test").text.split() == list("12345678")


# method, what the program says first, what a client waits for before it leaves
ENDLESS = [
    ("GET", "\\n", b"y\ny\ny\n"),
    ("GET", "Content-Length: 4\\n\\n", b"y\ny\n"),
    ("HEAD", "\\n", b""),
    ("GET", "no header\\n\\n", b"</html>"),
]


@BOTH
@pytest.mark.parametrize("method, says, until", ENDLESS)
def test_endless_writer_ends_with_its_client(world, method, says, until, sni):
    """Point 8: who writes for ever ends when his client has gone, be the answer whole or not."""
    path = world.put(f"printf 'Content-Type: text/plain\\n{says}'\nexec /usr/bin/yes\n")
    with world.server.connect(tls=sni) as c:
        c.request(path, "a.test", method)
        while b"\r\n\r\n" not in c.buffer or until not in c.buffer:
            assert c._fill()
        child = world.child()
        procs = [child, *child.children()]
    wait_gone(procs)


def test_half_closed_client_gets_its_answer(world):
    """Point 8: FIN after the request is no abort."""
    gate = Gate(world.a, "gate")
    with world.server.connect() as c:
        c.request("/cgi-bin/gated", "a.test", headers={"Connection": "close"})
        c.half_close()
        gate.open()
        assert c.response().text == "passed\n"


def test_half_closed_tls_client_gets_its_answer(world):
    """Point 8: nor is the close_notify of TLS 1.3 (RFC 8446 section 6.1: one direction only)."""
    gate = Gate(world.a, "gate")
    context = tls_context(world.server.config.tls.ca, minimum=ssl.TLSVersion.TLSv1_3)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="a.test")

    with Connection(world.server.tls_port) as c:
        def run(call):
            while True:
                try:
                    return call()
                except ssl.SSLWantReadError:
                    c.send(outgoing.read())
                    data = c.sock.recv(65536)
                    assert data, "the server ended the connection"
                    incoming.write(data)

        run(tls.do_handshake)
        tls.write(b"GET /cgi-bin/gated HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
        with pytest.raises(ssl.SSLWantReadError):
            tls.unwrap()
        c.send(outgoing.read())
        gate.open()
        answer = b""
        while not answer.endswith(b"passed\n\r\n0\r\n\r\n"):
            answer += run(lambda: tls.read(65536))
        assert answer.startswith(b"HTTP/1.1 200")
