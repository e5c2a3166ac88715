"""TLS: certificates, keys and commands for OpenSSL that a configuration names, wrong ones too."""

import re
import signal

import pytest
from itkd import Config, Server, Site
from itkd_site import run
from itkd_tools import s_client

REQUEST = b"GET / HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n"


def _other_key(tls, tmp):
    return tls.cert("a.test"), tls.key("b.test")


def _no_key(tls, tmp):
    return tls.cert("a.test"), tmp / "missing.key"


def _no_certificate(tls, tmp):
    return tmp / "missing.pem", tls.key("a.test")


def _garbage(tls, tmp):
    (tmp / "garbage.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n")
    return tmp / "garbage.pem", tls.key("a.test")


def _swapped(tls, tmp):
    return tls.key("a.test"), tls.cert("a.test")


def _empty(tls, tmp):
    (tmp / "empty.pem").write_text("")
    return tmp / "empty.pem", tls.key("a.test")


def _passphrase(tls, tmp):
    run("openssl", "ec", "-in", tls.key("a.test"), "-aes128", "-passout", "pass:x", "-out",
        tmp / "locked.key")
    return tls.cert("a.test"), tmp / "locked.key"


def _second_other_key(tls, tmp):
    more = f'"\nSSLCertificateFile "{tls.cert("b.test")}"\nSSLCertificateKeyFile "'
    return tls.cert("a.test"), f'{tls.key("a.test")}{more}{tls.key("a.test")}'


WRONG = [_other_key, _second_other_key, _no_key, _no_certificate, _garbage, _swapped, _empty,
         _passphrase]


def with_wrong_key(tls, make, directory):
    """A config whose last TLS vhost has a certificate or key that is wrong, and its lines."""
    config = Config(directory, tls, Site("main", directory))
    site = Site("b", directory)
    config.vhost(Site("a", directory), tls=True)
    cert, key = make(tls, directory)
    name = "wrong.test"
    config.raw(f"<VirtualHost *:{config.tls_port}>", f"ServerName {name}",
               f"AssignUserID {site.user} {site.group}", f'DocumentRoot "{site.docroot}"',
               "SSLEngine on", f'SSLCertificateFile "{cert}"', f'SSLCertificateKeyFile "{key}"',
               "</VirtualHost>")
    lines = config.text().splitlines()
    start = lines.index(f"ServerName {name}")
    return config, {n + 1 for n in range(start - 1, len(lines))}


@pytest.mark.parametrize("make", WRONG, ids=lambda f: f.__name__)
def test_check_of_keys(tls, make, tmp):
    """Point 9: keys are checked against their certificates at -t, with file and line."""
    config, lines = with_wrong_key(tls, make, tmp)
    config.write()
    done = Server(config).itkd("-t")
    assert done.returncode == 1 and "Syntax OK" not in done.stderr
    found = {int(n) for n in re.findall(re.escape(str(config.file)) + r":(\d+)", done.stderr)}
    assert found and found <= lines, done.stderr
    if "other_key" in make.__name__:
        assert re.search("AH02565: Certificate and private key wrong.test:.* do not match",
                         done.stderr)


def test_wrong_key_at_reload(tmp, start, tls):
    """Point 9 with 12: a reload with a key that does not fit changes nothing."""
    config = Config(tmp, tls, Site("main", tmp))
    site = Site("a", tmp)
    index = config.vhost(site, tls=True)
    server = start(config)
    config.drop(index)
    config.vhost(site, tls=True, key="b.test")
    config.write()
    where = re.escape(str(config.file)) + r":\d+"
    done = server.itkd("-k", "graceful")
    assert done.returncode == 1 and re.search(where, done.stderr)
    server.master.kill(signal.SIGUSR1)
    server.wait_log(where)
    assert server.get("/", site, tls=True).text == "site a\n"


def test_openssl_commands(start, config, site_a, site_b):
    """SSLOpenSSLConfCmd: of the virtual host that SNI names, over the main server's."""
    config.main("SSLOpenSSLConfCmd Curves secp384r1:X25519",
                "SSLOpenSSLConfCmd DHParameters /nonexistent.pem")
    config.vhost(site_a, tls=True)
    config.vhost(site_b, "SSLOpenSSLConfCmd ECDHParameters P-256",
                 "SSLOpenSSLConfCmd Options PrioritizeChaCha,-SessionTicket", tls=True)
    server = start(config)
    for name, group, taken in (
            ("a.test", "X25519", True), ("a.test", "secp384r1", True), ("a.test", "P-256", False),
            ("b.test", "P-256", True), ("b.test", "X25519", False)):
        done = s_client(server, "-servername", name, "-groups", group,
                        send=REQUEST % name.encode())
        assert ("200 OK" in done.stdout) == taken, (name, group, done.stdout + done.stderr)


@pytest.mark.parametrize("command, why", [
    ("Curves no-such-curve", 'OpenSSL does not take it: "Curves no-such-curve"'),
    ("PrivateKey /etc/shadow", "SSLCertificateFile"), ("MinProtocol TLSv1", "SSLProtocol"),
    ("Nonsense x", "Nonsense is not taken")])
def test_openssl_commands_refused(config, site_a, command, why):
    config.vhost(site_a, f"SSLOpenSSLConfCmd {command}", tls=True)
    config.write()
    done = Server(config).itkd("-t")
    assert done.returncode == 1 and why in done.stderr, done.stderr
