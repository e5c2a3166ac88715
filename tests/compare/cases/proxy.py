"""mod_proxy and mod_proxy_http: what a backend is asked, and what becomes of its answers."""

import atexit
import shutil
import tempfile
from pathlib import Path

from compare import Case, Get, Raw, Verdict
from itkd_backend import Backend, page

MODULES = ["proxy", "proxy_http", "proxy_wstunnel", "proxy_fcgi", "deflate"]


def told(ask, stream):
    """The request in a form in which both servers' are the same where they mean the same."""
    body = stream.body(ask)
    names = {n.lower() for n, _ in ask.fields} - {"connection", "via"}
    fields = sorted(f"{n}: {ask.field(n)}" for n in names)
    return "\n".join([ask.line, *fields, ""]).encode("latin-1") + body


STATUSES = {"ok": "200 OK", "gone": "410 Weg", "no": "403 Nein", "fail": "500 Aua",
            "busy": "503 Zu", "created": "201 Neu", "none": "204 Leer", "same": "304 Gleich",
            "odd": "299 Seltsam", "auth": "401 Wer"}
FIELDS = {
    "type": ["Content-Type: TEXT/HTML; Charset=X"], "plain": ["Content-Type: text/plain"],
    "html": ["Content-Type: text/html"],
    "many": ["X-A: 1", "X-A: 2", "x-b: 3", "Vary: Cookie", "Cache-Control: no-store"],
    "cookies": ["Set-Cookie: a=1; Path=/back; Domain=back.test", "Set-Cookie: b=2; path=/",
                "Set-Cookie: c=path=/back; HttpOnly", "Set-Cookie: d; DOMAIN=x.BACK.test"],
    "hop": ["Connection: X-Hop", "X-Hop: 1", "Keep-Alive: timeout=9", "Upgrade: h2c",
            "Proxy-Authenticate: Basic realm=x", "Trailer: X-T", "X-Kept: 1"],
    "auth": ["WWW-Authenticate: Basic realm=\"x\""], "etag": ["ETag: \"1\"", "Expires: 0"],
    "names": ["Server: Back/1", "Date: Sun, 06 Nov 1994 08:49:37 GMT"],
    "length": ["Accept-Ranges: bytes", "Content-Language: de", "Content-Encoding: x-odd"],
}


def answer(ask, stream):
    words = ask.path.partition("?")[0].strip("/").split("/")
    if words[0] == "say":
        stream.body(ask)
        fields = FIELDS.get(words[2], []) if len(words) > 2 else []
        return page(b"" if words[1] in ("none", "same") else b"said\n", STATUSES[words[1]], fields)
    if words[0] == "body":
        stream.body(ask)
        return page(b"x" * int(words[1]), "200 OK", ['ETag: "x"'])
    if words[0] == "early":
        return b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + page(b"late\n")
    if words[0] == "go":
        return page(b"", "302 Go", [f"{words[1]}: {LOCATIONS[int(words[2])]}"])
    return page(told(ask, stream), fields=["Content-Type: text/plain"])


ORIGIN = Backend(answer)
URL = ORIGIN.url
DIR = Path(tempfile.mkdtemp(prefix="itkd-Compare."))
DIR.chmod(0o755)
SOCKET = DIR / "Own.Sock"
LOCAL = Backend(answer, SOCKET, mode=0o666)
atexit.register(shutil.rmtree, DIR, ignore_errors=True)
LOCATIONS = [URL, f"{URL}/", f"{URL}/a/b?c=d", URL.upper(), "/", "/a", "http://other.test/", "a/b",
             f"https://127.0.0.1:{ORIGIN.port}/", f"{URL}/back/x", "//x/y"]


def case(name, config, *paths, **more):
    return Case(name, config=config,
                requests=[p if not isinstance(p, str) else Get(p) for p in paths], **more)


