"""
Issue point 4: who each process is, read from /proc from outside while it works, and that one
site's files are closed to another. tests/breach has the tries from the inside.
"""

import grp
import os
import pwd
import re
import shutil
import stat
import struct
import subprocess
from pathlib import Path

import pytest

from itkd import BUILD, Config, Proc, Site, compile_c, wait_for
from itkd_site import SETGID_GROUP
from programs import CHANGE_ID, PROBE, SETGID

CAP_SETGID, CAP_SETUID, CAP_SYS_NICE = 6, 7, 23
SPARE_CAPS = 1 << CAP_SETGID | 1 << CAP_SETUID | 1 << CAP_SYS_NICE
AT_ENTRY = 9  # of the auxiliary vector: where the program begins
OUTSIDE = 64123  # an id that no range of these tests allows, below 65536 for the i386 calls


class World:
    """a with nice 7 and a supplementary group, b with nice -5 over TLS, number by #uid #gid."""


@pytest.fixture(scope="module")
def world(module_tmp, module_start, tls):
    w = World()
    w.a, w.b, w.main = (Site(letter, module_tmp) for letter in ("a", "b", "main"))
    w.config = Config(module_tmp, tls, w.main)
    for site in (w.a, w.b):
        site.program("probe", PROBE)
        w.config.vhost(site, f"NiceValue {7 if site is w.a else -5}")
        w.config.vhost(site, f"NiceValue {7 if site is w.a else -5}", tls=True)
    w.config.vhost(w.a, f"AssignUserID #{w.a.uid} #{w.a.gid}", name="number.test", assign=False)
    w.config.vhost(w.a, f"AssignUserID {w.a.user} {w.b.group}", name="mixed.test", assign=False)
    w.config.vhost(w.main, name="unassigned.test", assign=False)
    w.main.program("probe", PROBE)
    w.config.main("KeepAlive On")
    nofile = "3000:4000"
    w.server = module_start(w.config, prefix=["prlimit", f"--nofile={nofile}"])
    return w


def probe(world, host, tls=False):
    """What the CGI program was given: {key: [words]}, fds as {number: target}."""
    answer = world.server.get("/cgi-bin/probe", host, tls=tls)
    assert answer.status == 200, f"{answer}\n{world.server.logs_text()}"
    found = {"fds": {}}
    for line in answer.text.splitlines():
        key, *words = line.replace(":", " ", 1 if line[0].isupper() else 0).split()
        if key == "fd":
            found["fds"][int(words[0])] = words[1]
        else:
            found[key] = words
    return found


def working(world, site, tls=False):
    """A child and its CGI program at work: (child, cgi)."""
    [c] = world.server.hold(site, tls=tls)
    [cgi] = site.held()
    child = Proc(cgi.ppid)
    assert child.comm == "itkd: child"
    return c, child, cgi


def waiting(world):
    """The spares, if there are some and all of them have become what they are, to stay it."""
    world.server.wait_idle()
    spares = world.server.spares()
    return all(p.waits_in("recvmsg") for p in spares) and spares


def ended(site):
    site.release()
    wait_for(lambda: not site.held(), 30, "the CGI programs to end")


def assert_no_power(proc, bounding):
    caps = proc.caps()
    assert caps["Eff"] == caps["Prm"] == caps["Inh"] == caps["Amb"] == 0, proc
    assert (caps["Bnd"] == 0) != bounding, proc


def test_master(world):
    """4: the master is root and alone; its comm says what it is."""
    master = world.server.master
    assert master.comm == "itkd: master" and master.uids == (0,) * 4
    assert not any("TCP" in link for link in master.fds().values())


