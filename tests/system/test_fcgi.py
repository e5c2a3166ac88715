"""Issue 6, point 2: the FastCGI client, against a server that records and against hostile ones."""

import contextlib
import gzip
import hashlib
import json
import os
import threading

import pytest

from itkd import Config, Site, is_asan, wait_for
from itkd_fcgi import (
    STDERR, STDIN, STDOUT, FcgiServer, end, record, stdout, whole)
from itkd_tools import GONE

HEAD = b"Content-Type: text/plain\r\n\r\n"
PAGE = HEAD + b"hello"


def dump(q):
    """The parameters and what came as a body."""
    digest, n = hashlib.sha256(), 0
    for piece in q.body():
        digest.update(piece)
        n += len(piece)
    text = json.dumps({"params": q.order, "role": q.role, "flags": q.flags, "body": n,
                       "digest": digest.hexdigest()})
    q.send(whole(b"Content-Type: application/json\r\n\r\n" + text.encode()))


def silent(q):
    """Until the other side goes."""
    while q.next():
        pass


def noise(q):
    """Words for the log, and what means nothing, until the other side goes."""
    with contextlib.suppress(OSError):
        while not q.over.wait(0.05):
            q.send(record(STDERR, b"noise") + record(STDERR) + record(STDOUT, padding=7))
    q.over.set()


def endless_head(q):
    for n in range(1000000):
        q.send(stdout(b"X-A%d: " % n + b"x" * 1000 + b"\r\n"))


def echo(q):
    q.send(stdout(HEAD))
    for piece in q.body():
        q.send(stdout(piece))
    q.send(record(STDOUT) + end())


def large(q):
    q.send(stdout(HEAD))
    for _ in range(1600):
        q.send(record(STDOUT, b"x" * 65528, padding=8))
    q.send(record(STDOUT) + end())


def early(q):
    """Answers without reading a byte of the body, and hangs up."""
    q.send(whole(PAGE))


def late(q):
    """Whole, and works on: the connection must stay until the end."""
    list(q.body())
    q.send(stdout(b"Content-Length: 5\r\n" + PAGE))
    q.sock.settimeout(0.3)
    try:
        q.outcome = q.sock.recv(1)
    except TimeoutError:
        q.outcome = "open"
    q.send(stdout(b"more") + record(STDOUT) + end())


def accepted(q):
    """Answers at once, whole, and reads the body then."""
    q.send(stdout(b"Status: 204\r\n\r\n") + record(STDOUT))
    q.outcome = sum(map(len, q.body()))
    q.over.set()
    q.send(end())


def upload(q):
    """Whether it is told that it has all."""
    q.outcome = "cut"
    while (got := q.next()):
        if got == (STDIN, b""):
            q.outcome = "whole"
    q.over.set()


LINES = b"".join(b"line %d of the text\n" % n for n in range(200000))


def packed(q):
    """More than fits into a buffer, and far more when it is unpacked; the body is not read."""
    q.send(whole(b"Content-Encoding: gzip\r\n" + HEAD + gzip.compress(LINES)))
    silent(q)


