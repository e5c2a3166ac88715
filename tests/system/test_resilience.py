"""Issue point 11: any process may die, and nothing leaks."""

import contextlib
import os
import re
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from itkd import (
    Proc, Truncated, amount, is_asan, orphans, reap_orphans, request, timed, wait_for)

# "Replaced within a second", where nothing else runs; the sanitizer starts slowly.
SOON = amount(30, 3.0 if is_asan() else 1.0)
KINDS = ("itkd: front", "itkd: log", "itkd: spare", "itkd: child", "cgi")


@pytest.fixture
def server(start, config, site_a, site_b):
    config.options["KeepAliveTimeout"] = 300
    config.vhost(site_a)
    config.vhost(site_b)
    config.vhost(site_a, tls=True)
    config.vhost(site_b, tls=True)
    return start(config)


class Bystanders:
    """Kept connections of site b, plain and TLS, that must not notice what happens."""

    def __init__(self, server, site):
        self.server, self.site = server, site
        self.plain, self.tls = server.connect(), server.connect(tls=site.name)
        self.answer()

    def answer(self):
        for c in (self.plain, self.tls):
            assert c.get("/", self.site.name).text == f"site {self.site.letter}\n"

    def holders(self):
        # The front that accepted it holds it for a moment longer.
        wait_for(lambda: [p.comm for p in self.server.owner(self.plain)] == ["itkd: child"], 30,
                 "its child alone to have the plain one")
        return set(self.server.owner(self.plain) + self.server.owner(self.tls) +
                   self.server.named("itkd: child"))

    def close(self):
        self.plain.close()
        self.tls.close()


def cut(connection):
    """Waits for the end of a connection in whatever way."""
    with contextlib.suppress(OSError, Truncated):
        connection.read_all()
    connection.close()


@pytest.mark.parametrize("kind", KINDS)
def test_kill_of_one_process(server, site_a, site_b, kind):
    """11: kill -9 of a front, the logger, a spare, a child, a CGI: only its own connections end,
    and it is replaced within a second."""
    bystanders = Bystanders(server, site_b)
    keep = bystanders.holders()
    [held] = server.hold(site_a)
    [cgi] = site_a.held()
    before = {comm: len(server.named(comm)) for comm in ("itkd: front", "itkd: log")}
    if kind == "cgi":
        victim = cgi
    elif kind == "itkd: child":
        victim = Proc(cgi.ppid)
    else:
        victim = wait_for(lambda: [p for p in server.named(kind) if p not in keep], 30, kind)[0]
    victim.kill(9)
    wait_for(lambda: not victim.alive, 30, "the victim to be gone")
    if kind in before:
        wait_for(lambda: len(server.named(kind)) == before[kind], SOON, f"a new {kind}")
    elif kind == "itkd: spare":
        wait_for(lambda: len(server.spares()) >= server.config.options["MinSpareServers"], SOON,
                 "enough spares")
    else:
        cut(held)
        wait_for(lambda: not cgi.alive, 30, "the program to end with its child")
    bystanders.answer()
    if kind not in ("cgi", "itkd: child"):
        assert cgi.alive, "a program of another process ended"
        site_a.release()
        assert b"held" in held.read_all()
    for tls in (False, True):
        assert server.get("/", site_a, tls=tls).status == 200
    bystanders.close()


def front_of(server, connection):
    return next((p for p in server.owner(connection) if p.comm == "itkd: front"), None)


def test_kill_of_a_front_with_tls(server, site_b):
    """11: the TLS connections of a killed front end, those of the others do not."""
    held = {}

    def two_fronts():
        """Which front accepts is the scheduler's choice: more at once, until both have some."""
        with ThreadPoolExecutor(8) as pool:
            burst = list(pool.map(lambda _: server.connect(tls="b.test"), range(8)))
        for c in burst:
            assert c.get("/", "b.test").status == 200
            owner = wait_for(lambda c=c: front_of(server, c), 30, "its front")
            if len(held.setdefault(owner, [])) < 12:
                held[owner].append(c)
            else:
                c.close()
        return len(held) >= min(2, os.cpu_count())

    wait_for(two_fronts, 120, "two fronts to have some", interval=0)
    victim = next(iter(held))
    victim.kill(9)
    for owner, connections in held.items():
        for c in connections:
            if owner == victim:
                cut(c)
            else:
                assert c.get("/", "b.test").status == 200
                c.close()
    wait_for(lambda: len(server.fronts()) == os.cpu_count() and victim not in server.fronts(),
             SOON, "a new front")


