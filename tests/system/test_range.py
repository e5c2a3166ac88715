"""
Issue 5, point 2: ranges and preconditions where RFC 9110 says otherwise than Apache, each with its
section; what both do is in ../compare/cases/range.py and conditions.py. Large files, TLS, HTTP/1.0.
"""

import email.message
import email.parser
import email.policy
import email.utils
import os
import re
import time

import pytest

from itkd import Config, Site, wait_for
from itkd_tools import exchange, status_of

TEXT = "".join(f"{n:09}\n" for n in range(100))
SIZE = len(TEXT)
MTIME = 1700000000
DATE = email.utils.formatdate(MTIME, usegmt=True)
BEFORE = email.utils.formatdate(MTIME - 1, usegmt=True)
AFTER = email.utils.formatdate(MTIME + 1, usegmt=True)
FUTURE = email.utils.formatdate(time.time() + 86400, usegmt=True)
TAG = '"3e8-60a24181e4000"'
GIB = 1 << 30


class World:
    def __init__(self, start, directory, tls):
        self.a = Site("a", directory)
        config = Config(directory, tls, Site("main", directory))
        lines = ["AddHandler cgi-script .cgi", "AddHandler type-map .var",
                 f'<Directory "{self.a.docroot}">', "Options +ExecCGI +MultiViews +Indexes",
                 "</Directory>", "AddLanguage de .de"]
        config.vhost(self.a, *lines)
        config.vhost(self.a, *lines, tls=True)
        for name in ("x.txt", "p.html.de"):
            os.utime(self.a.file(name, TEXT), (MTIME, MTIME))
        self.a.file("fresh.txt", TEXT)
        self.a.file("m.var", "URI: x.txt\nContent-type: text/plain\n")
        self.a.mkdir("d")
        self.a.file("d/f", "x")
        self.a.file("x.cgi", "#!/bin/sh\n"
                    "printf 'Content-Type: text/plain\\nETag: \"a\"\\n\\nbody'\n", 0o755)
        big = self.a.file("big.bin", "")
        with open(big, "r+b") as f:  # no byte of it is on the disk but these
            f.truncate(5 * GIB)
            for at, mark in ((0, b"begin"), (4 * GIB - 2, b"middle"), (5 * GIB - 3, b"end")):
                f.seek(at)
                f.write(mark)
        for path in (self.a.docroot, *self.a.docroot.rglob("*")):
            os.utime(path, (MTIME, MTIME))  # the tag of a file of this second is a weak one
        self.server = start(config)

    def get(self, path="/x.txt", **headers):
        how = {k: headers.pop(k) for k in ("method", "tls", "body", "version") if k in headers}
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.get(path, self.a, headers=fields, **how)


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


# Range, first and last byte (None: 416; "": the whole), the section that makes it so
RANGES = [
    ("bytes=-0", None, "14.1.2: a suffix of no bytes cannot be satisfied"),
    ("bytes=1000-", None, "15.5.17: 416 names the length"),
    ("bytes=99999999999999999999999-", None, "14.1.2: digits have no largest number"),
    ("bytes=-99999999999999999999999", (0, 999), "14.1.2: a suffix longer than all is all"),
    ("bytes=5-99999999999999999999999", (5, 999), "14.1.2: the last position may be too large"),
    ("bytes= 1-2", (1, 2), "5.6.1: blanks in a list"),
    ("bytes=,1-2", (1, 2), "5.6.1: empty elements of a list"),
    ("bytes=1-2 , ,", (1, 2), "5.6.1: empty elements of a list"),
    ("bytes=1000-,5-4", "", "14.2: one that is invalid makes the field invalid"),
    ("bytes=0-,x", "", "14.2: one that is invalid makes the field invalid"),
]


@pytest.mark.parametrize("value, want, section", RANGES)
def test_other_than_apache(world, value, want, section):
    got = world.get(Range=value)
    if want is None:
        assert got.status == 416, section
        assert got.header("Content-Range") == f"bytes */{SIZE}"
        assert got.header("Content-Length") == str(len(got.body))
    elif want == "":
        assert (got.status, got.text) == (200, TEXT), section
    else:
        first, last = want
        assert (got.status, got.text) == (206, TEXT[first:last + 1]), section
        assert got.header("Content-Range") == f"bytes {first}-{last}/{SIZE}"


def test_only_get_and_head_have_ranges(world):
    """
    RFC 9110 section 14.2; Apache answers POST with a part, too. HEAD is as GET (section 9.3.2),
    though 14.2 speaks of GET alone: so it is in Apache and nginx.
    """
    assert world.get(method="POST", body=b"x", Range="bytes=1-2").status == 200
    head = world.get(method="HEAD", Range="bytes=1-2")
    got = world.get(Range="bytes=1-2")
    assert [head.header_all(n) for n in ("Content-Range", "Content-Length", "ETag")] == \
        [got.header_all(n) for n in ("Content-Range", "Content-Length", "ETag")]
    assert (head.status, head.body) == (206, b"")


