"""
mod_proxy's connections to a backend: who makes them, how long they are kept and waited for, large
bodies, ends on either side; and a real application behind it.
"""

import contextlib
import socket
import subprocess
import sys
import threading

import pytest
from itkd import Truncated, amount, free_port, in_time, wait_for
from itkd_backend import OK, echo, page

MIB = 1 << 20


def test_locations_are_mapped(config, start, site_a, site_b, backend):
    origin = backend(lambda ask, stream: page(b"", "302 Found", [
        f"Location: http://127.0.0.1:{made[0].port}/x", f"Content-Location: {made[0].url}/y",
        "URI: /z"]))
    made = [origin]
    config.vhost(site_a, f"ProxyPass /b/ {origin.url}/", f"ProxyPassReverse /b/ {origin.url}/")
    config.vhost(site_b,
                 f"<Location /c/>\nProxyPass {origin.url}/\nProxyPassReverse /\n</Location>")
    server = start(config)
    answer = server.get("/b/x", site_a)
    assert answer.header("Location") == "http://a.test/b/x"
    assert answer.header("Content-Location") == "http://a.test/b/y"
    assert server.get("/c/x", site_b).header("Location") == "http://b.test/c/x"


def test_a_backend_that_is_down(config, start, site_a, tmp):
    config.vhost(site_a, f"ProxyPass /tcp http://127.0.0.1:{free_port()}",
                 f"ProxyPass /unix unix:{tmp}/none.sock|http://localhost/")
    server = start(config)
    for path, text in (("/tcp", "AH00957"), ("/unix", "AH02454")):
        answer = server.get(path, site_a)
        assert answer.status == 503
        server.wait_log(f"{text}: http: attempt to connect", "a.test-error.log")
    server.wait_log("AH01114", "a.test-error.log")


def test_the_childs_user_connects(config, start, site_a, site_b, backend, tmp):
    own = {s.letter: backend(echo, path=tmp / f"{s.letter}.sock", owner=(s.uid, s.gid))
           for s in (site_a, site_b)}
    for site in (site_a, site_b):
        config.vhost(site, *(f"ProxyPass /{letter}/ {b.url}/" for letter, b in own.items()))
    server = start(config)
    for site, other in ((site_a, site_b), (site_b, site_a)):
        assert server.get(f"/{site.letter}/x", site).status == 200
        assert own[site.letter].asks[-1].uid == site.uid
        assert own[site.letter].asks[-1].field("Host") == "localhost"
        assert server.get(f"/{other.letter}/x", site).status == 503
        line = server.wait_log(r".*AH02454.*", f"{site.name}-error.log")[0]
        assert f"user {site.user}" in line
        assert "Permission denied" in line and "listen.owner" in line


def test_a_backend_that_never_answers(config, start, site_a, backend):
    silent = backend(lambda ask, stream: None if stream.more() else None)
    config.main("ProxyTimeout 1")
    config.vhost(site_a, f"ProxyPass /a/ {silent.url}/",
                 f"ProxyPass /b/ {silent.url}/b/ timeout=1")
    server = start(config)
    for path in ("/a/x", "/b/x"):
        # Timeout is longer than this waits.
        assert server.get(path, site_a, timeout=60).status == 504
    server.wait_log("AH01102: error reading status line from remote server", "a.test-error.log")


