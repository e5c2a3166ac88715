"""A php-fpm of the tests' own, in the foreground, with pools of the tests' users."""

import glob
import os
import re
import signal
import stat
import subprocess
from pathlib import Path

from itkd_proc import wait_for

GLOBAL = """[global]
pid = {dir}/fpm.pid
error_log = {dir}/fpm.log
daemonize = no
"""

POOL = """
[{name}]
user = {user}
group = {group}
listen = {listen}
listen.owner = {owner}
listen.group = {owner_group}
listen.mode = {mode}
pm = {pm}
pm.max_children = {children}
catch_workers_output = no
{lines}
"""


def program():
    """The php-fpm of the machine, whatever its version."""
    found = sorted(glob.glob("/usr/sbin/php-fpm*"))
    assert found, "php-fpm is not installed"
    return found[-1]


def version():
    """Its version as Debian's file names have it: 8.2."""
    return re.search(r"php-fpm([\d.]*)$", program())[1]


class PhpFpm:
    """
    pool() adds one: by default the user runs the programs and may open the socket. start() when
    all are there, close() at the end.
    """

    def __init__(self, directory, *options):
        self.dir = Path(directory)
        self.dir.mkdir(exist_ok=True)
        os.chmod(self.dir, 0o755)
        self.options = options
        self.sockets = []
        self.text = GLOBAL.format(dir=self.dir)
        self.process = None

    def pool(self, name, user, *lines, listen=None, owner=None, owner_group=None, mode="0660",
             pm="static", children=2):
        """Returns where it listens."""
        listen = listen or str(self.dir / f"{name}.sock")
        self.text += POOL.format(name=name, user=user, group=user, listen=listen,
                                 owner=owner or user, owner_group=owner_group or owner or user,
                                 mode=mode, pm=pm, children=children, lines="\n".join(lines))
        if listen.startswith("/"):
            self.sockets.append(listen)
        return listen

    def start(self):
        conf = self.dir / "fpm.conf"
        conf.write_text(self.text)
        self.process = subprocess.Popen(
            [program(), "-F", "-y", str(conf), *self.options], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._ready, 30, "php-fpm: " + self.log)
        return self

    def _ready(self):
        assert self.process.poll() is None, self.log
        return "ready to handle connections" in self.log and all(
            stat.S_ISSOCK(os.stat(s).st_mode) for s in self.sockets)

    @property
    def log(self):
        path = self.dir / "fpm.log"
        return path.read_text() if path.exists() else ""

    def close(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
            self.process = None
