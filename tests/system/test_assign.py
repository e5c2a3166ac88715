"""
Part 2, point 8: AssignUserID below a site, by <Location> and <Directory>, and what -t refuses.
Who answered is asked of a CGI program, which runs as the child does.
"""

import pytest

from itkd import Config, Server, Site, wait_for
from itkd_site import write_file


def make(path):
    path.mkdir()
    path.chmod(0o755)
    return path


WHO = '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n"; id -un; echo "$SECRET"\n'


class World:
    """Site a, with parts of it assigned to the user of site b."""


@pytest.fixture(scope="module")
def world(module_tmp, module_start, tls):
    w = World()
    w.a, w.b = Site("a", module_tmp), Site("b", module_tmp)
    config = Config(module_tmp, tls, Site("main", module_tmp), MaxRequestWorkers=30)
    w.assign = f"AssignUserID {w.b.user} {w.b.group}"
    lines = [
        f'ScriptAlias "/b/" "{w.a.cgi_bin}/"', f'ScriptAlias "/glob-1/" "{w.a.cgi_bin}/"',
        f'ScriptAlias "/match7/" "{w.a.cgi_bin}/"', f'Alias "/shared" "{w.a.docroot}/deep"',
        "SetEnv SECRET only-of-a",
        "<Location /b>", w.assign, "</Location>",
        "<Location /glob-*/*>", w.assign, "</Location>",
        '<LocationMatch "^/match[0-9]+/">', w.assign, "</LocationMatch>",
        f'<Directory "{w.a.docroot}/deep">', w.assign, "</Directory>",
    ]
    for secure in (False, True):
        config.vhost(w.a, *lines, tls=secure)
        config.vhost(w.b, tls=secure)
    w.a.mkdir("deep")
    write_file(w.a.docroot / "deep/of-b.txt", "only b may read this\n", 0o600,
               (w.b.uid, w.b.gid))
    write_file(w.a.cgi_bin / "who", WHO, 0o755, (w.a.uid, w.a.gid))
    w.server = module_start(config)
    return w


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("path, who", [
    ("/cgi-bin/who", "a"), ("/b/who", "b"), ("/b//who", "b"), ("/%62/who", "b"),
    ("/x/../b/who", "b"), ("/glob-1/who", "b"), ("/match7/who", "b")])
def test_location(world, path, who, secure):
    """The user of the last <Location> that matches, however its path is written."""
    with world.server.connect(tls="a.test" if secure else None) as c:
        got = c.get(path, "a.test")
    assert got.status == 200
    assert got.body.decode().split() == [getattr(world, who).user, "only-of-a"]


@pytest.mark.parametrize("path", ["/deep/of-b.txt", "/shared/of-b.txt"])
def test_directory(world, path):
    """A <Directory> that DocumentRoot or Alias leads to by its text."""
    with world.server.connect() as c:
        got = c.get(path, "a.test")
    assert (got.status, got.body) == (200, b"only b may read this\n")


def test_not_beside_it(world):
    """Nothing else of the site runs as that user."""
    world.a.docroot.joinpath("link").symlink_to(world.a.docroot / "deep/of-b.txt")
    with world.server.connect() as c:
        assert c.get("/link", "a.test").status == 403


def test_keep_alive(world):
    """A request for the other identity closes the connection without a byte (part 1, point 6)."""
    with world.server.connect() as c:
        assert c.get("/cgi-bin/who", "a.test").body.decode().split()[0] == world.a.user
        c.request("/b/who", "a.test")
        assert c.read_all() == b""


@pytest.mark.parametrize("lines, message", [
    (["<Files x>", "{assign}", "</Files>"], "cannot occur within <Files>"),
    (['<Directory "{root}/*">', "{assign}", "</Directory>"], "without wildcards"),
    (["<Location /x>", "AssignUserID root root", "</Location>"], "would run as root"),
    (["<Location /x>", "AssignUserID no-such-user x", "</Location>"], "bad user name"),
])
def test_refused(world, module_tmp, tls, tmp_path, lines, message):
    """-t says where the text of a URL cannot decide, and who may not be."""
    config = Config(tmp_path, tls, Site("main", module_tmp))
    config.vhost(world.a, *[line.format(assign=world.assign, root=world.a.docroot)
                            for line in lines])
    config.write()
    done = Server(config).itkd("-t")
    assert done.returncode == 1
    assert message in done.stderr


