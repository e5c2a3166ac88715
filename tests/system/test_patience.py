"""Issue 2, point 10: clients that take their time cost next to nothing."""

import contextlib
import os
import resource
import select
import signal
import socket
import ssl
import time

import pytest

from itkd import (
    Config, Connection, Site, amount, descendants, in_time, request, tls_context, wait_for)
from itkd_tools import GONE, install, secure, status_of

HALF_HEAD = b"GET / HTTP/1.1\r\nHost: a.test\r\nX-Half: "


@pytest.fixture(scope="module", autouse=True)
def descriptors():
    """Enough for both ends of some thousand connections, for this process and what it starts."""
    old = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(old[1], 10000), old[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, old)


def sites(config, a, b, *lines):
    for site in (a, b):
        config.vhost(site, *lines)
        config.vhost(site, *lines, tls=True)
    return config


def half_heads(server, stack, count, context, hasty=False):
    """
    count connections with half a head each: plain, TLS, and every tenth with half a hello. hasty:
    the server may end one before it has sent that.
    """
    hello = _client_hello(context)
    found = []
    for number in range(count):
        secret = number % 2
        c = stack.enter_context(Connection(server.tls_port if secret else server.port))
        with contextlib.suppress(*(GONE + (ssl.SSLError,) if hasty else ())):
            if number % 20 == 19:
                c.send(hello[:len(hello) // 2])
                continue
            if secret:
                secure(c, context, "a.test")
            c.send(HALF_HEAD)
            found.append(c)
    return found


def _client_hello(context):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname="a.test").do_handshake()
    return outgoing.read()


def test_half_heads_cost_no_process(config, start, site_a, site_b, tls):
    """Point 10: 2,000 half heads, plain and TLS, cost no child; others are served at once; and
    who completes his head is answered."""
    server = start(sites(config.main("RequestReadTimeout header=300,MinRate=1"), site_a, site_b))
    wait_for(lambda: not server.children(), 30, "no child")
    with contextlib.ExitStack() as stack:
        slow = half_heads(server, stack, amount(2000, 2000), tls_context(tls.ca))
        before = len(server.processes())
        for number in range(40):
            for site in (site_a, site_b):
                assert server.get("/", site, tls=number % 2 == 0).text == f"site {site.letter}\n"
        wait_for(lambda: not server.children(), 30, "the half heads to hold no child")
        limit = before + int(server.config.options["MaxSpareServers"])
        assert len(server.processes()) <= limit
        for c in slow[::37]:
            c.send(b"x\r\nConnection: close\r\n\r\n")
            assert c.response().text == "site a\n"
    assert server.get("/", site_a).status == 200


HASTY = "RequestReadTimeout header=1-3,MinRate=500 body=1,MinRate=500"


def sent(server, data, seconds=1, **how):
    """A connection on which data went out before so many seconds had passed."""
    def attempt():
        c = server.connect(**how)
        c.send(data)
        return c

    return in_time(seconds, attempt)


@pytest.fixture(scope="module")
def hasty(module_start, module_tmp, tls):
    """A server whose patience is short, and longer for who comes to ::1; sites a and b."""
    config = Config(module_tmp, tls, Site("main", module_tmp))
    a = Site("a", module_tmp)
    config.vhost(a, HASTY.replace("header=1-3", "header=2-30"), address=f"[::1]:{config.port}")
    sites(config.main(HASTY), a, Site("b", module_tmp))
    install(a, "gated")
    a.cgi("after", "#!/bin/sh\n/bin/cat > /dev/null\nprintf 'Content-Type: text/plain\\n\\nx'\n")
    server = module_start(config)
    server.site = a
    return server


# what a client sends before it stops, whether it gets 408 (None: or nothing)
STOPS = [
    (HALF_HEAD, True),
    (b"GET / HTTP/1.1\r\nHost: a.test\r\n", True),
    (b"GET / HTTP/1.1\r\n", True),
    (b"GET /", None),
    (b"\r\n", None),
    (b"", None),
]


@pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])
@pytest.mark.parametrize("data, answered", STOPS)
def test_half_a_head_times_out(hasty, data, answered, sni):
    """Point 10: RequestReadTimeout header= ends a half head with 408."""
    hasty.wait_idle()
    with sent(hasty, data, tls=sni) as c:
        raw = c.read_all()
    assert status_of(raw) == 408 if answered else status_of(raw) in (0, 408)
    assert not hasty.children()


