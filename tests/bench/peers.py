"""The servers that tests/bench/run compares: a config of each, equal where it can be.

Equal means: the same files, an access log in the common format, no limit on requests a
connection, one certificate, TLS 1.3, and for the two that run a process a connection the same
pool. What cannot be equal is said beside it.
"""

import contextlib
import glob
import grp
import http.client
import os
import pwd
import signal
import socket
import ssl
import subprocess
import time

POOL = {"start": 64, "min": 64, "max": 128, "workers": 256}
SITES = [("one.bench", "www-data"), ("two.bench", "games")]
KEPT_100 = "kept.bench"  # the first site once more, with the servers' default MaxKeepAliveRequests
START_TIMEOUT = 60


def group_of(user):
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


FPM = """[global]
error_log = {d}/fpm.log
daemonize = no
[one]
user = www-data
group = www-data
listen = {d}/fpm.sock
listen.owner = www-data
listen.group = www-data
listen.backlog = 4096
pm = static
pm.max_children = 16
"""


def start_fpm(directory):
    """The php-fpm that itkd and nginx ask, as the first site's user; None: there is none."""
    programs = sorted(glob.glob("/usr/sbin/php-fpm*"))
    if not programs:
        return None
    conf = directory / "fpm.conf"
    conf.write_text(FPM.format(d=directory))
    process = subprocess.Popen([programs[-1], "-F", "-y", conf], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + START_TIMEOUT
    while not (directory / "fpm.sock").exists():
        if time.monotonic() > deadline:
            raise RuntimeError("php-fpm does not start")
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise RuntimeError(f"php-fpm ended with {process.wait(0.05)}")
    return process


class Server:
    """One server under test, with a directory and ports of its own."""

    name = "?"
    tls = cgi = keepalive = True
    htaccess = False
    php = only_php = False

    def __init__(self, bench):
        self.bench = bench
        self.dir = bench.dir / self.name
        self.dir.mkdir()
        self.port, self.tls_port = free_port(), free_port()
        self.process = None

    def version(self):
        raise NotImplementedError

    def command(self):
        """Writes the config and returns what to run in the foreground."""
        raise NotImplementedError

    def vhosts(self):
        """Name, user and document root: two sites, and as many more as --vhosts asks for."""
        for name, user in [*SITES, (KEPT_100, SITES[0][1])]:
            yield name, user, self.bench.root
        for i in range(len(SITES), self.bench.vhosts):
            yield f"site{i}.bench", SITES[i % 2][1], self.bench.root

    def write(self, name, text):
        path = self.dir / name
        path.write_text(text)
        return path

    def start(self):
        command = self.command()
        with open(self.dir / "stderr", "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, cwd=self.dir, start_new_session=True)
        for port in [self.port] + ([self.tls_port] if self.tls else []):
            self.wait_for(lambda: self.answers(port), "does not start")
        self.check()

    def wait_for(self, condition, otherwise):
        end = time.monotonic() + START_TIMEOUT
        while not condition():
            try:
                self.process.wait(0.05)  # its end is the end of the waiting
            except subprocess.TimeoutExpired:
                if time.monotonic() < end:
                    continue
            raise RuntimeError(f"{self.name} {otherwise}: {self.said()}")

    def answers(self, port):
        with socket.socket() as s:
            s.settimeout(1)
            return s.connect_ex(("127.0.0.1", port)) == 0

    def said(self):
        texts = [p.read_text(errors="replace")[-2000:] for p in
                 (self.dir / "stderr", self.dir / "error.log") if p.exists()]
        return "\n".join(t for t in texts if t)

    def check(self):
        """What is about to be measured is really what it is taken for."""
        targets = [("/1k.html", self.bench.root / "1k.html"),
                   ("/1m.bin", self.bench.root / "1m.bin")]
        if self.htaccess:
            targets.append(("/htaccess/1k.html", self.bench.root / "1k.html"))
        for tls in [False] + ([True] if self.tls else []):
            for path, file in targets:
                self.expect(tls, path, file.read_bytes())
        if self.cgi:
            self.expect(False, "/cgi-bin/hello", b"hello\n")
        log = self.dir / "access.log"
        # lighttpd writes it a second later
        self.wait_for(lambda: log.exists() and log.stat().st_size > 0, "writes no access log")

    def expect(self, tls, path, want):
        if tls:
            client = http.client.HTTPSConnection("127.0.0.1", self.tls_port, timeout=30,
                                                 context=ssl._create_unverified_context())
        else:
            client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            client.connect()
            if tls and client.sock.version() != "TLSv1.3":
                raise RuntimeError(f"{self.name}: {client.sock.version()}")
            client.request("GET", path, headers={"Host": SITES[0][0], "Connection": "close"})
            answer = client.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as e:
            raise RuntimeError(f"{self.name}: {path} tls={tls}: {e!r}\n{self.said()}") from None
        finally:
            client.close()
        if answer.status != 200 or body != want:
            raise RuntimeError(f"{self.name}: {path} tls={tls}: {answer.status} {body[:200]!r}\n"
                               + self.said())

    def stop(self):
        if not self.process:
            return
        for sig, wait in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
            if self.process.poll() is None:
                self.process.send_signal(sig)
                try:
                    self.process.wait(wait)
                except subprocess.TimeoutExpired:
                    continue
        try:  # its session is its own: whatever it left behind
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Httpd(Server):
    """What Apache and itkd have in common: the language."""

    before = after = ""
    htaccess = True

    def common(self):
        d, b, p = self.dir, self.bench, POOL
        blocks = []
        for name, user, root in self.vhosts():
            for port, tls in ((self.port, ""), (self.tls_port, b.apache_tls)):
                blocks.append(f"""
<VirtualHost 127.0.0.1:{port}>
	ServerName {name}
	DocumentRoot {root}
	AssignUserID {user} {group_of(user)}
	MaxKeepAliveRequests {100 if name == KEPT_100 else 0}
	{tls}
</VirtualHost>""")
        return f"""
ServerRoot {d}
PidFile {d}/pid
ServerName localhost
Listen 127.0.0.1:{self.port}
Listen 127.0.0.1:{self.tls_port} https
User www-data
Group www-data
ErrorLog {d}/error.log
LogLevel error
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
CustomLog {d}/access.log common
TypesConfig /etc/mime.types
KeepAlive On
KeepAliveTimeout 15
StartServers {p["start"]}
MinSpareServers {p["min"]}
MaxSpareServers {p["max"]}
MaxRequestWorkers {p["workers"]}
<Directory />
	Options FollowSymLinks
	AllowOverride None
	Require all denied
</Directory>
<Directory {b.root}>
	Require all granted
</Directory>
<Directory {b.root}/htaccess>
	AllowOverride All
</Directory>
<Directory {b.cgi}>
	Options ExecCGI
	Require all granted
</Directory>
ScriptAlias /cgi-bin/ {b.cgi}/
<FilesMatch "\\.php$">
	SetHandler {self.php_handler}
</FilesMatch>
""" + "".join(blocks)


class MpmItk(Httpd):
    name = "mpm-itk"
    php_handler = "application/x-httpd-php"

    def version(self):
        return (first_line("apache2", "-v").removeprefix("Server version: ")
                + " + mpm-itk " + package_version("libapache2-mpm-itk"))

    def command(self):
        modules = ["mpm_prefork", "authn_core", "authz_core", "alias", "mime", "dir", "cgi",
                   "ssl", "socache_shmcb", "reqtimeout", "rewrite"]
        head = "".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so\n"
                       for m in modules)
        head += "LoadModule mpm_itk_module /usr/lib/apache2/modules/mpm_itk.so\n"
        head += self.php_module()
        head += f"Mutex file:{self.dir} default\nServerLimit {POOL['workers']}\n"
        # mpm-itk looks paths up before it changes its user, the rest is the same text as itkd's.
        path = self.write("apache.conf", head + self.common())
        return ["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", path]

    def php_module(self):
        return ""


class MpmItkPhp(MpmItk):
    """With mod_php, which makes each of its processes dearer: for PHP alone."""

    name = "mod_php"
    php = only_php = True

    def php_module(self):
        return "".join(f"LoadModule php_module {path}\n"
                       for path in glob.glob("/usr/lib/apache2/modules/libphp*.so")[:1])


class Itkd(Httpd):
    name = "itkd"
    php = True

    @property
    def php_handler(self):
        return f'"proxy:unix:{self.bench.dir}/fpm.sock|fcgi://localhost"'

    def version(self):
        return first_line(self.bench.itkd, "-v").removeprefix("Server version: ")

    def command(self):
        path = self.write("itkd.conf", "FrontUser _itkd\n" + self.common())
        return [self.bench.itkd, "-D", "FOREGROUND", "-f", path]


class Nginx(Server):
    name = "nginx"
    cgi = False  # it has none
    php = True

    def version(self):
        return first_line("nginx", "-v").removeprefix("nginx version: ")

    def command(self):
        d, b = self.dir, self.bench
        servers = "".join(f"""
	server {{
		listen 127.0.0.1:{self.port};
		listen 127.0.0.1:{self.tls_port} ssl;
		server_name {name};
		keepalive_requests {100 if name == KEPT_100 else 1000000000};
		root {root};
		ssl_certificate {b.cert};
		ssl_certificate_key {b.key};
		ssl_protocols TLSv1.3;
		location ~ \\.php$ {{
			fastcgi_pass unix:{b.dir}/fpm.sock;
			include /etc/nginx/fastcgi_params;
			fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
		}}
	}}""" for name, _, root in self.vhosts())
        temps = "".join(f"\t{t}_temp_path {d}/{t};\n" for t in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        path = self.write("nginx.conf", f"""
daemon off;
user www-data;
worker_processes auto;
pid {d}/pid;
error_log {d}/error.log;
events {{
	worker_connections 4096;
}}
http {{
	include /etc/nginx/mime.types;
{temps}
	log_format common '$remote_addr - $remote_user [$time_local] "$request" '
		'$status $body_bytes_sent';
	access_log {d}/access.log common;
	sendfile on;
	tcp_nopush on;
	keepalive_timeout 15;
	server_names_hash_max_size 65536;
	{servers}
}}
""")
        return ["/usr/sbin/nginx", "-e", d / "error.log", "-c", path]


class Lighttpd(Server):
    name = "lighttpd"

    def version(self):
        return first_line("lighttpd", "-v").split(" -")[0]

    def command(self):
        d, b = self.dir, self.bench
        hosts = "".join(f'$HTTP["host"] == "{name}" {{ server.document-root = "{root}" }}\n'
                        for name, _, root in self.vhosts())
        user = pwd.getpwnam("www-data")
        os.chown(d, user.pw_uid, user.pw_gid)  # it opens its logs after it changed its user
        # One process, as it is by default. Its access log is written in blocks, not a line each.
        path = self.write("lighttpd.conf", f"""
server.modules = ("mod_openssl", "mod_accesslog", "mod_cgi", "mod_alias")
server.document-root = "{b.root}"
server.bind = "127.0.0.1"
server.port = {self.port}
server.username = "www-data"
server.groupname = "www-data"
server.errorlog = "{d}/error.log"
server.max-fds = 4096
server.max-connections = 2048
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = 15
accesslog.filename = "{d}/access.log"
accesslog.format = "%h %l %u %t \\"%r\\" %>s %b"
mimetype.assign = (".html" => "text/html", "" => "application/octet-stream")
alias.url = ("/cgi-bin/" => "{b.cgi}/")
$HTTP["url"] =~ "^/cgi-bin/" {{ cgi.assign = ("" => "") }}
$SERVER["socket"] == "127.0.0.1:{self.tls_port}" {{
	ssl.engine = "enable"
	ssl.pemfile = "{b.cert}"
	ssl.privkey = "{b.key}"
	ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.3")
}}
{hosts}
""")
        return ["/usr/sbin/lighttpd", "-D", "-f", path]


class BareFork(Server):
    """Built as any program is: what a process a connection costs without further thought."""

    name = "bare fork"
    tool = "forkserver"
    tls = cgi = keepalive = False

    def version(self):
        return f"tests/bench/forkserver.c as {self.tool}"

    def command(self):
        return [self.bench.tools[self.tool], str(self.port), self.bench.root,
                self.dir / "access.log"]


class StaticFork(BareFork):
    """The same, linked static: fewer mappings to copy. The lower bound."""

    name = "static fork"
    tool = "forkserver-static"


ALL = [Itkd, MpmItk, MpmItkPhp, Nginx, Lighttpd, BareFork, StaticFork]


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    text = (done.stdout + done.stderr).strip()
    return text.splitlines()[0] if text else "?"


def package_version(package):
    return first_line("dpkg-query", "-W", "-f", "${Version}", package)
