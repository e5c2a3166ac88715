"""
certbot's Apache plugin (Debian's python3-certbot-apache) with itkdctl in the place of apache2ctl:
it finds the virtual hosts of a layout as Debian's, gives one a certificate, and reloads. Its
parser and installer are driven directly, as `certbot -i apache` would; there is no ACME server.
"""

import contextlib
import io
import os
import random
import subprocess

import pytest
from certbot import errors
from certbot._internal.display import obj as display
from certbot.configuration import NamespaceConfig
from certbot_apache._internal import override_debian

from itkd import (
    BUILD, ITKD, Config, Server, Site, Truncated, request, wait_for, write_file)

MAIN = """\
PidFile ${{APACHE_PID_FILE}}
DefaultRuntimeDir {root}
User ${{APACHE_RUN_USER}}
Group ${{APACHE_RUN_GROUP}}
ServerName main.test
ServerAdmin webmaster@main.test
StartServers 4
ErrorLog {logs}/error.log
LogFormat "%h %l %u %t \\"%r\\" %>s %O" combined
CustomLog {logs}/access.log combined
IncludeOptional mods-enabled/*.load
Include ports.conf
<Directory />
	Options FollowSymLinks
	AllowOverride None
	Require all denied
</Directory>
DocumentRoot {main}
<Directory {main}>
	Require all granted
</Directory>
IncludeOptional sites-enabled/*.conf
"""
PORTS = """\
Listen 127.0.0.1:{port}
Listen {address}:{port}
<IfModule ssl_module>
	Listen {address}:443
</IfModule>
"""
SITE = """\
<VirtualHost {address}:{port}>
	ServerName a.test
	ServerAlias www.a.test
	DocumentRoot {docroot}
	AssignUserID {user} {group}
	<Directory {docroot}>
		Require all granted
	</Directory>
</VirtualHost>
"""


class Box:
    """A directory as /etc/apache2, and the variables that make itkdctl use it."""

    def __init__(self, tmp, tls, main_site, site):
        self.tmp, self.tls, self.site = tmp, tls, site
        self.config = Config(tmp, tls, main_site)
        self.root = tmp / "apache2"
        for name in ("sites-available", "sites-enabled", "mods-enabled"):
            (self.root / name).mkdir(parents=True)
        # certbot's new virtual host has port 443: on an address that nobody else listens on.
        self.address = "127." + ".".join(str(random.randint(1, 254)) for _ in range(3))
        words = {"root": tmp, "address": self.address,
                 "logs": self.config.logs, "main": main_site.docroot,
                 "port": self.config.port,
                 "docroot": site.docroot, "user": site.user, "group": site.group}
        write_file(self.root / "apache2.conf", MAIN.format(**words))
        write_file(self.root / "ports.conf", PORTS.format(**words))
        write_file(self.root / "mods-enabled" / "ssl.load",
                   "LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n")
        write_file(self.root / "sites-available" / "a.conf", SITE.format(**words))
        (self.root / "sites-enabled" / "a.conf").symlink_to("../sites-available/a.conf")
        self.envvars = write_file(tmp / "envvars", "\n".join([
            f"export APACHE_RUN_USER={main_site.user}",
            f"export APACHE_RUN_GROUP={main_site.group}",
            f"export APACHE_PID_FILE={self.config.pid_file}",
            f"ITKD_HTTPD={ITKD}",
            f'ITKD_ARGUMENTS="-f {self.root}/apache2.conf"']) + "\n")

    def ctl(self, *args):
        return subprocess.run([BUILD / "itkdctl", *args], capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL,
                              env={**os.environ, "ITKD_ENVVARS": str(self.envvars)})

    def certbot(self, monkeypatch):
        """The plugin, with the options that its command line has for another server."""
        monkeypatch.setenv("ITKD_ENVVARS", str(self.envvars))
        display.set_display(display.NoninteractiveDisplay(io.StringIO()))
        etc = self.tmp / "letsencrypt"
        names = ("work", "logs-certbot", "letsencrypt")
        for name in names:
            (self.tmp / name).mkdir(exist_ok=True)
        plain = {
            "config_dir": str(etc), "work_dir": str(self.tmp / "work"),
            "logs_dir": str(self.tmp / "logs-certbot"), "http01_port": self.config.port,
            "https_port": 443, "noninteractive_mode": True,
            "strict_permissions": False, "server": "https://acme.invalid/directory",
            "key_dir": None, "domains": [], "certname": None, "apache_listen_port": None,
        }
        for option in ("enmod", "dismod", "le_vhost_ext", "vhost_root", "challenge_location",
                       "handle_sites"):
            default = getattr(override_debian.DebianConfigurator.OS_DEFAULTS, option)
            plain[f"apache_{option}"] = default
        plain |= {"apache_server_root": str(self.root), "apache_vhost_root": None,
                  "apache_logs_root": str(self.config.logs),
                  "apache_challenge_location": str(self.root), "apache_handle_modules": False,
                  "apache_ctl": str(BUILD / "itkdctl"), "apache_bin": str(ITKD)}
        namespace = type("Namespace", (), plain)()
        plugin = override_debian.DebianConfigurator(
            config=NamespaceConfig(namespace), name="apache")
        plugin.prepare()
        return plugin


