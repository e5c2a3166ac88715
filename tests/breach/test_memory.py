"""
Issue point 4, invariants 2, 3 and 8: what a child can do to memory that others trust, and what
secrets of others are in reach of it. The child is alive (its CGI program sleeps); inject.c makes
it do the calls that an attacker's code would do.
"""

import base64
import contextlib
import errno
import os
import re
import subprocess
from pathlib import Path

import pytest

from itkd import Config, Proc, Site, is_asan, wait_for

PROT_RW, MAP_SHARED, MREMAP_MAYMOVE, AT_FDCWD, O_RDWR = 3, 1, 1, -100, 2
PASSED = "value-of-a-in-the-environment-77c0"
SECRET = {"a": "value-of-a-4ab1c9e07d", "b": "value-of-b-93f0e2d615"}


class World:
    """Sites a and b, each with a secret in its SetEnv."""


@pytest.fixture(scope="module")
def world(module_tmp, module_start, tls):
    w = World()
    w.sites = {letter: Site(letter, module_tmp) for letter in "ab"}
    w.config = Config(module_tmp, tls, Site("main", module_tmp))
    for letter, site in w.sites.items():
        for secure in (False, True):
            w.config.vhost(site, f"SetEnv SECRET {SECRET[letter]}", "MaxClientsVHost 20",
                           *(["PassEnv PASSED"] if letter == "a" else []), tls=secure)
    w.tls = tls
    w.server = module_start(w.config, env=dict(os.environ, PASSED=PASSED))
    return w


@pytest.fixture(params=["a plain", "b plain", "a tls"])
def child(request, world):
    """A child that waits for its sleeping program; .letter says whose."""
    letter, how = request.param.split()
    site = world.sites[letter]
    [c] = world.server.hold(site, tls=how == "tls")
    [cgi] = site.held()
    proc = Proc(cgi.ppid)
    assert proc.comm == "itkd: child"
    wait_for(lambda: proc.state == "S", 30, "the child to wait")
    proc.letter = letter
    yield proc
    site.release()
    c.close()
    wait_for(lambda: not site.held() and not proc.alive, 30, "the child to end")