# name: what it does, status, part of the body or None, part of the log or None
HOSTILE = {
    "nothing": (lambda q: None, 502, None, "AH01075: Error dispatching request to"),
    "half-head": (lambda q: q.send(b"\x01\x06\x00"), 502, None, "AH01075"),
    "half-record": (lambda q: q.send(record(STDOUT, PAGE)[:20]), 502, None, "AH01075"),
    "garbage": (lambda q: q.send(b"HTTP/1.1 200 OK\r\n\r\nhello"), 502, None,
                "AH01068: Got bogus version 72"),
    "version": (lambda q: q.send(record(STDOUT, PAGE, version=2) + end()), 502, None,
                "AH01068: Got bogus version 2"),
    "id": (lambda q: q.send(record(STDOUT, PAGE, number=2) + end()), 502, None,
           "AH01069: Got bogus rid 2, expected 1"),
    "type": (lambda q: q.send(record(99, b"xyz", padding=3) + whole(PAGE)), 200, "hello",
             "AH01072: Got bogus record 99"),
    "no-head": (lambda q: q.send(whole(b"text and nothing else")), 502, None,
                "End of script output before headers"),
    "bad-head": (lambda q: q.send(whole(b"Content-Type: text/plain\r\nno field\r\n\r\nhello")), 502,
                 None, "malformed header from script"),
    "empty": (lambda q: q.send(whole(b"")), 502, None, "End of script output before headers"),
    "end-only": (lambda q: q.send(end()), 502, None, "End of script output before headers"),
    "overloaded": (lambda q: q.send(end(0, 2)), 503, None, "overloaded"),
    "multiplex": (lambda q: q.send(end(0, 1)), 503, None, "protocol status 1"),
    "role": (lambda q: q.send(end(0, 3)), 502, None, "protocol status 3"),
    "endless-head": (endless_head, 502, None, "The head is too large"),
    "stderr": (lambda q: q.send(record(STDERR, b"PHP message: oops") + whole(PAGE)), 200, "hello",
               "AH01071: Got error 'PHP message: oops'"),
    "much-stderr": (lambda q: q.send(record(STDERR, b"e" * 65535) * 16 + whole(PAGE)), 200,
                    "hello", "AH01071: Got error 'eeee"),
    "status": (lambda q: q.send(whole(b"Status: 404 Gone Away\r\n" + PAGE)), 404, "hello", None),
    "app-status": (lambda q: q.send(stdout(PAGE) + record(STDOUT) + end(255)), 200, "hello", None),
    "no-out-end": (lambda q: q.send(stdout(PAGE) + end()), 200, "hello", None),
    "padding": (lambda q: q.send(record(STDOUT, PAGE, padding=255) + record(STDOUT, padding=7)
                                 + end()), 200, "hello", None),
    "tiny": (lambda q: [q.send(stdout(PAGE, 1)), q.send(record(STDOUT) + end())], 200, "hello",
             None),
    "after": (lambda q: q.send(stdout(PAGE) + record(STDOUT) + stdout(b"more") + end()), 200,
              "hello", None),
    "interim": (lambda q: q.send(whole(b"Status: 100\r\n\r\n")), 502, None, "malformed header"),
    "silent": (silent, 504, None, "The timeout specified has expired: AH01075"),
}
# the head has been sent: the answer is cut, and the client can tell
CUT = {
    "cut-body": lambda q: q.send(stdout(PAGE)),
    "cut-record": lambda q: q.send(stdout(PAGE) + record(STDOUT, b"more")[:10]),
    "cut-id": lambda q: q.send(stdout(PAGE) + record(STDOUT, b"x", number=9)),
    "cut-length": lambda q: q.send(whole(b"Content-Length: 50\r\n" + PAGE)),
    "cut-silent": lambda q: (q.send(stdout(PAGE)), silent(q)),
}