def test_logger_replaced_loses_no_later_line(server, site_b):
    """11: after the logger's death, shared logs are written again."""
    server.wait_generation(1)  # reload() counts them: that line is not lost with the old one
    [old] = server.logger()
    old.kill(9)
    wait_for(lambda: server.logger() and old not in server.logger(), SOON, "a new logger")
    server.config.vhost(site_b, name="shared.test", access=False)
    server.reload()
    assert server.get("/?after-the-kill", "shared.test").status == 200
    server.wait_log("after-the-kill", "access.log")


def test_stopped_front(server, site_a):
    """11: SIGSTOP of one front: new connections are all answered, and it is replaced."""
    victim = server.fronts()[0]
    victim.kill(signal.SIGSTOP)
    wait_for(lambda: victim.state == "T", 30, "the front to be stopped")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(
            lambda i: server.get("/", site_a, tls=i % 2 == 1, timeout=60).status, range(60)))
    assert answers == [200] * 60
    wait_for(lambda: not victim.alive, 60, "the stopped front to be replaced")
    wait_for(lambda: len(server.fronts()) == os.cpu_count(), 30, "as many fronts as before")


def test_all_fronts_at_once(server, site_a):
    """11: kill -9 of all fronts and all spares: back within a second."""
    for p in server.fronts() + server.spares():
        p.kill(9)
    wait_for(lambda: server.get_or_none("/", site_a), SOON + 1, "an answer")


def cpu_seconds(proc):
    fields = proc._stat
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_crashes_are_throttled(server, site_a):
    """11: a front that dies as soon as it is there is not spun: few starts, an idle master."""
    seen = set()
    used = cpu_seconds(server.master)
    end = time.monotonic() + 5

    def kill_each():
        for p in server.fronts():
            seen.add(p.pid)
            p.kill(9)
        return (time.monotonic() > end and len(seen) >= 4 + os.cpu_count()
                and "end as soon as they start" in server.error_log())

    with timed() as took:
        wait_for(kill_each, 60, "five seconds of crashes, and the first ones to be replaced")
    assert len(seen) <= 12 * took(), f"{len(seen)} starts in {took()} s"
    assert cpu_seconds(server.master) - used < took() / 2
    wait_for(lambda: server.get_or_none("/", site_a), 60, "the server to come back")


def test_kill_of_the_master(start, config, site_a, site_b):
    """
    11, invariant 6: kill -9 of the master: fronts, logger and spares end, a child finishes its
    answer, a restart works at once.
    """
    site_a.cgi("wait", f"#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
               f": > '{site_a.root}/held/waiting'\n"
               f"while [ ! -e '{site_a.root}/go' ]; do sleep 0.02; done\necho done\n")
    config.vhost(site_a)
    config.vhost(site_b)
    server = start(config)
    c = server.connect()
    c.request("/cgi-bin/wait", "a.test")
    wait_for(lambda: (site_a.root / "held/waiting").exists(), 30, "the CGI program to run")
    old = server.processes()
    server.master.kill(9)
    server.popen.wait(30)
    wait_for(lambda: not [p for p in old if p.alive and p.comm in (
        "itkd: front", "itkd: log", "itkd: spare")], 30, "fronts, logger and spares to end")
    again = start(config)
    assert again.master_pid != server.master_pid
    assert again.get("/", site_b).status == 200
    (site_a.root / "go").touch()
    assert c.response().text == "done\n"
    c.close()
    wait_for(lambda: not [p for p in old if p.alive], 30,
             "what the old master left to end")
    assert not [p for p in orphans() if p in old]
    reap_orphans()


def test_edited_config_without_reload(server, site_a, site_b):
    """11: the file is edited, a front, the logger and a spare die: nothing changes."""
    server.config.file.write_text(
        server.config.text().replace(str(site_a.docroot), str(site_b.docroot)).replace(
            "AssignUserID itkt-a itkt-a", "AssignUserID itkt-b itkt-b"))
    for p in server.fronts() + server.logger() + server.spares():
        p.kill(9)
    wait_for(lambda: server.get_or_none("/", site_a), SOON + 1, "an answer")
    for tls in (False, True):
        assert server.get("/", site_a, tls=tls).text == "site a\n"
        assert server.get("/", site_b, tls=tls).text == "site b\n"
    server.config.file.write_text("NoSuchDirective\n")
    server.fronts()[0].kill(9)
    wait_for(lambda: len(server.fronts()) == os.cpu_count(), SOON + 1, "a new front")
    assert server.get("/", site_a).text == "site a\n"


def shared_memory():
    return sorted(os.listdir("/dev/shm"))


def left_outside():
    """What a server could leave in places that outlive it."""
    return (sorted(os.listdir("/run")), shared_memory(),
            [name for name in sorted(os.listdir("/tmp")) if name.startswith("itkd-empty")])


