"""Processes as /proc shows them, and waiting for conditions. Exported by itkd.py."""

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

ALL_COMMS = ("itkd: master", "itkd: front", "itkd: log", "itkd: spare", "itkd: child")
PR_SET_CHILD_SUBREAPER = 36
SYSTEM_CALLS = {"recvmsg": 47}  # of x86-64


def wait_for(condition, timeout=30, what="a condition", interval=0.01):
    """
    Polls until condition() is true and returns its value; AssertionError after timeout seconds.
    An AssertionError of the condition itself ends the waiting: it says more.
    """
    end = time.monotonic() + timeout
    while True:
        last = time.monotonic() >= end  # a look behind the end, however long the one before took
        value = condition()
        if value:
            return value
        if last:
            raise AssertionError(f"waited {timeout} s in vain for {what}")
        time.sleep(interval)


def in_time(seconds, attempt):
    """
    The value of attempt(), which must come to its end before the patience of a server, so many
    seconds: one that took longer says nothing of the server, whatever came of it, and is made
    again.
    """
    def tried():
        began = time.monotonic()
        try:
            value = (attempt(),)
        except Exception:
            if time.monotonic() - began < seconds:
                raise
            return None
        return value if time.monotonic() - began < seconds else None

    return wait_for(tried, 120, f"a machine that does not stand still for {seconds} s")[0]


@contextlib.contextmanager
def timed():
    """with timed() as t: ...; t() is the seconds that it took."""
    start = time.monotonic()
    end = []
    yield lambda: (end[0] if end else time.monotonic()) - start
    end.append(time.monotonic())


def become_subreaper():
    """
    Orphans of a killed master become children of the test process, so that none is missed. As init
    does it reaps them, and what killed programs leave: who waits for a process group would wait
    for its zombies. What the tests themselves start is in their session or leads one.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGCHLD, lambda number, frame: reap_orphans())


class Proc:
    """
    One process. What is read of a process that is gone is empty, never an exception; a process
    that got its number later is none.
    """

    def __init__(self, pid):
        self.pid = pid
        self._born = None

    def __repr__(self):
        return f"<{self.pid} {self.comm!r} uid {self.uids}>"

    def __eq__(self, other):
        return isinstance(other, Proc) and other.pid == self.pid

    def __hash__(self):
        return hash(self.pid)

    def read(self, name):
        with contextlib.suppress(OSError):
            return Path(f"/proc/{self.pid}/{name}").read_text(errors="replace")
        return ""

    @property
    def comm(self):
        return self.read("comm").rstrip("\n")

    @property
    def _stat(self):
        text = self.read("stat")
        fields = text[text.rfind(")") + 2:].split()
        self._born = self._born or (fields[19] if fields else None)
        return fields if fields and fields[19] == self._born else []

    @property
    def state(self):
        """R, S, D, T, Z ... or "" when there is no such process."""
        return (self._stat or [""])[0]

    @property
    def alive(self):
        return self.state not in ("", "Z", "X")

    @property
    def ppid(self):
        return int((self._stat or ["", "0"])[1])

    @property
    def group(self):
        return int((self._stat or ["", "", "0"])[2])

    @property
    def session(self):
        return int((self._stat or ["", "", "", "0"])[3])

    @property
    def cpu(self):
        """What it has used of the processor, in clock ticks."""
        return sum(int(n) for n in self._stat[11:13])

    @property
    def nice(self):
        return int(self._stat[16])

    @property
    def start_time(self):
        return int(self._stat[19]) if self._stat else 0

    @property
    def status(self):
        """/proc/PID/status as a dict of stripped strings."""
        return dict((k, v.strip()) for k, _, v in
                    (line.partition(":") for line in self.read("status").splitlines()))

    @property
    def uids(self):
        """real, effective, saved, file system"""
        return tuple(int(n) for n in self.status.get("Uid", "").split())

    @property
    def gids(self):
        return tuple(int(n) for n in self.status.get("Gid", "").split())

    @property
    def groups(self):
        return sorted(int(n) for n in self.status.get("Groups", "").split())

    def caps(self):
        """{"Inh": mask, "Prm": ..., "Eff": ..., "Bnd": ..., "Amb": ...}"""
        return {k[3:]: int(v, 16) for k, v in self.status.items() if k.startswith("Cap")}

    @property
    def dumpable(self):
        """A process that is not dumpable has its /proc files owned by root (proc(5))."""
        uid = self.uids[1] if self.uids else 0
        assert uid != 0, "the owner of /proc/PID says nothing for a process of root"
        return os.stat(f"/proc/{self.pid}/environ").st_uid == uid

    def fds(self):
        """{number: what it leads to}"""
        found = {}
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{self.pid}/fd"):
                with contextlib.suppress(OSError):
                    found[int(name)] = os.readlink(f"/proc/{self.pid}/fd/{name}")
        return found

    def link(self, name):
        with contextlib.suppress(OSError):
            return os.readlink(f"/proc/{self.pid}/{name}")
        return ""

    def maps(self):
        """[(start, end, perms, offset, path)] of every mapping"""
        found = []
        for line in self.read("maps").splitlines():
            span, perms, offset, _dev, _inode, *path = line.split(None, 5)
            start, end = (int(n, 16) for n in span.split("-"))
            found.append((start, end, perms, int(offset, 16), path[0] if path else ""))
        return found

    def kill(self, number=signal.SIGTERM):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def children(self):
        return children_of(self.pid)

    def waits_in(self, call):
        """Whether it sleeps in that system call of SYSTEM_CALLS."""
        return self.read("syscall").split(" ", 1)[0] == str(SYSTEM_CALLS[call])


def socket_inode(client_port, server_port):
    """The inode of the server's side of a TCP connection over loopback between these; or 0."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            local, remote = (int(address.rsplit(":", 1)[1], 16) for address in fields[1:3])
            if (local, remote) == (server_port, client_port):
                return int(fields[9])
    return 0


def children_of(pid):
    """Read twice: the kernel's list may leave one out while another one ends (proc(5))."""
    found = {}
    for _ in range(2):
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(OSError):
                    text = Path(f"/proc/{pid}/task/{task}/children").read_text()
                    found |= {int(n): Proc(int(n)) for n in text.split()}
    return list(found.values())


def descendants(pid):
    """All processes below pid, CGI programs and what they started too."""
    found = []
    todo = children_of(pid) if pid else []
    while todo:
        p = todo.pop()
        found.append(p)
        todo += children_of(p.pid)
    return found


def orphans():
    """Processes of itkd whose master is gone: they hang below the test process."""
    return [p for p in children_of(os.getpid())
            if p.alive and p.comm.startswith("itkd: ") and p.comm != "itkd: master"]


def reap_orphans():
    """Takes away zombies that became ours when their parents ended."""
    own = os.getsid(0)
    for p in children_of(os.getpid()):
        if p.state == "Z" and p.session not in (own, p.pid):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(p.pid, os.WNOHANG)
