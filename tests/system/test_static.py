"""Issue 2, point 7: static files: status, fields, bytes, directories (see test_paths.py, too)."""

import email.utils
import os
import time
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from itkd import Config, Site, wait_for
from itkd_tools import GONE, exchange, status_of, statuses

TEXT = "".join(f"line {n} of the file\n" for n in range(50))
SIZE = len(TEXT)
MTIME = 1700000000
SECRET = "only for other eyes"  # in every file that no answer may show


class World:
    """One server for the module: site a with a tree of everything, site b with a secret."""

    def __init__(self, start, directory, tls):
        self.a, self.b = Site("a", directory), Site("b", directory)
        config = Config(directory, tls, Site("main", directory))
        root = self.a.docroot
        for name, options in (("follow", "FollowSymLinks"), ("owner", "SymLinksIfOwnerMatch"),
                              ("none", "None"), ("list", "Indexes"), ("race", "None"),
                              ("raceowner", "SymLinksIfOwnerMatch")):
            self.a.mkdir(name)
            config.raw(f'<Directory "{root}/{name}">', f"\tOptions {options}", "</Directory>")
        config.raw(f'<Directory "{root}/denied">', "\tRequire all denied", "</Directory>")
        lines = ("DirectoryIndex first.html index.html", "AddType application/x-own .own")
        aliased = self.a.root / "aliased"
        lines += (f'Alias /al "{aliased}/in"', f'Alias /slash/ "{aliased}/in/"')
        config.raw(f'<Directory "{aliased}">', "\tRequire all granted", "</Directory>")
        config.vhost(self.a, *lines)
        config.vhost(self.a, *lines, tls=True)
        config.vhost(self.b)
        self.plant()
        self.server = start(config)

    def plant(self):
        a = self.a
        self.text = a.file("text.txt", TEXT)
        os.utime(self.text, (MTIME, MTIME))
        a.file("empty.txt", "")
        for name in ("dir", "dir/sub", "bare", "both", "locked", "denied"):
            a.mkdir(name)
        a.file("dir/index.html", "index of dir\n")
        a.file("dir/sub/x.txt", "x\n")
        a.file("both/first.html", "first\n")
        a.file("both/index.html", "second\n")
        a.file("denied/x.txt", SECRET)
        a.file("locked/x.txt", SECRET)
        os.chmod(a.docroot / "locked", 0)
        a.file("mode0.txt", SECRET, 0)
        for name in ("aliased", "aliased/in"):
            a.mkdir(a.root / name)
        a.file(a.root / "aliased" / "in" / "x.txt", "aliased\n")
        for name in ("x.txt", "inx.txt", "in..x.txt"):
            a.file(a.root / "aliased" / name, SECRET)
        a.mkdir(a.root / "beside")
        a.file(a.root / "beside" / "x.txt", SECRET, 0o644)
        self.b.file("public.txt", SECRET, 0o644)


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


def test_get_and_head(world):
    """Point 7: the bytes, their type, date and tag; HEAD gives the same fields without them."""
    got = world.server.get("/text.txt", world.a)
    assert (got.status, got.text) == (200, TEXT)
    assert got.header("Content-Length") == str(SIZE)
    assert got.header("Content-Type") == "text/plain"
    assert got.header("Last-Modified") == email.utils.formatdate(MTIME, usegmt=True)
    assert got.header("ETag").startswith('"') and got.header("ETag").endswith('"')
    assert abs(email.utils.parsedate_to_datetime(got.header("Date")).timestamp()
               - time.time()) < 120
    head = world.server.get("/text.txt", world.a, method="HEAD")
    assert head.status == 200 and head.body == b""
    same = ("Content-Length", "Content-Type", "Last-Modified", "ETag", "Accept-Ranges")
    assert [head.header(n) for n in same] == [got.header(n) for n in same]


