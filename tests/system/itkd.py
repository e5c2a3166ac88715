"""
The harness of the system tests: a real itkd, real users, real sockets. Standard library only.

A test asks for fixtures (itkd_fixtures.py) and uses what is exported here:

  site_a, site_b, site_c   Site: one Unix user (itkt-a, ...) with docroot and cgi-bin of its own in
                           the test's directory; made new for each test.
  main_site                Site of the main server's User/Group (itkt-main).
  tls                      Tls: .ca (file), .cert(name), .key(name) of a.test, b.test, c.test,
                           main.test (SAN: the name and www.NAME), made once per session.
  config                   a new Config(tmp): main server on 127.0.0.1 and [::1], PORT and TLS port.
  start                    start(config, **how) -> running Server; stopped, and checked for
                           processes left behind and sanitizer reports, at the end of the test.
  tmp                      pathlib.Path below /tmp that every user may pass through (0755).
  module_tmp, module_start the same for the length of a module (for servers that many tests share;
                           there Site("a", module_tmp) makes a site, and
                           Config(module_tmp, tls, Site("main", module_tmp)) a config).

  Config   c = config; c.main("KeepAlive Off"); c.vhost(site_a, "LimitRequestLine 100")
           c.vhost(site_a, tls=True) adds the HTTPS block of the same name. c.port, c.tls_port.
           The file is written by start() and by s.reload(): change c, then reload. A server that
           is ready has answered one GET / for the Host main.test (a line in an access log).
  Server   s.port, s.tls_port, s.get("/x", site_a), s.get("/", "a.test", tls=True),
           s.connect() -> Connection, s.hold(site_a, n) -> connections with a sleeping CGI program
           s.owner(connection) -> who holds its server side, s.reload(), s.stop(), s.itkd("-t"),
           s.error_log(), s.wait_idle(),
           s.log("a.test-error.log"), s.wait_log(regex), s.fronts(), s.spares(), s.children(),
           s.logger(), s.master, s.processes(), s.counts() (from `itkd -k status`)
  HTTP     request(port, ...), Connection(port, tls="a.test"), Response: status, headers,
           header(name), body; Truncated is raised where an answer was cut; curl(s, url, *args)
  /proc    Proc(pid): comm, ppid, status (dict), uids, gids, groups, caps, fds(), maps(), alive
  waiting  wait_for(condition, timeout, what): polls; returns the condition's value; never sleep
           in_time(seconds, attempt): its value, of one that was faster than a server's patience
  amount(quick, full)      how much of a load to run: full with ITKD_FULL=1 in the environment

Environment: ITKD_BUILD (directory with itkd, itkd-master, itkd-front; default build/release),
ITKD_SANITIZER=1 (an ASan build; found by itself from the program), ITKD_FULL=1.
A test that needs the seccomp filters carries @pytest.mark.sandbox: run an asan build with
`-m "not sandbox"`.
"""

import contextlib
import functools
import itertools
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

from itkd_http import (  # noqa: F401
    Connection, Response, Truncated, request, tls_context)
from itkd_proc import (  # noqa: F401
    ALL_COMMS, Proc, children_of, descendants, in_time, orphans, reap_orphans, socket_inode, timed,
    wait_for)
from itkd_site import (  # noqa: F401
    SERVICE_USERS, SITE_USERS, Site, Tls, Users, compile_c, write_file)

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("ITKD_BUILD", ROOT / "build" / "release")).resolve()
ITKD = BUILD / "itkd"
FULL = os.environ.get("ITKD_FULL") == "1"
RESUMING = "configured -- resuming normal operations"
SANITIZER_REPORT = re.compile(
    r"AddressSanitizer|LeakSanitizer|runtime error:|Assertion .* failed|stack smashing")


@functools.cache
def is_asan():
    """Whether the build under test has AddressSanitizer (and so no seccomp filter)."""
    if os.environ.get("ITKD_SANITIZER") == "1":
        return True
    return ITKD.exists() and b"__asan_init" in ITKD.read_bytes()


