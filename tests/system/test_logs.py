"""Logs: Apache's formats, at the right place, with the right owner, never through a link."""

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from itkd import Proc, Server, request, wait_for

TIME = r"\[\d{2}/\w{3}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}\]"
ERROR_LINE = re.compile(
    r"\[(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} \d{2} \d{2}:\d{2}:\d{2}\.\d{6} \d{4}\] "
    r"\[[\w-]*:(emerg|alert|crit|error|warn|notice|info|debug|trace\d)\] "
    r"\[pid \d+(:tid \d+)?\] (\[client \S+:\d+\] )?\S.*")


@pytest.fixture
def server(start, config, site_a, site_b):
    config.vhost(site_a)
    config.vhost(site_b, access=False)
    config.vhost(site_a, tls=True)
    return start(config)


def test_access_line(server, site_a):
    """The combined format of Apache, byte for byte."""
    answer = server.get("/?q=1", site_a, headers={"Referer": "http://r.test/",
                                                  "User-Agent": 'ua "q"'})
    assert answer.status == 200
    match = server.wait_log(r"^.*\?q=1.*$", "a.test-access.log")
    assert re.fullmatch(
        rf'127\.0\.0\.1 - - {TIME} "GET /\?q=1 HTTP/1\.1" 200 7 "http://r\.test/" "ua \\"q\\""',
        match[0]), match[0]


@pytest.mark.parametrize("path, status, size", [("/none", 404, r"\d+"), ("/../x", 40, r"\d+")])
def test_access_line_of_an_error(server, site_a, path, status, size):
    """Refused requests have their line too."""
    answer = server.get(path, site_a)
    match = server.wait_log(rf'^.*"GET {re.escape(path)} HTTP/1\.1" (\d+) {size} .*$',
                            "a.test-access.log")
    assert match[1] == str(answer.status) and match[1].startswith(str(status))


def test_access_line_escapes(server, site_a):
    """What a client sends cannot make a line of its own or end a field."""
    agent = 'x" 200 1 "forged\t\x80\\'
    server.get("/?escape", site_a, headers={"User-Agent": agent})
    match = server.wait_log(r"^.*\?escape.*$", "a.test-access.log")
    assert r'"x\" 200 1 \"forged\t\x80\\"' in match[0], match[0]


def test_address_of_a_tls_client(server, site_a):
    """The client's address reaches the child's log through the front."""
    server.get("/?tls", site_a, tls=True)
    match = server.wait_log(r"^.*\?tls.*$", "a.test-access.log")
    assert match[0].startswith("127.0.0.1 ")
    with server.connect(host="::1") as c:
        assert c.get("/?six", "a.test").status == 200
    assert server.wait_log(r"^.*\?six.*$", "a.test-access.log")[0].startswith("::1 ")


def test_refused_by_a_front_is_logged(server):
    """What a front answers by itself (400, 431, 414) has an access line and an error line."""
    with server.connect() as c:
        c.send("GET / HTTP/1.1\r\nHost: a.test\r\nBad Name: x\r\n\r\n")
        assert c.response().status == 400
    wait_for(lambda: re.search(r'" 400 ', server.log("a.test-access.log") +
                               server.log("access.log")), 30, "a line with 400")
    with server.connect() as c:
        c.send("GET /" + "x" * 9000 + " HTTP/1.1\r\nHost: a.test\r\n\r\n")
        assert c.response().status == 414
    wait_for(lambda: re.search(r'" 414 ', server.log("a.test-access.log") +
                               server.log("access.log")), 30, "a line with 414")


def test_error_lines(server, site_a, site_b):
    """Every line of every error log has the form of Apache's; denials and CGI's stderr say why."""
    site_a.file("secret", "x", 0o600)
    os.chown(site_a.docroot / "secret", 0, 0)
    site_a.cgi("grumble", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nok\\n'\n"
               "echo one grumble >&2\nprintf 'two\\tgrumbles\\n' >&2\nprintf 'no newline' >&2\n")
    server.wait_generation(1)
    assert server.get("/secret", site_a).status == 403
    assert server.get("/cgi-bin/grumble", site_a).text == "ok\n"
    server.wait_log(r"\[client 127\.0\.0\.1:\d+\].*secret", "a.test-error.log")
    for text in ("one grumble", "two.*grumbles", "no newline"):
        server.wait_log(rf"\[client 127\.0\.0\.1:\d+\].*{text}", "a.test-error.log")
    for name in ("a.test-error.log", "error.log"):
        lines = server.log(name).splitlines()
        assert lines
        wrong = [line for line in lines if not ERROR_LINE.fullmatch(line)]
        assert not wrong
    assert RESUMING_LINE.search(server.error_log())