class World:
    def __init__(self, start, directory, tls):
        self.a = Site("a", directory)
        self.b = Site("b", directory)
        answers = {name: row[0] for name, row in HOSTILE.items()} | CUT | {
            "": dump, "echo": echo, "large": large, "early": early, "late": late,
            "accepted": accepted, "upload": upload, "packed": packed,
            "noise": noise}
        self.socket = str(self.a.root / "app.sock")
        self.unix = FcgiServer(self.socket, answers, (self.a.uid, self.a.gid), 0o660)
        self.tcp = FcgiServer(("127.0.0.1", 0), answers)
        self.port = self.tcp.address[1]
        self.full = FcgiServer(str(self.a.root / "full.sock"), {}, mode=0o666, backlog=0,
                               accept=False)
        self.full.fill()
        os.chmod(self.a.root, 0o755)
        php = '<FilesMatch "\\.php$">', f'SetHandler "proxy:unix:{self.socket}|fcgi://localhost"', \
            "</FilesMatch>"
        root = self.a.docroot
        config = Config(directory, tls, Site("main", directory))
        config.raw("LogLevel info")
        add = config.vhost
        add(self.a, *php, "AcceptPathInfo On", "ErrorDocument 404 /x.php/doc",
            'SetEnvIfNoCase ^Authorization$ "(.+)" HTTP_AUTHORIZATION=$1')
        for name, url, *more in (
                ("tcp", f"fcgi://127.0.0.1:{self.port}"),
                ("slash", f"fcgi://127.0.0.1:{self.port}/"),
                ("dead", "fcgi://127.0.0.1:1"),
                ("gone", f"unix:{self.a.root}/none.sock|fcgi://localhost"),
                ("full", f"unix:{self.a.root}/full.sock|fcgi://localhost", "ProxyTimeout 2")):
            add(self.a, '<FilesMatch "\\.php$">', f'SetHandler "proxy:{url}"', "</FilesMatch>",
                *more, name=f"{name}.test")
        add(self.a, "ProxyPassMatch ^/(.*\\.php(/.*)?)$ "
            f"fcgi://127.0.0.1:{self.port}{root}/$1", name="match.test")
        add(self.a, f'ProxyPassMatch "^/(.*\\.php(/.*)?)$" "unix:{self.socket}|'
            f'fcgi://localhost{root}/"', name="matchunix.test")
        add(self.a, f"ProxyPass /app/ fcgi://127.0.0.1:{self.port}/srv/app/", name="pass.test")
        add(self.a, *php, "ProxyFCGIBackendType GENERIC", name="generic.test")
        add(self.a, "ProxyFCGIBackendType GENERIC", "ProxyPassMatch ^/(.*\\.php(/.*)?)$ "
            f"fcgi://127.0.0.1:{self.port}{root}/$1", name="genericmatch.test")
        for how in ("first-dot", "last-dot", "full", "1"):
            add(self.a, f"SetEnvIf Host . proxy-fcgi-pathinfo={how}",
                "ProxyPassMatch ^/(.*\\.php(/.*)?)$ "
                f"fcgi://127.0.0.1:{self.port}{root}/$1", name=f"by-{how}.test")
        add(self.a, *php, 'ProxyFCGISetEnvIf "true" PATH_INFO "/foo"',
            'ProxyFCGISetEnvIf "reqenv(\'REMOTE_ADDR\') =~ /127/" !REMOTE_PORT',
            'ProxyFCGISetEnvIf "%{HTTP_HOST} == \'fix.test\'" X_HOST "h-%{HTTP_HOST}"',
            'ProxyFCGISetEnvIf "reqenv(\'SCRIPT_NAME\') =~ m|(.*)/(.*)$|" X_GROUP "$2"',
            'ProxyFCGISetEnvIf "false" X_NEVER "1"', 'ProxyFCGISetEnvIf "true" X_EMPTY',
            name="fix.test")
        add(self.a, f'SetHandler "proxy:unix:{self.socket}|fcgi://localhost"', name="hostile.test")
        add(self.a, f'SetHandler "proxy:unix:{self.socket}|fcgi://localhost"', "ProxyTimeout 1",
            name="hasty.test")
        add(self.a, f'SetHandler "proxy:unix:{self.socket}|fcgi://localhost"',
            "SetInputFilter DEFLATE", "SetOutputFilter INFLATE", name="pack.test")
        add(self.b, *php)
        self.a.file("x.php", "<?php echo 'source';")
        self.a.mkdir("sub")
        self.a.file("sub/index.php", "<?php")
        self.a.file("plain.txt", "plain\n")
        self.b.file("x.php", "<?php")
        config.raw("DirectoryIndex index.html index.php")
        self.server = start(config)

    def params(self, path, host="a.test", **how):
        got = self.server.get(path, host, **how)
        assert got.status == 200, got
        found = json.loads(got.body)
        return dict(found["params"]), found


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    w = World(module_start, module_tmp, tls)
    yield w
    for server in (w.unix, w.tcp, w.full):
        server.close()


# -- what the application is told