@pytest.mark.parametrize("role, user", [("front", "_itkd"), ("log", "_itkdlog")])
def test_service_processes(world, role, user):
    """4: front and logger: own user, no group, no capability, no_new_privs, empty root, hidden."""
    entry = pwd.getpwnam(user)
    processes = world.server.named(f"itkd: {role}")
    assert processes
    # Whoever makes a directory of its own, and is killed meanwhile, leaves it in /run.
    assert {p.link("root") for p in processes} == {world.server.fronts()[0].link("root")}
    for p in processes:
        assert p.uids == (entry.pw_uid,) * 4 and p.gids == (entry.pw_gid,) * 4
        assert p.groups == []
        assert_no_power(p, bounding=False)
        assert p.status["NoNewPrivs"] == "1"
        assert os.listdir(f"/proc/{p.pid}/root") == []
        assert os.listdir(f"/proc/{p.pid}/cwd") == []
        assert p.link("root") == p.link("cwd") != "/"
        assert not os.access(f"/proc/{p.pid}/root/bin/sh", os.F_OK)
        assert not p.dumpable
        if role == "front":
            assert os.getsid(p.pid) == p.pid, "others of its session may send it SIGCONT"
        written = os.stat(f"/proc/{p.pid}/root")
        assert not (written.st_mode & 0o022 or written.st_uid == entry.pw_uid), "it could fill it"


def test_the_logger_has_no_secret(world):
    """4: what the master makes digest nonces of is not in the memory of the log process."""
    program = BUILD / "itkd-master"
    names = subprocess.run(["nm", program], check=True, capture_output=True, text=True).stdout
    [symbol] = re.findall(r"^(\w+) b secret\b", names, re.M)
    entry = struct.unpack_from("<Q", program.read_bytes(), 24)[0]

    def held(process):
        words = struct.iter_unpack("<QQ", Path(f"/proc/{process.pid}/auxv").read_bytes())
        base = dict(words)[AT_ENTRY] - entry
        with open(f"/proc/{process.pid}/mem", "rb") as memory:
            memory.seek(base + int(symbol, 16))
            return memory.read(32)

    assert any(held(world.server.master))
    for p in world.server.logger():
        assert held(p) == bytes(32)


def test_fronts_count(world):
    """design 2: one front per online CPU."""
    assert len(world.server.fronts()) == os.cpu_count()


@pytest.mark.sandbox
def test_service_processes_have_a_filter(world):
    """4: Seccomp 2 for fronts and the logger, 0 for what a vhost runs (no range is set)."""
    for p in world.server.fronts() + world.server.logger():
        assert p.status["Seccomp"] == "2", p
    for p in wait_for(lambda: waiting(world), 30, "the spares to wait for work"):
        assert p.status["Seccomp"] == "0", p
    assert probe(world, "a.test")["Seccomp"] == ["0"]


def test_front_holds_no_file(world):
    """4: nothing in a front's descriptors leads to a file below a site or to the config."""
    for p in world.server.fronts():
        for link in p.fds().values():
            assert not link.startswith((str(world.a.root), str(world.b.root))), link
            assert not link.endswith((".conf", ".key")), link


def test_spare(world):
    """4: a spare has three capabilities and no more, and is not dumpable."""
    spares = wait_for(lambda: waiting(world), 30, "the spares to wait for work")
    for p in spares:
        caps = p.caps()
        assert caps["Eff"] == caps["Prm"] == SPARE_CAPS, p
        assert caps["Inh"] == caps["Amb"] == 0
        assert p.uids == (0,) * 4

    def readable(pid):
        # A root of just these capabilities may read /proc/PID/environ of its like, if dumpable.
        return subprocess.run(
            ["setpriv", "--bounding-set", "-all,+setuid,+setgid,+sys_nice", "cat",
             f"/proc/{pid}/environ"], capture_output=True, timeout=60).returncode == 0

    sleeper = subprocess.Popen(["setpriv", "--bounding-set", "-all,+setuid,+setgid,+sys_nice",
                                "sleep", "60"])
    try:
        wait_for(lambda: Proc(sleeper.pid).comm == "sleep", 30, "sleep to run")
        assert readable(sleeper.pid), "the check itself does not work here"
        assert not any(readable(p.pid) for p in world.server.spares())
    finally:
        sleeper.kill()
        sleeper.wait()


@pytest.mark.parametrize("letter, secure, nice", [
    ("a", False, 7), ("b", True, -5), ("b", False, -5)])
