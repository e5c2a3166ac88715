"""
Raw bytes for itkd, Apache and nginx, and what became of them. Used by test_raw.py.

An outcome is a line: each answer's status, with `=` and the body where that is a word; then the
connection's fate. `kept`: a second request, which is sent behind the bytes, was answered as one.
`closed`, `reset`: it was not. Then the client closes its half, so that nobody waits for more.
"""

import contextlib
import dataclasses
import os
import re
import socket
import ssl
import subprocess
from pathlib import Path

from apache import Apache, load_modules
from itkd import Config, Server, Site, free_port, tls_context, wait_for, write_file
from itkd_http import Response
from raw_rows_body import ROWS

OUTCOMES = Path(__file__).with_name("raw_outcomes.tsv")
NGINX = "/usr/sbin/nginx"
SERVERS = ("itkd", "Apache", "nginx")
PROBE = b"GET /probe HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
WORD = re.compile(rb"[\w.-]{1,24}\Z")
FIRST = b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"
DRIPPED = 400  # bytes of a request that are sent one by one, at most
TIMEOUT = 60
ECHO = """#!/usr/bin/perl
local $/;
my $said = "$ENV{REQUEST_METHOD}." . length(<STDIN> // "");
print "Content-Type: text/plain\\r\\nContent-Length: ", length($said), "\\r\\n\\r\\n$said";
"""


@dataclasses.dataclass
class Row:
    """
    data: what is sent. itkd: the outcome, or the one over TCP, a bar, and the one over TLS. apache,
    nginx: theirs, where they differ, and then why is what makes ours right. alone: the second
    request is not sent, since it would be a part of it.
    """
    group: str
    name: str
    data: str
    alone: bool
    itkd: str = ""
    apache: str = "="
    nginx: str = "="
    why: str = ""

    @property
    def bytes(self):
        return self.data.encode("latin-1") + (b"" if self.alone else PROBE)

    @property
    def head_only(self):
        return self.data.startswith("HEAD ")

    def expected(self, server):
        theirs = {"Apache": self.apache, "nginx": self.nginx}.get(server, "=")
        ours = self.itkd.split(" | ")
        return theirs if theirs != "=" else ours[-1] if server == "TLS" else ours[0]


def table():
    """{(group, name): [itkd, Apache, nginx, why]} of raw_outcomes.tsv."""
    found, group = {}, ""
    for line in OUTCOMES.read_text().splitlines():
        if line.startswith("# "):
            group = line[2:].split(":")[0]
        elif line:
            name, *rest = line.split("\t")
            assert (group, name) not in found and 2 <= len(rest) + 1 <= 5, line
            found[group, name] = rest
    return found


def rows():
    """All rows, with what is expected of them where the table says it."""
    known = table()
    return [Row(group, name, data, alone, *known.get((group, name), []))
            for group, these in ROWS.items() for name, (data, alone) in these.items()]


class Wire:
    """A connection on which a request is sent, and all that comes is kept."""

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

    def send(self, data):
        if self.tls:
            self.turn(lambda: self.tls.write(data))
        else:
            self.sock.sendall(data)

    def first(self):
        """A request that is good, so that the next one is for the child to read."""
        self.send(FIRST)
        while not self.got.endswith(b"\r\n\r\na"):
            data = self.read()
            assert data, self.got
            self.got += data
        self.got = b""

    def talk(self, data, behind=False, dripped=False):
        """behind: another request. dripped: byte by byte, where it is not large."""
        step = 1 if dripped and len(data) <= DRIPPED else len(data) or 1
        with self.sock:
            try:
                if behind:
                    self.first()
                for i in range(0, len(data), step):
                    self.send(data[i:i + step])
                self.finish()
            except OSError:
                pass  # the answer may be there all the same
            try:
                while data := self.read():
                    self.got += data
            except ConnectionError:
                self.reset = True
        return self


def answers(raw, head_only=False):
    """
    (Response, how it ends) of each answer in raw bytes; a last (None, text) is no whole one.
    head_only: the first request was HEAD.
    """
    found = []
    while raw:
        head, mark, rest = raw.partition(b"\r\n\r\n")
        if not mark or not re.match(rb"HTTP/1\.[01] \d{3}(?: |\r|\Z)", head):
            return [*found, (None, "text")]
        answer = Response(head)
        size, end = (0, "none") if head_only and not found else length(answer, rest)
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
    return len(rest), "close"


def dechunk(data):
    body = b""
    while data[:1] != b"0":
        size, _, data = data.partition(b"\r\n")
        body, data = body + data[:int(size, 16)], data[int(size, 16) + 2:]
    return body


def outcome(row, wire):
    found, words = answers(wire.got, row.head_only), []
    for answer, end in found:
        if answer is None:
            words.append(end)
            continue
        word = answer.body.strip() if answer.status == 200 else b""
        words.append(f"{answer.status}" + (f"={word.decode()}" if WORD.match(word) else "")
                     + ("cut" if end == "cut" else ""))
    if words and words[-1] == "200=probe":
        words[-1] = "kept"
    else:
        words.append("reset" if wire.reset else "closed")
    return " ".join(words)


