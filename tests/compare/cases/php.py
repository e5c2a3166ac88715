"""mod_proxy_fcgi with a real PHP-FPM: what PHP is told, and what becomes of its answers."""

import atexit
import shutil
import tempfile
from pathlib import Path

from compare import Case, Get, Raw
from itkd_php import PhpFpm

MODULES = ["proxy", "proxy_fcgi"]
DIR = Path(tempfile.mkdtemp(prefix="itkd-compare-php."))
DIR.chmod(0o755)
FPM = PhpFpm(DIR)
SOCKET = FPM.pool("all", "www-data", mode="0666", children=4)
FPM.start()
atexit.register(shutil.rmtree, DIR, ignore_errors=True)
atexit.register(FPM.close)

# What is of one server or of one moment only is left out.
DUMP = """<?php header('Content-Type: text/plain');
$out = $_SERVER; foreach (['REQUEST_TIME', 'REQUEST_TIME_FLOAT', 'REMOTE_PORT', 'SERVER_SOFTWARE',
 'SERVER_SIGNATURE', 'PATH', 'PATH_TRANSLATED', 'ORIG_PATH_TRANSLATED', 'proxy-nokeepalive']
 as $name) { unset($out[$name]); unset($out["REDIRECT_$name"]); }
ksort($out); foreach ($out as $k => $v) echo "$k=$v\\n";
echo '---', file_get_contents('php://input'), '---', json_encode([$_GET, $_POST, $_COOKIE]), "\\n";
"""
SAY = """<?php
switch ($_GET['q'] ?? '') {
case '404': header('HTTP/1.1 404 Nicht da'); echo "own page\\n"; break;
case '500': http_response_code(500); echo "own error\\n"; break;
case 'status': header('Status: 418 Teapot'); echo "tea\\n"; break;
case '204': http_response_code(204); break;
case 'location': header('Location: http://other.test/x'); break;
case 'location-301': header('Location: /env.php', true, 301); break;
case 'local': header('Location: /text.txt'); break;
case 'cookies': setcookie('a', '1'); setcookie('b', '2'); header('X-A: 1');
 header('X-A: 2', false); echo "cookies\\n"; break;
case 'modified': header('Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT'); header('ETag: "x"');
 echo "modified\\n"; break;
case 'length': header('Content-Length: 6'); echo "hello\\n"; break;
case 'short-length': header('Content-Length: 3'); echo "hello\\n"; break;
case 'type': header('Content-Type: IMAGE/X-Own; Charset=UTF-8'); echo "x\\n"; break;
case 'flush': echo "one\\n"; flush(); echo "two\\n"; break;
case 'large': echo str_repeat("0123456789abcde\\n", 20000); break;
case 'empty': break;
case 'untyped': header('Content-Type:'); echo "x\n"; break;
case 'cache': session_cache_limiter('nocache'); @session_start(); echo "s\\n"; break;
case 'fatal': ini_set('display_errors', '0'); nothing_of_this_name(); break;
case 'auth': header('WWW-Authenticate: Basic realm="x"'); http_response_code(401); break;
default: echo "said\\n";
}
"""
FILES = {"env.php": DUMP, "say.php": SAY, "index.php": DUMP, "sub/index.php": DUMP,
         "sub/deep/env.php": DUMP, "text.txt": "text\n", "a b.php": DUMP, "error.php": DUMP,
         "cms/index.php": DUMP, "cms/.htaccess": "RewriteEngine On\nRewriteBase /cms/\n"
         "RewriteCond %{REQUEST_FILENAME} !-f\nRewriteCond %{REQUEST_FILENAME} !-d\n"
         "RewriteRule ^(.*)$ index.php?path=$1 [QSA,L]\n",
         "pathinfo/index.php": DUMP, "pathinfo/.htaccess": "RewriteEngine On\n"
         "RewriteRule !^index\\.php index.php%{REQUEST_URI} [L]\n",
         "fall/.htaccess": "FallbackResource /index.php\n", "fall/x.txt": "x\n"}