def parts_of(answer):
    """The parts of multipart/byteranges as a mail reader splits them."""
    head = f"Content-Type: {answer.header('Content-Type')}\r\n\r\n".encode()
    mail = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + answer.body)
    assert mail.get_content_type() == "multipart/byteranges" and not mail.defects
    return [(part["Content-Range"], part.get_content_type(), part.get_payload(decode=True))
            for part in mail.iter_parts()]


@pytest.mark.parametrize("secure", [False, True])
def test_parts(world, secure):
    """Section 14.6: several ranges, each with its own fields, as another's parser reads them."""
    got = world.get(Range="bytes=0-4,995-,100-109", tls=secure)
    assert got.status == 206 and got.header("Content-Range") is None
    assert got.header("Content-Length") == str(len(got.body))
    assert parts_of(got) == [
        (f"bytes {a}-{b}/{SIZE}", "text/plain", TEXT[a:b + 1].encode())
        for a, b in ((0, 4), (995, 999), (100, 109))]
    boundaries = {world.get(Range="bytes=0-4,9-9").header("Content-Type") for _ in range(3)}
    assert len(boundaries) == 3, "nobody can know the boundary before"


def test_old_client_and_chain(world):
    """An answer in parts to HTTP/1.0, and one between others on a kept connection."""
    assert len(parts_of(world.get(Range="bytes=0-4,9-9", version="HTTP/1.0"))) == 2
    with world.server.connect() as c:
        for value, status in (("bytes=0-4,9-9", 206), ("bytes=2000-", 416), ("bytes=1-2", 206),
                              ("bytes=0-4,9-9", 206), ("x", 200)):
            got = c.get("/x.txt", "a.test", headers={"Range": value})
            assert got.status == status and not got.closes, value


@pytest.mark.parametrize("secure", [False, True])
def test_five_gib(world, secure):
    """Offsets of more than 32 bits, in one part and in several, without reading the holes."""
    size = 5 * GIB
    head = world.get("/big.bin", method="HEAD", tls=secure)
    assert head.header("Content-Length") == str(size)
    got = world.get("/big.bin", Range=f"bytes={4 * GIB - 4}-{4 * GIB + 5}", tls=secure)
    assert got.body == b"\0\0middle\0\0"
    assert got.header("Content-Range") == f"bytes {4 * GIB - 4}-{4 * GIB + 5}/{size}"
    assert world.get("/big.bin", Range="bytes=-3", tls=secure).body == b"end"
    parts = parts_of(world.get("/big.bin", Range=f"bytes={size - 4}-,0-5", tls=secure))
    assert [p[2] for p in parts] == [b"\0end", b"begin\0"]
    assert world.get("/big.bin", Range=f"bytes={size}-", tls=secure).header(
        "Content-Range") == f"bytes */{size}"


# fields, status, the step of section 13.2.2 or the section that decides
CONDITIONS = [
    ({"If-Match": TAG, "If-Unmodified-Since": BEFORE}, 200, "step 2 is for who sent no If-Match"),
    ({"If-None-Match": '"a"', "If-Modified-Since": FUTURE}, 200, "step 4: no If-None-Match"),
    ({"If-None-Match": TAG, "If-Modified-Since": BEFORE}, 304, "step 4: no If-None-Match"),
    ({"If-Modified-Since": FUTURE}, 304, "13.1.3: not modified since"),
    ({"If-Match": '"a"', "If-None-Match": TAG}, 412, "step 1 is the first"),
    ({"If-Unmodified-Since": BEFORE, "If-None-Match": TAG}, 412, "step 2 is before step 3"),
    ({"If-None-Match": TAG, "Range": "bytes=1-2"}, 304, "step 3 is before step 5"),
    ({"If-None-Match": "W/" + TAG, "Range": "bytes=1-2"}, 304, "13.1.2: weak comparison"),
    ({"If-None-Match": TAG, "If-Range": '"a"', "Range": "bytes=1-2"}, 304, "step 3, then 5"),
    ({"If-Match": "W/" + TAG}, 412, "13.1.1: strong comparison"),
    ({"If-Match": TAG, "If-Range": TAG, "Range": "bytes=1-2"}, 206, "all hold"),
    ({"If-Range": "W/" + TAG, "Range": "bytes=1-2"}, 200, "13.1.5: strong comparison"),
    ({"If-Range": DATE, "Range": "bytes=1-2"}, 206, "13.1.5: exactly the date"),
    ({"If-Range": AFTER, "Range": "bytes=1-2"}, 200, "13.1.5: exactly the date"),
    ({"If-Range": '"a"', "Range": "bytes=5000-"}, 200, "13.1.5: the field is ignored, so no 416"),
    ({"If-Unmodified-Since": "Tuesday, 14-Nov-23 22:13:19 GMT"}, 412, "5.6.7: RFC 850"),
    ({"If-Unmodified-Since": "Tue Nov 14 22:13:19 2023"}, 412, "5.6.7: asctime"),
    ({"If-None-Match": f'"a" , {TAG}'}, 304, "5.6.1: a list"),
    ({"If-None-Match": f'"a,{TAG}'}, 200, "8.8.3: an opaque tag ends with a quote"),
]


