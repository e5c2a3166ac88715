"""Issue 2, point 9: TLS."""

import hashlib
import os
import re
import socket
import ssl
import subprocess

import pytest

from itkd import Connection, Truncated, wait_for
from itkd_site import compile_c, run
from itkd_tls import World
from itkd_tools import GONE, exchange, holder_of, s_client, secure, status_of

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
VERSIONS = pytest.mark.parametrize("version", [V12, V13], ids=["1.2", "1.3"])
REQUEST = b"GET / HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def world(module_start, module_tmp, tls):
    return World(module_start, module_tmp, tls)


def common_name(sock):
    return dict(pair for (pair,) in sock.getpeercert()["subject"])["commonName"]


# arguments of s_client, what its output shows
PROTOCOLS = [
    (["-tls1_2"], "Protocol *: TLSv1.2|New, TLSv1.2"),
    (["-tls1_3"], "New, TLSv1.3"),
    (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "alert protocol version"),
    (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "alert protocol version"),
]


@pytest.mark.parametrize("args, shown", PROTOCOLS, ids=lambda v: v[0])
def test_protocols(world, args, shown):
    """Point 9: TLS 1.2 and 1.3 by default, nothing before them."""
    done = s_client(world.server, *args, send=REQUEST % b"a.test")
    assert re.search(shown, done.stdout), done.stdout
    assert ("HTTP/1.1 200" in done.stdout) == ("alert" not in shown)


# TLS 1.2 ciphers of s_client, whether the server may take one
CIPHERS = [
    ("ECDHE+AESGCM", True),
    ("kRSA", False),
    ("AES128-SHA", False),
    ("AES256-GCM-SHA384", False),
    ("aNULL", False),
    ("eNULL", False),
]


@pytest.mark.parametrize("ciphers, taken", CIPHERS)
def test_forward_secrecy_only(world, ciphers, taken):
    """Point 9: no key exchange without forward secrecy, even with an RSA certificate."""
    done = s_client(world.server, "-tls1_2", "-cipher", ciphers + ":@SECLEVEL=0",
                    send=REQUEST % b"rsa.test", name="rsa.test")
    assert "no cipher match" not in done.stdout.lower()
    assert ("HTTP/1.1 200" in done.stdout) == taken, done.stdout
    if not taken:
        assert "alert handshake failure" in done.stdout


# SNI, whose certificate, whose page
NAMES = [
    ("a.test", "a.test", "site a\n"),
    ("A.TeSt", "a.test", "site a\n"),
    ("www.a.test", "a.test", "site a\n"),
    ("x.wild.test", "a.test", "site a\n"),
    ("b.test", "b.test", "site b\n"),
    ("second.test", "c.test", "site a\n"),
    ("unknown.test", "a.test", "site a\n"),
    (None, "a.test", "site a\n"),
]


@VERSIONS
@pytest.mark.parametrize("sni, certificate, page", NAMES)
def test_name_selects_certificate(world, sni, certificate, page, version):
    """Point 9: SNI chooses the vhost's certificate; without one it is the default vhost's."""
    with world.connect(world.context(version, version), sni) as c:
        assert common_name(c.sock) == certificate
        got = c.get("/", sni or "a.test")
        assert (got.status, got.text) == (200, page)


# signature algorithms of a client, the certificates that it gets
KINDS = [
    ("ECDSA+SHA256", ["b.test"]),
    ("RSA-PSS+SHA256", ["rsa.test", "ca"]),
    ("RSA-PSS+SHA256:ECDSA+SHA256", None),
]


def test_certificates_of_two_kinds(world):
    """Point 9: of an RSA and an ECDSA certificate each client gets one that it takes, and its
    chain; after a reload, too."""
    names = {"ca": "itkd test CA"}
    for reload in (False, True):
        if reload:
            world.server.reload()
        for version in ("-tls1_2", "-tls1_3"):
            for algorithms, subjects in KINDS:
                done = s_client(world.server, version, "-sigalgs", algorithms, "-showcerts",
                                send=REQUEST % b"b.two.test", name="b.two.test")
                assert "site b\n" in done.stdout, done.stdout
                sent = re.findall(r"^ *\d s:.*CN ?= ?(.*)", done.stdout, re.M)
                assert not subjects or sent == [names.get(n, n) for n in subjects]


# SNI, Host, status
MISDIRECTED = [
    ("a.test", "a.test", 200),
    ("a.test", "A.TEST", 200),
    ("a.test", "www.a.test", 200),
    ("a.test", "second.test", 200),
    ("a.test", "b.test", 421),
    ("a.test", "B.Test.", 421),
    ("b.test", "a.test", 421),
    ("b.test", "b.test", 200),
    ("b.test", "unknown.test", 421),
    ("second.test", "b.test", 421),
    (None, "a.test", 200),
    ("unknown.test", "unknown.test", 200),
]


