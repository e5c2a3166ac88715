"""Issue 2, point 6: keep-alive, whom a connection goes on for, and how connections end."""

import os
import re
import time

import pytest

from itkd import Config, Site, in_time, wait_for
from itkd_tools import Gate, install, s_client, status_of

LARGE = 400_000
BOTH = pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])


class World:
    """
    Of user a: a.test; twin.test, reached by another alias of the same ServerName with the same
    logs; other.test, a ServerName of its own with a.test's logs; logs.test, the same ServerName
    with logs of its own. Of user b: b.test.
    """

    def __init__(self, start, directory, tls):
        self.a, self.b = Site("a", directory), Site("b", directory)
        config = Config(directory, tls, Site("main", directory), KeepAliveTimeout=60)
        mine = (f'ErrorLog "{config.logs}/a.test-error.log"',
                f'CustomLog "{config.logs}/a.test-access.log" combined')
        own = (f'ErrorLog "{config.logs}/own-error.log"',
               f'CustomLog "{config.logs}/own-access.log" combined')
        for with_tls in (False, True):
            config.vhost(self.a, tls=with_tls)
            config.vhost(self.a, *mine, tls=with_tls, access=False, aliases=["twin.test"])
            config.vhost(self.a, *own, tls=with_tls, access=False, aliases=["logs.test"])
            config.vhost(self.a, *mine, tls=with_tls, name="other.test", cert="a.test",
                         access=False)
            config.vhost(self.b, tls=with_tls)
        for name, lines in (("off.test", ["KeepAlive Off"]),
                            ("three.test", ["MaxKeepAliveRequests 3"]),
                            ("endless.test", ["MaxKeepAliveRequests 0"]),
                            ("short.test", ["KeepAliveTimeout 1"]),
                            ("two.test", ["KeepAliveTimeout 2"]),
                            ("milli.test", ["KeepAliveTimeout 300ms"])):
            config.vhost(self.a, *lines, name=name)
        self.data = os.urandom(LARGE).replace(b"HTTP", b"http")
        self.a.file("large.bin", self.data)
        install(self.a, "gated")
        install(self.a, "digest")
        self.server = start(config)


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


def serves(host):
    return "site b\n" if host == "b.test" else "site a\n"


# the first Host, the second, whether the connection goes on
NEXT = [
    ("a.test", "a.test", True),
    ("a.test", "A.TEST:{port}", True),
    ("a.test", "twin.test", True),
    ("twin.test", "a.test", True),
    ("a.test", "logs.test", False),
    ("a.test", "other.test", False),
    ("a.test", "b.test", False),
    ("b.test", "a.test", False),
]


@pytest.mark.parametrize("pipelined", [False, True], ids=["in turn", "pipelined"])
@pytest.mark.parametrize("first, second, goes_on", NEXT)
def test_next_request(world, first, second, goes_on, pipelined):
    """Point 6: requests for the same user go on, for another vhost if counter and logs are the
    same, else the connection ends with not one byte of answer."""
    second = second.replace("{port}", str(world.server.port))
    with world.server.connect() as c:
        c.request("/", first)
        if pipelined:
            c.request("/", second)
        got = c.response()
        assert got.status == 200 and got.text == serves(first) and not got.closes
        if not pipelined:
            c.request("/", second)
        if goes_on:
            got = c.response()
            assert got.status == 200 and got.text == serves(first)
        else:
            assert c.at_eof(), f"a byte for another user's request: {c.buffer!r}"
    # Who comes again is served.
    again = world.server.get("/", second.split(":")[0].lower())
    assert again.text == serves(second.split(":")[0].lower())


def test_first_vhost_serves_unknown_names(world):
    """Point 6: an unknown name means the first vhost; on another user's connection it ends it."""
    with world.server.connect() as c:
        assert c.get("/", "a.test").status == 200
        assert c.get("/", "unknown.test").text == "site a\n"
    with world.server.connect() as c:
        assert c.get("/", "b.test").text == "site b\n"
        c.request("/", "unknown.test")
        assert c.at_eof()


@BOTH
def test_same_process_serves_on(world, sni):
    """Point 6: the requests of a connection are served by one child, and it ends with it."""
    world.server.wait_idle()
    with world.server.connect(tls=sni) as c:
        pids = set()
        for _ in range(10):
            assert c.get("/", "a.test").status == 200
            pids |= {p.pid for p in world.server.children()}
        assert len(pids) == 1
    wait_for(lambda: not world.server.children(), 30, "the child to end with its connection")