if is_asan():
    # A process that is not dumpable cannot be looked at by the leak checker, and a command that
    # ends leaves its memory to the kernel.
    os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0")


def amount(quick, full):
    """A bounded load: the quick number, or the full one with ITKD_FULL=1."""
    return full if FULL else quick


PORTS = range(10000, 30000, 500)  # below those that the kernel gives to clients
UNSAFE_PORTS = {10080}  # of these, the one that browsers do not open (Fetch, "bad port")


@functools.cache
def own_ports():
    """
    Ports in turn that no other session of tests takes, whether in use already or not: its name
    holds the block for as long as this process lives.
    """
    for first in PORTS:
        holder = socket.socket(socket.AF_UNIX)
        try:
            holder.bind(f"\0itkd-test-ports-{first}")
        except OSError:
            holder.close()
            continue
        return holder, itertools.cycle(sorted({*range(first, first + PORTS.step)} - UNSAFE_PORTS))
    raise RuntimeError("all ports for tests are taken")


def free_port():
    """A TCP port that is free on 127.0.0.1 and ::1, and stays so until this session binds it."""
    _, ports = own_ports()
    for port in itertools.islice(ports, PORTS.step):
        with socket.socket() as s4, socket.socket(socket.AF_INET6) as s6:
            s6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            with contextlib.suppress(OSError):
                s4.bind(("0.0.0.0", port))
                s6.bind(("::", port))
                return port
    raise RuntimeError("no port is free on both 127.0.0.1 and ::1")


class Config:
    """
    An itkd.conf. main() adds lines to the main server, vhost() adds a <VirtualHost>; raw() adds
    text behind everything. options of the constructor replace the small defaults, e.g.
    Config(tmp, tls, main_site, MaxRequestWorkers=20); a value None leaves the directive out.
    """

    def __init__(self, directory, tls, main_site, **options):
        self.dir = Path(directory)
        self.tls = tls
        self.main_site = main_site
        self.port = free_port()
        self.tls_port = free_port()
        self.addresses = ("127.0.0.1", "[::1]")
        self.logs = self.dir / "logs"
        self.logs.mkdir(exist_ok=True)
        self.pid_file = self.dir / "itkd.pid"
        self.file = self.dir / "itkd.conf"
        self.options = {
            "User": main_site.user,
            "Group": main_site.group,
            "FrontUser": "_itkd",
            "ServerName": "main.test",
            "ServerAdmin": "webmaster@main.test",
            "LogLevel": "info",
            # What a busy machine does not reach.
            "Timeout": 120,
            "RequestReadTimeout": "header=120 body=120",
            "KeepAliveTimeout": 60,
            "StartServers": 4,
            "MinSpareServers": 2,
            "MaxSpareServers": 8,
            "MaxRequestWorkers": 100,
            "GracefulShutdownTimeout": 30,
            **options,
        }
        self._main = []
        self._vhosts = []
        self._raw = []

    def main(self, *lines):
        self._main += lines
        return self

    def raw(self, *lines):
        self._raw += lines
        return self

    def vhost(self, site, *lines, name=None, tls=False, address=None, assign=True, aliases=(),
              access=True, cgi=True, docroot=None, cert=None, key=None,
              replace=None):
        """
        Adds a block for site. name: the ServerName (default site.name). address: default `*:PORT`
        of the config. assign: with AssignUserID of the site's user (False: the main server's
        User). aliases: ServerAlias. access: with ErrorLog and CustomLog of its own, named
        NAME-error.log and NAME-access.log. cgi: ScriptAlias /cgi-bin/. cert, key: whose, by
        name (default: cert is the ServerName, key is cert). lines come last in the block. Returns
        the block's index for drop(); replace: the index of a block to take the place of.
        """
        name = name or site.name
        docroot = docroot or site.docroot
        port = self.tls_port if tls else self.port
        block = [f"<VirtualHost {address or f'*:{port}'}>", f"\tServerName {name}"]
        block += [f"\tServerAlias {alias}" for alias in aliases]
        if assign:
            block.append(f"\tAssignUserID {site.user} {site.group}")
        block += [f'\tDocumentRoot "{docroot}"', f'\t<Directory "{docroot}">',
                  "\t\tRequire all granted", "\t</Directory>"]
        if cgi:
            block += [f'\tScriptAlias "/cgi-bin/" "{site.cgi_bin}/"',
                      f'\t<Directory "{site.cgi_bin}">', "\t\tRequire all granted",
                      "\t</Directory>"]
        if access:
            block += [f'\tErrorLog "{self.logs}/{name}-error.log"',
                      f'\tCustomLog "{self.logs}/{name}-access.log" combined']
        if tls:
            cert = cert or name
            block += ["\tSSLEngine on", f'\tSSLCertificateFile "{self.tls.cert(cert)}"',
                      f'\tSSLCertificateKeyFile "{self.tls.key(key or cert)}"']
        block += ["\t" + line for line in lines] + ["</VirtualHost>"]
        if replace is not None:
            self._vhosts[replace] = block
            return replace
        self._vhosts.append(block)
        return len(self._vhosts) - 1

    def drop(self, index):
        """Takes the vhost of that index away again (the others keep their indexes)."""
        self._vhosts[index] = []

    def text(self):
        main = self.main_site
        lines = [f'ServerRoot "{self.dir}"', f'PidFile "{self.pid_file}"',
                 f'ErrorLog "{self.logs}/error.log"']
        lines += [f"Listen {address}:{self.port}" for address in self.addresses]
        if any("\tSSLEngine on" in block for block in self._vhosts):
            lines += [f"Listen {address}:{self.tls_port} https" for address in self.addresses]
        lines += [f"{name} {value}" for name, value in self.options.items() if value is not None]
        lines += [
            r'LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"" combined',
            r'LogFormat "%h %l %u %t \"%r\" %>s %b" common',
            f'CustomLog "{self.logs}/access.log" common',
            '<Directory "/">', "\tOptions FollowSymLinks", "\tRequire all denied", "</Directory>",
            f'DocumentRoot "{main.docroot}"', f'<Directory "{main.docroot}">',
            "\tRequire all granted", "</Directory>"]
        lines += self._main
        for block in self._vhosts:
            lines += block
        return "\n".join(lines + self._raw) + "\n"

    def write(self):
        write_file(self.file, self.text(), 0o644)
        return self.file