@VERSIONS
@pytest.mark.parametrize("sni, host, status", MISDIRECTED)
def test_misdirected(world, sni, host, status, version):
    """Point 9: a Host of another identity than the SNI name's gets 421."""
    with world.connect(world.context(version, version), sni) as c:
        got = c.get("/", host)
        assert got.status == status
        assert status == 200 or "site " not in got.text


def test_misdirected_by_the_target(world):
    """Point 9: the authority of an absolute-form target counts, not the Host field."""
    with world.server.connect(tls="a.test") as c:
        got = c.get("https://b.test/", "a.test")
        assert got.status == 421 and "site b" not in got.text


def test_another_host_on_a_kept_connection(world):
    """Point 9 with 6: on a kept connection such a request gets 421 or no byte at all."""
    with world.server.connect(tls="a.test") as c:
        assert c.get("/", "a.test").status == 200
        c.request("/", "b.test")
        try:
            assert c.response().status == 421
        except GONE as error:
            assert not getattr(error, "raw", b"")


def test_protocol_of_a_vhost(world):
    """Point 9: SSLProtocol of a name-based vhost holds for its SNI name alone."""
    with world.connect(world.context(V13, V13), "new.test") as c:
        assert c.get("/", "new.test").status == 200
    with Connection(world.server.tls_port) as c, pytest.raises(ssl.SSLError) as raised:
        secure(c, world.context(V12, V12), "new.test")
    assert "ALERT_PROTOCOL_VERSION" in str(raised.value).upper()


# -- tickets

def ticket(world, context, name):
    """A session of a whole handshake with that vhost."""
    with world.connect(context, name) as c:
        assert not c.sock.session_reused
        assert c.get("/", name).status == 200
        session = c.sock.session
        assert session.has_ticket
        return session


def resumes(world, context, name, session, by=None):
    """Whether the server takes the ticket; by: a set that gets the front's pid."""
    with world.connect(context, name, session) as c:
        assert c.get("/", name or "a.test").status == 200
        if by is not None:
            by.add(holder_of(c.sock, world.server.fronts()))
        return c.sock.session_reused


@VERSIONS
def test_tickets_across_fronts(world, version):
    """Point 9: any front resumes a session that another front has begun."""
    context = world.context(version, version)
    session = ticket(world, context, "a.test")
    fronts, seen = set(world.server.fronts()), set()

    def all_seen():
        # Some connections at a time, so that one front alone cannot take them all.
        held = [Connection(world.server.tls_port) for _ in range(4)]
        assert resumes(world, context, "a.test", session, seen)
        for c in held:
            secure(c, context, "a.test", session)
            seen.add(holder_of(c.sock, fronts))
            assert c.get("/", "a.test").status == 200 and c.sock.session_reused
            c.close()
        return fronts <= seen

    wait_for(all_seen, 30, "each front to have resumed a session", interval=0)


@VERSIONS
def test_tickets_across_a_reload(world, version):
    """Point 9: tickets are good after reloads."""
    context = world.context(version, version)
    session = ticket(world, context, "a.test")
    for _ in range(2):
        old = world.server.fronts()
        world.server.reload()
        wait_for(lambda: not any(p.alive for p in old), 30, "the end of the old fronts")
        assert resumes(world, context, "a.test", session)


# where the ticket is from, where it is shown, whether it may be taken (None: either)
SHOWN = [
    ("a.test", "a.test", True),
    ("b.test", "b.test", True),
    ("a.test", "b.test", False),
    ("b.test", "a.test", False),
    ("b.test", None, False),
    ("b.test", "unknown.test", False),
    ("second.test", "b.test", False),
    ("a.test", "rsa.test", False),
    ("a.test", "second.test", None),
]


@VERSIONS
@pytest.mark.parametrize("source, shown, taken", SHOWN)
def test_tickets_of_another_identity(world, source, shown, taken, version):
    """Point 9: a ticket is no good at another identity's vhost: a whole handshake follows."""
    context = world.context(version, version, verify=False)
    reused = resumes(world, context, shown, ticket(world, context, source))
    assert taken is None or reused == taken


@VERSIONS
def test_resumed_session_is_no_way_around_421(world, version):
    """Point 9: a resumed connection is held to its name as well."""
    context = world.context(version, version)
    with world.connect(context, "a.test", ticket(world, context, "a.test")) as c:
        assert c.sock.session_reused
        assert c.get("/", "b.test").status == 421


