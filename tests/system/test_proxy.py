"""mod_proxy: ProxyPass and its like, in front of real servers and of hostile ones."""

import contextlib
import socket
import subprocess
import sys
import threading

import pytest
from itkd import (
    Config, Server, Site, Truncated, amount, free_port, in_time, wait_for, write_file)
from itkd_backend import Backend, WebSocket, echo, page, table, websocket

MIB = 1 << 20


@pytest.fixture
def backend():
    """backend(answer, **how) -> Backend; closed at the end of the test."""
    with contextlib.ExitStack() as stack:
        def make(answer, **how):
            made = Backend(answer, **how)
            stack.callback(made.close)
            return made
        yield make


@pytest.fixture(scope="module")
def origin():
    """The backend of the server below: a table of answers, and an echo for everything else."""
    answers = table(ANSWERS)

    def answer(ask, stream):
        return answers(ask, stream) if "/raw/" in ask.path else echo(ask, stream)
    made = Backend(answer)
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(module_tmp, tls, module_start, origin):
    config = Config(module_tmp, tls, Site("main", module_tmp), Timeout=20)
    url, site = origin.url, Site("a", module_tmp)
    write_file(site.docroot / "sorry.html", "sorry\n", owner=(site.uid, site.gid))
    config.vhost(
        site,
        "ProxyPass /b/no !", f"ProxyPass /b/ {url}/", f"ProxyPassReverse /b/ {url}/",
        "ProxyPassReverseCookiePath /raw /b/raw",
        "ProxyPassReverseCookieDomain back.example a.test",
        f"ProxyPass /nocanon/ {url}/ nocanon", f"ProxyPass /noquery/ {url}/ noquery",
        f"ProxyPassMatch ^/m/(.*)$ {url}/m-$1", f"ProxyPassMatch ^/whole/ {url}",
        f"<Location /host/>\nProxyPreserveHost On\nProxyAddHeaders Off\nProxyPass {url}/\n"
        "</Location>",
        f"<Location /set/>\nRequestHeader set X-Forwarded-Proto https\n"
        f"RequestHeader unset User-Agent\nProxyPass {url}/\n</Location>",
        f"<Location /sendcl/>\nSetEnv proxy-sendcl 1\nProxyPass {url}/\n</Location>",
        f"<Location /old/>\nSetEnv force-proxy-request-1.0 1\nProxyPass {url}/\n</Location>",
        f"<Location /no100/>\nProxy100Continue Off\nProxyPass {url}/\n</Location>",
        "ErrorDocument 404 /sorry.html", "ErrorDocument 503 \"down for today\"",
        f"<Location /over/>\nProxyErrorOverride On 404 409 503\nProxyPass {url}/\n</Location>",
        "SetEnvIf Request_URI /env/ WHERE=in",
        f"<Location /env/>\nProxyPassInterpolateEnv On\n"
        f"ProxyPass {url}/${{WHERE}}/ interpolate\n</Location>",
        f"<Location /uri/>\nRequestHeader set X-Uri expr=%{{REQUEST_URI}}\nProxyPass {url}/\n"
        "</Location>",
        f"<Location /urihost/>\nRequestHeader set Host expr=%{{REQUEST_URI}}\n"
        f"ProxyPreserveHost On\nProxyAddHeaders Off\nProxyPass {url}/\n</Location>",
        f"<Location /uriup/>\nRequestHeader set Upgrade expr=%{{REQUEST_URI}}\n"
        f"ProxyPass {url}/ upgrade=any\n</Location>",
        f"<Location /reverse/>\nProxyPassInterpolateEnv On\nProxyPass {url}/\n"
        "ProxyPassReverseCookiePath /other /${app} interpolate\n</Location>",
        "ProxyPassReverse /to/${app}/ /x/ interpolate",
        "RewriteEngine On", "RewriteRule ^/reverse/(.*)/raw/ - [E=app:$1]",
        f"RewriteRule ^/rule/(.*)$ {url}/rewritten/$1 [P,QSA]",
        f"<Proxy \"{url}/secret\">\nRequire all denied\n</Proxy>",
        "<Location /hidden>\nRequire all denied\n</Location>",
        f"<Location /handled>\nSetHandler \"proxy:{url}\"\n</Location>",
        "Redirect /b/gone http://elsewhere.test/",
        "<LocationMatch ^/lm/>\n" f"ProxyPass {url}\n</LocationMatch>",
        f"ProxyPass /hidden {url}/")
    return module_start(config)


