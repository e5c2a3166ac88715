"""Issue 5, point 6: behind a proxy. PROXY headers, RemoteIPHeader, and pools of connections."""

import http.client
import re
import socket
import struct

import pytest

from itkd import Config, Connection, Site, amount, free_port, in_time, tls_context
from itkd_proxies import haproxy, load, nginx

V2 = b"\r\n\r\n\0\r\nQUIT\n"
FORMAT = r'LogFormat "%a %{c}a %h %{remote}p %>s %{remoteip-proxy-ip-list}n" remoteip'
ENV = "#!/bin/sh\necho 'Content-Type: text/plain'\necho\ncat > /dev/null\nenv\n"


def v4(client="203.0.113.9", port=5678):
    return socket.inet_aton(client) + socket.inet_aton("127.0.0.1") + struct.pack("!HH", port, 80)


def v6(client="2001:db8::9", port=1111):
    pack = socket.inet_pton
    return (pack(socket.AF_INET6, client) + pack(socket.AF_INET6, "::1")
            + struct.pack("!HH", port, 80))


def v2(body=None, command=0x21, family=0x11, length=None):
    body = v4() if body is None else body
    length = len(body) if length is None else length
    return V2 + bytes([command, family]) + struct.pack("!H", length) + body


# header -> the client that it names; "": the proxy itself
GOOD = {
    "v1": (b"PROXY TCP4 203.0.113.9 127.0.0.1 1234 80\r\n", "203.0.113.9"),
    "v1-tcp6": (b"PROXY TCP6 2001:db8::9 ::1 1234 80\r\n", "2001:db8::9"),
    "v1-mapped": (b"PROXY TCP6 ::ffff:203.0.113.9 ::1 1234 80\r\n", "203.0.113.9"),
    "v1-unknown": (b"PROXY UNKNOWN\r\n", ""),
    "v1-unknown-107": (b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n", ""),
    "v2": (v2(), "203.0.113.9"),
    "v2-tcp6": (v2(v6(), family=0x21), "2001:db8::9"),
    "v2-tlv": (v2(v4() + b"\x01\0\x02h2"), "203.0.113.9"),
    "v2-tlv-odd": (v2(v4() + b"\x01\0\x09h2"), "203.0.113.9"),
    "v2-4096": (v2(v4() + b"\0" * (4096 - 28)), "203.0.113.9"),
    "v2-local": (v2(b"", command=0x20, family=0), ""),
    "v2-local-addressed": (v2(command=0x20), ""),
}
BAD = {
    "none": (b"", "does not begin with a PROXY header"),
    "lower": (b"proxy TCP4 203.0.113.9 127.0.0.1 1 2\r\n", "does not begin"),
    "family": (b"PROXY TCP5 203.0.113.9 127.0.0.1 1 2\r\n", "AH03499.*TCP5"),
    "no-family": (b"PROXY \r\n", "AH03497"),
    "address": (b"PROXY TCP4 203.0.113.999 127.0.0.1 1 2\r\n", "AH03500"),
    "port": (b"PROXY TCP4 203.0.113.9 127.0.0.1 70000 2\r\n", "AH03501"),
    "lf": (b"PROXY TCP4 203.0.113.9 127.0.0.1 1 2\n", "CRLF"),
    "108": (b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n", "AH10185"),
    "v2-command": (v2(command=0x22), "AH03507"),
    "v2-version": (v2(command=0x11), "version"),
    "v2-unspec": (v2(b"", family=0), "AH10183"),
    "v2-udp": (v2(family=0x12), "AH10183"),
    "v2-unix": (v2(b"\0" * 216, family=0x31), "AH10183"),
    "v2-short": (v2(b"\1\2\3\4"), "AH10597"),
    "v2-short6": (v2(family=0x21), "AH10598"),
    "v2-4097": (v2(v4() + b"\0" * (4097 - 28)), "AH10186"),
    "v2-64k": (v2(length=65535), "AH10186"),
}
WAYS = pytest.mark.parametrize("https", [False, True], ids=["plain", "tls"])


class World:
    """
    proxied: PROXY headers from 127.0.0.1, for one.test of user a alone, over TLS at proxied_tls;
    127.0.0.3 is an exception. hasty, hasty_tls: the same, of little patience. mixed: the same for
    a.test of user a and b.test of user b. config's own port: those two without, but with
    RemoteIPHeader; bare: without anything of it.
    """

    def __init__(self, start, directory, tls):
        self.a, self.b = Site("a", directory), Site("b", directory)
        config = Config(directory, tls, Site("main", directory), KeepAliveTimeout=60,
                        MinSpareServers=8, MaxSpareServers=16)
        self.proxied, self.proxied_tls, self.mixed, self.bare = (free_port() for _ in range(4))
        self.hasty, self.hasty_tls = free_port(), free_port()
        config.main(*[f"Listen 127.0.0.1:{p}"
                      for p in (self.proxied, self.hasty, self.mixed, self.bare)],
                    *[f"Listen 127.0.0.1:{p} https" for p in (self.proxied_tls, self.hasty_tls)],
                    FORMAT,
                    "RemoteIPInternalProxy 127.0.0.1", "RemoteIPTrustedProxy 192.0.2.0/24",
                    "RemoteIPProxyProtocolExceptions 127.0.0.3", "LogLevel info remoteip:trace1")
        for with_tls, port, *more in (
                (False, self.proxied), (True, self.proxied_tls),
                (False, self.hasty, "RequestReadTimeout header=2"),
                (True, self.hasty_tls, "RequestReadTimeout header=2")):
            config.vhost(self.a, f'CustomLog "{config.logs}/who-{port}.log" remoteip',
                         "RemoteIPProxyProtocol On", "RemoteIPHeader X-Forwarded-For",
                         *more, name="one.test", cert="a.test", tls=with_tls,
                         address=f"*:{port}")
        for site in (self.a, self.b):
            site.cgi("env", ENV)
            config.vhost(site, f'CustomLog "{config.logs}/who.log" remoteip',
                         "RemoteIPHeader X-Forwarded-For", "RemoteIPProxiesHeader X-By")
            config.vhost(site, "RemoteIPProxyProtocol On", address=f"*:{self.mixed}")
            config.vhost(site, address=f"*:{self.bare}")
        config.vhost(self.a, "RemoteIPKeepAlive On", "RemoteIPHeader X-Forwarded-For",
                     name="keep.test")
        self.server = start(config)
        self.tls = tls

    def connect(self, header, tls=False, source="127.0.0.1", pieces=None):
        """A connection that begins with these bytes, perhaps one at a time."""
        c = Connection.__new__(Connection)
        c.buffer = b""
        c.sock = socket.create_connection(
            ("127.0.0.1", self.proxied_tls if tls else self.proxied), 60, (source, 0))
        c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces or [header]:
            c.sock.sendall(piece)
        if tls:
            c.sock = tls_context(self.tls.ca).wrap_socket(
                c.sock, server_hostname="a.test", suppress_ragged_eofs=False)
        return c

    def ask(self, *args, headers=(), **how):
        with self.connect(*args, **how) as c:
            return variables(c.get("/cgi-bin/env", "one.test", headers=headers))


def variables(answer):
    assert answer.status == 200, answer
    return dict(line.split("=", 1) for line in answer.text.splitlines() if "=" in line)


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


@WAYS
@pytest.mark.parametrize("name", GOOD)
def test_header_names_client(world, name, https):
    """A PROXY header of either version is taken off, and its client is the request's."""
    header, client = GOOD[name]
    env = world.ask(header, https)
    assert env["REMOTE_ADDR"] == (client or "127.0.0.1")
    log = f"who-{world.proxied_tls if https else world.proxied}.log"
    port = r"(1234|5678|1111)" if client else r"\d+"
    who = client or "127.0.0.1"
    world.server.wait_log(rf"^{re.escape(who)} 127.0.0.1 {re.escape(who)} {port} 200 -$", log)


@WAYS
@pytest.mark.parametrize("name", BAD)
def test_bad_header_ends_connection(world, name, https):
    """Anything else is closed without a byte of answer, by a FIN, with a line that says why."""
    header, why = BAD[name]
    before = len(world.server.log("one.test-error.log"))
    with socket.create_connection(
            ("127.0.0.1", world.proxied_tls if https else world.proxied), 60) as s:
        s.sendall(header + b"GET / HTTP/1.1\r\nHost: one.test\r\n\r\n")
        assert s.recv(100) == b""
    world.server.wait_log(rf"\[client 127.0.0.1:\d+\] .*{why}", "one.test-error.log", start=before)


@WAYS
@pytest.mark.parametrize("name", ["v1", "v2"])
def test_header_in_pieces(world, name, https):
    """The header may come byte by byte, the head behind it too."""
    header, client = GOOD[name]
    pieces = [bytes([b]) for b in header]
    assert world.ask(None, https, pieces=pieces)["REMOTE_ADDR"] == client


@WAYS
def test_listed_peers_only(world, https):
    """Only a listed proxy may send one; who is excepted speaks HTTP at once."""
    before = len(world.server.log("one.test-error.log"))
    port = world.proxied_tls if https else world.proxied
    with socket.create_connection(("127.0.0.1", port), 60, ("127.0.0.2", 0)) as s:
        s.sendall(GOOD["v1"][0] + b"GET / HTTP/1.1\r\nHost: one.test\r\n\r\n")
        assert s.recv(100) == b""
    world.server.wait_log(r"\[client 127.0.0.2:\d+\] .*none of the proxies", "one.test-error.log",
                          start=before)
    assert world.ask(b"", https, source="127.0.0.3")["REMOTE_ADDR"] == "127.0.0.3"
    if not https:
        with world.connect(GOOD["v1"][0], source="127.0.0.3") as c:
            assert c.get("/", "one.test").status == 400


@WAYS
def test_every_request_of_a_connection(world, https):
    """The header counts for all requests; no field of theirs names another client."""
    with world.connect(GOOD["v1"][0], https) as c:
        for _ in range(3):
            answer = c.get("/cgi-bin/env", "one.test", headers={"X-Forwarded-For": "1.1.1.1"})
            env = variables(answer)
            assert not answer.closes
            assert env["REMOTE_ADDR"] == "203.0.113.9"
            assert env["HTTP_X_FORWARDED_FOR"] == "1.1.1.1"


@WAYS
def test_half_a_header(world, https):
    """RequestReadTimeout bounds the wait for it; a client that goes costs nothing."""
    header = GOOD["v2"][0]
    port = world.proxied_tls if https else world.proxied
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        s.sendall(header[:20])
        s.shutdown(socket.SHUT_WR)
        assert s.recv(100) == b""

    def half():
        s = socket.create_connection(
            ("127.0.0.1", world.hasty_tls if https else world.hasty), 60)
        s.sendall(header[:20])
        return s

    with in_time(2, half) as s:
        assert s.recv(100) == b""


def test_front_answers_with_client(world):
    """A line of the front itself about a bad request has the client, too."""
    with world.connect(GOOD["v1"][0]) as c:
        c.send("GET / HTTP/1.1\r\nHost : one.test\r\n\r\n")
        assert c.response().status == 400
    world.server.wait_log("^203.0.113.9 127.0.0.1 203.0.113.9 1234 400 -$",
                          f"who-{world.proxied}.log")


def test_large_head_behind_header(world):
    """The largest head and the largest header fit together, and a head past it is a 431."""
    line = "X: " + "x" * 8000 + "\r\n"
    head = "GET / HTTP/1.1\r\nHost: one.test\r\nConnection: close\r\n"
    fill = 65536 - len(head) - 2 - 8 * len(line) - 5
    for extra, status in ((0, 200), (1, 431)):
        with world.connect(GOOD["v2-4096"][0]) as c:
            c.send(head + line * 8 + "Y: " + "y" * (fill + extra) + "\r\n\r\n")
            assert c.response().status == status


# -- RemoteIPHeader


def test_header_field(world):
    """The field's client, and what is left of it; a kept connection begins anew."""
    with world.server.connect() as c:
        env = variables(c.get("/cgi-bin/env", "keep.test", headers={
            "X-Forwarded-For": "10.1.1.1, 198.51.100.7, 192.0.2.1"}))
        assert env["REMOTE_ADDR"] == "198.51.100.7"
        assert env["HTTP_X_FORWARDED_FOR"] == "10.1.1.1"
        env = variables(c.get("/cgi-bin/env", "keep.test"))
        assert env["REMOTE_ADDR"] == "127.0.0.1"
    with socket.create_connection(("127.0.0.1", world.server.port), 60, ("127.0.0.2", 0)) as s:
        s.sendall(b"GET /cgi-bin/env HTTP/1.0\r\nHost: a.test\r\n"
                  b"X-Forwarded-For: 1.1.1.1\r\n\r\n")
        answer = b"".join(iter(lambda: s.recv(65536), b""))
    assert b"\nREMOTE_ADDR=127.0.0.2\n" in answer
    assert b"HTTP_X_FORWARDED_FOR=1.1.1.1\n" in answer


def test_header_field_in_logs(world):
    """The access log's %a and %h, the note, and the error log's client."""
    answer = world.server.get("/none", "a.test", headers={
        "X-Forwarded-For": "198.51.100.8, 192.0.2.9"})
    assert answer.status == 404
    world.server.wait_log(r"^198.51.100.8 127.0.0.1 198.51.100.8 0 404 192.0.2.9$", "who.log")
    world.server.wait_log(r"\[client 198.51.100.8:0\] Using 198.51.100.8 as client's IP by "
                          r"proxies 192.0.2.9", "a.test-error.log")


# -- what becomes of a proxy's connections


@pytest.mark.parametrize("port, host, headers, closes", [
    ("port", "a.test", {}, True),                    # its peer is listed
    ("bare", "a.test", {}, True),
    ("port", "keep.test", {}, False),                # RemoteIPKeepAlive
    ("proxied", "one.test", {}, False),              # there is no other site
    ("mixed", "a.test", {}, True),
])
def test_proxy_connections_end(world, port, host, headers, closes):
    """Where its address has other sites, a proxy is told that the connection ends."""
    number = world.server.port if port == "port" else getattr(world, port)
    with Connection(number) as c:
        if port in ("proxied", "mixed"):
            c.send(GOOD["v1"][0])
        assert c.get("/", host, headers=headers).closes == closes


REQUESTS = amount(600, 5000)
FORWARDED = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"


@pytest.mark.parametrize("name, port, start", [
    ("nginx", "port", lambda d, p: nginx(d, p, FORWARDED)),
    ("nginx-unlisted", "plain", lambda d, p: nginx(d, p, FORWARDED)),
    ("haproxy", "port", lambda d, p: haproxy(d, p, lines="option forwardfor")),
    ("haproxy-unlisted", "plain", lambda d, p: haproxy(d, p, lines="option forwardfor")),
    ("haproxy-v1", "mixed", lambda d, p: haproxy(d, p, "send-proxy")),
    ("haproxy-v2", "mixed", lambda d, p: haproxy(d, p, "send-proxy-v2")),
])
def test_pools_that_mix_users(world, unlisted, tmp, name, port, start):
    """Point 6: proxies that mix the sites of two users on kept connections: no error, for POST
    neither, and with no setting of theirs."""
    if port == "plain":
        number = unlisted.port
    else:
        number = world.server.port if port == "port" else world.mixed
    proxy = start(tmp, number).start()
    try:
        failures = load(proxy.port, ["a.test", "b.test"], REQUESTS)
    finally:
        proxy.stop()
    assert not failures, (len(failures), failures[:5])


@pytest.fixture(scope="module")
def unlisted(module_start, session_tmp, tls):
    """Two users' sites of a server that knows of no proxy."""
    directory = session_tmp / "unlisted"
    directory.mkdir()
    directory.chmod(0o755)
    config = Config(directory, tls, Site("main", directory), KeepAliveTimeout=60,
                    MinSpareServers=8, MaxSpareServers=16)
    for letter in "ab":
        site = Site(letter, directory)
        site.cgi("env", ENV)
        config.vhost(site)
    return module_start(config)


@pytest.mark.parametrize("server, port", [("send-proxy", False), ("send-proxy-v2", False),
                                          ("send-proxy-v2 ssl verify none sni str(a.test)", True)])
def test_haproxy_names_client(world, tmp, server, port):
    """HAProxy's own PROXY headers, over TLS too."""
    proxy = haproxy(tmp, world.proxied_tls if port else world.proxied, server).start()
    try:
        c = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=60,
                                       source_address=("127.0.0.77", 0))
        c.request("GET", "/cgi-bin/env", headers={"Host": "one.test"})
        assert b"\nREMOTE_ADDR=127.0.0.77\n" in c.getresponse().read()
        c.close()
    finally:
        proxy.stop()


def test_haproxy_checks(world, tmp):
    """Its health checks come with LOCAL headers, and find the server."""
    proxy = haproxy(tmp, world.proxied, "send-proxy-v2 check inter 500",
                    "option httpchk GET / HTTP/1.0").start()
    try:
        world.server.wait_log(r"^127.0.0.1 127.0.0.1 127.0.0.1 \d+ 200 -$",
                              f"who-{world.proxied}.log")
    finally:
        proxy.stop()


# -- the configuration


@pytest.mark.parametrize("lines, said", [
    ("RemoteIPProxyProtocol On", "without RemoteIPInternalProxy or RemoteIPTrustedProxy every"),
    ("RemoteIPHeader X-Forwarded-For", "every client may say with X-Forwarded-For"),
    ("RemoteIPProxyProtocol On\nRemoteIPProxyProtocol Off\nRemoteIPInternalProxy 10.0.0.1",
     "AH03491: .*new setting is 'Off'"),
])
def test_t_warns(tmp, tls, lines, said):
    """-t takes what Apache takes, and says what it means."""
    done = check(tmp, tls, *lines.split("\n"))
    assert done.returncode == 0, done.stderr
    assert re.search(said, done.stderr), done.stderr


def test_t_tells_of_off(tmp, tls):
    config = Config(tmp, tls, Site("main", tmp))
    config.main("RemoteIPProxyProtocol Off")
    config.vhost(Site("a", tmp), "RemoteIPProxyProtocol On", "RemoteIPInternalProxy 10.1")
    done = run_t(config)
    assert done.returncode == 0 and "has no effect" in done.stderr, done.stderr


def check(tmp, tls, *lines):
    config = Config(tmp, tls, Site("main", tmp))
    config.vhost(Site("a", tmp), *lines)
    return run_t(config)


def run_t(config):
    from itkd import Server
    config.write()
    return Server(config).itkd("-t")