def test_child_and_cgi_from_outside(world, letter, secure, nice):
    """4: child and CGI have the vhost's ids, groups of initgroups, nice, umask, no capability."""
    site = getattr(world, letter)
    c, child, cgi = working(world, site, secure)
    try:
        for p in (child, cgi):
            assert p.uids == (site.uid,) * 4 and p.gids == (site.gid,) * 4
            assert p.groups == site.groups
            assert_no_power(p, bounding=True)
            assert p.nice == nice
            assert p.status["NoNewPrivs"] == "0"
            assert p.status["Umask"] == "0022"
        assert not child.dumpable and cgi.dumpable
        assert child.group == child.pid == cgi.group, "the child leads a group of its own"
        assert len(site.groups) == (2 if letter == "a" else 1)
    finally:
        ended(site)
        c.close()


def test_child_holds_only_its_own(world):
    """Invariant 3: connection and logs; no listener, queue, memfd or other site's log."""
    c, child, cgi = working(world, world.a)
    try:
        links = list(child.fds().values())
        logs = [link for link in links if link.startswith(str(world.config.logs))]
        assert {os.path.basename(link) for link in logs} <= {"a.test-error.log",
                                                             "a.test-access.log"}
        assert not [link for link in links if "memfd" in link], links
        sockets = [link for link in links if link.startswith("socket:")]
        assert len(sockets) == 1, links
        wait_for(lambda: not any(set(sockets) & set(front.fds().values())
                                 for front in world.server.fronts()), 30,
                 "the fronts to let go of it")
        assert len(links) < 16, links
        wait_for(lambda: set(cgi.fds()) == {0, 1, 2}, 30, "the program to have 0, 1, 2 alone")
    finally:
        ended(world.a)
        c.close()


@pytest.mark.parametrize("host, letter, secure, nice", [
    ("a.test", "a", False, "7"), ("a.test", "a", True, "7"), ("b.test", "b", False, "-5")])