def test_parameters(world):
    """All meta-variables of CGI, with mod_proxy_fcgi's SCRIPT_FILENAME, by a unix socket."""
    a, server = world.a, world.server
    got, found = world.params(
        "/x.php/a%20b//c?q=1%202", method="POST", body=b"a=b", headers=[
            ("X_y", "1"), ("X-Y", "2"), ("Proxy", "evil"), ("Authorization", "Basic abc"),
            ("Content-Type", "text/x-own")])
    assert (found["role"], found["flags"], found["body"]) == (1, 0, 3)
    expected = {
        "SCRIPT_FILENAME": f"proxy:fcgi://localhost{a.docroot}/x.php",
        "SCRIPT_NAME": "/x.php", "PATH_INFO": "/a b/c",
        "PATH_TRANSLATED": f"{a.docroot}/a b/c", "QUERY_STRING": "q=1%202",
        "REQUEST_URI": "/x.php/a%20b//c?q=1%202", "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": "3", "CONTENT_TYPE": "text/x-own", "HTTP_X_Y": "2",
        "HTTP_AUTHORIZATION": "Basic abc", "DOCUMENT_ROOT": str(a.docroot),
        "CONTEXT_DOCUMENT_ROOT": str(a.docroot), "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_NAME": "a.test", "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_SCHEME": "http", "proxy-nokeepalive": "1",
    }
    assert {k: got.get(k) for k in expected} == expected
    assert not {"HTTP_PROXY", "HTTP_X_y"} & set(got)
    # The child connects as the site's user.
    assert world.unix.peers[-1][1:] == (a.uid, a.gid)


# host, path, and what Apache 2.4 sends
FORMS = [
    ("tcp", "/x.php/a%20b?q", "proxy:fcgi://127.0.0.1:{port}{root}/x.php", "/x.php", "/a b"),
    ("slash", "/x.php", "proxy:fcgi://127.0.0.1:{port}/{root}/x.php", "/x.php", None),
    ("match", "/x.php/a%20b?q", "proxy:fcgi://127.0.0.1:{port}{root}/x.php/a%20b", "/x.php/a b",
     None),
    ("matchunix", "/x.php/a", "proxy:fcgi://localhost{root}//x.php/a", "/x.php/a", None),
    ("match", "/none.php", "proxy:fcgi://127.0.0.1:{port}{root}/none.php", "/none.php", None),
    ("pass", "/app/q%20w/e?x=1", "proxy:fcgi://127.0.0.1:{port}/srv/app/q%20w/e", "/app/q w/e",
     None),
    ("generic", "/x.php/a%20b", "{root}/x.php", "/x.php", "/a b"),
    ("genericmatch", "/x.php/a%20b", "{root}/x.php/a%20b", "/x.php/a b", None),
    ("by-first-dot", "/x.php/a.b/c", None, None, "/a.b/c"),
    ("by-last-dot", "/x.php/a.b/c", None, None, "/c"),
    ("by-full", "/x.php/a/c", "proxy:fcgi://127.0.0.1:{port}{root}/x.php", "/x.php", "/a/c"),
    ("a", "/none.php", "proxy:fcgi://localhost{root}/none.php", "/none.php", None),
    ("a", "/sub/", "proxy:fcgi://localhost{root}/sub/index.php", "/sub/index.php", None),
]


@pytest.mark.parametrize("host, path, filename, name, info", FORMS)
def test_forms(world, host, path, filename, name, info):
    """SetHandler and ProxyPassMatch in the forms of Debian and of panels, as Apache sends them."""
    got, _ = world.params(path, f"{host}.test")
    if filename:
        assert got["SCRIPT_FILENAME"] == filename.format(port=world.port, root=world.a.docroot)
    if name:
        assert got["SCRIPT_NAME"] == name
    assert got.get("PATH_INFO") == info


def test_set_env_if(world):
    """ProxyFCGISetEnvIf: conditions, groups, removal."""
    got, _ = world.params("/x.php/a", "fix.test")
    assert got["PATH_INFO"] == "/foo" and got["X_HOST"] == "h-fix.test"
    assert got["X_GROUP"] == "x.php" and got["X_EMPTY"] == ""
    assert not {"REMOTE_PORT", "X_NEVER"} & set(got)


def test_error_document(world):
    """A FastCGI page as ErrorDocument: its status is the first one's, with REDIRECT_*."""
    got = world.server.get("/none.txt", "a.test")
    params = dict(json.loads(got.body)["params"])
    assert got.status == 404
    assert params["REDIRECT_STATUS"] == "404" and params["REDIRECT_URL"] == "/none.txt"
    assert params["SCRIPT_NAME"] == "/x.php" and params["PATH_INFO"] == "/doc"


