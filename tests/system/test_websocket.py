"""WebSocket through mod_proxy and mod_proxy_wstunnel."""

import contextlib

import pytest
from itkd import in_time, wait_for
from itkd_backend import WebSocket, websocket


def websocket_config(config, site, origin, **how):
    config.main("ProxyTimeout 120")
    config.vhost(
        site,
        f"ProxyPass /ws/ ws://127.0.0.1:{origin.port}/",
        f"ProxyPass /up/ http://127.0.0.1:{origin.port}/up/ upgrade=websocket",
        f"ProxyPass /plain/ http://127.0.0.1:{origin.port}/plain/",
        "RewriteEngine On",
        "RewriteCond %{HTTP:Upgrade} websocket [NC]",
        "RewriteCond %{HTTP:Connection} upgrade [NC]",
        f"RewriteRule ^/?rule/(.*) \"ws://127.0.0.1:{origin.port}/$1\" [P,L]",
        f"ProxyPass /rule/ http://127.0.0.1:{origin.port}/", **how)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("place", ["ws", "up", "rule"])
def test_websocket(config, start, site_a, backend, place, secure):
    origin = backend(websocket)
    websocket_config(config, site_a, origin, tls=secure)
    server = start(config)
    with server.connect(tls=site_a.name if secure else None) as c:
        ws = WebSocket(c, f"/{place}/chat?room=1", site_a.name)
        assert (ws.status, ws.accepted) == (101, True)
        assert "Upgrade: websocket" in ws.head and "Connection: Upgrade" in ws.head
        assert ws.receive() == b"hello"
        for data in (b"one", b"x" * 70000, b"", bytes(range(256)) * 8192):
            ws.send(data, opcode=2)
            assert ws.receive() == data
        ws.send(b"", opcode=8)
        assert ws.receive() == b""
        assert c.sock.recv(1) == b""
    assert origin.asks[0].field("Sec-WebSocket-Version") == "13"
    server.wait_log(r'"GET /\w+/chat\?room=1 HTTP/1.1" 101', "a.test-access.log")


@pytest.mark.parametrize("place", ["ws", "rule", "plain"])
def test_no_websocket_without_upgrade(config, start, site_a, backend, place):
    origin = backend(websocket)
    websocket_config(config, site_a, origin)
    server = start(config)
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"} if place == "plain" else {}
    answer = server.get(f"/{place}/x", site_a, headers=headers)
    assert (answer.status, answer.body) == (200, b"no websocket asked for")


def test_an_idle_websocket_ends(config, start, site_a, backend):
    """For the longer one of both sides' timeouts, as in Apache."""
    origin = backend(websocket)
    config.vhost(site_a, "Timeout 1",
                 f"ProxyPass /idle/ ws://127.0.0.1:{origin.port}/idle/ timeout=1",
                 f"ProxyPass /busy/ ws://127.0.0.1:{origin.port}/busy/ timeout=120")
    config.vhost(site_a, "ProxyTimeout 1", f"ProxyPass / ws://127.0.0.1:{origin.port}/",
                 name="patient.test")
    server = start(config)

    def opened():
        ws = WebSocket(server.connect(), "/idle/", site_a.name)
        assert ws.receive() == b"hello"
        return ws.connection

    with contextlib.ExitStack() as stack:
        others = [WebSocket(stack.enter_context(server.connect()), path, host)
                  for path, host in (("/busy/", site_a.name), ("/", "patient.test"))]
        with in_time(1, opened) as c:
            assert c.sock.recv(1) == b""
        for ws in others:
            assert ws.receive() == b"hello"
            ws.send(b"still here")
            assert ws.receive() == b"still here"


def test_a_websocket_outlives_a_reload(config, start, site_a, backend):
    origin = backend(websocket)
    websocket_config(config, site_a, origin)
    server = start(config)
    with server.connect() as c:
        ws = WebSocket(c, "/ws/", site_a.name)
        assert ws.receive() == b"hello"
        server.reload()
        ws.send(b"still here")
        assert ws.receive() == b"still here"
    # And ends with its client.
    wait_for(lambda: len(origin.socks) == 1 and origin.socks[0].fileno() == -1, 30,
             "the backend's connection to end")
