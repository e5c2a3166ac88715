"""Issue point 12: reloads under load."""

import os
import re
import signal
import threading
import time

import pytest

from itkd import Connection, Truncated, amount, free_port, request, tls_context, wait_for


class Generations:
    """
    A server whose site a answers with the number of its generation. asked is the newest one that
    a reload was asked for, done the newest one that is known to serve: what is answered to a
    connection that was made at done = x lies between x and asked at the time of the answer. Site
    c is there in odd generations only; its body says the generation too, and without it the
    first vhost answers.
    """

    def __init__(self, start, config, site_a, site_b, site_c):
        self.config, self.a, self.b, self.c = config, site_a, site_b, site_c
        self.asked = self.done = 0
        self.index = [config.vhost(site_a), config.vhost(site_a, tls=True)]
        config.vhost(site_b)
        config.vhost(site_b, tls=True)
        self.coming = [config.vhost(site_c), config.vhost(site_c, tls=True)]
        for i in self.coming:
            config.drop(i)
        self._write(0)
        self.server = start(config)
        self.server.wait_generation(1)  # who counts them begins with this one

    def _write(self, n):
        for site in (self.a, self.c):
            site.mkdir(f"g{n}")
            site.file(f"g{n}/index.html", f"{site.letter} {n}\n")
        for tls, i in enumerate(self.index):
            self.config.vhost(self.a, tls=bool(tls), docroot=self.a.docroot / f"g{n}", replace=i)
        for tls, i in enumerate(self.coming):
            if n % 2:
                self.config.vhost(self.c, tls=bool(tls), docroot=self.c.docroot / f"g{n}",
                                  replace=i)
            else:
                self.config.drop(i)

    def reload(self):
        self._write(self.asked + 1)
        self.asked += 1
        self.server.reload()
        self.done = self.asked

    def check(self, host, text, low):
        """That text is an answer of a generation from low to asked."""
        high = self.asked
        match = re.fullmatch(r"([abc]) (\d+)\n", text)
        if host == "b.test":
            assert text == "site b\n"
            return
        letter, n = match[1], int(match[2])
        assert low <= n <= high, f"{host}: generation {n}, not {low}..{high}"
        assert letter == ("c" if host == "c.test" and n % 2 else "a"), (host, text)


class Load:
    """Threads that ask all the time; the first complaint of each is kept."""

    def __init__(self, generations):
        self.g = generations
        self.stopped = threading.Event()
        self.complaints = []
        self.requests = 0
        self.threads = []

    def run(self, work, *args):
        def loop():
            while not self.stopped.is_set():
                try:
                    work(*args)
                    self.requests += 1
                except (OSError, Truncated, AssertionError) as error:
                    self.complaints.append(f"{work.__name__}{args}: {error!r}")
                    return

        self.threads.append(threading.Thread(target=loop))
        self.threads[-1].start()

    def stop(self):
        self.stopped.set()
        for t in self.threads:
            t.join(120)
            assert not t.is_alive()
        assert not self.complaints, "\n".join(self.complaints)

    def connect(self, host, tls):
        """Without a check of the name: where c.test is gone, a.test's certificate answers."""
        context = tls_context(self.g.config.tls.ca)
        context.check_hostname = False
        return self.g.server.connect(tls=host if tls else None, context=context)

    def new_connection(self, host, tls):
        low = self.g.done
        with self.connect(host, tls) as c:
            answer = c.get("/", host, headers={"Connection": "close"})
        assert answer.status == 200, answer
        self.g.check(host, answer.text, low)

    def kept(self, host, tls):
        """Requests on one connection for as long as the server keeps it."""
        low = self.g.done
        with self.connect(host, tls) as c:
            while not self.stopped.is_set():
                answer = c.get("/", host)
                assert answer.status == 200, answer
                self.g.check(host, answer.text, low)
                if answer.closes:
                    assert c.at_eof()
                    return

    def half_head(self, host, tls):
        """Half a head before a reload, the rest after it."""
        low = self.g.done
        with self.connect(host, tls) as c:
            c.send(f"GET / HTTP/1.1\r\nHost: {host}\r\nX-Half:")
            wait_for(lambda: self.g.done > low or self.stopped.is_set(), 100, "a reload")
            c.send("yes\r\nConnection: close\r\n\r\n")
            answer = c.response()
            assert answer.status == 200, answer
            self.g.check(host, answer.text, low)