def test_many_parameters(world):
    """More than one record of parameters, and values of more than 127 bytes."""
    fields = [(f"X-Field-{n}", "v" * 900) for n in range(60)]
    fields.append(("X-Short", "v" * 127))
    fields.append(("X-Long", "v" * 128))
    got, _ = world.params("/x.php", headers=fields)
    assert all(got[f"HTTP_X_FIELD_{n}"] == "v" * 900 for n in range(60))
    assert (len(got["HTTP_X_SHORT"]), len(got["HTTP_X_LONG"])) == (127, 128)


# -- bodies

@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 3 << 20])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_bodies(world, size, coding):
    """A body arrives byte for byte; one in chunks with its length, since programs ask for that."""
    data = os.urandom(size)
    if coding == "length":
        got, found = world.params("/x.php", method="POST", body=data)
    else:
        with world.server.connect() as c:
            c.request("/x.php", "a.test", "POST", headers={"Transfer-Encoding": "chunked"})
            for at in range(0, size, 50000):
                piece = data[at:at + 50000]
                c.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            c.send(b"0\r\n\r\n")
            found = json.loads(c.response().body)
            got = dict(found["params"])
    assert found["body"] == size
    assert found["digest"] == hashlib.sha256(data).hexdigest()
    assert got.get("CONTENT_LENGTH") == str(size)


def test_streaming_both_ways(world):
    """Each piece is answered before the next one is sent."""
    with world.server.connect() as c:
        c.request("/echo", "hostile.test", "POST", headers={"Content-Length": str(20 * 9)})
        for number in range(20):
            piece = b"piece %02d\n" % number
            c.send(piece)
            while piece not in c.buffer:
                assert c._fill(), "EOF before the answer to a piece"
        assert c.response().text.splitlines()[-1] == "piece 19"


def test_memory_does_not_grow(world):
    """100 MB up and down stream through a child that stays small."""
    with world.server.connect(timeout=60) as c:
        c.request("/large", "hostile.test", version="HTTP/1.0")
        c._until(b"\r\n\r\n")
        got = len(c.buffer)
        peak = 0
        while True:
            piece = len(c.sock.recv(1 << 20))
            if not piece:
                break
            got += piece
            if not peak and got > 50 << 20:
                [child] = wait_for(lambda: [p for p in world.server.owner(c)
                                            if p.comm == "itkd: child"], 30, "the child")
                peak = int(child.status["VmHWM"].split()[0])
    assert got >= 1600 * 65528
    assert 0 < peak < (400_000 if is_asan() else 48_000), f"{peak} kB"


def test_body_that_is_not_read(world):
    """An application that answers without reading: its answer counts, and nothing hangs."""
    with world.server.connect() as c:
        # Once it has answered the server lingers for seconds only: a busy machine may be late.
        with contextlib.suppress(ConnectionError):
            c.request("/early", "hostile.test", "POST", body=bytes(4 << 20))
        assert c.response().text == "hello"


def test_answer_before_the_body(world):
    """An answer that is whole before the body is read does not end the upload."""
    before = len(world.unix.requests)
    with world.server.connect() as c:
        c.request("/accepted", "hostile.test", "POST", body=bytes(3 << 20))
        assert c.response().status == 204
        q = world.unix.requests[before]
        assert q.over.wait(30) and q.outcome == 3 << 20


def test_cut_upload_is_none(world):
    """An application is never told that what is cut is the whole of a body."""
    before = len(world.unix.requests)
    with world.server.connect() as c:
        c.request("/upload", "hostile.test", "POST", headers={"Content-Length": "100"})
        c.send(b"hello")
        wait_for(lambda: len(world.unix.requests) > before, 30, "the request")
        c.half_close()
        assert c.response().status == 400
    q = world.unix.requests[before]
    assert q.over.wait(30) and q.outcome == "cut"


