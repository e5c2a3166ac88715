"""Issue point 3: the config language, seen from outside, and what -t refuses."""

import re

import pytest

from itkd import Config, Connection, Server, Site, request


def check(config, *args, env=None):
    """-t of the config; (status, stderr)"""
    config.write()
    done = Server(config).itkd(*args, "-t", env=env)
    return done.returncode, done.stderr


def refused(config, *args, env=None):
    code, text = check(config, *args, env=env)
    assert code == 1, text
    assert "Syntax OK" not in text
    return text


def accepted(config, *args, env=None):
    code, text = check(config, *args, env=env)
    assert code == 0, text
    return text


def line_of(config, start):
    """The number of the last line of the config that begins so."""
    numbers = [number for number, line in enumerate(config.text().splitlines(), 1)
               if line.strip().startswith(start)]
    assert numbers, f"no line {start!r}"
    return numbers[-1]


# -- which vhost a request is for

@pytest.fixture(scope="module")
def hosts(module_tmp, module_start, tls):
    """
    Vhosts whose bodies tell them apart: one and two on 127.0.0.1, star and three on every
    address, any on 127.0.0.3 without a port, with-port on [::1]; a second port has none.
    """
    site = Site("a", module_tmp)
    config = Config(module_tmp, tls, Site("main", module_tmp))
    config.addresses = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "[::1]")
    config.main_site.file("index.html", "main\n")

    def add(label, name, address, aliases=()):
        site.mkdir(label)
        site.file(f"{label}/index.html", label + "\n")
        config.vhost(site, name=name, address=address, aliases=aliases, access=False,
                     docroot=site.docroot / label)

    port = config.port
    add("one", "one.test", f"127.0.0.1:{port}", ["*.one.test"])
    add("two", "two.test", f"127.0.0.1:{port}", ["www.two.test", "w?w.three.test alt.test"])
    add("shadow", "shadow.test", f"127.0.0.1:{port}", ["x.one.test", "two.test"])
    add("star", "one.test", f"*:{port}")
    add("three", "Three.Test", f"*:{port}")
    add("any", "any.test", "127.0.0.3")
    add("six", f"six.test:{port}", f"[::1]:{port}")
    return module_start(config)


@pytest.mark.parametrize("address, host, body", [
    ("127.0.0.1", "one.test", "one"),
    ("127.0.0.1", "ONE.Test", "one"),
    ("127.0.0.1", "one.test.", "one"),
    ("127.0.0.1", "sub.one.test", "one"),
    ("127.0.0.1", "a.b.one.test", "one"),
    ("127.0.0.1", "x.one.test", "one"),          # in the order of the config
    ("127.0.0.1", "two.test", "two"),
    ("127.0.0.1", "www.two.test", "two"),
    ("127.0.0.1", "two.test:9999", "two"),       # the port of Host does not choose
    ("127.0.0.1", "wxw.three.test", "two"),
    ("127.0.0.1", "wxxw.three.test", "one"),
    ("127.0.0.1", "alt.test", "two"),
    ("127.0.0.1", "shadow.test", "shadow"),
    ("127.0.0.1", "three.test", "one"),          # the address matched better: its default
    ("127.0.0.1", "unknown.test", "one"),
    ("127.0.0.1", "127.0.0.1", "one"),
    ("127.0.0.2", "one.test", "star"),
    ("127.0.0.2", "three.test", "three"),
    ("127.0.0.2", "THREE.TEST", "three"),
    ("127.0.0.2", "two.test", "star"),
    ("127.0.0.2", "unknown.test", "star"),
    ("127.0.0.3", "any.test", "any"),
    ("127.0.0.3", "one.test", "any"),
    ("::1", "six.test", "six"),
    ("::1", "three.test", "six"),
    ("::1", "[::1]", "six"),
])
def test_vhost_selection(hosts, address, host, body):
    """3: best match of the address, then name and alias in order, else the first of them."""
    answer = request(hosts.port, host=host, address=address)
    assert (answer.status, answer.text) == (200, body + "\n")