def ask_of(server, origin, path, **how):
    """The request that the backend got, and the answer."""
    origin.asks.clear()
    answer = server.get(path, "a.test", **how)
    return (origin.asks[-1] if origin.asks else None), answer


@pytest.mark.parametrize("path, asked", [
    ("/b/x", "GET /x HTTP/1.1"),
    ("/b/x%20y/a%2eb%3Fc?q=1%20", "GET /x%20y/a.b%3Fc?q=1%20 HTTP/1.1"),
    ("/b//x/../y", "GET /y HTTP/1.1"),
    ("/b/%c3%a4;a=b", "GET /%C3%A4;a=b HTTP/1.1"),
    ("/b/?", "GET /? HTTP/1.1"),
    ("/nocanon/x%20y/a%2eb%3Fc?q=1", "GET /x%20y/a%2eb%3Fc?q=1 HTTP/1.1"),
    ("/noquery/x?q=1", "GET /x?q=1 HTTP/1.1"),
    ("/m/a/b?x=1", "GET /m-a/b?x=1 HTTP/1.1"),
    ("/whole/a?z", "GET /whole/a?z HTTP/1.1"),
    ("/lm/a?z", "GET /lm/a?z HTTP/1.1"),
    ("/env/x", "GET /in/x HTTP/1.1"),
    ("/rule/a%20b?x=1", "GET /rewritten/a%20b?x=1 HTTP/1.1"),
    ("/old/x", "GET /x HTTP/1.0"),
])
def test_the_path_is_asked_of_the_backend(server, origin, path, asked):
    ask, answer = ask_of(server, origin, path)
    assert answer.status == 200
    assert ask.line == asked


@pytest.mark.parametrize("path, status", [
    ("/b/no/x", 404),          # ProxyPass !
    ("/b", 404),               # a prefix with its slash
    ("/b/x%2fy", 404),         # AllowEncodedSlashes Off
    ("/b/secret/x", 403),      # <Proxy>
    ("/hidden/x", 403),        # <Location>
    ("/b/gone", 200),          # before Redirect, as in Apache
])
def test_who_answers(server, origin, path, status):
    ask, answer = ask_of(server, origin, path)
    assert answer.status == status
    assert (ask is not None) == (status == 200)


