"""
Issue 6, points 2 and 6: a connection to a FastCGI application that is kept from one request to the
next, and what must not come of it: a place in a pool that a client holds while it thinks.
"""

import threading

import pytest

from itkd import Config, Site, wait_for
from itkd_fcgi import END, STDOUT, Pool, end, record, stdout, whole
from itkd_tools import GONE

HEAD = b"Content-Type: text/plain\r\n\r\n"
PAGE = HEAD + b"hello"


def page(q):
    list(q.body())
    q.send(whole(PAGE))


def slow(q):
    """At least 10 ms."""
    q.over.wait(0.01)
    page(q)


def closes(q):
    """The end of a process's life, as pm.max_requests makes it."""
    page(q)
    return False


def silent_second(q):
    """Reads a second request, and is gone without a word."""
    if q.nth == 0:
        page(q)
    return q.nth == 0


def cut_second(q):
    """The same in the middle of its answer."""
    if q.nth == 0:
        return page(q)
    list(q.body())
    q.send(stdout(b"Content-Length: 50\r\n" + PAGE))
    return False


def more(q):
    """Says more than its end."""
    list(q.body())
    q.send(whole(PAGE) + record(STDOUT, b"X-Evil: 1\r\n\r\nevil"))


def padded(q):
    list(q.body())
    q.send(stdout(PAGE) + record(STDOUT) + record(END, bytes(8), padding=9))


def failed(q):
    list(q.body())
    q.send(stdout(PAGE) + record(STDOUT) + end(0, 2))


def works_on(q):
    """fastcgi_finish_request(): the answer has ended, the script has not."""
    page(q)
    if q.nth == 0 and q.flags & 1:
        q.over.wait(0.5)


ANSWERS = {f.__name__: f for f in (
    page, slow, closes, silent_second, cut_second, more, padded, failed, works_on)}


class World:
    def __init__(self, start, directory, tls):
        self.site = Site("a", directory)
        self.pools = {}
        config = Config(directory, tls, self.site)
        config.raw("KeepAliveTimeout 60\nMaxKeepAliveRequests 0")
        owner = (self.site.uid, self.site.gid)
        config.vhost(self.site, name="plain.test")
        for name, places, *lines in (
                ("many", 16), ("one", 1), ("off", 4, "<Proxy fcgi://off>",
                                           "ProxySet enablereuse=off", "</Proxy>"),
                ("never", 4, "SetEnv proxy-nokeepalive 1")):
            socket = str(self.site.root / f"{name}.sock")
            self.pools[name] = Pool(socket, ANSWERS, places, owner)
            if name == "off":
                lines[0] = f'<Proxy "unix:{socket}|fcgi://localhost">'
            config.vhost(self.site, *lines,
                         f'SetHandler "proxy:unix:{socket}|fcgi://localhost"',
                         name=f"{name}.test")
        self.site.root.chmod(0o755)
        self.server = start(config)


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    w = World(module_start, module_tmp, tls)
    yield w
    for pool in w.pools.values():
        pool.close()


def pipelined(world, host, names, method="GET"):
    """All requests at once: no next one has to be waited for. The answers, and the requests."""
    pool = world.pools[host]
    before = len(pool.requests), len(pool.connections)
    with world.server.connect() as c:
        c.send(b"".join(
            f"{method} /{n} HTTP/1.1\r\nHost: {host}.test\r\nContent-Length: 0\r\n\r\n".encode()
            for n in names))
        got = [c.response(method) for _ in names]
    return got, pool.requests[before[0]:], pool.connections[before[1]:]


def test_kept(world):
    """One connection serves several requests of a client that does not pause."""
    def kept():
        got, requests, connections = pipelined(world, "many", ["page"] * 30)
        assert all((g.status, g.text) == (200, "hello") for g in got)
        assert sum(connections) == 30
        return max(connections) > 1 and all(q.flags == 1 for q in requests[:-1])

    # On a machine that makes the application wait none is held: it would be a place less.
    wait_for(kept, 120, "a connection that is held")


@pytest.mark.parametrize("host, name, method", [
    ("many", "page", "POST"), ("off", "page", "GET"), ("never", "page", "GET"),
    ("many", "more", "GET"), ("many", "padded", "GET"), ("many", "failed", "GET")])
def test_not_kept(world, host, name, method):
    """What may not be asked twice, what is not wanted, and what did not end as it should."""
    got, requests, connections = pipelined(world, host, [name] * 10, method)
    assert all((g.status, g.text) == (200, "hello") for g in got)
    assert connections == [1] * 10
    if name == "page":
        assert all(q.flags == 0 for q in requests)


@pytest.mark.parametrize("name", ["closes", "silent_second"])
def test_closed_by_the_application(world, name):
    """A connection that is closed, before or behind the request, is none to the client."""
    got, _, _ = pipelined(world, "many", [name] * 20)
    assert all((g.status, g.text) == (200, "hello") for g in got)


def test_cut_is_not_repeated(world):
    """A part of an answer on a kept connection is a cut one, as on a new one."""
    def cut():
        try:
            got, _, connections = pipelined(world, "many", ["cut_second"] * 30)
        except GONE:
            return True
        assert max(connections) == 1, got
        return False

    wait_for(cut, 120, "a connection that is held, and cut")


def test_thinking_client_has_no_place(world):
    """The only place of a pool is free while a client that has asked twice says nothing."""
    with world.server.connect() as idle:
        for _ in range(5):
            idle.send(b"GET /page HTTP/1.1\r\nHost: one.test\r\n\r\n" * 3)
            assert [idle.response().text for _ in range(3)] == ["hello"] * 3
            with world.server.connect() as other:
                assert other.get("/page", "one.test").text == "hello"
    assert any(q.flags for q in world.pools["one"].requests)


def test_busy_clients_share_a_place(world):
    """A client that never pauses does not keep the only place of a pool for itself."""
    done = threading.Event()
    asked = []

    def busy():
        with world.server.connect() as c:
            while not done.is_set():
                asked.append(c.get("/page", "one.test").text)

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        wait_for(lambda: len(asked) > 20, 60, "the busy client's requests")
        with world.server.connect() as c:
            for _ in range(10):
                assert c.get("/page", "one.test").text == "hello"
    finally:
        done.set()
        thread.join(30)
    assert not thread.is_alive() and set(asked) == {"hello"}


def test_turn_ends(world):
    """However busy its client is, a connection is not held longer than a turn of 50 ms."""
    got, _, connections = pipelined(world, "many", ["slow"] * 20)
    assert all((g.status, g.text) == (200, "hello") for g in got)
    assert max(connections) <= 6


def test_slow_download_has_no_place(world):
    """Nor has one that takes its time over another answer."""
    world.site.file("large.bin", bytes(8 << 20))
    with world.server.connect() as slow:
        for path in ("/page", "/page", "/large.bin"):
            host = "one.test" if path == "/page" else "plain.test"
            slow.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert slow.response().text == "hello"
        with world.server.connect() as other:
            assert other.get("/page", "one.test").text == "hello"


def test_application_that_works_on(world):
    """Who waits behind a script that has answered and works on waits once."""
    def waits_no_more():
        got, requests, _ = pipelined(world, "many", ["works_on"] * 100)
        assert all((g.status, g.text) == (200, "hello") for g in got)
        return requests[-2].flags == 0

    # That it waits is seen only where the machine lets it hold a connection.
    wait_for(waits_no_more, 120, "a client that has waited once")
