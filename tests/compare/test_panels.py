"""
What panels, certbot and admins write (tests/corpus/vhosts), served: by Apache and by itkd, each
answer compared, and each line of the access logs.

What is changed in a file: its ports 8080 and 8443, the marks of ../corpus/README.md, the path of a
pool's socket (all lead to one php-fpm), and for Apache alone what needs mod_php or suexec, which
need not be installed. One server reads all files, each on two ports of its own.
"""

import dataclasses
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apache import Apache, load_modules
from compare import MODULES, MTIME, Answer, Case, Get, differences, fill, parse
from corpus import for_apache
from itkd import Server, Site, free_port, wait_for
from itkd_php import PhpFpm
from test_debian import exchange
from topic import Spot

HERE = Path(__file__).resolve().parents[1] / "corpus" / "vhosts"
MORE = ["authz_groupfile", "dav", "dav_fs", "deflate", "include", "macro", "proxy",
        "proxy_fcgi", "proxy_http", "remoteip", "socache_shmcb", "ssl", "status"]
USER = "itkt-a"
SKELETON = """\
User {main}
Group {main}
ServerName main.test
ServerSignature Off
TraceEnable Off
DocumentRoot "{docroot}"
TypesConfig /etc/mime.types
AddEncoding x-gzip .gz .tgz
AddType text/html .shtml
AccessFileName .htaccess
DirectoryIndex index.html index.cgi index.pl index.php index.xhtml index.htm
IndexOptions FancyIndexing VersionSort HTMLTable NameWidth=*
AddIcon /icons/folder.gif ^^DIRECTORY^^
Alias /icons/ "/usr/share/apache2/icons/"
LogFormat "%v:%p %h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"" vhost_combined
LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
LogFormat "%b" bytes
<Directory />
	Options FollowSymLinks
	AllowOverride None
	Require all denied
</Directory>
<Directory /usr/share>
	Require all granted
</Directory>
<Directory "{files}">
	Options Indexes FollowSymLinks
	AllowOverride None
	Require all granted
</Directory>
<FilesMatch "^\\.ht">
	Require all denied
</FilesMatch>
<FilesMatch ".+\\.ph(?:ar|p|tml)$">
	SetHandler "proxy:unix:{fpm}|fcgi://localhost"
</FilesMatch>
<FilesMatch ".+\\.phps$">
	Require all denied
</FilesMatch>
"""

