"""mod_headers: Header and RequestHeader, on files, programs, error pages and redirects."""

from compare import Case, File, Get, Verdict, cgi_env

MAIN = """
RequestHeader unset Proxy early
"""

CGI = """#!/bin/sh
printf 'Status: %s\\nContent-Type: text/plain\\nX-Powered-By: PHP/8\\n' "${QUERY_STRING:-200 OK}"
printf 'X-Two: 1\\nX-Two: 2\\n'
printf 'Set-Cookie: a=1; Path=/\\nSet-Cookie: b=2\\nVary: Cookie\\nX-Cgi: yes\\n\\nbody\\n'
"""
LOCATION = """#!/bin/sh
printf 'Location: %s\\nX-Cgi: yes\\nSet-Cookie: a=1\\n\\nbody\\n' "$QUERY_STRING"
"""
OPEN = """<Directory "{root}">
Options +ExecCGI
AddHandler cgi-script .sh
</Directory>
"""


def case(name, rules, files=None, requests=None, config="", **more):
    """The same rules over a file, a missing one, a program and an error of a program."""
    files = {"x.txt": "text\n", "x.html": "<p>html\n", "x.sh": CGI, **(files or {})}
    requests = requests or [Get("/x.txt"), Get("/x.html"), Get("/none"), Get("/x.sh"),
                            Get("/x.sh?404"), Get("/x.txt", method="HEAD")]
    return Case(name, files=files, requests=requests, config=OPEN + config + rules, **more)


def htaccess(name, rules, requests=None, files=None, **more):
    return case(name, "", {".htaccess": rules, **(files or {})}, requests, **more)


TYPE = '"expr=%{CONTENT_TYPE} =~ m#text/html#i"'