def test_timeout_while_the_body_comes(world):
    """ProxyTimeout passes before the client's own deadline: it is the application that failed."""
    with world.server.connect() as c:
        c.request("/silent", "hasty.test", "POST", headers={"Content-Length": "100"},
                  body=b"hello")
        assert c.response().status == 504


def test_full_buffers(world):
    """An answer that waits for a packed body until there is no more room comes whole."""
    body = gzip.compress(os.urandom(3 << 20))
    got = world.server.get("/packed", "pack.test", method="POST", body=body,
                           headers={"Content-Encoding": "gzip"})
    assert got.header("Content-Encoding") is None and got.body == LINES


def test_application_works_on(world):
    """An answer that is whole by its Content-Length does not end the application's work."""
    before = len(world.unix.requests)
    with world.server.connect() as c:
        c.request("/late", "hostile.test")
        assert c.response().text == "hello"
        assert c.get("/padding", "hostile.test").text == "hello"
    q = world.unix.requests[before]
    assert q.outcome == "open"


# -- what goes wrong

@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile(world, name):
    """A broken answer is 502, a silent application 504, each with its cause in the site's log."""
    _, status, text, cause = HOSTILE[name]
    host = "hasty.test" if "silent" in name else "hostile.test"
    log = f"{host}-error.log"
    start = len(world.server.log(log)) if cause else 0
    with world.server.connect(timeout=60) as c:
        got = c.get(f"/{name}", host)
    assert got.status == status
    if text:
        assert got.text == text
    if cause:
        wait_for(lambda: cause in world.server.log(log)[start:], 30, cause)


def test_short_answer_is_counted(world):
    """One that came whole has a length: a client of HTTP/1.0 keeps its connection behind it."""
    with world.server.connect(timeout=60) as c:
        got = c.get("/padding", "hostile.test", version="HTTP/1.0",
                    headers=[("Connection", "Keep-Alive")])
    assert (got.header("Content-Length"), got.header("Connection")) == ("5", "Keep-Alive")
    assert got.text == "hello"


@pytest.mark.parametrize("name", sorted(CUT))
def test_cut(world, name):
    """What breaks off behind its head never looks like a whole answer."""
    def cut():
        with world.server.connect(timeout=60) as c:
            try:
                got = c.get(f"/{name}", "hasty.test" if "silent" in name else "hostile.test")
            except GONE:
                return True
        # ProxyTimeout may pass on a busy machine before the head is here.
        assert "silent" in name and got.status == 504, f"a whole answer: {got}"
        return False

    wait_for(cut, 120, "an answer that was begun")


# host, status, what the log says
UNREACHABLE = [
    ("dead.test", 503, "AH00957: FCGI: attempt to connect to 127.0.0.1:1"),
    ("gone.test", 503, "AH02454: FCGI: attempt to connect to Unix domain socket"),
    ("full.test", 503, "AH02454: FCGI: attempt to connect to Unix domain socket"),
    ("b.test", 503, "listen.owner"),
]


@pytest.mark.parametrize("host, status, said", UNREACHABLE)
def test_unreachable(world, host, status, said):
    """Dead, full, or not for this site's user: 503, and what to set for the latter."""
    with world.server.connect(timeout=60) as c:
        assert c.get("/x.php", host).status == status
    world.server.wait_log(said, f"{host}-error.log")
    assert world.server.get("/plain.txt", "a.test").text == "plain\n"


def test_noise_ends_with_its_client(world):
    """What only fills the log holds no place longer than the timeout, once its client has gone."""
    before = len(world.unix.requests)
    with world.server.connect() as c:
        c.request("/noise", "hasty.test")
        wait_for(lambda: len(world.unix.requests) > before, 30, "the request")
    assert world.unix.requests[before].over.wait(60)


def test_client_goes(world):
    """A client that is gone takes the application's connection with it."""
    gone = threading.Event()

    def notice(q):
        while q.next():
            pass
        gone.set()

    world.unix.answers["notice"] = notice
    with world.server.connect() as c:
        before = len(world.unix.requests)
        c.request("/notice", "hostile.test")
        wait_for(lambda: len(world.unix.requests) > before, 30, "the request")
        c.reset()
    assert gone.wait(30)
