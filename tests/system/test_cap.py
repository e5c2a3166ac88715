"""Issue point 5: MaxClientsVHost."""

import os
import random
import re
import subprocess
import threading
import time

import pytest

from itkd import BUILD, Config, Proc, Truncated, amount, request, wait_for

REFUSED = r"MaxClientsVhost reached for a\.test:\d+, refusing client"


@pytest.fixture
def capped(start, config, site_a, site_b):
    """Site a over HTTP and HTTPS with one cap of 3 each (one count), site b without."""
    config.vhost(site_a, "MaxClientsVHost 3")
    config.vhost(site_b)
    config.vhost(site_a, "MaxClientsVHost 3", tls=True)
    config.vhost(site_b, tls=True)
    server = start(config)
    idle(server)
    return server


def idle(server, timeout=30):
    """Waits until no site has a process: every count is 0."""
    wait_for(lambda: not any(server.counts().values()), timeout,
             f"all counts to be 0, not {server.counts()}")


def attempt(server, site, tls=False, timeout=30):
    try:
        return server.get("/", site, tls=tls, timeout=timeout).status
    except (OSError, Truncated):
        return 0


def drop(connections, site):
    site.release()
    for c in connections:
        c.close()
    wait_for(lambda: not site.held(), 30, "the CGI programs to end")


def assert_exactly_three(server, site):
    """Nothing leaked and nothing was given away: three places, not two and not four."""
    held = server.hold(site, 3)
    assert attempt(server, site) == 503
    assert server.counts()[site.name] == 3
    drop(held, site)
    idle(server)


def test_fourth_is_refused(capped, site_a, site_b):
    """5: two over HTTP, one over HTTPS asleep: the fourth gets 503 with Retry-After in 100 ms."""
    held = capped.hold(site_a, 2) + capped.hold(site_a, 1, tls=True)
    assert capped.counts()["a.test"] == 3
    mark = len(capped.log("a.test-error.log"))

    def refused_in(tls):
        with capped.connect(tls="a.test" if tls else None) as c:
            start = time.monotonic()
            answer = c.get("/", "a.test")
            took = time.monotonic() - start
        assert answer.status == 503
        assert int(answer.header("Retry-After")) > 0
        return took

    # The machine may be busy with others; a server that waits does so each time. A process that
    # just ended may count still: only the second look refuses.
    for tls in (False, True):
        wait_for(lambda tls=tls: 0.01 < refused_in(tls) < 0.1, 120, "a refusal in 100 ms")
    capped.wait_log(REFUSED, "a.test-error.log", start=mark)
    for tls in (False, True):
        assert capped.get("/", site_b, tls=tls).text == "site b\n"
    drop(held, site_a)
    idle(capped)
    assert capped.get("/", site_a).status == 200


def test_cap_lives_on_across_reloads(capped, site_a, site_b):
    """5: so too after two reloads meanwhile; the running programs go on."""
    held = capped.hold(site_a, 2) + capped.hold(site_a, 1, tls=True)
    for _ in range(2):
        capped.reload()
        assert attempt(capped, site_a) == 503
        assert attempt(capped, site_a, tls=True) == 503
        assert capped.get("/", site_b).status == 200
    assert len(site_a.held()) == 3
    assert capped.counts()["a.test"] == 3
    site_a.release()
    for c in held:
        assert b"held" in c.read_all()
        c.close()
    idle(capped)
    assert_exactly_three(capped, site_a)


def test_kill_of_a_child_frees_one_place(capped, site_a):
    """5: kill -9 of one sleeping child frees exactly one place, and ends its program."""
    held = capped.hold(site_a, 3)
    victim = site_a.held()[0]
    Proc(victim.ppid).kill(9)
    wait_for(lambda: capped.counts()["a.test"] == 2, 30, "a count of 2")
    wait_for(lambda: len(site_a.held()) == 2, 30, "its program to end with it")
    held += capped.hold(site_a, 1)
    assert attempt(capped, site_a) == 503
    drop(held, site_a)
    idle(capped)


def test_kill_of_a_program_frees_its_place(capped, site_a):
    """5: the same for the program itself: its connection ends, one place is free."""
    held = capped.hold(site_a, 3)
    site_a.held()[0].kill(9)
    wait_for(lambda: capped.counts()["a.test"] == 2, 30, "a count of 2")
    drop(held, site_a)


