"""Backends of a proxy for tests: raw sockets that answer what a test says, and a WebSocket one."""

import base64
import contextlib
import hashlib
import os
import socket
import struct
import threading

OK = b"HTTP/1.1 200 OK\r\n"


class Ask:
    """One request as the backend got it: line, fields (list of pairs), body, peer's credentials."""

    def __init__(self, head, sock):
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.method, self.path, self.version = lines[0].split(" ")
        self.fields = [tuple(p.strip() for p in line.split(":", 1)) for line in lines[1:]]
        self.body = b""
        self.uid = None
        if sock.family == socket.AF_UNIX:
            data = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            self.uid = struct.unpack("3i", data)[1]

    def field(self, name):
        values = [v for n, v in self.fields if n.lower() == name.lower()]
        return ", ".join(values) if values else None


class Backend:
    """
    Listens on 127.0.0.1, or on a unix socket (path, owner, mode). answer(ask, stream) is called for
    each request, its body not yet read; what it returns is sent. None: the connection is closed.
    asks has every request, connections is how many there were.
    """

    def __init__(self, answer, path=None, owner=None, mode=0o600, backlog=64):
        self.answer = answer
        self.asks = []
        self.connections = 0
        self.path = path
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(path))
            os.chmod(path, mode)
            if owner:
                os.chown(path, *owner)
        else:
            self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.listen(backlog)
        self.socks = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self):
        return self.listener.getsockname()[1]

    @property
    def url(self):
        if self.path:
            return f"unix:{self.path}|http://localhost"
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in self.socks:
            sock.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                self.connections += 1
                self.socks.append(sock)
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with contextlib.suppress(OSError), sock:
            stream = Stream(sock)
            while (head := stream.head()) is not None:
                ask = Ask(head, sock)
                self.asks.append(ask)
                answer = self.answer(ask, stream)
                if answer is not None:
                    sock.sendall(answer)
                if answer is None or b"connection: close" in answer.lower():
                    sock.shutdown(socket.SHUT_RDWR)
                    return


class Stream:
    """What comes on a connection."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def more(self):
        data = self.sock.recv(65536)
        self.buffer += data
        return bool(data)

    def head(self):
        while b"\r\n\r\n" not in self.buffer:
            if not self.more():
                return None
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return head

    def exactly(self, n):
        while len(self.buffer) < n:
            if not self.more():
                raise OSError("EOF")
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def line(self):
        while b"\r\n" not in self.buffer:
            if not self.more():
                raise OSError("EOF")
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def pieces(self, ask):
        """The body, piece by piece."""
        if ask.field("Transfer-Encoding") == "chunked":
            while size := int(self.line(), 16):
                yield self.exactly(size)
                assert self.line() == b""
            assert self.line() == b""
        left = int(ask.field("Content-Length") or 0)
        while left:
            if not self.buffer and not self.more():
                raise OSError("EOF")
            piece, self.buffer = self.buffer[:left], self.buffer[left:]
            left -= len(piece)
            yield piece

    def body(self, ask):
        return b"".join(self.pieces(ask))


def page(body=b"hi", status="200 OK", fields=(), close=False):
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
    if close:
        head.append("Connection: close")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def echo(ask, stream):
    """A page with the request as it came, head and body."""
    ask.body = stream.body(ask)
    text = "\r\n".join([ask.line, *(f"{n}: {v}" for n, v in ask.fields)])
    return page(text.encode("latin-1") + b"\r\n\r\n" + ask.body,
                fields=["Content-Type: text/plain"])


def table(answers):
    """Answers by the last part of the path: bytes are sent and the connection is closed."""
    def answer(ask, stream):
        if not ask.field("Expect"):
            stream.body(ask)
        stream.sock.sendall(answers[ask.path.rsplit("/", 1)[1]])
        return None
    return answer


# -- WebSocket (RFC 6455): enough for an echo, on both sides

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(data, opcode=1, mask=b""):
    n = len(data)
    bit = 0x80 if mask else 0
    if n < 126:
        head = struct.pack("!BB", 0x80 | opcode, bit | n)
    elif n < 65536:
        head = struct.pack("!BBH", 0x80 | opcode, bit | 126, n)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, bit | 127, n)
    if mask:
        pattern = (mask * (n // 4 + 1))[:n]
        data = (int.from_bytes(data, "big") ^ int.from_bytes(pattern, "big")).to_bytes(n, "big")
    return head + mask + data


def read_frame(stream):
    """(opcode, data)"""
    first, second = stream.exactly(2)
    n = second & 0x7f
    if n == 126:
        n = struct.unpack("!H", stream.exactly(2))[0]
    elif n == 127:
        n = struct.unpack("!Q", stream.exactly(8))[0]
    mask = stream.exactly(4) if second & 0x80 else b""
    data = stream.exactly(n)
    if mask:
        pattern = (mask * (n // 4 + 1))[:n]
        data = (int.from_bytes(data, "big") ^ int.from_bytes(pattern, "big")).to_bytes(n, "big")
    return first & 0xf, data


def accept_key(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def websocket(ask, stream):
    """Echoes each message until the client closes; without Upgrade a page."""
    if (ask.field("Upgrade") or "").lower() != "websocket":
        return page(b"no websocket asked for")
    key = accept_key(ask.field("Sec-WebSocket-Key"))
    stream.sock.sendall((f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                         f"Connection: Upgrade\r\nSec-WebSocket-Accept: {key}\r\n\r\n").encode()
                        + frame(b"hello"))
    while True:
        opcode, data = read_frame(stream)
        stream.sock.sendall(frame(data, opcode))
        if opcode == 8:
            return None


class WebSocket:
    """The client's side, over a Connection."""

    def __init__(self, connection, path, host):
        self.connection = connection
        key = base64.b64encode(os.urandom(16)).decode()
        connection.request(path, host, headers={
            "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
            "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13", "Origin": "http://x"})
        self.stream = Stream(connection.sock)
        self.head = self.stream.head().decode("latin-1")
        self.status = int(self.head.split(" ")[1])
        self.accepted = accept_key(key) in self.head

    def send(self, data, opcode=1):
        self.connection.send(frame(data, opcode, os.urandom(4)))

    def receive(self):
        return read_frame(self.stream)[1]