RESUMING_LINE = re.compile(r"\[mpm_itk:notice\].*itkd/\S+.* configured -- resuming normal "
                           r"operations|:notice\].*configured -- resuming normal operations")


def test_own_log_of_a_vhost(server, site_a):
    """A log of one identity: root's file; the child holds it for appending, nothing else."""
    server.get("/", site_a)
    [held] = server.hold(site_a)
    child = Proc(site_a.held()[0].ppid)
    for name in ("a.test-error.log", "a.test-access.log"):
        info = (server.config.logs / name).stat()
        assert info.st_uid == 0 and not stat.S_IMODE(info.st_mode) & 0o022
        fds = [n for n, link in child.fds().items() if link.endswith(name)]
        assert fds
        for fd in fds:
            flags = int(re.search(r"flags:\s+(\d+)", child.read(f"fdinfo/{fd}"))[1], 8)
            assert flags & os.O_APPEND and flags & os.O_ACCMODE == os.O_WRONLY
    site_a.release()
    held.close()


def test_shared_log_goes_through_the_logger(server, site_b):
    """A log that several write: a child has a pipe, not the file; the logger alone has it open."""
    server.get("/?shared", site_b)
    server.wait_log(r"\?shared", "access.log")
    [held] = server.hold(site_b)
    child = Proc(site_b.held()[0].ppid)
    assert not [link for link in child.fds().values() if link.startswith(str(server.config.logs))]
    holders = {p.comm for p in server.processes() for link in p.fds().values()
               if link.endswith("/logs/access.log")}
    assert "itkd: log" in holders
    assert not holders & {"itkd: front", "itkd: child"}
    assert (server.config.logs / "access.log").stat().st_uid == 0
    site_b.release()
    held.close()


def test_shared_lines_stay_whole(start, config, site_a, site_b):
    """Two identities, one log file, long lines from many children at once: none is torn."""
    both = f'CustomLog "{config.logs}/both.log" combined'
    config.vhost(site_a, both)
    config.vhost(site_b, both)
    server = start(config)
    fill = "x" * 3000

    def one(i):
        return request(server.port, f"/?{i}-{fill}", "a.test" if i % 2 else "b.test").status

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(200))) == [200] * 200
    # Not counted: the request that found the server ready.
    wait_for(lambda: server.log("both.log").count(f'{fill} HTTP/1.1" 200 7 "-" "-"\n') >= 200, 30,
             "200 lines")
    seen = re.findall(rf'^127\.0\.0\.1 - - {TIME} "GET /\?(\d+)-{fill} HTTP/1\.1" 200 7 "-" "-"$',
                      server.log("both.log"), re.M)
    assert sorted(map(int, seen)) == list(range(200))


