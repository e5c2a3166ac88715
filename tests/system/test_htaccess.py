"""
Issue 3, point 6: what of .htaccess has no peer in Apache: it is read as the virtual host's user,
its cost is bounded, and a hostile one harms its own site only. What is the same as in Apache is
in ../compare/cases/htaccess.py.
"""

import contextlib
import os
import re
import subprocess
import time

import pytest

from itkd import Config, Site, amount, wait_for

NOTES = "Server unable to read htaccess file, denying access to be safe"


class World:
    """Site a with AllowOverride All and without, site b beside it."""

    def __init__(self, start, directory, tls):
        self.dir = directory
        self.a, self.b = Site("a", directory), Site("b", directory)
        config = Config(directory, tls, Site("main", directory), KeepAliveTimeout=60,
                        MaxKeepAliveRequests=0)
        self.off = self.a.root / "off"
        for path in (self.a.docroot, self.off):
            config.raw(f'<Directory "{path}">', "\tRequire all granted",
                       f"\tAllowOverride {'None' if path == self.off else 'All'}", "</Directory>")
        config.vhost(self.a, f'Alias "/off" "{self.off}"')
        config.vhost(self.b)
        self.server = start(config)
        self.a.mkdir(self.off)

    def site(self, name, htaccess, mode=0o640):
        """A directory with a .htaccess and a file x."""
        self.a.mkdir(name)
        if htaccess is not None:
            self.a.file(f"{name}/.htaccess", htaccess, mode)
        self.a.file(f"{name}/x", f"x of {name}\n")

    def get(self, path, **how):
        return self.server.get(path, self.a, **how)

    def said(self, pattern):
        return self.server.wait_log(pattern, f"{self.a.name}-error.log")


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


@contextlib.contextmanager
def strace(pid, file, *args):
    """What process pid calls meanwhile, as a list of lines at the end."""
    calls = []
    with subprocess.Popen(["strace", "-p", str(pid), "-o", file, *args], text=True,
                          stderr=subprocess.PIPE, start_new_session=True) as tracer:
        assert "attached" in tracer.stderr.readline()
        yield calls
        tracer.terminate()
        tracer.wait(30)
    calls += file.read_text().splitlines()


def child_of(world, connection):
    owners = [p for p in world.server.owner(connection) if p.comm != "itkd: front"]
    assert len(owners) == 1, owners
    return owners[0].pid


def calls_of_second(world, path):
    """System calls of a request like the one before it on the same connection."""
    with world.server.connect() as c:
        assert c.get(path, world.a.name).status == 200
        pid = child_of(world, c)
        with strace(pid, world.dir / "strace.out") as calls:
            assert c.get(path, world.a.name).status == 200
            assert c.get(path, world.a.name).status == 200
    # The first one may hold the rest of the wait that strace broke into: take the last one.
    starts = [i for i, line in enumerate(calls) if line.startswith(("recvfrom(", "read("))]
    reads = [i for i in starts if "GET " in calls[i]]
    assert len(reads) == 2, calls
    return calls[reads[1]:]


def test_nothing_is_looked_for_where_none_may_be(world):
    """AllowOverride None: no name of a .htaccess comes up in any system call."""
    world.a.file(world.off / "x", "off\n")
    world.a.file(world.off / ".htaccess", "Nonsense\n")
    with world.server.connect() as c:
        c.get("/none", world.b.name)
    calls = calls_of_second(world, "/off/x")
    assert not [line for line in calls if ".htaccess" in line], calls
    opens = [line for line in calls if re.match(r"(open|stat|newfstatat|fstat|statx|lstat)", line)]
    assert len(opens) == 2, calls  # the file: opened, and its size


def test_unchanged_file_is_not_read_again(world):
    """One look a level; what was parsed counts as long as the file is the same."""
    world.site("kept", "ForceType text/x-kept\n")
    made = os.stat(world.a.docroot / "kept/.htaccess").st_ctime
    wait_for(lambda: time.time() > made + 3, 30, "a file so old that its time stamp says enough")
    with world.server.connect() as c:
        for _ in range(2):
            assert c.get("/kept/x", world.a.name).header("Content-Type") == "text/x-kept"
        pid = child_of(world, c)
        with strace(pid, world.dir / "strace.out") as calls:
            assert c.get("/kept/x", world.a.name).header("Content-Type") == "text/x-kept"
    looks = [line for line in calls if ".htaccess" in line]
    assert len(looks) == 2 and not [line for line in looks if line.startswith("open")], calls


