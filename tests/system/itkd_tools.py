"""What several system tests need beside itkd.py: programs from data/, gates, raw bytes."""

import contextlib
import errno
import os
import socket
import subprocess
from pathlib import Path

from itkd import Connection, Proc, Truncated, wait_for

DATA = Path(__file__).resolve().parent / "data"
GONE = (Truncated, ConnectionError)


def install(site, name, program=None, mode=0o700):
    """Puts data/PROGRAM (default: name) into the site's cgi-bin; @RUN@ in it is run_dir(site)."""
    text = (DATA / (program or name)).read_text()
    return site.cgi(name, text.replace("@RUN@", str(run_dir(site))), mode)


def run_dir(site):
    """Where the site's programs leave what a test looks at."""
    return site.mkdir(site.root / "run", 0o755)


class Gate:
    """A FIFO that a program of the site waits at: `read line < FIFO`."""

    def __init__(self, site, name):
        self.path = run_dir(site) / name
        if not self.path.exists():
            os.mkfifo(self.path)
        site.own(self.path, 0o666)

    def open(self, timeout=30):
        """Waits until a program stands at the gate and lets it pass."""
        fd = wait_for(self._reader, timeout, f"a program at the gate {self.path.name}")
        os.write(fd, b"go\n")
        os.close(fd)

    def _reader(self):
        try:
            return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
        return None


def noted(site, name, timeout=30):
    """The processes whose ids a program has written into run/NAME (by a rename)."""
    path = run_dir(site) / name
    wait_for(path.exists, timeout, f"a program to write {name}")
    found = [Proc(int(pid)) for pid in path.read_text().split()]
    path.unlink()
    return found


def wait_gone(procs, timeout=30):
    """Waits until none of the processes runs."""
    wait_for(lambda: not any(p.alive for p in procs), timeout, f"the end of {procs}")


def exchange(server, data, timeout=30, half_close=False):
    """Sends bytes on a plain connection and gives everything that comes back up to its end."""
    with Connection(server.port, timeout=timeout) as c:
        c.send(data)
        if half_close:
            c.half_close()
        try:
            return c.read_all()
        except ConnectionResetError:
            return c.buffer


def status_of(data):
    """The status of the first answer in raw bytes; 0 where there is none."""
    line = data.split(b"\r\n", 1)[0].split(b" ")
    return int(line[1]) if line[0].startswith(b"HTTP/") and len(line) > 1 else 0


def statuses(data):
    """The statuses of all answers in raw bytes (bodies must not hold such a line)."""
    return [int(part[2:5]) for part in data.split(b"HTTP/1.")[1:]]


@contextlib.contextmanager
def as_user(site, *command):
    """A program that runs as the site's user during the block."""
    popen = subprocess.Popen(command, user=site.uid, group=site.gid, extra_groups=[],
                             stdin=subprocess.DEVNULL, cwd="/")
    try:
        yield popen
    finally:
        popen.kill()
        popen.wait(30)


def holder_of(sock, procs):
    """Which of the processes holds the server's end of this client socket, or None."""
    inode = _peer_inode(sock)
    for p in procs:
        if inode and f"socket:[{inode}]" in p.fds().values():
            return p
    return None


def _peer_inode(sock):
    """The inode of the other end of a loopback TCP connection over IPv4."""
    local, remote = _proc_address(sock.getpeername()), _proc_address(sock.getsockname())
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == local and fields[2] == remote:
            return int(fields[9])
    return 0


def _proc_address(address):
    host = int.from_bytes(socket.inet_aton(address[0]), "little")
    return f"{host:08X}:{address[1]:04X}"


def secure(connection, context, sni=None, session=None):
    """The TLS handshake on a Connection that is open; without an SNI name where it is None."""
    connection.sock = context.wrap_socket(connection.sock, server_hostname=sni, session=session,
                                          suppress_ragged_eofs=False)
    return connection


def s_client(server, *args, send=b"", name="a.test", timeout=30):
    """`openssl s_client` to the TLS port; CompletedProcess of text (both outputs in stdout)."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.tls_port}", "-CAfile",
               str(server.config.tls.ca), "-servername", name, "-ign_eof", *map(str, args)]
    done = subprocess.run(command, input=send, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout)
    done.stdout = done.stdout.decode("utf-8", "replace")
    return done