@BOTH
@pytest.mark.parametrize("slow", [False, True], ids=["fast", "slow"])
def test_large_answer_before_another_users_request(world, sni, slow):
    """Point 6: 400 kB, then a pipelined request for another user: all of it, then EOF."""
    with world.server.connect(tls=sni, receive_buffer=4096 if slow else None) as c:
        # At once: what comes later than a lingering close lasts would be answered by a reset.
        c.send("".join(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n" for path, host in (
            ("/large.bin", "a.test"), ("/", "other.test" if sni else "b.test"), ("/", "a.test"))))
        if slow:
            # The server has long closed when the client begins to read.
            wait_for(lambda: not world.server.children() or _blocked(world), 30, "the answer")
        assert c.response().body == world.data
        assert c.at_eof()


def _blocked(world):
    """Whether the child waits for its client, in a call that it can wait in."""
    return all(p.state == "S" for p in world.server.children())


@BOTH
def test_pipelined_requests_are_answered_in_order(world, sni):
    """Point 6: thirty requests in one write, answered one after the other."""
    with world.server.connect(tls=sni) as c:
        head = "GET {} HTTP/1.1\r\nHost: a.test\r\n\r\n"
        paths = ["/large.bin", "/missing", "/"] * 10
        c.send("".join(head.format(path) for path in paths))
        for path in paths:
            got = c.response()
            assert got.status == (404 if path == "/missing" else 200)
            assert path != "/large.bin" or got.body == world.data
            assert path != "/" or got.text == "site a\n"


def test_pipelined_behind_a_program(world):
    """Point 6: a request that comes while a program still runs is answered behind it."""
    gate = Gate(world.a, "gate")
    with world.server.connect() as c:
        c.request("/cgi-bin/gated", "a.test")
        c.request("/", "a.test")
        c.request("/", "b.test")
        gate.open()
        assert c.response().text == "passed\n"
        assert c.response().text == "site a\n"
        assert c.at_eof()


def test_body_ends_where_it_ends(world):
    """Point 6: a request right behind a body is the next request, for whomever it is."""
    for host, goes_on in (("a.test", True), ("b.test", False)):
        with world.server.connect() as c:
            c.request("/cgi-bin/digest", "a.test", "POST", body=b"x" * 1000)
            c.request("/", host)
            assert c.response().status == 200
            if goes_on:
                assert c.response().text == "site a\n"
            else:
                assert c.at_eof()


# -- what ends a connection in good order

# version, Connection, whether it is kept; None: no field
PERSISTENCE = [
    ("HTTP/1.1", None, True),
    ("HTTP/1.1", "close", False),
    ("HTTP/1.1", "Close", False),
    ("HTTP/1.1", "x, close", False),
    ("HTTP/1.1", "keep-alive", True),
    ("HTTP/1.1", "keep-alive, close", False),
    ("HTTP/1.0", None, False),
    ("HTTP/1.0", "keep-alive", True),
    ("HTTP/1.0", "Keep-Alive", True),
    ("HTTP/1.0", "close", False),
]


@BOTH
@pytest.mark.parametrize("path", ["/", "/large.bin", "/missing"])
@pytest.mark.parametrize("version, field, kept", PERSISTENCE)
def test_persistence(world, version, field, kept, path, sni):
    """Point 6: Connection and version decide (RFC 9112 section 9.3), and the answer says it."""
    with world.server.connect(tls=sni) as c:
        got = c.get(path, "a.test", version=version,
                    headers={"Connection": field} if field else {})
        assert got.status == (404 if path == "/missing" else 200)
        if kept:
            assert not got.closes
            if version == "HTTP/1.0":
                assert "keep-alive" in got.header("Connection").lower()
            assert c.get("/", "a.test").text == "site a\n"
        else:
            assert got.closes or version == "HTTP/1.0"
            assert c.at_eof()


def test_keep_alive_off(world):
    """Point 6: KeepAlive Off: one answer, which says so, then EOF."""
    with world.server.connect() as c:
        c.send("GET / HTTP/1.1\r\nHost: off.test\r\n\r\n" * 2)
        assert c.response().closes and c.at_eof()


def test_max_keep_alive_requests(world):
    """Point 6: MaxKeepAliveRequests 3. The manual of Apache means three requests, httpd allows
    the first and three kept ones: either; the last answer says that it is the last."""
    with world.server.connect() as c:
        answers = []
        while not answers or not answers[-1].closes:
            answers.append(c.get("/", "three.test"))
            assert len(answers) <= 4
        assert len(answers) >= 3 and c.at_eof()