PHP = """<?php
header('X-Ran: php');
header('Content-Type: text/plain');
$left_out = '/^(REMOTE_PORT|REQUEST_TIME.*|PATH|USER|HOME|SERVER_SOFTWARE|SSL_.*|PHP_.*VALUE)$/';
ksort($_SERVER);
foreach ($_SERVER as $name => $value)
	if (!preg_match($left_out, $name) && is_string($value))
		echo "$name=$value\\n";
echo file_get_contents('php://input');
"""
CGI = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
env | grep -Ev '^(REMOTE_PORT|PATH|SERVER_SOFTWARE|SSL_.*|_|PWD|SHLVL)=' | LC_ALL=C sort
"""
HTACCESS = """\
RewriteEngine On
RewriteRule ^pretty/(.*)$ test.php?p=$1 [QSA,L]
RewriteRule ^go$ /sub/ [R=302,L]
Redirect 410 /gone
ErrorDocument 410 "gone for good"
"""
FILES = {
    "public/index.html": "<p>shop\n", "public/.htaccess": HTACCESS, "public/test.php": PHP,
    "public/.htpasswd": "x:y\n", "public/.git/config": "[core]\n", "public/.env": "SECRET=1\n",
    "public/run.cgi": CGI, "public/page.shtml": "<!--#echo var=\"SERVER_NAME\" -->\n",
    "public/page.html.gz": "x", "public/list/a.txt": "a" * 3000, "public/list/b.tar.gz": "b",
    "public/sub/index.php": PHP, "public/wp-config.php.bak": "x", "public/x.phps": "<?php",
    "public/.well-known/acme-challenge/token": "proof\n", "public/error/404.html": "<p>own 404\n",
    "public/error/403.html": "<p>own 403\n", "public/error_docs/not_found.html": "<p>none\n",
    "public/style.css": "a{}\n" * 500, "public/web.config": "<x/>\n", "public/safe/x.inc": "x",
    "home/stats/index.html": "<p>stats\n", "home/stats/token": "proof\n",
    "home/document_errors/404.html": "<p>document 404\n", "home/errors/404.html": "<p>E404\n",
    "web1/cgi-bin/env.cgi": CGI, "web1/cgi-bin/plain.txt": "no program\n",
    "home/php-bin/php": CGI,
    "home/webalizer/usage.html": "<p>usage\n"}
EMPTY = ["logs", "custom/before", "tmp", "clients", "apps", "web1/webdav"]

REQUESTS = [Get(path) for path in (
    "/", "/list/", "/list", "/list/a.txt", "/test.php?a=1", "/test.php/info/x", "/none.php",
    "/sub/", "/pretty/x?y=1", "/go", "/gone", "/none", "/.htaccess", "/.htpasswd", "/.git/config",
    "/.env", "/run.cgi", "/page.shtml", "/cgi-bin/env.cgi/p?q", "/cgi-bin/", "/cgi-bin/none.cgi",
    "/cgi-bin/plain.txt", "/.well-known/acme-challenge/token", "/error/404.html", "/style.css",
    "/x.phps", "/icons/folder.gif", "/page.html.gz")] + [
    Get("/test.php", method="POST", body=b"a=1", headers={
        "Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic YTpi"}),
    Get("/", method="OPTIONS"), Get("/list/a.txt", method="HEAD"),
    Get("/x", host="www.shop.test"), Get("/list/a.txt", host="other.test"),
    Get("/style.css", headers={"Accept-Encoding": "gzip"})]


@dataclasses.dataclass
class Panel:
    """
    more: paths, or requests, that its file says something of. alone: it says more to the main
    server than the others should hear.
    """
    name: str
    more: tuple = ()
    alone: bool = False

    def requests(self, all_of_them):
        more = [Get(r) if isinstance(r, str) else r for r in self.more]
        usual = REQUESTS if all_of_them else REQUESTS[::4]
        return [dataclasses.replace(r, host=r.host or "shop.test") for r in [*usual, *more]]


PANELS = [
    Panel("hestiacp", ("/vstats/", "/error/404.html")),
    Panel("ispconfig", ("/.well-known/acme-challenge/none",)),
    Panel("froxlor", ("/webalizer/usage.html", "/awstats-icon/", "/old/x")),
    Panel("froxlor-fpm", ("/webalizer/usage.html", "/old/x", "/safe/x.inc", "/list/none")),
    Panel("virtualmin", ("/webmail", "/mail/config-v1.1.xml", "/awstats/env.cgi", "/old/x",
                         Get("/x", host="webmail.shop.test"))),
    Panel("imscp", ("/errors/404.html", "/cgi-bin/env.cgi")),
    Panel("certbot-le-ssl"),
    Panel("certbot-redirect"),
    Panel("certbot-webroot"),
    Panel("cpanel", (Get("/", host="autodiscover.shop.test"),)),
    Panel("plesk", ("/plesk-stat/", "/webstat/")),
    Panel("directadmin", ("/old/x", "/webmail/")),
    Panel("cyberpanel"),
    Panel("alternc"),
    Panel("ispmanager", (Get("/sub/", headers={"X-Forwarded-Proto": "https",
                                               "X-Real-IP": "192.0.2.7"}),)),
    Panel("keyhelp", ("/wp-config.php.bak", "/safe/x.inc",
                      Get("/list/a.txt", headers={"User-Agent": "SemrushBot/7"}))),
    Panel("sentora", ("/stats/", "/stats", "/old/a", "/see", "/away", "/temp/x", "/list/b.tar.gz",
                      "/~joe/x", Get("/list/a.txt", method="DELETE"))),
    Panel("handwritten", ("/server-status", "/awstats/", "/private/x", "/app/x", "/app/static/x",
                          Get("/style.css", headers={"Accept-Encoding": "gzip"}))),
    Panel("debian-packages", ("/javascript/", "/phpmyadmin/", "/phpmyadmin/safe/", "/gitweb/",
                              "/gitweb/env.cgi", "/cgit/env.cgi/x", "/~joe/",
                              Get("/list/", headers={"Accept-Language": "de"})), alone=True),
]


PORTS = {False: "8080", True: "8443"}


def ports_of(name):
    """{with TLS: port} of those that the file says something of."""
    text = (HERE / f"{name}.conf").read_text()
    return {tls: free_port() for tls, port in PORTS.items() if port in text}


class Box:
    """One config of both servers with all panels' files, and what they serve."""

    def __init__(self, tmp, tls, fpm):
        self.tmp, self.tls, self.fpm = tmp, tls, fpm
        self.main = Site("main", tmp)
        self.port = free_port()
        self.ports = {p.name: ports_of(p.name) for p in PANELS}
        self.texts = {p.name: self.adapted(p.name) for p in PANELS}
        for panel in PANELS:
            self.make_files(self.files(panel.name))

    def files(self, name):
        return self.tmp / "files" / name

    def adapted(self, name):
        text = (HERE / f"{name}.conf").read_text()
        for tls, port in self.ports[name].items():
            text = re.sub(rf"\b{PORTS[tls]}\b", str(port), text)
        text = re.sub(r"unix:[^|]*\|", f"unix:{self.fpm}|", text)
        for mark, value in {"@FILES@": self.files(name), "@CERT@": self.tls.cert("a.test"),
                            "@KEY@": self.tls.key("a.test")}.items():
            text = text.replace(mark, str(value))
        return text

    def make_files(self, root):
        for name, text in FILES.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755 if text.startswith("#!") else 0o644)
        for name in EMPTY:
            (root / name).mkdir(parents=True, exist_ok=True)
        for path in (root, *root.rglob("*")):
            os.utime(path, (MTIME, MTIME))
            shutil.chown(path, USER, USER)

    def spot(self, name, panels):
        directory = self.tmp / f"{name}-{panels[0].name}"
        head = load_modules(MODULES + MORE) + [f"Mutex file:{directory} default"] if (
            name == "Apache") else ["FrontUser _itkd"]
        head += [f'ServerRoot "{self.tmp}"', f'PidFile "{directory}/pid"',
                 f'ErrorLog "{directory}/logs/error.log"',
                 f'SSLStaplingCache "shmcb:{directory}/stapling(128000)"',
                 f'SSLSessionCache "shmcb:{directory}/sessions(128000)"',
                 f"Listen 127.0.0.1:{self.port}"]
        text = fill(SKELETON, {"main": self.main.user, "docroot": self.main.docroot,
                               "files": self.tmp / "files", "fpm": self.fpm})
        spot = Spot(directory, self.port, "")
        for panel in panels:
            own, text_of = directory / f"{panel.name}.conf", self.texts[panel.name]
            own.write_text(for_apache(text_of) if name == "Apache" else text_of)
            text += "".join(f"Listen 127.0.0.1:{p}\n" for p in self.ports[panel.name].values())
            text += f'Include "{own}"\n'
        spot._text = "\n".join([*head, text])
        return spot

    def asked(self, panel):
        """[(request, tls)] of a panel: all of them by TLS where its file has that."""
        ports = self.ports[panel.name]
        return [(r, tls) for tls in ports for r in panel.requests(tls == max(ports))]

    def ask(self, panel, request, tls):
        port = self.ports[panel.name][tls]
        try:
            raw = exchange(port, request.data(None, port), tls)
        except OSError as error:
            return Answer(problem=repr(error))
        return parse(raw, request.method == "HEAD")

    def run(self, name, panels):
        """{panel: (answers, log lines)}"""
        spot = self.spot(name, panels)
        spot.write()
        server = Apache(spot.dir, spot.file, self.port) if name == "Apache" else Server(spot)
        server.start()
        try:
            with ThreadPoolExecutor(4) as pool:
                found = dict(zip((p.name for p in panels), pool.map(
                    lambda p: [self.ask(p, *a) for a in self.asked(p)], panels)))
            server.wait_idle()
        finally:
            server.stop() if name == "Apache" else server.discard()
        return {n: (answers, self.take_logs(n)) for n, answers in found.items()}

    def take_logs(self, name):
        """The lines of its access logs, which are taken away."""
        found = {}
        for path in sorted((self.files(name) / "logs").iterdir()):
            if "error" not in path.name:
                found[path.name] = sorted(plain_log(path.read_text(errors="replace")))
            path.unlink()
        return found