def test_half_a_hello_times_out(hasty):
    """Point 10: nor does a half ClientHello, or none, hold a connection for ever."""
    hello = _client_hello(tls_context(None))
    for data in (b"", hello[:1], hello[:60], hello[:-1]):
        with Connection(hasty.tls_port, timeout=60) as c:
            c.send(data)
            with contextlib.suppress(ConnectionResetError):
                assert b"HTTP/1.1 2" not in c.read_all()


@pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])
def test_trickle_ends(hasty, sni):
    """Point 10: a byte now and then keeps below MinRate: the head is ended all the same."""
    with sent(hasty, HALF_HEAD, tls=sni) as c:
        c.sock.settimeout(0.2)
        end = time.monotonic() + 30
        while True:
            assert time.monotonic() < end, "a trickle is waited for without end"
            try:
                c.send(b"x")
                if not c._fill() or b"408" in c.buffer:
                    break
            except TimeoutError:
                continue
            except GONE:
                break


def test_steady_client_has_its_time(hasty):
    """Point 10: above MinRate the time grows, up to the maximum: a head in 2.4 s is served."""
    # The first of it is worth ten seconds more.
    head = b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nX: " + b"x" * 5000 + b"\r\n"
    with sent(hasty, head, 2, host="::1") as c:
        for number in range(24):
            c.send(f"X-{number}: {'x' * 600}\r\n")
            wait_for(lambda end=time.monotonic() + 0.1: time.monotonic() > end)
        c.send(b"\r\n")
        assert c.response().text == "site a\n"


@pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])
@pytest.mark.parametrize("framing", ["Content-Length: 1000\r\n\r\nsome",
                                     "Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n",
                                     "Transfer-Encoding: chunked\r\n\r\n40"])
def test_half_a_body_times_out(hasty, framing, sni):
    """Point 10: body=1,MinRate=500 ends a request whose body stops: 408, and its program."""
    with sent(hasty, f"POST /cgi-bin/after HTTP/1.1\r\nHost: a.test\r\n{framing}", tls=sni) as c:
        assert status_of(c.read_all()) == 408
    # Wherever it hangs: what has lost its parent comes to this process.
    wait_for(lambda: not [p for p in descendants(os.getpid()) if p.alive
                          and p.uids[:1] == (hasty.site.uid,)], 30, "the end of the program")
    hasty.wait_idle()


def test_signals_give_no_more_time(config, start, site_a):
    """Point 10: a generation that ends asks its children twice a second; Timeout goes on."""
    config.vhost(site_a, "Timeout 1", "RequestReadTimeout body=0")
    s = start(config)
    with s.connect() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal")
        [child] = wait_for(lambda: [p for p in s.children() if p.uids[:1] == (site_a.uid,)], 30,
                           "the child")
        pidfd = os.pidfd_open(child.pid)

        def answered():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, signal.SIGUSR1)
            return select.select([c.sock], [], [], 0.05)[0]

        wait_for(answered, 60, "an answer")
        os.close(pidfd)
        assert status_of(c.read_all()) == 408


def test_unread_file_on_a_kept_connection_times_out(config, start, site_a):
    """A child that has waited for a request in a read does not wait for ever in a write."""
    config.vhost(site_a, "Timeout 1")
    with open(site_a.docroot / "large.bin", "wb") as file:
        file.truncate(1 << 30)
    s = start(config)
    with s.connect() as c:
        assert c.get("/", "a.test").status == 200
        [child] = [p for p in s.owner(c) if p.comm == "itkd: child"]
        c.send(b"GET /large.bin HTTP/1.1\r\nHost: a.test\r\n\r\n")
        wait_for(lambda: not child.alive, 60, "the end of the child")


