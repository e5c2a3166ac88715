"""The rows about bodies, methods and several requests on one connection: see raw_rows.py."""

from raw_rows import HOST, INNER, ROWS, add, post, req  # noqa: F401

END5 = "5\r\nhello\r\n0\r\n\r\n"
MIB = 1 << 20
LENGTHS = (
    "", " ", "+5", "-5", "-0", "0x5", "5.0", "5e0", "5 5", "5,", ",5", "5, 5", "5,5", "5, 6", "5;",
    "five", '"5"', "5\t", "\t5", " 5 ", "05", "000000000000000000005", "5a", "a5", "5\v", "\xb5",
    "5\xa0", "0 5", "5_0", "\xd9\xa1", "2147483648", "4294967296", "4294967301",
    "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
    "18446744073709551621", "9" * 40)


def lengths():
    g = "length"
    add(g, "a body", post("Content-Length: 5\r\n", "hello"))
    add(g, "an empty body", post("Content-Length: 0\r\n"))
    add(g, "no length", post())
    add(g, "a GET with a body", req("Content-Length: 5\r\n", body="hello"))
    add(g, "a GET with a request as its body",
        req(f"Content-Length: {len(INNER)}\r\n", body=INNER))
    add(g, "a GET with a body of half a request", req("Content-Length: 6\r\n", body="GET / "))
    for line in ("HEAD /", "DELETE /echo", "POST /probe", "GET /none"):
        add(g, f"a body for {line}",
            req("Content-Length: 5\r\n", line=f"{line} HTTP/1.1", body="hello"))
    add(g, "a body that does not come", post("Content-Length: 5\r\n", "hel"), True)
    add(g, "a body of which nothing comes", post("Content-Length: 5\r\n"), True)
    for value in LENGTHS:
        add(g, f"Content-Length {value!a}", post(f"Content-Length: {value}\r\n", "hello"))
    add(g, "Content-Length of 500 digits", post(f"Content-Length: {'9' * 500}\r\n", "hello"))
    for values in (("5", "5"), ("5", "6"), ("0", "5"), ("5", "0"), ("5", "05"), ("5", ""),
                   ("5",) * 4, ("5",) * 5):
        add(g, f"Content-Length {' and '.join(values)}",
            post("".join(f"Content-Length: {v}\r\n" for v in values), "hello"))
    add(g, "Content-Length in other case", post("cOnTeNt-LeNgTh: 5\r\n", "hello"))
    add(g, "Content_Length", post("Content_Length: 5\r\n", ""))
    for fields, body in (("Content-Length: 5\r\n", "hello"), ("", "")):
        add(g, f"HTTP/1.0 {fields.strip()}",
            req(f"{fields}Connection: keep-alive\r\n", "GET / HTTP/1.0", body=body))
    for what, more in (("a CRLF", "\r\n"), ("two CRLF", "\r\n\r\n"), ("an LF", "\n"),
                       ("a byte", "!")):
        add(g, f"{what} behind the body", post("Content-Length: 5\r\n", "hello" + more))
    add(g, "a byte too few", post("Content-Length: 6\r\n", "hello"))
    add(g, "a body of 100 KiB for a file",
        req("Content-Length: 102400\r\n", body="x" * 102400))
    for line in ("GET /", "POST /echo", "POST /none", "BREW /"):
        add(g, f"a body of 1 MiB for {line}",
            req(f"Content-Length: {MIB}\r\n", line=f"{line} HTTP/1.1", body="x" * MIB))
    add(g, "a body of 1 MiB for a bad head",
        req(f"Content-Length: {MIB}\r\nBad Name: x\r\n", body="x" * MIB))


CODINGS = (
    "chunked", "CHUNKED", "", " ", "identity", "gzip", "deflate", "compress", "x-chunked",
    "xchunked", "chunkedx", "chunke", "chunked ", "chunked\t", " chunked", "\tchunked",
    "\vchunked", "chunked\v", "chunked;q=1", "chunked; x=y", '"chunked"', "'chunked'", "chunked,",
    ",chunked", "chunked, chunked", "chunked,chunked", "chunked, identity", "identity, chunked",
    "gzip, chunked", "gzip,chunked", "chunked, gzip", "chunked gzip", "chu nked", "chunked\0",
    "\0chunked", "chunked\x7f", "\xffchunked", "chunk\xe9d", "trailers", "chunked\\", "[chunked]",
    "x,\tchunked", "cow", "cow, chunked", "gzip;x, chunked")
