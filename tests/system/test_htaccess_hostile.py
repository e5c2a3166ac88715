"""
What a site's owner can write into a .htaccess to hurt the server: each gets an answer in bounded
time, no process crashes, and the sites around it are served as before.
"""

import os
import time

import pytest

from itkd import Config, Site, amount, is_asan, wait_for

N = 20000
HEADER = {"X-A": "a" * 4000 + "!"}
LIMIT = 60 if is_asan() else 12  # seconds of one answer

# name: (text, the statuses that may come of it)
TEXTS = {
    "deep-files": ("<Files x>\n" * N + "</Files>\n" * N, {500}),
    "deep-if": ("<If true>\n" * N + "</If>\n" * N, {500}),
    "deep-ifmodule": ("<IfModule core.c>\n" * N + "</IfModule>\n" * N, {200, 500}),
    "deep-require": ("<RequireAll>\n" * N + "</RequireAll>\n" * N, {500}),
    "unclosed": ("<Files x>\n" * N, {500}),
    "long-line": ("SetEnv A " + "x" * (1 << 21) + "\n", {500}),
    "long-comment": ("# " + "x" * (1 << 21) + "\n", {500}),
    "continued": ("SetEnv A \\\n" * 100000 + "x\n", {500}),
    "large": ("SetEnv A b\n" * 2000000, {500}),
    "nul": ("SetEnv A b\0c\n", {500}),
    "binary": (bytes(range(256)) * 100, {500}),
    "options": ("Options " + "+Indexes " * 100000 + "\n", {200, 500}),
    "index-names": ("DirectoryIndex " + "i " * 100000 + "\n", {200, 500}),
    "env-lines": ("".join(f"SetEnv X{i} y\n" for i in range(1000)), {200}),
    "env-lines-more": ("".join(f"SetEnv X{i} y\n" for i in range(1001)), {500}),
    "php-lines": ("".join(f"php_value a{i} y\n" for i in range(1000)), {200}),
    "php-lines-more": ("".join(f"php_value a{i} y\n" for i in range(1001)), {500}),
    "rewrite-flags": ("RewriteEngine On\n" + 30 * f"RewriteRule x - [{'E,' * 4000}E]\n", {200}),
    "header-lines": ("".join(f"Header add X{i} y\n" for i in range(5000)), {200, 500}),
    "type-lines": ("".join(f"AddType a/b .e{i}\n" for i in range(20000)), {200, 500}),
    "chain-front": (("FilterChain " + "@a " * 2700 + "\n") * 400, {500}),
    "filter-names": ("".join(f"FilterDeclare a{i}\n" for i in range(150000)), {500}),
    "provider-lines": ("FilterProvider a DEFLATE true\n" * 100000, {500}),
    "expires-lines": ("".join(f"ExpiresByType a/{i} A1\n" for i in range(150000)), {500}),
    "macro-arguments": ("<Macro m " + " ".join(f"$a{i}" for i in range(1000)) + ">\n" +
                        ("$a0" * 2700 + "\n") * 300 + "</Macro>\nUse m" + ' ""' * 1000 + "\n",
                        {500}),
    "macro-nothing": ("<Macro m $a>\n" + ("$a" * 4000 + "\n") * 200 + "</Macro>\n" +
                      'Use m ""\n' * 200000, {500}),
    "regex-slow": ('SetEnvIf X-A "^(a+)+$" b\nSetEnvIf X-A "^((a|aa)+)+$" b\n', {200}),
    "regex-large": ('SetEnvIf X-A "((a{1,1000}){1,1000}){1,60}" b\n', {500}),
    "regex-parens": ('SetEnvIf X-A "' + "(" * 50000 + ")" * 50000 + '" b\n', {500}),
    "regex-recursion": ('SetEnvIf X-A "(a?(?1))" c\nSetEnvIf X-A "(?R)" b\n', {200, 500}),
    "regex-limits": ('SetEnvIf X-A "(*LIMIT_MATCH=4294967295)^((a|aa)+)+$" b\n', {200, 500}),
    "condition-deep": ('<If "' + "(" * 30000 + "true" + ")" * 30000 + '">\n</If>\n', {500}),
    "condition-not": ('<If "' + "!" * 60000 + 'true">\n</If>\n', {200, 500}),
    "condition-long": ('<If "' + "true && " * 50000 + 'true">\n</If>\n', {200, 500}),
    "condition-calls": ('<If "' + "md5(" * 5000 + "'a'" + ")" * 5000 + " == 'b'\">\n</If>\n",
                        {500}),
    "condition-slow": ('<If "%{HTTP:X-A} =~ /^(a+)+$/">\nRequire all denied\n</If>\n', {200}),
    "condition-file": ("<If \"file('/etc/passwd') == 'b'\">\n</If>\n", {500}),
    "edit-grows": ("Header set X a\n" + 'Header edit* X "a" "aaaaaaaaaaaaaaaa"\n' * 12, {200, 500}),
    "edit-empty": ('Header set X a\nHeader edit* X "" "b"\n', {200, 500}),
    "header-cr": (b'Header set X "a\rSet-Cookie: b"\n', {500}),
    "header-lf": ('Header set X "a\\r\\nSet-Cookie: b"\n', {500}),
    "header-name": ('Header set "X Y" b\n', {500}),
    "type-cr": (b'ForceType "text/html\rSet-Cookie: b"\n', {200, 500}),
    "framing": ("Header set Transfer-Encoding chunked\nHeader set Content-Length 3\n", {200, 500}),
    "request-framing": ("RequestHeader set Transfer-Encoding chunked\n"
                        "RequestHeader set Content-Length 99\n", {200}),
    "error-loop": ("ErrorDocument 403 /error-loop/x\nRequire all denied\n", {403}),
    "action-loop": ("Action x /action-loop/x.txt\nSetHandler x\n", {500}),
    "index-loop": ("DirectoryIndex ./ . ../ /\n", {200, 403, 500}),
    "glob-slow": ('<Files "' + "*a" * 2000 + 'b">\nRequire all denied\n</Files>\n', {200, 500}),
    "not-allowed": ("AllowOverride All\n", {500}),
    "include": ("Include /etc/passwd\n", {500}),
    "define": ("Define A b\n", {500}),
    "assign": ("AssignUserID root root\n", {500}),
    "assign-expression": ("AssignUserIDExpr root\n", {500}),
    "admin-value": ("php_admin_value open_basedir /\n", {500}),
    "server-section": ("<Directory />\nRequire all granted\n</Directory>\n", {500}),
    "vhost": ("<VirtualHost *>\n</VirtualHost>\n", {500}),
}


