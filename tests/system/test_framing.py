"""
Issue 5, points 1 and 4: what the raw comparison (tests/compare/test_raw.py) and the vectors do not
show: the front's answers beside the child's, methods that are registered, ends before their time.
"""

import contextlib
import re

import pytest

from itkd import Config, Server, Site, wait_for
from itkd_tools import exchange, install, status_of, statuses

DRAINED = 256 * 1024  # bytes of a body that nobody wants, for which a connection is kept
BAD = b"GET / HTTP/1.1\r\nHost: a.test\r\nBad Name: x\r\n\r\n"


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    config = Config(module_tmp, tls, Site("main", module_tmp), ServerTokens="OS")
    site = Site("a", module_tmp)
    install(site, "digest")
    site.cgi("after", "#!/usr/bin/perl\nmy @body = <STDIN>;\nprint \"Status: 200\\n\\n\";\n")
    config.main("RegisterHttpMethod QUERY BREW", "HttpProtocolOptions RegisteredMethods",
                "RequestReadTimeout header=120 body=120")
    lines = ["ServerSignature EMail", "ServerAdmin admin@a.test"]
    config.vhost(site, *lines)
    config.vhost(site, *lines, "TraceEnable On", name="trace.test", access=False)
    config.vhost(site, *lines, tls=True, access=False)
    for secure in (False, True):
        config.vhost(site, *lines, "RequestReadTimeout body=1", name="hasty.test", cert="a.test",
                     tls=secure, access=False)
    server = module_start(config)
    server.site = site
    return server


def normal(answer):
    """An answer without what differs between any two."""
    fields = sorted((n, v) for n, v in answer.headers if n != "Date")
    return answer.status, answer.reason, fields, answer.body


@pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])
@pytest.mark.parametrize("data", [
    BAD, b"GET / HTTP/2.0\r\nHost: a.test\r\n\r\n", b"GET /" + b"x" * 9000,
    b"GET / HTTP/1.1\r\nX: " + b"y" * 9000, b"HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 99999999999999999999\r\n\r\n"],
    ids=["400", "505", "414", "431", "400-head", "501", "413"])
def test_front_and_child_answer_alike(world, data, sni):
    """Point 4: Server by ServerTokens, the page, ServerSignature: whoever refuses a head."""
    method = "HEAD" if data.startswith(b"HEAD") else "GET"
    with world.connect(tls=sni) as first, world.connect(tls=sni) as further:
        first.send(data)
        by_front = first.response(method)
        assert further.get("/", "a.test").status == 200
        further.send(data)
        by_child = further.response(method)
    assert normal(by_front) == normal(by_child)
    assert by_front.closes and re.match(r"itkd/[\d.]+ \(Unix\)$", by_front.header("Server"))
    assert method == "HEAD" or "<a href=\"mailto:admin@a.test\">a.test</a> Port" in by_front.text


@pytest.mark.parametrize("method, path, status", [
    ("QUERY", "/", 405), ("BREW", "/", 405), ("SEARCH", "/", 501), ("PROPFIND", "/", 405),
    ("QUERY", "/cgi-bin/digest", 200), ("SEARCH", "/cgi-bin/digest", 501),
    ("MERGE", "/cgi-bin/digest", 200), ("get", "/cgi-bin/digest", 501)])
def test_registered_methods(world, method, path, status):
    """Point 1: a method that nobody knows is 501, one that is not for this is 405 with Allow."""
    answer = world.get(path, world.site, method=method)
    assert answer.status == status
    if status == 405:
        assert answer.header("Allow") == "HEAD,GET,POST,OPTIONS"


@pytest.mark.parametrize("words, said", [
    ("Unsafe", "warning: 'Unsafe' has no effect: requests are always read as with Strict"),
    ("Strict Allow0.9", "note: 'Allow0.9' has no effect: HTTP/0.9 is not spoken"),
    ("Strict Require1.0 LenientMethods", "Syntax OK"), ("RegisteredMethods", "Syntax OK"),
])
def test_protocol_options(tmp, tls, words, said):
    """Point 1: -t says of each option that is not followed what happens instead."""
    config = Config(tmp, tls, Site("main", tmp))
    config.main(f"HttpProtocolOptions {words}")
    config.write()
    done = Server(config).itkd("-t")
    assert done.returncode == 0 and said in done.stderr, done.stderr
    assert ("HttpProtocolOptions" in done.stderr) == (said != "Syntax OK")