CODING_NAMES = (
    "Transfer_Encoding", "Transfer Encoding", "Transfer-Encoding\v", "X-Transfer-Encoding",
    "Transfer-Encodin", "Transfer-Encodings", "\0Transfer-Encoding", "\x7fTransfer-Encoding",
    "Transfer\xadEncoding", " Transfer-Encoding", "\tTransfer-Encoding", "Transfer-Encoding\0",
    "'Transfer-Encoding")


def codings():
    g = "coding"
    for value in CODINGS:
        add(g, f"Transfer-Encoding {value!a}", post(f"Transfer-Encoding: {value}\r\n", END5))
    for value in ("xchunked", "identity", "gzip", "chunked,", "\vchunked", '"chunked"', "cow", ""):
        add(g, f"Transfer-Encoding {value!a} and a length",
            post(f"Transfer-Encoding: {value}\r\nContent-Length: 5\r\n", "hello"))
    for name in CODING_NAMES:
        add(g, f"{name!a} and a length", post(f"Content-Length: 5\r\n{name}: chunked\r\n", "hello"))
    add(g, "chunked with a GET", req("Transfer-Encoding: chunked\r\n", body=END5))
    add(g, "chunked with HTTP/1.0 and keep-alive",
        req("Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", "GET / HTTP/1.0",
            body=END5))
    for name, version, more in (("HTTP/1.0", "1.0", ""), ("HTTP/1.2", "1.2", ""),
                                ("HTTP/1.0 and a length", "1.0", "Content-Length: 5\r\n")):
        add(g, f"chunked with {name}", post(f"Transfer-Encoding: chunked\r\n{more}", END5,
                                            line=f"POST /echo HTTP/{version}"))
    smuggled = "0\r\n\r\n" + INNER
    add(g, "CL.TE", post(f"Content-Length: {len(smuggled)}\r\nTransfer-Encoding: chunked\r\n",
                         smuggled))
    add(g, "TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                         f"{len(INNER):x}\r\n{INNER}\r\n0\r\n\r\n"))
    add(g, "CL.0", req(f"Content-Length: {len(INNER)}\r\n", "POST / HTTP/1.1", body=INNER))
    for name, value in (("CL 0", "0"), ("a CL that agrees", "15"), ("a bad CL", "x"),
                        ("an empty CL", "")):
        add(g, f"{name} and TE",
            post(f"Content-Length: {value}\r\nTransfer-Encoding: chunked\r\n", END5))
    add(g, "CL and TE with a GET",
        req("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", body=END5))
    for one, two in (("identity", "chunked"), ("chunked", "identity"), ("chunked", "chunked"),
                     ("x", "chunked"), ("chunked", "x"), ("", "chunked")):
        add(g, f"TE.TE: {one} and {two}",
            post(f"Transfer-Encoding: {one}\r\nTransfer-Encoding: {two}\r\n", END5))
    add(g, "TE.TE, in other case",
        post("Transfer-Encoding: chunked\r\ntransfer-encoding: gzip\r\n", END5))
    for name, text in (("TE behind a bare CR", "X: y\rTransfer-Encoding: chunked"),
                       ("TE behind a bare LF", "X: y\nTransfer-Encoding: chunked"),
                       ("TE as a value", "X: Transfer-Encoding: chunked"),
                       ("TE: chunked", "TE: chunked"),
                       ("Content-Encoding: chunked", "Content-Encoding: chunked")):
        add(g, name, post(f"Content-Length: 5\r\n{text}\r\n", "hello"))
    add(g, "TE: trailers", req("TE: trailers\r\nConnection: TE\r\n"))
    for field in ("Connection: Transfer-Encoding", "Trailer: Content-Length"):
        add(g, field, post(f"{field}\r\nTransfer-Encoding: chunked\r\n", END5))


SIZES = ("g", "0x5", "+5", "-5", "-0", "5h", "5 5", " 5", "\t5", "5 ", "5\t", "5.0", "5,", "$5",
         "\xb5", "5\0", "5\v", "5_", "0x", "0005", "0" * 16 + "5", "0" * 100 + "5", "ffffffff",
         "100000005", "7fffffffffffffff", "8000000000000000", "ffffffffffffffff",
         "10000000000000005", "fffffffffffffffffffff", "", "4", "6")
EXTENSIONS = {
    "a value": ";x=y", "no value": ";x", "quotes": ';x="y;z"', "an escape": ';x="\\""',
    "white space": " ; x = y ; z", "a hundred": ";x=y" * 100, "4000 bytes": ";x=" + "y" * 4000,
    "9000 bytes": ";x=" + "y" * 9000, "70000 bytes": ";x=" + "y" * 70000, "LF": ";x\nhello",
    "CR": ";x\ry", "CR CR LF": ";x\r", "NUL": ";x\0", "a control": ";x=\x01",
    "obs-text": ";x=\xe9", "nothing": ";", "no name": ";=y", "an open quote": ';x="y',
    "LF in quotes": ';x="\n"', "CRLF in quotes": ';x="\r\n"', "LF before a size": ";\nxx"}
TRAILERS = {
    "one": "X: y\r\n", "ten": "X: y\r\n" * 10, "200": "X: y\r\n" * 200,
    "9000 bytes": "X: " + "y" * 9000 + "\r\n",
    "70000 bytes": "".join(f"X{i}: {'y' * 700}\r\n" for i in range(100)),
    "a length": "Content-Length: 50\r\n", "Transfer-Encoding": "Transfer-Encoding: chunked\r\n",
    "Host": "Host: b.test\r\n", "folded": "X: y\r\n z\r\n", "LF": "X: y\n", "CR": "X: y\rz\r\n",
    "NUL": "X: \0\r\n", "no colon": "nothing\r\n", "no name": ": y\r\n",
    "SP before the colon": "X : y\r\n", "SP": " \r\n", "a request": INNER[:-2],
    "a request behind": "X: y\r\n\r\n" + INNER[:-2]}
CHUNKS = {
    "no data": "0\r\n\r\n", "two chunks": "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    "hexadecimal sizes": "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
    "data with CRLF": "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
    "LF behind the size": "5\nhello\r\n0\r\n\r\n", "CR behind the size": "5\rhello\r\n0\r\n\r\n",
    "CR CR LF behind the size": "5\r\r\nhello\r\n0\r\n\r\n",
    "LF behind the data": "5\r\nhello\n0\r\n\r\n", "CR behind the data": "5\r\nhello\r0\r\n\r\n",
    "nothing behind the data": "5\r\nhello0\r\n\r\n",
    "two CRLF behind the data": "5\r\nhello\r\n\r\n0\r\n\r\n",
    "two bytes behind the data": "5\r\nhelloXX0\r\n\r\n",
    "LF behind the last size": "5\r\nhello\r\n0\n\r\n", "LF at the end": "5\r\nhello\r\n0\r\n\n",
    "LF everywhere": "5\nhello\n0\n\n", "no CRLF at the end": "5\r\nhello\r\n0\r\n",
    "an extension of the last chunk": "5\r\nhello\r\n0;x=y\r\n\r\n",
    "a request behind the end": END5 + INNER,
    "a thousand chunks": "1\r\nx\r\n" * 1000 + "0\r\n\r\n",
    "TERM.EXT": f"2;\nxx\r\n{len(INNER):x}\r\n0\r\n\r\n{INNER}\r\n0\r\n\r\n",
    "EXT.TERM": f"2;\nxx\r\n0\r\n\r\n{INNER}"}


def chunks():
    g = "chunks"
    for name, body in CHUNKS.items():
        add(g, name, post("Transfer-Encoding: chunked\r\n", body))
    for size in SIZES:
        add(g, f"size {size[:30]!a}{len(size) if len(size) > 30 else ''}",
            post("Transfer-Encoding: chunked\r\n", f"{size}\r\nhello\r\n0\r\n\r\n"))
    for name, text in EXTENSIONS.items():
        add(g, f"extension: {name}",
            post("Transfer-Encoding: chunked\r\n", f"5{text}\r\nhello\r\n0\r\n\r\n"))
    for name, text in TRAILERS.items():
        add(g, f"trailers: {name}",
            post("Transfer-Encoding: chunked\r\n", f"5\r\nhello\r\n0\r\n{text}\r\n"))
    for name, body in (("half a chunk", "5\r\nhel"), ("half a size", "5"),
                       ("no last chunk", "5\r\nhello\r\n"), ("half an end", "5\r\nhello\r\n0\r\n")):
        add(g, name, post("Transfer-Encoding: chunked\r\n", body), True)
    for name, line, body in (("bad chunks for a file", "GET /", "x\r\nhello\r\n0\r\n\r\n"),
                             ("LF in chunks for a file", "POST /", "5\nhello\n0\n\n"),
                             ("chunks for what is not there", "POST /none", END5),
                             ("bad chunks for what is not there", "POST /none", "x\r\n")):
        add(g, name, req("Transfer-Encoding: chunked\r\n", f"{line} HTTP/1.1", body=body))


METHODS = (
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "PROPPATCH",
    "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "ACL", "BIND", "MKCALENDAR",
    "MERGE", "LABEL", "VERSION-CONTROL", "BASELINE-CONTROL", "MKACTIVITY", "MKWORKSPACE",
    "CHECKIN", "UNCHECKOUT", "ORDERPATCH", "BREW", "WHEN", "LINK", "PURGE", "QUERY", "SOURCE",
    "get", "Get", "GETT", "GE", "G", "PRI", "X-Y", "M-SEARCH", "!#$%&'*+.^_`|~", "A" * 100)


def methods():
    g = "methods"
    for method in METHODS:
        add(g, f"{method[:40]} for a file", req("Content-Length: 0\r\n" if method in ("POST", "PUT")
                                                else "", line=f"{method} / HTTP/1.1"))
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "BREW",
                   "get", "M-SEARCH"):
        add(g, f"{method} for a program",
            req("Content-Length: 0\r\n" if method in ("POST", "PUT") else "",
                line=f"{method} /echo HTTP/1.1"))
    for method in ("PUT", "DELETE", "PATCH", "PROPFIND", "BREW", "OPTIONS", "TRACE"):
        add(g, f"{method} for what is not there", req(line=f"{method} /none HTTP/1.1"))
    for method in ("GET(", "GE/T", "G:T", '"GET"', "GET,", "G@T", "[GET]", "G{}"):
        add(g, f"{method} is no token", req(line=f"{method} / HTTP/1.1"))
    add(g, "TRACE with a body", req("Content-Length: 5\r\n", "TRACE / HTTP/1.1", body="hello"))
    add(g, "TRACE with chunks",
        req("Transfer-Encoding: chunked\r\n", "TRACE / HTTP/1.1", body=END5))
    add(g, "TRACE *", req(line="TRACE * HTTP/1.1"))


