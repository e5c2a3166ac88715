"""Issue 6, points 2 and 3: PHP by the real php-fpm and php-cgi, and its settings."""

import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from itkd import Config, Site, is_asan
from itkd_php import PhpFpm, version

PROBE = """<?php
function probe($path) { return @file_get_contents($path) !== false; }
$names = explode(',', $_GET['ini'] ?? '');
$set = isset($_GET['set']) ? @ini_set($_GET['set'], $_GET['to']) : null;
header('Content-Type: application/json');
echo json_encode(['ini' => array_map('ini_get', array_combine($names, $names)), 'set' => $set,
    'uid' => posix_geteuid(), 'sapi' => PHP_SAPI, 'server' => $_SERVER, 'get' => $_GET,
    'inside' => probe(__FILE__), 'outside' => probe('/etc/passwd'),
    'post' => count($_POST), 'body' => hash('sha256', file_get_contents('php://input')),
    'files' => array_map(fn($f) => hash_file('sha256', $f['tmp_name']), $_FILES)]);
"""
PAGES = {
    "hello.php": "<?php echo 'hello';",
    "status.php": "<?php header('X-A: 1'); setcookie('a', '1'); setcookie('b', '2');"
                  "http_response_code(418); echo 'pot';",
    "gone.php": "<?php http_response_code(410); echo 'its own';",
    "local.php": "<?php header('Location: /hello.php');",
    "log.php": "<?php error_log('into the log'); echo 'logged';",
    "large.php": "<?php for ($i = 0; $i < 200; $i++) echo str_repeat('x', 10000);",
    "fail.php": "<?php ini_set('display_errors', 0); nothing();",
}
SENDMAIL = "/usr/sbin/sendmail -t -i -f webmaster@a.test"
# directive, what ini_get() says
SETTINGS = [
    ("php_value memory_limit 64M", "64M"),
    ("php_flag display_errors On", "1"),
    ("php_flag display_errors off", "0"),
    ('php_value include_path ".:/usr/share/php"', ".:/usr/share/php"),
    ("php_value auto_append_file none", ""),
    ("php_value default_charset \"it's\"", "it's"),
    ('php_value default_charset "a\\"b;c=d $x ${y} & ~1 | (2) #"', 'a"b;c=d $x ${y} & ~1 | (2) #'),
    ("php_value user_agent on", "on"),
    ("php_value error_reporting 22527", "22527"),
    (f'php_admin_value sendmail_path "{SENDMAIL}"', SENDMAIL),
    ("php_admin_value upload_tmp_dir /tmp", "/tmp"),
    ("php_admin_flag allow_url_fopen off", "0"),
]


SPELLINGS = [
    "SetEnv php_admin_value x",
    "SetEnv php_value x\nSetEnv Php_Admin_Value x",
    "RewriteEngine on\nRewriteRule . - [E=Php_Admin_Value:x]",
    'ProxyFCGISetEnvIf "true" php_admin_value "x"',
    'SetEnv PHP_VALUE "precision=3"',
    'ProxyFCGISetEnvIf "true" PHP_VALUE "precision=3"',
]
BARE = {
    "rewrite": "RewriteEngine on\nRewriteRule ^q/(.*)$ /php-bin/php-cgi/$1 [L]\n"
               "RewriteRule ^r/(.*)$ /$1 [L]",
    "document": "ErrorDocument 404 /php-bin/php-cgi/probe.php",
    "fallback": "FallbackResource /php-bin/php-cgi/probe.php",
    "wrapped": "AddHandler mine .txt\nRewriteEngine on\nRewriteRule ^q/(.*)$ /cgi-bin/wrap/$1 [L]",
    "index": "SetEnvIf Request_URI . HTTP_REDIRECT_STATUS=200\n"
             "DirectoryIndex /php-bin/php-cgi/probe.php",
}