def test_vhost_without_host(hosts):
    """3: HTTP/1.0 without Host is for the address's first vhost."""
    with Connection(hosts.port, "127.0.0.2") as c:
        c.send("GET / HTTP/1.0\r\n\r\n")
        assert c.response().text == "star\n"


def test_absolute_target_wins_over_host(hosts):
    """3, RFC 9112 3.2.2: the target's authority counts, not Host."""
    with Connection(hosts.port) as c:
        c.send("GET http://two.test/ HTTP/1.1\r\nHost: one.test\r\nConnection: close\r\n\r\n")
        assert c.response().text == "two\n"


def test_main_server_where_no_address_matches(start, config, site_a):
    """3: without a <VirtualHost> for the address and port, the main server, as User/Group."""
    config.main_site.file("index.html", "main\n")
    config.main_site.file("mine.txt", "readable by User alone\n", 0o600)
    config.vhost(site_a, address=f"127.0.0.1:{config.port}")
    server = start(config)
    assert request(server.port, host="a.test").text == "site a\n"
    assert request(server.port, host="a.test", address="::1").text == "main\n"
    assert request(server.port, "/mine.txt", address="::1").status == 200


def test_without_any_vhost(start, config):
    """3: the main server alone."""
    server = start(config)
    assert server.get().text == "site main\n"


# -- how settings reach a vhost

@pytest.fixture(scope="module")
def inherit(module_tmp, module_start, tls):
    """Settings of the main server; a changes them, b has none of its own."""
    tmp = module_tmp / "inherit"
    tmp.mkdir(mode=0o755)
    a, b, main = (Site(letter, tmp) for letter in ("a", "b", "main"))
    config = Config(tmp, tls, main)
    for site in (a, b):
        for name in ("start.html", "own.html", "x.foo", "x.bar"):
            site.file(name, name)
        site.mkdir("deny")
        site.file("deny/x", "x")
        site.mkdir("deny/allow")
        site.file("deny/allow/x", "x")
        site.symlink("link", site.docroot / "x.foo")
    main.file("shared.txt", "shared\n", 0o644)
    main.mkdir("sub")
    main.file("sub/of-main.txt", "main's\n", 0o644)
    a.file("sub-of-a.txt", "a's\n")
    config.main("DirectoryIndex start.html", "AddType text/x-main .foo .bar",
                "MaxKeepAliveRequests 7", f'Alias "/shared/" "{main.docroot}/"',
                f'<Directory "{tmp}/sites/*/htdocs/deny">', "Require all denied", "</Directory>")
    config.vhost(a, "DirectoryIndex own.html", "AddType text/x-own .foo",
                 "MaxKeepAliveRequests 3",
                 f'Alias "/shared/sub/" "{a.docroot}/sub-"',
                 f'<Directory "{a.docroot}/deny/allow">', "Require all granted", "</Directory>",
                 f'<Directory "{a.docroot}">', "Options None", "</Directory>")
    config.vhost(b)
    return module_start(config)


@pytest.mark.parametrize("host, path, status, field, value", [
    ("b.test", "/", 200, None, "start.html"),
    ("a.test", "/", 200, None, "own.html"),
    ("b.test", "/x.foo", 200, "Content-Type", "text/x-main"),
    ("a.test", "/x.foo", 200, "Content-Type", "text/x-own"),
    ("a.test", "/x.bar", 200, "Content-Type", "text/x-main"),
    ("b.test", "/shared/shared.txt", 200, None, "shared\n"),
    ("a.test", "/shared/shared.txt", 200, None, "shared\n"),
    ("b.test", "/shared/sub/of-main.txt", 200, None, "main's\n"),
    ("a.test", "/shared/sub/of-a.txt", 200, None, "a's\n"),
    ("b.test", "/deny/x", 403, None, None),
    ("a.test", "/deny/x", 403, None, None),
    ("a.test", "/deny/allow/x", 200, None, "x"),
    ("b.test", "/deny/allow/x", 403, None, None),
    ("b.test", "/link", 200, None, "x.foo"),
    ("a.test", "/link", 403, None, None),
])
def test_inheritance(inherit, host, path, status, field, value):
    """3: a vhost takes the main server's settings, its own win; sections: shortest path first."""
    answer = inherit.get(path, host)
    assert answer.status == status, answer
    if value is not None:
        assert (answer.header(field) if field else answer.text) == value