CASES = [
    case("set", 'Header set X-A "a b"\nHeader set X-B b\nHeader set X-A again\n'),
    case("set-onsuccess", "Header onsuccess set X-A a\n"),
    case("set-always", "Header always set X-A a\nHeader always set X-A b\n"),
    case("set-both", "Header set X-A a\nHeader always set X-A b\n"),
    case("append", "Header append X-A a\nHeader append X-A b\nHeader append Vary Accept\n"
         "Header append Vary accept\n"),
    case("append-always", "Header always append X-Cgi a\nHeader append X-Cgi b\n"),
    case("merge",
         'Header merge X-A a\nHeader merge X-A b\nHeader merge X-A a\nHeader merge X-A "a, b"\n'
         'Header merge Cache-Control "private"\nHeader merge Cache-Control "private"\n'),
    case("add", "Header add X-A a\nHeader add X-A b\nHeader always add X-A c\n"),
    case("setifempty", "Header setifempty X-A a\nHeader setifempty X-A b\n"
         "Header setifempty X-Cgi no\nHeader always setifempty X-Cgi no\n"),
    case("unset", "Header unset ETag\nHeader unset Last-Modified\nHeader unset X-Cgi\n"
         "Header unset X-Powered-By\n"),
    case("unset-always", "Header always unset X-Powered-By\nHeader always unset X-Two\n"
         "Header always unset ETag\nHeader unset Set-Cookie\n"),
    case("unset-accept-ranges", "Header unset Accept-Ranges\nHeader set Last-Modified never\n"),
    case("edit", 'Header set X-A "one two one"\nHeader edit X-A one 1\n'
         'Header edit X-A "(\\w+) (\\w+)$" "$2 $1 & $0"\n'),
    case("edit-all", 'Header set X-A "one two one"\nHeader edit* X-A one 1\n'
         'Header set X-B "a,b,c"\nHeader edit* X-B "," ", "\nHeader set X-C aaab\n'
         'Header edit* X-C ^a x\n'),
    case("edit-cookies", 'Header always edit Set-Cookie ^(.*)$ "$1; HttpOnly; Secure"\n'
         'Header edit Set-Cookie ^(.*)$ "$1; SameSite=Lax"\n'),
    case("edit-none", "Header edit X-None a b\nHeader edit X-Cgi no b\n"),
    case("edit-env", "SetEnv WHAT it\nHeader set X-A abc\nHeader edit X-A b \"%{WHAT}e-$0\"\n"),
    case("edit-case", "Header set X-A ABC\nHeader edit X-A (?i)b x\n"),
    case("content-type", "Header set Content-Type text/x-own\n"),
    case("content-type-always", "Header always set Content-Type text/x-own\n"),
    case("content-type-unset", "Header unset Content-Type\n"),
    case("content-type-edit", "Header edit Content-Type text/ application/x-\n"),
    case("content-type-ifempty", "Header setifempty Content-Type text/x-own\n"),
    case("content-type-add", "Header add Content-Type text/x-own\n"),
    # Not a program's: Apache sends 3 with five bytes then.
    case("ours", "Header set Content-Length 3\nHeader set Date now\nHeader set Server x\n",
         requests=[Get("/x.txt"), Get("/none")]),
    case("connection", "Header set Connection keep-alive\n", also=("connection",)),
    case("connection-close", "Header set Connection close\n", also=("connection",)),
    case("echo", "Header echo ^X-E\nHeader echo (?i)^x-f$\n",
         requests=[Get("/x.txt", {"X-E1": "1", "x-e2": "2", "X-E3": "3", "X-F": "f"}),
                   Get("/none", {"X-E1": "1"}), Get("/x.sh", {"X-E1": "1"})]),
    case("echo-always", "Header always echo ^X-E\n",
         requests=[Get("/x.txt", {"X-E1": "1"}), Get("/none", {"X-E1": "1"})]),
    case("formats", 'Header set X-A "%%-%{NONE}e-%{HERE}e-100%"\nHeader set X-B "a\\tb\\\\c\\d"\n'
         'SetEnv HERE "here now"\nHeader set X-C "%{HTTPS}s %{SSL_PROTOCOL}s"\n'
         'Header set X-E "%e"\n'),
    case("format-time", 'Header set X-D "%D"\nHeader set X-T "%t"\nHeader set X-L "%l"\n'
         'Header edit X-D "D=[0-9]+" D\nHeader edit X-T "t=[0-9]{16}$" t\n'
         'Header edit X-L "l=[0-9.]+/[0-9.]+/[0-9.]+" l\n'),
    case("value-empty", 'Header set X-A ""\nHeader append X-B ""\nHeader append X-B b\n'),
    case("value-quotes", "Header set X-A 'a \"b\" c'\nHeader set X-B \"a 'b' \\\"c\\\"\"\n"
         'Header set X-C a"b"c\n'),
    case("name-colon", "Header set X-A: a\nHeader unset Etag:\n"),
    case("expr-value", 'Header set X-A "expr=%{REQUEST_URI} %{REQUEST_METHOD}"\n'
         'Header set X-B "expr=%{resp:ETag}|%{resp:X-A}|%{REQUEST_STATUS}|%{CONTENT_TYPE}"\n'
         'Header always set X-C "expr=%{req:X-In}|%{HTTP_HOST}"\n', ignore=("vary",),
         requests=[Get("/x.txt", {"X-In": "in"}), Get("/none", {"X-In": "in"}), Get("/x.sh")]),
    case("env", "SetEnv YES 1\nSetEnvIf Request_URI html$ HTML\nHeader set X-A a env=YES\n"
         "Header set X-B b env=NO\nHeader set X-C c env=!NO\nHeader set X-D d env=!YES\n"
         "Header always set X-E e env=HTML\nHeader unset ETag env=HTML\n"),
    case("env-edit", "SetEnv YES 1\nHeader set X-A abc\nHeader edit X-A b x env=YES\n"
         "Header edit X-A c y env=NO\n"),
    case("expr", f'Header set X-Html y {TYPE}\nHeader always set X-Html z {TYPE}\n'
         'Header set X-Txt y "expr=%{REQUEST_URI} == \'/x.txt\'"\n'
         'Header always set Strict-Transport-Security "max-age=1" "expr=%{HTTPS} == \'on\'"\n'
         'Header always set X-Plain "max-age=1" "expr=%{HTTPS} != \'on\'"\n'
         'Header set X-Status "s" "expr=%{REQUEST_STATUS} == 200"\n'
         'Header set X-Resp "s" "expr=resp(\'X-Html\') == \'y\'"\n'),
    case("expr-vary", 'Header set X-A y "expr=%{HTTP_USER_AGENT} =~ /x/"\n'
         'Header set X-B y "expr=%{req:X-In} == \'in\'"\n',
         requests=[Get("/x.txt", {"X-In": "in", "User-Agent": "x"}), Get("/x.txt"), Get("/none")]),
    case("early",
         "Header set X-A a early\nHeader always set X-B b early\nHeader set ETag no early\n"
         "Header always set X-Cgi early early\n"),
    case("early-location", '<Location "/">\nHeader set X-A a early\n</Location>\n'),
    case("sections", 'Header set X-A server\nHeader append X-B server\n'
         '<Directory "{root}">\nHeader append X-B directory\n</Directory>\n'
         '<Files "x.txt">\nHeader append X-B files\nHeader set X-A files\n</Files>\n'
         '<Location "/x.txt">\nHeader append X-B location\n</Location>\n'
         '<If "%{REQUEST_URI} == \'/x.txt\'">\nHeader append X-B if\n</If>\n'),
    case("conditional", "Header set X-A a\nHeader always set X-B b\nHeader set Cache-Control x\n"
         "Header unset Last-Modified\n",
         requests=[Get("/x.txt", {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}),
                   Get("/x.txt", {"If-None-Match": "*"}), Get("/x.txt", {"If-Match": '"no"'}),
                   Get("/x.txt", {"Range": "bytes=1-2"})]),
    case("redirect", "Redirect /r http://x.test/\nRedirect gone /g\nHeader set X-A a\n"
         "Header always set X-B b\nHeader always set Location http://y.test/ env=NO\n",
         {"d/x": "x"}, requests=[Get("/r"), Get("/g"), Get("/d"), Get("/r", method="HEAD")]),
    case("always-location", "Redirect /r http://x.test/\nHeader always edit Location x y\n"
         "Header always set Location http://z.test/\n", requests=[Get("/r")]),
    case("location", "Header set X-A a\nHeader always set X-Cgi b\n", {"loc.sh": LOCATION},
         requests=[Get("/loc.sh?/x.txt"), Get("/loc.sh?http://x.test/y"), Get("/loc.sh?/none"),
                   Get("/loc.sh?/x.sh")]),
    case("unset-cgi",
         "Header unset X-Cgi\nHeader always unset Set-Cookie\nHeader set Set-Cookie c=3\n",
         requests=[Get("/x.sh")]),
    case("methods", "Header set X-A a\nHeader always set X-B b\n",
         requests=[Get("/x.txt", method="OPTIONS"), Get("/x.txt", method="TRACE"),
                   Get("/x.txt", method="PUT"), Get("/x.txt", method="POST", body=b"a"),
                   Get("*", method="OPTIONS")], ignore=("allow",)),
    case("listing", "Header set X-A a\nHeader always set X-B b\n<Location /d>\nOptions +Indexes\n"
         "</Location>\n", {"d/x": "x"}, requests=[Get("/d/")], body=False,
         ignore=("content-length",)),
    case("vary", "Header set Vary Accept\nHeader always append Vary accept\n"
         "Header append Vary Cookie\n", requests=[Get("/x.txt"), Get("/x.sh"), Get("/none")]),
    case("note", 'Header set X-A a\nHeader note X-A kept\nHeader always note X-Cgi cgi\n'
         'CustomLog "{logs}/note" "%U %{kept}n %{cgi}n"\n', logs=("note",),
         requests=[Get("/x.txt"), Get("/x.sh"), Get("/none")]),
    case("invalid", 'Header set X-A "a\\nb: c" env=BAD\nSetEnvIf Request_URI bad BAD\n',
         {"bad.txt": "x"}, requests=[Get("/x.txt")]),
    case("invalid-empty", 'Header always set X-A "a\\nb: c"\n', requests=[Get("/x.txt")],
         errors=("AH02430: Response header 'X-A' value of",), also=()),
    case("invalid-name", 'Header always set "X A" a\n', requests=[Get("/x.txt")],
         errors=("AH02429: Response header name 'X A'",)),
    case("env-line", 'SetEnvIf X-In "(.*)" IN=$1\nHeader set X-A "%{IN}e"\n',
         requests=[Get("/x.txt", {"X-In": "a\tb"}), Get("/x.txt")]),
    # RequestHeader
    case("request",
         'RequestHeader set X-In new\nRequestHeader append X-List b\nRequestHeader add X-Add 2\n'
         "RequestHeader unset X-Gone\nRequestHeader setifempty X-In no\n"
         "RequestHeader setifempty X-Def def\n"
         'RequestHeader edit X-Ed ^a(.*) "b$1"\nRequestHeader merge X-List b\n'
         "RequestHeader set Authorization \"Basic eDp5\"\n",
         {"env.sh": cgi_env("HTTP_X_IN", "HTTP_X_LIST", "HTTP_X_ADD", "HTTP_X_GONE", "HTTP_X_DEF",
                            "HTTP_X_ED", "HTTP_PROXY", "HTTP_AUTHORIZATION")},
         requests=[Get("/env.sh"),
                   Get("/env.sh", {"X-In": "old", "X-List": "a", "X-Gone": "here",
                                   "X-Ed": "abc", "Proxy": "http://evil"})]),
    case("request-early", "RequestHeader set X-In early early\nRequestHeader unset X-Gone early\n"
         'SetEnvIf X-In early FOUND=yes\nSetEnvIf X-Late late LATE=yes\n'
         'RequestHeader set X-Late late\n',
         {"env.sh": cgi_env("HTTP_X_IN", "HTTP_X_GONE", "FOUND", "LATE", "HTTP_X_LATE")},
         requests=[Get("/env.sh"), Get("/env.sh", {"X-Gone": "1"})]),
    case("request-conditions", "SetEnvIf Request_URI env YES\nRequestHeader set X-A a env=YES\n"
         "RequestHeader set X-B b env=!YES\n"
         "RequestHeader set X-C c \"expr=%{REQUEST_METHOD} == 'GET'\"\n"
         'RequestHeader set X-D "%{YES}e %{REMOTE}e"\n'
         'RequestHeader set X-E "expr=%{REQUEST_URI}"\n',
         {"env.sh": cgi_env("HTTP_X_A", "HTTP_X_B", "HTTP_X_C", "HTTP_X_D", "HTTP_X_E")},
         requests=[Get("/env.sh")]),
    case("request-sections",
         '<Directory "{root}">\nRequestHeader set X-In directory\n</Directory>\n'
         '<Location /env.sh>\nRequestHeader append X-In location\n</Location>\n',
         {"env.sh": cgi_env("HTTP_X_IN")}, requests=[Get("/env.sh")]),
    case("request-trace", "RequestHeader set X-In early early\n",
         requests=[Get("/x.txt", method="TRACE")]),
    # .htaccess, as applications write it
    htaccess("ht-h5bp", "<IfModule mod_headers.c>\n"
             f'Header set X-UA-Compatible "IE=edge" {TYPE}\n'
             'Header always set Strict-Transport-Security "max-age=16070400" "expr=%{HTTPS} == '
             '\'on\'"\n'
             'Header always set Permissions-Policy "camera=()" "expr=%{CONTENT_TYPE} =~ '
             'm#text\\/(html|javascript)|application\\/pdf#i"\n'
             'Header set X-Content-Type-Options nosniff\nHeader unset ETag\n'
             'Header always unset X-Powered-By\nHeader unset X-Powered-By\n'
             '<FilesMatch "\\.(txt)$">\nHeader set Access-Control-Allow-Origin "*"\n'
             '</FilesMatch>\n'
             '<IfModule mod_setenvif.c>\n<FilesMatch "\\.(bmp|gif|html)$">\n'
             'SetEnvIf Origin ":" IS_CORS\n'
             'Header set Access-Control-Allow-Origin "*" env=IS_CORS\n'
             "</FilesMatch>\n</IfModule>\n</IfModule>\nFileETag None\n",
             [Get("/x.html"), Get("/x.html", {"Origin": "http://x"}), Get("/x.txt"), Get("/x.sh"),
              Get("/none")]),
    htaccess("ht-cache", '<FilesMatch "\\.html$">\nFileETag None\nHeader unset ETag\n'
             'Header set Cache-Control "max-age=0, no-cache, no-store, must-revalidate"\n'
             'Header set Pragma "no-cache"\nHeader set Expires "Wed, 11 Jan 1984 05:00:00 GMT"\n'
             "</FilesMatch>\n"),
    htaccess("ht-below", "Header append X-A above\nHeader set X-B above\n",
             [Get("/d/x"), Get("/d/e/x"), Get("/x.txt"), Get("/d/none")],
             {"d/.htaccess": "Header append X-A below\nHeader unset X-B\n", "d/x": "x",
              "d/e/x": "x"}),
    htaccess("ht-nextcloud", "<IfModule mod_headers.c>\n<IfModule mod_setenvif.c>\n"
             "SetEnvIfNoCase ^Authorization$ \"(.+)\" XAUTHORIZATION=$1\n"
             "RequestHeader set XAuthorization %{XAUTHORIZATION}e env=XAUTHORIZATION\n"
             "</IfModule>\n"
             "<IfModule mod_env.c>\nHeader onsuccess unset Referrer-Policy\n"
             'Header always set Referrer-Policy "no-referrer"\n'
             "Header onsuccess unset X-Powered-By\nHeader always unset X-Powered-By\n"
             "SetEnv modHeadersAvailable true\n</IfModule>\n"
             '<FilesMatch "\\.(txt|svg)$">\n<If "%{QUERY_STRING} =~ /(^|&)v=/">\n'
             'Header set Cache-Control "max-age=15778463, immutable"\n</If>\n<Else>\n'
             'Header set Cache-Control "max-age=15778463"\n</Else>\n</FilesMatch>\n</IfModule>\n',
             [Get("/x.txt?v=1"), Get("/x.txt"), Get("/x.sh"), Get("/none.txt")]),
    # RequestHeader comes before the handler that finds nothing.
    htaccess("request-missing", "RequestHeader set X-Z z\nHeader always set X-A "
             '"expr=%{req:X-Z}"\nRedirect 404 /gone\n<Files no>\nRequire all denied\n</Files>\n',
             [Get(p) for p in ("/none", "/none/x", "/x.txt", "/x.txt/y", "/gone", "/no")]),
    htaccess("ht-syntax", "Header sett X-A a\n", [Get("/x.txt")]),
]