HANDLER = (f'<FilesMatch "\\.ph(p|tml)$">\nSetHandler "proxy:unix:{SOCKET}|fcgi://localhost"\n'
           "</FilesMatch>\nDirectoryIndex index.html index.php\n")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PATHS = [Get(p) for p in (
    "/env.php", "/env.php?a=1&b[]=2&c=%20x", "/env.php?", "/env.php/path/info",
    "/env.php/a%20b//c?q", "/", "/?x=1", "/sub/", "/sub", "/sub/deep/env.php", "/a%20b.php",
    "/none.php", "/none", "//env.php", "/text.txt", "/cms/", "/cms/page/one?x=2",
    "/pathinfo/x/y?z", "/fall/none/x?q=1", "/fall/x.txt", "/env.php/%c3%a9?%c3%a9")]
METHODS = [
    Get("/env.php", FORM, method="POST", body=b"a=1&b=2"), Get("/env.php", method="HEAD"),
    Get("/env.php", {"Content-Type": "text/x"}, method="PUT", body=b"put"),
    Get("/env.php", method="DELETE"), Get("/env.php", method="OPTIONS"),
    Get("/env.php", {"Content-Type": "text/x"}, method="POST", body=b""),
    Get("/sub/", FORM, method="POST", body=b"x=y"),
    Get("/cms/x", FORM, method="POST", body=b"x=y")]
FIELDS = [Get("/env.php", {"X-One": "1", "Cookie": "a=b; c=d", "Referer": "http://r/"}),
          Get("/env.php", {"Proxy": "http://evil/"}),
          Get("/env.php", {"Authorization": "Basic YTpi"}),
          Get("/env.php", {"Accept-Language": "de"}), Get("/env.php", {"Content-Type": "text/x"})]
SAYS = [Get(f"/say.php?q={q}") for q in (
    "", "404", "500", "status", "204", "location", "location-301", "local", "cookies", "modified",
    "length", "short-length", "type", "flush", "large", "empty", "untyped", "fatal", "auth")]
ASKS = [Get("/say.php?q=modified", {"If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"}),
        Get("/say.php?q=modified", {"If-None-Match": '"x"'}),
        Get("/say.php?q=length", {"Range": "bytes=1-2"}), Get("/say.php?q=length", method="HEAD"),
        Get("/say.php?q=404", method="HEAD"), Get("/say.php?q=large", method="HEAD"),
        Get("/say.php?q=204", method="HEAD")]


# What came in chunks has a length for PHP.
CHUNKED = [Raw(("POST /env.php HTTP/1.1\r\nHost: methods.test\r\n"
                f"Content-Type: {FORM['Content-Type']}\r\n"
                "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n").encode() + body)
           for body in (b"3\r\na=1\r\n0\r\n\r\n", b"0\r\n\r\n")]


def case(name, config, requests, **more):
    more.setdefault("ignore", ("content-length", "transfer-encoding"))
    return Case(name, config=config, files=FILES, requests=requests, **more)


MATCH = [Get(p) for p in ("/env.php", "/env.php/x/y?q", "/sub/deep/env.php?a=1", "/none.php",
                          "/a%20b.php", "/text.txt", "/sub/")]
