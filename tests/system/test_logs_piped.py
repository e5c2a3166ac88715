"""Logs that are programs or syslog; LogLevel, GlobalLog, ErrorLogFormat; the status page."""

import contextlib
import fcntl
import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest

from itkd import Proc, wait_for, write_file

PROGRAM = """#!/bin/sh
# Writes what it is and has beside the log, then the log.
{{ id -u; ls -l /proc/$$/fd; echo "$@"; cat /proc/$$/limits; }} > "$1.$$.info"
echo $$ >> "$1.pids"
exec cat >> "$1"
"""


@pytest.fixture
def program(tmp):
    return write_file(tmp / "logs" / "prog", PROGRAM.replace("{{", "{").replace("}}", "}"), 0o755)


def text_of(path):
    with contextlib.suppress(OSError):
        return Path(path).read_text(errors="replace")
    return ""


def pids_of(path):
    return [int(p) for p in text_of(f"{path}.pids").split()]


def wait_text(path, pattern, timeout=30):
    return wait_for(lambda: re.search(pattern, text_of(path), re.M), timeout,
                    f"{pattern} in {path}")


@pytest.mark.parametrize("form", ["|", "||"])
def test_access_log_program(start, config, site_a, tmp, program, form):
    """The program runs as root, with the log as its input, arguments, and no descriptor more."""
    out = tmp / "logs" / "piped"
    config.vhost(site_a, f'CustomLog "{form}{program} {out} \'two words\' x" "%U%q"', access=False)
    server = start(config)
    server.get("/?one", site_a)
    wait_text(out, r"^/index\.html\?one$")
    [pid] = pids_of(out)
    info = text_of(f"{out}.{pid}.info")
    assert info.startswith("0\n") and f"{out} two words x" in info
    fds = dict(re.findall(r" (\d+) -> (.*)", info))
    assert fds["0"].startswith("pipe:") and fds["1"] == f"{out}.{pid}.info"
    assert fds["2"].startswith("pipe:") and fds["2"] != fds["0"]
    # 3 and on are the shell's own, for its script and its redirection.
    others = [link for n, link in fds.items() if int(n) > 2]
    assert all(link in (str(program), "/dev/null") or link.startswith(f"/proc/{pid}")
               for link in others), fds
    assert Proc(pid).ppid == server.master_pid


def test_shell_form(start, config, site_a, tmp):
    out = tmp / "logs" / "shell"
    config.vhost(site_a, f'CustomLog "|$sed s/one/two/ > {out}" "%q"', access=False)
    server = start(config)
    server.get("/?one", site_a)
    server.wait_idle()  # the line follows the answer
    server.stop()
    assert text_of(out).split() == ["?two"]


def test_rotatelogs(start, config, site_a, tmp):
    config.vhost(site_a, f'CustomLog "|/usr/bin/rotatelogs {tmp}/logs/rot.%Y 86400" combined',
                 access=False)
    server = start(config)
    server.get("/?rot", site_a)
    name = f"rot.{time.gmtime().tm_year}"
    wait_text(tmp / "logs" / name, r'"GET /\?rot HTTP/1\.1" 200')


def test_error_log_program(start, config, site_a, tmp, program):
    """The main server's error log and a vhost's are programs; nothing waits for a logger."""
    own, main = tmp / "logs" / "own", tmp / "logs" / "main"
    config.vhost(site_a, f'ErrorLog "|{program} {own}"', access=False)
    config.main(f'ErrorLog "|{program} {main}"')
    server = start(config)
    assert server.get("/none", site_a).status == 404
    wait_text(own, r"AH00128: File does not exist: .*/none$")
    wait_text(main, r"configured -- resuming normal operations")
    server.stop()
    assert "caught SIGTERM" in text_of(main)


def test_program_is_restarted(start, config, site_a, tmp, program):
    """One that dies is started again, says so, and no line in the pipe is lost."""
    out = tmp / "logs" / "piped"
    config.vhost(site_a, f'CustomLog "|{program} {out}" "%q"', access=False)
    server = start(config)
    server.get("/?0", site_a)
    wait_text(out, r"^\?0$")
    for n in range(1, 4):
        last = pids_of(out)[-1]
        os.kill(last, signal.SIGKILL)
        wait_for(lambda last=last: not Proc(last).alive, 30, "its end")
        server.get(f"/?{n}", site_a)
        wait_text(out, rf"^\?{n}$")
        wait_for(lambda: len(pids_of(out)) > n, 30, "the next program")
    assert text_of(out).split() == ["?0", "?1", "?2", "?3"]
    server.wait_log(r"AH00106: piped log program '.*prog .*' failed unexpectedly")


