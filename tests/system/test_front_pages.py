"""The pages that the front makes itself: ErrorDocument's text, as Apache takes it for them."""

import pytest

BAD = b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"
LONG = b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a.test\r\n\r\n"


@pytest.mark.parametrize("sni", [None, "a.test"], ids=["plain", "tls"])
def test_error_document(start, config, site_a, site_b, sni):
    """That of the address's first virtual host, and of the main server where it has none."""
    config.main('ErrorDocument 400 "of the <b>main</b> server"', 'ErrorDocument 414 "of all"',
                "ErrorDocument 431 /page.html", 'ErrorDocument 403 "%{REQUEST_URI}"',
                'ErrorDocument 413 "beyond count"', 'ErrorDocument 501 "no such coding"')
    for secure in (False, True):
        config.vhost(site_a, 'ErrorDocument 414 "of a"', "ErrorDocument 503 default", tls=secure)
        config.vhost(site_b, 'ErrorDocument 400 "of b"', tls=secure)
    server = start(config)

    def ask(data):
        with server.connect(tls=sni) as c:
            c.send(data)
            return c.response()

    bad, long = ask(BAD), ask(LONG)
    assert (bad.status, bad.text) == (400, "of the <b>main</b> server")
    assert (long.status, long.text) == (414, "of a")
    assert bad.header("Content-Type") == "text/html; charset=iso-8859-1"
    for field, status, text in (("Content-Length: " + "9" * 20, 413, "beyond count"),
                                ("Transfer-Encoding: x, chunked", 501, "no such coding")):
        framed = ask(f"POST / HTTP/1.1\r\nHost: a.test\r\n{field}\r\n\r\n")
        assert (framed.status, framed.text) == (status, text)
    # A path of the server is nothing that a front could look up.
    large = ask(b"GET / HTTP/1.1\r\nHost: a.test\r\nX: " + b"x" * 9000 + b"\r\n\r\n")
    assert large.status == 431 and "<title>431 " in large.text
