"""
Raw bytes for itkd, Apache and nginx, and what became of them. Used by test_raw.py.

An outcome is a line: each answer's status, with `=` and the body where that is a word, `~` where
nothing but the end of the connection ends it; then the connection's fate. `kept`: a second request,
which is always sent behind the bytes, was answered as one. `closed`, `reset`: it was not. Then the
client closes its half, so that nobody waits for more.
"""

import contextlib
import dataclasses
import os
import re
import socket
import ssl
import subprocess

from apache import Apache, load_modules
from itkd import Config, Server, Site, free_port, tls_context, wait_for, write_file
from itkd_http import Response

NGINX = "/usr/sbin/nginx"
SERVERS = ("itkd", "Apache", "nginx")
PROBE = b"GET /probe HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
WORD = re.compile(rb"[\w.-]{1,24}\Z")
TIMEOUT = 10
ECHO = """#!/bin/sh
n=$(wc -c)
printf 'Content-Type: text/plain\\r\\n\\r\\n%s.%s' "$REQUEST_METHOD" "$n"
"""


@dataclasses.dataclass
class Row:
    """
    data: what is sent. itkd: the outcome. apache, nginx: theirs, where they differ, and then why is
    what makes ours right. alone: the second request is not sent, since it would be a part of it.
    """
    name: str
    data: str
    itkd: str
    apache: str = ""
    nginx: str = ""
    why: str = ""
    alone: bool = False

    @property
    def bytes(self):
        return self.data.encode("latin-1") + (b"" if self.alone else PROBE)

    def expected(self, server):
        return (self.apache if server == "Apache" else self.nginx) or self.itkd


class Wire:
    """A connection on which all is sent at once, and all that comes is kept."""

    def __init__(self, port, context=None):
        self.sock = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got, self.reset = b"", False
        if context:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="a.test")
            self.turn(self.tls.do_handshake)
        else:
            self.tls = None

    def turn(self, step):
        """One step of TLS, with the bytes that it needs."""
        while True:
            try:
                result = step()
                self.sock.sendall(self.outgoing.read())
                return result
            except ssl.SSLWantReadError:
                self.sock.sendall(self.outgoing.read())
                data = self.sock.recv(65536)
                if data:
                    self.incoming.write(data)
                else:
                    self.incoming.write_eof()

    def finish(self):
        """Nothing more will be sent: FIN, or close_notify."""
        if not self.tls:
            self.sock.shutdown(socket.SHUT_WR)
            return
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLError):
            self.tls.unwrap()
        self.sock.sendall(self.outgoing.read())

    def read(self):
        if not self.tls:
            return self.sock.recv(65536)
        try:
            return self.turn(lambda: self.tls.read(65536))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError) as error:
            self.reset |= isinstance(error, ssl.SSLEOFError)
            return b""

    def talk(self, data):
        with self.sock:
            try:
                if self.tls:
                    self.turn(lambda: self.tls.write(data))
                else:
                    self.sock.sendall(data)
                self.finish()
            except OSError:
                pass  # the answer may be there all the same
            try:
                while data := self.read():
                    self.got += data
            except ConnectionError:
                self.reset = True
        return self


def answers(raw):
    """(Response, how it ends) of each answer in raw bytes; a last (None, text) is no whole one."""
    found = []
    while raw:
        head, mark, rest = raw.partition(b"\r\n\r\n")
        if not mark or not re.match(rb"HTTP/1\.[01] \d{3}(?: |\r|\Z)", head):
            return [*found, (None, "text")]
        answer = Response(head)
        size, end = length(answer, rest)
        if size is None:
            return [*found, (answer, "cut")]
        answer.body = dechunk(rest[:size]) if end == "chunked" else rest[:size]
        found.append((answer, end))
        raw = rest[size:]
    return found


def length(answer, rest):
    """The bytes of the answer's body in rest, None: not there; and what says so."""
    coding, size = answer.header("Transfer-Encoding"), answer.header("Content-Length")
    if answer.status < 200 or answer.status in (204, 304):
        return 0, "none"
    if coding:
        end = re.match(rb"(?:[1-9a-fA-F][0-9a-fA-F]*\r\n[\0-\xff]*?\r\n)*0\r\n\r\n", rest)
        return (end.end() if end else None), "chunked"
    if size is not None:
        return (int(size) if int(size) <= len(rest) else None), "length"
    return len(rest), "~"


def dechunk(data):
    body = b""
    while data[:1] != b"0":
        size, _, data = data.partition(b"\r\n")
        body, data = body + data[:int(size, 16)], data[int(size, 16) + 2:]
    return body


def outcome(wire):
    found, words = answers(wire.got), []
    for answer, end in found:
        if answer is None:
            words.append(end)
            continue
        word = answer.body.strip() if answer.status == 200 else b""
        words.append(f"{answer.status}" + (f"={word.decode()}" if WORD.match(word) else "")
                     + (end if end in ("~", "cut") else ""))
    if words and words[-1] == "200=probe":
        words[-1] = "kept"
    else:
        words.append("reset" if wire.reset else "closed")
    return " ".join(words)