class World:
    def __init__(self, start, directory, tls):
        self.a = a = Site("a", directory)
        os.chmod(a.root, 0o755)
        self.fpm = PhpFpm(directory / "fpm")
        socket = self.fpm.pool("a", a.user, "catch_workers_output = yes")
        # A worker of php-fpm keeps what it was told once: each request gets a new one.
        fresh = self.fpm.pool("fresh", a.user, "pm.max_requests = 1")
        self.fpm.start()
        fpm = ('<FilesMatch "\\.php$">', f'SetHandler "proxy:unix:{socket}|fcgi://localhost"',
               "</FilesMatch>")
        cgi = ("ScriptAlias /php-bin/php-cgi /usr/bin/php-cgi", "<Directory /usr/bin>",
               "Require all granted", "Options FollowSymLinks", "</Directory>",
               "AddHandler php-script .php", "Action php-script /php-bin/php-cgi")
        self.how = {"fpm": fpm, "cgi": cgi}
        for name, text in {**PAGES, "probe.php": PROBE}.items():
            a.file(name, text)
        a.file("plain.txt", "plain\n")
        config = Config(directory, tls, Site("main", directory))
        config.raw("LogLevel info")
        for how, lines in self.how.items():
            self._vhosts(config, how, lines)
        debian = Path(f"/etc/apache2/conf-available/php{version()}-fpm.conf").read_text()
        debian = debian.replace(f"/run/php/php{version()}-fpm.sock", socket)
        config.vhost(a, debian, name="debian.test")
        config.vhost(a, "ProxyPassMatch ^/(.*\\.php(/.*)?)$ "
                     f'"unix:{socket}|fcgi://localhost{a.docroot}/$1"', name="match.test")
        config.vhost(a, *fpm, "ProxyErrorOverride On", "ErrorDocument 410 own-page",
                     name="override.test")
        self._hostile(config, fresh, cgi)
        self._shared(config, fresh, fpm)
        config.vhost(a, "SetHandler no-such-php", name="unknown.test")
        config.vhost(a, "AddType application/x-httpd-php .php", name="typed.test")
        config.vhost(a, name="plain.test")
        config.vhost(a, "<Files hello.php>", "ForceType text/plain", "</Files>",
                     name="forced.test")
        self.server = start(config)

    def _vhosts(self, config, how, lines):
        a = self.a
        add = config.vhost
        add(a, *lines, f"<Directory {a.docroot}>", "AllowOverride All", "</Directory>",
            name=f"{how}.test")
        for n, (line, _) in enumerate(SETTINGS):
            add(a, *lines, line, name=f"{how}{n}.test")
        add(a, *lines, "php_admin_value memory_limit 99M", "php_admin_flag display_errors on",
            f"php_admin_value open_basedir {a.docroot}:/tmp", f"<Directory {a.docroot}>",
            "AllowOverride All", "php_value memory_limit 11M", "</Directory>",
            name=f"{how}-admin.test")
        a.mkdir("own")
        a.file("own/probe.php", PROBE)
        a.file("own/.htaccess", "php_value memory_limit 400M\nphp_flag display_errors off\n"
               "php_value open_basedir none\nSetEnv PHP_VALUE \"open_basedir=/\"\n"
               "SetEnv PHP_ADMIN_VALUE 'memory_limit=400M open_basedir=\"'\n")
        a.file("own/.user.ini", "memory_limit=400M\ndisplay_errors=0\n")
        a.mkdir("sys")
        a.file("sys/probe.php", PROBE)
        a.file("sys/.htaccess", "php_value sendmail_path /tmp/own\nphp_value memory_limit 77M\n")
        a.mkdir("off")
        a.file("off/.htaccess", "php_flag engine off\nAddHandler mine .txt\n")
        a.file("off/hello.php", PAGES["hello.php"])
        a.file("off/plain.txt", "plain\n")

    def _hostile(self, config, fresh, cgi):
        """What a .htaccess tries against the administrator's settings."""
        a = self.a
        admin = ("php_admin_value memory_limit 99M",
                 f"php_admin_value open_basedir {a.docroot}:/tmp")
        site = f"<Directory {a.docroot}>", "AllowOverride All"
        config.vhost(a, *site, *admin, "</Directory>", '<FilesMatch "\\.php$">',
                     f'SetHandler "proxy:unix:{fresh}|fcgi://localhost"', "</FilesMatch>",
                     name="fresh.test")
        config.vhost(a, *cgi, *site, *admin, "Script PUT /php-bin/php-cgi", "</Directory>",
                     name="bare.test")
        config.vhost(a, *site, *admin, "</Directory>", "AddHandler mine .php",
                     "Action mine /cgi-bin/wrap", name="odd.test")
        a.cgi("wrap", '#!/bin/sh\nexec /usr/bin/php-cgi "$@"\n')
        a.cgi("arguments", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s' \"<$*>\"\n")
        a.file("inside.php", "<?php header('Location: /cgi-bin/arguments');"
               "http_response_code(200);")
        for n, line in enumerate(SPELLINGS):
            a.mkdir(f"fresh{n}")
            a.file(f"fresh{n}/probe.php", PROBE)
            a.file(f"fresh{n}/.htaccess", line + "\n")
        for name, line in BARE.items():
            a.mkdir(name)
            a.file(f"{name}/.htaccess", line + "\n")
        for name in ("probe.txt", "wrapped/probe.txt", "off/probe.txt"):
            a.file(name, PROBE)

    def _shared(self, config, fresh, fpm):
        """An application of the box's for every site, as Debian's packages bring them."""
        a = self.a
        app = a.mkdir(a.root / "app")
        section = [f"<Directory {app}>", "Require all granted",
                   'php_value arg_separator.output ";"', "</Directory>"]
        a.file(app / "probe.php", PROBE)
        config.main(*section)
        for name, lines in (("shared", [f"Alias /app {app}", *fpm]),
                            ("owned", [f"Alias /app {app}", *section, '<FilesMatch "\\.php$">',
                                       f'SetHandler "proxy:unix:{fresh}|fcgi://localhost"',
                                       "</FilesMatch>"])):
            config.vhost(a, *lines, name=f"{name}.test")
        config.vhost(a, f"Alias /app {app}", *self.how["cgi"], name="shared-cgi.test")

    def probe(self, host, path="/probe.php", **how):
        got = self.server.get(path, host, **how)
        assert got.status == 200, got.text
        return json.loads(got.body)


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    w = World(module_start, module_tmp, tls)
    yield w
    w.fpm.close()


BOTH = pytest.mark.parametrize("how", ["fpm", "cgi"])


@BOTH
def test_request(world, how):
    """A program runs as the site's user, and its variables are what applications count on."""
    a = world.a
    got = world.probe(f"{how}.test", "/probe.php/a%20b/c?x=1&y[]=2")
    server = got["server"]
    assert got["uid"] == a.uid and got["get"]["y"] == ["2"]
    assert got["sapi"] == {"fpm": "fpm-fcgi", "cgi": "cgi-fcgi"}[how]
    assert server["SCRIPT_FILENAME"] == f"{a.docroot}/probe.php"
    assert server["SCRIPT_NAME"] == "/probe.php" and server["PATH_INFO"] == "/a b/c"
    assert server["PHP_SELF"] == "/probe.php/a b/c"
    assert server["REQUEST_URI"] == "/probe.php/a%20b/c?x=1&y[]=2"
    assert server["DOCUMENT_ROOT"] == str(a.docroot)


def test_match(world):
    """ProxyPassMatch by a unix socket: php-fpm finds the file and PATH_INFO."""
    got = world.probe("match.test", "/probe.php/a/b?x=1")
    server = got["server"]
    assert server["SCRIPT_FILENAME"] == f"{world.a.docroot}/probe.php"
    assert (server["SCRIPT_NAME"], server["PATH_INFO"]) == ("/probe.php", "/a/b")
    assert world.server.get("/plain.txt", "match.test").text == "plain\n"


@BOTH
def test_answers(world, how):
    """Status, fields, cookies, redirects, and what PHP logs."""
    server = world.server
    got = server.get("/status.php", f"{how}.test")
    assert (got.status, got.text, got.header("X-A")) == (418, "pot", "1")
    assert [v.split(";")[0] for v in got.header_all("Set-Cookie")] == ["a=1", "b=2"]
    got = server.get("/local.php", f"{how}.test")
    assert (got.status, got.header("Location")) == (302, "/hello.php")
    assert server.get("/log.php", f"{how}.test").text == "logged"
    server.wait_log("into the log", f"{how}.test-error.log")
    assert server.get("/fail.php", f"{how}.test").status == 500
    assert len(server.get("/large.php", f"{how}.test").body) == 2_000_000
    assert server.get("/large.php", f"{how}.test", method="HEAD").body == b""


@BOTH
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_bodies(world, how, coding):
    """Forms and uploads, with a length and in chunks (which CGI cannot have)."""
    data = os.urandom(1_900_000)
    body = (b"--xyz\r\nContent-Disposition: form-data; name=f; filename=f.bin\r\n\r\n" + data
            + b"\r\n--xyz--\r\n")
    fields = [("Content-Type", "multipart/form-data; boundary=xyz")]
    if coding == "length":
        got = world.probe(f"{how}.test", method="POST", body=body, headers=fields)
    elif how == "cgi":
        return
    else:
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (
            body[i:i + 40000] for i in range(0, len(body), 40000)))
        got = world.probe(f"{how}.test", method="POST", body=chunks + b"0\r\n\r\n",
                          headers=[*fields, ("Transfer-Encoding", "chunked")])
    assert got["files"] == {"f": hashlib.sha256(data).hexdigest()}


