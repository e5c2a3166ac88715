"""Issue 2, points 6 to 9 with the programs that people use: curl, git, PHP, nc, http.client."""

import contextlib
import hashlib
import http.client
import os
import ssl
import subprocess

import pytest

from itkd import Config, Site, curl
from itkd_site import run
from itkd_tools import install, run_dir

SIZE = 3_000_000
GIT_BACKEND = """#!/bin/sh
GIT_PROJECT_ROOT={root}/git GIT_HTTP_EXPORT_ALL=1 REMOTE_USER=tester
HOME={root} PATH=/usr/bin:/bin
export GIT_PROJECT_ROOT GIT_HTTP_EXPORT_ALL REMOTE_USER HOME PATH
exec /usr/lib/git-core/git-http-backend
"""
PHP_WRAPPER = """#!/bin/sh
# php-cgi runs what PATH_TRANSLATED names, once it knows that a server started it.
REDIRECT_STATUS=200 SCRIPT_FILENAME=$PATH_TRANSLATED
export REDIRECT_STATUS SCRIPT_FILENAME
exec /usr/bin/php-cgi -d cgi.force_redirect=1 "$@"
"""
PHP_PAGE = """<?php
header('X-From: php');
setcookie('n', 'v');
if (isset($_GET['status'])) http_response_code((int) $_GET['status']);
echo json_encode(['uid' => fileowner('/proc/self'), 'post' => $_POST, 'get' => $_GET,
	'file' => isset($_FILES['f']) ? hash_file('sha256', $_FILES['f']['tmp_name']) : null,
	'https' => $_SERVER['HTTPS'] ?? '', 'raw' => strlen(file_get_contents('php://input'))]);
file_put_contents(__DIR__ . '/written', 'by php');
"""


class World:
    def __init__(self, start, directory, tls):
        self.a, self.b = Site("a", directory), Site("b", directory)
        config = Config(directory, tls, Site("main", directory))
        for site in (self.a, self.b):
            config.vhost(site)
            config.vhost(site, tls=True)
        self.data = os.urandom(SIZE)
        self.a.file("data.bin", self.data)
        install(self.a, "digest")
        self.a.cgi("git", GIT_BACKEND.format(root=self.a.root))
        self.a.cgi("php", PHP_WRAPPER)
        self.a.file("page.php", PHP_PAGE)
        self.server = start(config)

    def port(self, scheme):
        return self.server.tls_port if scheme == "https" else self.server.port


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


def digest(data):
    return hashlib.sha256(data).hexdigest()


SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])


# -- curl

# arguments, what curl prints of the answer ({data}: file with the data), the body's digest
CURL = [
    ([], "200", True),
    (["--http1.0", "--no-alpn"], "200", True),
    (["--head"], "200", None),
    (["--range", "100-199"], "206", None),
    (["--compressed"], "200", True),
    (["-H", "If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT"], None, None),
    (["-H", "Expect: 100-continue"], "200", True),
    (["-H", "Connection: close"], "200", True),
    (["--path-as-is"], "200", True),
]


@SCHEMES
@pytest.mark.parametrize("args, status, whole", CURL, ids=lambda v: str(v)[:30])
def test_curl_download(world, args, status, whole, scheme, tmp):
    """Points 7 and 9: curl downloads, in the ways that it can ask."""
    done = curl(world.server, f"{scheme}://a.test/data.bin", *args, "-o", tmp / "out", "-w",
                "%{http_code}")
    assert done.returncode == 0, done.stderr
    assert status is None or done.stdout.decode() == status
    assert not whole or (tmp / "out").read_bytes() == world.data
    if status == "206":
        assert (tmp / "out").read_bytes() == world.data[100:200]