@pytest.mark.parametrize("host, allowed", [("a.test", 3), ("b.test", 7)])
def test_keep_alive_count_inherited(inherit, host, allowed):
    """3: MaxKeepAliveRequests of the vhost, else of the main server."""
    with inherit.connect() as c:
        for n in range(1, allowed + 1):
            answer = c.get("/x.bar", host)
            assert answer.closes == (n == allowed), n
        assert c.at_eof()


# -- the language

def test_words(start, config, site_a, tmp):
    """3: any case of names, quotes, continuation, comments, single quotes, empty lines."""
    site_a.mkdir("a b")
    site_a.file("a b/index.html", "spaces\n")
    config.raw(
        "# a comment \\", "which goes on: NoSuchDirective", "",
        f"<virtualhost *:{config.port}>", "  SERVERNAME \\", "    words.test",
        "\tserveralias 'q.test'", f"assignuserid \"{site_a.user}\" '{site_a.group}'",
        f"documentROOT \"{site_a.docroot}/a b\"",
        f'<DIRECTORY "{site_a.docroot}/a b">', "REQUIRE all GRANTED", "</Directory>",
        "</VIRTUALHOST>")
    server = start(config)
    assert server.get("/", "words.test").text == "spaces\n"


def test_define_and_environment(start, config, site_a):
    """3: Define, ${name} of it and of the environment, inside of words and sections."""
    site_a.mkdir("dir-x")
    site_a.file("dir-x/index.html", "defined\n")
    config.main(f'Define DOCS "{site_a.docroot}"', "Define WHICH x", "Define PORT_NOW " +
                str(config.port))
    config.raw("<VirtualHost *:${PORT_NOW}>", "ServerName d.test", "AssignUserID ${ITKT_USER} "
               "${ITKT_USER}", 'DocumentRoot "${DOCS}/dir-${WHICH}"',
               '<Directory "${DOCS}/dir-${WHICH}">', "Require all granted", "</Directory>",
               "</VirtualHost>")
    server = start(config, env={"ITKT_USER": site_a.user})
    assert server.get("/", "d.test").text == "defined\n"


def test_undefined_variable_is_an_error_or_said(config, site_a):
    """3: a ${name} that nobody defined is told with file:line."""
    config.vhost(site_a, "ServerAdmin ${NOT_DEFINED_ANYWHERE}")
    _, text = check(config)
    assert "NOT_DEFINED_ANYWHERE" in text
    assert f":{line_of(config, 'ServerAdmin ${NOT')}" in text


@pytest.mark.parametrize("args, taken", [([], False), (["-D", "WANTED"], True),
                                         (["-DWANTED"], True)])
def test_ifdefine(config, site_a, args, taken):
    """3: <IfDefine> of -D NAME, and with "!"."""
    config.vhost(site_a)
    config.raw("<IfDefine WANTED>", "BadInside 1", "</IfDefine>",
               "<IfDefine !WANTED>", "BadOutside 1", "</IfDefine>")
    text = refused(config, *args)
    assert ("BadInside" in text) == taken and ("BadOutside" in text) != taken


def test_ifmodule(config, site_a):
    """3: <IfModule> is true for modules whose directives are there, false for others."""
    config.vhost(site_a)
    config.raw("<IfModule mod_no_such.c>", "BadOne 1", "</IfModule>",
               "<IfModule !mod_no_such.c>", "BadTwo 1", "</IfModule>",
               "<IfModule mpm_itk.c>", "BadThree 1", "</IfModule>",
               "<IfModule alias_module>", "BadFour 1", "</IfModule>",
               "<IfModule !mod_alias.c>", "<IfModule mod_dir.c>", "BadFive 1", "</IfModule>",
               "</IfModule>")
    found = set(re.findall(r"Bad\w+", refused(config)))
    assert found == {"BadTwo", "BadThree", "BadFour"}