def unfair(row, wire):
    """What an answer says of the connection that does not hold, or an empty text."""
    found = [answer for answer, _ in answers(wire.got, row.head_only)
             if answer and answer.status >= 200]
    for i, answer in enumerate(found):
        last = i + 1 == len(found)
        if answer.closes and not last:
            return f"; answer {i + 1} says close, and another one follows"
        # What comes next is for another site, or HTTP/1.0, which closes unless it says otherwise.
        silent = row.alone or re.search("HTTP/1.0|c.test", row.data)
        if last and not answer.closes and not silent:
            return f"; answer {i + 1} does not say close, and none follows"
        if not answer.header("Date") or not answer.header("Server"):
            return f"; answer {i + 1} has no Date or no Server"
    return ""


class Servers:
    """
    itkd, Apache and nginx with the sites a.test, b.test and c.test, which is for itkd another one:
    a connection does not go on from the first two to it.
    """

    def __init__(self, tmp, tls):
        self.tmp, self.tls = tmp, tls
        self.main, self.site = Site("main", tmp), Site("a", tmp)
        for letter in "abc":
            root = self.docroot(letter)
            self.site.mkdir(root)
            self.site.mkdir(root / "d")
            for name, content in (("index.html", letter), ("probe", "probe"),
                                  ("smuggled", "smuggled"), ("d/index.html", "d")):
                self.site.file(root / name, content)
        self.site.cgi("echo", ECHO)
        self.context = tls_context(tls.ca)
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

    def docroot(self, letter):
        return self.site.docroot / letter

    def itkd(self):
        (self.tmp / "itkd").mkdir()
        config = Config(self.tmp / "itkd", self.tls, self.main)
        for tls in (False, True):
            for letter in "abc":
                config.vhost(self.site, *self.lines(letter), tls=tls, cert="a.test", access=False,
                             name="c.test" if letter == "c" else "a.test",
                             docroot=self.docroot(letter))
        server = Server(config).start()
        self.ports["itkd"], self.tls_port = server.port, server.tls_port
        return server

    def lines(self, letter):
        return [f"ServerAlias {letter}.test", f'ScriptAlias /echo "{self.site.cgi_bin}/echo"']

    def apache(self):
        directory = self.tmp / "apache"
        (directory / "logs").mkdir(parents=True)
        port = self.ports["Apache"] = free_port()
        modules = ["mpm_prefork", "authz_core", "alias", "cgi", "dir", "mime", "reqtimeout"]
        lines = [*load_modules(modules), f'ServerRoot "{directory}"', f'PidFile "{directory}/pid"',
                 f"Mutex file:{directory} default", f"Listen 127.0.0.1:{port}",
                 f'ErrorLog "{directory}/logs/error.log"', f"User {self.main.user}",
                 f"Group {self.main.group}", "ServerName main.test", "StartServers 6",
                 "Timeout 20", "TypesConfig /etc/mime.types", f'<Directory "{self.tmp}">',
                 "Require all granted", "</Directory>"]
        for letter in "abc":
            lines += [f"<VirtualHost *:{port}>", f"ServerName {letter}.test",
                      f"AssignUserID {self.site.user} {self.site.group}",
                      f'DocumentRoot "{self.docroot(letter)}"', *self.lines(letter),
                      "</VirtualHost>"]
        file = write_file(directory / "apache.conf", "\n".join(lines) + "\n")
        return Apache(directory, file, port).start()

    def nginx(self):
        directory = self.tmp / "nginx"
        directory.mkdir()
        os.chown(directory, self.site.uid, self.site.gid)
        port = self.ports["nginx"] = free_port()
        own = "".join(f"{what}_temp_path {directory}/{what};\n"
                      for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        sites = "".join(
            f"server {{ listen 127.0.0.1:{port}; server_name {letter}.test;\n"
            f"root {self.docroot(letter)};\n"
            f"location /echo {{ proxy_pass http://127.0.0.1:{self.ports['Apache']};\n"
            f"proxy_http_version 1.1; proxy_set_header Host a.test;\n"
            f"proxy_ignore_client_abort on; }} }}\n"
            for letter in "abc")
        text = (f"user {self.site.user} {self.site.group};\ndaemon off;\nworker_processes 1;\n"
                f"pid {directory}/pid;\nerror_log {directory}/error.log info;\n"
                f"events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n"
                f"lingering_timeout 1s;\n{own}{sites}}}\n")
        return Nginx(directory, write_file(directory / "nginx.conf", text), port).start()

    def ask(self, server, row, **how):
        """server: or "TLS", itkd's."""
        if server == "TLS":
            return Wire(self.tls_port, self.context).talk(row.bytes, **how)
        return Wire(self.ports[server]).talk(row.bytes, **how)


class Nginx:
    """start() -> stop(), in the foreground."""

    def __init__(self, directory, file, port):
        self.dir, self.file, self.port, self.popen = directory, file, port, None

    def start(self):
        with open(self.dir / "console.log", "ab") as out:
            self.popen = subprocess.Popen([NGINX, "-c", self.file, "-e", self.dir / "error.log"],
                                          stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          start_new_session=True)
        wait_for(self._listens, 30, "nginx to listen")
        return self

    def _listens(self):
        assert self.popen.poll() is None, (self.dir / "console.log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5):
            return True
        return False

    def stop(self):
        self.popen.terminate()
        try:
            self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(30)