def test_cgi_from_inside(world, host, letter, secure, nice):
    """4, 8: what a CGI program finds: ids, pipes and nothing else, no signal blocked/ignored."""
    site = getattr(world, letter)
    seen = probe(world, host, secure)
    assert seen["uids"] == [str(site.uid)] * 3 and seen["gids"] == [str(site.gid)] * 3
    assert sorted(map(int, seen["groups"])) == site.groups
    assert seen["nice"] == [nice] and seen["umask"] == ["0022"]
    assert set(seen["fds"]) == {0, 1, 2}
    assert all(link.startswith("pipe:") for link in seen["fds"].values()), seen["fds"]
    for mask in ("SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(seen[mask][0], 16) == 0, mask
    assert int(seen["CapBnd"][0], 16) != 0
    assert seen["NoNewPrivs"] == ["0"]
    assert seen["nofile"] == ["3000", "4000"], "the limit that itkd was started with"


def test_bare_number_has_only_its_gid(world):
    """4: AssignUserID #uid #gid: no supplementary group of the user that has this number."""
    seen = probe(world, "number.test")
    assert seen["uids"] == [str(world.a.uid)] * 3 and seen["gids"] == [str(world.a.gid)] * 3
    assert set(map(int, seen["groups"])) <= {world.a.gid}


def test_groups_are_of_the_assigned_gid(world):
    """4: as initgroups(user, assigned gid): the assigned group instead of the user's own."""
    seen = probe(world, "mixed.test")
    expected = sorted(os.getgrouplist(world.a.user, world.b.gid))
    assert seen["gids"] == [str(world.b.gid)] * 3
    assert sorted(map(int, seen["groups"])) == expected


def test_without_assign_user_id(world):
    """3: a vhost without AssignUserID runs as User and Group."""
    seen = probe(world, "unassigned.test")
    assert seen["uids"] == [str(world.main.uid)] * 3 and seen["gids"] == [str(world.main.gid)] * 3


def test_setgid_program_gains_its_group(world, module_tmp):
    """4: a set-gid program as Postfix's postdrop works from CGI."""
    group = grp.getgrnam(SETGID_GROUP).gr_gid
    program = compile_c(SETGID, module_tmp / "drop")
    os.chown(program, 0, group)
    os.chmod(program, 0o2755)
    world.a.cgi("post", f"#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n{program}\n")
    assert world.server.get("/cgi-bin/post", world.a).text.split() == [
        str(world.a.gid), str(group), str(group)]


# -- LimitUIDRange and LimitGIDRange

def change_ids(start, tmp, tls, main_site, site, ranges):
    """What a set-uid-root program below a CGI program gets: {"u"/"g": {name: result}}."""
    config = Config(tmp, tls, main_site, User=site.user, Group=site.group)
    program = compile_c(CHANGE_ID, tmp / "change-id")
    os.chown(program, 0, 0)
    os.chmod(program, 0o4755)
    for kind in "ug":
        site.cgi(f"try-{kind}", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
                 f"{program} {kind} $QUERY_STRING\n")
    if ranges:
        config.main(f"LimitUIDRange {site.uid} {site.uid}",
                    f"LimitGIDRange {site.gid} {site.gid}")
    config.vhost(site)
    server = start(config)

    def attempt(kind, number):
        answer = server.get(f"/cgi-bin/try-{kind}?{number}", site)
        assert answer.status == 200, server.logs_text()
        return dict(line.split() for line in answer.text.splitlines())

    return attempt


EPERM, ENOSYS = "-1", "-38"


@pytest.mark.sandbox
def test_ranges_hold_for_set_uid_programs(start, tmp, tls, main_site, site_a):
    """4: with the directives set, the kernel gives EPERM to everything that the vhost starts."""
    attempt = change_ids(start, tmp, tls, main_site, site_a, True)
    for kind in "ug":
        got = attempt(kind, OUTSIDE)
        assert len(got) >= 8
        wrong = {name: result for name, result in got.items() if result != EPERM}
        assert not wrong
    assert attempt("u", 0)["setuid"] == EPERM, "0 is outside of the range as well"


@pytest.mark.sandbox
def test_ranges_allow_what_is_inside(start, tmp, tls, main_site, site_a):
    """4: ids of the range, and -1 for "leave it", still work for a set-uid program."""
    attempt = change_ids(start, tmp, tls, main_site, site_a, True)
    for kind, number in (("u", site_a.uid), ("g", site_a.gid)):
        for name, result in attempt(kind, number).items():
            if not name.startswith(("i386", "x32")):
                assert result == "0", name


def test_without_ranges_set_uid_programs_work(start, tmp, tls, main_site, site_a):
    """4: unset, there is no filter: exim and sudo work from a site's scripts."""
    attempt = change_ids(start, tmp, tls, main_site, site_a, False)
    for kind in "ug":
        for name, result in attempt(kind, OUTSIDE).items():
            allowed = ("0",) if not name.startswith(("i386", "x32")) else ("0", ENOSYS, "killed")
            assert result in allowed, (name, result)


# -- one site's files and another site

@pytest.fixture(scope="module")
def files(module_tmp, module_start, tls):
    """a has private.txt (0600) and private/ (0700); b tries to reach it in every way."""
    tmp = module_tmp / "files"
    tmp.mkdir(mode=0o755)
    w = World()
    w.a, w.b = Site("a", tmp), Site("b", tmp)
    w.a.file("private.txt", "private of a\n", 0o600)
    w.a.mkdir("private", 0o700)
    w.a.file("private/there.txt", "there\n", 0o644)
    w.a.cgi("private.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nran\\n'\n", 0o700)
    w.b.symlink("link.txt", w.a.docroot / "private.txt")
    w.b.symlink("there.txt", w.a.docroot / "private/there.txt")
    w.b.symlink("missing.txt", w.a.docroot / "private/missing.txt")
    w.b.symlink("dir", w.a.docroot / "private")
    w.b.cgi("read", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
            f"cat '{w.a.docroot}/private.txt' 2>&1 || echo denied\n")
    w.config = Config(tmp, tls, Site("main", tmp))
    w.config.vhost(w.a)
    w.config.vhost(w.b, f'Alias "/of-a/" "{w.a.docroot}/"',
                   f'ScriptAlias "/run-a/" "{w.a.cgi_bin}/"',
                   f'<Directory "{tmp}/sites">', "Require all granted", "Options FollowSymLinks",
                   "</Directory>")
    w.server = module_start(w.config)
    return w


def test_own_private_file(files):
    """4: mode 0600 of a's user is served by a."""
    answer = files.server.get("/private.txt", files.a)
    assert (answer.status, answer.text) == (200, "private of a\n")
    assert files.server.get("/private/there.txt", files.a).status == 200


@pytest.mark.parametrize("path", ["/of-a/private.txt", "/link.txt", "/of-a/private/there.txt",
                                  "/there.txt", "/dir/there.txt", "/dir/", "/of-a/private/",
                                  "/run-a/private.sh"])
def test_private_file_through_another_site(files, path):
    """4: nothing through b, by path, by symlink, by directory, by running it."""
    answer = files.server.get(path, files.b)
    # What cannot be executed is 500, as in Apache.
    assert answer.status == (500 if path.startswith("/run-a/") else 403), answer
    assert b"private of a" not in answer.body and b"ran" not in answer.body.split(b"\n")


@pytest.mark.parametrize("path, line", [
    ("/of-a/private.txt", "AH00132: file permissions deny server access: {a}/private.txt$"),
    ("/of-a/private/there.txt", "AH00035: access to {a}/private/there.txt denied "
     "[(]filesystem path '{a}/private'[)] because search permissions are missing"),
    ("/dir/there.txt", "AH00035: access to {b}/dir/there.txt denied [(]filesystem path '{b}/dir'"),
])
def test_what_is_closed_is_named(files, path, line):
    """15: the log names the directory that b's user may not pass, as Apache's does."""
    files.server.get(path, files.b)
    line = line.format(a=files.a.docroot, b=files.b.docroot)
    files.server.wait_log(r"[(]13[)]Permission denied: " + line, "b.test-error.log")


def test_private_file_through_cgi(files):
    """4: a CGI program of b cannot read it."""
    text = files.server.get("/cgi-bin/read", files.b).text
    assert "private of a" not in text and "denied" in text


@pytest.mark.parametrize("there, missing", [
    ("/of-a/private/there.txt", "/of-a/private/missing.txt"),
    ("/there.txt", "/missing.txt"),
    ("/dir/there.txt", "/dir/missing.txt"),
    ("/dir/there.txt/more", "/dir/missing.txt/more"),
    ("/dir/there.txt/", "/dir/missing.txt/"),
])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_no_existence_oracle(files, there, missing, method):
    """4: b cannot tell whether a file of a exists: same status, fields and page."""
    first = files.server.get(there, files.b, method=method)
    second = files.server.get(missing, files.b, method=method)
    assert first.status == second.status and first.status in (403, 405)
    names = [[name for name, _ in answer.headers] for answer in (first, second)]
    assert names[0] == names[1]
    assert first.text.replace(there, "X") == second.text.replace(missing, "X")


def test_site_b_sees_no_process_of_a(files, start):
    """Section 2 of design: what a vhost runs cannot signal a front, the logger or the master."""
    targets = files.server.fronts() + files.server.logger() + [files.server.master]
    pids = " ".join(str(p.pid) for p in targets)
    files.b.cgi("signal", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
                f"for p in {pids}; do kill -STOP $p 2>/dev/null && echo \"stopped $p\"; done\n"
                "echo end\n")
    assert files.server.get("/cgi-bin/signal", files.b).text == "end\n"
    assert all(p.state != "T" for p in targets)


def test_user_files_are_not_executed_by_root(files, tmp):
    """4: what a CGI program makes belongs to the vhost's user, with umask 022."""
    made = files.a.docroot / "made"
    files.a.cgi("make", f"#!/bin/sh\n: > '{made}'\nprintf 'Status: 204\\n\\n'\n")
    assert files.server.get("/cgi-bin/make", files.a).status == 204
    info = made.stat()
    assert (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) == (
        files.a.uid, files.a.gid, 0o644)


def test_tools_are_there():
    """The tests above rest on setpriv and prlimit of util-linux."""
    assert shutil.which("setpriv") and shutil.which("prlimit")