@pytest.fixture
def box(tmp, tls, main_site, site_a):
    site_a.file("index.html", "site a\n")
    return Box(tmp, tls, main_site, site_a)


@pytest.fixture
def running(box):
    """itkd on the box's files, started and stopped by itkdctl."""
    server = Server(box.config)
    done = box.ctl("start")
    assert done.returncode == 0, done.stdout + done.stderr
    Server.running.append(server)
    server.wait_ready()
    yield server
    done = box.ctl("stop")
    server.discard()
    assert done.returncode == 0, done.stdout + done.stderr


def test_ctl_words(box):
    """9: configtest, -t -D DUMP_..., a bad word, as apachectl."""
    good = box.ctl("configtest")
    assert good.returncode == 0 and "Syntax OK" in good.stderr, good.stderr
    includes = box.ctl("-t", "-D", "DUMP_INCLUDES")
    assert f"  (*) {box.root}/apache2.conf\n" in includes.stdout
    assert f"{box.root}/sites-enabled/a.conf" in includes.stdout
    assert "ssl_module" in box.ctl("-M").stdout
    assert box.ctl("help").returncode == 0
    assert box.ctl().returncode == 1
    assert box.ctl("status").returncode == 3
    (box.root / "sites-enabled" / "bad.conf").write_text("Nonsense\n")
    bad = box.ctl("configtest")
    assert bad.returncode == 1
    assert bad.stdout.startswith("Action 'configtest' failed.\n")
    assert f"AH00526: Syntax error on line 1 of {box.root}/sites-enabled/bad.conf:\n" in bad.stderr
    assert box.ctl("graceful").returncode == 1


def test_prepare(box, monkeypatch):
    """9: certbot knows the version, the modules, the files and the virtual hosts."""
    plugin = box.certbot(monkeypatch)
    assert plugin.version[:2] == (2, 4)
    assert {"ssl_module", "mod_ssl.c", "alias_module", "headers_module"} <= set(
        plugin.parser.modules)
    assert not {"authn_dbd_module", "http2_module"} & set(plugin.parser.modules)
    [vhost] = plugin.vhosts
    assert vhost.name == "a.test" and vhost.aliases == {"www.a.test"}
    assert vhost.enabled and not vhost.ssl
    assert plugin.get_all_names() == {"a.test", "www.a.test"}


def test_prepare_refuses_what_is_broken(box, monkeypatch):
    """9: a broken configuration stops certbot before it touches anything."""
    (box.root / "sites-enabled" / "bad.conf").write_text("Nonsense\n")
    with pytest.raises(errors.MisconfigurationError, match="Nonsense"):
        box.certbot(monkeypatch)


def test_certificate(box, running, monkeypatch):
    """9: a site gets a certificate and HSTS, and is served with them after the reload."""
    plugin = box.certbot(monkeypatch)
    cert, key = box.tls.cert("a.test"), box.tls.key("a.test")
    plugin.deploy_cert("a.test", str(cert), str(key), str(cert), str(cert))
    plugin.save("itkd test")
    made = box.root / "sites-available" / "a-le-ssl.conf"
    assert "SSLCertificateFile" in made.read_text()
    assert f"<VirtualHost {box.address}:443>" in made.read_text()
    plugin.config_test()
    plugin.enhance("a.test", "ensure-http-header", "Strict-Transport-Security")
    plugin.save("itkd test")
    plugin.restart()

    def served():
        with contextlib.suppress(OSError, Truncated):
            answer = request(443, "/", host="a.test", tls="a.test", ca=box.tls.ca,
                             address=box.address)
            return answer.status == 200 and answer

    answer = wait_for(served, 60, "the site over TLS")
    assert answer.body == b"site a\n"
    assert answer.header("Strict-Transport-Security") == "max-age=31536000"
    plugin.rollback_checkpoints(2)
    plugin.config_test()
    assert not made.exists()