@pytest.fixture
def generations(start, config, site_a, site_b, site_c):
    config.options.update(KeepAliveTimeout=120, MaxSpareServers=12, GracefulShutdownTimeout=120)
    config.main("MaxKeepAliveRequests 0", "RequestReadTimeout header=120")
    return Generations(start, config, site_a, site_b, site_c)


def test_reloads_under_load(generations):
    """12: 50 reloads under keep-alive, half-head, new-connection and TLS load, with a vhost that
    comes and goes: nothing refused, reset or answered by the wrong generation."""
    g = generations
    load = Load(g)
    for tls in (False, True):
        for host in ("a.test", "b.test", "c.test"):
            load.run(load.new_connection, host, tls)
        load.run(load.kept, "a.test", tls)
        load.run(load.kept, "b.test", tls)
        load.run(load.half_head, "a.test", tls)
    try:
        for _ in range(amount(10, 50)):
            seen = load.requests
            g.reload()
            wait_for(lambda before=seen: load.requests > before + 20 or load.complaints, 60,
                     "the load to go on")
            if load.complaints:
                break
    finally:
        load.stop()
    wait_for(lambda: len(g.server.logger()) == 1, 60, "the old loggers to end")
    wait_for(lambda: len(g.server.fronts()) == os.cpu_count(), 60, "the old fronts to end")


@pytest.mark.parametrize("secure", [False, True])
def test_generations_never_go_back(generations, secure):
    """12: once a new connection was answered by the new generation, none is by the old one."""
    g = generations
    stop = threading.Event()
    seen = []

    def ask():
        while not stop.is_set():
            seen.append(int(g.server.get("/", "a.test", tls=secure).text.split()[1]))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(amount(10, 30)):
            g.reload()
            wait_for(lambda: seen and seen[-1] == g.done, 30, "the new generation to answer")
    finally:
        stop.set()
        asking.join(30)
    assert seen == sorted(seen), [(a, b) for a, b in zip(seen, seen[1:]) if a > b]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_signals_reload(generations, number):
    """12: SIGHUP and SIGUSR1 to the master reload; the master and its PidFile stay."""
    g = generations
    g._write(1)
    g.config.write()
    before = g.server.generations()
    os.kill(g.server.master_pid, number)
    g.server.wait_generation(before + 1)
    assert g.server.get("/", "a.test").text == "a 1\n"
    assert g.server.get("/", "c.test").text == "c 1\n"
    assert g.server.read_pid() == g.server.master_pid


@pytest.mark.parametrize("how", ["-k", "signal"])
@pytest.mark.parametrize("broken", ["NoSuchDirective on", "certificate missing.pem",
                                    "AssignUserID root root", "Listen 203.0.113.7:1"])
def test_broken_config_changes_nothing(generations, how, broken):
    """12: a broken config: said with file:line, same processes, same answers."""
    g = generations
    server = g.server
    fronts = set(server.fronts())
    mark = len(server.error_log())
    if broken.startswith("certificate"):
        g.config.vhost(g.b, name="x.test", tls=True, cert="missing")
    else:
        g.config.raw(broken)
    g.config.write()
    if how == "-k":
        done = server.itkd("-k", "graceful")
        if broken.startswith("Listen"):
            # The file is right; that the address is not ours shows only when it is bound.
            server.wait_log(re.escape("203.0.113.7:1"), start=mark)
        else:
            assert done.returncode == 1
            assert f"{g.config.file}:" in done.stderr
    else:
        os.kill(server.master_pid, signal.SIGHUP)
        word = broken.split()[0 if broken.startswith("NoSuch") else 1]
        server.wait_log(re.escape(word), start=mark)
    assert server.get("/", "a.test").text == "a 0\n"
    assert server.get("/", "a.test", tls=True).text == "a 0\n"
    assert server.get("/", "x.test").text == "a 0\n"
    assert set(server.fronts()) == fronts
    assert server.generations() == 1
    g.config._raw.clear()
    for i in range(6, len(g.config._vhosts)):
        g.config.drop(i)
    g.reload()
    assert server.get("/", "a.test").text == "a 1\n"


