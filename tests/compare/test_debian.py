"""
The configuration that Debian installs, as it is, with what a hosting box enables: `itkd -t` takes
it, and both servers answer alike: the default sites, icons, listings, what is denied.
"""

import os
import pwd
import re
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from apache import APACHE, Apache
from compare import Case, Get, differences, parse
from itkd import ITKD, Server, free_port

ENABLED = ["mpm_prefork", "mpm_itk", "ssl", "socache_shmcb", "cgi", "headers", "expires", "rewrite",
           "userdir", "include", "actions", "proxy", "proxy_fcgi"]
DISABLED = ["mpm_event", "mpm_worker", "cgid", "php8.2"]
CONFS = ["php8.2-fpm", "apache2-doc"]
# What the package php8.2-fpm says where it is installed; that it is not is not what is tested.
FPM = r"""<IfModule !mod_php8.c>
<IfModule proxy_fcgi_module>
    <IfModule setenvif_module>
    SetEnvIfNoCase ^Authorization$ "(.+)" HTTP_AUTHORIZATION=$1
    </IfModule>
    <FilesMatch ".+\.ph(?:ar|p|tml)$">
        SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
    </FilesMatch>
    <FilesMatch ".+\.phps$">
        Require all denied
    </FilesMatch>
    <FilesMatch "^\.ph(?:ar|p|ps|tml)$">
        Require all denied
    </FilesMatch>
</IfModule>
</IfModule>
"""
ANY = Case("debian")

REQUESTS = [
    "/", "/index.html", "/none", "/sub/", "/sub", "/sub/?C=S;O=D", "/sub/a.txt", "/.htaccess",
    "/sub/.htpasswd", "/.htnothing", "/icons/", "/icons/folder.gif", "/icons/small/",
    "/icons/README", "/icons/none.gif", "/icons", "/cgi-bin/", "/cgi-bin/none", "/server-info",
    "/~nobody/x", "/script.php", "/script.phps", "/sub/readme.html", "/t.html.gz",
    "/~root/"]


class Box:
    """A copy of /etc/apache2 with modules and sites enabled, on ports of its own."""

    def __init__(self, tmp, tls):
        self.tmp, self.etc, self.www = tmp, tmp / "etc", tmp / "www"
        self.port, self.tls_port = free_port(), free_port()
        shutil.copytree("/etc/apache2", self.etc, symlinks=True)
        for path in self.etc.rglob("*"):
            if not path.is_symlink() and path.is_file():
                path.write_text(self.adapted(path.read_text(), tls))
        (self.etc / "conf-available/php8.2-fpm.conf").write_text(FPM)
        for name in ENABLED:
            self.enable("mods", name, ("load", "conf"))
        for name in CONFS:
            self.enable("conf", name, ("conf",))
        for name in ("000-default", "default-ssl"):
            self.enable("sites", name, ("conf",))
        for name in DISABLED:
            for suffix in ("load", "conf"):
                (self.etc / f"mods-enabled/{name}.{suffix}").unlink(missing_ok=True)
        self.make_files()

    def adapted(self, text, tls):
        for old, new in (("/var/www", self.www), ("/etc/apache2", self.etc),
                         ("/etc/ssl/certs/ssl-cert-snakeoil.pem", tls.cert("main.test")),
                         ("/etc/ssl/private/ssl-cert-snakeoil.key", tls.key("main.test"))):
            text = text.replace(old, str(new))
        text = text.replace("#ServerRoot", "ServerRoot")
        text = re.sub(r"^(\s*Listen) 80$", rf"\1 {self.port}", text, flags=re.M)
        text = re.sub(r"^(\s*Listen) 443$", rf"\1 {self.tls_port}", text, flags=re.M)
        return re.sub(r"(<VirtualHost [^>]*):(80|443)>",
                      lambda m: f"{m[1]}:{self.port if m[2] == '80' else self.tls_port}>", text)

    def enable(self, kind, name, suffixes):
        for suffix in suffixes:
            if (self.etc / f"{kind}-available/{name}.{suffix}").exists():
                link = self.etc / f"{kind}-enabled/{name}.{suffix}"
                link.unlink(missing_ok=True)
                link.symlink_to(f"../{kind}-available/{name}.{suffix}")

    def make_files(self):
        html = self.www / "html"
        sub = html / "sub"
        sub.mkdir(parents=True)
        for name, text in (("index.html", "<p>It works\n"), (".htaccess", ""), ("t.html.gz", "x"),
                           ("script.php", "<?php phpinfo();"), ("script.phps", "<?php"),
                           ("sub/a.txt", "a" * 5000), ("sub/b.tar.gz", "b"), ("sub/.htpasswd", "x"),
                           ("sub/readme.html", "<p>read\n"), ("sub/c d&.html", "c"),
                           ("sub/é.png", "")):
            (html / name).write_text(text)
        (sub / "dir").mkdir()
        user = pwd.getpwnam("www-data")
        for path in (self.www, *self.www.rglob("*")):
            os.utime(path, (1700000000, 1700000000))
            os.chown(path, user.pw_uid, user.pw_gid)

    def env(self, server):
        run = self.tmp / server
        (run / "log").mkdir(parents=True, exist_ok=True)
        command = f". {self.etc}/envvars; env"
        done = subprocess.run(["env", "-i", "PATH=/usr/bin:/bin:/usr/sbin", "sh", "-c", command],
                              capture_output=True, text=True, check=True)
        found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        return {**{k: v for k, v in found.items() if k.startswith(("APACHE_", "LANG", "PATH"))},
                "APACHE_RUN_DIR": str(run), "APACHE_LOCK_DIR": str(run),
                "APACHE_LOG_DIR": str(run / "log"), "APACHE_PID_FILE": str(run / "pid")}

    @property
    def file(self):
        return self.etc / "apache2.conf"

    def ask(self, request, tls):
        data = request.data(ANY, self.tls_port if tls else self.port)
        return parse(exchange(self.tls_port if tls else self.port, data, tls), False)