def test_next_head_on_a_kept_connection_times_out(hasty):
    """Point 10: a half head after an answer ends as well, and its child with it."""
    with sent(hasty, b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n") as c:
        assert c.response().status == 200
        c.send(HALF_HEAD)
        assert status_of(c.read_all()) in (0, 408)
    wait_for(lambda: not hasty.children(), 30, "the end of the child")


def test_many_half_heads_are_ended(hasty):
    """Point 10: hundreds at once are all ended, and nothing of them is left in the fronts."""
    def held():
        return sum(len(p.fds()) for p in hasty.fronts())

    hasty.wait_idle()
    before = wait_for(held, 30, "the fronts")
    with contextlib.ExitStack() as stack:
        for c in half_heads(hasty, stack, 400, tls_context(hasty.config.tls.ca), hasty=True):
            raw = b""
            with contextlib.suppress(*GONE):  # before all of it was sent
                raw = c.read_all()
            assert status_of(raw) in (0, 408)
    wait_for(lambda: held() <= before + 4, 30, "the fronts to have closed all of them")


# -- processes that are all taken

def test_idle_connections_give_way(tmp, tls, start, main_site, site_a, site_b):
    """Point 10: MaxRequestWorkers idle kept connections do not keep others waiting."""
    config = Config(tmp, tls, main_site, MaxRequestWorkers=4, StartServers=2, MinSpareServers=1,
                    MaxSpareServers=4, KeepAliveTimeout=300)
    server = start(sites(config, site_a, site_b))
    with contextlib.ExitStack() as stack:
        for number in range(4):
            c = stack.enter_context(server.connect(tls="a.test" if number % 2 else None))
            assert not c.get("/", "a.test").closes
        for _ in range(3):
            for secret in (False, True):
                got = server.get("/", site_b, tls=secret, timeout=60)
                assert got.text == "site b\n"


def test_an_idle_connection_gives_way_at_once(config, start, site_a, site_b):
    """Point 10: a process that is told so once does not wait for its client any more."""
    server = start(sites(config.main("KeepAliveTimeout 300"), site_a, site_b))
    with server.connect() as c:
        assert not c.get("/", "a.test").closes
        child = wait_for(lambda: server.owner(c) == server.children() and server.owner(c), 30,
                         "its child alone to have it")[0]
        child.kill(signal.SIGUSR2)
        assert c.at_eof()


def test_busy_connections_do_not(tmp, tls, start, main_site, site_a, site_b):
    """Point 10: a request that is being served is not ended for another: that one waits."""
    config = Config(tmp, tls, main_site, MaxRequestWorkers=2, StartServers=1, MinSpareServers=1,
                    MaxSpareServers=2)
    server = start(sites(config, site_a, site_b))
    with server.connect() as one, server.connect(tls="a.test") as two, server.connect() as third:
        for c in (one, two):
            c.request("/cgi-bin/hold", "a.test")
        wait_for(lambda: len(site_a.held()) == 2, 30, "both programs to run")
        third.request("/", "b.test")
        with pytest.raises(TimeoutError):
            third.sock.settimeout(1.5)
            third._fill()
        assert len(site_a.held()) == 2
        site_a.release()
        third.sock.settimeout(60)
        assert third.response().text == "site b\n"


def test_many_waiting_clients_are_all_answered(tmp, tls, start, main_site, site_a, site_b):
    """Point 10: with two processes a hundred clients at once are served one after the other."""
    config = Config(tmp, tls, main_site, MaxRequestWorkers=2, StartServers=1, MinSpareServers=1,
                    MaxSpareServers=2)
    server = start(sites(config, site_a, site_b))
    with contextlib.ExitStack() as stack:
        waiting = []
        for number in range(100):
            secret = number % 4 == 0
            name = "a.test" if number % 2 else "b.test"
            c = stack.enter_context(server.connect(tls=name if secret else None, timeout=60))
            c.request("/", name)
            waiting.append((c, name))
        for c, name in waiting:
            assert c.response().text == f"site {name[0]}\n"


# -- descriptors that are all taken

def test_out_of_descriptors(config, start, site_a, site_b):
    """Point 10: out of descriptors the front stops accepting, says so once, and recovers."""
    sites(config.main("RequestReadTimeout header=300,MinRate=1"), site_a, site_b)
    server = start(config, prefix=["prlimit", "--nofile=400:400"])
    fronts = server.fronts()
    with contextlib.ExitStack() as stack:
        for _ in range(400 * len(fronts) + 20):
            s = stack.enter_context(socket.socket())
            s.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                s.connect(("127.0.0.1", server.port))
        server.wait_log(r"(?i)descriptor|too many open files")
        # A front that would try again and again would fill the log, and its processor.
        spent = sum(_ticks(p) for p in fronts)
        wait_for(lambda end=time.monotonic() + 2: time.monotonic() > end)
        assert sum(_ticks(p) for p in fronts) - spent < 100, "the fronts spin"
        lines = [line for line in server.error_log().lower().splitlines()
                 if "descriptor" in line or "too many open files" in line]
        assert len(lines) <= len(fronts), lines
    for site in (site_a, site_b):
        assert request(server.port, "/", host=site.name, timeout=60).status == 200
    assert server.fronts() == fronts


def _ticks(p):
    """Processor time of a process in ticks of 1/100 s."""
    return sum(int(n) for n in p._stat[11:13])