def test_no_limit_of_requests(world):
    """Point 6: MaxKeepAliveRequests 0 is no limit; the default is 100."""
    with world.server.connect() as c:
        for _ in range(250):
            assert not c.get("/", "endless.test").closes
    with world.server.connect() as c:
        served = 0
        while not c.get("/", "a.test").closes:
            served += 1
            assert served <= 101
        assert served >= 98


@pytest.mark.parametrize("host", ["short.test", "milli.test"])
def test_keep_alive_timeout(world, host):
    """Point 6: KeepAliveTimeout (seconds, or with its unit) ends an idle connection, unanswered."""
    with world.server.connect() as c:
        began = time.monotonic()
        assert not c.get("/", host).closes
        # Timeout is 120, and this waits for 30 s: it is KeepAliveTimeout's doing.
        assert c.at_eof()
        assert time.monotonic() - began > 0.2
    wait_for(lambda: not world.server.children(), 30, "the child to end with its connection")


def test_new_request_renews_keep_alive_timeout(world):
    """Point 6: the time counts from the last answer."""
    def longer_than_two_seconds():
        with world.server.connect() as c:
            end = time.monotonic() + 2.3
            while time.monotonic() < end:
                assert c.get("/", "two.test").status == 200
                assert wait_for(lambda at=time.monotonic() + 0.1: time.monotonic() > at)

    in_time(4, longer_than_two_seconds)  # in less there is no room for two seconds of silence


def test_client_that_leaves(world):
    """Point 6: FIN or RST of an idle client ends the child."""
    for leave in ("close", "reset", "half_close"):
        with world.server.connect() as c:
            assert c.get("/", "a.test").status == 200
            wait_for(world.server.children, 30, "the child")
            getattr(c, leave)()
            if leave == "half_close":
                assert c.at_eof()
            wait_for(lambda: not world.server.children(), 30, f"the child's end after {leave}")


def test_half_closed_client_gets_all_answers(world):
    """Point 6: pipelined requests, then FIN: all are answered, then EOF."""
    with world.server.connect() as c:
        for path in ("/large.bin", "/", "/missing"):
            c.request(path, "a.test")
        c.half_close()
        assert c.response().body == world.data
        assert c.response().text == "site a\n"
        assert c.response().status == 404
        assert c.at_eof()


def test_lingering_close_is_bounded(world):
    """Point 6: a client that never closes holds the server's side only for a bounded time."""
    with world.server.connect() as c:
        assert c.get("/", "a.test", headers={"Connection": "close"}).status == 200
        assert c.at_eof()
        wait_for(lambda: not world.server.children(), 40, "the child to give up lingering")


def test_refused_request_with_data_behind_it(world):
    """Point 6: an error answer arrives whole though the client is still sending (no RST)."""
    with world.server.connect() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a.test\r\nBad Field: x\r\n\r\n")
        try:
            for _ in range(50):
                c.send(b"y" * 10000)
        except OSError:
            pass
        assert c.response().status == 400