ESCAPES = ["/x%20y", "/%3fa", "/a&b", "/a;b=c@d:e", "/%c3%a9", "/~x", "/a+b", "/%22%3c%3e", "/a|b",
           "/[a]", "/a'b", "/a!$*(),", "/%25zz", "/%5c", "/%60", "/%23", "/a//b", "/a/./b/../c",
           "/%2e%2e/x", "/a?b=%20&c", "/a?", "/a??", "/?x", "/%2fx"]

PACKED = {"Accept-Encoding": "gzip"}

CASES = [
    case("empty_packed", f"SetOutputFilter DEFLATE\nProxyPass /a {URL}", Get("/a/go/X-Y/0", PACKED),
         Get("/a/say/none", PACKED)),
    # What is smaller than its own overhead, or has no body at all.
    case("small_packed", f"SetOutputFilter DEFLATE\nProxyPass /a {URL}",
         *[Get(f"/a/{p}", PACKED, method=m) for m in ("GET", "HEAD")
           for p in ("body/68", "body/69", "body/20000", "say/same/etag")], decode=True),
    *[case(f"interim_{how}", f"SetEnv proxy-interim-response {how}\nProxyPass /a {URL}",
           "/a/early", body=False) for how in ("RFC", "Suppress")],
    case("absolute", f"ProxyPass /a {URL}\n<Location /a/host>\nProxyPreserveHost On\n</Location>",
         *[Raw((f"GET http://absolute.test{more} HTTP/1.1\r\nHost: other\r\n"
                "Connection: close\r\n\r\n").encode())
           for more in ("/a", ":81/a", "/a/host", ":81/a/host")]),
    case("prefix", f"ProxyPass /a {URL}", "/a", "/a/", "/a/x", "/ab", "/a?q=1", "//a/x", "/A/x"),
    case("slash", f"ProxyPass /a/ {URL}/b/", "/a", "/a/", "/a/x/y", "/ab"),
    case("root", f"ProxyPass / {URL}/", "/", "/x", "/index.html"),
    case("escapes", f"ProxyPass /a {URL}", *["/a" + p for p in ESCAPES]),
    case("nocanon", f"ProxyPass /a {URL} nocanon",
         *["/a" + p for p in ESCAPES if p not in ("/%2fx", "/a/./b/../c", "/%2e%2e/x", "/a//b")]),
    case("noquery", f"ProxyPass /a {URL} noquery", "/a/x?y", "/a?y"),
    case("slashes_on", f"AllowEncodedSlashes On\nProxyPass /a {URL}", "/a/x%2fy", "/a/x%2Fy%20"),
    case("slashes_kept", f"AllowEncodedSlashes NoDecode\nProxyPass /a {URL}", "/a/x%2fy",
         "/a/x%2Fy%20%41"),
    case("match", f"ProxyPassMatch ^/a/(.*)\\.x$ {URL}/y-$1\nProxyPassMatch ^/b/ {URL}\n"
         f"ProxyPassMatch ^/c/(.*)/(.*)$ {URL}/$2/$1?fixed=1",
         "/a/z.x", "/a/z.y", "/a/1/2.x?q", "/b/c/d?e", "/c/1/2", "/c/1%20/2?x"),
    case("order", f"ProxyPass /a/b/no !\nProxyPass /a/b {URL}/first\nProxyPass /a {URL}/second\n"
         f"ProxyPass /a/b/c {URL}/third", "/a/b/no", "/a/b/x", "/a/x", "/a/b/c"),
    case("location", f"<Location /a>\nProxyPass {URL}/l\n</Location>\n"
         f"<Location /a/no>\nProxyPass !\n</Location>\n"
         f"<LocationMatch ^/b/.*$>\nProxyPass {URL}\n</LocationMatch>\nProxyPass /a {URL}/server",
         "/a", "/a/x", "/ab", "/a/no/x", "/b/c?d"),
    case("before_others", f"ProxyPass /a {URL}\nRedirect /a http://o/\nAlias /a {{dir}}\n"
         "Redirect /b http://o/\n<Location /a/r>\nRedirect http://o/r\n</Location>",
         "/a", "/b", "/a/r"),
    case("access", f"ProxyPass /a {URL}\nProxyPass /b {URL}/b\n<Location /a/no>\n"
         f"Require all denied\n</Location>\n<Proxy {URL}/b/no>\nRequire all denied\n</Proxy>\n"
         "<Directory {dir}>\nRequire all granted\n</Directory>",
         "/a/x", "/a/no", "/b/x", "/b/no", "/b/nox"),
    case("access_index", f"DirectoryIndex index.php\nProxyPassMatch ^/(.*\\.php)$ {URL}/$1\n"
         "<Location /index.php>\nRequire all denied\n</Location>\n"
         "<LocationMatch ^/sub/.*php$>\nRequire ip 192.0.2.1\n</LocationMatch>\n"
         f"<Proxy {URL}/no/>\nRequire all denied\n</Proxy>\n"
         "<Location /set/index.php>\nRequestHeader set X-Set 1\n</Location>\n"
         "<Location /moved/index.php>\nRedirect /moved http://o/\n</Location>",
         "/", "/index.php", "/sub/", "/sub/index.php", "/no/", "/no/index.php", "/set/", "/open/",
         "/moved/", "/open/?a=b",
         files={f"{d}/x": "x" for d in ("sub", "no", "set", "open", "moved")}),
    case("access_index_rule", f"RewriteEngine On\nRewriteRule ^/(.*\\.php)$ {URL}/$1 [P]\n"
         "DirectoryIndex none.html index.php x.html\n"
         "<Location /index.php>\nRequire all denied\n</Location>\n"
         "<Location /list/index.php>\nRequire all denied\n</Location>",
         "/", "/index.php", "/open/", "/list/",
         files={"open/x": "x", "list/x.html": "x"}),
    case("access_index_auth", f"DirectoryIndex index.php\nProxyPassMatch ^/(.*\\.php)$ {URL}/$1\n"
         "<LocationMatch \\.php$>\nAuthType Basic\nAuthName R\nAuthUserFile {dir}/pw\n"
         "Require valid-user\n</LocationMatch>",
         "/", "/index.php", Get("/", headers=[("Authorization", "Basic YTpzZWNyZXQ=")]),
         files={"{dir}/pw": "a:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"}),
    case("index_redirect", f"DirectoryIndex index.php\nDirectoryIndexRedirect On\n"
         f"ProxyPassMatch ^/(.*\\.php)$ {URL}/$1", "/", "/index.php", "/?a"),
    case("fallback", "FallbackResource /front.php\n"
         f"ProxyPassMatch ^/(.*\\.php)$ {URL}/$1\n"
         "<Directory {root}/closed>\nFallbackResource /closed.php\n</Directory>\n"
         "<Location /closed.php>\nRequire all denied\n</Location>",
         "/", "/none", "/none/x?a=b", "/sub/", "/sub/none", "/closed/none", "/closed/",
         "/closed.php", "/sub/x", files={"sub/x": "x", "closed/x": "x"}),
    case("error_page", f"ProxyPass /err {URL}\nErrorDocument 404 /err/404.php\n"
         "ErrorDocument 403 /err/403.php\n<Location /err/404.php>\nRequire all denied\n"
         "</Location>\n<Location /no>\nRequire all denied\n</Location>",
         "/none", "/no", "/err/404.php"),
    case("proxy_star", f"<Proxy *>\nRequire all denied\n</Proxy>\nProxyPass /a {URL}\n"
         f"<ProxyMatch /x$>\nRequire all granted\n</ProxyMatch>", "/a", "/a/x", "/a/y"),
    case("fields", f"ProxyPass /a {URL}",
         Get("/a", headers=[("X-A", "1"), ("X-A", "2"), ("Cookie", "a=b; c=d"), ("Accept", "*/*")]),
         Get("/a", headers=[("Connection", "X-Hop, keep-alive"), ("X-Hop", "1"), ("TE", "trailers"),
                            ("Keep-Alive", "3"), ("Upgrade", "foo")]),
         Get("/a", headers=[("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Host", "outer"),
                            ("X-Forwarded-Server", "s")]),
         Get("/a", headers=[("X-Forwarded-For", "192.0.2.1"), ("Connection", "X-Forwarded-For")]),
         Get("/a", headers=[("Max-Forwards", "5"), ("Via", "1.0 x"), ("Authorization", "Basic x"),
                            ("Proxy-Authorization", "y")]),
         Get("/a", headers=[("Max-Forwards", "0")]),
         Get("/a", method="POST", body=b"a=b"), Get("/a", method="POST", body=b""),
         Get("/a", method="PUT", body=b"x" * 5000), Get("/a", method="DELETE"),
         Get("/a", method="OPTIONS"), Get("/a", method="PURGE"), Get("/a", method="HEAD"),
         Get("/a", method="PROPFIND", body=b"<x/>")),
    case("forwarded", f"ProxyPass /a {URL}\n<Location /a/no>\nProxyAddHeaders Off\n</Location>\n"
         "<Location /a/host>\nProxyPreserveHost On\n</Location>\nProxyMaxForwards 7\n"
         "<Location /a/set>\nRequestHeader set X-Forwarded-Proto https\n"
         "RequestHeader unset User-Agent\nRequestHeader append X-A 2\n</Location>",
         "/a", "/a/no", "/a/host", Get("/a/set", headers=[("X-A", "1")])),
    case("environment", f"ProxyPass /a {URL}\nSetEnvIf X-No . no-proxy\n"
         "<Location /a/old>\nSetEnv force-proxy-request-1.0 1\n</Location>",
         Get("/a", headers=[("X-No", "1")]), "/a/old"),
    case("interpolate", f"SetEnvIf X-To (.*) TO=$1\nProxyPass /a {URL}/${{TO}}/ interpolate\n"
         f"ProxyPass /b {URL}/${{TO}}/\nProxyPassInterpolateEnv On",
         Get("/a/x", headers=[("X-To", "there")]), Get("/a/x"),
         Get("/b/x", headers=[("X-To", "there")])),
    case("rewrite", f"RewriteEngine On\nRewriteRule ^/a/(.*)$ {URL}/r/$1 [P]\n"
         f"RewriteRule ^/q/(.*)$ {URL}/r/$1?z=1 [P,QSA]\nRewriteRule ^/n/(.*)$ {URL}/%2f$1 [P,NE]",
         "/a/x", "/a/x%20y?q", "/q/x?y=2", "/n/x"),
    case("statuses", f"ProxyPass /a {URL}", *[f"/a/say/{s}" for s in STATUSES]),
    case("answer_fields", f"ProxyPass /a {URL}", *[f"/a/say/ok/{f}" for f in FIELDS]),
    case("headers", f"ProxyPass /a {URL}\nHeader set X-Set 1\nHeader unset X-A\n"
         "Header always set X-Always 2\nHeader edit Set-Cookie ^a=1 a=9\nHeader merge Vary Accept",
         "/a/say/ok/many", "/a/say/ok/cookies", "/a/say/fail/many"),
    case("charset", f"ProxyPass /a {URL}\nAddDefaultCharset utf-8", "/a/say/ok/html",
         "/a/say/ok/plain", "/a/say/ok/type", "/a/say/ok"),
    case("override", f"ProxyPass /a {URL}\nProxyErrorOverride On\nErrorDocument 410 \"gone here\"",
         *[f"/a/say/{s}/auth" for s in ("ok", "gone", "no", "fail", "busy", "auth", "same")]),
    case("override_proxied", f"ProxyPass /a {URL}\nProxyErrorOverride On\n"
         "ErrorDocument 410 /a/say/ok\nErrorDocument 500 /a/say/odd", "/a/say/gone",
         "/a/say/fail", "/missing"),
    case("override_some", f"ProxyPass /a {URL}\nProxyErrorOverride On 403 500", "/a/say/gone",
         "/a/say/no", "/a/say/fail"),
    case("error_document", f"ProxyPass /a {URL}\nErrorDocument 404 /a/say/ok\n"
         "ErrorDocument 403 /a/page\n<Location /closed>\nRequire all denied\n</Location>",
         "/missing", "/closed"),
    case("locations", f"ProxyPass /a {URL}\nProxyPassReverse /a {URL}\nUseCanonicalName On",
         *[f"/a/go/Location/{i}" for i in range(len(LOCATIONS))],
         "/a/go/Content-Location/2", "/a/go/URI/2", "/a/go/Refresh/2"),
    case("location_paths", f"ProxyPass /a {URL}\nProxyPassReverse /a /\nUseCanonicalName On",
         *[f"/a/go/Location/{i}" for i in range(len(LOCATIONS))]),
    case("location_in_location", f"<Location /a>\nProxyPass {URL}/\nProxyPassReverse {URL}/back\n"
         f"ProxyPassReverse {URL}/\n</Location>\nUseCanonicalName On",
         *[f"/a/go/Location/{i}" for i in range(len(LOCATIONS))]),
    case("cookies", f"ProxyPass /a {URL}\nProxyPassReverseCookiePath /back /front\n"
         "ProxyPassReverseCookiePath / /a/\nProxyPassReverseCookieDomain back.test front.test",
         "/a/say/ok/cookies"),
    case("via", f"ProxyPass /a {URL}\nProxyVia On", "/a/say/ok", "/a/x"),
    case("limit", f"ProxyPass /a {URL}\n<Location /a>\nLimitRequestBody 10\n</Location>",
         Get("/a", method="POST", body=b"x" * 10)),
    case("dead", "ProxyPass /a http://127.0.0.1:1/\nProxyPass /u unix:/nonexistent|http://x/",
         "/a", "/u", errors=["AH00957: http: attempt to connect to 127.0.0.1:1",
                             "AH02454: http: attempt to connect to Unix domain socket"]),
    *[case(f"handler_case_{n}", f'<Location />\nSetHandler "proxy:{to}"\n</Location>', "/Xy")
      for n, to in enumerate((f"unix:{SOCKET}|http://Local/Up", f"UNIX:{SOCKET}|http://Local/Up",
                              f"{URL}/Up", f"{URL}/", f"{URL}/Up/"))],
    case("handler", f"<Location /h>\nSetHandler proxy:{URL}\n</Location>", "/h/x", "/h"),
]