@SCHEMES
def test_curl_resumes_a_download(world, scheme, tmp):
    """Point 7: curl -C - fetches what is missing."""
    (tmp / "out").write_bytes(world.data[:SIZE // 3])
    done = curl(world.server, f"{scheme}://a.test/data.bin", "-C", "-", "-o", tmp / "out")
    assert done.returncode == 0 and (tmp / "out").read_bytes() == world.data


@SCHEMES
@pytest.mark.parametrize("args", [
    ["--data-binary", "@{file}"],
    ["--data-binary", "@{file}", "-H", "Expect:"],
    ["--data-binary", "@{file}", "-H", "Transfer-Encoding: chunked"],
    ["-T", "{file}", "-X", "POST"],
    ["-T", "-", "-X", "POST"],
], ids=lambda v: " ".join(v)[:40])
def test_curl_upload(world, args, scheme, tmp):
    """Point 8: curl uploads by Content-Length, chunked, and with and without 100-continue."""
    (tmp / "in").write_bytes(world.data)
    args = [a.replace("{file}", str(tmp / "in")) for a in args]
    port = world.port(scheme)
    with open(tmp / "in", "rb") as f:
        done = subprocess.run(
            ["curl", "-sS", "--noproxy", "*", "--max-time", "120", "--cacert",
             world.server.config.tls.ca, "--resolve", f"a.test:{port}:127.0.0.1", *args,
             f"{scheme}://a.test:{port}/cgi-bin/digest"],
            stdin=f, capture_output=True, timeout=130)
    assert done.returncode == 0 and done.stdout.decode().split()[0] == digest(world.data)


@SCHEMES
def test_curl_reuses_a_connection(world, scheme, tmp):
    """Point 6: several URLs of a site go over one connection."""
    done = curl(world.server, f"{scheme}://a.test/{{index.html,data.bin,missing,index.html}}",
                "-o", tmp / "out#1", "-w", "%{num_connects} %{http_code}\n")
    assert done.stdout.decode().splitlines() == ["1 200", "0 200", "0 404", "0 200"]


def test_curl_reconnects_for_another_user(world):
    """Point 6: a kept connection that ends for another user's request: curl just connects again."""
    url = f"http://127.0.0.1:{world.server.port}/"
    command = ["curl", "-sS", "--noproxy", "*", "--max-time", "120"]
    for name in ("a.test", "b.test", "a.test", "a.test"):
        command += ["-H", f"Host: {name}", "-w", "%{num_connects} ", url, "--next"]
    done = subprocess.run(command[:-1], capture_output=True, timeout=130)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"site a\n1 site b\n1 site a\n1 site a\n0 "


@SCHEMES
def test_curl_in_parallel(world, scheme, tmp):
    """Points 6 and 9: sixty transfers, ten at a time."""
    done = curl(world.server, f"{scheme}://a.test/data.bin?[1-60]", "--parallel", "--parallel-max",
                "10", "-o", tmp / "#1", timeout=240)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp.iterdir())) == 60
    assert {digest(path.read_bytes()) for path in tmp.iterdir()} == {digest(world.data)}


# -- nc and http.client

