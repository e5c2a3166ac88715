"""
Issue 3, point 4: what of access control depends on who asks and over what: IPv6 and IPv4, TLS,
the name of the client's address. What the rules mean is compared with Apache in tests/compare.
"""

import contextlib
import socket

import pytest

from itkd import Config, Site
from itkd_http import request

# path, rule, who may: 4 from 127.0.0.1, 6 from ::1, s over TLS from 127.0.0.1
RULES = [
    ("ip4", "Require ip 127.0.0.0/8", "4s"),
    ("ip6", "Require ip ::1", "6"),
    ("ip6net", "Require ip ::/64", "6"),
    ("mapped", "Require ip 127 ::1", "46s"),
    ("local", "Require local", "46s"),
    ("other", "Require ip 192.0.2.0/24 2001:db8::/32", ""),
    ("compat4", "Order deny,allow\nDeny from all\nAllow from 127", "4s"),
    ("compat6", "Order deny,allow\nDeny from all\nAllow from ::1/128", "6"),
    ("ssl", "Require ssl", "s"),
    ("notssl", "<RequireAll>\nRequire all granted\nRequire not ssl\n</RequireAll>", "46"),
    ("expr", "Require expr -R '::1'", "6"),
    ("both", "Order allow,deny\nAllow from 127\nRequire ssl", "s"),
    ("any", "Order allow,deny\nAllow from ::1\nRequire ssl\nSatisfy Any", "6s"),
]


def name_of(address):
    """The name that this machine gives the address and that leads back to it, or None."""
    try:
        name = socket.gethostbyaddr(address)[0]
        found = [info[4][0] for info in socket.getaddrinfo(name, None)]
    except OSError:
        return None
    return name if address in found else None


NAME = name_of("127.0.0.1")
HOSTS = [
    ("host", f"Require host {NAME}", True),
    ("host-case", f"Require host {str(NAME).upper()}", True),
    ("host-list", f"Require host example.org {NAME}", True),
    ("host-other", "Require host example.org", False),
    ("host-part", f"Require host {str(NAME)[1:]}", False),
    ("host-not", f"<RequireAll>\nRequire all granted\nRequire not host {NAME}\n</RequireAll>",
     False),
    ("host-comment", f"Require host {NAME} # and nobody else", True),
    ("host-only-comment", f"Require host # {NAME}", False),
    ("host-expr", "Require host %{HTTP:X-Name}", True),
    ("allow", f"Order deny,allow\nDeny from all\nAllow from {NAME}", True),
    ("allow-other", "Order deny,allow\nDeny from all\nAllow from example.org", False),
    ("deny", f"Order allow,deny\nAllow from all\nDeny from {NAME}", False),
    ("forward", f"Require forward-dns {NAME}", True),
    ("forward-none", "Require forward-dns nothing.invalid", False),
    ("forward-list", f"Require forward-dns nothing.invalid {NAME}", True),
    ("forward-bad", "Require forward-dns -x ../../bin/sh", False),
]


class World:
    """One server: a directory for each rule, and a .htaccess with a rule about a name."""

    def __init__(self, start, directory, tls):
        self.a = Site("a", directory)
        config = Config(directory, tls, Site("main", directory))
        for name, rule, _ in RULES + HOSTS:
            self.a.mkdir(name)
            self.a.file(f"{name}/x", "in\n")
            config.raw(f'<Directory "{self.a.docroot}/{name}">', rule, "</Directory>")
        self.a.mkdir("ht")
        self.a.file("ht/x", "in\n")
        self.a.file("ht/.htaccess", f"Require host {NAME}\n")
        config.raw(f'<Directory "{self.a.docroot}/ht">', "AllowOverride All", "</Directory>")
        config.vhost(self.a)
        config.vhost(self.a, tls=True)
        self.server = start(config)

    def status(self, path, how, **more):
        s = self.server
        # A resolver may need fifteen seconds for a name that is none.
        more = {"timeout": 120, **more}
        if how == "6":
            return request(s.port, path, host=self.a.name, address="::1", **more).status
        return s.get(path, self.a, tls=how == "s", **more).status


@pytest.fixture(name="world", scope="module")
def _world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


@pytest.mark.parametrize("name, rule, who", RULES, ids=[r[0] for r in RULES])
def test_who(world, name, rule, who):
    """Require ip, local, ssl, and Allow from, by where the connection comes from."""
    got = "".join(how for how in "46s" if world.status(f"/{name}/x", how) == 200)
    assert got == who, rule


@pytest.mark.parametrize("name, rule, granted", HOSTS, ids=[r[0] for r in HOSTS])
def test_host(world, name, rule, granted):
    """Names are asked for by a program of the vhost's user, and count when they lead back."""
    status = world.status(f"/{name}/x", "4", headers={"X-Name": str(NAME)})
    assert status == (200 if granted else 403), rule


def test_host_htaccess(world):
    """In a .htaccess, twice on one connection: the name is asked for once."""
    with contextlib.closing(world.server.connect()) as c:
        for _ in range(2):
            c.request("/ht/x", world.a.name)
            assert c.response().status == 200


def test_nameless(world):
    """A client without a name is let in by no name, and the log says why."""
    assert world.status("/host-other/x", "6") == 403
    if not name_of("::1"):
        world.server.wait_log(r"AH01753: access check of 'example.org' to /host-other/x failed, "
                              r"reason: unable to get", name=f"{world.a.name}-error.log")
