"""
Issue 2, point 7: from a path to a file: path rules, symbolic links, races, and what is no regular
file. The server is that of test_static.py.
"""

import os
import socket
import sys

import pytest

from itkd import wait_for
from itkd_tools import DATA, as_user, exchange, status_of
from test_static import SECRET, TEXT, world  # noqa: F401


# target, statuses that are right, body
PATHS = [
    ("/dir/../text.txt", {200}, TEXT),
    ("/dir/%2e%2e/text.txt", {200}, TEXT),
    ("/dir/%2E./text.txt", {200}, TEXT),
    ("/./text.txt", {200}, TEXT),
    ("//text.txt", {200}, TEXT),
    ("/dir//sub///x.txt", {200}, "x\n"),
    ("/dir/sub/./../sub/x.txt", {200}, "x\n"),
    ("/%74ext.txt", {200}, TEXT),
    ("/text.txt?../../../../etc/passwd", {200}, TEXT),
    ("/text.txt?%00", {200}, TEXT),
    ("http://a.test/text.txt", {200}, TEXT),
    ("http://A.TEST:{port}/text.txt", {200}, TEXT),
    ("/a%2541.txt", {200}, "percent\n"),
    ("/..dots", {200}, "dots\n"),
    ("/...", {200}, "three\n"),
    ("/back%5cslash", {200}, "back\n"),
    ("/gr%C3%BCn.txt", {200}, "green\n"),
    ("/al/x.txt", {200}, "aliased\n"),
    ("/slash/x.txt", {200}, "aliased\n"),
    ("/al//x.txt", {200}, "aliased\n"),
    ("/%61l/x.txt", {200}, "aliased\n"),
    ("/al../x.txt", {404}, None),
    ("/al..%2fx.txt", {404}, None),
    ("/al/../x.txt", {404}, None),
    ("/al/%2e%2e/x.txt", {404}, None),
    ("/alx.txt", {404}, None),
    ("/slash../x.txt", {404}, None),
    ("/slash/../x.txt", {404}, None),
    ("/slash/..%2fx.txt", {404}, None),
    ("/a%41.txt", {404}, None),
    ("/dir%2fsub/x.txt", {404}, None),
    ("/dir%2Fsub/x.txt", {404}, None),
    ("/%2ftext.txt", {404}, None),
    ("/..%2fbeside/x.txt", {400, 404}, None),
    ("/%2e%2e%2fbeside/x.txt", {400, 404}, None),
    ("/../beside/x.txt", {400}, None),
    ("/dir/../../beside/x.txt", {400}, None),
    ("/%2e%2e/beside/x.txt", {400}, None),
    ("/dir/%2e%2e/.%2e/beside/x.txt", {400}, None),
    ("/..", {400}, None),
    ("/../", {400}, None),
    ("/%252e%252e/beside/x.txt", {404}, None),
    ("/..%5cbeside/x.txt", {404}, None),
    ("/%c0%ae%c0%ae/beside/x.txt", {404}, None),
    ("/text.txt%00", {400, 404}, None),
    ("/text.txt%00.html", {400, 404}, None),
    ("/dir/%00/../../beside/x.txt", {400, 404}, None),
    ("/text.txt%", {400}, None),
    ("/text.txt%4", {400}, None),
    ("/text.txt%zz", {400}, None),
    ("/%u002e%u002e/beside/x.txt", {400}, None),
    ("/text.txt%20", {404}, None),
    ("/text.txt%0a", {404}, None),
    ("/text.txt.", {404}, None),
    ("/text.txt;x=y", {404}, None),
    ("/" + "n" * 300, {403, 404}, None),
    ("/dir/" * 900, {403, 404}, None),
    ("/" + "d/" * 3500, {403, 404}, None),
    ("/" + "n" * 9000, {414}, None),
    ("text.txt", {400}, None),
    ("../beside/x.txt", {400}, None),
    ("*", {400}, None),
    ("http:///text.txt", {400}, None),
    ("http://a.test:{port}/../beside/x.txt", {400}, None),
    ("file:///etc/passwd", {400, 404}, None),
    ("/text.txt\x01", {400}, None),
    ("/text.txt\t", {400}, None),
    ("/\x7f", {400, 404}, None),
]