def test_program_that_cannot_start(start, config, site_a):
    """It is said at -t and in the log, it is not tried in a loop, and the site is served."""
    config.vhost(site_a, 'CustomLog "|/nonexistent/program" "%q"', access=False)
    config.write()
    server = start(config)
    done = server.itkd("-t")
    assert done.returncode == 0 and "/nonexistent/program" in done.stderr
    assert server.get("/", site_a).status == 200
    server.wait_log(r"AH00106: piped log program '/nonexistent/program' failed")
    wait_for(lambda: "processes end as soon as they start" in server.error_log(), 30, "a throttle")
    assert server.error_log().count("AH00106") < 20


def test_reload_and_stop(start, config, site_a, tmp, program):
    """A new program for the new configuration; the old one ends when its writers are gone."""
    out = tmp / "logs" / "piped"
    config.vhost(site_a, f'CustomLog "|{program} {out}" "%q"', access=False)
    server = start(config)
    [old] = pids_of(out) or [wait_for(lambda: pids_of(out), 30, "a program")[0]]
    [held] = server.hold(site_a)
    server.reload()
    new = wait_for(lambda: pids_of(out)[1:], 30, "a second program")[0]
    server.get("/?new", site_a)
    wait_text(out, r"^\?new$")
    assert Proc(old).alive, "a connection of the old configuration may still write"
    site_a.release()
    held.close()
    wait_for(lambda: not Proc(old).alive, 30, "the old program to end")
    assert Proc(new).alive
    server.get("/?last", site_a)
    server.wait_idle()  # the line follows the answer
    server.stop()
    assert not Proc(new).alive
    assert text_of(out).split()[-1] == "?last"


def test_program_that_does_not_read(start, config, site_a, site_b):
    """A hung program: nobody hangs with it, the lines that are lost are counted and told."""
    config.vhost(site_a, 'CustomLog "|/bin/sleep 600" "%U%q %{X}i"', access=False)
    config.vhost(site_b)
    server = start(config)
    fronts = {p.pid for p in server.fronts()}
    for _ in range(3):
        with server.connect() as c:
            for _ in range(50):
                c.request("/", "a.test", headers={"X": "x" * 3000})
                assert c.response().status == 200
    # What a front answers by itself goes to that log, too.
    for _ in range(20):
        with server.connect() as c:
            c.send("GET / HTTP/1.1\r\nHost: a.test\r\nBad Name: x\r\n\r\n")
            assert c.response().status == 400
    assert server.get("/", site_b).status == 200
    server.wait_log(r"\d+ log lines are lost: the logs were not read in time")
    assert {p.pid for p in server.fronts()} == fronts


def test_hung_logger_does_not_hold_fronts(start, config, site_a):
    """A stopped log process: fronts and master go on, and say later what was lost."""
    config.vhost(site_a, access=False)
    config.main('LogFormat "%r %{X}i" long', f'CustomLog "{config.logs}/long.log" long')
    server = start(config)
    [logger] = server.logger()
    fronts = {p.pid for p in server.fronts()}
    os.kill(logger.pid, signal.SIGSTOP)
    try:
        before = time.monotonic()
        for _ in range(300):
            with server.connect() as c:
                c.send("GET / HTTP/1.1\r\nHost: nobody.test\r\nBad Name: " + "x" * 2000 +
                       "\r\n\r\n")
                assert c.response().status == 400
        # Longer than a front may stay silent.
        wait_for(lambda: time.monotonic() - before > 6, 30, "some heartbeats")
        assert server.get("/", site_a).status == 200
        assert {p.pid for p in server.fronts()} == fronts
    finally:
        os.kill(logger.pid, signal.SIGCONT)
    # Until it has read what was left for it, lines are still lost.
    wait_for(lambda: server.get("/?after", "main.test") and "?after" in server.log("long.log"), 60,
             "lines to be written again")


