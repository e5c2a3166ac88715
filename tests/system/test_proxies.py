"""
Issue 5, point 6: the examples of conf/proxies run as they are, with the real proxies, and every
setting for pools of connections that docs/MIGRATING.md names loses no request.
"""

import http.client
import re
from pathlib import Path

import pytest

from itkd import Config, Connection, Site, amount, free_port
from itkd_proxies import Proxy, haproxy, load, nginx

EXAMPLES = Path(__file__).resolve().parents[2] / "conf/proxies"
ENV = "#!/bin/sh\necho 'Content-Type: text/plain'\necho\ncat > /dev/null\nenv\n"
REQUESTS = amount(160, 5000)
HOSTS = ["a.test", "b.test"]


def server(start, directory, tls, *main, lines=()):
    """Two users' sites, at .front. lines: of these."""
    config = Config(directory, tls, Site("main", directory), KeepAliveTimeout=60,
                    MinSpareServers=8, MaxSpareServers=16)
    port = free_port()
    config.main(f"Listen {port}", *main)
    for letter in "ab":
        site = Site(letter, directory)
        site.cgi("env", ENV)
        config.vhost(site, *lines, f'CustomLog "{config.logs}/{letter}-who.log" "%{{remote}}p"',
                     address=f"*:{port}")
    itkd = start(config)
    itkd.front = port
    return itkd


def ported(name, backend):
    """An example with the ports of this test: {port} and the backend's, and nothing else."""
    text = (EXAMPLES / name).read_text()
    text, n = re.subn(r"127\.0\.0\.1:8080(?= send|;)", f"127.0.0.1:{backend}", text)
    text, m = re.subn(r"(bind :|listen )80\b", r"\g<1>{port}", text)
    assert (n, m) == (1, 1), name
    return text


def example_nginx(directory, backend):
    own = "".join(f"{what}_temp_path {directory}/{what};\n"
                  for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    text = (f"daemon off;\nmaster_process off;\npid {directory}/nginx.pid;\nevents {{}}\n"
            f"error_log {directory}/error.log;\nhttp {{\naccess_log off;\n{own}"
            f"{ported('nginx.conf', backend)}}}\n")
    return Proxy(directory, "nginx", text, ["/usr/sbin/nginx", "-p", str(directory), "-e",
                                            f"{directory}/start.log", "-c", "{file}"])


def example_haproxy(directory, backend):
    return Proxy(directory, "haproxy", ported("haproxy.cfg", backend),
                 ["/usr/sbin/haproxy", "-db", "-f", "{file}"])


@pytest.mark.parametrize("make, protocol", [(example_nginx, False), (example_haproxy, True)],
                         ids=["nginx", "haproxy"])
def test_examples(start, tmp, tls, make, protocol):
    """Both sides of an example: the client's address arrives, and no request is lost."""
    example = EXAMPLES / "behind-a-proxy.conf"
    assert "\n#RemoteIPProxyProtocol On\n" in example.read_text()
    itkd = server(start, tmp, tls, f'Include "{example}"',
                  lines=["RemoteIPProxyProtocol On"] if protocol else [])
    proxy = make(tmp, itkd.front).start()
    try:
        c = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=60,
                                       source_address=("127.0.0.77", 0))
        c.request("GET", "/cgi-bin/env", headers={"Host": "b.test"})
        answer = c.getresponse().read()
        c.close()
        failures = load(proxy.port, HOSTS, REQUESTS)
    finally:
        proxy.stop()
    assert b"\nREMOTE_ADDR=127.0.0.77\n" in answer and b"\nSERVER_NAME=b.test\n" in answer
    assert not failures, (len(failures), failures[:5])


def connections(itkd):
    """How many connections had the requests of the sites' logs."""
    seen = [line for letter in "ab"
            for line in itkd.log(f"{letter}-who.log").splitlines()]
    return len(set(seen)), len(seen)


NGINX_EACH = """
		set $pool none;
		if ($host = a.test) { set $pool a; }
		if ($host = b.test) { set $pool b; }
"""


def nginx_of_each_site(directory, backend):
    proxy = nginx(directory, backend, "proxy_set_header X-Forwarded-For $remote_addr;" + NGINX_EACH)
    text = proxy.file.read_text().replace("proxy_pass http://itkd;", "proxy_pass http://$pool;")
    one = re.search(r"upstream itkd (\{.*\})", text)[1]
    proxy.file.write_text(text.replace("upstream itkd " + one,
                                       f"upstream a {one}\n\tupstream b {one}"))
    return proxy


def haproxy_of_each_site(directory, backend):
    proxy = haproxy(directory, backend, lines="option forwardfor")
    text = proxy.file.read_text()
    one = re.search(r"\tserver itkd .*", text)[0]
    text = text.replace("\tdefault_backend itkd", "\tuse_backend %[req.hdr(host)]")
    text = re.sub(r"(?s)backend itkd\n.*", "", text)
    proxy.file.write_text(text + "".join(f"backend {host}\n{one}\n" for host in HOSTS))
    return proxy


def nginx_that_repeats(directory, backend):
    return nginx(directory, backend, "proxy_set_header X-Forwarded-For $remote_addr;\n"
                 "proxy_next_upstream error timeout non_idempotent;")


@pytest.mark.parametrize("make, few", [
    (nginx_of_each_site, True), (haproxy_of_each_site, True), (nginx_that_repeats, False)],
    ids=["nginx", "haproxy", "nginx-repeats"])
def test_connections_are_kept(start, tmp, tls, make, few):
    """RemoteIPKeepAlive: with a pool for each site, connections serve many requests; none fails."""
    itkd = server(start, tmp, tls, "RemoteIPInternalProxy 127.0.0.1",
                  "RemoteIPHeader X-Forwarded-For", "RemoteIPKeepAlive On")
    proxy = make(tmp, itkd.front).start()
    try:
        failures = load(proxy.port, HOSTS, REQUESTS)
    finally:
        proxy.stop()
    assert not failures, (len(failures), failures[:5])
    itkd.wait_idle()  # a line follows its answer
    used, requests = connections(itkd)
    assert requests >= REQUESTS and (not few or used < REQUESTS / 3), (used, requests)


def test_https_target_from_a_proxy(start, tmp, tls):
    """RFC 9110 section 7.4: only a trusted gateway asks for an https resource without TLS."""
    itkd = server(start, tmp, tls, "RemoteIPInternalProxy 127.0.0.1")
    for source, status in (("127.0.0.1", 200), ("::1", 421)):
        with Connection(itkd.front, source) as c:
            c.send("GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n")
            assert c.response().status == status
