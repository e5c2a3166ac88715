"""Issue point 2: the command line, starting and stopping."""

import functools
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from itkd import ITKD, Config, Proc, Server, amount, free_port, request, timed, wait_for


def nobody(*command, **how):
    return subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *map(str, command)],
        capture_output=True, text=True, timeout=60, **how)


def run_listing():
    return sorted(os.listdir("/run"))


@pytest.mark.parametrize("prefix", [
    [], ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]], ids=["plain", "without 0, 1 and 2"])
def test_daemon_by_default(start, config, site_a, prefix):
    """`itkd -f FILE` comes back with 0 when the server serves; PidFile names the master."""
    config.vhost(site_a)
    server = start(config, foreground=False, wait=False, prefix=prefix)
    assert server.get("/", site_a).status == 200
    server.master_pid = server.read_pid()
    assert server.master.comm == "itkd: master"
    assert os.getsid(server.master_pid) != os.getsid(0)
    links = server.master.fds()
    assert links[0] == links[1] == "/dev/null"
    assert links[2].startswith("pipe:") or links[2].endswith("/error.log")
    assert server.master.link("cwd") == "/"


@pytest.mark.parametrize("words", [["-D", "FOREGROUND"], ["-DFOREGROUND"], ["-X"]])
def test_foreground(config, site_a, start, words):
    """-D FOREGROUND (also attached) and -X stay; SIGTERM ends them with status 0."""
    config.vhost(site_a)
    config.write()
    server = Server(config)
    with open(server.console, "ab") as console:
        server.popen = subprocess.Popen([ITKD, "-f", config.file, *words], stdout=console,
                                        stderr=console, stdin=subprocess.DEVNULL,
                                        start_new_session=True)
    try:
        server.wait_ready()
        assert server.popen.poll() is None
        assert server.get("/", site_a).text == "site a\n"
        server.stop()
        assert server.popen.returncode == 0
    finally:
        server.discard()


def test_check_good(config, site_a, site_b):
    """-t: `Syntax OK` on stderr, status 0, nothing started, nothing on stdout."""
    config.vhost(site_a)
    config.vhost(site_b, tls=True)
    config.write()
    done = Server(config).itkd("-t")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr.splitlines()[-1] == "Syntax OK"
    assert not config.pid_file.exists() and not config.logs.joinpath("error.log").exists()


def test_check_tells_all_errors(config, site_a):
    """-t with three errors: each with file:line, status 1."""
    config.vhost(site_a)
    config.raw("Timeout soon", "NoSuchDirective on", "MaxRequestWorkers -4")
    config.write()
    first = config.text().splitlines().index("Timeout soon") + 1
    done = Server(config).itkd("-t")
    assert done.returncode == 1
    assert "Syntax OK" not in done.stderr
    for line, word in zip(range(first, first + 3), ("Timeout", "NoSuchDirective",
                                                    "MaxRequestWorkers")):
        assert re.search(rf"{re.escape(str(config.file))}:{line}:.*{word}", done.stderr), \
            done.stderr


def test_start_refuses_bad_config(config, site_a):
    """A start with an error in the config starts nothing, says it, status 1."""
    config.vhost(site_a, "NoSuchDirective on")
    config.write()
    done = Server(config).itkd()
    assert done.returncode == 1 and "NoSuchDirective" in done.stderr
    assert not config.pid_file.exists()
    with pytest.raises(ConnectionRefusedError):
        request(config.port)


def test_check_certificates(config, site_a, site_b, tls):
    """9, 2: -t finds keys that are not their certificates', and files that are missing."""
    config.vhost(site_a, tls=True, cert="a.test", key="b.test")
    config.vhost(site_b, tls=True, cert="missing")
    config.vhost(site_b, tls=True, name="c.test", key="missing")
    config.write()
    done = Server(config).itkd("-t")
    assert done.returncode == 1
    text = done.stderr
    assert "missing.pem" in text and "missing.key" in text, text
    assert len(set(re.findall(r"itkd\.conf:(\d+)", text))) >= 3, "not all errors at once"


