"""
Every .htaccess of a directory named by ITKD_CORPUS (real files, which are not ours to keep here),
each in a document root with what such files refer to, by Apache and by itkd: status, fields, body
and the environment of programs must agree.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

import topic
from compare import Case, File, Get, differences

# A program that says all of its environment but what no two servers have in common.
PROGRAM = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
unset PATH PWD OLDPWD REMOTE_PORT SERVER_SOFTWARE
export -p
"""
PROGRAMS = [
    "index.php", "x.php", "xmlrpc.php", "app.php", "doku.php", "feed.php", "remote.php",
    "member.php", "showthread.php", "forumdisplay.php", "update.php", "install.php", "info.php",
    "core/install.php", "core/rebuild.php", "core/modules/statistics/statistics.php",
    "admin/index.php", "api/index.php", "includes/index.php", "public/index.php",
    "public/x.php", "lib/exe/detail.php", "lib/exe/fetch.php", "typo3/index.php", "web/index.php",
    "wp-admin/index.php", "wp-content/x.php", "wp-includes/version.php", "wp-login.php",
    "system/index.php", "uploads/shell.php", "image/shell.php"]
TEXTS = [
    "README.md", "LICENSE", "composer.json", "package.json", "wp-config.php.bak", "config/db.yml",
    "a.module", "x.inc", "x.sql", "x.bak", "x.php~", "x.phps", "x.tpl", "x.log", "x.ini", ".env",
    ".git/config", ".well-known/acme-challenge/x", "robots.txt", "favicon.ico", "manifest.json",
    "site.webmanifest", "page.html", "dir/file.html", "dir/index.html", "data/x", "data/cache/x",
    "cache/x", "files/x.pdf", "sites/default/files/x", "media/x.jpg", "images/a.png", "image/a.jpg",
    "style.css", "a.js", "a.mjs", "a.map", "font.woff2", "font.ttf", "page.svg", "x.json", "x.xml",
    "x.rss", "x.vtt", "x.wasm", "x.zip", "x.mp4", "x.ics", "x.vcf", "x.webp", "x.avif",
    "x.appcache",
    "public/style.css", "web/style.css", "uploads/a.png", "conf/local.php.txt", "bin/tool.sh"]
FILES = {**dict.fromkeys(PROGRAMS, PROGRAM), **{name: f"{name}\n" * 40 for name in TEXTS},
         "style.css.gz": b"\x1f\x8b packed", "a.js.br": b"packed", "page.svgz": b"\x1f\x8b packed",
         "caf\u00e9.html": "coffee\n", "a b.html": "space\n", "empty": "",
         "secret": File("s", 0o600)}
CONFIG = """
<Directory "{root}">
	Options +ExecCGI +FollowSymLinks
	AddHandler cgi-script .php
	DirectoryIndex index.php index.html
	AllowOverride All
</Directory>
"""
PATHS = [
    "/", "/?q=node/1", "/?a=<script>x</script>", "/?a=base64_encode(x)", "/?GLOBALS=1",
    "/?_REQUEST[]=1", "/?p=1&x=%20%26%3f", "/about", "/about/", "/about?x=1", "/a/b/c",
    "/a/b/c/?page=2", "/index.php", "/index.php/about/us?x=%41", "/index.php?q=x", "//about",
    "/a//b", "/./about", "/a/../about", "/caf%C3%A9.html", "/a%20b.html", "/x%2Fy", "/x%3Fy",
    "/x%5Cy", "/%7Euser", "/.hidden", "/.git/config", "/.env", "/.htaccess", "/.htpasswd",
    "/.well-known/acme-challenge/x", "/.well-known/carddav", "/.well-known/security.txt",
    "/dir", "/dir/", "/dir/none", "/dir/file.html", "/images", "/images/", "/images/none.png",
    "/admin", "/admin/", "/admin/x", "/api", "/api/v1/x?y=1", "/api/index.php", "/wp-admin",
    "/wp-admin/", "/blog/wp-admin", "/blog/wp-content/x.php", "/wp-content/x.php",
    "/wp-includes/version.php", "/wp-login.php", "/xmlrpc.php", "/core/install.php",
    "/install.php?x=1", "/rebuild.php", "/update.php", "/node/1/edit", "/start?do=edit",
    "/_media/x.png?w=1", "/_detail/a:b", "/_export/pdf/x", "/lib/exe/fetch.php", "/feed.php",
    "/sitemap.xml", "/sitemap-2.xml", "/feed", "/system/index.php", "/includes/index.php",
    "/public/index.php", "/public/style.css", "/web/", "/thread-1.html", "/user-2.html",
    "/thread-5-page-2.html", "/forum-3.html", "/archive/index.php/thread-1.html",
    "/calendar-1-year-2.html", "/style.123.css", "/style.css?v=2", "/style.min.css", "/sites/x",
    "/uploads/shell.php", "/uploads/a.png", "/data/x", "/config/db.yml", "/conf/", "/bin/tool.sh",
    "/cache/x", "/none.php", "/none.css", "/empty", "/secret", "/style.css.gz", "/a.js.br",
    "/page.svgz", *(f"/{name}" for name in TEXTS if "/" not in name and "." in name)]