def test_a_socket_whose_backlog_is_full(config, start, site_a, tmp):
    path = tmp / "full.sock"
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as stack:
        listener.bind(str(path))
        path.chmod(0o777)
        listener.listen(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                sock = stack.enter_context(socket.socket(socket.AF_UNIX))
                sock.setblocking(False)
                sock.connect(str(path))
        config.vhost(site_a,
                     f"ProxyPass /p/ unix:{path}|http://localhost/ connectiontimeout=300ms")
        assert start(config).get("/p/x", site_a).status == 503


def test_an_answer_that_stops(config, start, site_a, backend):
    def answer(ask, stream):
        stream.sock.sendall(OK + b"Content-Length: 100\r\n\r\nhi")
        stream.more()
    config.vhost(site_a, f"ProxyPass /p/ {backend(answer).url}/ timeout=1")
    server = start(config)

    def begun():
        c = server.connect()
        c.request("/p/x", site_a.name)
        assert c.head().status == 200
        return c

    # After a second without a byte of it, it would be a 504.
    with in_time(1, begun) as c, pytest.raises((Truncated, ConnectionResetError)):
        c._exactly(100)


def test_one_connection_serves_many_requests(config, start, site_a, backend):
    origin = backend(echo)
    config.vhost(site_a, f"ProxyPass /a/ {origin.url}/",
                 f"ProxyPass /b/ {origin.url}/b/ disablereuse=on")
    server = start(config)
    with server.connect() as c:
        for _ in range(5):
            c.request("/a/x", site_a.name)
            assert c.response().status == 200
        assert origin.connections == 1
        # It was closed meanwhile: a new one, and nobody notices.
        origin.socks[0].shutdown(socket.SHUT_RDWR)
        c.request("/a/x", site_a.name)
        assert c.response().status == 200
        assert origin.connections == 2
        for _ in range(2):
            c.request("/b/x", site_a.name)
            assert c.response().status == 200
        assert origin.connections == 4


def test_a_kept_connection_that_closes_on_a_request(config, start, site_a, backend):
    def answer(ask, stream):
        first = len(origin.asks) != 2
        return echo(ask, stream) if first else None
    origin = backend(answer)
    config.vhost(site_a, f"ProxyPass /p/ {origin.url}/")
    server = start(config)
    with server.connect() as c:
        for _ in range(2):
            c.request("/p/x", site_a.name)
            assert c.response().status == 200
    assert (len(origin.asks), origin.connections) == (3, 2)


def test_the_body_that_head_has_no_use_for(config, start, site_a, backend):
    """An error's document is asked for with GET, and HEAD ends before what it has sent."""
    def answer(ask, stream):
        if ask.path == "/next":
            return echo(ask, stream)
        stream.sock.sendall(OK + b"Content-Length: 100\r\n\r\n")
        stream.head()
        return page(b"of the document")
    config.vhost(site_a, "Redirect gone /gone", "ErrorDocument 410 /p/document",
                 f"ProxyPass /p/ {backend(answer).url}/")
    server = start(config)
    with server.connect() as c:
        c.request("/gone", site_a.name, "HEAD")
        assert c.head().header("Content-Length") == "100"
        c.request("/p/next", site_a.name)
        assert c.response().body.startswith(b"GET /next ")


def peak(process):
    """KiB of memory of its own that it ever had."""
    return int(process.status["VmHWM"].split()[0])


def child_of(server, connection):
    return wait_for(lambda: [p for p in server.owner(connection) if p.comm == "itkd: child"], 30,
                    "a child to have the connection")[0]


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_a_large_answer_is_streamed(config, start, site_a, backend, framing):
    total, piece = amount(64, 1024) * MIB, b"x" * MIB
    fields = {"length": f"Content-Length: {total}", "chunked": "Transfer-Encoding: chunked",
              "close": "Connection: close"}

    def answer(ask, stream):
        stream.sock.sendall(OK + fields[framing].encode() + b"\r\n\r\n")
        for _ in range(total // MIB):
            stream.sock.sendall(b"%x\r\n%s\r\n" % (MIB, piece) if framing == "chunked" else piece)
        if framing == "chunked":
            stream.sock.sendall(b"0\r\n\r\n")
    config.vhost(site_a, f"ProxyPass /p/ {backend(answer).url}/")
    server = start(config)
    with server.connect() as c:
        c.request("/p/x", site_a.name)
        head = c.head()
        child = child_of(server, c)
        before = peak(child)
        got = len(c.buffer)
        c.buffer = b""
        while got < total:
            data = c.sock.recv(MIB)
            assert data
            got += len(data)
        assert head.status == 200
        assert peak(child) - before < 4096


def test_a_large_upload_is_streamed(config, start, site_a, backend):
    total, seen = amount(64, 512) * MIB, []

    def answer(ask, stream):
        n = sum(len(p) for p in stream.pieces(ask))
        seen.append(n)
        return page(b"%d" % n)
    config.vhost(site_a, f"ProxyPass /p/ {backend(answer).url}/")
    server = start(config)
    piece = b"y" * MIB
    with server.connect(timeout=60) as c:
        c.request("/p/x", site_a.name, "PUT", headers={"Content-Length": str(total)})
        for _ in range(total // MIB):
            c.send(piece)
        child = child_of(server, c)
        assert c.response().text == str(total)
        assert peak(child) < 24 * 1024
    assert seen == [total]


@pytest.mark.parametrize("sent, status", [
    (b"5\r\nhello\r\n", None), (b"5\r\nhello\r\nzz\r\n", 400), (b"5\r\nhello\r\n40\r\n", 413)],
    ids=["closed", "malformed", "large"])
def test_a_cut_upload_does_not_look_whole(config, start, site_a, backend, sent, status):
    got, ended = [], threading.Event()

    def answer(ask, stream):
        stream.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        with contextlib.suppress(OSError):
            while stream.more():
                pass
        got.append(stream.buffer)
        ended.set()
    config.vhost(site_a, f"<Location /p/>\nLimitRequestBody 16\nProxyPass {backend(answer).url}/\n"
                 "</Location>")
    server = start(config)
    with server.connect() as c:
        c.request("/p/x", site_a.name, "POST", headers={
            "Transfer-Encoding": "chunked", "Expect": "100-continue"})
        assert c.head().status == 100
        c.send(sent + b"x" * (64 if status == 413 else 0))
        c.sock.shutdown(socket.SHUT_WR)
        assert ended.wait(30)
        if status:
            assert c.response().status == status
    assert got[0].startswith(b"5\r\nhello")
    assert not got[0].endswith(b"0\r\n\r\n")


def test_an_answer_before_the_body_was_read(config, start, site_a, backend):
    def answer(ask, stream):
        stream.sock.sendall(page(b"enough", "413 Too Much", close=True))
        stream.sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while stream.more():
                stream.buffer = b""
    config.vhost(site_a, f"ProxyPass /p/ {backend(answer).url}/")
    server = start(config)
    with server.connect() as c:
        c.request("/p/x", site_a.name, "POST", headers={"Content-Length": str(8 * MIB)})
        c.send(b"z" * 1000)
        answer = c.response()
        assert (answer.status, answer.body) == (413, b"enough")


def test_a_client_that_goes_frees_the_backend(config, start, site_a, backend):
    gone = threading.Event()

    def answer(ask, stream):
        with contextlib.suppress(OSError):
            stream.sock.sendall(OK + b"\r\n")
            while True:
                stream.sock.sendall(b"tick")
        gone.set()
    config.vhost(site_a, f"ProxyPass /p/ {backend(answer).url}/")
    server = start(config)
    c = server.connect()
    c.request("/p/x", site_a.name)
    assert c.head().status == 200
    c.reset()
    assert gone.wait(30)


# -- a real application

APP = """
import sys
from http.cookies import SimpleCookie
from urllib.parse import parse_qs
from wsgiref.simple_server import make_server, WSGIRequestHandler

def app(environ, start):
    path = environ["PATH_INFO"]
    cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
    if path == "/login" and environ["REQUEST_METHOD"] == "POST":
        form = parse_qs(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode())
        start("302 Found", [("Location", "http://%s/home" % environ["HTTP_HOST"]),
                            ("Set-Cookie", "user=%s; Path=/" % form["name"][0])])
        return [b""]
    if path == "/home" and "user" in cookies:
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"welcome ", cookies["user"].value.encode(), b"\\n"]
    start("403 Forbidden", [("Content-Type", "text/plain")])
    return [b"who are you?"]

class Quiet(WSGIRequestHandler):
    def log_message(self, *args): pass

with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
"""


def test_a_wsgi_application(config, start, site_a):
    app = subprocess.Popen([sys.executable, "-c", APP], stdout=subprocess.PIPE, text=True,
                           user=site_a.uid, group=site_a.gid, extra_groups=[])
    try:
        url = f"http://127.0.0.1:{int(app.stdout.readline())}"
        config.vhost(site_a, f"ProxyPass /app/ {url}/", f"ProxyPassReverse /app/ {url}/",
                     "ProxyPassReverseCookiePath / /app/")
        server = start(config)
        assert server.get("/app/home", site_a).status == 403
        answer = server.get("/app/login", site_a, method="POST", body="name=Ada", headers={
            "Content-Type": "application/x-www-form-urlencoded"})
        assert (answer.status, answer.header("Location")) == (302, "http://a.test/app/home")
        cookie = answer.header("Set-Cookie")
        assert cookie == "user=Ada; Path=/app/"
        answer = server.get("/app/home", site_a, headers={"Cookie": cookie.split(";")[0]})
        assert (answer.status, answer.text) == (200, "welcome Ada\n")
    finally:
        app.kill()
        app.wait(30)
        app.stdout.close()