@pytest.mark.parametrize("option", ["-tls1_2", "-tls1_3"])
def test_tickets_of_s_client(world, option, tmp):
    """Point 9: the same with a real client: openssl s_client -sess_out, -sess_in."""
    file = tmp / "session"
    first = s_client(world.server, option, "-sess_out", file, send=REQUEST % b"a.test")
    assert re.search(r"^New, TLS", first.stdout, re.M) and file.stat().st_size
    again = s_client(world.server, option, "-sess_in", file, send=REQUEST % b"a.test")
    assert re.search(r"^Reused, TLS", again.stdout, re.M), again.stdout
    world.server.reload()
    again = s_client(world.server, option, "-sess_in", file, send=REQUEST % b"a.test")
    assert re.search(r"^Reused, TLS", again.stdout, re.M), again.stdout
    other = s_client(world.server, option, "-sess_in", file, send=REQUEST % b"b.test",
                     name="b.test")
    assert not re.search(r"^Reused, TLS", other.stdout, re.M), other.stdout
    assert "site b" in other.stdout


# -- what is no TLS, and what is no HTTP

@pytest.mark.parametrize("name", ["a.test", "b.test", "unknown.test"])
def test_plain_http_to_the_tls_port(world, name):
    """Point 9: plain HTTP to a TLS port gets a 400 that a person can read, not a page."""
    with Connection(world.server.tls_port) as c:
        c.request("/", name)
        got = c.response()
        assert got.status == 400 and got.header("Content-Type").startswith("text/html")
        assert re.search("https|SSL|TLS", got.text) and "site " not in got.text
        assert c.at_eof()


@pytest.mark.parametrize("data", [
    b"\0" * 300, b"SSH-2.0-OpenSSH_9.2\r\n", b"\x16\x03\x01\xff\xff" + b"A" * 2000,
    b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x15\x03\x01\x00\x02\x02\x28",
    b"\x80\x2e\x01\x00\x02", os.urandom(500)], ids=lambda d: d[:8].hex())
def test_noise_to_the_tls_port(world, data):
    """Point 9: noise ends the connection, and nothing else."""
    fronts = world.server.fronts()
    with socket.create_connection(("127.0.0.1", world.server.tls_port), 15) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := s.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    assert b"site " not in answer
    assert world.server.get("/", world.a, tls=True).status == 200
    assert world.server.fronts() == fronts


KEY_UPDATES = r"""
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* PORT N: N key updates, then a request; prints the answer, and nothing where there is none. */
int main(int argc, char **argv)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	BIO *bio = BIO_new_ssl_connect(ctx);
	char buf[4096];
	SSL *ssl;
	int n;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	BIO_get_ssl(bio, &ssl);
	SSL_set_tlsext_host_name(ssl, "a.test");
	BIO_set_conn_hostname(bio, "127.0.0.1");
	BIO_set_conn_port(bio, argv[argc - 2]);
	if (BIO_do_handshake(bio) != 1)
		return 1;
	for (int i = atoi(argv[argc - 1]); i > 0; i--)
		if (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 || SSL_do_handshake(ssl) != 1)
			return 0;
	if (BIO_write(bio, request, (int)strlen(request)) > 0)
		while ((n = BIO_read(bio, buf, sizeof(buf))) > 0)
			fwrite(buf, 1, (size_t)n, stdout);
	return 0;
}
"""


def test_key_updates_have_a_bound(world, tmp):
    """Point 9: new keys without end (RFC 8446 section 4.6.3) would take all of a front's time."""
    client = compile_c(KEY_UPDATES, tmp / "client", "-lssl", "-lcrypto")

    def answer(n):
        return run(client, world.server.tls_port, n)

    fronts = world.server.fronts()
    assert answer(20).endswith("site a\n")
    assert answer(1000) == ""
    assert world.server.get("/", world.a, tls=True).status == 200
    assert world.server.fronts() == fronts


def test_tls_to_the_plain_port(world):
    """Point 9: a ClientHello on a plain port is a bad request, and the connection ends."""
    with Connection(world.server.port) as c, pytest.raises((ssl.SSLError, ConnectionResetError)):
        secure(c, world.context(), "a.test")
    raw = exchange(world.server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"A" * 500)
    assert status_of(raw) in (0, 400) and b"site " not in raw


# what the client offers, what is selected; None: the alert
ALPN = [
    (["http/1.1"], "http/1.1"),
    (["h2", "http/1.1"], "http/1.1"),
    (["http/1.1", "h2"], "http/1.1"),
    (["h2"], None),
    (["http/1.1x"], None),
    (["h2", "h3", "spdy/3"], None),
]


