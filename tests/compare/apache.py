"""The Apache of this machine, with a config of its own, beside the services of the system."""

import contextlib
import os
import socket
import subprocess
from pathlib import Path

from itkd import Proc, descendants, wait_for

APACHE = "/usr/sbin/apache2"
MODULE_DIR = Path("/usr/lib/apache2/modules")


def load_modules(names):
    """LoadModule lines, mpm_itk last: it wants mpm_prefork before it."""
    lines = [f"LoadModule {n}_module {MODULE_DIR}/mod_{n}.so" for n in dict.fromkeys(names)]
    return lines + [f"LoadModule mpm_itk_module {MODULE_DIR}/mpm_itk.so"]


class Apache:
    """start() -> stop(). file: the config, with PidFile and Listen in it."""

    name = "Apache"

    def __init__(self, directory, file, port, env=None):
        self.dir, self.file, self.port = Path(directory), Path(file), port
        self.env = {**environment(), **(env or {})}
        self.console = self.dir / "apache-console.log"
        self.popen = None

    def check(self):
        """-t: CompletedProcess of text."""
        return subprocess.run([APACHE, "-t", "-f", self.file], capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL, env=self.env)

    def start(self):
        with open(self.console, "ab") as out:
            self.popen = subprocess.Popen(
                [APACHE, "-D", "FOREGROUND", "-f", self.file], stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True, env=self.env)
        wait_for(self._listens, 30, "Apache to listen")
        return self

    def _listens(self):
        if self.popen.poll() is not None:
            raise AssertionError(f"Apache ended at start-up:\n{self.console.read_text()}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5):
            return True
        return False

    def wait_idle(self):
        """Until each process that mpm-itk made for a connection has ended, and logged."""
        wait_for(lambda: not [p for child in Proc(self.popen.pid).children()
                              for p in child.children() if p.comm == "apache2"], 30,
                 "the connections to end")

    def stop(self):
        if self.popen is None or self.popen.poll() is not None:
            return
        below = descendants(self.popen.pid)
        self.popen.terminate()
        try:
            self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(30)
        for p in below:
            p.kill(9)
        # Each of them holds the port that the next server listens on.
        wait_for(lambda: not any(p.alive for p in below), 30, "Apache's processes to end")


def environment():
    """Only what Debian's envvars would leave: no variable of the test's own."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C"}