CASES = [
    case("handler", HANDLER, PATHS),
    case("methods", HANDLER, METHODS + CHUNKED),
    case("fields", HANDLER, FIELDS),
    case("pass_auth", HANDLER + "<Directory {root}>\nCGIPassAuth On\n</Directory>", FIELDS),
    case("says", HANDLER, SAYS),
    case("asks", HANDLER, ASKS),
    case("error_document", HANDLER + "ErrorDocument 404 /error.php?own=1\n"
         "ErrorDocument 403 /error.php",
         [Get("/none.php"), Get("/none?x=1"), Get("/none", method="HEAD"),
          Get("/sub/deep/"), Get("/say.php?q=404")]),
    case("override", HANDLER + "ProxyErrorOverride On\nErrorDocument 404 /error.php",
         [Get("/say.php?q=404"), Get("/say.php?q=500"), Get("/say.php?q=status"),
          Get("/say.php?q=204"), Get("/say.php?q=auth")]),
    case("override_some", HANDLER + "ProxyErrorOverride On 404\nErrorDocument 404 own",
         [Get("/say.php?q=404"), Get("/say.php?q=500")]),
    case("match", f'ProxyPassMatch "^/(.*\\.php(/.*)?)$" "unix:{SOCKET}|fcgi://localhost{{root}}/"',
         MATCH),
    case("match_group", f'ProxyPassMatch "^/(.*\\.php)(/.*)?$" '
         f'"unix:{SOCKET}|fcgi://localhost{{root}}/$1"', MATCH),
    case("pass", f'ProxyPass "/" "unix:{SOCKET}|fcgi://localhost{{root}}/"', MATCH[:3]),
    case("rewrite_p", f'RewriteEngine On\nRewriteRule "^/(.*\\.php)$" '
         f'"unix:{SOCKET}|fcgi://localhost{{root}}/$1" [P]',
         [Get("/env.php"), Get("/env.php?q=1")]),
    *[case(f"pathinfo_{how}", f"SetEnvIf Host . proxy-fcgi-pathinfo={how}\n"
           f'ProxyPassMatch "^/(.*\\.php(/.*)?)$" "unix:{SOCKET}|fcgi://localhost{{root}}/$1"',
           [Get("/env.php"), Get("/env.php/x/y?q"), Get("/env.php/a%20b/x.y/z"),
            Get("/a%20b.php/x%20y")])
      for how in ("1", "first-dot", "last-dot", "full", "unescape")],
    # PHP-FPM would end the name at the '?', and run what the sections were not asked about.
    case("question", HANDLER + "<Files env.php>\nRequire all denied\n</Files>",
         [Get(f"/{p}") for p in ("env.php", "env.php%3fx.php", "env.php%3f.php", "text.txt%3f.php",
                                 "env.php%0ax.php", "say.php%3fx.php", "say.php/%3fx.php")]),
    case("question_generic", HANDLER + "ProxyFCGIBackendType GENERIC",
         [Get("/env.php%3fx.php"), Get("/env.php%0ax.php")]),
    case("type_generic", HANDLER + "ProxyFCGIBackendType GENERIC", PATHS[:5]),
    case("type_fpm", HANDLER + "ProxyFCGIBackendType FPM", PATHS[:5]),
    case("set_env_if", HANDLER + 'ProxyFCGISetEnvIf "true" X_SET "one"\n'
         'ProxyFCGISetEnvIf "reqenv(\'SCRIPT_NAME\') =~ m#^/(.*)\\.php$#" X_GROUP "[$1]"\n'
         'ProxyFCGISetEnvIf "true" !HTTP_USER_AGENT\nProxyFCGISetEnvIf "true" X_EMPTY\n'
         'ProxyFCGISetEnvIf "false" X_NEVER "1"\n'
         'ProxyFCGISetEnvIf "-z reqenv(\'PATH_INFO\')" X_EXPR "h-%{HTTP_HOST}-%{REQUEST_METHOD}"',
         PATHS[:5]),
    case("env", HANDLER + "SetEnv OWN 1\nSetEnvIf Host (.*) FROM_HOST=$1\n"
         "SetEnvIfNoCase ^Authorization$ \"(.+)\" HTTP_AUTHORIZATION=$1", FIELDS),
    case("location", f'<Location "/sub/">\nSetHandler "proxy:unix:{SOCKET}|fcgi://localhost"\n'
         "</Location>\nDirectoryIndex index.php", [Get("/sub/index.php"), Get("/sub/deep/env.php"),
                                                   Get("/sub/none.txt")]),
    case("headers", HANDLER + "Header set X-Set one\nHeader unset X-A\nHeader edit Set-Cookie a A",
         [Get("/say.php?q=cookies"), Get("/say.php?q=404")]),
    case("if", '<If "-f %{REQUEST_FILENAME} && %{REQUEST_URI} =~ /\\.php$/">\n'
         f'SetHandler "proxy:unix:{SOCKET}|fcgi://localhost"\n</If>', PATHS[:3]),
]
