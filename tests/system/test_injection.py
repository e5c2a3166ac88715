"""What a client writes into a path or a field does not get where it has no business."""

import pytest

from itkd import Config, Site, in_time, wait_for

HIT = """#!/bin/sh
: > "{mark}"
printf 'Content-Type: text/plain\\n\\nrun\\n'
"""


@pytest.fixture(scope="module")
def world(module_tmp, module_start, tls):
    config = Config(module_tmp, tls, Site("main", module_tmp))
    site = Site("a", module_tmp)
    site.file("a.txt", "text\n")
    config.vhost(
        site, "RewriteEngine On", "RewriteRule ^/typed(.*)$ /a.txt [T=text/plain;x=$1]",
        "<Location /realm>", "\tAuthType Basic", '\tAuthName "x%{REQUEST_URI}"',
        "\tAuthUserFile /dev/null", "\tRequire valid-user", "</Location>",
        '<LocationMatch "^/(a|a)*[bc]$">', "\tRequire all denied", "</LocationMatch>",
        "RemoteIPHeader X-Forwarded-For")
    return module_start(config), site


@pytest.mark.parametrize("path", ["/typed%0d%0aX-Evil:%20yes", "/realm/%0d%0aX-Evil:%20yes"])
def test_a_path_makes_no_field(world, path):
    server, site = world
    answer = server.get(path, site)
    assert answer.status == 500, answer
    assert answer.header("X-Evil") is None
    server.wait_log("would have a control character in it", f"{site.name}-error.log")


def test_the_same_path_without_is_served(world):
    server, site = world
    assert server.get("/typed1", site).header("Content-Type") == "text/plain;x=1"
    assert server.get("/realm/x", site).header("WWW-Authenticate") == 'Basic realm="x/realm/x"'


def test_a_pattern_that_takes_too_long_opens_nothing(world):
    """It may be what restricts."""
    server, site = world
    assert server.get("/aab", site).status == 403
    assert server.get("/" + "a" * 60 + "d", site).status == 500
    server.wait_log("takes too many steps", f"{site.name}-error.log")
    assert server.get("/a.txt", site).status == 200


def test_a_reset_peer_is_nobody(config, start, site_a):
    """A connection that was reset has no address; what it sent is not served to nobody."""
    mark = site_a.root / "mark"
    site_a.own(site_a.root, 0o755)
    site_a.cgi("hit", HIT.format(mark=mark))
    config.main(f"ScriptAlias /cgi-bin/ {site_a.cgi_bin}/",
                f"AssignUserID {site_a.user} {site_a.group}",
                f"<Directory {site_a.cgi_bin}>", "<RequireAll>", "Require all granted",
                "Require not ip 127.0.0.1", "</RequireAll>", "</Directory>")
    server = start(config)
    for _ in range(30):
        connection = server.connect()
        connection.send("GET /cgi-bin/hit HTTP/1.1\r\nHost: none.test\r\n\r\n")
        connection.reset()
    assert server.get("/cgi-bin/hit", "none.test").status == 403
    wait_for(lambda: not server.children(), 30, "the children to end")
    assert not mark.exists()


def test_a_long_list_of_proxies(config, start, site_a):
    """A field as long as may be costs a front nothing that it has not."""
    config.main("LimitRequestFieldSize 8190")
    config.vhost(site_a, "RemoteIPHeader X-Forwarded-For", "MaxClientsVHost 1")
    server = start(config)
    fronts = server.fronts()
    with server.hold(site_a, 1)[0]:
        many = ", ".join(["1.1.1.1"] * 900)
        for _ in range(5):
            answer = server.get("/", site_a, headers=[("X-Forwarded-For", many)] * 4)
            assert answer.status == 503
        assert server.fronts() == fronts
        site_a.release()
    server.wait_idle()
    answer = server.get("/", site_a, headers=[("X-Forwarded-For", many)] * 4)
    assert answer.status == 200


@pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])
def test_timeout_holds_without_request_read_timeout(config, start, site_a, sni):
    config.options.update(Timeout=2, RequestReadTimeout="header=0 body=0 handshake=0")
    config.vhost(site_a)
    config.vhost(site_a, tls=True, access=False)
    server = start(config)

    def half_a_head():
        c = server.connect(tls=sni)
        c.send("GET / HT")
        return c

    with in_time(2, half_a_head) as c:
        assert c.response().status == 408
