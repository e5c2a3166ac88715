"""Users, their sites and certificates: what a server serves. Exported by itkd.py."""

import contextlib
import fcntl
import grp
import os
import pwd
import signal
import subprocess
from pathlib import Path

from itkd_proc import Proc

SITE_USERS = ("itkt-main", "itkt-a", "itkt-b", "itkt-c")
SERVICE_USERS = ("_itkd", "_itkdlog")
EXTRA_GROUP = "itkt-extra"  # itkt-a is in it besides its own
SETGID_GROUP = "itkt-drop"  # nobody's: what a set-gid program gains
CERTIFICATE_NAMES = ("std.test", "a.test", "b.test", "c.test", "main.test")


def run(*command, **how):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300,
                          **how)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def write_file(path, content, mode=0o644, owner=None):
    """Writes text or bytes; owner: (uid, gid)."""
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    new = path.with_name(path.name + ".new")
    new.write_bytes(data)
    if owner:
        os.chown(new, *owner)
    os.chmod(new, mode)
    new.rename(path)
    return path


def compile_c(source, output, *flags):
    """A C program out of source text."""
    run("gcc", "-O1", "-Wall", "-x", "c", "-", "-o", output, *flags, input=source)
    return Path(output)


class Users:
    """
    The Unix users of the tests. Sessions that run at the same time share them: each holds a
    shared lock, and the last one takes away what any of them made.
    """

    LOCK = "/tmp/itkd-test-users.lock"

    def _open(self):
        """The mutex, held; opened again when the last session took the file away meanwhile."""
        while True:
            self.mutex = open(self.LOCK + ".mutex", "a")
            fcntl.flock(self.mutex, fcntl.LOCK_EX)
            with contextlib.suppress(OSError):
                if os.fstat(self.mutex.fileno()).st_ino == os.stat(self.mutex.name).st_ino:
                    break
            self.mutex.close()
        self.lock = open(self.LOCK, "a+")

    def create(self):
        self._open()
        fcntl.flock(self.lock, fcntl.LOCK_SH)
        try:
            for group in (EXTRA_GROUP, SETGID_GROUP):
                self._make("group", group, grp.getgrnam, "groupadd", "--system", group)
            for user in SITE_USERS + SERVICE_USERS:
                self._make("user", user, pwd.getpwnam, "useradd", "--system", "--user-group",
                           "--no-create-home", "--home-dir", "/nonexistent", "--shell",
                           "/usr/sbin/nologin", user)
            run("usermod", "-a", "-G", EXTRA_GROUP, "itkt-a")
        finally:
            fcntl.flock(self.mutex, fcntl.LOCK_UN)

    def _make(self, kind, name, lookup, *command):
        try:
            lookup(name)
        except KeyError:
            run(*command)
            self.lock.write(f"{kind} {name}\n")
            self.lock.flush()

    def remove(self):
        fcntl.flock(self.mutex, fcntl.LOCK_EX)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.mutex.close()
            self.lock.close()
            return
        self.lock.seek(0)
        for line in self.lock.read().split("\n"):
            kind, _, name = line.partition(" ")
            if kind:
                subprocess.run(["userdel" if kind == "user" else "groupdel", name],
                               stderr=subprocess.DEVNULL, timeout=60)
        for path in (self.LOCK, self.LOCK + ".mutex"):
            with contextlib.suppress(OSError):
                os.unlink(path)


HOLD = """#!/bin/sh
: > "{held}/$$"
printf 'Content-Type: text/plain\\r\\n\\r\\nheld\\n'
exec sleep 600
"""

ENV = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
env
"""


class Site:
    """
    letter "a" is the user itkt-a and the ServerName a.test; "main" the main server's.
    docroot has index.html ("site a\\n", 0640), cgi_bin has the programs `env` (prints its
    environment) and `hold` (registers itself, then sleeps 600 s: held(), release()).
    """

    def __init__(self, letter, directory):
        self.letter = letter
        self.user = f"itkt-{letter}"
        self.group = self.user
        entry = pwd.getpwnam(self.user)
        self.uid, self.gid = entry.pw_uid, entry.pw_gid
        self.groups = sorted(os.getgrouplist(self.user, self.gid))
        self.name = f"{letter}.test"
        self.root = Path(directory) / "sites" / letter
        self.docroot = self.root / "htdocs"
        self.cgi_bin = self.root / "cgi-bin"
        self._held = self.root / "held"
        self.root.parent.mkdir(exist_ok=True)
        for path in (self.root, self.docroot, self.cgi_bin, self._held):
            self.mkdir(path, 0o755 if path in (self.docroot, self.cgi_bin) else 0o711)
        self.file("index.html", f"site {letter}\n")
        self.cgi("env", ENV)
        self.cgi("hold", HOLD.format(held=self._held))

    def __repr__(self):
        return f"<Site {self.letter}>"

    def own(self, path, mode=None):
        os.chown(path, self.uid, self.gid, follow_symlinks=False)
        if mode is not None:
            os.chmod(path, mode)
        return Path(path)

    def mkdir(self, path, mode=0o755):
        """A directory of the site's user; a relative path is below docroot."""
        path = self.docroot / path
        path.mkdir(exist_ok=True)
        return self.own(path, mode)

    def file(self, path, content="", mode=0o640):
        """A file of the site's user; a relative path is below docroot."""
        return write_file(self.docroot / path, content, mode, (self.uid, self.gid))

    def symlink(self, path, target):
        path = self.docroot / path
        path.symlink_to(target)
        return self.own(path)

    def cgi(self, name, script, mode=0o700):
        return write_file(self.cgi_bin / name, script, mode, (self.uid, self.gid))

    def program(self, name, source, *flags, mode=0o700, directory=None):
        """A compiled C program of the site's user, in cgi-bin unless said otherwise."""
        return self.own(compile_c(source, (directory or self.cgi_bin) / name, *flags), mode)

    def held(self):
        """The `hold` programs that run now: what got the number of one later is another's."""
        procs = [Proc(int(p.name)) for p in self._held.iterdir() if p.name.isdigit()]
        return [p for p in procs if p.alive and f"{self.cgi_bin}/hold" in p.read("environ")]

    def release(self, number=signal.SIGTERM):
        """Ends them all."""
        for p in self.held():
            p.kill(number)


class Tls:
    """A CA and certificates (P-256) by the openssl program; keys are root's alone."""

    def __init__(self, directory, names=CERTIFICATE_NAMES):
        self.dir = Path(directory)
        self.dir.mkdir(exist_ok=True)
        self.ca = self.dir / "ca.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-keyout", self.dir / "ca.key", "-out", self.ca, "-days", "30",
                      "-subj", "/CN=itkd test CA")
        for name in names:
            self.issue(name)

    def issue(self, name):
        """Certificate and key for name and www.NAME."""
        request, extra = self.dir / f"{name}.csr", self.dir / f"{name}.ext"
        write_file(extra, f"subjectAltName=DNS:{name},DNS:www.{name}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-keyout", self.key(name), "-out", request, "-subj", f"/CN={name}")
        os.chmod(self.key(name), 0o600)
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey",
                      self.dir / "ca.key", "-CAcreateserial", "-out", self.cert(name), "-days",
                      "30", "-extfile", extra)

    def cert(self, name):
        return self.dir / f"{name}.pem"

    def key(self, name):
        return self.dir / f"{name}.key"

    @staticmethod
    def _openssl(*args):
        run("openssl", *args)