def test_head_sends_no_body_byte(world):
    """Point 7: behind the head of an answer to HEAD comes the next answer, nothing else."""
    raw = exchange(world.server,
                   b"HEAD /text.txt HTTP/1.1\r\nHost: a.test\r\n\r\n"
                   b"HEAD /missing HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
    heads = raw.split(b"\r\n\r\n")
    assert [status_of(h) for h in heads[:2]] == [200, 404] and heads[2:] == [b""]


def test_etag_follows_the_content(world):
    """Point 7: another length or time of change gives another ETag."""
    path = world.a.file("tag.txt", "one")
    os.utime(path, (MTIME, MTIME))
    tags = [world.server.get("/tag.txt", world.a).header("ETag")]
    os.utime(path, (MTIME + 100, MTIME + 100))
    tags.append(world.server.get("/tag.txt", world.a).header("ETag"))
    os.utime(world.a.file("tag.txt", "three"), (MTIME, MTIME))
    tags.append(world.server.get("/tag.txt", world.a).header("ETag"))
    assert len(set(tags)) == 3, tags


def _date(offset):
    return email.utils.formatdate(MTIME + offset, usegmt=True)


# fields ({tag} is the file's ETag), status
CONDITIONS = [
    ({"If-None-Match": "{tag}"}, 304),
    ({"If-None-Match": "W/{tag}"}, 304),
    ({"If-None-Match": "*"}, 304),
    ({"If-None-Match": '"other"'}, 200),
    ({"If-None-Match": '"other", {tag}'}, 304),
    ({"If-None-Match": '"a,b" , W/"c",, {tag}'}, 304),
    ({"If-None-Match": '"x{tag}'}, 200),
    ({"If-Modified-Since": _date(0)}, 304),
    ({"If-Modified-Since": _date(3600)}, 304),
    ({"If-Modified-Since": _date(-1)}, 200),
    ({"If-Modified-Since": "Tuesday, 14-Nov-23 22:13:20 GMT"}, 304),
    ({"If-Modified-Since": "Tue Nov 14 22:13:20 2023"}, 304),
    ({"If-Modified-Since": "yesterday"}, 200),
    ({"If-Modified-Since": ""}, 200),
    ({"If-None-Match": '"other"', "If-Modified-Since": _date(0)}, 200),
    ({"If-None-Match": "{tag}", "If-Modified-Since": _date(-1)}, 304),
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("fields, status", CONDITIONS)
def test_conditions(world, fields, status, method):
    """Point 7: If-None-Match before If-Modified-Since (RFC 9110 section 13.2.2)."""
    tag = world.server.get("/text.txt", world.a).header("ETag")
    fields = {k: v.replace("{tag}", tag) for k, v in fields.items()}
    with world.server.connect() as c:
        got = c.get("/text.txt", "a.test", method, headers=fields)
        assert got.status == status
        if status == 304:
            assert got.header("ETag") == tag and got.header("Date")
            assert not got.header("Transfer-Encoding")
        # A 304 has no body: the connection is at the next answer.
        assert c.get("/dir/sub/x.txt", "a.test").text == "x\n"


# Range, status, first and last byte
RANGES = [
    ("bytes=0-0", 206, 0, 0),
    ("bytes=0-9", 206, 0, 9),
    ("bytes=5-", 206, 5, SIZE - 1),
    ("bytes=-7", 206, SIZE - 7, SIZE - 1),
    (f"bytes=-{SIZE}", 206, 0, SIZE - 1),
    ("bytes=-999999", 206, 0, SIZE - 1),
    ("bytes=10-999999", 206, 10, SIZE - 1),
    (f"bytes={SIZE - 1}-", 206, SIZE - 1, SIZE - 1),
    (f"bytes={SIZE}-", 416, None, None),
    ("bytes=999999-1000000", 416, None, None),
    ("bytes=9-5", 200, None, None),
    ("bytes=", 200, None, None),
    ("bytes=a-b", 200, None, None),
    ("bytes=5", 200, None, None),
    ("bytes=-", 200, None, None),
    ("bytes=--5", 200, None, None),
    ("bytes=0x1-0x5", 200, None, None),
    ("lines=0-5", 200, None, None),
    ("bytes= 0-4", None, None, None),
    ("bytes=-0", None, None, None),
    ("bytes=99999999999999999999-", None, None, None),
    ("bytes=0-99999999999999999999", None, None, None),
]


@pytest.mark.parametrize("value, status, first, last", RANGES)
def test_single_range(world, value, status, first, last):
    """Point 7: single Range (RFC 9110 section 14.2); what is no range is ignored."""
    got = world.server.get("/text.txt", world.a, headers={"Range": value})
    if status is None:  # 200, 206 and 416 can all be argued for: it is right in itself
        assert got.status in (200, 206, 416)
        assert got.status == 416 or got.body and got.text in TEXT
        assert got.status != 200 or got.text == TEXT
        return
    assert got.status == status
    if status == 206:
        assert got.header("Content-Range") == f"bytes {first}-{last}/{SIZE}"
        assert got.text == TEXT[first:last + 1]
    elif status == 416:
        assert got.header("Content-Range") == f"bytes */{SIZE}"
        assert "line 1" not in got.text
    else:
        assert got.text == TEXT and not got.header("Content-Range")


def test_range_of_what_has_changed(world):
    """Point 7: an If-Range that does not match gives the whole file, never a part of it."""
    fields = {"Range": "bytes=0-3", "If-Range": '"old"'}
    got = world.server.get("/text.txt", world.a, headers=fields)
    assert (got.status, got.text) == (200, TEXT)


def test_range_of_nothing(world):
    """Point 7: a file of 0 bytes, whole and by range, keeps the connection."""
    with world.server.connect() as c:
        got = c.get("/empty.txt", "a.test")
        assert (got.status, got.body, got.header("Content-Length")) == (200, b"", "0")
        assert c.get("/empty.txt", "a.test", headers={"Range": "bytes=0-"}).status in (200, 416)
        assert c.get("/dir/sub/x.txt", "a.test").status == 200


# target, where to
REDIRECTS = [
    ("/dir", "/dir/"),
    ("/dir/sub", "/dir/sub/"),
    ("/dir?a=b%20c", "/dir/?a=b%20c"),
    ("//dir", "/dir/"),
    ("/./dir/../dir", "/dir/"),
    ("/white%20sp%0d%0aX:y", "/white%20sp%0d%0aX:y/"),
]


@pytest.mark.parametrize("tls_too", [False, True])
@pytest.mark.parametrize("target, location", REDIRECTS)
def test_directory_redirect(world, target, location, tls_too):
    """Point 7: a directory redirects to its slash, on the same scheme, host and port."""
    world.a.mkdir("white sp\r\nX:y")
    port = world.server.tls_port if tls_too else world.server.port
    with world.server.connect(tls="a.test" if tls_too else None) as c:
        got = c.get(target, f"a.test:{port}")
    base = f"{'https' if tls_too else 'http'}://a.test:{port}"
    assert got.status == 301
    assert urljoin(base, got.header("Location")).lower() == (base + location).lower()
    assert got.header("X") is None


# target, status, body
DIRECTORIES = [
    ("/dir/", 200, "index of dir\n"),
    ("/both/", 200, "first\n"),
    ("/dir/sub/", 403, None),
    ("/bare/", 403, None),
    ("/bare/none", 404, None),
    ("/text.txt/", 404, None),
    ("/text.txt/more", 404, None),
    ("/dir/index.html/x", 404, None),
    ("/locked/x.txt", 403, None),
    ("/locked/none", 403, None),
    ("/mode0.txt", 403, None),
    ("/denied/x.txt", 403, None),
    ("/denied/none", 403, None),
    ("/missing", 404, None),
]


@pytest.mark.parametrize("target, status, body", DIRECTORIES)
def test_index_files_and_refusals(world, target, status, body):
    """Point 7: DirectoryIndex in its order; 403 and 404 as Apache gives them."""
    got = world.server.get(target, world.a)
    assert got.status == status and SECRET not in got.text
    assert body is None or got.text == body


TYPES = [
    ("page.html", "text/html"), ("page.htm", "text/html"), ("s.css", "text/css"),
    ("s.js", "text/javascript"), ("d.json", "application/json"), ("p.png", "image/png"),
    ("p.JPEG", "image/jpeg"), ("v.svg", "image/svg+xml"), ("a.tar", "application/x-tar"),
    ("d.pdf", "application/pdf"), ("w.wasm", "application/wasm"), ("x.own", "application/x-own"),
    ("page.html.txt", "text/plain"), ("noextension", None), ("odd.zzzunknown", None),
]


@pytest.mark.parametrize("name, expected", TYPES)
def test_types(world, name, expected):
    """Point 7: types of the system's mime.types, and AddType before them."""
    world.a.file(name, "x")
    assert world.server.get("/" + name, world.a).header("Content-Type") == expected


# method, target, status
PAGES = [
    ("GET", "/none/%3Cscript%3Ealert(1)%3C/script%3E", 404),
    ("GET", "/denied/%3Cscript%3E", 403),
    ("GET", "/bare/", 403),
    ("PUT", "/text.txt", 405),
    ("DELETE", "/text.txt", 405),
    ("PATCH", "/text.txt", 405),
]


@pytest.mark.parametrize("method, target, status", PAGES)
def test_error_pages(world, method, target, status):
    """Point 7: the 403, 404 and 405 pages are HTML, whole, and reflect no markup."""
    got = world.server.get(target, world.a, method=method)
    assert got.status == status
    assert got.header("Content-Type").startswith("text/html")
    assert str(status) in got.text and "<script" not in got.text
    if status == 405:
        allowed = {m.strip() for m in got.header("Allow").split(",")}
        assert {"GET", "HEAD"} <= allowed and method not in allowed
        assert TEXT not in got.text
    assert world.text.read_text() == TEXT


def test_post_with_a_body_does_not_confuse_the_next(world):
    """Point 7: the body of a POST to a file (405, Apache: 200) is not read as a request."""
    inner = b"GET /dir/sub/x.txt HTTP/1.1\r\nHost: a.test\r\n\r\n"
    raw = exchange(world.server,
                   b"POST /text.txt HTTP/1.1\r\nHost: a.test\r\nContent-Length: %d\r\n\r\n%b"
                   b"GET /missing HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
                   % (len(inner), inner))
    assert statuses(raw) in ([405, 404], [405], [200, 404]) and b"x\n" != raw[-2:], raw


@pytest.mark.parametrize("name", [None, "a.test"], ids=["plain", "tls"])
def test_five_mebibytes(world, name):
    """Point 7: 5 MiB arrive byte for byte, twice on one connection."""
    data = os.urandom(5 << 20)
    world.a.file("five.bin", data)
    with world.server.connect(tls=name) as c:
        for _ in range(2):
            got = c.get("/five.bin", "a.test")
            assert got.status == 200 and got.body == data


@pytest.mark.parametrize("name", [None, "a.test"], ids=["plain", "tls"])
def test_file_cut_while_sent(world, name):
    """Point 7: a file that is truncated while it is sent ends the connection, not the server."""
    path = world.a.file("cut.bin", b"")
    os.truncate(path, 64 << 20)
    with world.server.connect(tls=name, receive_buffer=65536) as c:
        c.request("/cut.bin", "a.test")
        head = c._until(b"\r\n\r\n")
        assert b"Content-Length: 67108864" in head
        os.truncate(path, 0)
        with pytest.raises(GONE):
            c._exactly(64 << 20)
    assert world.server.get("/text.txt", world.a).status == 200
    wait_for(lambda: not world.server.children(), 30, "the end of the child")


def test_file_that_grows_while_sent(world):
    """Point 7: no byte beyond Content-Length: the next answer begins where it should."""
    path = world.a.file("grow.bin", b"a" * (8 << 20))
    with world.server.connect(receive_buffer=65536) as c:
        c.request("/grow.bin", "a.test")
        c.request("/dir/sub/x.txt", "a.test")
        c._fill()
        with open(path, "ab") as f:
            f.write(b"b" * (1 << 20))
        assert c.response().body == b"a" * (8 << 20)
        assert c.response().text == "x\n"


NAMES = [
    "plain.txt", "<b>bold.txt", "a&amp;b.txt", 'quote".txt', "apostrophe'.txt", "new\nline.txt",
    "gr\u00fcn \u4e2d.txt", "per%41cent.txt", "javascript:alert(1)", "query?x=y#frag", "semi;colon",
    "http:..host", "sp ace.txt", "\x01control", "back\\slash", "--><!--", "directory<>",
]


class Links(HTMLParser):
    """Collects the tags of a page and where its links lead."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.hrefs = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "a":
            self.hrefs.append(dict(attrs).get("href", ""))


def test_listing_escapes_names(world):
    """Point 7, Options Indexes: each name is one link that leads to its file; no name is markup."""
    for name in NAMES[:-1]:
        world.a.file(f"list/{name}", f"content of {name!r}\n")
    world.a.mkdir(f"list/{NAMES[-1]}")
    base = f"http://a.test:{world.server.port}/list/"
    page = world.server.get("/list/", world.a)
    assert page.status == 200 and page.header("Content-Type").startswith("text/html")
    links = Links(page.text)
    assert not links.tags & {"b", "script", "iframe", "form"} and "<b>bold" not in page.text
    found = {}
    for href in links.hrefs:
        url = urlsplit(urljoin(base, href))
        assert (url.scheme, url.netloc, url.fragment) == ("http", f"a.test:{world.server.port}", "")
        if url.path.startswith("/list/") and url.path != "/list/" and not url.query:
            got = world.server.get(url.path, world.a)
            found[got.text] = got.status
    for name in NAMES[:-1]:
        assert found.get(f"content of {name!r}\n") == 200, name
    assert any("directory%3C%3E/" in h.replace("%3c", "%3C").replace("%3e", "%3E")
               for h in links.hrefs)


def test_no_listing_of_what_is_no_index(world):
    """Point 7: without Options Indexes a directory without an index file is 403."""
    got = world.server.get("/bare/", world.a)
    assert got.status == 403 and "<a " not in got.text.replace("<address", "")