def test_nc(world):
    """Point 6: nc closes its side after the request (-N) and still gets its answer."""
    for options in (["-N"], ["-q", "10"]):
        done = subprocess.run(
            ["nc", *options, "127.0.0.1", str(world.server.port)], capture_output=True, timeout=60,
            input=b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
        if b"invalid option" in done.stderr:
            continue
        assert done.stdout.startswith(b"HTTP/1.1 200 ") and done.stdout.endswith(b"\r\nsite a\n")
        return
    pytest.fail("no known option of nc works")


@SCHEMES
def test_http_client(world, scheme):
    """Points 6 and 9: Python's http.client on one connection: files, programs, errors."""
    if scheme == "https":
        context = ssl.create_default_context(cafile=world.server.config.tls.ca)
        context.check_hostname = False
        c = http.client.HTTPSConnection("127.0.0.1", world.server.tls_port, timeout=60,
                                        context=context)
    else:
        c = http.client.HTTPConnection("127.0.0.1", world.server.port, timeout=60)
    with contextlib.closing(c):
        for method, path, body, status in (("GET", "/data.bin", None, 200),
                                           ("HEAD", "/data.bin", None, 200),
                                           ("GET", "/missing", None, 404),
                                           ("POST", "/cgi-bin/digest", world.data, 200),
                                           ("POST", "/cgi-bin/digest", iter([b"a", b"b"]), 200),
                                           ("GET", "/", None, 200)):
            c.request(method, path, body, {"Host": "a.test"},
                      encode_chunked=body is not None and not isinstance(body, bytes))
            got = c.getresponse()
            text = got.read()
            assert got.status == status
            if path == "/data.bin" and method == "GET":
                assert text == world.data
        assert text == b"site a\n"


# -- git

@pytest.fixture(scope="module")
def repository(world):
    """A bare repository of site a's user that may be pushed to."""
    path = world.a.mkdir(world.a.root / "git") / "project.git"
    environment = {"HOME": str(world.a.root), "PATH": "/usr/bin:/bin"}
    how = {"user": world.a.uid, "group": world.a.gid, "extra_groups": [], "env": environment}
    run("git", "init", "-q", "--bare", "-b", "main", path, cwd="/", **how)
    run("git", "-C", path, "config", "http.receivepack", "true", cwd="/", **how)
    return path


@SCHEMES
def test_git_clone_and_push(world, repository, scheme, tmp):
    """Point 8: clone, push (small, and so large that git sends it chunked), fetch, as the user."""
    port = world.port(scheme)
    url = f"{scheme}://a.test:{port}/cgi-bin/git/project.git"
    environment = {
        "HOME": str(tmp), "PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_SSL_CAINFO": str(world.server.config.tls.ca),
        "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@a.test", "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@a.test", "no_proxy": "*"}
    resolve = ("-c", f"http.curloptResolve=a.test:{port}:127.0.0.1")

    def git(*args):
        return run("git", *resolve, *args, env=environment)

    one, two = tmp / "one", tmp / "two"
    git("clone", "-q", url, one)
    for name, size in ((f"{scheme}-small", 100), (f"{scheme}-large", SIZE)):
        (one / name).write_bytes(os.urandom(size))
        git("-C", one, "add", name)
        git("-C", one, "commit", "-q", "-m", name)
        git("-C", one, "push", "-q", "origin", "HEAD:main")
    git("clone", "-q", url, two)
    for name in (f"{scheme}-small", f"{scheme}-large"):
        assert (two / name).read_bytes() == (one / name).read_bytes()
    git("-C", one, "pull", "-q", url, "main")
    owners = {(p.stat().st_uid, p.stat().st_gid) for p in repository.rglob("*")}
    assert owners == {(world.a.uid, world.a.gid)}


# -- PHP

@SCHEMES
def test_php(world, scheme, tmp):
    """Point 8: php-cgi: query, form, upload, status and fields, as the site's user."""
    url = f"{scheme}://a.test/cgi-bin/php/page.php"
    got = world.server.get("/cgi-bin/php/page.php?a=1&b[]=2", world.a, tls=scheme == "https")
    assert got.status == 200 and got.header("X-From") == "php"
    assert got.header("Set-Cookie").startswith("n=v")
    assert f'"uid":{world.a.uid}' in got.text and '"get":{"a":"1","b":["2"]}' in got.text
    assert ('"https":"on"' in got.text) == (scheme == "https")
    assert (world.a.docroot / "written").stat().st_uid == world.a.uid
    assert world.server.get("/cgi-bin/php/page.php?status=418", world.a).status == 418
    (tmp / "in").write_bytes(world.data[:1_500_000])
    done = curl(world.server, url, "-F", "x=y", "-F", f"f=@{tmp}/in")
    assert f'"file":"{digest(world.data[:1_500_000])}"' in done.stdout.decode(), done
    done = curl(world.server, url, "--data", "p=q&r=s")
    assert '"post":{"p":"q","r":"s"}' in done.stdout.decode() and b'"raw":7' in done.stdout


@pytest.mark.parametrize("query", ["-s", "-n", "-d+allow_url_include%3d1", "%2ds", "-i"])
def test_php_takes_no_options_from_a_query(world, query):
    """Point 8: a query string is no option of the program (CVE-2012-1823)."""
    got = world.server.get(f"/cgi-bin/php/page.php?{query}", world.a)
    assert got.status == 200 and '"uid"' in got.text
    assert "file_put_contents" not in got.text and "PHP Version" not in got.text


def test_shell_script(world):
    """Point 8: a shell script with pipes, a here-document and a file of its own."""
    world.a.cgi("shell", f"""#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
cat > {run_dir(world.a)}/note <<END
$REQUEST_METHOD $(id -un)
END
sort {run_dir(world.a)}/note | tr a-z A-Z
""")
    got = world.server.get("/cgi-bin/shell", world.a)
    assert got.text == f"GET {world.a.user}\n".upper()
    assert (run_dir(world.a) / "note").stat().st_uid == world.a.uid