# lines behind the request-line (which is the first where it is given), statuses that are right
BAD_HEADS = [
    ("Host: a.test\r\nHost: b.test", {400}),
    ("Host: a.test\r\nHost: a.test", {400}),
    ("Host: a.test, b.test", {400}),
    ("Host: a test", {400}),
    ("Host: a.test/x", {400}),
    ("Host: user@a.test", {400}),
    ("Host: a.test:99999", {400}),
    ("Accept: */*", {400}),
    ("Host : a.test", {400}),
    ("Host: a.test\r\nBad Field: x", {400}),
    ("Host: a.test\r\n: x", {400}),
    ("Host: a.test\r\nno colon", {400}),
    ("Host: a.test\r\nX: a\r\n folded", {400}),
    (" Host: a.test", {400}),
    ("Host: a.test\nX: y", {400}),
    ("Host: a.test\rX: y", {400}),
    ("Host: a.test\r\nX: a\0b", {400}),
    ("Host: a.test\r\nContent-Length: 1\r\nContent-Length: 2", {400}),
    ("Host: a.test\r\nContent-Length: 1, 2", {400}),
    ("Host: a.test\r\nContent-Length: -1", {400}),
    ("Host: a.test\r\nContent-Length: +1", {400}),
    ("Host: a.test\r\nContent-Length: 0x1", {400}),
    ("Host: a.test\r\nContent-Length: 99999999999999999999", {400, 413}),
    ("Host: a.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", {400}),
    ("Host: a.test\r\nTransfer-Encoding: gzip", {400, 501}),
    ("Host: a.test\r\nTransfer-Encoding: chunked, gzip", {400, 501}),
    ("Host: a.test\r\nTransfer-Encoding: chunked, chunked", {400, 501}),
    ("Host: a.test\r\nTransfer-Encoding: xchunked", {400, 501}),
    ("GET / HTTP/2.0\r\nHost: a.test", {505}),
    ("GET / HTTP/1\r\nHost: a.test", {400}),
    ("GET / http/1.1\r\nHost: a.test", {400}),
    ("GET / HTTP/1.1 \r\nHost: a.test", {400}),
    ("GET  / HTTP/1.1\r\nHost: a.test", {400}),
    ("GET\t/ HTTP/1.1\r\nHost: a.test", {400}),
    ("GET / ICE/1.0\r\nHost: a.test", {400}),
    ("G@T / HTTP/1.1\r\nHost: a.test", {400}),
    ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nHost: a.test", {400}),
    ("Host: a.test\r\nX: " + "x" * 9000, {400, 431}),
    ("Host: a.test" + "\r\nX: x" * 120, {400, 431}),
    ("GET /" + "x" * 9000 + " HTTP/1.1\r\nHost: a.test", {414}),
]


@BOTH
@pytest.mark.parametrize("place", ["first", "next"])
@pytest.mark.parametrize("head, right", BAD_HEADS, ids=lambda v: repr(v)[:40])
def test_bad_heads(world, head, right, place, sni):
    """Point 6: what the front refuses as a first request the child refuses as a further one, and
    nothing behind it is served (RFC 9112)."""
    if " HTTP/" not in head and " http/" not in head and " ICE/" not in head:
        head = "POST / HTTP/1.1\r\n" + head
    with world.server.connect(tls=sni) as c:
        if place == "next":
            assert c.get("/", "a.test").status == 200
        c.send(head.encode("latin-1") + b"\r\n\r\n")
        c.request("/", "a.test")
        try:
            raw = c.read_all()
        except ConnectionResetError:
            raw = c.buffer
        assert status_of(raw) in right and b"site a" not in raw, raw


@pytest.mark.parametrize("place", ["first", "next"])
def test_unknown_expectation(world, place):
    """Point 6: 417 for an expectation that nobody knows; the connection may go on."""
    with world.server.connect() as c:
        if place == "next":
            assert c.get("/", "a.test").status == 200
        got = c.get("/", "a.test", headers={"Expect": "something-else"})
        assert got.status == 417
        assert got.closes or c.get("/", "a.test").text == "site a\n"


def test_next_request_in_pieces(world):
    """Point 6: the head of a further request may come byte by byte."""
    with world.server.connect() as c:
        assert c.get("/", "a.test").status == 200
        for byte in b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n":
            c.send(bytes([byte]))
        assert c.response().text == "site a\n"


def test_empty_lines_between_requests(world):
    """Point 6: CRLFs that old clients send behind a body are skipped (RFC 9112 section 2.2)."""
    with world.server.connect() as c:
        c.request("/cgi-bin/digest", "a.test", "POST", body=b"x")
        c.send(b"\r\n")
        assert c.response().status == 200
        assert c.get("/", "a.test").text == "site a\n"


def test_access_log_of_each_request(world):
    """Point 6: each request of a kept connection is a line of the access log; what was closed
    unanswered is none in either site's."""
    with world.server.connect() as c:
        for number in range(3):
            c.get(f"/logged-{number}", "a.test")
        c.request("/never-answered", "b.test")
        assert c.at_eof()
    for number in range(3):
        world.server.wait_log(f"GET /logged-{number} HTTP/1.1", "a.test-access.log")
    assert "never-answered" not in world.server.log("a.test-access.log")
    assert "never-answered" not in world.server.log("b.test-access.log")


def test_tls_keep_alive_with_s_client(world):
    """Point 6 over TLS: a real client sends two requests on one connection."""
    one = b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"
    done = s_client(world.server, "-quiet", send=one + one.replace(b"\r\n\r\n",
                    b"\r\nConnection: close\r\n\r\n"))
    assert len(re.findall(r"^site a$", done.stdout, re.M)) == 2, done.stdout