def test_version():
    """-v: on stdout, status 0."""
    done = subprocess.run([ITKD, "-v"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert re.search(r"^Server version: itkd/\d+\.\d+", done.stdout, re.M), done.stdout


def test_unknown_option():
    """A word that itkd does not know: usage on stderr, status 1."""
    done = subprocess.run([ITKD, "-Z"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "-Z" in done.stderr or "Z" in done.stderr


def test_dump_vhosts(config, site_a, site_b):
    """-S: Apache's layout with file:line, and who each vhost runs as."""
    config.vhost(site_a, aliases=["www.a.test", "*.a.test"])
    config.vhost(site_b, "MaxClientsVHost 7", "NiceValue 3")
    config.vhost(site_b, tls=True)
    config.write()
    done = Server(config).itkd("-S")
    assert done.returncode == 0, done.stderr
    lines = config.text().splitlines()
    at = [i + 1 for i, line in enumerate(lines) if line.startswith("<VirtualHost")]
    where = [re.escape(f"({config.file}:{line})") for line in at]
    out = done.stdout
    assert re.search(r"^VirtualHost configuration:$", out, re.M)
    assert re.search(rf"^\*:{config.port}\s+is a NameVirtualHost$", out, re.M)
    assert re.search(rf"^\s+default server a\.test {where[0]}$", out, re.M), out
    assert re.search(rf"^\s+port {config.port} namevhost a\.test {where[0]}$", out, re.M)
    assert re.search(rf"^\s+port {config.port} namevhost b\.test {where[1]}$", out, re.M)
    assert re.search(r"^\s+alias www\.a\.test$", out, re.M)
    assert re.search(r"^\s+wild alias \*\.a\.test$", out, re.M)
    assert re.search(rf"^\*:{config.tls_port}\s+b\.test {where[2]}$", out, re.M), out
    assert re.search(r'^User: name="itkt-main" id=\d+', out, re.M)
    assert "itkt-a" in out and "itkt-b" in out
    assert re.search(rf'^PidFile: "{re.escape(str(config.pid_file))}"$', out, re.M)


def test_without_root(config, site_a, tmp):
    """Without root: an error that says what root is needed for, status 1."""
    config.vhost(site_a)
    config.write()
    done = nobody(ITKD, "-f", config.file)
    assert done.returncode == 1
    assert re.search(r"\broot\b", done.stderr), done.stderr
    assert len(done.stderr.strip()) > 30, "says what root is needed for"


@pytest.mark.parametrize("capability", ["sys_nice", "setuid", "setgid", "net_bind_service"])
def test_missing_capability_is_named(config, site_a, capability):
    """In a container without a capability: it is named at start-up, nothing is served."""
    config.main("Listen 127.9.8.7:81")
    config.vhost(site_a)
    config.write()
    server = Server(config)
    done = server.itkd("-D", "FOREGROUND", prefix=[
        "setpriv", "--bounding-set", f"-{capability}", "--inh-caps", f"-{capability}"])
    assert done.returncode == 1
    assert f"cap_{capability}" in (done.stdout + done.stderr + server.error_log()).lower()


def test_second_start_same_pid_file(start, config, site_a, tmp, tls, main_site):
    """A second start on the same PidFile: a clear error; the first serves on."""
    config.vhost(site_a)
    server = start(config)
    done = server.itkd(timeout=60)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(rf"pid {server.master_pid}\b.*already running", done.stdout + done.stderr)
    assert server.read_pid() == server.master_pid
    assert server.get("/", site_a).status == 200


def test_second_start_same_port(start, config, site_a, tmp, tls, main_site):
    """A second daemon on the same port: an error with the address; the first serves on."""
    config.vhost(site_a)
    server = start(config)
    (tmp / "two").mkdir(mode=0o755)
    second = Config(tmp / "two", tls, main_site)
    second.port = config.port
    second.vhost(site_a)
    second.write()
    done = Server(second).itkd(timeout=60)
    text = done.stdout + done.stderr + Server(second).error_log()
    assert done.returncode == 1, text
    assert re.search(rf"127\.0\.0\.1:{config.port}\b", text) and "in use" in text, text
    assert not second.pid_file.exists()
    assert server.get("/", site_a).status == 200


def test_stale_pid_file(start, config, site_a):
    """A PidFile of a process that is dead, or of one that is not itkd, does not stop a start."""
    config.vhost(site_a)
    dead = subprocess.Popen(["true"])
    dead.wait()
    config.pid_file.write_text(f"{dead.pid}\n")
    server = start(config)
    assert server.read_pid() == server.master_pid != dead.pid


def test_pid_file_that_is_none(config, site_a):
    """A FIFO holds nobody up, and nothing is started: there would be no way to stop it."""
    config.vhost(site_a)
    config.write()
    os.mkfifo(config.pid_file)
    assert Server(config).itkd("-k", "status").returncode == 3
    done = Server(config).itkd()
    assert done.returncode == 1 and str(config.pid_file) in done.stderr


def test_k_start_and_stop(start, config, site_a):
    """-k start starts; -k start again says that it runs; -k stop returns when all is gone."""
    config.vhost(site_a)
    server = start(config, foreground=False, args=("-k", "start"))
    again = server.itkd("-k", "start")
    assert "already running" in again.stdout + again.stderr
    assert again.returncode == 0, "as httpd's"
    processes = server.processes()
    assert len(processes) > 3
    assert server.itkd("-k", "stop").returncode == 0
    wait_for(lambda: not any(p.alive for p in processes), 30, "all processes to end")
    assert not config.pid_file.exists()
    stopped = server.itkd("-k", "stop")
    assert "not running" in stopped.stdout + stopped.stderr
    server.master_pid = 0


def test_k_restart(start, config, site_a):
    """-k restart: the same master with the new config; what runs is finished (design 2)."""
    config.vhost(site_a)
    server = start(config)
    site_a.mkdir("two")
    site_a.file("two/index.html", "second\n")
    config.vhost(site_a, docroot=site_a.docroot / "two", replace=0)
    fronts = set(server.fronts())
    [held] = server.hold(site_a)
    server.reload(how="restart")
    assert server.read_pid() == server.master_pid
    assert server.get("/", site_a).text == "second\n"
    assert len(site_a.held()) == 1
    site_a.release()
    assert b"held" in held.read_all()
    held.close()
    wait_for(lambda: not any(p.alive for p in fronts), 30, "the old fronts to end")


def test_k_graceful_stop(start, config, site_a):
    """-k graceful-stop: nothing new is accepted, what runs is finished, then all ends."""
    site_a.cgi("wait", f"#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
               f": > '{site_a.root}/held/waiting'\n"
               f"while [ ! -e '{site_a.root}/go' ]; do sleep 0.02; done\necho done\n")
    config.vhost(site_a)
    server = start(config)
    c = server.connect()
    c.request("/cgi-bin/wait", site_a.name, headers={"Connection": "close"})
    wait_for(lambda: (site_a.root / "held/waiting").exists(), 30, "the CGI program to run")
    assert server.itkd("-k", "graceful-stop").returncode == 0

    def refused():
        try:
            server.connect().close()
        except ConnectionRefusedError:
            return True
        return False

    wait_for(refused, 30, "the listening sockets to be closed")
    assert server.master.alive
    (site_a.root / "go").touch()
    assert c.response().text == "done\n"
    c.close()
    wait_for(lambda: not server.master.alive, 30, "the master to end")
    assert server.popen.wait(30) == 0


def test_graceful_stop_during_a_reload(start, config, site_a):
    """A graceful stop that comes while a new generation loads is a stop, not a restart."""
    config.vhost(site_a)
    server = start(config)
    os.kill(server.master_pid, signal.SIGUSR1)
    os.kill(server.master_pid, signal.SIGWINCH)
    wait_for(lambda: not server.master.alive, 30, "the master to end")
    assert server.popen.wait(30) == 0


def test_sigterm_stops_all_at_once(start, config, site_a, site_b):
    """
    SIGTERM with a sleeping CGI program, a kept connection, a TLS connection and half a head:
    no process is left, no file in /run, no PidFile; it takes less than three seconds (asserted by
    a full run: others may keep the machine busy).
    """
    before = run_listing()
    config.vhost(site_a)
    config.vhost(site_b, tls=True)
    server = start(config)
    held = server.hold(site_a, 2)
    kept = server.connect()
    assert kept.get("/", site_a.name).status == 200
    secure = server.connect(tls=site_b.name)
    assert secure.get("/", site_b.name).status == 200
    half = server.connect()
    half.send("GET / HT")
    processes = server.processes()
    assert len([p for p in processes if p.comm == "itkd: child"]) >= 4
    with timed() as took:
        os.kill(server.master_pid, signal.SIGTERM)
        wait_for(lambda: not any(p.alive for p in processes), 50, "every process to end")
    assert took() < amount(60, 3)
    assert server.popen.wait(30) == 0
    # Other servers of this machine may start meanwhile, and are in and out of it.
    wait_for(lambda: set(run_listing()) <= set(before), 30, f"nothing in /run beside {before}")
    assert not config.pid_file.exists()
    for c in [*held, kept, secure, half]:
        c.close()


def test_sigint_in_the_foreground(start, config, site_a):
    """^C stops a foreground server as SIGTERM does."""
    config.vhost(site_a)
    server = start(config)
    processes = server.processes()
    os.kill(server.master_pid, signal.SIGINT)
    wait_for(lambda: not any(p.alive for p in processes), 30, "every process to end")


def test_terminal_is_out_of_reach(start, config, site_a):
    """-X in a terminal: a site's program could type there, into root's shell (TIOCSTI)."""
    site_a.cgi("tty", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
               "(: </dev/tty) 2>/dev/null && echo reached || echo out of reach\n")
    config.vhost(site_a)
    config.write()
    server = Server(config)
    pty = ["script", "-qfec", f"{ITKD} -X -f {config.file}; exit $?", "/dev/null"]
    with open(server.console, "ab") as console:
        server.popen = subprocess.Popen(pty, stdin=subprocess.DEVNULL, stdout=console)
    try:
        server.wait_ready()
        assert server.get("/cgi-bin/tty", site_a).text == "out of reach\n"
    finally:
        server.discard()


def test_finds_its_programs_from_anywhere(start, config, site_a, tmp, monkeypatch):
    """1: itkd finds itkd-front in the build tree when started by a link and another cwd."""
    link = tmp / "linked"
    link.symlink_to(ITKD)
    config.vhost(site_a)
    config.write()
    monkeypatch.chdir("/usr")
    done = subprocess.run([link, "-f", config.file, "-t"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr


class Notify:
    """The socket that systemd would listen at."""

    def __init__(self, directory):
        self.path = str(directory / "notify")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(self.path)
        self.sock.settimeout(0.05)
        self.lines = []

    def wait(self, line, timeout=30):
        """Waits for a datagram with that line; all lines of it."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                got = self.sock.recv(4096).decode().splitlines()
            except TimeoutError:
                continue
            self.lines += got
            if line in got:
                return got
        raise AssertionError(f"{line} was not told in {timeout} s, but {self.lines}")


def test_notify(start, config, site_a, tmp):
    """2: READY, RELOADING (with MONOTONIC_USEC), READY again, STATUS, STOPPING."""
    notify = Notify(tmp)
    config.vhost(site_a)
    server = start(config, env={"NOTIFY_SOCKET": notify.path}, wait=False)
    notify.wait("READY=1")
    assert any(line.startswith("STATUS=") for line in notify.lines)
    assert server.get("/", site_a).status == 200, "READY was told before it served"
    server.wait_ready()
    server.reload()
    reloading = notify.wait("RELOADING=1")
    assert any(re.match(r"MONOTONIC_USEC=\d+$", line) for line in reloading)
    notify.wait("READY=1")
    os.kill(server.master_pid, signal.SIGTERM)
    notify.wait("STOPPING=1")


def test_listen_privileged_and_addresses(start, config, site_a):
    """2, 3: every Listen address answers; a port that nobody listens at does not."""
    config.vhost(site_a)
    server = start(config)
    for address in ("127.0.0.1", "::1"):
        assert request(server.port, host=site_a.name, address=address).status == 200
    with pytest.raises(ConnectionRefusedError):
        request(free_port())


def test_master_reads_no_network(start, config, site_a):
    """Invariant: no connection is ever open in the master or the logger while one is served."""
    config.vhost(site_a)
    server = start(config)
    [held] = server.hold(site_a)
    held_by = functools.partial(server.owner, held)
    assert not {"itkd: master", "itkd: log"} & {p.comm for p in held_by()}
    wait_for(lambda: len(held_by()) == 1, 30, "the front to let go of it")
    owners = held_by()
    assert [p.comm for p in owners] == ["itkd: child"], owners
    assert Proc(owners[0].pid).uids == (site_a.uid,) * 4
    held.close()