def test_include(start, config, site_a, site_b, tmp):
    """3: Include with a wildcard in order of names, relative to ServerRoot; of a directory."""
    (tmp / "sites.d").mkdir(mode=0o755)
    for site, number in ((site_a, 2), (site_b, 1)):
        config.vhost(site)
        block = config._vhosts.pop()
        (tmp / "sites.d" / f"{number}.conf").write_text("\n".join(block) + "\n")
    (tmp / "sites.d" / "3.off").write_text("NoSuchDirective\n")
    config.raw("Include sites.d/*.conf", "IncludeOptional none.d/*.conf",
               "IncludeOptional no-such-file.conf")
    server = start(config)
    assert server.get("/", site_a).text == "site a\n"
    assert server.get("/", "unknown.test").text == "site b\n", "1.conf is read before 2.conf"


def test_include_errors(config, site_a, tmp):
    """3: a missing file, a cycle, and an error inside of an included file with its own name."""
    config.vhost(site_a)
    (tmp / "inner.conf").write_text("Timeout 5\n\nNoSuchDirective 1\n")
    (tmp / "cycle1.conf").write_text("Include cycle2.conf\n")
    (tmp / "cycle2.conf").write_text("Include cycle1.conf\n")
    config.raw("Include inner.conf")
    assert f"{tmp}/inner.conf:3" in refused(config)
    config._raw = ["Include cycle1.conf"]
    assert re.search(r"cycle[12]\.conf", refused(config))
    config._raw = ["Include missing.conf"]
    text = refused(config)
    assert "missing.conf" in text and f"itkd.conf:{line_of(config, 'Include missing')}" in text


# -- what is refused, and how

@pytest.mark.parametrize("line, hint", [
    ("DocumentRot /tmp", "DocumentRoot"),
    ("AssignUserIDs a b", "AssignUserID"),
    ("KeepAliveTimout 3", "KeepAliveTimeout"),
])
def test_unknown_directive_suggests(config, site_a, line, hint):
    """3: an unknown directive is an error that names the closest known one."""
    config.vhost(site_a)
    config.raw(line)
    text = refused(config)
    [said] = [t for t in text.splitlines() if f"itkd.conf:{line_of(config, line)}" in t]
    assert line.split()[0] in said
    assert hint in text.replace(line.split()[0], "")


@pytest.mark.parametrize("line", [
    "KeepAlive maybe", "Timeout", "Timeout -1", "Timeout 5 6", "Listen 99999",
    "Listen 1.2.3.4.5:80",
    "MaxRequestWorkers many", "LogLevel loud", "LimitRequestBody -2",
    "MaxClientsVHost x", "LimitUIDRange 5", "LimitUIDRange 500 100",
    "RequestReadTimeout header=x", "SSLProtocol SSLv2 -Nothing", "<Directory /x>", "</Directory>",
    "<NoSuchSection x>", "User no-such-user-here", "AddHandler", "Require maybe",
    "ErrorLog /nonexistent/error.log", "CustomLog /nonexistent/access.log combined",
])
def test_bad_value_is_told(config, site_a, line):
    """3: a bad value, count of arguments or section is an error with file:line."""
    config.vhost(site_a)
    config.raw(line)
    assert f"{config.file}:{line_of(config, line)}" in refused(config)


@pytest.mark.parametrize("user, group", [
    ("root", "itkt-a"), ("itkt-a", "root"), ("#0", "#0"), ("itkt-a", "#0"), ("_itkd", "_itkd"),
    ("_itkd", "itkt-a"), ("no-such-user", "itkt-a"), ("itkt-a", "no-such-group"),
    ("#4294967295", "#5"), ("#-1", "#5"), ("#99999999999", "#5"),
])
def test_refused_identities(config, site_a, user, group):
    """3, design 2: uid 0, gid 0, FrontUser's uid and names that nobody has are refused."""
    config.vhost(site_a, f"AssignUserID {user} {group}", assign=False)
    text = refused(config)
    assert f"{config.file}:{line_of(config, 'AssignUserID')}" in text, text


