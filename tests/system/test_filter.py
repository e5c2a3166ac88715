"""Issue 4, point 3: compression as it streams, its memory, bodies that mean harm."""

import gzip
import os
import zlib

import pytest

from itkd import Config, Site, amount, in_time, is_asan, wait_for
from itkd_coding import decode, decoder
from itkd_tools import GONE, Gate

PLAIN = "".join(f"line {n} of the text\n" for n in range(400)).encode()
RANDOM = os.urandom(1048576)
LARGE = amount(64_000_000, 200_000_000)  # bytes of a file without blocks, and of a program
BOUND = 400_000 if is_asan() else 48_000  # kB, of a child
CODINGS = pytest.mark.parametrize("coding", ["gzip", "br"])
HEADER = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\n"


class World:
    def __init__(self, start, directory, tls):
        self.a = Site("a", directory)
        root = self.a.docroot
        config = Config(directory, tls, Site("main", directory))
        config.main("Include /etc/apache2/mods-available/deflate.conf")
        every = "SetOutputFilter BROTLI_COMPRESS;DEFLATE"
        config.vhost(self.a, every)
        config.vhost(self.a, every, tls=True)
        config.vhost(self.a, name="debian.test")
        config.vhost(self.a, "SetInputFilter DEFLATE", name="in.test")
        config.vhost(self.a, "SetInputFilter DEFLATE", "DeflateInflateLimitRequestBody 100000",
                     "DeflateInflateRatioLimit 5000", name="limit.test")
        config.vhost(self.a, "SetOutputFilter ;Nonesuch;DEFLATE", "SetInputFilter Nothing",
                     name="unknown.test")
        config.vhost(self.a, "AddOutputFilterByType DEFLATE text/plain", name="byte.test")
        config.raw(f'<Directory "{root}/many">', "\tOptions +Indexes", "</Directory>")
        self.a.file("x.txt", PLAIN)
        self.a.file("random.bin", RANDOM)
        self.a.mkdir("many")
        for n in range(100):
            self.a.file(f"many/a-file-of-some-length-{n}.txt")
        self.a.file("large.bin", "")
        os.truncate(root / "large.bin", LARGE)
        self.cgi = {
            "zeros": f"head -c {LARGE} /dev/zero\n",
            "short": "echo short\n",
            "count": "wc -c\n",
            "cut": "printf 'begun, and more of it than what is called small: %060d'; kill -9 $$\n",
            "length": f"cat '{root}/x.txt'\n",
        }
        for name, text in self.cgi.items():
            self.a.cgi(name, HEADER + text)
        self.a.cgi("length", "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\nContent-Length: "
                   f"{len(PLAIN)}\\r\\n\\r\\n'\ncat '{root}/x.txt'\n")
        self.server = start(config)

    def gated(self, name, *texts):
        """A program that waits at a gate of its own behind each text but the last."""
        gates = [Gate(self.a, f"{name}-{n}") for n in range(len(texts) - 1)]
        waits = [f'read x < "{gate.path}"' for gate in gates] + [""]
        says = [f"printf '{text}'\n{wait}\n" for text, wait in zip(texts, waits)]
        self.a.cgi(name, HEADER + "".join(says))
        return gates


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


def pieces(connection):
    """The bodies of chunks as they come."""
    while size := int(connection._until(b"\r\n").split(b";")[0], 16):
        yield connection._exactly(size)
        assert connection._exactly(2) == b"\r\n"
    assert connection._until(b"\r\n") == b""


@CODINGS
@pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])
def test_program_streams(world, coding, sni):
    """Each line is with the client, readable, before the program says the next one."""
    lines = [f"line {n}, which is not long" for n in (1, 2, 3)]
    gates = world.gated("lines", *lines, "end")
    with world.server.connect(tls=sni) as c:
        c.request("/cgi-bin/lines", "a.test", headers={"Accept-Encoding": coding})
        head = c.head()
        assert head.header("Content-Encoding") == coding
        assert head.header("Content-Length") is None
        client, text, chunks = decoder(coding), b"", pieces(c)
        for line, gate in zip(lines, gates):
            while not text.endswith(line.encode()):
                text += client.feed(next(chunks))
            gate.open()
        for piece in chunks:
            text += client.feed(piece)
        assert text.decode() == "".join(lines) + "end" and client.whole