def test_error_override(world):
    """ProxyErrorOverride: the server's page in the place of the program's."""
    got = world.server.get("/gone.php", "override.test")
    assert (got.status, got.text) == (410, "own-page")
    assert world.server.get("/gone.php", "fpm.test").text == "its own"
    assert world.server.get("/hello.php", "override.test").text == "hello"


def test_missing(world):
    """A .php without a file is php-fpm's 404, in its words; its cause is in the site's log."""
    got = world.server.get("/none.php", "fpm.test")
    assert (got.status, got.text) == (404, "File not found.\n")
    world.server.wait_log("AH01071: Got error 'Primary script unknown'", "fpm.test-error.log")


# -- settings

@BOTH
@pytest.mark.parametrize("n", range(len(SETTINGS)))
def test_settings(world, how, n):
    """php_value and its like reach PHP as they are written."""
    line, value = SETTINGS[n]
    name = line.split()[1]
    assert world.probe(f"{how}{n}.test", f"/probe.php?ini={name}")["ini"] == {name: value}


@BOTH
@pytest.mark.parametrize("query", ["", "-s", "+-s", "%2ds", "-d+memory_limit=1M"])
@pytest.mark.parametrize("path", ["/probe.php", "/own/probe.php"])
def test_admin_settings_hold(world, how, path, query):
    """Neither .htaccess, nor .user.ini, nor ini_set(), nor a query changes an admin's setting."""
    host = f"{how}-admin.test"
    got = world.server.get(f"{path}?{query}", host)
    assert got.status == 200 and "<?php" not in got.text and "code" not in got.text
    names = "memory_limit,display_errors,open_basedir"
    got = world.probe(host, f"{path}?ini={names}&set=memory_limit&to=300M")
    assert got["ini"] == {"memory_limit": "99M", "display_errors": "1",
                          "open_basedir": f"{world.a.docroot}:/tmp"}
    assert got["set"] is False
    assert got["inside"] and not got["outside"]
    if query:
        assert not json.loads(world.server.get(f"{path}?{query}", host).body)["outside"]