@contextlib.contextmanager
def syslogd():
    """The machine's /dev/log, of one session of tests at a time."""
    with open("/tmp/itkd-test-syslog.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with dev_log() as s:
            yield s


@contextlib.contextmanager
def dev_log():
    aside = "/dev/log.itkd-test"
    if os.path.lexists("/dev/log"):
        os.rename("/dev/log", aside)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        s.settimeout(30)
        try:
            yield s
        finally:
            os.unlink("/dev/log")
            if os.path.lexists(aside):
                os.rename(aside, "/dev/log")


def receive(s, pattern):
    """The first message with it; others are passed over."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        message = s.recv(8192).decode()
        if re.search(pattern, message):
            return message
    raise AssertionError(f"no message with {pattern}")


def test_syslog(start, config, site_a):
    """ErrorLog syslog:facility:tag: priority, tag and pid as syslog(3) writes them."""
    with syslogd() as s:
        config.vhost(site_a, "ErrorLog syslog:local1:site-a", access=False)
        config.main("ErrorLog syslog")
        server = start(config, wait=False)
        assert receive(s, "resuming normal operations").startswith(f"<{23 * 8 + 5}>")
        server.wait_ready()
        server.get("/none", site_a)
        message = receive(s, "AH00128")
        assert re.fullmatch(
            rf"<{17 * 8 + 6}>\w{{3}} [ \d]\d \d\d:\d\d:\d\d site-a\[\d+\]: \[core:info\] "
            r"\[pid \d+\] \[client 127\.0\.0\.1:\d+\] AH00128: File does not exist: \S+/none",
            message), message


def test_log_level_of_modules_and_directories(start, config, site_a):
    """LogLevel module:level and in <Directory>."""
    for name in ("quiet", "loud"):
        site_a.mkdir(site_a.docroot / name)
    config.vhost(site_a, "LogLevel warn alias:debug", "Redirect /r /there",
                 f'<Directory "{site_a.docroot}/loud">', "LogLevel info", "</Directory>",
                 "<Location /x>", "LogLevel mod_core.c:info", "</Location>")
    server = start(config)
    for path in ("/none", "/quiet/none", "/loud/none", "/r", "/x"):
        server.get(path, site_a)
    server.wait_log(r"\[alias:debug\].*AH00673", "a.test-error.log")
    server.wait_log(r"AH00128.*/loud/none", "a.test-error.log")
    server.wait_log(r"AH00128.*/x$", "a.test-error.log")
    assert not re.search(r"/quiet/none|docroot/none", server.log("a.test-error.log"))


def test_error_line_has_the_referer(start, config, site_a):
    config.vhost(site_a)
    server = start(config)
    server.get("/none", site_a, headers={"Referer": "http://r.test/é"})
    server.wait_log(r"/none, referer: http://r\.test/\\x", "a.test-error.log")


def test_error_log_format(start, config, site_a):
    config.vhost(site_a, r'ErrorLogFormat "<%{cu}t> %-m:%l\ x %a %v %V%{Nope}i %{X}i% |%M"')
    server = start(config)
    server.get("/none", "a.test", headers={"X": "a\tb"})
    server.wait_log(r"^<\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}> core:info x 127\.0\.0\.1:\d+ "
                    r"a\.test a\\tb\|AH00128: .*/none$", "a.test-error.log")
    # A line of the front.
    with server.connect() as c:
        c.send("GET / HTTP/1.1\r\nHost : a.test\r\n\r\n")
        assert c.response().status == 400
    server.wait_log(r"^<\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}> core:info x 127\.0\.0\.1:\d+ "
                    r"a\.test\|400: RFC 9112", "a.test-error.log")


def test_global_log(start, config, site_a, site_b):
    """GlobalLog is for all, whatever logs they have."""
    config.main(f'GlobalLog "{config.logs}/all.log" "%v %q"')
    config.vhost(site_a)
    config.vhost(site_b, access=False)
    server = start(config)
    server.get("/?a", site_a)
    server.get("/?b", site_b)
    for line in (r"a\.test \?a", r"b\.test \?b"):
        server.wait_log(rf"^{line}$", "all.log")
    assert server.log("all.log").count("?b\n") == 1