def config_text(path):
    with contextlib.suppress(OSError):
        return path.read_text()
    return ""  # it is elsewhere


class Server:
    """
    A daemon on a Config. start() keeps it in the foreground below this process unless
    foreground=False; prefix is put before the command (setpriv ...), env is added to the
    environment. All servers are remembered, so that a failed test shows their logs.
    """

    running = []

    def __init__(self, config):
        self.config = config
        self.port = config.port
        self.tls_port = config.tls_port
        self.popen = None
        self.before = 0  # of generations() at its start
        self.master_pid = 0
        self.console = config.dir / "console.log"

    # -- starting and stopping

    def command(self, *args):
        return [str(ITKD), "-f", str(self.config.file), *args]

    def itkd(self, *args, timeout=60, prefix=(), env=None):
        """Runs itkd with -f of this config and the arguments; CompletedProcess of text."""
        return subprocess.run(
            [*prefix, *self.command(*args)], capture_output=True, text=True, timeout=timeout,
            stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})

    def start(self, foreground=True, args=(), prefix=(), env=None, wait=True, preexec=None):
        self.config.write()
        self.before = self.generations()
        environment = {**os.environ, **(env or {})}
        if self not in Server.running:
            Server.running.append(self)
        if not foreground:
            done = subprocess.run(
                [*prefix, *self.command(*args)], stdin=subprocess.DEVNULL, timeout=60,
                stdout=self._console(), stderr=subprocess.STDOUT, env=environment)
            assert done.returncode == 0, self.logs_text()
        else:
            self.popen = subprocess.Popen(
                [*prefix, *self.command("-D", "FOREGROUND", *args)], stdin=subprocess.DEVNULL,
                stdout=self._console(), stderr=subprocess.STDOUT, env=environment,
                start_new_session=True, preexec_fn=preexec)
        if wait:
            self.wait_ready()
        return self

    def _console(self):
        return open(self.console, "ab")

    def wait_ready(self, timeout=60):
        """Until it answers, and the process that did has given its place back."""
        def ready():
            if self.popen and self.popen.poll() is not None:
                raise AssertionError(f"itkd ended with {self.popen.returncode} at start-up:\n"
                                     + self.logs_text())
            pid = self.read_pid()
            return pid and Proc(pid).alive and self.answers() and pid

        self.master_pid = wait_for(ready, timeout, "itkd to answer and PidFile to exist")
        self.wait_idle(timeout)

    def read_pid(self):
        with contextlib.suppress(OSError, ValueError):
            return int(self.config.pid_file.read_text())
        return 0

    def answers(self, timeout=30):
        with contextlib.suppress(OSError, Truncated):
            return request(self.port, "/", host="main.test", timeout=timeout).status > 0
        return False

    def stop(self, timeout=30):
        """SIGTERM to the master, then waits until each of its processes is gone."""
        before = self.processes() if self.master_pid else []
        if self.master_pid and Proc(self.master_pid).alive:
            os.kill(self.master_pid, signal.SIGTERM)
        elif self.popen and self.popen.poll() is None:
            self.popen.terminate()
        if self.popen:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(timeout)
        wait_for(lambda: not any(p.alive for p in before), timeout,
                 "every process of itkd to end")

    def discard(self):
        """For the end of a test: no process may be left, whatever happened before."""
        try:
            self.stop()
        finally:
            for p in [*self.processes(), *(Proc(p) for p in [self.master_pid] if p)]:
                p.kill(signal.SIGKILL)
            if self.popen and self.popen.poll() is None:
                self.popen.kill()
                self.popen.wait(30)
            if self in Server.running:
                Server.running.remove(self)

    def reload(self, timeout=60, how="graceful"):
        """Writes the config anew, `itkd -k graceful`, and waits for the new generation."""
        self.config.write()
        # The logger may not have come to the line of the first one yet.
        before = wait_for(lambda: self.generations() > self.before and self.generations(), timeout,
                          "the first generation in the error log")
        done = self.itkd("-k", how)
        assert done.returncode == 0, done.stdout + done.stderr + self.logs_text()
        self.wait_generation(before + 1, timeout)

    def generations(self):
        return self.error_log().count(RESUMING)

    def wait_generation(self, n, timeout=60):
        wait_for(lambda: self.generations() >= n, timeout, f"generation {n} in the error log")

    def wait_idle(self, timeout=30):
        """Until no child is left, not even one to be reaped, and no site's count has one."""
        wait_for(lambda: "itkd: child" not in (p.comm for p in descendants(self.master_pid)),
                 timeout, "each child to end")
        if "MaxClientsVHost" in config_text(self.config.file):
            wait_for(lambda: not any(self.counts().values()), timeout, "each count to be 0")

    # -- logs

    def log(self, name):
        with contextlib.suppress(OSError):
            return (self.config.logs / name).read_text(errors="replace")
        return ""

    def error_log(self):
        return self.log("error.log")

    def wait_log(self, pattern, name="error.log", timeout=30, start=0):
        """Waits for a line that the regular expression finds, behind offset start; the match."""
        return wait_for(lambda: re.search(pattern, self.log(name)[start:], re.M), timeout,
                        f"{pattern!r} in {name}")

    def logs_text(self, last=60):
        """The ends of the console's and of all logs, for messages."""
        parts = []
        for file in [self.console, *sorted(self.config.logs.glob("*"))]:
            with contextlib.suppress(OSError):
                lines = file.read_text(errors="replace").splitlines()[-last:]
                parts.append(f"--- {file.name}\n" + "\n".join(lines))
        return "\n".join(parts)

    def sanitizer_reports(self):
        return [line for line in self.logs_text(10 ** 6).splitlines()
                if SANITIZER_REPORT.search(line)]

    # -- HTTP

    def get(self, path="/", site="main.test", tls=False, **how):
        """One request on a connection of its own; site is a Site or a host name."""
        host = site.name if isinstance(site, Site) else site
        return request(self.tls_port if tls else self.port, path, host=host,
                       tls=host if tls else None, ca=self.config.tls.ca, **how)

    def get_or_none(self, path="/", site="main.test", **how):
        """The Response where it is a 200, else (an error of any kind, too) None."""
        with contextlib.suppress(OSError, Truncated):
            answer = self.get(path, site, **how)
            return answer if answer.status == 200 else None
        return None

    def connect(self, tls=None, **how):
        """A Connection; tls: the SNI name to shake hands with."""
        return Connection(self.tls_port if tls else self.port, tls=tls, ca=self.config.tls.ca,
                          **how)

    def hold(self, site, n=1, tls=False, timeout=30):
        """
        n connections whose CGI program sleeps (site.held() has them, site.release() ends them):
        the Connections, of which the head of the answer was read.
        """
        connections = []
        for _ in range(n):
            before = set(site.held())
            c = self.connect(tls=site.name if tls else None)
            c.request("/cgi-bin/hold", site.name, headers={"Connection": "close"})
            answer = c.head()
            assert answer.status == 200, f"{answer}\n{self.logs_text()}"
            # In the middle of its exec it has no environment for a moment, and is not counted.
            wait_for(lambda: [p for p in site.held() if p not in before and p.comm == "sleep"
                              and p in site.held()],
                     timeout, "the CGI program `hold` to sleep")
            connections.append(c)
        return connections

    # -- processes

    def owner(self, connection):
        """The processes that have this (plain or TLS) connection open, by its inode."""
        server_port = connection.sock.getpeername()[1]
        # The kernel's table of connections may miss one while others come and go.
        inode = wait_for(lambda: socket_inode(connection.local_port, server_port), 30,
                         "the server's side of the connection")
        return [p for p in self.processes() if f"socket:[{inode}]" in p.fds().values()]

    @property
    def master(self):
        return Proc(self.master_pid)

    def processes(self):
        """The master and all below it, CGI programs too; zombies left out."""
        return [p for p in [self.master, *descendants(self.master_pid)] if p.alive]

    def named(self, comm):
        return [p for p in self.processes() if p.comm == comm]

    def fronts(self):
        return self.named("itkd: front")

    def spares(self):
        return self.named("itkd: spare")

    def children(self):
        return self.named("itkd: child")

    def logger(self):
        return self.named("itkd: log")

    def counts(self):
        """What `itkd -k status` says of each site: {ServerName: count}."""
        return {name: count for name, (count, _) in self.status_counts().items()}

    def status_counts(self):
        """{ServerName: (processes, cap; 0: none)}; identities of one name are added up."""
        done = self.itkd("-k", "status")
        assert done.returncode == 0, done.stdout + done.stderr
        found = {}
        for m in re.finditer(r"^(\S+) (\S+) (\d+)/(\d+|-)$", done.stdout, re.M):
            count, _ = found.get(m[1], (0, 0))
            found[m[1]] = (count + int(m[3]), 0 if m[4] == "-" else int(m[4]))
        assert found, done.stdout
        return found


def curl(server, url, *args, timeout=120):
    """
    curl on a URL whose host:port leads to the server: http://a.test/ means its plain port,
    https://a.test/ its TLS port. The session's CA is trusted. CompletedProcess of bytes.
    """
    scheme, rest = url.split("://", 1)
    name, slash, path = rest.partition("/")
    port = server.tls_port if scheme == "https" else server.port
    return subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "--max-time", str(timeout), "--cacert",
         str(server.config.tls.ca), "--resolve", f"{name}:{port}:127.0.0.1", *args,
         f"{scheme}://{name}:{port}{slash}{path}"],
        capture_output=True, timeout=timeout + 10)