class Spot:
    """What itkd.Server wants of a Config."""

    def __init__(self, box):
        self.dir, self.file, self.port, self.tls_port = box.tmp, box.file, box.port, box.tls_port
        self.logs, self.pid_file = box.tmp / "itkd/log", box.tmp / "itkd/pid"

    def write(self):
        return self.file


ANY_CERTIFICATE = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
ANY_CERTIFICATE.check_hostname, ANY_CERTIFICATE.verify_mode = False, ssl.CERT_NONE


def exchange(port, data, tls):
    raw = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as s:
        if tls:
            s = ANY_CERTIFICATE.wrap_socket(s, server_hostname="debian.test")
        s.sendall(data)
        while chunk := s.recv(65536):
            raw += chunk
    return raw


@pytest.fixture(scope="module")
def box(module_tmp, tls):
    return Box(module_tmp, tls)


@pytest.fixture(scope="module")
def answers(box):
    """{server: {(path, tls): Answer}}"""
    found = {}
    for name in ("Apache", "itkd"):
        env = box.env(name)
        server = (Apache(box.tmp, box.file, box.port, env) if name == "Apache"
                  else Server(Spot(box)))
        server.start() if name == "Apache" else server.start(env=env)
        try:
            found[name] = {(path, tls): box.ask(Get(path), tls)
                           for path in REQUESTS for tls in (False, True)}
        finally:
            server.stop() if name == "Apache" else server.discard()
    return found


@pytest.mark.parametrize("program", [APACHE, str(ITKD)], ids=["apache", "itkd"])
def test_syntax(box, program):
    env = box.env("Apache" if program == APACHE else "itkd")
    done = subprocess.run([program, "-t", "-f", str(box.file)], capture_output=True, text=True,
                          timeout=60, env=env, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    assert "Syntax OK" in done.stderr


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("path", REQUESTS)
def test_answer(answers, path, secure):
    one, two = (answers[name][path, secure] for name in ("Apache", "itkd"))
    problem = differences(ANY, Get(path), one, two)
    assert not problem, problem