@pytest.fixture(scope="module")
def odd_names(world):
    for name, text in (("a%41.txt", "percent\n"), ("..dots", "dots\n"), ("...", "three\n"),
                       ("back\\slash", "back\n"), ("gr\u00fcn.txt", "green\n")):
        world.a.file(name, text)
    return world


@pytest.mark.parametrize("target, right, body", PATHS, ids=lambda v: repr(v)[:40])
def test_paths(odd_names, target, right, body):
    """Point 7: decoded once, dot segments, NUL, %2f; nothing leads out of the tree."""
    server = odd_names.server
    target = target.replace("{port}", str(server.port))
    raw = exchange(server, f"GET {target} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
                   .encode("latin-1"))
    assert status_of(raw) in right, raw[:200]
    assert SECRET.encode() not in raw and b"root:" not in raw
    assert body is None or raw.endswith(b"\r\n\r\n" + body.encode())
    assert server.get("/text.txt", odd_names.a).status == 200


def test_percent_encoded_line_breaks_stay_out_of_the_logs(world):
    """Point 7: a decoded CR LF makes no line of its own in a log."""
    world.server.get("/none%0d%0a[forged]%20line", world.a)
    world.server.wait_log("none%0d%0a", "a.test-access.log")
    for name in ("a.test-access.log", "a.test-error.log"):
        assert "\n[forged]" not in world.server.log(name)


# name: how site a makes it; below each of follow/, owner/ and none/
LINKS = {
    "own": lambda w, d: w.a.symlink(d / "own", d / "file.txt"),
    "relative": lambda w, d: w.a.symlink(d / "relative", "file.txt"),
    "outside": lambda w, d: w.a.symlink(d / "outside", w.a.root / "beside" / "own.txt"),
    "foreign": lambda w, d: w.a.symlink(d / "foreign", w.b.docroot / "foreign.txt"),
    "roots": lambda w, d: w.a.symlink(d / "roots", w.a.root / "beside" / "roots.txt"),
    "rootlink": lambda w, d: (d / "rootlink").symlink_to(d / "file.txt"),
    "dirown/file.txt": lambda w, d: w.a.symlink(d / "dirown", d / "real"),
    "dirforeign/foreign.txt": lambda w, d: w.a.symlink(d / "dirforeign", w.b.docroot),
    "chain": lambda w, d: w.a.symlink(d / "chain", w.a.symlink(d / "chain1", "file.txt")),
    "chainforeign": lambda w, d: w.a.symlink(
        d / "chainforeign", w.a.symlink(d / "chainforeign1", w.b.docroot / "foreign.txt")),
    "up": lambda w, d: w.a.symlink(d / "up", "../follow/../text.txt"),
    "indexed/": lambda w, d: w.a.symlink(w.a.mkdir(d / "indexed") / "index.html", d / "file.txt"),
    "dangling": lambda w, d: w.a.symlink(d / "dangling", d / "nothing"),
    "loop": lambda w, d: w.a.symlink(d / "loop", d / "loop"),
}
NO = {403, 404}  # both tell nothing: neither is another file's content
# link: statuses under FollowSymLinks, SymLinksIfOwnerMatch, neither
SYMLINKS = [
    ("own", {200}, {200}, {403}),
    ("relative", {200}, {200}, {403}),
    ("outside", {200}, {200}, {403}),
    ("foreign", {200}, {403}, {403}),
    ("roots", {200}, {403}, {403}),
    ("rootlink", {200}, {403}, {403}),
    ("dirown/file.txt", {200}, {200}, {403}),
    ("dirforeign/foreign.txt", {200}, {403}, {403}),
    ("chain", {200}, {200}, {403}),
    ("chainforeign", {200}, {403}, {403}),
    ("up", {200}, {200}, {403}),
    ("indexed/", {200}, {200}, NO),
    ("dangling", NO, NO, NO),
    ("loop", NO, NO, NO),
]