def plain_log(text):
    text = re.sub(r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [-+]\d{4}\]", "[time]", text)
    # cPanel counts all bytes, and the head names the product.
    text = re.sub(r"\b\d{10} \d+ \.", "SECONDS BYTES .", text)
    # Apache wakes its own processes so, now and then.
    return [line for line in text.splitlines() if '"OPTIONS * HTTP/1.0"' not in line]


@pytest.fixture(scope="module")
def fpm(module_tmp):
    one = PhpFpm(module_tmp / "fpm")
    one.pool("shop", USER, mode="0666", children=4)
    one.start()
    yield one.sockets[0]
    one.close()


@pytest.fixture(scope="module")
def box(module_tmp, tls, fpm):
    return Box(module_tmp, tls, fpm)


@pytest.fixture(scope="module")
def served(box):
    return {name: {p: found for alone in (False, True) for p, found in box.run(
        name, [p for p in PANELS if p.alone == alone]).items()} for name in ("Apache", "itkd")}


@pytest.mark.parametrize("panel", PANELS, ids=lambda p: p.name)
def test_answers(box, served, panel):
    answers = zip(box.asked(panel), *(served[s][panel.name][0] for s in served))
    problems = [differences(Case("panel"), request, one, two)
                for (request, _), one, two in answers]
    assert not any(problems), "\n\n".join(p for p in problems if p)


@pytest.mark.parametrize("panel", PANELS, ids=lambda p: p.name)
def test_access_logs(served, panel):
    one, two = (served[s][panel.name][1] for s in ("Apache", "itkd"))
    assert one == two, [x for n in one for x in set(one[n]) ^ set(two.get(n, ()))]
