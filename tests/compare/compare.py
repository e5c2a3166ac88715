"""
Comparison with the Apache of this machine: what a file of cases/ may use.

A file cases/TOPIC.py holds

  MAIN = "directives for the main server of both"
  MODULES = ["status"]      modules of Apache's that it needs besides MODULES below
  CASES = [Case("name", config="...", files={...}, requests=[Get("/x")]), ...]
  VERDICTS = [Verdict("Options Nonsense", where="htaccess", ok=False), ...]

Each case is one <VirtualHost> NAME.test with AssignUserID, and a document root of its own, in one
config that both servers read; first Apache runs and answers every request, then itkd, on the same
port with the same files. Status line, body and all header fields but those of NEVER must agree,
and what else a case asks for. A verdict is a text that both must take or both must refuse.

Placeholders in MAIN, config, files and paths: {root} the case's document root, {dir} a directory
of the case beside it, {logs} a directory for logs that each server has for itself, {port}, {name}.
A `%` or `$` before the brace leaves it alone.
"""

import dataclasses
import difflib
import email.utils
import os
import re
import socket
import zlib
from pathlib import Path

from itkd_coding import decode

NEVER = {"date", "server", "keep-alive", "connection"}
MODULES = [
    "mpm_prefork", "access_compat", "actions", "alias", "auth_basic", "authn_core", "authn_file",
    "authz_core", "authz_host", "authz_user", "autoindex", "cgi", "dir", "env", "expires",
    "filter", "headers", "mime", "negotiation", "reqtimeout", "rewrite", "setenvif", "userdir"]
MTIME = 1700000000  # of every file, unless a case says otherwise


@dataclasses.dataclass
class Get:
    """
    A request, of any method. host: default NAME.test:PORT, None leaves the field out. headers:
    a dict, or a list of pairs where a name comes twice. version: "1.0" or "1.1".
    """
    path: str = "/"
    headers: object = ()
    method: str = "GET"
    body: bytes | None = None
    host: str | None = ""
    version: str = "1.1"

    def __str__(self):
        return f"{self.method} {self.path} {dict(self.headers) or ''}".rstrip()

    def data(self, case, port):
        fields = []
        if self.host is not None:
            fields.append(("Host", self.host or f"{case.host}:{port}"))
        fields += dict(self.headers).items() if isinstance(self.headers, dict) else self.headers
        if self.body is not None:
            fields.append(("Content-Length", str(len(self.body))))
        fields.append(("Connection", "close"))
        head = f"{self.method} {self.path} HTTP/{self.version}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
        return head.encode("latin-1") + (self.body or b"")


@dataclasses.dataclass
class Raw:
    """A request byte by byte; it must make the server close the connection afterwards."""
    bytes: bytes

    def __str__(self):
        return repr(self.bytes[:200])

    def data(self, _case, _port):
        return self.bytes


@dataclasses.dataclass
class Link:
    """In Case.files: a symbolic link."""
    to: str


@dataclasses.dataclass
class File:
    """In Case.files: a file with a mode, a time or an owner ("root") of its own."""
    content: object = ""
    mode: int | None = None
    mtime: int = MTIME
    owner: str = ""


@dataclasses.dataclass
class Case:
    """
    files: {"path in the docroot": "text" | bytes | File | Link | None (a directory)}; a path that
    starts with {dir} lies there. A text that starts with "#!" is executable.
    ignore: names of header fields that need not agree. also: those of NEVER that must agree.
    body: False where bodies need not agree. logs: names below {logs} whose lines must agree.
    errors: regular expressions, each must be found in both servers' error logs of the vhost.
    decode: bodies are compared without their Content-Encoding; their lengths need not agree.
    aliases: ServerAlias. base: False leaves out the <Directory> that allows everything.
    """
    name: str
    config: str = ""
    files: dict = dataclasses.field(default_factory=dict)
    requests: list = dataclasses.field(default_factory=list)
    ignore: tuple = ()
    also: tuple = ()
    body: bool = True
    logs: tuple = ()
    errors: tuple = ()
    aliases: tuple = ()
    base: bool = True
    user: str = "a"
    decode: bool = False

    @property
    def host(self):
        return f"{self.name.lower()}.test"


@dataclasses.dataclass
class Verdict:
    """
    A text in a place of the config (server, vhost, directory, location, files, htaccess) that both
    servers must take or refuse. because: why itkd alone refuses it, where ok is True. override:
    the AllowOverride of the .htaccess. message: a regular expression in what both say.
    """
    text: str
    where: str = "server"
    ok: bool = True
    because: str = ""
    override: str = "All"
    message: str = ""