for where in ("server", "vhost", "directory", "location", "files", "htaccess"):
    globals().setdefault("VERDICTS", []).extend([
        Verdict("Header set X a", where), Verdict("RequestHeader unset X", where)])

VERDICTS += [
    Verdict("Header set X a", "htaccess", override="FileInfo"),
    Verdict("Header set X a", "htaccess", ok=False, override="Indexes"),
    Verdict("Header", ok=False), Verdict("Header set", ok=False, message="three arguments"),
    Verdict("Header set X", ok=False),
             Verdict("Header nonsense X a", ok=False, message="first argument"),
    Verdict("Header unset X"), Verdict("Header unset X env=Y"),
             Verdict("Header unset X a", ok=False),
    Verdict("Header unset X env=A env=B", ok=False, message="two arguments"),
    Verdict("Header set X a b", ok=False, message="Unknown parameter: b"),
    Verdict("Header set X a env=A b", ok=False), Verdict("Header set X a env=", ok=False),
    Verdict("Header set X a env=!", ok=False), Verdict("Header edit X a", ok=False),
    Verdict("Header edit X a b"), Verdict("Header edit X a b env=C"),
             Verdict("Header edit X a b c", ok=False),
    Verdict("Header edit X a b env=C d", ok=False),
             Verdict("Header edit X ( b", ok=False, message="compiled"),
    Verdict("Header edit* X a b"), Verdict("Header echo ^X"), Verdict("Header echo (", ok=False),
    Verdict("Header echo X env=A"), Verdict("RequestHeader echo X", ok=False),
    Verdict("RequestHeader always set X a", ok=False), Verdict("Header ALWAYS SET X a"),
    Verdict("Header note X y"),
             Verdict("Header set X %z", ok=False, message="Unrecognized header format"),
    Verdict("Header set X %{A}", ok=False), Verdict("Header set X a early"),
    Verdict("Header set X %i", because="a process knows only itself"),
    Verdict('Header set X a "expr=%{HTTPS} == \'on\'"'),
    Verdict('Header set X a "expr=nonsense("', ok=False,
            message="Can't parse envclause/expression"),
    Verdict('Header set X "expr=%{NONSENSE}"', ok=False, message="Can't parse value expression"),
    Verdict("Header unset"), Verdict("RequestHeader unset Proxy early"),
]