def test_listen_comes_and_goes(start, config, site_a, tmp):
    """12: a new Listen answers after the reload; one that is gone is drained, then closed."""
    config.main("RequestReadTimeout header=120")
    config.vhost(site_a, address="*")
    server = start(config)
    extra = free_port()
    config.main(f"Listen 127.0.0.1:{extra}")
    server.reload()
    assert request(extra, host="a.test").text == "site a\n"
    half = Connection(extra)
    half.send("GET / HTTP/1.1\r\nHost: a.test\r\n")
    config._main.remove(f"Listen 127.0.0.1:{extra}")
    server.reload()

    def refused():
        try:
            Connection(extra).close()
        except ConnectionRefusedError:
            return True
        return False

    wait_for(refused, 30, "the port to be closed")
    half.send("Connection: close\r\n\r\n")
    assert half.response().text == "site a\n"
    half.close()
    assert server.get("/", site_a).status == 200


def test_running_program_outlives_a_reload(generations):
    """12: a slow answer of the old generation is finished; its processes then end."""
    g = generations
    [held] = g.server.hold(g.b)
    old = set(g.server.fronts())
    g.reload()
    g.reload()
    [cgi] = g.b.held()
    g.b.release()
    assert b"held" in held.read_all()
    wait_for(lambda: not cgi.alive, 30, "the program to end")
    held.close()
    wait_for(lambda: not [p for p in old if p.alive], 30, "the old fronts to end")
    wait_for(lambda: not g.server.children(), 30, "the old child to end")


def test_graceful_shutdown_timeout_bounds_the_old(start, config, site_a):
    """12: GracefulShutdownTimeout ends what the old generation still does."""
    config.options["GracefulShutdownTimeout"] = 2
    config.vhost(site_a)
    server = start(config)
    [held] = server.hold(site_a)
    half = server.connect()
    half.send("GET / HTTP/1.1\r\n")
    old = set(server.fronts())
    start_time = time.monotonic()
    server.reload()
    wait_for(lambda: not site_a.held(), 30, "the program of the old generation to be ended")
    assert time.monotonic() - start_time >= 1.5
    wait_for(lambda: not [p for p in old if p.alive], 30, "the old fronts to end")
    assert server.get("/", site_a).status == 200
    held.close()
    half.close()


def test_idle_kept_connection_across_a_reload(generations):
    """12: a connection that was idle at the reload is answered once more, then closed."""
    g = generations
    with g.server.connect() as c, g.server.connect(tls="a.test") as s:
        for connection in (c, s):
            assert not connection.get("/", "a.test").closes
        idle = g.server.children()
        g.reload()
        # Until the signal has come to it, a process that is held up answers as before.
        wait_for(lambda: not any(int(p.status.get("ShdPnd", "0"), 16) >> signal.SIGUSR1 - 1 & 1
                                 for p in idle), 30, "the children to know of the reload")
        for connection in (c, s):
            answer = connection.get("/", "a.test")
            assert answer.closes and answer.text == "a 0\n"
            assert connection.at_eof()


def test_taken_last(start, config, site_a):
    """12: what came while the old fronts stood still is all served, be it half a head: that one
    of them is done is not the end of those behind it."""
    config.vhost(site_a)
    server = start(config)
    old = server.fronts()
    for front in old:
        front.kill(signal.SIGSTOP)
    os.kill(server.master_pid, signal.SIGUSR1)
    wait_for(lambda: sum(p not in old and p.uids[0] != 0 for p in server.fronts()) == len(old), 60,
             "the new fronts")
    head = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
    connections = [server.connect() for _ in range(6)]
    for i, c in enumerate(connections):
        c.send(head if i < 3 else head[:9])
    for front in old:
        front.kill(signal.SIGCONT)
    for i, c in enumerate(connections):
        if i >= 3:
            c.send(head[9:])
        assert c.response().status == 200
        c.close()
    wait_for(lambda: not any(p.alive for p in old), 60, "the old fronts to end")


def test_reload_in_quick_succession(generations):
    """12: reloads that are asked for while one is under way: the last file serves in the end."""
    g = generations
    for n in range(1, 9):
        g._write(n)
        g.config.write()
        os.kill(g.server.master_pid, signal.SIGUSR1 if n % 2 else signal.SIGHUP)
    wait_for(lambda: g.server.get("/", "a.test").text == "a 8\n", 60, "the last generation")
    assert g.server.master.alive
    wait_for(lambda: len(g.server.fronts()) == os.cpu_count(), 60, "the old fronts to end")