GZIP = {"Accept-Encoding": "gzip, deflate"}
REQUESTS = [Get(path) for path in PATHS] + [
    Get("/", {"User-Agent": "DavClnt"}), Get("/", GZIP), Get("/page.html", GZIP),
    Get("/a.js", GZIP), Get("/page.svg", GZIP), Get("/style.css", GZIP), Get("/x.json", GZIP),
    Get("/style.css", {"Origin": "https://other.test"}), Get("/font.woff2", {"Origin": "null"}),
    Get("/images/a.png", {"Referer": "https://evil.test/"}), Get("/page.html", method="HEAD"),
    Get("/page.html", {"Range": "bytes=5-9"}), Get("/about", {"Cookie": "no_cache=1; a=b"}),
    Get("/api/x?y=1", {"Authorization": "Bearer secret"}), Get("/x", {"X-XSRF-Token": "t"}),
    Get("/form", {"Content-Type": "text/x"}, method="POST", body=b"a=b"),
    Get("/index.php", {"Content-Type": "text/x"}, method="POST", body=b"a=b"),
    Get("/about", method="PUT", body=b"x"), Get("/about", method="DELETE"),
    Get("/about", method="TRACK"), Get("/page.html", method="OPTIONS"),
    Get("/", {"X-Forwarded-Proto": "https"}), Get("/", host="www.other.test"),
    Get("/about", {"User-Agent": "Mozilla/4.0 (compatible; MSIE 8.0)"})]
MODULES = ["auth_digest", "authz_groupfile", "authz_owner", "brotli", "deflate", "macro", "proxy",
           "proxy_fcgi", "proxy_http", "proxy_wstunnel", "remoteip", "setenvif", "status"]

# What is different on purpose: the file, the request, what must stand in the difference, and why.
DELIBERATE = [
    (r"", r"GET /[^ ]*\.php/", r"-export PATH_TRANSLATED='redirect:/",
     "Apache looks PATH_INFO up as a request of its own, whose rules leave no file's name"),
]


def corpus():
    root = Path(os.environ["ITKD_CORPUS"])
    return root, sorted(p for p in root.rglob("*htaccess*")
                        if p.is_file() and p.suffix not in (".tsv", ".conf"))


def case(number, text):
    return Case(f"htaccess-{number}", config=CONFIG, requests=[*REQUESTS], ignore=("allow",),
                files={**FILES, ".htaccess": text.encode("utf-8", "surrogateescape")})


def deliberate(name, request, difference):
    return any(re.search(file, name) and re.search(which, str(request))
               and re.search(what, difference) for file, which, what, _because in DELIBERATE)


if os.environ.get("ITKD_CORPUS"):
    ROOT, REAL = corpus()
    NAMES = [str(p.relative_to(ROOT)) for p in REAL]

    @pytest.fixture(scope="module")
    def results(session_tmp):
        module = type("Module", (), {"MAIN": "", "MODULES": MODULES, "VERDICTS": []})
        module.CASES = [case(i, p.read_text(errors="surrogateescape"))
                        for i, p in enumerate(REAL)]
        tmp = session_tmp / "compare-htaccess"
        tmp.mkdir()
        yield module.CASES, topic.Topic(module, tmp).run()
        shutil.rmtree(tmp, ignore_errors=True)

    @pytest.mark.parametrize("i", range(len(NAMES)), ids=NAMES)
    def test_real_htaccess(i, results):
        cases, both = results
        this = cases[i]
        for server, refused in both.refused.items():
            assert this.name not in refused, f"{server}: {refused[this.name]}"
        three = zip(this.requests, both.answers["Apache"][this.name],
                    both.answers["itkd"][this.name])
        found = [(request, differences(this, request, a, b)) for request, a, b in three]
        wrong = [d for request, d in found if d and not deliberate(NAMES[i], request, d)]
        assert not wrong, "\n\n".join(wrong)