def test_change_counts_at_once(world):
    """On a kept connection, too, and within the same tick of the clock, with the same size."""
    world.site("change", "ForceType text/x-0\n")
    with world.server.connect() as c:
        for i in range(amount(30, 300)):
            text = f"ForceType text/x-{i % 10}\n"
            (world.a.docroot / "change/.htaccess").write_text(text)
            got = c.get("/change/x", world.a.name)
            assert got.header("Content-Type") == f"text/x-{i % 10}", i
        (world.a.docroot / "change/.htaccess").unlink()
        assert c.get("/change/x", world.a.name).header("Content-Type") is None
        world.a.file("change/.htaccess", "Require all denied\n")
        assert c.get("/change/x", world.a.name).status == 403
        world.a.file("change/.htaccess", "Nonsense\n")
        assert c.get("/change/x", world.a.name).status == 500


def test_unreadable(world):
    """Read as the site's user: who may not read it denies access, and the log says why."""
    world.site("mode", "", 0)
    root = world.a.docroot / "root-only"
    world.site("root-only", "")
    os.chown(root / ".htaccess", 0, 0)
    os.chmod(root / ".htaccess", 0o600)
    for name in ("mode", "root-only"):
        got = world.get(f"/{name}/x")
        assert got.status == 403 and NOTES in got.text
        world.said(rf"core:crit\].*\(13\)Permission denied: AH00529: \S*/{name}/\.htaccess "
                   r"pcfg_openfile: unable to check htaccess file, ensure it is readable and that "
                   rf"'\S*/{name}/' is executable")


def test_directory_that_may_not_be_entered(world):
    world.site("locked", "ForceType text/x-locked\n")
    os.chmod(world.a.docroot / "locked", 0)
    got = world.get("/locked/x")
    assert got.status == 403 and NOTES in got.text


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "directory", "loop", "other-user"])
def test_no_regular_file(world, kind):
    """Nothing hangs, and nothing is passed over as if it were not there."""
    world.site(kind, None)
    path = world.a.docroot / kind / ".htaccess"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        import socket
        with socket.socket(socket.AF_UNIX) as s:
            here = os.getcwd()
            os.chdir(path.parent)
            try:
                s.bind(".htaccess")
            finally:
                os.chdir(here)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "directory":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(".htaccess")
    else:
        secret = world.b.file("secret", "AuthName secret-of-b\n", 0o600)
        path.symlink_to(secret)
    begun = time.monotonic()
    got = world.get(f"/{kind}/x")
    assert got.status == 403 and NOTES in got.text
    assert time.monotonic() - begun < 20
    assert "secret-of-b" not in world.server.log(f"{world.a.name}-error.log")


def test_links_are_followed(world):
    world.site("linked", None)
    world.a.file("real-htaccess", "ForceType text/x-linked\n")
    (world.a.docroot / "linked/.htaccess").symlink_to("../real-htaccess")
    assert world.get("/linked/x").header("Content-Type") == "text/x-linked"