def test_suexec_user_group(world, module_start, module_tmp, tls, tmp_path):
    """SuexecUserGroup is the site's user where there is no AssignUserID."""
    config = Config(tmp_path, tls, Site("main", module_tmp))
    config.vhost(world.a, f"SuexecUserGroup {world.a.user} {world.a.group}", assign=False)
    config.vhost(world.a, f"SuexecUserGroup {world.b.user} {world.b.group}", name="both.test")
    server = module_start(config)
    for name in ("a.test", "both.test"):
        with server.connect() as c:
            assert c.get("/cgi-bin/who", name).body.decode().split()[0] == world.a.user


# -- AssignUserIDExpr

@pytest.fixture(scope="module")
def expr(module_tmp, module_start, tls, world):
    """Vhosts whose user follows from the request; a and b are allowed, nobody else."""
    config = Config(make(module_tmp / "expr"), tls, Site("main", module_tmp))
    allow = f"AssignUserIDAllow {world.a.user} {world.b.user}"
    config.vhost(world.a, allow, "AssignUserIDExpr %{reqenv:ITKUID}",
                 f'SetEnvIf Request_URI "^/cgi-bin/who/~([-a-z]+)" ITKUID=$1', name="uri.test")
    config.vhost(world.a, allow, "AssignUserIDExpr %{http:X-User}",
                 "AssignGroupIDExpr %{http:X-Group}", name="field.test")
    config.vhost(world.a, allow, "AssignUserIDExpr itkt-%{tolower:%{http:X-Letter}}",
                 name="made.test")
    at = f'ScriptAliasMatch "^/at/[-a-z]+/who$" "{world.a.cgi_bin}/who"'
    config.vhost(world.a, allow, at, "<Location /at/b>", "AssignUserIDExpr %{http:X-User}",
                 "</Location>", "<Location /at/both>", world.assign,
                 "AssignUserIDExpr %{http:X-User}", f"AssignGroupIDExpr {world.a.group}",
                 "</Location>", "<LocationMatch ^/at/only>", world.assign, "</LocationMatch>",
                 name="place.test")
    # What SetEnvIf knows beside fields, and an expression with groups.
    config.vhost(world.a, allow, "AssignUserIDExpr itkt-%{reqenv:LETTER}",
                 "SetEnvIf Remote_Addr ^127.0.0.(1)$ LETTER=b$2",
                 """SetEnvIfExpr "%{REQUEST_URI} =~ m#/other$#" LETTER=a""",
                 """SetEnvIfExpr "%{REQUEST_URI} =~ m#/add(r)$# && %{REMOTE_ADDR} =~ """
                 """/^127.0.0.1()$/" LETTER=b$1""",
                 name="known.test")
    return module_start(config)


@pytest.mark.parametrize("host, path, fields, who", [
    ("uri.test", "/cgi-bin/who", {}, None),
    ("uri.test", "/cgi-bin/who/~{b}", {}, "b"),
    ("uri.test", "/cgi-bin/who/~{a}", {}, "a"),
    ("uri.test", "/cgi-bin/who/~root", {}, None),
    ("uri.test", "/cgi-bin/who/~nobody", {}, None),
    ("field.test", "/cgi-bin/who", {"X-User": "{b}"}, None),
    ("field.test", "/cgi-bin/who", {"X-User": "{b}", "X-Group": "{bgroup}"}, "b"),
    ("field.test", "/cgi-bin/who", {"X-User": "{b}", "X-Group": "{agroup}"}, None),
    ("field.test", "/cgi-bin/who", {"X-User": "{b}", "X-Group": "root"}, None),
    ("field.test", "/cgi-bin/who", {"X-User": "root"}, None),
    ("field.test", "/cgi-bin/who", {"X-User": "_itkd"}, None),
    ("field.test", "/cgi-bin/who", {"X-User": "x" * 5000}, None),
    ("field.test", "/cgi-bin/who", {"X-User": "#0"}, None),
    ("field.test", "/cgi-bin/who", {}, None),
    ("made.test", "/cgi-bin/who", {"X-Letter": "B"}, "b"),
    ("place.test", "/cgi-bin/who", {"X-User": "{b}"}, "a"),
    ("place.test", "/at/b/who", {}, None),
    ("place.test", "/at/b/who", {"X-User": "{b}"}, "b"),
    ("place.test", "/at/b/who", {"X-User": "root"}, None),
    # An expression goes before AssignUserID, wherever they stand, as in mpm-itk.
    ("place.test", "/at/both/who", {"X-User": "{a}"}, "a"),
    ("place.test", "/at/only-b/who", {"X-User": "{a}"}, "b"),
    ("known.test", "/cgi-bin/who", {}, "b"),
    ("known.test", "/cgi-bin/who/other", {}, "a"),
    ("known.test", "/cgi-bin/who/addr", {}, "b"),
])
def test_expr(world, expr, host, path, fields, who):
    """Whom the expression names, and 500 for anybody that the configuration does not allow."""
    names = {"a": world.a.user, "b": world.b.user, "agroup": world.a.group,
             "bgroup": world.b.group}
    with expr.connect() as c:
        got = c.get(path.format(**names), host,
                    headers=[(k, v.format(**names)) for k, v in fields.items()])
    if who is None:
        assert got.status == 500
        wait_for(lambda: "AssignUserIDExpr" in expr.logs_text(), 30, "the line in the log")
        return
    assert got.status == 200, expr.logs_text()
    assert got.body.decode().split()[0] == getattr(world, who).user