def test_each_block_compares_with_its_own_cap(start, config, site_a):
    """5: one count for the blocks of a site, each with its own cap."""
    config.vhost(site_a, "MaxClientsVHost 3")
    config.vhost(site_a, "MaxClientsVHost 1", tls=True)
    server = start(config)
    idle(server)
    held = server.hold(site_a, 1)
    assert attempt(server, site_a, tls=True) == 503
    held += server.hold(site_a, 2)
    assert attempt(server, site_a) == 503
    drop(held, site_a)


def test_other_identity_has_its_own_count(start, config, site_a, site_b):
    """5: the same ServerName as another identity is another counter."""
    config.vhost(site_a, "MaxClientsVHost 1")
    config.vhost(site_b, "MaxClientsVHost 1", name="a.test", tls=True, access=False)
    server = start(config)
    idle(server)
    held = server.hold(site_a, 1)
    assert attempt(server, site_a) == 503
    assert server.get("/", "a.test", tls=True).text == "site b\n"
    drop(held, site_a)


@pytest.mark.parametrize("round", range(amount(2, 5)))
def test_simultaneous_arrivals(capped, site_a, site_b, round):
    """5: 50 arrivals at once, half of them over TLS, at a cap of 3: exactly 3 run."""
    n = 50
    gate = threading.Barrier(n)
    answers = [None] * n
    connections = [None] * n

    def arrive(i):
        c = connections[i] = capped.connect(tls="a.test" if i % 2 else None, timeout=100)
        gate.wait(100)
        c.request("/cgi-bin/hold", "a.test")
        answers[i] = c.head().status

    threads = [threading.Thread(target=arrive, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(300)
    assert sorted(answers) == [200] * 3 + [503] * (n - 3)
    wait_for(lambda: len(site_a.held()) == 3, 30, "the three programs to sleep")
    assert len(list((site_a.root / "held").iterdir())) == 3, "more ran than may"
    assert capped.get("/", site_b).status == 200
    for c in connections:
        c.close()
    drop([], site_a)
    idle(capped)


def child_status_address(pid):
    """Where `child_status` of the child lies, by the symbol table of its program."""
    program = BUILD / "itkd-master"
    out = subprocess.run(["nm", program], capture_output=True, text=True, timeout=60).stdout
    [offset] = [int(line.split()[0], 16) for line in out.splitlines()
                if line.endswith(" child_status")]
    size = 8 + 4 + 8 + 64 + 128
    base = min(start for start, _, _, file_offset, path in Proc(pid).maps()
               if path == str(program) and file_offset == 0)
    return base + offset, size


def test_overwritten_status_changes_no_count(capped, site_a):
    """5: a child that fills its status with 0xff changes no count and stops nobody."""
    held = capped.hold(site_a, 2)
    for cgi in site_a.held():
        address, size = child_status_address(cgi.ppid)
        with open(f"/proc/{cgi.ppid}/mem", "r+b", buffering=0) as memory:
            memory.seek(address)
            assert memory.write(b"\xff" * size) == size
    assert capped.counts()["a.test"] == 2
    held += capped.hold(site_a, 1)
    assert attempt(capped, site_a) == 503
    drop(held, site_a)
    idle(capped)
    assert_exactly_three(capped, site_a)


# -- a spare that dies on its way from the queue to the drop

class Strace:
    """strace of one process until it ends or stop(); .calls are [(name, nth of that name)]."""

    def __init__(self, pid, tmp, *args):
        self.file = tmp / "strace.out"
        self.file.unlink(missing_ok=True)
        self.popen = subprocess.Popen(
            ["strace", "-p", str(pid), "-o", self.file, *args], stderr=subprocess.PIPE, text=True,
            start_new_session=True)
        line = self.popen.stderr.readline()
        assert "attached" in line, line
        if not args or "trace=recvmsg" in args:
            # It counts from the call that the process waits in, once that was begun anew.
            wait_for(lambda: not Proc(pid).alive or "recvmsg(" in self.file.read_text(), 30,
                     "strace to see the spare wait")

    def stop(self):
        self.popen.terminate()
        self.popen.wait(30)
        self.popen.stderr.close()

    def ended(self, timeout=30):
        self.popen.wait(timeout)
        self.popen.stderr.close()

    def calls(self):
        counts, found = {}, []
        for line in self.file.read_text().splitlines():
            if not re.match(r"\w+\(", line):
                continue
            name = line.split("(")[0]
            counts[name] = counts.get(name, 0) + 1
            found.append((name, counts[name]))
        return found


@pytest.fixture
def single(start, tmp, tls, main_site, site_a):
    """One spare at a time, so that the one that gets the connection is known."""
    config = Config(tmp, tls, main_site, StartServers=1, MinSpareServers=1, MaxSpareServers=1)
    config.vhost(site_a, "MaxClientsVHost 3")
    config.vhost(site_a, "MaxClientsVHost 3", tls=True)
    server = start(config)
    idle(server)
    return server


def the_spare(server):
    def one():
        spares = server.spares()
        return spares[0] if len(spares) == 1 and spares[0].waits_in("recvmsg") else None

    return wait_for(one, 30, "exactly one idle spare")


def calls_until_the_drop(server, site, tmp):
    """The system calls of a spare from the queue until it serves: [(name, nth)]."""
    trace = Strace(the_spare(server).pid, tmp)
    assert server.get("/", site).status == 200
    trace.ended()
    calls = trace.calls()
    names = [name for name, _ in calls]
    assert names[0] == "recvmsg", names[:4]
    last = max(i for i, name in enumerate(names) if re.match(r"set(res|re)?[ug]id|setgroups", name))
    assert last > 3, names
    return calls[:last + 3]


def test_kill_at_every_system_call_before_the_drop(single, site_a, tmp):
    """5: a spare killed at each system call between recvmsg and the drop leaves no claim."""
    calls = calls_until_the_drop(single, site_a, tmp)
    assert len(calls) >= 8, calls
    for name, nth in calls:
        spare = the_spare(single)
        trace = Strace(spare.pid, tmp, "-e", f"trace={name}", "-e",
                       f"inject={name}:signal=KILL:when={nth}")
        attempt(single, site_a)
        wait_for(lambda p=spare: not p.alive, 30, f"the spare to die at {name} {nth}")
        trace.ended()
        idle(single)
    assert_exactly_three(single, site_a)


def test_stop_and_kill_with_a_claim(single, site_a, tmp):
    """5: a spare that is stopped after its claim, then killed: others go on meanwhile."""
    calls = calls_until_the_drop(single, site_a, tmp)
    name, nth = next(c for c in reversed(calls) if re.match(r"set(res)?uid", c[0]))
    spare = the_spare(single)
    trace = Strace(spare.pid, tmp, "-e", f"trace={name}", "-e",
                   f"inject={name}:signal=STOP:when={nth}")
    with single.connect() as c:
        c.request("/", site_a.name)
        # Its state alone would not tell: strace too stops it for a moment, at each call.
        wait_for(lambda: "stopped by SIGSTOP" in trace.file.read_text(), 30,
                 "the spare to be stopped")
        assert single.counts()["a.test"] == 1
        held = single.hold(site_a, 2)
        assert attempt(single, site_a) == 503
        spare.kill(9)
        wait_for(lambda: not spare.alive, 30, "the spare to be gone")
        trace.stop()
    wait_for(lambda: single.counts()["a.test"] == 2, 30, "its place to be free")
    drop(held, site_a)
    idle(single)
    assert_exactly_three(single, site_a)


def test_random_kills(capped, site_a, site_b):
    """5: random kills of spares and children under load leave every count at 0."""
    site_a.cgi("short", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nshort\\n'\n")
    stop = threading.Event()
    random.seed(5)

    def load(tls):
        while not stop.is_set():
            try:
                request(capped.tls_port if tls else capped.port, "/cgi-bin/short", "a.test",
                        tls="a.test" if tls else None, ca=capped.config.tls.ca, timeout=5)
            except (OSError, Truncated):
                pass

    threads = [threading.Thread(target=load, args=(i % 3 == 0,)) for i in range(6)]
    for t in threads:
        t.start()
    kills, end = 0, time.monotonic() + 240
    wanted = amount(100, 1000)
    while kills < wanted and time.monotonic() < end:
        victims = capped.children() + capped.spares()
        if victims:
            random.choice(victims).kill(9)
            kills += 1
    stop.set()
    for t in threads:
        t.join(60)
    assert kills == wanted
    # Behind it in the queue there may be connections that their clients have given up.
    wait_for(lambda: attempt(capped, site_b) == 200, 60, "the pool to be well again")
    capped.wait_idle()
    assert_exactly_three(capped, site_a)
    assert os.path.exists(f"/proc/{capped.master_pid}")