@pytest.fixture(scope="module")
def links(world):
    world.b.file("foreign.txt", "foreign\n", 0o644)
    world.a.file(world.a.root / "beside" / "own.txt", "outside\n")
    roots = world.a.file(world.a.root / "beside" / "roots.txt", "of root\n", 0o644)
    os.chown(roots, 0, 0)
    for name in ("follow", "owner", "none"):
        directory = world.a.docroot / name
        world.a.file(directory / "file.txt", "file\n")
        world.a.mkdir(directory / "real")
        world.a.file(directory / "real" / "file.txt", "file\n")
        for make in LINKS.values():
            make(world, directory)
    return world


@pytest.mark.parametrize("number, options", enumerate(("follow", "owner", "none")))
@pytest.mark.parametrize("row", SYMLINKS, ids=lambda row: row[0])
def test_symbolic_links(links, row, number, options):
    """Point 7: links exactly as FollowSymLinks / SymLinksIfOwnerMatch / neither say."""
    got = links.server.get(f"/{options}/{row[0]}", links.a)
    assert got.status in row[number + 1]
    if got.status != 200:
        assert not any(text in got.text for text in ("foreign\n", "of root", "outside\n"))


# what trades places with a link, where the link leads, what a client asks for
SWAPS = [
    ("x", "public.txt", "x"),
    ("d", "", "d/public.txt"),
]


@pytest.mark.parametrize("options", ["race", "raceowner"])
@pytest.mark.parametrize("name, aim, target", SWAPS, ids=["file", "directory"])
def test_swapped_link_shows_nothing(world, name, aim, target, options):
    """Point 7: free of races: a name that is by turns one's own and a link to another's file."""
    race = world.a.docroot / options
    if name == "d":
        world.a.mkdir(race / "d")
    world.a.file(race / target, "own\n")
    link = world.a.symlink(race / (name + "-link"), world.b.docroot / aim)
    seen = []

    def seen_enough():
        with world.server.connect() as c:
            got = c.get(f"/{options}/{target}", "a.test")
            while got.status == 200 and not got.closes and len(seen) % 100:
                seen.append(got)
                got = c.get(f"/{options}/{target}", "a.test")
        seen.append(got)
        for got in seen[-100:]:
            assert SECRET not in got.text and (got.status != 200 or got.text == "own\n")
        return len(seen) > 1000 and {200, 403} <= {got.status for got in seen}

    command = (sys.executable, "-I", str(DATA / "swap.py"), str(race / name), str(link))
    with as_user(world.a, *command) as swapper:
        wait_for(seen_enough, 60, "both states to be seen", interval=0)
        assert swapper.poll() is None, "the swapping program ended"


def _bind(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(path))


# name, how it is made
STRANGE = [
    ("fifo", os.mkfifo),
    ("socket", _bind),
    ("zero", lambda path: path.symlink_to("/dev/zero")),
    ("tty", lambda path: path.symlink_to("/dev/tty")),
    ("device", lambda path: os.mknod(path, 0o020666, os.makedev(1, 5))),
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name, make", STRANGE, ids=lambda v: v if isinstance(v, str) else "")
def test_no_regular_file(world, name, make, method):
    """Point 7: a FIFO, a device or a socket in the docroot gives 403 and never hangs."""
    path = world.a.docroot / "follow" / name
    if not path.is_symlink() and not path.exists():
        make(path)
        if not path.is_symlink():
            world.a.own(path, 0o666)
    assert world.server.get(f"/follow/{name}", world.a, method=method, timeout=60).status == 403


def test_fifo_is_not_drained(world):
    """Point 7: what somebody writes into a FIFO in the docroot stays his reader's."""
    path = world.a.docroot / "follow" / "pipe"
    os.mkfifo(path)
    world.a.own(path, 0o666)
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    os.write(fd, SECRET.encode())
    got = world.server.get("/follow/pipe", world.a, timeout=60)
    assert got.status == 403 and SECRET not in got.text
    assert os.read(fd, 100).decode() == SECRET
    os.close(fd)
