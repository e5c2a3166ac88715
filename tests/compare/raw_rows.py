"""
What is sent to the three servers: ROWS[group][name] = (bytes as latin-1 text, alone). Used by
test_raw.py; what becomes of each is in raw_outcomes.tsv. alone: no second request behind it.
"""

HOST = "Host: a.test\r\n"
ROWS = {}


def add(group, name, data, alone=False):
    rows = ROWS.setdefault(group, {})
    assert name not in rows, name
    rows[name] = (data, alone)


def req(fields="", line="GET / HTTP/1.1", host=HOST, body=""):
    return f"{line}\r\n{host}{fields}\r\n{body}"


def post(fields="", body="", line="POST /echo HTTP/1.1", host=HOST):
    return req(fields, line, host, body)


INNER = "GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"
CONTROLS = {"NUL": "\0", "BEL": "\a", "BS": "\b", "VT": "\v", "FF": "\f", "ESC": "\x1b",
            "US": "\x1f", "DEL": "\x7f"}
OTHERS = {**CONTROLS, "HTAB": "\t", "obs-text": "\xe9"}


def lines():
    g = "lines"
    add(g, "a plain GET", req())
    add(g, "bare LF ends the request-line", "GET / HTTP/1.1\nHost: a.test\r\n\r\n")
    add(g, "bare LF ends a field line", "GET / HTTP/1.1\r\nHost: a.test\nX: y\r\n\r\n")
    add(g, "bare LF ends the head", "GET / HTTP/1.1\r\nHost: a.test\r\n\n")
    add(g, "bare LF everywhere", "GET / HTTP/1.1\nHost: a.test\n\n")
    add(g, "LF CR ends a line", "GET / HTTP/1.1\r\nHost: a.test\n\rX: y\r\n\r\n")
    add(g, "bare CR in the request-line", "GET / HTTP/1.1\rHost: a.test\r\n\r\n")
    add(g, "bare CR in a value", req("X: a\rb\r\n"))
    add(g, "bare CR in a name", req("X\ra: b\r\n"))
    add(g, "bare CR before a field", req("\rX: a\r\n"))
    add(g, "CR CR LF ends a line", req("X: a\r\r\n"))
    add(g, "CR hides a field", req("X: a\rContent-Length: 5\r\n"))
    add(g, "CR LF CR ends the head", "GET / HTTP/1.1\r\nHost: a.test\r\n\r")
    for what, char in CONTROLS.items():
        add(g, f"{what} in a value", req(f"X: a{char}b\r\n"))
    for what, char in OTHERS.items():
        add(g, f"{what} in a name", req(f"X{char}Y: ab\r\n"))
        add(g, f"{what} in the target", req(line=f"GET /a{char}b HTTP/1.1"))
        add(g, f"{what} in the method", req(line=f"GE{char}T / HTTP/1.1"))
    for what in ("NUL", "VT", "FF"):
        char = CONTROLS[what]
        add(g, f"{what} instead of SP", req(line=f"GET{char}/{char}HTTP/1.1"))
    add(g, "obs-text in the query", req(line="GET /?\xe9 HTTP/1.1"))
    add(g, "obs-text in a value", req("X: caf\xe9\r\n"))
    add(g, "NUL behind the name", req("X\0: a\r\n"))
    add(g, "NUL before the head", "\0" + req())
    for n in (1, 2, 10, 11, 30):
        add(g, f"empty lines before: {n}", "\r\n" * n + req())
    for what, char in (("a bare LF", "\n"), ("a bare CR", "\r"), ("SP", " "), ("HTAB", "\t"),
                       ("SP CRLF", " \r\n")):
        add(g, f"{what} before", char + req())
    add(g, "no end of the head", "GET / HTTP/1.1\r\nHost: a.test\r\n", True)
    add(g, "half a field line", "GET / HTTP/1.1\r\nHost: a.t", True)
    add(g, "half a request-line", "GET / HTT", True)
    add(g, "nothing", "", True)
    add(g, "an empty line alone", "\r\n", True)
    add(g, "CR alone", "\r", True)


