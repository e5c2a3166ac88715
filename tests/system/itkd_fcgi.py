"""A FastCGI server of the tests' own: records what it is sent, and answers as it is told to."""

import contextlib
import os
import socket
import struct
import threading

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = range(1, 8)


def record(kind, content=b"", number=1, padding=0, version=1):
    return (struct.pack("!BBHHBx", version, kind, number, len(content), padding) + content
            + bytes(padding))


def end(app_status=0, protocol_status=0, number=1):
    return record(END, struct.pack("!IB3x", app_status, protocol_status), number)


def stdout(data, size=65535):
    return b"".join(record(STDOUT, data[at:at + size]) for at in range(0, len(data), size))


def whole(data):
    """A complete answer of one page."""
    return stdout(data) + record(STDOUT) + end()


def pairs(data):
    """The name-value pairs of a PARAMS stream, in order."""
    at, found = 0, []

    def length():
        nonlocal at
        n = data[at]
        if n < 128:
            at += 1
            return n
        n = struct.unpack("!I", data[at:at + 4])[0] & 0x7fffffff
        at += 4
        return n

    while at < len(data):
        name, value = length(), length()
        found.append((data[at:at + name].decode("latin-1"),
                      data[at + name:at + name + value].decode("latin-1")))
        at += name + value
    return found


class Request:
    """One connection's request, read to its end or to where the answer function reads it."""

    def __init__(self, sock):
        self.sock = sock
        self.file = sock.makefile("rb")
        self.params = {}
        self.order = []
        self.role = self.flags = None
        self.over = threading.Event()
        self._head()

    def next(self):
        """(kind, content) of the next record; None at the end."""
        head = self.file.read(8)
        if len(head) < 8:
            return None
        _, kind, _, length, padding = struct.unpack("!BBHHBx", head)
        content = self.file.read(length)
        self.file.read(padding)
        return kind, content

    def _head(self):
        data = b""
        while (got := self.next()):
            kind, content = got
            if kind == BEGIN:
                self.role, self.flags = struct.unpack("!HB5x", content)
            elif kind == PARAMS and content:
                data += content
            elif kind == PARAMS:
                break
        self.order = pairs(data)
        self.params = dict(self.order)

    def body(self):
        """The pieces of the request's body."""
        while (got := self.next()) and got[0] == STDIN and got[1]:
            yield got[1]

    def send(self, data):
        self.sock.sendall(data)


class FcgiServer:
    """
    answers: functions of a Request by the last part of its SCRIPT_NAME or SCRIPT_FILENAME;
    "" is for all others. requests: all that came, in order.
    """

    def __init__(self, address, answers, owner=None, mode=0o666, backlog=64, accept=True):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.bind(address)
        self.address = self.sock.getsockname()
        if family == socket.AF_UNIX:
            if owner:
                os.chown(address, *owner)
            os.chmod(address, mode)
        self.sock.listen(backlog)
        self.answers = answers
        self.requests = []
        self.peers = []
        self.waiting = []
        if accept:
            threading.Thread(target=self._run, daemon=True).start()

    def fill(self):
        """Takes all places of the backlog."""
        while True:
            sock = socket.socket(self.sock.family, socket.SOCK_STREAM)
            sock.setblocking(False)
            self.waiting.append(sock)
            try:
                sock.connect(self.address)
            except BlockingIOError:
                return

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.sock.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with sock, contextlib.suppress(OSError):
            if sock.family == socket.AF_UNIX:
                raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
                self.peers.append(struct.unpack("iii", raw))
            request = Request(sock)
            self.requests.append(request)
            name = request.params.get("SCRIPT_FILENAME", "").rsplit("/", 1)[-1]
            self.answers.get(name, self.answers.get(""))(request)
            request.file.close()

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class Pool(FcgiServer):
    """
    As PHP-FPM: so many places, each with one connection until that is closed. Where a request asks
    for it (FCGI_KEEP_CONN) the connection stays. An answer function that returns False closes it.
    """

    def __init__(self, address, answers, places, owner=None):
        self.free = threading.Semaphore(places)
        self.connections = []  # of each: how many requests it has had
        super().__init__(address, answers, owner, 0o660)

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                self.free.acquire()
                sock, _ = self.sock.accept()
                self.connections.append(0)
                threading.Thread(target=self._serve, args=(sock, len(self.connections) - 1),
                                 daemon=True).start()

    def _serve(self, sock, number):
        try:
            with contextlib.suppress(OSError), sock:
                keep = True
                while keep and sock.recv(1, socket.MSG_PEEK):
                    request = Request(sock)
                    request.nth = self.connections[number]
                    self.connections[number] += 1
                    self.requests.append(request)
                    name = request.params.get("SCRIPT_NAME", "").rsplit("/", 1)[-1]
                    keep = self.answers[name](request) is not False and request.flags & 1
                    request.file.close()
        finally:
            self.free.release()