def used(pagemap, start, end, path):
    """
    The parts of a mapping that may hold something: of memory without a file the pages that are
    there or in swap (proc_pid_pagemap(5)), of which a sanitizer's are few.
    """
    if path and not path.startswith("["):
        yield start, end
        return
    page, size = os.sysconf("SC_PAGE_SIZE"), 1 << 18
    pagemap.seek(start // page * 8)
    flags = pagemap.read((end - start) // page * 8)[7::8]
    for at in range(start, end, size):
        first = (at - start) // page
        if any(flags[first:first + size // page]):
            yield at, min(at + size, end)


def contents(proc):
    """The readable memory of a process, mapping by mapping: (path, bytes)."""
    with (open(f"/proc/{proc.pid}/mem", "rb", buffering=0) as memory,
          open(f"/proc/{proc.pid}/pagemap", "rb") as pagemap):
        for start, end, perms, _, path in proc.maps():
            if "r" not in perms or path in ("[vvar]", "[vsyscall]") or end - start > 1 << 30:
                continue
            parts = []
            for at, to in used(pagemap, start, end, path):
                with contextlib.suppress(OSError, ValueError):
                    memory.seek(at)
                    while at < to and (data := memory.read(min(to - at, 1 << 22))):
                        parts.append(data)
                        at += len(data)
            yield path, b"".join(parts)


def found_in(proc, *needles):
    """The needles that the process has in its memory."""
    seen = set()
    for _, data in contents(proc):
        seen |= {needle for needle in needles if needle in data}
    return seen


def shared(proc):
    """Mappings that other processes may have, too: those shared by their flags."""
    return [m for m in proc.maps() if m[2][3] == "s" and "[v" not in m[4]]


def test_injection_works(world, child, inject):
    """The other tests rest on this: harmless calls work, and the child goes on afterwards."""
    page = 4096
    [private] = inject(child.pid, [("mmap", 0, page, PROT_RW, 0x22, -1, 0)])
    assert private > 0
    assert inject(child.pid, [("mprotect", private, page, 1)]) == [0]
    assert inject(child.pid, [("openat", AT_FDCWD, "@/etc/passwd", 0, 0)])[0] >= 0
    assert child.alive


def test_shared_mappings_stay_read_only(child, inject):
    """4, invariant 8: mprotect for writing fails on every shared mapping."""
    mappings = shared(child)
    assert mappings, "the common part of the config is one"
    for start, end, perms, _, path in mappings:
        assert "w" not in perms, (perms, path)
        [result] = inject(child.pid, [("mprotect", start, end - start, PROT_RW)])
        assert result == -errno.EACCES, (path, result)


def test_shared_files_cannot_be_opened_for_writing(child, inject):
    """4: nor can the file behind it be opened again, by /proc/self/map_files or a descriptor."""
    for start, end, _, _, path in shared(child):
        name = f"@/proc/self/map_files/{start:x}-{end:x}"
        for flags in (O_RDWR, 0):
            [result] = inject(child.pid, [("openat", AT_FDCWD, name, flags, 0)])
            assert result in (-errno.EACCES, -errno.EPERM), (path, result)
    for number, link in child.fds().items():
        assert "memfd" not in link
        [result] = inject(child.pid, [("mmap", 0, 4096, PROT_RW, MAP_SHARED, number, 0)])
        assert result < 0, (number, link)


def test_moved_and_grown_mappings_show_nothing_new(world, child, inject):
    """4: mremap to more of a file and remap_file_pages to other pages: no write, no secret."""
    other = SECRET["b" if child.letter == "a" else "a"].encode()
    for start, end, _, _, _ in shared(child):
        size = end - start
        grown = size + (64 << 20)
        moved = inject(child.pid, [("mremap", start, 0, grown, MREMAP_MAYMOVE, 0)])[0]
        if moved > 0:
            assert inject(child.pid, [("mprotect", moved, grown, PROT_RW)])[0] < 0
        for page in (0, 1, 4096, 8192, 16384):
            inject(child.pid, [("remap_file_pages", start, size, 0, page, 0)])
            assert other not in found_in(child, other)
        inject(child.pid, [("mremap", start, size, grown, MREMAP_MAYMOVE, 0)])
    for _, _, perms, _, path in shared(child):
        assert "w" not in perms, path
    assert other not in found_in(child, other)


def test_no_secret_of_another_site(world, child):
    """4, invariant 3: its memory holds its own SetEnv value, and no other site's."""
    own, other = SECRET[child.letter], SECRET["b" if child.letter == "a" else "a"]
    assert found_in(child, own.encode(), other.encode()) == {own.encode()}


@pytest.mark.sandbox  # AddressSanitizer keeps a copy of the environment of its own
def test_no_environment_of_the_administrator(world, child):
    """4: what PassEnv takes for one site out of itkd's environment is in no other site's child."""
    found = found_in(child, PASSED.encode())
    assert found == ({PASSED.encode()} if child.letter == "a" else set())


def test_no_secret_in_the_cgi_program(world, child):
    """4: the program has its own in its environment, no other."""
    own, other = SECRET[child.letter], SECRET["b" if child.letter == "a" else "a"]
    [cgi] = [p for p in child.children() if p.alive]
    assert own in cgi.read("environ")
    assert found_in(cgi, other.encode()) == set()


def test_no_site_secret_in_a_front(world):
    """design 2: a front has no secret of a vhost (what a program prints passes through it)."""
    for letter in "ab":
        assert world.server.get("/", f"{letter}.test", tls=True).status == 200
    for front in world.server.fronts():
        assert found_in(front, *(s.encode() for s in SECRET.values())) == set()


def key_material(tls, name):
    """The private key as bytes that a memory would show: PEM text, DER, both byte orders."""
    pem = tls.key(name).read_text()
    body = "".join(line for line in pem.splitlines() if "-" not in line)
    text = subprocess.run(["openssl", "ec", "-in", tls.key(name), "-noout", "-text"],
                          capture_output=True, text=True, timeout=60).stdout
    scalar = bytes.fromhex(re.search(r"priv:(.*?)pub:", text, re.S)[1].translate(
        {ord(c): None for c in ": \n"})).rjust(32, b"\0")[-32:]
    return [scalar, scalar[::-1], base64.b64decode(body), pem.splitlines()[2].encode()]


def test_keys_are_in_fronts_alone(world, child):
    """Invariant 2: a private key is in no memory of the master, the logger, a spare, a child."""
    needles = key_material(world.tls, "a.test")
    assert world.server.get("/", "a.test", tls=True).status == 200
    assert any(found_in(front, *needles) for front in world.server.fronts()), \
        "the search itself finds nothing"
    others = [world.server.master, child, *world.server.logger(), *world.server.spares()]
    for proc in others:
        assert found_in(proc, *needles) == set(), proc


def test_no_way_back(world, child, inject):
    """4, cred: no call gives a child its root back, or another user, or a capability."""
    b = world.sites["b" if child.letter == "a" else "a"]
    calls = [("setuid", 0), ("setuid", b.uid), ("setgid", 0), ("setgid", b.gid),
             ("setgroups", 0, 0), ("unshare", 0x00020000)]
    assert inject(child.pid, calls) == [-errno.EPERM] * len(calls)


def test_no_reach_to_other_processes(world, child, inject):
    """4: a child cannot signal, trace or write to any process of itkd but its own site's."""
    targets = [world.server.master, *world.server.fronts(), *world.server.logger(),
               *world.server.spares()]
    for proc in targets:
        kill, trace = inject(child.pid, [("kill", proc.pid, 0), ("ptrace", 16, proc.pid, 0, 0)])
        assert kill == trace == -errno.EPERM, proc
        [opened] = inject(child.pid, [("openat", AT_FDCWD, f"@/proc/{proc.pid}/mem", O_RDWR, 0)])
        assert opened == -errno.EACCES, proc


def inject_front(world, inject, calls):
    return inject(world.server.fronts()[0].pid, calls)


@pytest.mark.sandbox
def test_front_filter(world, inject):
    """4: a front's filter refuses kill, ptrace, process_vm_*, pidfd_*, open, execve, socket."""
    if is_asan():
        raise AssertionError("an asan build has no filter: run with -m 'not sandbox'")
    front = world.server.fronts()[0]
    wait_for(lambda: front.state == "S", 30, "the front to wait")
    calls = {"kill": (62, 1, 0), "tkill": (200, front.pid, 0), "open": (2, "@/", 0),
             "openat": (257, AT_FDCWD, "@/", 0), "openat2": (437, AT_FDCWD, "@/", 0, 24),
             "execve": (59, "@/x", 0, 0), "execveat": (322, AT_FDCWD, "@/x", 0, 0, 0),
             "ptrace": (101, 16, 1, 0, 0), "process_vm_readv": (310, 1, 0, 0, 0, 0, 0),
             "process_vm_writev": (311, 1, 0, 0, 0, 0, 0), "pidfd_open": (434, 1, 0),
             "pidfd_getfd": (438, 0, 0, 0), "fork": (57,), "socket": (41, 2, 1, 0),
             "setuid": (105, 0), "chroot": (161, "@/"), "bpf": (321, 0, 0, 0),
             "userfaultfd": (323, 0), "perf_event_open": (298, 0, 0, 0, 0, 0),
             "io_uring_setup": (425, 1, 0), "unshare": (272, 0x10000000),
             "a signal of another's": (72, 3, 8, 1), "the listening socket's end": (48, 11, 2),
             "its buffer": (54, 11, 1, 8, "@x", 4),
             "its waiting": (72, 11, 4, 2048), "a datagram socket": (53, 1, 2, 0, "@x")}
    results = inject(front.pid, calls.values())
    wrong = {name: r for name, r in zip(calls, results) if r != -errno.EPERM}
    assert not wrong
    assert world.server.get("/", "a.test", tls=True).status == 200