VERSIONS = (
    "HTTP/1.0", "HTTP/1.2", "HTTP/1.9", "HTTP/0.9", "HTTP/0.0", "HTTP/2.0", "HTTP/2", "HTTP/3.0",
    "HTTP/9.9", "HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/1.10", "HTTP/01.1", "HTTP/1.01",
    "HTTP/10.1", "HTTP/11.11", "HTTP/1.1.1", "HTTP/1,1", "HTTP/1.x", "HTTP/-1.1", "HTTP/ 1.1",
    "HTTP /1.1", "http/1.1", "Http/1.1", "HTTPS/1.1", "HTP/1.1", "ICY/1.0", "XTTP/1.1", "/1.1",
    "1.1", "HTTP/1.1\0", "HTTP/1.1;x")


def request_line():
    g = "request-line"
    add(g, "HTTP/0.9", "GET /\r\n")
    add(g, "HTTP/0.9 alone", "GET /\r\n", True)
    add(g, "HTTP/0.9 without a target", "GET\r\n\r\n")
    add(g, "HTTP/0.9 with a bare LF", "GET /\n", True)
    for name, line in (
            ("the method alone", "GET "), ("no method", "/ HTTP/1.1"),
            ("no method but SP", " / HTTP/1.1"), ("no target", "GET HTTP/1.1"),
            ("no target but two SP", "GET  HTTP/1.1"), ("no version but SP", "GET / "),
            ("two SP before the target", "GET  / HTTP/1.1"),
            ("two SP before the version", "GET /  HTTP/1.1"),
            ("SP at the end", "GET / HTTP/1.1 "), ("HTAB at the end", "GET / HTTP/1.1\t"),
            ("HTAB before the target", "GET\t/ HTTP/1.1"),
            ("HTAB before the version", "GET /\tHTTP/1.1"),
            ("SP in the target", "GET /a b HTTP/1.1"),
            ("a fourth word", "GET / HTTP/1.1 HTTP/1.1"), ("a fragment", "GET /#a HTTP/1.1"),
            ("PRI of HTTP/1.1", "PRI * HTTP/1.1"), ("RTSP", "OPTIONS * RTSP/1.0")):
        add(g, name, req(line=line))
    for c in '"<>\\^`{|}':
        add(g, f"{c} in the target", req(line=f"GET /{c} HTTP/1.1"))
        add(g, f"{c} in the query", req(line=f"GET /?{c} HTTP/1.1"))
    for v in VERSIONS:
        add(g, f"version {v!a}", req(line=f"GET / {v}"))
    add(g, "a preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", True)
    add(g, "a ClientHello", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", True)
    add(g, "SSH", "SSH-2.0-OpenSSH_9.2\r\n", True)
    add(g, "PROXY protocol version 1", "PROXY TCP4 127.0.0.1 127.0.0.1 1 80\r\n" + req())


def target():
    g = "target"
    add(g, "Host of another name", req(host="Host: b.test\r\n"))
    for name, form in (
            ("", "http://a.test/"), (" wins over Host", "http://b.test/"),
            (" without a path", "http://a.test"), (" with a query alone", "http://a.test?x"),
            (" with a port", "http://b.test:80/"), (" in upper case", "HTTP://B.TEST/"),
            (" of https", "https://a.test/"), (" of https with a port", "https://b.test:443/"),
            (" of ftp", "ftp://a.test/"),
            (" with userinfo", "http://u@b.test/"),
            (" with userinfo of a host", "http://a.test@b.test/"),
            (" with no host", "http:///"), (" with a port alone", "http://:80/"),
            (" with a bad port", "http://a.test:x/"), (" with port 0", "http://a.test:0/"),
            (" with port 99999", "http://a.test:99999/"),
            (" with a backslash", "http://b.test\\@a.test/"),
            (" with one slash", "http:/a.test/"), (" of a scheme alone", "http:")):
        add(g, f"absolute-form{name}", req(line=f"GET {form} HTTP/1.1"))
    for name, host in (("an unknown host", "Host: c.test\r\n"), ("a bad Host", "Host: a b\r\n"),
                       ("two Hosts", HOST + HOST), ("an empty Host", "Host:\r\n"),
                       ("no Host", "")):
        add(g, f"absolute-form and {name}", req(line="GET http://b.test/ HTTP/1.1", host=host))
    add(g, "absolute-form and no Host, HTTP/1.0", req(line="GET http://b.test/ HTTP/1.0", host=""))
    for name, line in (
            ("a target without a slash", "GET probe"), ("a query alone", "GET ?x"),
            ("two slashes", "GET //"), ("two slashes and a host", "GET //b.test/"),
            ("authority-form with GET", "GET a.test:80"), ("asterisk-form with GET", "GET *"),
            ("asterisk-form with HEAD", "HEAD *"), ("OPTIONS *", "OPTIONS *"),
            ("OPTIONS **", "OPTIONS **"), ("OPTIONS /*", "OPTIONS /*"), ("OPTIONS /", "OPTIONS /"),
            ("OPTIONS of an absolute-form without a path", "OPTIONS http://a.test"),
            ("CONNECT", "CONNECT a.test:443"), ("CONNECT without a port", "CONNECT a.test"),
            ("CONNECT /", "CONNECT /"), ("CONNECT *", "CONNECT *"),
            ("CONNECT of an absolute-form", "CONNECT http://a.test/"),
            ("%00", "GET /%00"), ("%2F", "GET /a%2Fb"), ("%zz", "GET /%zz"),
            ("% at the end", "GET /%"), ("%0d%0a", "GET /%0d%0aX:%20y"),
            ("dot segments", "GET /x/../probe"), ("dot segments above the root", "GET /../probe"),
            ("encoded dot segments above the root", "GET /%2e%2e/probe"),
            ("many dot segments above the root", "GET /../../../../etc/passwd"),
            ("unreserved ones encoded", "GET /%70robe")):
        add(g, name, req(line=f"{line} HTTP/1.1"))
    add(g, "asterisk-form with POST", req("Content-Length: 0\r\n", line="POST * HTTP/1.1"))
    add(g, "OPTIONS * without Host", req(line="OPTIONS * HTTP/1.1", host=""))
    add(g, "CONNECT with a request in its tunnel",
        req(line="CONNECT a.test:80 HTTP/1.1", body=INNER))
    for n in (8190, 8191, 20000):
        add(g, f"a request-line of {n} bytes", req(line=f"GET /?{'x' * (n - 15)} HTTP/1.1"))


FRAMING = {"X": ("y", ""), "Host": ("b.test", ""), "Content-Length": ("5", "hello"),
           "Transfer-Encoding": ("chunked", "0\r\n\r\n")}


def fields():
    g = "fields"
    for name, (value, body) in FRAMING.items():
        make = post if body else req
        host = "" if name == "Host" else HOST
        for what, char in (("SP", " "), ("HTAB", "\t"), ("two SP", "  ")):
            add(g, f"{what} before the colon of {name}",
                make(f"{name}{char}: {value}\r\n", host=host, body=body))
        add(g, f"a folded {name}", make(f"{name}:\r\n {value}\r\n", host=host, body=body))
    for name, text in (
            ("SP in a name", "X Y: z"), ("no colon", "nothing"), ("no colon but SP", "X 5"),
            ("no name", ": x"), ("a colon alone", ":"), ("an empty value", "X:"),
            ("SP as a value", "X: "), ("no SP behind the colon", "X:y"),
            ("HTAB behind the colon", "X:\ty\t"), ("many colons", "X: a:b::c"),
            ("every tchar in a name", "!#$%&'*+-.^_`|~09azAZ: z"),
            ("a digit at the start of a name", "1X: z"),
            ("a line folded by HTAB", "X: a\r\n\tb"), ("an empty folded line", "X: a\r\n "),
            ("the status line of an answer", "HTTP/1.1 200 OK"),
            ("a request-line among the fields", "GET /smuggled HTTP/1.1"),
            ("a field line of 8190 bytes", "X: " + "y" * 8187),
            ("a field line of 8191 bytes", "X: " + "y" * 8188),
            ("a field line of 20000 bytes", "X: " + "y" * 20000),
            ("a name of 8200 bytes", "X" * 8200 + ": y"),
            ("a control character in Cookie", "Cookie: a=\x01")):
        add(g, name, req(text + "\r\n"))
    for c in '"(),/;<=>?@[\\]{}':
        add(g, f"{c} in a name", req(f"X{c}Y: z\r\n"))
    add(g, "a name that is folded before its colon",
        post("Transfer-Encoding\r\n : chunked\r\nContent-Length: 5\r\n", "hello"))
    for name, first in (("a folded first line", " Host: a.test"),
                        ("a folded first line before Host", " X: y\r\nHost: a.test"),
                        ("HTAB before the first field", "\tX: y\r\nHost: a.test"),
                        ("SP alone as the first line", " \r\nHost: a.test")):
        add(g, name, f"GET / HTTP/1.1\r\n{first}\r\n\r\n")
    add(g, "a Transfer-Encoding in a folded line",
        post("X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "hello"))
    for n in (100, 101):
        add(g, f"fields: {n}", req("".join(f"X{i}: y\r\n" for i in range(n - 1))))
    add(g, "nine fields of 8 KiB", req("".join(f"X{i}: {'y' * 8180}\r\n" for i in range(9))))
    for value in ("close", "Close", "keep-alive, close", "close, keep-alive",
                  "keep-alive\r\nConnection: close", "close\r\nConnection: keep-alive",
                  "x-close", "Host",
                  "upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"):
        add(g, f"Connection: {value[:40]!a}", req(f"Connection: {value}\r\n"))
    add(g, "Connection: Content-Length",
        post("Connection: Content-Length\r\nContent-Length: 5\r\n", "hello"))
    for value in ("close", "keep-alive"):
        add(g, f"Proxy-Connection: {value}", req(f"Proxy-Connection: {value}\r\n"))
    for value in ("", "keep-alive", "Keep-Alive, close"):
        add(g, f"HTTP/1.0, Connection: {value}",
            req(f"Connection: {value}\r\n", line="GET / HTTP/1.0"))


GOOD_HOSTS = (
    "A.TEST", "b.test:80", "a.test:", "a.test.", ".a.test", "a_b.test", "a-b.test", "none.test",
    "127.0.0.1", "[::1]", "[::1]:80", "[::ffff:127.0.0.1]", "a.test\t", "\ta.test", "-", "~")
BAD_HOSTS = (
    "a.test..", "a..test", "[v1.x]", "a test", "a.test b.test", "a.test, b.test", "a.test,b.test",
    "a.test/", "a.test/b.test", "/a.test", "a.test?x", "a.test#x", "user@a.test", "a.test@b.test",
    "a.test:x", "a.test:-1", "a.test:+80", "a.test:0", "a.test:65536", "a.test:99999999999",
    "a.test:80:80", ":80", ":", "::1", "[::1", "[]", "[::g]", "[::1]x", "[127.0.0.1]", '"a.test"',
    "a\\b", "a%2etest", "%61.test", "<a>", "a|b", "a;b", "a=b", "a'b", "a(b)", "a*b", "*",
    "http://a.test", "http://a.test/", "a\xe9.test", "a.test\x7f", "!")


def hosts():
    g = "host"
    for name, host in (
            ("no Host", ""), ("an empty Host", "Host:\r\n"),
            ("an empty Host with SP", "Host: \r\n"), ("Host twice", HOST + HOST),
            ("Host twice, different", HOST + "Host: b.test\r\n"),
            ("Host twice, in other cases", HOST + "hOST: b.test\r\n"),
            ("Host twice, one empty", HOST + "Host:\r\n"),
            ("Host twice, one with SP before the colon", HOST + "Host : b.test\r\n"),
            ("Host and a folded one", HOST + " Host: b.test\r\n"),
            ("Host of 255 characters", "Host: " + "a" * 255 + "\r\n"),
            ("Host of 256 characters", "Host: " + "a" * 256 + "\r\n"),
            ("Host of 5000 characters", "Host: " + "a" * 5000 + "\r\n"),
            ("X-Forwarded-Host", HOST + "X-Forwarded-Host: b.test\r\n")):
        add(g, name, req(host=host))
    for name, host in (("no Host", ""), ("an empty Host", "Host:\r\n"),
                       ("Host twice", HOST + "Host: b.test\r\n")):
        add(g, f"{name}, HTTP/1.0", req(host=host, line="GET / HTTP/1.0"))
    add(g, "an empty Host with OPTIONS *", req(host="Host:\r\n", line="OPTIONS * HTTP/1.1"))
    for value in GOOD_HOSTS + BAD_HOSTS:
        add(g, f"Host {value!a}", req(host=f"Host: {value}\r\n"))


for group in (lines, request_line, target, fields, hosts):
    group()