def test_the_head_is_rewritten(server, origin):
    ask, _ = ask_of(server, origin, "/b/x", headers=[
        ("Connection", "X-Hop, keep-alive"), ("X-Hop", "1"), ("Keep-Alive", "3"),
        ("TE", "trailers"), ("Upgrade", "websocket"), ("Proxy-Connection", "x"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Host", "outer"), ("Max-Forwards", "4"), ("X-Kept", "yes"),
        ("Authorization", "Basic YTpi"), ("Cookie", "a=b")])
    names = {name.lower() for name, _ in ask.fields}
    assert not names & {"x-hop", "keep-alive", "te", "upgrade", "proxy-connection"}
    assert ask.field("Host") == f"127.0.0.1:{origin.port}"
    assert ask.field("X-Forwarded-For") == "192.0.2.1, 127.0.0.1"
    assert ask.field("X-Forwarded-Host") == "outer, a.test"
    assert ask.field("X-Forwarded-Server") == "a.test"
    assert ask.field("Max-Forwards") == "3"
    assert (ask.field("X-Kept"), ask.field("Cookie")) == ("yes", "a=b")
    assert ask.field("Authorization") == "Basic YTpi"


def test_preserve_host_and_no_added_fields(server, origin):
    ask, _ = ask_of(server, origin, "/host/x")
    assert ask.field("Host") == "a.test"
    assert ask.field("X-Forwarded-For") is None


def test_request_header_reaches_the_backend(server, origin):
    ask, _ = ask_of(server, origin, "/set/x", headers={"User-Agent": "me"})
    assert ask.field("X-Forwarded-Proto") == "https"
    assert ask.field("User-Agent") is None


EVIL = "a%0d%0aX-Evil:%20yes"


@pytest.mark.parametrize("place", ["uri", "urihost", "uriup"])
def test_no_line_of_its_own_for_the_backend(server, origin, place):
    headers = {"Connection": "Upgrade", "Upgrade": "x"}
    ask, answer = ask_of(server, origin, f"/{place}/{EVIL}", headers=headers)
    assert (ask, answer.status) == (None, 500)
    server.wait_log("Request header '.*' value of '.*' contains invalid characters",
                    "a.test-error.log")
    ask, answer = ask_of(server, origin, f"/{place}/x", headers=headers)
    assert answer.status == 200
    assert f"/{place}/x" in (ask.field("X-Uri"), ask.field("Host"), ask.field("Upgrade"))


def test_a_request_of_long_pieces(server, origin):
    method, field = "M" * 7000, ("X-Long", "b" * 8000)
    for headers in ([], [field] * 3 + [("X-Forwarded-For", "c" * 8000)] * 3):
        ask, answer = ask_of(server, origin, "/b/x", method=method, headers=headers)
        assert answer.status == 200
        assert ask.method == method
        assert len([f for f in ask.fields if f == field]) == len(headers) / 2


def test_max_forwards_zero_is_a_loop(server, origin):
    ask, answer = ask_of(server, origin, "/b/x", headers={"Max-Forwards": "0"})
    assert (ask, answer.status) == (None, 400)


def chunked(data, size):
    pieces = [data[i:i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("place, size, framing", [
    ("b", 3, "3"),             # small enough to know its length first
    ("b", 100000, "chunked"),
    ("sendcl", 100000, "100000"),
    ("old", 100000, "100000"),
])
def test_a_chunked_body(server, origin, place, size, framing):
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    ask, answer = ask_of(server, origin, f"/{place}/x", method="POST", body=chunked(data, 7777),
                         headers={"Transfer-Encoding": "chunked"})
    assert answer.status == 200
    assert ask.body == data
    assert framing in (ask.field("Content-Length"), ask.field("Transfer-Encoding"))
    assert None in (ask.field("Content-Length"), ask.field("Transfer-Encoding"))


def test_expect_is_the_backends_to_answer(server, origin):
    with server.connect() as c:
        c.request("/b/raw/refused", "a.test", "POST", headers={
            "Expect": "100-continue", "Content-Length": "5"})
        assert c.response().status == 403
    assert origin.asks[-1].field("Expect") == "100-continue"


def test_expect_answered_by_the_server(server, origin):
    with server.connect() as c:
        c.request("/no100/x", "a.test", "POST", headers={
            "Expect": "100-continue", "Content-Length": "5"})
        assert c.head().status == 100
        c.send("12345")
        assert c.response().status == 200
    assert origin.asks[-1].field("Expect") is None
    assert origin.asks[-1].body == b"12345"


OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    "ok": OK + b"Content-Length: 2\r\n\r\nhi",
    "old": b"HTTP/1.0 200 Fine\r\n\r\nhi",
    "names": OK + b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: Back/1\r\n"
    b"Content-Length: 2\r\nX-M: 1\r\nX-M: 2\r\n\r\nhi",
    "hop": OK + b"Connection: X-Hop, close\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\n"
    b"Proxy-Authenticate: Basic realm=x\r\nUpgrade: h2c\r\nTrailer: X\r\n"
    b"Content-Length: 2\r\n\r\nhi",
    "both": OK + b"Content-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;a=b\r\ni\r\n0\r\nX-T: 1\r\n\r\n",
    "lf": b"HTTP/1.1 200 OK\nContent-Length: 2\nX-A: 1\n\nhi",
    "fold": OK + b"X-A: 1\r\n  2\r\nContent-Length: 2\r\n\r\nhi",
    "extra": OK + b"Content-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nnobody",
    "same": OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
    "hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + OK
    + b"Content-Length: 2\r\n\r\nhi",
    "empty": b"",
    "words": b"hello there\r\n\r\n",
    "two": b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "status": b"HTTP/1.1 20x OK\r\nContent-Length: 2\r\n\r\nhi",
    "number": b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nhi",
    "part": OK + b"X-A: 1\r\n",
    "colon": OK + b"nothing here\r\nContent-Length: 2\r\n\r\nhi",
    "space": OK + b"X-A : 1\r\nContent-Length: 2\r\n\r\nhi",
    "nameless": OK + b": 1\r\nContent-Length: 2\r\n\r\nhi",
    "cr": OK + b"X-A: a\rb\r\nContent-Length: 2\r\n\r\nhi",
    "nul": OK + b"X-A: a\0b\r\nContent-Length: 2\r\n\r\nhi",
    "long": OK + b"X-A: " + b"a" * 9000 + b"\r\nContent-Length: 2\r\n\r\nhi",
    "huge": OK + b"".join(b"X-%d: %s\r\n" % (i, b"b" * 1000) for i in range(100)) + b"\r\n",
    "endless": OK + b"X-A: 1\r\n" * 20000,
    "differ": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
    "letters": OK + b"Content-Length: abc\r\n\r\nhi",
    "minus": OK + b"Content-Length: -1\r\n\r\nhi",
    "plus": OK + b"Content-Length: +2\r\n\r\nhi",
    "gzip": OK + b"Transfer-Encoding: gzip\r\n\r\nhi",
    "gzipped": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n0\r\n\r\n",
    "early": b"HTTP/1.1 103 Early\r\n" + b"a:b\n" * 15000 + b"\r\n" + OK + b"\r\n",
    "interims": b"HTTP/1.1 102 P\r\n\r\n" * 30 + OK + b"Content-Length: 2\r\n\r\nhi",
    "switch": b"HTTP/1.1 101 Switch\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n",
    "short": OK + b"Content-Length: 9\r\n\r\nhi",
    "cut": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhi",
    "refused": b"HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "404": b"HTTP/1.1 404 Weg\r\nContent-Length: 4\r\n\r\nmine",
    "409": b"HTTP/1.1 409 <b>No\r\nContent-Length: 0\r\n\r\n",
    "moved": b"HTTP/1.1 302 Found\r\nLocation: /x/y\r\nContent-Length: 0\r\n\r\n",
    "500": b"HTTP/1.1 500 Aua\r\nContent-Length: 4\r\n\r\nmine",
    "503": b"HTTP/1.1 503 Zu\r\nContent-Length: 4\r\n\r\nmine",
    "204": b"HTTP/1.1 204 No\r\nX-A: 1\r\nContent-Length: 5\r\n\r\n",
    "304": b"HTTP/1.1 304 Same\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\n",
    "cookies": OK + b"Set-Cookie: a=1; path=/raw; domain=back.example\r\n"
    b"Set-Cookie: b=2; Path=/other; Domain=BACK.example; HttpOnly\r\nContent-Length: 2\r\n\r\nhi",
}


@pytest.mark.parametrize("name", [
    "ok", "old", "names", "hop", "both", "chunks", "lf", "fold", "extra", "same", "hints"])
def test_answers_that_are_good(server, name):
    with server.connect() as c:
        c.request(f"/b/raw/{name}", "a.test")
        answer = c.response()
        if name == "hints":
            assert (answer.status, answer.header("Link")) == (103, "</a.css>")
            answer = c.response()
        assert (answer.status, answer.body) == (200, b"hi")
        hidden = ("X-Hop", "Keep-Alive", "Proxy-Authenticate", "Upgrade", "Trailer", "X-T")
        assert not [field for field in hidden if answer.header(field)]
        # And the connection is as good as before.
        c.request("/b/raw/ok", "a.test")
        assert c.response().body == b"hi"


def test_the_origin_has_its_own_date_and_name(server):
    answer = server.get("/b/raw/names", "a.test")
    assert answer.header("Server") == "Back/1"
    assert answer.header("Date") == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert answer.header_all("X-M") == ["1", "2"]


BROKEN = ["empty", "words", "two", "status", "number", "part", "colon", "space", "nameless", "cr",
          "nul", "long", "huge", "endless", "differ", "letters", "minus", "plus", "gzip", "gzipped",
          "chunk", "early", "switch"]


@pytest.mark.parametrize("name", BROKEN)
def test_answers_that_are_none(server, name):
    start = len(server.log("a.test-error.log"))
    answer = server.get(f"/b/raw/{name}", "a.test")
    assert answer.status == 502
    assert b"Proxy Error" in answer.body or b"Bad Gateway" in answer.body
    server.wait_log(r"AH00898|AH01106|AH01110", "a.test-error.log", start=start)


def test_too_many_interim_answers(server):
    with server.connect() as c:
        c.request("/b/raw/interims", "a.test")
        statuses = [c.response().status for _ in range(11)]
    assert statuses == [102] * 10 + [502]


@pytest.mark.parametrize("name", ["short", "cut"])
def test_a_cut_answer_does_not_look_whole(server, name):
    with pytest.raises((Truncated, ConnectionResetError)):
        server.get(f"/b/raw/{name}", "a.test")
    server.wait_log("AH01110", "a.test-error.log")


@pytest.mark.parametrize("path, status, body", [
    ("/b/raw/404", 404, b"mine"),
    ("/b/raw/500", 500, b"mine"),
    ("/over/raw/404", 404, b"sorry\n"),
    ("/over/raw/503", 503, b"down for today"),
    ("/over/raw/500", 500, b"mine"),
    ("/b/raw/204", 204, b""),
    ("/b/raw/304", 304, b""),
])
def test_statuses(server, path, status, body):
    answer = server.get(path, "a.test")
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize("path, closes", [("/b/raw/404", False), ("/b/raw/500", True),
                                          ("/over/raw/503", True)])
def test_statuses_that_end_a_connection(server, path, closes):
    """As in Apache whoever says them, the server or a backend."""
    with server.connect() as c:
        assert c.get(path, "a.test").closes == closes


def test_cookies_are_mapped(server):
    assert server.get("/b/raw/cookies", "a.test").header_all("Set-Cookie") == [
        "a=1; path=/b/raw; domain=a.test", "b=2; Path=/other; Domain=a.test; HttpOnly"]


@pytest.mark.parametrize("name, field, value", [
    ("moved", "Location", "http://a.test/to/%s/y"), ("cookies", "Set-Cookie", "b=2; Path=/%s;")])
def test_no_line_of_its_own_for_the_client(server, name, field, value):
    answer = server.get(f"/reverse/one/raw/{name}", "a.test")
    assert answer.header_all(field)[-1].startswith(value % "one")
    start = len(server.log("a.test-error.log"))
    answer = server.get(f"/reverse/{EVIL}/raw/{name}", "a.test")
    assert (answer.status, answer.header("X-Evil")) == (500, None)
    server.wait_log("control character|invalid characters", "a.test-error.log", start=start)


def test_a_reason_is_no_markup(server):
    answer = server.get("/over/raw/409", "a.test")
    assert answer.status == 409
    assert b"<title>409 &lt;b&gt;No</title>" in answer.body
    assert b"<h1>&lt;b&gt;No</h1>" in answer.body


def test_head_has_the_length_and_no_body(server):
    with server.connect() as c:
        c.request("/b/raw/ok", "a.test", "HEAD")
        assert c.head().header("Content-Length") == "2"
        c.request("/b/raw/ok", "a.test")
        assert c.response().body == b"hi"


# -- configurations of their own

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


# -- WebSocket

def websocket_config(config, site, origin, **how):
    config.main("ProxyTimeout 120")
    config.vhost(
        site,
        f"ProxyPass /ws/ ws://127.0.0.1:{origin.port}/",
        f"ProxyPass /up/ http://127.0.0.1:{origin.port}/up/ upgrade=websocket",
        f"ProxyPass /plain/ http://127.0.0.1:{origin.port}/plain/",
        "RewriteEngine On",
        "RewriteCond %{HTTP:Upgrade} websocket [NC]",
        "RewriteCond %{HTTP:Connection} upgrade [NC]",
        f"RewriteRule ^/?rule/(.*) \"ws://127.0.0.1:{origin.port}/$1\" [P,L]",
        f"ProxyPass /rule/ http://127.0.0.1:{origin.port}/", **how)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("place", ["ws", "up", "rule"])
def test_websocket(config, start, site_a, backend, place, secure):
    origin = backend(websocket)
    websocket_config(config, site_a, origin, tls=secure)
    server = start(config)
    with server.connect(tls=site_a.name if secure else None) as c:
        ws = WebSocket(c, f"/{place}/chat?room=1", site_a.name)
        assert (ws.status, ws.accepted) == (101, True)
        assert "Upgrade: websocket" in ws.head and "Connection: Upgrade" in ws.head
        assert ws.receive() == b"hello"
        for data in (b"one", b"x" * 70000, b"", bytes(range(256)) * 8192):
            ws.send(data, opcode=2)
            assert ws.receive() == data
        ws.send(b"", opcode=8)
        assert ws.receive() == b""
        assert c.sock.recv(1) == b""
    assert origin.asks[0].field("Sec-WebSocket-Version") == "13"
    server.wait_log(r'"GET /\w+/chat\?room=1 HTTP/1.1" 101', "a.test-access.log")


@pytest.mark.parametrize("place", ["ws", "rule", "plain"])
def test_no_websocket_without_upgrade(config, start, site_a, backend, place):
    origin = backend(websocket)
    websocket_config(config, site_a, origin)
    server = start(config)
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"} if place == "plain" else {}
    answer = server.get(f"/{place}/x", site_a, headers=headers)
    assert (answer.status, answer.body) == (200, b"no websocket asked for")


def test_an_idle_websocket_ends(config, start, site_a, backend):
    """For the longer one of both sides' timeouts, as in Apache."""
    origin = backend(websocket)
    config.vhost(site_a, "Timeout 1",
                 f"ProxyPass /idle/ ws://127.0.0.1:{origin.port}/idle/ timeout=1",
                 f"ProxyPass /busy/ ws://127.0.0.1:{origin.port}/busy/ timeout=120")
    config.vhost(site_a, "ProxyTimeout 1", f"ProxyPass / ws://127.0.0.1:{origin.port}/",
                 name="patient.test")
    server = start(config)

    def opened():
        ws = WebSocket(server.connect(), "/idle/", site_a.name)
        assert ws.receive() == b"hello"
        return ws.connection

    with contextlib.ExitStack() as stack:
        others = [WebSocket(stack.enter_context(server.connect()), path, host)
                  for path, host in (("/busy/", site_a.name), ("/", "patient.test"))]
        with in_time(1, opened) as c:
            assert c.sock.recv(1) == b""
        for ws in others:
            assert ws.receive() == b"hello"
            ws.send(b"still here")
            assert ws.receive() == b"still here"


def test_a_websocket_outlives_a_reload(config, start, site_a, backend):
    origin = backend(websocket)
    websocket_config(config, site_a, origin)
    server = start(config)
    with server.connect() as c:
        ws = WebSocket(c, "/ws/", site_a.name)
        assert ws.receive() == b"hello"
        server.reload()
        ws.send(b"still here")
        assert ws.receive() == b"still here"
    # And ends with its client.
    wait_for(lambda: len(origin.socks) == 1 and origin.socks[0].fileno() == -1, 30,
             "the backend's connection to end")


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


# -- what the configuration says

@pytest.mark.parametrize("line, says", [
    ("ProxyPass / https://127.0.0.1/", "a child has no TLS"),
    ("ProxyPass / balancer://all/", "there is no balancer here"),
    ("ProxyPass / h2c://127.0.0.1/", "HTTP/2"),
    ("ProxyPass / 127.0.0.1:80", "no URL of a backend"),
    ("ProxyPass / http://127.0.0.1:99999/", "port"),
    ("ProxyPass / http://a:b@127.0.0.1/", "password"),
    ("ProxyPass / unix:relative|http://x/", "absolute"),
    ("ProxyPass / http://127.0.0.1/ bogus=1", "bogus"),
    ("ProxyPass / http://127.0.0.1/ timeout", "key=value"),
    ("ProxyPass http://127.0.0.1/", "needs a path"),
    ("ProxyRequests On", "not implemented"),
    ("<Proxy balancer://all>\nBalancerMember http://127.0.0.1\n</Proxy>", "no balancer"),
    ("<Directory /tmp>\nProxyPass http://127.0.0.1/\n</Directory>", "cannot occur within"),
    ("<Location /x>\nSetHandler \"proxy:https://127.0.0.1/\"\n</Location>", "no TLS"),
    ("<Proxy fcgi://localhost/ enablereuse=on max=ten bogus=1>\n</Proxy>", "bogus"),
])
def test_what_is_refused(config, site_a, line, says):
    config.vhost(site_a, *line.split("\n"))
    config.write()
    done = Server(config).itkd("-t")
    assert done.returncode != 0
    assert says in done.stdout + done.stderr


def test_what_panels_write_is_taken(config, site_a):
    config.main("<IfModule mod_proxy_http.c>", "ProxyRequests Off", "</IfModule>",
                "<IfModule !mod_proxy_fcgi.c>", "ErrorHere", "</IfModule>",
                "<IfModule !proxy_wstunnel_module>", "ErrorHere", "</IfModule>")
    config.vhost(
        site_a, "ProxyPreserveHost On", "ProxyVia Full", "ProxyBadHeader Ignore",
        "<Proxy *>", "Require all granted", "AddDefaultCharset off", "</Proxy>",
        "<Proxy \"unix:/run/php/site.sock|fcgi://localhost\" enablereuse=on max=10>", "</Proxy>",
        "<Proxy \"fcgi://localhost/\" enablereuse=on max=10>", "ProxySet timeout=300", "</Proxy>",
        "<FilesMatch \\.php$>", "SetHandler \"proxy:unix:/run/php/site.sock|fcgi://localhost\"",
        "</FilesMatch>",
        "ProxyPass /.well-known !",
        "ProxyPassMatch ^/(.*\\.php(/.*)?)$ fcgi://127.0.0.1:9000/var/www/$1 "
        "timeout=60 retry=0 flushpackets=on",
        "ProxyPass / http://localhost:3000/ nocanon retry=1 acquire=3000 timeout=600 Keepalive=On",
        "ProxyPassReverse / http://localhost:3000/")
    config.write()
    out = Server(config).itkd("-t")
    assert out.returncode == 0, out.stdout + out.stderr