@pytest.mark.parametrize("lines, message", [
    (["AssignUserIDExpr %{reqenv:X}"], "needs LimitUIDRange or AssignUserIDAllow"),
    (["AssignUserIDAllow {a}", "AssignUserIDExpr %{REMOTE_USER}"], "REMOTE_USER"),
    (["AssignUserIDAllow no-such-user", "AssignUserIDExpr x"], "bad user name"),
    (["AssignUserIDAllow root", "AssignUserIDExpr x"], "would run as root"),
    (["AssignUserIDAllow {a}", "AssignUserIDExpr %{reqenv:ITKUID}", "SetEnv ITKUID {a}",
      "RewriteEngine On", "RewriteRule ^ - [E=ITKUID:x]"], "ITKUID} has no value"),
    (["AssignUserIDAllow {a}", "AssignUserIDExpr %{reqenv:X}", "SetEnvIf Remote_Host a X=1"],
     "Remote_Addr"),
    (["AssignUserIDAllow {a}", "AssignUserIDExpr %{reqenv:X}", "SetEnvIf ^X-.* a X=1"],
     "one field"),
    (["AssignUserIDAllow {a}", "AssignUserIDExpr %{reqenv:X}",
      "SetEnvIfExpr \"%{REMOTE_USER} == 'x'\" X=1"], "REMOTE_USER"),
    (["AssignUserIDAllow {a}", "<Files x>", "AssignUserIDExpr x", "</Files>"], "<Location>"),
])
def test_expr_refused(world, module_tmp, tls, tmp_path, lines, message):
    config = Config(tmp_path, tls, Site("main", module_tmp))
    config.vhost(world.a, *[line.format(a=world.a.user) if "{a}" in line else line
                            for line in lines])
    config.write()
    done = Server(config).itkd("-t")
    assert done.returncode == 1
    assert message in done.stderr


def test_main_server(start, config, site_b):
    """Sections of the main server hold for itself, where no virtual host has the address."""
    main = config.main_site
    main.mkdir(main.cgi_bin)
    write_file(main.cgi_bin / "who", WHO, 0o755)
    config.main(f'ScriptAliasMatch "^/at/([a-z]+)/who$" "{main.cgi_bin}/who"',
                f'ScriptAlias /cgi-bin/ "{main.cgi_bin}/"', "SetEnv SECRET of-main",
                "RewriteEngine On", "RewriteRule ^/moved$ /at/id/who [PT]",
                "<Location /at/id>", f"AssignUserID {site_b.user} {site_b.group}", "</Location>",
                "<Location /at/expr>", "AssignUserIDExpr %{http:X-User}", "</Location>",
                f"AssignUserIDAllow {site_b.user}", f'<Directory "{main.cgi_bin}">',
                "Require all granted", "</Directory>")
    server = start(config)

    def who(path, **fields):
        got = server.get(path, "main.test", headers=list(fields.items()))
        return got.text.split() if got.status == 200 else got.status

    assert who("/cgi-bin/who") == [main.user, "of-main"]
    assert who("/at/id/who") == [site_b.user, "of-main"]
    assert who("/at/expr/who", **{"X-User": site_b.user}) == [site_b.user, "of-main"]
    assert who("/at/expr/who", **{"X-User": main.user}) == [main.user, "of-main"]
    assert who("/at/expr/who", **{"X-User": "root"}) == 500
    assert who("/at/expr/who") == 500
    # A request is for who its own path says; what rewriting makes of it does not change that.
    assert who("/moved") == [main.user, "of-main"]