@pytest.mark.parametrize("kind", ["symlink", "dangling", "hard link", "fifo", "directory"])
@pytest.mark.parametrize("log", ["error.log", "a.test-access.log"])
def test_log_that_is_no_plain_file(config, site_a, tmp, kind, log):
    """design 2: a log that is a link, has two links or is a FIFO: refused, named, not touched."""
    target = tmp / "precious"
    path = config.logs / log
    if kind != "dangling":
        target.write_text("precious\n")
    if kind == "hard link":
        os.link(target, path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to(target)
    config.vhost(site_a)
    config.write()
    server = Server(config)
    done = server.itkd(timeout=60)
    text = done.stdout + done.stderr
    assert done.returncode == 1 and str(path) in text, text
    assert not config.pid_file.exists()
    if kind == "dangling":
        assert not target.exists()
    elif kind in ("symlink", "hard link"):
        assert target.read_text() == "precious\n"


class SmallDisk:
    """A tmpfs of 64 KiB over directory, for the server alone."""

    def __init__(self, directory):
        directory.mkdir()
        self.prefix = ["unshare", "-m", "sh", "-c",
                       'mount -t tmpfs -o size=64k,mode=755 none "$0" && exec "$@"', directory]
        self.dir = directory

    def path(self, server, name):
        return Path(f"/proc/{server.master_pid}/root{self.dir}/{name}")

    def fill(self, server):
        with self.path(server, "fill").open("wb", 0) as f, pytest.raises(OSError):
            while True:
                f.write(bytes(4096))


def test_full_disk(start, config, tmp, site_a, site_b, site_c):
    """Issue 2, nothing is lost unsaid: lines that a full disk did not take are counted in the main
    error log, with the file and the cause; with room again, logging goes on."""
    disk = SmallDisk(tmp / "disk")
    config.main('LogFormat "%r" line')
    for site, log in ((site_a, "own"), (site_b, "shared"), (site_c, "shared")):
        config.vhost(site, f"CustomLog {disk.dir}/{log}.log line", access=False)
    server = start(config, prefix=disk.prefix)
    patterns = {"own": r"at least (\d+) lines of sites' logs are lost, the last of a.test in "
                       rf"{disk.dir}/own.log: No space left on device$",
                "shared": rf"(\d+) lines of the log {disk.dir}/shared.log are lost: "
                          "No space left on device$"}
    sites = {"own": site_a, "shared": site_b}

    def ask(log, word):
        assert server.get(f"/?{word}{'x' * 3000}", sites[log]).status == 200

    for log in sites:
        ask(log, "before")
        wait_for(lambda: b"before" in disk.path(server, f"{log}.log").read_bytes(), 30, "the line")
    disk.fill(server)
    for log in sites:
        for _ in range(3):
            ask(log, "lost")
    for log in sites:
        server.wait_log(patterns[log])
    disk.path(server, "fill").unlink()
    for log in sites:
        ask(log, "after")
        wait_for(lambda: re.search("GET /[?]afterx+ HTTP/1.1\n",
                                   disk.path(server, f"{log}.log").read_text()), 30, "the line")
    assert re.search("^GET /[?]after", disk.path(server, "shared.log").read_text(), re.M)
    # The logger of the old generation tells the rest when it ends.
    server.reload()

    def accounted():
        told = sum(map(int, re.findall(patterns["shared"], server.error_log(), re.M)))
        text = disk.path(server, "shared.log").read_text()
        return told + len(re.findall(r"GET /[?]lostx{3000} HTTP/1.1\n", text)) == 3

    wait_for(accounted, 60, "each line to be there or counted")


# where the logs go, how the server runs, whether standard output has the lines (as Apache's)
STANDARD = [
    ("/dev/stderr", "/dev/stdout", True),
    ("/proc/self/fd/2", "LINK", True),
    ("error.log", "/dev/stderr", False),
]


@pytest.mark.parametrize("error, access, shown", STANDARD)
def test_standard_output(config, site_a, tmp, error, access, shown):
    """As images of Apache for containers have it: logs to what the server was started with, which
    no child gets."""
    link = tmp / "link.log"
    link.symlink_to("/dev/stdout")
    config.main(f'ErrorLog "{config.logs / error}"', 'LogFormat "line %r" line')
    config.vhost(site_a, f'CustomLog "{link if access == "LINK" else access}" line', access=False)
    server = Server(config)
    try:
        server.start(wait=False)
        wait_for(server.answers, 60, "an answer")
        server.master_pid = server.popen.pid
        assert server.get("/?one", site_a).status == 200

        def lines():
            return (server.console if shown else config.logs / error).read_text()

        wait_for(lambda: "line GET /?one HTTP/1.1\n" in lines(), 30, "the line")
        wait_for(lambda: "resuming normal operations\n" in lines(), 30, "the error log")
        assert server.itkd("-k", "graceful").returncode == 0
        wait_for(lambda: lines().count("resuming normal operations\n") == 2, 30, "the reload")
        assert server.get("/?two", site_a).status == 200
        wait_for(lambda: "line GET /?two HTTP/1.1\n" in lines(), 30, "the line")
        [held] = server.hold(site_a)
        child = Proc(site_a.held()[0].ppid)
        assert str(server.console) not in child.fds().values()
        site_a.release()
        held.close()
    finally:
        server.discard()


@pytest.mark.parametrize("roots", ["nothing", "file", "directory"])
def test_log_in_a_users_directory(start, config, site_a, roots):
    """design 2: below a user's directory the log is opened as that user; but what is root's there,
    as Apache makes it, stays root's."""
    logs = site_a.mkdir(site_a.root / "logs", 0o755)
    if roots == "directory":
        os.chown(logs, 0, 0)
    if roots == "file":
        (logs / "access.log").write_text("before\n")
    config.vhost(site_a, f'ErrorLog "{logs}/error.log"', f'CustomLog "{logs}/access.log" common',
                 access=False)
    server = start(config)
    server.get("/?own", site_a)
    wait_for(lambda: "?own" in (logs / "access.log").read_text(), 30, "the line")
    for name in ("error.log", "access.log"):
        ours = roots == "directory" or (roots == "file" and name == "access.log")
        info = (logs / name).stat()
        assert (info.st_uid, info.st_gid) == ((0, 0) if ours else (site_a.uid, site_a.gid)), name


@pytest.mark.parametrize("kind", ["another user's", "a program", "a link", "a second name",
                                  "a fifo"])
def test_log_in_a_users_directory_refused(config, site_a, site_b, tmp, kind):
    """design 2: no other file than root's own or the user's is written in a user's directory."""
    logs, victim = site_a.mkdir(site_a.root / "logs", 0o755), tmp / "victim"
    victim.write_text("")
    match kind:
        case "another user's":
            (logs / "error.log").write_text("")
            os.chown(logs / "error.log", site_b.uid, site_b.gid)
        case "a program":
            (logs / "error.log").write_text("")
            (logs / "error.log").chmod(0o755)
        case "a link":
            (logs / "error.log").symlink_to(victim)
        case "a second name":
            os.link(victim, logs / "error.log")
        case "a fifo":
            os.mkfifo(logs / "error.log")
    config.vhost(site_a, f'ErrorLog "{logs}/error.log"', access=False)
    config.write()
    done = Server(config).itkd(timeout=60)
    assert done.returncode == 1 and f"could not open log file {logs}/error.log" in (
        done.stdout + done.stderr), done
    assert victim.read_text() == ""


@pytest.mark.parametrize("where", ["of a user", "where everybody may put one", "of root to one"])
def test_log_through_a_directory_link(config, site_a, tmp, where):
    """design 2: a directory that a user can lead elsewhere by a link gets no root-made file."""
    victim, logs = tmp / "victim", site_a.root / "logs"
    victim.mkdir(mode=0o755)
    if where == "where everybody may put one":
        logs = tmp / "sticky" / "logs"
        logs.parent.mkdir()
        logs.parent.chmod(0o1777)
    logs.symlink_to(victim)
    if where != "where everybody may put one":
        site_a.own(logs)
    if where == "of root to one":
        (tmp / "link").symlink_to(logs)
        logs = tmp / "link"
    config.vhost(site_a, f'ErrorLog "{logs}/error.log"', access=False)
    config.write()
    done = Server(config).itkd(timeout=60)
    assert done.returncode == 1, done.stdout + done.stderr
    assert os.listdir(victim) == []


@pytest.mark.parametrize("text", ["{tmp}/real", "real", "../{name}/./real"])
def test_log_through_links_of_roots(config, site_a, tmp, text):
    """A link of root's in a directory of root's is followed, whatever its text is like."""
    (tmp / "real" / "logs").mkdir(parents=True)
    (tmp / "link").symlink_to(text.format(tmp=tmp, name=tmp.name))
    (tmp / "more").symlink_to("link/logs")
    config.vhost(site_a, f'ErrorLog "{tmp}/more/error.log"', access=False)
    config.write()
    server = Server(config)
    try:
        server.start()
        assert (tmp / "real" / "logs" / "error.log").exists()
    finally:
        server.stop()


def test_reopened_at_reload(server, site_a, site_b):
    """12, logrotate: a renamed log goes on in the old file until the reload, then in a new one."""
    for path, host in (("a.test-access.log", "a.test"), ("access.log", "b.test")):
        server.get("/?one", host)
        server.wait_log(r"\?one", path)
        (server.config.logs / path).rename(server.config.logs / (path + ".1"))
        server.get("/?two", host)
        server.wait_log(r"\?two", path + ".1")
    mark = (server.config.logs / "error.log").rename(server.config.logs / "error.log.1")
    done = server.itkd("-k", "graceful")
    assert done.returncode == 0, done.stderr
    server.wait_log("resuming normal operations", timeout=30)
    wait_for(lambda: "Graceful restart requested" in mark.read_text(), 30, "the line before it")
    for path, host in (("a.test-access.log", "a.test"), ("access.log", "b.test")):
        server.get("/?three", host)
        server.wait_log(r"\?three", path)
        assert "?three" not in server.log(path + ".1")
        assert (server.config.logs / path).stat().st_uid == 0


def test_transfer_log_and_format(start, config, site_a):
    """LogFormat without a nickname is for TransferLog; %{...}t, %D, %p, %v and %>s are known."""
    config.vhost(site_a, r'LogFormat "%v %p %>s %B %D %m %U %q %H \"%{X-Y}i\" %%"',
                 f'TransferLog "{config.logs}/transfer.log"')
    server = start(config)
    server.get("/index.html?a=b", site_a, headers={"X-Y": "z"})
    match = server.wait_log(r"^.*a=b.*$", "transfer.log")
    assert re.fullmatch(rf'a\.test 80 200 7 \d+ GET /index\.html \?a=b HTTP/1\.1 "z" %',
                        match[0]), match[0]


def test_log_level(start, config, site_a, site_b):
    """LogLevel of a vhost: what is below it is not written; a start is, as in Apache. No log."""
    config.options["LogLevel"] = "emerg"
    config.main("CustomLog /dev/null combined")
    for site, level in ((site_a, "emerg"), (site_b, "debug")):
        site.file("secret", "x", 0o600)
        os.chown(site.docroot / "secret", 0, 0)
        config.vhost(site, f"LogLevel {level}", "CustomLog /dev/null combined")
    server = start(config)
    for site in (site_a, site_b):
        assert server.get("/secret", site).status == 403
    server.wait_log("secret", "b.test-error.log")
    server.wait_log("resuming normal operations")
    server.stop()
    assert "secret" not in server.log("a.test-error.log")