def unfair(wire):
    """What an answer says of the connection that does not hold, or an empty text."""
    found = [answer for answer, _ in answers(wire.got) if answer and answer.status >= 200]
    for i, answer in enumerate(found):
        if answer.closes and i + 1 < len(found):
            return f"answer {i + 1} says close, and another one follows"
        if not answer.header("Date") or not answer.header("Server"):
            return f"answer {i + 1} has no Date or no Server"
    return ""


class Servers:
    """itkd, Apache and nginx with the sites a.test and b.test on the same files."""

    def __init__(self, tmp, tls):
        self.tmp, self.tls = tmp, tls
        self.a, self.b = Site("a", tmp), Site("b", tmp)
        self.main = Site("main", tmp)
        for site in (self.a, self.b):
            site.file("index.html", site.letter)
            site.file("probe", "probe")
            site.file("smuggled", "smuggled")
            site.cgi("echo", ECHO)
        self.ports = {}
        self.running = []

    def start(self):
        for name, start in (("itkd", self.itkd), ("Apache", self.apache), ("nginx", self.nginx)):
            self.running.append(start())
        return self

    def stop(self):
        problems = []
        for server in reversed(self.running):
            stop = getattr(server, "discard", server.stop)
            stop()
            problems += getattr(server, "sanitizer_reports", list)()
        assert not problems, "\n".join(problems)

    def itkd(self):
        (self.tmp / "itkd").mkdir()
        config = Config(self.tmp / "itkd", self.tls, self.main)
        for tls in (False, True):
            for site in (self.a, self.b):
                config.vhost(self.a, f'ScriptAlias /echo "{self.a.cgi_bin}/echo"', tls=tls,
                             name=site.name, docroot=self.docroot(site), access=False)
        self.config = config
        server = Server(config).start()
        self.ports["itkd"], self.tls_port = server.port, server.tls_port
        return server

    def docroot(self, site):
        """One user has both, so that a connection may ask for both."""
        if site is self.b:
            os.chown(site.docroot, self.a.uid, self.a.gid)
            for path in site.docroot.iterdir():
                os.chown(path, self.a.uid, self.a.gid)
        return site.docroot

    def apache(self):
        directory = self.tmp / "apache"
        (directory / "logs").mkdir(parents=True)
        port = self.ports["Apache"] = free_port()
        modules = ["mpm_prefork", "authz_core", "alias", "cgi", "dir", "mime", "reqtimeout"]
        lines = [*load_modules(modules), f'ServerRoot "{directory}"', f'PidFile "{directory}/pid"',
                 f"Mutex file:{directory} default", f"Listen 127.0.0.1:{port}",
                 f'ErrorLog "{directory}/logs/error.log"', f"User {self.main.user}",
                 f"Group {self.main.group}", "ServerName main.test", "StartServers 6",
                 "Timeout 20", "TypesConfig /etc/mime.types"]
        for site in (self.a, self.b):
            lines += [f"<VirtualHost *:{port}>", f"ServerName {site.name}",
                      f"AssignUserID {self.a.user} {self.a.group}",
                      f'DocumentRoot "{site.docroot}"',
                      f'ScriptAlias /echo "{self.a.cgi_bin}/echo"',
                      f'<Directory "{self.tmp}">', "Require all granted", "</Directory>",
                      "</VirtualHost>"]
        file = write_file(directory / "apache.conf", "\n".join(lines) + "\n")
        return Apache(directory, file, port).start()

    def nginx(self):
        directory = self.tmp / "nginx"
        directory.mkdir()
        os.chown(directory, self.a.uid, self.a.gid)
        port = self.ports["nginx"] = free_port()
        own = "".join(f"{what}_temp_path {directory}/{what};\n"
                      for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        sites = "".join(
            f"server {{ listen 127.0.0.1:{port}; server_name {site.name}; root {site.docroot};\n"
            f"location /echo {{ proxy_pass http://127.0.0.1:{self.ports['Apache']};\n"
            f"proxy_http_version 1.1; proxy_set_header Host a.test; }} }}\n"
            for site in (self.a, self.b))
        text = (f"user {self.a.user} {self.a.group};\ndaemon off;\nworker_processes 1;\n"
                f"pid {directory}/pid;\nerror_log {directory}/error.log info;\n"
                f"events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n{own}{sites}}}\n")
        return Nginx(directory, write_file(directory / "nginx.conf", text), port).start()

    def ask(self, server, row):
        return Wire(self.ports[server]).talk(row.bytes)

    def ask_tls(self, row):
        return Wire(self.tls_port, tls_context(self.tls.ca)).talk(row.bytes)


class Nginx:
    """start() -> stop(), in the foreground."""

    def __init__(self, directory, file, port):
        self.dir, self.file, self.port, self.popen = directory, file, port, None

    def start(self):
        with open(self.dir / "console.log", "ab") as out:
            self.popen = subprocess.Popen([NGINX, "-c", self.file, "-e", self.dir / "error.log"],
                                          stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          start_new_session=True)
        wait_for(self._listens, 20, "nginx to listen")
        return self

    def _listens(self):
        assert self.popen.poll() is None, (self.dir / "console.log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5):
            return True
        return False

    def stop(self):
        self.popen.terminate()
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(10)