def test_trace(world):
    """Point 1: TRACE is off: 405, and Allow does not name it, until TraceEnable turns it on."""
    answer = world.get("/", "a.test", method="TRACE")
    assert answer.status == 405 and answer.header("Allow") == "HEAD,GET,POST,OPTIONS"
    answer = world.get("/", "trace.test", method="TRACE")
    assert answer.status == 200 and answer.text.startswith("TRACE / HTTP/1.1\r\nHost: trace.test")
    allow = world.get("/", "trace.test", method="PUT").header("Allow")
    assert allow == "HEAD,GET,POST,OPTIONS,TRACE"


def test_name_of_the_address(start, tmp, tls, main_site, site_a):
    """Leftover of parts 1 and 2: what <VirtualHost> itself says counts behind all names."""
    config = Config(tmp, tls, main_site)
    site_a.file("index.html", "first\n")
    other = site_a.mkdir(site_a.docroot / "other")
    site_a.file("other/index.html", "second\n")
    config.vhost(site_a, address=f"127.0.0.1:{config.port}")
    config.vhost(site_a, address=f"localhost:{config.port}", name="b.test", docroot=other)
    server = start(config)
    for host, text in (("b.test", "second\n"), ("LocalHost", "second\n"), ("127.0.0.1", "first\n"),
                       ("none.test", "first\n")):
        assert server.get("/", host).text == text


def test_names_as_the_user_typed_them(world):
    """Point 3: bytes of UTF-8 that a client does not encode name the same file."""
    world.site.file("größe.txt", "found\n")
    raw = exchange(world, "GET /größe.txt?ä HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
                   .encode())
    assert status_of(raw) == 200 and raw.endswith(b"found\n")
    assert world.get("/gr%c3%b6%c3%9fe.txt", world.site).text == "found\n"


# what comes before the FIN, the answers
ENDS = [
    (b"", []), (b"\r\n", []), (b"GET", []), (b"GET / HTTP/1.1\r\n", [400]),
    (b"GET / HTTP/1.1\r\nHost: a.test\r\nX", [400]),
    (b"POST /cgi-bin/after HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhel", [400]),
    (b"POST /cgi-bin/after HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
     [400]),
    (b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", [400]),
    (b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", [200]),
    (b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\nGET / HT", [200]),
    (b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\nGET / HTTP/1.1\r\nHos", [200, 400]),
]


@pytest.mark.parametrize("data, answers", ENDS, ids=lambda v: repr(v)[-40:])
def test_end_before_its_time(world, data, answers):
    """Point 1: a client that half-closes gets what there is to say, and no reset."""
    with world.connect() as c:
        c.send(data)
        c.half_close()
        assert statuses(c.read_all()) == answers
    wait_for(lambda: not world.children(), 30, "the end of the child")


@pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])
def test_chunks_that_nobody_reads(world, sni):
    """Point 1: they are read to their end, within RequestReadTimeout, and the connection kept."""
    head = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    with world.connect(tls=sni) as c:
        c.send(f"{head}5\r\nhello\r\n".replace("a.test", "hasty.test"))
        assert c.response().status == 408
    with world.connect(tls=sni) as c:
        for size in (1, 1000, DRAINED):
            c.send(f"{head}{size:x}\r\n{'x' * size}\r\n0\r\n\r\n")
            answer = c.response()
            assert answer.status == 200 and not answer.closes
    with world.connect(tls=sni) as c:
        with contextlib.suppress(OSError):
            c.send(f"{head}{DRAINED + 1:x}\r\n{'x' * (DRAINED + 1)}\r\n0\r\n\r\n")
        answer = c.response()
        assert answer.status == 200 and answer.closes


@pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])
def test_a_body_that_nobody_reads(world, sni):
    """Point 1: the same of a body whose length is known; behind an error, too."""
    with world.connect(tls=sni) as c:
        for size, path, status in ((DRAINED, "/", 200), (DRAINED, "/none", 404),
                                   (DRAINED + 1, "/none", 404)):
            c.send(f"POST {path} HTTP/1.1\r\nHost: a.test\r\nContent-Length: {size}\r\n\r\n")
            # Where nobody wants it the server lingers for seconds only: a busy machine may be late.
            with contextlib.suppress(OSError):
                c.send("x" * size)
            answer = c.response()
            assert (answer.status, answer.closes) == (status, size > DRAINED)


def test_expect_is_answered_before_the_body(world):
    """Point 1: 100 when somebody will read it, the final status at once when nobody will."""
    head = ("POST {} HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\n"
            "Content-Length: 5\r\n\r\n")
    with world.connect() as c:
        c.send(head.format("/cgi-bin/digest"))
        assert c.response().status == 100
        c.send("hello")
        assert c.response().status == 200
        c.send(head.format("/none"))
        answer = c.response()
        # Whether five bytes of a body come now, nobody can know.
        assert answer.status == 404 and answer.closes and c.at_eof()