@pytest.mark.parametrize("n", range(len(SPELLINGS)))
def test_variables_of_php(world, n):
    """However a .htaccess spells PHP_ADMIN_VALUE, php-fpm gets the administrator's."""
    got = world.probe("fresh.test", f"/fresh{n}/probe.php?ini=memory_limit,precision")
    assert got["ini"]["memory_limit"] == "99M" and got["ini"]["precision"] != "3"
    assert got["inside"] and not got["outside"]
    world.server.wait_log("is left out: php_admin_value is set here", "fresh.test-error.log")


@pytest.mark.parametrize("method, path, fields, status", [
    ("GET", "/rewrite/q/probe.php", [], 403), ("GET", "/document/none", [], 404),
    ("GET", "/fallback/none", [], 403), ("GET", "/index/", [], 403),
    ("PUT", "/probe.txt", [], 403),
    ("GET", "/php-bin/php-cgi/probe.php", [("Redirect-Status", "200")], 403)])
def test_bare_php_cgi(world, method, path, fields, status):
    """php-cgi does not run without its settings, whatever leads to it."""
    got = world.server.get(path, "bare.test", method=method, headers=fields)
    assert got.status == status and "outside" not in got.text
    world.server.wait_log("php-cgi is run by an Action only", "bare.test-error.log")
    assert not world.probe("bare.test")["outside"]
    assert not world.probe("bare.test", "/rewrite/r/probe.php")["outside"]


def test_php_by_another_name(world):
    """The settings, and engine off, are for all that an Action's program is given."""
    for path in ("/probe.php", "/wrapped/probe.txt"):
        got = world.probe("odd.test", f"{path}?ini=memory_limit")
        assert got["ini"]["memory_limit"] == "99M" and got["inside"] and not got["outside"]
    for path in ("/off/hello.php", "/off/probe.txt", "/wrapped/q/probe.txt"):
        assert world.server.get(path, "odd.test").status == 403, path


def test_arguments_end(world):
    """What php-cgi leads to inside the server does not get its arguments."""
    assert world.server.get("/inside.php", "bare.test").text == "<>"