def snapshot(server):
    """What must not grow, counted: processes, descriptors by kind, mappings, files."""
    found = Counter(p.comm for p in server.processes() if p.comm != "itkd: spare")
    found.update(f"/run/{name}" for name in os.listdir("/run"))
    found.update(f"/dev/shm/{name}" for name in shared_memory())
    found["master's mappings"] = len(server.master.maps())
    for role, procs in (("master", [server.master]), ("front", server.fronts())):
        for proc in procs:
            found.update(f"{role}'s " + re.sub(r"\d+", "N", os.path.basename(link))
                         for link in proc.fds().values())
    return found


def load(server, sites, n):
    """n connections, one request each: plain, TLS, CGI, a refused head, half a head."""
    def one(i):
        site = sites[i % len(sites)]
        tls = i % 3 == 0
        if i % 50 == 7:
            with server.connect() as c:
                c.send("GET / HTTP/1.1\r\nHost")
            return 200
        if i % 50 == 8:
            with server.connect(tls=site.name if tls else None) as c:
                c.send("BAD\r\n\r\n")
                return 200 if c.response().status == 400 else 0
        path = "/cgi-bin/env" if i % 20 == 0 else "/"
        return server.get(path, site, tls=tls, timeout=60).status

    with ThreadPoolExecutor(8) as pool:
        return [i for i, status in enumerate(pool.map(one, range(n))) if status != 200]


def test_nothing_leaks(start, config, site_a, site_b):
    """11: after 10,000 connections and a reload, processes, descriptors, mappings, shared memory
    and /run are as before; after stop as before the start."""
    config.options.update(StartServers=4, MinSpareServers=4, MaxSpareServers=4)
    outside = left_outside()
    for site in (site_a, site_b):
        config.vhost(site)
        config.vhost(site, tls=True)
    server = start(config)
    assert load(server, (site_a, site_b), 400) == []
    server.reload()
    assert load(server, (site_a, site_b), 100) == []
    wait_for(lambda: not server.children(), 30, "the children to end")
    wait_for(lambda: len(server.fronts()) == os.cpu_count(), 30, "the old fronts to end")
    before = snapshot(server)
    front_maps = max(len(p.maps()) for p in server.fronts())
    assert load(server, (site_a, site_b), amount(2000, 10000)) == []

    def same():
        return not snapshot(server) - before

    try:
        wait_for(same, 30, "everything to be as before")
    except AssertionError as error:
        raise AssertionError(f"more than before: {snapshot(server) - before}") from error
    assert max(len(p.maps()) for p in server.fronts()) <= front_maps + 8
    wait_for(lambda: 1 <= len(server.spares()) <= 5, 30, "as many spares as there may be")
    # A reload gives everything of the old generation back, too.
    server.reload()
    wait_for(same, 30, "everything to be as before after a reload")
    server.stop()
    reap_orphans()
    # Other servers of this machine may start meanwhile, and are in and out of these places.
    wait_for(lambda: all(set(now) <= set(then) for now, then in zip(left_outside(), outside)), 30,
             f"nothing beside {outside}")


def test_children_end_with_their_clients(server, site_a):
    """11, 8: clients that are gone (RST) leave no child and no program behind."""
    connections = server.hold(site_a, 6) + server.hold(site_a, 3, tls=True)
    for c in connections:
        c.reset()
    wait_for(lambda: not site_a.held(), 30, "the programs to be ended")
    wait_for(lambda: not server.children(), 30, "the children to end")


def test_pool_follows_the_load(start, config, site_a):
    """2 of design: spares stay between MinSpareServers and MaxSpareServers once it is quiet."""
    config.options.update(StartServers=2, MinSpareServers=3, MaxSpareServers=6)
    config.vhost(site_a)
    server = start(config)
    wait_for(lambda: 3 <= len(server.spares()) <= 6, 30, "at least MinSpareServers")
    gate = threading.Barrier(20)

    def burst(_):
        gate.wait(60)
        return request(server.port, host="a.test", timeout=60).status

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(burst, range(20))) == [200] * 20
    wait_for(lambda: not server.children() and 3 <= len(server.spares()) <= 6, 60,
             "the pool to shrink")


def test_max_request_workers(start, config, site_a):
    """2 of design: no more processes than MaxRequestWorkers; what waits is answered later."""
    config.options.update(StartServers=2, MinSpareServers=1, MaxSpareServers=2,
                          MaxRequestWorkers=4)
    config.vhost(site_a)
    server = start(config)
    held = server.hold(site_a, 4)
    c = server.connect()
    c.request("/", "a.test")
    assert len(server.children()) + len(server.spares()) <= 4
    site_a.held()[0].kill()
    assert c.response().text == "site a\n"
    site_a.release()
    for connection in [*held, c]:
        connection.close()
