"""Programs of Debian's packages as CGI: git over HTTP, gitweb, cgit, adminer, Python, Perl."""

import os
import subprocess

import pytest

from apps import php_cgi
from itkd import Config, Site, amount, curl
from itkd_site import run

PERL = """#!/usr/bin/perl
use strict; use warnings; use CGI;
my $q = CGI->new;
print $q->header(-type => 'text/plain', -charset => 'utf-8', -cookie => $q->cookie(a => 'b'));
print join(',', map { "$_=" . $q->param($_) } sort $q->param), "\\n", $q->path_info, "\\n";
"""
PYTHON = """#!/usr/bin/python3
import os, sys
from wsgiref.handlers import CGIHandler

def app(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("201 Made", [("Content-Type", "text/plain"), ("X-User", str(os.getuid()))])
    return [environ["PATH_INFO"].encode(), b" ", environ["QUERY_STRING"].encode(), b" ", body]

CGIHandler().run(app)
"""


@pytest.fixture(scope="module")
def world(module_tmp, module_start, tls):
    config = Config(module_tmp, tls, Site("main", module_tmp))
    site = Site("a", module_tmp)
    repositories = site.root / "git"
    site.mkdir(repositories, 0o700)
    site.cgi("hello.pl", PERL)
    site.cgi("hello.py", PYTHON)
    (site.docroot / "adminer.php").write_bytes(open("/usr/share/adminer/adminer.php", "rb").read())
    site.own(site.docroot / "adminer.php", 0o600)
    run("cp", "-rL", "/usr/share/adminer", site.docroot / "adm")
    run("chown", "-R", f"{site.user}:{site.group}", site.docroot / "adm")
    site.file(site.root / "gitweb.conf", f'$projectroot = "{repositories}";\n')
    site.file(site.root / "cgitrc", f"virtual-root=/cgit/\nscan-path={repositories}\n")
    lines = [
        f"SetEnv GIT_PROJECT_ROOT {repositories}", "SetEnv GIT_HTTP_EXPORT_ALL",
        "SetEnv REMOTE_USER pusher", f"SetEnv GITWEB_CONFIG {site.root}/gitweb.conf",
        f"SetEnv CGIT_CONFIG {site.root}/cgitrc",
        "ScriptAlias /git/ /usr/lib/git-core/git-http-backend/",
        "<Directory /usr/lib/git-core>", "\tOptions +ExecCGI", "\tRequire all granted",
        "</Directory>", "<DirectoryMatch ^/usr/share/c?git(web)?>", "\tRequire all granted",
        "</DirectoryMatch>",
        *php_cgi(site)]
    config.vhost(site, *lines)
    config.vhost(site, *lines, tls=True, access=False)
    # Debian's own files for the two.
    config.main("Include /etc/apache2/conf-available/gitweb.conf",
                "Include /etc/apache2/conf-available/cgit.conf", "LoadModule cgi_module x")
    server = module_start(config)
    return server, site, repositories


def git(server, *args, cwd=None, seconds=300):
    """git as any user has it, which finds a.test at the server."""
    env = {**os.environ, "HOME": "/nonexistent", "GIT_TERMINAL_PROMPT": "0",
           "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@a.test",
           "GIT_SSL_CAINFO": str(server.config.tls.ca), "GIT_COMMITTER_NAME": "t",
           "GIT_COMMITTER_EMAIL": "t@a.test", "no_proxy": "*"}
    done = subprocess.run(
        ["git", "-c", f"http.curloptResolve=a.test:{server.port}:127.0.0.1",
         "-c", f"http.curloptResolve=a.test:{server.tls_port}:127.0.0.1",
         "-c", "core.compression=0", *args],
        cwd=cwd, env=env, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def repository(world):
    _, site, repositories = world
    run("setpriv", f"--reuid={site.uid}", f"--regid={site.gid}", "--clear-groups", "git", "init",
        "-q", "--bare", "--initial-branch=http", repositories / "tools.git", env={"HOME": "/"})
    run("setpriv", f"--reuid={site.uid}", f"--regid={site.gid}", "--clear-groups", "git", "-C",
        repositories / "tools.git", "config", "http.receivepack", "true", env={"HOME": "/"})
    return repositories / "tools.git"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_git_push_and_clone(world, repository, tmp, scheme):
    """50 MB go up and come down again (10 MB over TLS); the objects are the site's own."""
    server, site, _ = world
    size = (50 if scheme == "http" else 10) << 20
    port = server.port if scheme == "http" else server.tls_port
    url = f"{scheme}://a.test:{port}/git/tools.git"
    work, copy = tmp / "work", tmp / "copy"
    run("git", "init", "-q", "--initial-branch", scheme, work)
    (work / "large").write_bytes(os.urandom(size))
    git(server, "add", "large", cwd=work)
    git(server, "commit", "-q", "-m", f"Large by {scheme}", cwd=work)
    git(server, "push", "-q", url, scheme, cwd=work)
    git(server, "clone", "-q", "--branch", scheme, url, str(copy))
    assert (copy / "large").read_bytes() == (work / "large").read_bytes()
    server.wait_idle()
    assert {p.stat().st_uid for p in repository.rglob("*")} == {site.uid}


def test_gitweb(world, repository):
    server, site, _ = world
    answer = server.get("/gitweb/gitweb.cgi", site)
    assert answer.status == 200 and b"tools.git" in answer.body, answer
    answer = server.get("/gitweb/gitweb.cgi?p=tools.git;a=summary", site)
    assert answer.status == 200 and b"Large by http" in answer.body
    assert server.get("/gitweb/static/gitweb.css", site).header("Content-Type") == "text/css"


def test_cgit(world, repository):
    server, site, _ = world
    assert server.get("/cgit", site).header("Location").endswith("/cgit/")
    answer = server.get("/cgit/", site)
    assert answer.status == 200 and b"tools.git" in answer.body, answer
    assert b"Large by http" in server.get("/cgit/tools.git/log/", site).body
    assert server.get("/cgit-css/cgit.css", site).status == 200


def test_adminer(world):
    server, site, _ = world
    answer = server.get("/adm/adminer/index.php", site)
    assert answer.status == 200 and b'name="auth[username]"' in answer.body, answer
    assert answer.header("Set-Cookie").startswith("adminer_sid=")


def test_python_and_perl(world):
    server, site, _ = world
    answer = server.get("/cgi-bin/hello.py/deep/path?x=%20y", site, method="POST", body=b"body")
    assert (answer.status, answer.reason) == (201, "Made")
    assert answer.body == b"/deep/path x=%20y body"
    assert answer.header("X-User") == str(site.uid)
    answer = server.get("/cgi-bin/hello.pl/more?b=2;a=1", site)
    assert answer.status == 200 and answer.body == b"a=1,b=2\n/more\n"
    assert answer.header("Set-Cookie").startswith("a=b;")


def test_large_upload(world, tmp):
    """A large body streams into a program, with bounded memory."""
    server, site, _ = world
    size = amount(100, 500) << 20
    body = tmp / "body"
    with open(body, "wb") as f:
        f.truncate(size)
    site.cgi("count", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nwc -c\n"
             "grep -h VmHWM /proc/$PPID/status\n")
    done = curl(server, "http://a.test/cgi-bin/count", "-T", str(body), "-X", "POST", "-H",
                "Expect:", timeout=120)
    count, peak = done.stdout.decode().split("\n")[:2]
    assert int(count) == size
    assert int(peak.split()[1]) < 16 * 1024, peak