def cgi_env(*names):
    """A CGI program that prints these variables, those that are not set as `NAME unset`."""
    lines = "".join(f'printf "%s=%s\\n" {n} "${{{n}-<unset>}}"\n' for n in names)
    return f"#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\n{lines}"


def fill(text, values):
    """Placeholders filled in."""
    pattern = r"(?<![%$])\{(" + "|".join(values) + r")\}"
    return re.sub(pattern, lambda m: str(values[m[1]]), text)


@dataclasses.dataclass
class Answer:
    """What one server answered to one request; .problem where it was no whole answer."""
    line: str = ""
    fields: list = dataclasses.field(default_factory=list)
    body: bytes = b""
    problem: str = ""

    def field(self, name):
        return next((v for n, v in self.fields if n == name), None)

    @property
    def status(self):
        return int(self.line.split(" ")[1]) if self.line else 0


def ask(port, data, head_only=False, timeout=30):
    """Sends bytes on a connection of its own and reads the Answer."""
    raw = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
            s.sendall(data)
            while chunk := s.recv(65536):
                raw += chunk
    except OSError as error:
        if not raw:
            return Answer(problem=f"{type(error).__name__}: {error}")
    return parse(raw, head_only)


def parse(raw, head_only):
    head, end, rest = raw.partition(b"\r\n\r\n")
    if not end:
        return Answer(problem=f"no whole head: {raw[:500]!r}")
    line, *fields = head.decode("latin-1").split("\r\n")
    pairs = [tuple(part.strip() for part in f.split(":", 1)) for f in fields]
    if any(len(p) != 2 for p in pairs) or not re.match(r"HTTP/1\.[01] \d\d\d", line):
        return Answer(line=line, problem=f"not a head: {head!r}")
    answer = Answer(line, [(n.lower(), v) for n, v in pairs], rest)
    if answer.field("transfer-encoding") == "chunked" and not head_only:
        answer.body, answer.problem = unchunk(rest)
    length = answer.field("content-length")
    if length is not None and not head_only and int(length) != len(answer.body):
        answer.problem = f"Content-Length: {length}, but {len(answer.body)} bytes of body"
    return answer


def unchunk(rest):
    body = b""
    while True:
        size, end, rest = rest.partition(b"\r\n")
        try:
            n = int(size.split(b";")[0], 16)
        except ValueError:
            return body, f"a bad chunk size {size[:40]!r} after {len(body)} bytes"
        if not end or len(rest) < n + 2:
            return body, "the last chunk is missing"
        if n == 0:
            return body, ""
        body, rest = body + rest[:n], rest[n + 2:]


# Apache leaves out zeros at the front of it.
BOUNDARY = re.compile(r"^multipart/byteranges; boundary=([0-9a-f]{1,16})$")
PRODUCT = re.compile(r"(?:Apache|itkd)(?:/([\d.]+))?(?: \((?:Debian|Unix)\))?")


def unbranded(text):
    """The product's name and version made the same, as detailed as they were."""
    def plain(m):
        return "SERVER" + ("/" + re.sub(r"\d+", "N", m[1]) if m[1] else "")
    return PRODUCT.sub(plain, text)


def plain_fields(answer, case):
    """The fields that count, in order of their names."""
    left_out = (NEVER - {n.lower() for n in case.also}) | {n.lower() for n in case.ignore}
    fields = [f"{n}: {plain_value(n, v)}" for n, v in answer.fields if n not in left_out]
    return sorted(fields, key=lambda f: f.partition(":")[0])


def plain_value(name, value):
    if name in ("www-authenticate", "authentication-info"):  # what no two servers have in common
        value = re.sub(r'opaque="[^"]*"', 'opaque="(any)"', value)
        return re.sub(r'(nonce|rspauth)="([^"]*)"', lambda m: f'{m[1]}="({len(m[2])})"', value)
    if name == "allow":  # a set
        return ",".join(sorted(m.strip() for m in value.split(",")))
    if name == "etag" and value[-1:] != '"':  # that of a variant: Apache forgets its end
        return value + '"'
    return unbranded(value) if name == "server" else value


def show(answer, case):
    """An answer as lines that are compared, and printed where they differ."""
    lines = [unbranded(answer.line) if answer.line else "(no answer)"]
    if answer.problem:
        lines.append(f"!! {answer.problem}")
    lines += plain_fields(answer, case)
    # The length follows the body, which names the product.
    if PRODUCT.search(answer.body.decode("latin-1")):
        lines = ["content-length: (of the body)" if line.startswith("content-length:") else line
                 for line in lines]
    lines.append("")
    body = unbranded(answer.body.decode("utf-8", "backslashreplace"))
    lines += body.split("\n") if case.body else []
    boundary = BOUNDARY.search(answer.field("content-type") or "")
    return plain_parts(lines, boundary[1]) if boundary else lines


