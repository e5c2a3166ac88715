"""
mod_proxy: ProxyPass and its like, between a client and a backend, hostile ones too; what the
configuration may say.
"""

import pytest
from itkd import Config, Server, Site, Truncated, write_file
from itkd_backend import OK, Backend, echo, table


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
        f"RequestHeader unset User-Agent\nHeader set X-Set 1\nProxyPass {url}/\n</Location>",
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
    **{f"vary{n}": OK + b"Vary: %s\r\nContent-Length: 2\r\n\r\nhi" % b", ".join(
        b"f%d" % (i % n) for i in range(600)) for n in (255, 256)},
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


@pytest.mark.parametrize("n, vary", [
    (255, ",".join(f"f{i}" for i in range(255))),
    (256, "*"),
], ids=["255", "256"])
def test_vary_has_each_name_once(server, n, vary):
    """Of more names than any answer has: all that may be in a request."""
    assert server.get(f"/set/raw/vary{n}", "a.test").header("Vary") == vary


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