@pytest.mark.parametrize("option", ["User", "Group"])
def test_main_user_is_never_root(config, site_a, option):
    """3: User and Group, too; FrontUser is not User."""
    config.options[option] = "root"
    config.vhost(site_a)
    assert option.lower() in refused(config).lower()
    config.options.update(User="_itkd", Group="_itkd")
    assert "FrontUser" in refused(config)


@pytest.mark.parametrize("directive", ["LimitUIDRange", "LimitGIDRange"])
def test_range_violation_names_the_vhost(config, site_a, site_b, directive):
    """3, 4: an identity outside of the range is told with id, range and vhost (its line)."""
    number = site_a.uid if directive == "LimitUIDRange" else site_a.gid
    config.main(f"{directive} {number} {number}")
    config.options.update(User=site_a.user, Group=site_a.group)
    config.vhost(site_a)
    accepted(config)
    config.vhost(site_b)
    text = refused(config)
    other = site_b.uid if directive == "LimitUIDRange" else site_b.gid
    assert f"itkd.conf:{line_of(config, '<VirtualHost')}" in text, text
    assert str(other) in text and str(number) in text, text


@pytest.mark.parametrize("lines", [
    ["<Location />", "Require ldap-user alice", "</Location>"],
    ["AuthBasicProvider ldap"],
    ["SSLVerifyClient require"],
])
def test_what_restricts_is_never_ignored(config, site_a, lines):
    """design 5: what would restrict a site and is not implemented is refused, not ignored."""
    config.vhost(site_a, *lines, tls=True)
    assert f"{config.file}:" in refused(config)


def test_bare_numbers(start, config, site_a):
    """3: AssignUserID #uid #gid, quoted too."""
    config.vhost(site_a, f'AssignUserID "#{site_a.uid}" #{site_a.gid}', assign=False)
    server = start(config)
    assert server.get("/", site_a).status == 200


@pytest.mark.parametrize("content, word", [
    (b"KeepAlive On\n\x00\n", "NUL"), (b"\x7fELF\x02\x01\x01\x00\x00", ""), (b"", None)])
def test_odd_files(config, site_a, tmp, content, word):
    """3: a file with NUL or a binary is an error, an empty one is not; never a crash."""
    config.vhost(site_a)
    (tmp / "odd.conf").write_bytes(content)
    config.raw("Include odd.conf")
    if word is None:
        accepted(config)
    else:
        assert "odd.conf:" in refused(config)


def test_missing_config_file(config):
    """3: -f of a file that is not there, of a directory."""
    server = Server(config)
    done = server.itkd("-t")
    assert done.returncode == 1 and str(config.file) in done.stderr
    config.file.mkdir()
    done = server.itkd("-t")
    assert done.returncode == 1 and str(config.file) in done.stderr


def test_shipped_config_is_good(tmp, session_tmp):
    """15: conf/itkd.conf with its comments is accepted as it is (with the test's users)."""
    import subprocess

    from itkd import ITKD, ROOT
    # Its DocumentRoot is there where itkd is installed: -T.
    done = subprocess.run([ITKD, "-t", "-T", "-f", ROOT / "conf" / "itkd.conf"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_php_source_is_not_sent(module_tmp, module_start, tls, tmp_path):
    """
    Where the configuration loads what runs PHP in Apache, and which itkd passes over, a program's
    source is an error and not a page. Without it, .php is a name like any other, as in Apache.
    """
    site = Site("a", module_tmp)
    for name in ("x.php", "x.PHTML", "x.php.txt"):
        site.file(name, "<?php $password = 1;")
    seen = {}
    for module in (None, "proxy_fcgi_module", "php_module"):
        directory = tmp_path / str(module)
        directory.mkdir()
        directory.chmod(0o755)
        config = Config(directory, tls, Site("main", module_tmp))
        if module:
            config.main(f"LoadModule {module} modules/mod_x.so")
        config.vhost(site)
        server = module_start(config)
        seen[module] = [server.get(f"/{name}", "a.test").status
                        for name in ("x.php", "x.PHTML", "x.php.txt")]
        server.stop()
    assert seen == {None: [200, 200, 200], "proxy_fcgi_module": [500, 500, 200],
                    "php_module": [500, 500, 200]}