def plain_parts(lines, boundary):
    """Several ranges without what is random in them, and a length that depends on it."""
    return ["content-length: (of the parts)" if line.startswith("content-length:")
            else line.replace(boundary, "BOUNDARY") for line in lines]


def same_clock(one, two):
    """
    The servers answer one after another. An Expires that follows the clock becomes seconds after
    Date; one that does not has a max-age that follows the clock.
    """
    values = one.field("expires"), two.field("expires")
    if None in values:
        return one, two
    if values[0] != values[1]:
        return since_date(one), since_date(two)
    return until_expires(one), until_expires(two)


def until_expires(answer):
    return dataclasses.replace(answer, fields=[
        (n, re.sub(r"max-age=\d+", "max-age=(until Expires)", v) if n == "cache-control" else v)
        for n, v in answer.fields])


def since_date(answer):
    try:
        date, expires = (email.utils.parsedate_to_datetime(answer.field(n))
                         for n in ("date", "expires"))
    except (TypeError, ValueError):
        return answer
    seconds = int((expires - date).total_seconds())
    # Date may be of the second after the one that Expires was made in.
    age = re.search(r"max-age=(\d+)", answer.field("cache-control") or "")
    if age and seconds - int(age[1]) in (-1, 0):
        seconds = int(age[1])
    return set_field(answer, "expires", f"Date + {seconds} s")


def set_field(answer, name, value):
    fields = [(n, value if n == name else v) for n, v in answer.fields]
    return dataclasses.replace(answer, fields=fields)


def same_framing(one, two):
    """Whether a program's answer has a length or chunks is a matter of how fast it was."""
    if "chunked" not in (one.field("transfer-encoding"), two.field("transfer-encoding")):
        return one, two
    return tuple(dataclasses.replace(a, fields=[
        (n, v) for n, v in a.fields if n not in ("content-length", "transfer-encoding")])
        for a in (one, two))


def decoded(answer):
    """The body without gzip or br, and no Content-Length where it had one of them."""
    names = ",".join(v for n, v in answer.fields if n == "content-encoding").split(",")
    encoding = next((e for e in map(str.strip, names) if e in ("gzip", "br")), None)
    if not encoding:
        return answer
    try:
        body = decode(encoding, answer.body)
    except (ValueError, zlib.error) as error:
        return dataclasses.replace(answer, problem=f"Content-Encoding: {error!r}")
    return dataclasses.replace(answer, body=body, fields=[
        (n, v) for n, v in answer.fields if n != "content-length"])


def differences(case, request, one, two):
    """A diff of two answers to a request, as text; empty where they agree."""
    if case.decode and getattr(request, "method", "") != "HEAD":
        one, two = decoded(one), decoded(two)
    one, two = (show(a, case) for a in same_clock(*same_framing(one, two)))
    if one == two:
        return ""
    diff = difflib.unified_diff(one, two, "Apache", "itkd", lineterm="", n=20)
    return f"{request}\n" + "\n".join(line[:600] for line in diff)


class Tree:
    """The files of a case, owned by its user; parents are made."""

    def __init__(self, case, root, scratch, owner, values):
        self.owner, self.values = owner, values
        self.tops = (root, scratch)
        self.times = {root: MTIME, scratch: MTIME}
        for path in self.tops:
            path.mkdir(parents=True)
            os.chown(path, *owner)
        for name, what in case.files.items():
            name = fill(name, values)
            self.add(Path(name) if name.startswith("/") else root / name, what)
        for path, mtime in self.times.items():
            os.utime(path, (mtime, mtime), follow_symlinks=False)

    def add(self, path, what):
        what = what if isinstance(what, (File, Link)) else File(what)
        for parent in [*reversed(path.parents), path if what_is_directory(what) else None]:
            if parent and parent not in self.times and any(t in parent.parents for t in self.tops):
                parent.mkdir(exist_ok=True)
                self.own(parent, File())
        if isinstance(what, Link):
            path.symlink_to(fill(what.to, self.values))
        elif not what_is_directory(what):
            self.write(path, what.content)
        self.own(path, what)

    def write(self, path, content):
        data = fill(content, self.values).encode() if isinstance(content, str) else content
        path.write_bytes(data)
        path.chmod(0o755 if data.startswith(b"#!") else 0o644)

    def own(self, path, what):
        owner = (0, 0) if getattr(what, "owner", "") == "root" else self.owner
        os.chown(path, *owner, follow_symlinks=False)
        if getattr(what, "mode", None) is not None:
            path.chmod(what.mode)
        self.times[path] = getattr(what, "mtime", MTIME)


def what_is_directory(what):
    return isinstance(what, File) and what.content is None
