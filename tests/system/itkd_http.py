"""A small HTTP/1.1 client over raw sockets that shows everything. Exported by itkd.py."""

import contextlib
import socket
import ssl
import struct


class Truncated(Exception):
    """The connection ended before the answer was whole. .raw is what came."""

    def __init__(self, what, raw=b""):
        super().__init__(f"{what}: {raw[:300]!r}")
        self.raw = raw


class Response:
    """version, status, reason, headers (list of (name, value)), body, raw (head and body)."""

    def __init__(self, head, rest=b""):
        lines = head.decode("latin-1").split("\r\n")
        self.version, code, *reason = lines[0].split(" ", 2)
        self.status = int(code)
        self.reason = reason[0] if reason else ""
        self.headers = [tuple(p.strip() for p in line.split(":", 1)) for line in lines[1:] if line]
        self.body = rest
        self.raw = head

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:200]!r}>"

    def header(self, name, default=None):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return default

    def header_all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def closes(self):
        return "close" in (self.header("Connection") or "").lower()


def tls_context(ca, minimum=None, maximum=None, alpn=None):
    context = ssl.create_default_context(cafile=str(ca)) if ca else ssl._create_unverified_context()
    if minimum:
        context.minimum_version = minimum
    if maximum:
        context.maximum_version = maximum
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


class Connection:
    """
    One connection. tls: SNI name; context: an SSLContext instead of the default one; session: a
    TLS session to resume. All waiting is bounded by timeout.
    """

    def __init__(self, port, host="127.0.0.1", tls=None, ca=None, timeout=30, context=None,
                 session=None, receive_buffer=None):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.buffer = b""
        try:
            self.sock.connect((host, port))
            self.local_port = self.sock.getsockname()[1]
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                context = context or tls_context(ca)
                self.sock = context.wrap_socket(self.sock, server_hostname=tls, session=session,
                                                suppress_ragged_eofs=False)
        except BaseException:
            self.sock.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Closes with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def half_close(self):
        """FIN: nothing more will be sent (plain TCP only)."""
        self.sock.shutdown(socket.SHUT_WR)

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def request(self, path="/", host="main.test", method="GET", headers=(), body=None,
                version="HTTP/1.1"):
        """Sends a request; headers: dict or list of pairs."""
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
        lines = [f"{method} {path} {version}"]
        if host is not None:
            lines.append(f"Host: {host}")
        lines += [f"{name}: {value}" for name, value in pairs]
        body = body.encode() if isinstance(body, str) else body
        if body is not None and not any(n.lower() in ("content-length", "transfer-encoding")
                                        for n, _ in pairs):
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b""))

    def _fill(self):
        try:
            data = self.sock.recv(65536)
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            if isinstance(error, ssl.SSLZeroReturnError):
                return False
            raise Truncated("TLS ended without close_notify", self.buffer) from error
        self.buffer += data
        return bool(data)

    def _until(self, mark):
        while mark not in self.buffer:
            if not self._fill():
                raise Truncated("EOF in the head", self.buffer)
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def _exactly(self, n):
        while len(self.buffer) < n:
            if not self._fill():
                raise Truncated(f"EOF after {len(self.buffer)} of {n} bytes", self.buffer)
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def read_all(self):
        """Everything up to EOF. A reset raises ConnectionResetError, as recv does."""
        while self._fill():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def at_eof(self):
        """Waits for EOF: True; False when another byte came instead."""
        return not self.buffer and not self._fill()

    def head(self):
        """Reads a head alone: the Response without its body, which is left to be read."""
        return Response(self._until(b"\r\n\r\n"))

    def response(self, method="GET"):
        """
        Reads one whole answer (a 1xx counts as one). Truncated when the connection ended
        before its end, which a body of unknown length cannot show.
        """
        answer = self.head()
        coding = (answer.header("Transfer-Encoding") or "").lower()
        length = answer.header("Content-Length")
        if method == "HEAD" or answer.status < 200 or answer.status in (204, 304):
            return answer
        if coding == "chunked":
            answer.body = self._chunks()
        elif length is not None:
            answer.body = self._exactly(int(length))
        else:
            answer.body = self.read_all()
        return answer

    def _chunks(self):
        body = b""
        while True:
            size = int(self._until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while self._until(b"\r\n"):
                    pass
                return body
            body += self._exactly(size)
            assert self._exactly(2) == b"\r\n", "a chunk without its CRLF"

    def get(self, path="/", host="main.test", method="GET", **how):
        self.request(path, host, method=method, **how)
        return self.response(method)


def request(port, path="/", host="main.test", method="GET", headers=(), body=None, tls=None,
            ca=None, address="127.0.0.1", timeout=30, version="HTTP/1.1"):
    """One request with Connection: close on a connection of its own; the Response."""
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
    if not any(name.lower() == "connection" for name, _ in pairs):
        pairs.append(("Connection", "close"))
    with contextlib.closing(Connection(port, address, tls=tls, ca=ca, timeout=timeout)) as c:
        c.request(path, host, method, pairs, body, version)
        return c.response(method)