@VERSIONS
@pytest.mark.parametrize("offered, selected", ALPN)
def test_alpn(world, offered, selected, version):
    """Point 9: http/1.1 by ALPN; without a protocol in common the alert (RFC 7301)."""
    context = world.context(version, version, alpn=offered)
    with Connection(world.server.tls_port) as c:
        if selected:
            secure(c, context, "a.test")
            assert c.sock.selected_alpn_protocol() == selected
            assert c.get("/", "a.test").text == "site a\n"
        else:
            with pytest.raises(ssl.SSLError) as raised:
                secure(c, context, "a.test").sock.recv(1)
            assert "NO APPLICATION PROTOCOL" in str(raised.value).upper().replace("_", " ")


# -- data and ends

def test_head_in_small_records(world):
    """Point 9: a head that comes a byte a record is a head."""
    with world.server.connect(tls="a.test") as c:
        for byte in REQUEST % b"a.test":
            c.send(bytes([byte]))
        assert c.response().text == "site a\n"


def test_download_and_upload(world):
    """Point 9: 1 MiB each way, byte for byte, several times."""
    data = os.urandom(1 << 20)
    world.a.file("one.bin", data)
    for _ in range(5):
        with world.server.connect(tls="a.test") as c:
            for _ in range(2):
                assert c.get("/one.bin", "a.test").body == data
            got = c.get("/cgi-bin/digest", "a.test", "POST", body=data)
            assert got.text.split()[0] == hashlib.sha256(data).hexdigest()


def test_whole_answer_ends_with_close_notify(world):
    """Point 9: an answer whose end is the end of the connection has its close_notify."""
    for path in ("/", "/cgi-bin/digest"):
        with world.server.connect(tls="a.test") as c:
            c.request(path, "a.test", version="HTTP/1.0")
            c.read_all()


STAYS = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n{}\\r\\nsome'\nexec sleep 600\n"
# name, what the program says of its length, HTTP version
FRAMINGS = [
    ("length", "Content-Length: 1000\\r\\n", "1.1"),
    ("chunked", "", "1.1"),
    ("close", "", "1.0"),
]


@pytest.mark.parametrize("name, field, version", FRAMINGS)
def test_killed_child_is_a_truncated_answer(world, name, field, version):
    """Point 9: kill -9 of the child in mid-answer: no close_notify, so nobody takes it as whole."""
    world.a.cgi(f"stays-{name}", STAYS.format(field))
    with world.server.connect(tls="a.test") as c:
        c.request(f"/cgi-bin/stays-{name}", "a.test", version=f"HTTP/{version}")
        c._until(b"some")
        for child in world.server.children():
            child.kill(9)
        with pytest.raises(GONE):
            c.read_all()


@pytest.mark.parametrize("name, field, version", FRAMINGS)
def test_killed_child_seen_by_curl(world, name, field, version):
    """Point 9: curl reports the truncated answer."""
    world.a.cgi(f"stays-{name}", STAYS.format(field))
    port = world.server.tls_port
    with subprocess.Popen(
            ["curl", "-sS", "-N", "--noproxy", "*", "--max-time", "30", "--cacert",
             world.tls.ca, "--resolve", f"a.test:{port}:127.0.0.1", f"--http{version}", "--no-alpn",
             f"https://a.test:{port}/cgi-bin/stays-{name}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE) as popen:
        assert popen.stdout.read(4) == b"some"
        for child in world.server.children():
            child.kill(9)
        popen.communicate(timeout=60)
    assert popen.returncode in (18, 35, 56), "curl took it for a whole answer"


def test_client_that_reads_nothing_more(world):
    """Point 10: its connection ends even where the child left bytes of it unread."""
    world.b.file("much", b"", 0o644)
    os.truncate(world.b.docroot / "much", 64 << 20)
    with world.connect(world.context(verify=False), "slow.test") as c:
        c.send(b"GET /much HTTP/1.1\r\nHost: slow.test\r\n\r\n" + b"x" * 200_000)
        wait_for(lambda: c.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 60, "a reset")


def test_killed_child_of_a_static_file(world):
    """Point 9: the same in the middle of a file that is sent."""
    path = world.a.file("large.bin", b"")
    os.truncate(path, 64 << 20)
    with world.server.connect(tls="a.test", receive_buffer=65536) as c:
        c.request("/large.bin", "a.test")
        c._until(b"\r\n\r\n")
        for child in wait_for(world.server.children, 30, "the child"):
            child.kill(9)
        with pytest.raises((Truncated, ConnectionResetError)):
            c.read_all()
    wait_for(lambda: not world.server.children(), 30, "the end of the child")
