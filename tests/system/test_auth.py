"""
Issue 4, point 2: what of authentication is between users and processes: whose files are read, what
a slow hash costs and whom, nonces across connections, sites and reloads, and what fail2ban sees.
What each directive means is compared with Apache in tests/compare.
"""

import base64
import fcntl
import hashlib
import re
import subprocess

import pytest

from itkd import Config, Site, curl, wait_for
from itkd_tools import GONE

FILTER = "/etc/fail2ban/filter.d/apache-auth.conf"
SHA = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="  # "secret"


def basic(user, password="secret"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def rules(kind, users, more=""):
    return [f"AuthType {kind}", 'AuthName "R"', f"AuthUserFile {users}", more or
            "Require valid-user"]


def protect(site, path, *lines):
    """A directory of the site's with a file x and these lines as its .htaccess."""
    site.mkdir(path)
    site.file(f"{path}/x", f"in {path}\n")
    site.file(f"{path}/.htaccess", "\n".join(lines) + "\n", 0o644)


def htdigest(site, name="digest", user="alice", password="secret"):
    return site.file(site.root / name, f"{user}:R:{md5(user, 'R', password)}\n", 0o600)


class World:
    """Sites a and b, each with users in files that nobody else may read."""

    def __init__(self, start, directory, tls):
        self.a, self.b = Site("a", directory), Site("b", directory)
        self.config = Config(directory, tls, Site("main", directory), LogLevel="info")
        self.users = {}
        for site in (self.a, self.b):
            self.users[site] = site.file(site.root / "users", f"alice:{SHA}\n", 0o600)
            htdigest(site)
            protect(site, "basic", *rules("Basic", self.users[site]))
            protect(site, "digest", *rules("Digest", site.root / "digest"))
            self.config.vhost(site, f'<Directory "{site.docroot}">', "AllowOverride All",
                              "</Directory>", "MaxClientsVHost 20", tls=False)
            self.config.vhost(site, f'<Directory "{site.docroot}">', "AllowOverride All",
                              "</Directory>", tls=True)
        self.server = start(self.config)

    def status(self, path, site, headers=(), **more):
        return self.server.get(path, site, headers=headers, **more).status

    def log(self, site):
        return self.server.log(f"{site.name}-error.log")


@pytest.fixture(name="world", scope="module")
def _world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


def test_own_file(world):
    """A file of mode 0600 is read as its owner, for http and https."""
    for site in (world.a, world.b):
        for secure in (False, True):
            assert world.status("/basic/x", site, tls=secure) == 401
            assert world.status("/basic/x", site, basic("alice"), tls=secure) == 200
            assert world.status("/basic/x", site, basic("alice", "x"), tls=secure) == 401


@pytest.mark.parametrize("kind, number", [("Basic", "AH01620"), ("Digest", "AH01622")])
@pytest.mark.parametrize("name", ["users", "nothing"])
def test_file_of_another(world, kind, number, name):
    """Site b cannot use a's passwords, nor find out that there is such a file."""
    private = world.a.mkdir(world.a.root / "private", 0o700)
    world.a.file(private / "users", f"alice:{SHA}\n", 0o600)
    protect(world.b, f"steal-{kind}-{name}", *rules(kind, private / name))
    server, path = world.server, f"/steal-{kind}-{name}/x"
    how = ["--digest"] if kind == "Digest" else ["--basic"]
    got = curl(server, f"http://b.test{path}", *how, "-u", "alice:secret", "-o", "/dev/null",
               "-w", "%{http_code}")
    assert got.stdout == b"500", got
    server.wait_log(rf"\(13\)Permission denied: {number}: Could not open password file: "
                    rf"{private / name}$", "b.test-error.log")


def test_file_in_the_open(world):
    """What b may read, b may name: then it is its own affair. A group's file is the same."""
    groups = world.a.file(world.a.root / "groups", "staff: alice\n", 0o600)
    protect(world.b, "group", *rules("Basic", world.users[world.b], f"AuthGroupFile {groups}\n"
                                     "Require group staff"))
    assert world.status("/group/x", world.b, basic("alice")) == 401
    world.server.wait_log(rf"\(13\)Permission denied: AH01665: Could not open group file: {groups}",
                          "b.test-error.log")


def test_odd_files(world):
    """What is no file is not waited for: a FIFO, a directory, a device."""
    fifo = world.a.root / "fifo"
    subprocess.run(["mkfifo", "-m", "666", fifo], check=True, timeout=60)
    for i, path in enumerate([fifo, world.a.root, "/dev/zero", "/dev/null"]):
        protect(world.a, f"odd{i}", *rules("Basic", path))
        assert world.status(f"/odd{i}/x", world.a, basic("alice")) == 500, path


def test_huge_file(world):
    """A file without an end of a line, and one with many lines: bounded, and found at its end."""
    long = world.a.file(world.a.root / "long", "x" * 100_000 + f"\nalice:{SHA}\n", 0o600)
    many = world.a.file(world.a.root / "many", "".join(
        f"user{i}:{SHA}\n" for i in range(100_000)) + f"alice:{SHA}\n", 0o600)
    with open(world.a.file(world.a.root / "sparse", "", 0o600), "r+b") as f:
        f.truncate(1 << 40)
    protect(world.a, "long", *rules("Basic", long))
    protect(world.a, "many", *rules("Basic", many))
    protect(world.a, "sparse", *rules("Basic", world.a.root / "sparse"))
    assert world.status("/long/x", world.a, basic("alice")) == 401
    assert world.status("/many/x", world.a, basic("alice")) == 200
    assert world.status("/sparse/x", world.a, basic("alice")) == 401


def test_changes_at_once(world):
    """A new password counts with the next request of the same connection."""
    path = world.a.file(world.a.root / "changing", f"alice:{SHA}\n", 0o600)
    protect(world.a, "changing", *rules("Basic", path))
    with world.server.connect() as c:
        assert c.get("/changing/x", world.a.name, headers=basic("alice")).status == 200
        world.a.file(path, f"bob:{SHA}\n", 0o600)
        assert c.get("/changing/x", world.a.name, headers=basic("alice")).status == 401
        assert c.get("/changing/x", world.a.name, headers=basic("bob")).status == 200


def test_user_is_of_one_request(world):
    """On a kept connection nobody stays who he was."""
    protect(world.a, "env", "Options +ExecCGI", "AddHandler cgi-script .cgi",
            *rules("Basic", world.users[world.a]), "Satisfy Any", "Order deny,allow",
            "Deny from all", 'SetEnvIf X-Open 1 OPEN', "Allow from env=OPEN")
    program = world.a.file("env/e.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\n"
                           'echo "user=$REMOTE_USER type=$AUTH_TYPE field=$HTTP_AUTHORIZATION"\n')
    program.chmod(0o700)
    with world.server.connect() as c:
        one = c.get("/env/e.cgi", world.a.name, headers=basic("alice"))
        two = c.get("/env/e.cgi", world.a.name, headers={"X-Open": "1", **basic("alice")})
    assert one.text == "user=alice type=Basic field=\n"
    assert two.text == "user= type= field=\n"


@pytest.fixture(name="slow")
def _slow(start, config, site_a, site_b):
    """Site a, one process at a time, with a password that takes its time and one that takes
    half an hour; site b."""
    made = subprocess.run(["htpasswd", "-nbBC", "13", "alice", "secret"], check=True, text=True,
                          capture_output=True, timeout=60)
    users = site_a.file(site_a.root / "users",
                        f"{made.stdout.strip()}\nbob:$2y$25${'.' * 53}\n", 0o600)
    protect(site_a, "slow", *rules("Basic", users))
    for site, cap in ((site_a, 1), (site_b, 10)):
        config.vhost(site, f'<Directory "{site.docroot}">', "AllowOverride All", "</Directory>",
                     f"MaxClientsVHost {cap}")
    return start(config)


def test_slow_hash(slow, site_a, site_b):
    """It takes the time of that site's own process, of which there may be one: b answers on."""
    with slow.connect() as c:
        c.request("/slow/x", site_a.name, headers=basic("bob"))
        [child] = wait_for(lambda: [p for p in slow.children()
                                    if p.uids[:1] == (site_a.uid,)], 30, "a's process")
        for _ in range(2):
            used = child.cpu
            wait_for(lambda: child.cpu > used + 10, 60, "it to compute")
            assert slow.get("/", site_b).status == 200
            assert slow.get("/slow/x", site_a).status == 503
        child.kill(9)
        with pytest.raises(GONE):
            c.response()
    slow.wait_idle()
    assert slow.get("/slow/x", site_a, headers=basic("alice"), timeout=60).status == 200


def test_a_rewrite_asks_once(start, config, site_a):
    """Where rules lead under the same settings the password is not hashed again."""
    users = site_a.file(site_a.root / "users", f"alice:{SHA}\nbob:{SHA}\n", 0o600)
    sections = {
        "blog": [*rules("Basic", users), "RewriteEngine On", "RewriteRule ^page$ x",
                 "RewriteRule ^twice$ page", "RewriteRule ^up$ /closed/x"],
        "closed": rules("Basic", users, "Require user bob"),
        "open": ["RewriteEngine On", "RewriteRule ^in$ /blog/x"]}
    for name in sections:
        site_a.mkdir(name)
        site_a.file(f"{name}/x", "x\n")
    config.vhost(site_a, "LogLevel info authz_core:debug", *(
        line for name, lines in sections.items() for line in (
            f'<Directory "{site_a.docroot}/{name}">', *lines, "</Directory>")))
    server = start(config)
    log = f"{site_a.name}-error.log"

    def get(path, headers=basic("alice")):
        before = len(server.log(log))
        answer = server.get(path, site_a, headers=headers)
        server.wait_log(r"AH0162[68]: ", log, start=before)
        asked = re.findall(r"AH01626: authorization result of Require .*user.*: granted",
                           server.log(log)[before:])
        return answer.status, len(asked)
    assert [get(f"/blog/{name}") for name in ("x", "page", "twice")] == [(200, 1)] * 3
    assert get("/blog/page", ()) == (401, 0) and get("/blog/page", basic("alice", "x")) == (401, 0)
    assert get("/blog/up") == (401, 1) and get("/blog/up", basic("bob")) == (200, 2)
    assert get("/open/in", ()) == (401, 0) and get("/open/in") == (200, 1)


def field(answer):
    """The parameters of a WWW-Authenticate field."""
    return dict(re.findall(r'(\w+)="?([^",]*)', answer.header("WWW-Authenticate", "")))


def digest(nonce, path, user="alice", password="secret", **more):
    say = {"username": user, "realm": "R", "nonce": nonce, "uri": path, "qop": "auth",
           "nc": "00000001", "cnonce": "c", **more}
    say["response"] = md5(md5(user, "R", password), nonce, say["nc"], say["cnonce"], say["qop"],
                          md5("GET", path))
    return {"Authorization": "Digest " + ", ".join(f'{k}="{v}"' for k, v in say.items())}


def test_nonce_of_any_process(world):
    """Whichever process serves the next connection knows a nonce again, after a reload, too."""
    first = world.server.get("/digest/x", world.a)
    assert first.status == 401 and field(first)["realm"] == "R"
    nonce = field(first)["nonce"]
    for secure in (False, True, False):
        again = world.server.get("/digest/x", world.a, tls=secure,
                                 headers=digest(nonce, "/digest/x"))
        assert again.status == 200
    proof = md5(md5("alice", "R", "secret"), nonce, "00000001", "c", "auth", md5("", "/digest/x"))
    assert f'rspauth="{proof}"' in again.header("Authentication-Info")
    world.server.reload()
    assert world.status("/digest/x", world.a, digest(nonce, "/digest/x")) == 200


def test_nonce_of_another_site(world):
    """A nonce that a's process made is none at b's: their secrets are not the same."""
    nonce = field(world.server.get("/digest/x", world.a))["nonce"]
    answer = world.server.get("/digest/x", world.b, headers=digest(nonce, "/digest/x"))
    assert answer.status == 401
    assert field(answer)["stale"] == "true"
    fresh = field(answer)["nonce"]
    assert world.status("/digest/x", world.b, digest(fresh, "/digest/x")) == 200
    world.server.wait_log("AH01776: invalid nonce", "b.test-error.log")


def test_nonce_not_told(world):
    """The log does not hold the nonce that would have been right."""
    time = base64.b64encode(b"\0" * 8).decode()
    guess = time + "0" * 40
    assert world.status("/digest/x", world.a, digest(guess, "/digest/x")) == 401
    line = world.server.wait_log(f".*{guess}.*", "a.test-error.log")[0]
    for told in re.findall(r"\b[0-9a-f]{40}\b", line):
        assert world.status("/digest/x", world.a, digest(time + told, "/digest/x")) == 401


def test_nonce_grows_old(world):
    """After its lifetime the client is told a new one, without asking its user."""
    protect(world.a, "old", *rules("Digest", world.a.root / "digest"), "AuthDigestNonceLifetime 1")
    nonce = field(world.server.get("/old/x", world.a))["nonce"]
    first = world.server.get("/old/x", world.a, headers=digest(nonce, "/old/x"))
    assert first.status in (200, 401)
    wait_for(lambda: world.status("/old/x", world.a, digest(nonce, "/old/x")) == 401, 30,
             "the nonce's end")
    last = world.server.get("/old/x", world.a, headers=digest(nonce, "/old/x"))
    assert field(last)["stale"] == "true"
    # Where a nonce lives longer, since a second may pass before it comes.
    assert world.status("/digest/x", world.a, digest(field(last)["nonce"], "/digest/x")) == 200
    world.server.wait_log(r"AH01778: user alice: nonce expired \(\d+\.00 seconds old - max "
                          r"lifetime 1\.00\) - sending new nonce", "a.test-error.log")


def test_curl(world):
    """curl with --basic, --digest and --anyauth, several files on one connection."""
    for how, path in (("--basic", "basic"), ("--digest", "digest"), ("--anyauth", "digest"),
                      ("--anyauth", "basic")):
        url = f"http://a.test/{path}/x"
        good = curl(world.server, url, how, "-u", "alice:secret", "-f")
        assert (good.returncode, good.stdout) == (0, f"in {path}\n".encode()), (how, good.stderr)
        bad = curl(world.server, url, how, "-u", "alice:wrong", "-o", "/dev/null", "-w",
                   "%{http_code}")
        assert bad.stdout == b"401", how


def test_counting_not_configured(world):
    """A .htaccess alone cannot have nonces counted: the log says what to write."""
    for i, line in enumerate(("AuthDigestNcCheck On", "AuthDigestNonceLifetime 0")):
        protect(world.a, f"counted{i}", *rules("Digest", world.a.root / "digest"), line)
        assert world.status(f"/counted{i}/x", world.a) == 500
    world.server.wait_log("need a line in the server's configuration: AuthDigestShmemSize 1000",
                          "a.test-error.log")
    protect(world.a, "uncounted", *rules("Digest", world.a.root / "digest"),
            "AuthDigestNcCheck Off")
    assert world.status("/uncounted/x", world.a) == 401


class Counting:
    """Site a's nonces are counted, with room for eight clients; nothing asks for b's."""

    def __init__(self, start, config, site_a, site_b):
        self.site, self.config = site_a, config
        for site in (site_a, site_b):
            htdigest(site)
        # What looks the request up first must not use its nonce up.
        lines = ["RewriteEngine On", "RewriteCond %{LA-U:REMOTE_USER} ^alice$",
                 "RewriteRule ^/once/look$ /once/x"]
        for name, line in (("nc", "AuthDigestNcCheck On"), ("once", "AuthDigestNonceLifetime 0")):
            site_a.mkdir(name)
            site_a.file(f"{name}/x", f"in {name}\n")
            lines += [f'<Directory "{site_a.docroot}/{name}">',
                      *rules("Digest", site_a.root / "digest"), line, "</Directory>"]
        config.vhost(site_a, *lines)
        config.vhost(site_a, "Timeout 1", *lines, name="short.test")
        config.vhost(site_b)
        self.server = start(config)

    def files(self):
        return sorted(self.config.pid_file.parent.glob(self.config.pid_file.name + ".digest.*"))

    def ask(self, path):
        """The parameters of a new nonce."""
        return field(self.server.get(path, self.site))

    def use(self, path, given, site=None):
        return self.server.get(path, site or self.site, headers=digest(
            given["nonce"], path, opaque=given["opaque"]))


@pytest.fixture(name="counting")
def _counting(start, config, site_a, site_b):
    return Counting(start, config, site_a, site_b)


def test_counted_file(counting, site_b):
    """
    Root's, beside the PidFile, for a's identity alone and of one generation; neither another site's
    user nor a's own programs get at it. Nothing is left of it at the end.
    """
    [file] = counting.files()
    stat = file.stat()
    assert (stat.st_uid, stat.st_gid, stat.st_mode, stat.st_size) == (0, 0, 0o100600, 768)
    given = counting.ask("/nc/x")
    assert counting.use("/nc/x", given).status == 200
    for user in (counting.site.user, site_b.user):
        for how in ("rb", "r+b"):
            done = subprocess.run(["setpriv", "--reuid", user, "--regid", user, "--clear-groups",
                                   "/usr/bin/python3", "-c", f"open({str(file)!r}, {how!r})"],
                                  capture_output=True, text=True, timeout=60)
            assert "PermissionError" in done.stderr, done
    for site, found in ((counting.site, 1), (site_b, 0)):
        [held] = counting.server.hold(site)
        [child] = [p for p in counting.server.children() if p.uids[:1] == (site.uid,)]
        assert list(child.fds().values()).count(str(file)) == found
        assert str(file) not in [f for p in site.held() for f in p.fds().values()]
        site.release()
        held.close()
    counting.server.reload()
    wait_for(lambda: len(counting.files()) == 1 and counting.files() != [file], 60,
             "the old generation's file to go")
    assert counting.use("/nc/x", given).status == 401
    counting.server.stop()
    assert not counting.files()


def test_counted_once_of_many(counting):
    """Of requests that come together with one nonce, one is taken."""
    for path in ("/once/x", "/nc/x"):
        given = counting.ask(path)
        headers = digest(given["nonce"], path, opaque=given["opaque"])
        connections = [counting.server.connect() for _ in range(8)]
        try:
            for c in connections:
                c.request(path, counting.site.name, headers=headers)
            assert sorted(c.response().status for c in connections) == [200] + 7 * [401]
        finally:
            for c in connections:
                c.close()


def test_counted_gives_way(counting):
    """With more clients than there is room for, the first is asked once more, not refused."""
    first = counting.ask("/nc/x")
    for _ in range(100):
        last = counting.ask("/nc/x")
    again = counting.use("/nc/x", first)
    assert again.status == 401 and field(again)["stale"] == "true"
    assert counting.use("/nc/x", last).status == 200
    assert counting.use("/nc/x", field(again)).status == 200


def test_counted_held(counting):
    """Whoever holds the file is waited for as long as for anything: then 500, and b answers."""
    given = counting.ask("/nc/x")
    [file] = counting.files()
    with open(file, "r+b") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        assert counting.use("/nc/x", given, "short.test").status == 500
        assert counting.server.get("/", "b.test").status == 200
    counting.server.wait_log(r"\(110\)Connection timed out: AH01769: unable to allocate a client",
                             "short.test-error.log")
    assert counting.use("/nc/x", given, "short.test").status == 200


def test_counted_curl(counting):
    """curl, with many files on one connection, and again on another."""
    for path, text in (("nc/x", "in nc\n"), ("once/x", "in once\n"), ("once/look", "in once\n")):
        done = curl(counting.server, f"http://a.test/{path}?[1-5]", "--digest", "-u",
                    "alice:secret", "-f", "-s", "-S")
        assert (done.returncode, done.stdout) == (0, 5 * text.encode()), done.stderr


def fail2ban(log):
    """The filter that fail2ban ships, on a log: how many lines it takes for failures."""
    done = subprocess.run(["fail2ban-regex", log, FILTER], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return int(re.search(r"Lines: \d+ lines, \d+ ignored, (\d+) matched", done.stdout)[1])


def test_fail2ban(start, config, site_a):
    """Each failure is a line that bans; who knows his password leaves none."""
    users = site_a.file(site_a.root / "users", f"alice:{SHA}\nbob:{SHA}\n", 0o600)
    htdigest(site_a)
    protect(site_a, "basic", *rules("Basic", users))
    protect(site_a, "digest", *rules("Digest", site_a.root / "digest"))
    protect(site_a, "alice", *rules("Basic", users, "Require user alice"))
    config.vhost(site_a, f'<Directory "{site_a.docroot}">', "AllowOverride All", "</Directory>")
    server = start(config)
    log = config.logs / "a.test-error.log"

    def get(path, headers=()):
        return server.get(path, site_a, headers=headers).status

    assert [get("/basic/x"), get("/basic/x", basic("alice")), get("/digest/x"),
            get("/alice/x", basic("alice"))] == [401, 200, 401, 200]
    nonce = field(server.get("/digest/x", site_a))["nonce"]
    assert get("/digest/x", digest(nonce, "/digest/x")) == 200
    assert fail2ban(log) == 0, log.read_text()
    # What is wrong without being a guess is none of the filter's, of Apache's lines neither.
    malformed = [
        ("/digest/x", digest(nonce[::-1].replace("=", "x"), "/digest/x")),
        ("/digest/x", digest(nonce[:-40] + "0" * 40, "/digest/x")),
        ("/digest/x", digest(nonce, "/digest/x", qop="auth-int")),
    ]
    failures = [
        ("/basic/x", basic("alice", "wrong")), ("/basic/x", basic("mallory")),
        ("/basic/x", basic("", "")), ("/basic/x", basic("a b", "x")),
        ("/basic/x", basic('x: AH01617: user y', "x")), ("/basic/x", basic("a\nb", "x")),
        ("/basic/x", {"Authorization": "Bearer x"}), ("/alice/x", basic("bob")),
        ("/digest/x", digest(nonce, "/digest/x", password="wrong")),
        ("/digest/x", digest(nonce, "/digest/x", user="mallory")),
        ("/digest/x", digest(nonce, "/digest/x", algorithm="SHA")),
        ("/digest/x", digest(nonce, "/digest/x", realm="X")),
    ]
    for path, headers in failures + malformed:
        assert get(path, headers) == 401, headers
    lines = log.read_text().splitlines()
    assert len(lines) == len(failures) + len(malformed), lines
    assert fail2ban(log) == len(failures), lines
    for line in lines[:len(failures)]:
        assert "[client 127.0.0.1:" in line, line
