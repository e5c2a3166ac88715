"""
Issue 5, point 8: every limit of a request has Apache's directive and default, and holds at the
limit and one past it: as a first request, which the front reads, and as a further one, which the
child reads; over TCP and TLS. (Times: test_patience.py, test_keepalive.py. Ranges: test_range.py.)
"""

import pytest

from itkd import Config, Site, in_time
from itkd_tools import install, status_of

HOST = "Host: a.test\r\n"
MIB = 1 << 20


def line(n):
    return f"GET /?{'x' * (n - 15)} HTTP/1.1\r\n{HOST}\r\n"


def field(n):
    return f"GET / HTTP/1.1\r\n{HOST}X: {'y' * (n - 3)}\r\n\r\n"


def name(n):
    return f"GET / HTTP/1.1\r\n{HOST}{'X' * (n - 1)}:\r\n\r\n"


def fields(n):
    return f"GET / HTTP/1.1\r\n{HOST}" + "X: y\r\n" * (n - 1) + "\r\n"


def head(n):
    """A head of n bytes in all."""
    begin = f"GET / HTTP/1.1\r\n{HOST}"
    rest = n - len(begin) - 2
    more = "".join(f"X{i}: {'y' * 1000}\r\n" for i in range(10, 10 + rest // 1007 - 1))
    return begin + more + f"Y: {'z' * (rest - len(more) - 5)}\r\n\r\n"


def body(n):
    return f"POST /cgi-bin/digest HTTP/1.1\r\n{HOST}Content-Length: {n}\r\n\r\n" + "x" * n


def body_of_a_file(n):
    return body(n).replace("/cgi-bin/digest", "/")


def announced(n):
    """Of which nothing comes before it is asked for."""
    return (f"POST /cgi-bin/digest HTTP/1.1\r\n{HOST}Content-Length: {n}\r\n"
            "Expect: 100-continue\r\n\r\n")


def chunked(text, path="/cgi-bin/after"):
    return f"POST {path} HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n{text}"


def chunks(n):
    return chunked(f"{n:x}\r\n{'x' * n}\r\n0\r\n\r\n")


def chunks_for_a_file(n):
    return chunked(f"{n:x}\r\n{'x' * n}\r\n0\r\n\r\n", "/")


def extension(n):
    return chunked(f"1;{'x' * (n - 2)}\r\nx\r\n0\r\n\r\n")


def zeros(n):
    return chunked("1".zfill(n) + "\r\nx\r\n0\r\n\r\n")


def trailer(n):
    return chunked(f"0\r\nX: {'y' * (n - 3)}\r\n\r\n")


def trailers(n):
    return chunked("0\r\n" + "X: y\r\n" * n + "\r\n")


def empty_lines(n):
    return "\r\n" * n + f"GET / HTTP/1.1\r\n{HOST}\r\n"


class World:
    """Each address has a site with limits of its own: small ones, none but itkd's, the default."""

    addresses = {"small": "127.0.0.1", "large": "::1", "default": "127.0.0.2"}

    def __init__(self, start, directory, tls):
        config = Config(directory, tls, Site("main", directory))
        site = Site("a", directory)
        install(site, "digest")
        # One that says nothing before it has read all: what comes late can still be told.
        site.cgi("after", "#!/bin/sh\ncat > /dev/null\nprintf 'Content-Type: a/b\\n\\n'\n")
        config.main(f"Listen 127.0.0.2:{config.port}",
                    f"Listen 127.0.0.2:{config.tls_port} https")
        small = ["LimitRequestLine 200", "LimitRequestFields 10", "LimitRequestFieldSize 300",
                 "LimitRequestBody 5000", "<Location /closed>", "Require all denied", "</Location>",
                 "<Location /password>", "AuthType Basic", "AuthName x",
                 f'AuthUserFile "{directory}/none"', "Require valid-user", "</Location>"]
        large = ["LimitRequestLine 1000000", "LimitRequestFields 0",
                 "LimitRequestFieldSize 1000000", "LimitRequestBody 0"]
        for what, lines in (("small", small), ("large", large), ("default", [])):
            host = self.addresses[what]
            host = f"[{host}]" if ":" in host else host
            for secure in (False, True):
                port = config.tls_port if secure else config.port
                config.vhost(site, *lines, tls=secure, address=f"{host}:{port}", access=False)
        # Of a name that is not the address's first one they do not count, as in Apache.
        config.vhost(site, *large[:3], name="named.test", access=False,
                     address=f"127.0.0.1:{config.port}")
        self.server = start(config)

    def connect(self, where, sni=None):
        return self.server.connect(tls=sni, host=self.addresses[where])


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


# whose limit, the request of a size, the limit, what is answered past it
LIMITS = [
    ("small", line, 200, 414), ("small", field, 300, 431), ("small", name, 300, 431),
    ("small", fields, 10, 431), ("small", body, 5000, 413), ("small", body_of_a_file, 5000, 413),
    ("small", chunks, 5000, 413), ("small", chunks_for_a_file, 5000, 413),
    ("small", extension, 300, 413), ("small", zeros, 300, 413), ("small", trailer, 300, 413),
    ("small", trailers, 10, 413),
    ("default", line, 8190, 414), ("default", field, 8190, 431), ("default", fields, 100, 431),
    ("default", extension, 8190, 413), ("default", trailer, 8190, 413),
    ("default", trailers, 100, 413), ("default", empty_lines, 10, 400),
    ("default", announced, 1 << 30, 413),
    ("large", line, 65536 - len(HOST) - 4, 431), ("large", head, 65536, 431),
    # What is neither size nor data of a chunked body: 64 KiB in all.
    ("large", extension, 65536 + 2, 413), ("large", trailer, 65536, 413),
    ("large", fields, 5000, 0), ("large", body, 2 * MIB, 0), ("large", announced, 1 << 40, 0),
]
PLACES = [(place, sni) for place in ("first", "next") for sni in (None, "a.test")]


def answer_to(world, where, data, place, sni):
    with world.connect(where, sni) as c:
        if place == "next":
            assert c.get("/", "a.test").status == 200
        c.send(data)
        status = c.head().status
        return status, c


@pytest.mark.parametrize("place, sni", PLACES, ids=lambda v: str(v))
@pytest.mark.parametrize("where, make, limit, past", LIMITS,
                         ids=[f"{w}-{m.__name__}" for w, m, *_ in LIMITS])
def test_at_the_limit_and_past_it(world, where, make, limit, past, place, sni):
    """Point 8: what is as large as the limit is served, one byte or one more is refused."""
    good = 100 if make is announced else 200
    assert answer_to(world, where, make(limit), place, sni)[0] == good
    if past:
        assert answer_to(world, where, make(limit + 1), place, sni)[0] == past


@pytest.mark.parametrize("place", ["first", "next"])
def test_limits_are_those_of_the_address(world, place):
    """Point 8: which site is meant is known only when the head was read (Apache's manual)."""
    with world.connect("small") as c:
        if place == "next":
            assert c.get("/", "named.test").status == 200
        c.send(line(201).replace("a.test", "named.test"))
        assert c.response().status == 414


@pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])
def test_told_before_it_is_complete(world, sni):
    """Point 8: nobody waits for the end of what is too large already."""
    for data, status in ((f"GET /{'x' * 250}", 414), (f"GET / HTTP/1.1\r\n{'X' * 400}", 431),
                         ("GET / HTTP/1.1\r\n" + "X: y\r\n" * 12, 431)):
        with world.connect("small", sni) as c:
            c.send(data)
            assert c.response().status == status


@pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])
@pytest.mark.parametrize("request_line, fields, status", [
    ("POST / HTTP/1.1", f"Content-Length: {MIB}\r\n", 413),
    ("POST /secret HTTP/1.1", "Transfer-Encoding: chunked\r\n", 413),
    ("POST /closed/ HTTP/1.1", f"Content-Length: {MIB}\r\n", 403),
    ("POST /password/ HTTP/1.1", f"Content-Length: {MIB}\r\n", 401),
    ("TRACE / HTTP/1.1", f"Content-Length: {MIB}\r\n", 405),
    ("POST / HTTP/1.1", f"Expect: more\r\nContent-Length: {MIB}\r\n", 417),
    ("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked\r\n", 501),
    ("POST / HTTP/1.1", f"Bad Name: x\r\nContent-Length: {MIB}\r\n", 400),
    ("POST / HTTP/1.1", f"X: {'y' * 400}\r\nContent-Length: {MIB}\r\n", 431),
    ("POST /" + "x" * 300 + " HTTP/1.1", f"Content-Length: {MIB}\r\n", 414),
    ("POST / HTTP/3.0", f"Content-Length: {MIB}\r\n", 505)])
def test_answer_is_not_lost_in_a_reset(world, request_line, fields, status, sni):
    """Point 1: a client that sends 1 MiB before it reads still gets the whole answer."""
    whole = f"{MIB:x}\r\n{'x' * MIB}\r\n0\r\n\r\n" if "chunked" in fields else "x" * MIB

    def asked():
        c = world.connect("small", sni)
        c.send(f"{request_line}\r\n{HOST}{fields}\r\n".encode() + whole.encode())
        return c

    # Who is silent for two seconds before he has sent it all is not waited for.
    with in_time(2, asked) as c:
        raw = c.read_all()
    assert status_of(raw) == status and raw.endswith(b"</body></html>\n"), raw[-300:]


def test_redirect_that_is_too_long(start, config, site_a):
    """Point 8: what a pattern makes of a request does not become an endless head."""
    config.vhost(site_a, f'RedirectMatch "^/r(.*)$" "/x{"$1" * 20}"',
                 f'RedirectMatch "^/s(.*)$" "/x{"$1" * 40}"')
    server = start(config)
    assert len(server.get("/r" + "a" * 3000, site_a).header("Location")) > 60000
    assert server.get("/s" + "a" * 3000, site_a).status == 500
    server.wait_log("AH00672", "a.test-error.log")
    assert server.get("/r" + "%20" * 2700, site_a).status == 500
    server.wait_log("the head of the answer is larger than", "a.test-error.log")
    assert "exit signal" not in server.error_log()