def test_too_large(world):
    """More than 4 MiB is an error, not a load; just below it is read."""
    world.site("huge", "# text\n" * (4 * 1024 * 1024 // 7 + 1))
    assert world.get("/huge/x").status == 500
    world.said(r"core:alert\].*/huge/\.htaccess: larger than 4194304 bytes")
    world.site("large", "# text\n" * (4 * 1024 * 1024 // 7 - 10) + "ForceType text/x-large\n")
    assert world.get("/large/x").header("Content-Type") == "text/x-large"


def test_too_many(world):
    """64 on the way are read, 65 are an error."""
    deep = "/".join(["deep", *"a" * 70])
    world.a.mkdir("deep")
    path = world.a.docroot / "deep"
    for i in range(70):
        path = path / "a"
        path.mkdir()
        world.a.own(path, 0o755)
        (path / ".htaccess").write_text(f"ForceType text/x-{i}\n")
        (path / "x").write_text("x\n")
        world.a.own(path / ".htaccess")
        world.a.own(path / "x")
    assert world.get("/deep/" + "a/" * 64 + "x").header("Content-Type") == "text/x-63"
    assert world.get(f"/{deep}/x").status == 500
    world.said(r"more than 64 \.htaccess files on the way")


def test_no_path_costs_more_than_its_length(world):
    """Directories that are not there are looked for once each, within the limits of a path."""
    begun = time.monotonic()
    assert world.get("/kept-not" + "/a" * 1500).status in (403, 404)
    assert time.monotonic() - begun < 20


HOSTILE = {
    "nul": b"ForceType text/x-a\0\nRequire all granted\n",
    "binary": bytes(range(256)) * 20,
    "nested": b"<Files x>\n" * 1000,
    "nested_if": b'<If "true">\n' * 500 + b"</If>\n" * 500,
    "unclosed": b"<Files x>\nForceType text/x-a\n",
    "no_name": b"<>\n</>\n",
    "open": b"<\n",
    "long_word": b"ForceType " + b"x" * 8000 + b" " + b"y" * 100 + b"\n",
    "expand": b"SetEnv A ${" + b"A" * 8000 + b"}\n<Nonsense\n",
    "regex": b'<FilesMatch "' + b"(" * 3000 + b")" * 3000 + b'">\n</FilesMatch>\n',
    "format": b"%s%s%n%n %s%n\n",
    "quotes": b'ForceType "text/x-a\n"\n\\\n\\',
    "require": b"<RequireAll>\n" * 200 + b"Require all granted\n" + b"</RequireAll>\n" * 200,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(world, name):
    """An error of the site's own, told in one line of its log; the server goes on."""
    world.site(f"h-{name}", HOSTILE[name])
    got = world.get(f"/h-{name}/x")
    assert got.status in (403, 500), got
    # The file's name with an escaped text behind it, and no byte that could end the line.
    log = world.server.log(f"{world.a.name}-error.log")
    lines = [line for line in log.splitlines() if f"/h-{name}/.htaccess" in line]
    assert lines and all(line.startswith("[") for line in lines), log[-2000:]
    assert world.server.get("/", world.b.name).status in (200, 403, 404)
    world.site("fine", "ForceType text/x-fine\n")
    assert world.get("/fine/x").header("Content-Type") == "text/x-fine"


def test_slow_pattern_is_bounded(world):
    """A pattern that goes back and forth for ever is given up: its section may restrict, so 500."""
    world.site("slow", '<FilesMatch "^(a+)+$">\nForceType text/x-slow\n</FilesMatch>\n')
    begun = time.monotonic()
    got = world.get("/slow/" + "a" * 200 + "b", timeout=60)
    assert got.status == 500
    assert time.monotonic() - begun < 60


def test_only_the_owner_suffers(world):
    """While a site's .htaccess is nonsense, others are served, and its log alone says so."""
    world.site("own", "Nonsense here\n")
    assert world.get("/own/x").status == 500
    world.said(r"\S*/own/\.htaccess: Invalid command 'Nonsense', perhaps misspelled or defined by "
               r"a module not included in the server configuration")
    world.b.file("x", "b\n")
    assert world.server.get("/x", world.b.name).text == "b\n"
    assert "Nonsense" not in world.server.log(f"{world.b.name}-error.log")
    assert "Nonsense" not in world.server.error_log()


def test_never_another_user(world):
    """Who a request runs as is nothing that a .htaccess can say."""
    for i, line in enumerate(("AssignUserID root root", "User root", "SuexecUserGroup root root",
                              "AssignUserIDExpr root", "LimitUIDRange 0 1")):
        world.site(f"who{i}", line + "\n")
        assert world.get(f"/who{i}/x").status == 500


def test_many_kept_at_a_time(world):
    """A connection through many directories keeps what it parsed within its bounds."""
    filler = "".join(f'SetEnvIf User-Agent "^{i}x" a{i}\n' for i in range(200))
    for i in range(20):
        world.site(f"many{i}", filler + f"ForceType text/x-{i}\n")
    with world.server.connect() as c:
        for i in range(amount(60, 600)):
            got = c.get(f"/many{i % 20}/x", world.a.name)
            assert (got.status, got.header("Content-Type")) == (200, f"text/x-{i % 20}")
        pid = child_of(world, c)
        with open(f"/proc/{pid}/statm") as f:
            pages = int(f.read().split()[1])
    assert pages * os.sysconf("SC_PAGE_SIZE") < 64 << 20