def expectations():
    g = "expect"
    length = "Content-Length: 5\r\n"
    for value in ("100-continue", "100-CONTINUE", "100-continue, 100-continue", "something",
                  "100-continue, something", "100-continue;x=y", "100"):
        add(g, f"{value} with a body", post(f"Expect: {value}\r\n{length}", "hello"))
    for value in ("100-continue", "something", ""):
        add(g, f"{value} with a GET", req(f"Expect: {value}\r\n"))
    add(g, "something with HTTP/1.0", req("Expect: something\r\n", line="GET / HTTP/1.0"))
    field = "Expect: 100-continue\r\n"
    add(g, "100-continue with chunks", post(field + "Transfer-Encoding: chunked\r\n", END5))
    add(g, "100-continue without a body", post(field + "Content-Length: 0\r\n"))
    add(g, "100-continue with HTTP/1.0", post(field + length, "hello", "POST /echo HTTP/1.0"))
    add(g, "100-continue for what is not there",
        post(field + length, "hello", "POST /none HTTP/1.1"))
    add(g, "100-continue and nothing comes", post(field + length), True)


BEFORE = {
    "GET": req(), "HEAD": req(line="HEAD / HTTP/1.1"), "404": req(line="GET /none HTTP/1.1"),
    "405": req(line="DELETE / HTTP/1.1"), "501": req(line="BREW / HTTP/1.1"),
    "a body": post("Content-Length: 5\r\n", "hello"),
    "chunks": post("Transfer-Encoding: chunked\r\n", END5), "close": req("Connection: close\r\n"),
    "HTTP/1.0": req(line="GET / HTTP/1.0"),
    "HTTP/1.0 and keep-alive": req("Connection: keep-alive\r\n", line="GET / HTTP/1.0"),
    "304": req("If-None-Match: *\r\n"), "206": req("Range: bytes=0-0\r\n"),
    "416": req("Range: bytes=9-\r\n"), "412": req('If-Match: "x"\r\n'),
    "301": req(line="GET /d HTTP/1.1"), "413": req("Content-Length: 99999999999999\r\n"),
    "417": req("Expect: x\r\n"), "OPTIONS *": req(line="OPTIONS * HTTP/1.1")}


def pipelines():
    g = "pipeline"
    for name, first in BEFORE.items():
        add(g, f"{name} before GET", first + req())
    add(g, "thirty requests", req() * 30)
    add(g, "programs and files", post("Content-Length: 5\r\n", "hello") + req()
        + post("Content-Length: 3\r\n", "abc") + req())
    for name, second in (("a bad request", "GET / HTTP/1.1\r\nBad Name: x\r\n\r\n"),
                         ("HTTP/0.9", "GET /\r\n"), ("another name", req(host="Host: b.test\r\n")),
                         ("another site", req(host="Host: c.test\r\n"))):
        add(g, f"{name} behind a good one", req() + second)
    for name, between in (("empty lines", "\r\n\r\n"), ("a bare LF", "\n"), ("a letter", "x")):
        add(g, f"{name} between", req() + between + req())
    add(g, "a request that is cut", req() + "GET / HT", True)


for group in (lengths, codings, chunks, methods, expectations, pipelines):
    group()