VERDICTS = [
    Verdict("ProxyPass /a", ok=False), Verdict("ProxyPass a b c", ok=False),
    Verdict("ProxyPass /a http://b/ timeout=0", ok=False),
    Verdict("ProxyPass /a http://b/ x=1", ok=False),
    Verdict("ProxyPass /a http://b/ timeout=5 retry=0 keepalive=On max=5"),
    Verdict("ProxyPassMatch ( http://b/", ok=False), Verdict("ProxyVia Maybe", ok=False),
    Verdict("ProxyTimeout 0", ok=False), Verdict("ProxyPassReverse /a", ok=False),
    Verdict("ProxyBadHeader No", ok=False), Verdict("ProxyErrorOverride On 200", ok=False),
    Verdict("ProxyErrorOverride Maybe", ok=False),
    Verdict("ProxyPass /b http://b/", where="location", ok=False),
    Verdict("ProxyPass http://b/", where="location"),
    Verdict("ProxyPass http://b/", where="directory", ok=False),
    Verdict("ProxyPass http://b/", where="htaccess", ok=False),
    Verdict("ProxyPassReverse /b http://b/", where="location", ok=False),
    Verdict("<Proxy http://127.0.0.1/>\nProxySet timeout=5\n</Proxy>"),
    Verdict("<Proxy *>\nProxySet timeout=5\n</Proxy>", ok=False),
    Verdict("ProxyPass /a https://127.0.0.1/", because="a child has no TLS"),
    Verdict("ProxyRequests On", because="no forward proxy"),
]