@pytest.mark.parametrize("fields, status, why", CONDITIONS)
def test_precedence(world, fields, status, why):
    got = world.server.get("/x.txt", world.a, headers=fields)
    assert got.status == status, why
    if status == 304:
        # Section 15.4.5: what a cache needs, and nothing of the content.
        assert got.header("ETag") == TAG and got.header("Date") and got.body == b""
        assert not [n for n in ("Content-Type", "Content-Length", "Content-Range")
                    if got.header(n)]
    head = world.server.get("/x.txt", world.a, method="HEAD", headers=fields)
    assert head.status == status, "HEAD as GET"
    assert head.header("Content-Length") == got.header("Content-Length")


def test_a_file_of_this_second_is_no_base_for_a_range(world):
    """Section 8.8.2.2: a date is weak while the file could change again within its second."""
    def asked_within_it():
        made = os.stat(world.a.file("now.txt", TEXT)).st_mtime
        got = world.get("/now.txt")
        tags = got.header("ETag"), got.header("Last-Modified")
        statuses = [world.get("/now.txt", Range="bytes=1-2", If_Range=tag).status for tag in tags]
        return time.time() < made + 1 and (tags[0][:2], statuses)

    assert wait_for(asked_within_it, 30, "a second that is long enough") == ("W/", [200, 200])


@pytest.mark.parametrize("path", ["/x.txt", "/p", "/x.cgi", "/d/", "/d", "/none", "/x.txt/y",
                                  "/big.bin", "/m.var", "/q"])
def test_head_is_get_without_the_body(world, path):
    """RFC 9110 section 9.3.2, for every handler: the same status and fields."""
    def fields(method):
        raw = exchange(world.server, f"{method} {path} HTTP/1.1\r\nHost: a.test\r\nRange: bytes=0-1"
                       "\r\nConnection: close\r\n\r\n".encode())
        lines = raw.split(b"\r\n\r\n")[0].split(b"\r\n")
        optional = (b"date:", b"content-length:", b"transfer-encoding:")  # section 9.3.2 lets them
        return status_of(raw), sorted(
            line for line in lines[1:] if not line.lower().startswith(optional))

    assert fields("HEAD") == fields("GET")


def test_variant_tags_are_whole(world):
    """
    Section 8.8.3: the tag of a variant ends with a quote (Apache's does not), and serves to ask
    again.
    """
    got = world.get("/p")
    assert got.status == 200 and got.header("ETag")[-1] == '"' and ";" in got.header("ETag")
    assert world.get("/p", If_None_Match=got.header("ETag")).status == 304
    os.utime(world.a.file("p.html", TEXT), (MTIME, MTIME))
    again = world.get("/p", If_None_Match=got.header("ETag"))
    assert again.status == 200, "there is another variant now: the choice must be made again"
    os.unlink(world.a.docroot / "p.html")


def test_a_type_map_cannot_write_fields(world):
    """Issue 5, point 4: what a site's file says never ends a line of the answer's head."""
    world.a.file("evil.var", "URI: x.txt\nContent-type: \"text/a\r\n X-Evil: 1\nX-Evil: 2\"\n"
                 "Content-language: \"de\r\n X-Evil: 3\"\n"
                 "Content-encoding: \"a\rX-Evil: 4\"\n")
    for fields in ({"Negotiate": "trans"}, {"Negotiate": "*"}, {"Accept": "image/png"}, {}):
        raw = exchange(world.server, b"GET /evil.var HTTP/1.1\r\nHost: a.test\r\n" + b"".join(
            f"{n}: {v}\r\n".encode() for n, v in fields.items()) + b"Connection: close\r\n\r\n")
        head = raw.split(b"\r\n\r\n")[0]
        assert status_of(raw) in (200, 300, 404, 406, 500)
        assert not [line for line in re.split(rb"[\r\n]+", head) if line.startswith(b"X-Evil")]