@pytest.fixture(scope="module")
def server(module_tmp, tls, module_start):
    config = Config(module_tmp, tls, Site("main", module_tmp), Timeout=LIMIT + 20)
    site, other = Site("a", module_tmp), Site("b", module_tmp)
    config.vhost(site, f'<Directory "{site.docroot}">', "AllowOverride All", "Options All",
                 "Require all granted", "</Directory>")
    config.vhost(other)
    server = module_start(config)
    server.site, server.other = site, other
    return server


def plant(site, name, text):
    site.mkdir(site.docroot / name, 0o755)
    site.file(f"{name}/x.txt", "text\n")
    if text is not None:
        site.file(f"{name}/.htaccess", text)


def ask(server, name, path="x.txt"):
    start = time.monotonic()
    answer = server.get(f"/{name}/{path}", server.site, headers=HEADER, timeout=LIMIT + 15)
    assert time.monotonic() - start < LIMIT
    return answer


@pytest.mark.parametrize("name", TEXTS)
def test_text(server, name):
    text, statuses = TEXTS[name]
    plant(server.site, name, text)
    before = len(server.error_log())
    answer = ask(server, name)
    assert answer.status in statuses, answer
    assert answer.header("Set-Cookie") is None
    assert server.get("/", server.other).status == 200
    assert "exit signal" not in server.error_log()[before:]


@pytest.mark.parametrize("path", ["x.txt" + "/a" * 1900, "none" + "/a" * 4000 + "/"],
                         ids=["of a file", "of nothing"])
def test_long_path(server, path):
    """Not the owner but any client: each name of a path is no walk to a .htaccess of its own."""
    plant(server.site, "long-path", "DirectoryIndex " + "i " * 60 + "\n")
    before = len(server.error_log())
    assert ask(server, "long-path", path).status in (403, 404)
    assert "out of memory" not in server.log("a.test-error.log") + server.error_log()[before:]


def special(path, kind, site):
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "unreadable":
        path.write_text("Require all denied\n")
        path.chmod(0)
        return
    else:
        path.symlink_to({"shadow": "/etc/shadow", "zero": "/dev/zero", "tty": "/dev/tty",
                         "loop": ".htaccess", "away": "none"}[kind])
    os.chown(path, site.uid, site.gid, follow_symlinks=False)


@pytest.mark.parametrize("kind, statuses", [
    ("fifo", {403, 500}), ("directory", {200, 403, 500}), ("unreadable", {403}), ("shadow", {403}),
    ("zero", {403, 500}), ("tty", {403, 500}), ("loop", {403, 500}), ("away", {200, 403})])
def test_no_file(server, kind, statuses):
    plant(server.site, kind, None)
    special(server.site.docroot / kind / ".htaccess", kind, server.site)
    answer = ask(server, kind)
    assert answer.status in statuses, answer
    assert b"root:" not in answer.body
    assert "root:" not in server.log("a.test-error.log")


def test_error_names_line_and_file(server):
    plant(server.site, "named", "SetEnv A b\n\nNonsense x\n")
    assert ask(server, "named").status == 500
    wait_for(lambda: "Nonsense" in server.log("a.test-error.log"), 30, "the error in the log")
    line = [x for x in server.log("a.test-error.log").splitlines() if "Nonsense" in x][0]
    assert "/named/.htaccess: " in line and "Invalid command" in line and "line 3" in line


def test_changed_while_it_is_read(server):
    """A .htaccess that is rewritten all the time is whole, old or new: never open."""
    plant(server.site, "changing", "Require all denied\n")
    path = server.site.docroot / "changing/.htaccess"
    for i in range(amount(30, 300)):
        new = path.with_name("new")
        new.write_text(f"# {i}\nRequire all denied\n")
        new.rename(path)
        assert ask(server, "changing").status == 403