def test_program_streams_slowly_begun(world):
    """The first bytes leave although they are so few that a whole answer of them stays plain."""
    [gate] = world.gated("few", "x", "y")
    with world.server.connect() as c:
        c.request("/cgi-bin/few", "a.test", headers={"Accept-Encoding": "gzip"})
        assert c.head().header("Content-Encoding") == "gzip"
        client, text, chunks = decoder("gzip"), b"", pieces(c)
        while text != b"x":
            text += client.feed(next(chunks))
        gate.open()
        assert text + b"".join(client.feed(piece) for piece in chunks) == b"xy"
        assert client.whole


def test_small_answers(world):
    """What is smaller than what compression costs stays as it is (as in Apache: gzip alone)."""
    for coding, encoding in (("gzip", None), ("br", "br")):
        got = world.server.get("/cgi-bin/short", "a.test", headers={"Accept-Encoding": coding})
        assert got.header("Content-Encoding") == encoding
        assert (got.body if encoding is None else decode("br", got.body)) == b"short\n"


@CODINGS
@pytest.mark.parametrize("path", ["/large.bin", "/cgi-bin/zeros"], ids=["file", "program"])
def test_large_bodies(world, path, coding):
    """Many megabytes of zeros go through the child, and it needs little memory."""
    with world.server.connect(timeout=120) as c:
        c.request(path, "a.test", headers={"Accept-Encoding": coding})
        assert c.head().header("Content-Encoding") == coding
        child, client, got, peak = None, decoder(coding), 0, 0
        for piece in pieces(c):
            child = child or world.server.owner(c)[0]
            peak = max(peak, int(child.status.get("VmHWM", "0 kB").split()[0]))
            got += len(client.feed(piece))
        assert got == LARGE and client.whole
    assert 0 < peak < BOUND, f"{peak} kB"


def test_kept_connection(world):
    """Compressed answers are framed so that the next one can follow."""
    with world.server.connect() as c:
        for path, body in (("/x.txt", PLAIN), ("/cgi-bin/length", PLAIN), ("/x.txt", PLAIN)):
            got = c.get(path, "a.test", headers={"Accept-Encoding": "gzip"})
            assert gzip.decompress(got.body) == body and not got.closes
        got = c.get("/x.txt", "a.test", "HEAD", headers={"Accept-Encoding": "gzip"})
        assert got.header("Content-Encoding") == "gzip"
        assert c.get("/x.txt", "a.test").body == PLAIN


def test_client_of_http_1_0(world):
    """A compressed stream ends with the connection."""
    with world.server.connect() as c:
        c.request("/cgi-bin/length", "a.test", headers={"Accept-Encoding": "gzip"},
                  version="HTTP/1.0")
        assert gzip.decompress(c.response().body) == PLAIN