def test_without_open_basedir(world):
    """The probe can fail: without the setting it leaves its site."""
    assert world.probe("cgi.test")["outside"]


@BOTH
def test_what_is_the_administrators(world, how):
    """A .htaccess does not set what PHP itself leaves to php.ini, and the log says so."""
    got = world.probe(f"{how}.test", "/sys/probe.php?ini=sendmail_path,memory_limit")
    assert got["ini"]["memory_limit"] == "77M" and got["ini"]["sendmail_path"] != "/tmp/own"
    world.server.wait_log("sendmail_path cannot be set by a .htaccess", f"{how}.test-error.log")


@pytest.mark.parametrize("host, value", [
    ("shared.test", "&"), ("owned.test", ";"), ("shared-cgi.test", ";")])
def test_shared_application(world, host, value):
    """A pool keeps what it is told: what is for all sites' application would be the site's own."""
    got = world.probe(host, "/app/probe.php?ini=arg_separator.output")
    assert got["ini"]["arg_separator.output"] == value


@BOTH
def test_engine_off(world, how):
    """engine off: 403, neither run nor shown; other files are served."""
    got = world.server.get("/off/hello.php", f"{how}.test")
    assert got.status == 403 and "echo" not in got.text
    assert world.server.get("/off/plain.txt", f"{how}.test").text == "plain\n"
    world.server.wait_log("PHP is switched off here", f"{how}.test-error.log")


@pytest.mark.parametrize("host, status", [("unknown.test", 500), ("typed.test", 500),
                                          ("plain.test", 500), ("forced.test", 200)])
def test_source(world, host, status):
    """Without who runs it a PHP file is not sent as text, unless the configuration says so."""
    got = world.server.get("/hello.php", host)
    assert got.status == status and ("echo" in got.text) == (status == 200)


def test_debian(world):
    """Debian's php-fpm.conf as it is."""
    server = world.server
    world.a.file("x.phps", "<?php")
    got = world.probe("debian.test", headers=[("Authorization", "Basic YTpi")])
    assert got["server"]["PHP_AUTH_USER"] == "a"
    assert server.get("/x.phps", "debian.test").status == 403
    assert server.get("/hello.php", "debian.test").text == "hello"


MODULES = ["mod_php.c", "mod_php5.c", "mod_php7.c", "mod_php8.c", "php_module", "php5_module",
           "php7_module", "php8_module"]


@pytest.mark.parametrize("handler, there", [
    ("", False), ("AddHandler cgi-script .cgi", False), ("AddHandler php-cgi .php", True),
    ('SetHandler "proxy:unix:/x|fcgi://localhost"', True),
    ("ProxyPassMatch ^/(.*\\.php)$ fcgi://127.0.0.1:9000/$1", True),
    ("Action x /cgi-bin/php", True), ("AddType application/x-httpd-php .php", True)])
def test_if_module(world, tmp_path, handler, there):
    """<IfModule mod_php.c> and the names of its versions: true once something runs PHP."""
    conf = tmp_path / "t.conf"
    lines = [f"<IfModule {name}>\nServerAlias yes.{n}\n</IfModule>\n<IfModule !{name}>\n"
             f"ServerAlias no.{n}\n</IfModule>" for n, name in enumerate(MODULES)]
    conf.write_text("User itkt-main\nGroup itkt-main\nListen 1\nServerName x\n<VirtualHost *:1>\n"
                    "ServerName y\n" + "\n".join(lines) + f"\n{handler}\n</VirtualHost>\n"
                    "<VirtualHost *:1>\nServerName z\n</VirtualHost>\n")
    done = world.server.itkd("-f", conf, "-S")
    said = set(re.findall(r"alias (yes\.\d+|no\.\d+)", done.stdout))
    numbers = range(len(MODULES))
    # As a module it is never there: Debian's files for php-fpm ask for that.
    assert said == {f"no.{n}" for n in numbers} | (
        {f"yes.{n}" for n in numbers} if there else set()), done.stdout + done.stderr


def test_memory(world):
    """A child that serves PHP keeps less than 2 MiB of its own."""
    with world.server.connect() as c:
        for path in ("/probe.php", "/large.php", "/hello.php"):
            assert c.get(path, "fpm.test").status == 200
        [child] = [p for p in world.server.owner(c) if p.comm == "itkd: child"]
        dirty = sum(int(n) for n in re.findall(r"Private_Dirty: +(\d+)", child.read("smaps")))
    assert dirty < (400_000 if is_asan() else 2048), f"{dirty} kB"