def test_program_that_is_cut(world):
    """A program that dies leaves an answer that no client can take for a whole one."""
    got = world.server.get("/cgi-bin/cut", "a.test", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(got.body).startswith(b"begun")  # of unknown length: as Apache's
    path = "/cgi-bin/shorter"
    world.a.cgi("shorter", "#!/bin/sh\nprintf 'Content-Length: 9999\\r\\n\\r\\n'; head -c 500 "
                "/dev/zero\n")
    with pytest.raises(GONE):
        world.server.get(path, "a.test", headers={"Accept-Encoding": "gzip"})
    # Its end is there before its head is made.
    world.a.cgi("shorter", "#!/bin/sh\nprintf 'Content-Length: 1000\\r\\n\\r\\nabc'\n")
    for coding in ("br", "gzip", "identity"):
        with pytest.raises(GONE):
            world.server.get(path, "a.test", headers={"Accept-Encoding": coding})


@pytest.mark.parametrize("size", [524288, 524388, 1048576])
def test_program_that_is_not_compressible(world, size):
    """What comes out is as large as what goes in: it fills all the room there is."""
    world.a.cgi("random", f"#!/bin/sh\nprintf 'Content-Length: {size}\\r\\n\\r\\n'\n"
                f"head -c {size} '{world.a.docroot}/random.bin'\n")
    got = world.server.get("/cgi-bin/random", "a.test", headers={"Accept-Encoding": "br"})
    assert got.header("Content-Encoding") == "br"
    assert decode("br", got.body) == RANDOM[:size]


@CODINGS
def test_program_whose_descendant_writes_on(world, coding):
    """A pause is no end, though the program itself has ended: what it started still writes."""
    gate = Gate(world.a, "descendant")
    text = "first, and more of it than what is called small: %060d" % 0
    world.a.cgi("descendant", HEADER + f"printf '{text}'\n"
                f"(read x < '{gate.path}'; echo SECOND) &\nexit 0\n")

    def attempt():
        with world.server.connect() as c:
            c.request("/cgi-bin/descendant", "a.test", headers={"Accept-Encoding": coding})
            assert c.head().header("Content-Encoding") == coding
            client, got, chunks = decoder(coding), b"", pieces(c)
            while len(got) < len(text):
                got += client.feed(next(chunks))
            gate.open()
            got += b"".join(client.feed(piece) for piece in chunks)
            return got.decode(), client.whole

    # What says nothing for some seconds after the program's end is a daemon.
    assert in_time(2, attempt) == (text + "SECOND\n", True)


# what the program says behind its Content-Length: 0, once that is out
@pytest.mark.parametrize("tail", ["", "; read x < {gate}", "; read x < {gate}; echo too much"],
                         ids=["end", "pause", "more"])
@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
def test_empty_body(world, coding, tail):
    """An empty body is one in each coding, however its program goes on."""
    gate = Gate(world.a, "empty")
    world.a.cgi("empty", "#!/bin/sh\nprintf 'Status: 302\\nLocation: http://x/\\n"
                f"Content-Length: 0\\n\\n'{tail.format(gate=gate.path)}\n")
    with world.server.connect() as c:
        c.request("/cgi-bin/empty", "a.test", headers={"Accept-Encoding": coding})
        got = c.response()
        encoding = got.header("Content-Encoding")
        assert got.status == 302 and encoding in (None, coding)
        assert (decode(encoding, got.body) if encoding else got.body) == b""
        if "read" in tail:
            gate.open()
        assert c.get("/x.txt", "a.test", headers={"Accept-Encoding": "identity"}).body == PLAIN


def test_redirect_leaves_nothing(world):
    """What a program wrote behind a Location is no part of the page it leads to."""
    world.a.cgi("away", "#!/bin/sh\nprintf 'Location: /many/\\r\\n\\r\\nSTALE'\n")
    plain = world.server.get("/cgi-bin/away", "a.test")
    got = world.server.get("/cgi-bin/away", "a.test", headers={"Accept-Encoding": "br"})
    assert got.header("Content-Encoding") == "br"
    text = decode("br", got.body)
    assert text == plain.body and b"STALE" not in text and b"length-99.txt" in text


def test_client_that_goes(world):
    """A client that goes in the middle leaves no process behind."""
    with world.server.connect() as c:
        c.request("/cgi-bin/zeros", "a.test", headers={"Accept-Encoding": "gzip"})
        c.head()
        child = world.server.owner(c)[0]
        c.reset()
    wait_for(lambda: not child.alive, 30, "the child's end")


@pytest.mark.parametrize("ranges", ["bytes=0-99", "bytes=-100", "bytes=0-9,20-29"])
@pytest.mark.parametrize("site", ["a.test", "byte.test"])
def test_ranges(world, site, ranges):
    """A range is one of the file: never compressed; caches are told what it depends on."""
    got = world.server.get("/x.txt", site, headers={"Accept-Encoding": "gzip", "Range": ranges})
    assert got.status == 206
    assert got.header("Content-Encoding") is None
    assert got.header("Vary") == "Accept-Encoding"
    assert not got.header("ETag").endswith('-gzip"')
    if "," not in ranges:
        assert got.body == (PLAIN[:100] if ranges == "bytes=0-99" else PLAIN[-100:])
    whole = world.server.get("/x.txt", site, headers={"Accept-Encoding": "gzip"})
    tag = whole.header("ETag")
    got = world.server.get("/x.txt", site, headers={
        "Accept-Encoding": "gzip", "Range": ranges, "If-Range": tag})
    assert got.status == 200 and gzip.decompress(got.body) == PLAIN


def test_debian(world):
    """deflate.conf as Debian ships it works unchanged."""
    got = world.server.get("/x.txt", "debian.test", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(got.body) == PLAIN
    got = world.server.get("/large.bin", "debian.test", method="HEAD",
                           headers={"Accept-Encoding": "gzip"})
    assert got.header("Content-Encoding") is None and got.header("Vary") is None


def test_unknown_names(world):
    """As in Apache they are told at each request, and the others work."""
    got = world.server.get("/x.txt", "unknown.test", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(got.body) == PLAIN
    for name in ("", "Nonesuch", "Nothing"):
        world.server.wait_log(f"AH00082: an unknown filter was not added: {name}\n",
                              "unknown.test-error.log")


def bomb(size):
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(z.compress(bytes(1 << 20)) for _ in range(size >> 20)) + z.flush()


# site, bytes that come out, status, what is logged
BOMBS = [("in.test", 64 << 20, 400, "AH02649: Inflated content ratio is larger"),
         ("limit.test", 64 << 20, 413, "AH02648: Inflated content length of 1[0-9]{5} is larger"),
         ("limit.test", 1 << 20, 413, "AH02648")]


@pytest.mark.parametrize("how", ["length", "chunked"])
@pytest.mark.parametrize("site, size, status, message", BOMBS)
def test_bombs(world, site, size, status, message, how):
    """A few kilobytes that would be many megabytes are refused while they are unpacked."""
    body = bomb(size)
    with world.server.connect() as c:
        if how == "length":
            c.request("/cgi-bin/count", site, "POST", {"Content-Encoding": "gzip"}, body)
        else:
            c.request("/cgi-bin/count", site, "POST", {"Content-Encoding": "gzip",
                                                       "Transfer-Encoding": "chunked"})
            c.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        assert c.response().status == status
    world.server.wait_log(message, f"{site}-error.log")


@pytest.mark.parametrize("size", [1, 100, 8096, 65536])
def test_requests(world, size):
    """Bodies in chunks of any size arrive unpacked; in one connection after another."""
    with world.server.connect() as c:
        packed = gzip.compress(os.urandom(50_000) + PLAIN)[:]
        for _ in range(2 if size > 1 else 1):
            c.request("/cgi-bin/count", "in.test", "POST", {
                "Content-Encoding": "gzip", "Transfer-Encoding": "chunked"})
            for at in range(0, len(packed), size if size > 1 else 37):
                part = packed[at:at + (size if size > 1 else 37)]
                c.send(b"%x\r\n%b\r\n" % (len(part), part))
            c.send(b"0\r\n\r\n")
            assert c.response().text == f"{50_000 + len(PLAIN)}\n"


def test_requests_as_they_are(world):
    """Without SetInputFilter a packed body is passed on, and Content-Encoding with it."""
    packed = gzip.compress(PLAIN)
    got = world.server.get("/cgi-bin/count", "a.test", method="POST", body=packed,
                           headers={"Content-Encoding": "gzip"})
    assert got.text == f"{len(packed)}\n"
