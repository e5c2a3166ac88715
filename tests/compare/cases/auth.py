"""
Who somebody is: AuthType Basic and Digest, the files of htpasswd and htdigest, Require user, group
and their like, Satisfy, AuthMerging, with what programs and logs are told.
"""

from auth_digest import DIGESTED
from auth_users import (
    ASK, AUTH, CGI, DVALID, ENV, FILE, FILES, HASHES, OTHER, TYPE, VALID, basic, both, place, raw)
from compare import Case, File, Get, Verdict

MODULES = ["auth_digest", "authz_groupfile", "authz_owner"]
# Apache's default is enough for a dozen clients of all sites together.
MAIN = "AuthDigestShmemSize 100K"

SCHEMES = ["bcrypt", "apr1", "sha", "des", "sha256", "sha512", "md5"]
ODD_USERS = ["plain", " spaces ", "spaces", "tab", "twice", "more", "joined", "nohash", "none",
             "star", "star0", "star1", "short", "cost", "unknown", "apr-no", "first", "last", "",
             "# bcrypt", "TAB"]

PASSWORDS = [
    place("schemes", VALID, [basic(u, p) for u in SCHEMES for p in
                             ("secret", "secreT", "", "secretx", "x" * 600)]),
    place("odd", TYPE + "AuthUserFile {dir}/odd\nRequire valid-user",
          [basic(u) for u in ODD_USERS] + [basic(u, "") for u in ODD_USERS]
          + [basic(u, u) for u in ("star", "star0", "star1")]
          + [basic("with space", "pa:ss wörd"), basic("empty", ""), basic("empty", "x")]),
    place("fields", VALID, [
        raw("Basic"), raw("Basic "), raw("Basic :"), raw("Basic !!!"), raw("Basic OnNlY3JldA=="),
        raw("basic YmNyeXB0OnNlY3JldA=="), raw("BASIC   YmNyeXB0OnNlY3JldA=="),
        raw("Basic\tYmNyeXB0OnNlY3JldA=="), raw("Basic \tYmNyeXB0OnNlY3JldA=="),
        raw("Basic YmNyeXB0OnNlY3JldA"), raw("Basic YmNyeXB0OnNlY3JldA==junk"),
        raw("Basic YmNyeXB0OnNlY3JldA==, Basic eDp4"), raw("Basic YmNyeXB0"),
        raw("Basic YmNyeXB0OnNlY3JldABqdW5r"), raw("Bearer YmNyeXB0OnNlY3JldA=="),
        raw("Digest username=\"bcrypt\""), raw(""), raw("YmNyeXB0OnNlY3JldA=="),
        Get("/x", [("Authorization", "Basic YmNyeXB0OnNlY3JldA=="), ("Authorization", "x")]),
        Get("/x", {"Proxy-Authorization": "Basic YmNyeXB0OnNlY3JldA=="}),
        basic("bcrypt", method="HEAD"), basic("bcrypt", method="POST", body=b"a"),
        basic("nobody", method="HEAD"), basic("bcrypt", path="/nothere"),
        basic("nobody", path="/nothere"), Get("/nothere"), basic("bcrypt", path="/sub"),
        basic("bcrypt", path="/sub/"), basic("bcrypt", path="/"), basic("no", path="/"), Get("/")],
        errors=('AH01614: client used wrong authentication scheme: /x',
                'AH01618: user nobody not found: /nothere')),
    place("fail2ban", VALID, [basic("bcrypt", "wrong"), basic("eve")], errors=(
        r'\[auth_basic:error\] .*\[client 127\.0\.0\.1:\d+\] AH01617: user bcrypt: authentication '
        r'failure for "/x": Password Mismatch', r'AH01618: user eve not found: /x')),
    place("name-quoted", 'AuthType Basic\nAuthName "a \\"b\\" c"\n' + FILE + "Require valid-user"),
    place("name-expr", 'AuthType Basic\nAuthName "for %{HTTP_HOST} %{tolower:ABC}"\n' + FILE
          + "Require valid-user"),
    place("type-case", 'AuthType bAsIc\nAuthName R\n' + FILE + "Require valid-user\n" + CGI,
          [*ASK, basic("bcrypt", path="/env.cgi")]),
    place("type-expr", 'AuthType "%{reqenv:KIND}"\nAuthName R\n' + FILE + "Require valid-user",
          [Get("/x", {"Kind": k, **h}) for k in ("Basic", "None", "Digest", "Other", "")
           for h in ({}, dict(basic("sha").headers))], server="SetEnvIf Kind (.+) KIND=$1",
          errors=("AH01796: AuthType Other configured without corresponding module",)),
]

BROKEN = [
    *both("no-name", "AuthType Basic\n" + FILE + "Require valid-user",
          errors=("AH01615: need AuthName: /x",)),
    *both("no-file", TYPE + "Require valid-user",
          errors=("AH01619: AuthUserFile not specified in the configuration",)),
    *both("missing-file", TYPE + "AuthUserFile {dir}/nope\nRequire valid-user",
          errors=(r"\(2\)No such file or directory: .*AH01620: Could not open password file: /",)),
    place("secret-file", VALID, files={"{dir}/pw": File(
        HASHES, mode=0o600, owner="root")}, errors=(
            r"\(13\)Permission denied: .*AH01620: Could not open password file: /",)),
    place("file-directory", TYPE + "AuthUserFile {dir}\nRequire valid-user",
          errors=(r"\(9\)Bad file descriptor: .*AH01620: Could not open password file: /",)),
    *both("no-type", "AuthName R\n" + FILE + "Require valid-user",
          errors=("AH00027: No authentication done but request not allowed without "
                  "authentication for /x. Authentication not configured",)),
    place("no-type-any", "Require user sha\nOrder allow,deny\nDeny from all\nSatisfy Any",
          errors=("AH00028: No authentication done",)),
    *both("type-none", "AuthType None\nAuthName R\n" + FILE + "Require valid-user"),
    *both("type-none-granted", "AuthType None\nRequire all granted"),
    *both("type-unknown", 'AuthType Magic\nAuthName R\nRequire valid-user',
          errors=("AH01796: AuthType Magic configured without corresponding module",)),
    place("no-require", AUTH + "AuthMerging Off", errors=(
        "AH01627: AuthType configured with no corresponding authorization directives",),
        base=False),
    *both("type-granted", AUTH + "Require all granted"),
    *both("type-denied", AUTH + "Require all denied", errors=("AH01630: client denied",)),
    *both("lenient", AUTH + "AuthBasicAuthoritative Off\nRequire valid-user",
          errors=("AH01796: AuthType Basic configured without",)),
    place("lenient-missing", TYPE + "AuthUserFile {dir}/nope\nAuthBasicAuthoritative Off\n"
          "Require valid-user"),
    place("empty-file", VALID, files={"{dir}/pw": ""}),
]

REQUIRE = {
    "user": "Require user sha",
    "users": 'Require user nobody "sha" bcrypt',
    "user-none": "Require user",
    "user-expr": "Require user %{reqenv:WHO} sha",
    "user-case": "Require user SHA",
    "group": "Require group staff",
    "groups": "Require group nope admins",
    "group-case": "Require group ADMINS",
    "group-padded": "Require group padded",
    "group-joined": "Require group joined",
    "group-none": "Require group",
    "group-name": "Require group sha",
    "group-empty": "Require group empty",
    "not-user": "<RequireAll>\nRequire valid-user\nRequire not user sha\n</RequireAll>",
    "not-group": "<RequireAll>\nRequire valid-user\nRequire not group staff\n</RequireAll>",
    "user-and-group": "<RequireAll>\nRequire user sha\nRequire group staff\n</RequireAll>",
    "user-or-ip": "Require ip 10\nRequire user sha",
    "user-or-local": "Require local\nRequire user sha",
    "user-and-ip": "<RequireAll>\nRequire ip 10\nRequire user sha\n</RequireAll>",
    "user-and-local": "<RequireAll>\nRequire local\nRequire user sha\n</RequireAll>",
    "user-and-denied": "<RequireAll>\nRequire valid-user\nRequire all denied\n</RequireAll>",
    "none-user": "<RequireAll>\nRequire all granted\n<RequireNone>\nRequire user sha\n"
                 "</RequireNone>\n</RequireAll>",
    "any-deep": "<RequireAll>\nRequire local\n<RequireAny>\nRequire user sha\nRequire ip 10\n"
                "</RequireAny>\n</RequireAll>",
    "expr-user": "Require expr %{REMOTE_USER} == 'sha'",
    "expr-user-text": "Require expr \"REMOTE_USER\" == 'sha'",
    "expr-user-or": "Require expr %{REMOTE_USER} == 'x' || %{REMOTE_USER} =~ /^s/",
    "expr-type": "Require expr %{AUTH_TYPE} == 'Basic'",
    "expr-and-user": "<RequireAll>\nRequire expr %{REMOTE_USER} != 'sha'\nRequire valid-user\n"
                     "</RequireAll>",
    "owner": "Require file-owner",
    "file-group": "Require file-group",
    "limit-post": "<Limit POST>\nRequire valid-user\n</Limit>",
    "limit-get": "<Limit GET>\nRequire valid-user\n</Limit>",
    "limit-except": "<LimitExcept GET>\nRequire valid-user\n</LimitExcept>",
    "limit-two": "<Limit GET>\nRequire user sha\n</Limit>\n<LimitExcept GET>\nRequire group staff"
                 "\n</LimitExcept>",
    "forbidden": "AuthzSendForbiddenOnFailure On\nRequire user sha",
    "forbidden-group": "AuthzSendForbiddenOnFailure On\nRequire group admins",
    "any-host": "Order deny,allow\nDeny from all\nAllow from env=G\nSatisfy Any\nRequire user sha",
    "any-open": "Order allow,deny\nAllow from all\nSatisfy Any\nRequire valid-user",
    "all-host": "Order deny,allow\nDeny from all\nAllow from env=G\nSatisfy All\nRequire user sha",
    "all-open": "Order allow,deny\nAllow from all\nRequire user sha",
    "any-limited": "Order deny,allow\nDeny from all\nSatisfy Any\n<Limit POST>\nRequire user sha\n"
                   "</Limit>",
}
METHODS = [("POST", None), ("POST", "sha"), ("POST", "bcrypt"), ("OPTIONS", None),
           ("OPTIONS", "sha")]


def rule_requests(name):
    path = f"/{name}/x"
    yield from (Get(path), basic("sha", path=path), basic("bcrypt", path=path),
                Get(path, {"X-Env": "G"}), basic("sha", path=path, headers={"X-Env": "G"}),
                basic("apr1", path=path), basic("nobody", path=path))
    if "group" in name:
        yield from (basic("des", path=path), basic("md5", path=path))
    if "imit" in name:
        yield from (basic(u, path=path, method=m) if u else Get(path, method=m)
                    for m, u in METHODS)


def rules(name, config, files, most=99):
    """All of REQUIRE, a directory each, asked at most so often."""
    return Case(name, files={**FILES, **{f"{rule}/x": "x" for rule in REQUIRE}, **files},
                config=f'{ENV}SetEnvIf X-Env G WHO=bcrypt\nCustomLog {{logs}}/{name}.log '
                f'"%u %s %U"\n{config}', logs=(f"{name}.log",),
                requests=[r for rule in REQUIRE for r in list(rule_requests(rule))[:most]])


RULES = [
    rules("rules", "\n".join(f'<Directory "{{root}}/{name}">\n{AUTH}{text}\n</Directory>'
                             for name, text in REQUIRE.items()), {}),
    rules("rules-ht", "", {f"{name}/.htaccess": AUTH + text for name, text in REQUIRE.items()}, 3),
]

LINES = [
    place("lines", AUTH + "Require user sha\nRequire group padded", ASK, server="LogLevel debug",
          errors=(r"AH01626: authorization result of Require user sha: denied \(no authenticated "
                  r"user yet\)", r"AH01626: authorization result of <RequireAny>: denied \(no auth",
                  r"AH01663: access to /x failed, reason: user 'bcrypt' does not meet",
                  r"AH01666: Authorization of user apr1 to access /x failed, reason: user doesn't "
                  r"appear in group file \(/",
                  r"AH01667: Authorization of user bcrypt to access /x failed, reason: user is not",
                  r'AH01631: user bcrypt: authorization failure for "/x": ',
                  r"AH01626: authorization result of Require user sha: granted")),
    Case("lines-none", files=FILES, requests=[Get("/x")], base=False, config='LogLevel debug\n'
         '<Location "/">\nAuthMerging Off\n</Location>',
         errors=(r"AH01628: authorization result: granted \(no directives\)",)),
    place("group-no-file", TYPE + "AuthUserFile {dir}/pw\nRequire group staff",
          errors=("AH01664: No group file was specified in the configuration",)),
    place("group-missing", TYPE + "AuthUserFile {dir}/pw\nAuthGroupFile {dir}/nope\n"
          "Require group staff", errors=(r"AH01665: Could not open group file: /",)),
    place("expr-denied", AUTH + "Require expr %{REMOTE_USER} == 'sha'",
          errors=("AH01629: authorization failure \\(no authenticated user\\): /x",)),
    place("owner-file", TYPE + "AuthUserFile {dir}/own\nAuthGroupFile {dir}/owngroups\n"
          "Require file-owner", [basic(u, path=p) for u in ("root", "daemon")
                                 for p in ("/x", "/mine", "/nothere", "/sub/")],
          files={"mine": File("mine", owner="root"),
                 "{dir}/own": "root:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"
                              "daemon:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"},
          errors=("AH01637: Authorization of user daemon to access /mine failed, reason: file owner"
                  " root does not match", "AH01634: .*could not stat file /")),
    place("group-file", TYPE + "AuthUserFile {dir}/pw\nAuthGroupFile {dir}/owngroups\n"
          "Require file-group", [basic(u, path=p) for u in ("sha", "bcrypt")
                                 for p in ("/x", "/mine", "/nothere")],
          files={"mine": File("mine", owner="root"),
                 "{dir}/owngroups": "root: sha\n"}),
]

MERGING = [
    Case("merge", files={**FILES, "a/.htaccess": "Require user sha", "a/x": "x",
                         "b/.htaccess": "AuthMerging And\nRequire group admins", "b/x": "x",
                         "c/.htaccess": "AuthMerging Or\nRequire user apr1", "c/x": "x",
                         "d/.htaccess": 'AuthName "other"', "d/x": "x",
                         "e/.htaccess": "AuthType None\nRequire all granted", "e/x": "x",
                         "f/.htaccess": "AuthUserFile {dir}/odd", "f/x": "x",
                         "g/.htaccess": "Satisfy Any\nOrder allow,deny\nAllow from all",
                         "g/x": "x", "h/.htaccess": "AuthMerging Or", "h/x": "x",
                         "i/.htaccess": "AuthzSendForbiddenOnFailure On", "i/x": "x",
                         "j/.htaccess": "Require all granted", "j/x": "x"},
         config='<Directory "{root}">\n' + AUTH + "Require group staff\n</Directory>",
         requests=[r for d in "abcdefghij" for r in (
             Get(f"/{d}/x"), *(basic(u, path=f"/{d}/x") for u in
                               ("sha", "bcrypt", "apr1", "tab", "eve")))]),
    Case("sections", files=FILES, config=f"""
<Location "/x">\n{VALID}</Location>
<Directory "{{root}}/sub">\n{AUTH}Require user sha\n</Directory>
<FilesMatch "^y$">\nRequire user bcrypt\n</FilesMatch>
<Location "/open">\nRequire all granted\n</Location>
<Location "/nowhere">\n{VALID}</Location>""",
         requests=[r for p in ("/x", "/sub/y", "/sub/", "/sub", "/open", "/nowhere/z") for r in (
             Get(p), basic("sha", path=p), basic("bcrypt", path=p))]),
    Case("if", files=FILES, config='<Directory "{root}">\n<If "%{HTTP:X-Env} == \'G\'">\n' + VALID
         + "</If>\n</Directory>", requests=[Get("/x"), OTHER, basic("sha", headers={"X-Env": "G"}),
                                            basic("no", headers={"X-Env": "G"})]),
]

INSIDE = [
    # An index file, a list, and error pages: looked for on behalf of a request that was let in.
    place("index", VALID, [Get("/"), basic("sha", path="/"), basic("no", path="/")]),
    place("index-files", 'Require all granted\n<Files "index.html">\n' + VALID + "</Files>",
          [Get("/"), basic("sha", path="/"), Get("/index.html"), basic("sha", path="/index.html")],
          ignore=("www-authenticate",)),
    # What a candidate asks for that does not answer is not asked for.
    *(place(f"index-next-{i}", f'Require all granted\nDirectoryIndex {names}\n'
            f'<Files "index.html">\n{lines}</Files>',
            [Get("/"), basic("sha", path="/"), basic("no", path="/")])
      for i, (names, lines) in enumerate((
          ("index.html x", VALID), ("index.html x", DVALID), ("none index.html x", VALID),
          ("none x index.html", VALID), ("none index.html", VALID), ("none index.html", DVALID)))),
    # Apache sends a 401 without a challenge here (RFC 9110 section 15.5.2).
    place("index-not-last", 'Require all granted\nDirectoryIndex index.html none\n'
          '<Files "index.html">\n' + VALID + "</Files>",
          [Get("/"), basic("sha", path="/"), basic("no", path="/")],
          ignore=("www-authenticate",)),
    place("variants", 'Require all granted\nOptions +MultiViews\n<Files "v.html">\n' + VALID
          + '</Files>\n<Files "w.*">\n' + VALID + "</Files>",
          [Get("/v"), basic("sha", path="/v"), Get("/w"), basic("sha", path="/w"), Get("/u")],
          files={"v.html": "html", "v.txt": "txt", "w.html": "html", "w.txt": "t", "u.txt": "u"}),
    place("index-open", VALID + '<Files "index.html">\nAuthType None\n'
          "Require all granted\n</Files>",
          [Get("/"), basic("sha", path="/"), Get("/index.html")]),
    place("list", "Options +Indexes\nDirectoryIndex disabled\nIndexOptions +NameWidth=*\n"
          'IndexIgnore env.cgi\n<Files "x">\n' + VALID + "</Files>",
          [Get("/"), basic("sha", path="/"), basic("bad", path="/")],
          files={"closed/.htaccess": VALID, "closed/z": "z", "open/z": "z"}),
    place("list-shown", "Options +Indexes\nDirectoryIndex disabled\nIndexOptions ShowForbidden\n"
          'IndexIgnore env.cgi\n<Files "x">\n' + VALID + "</Files>",
          [Get("/"), basic("sha", path="/"), basic("bad", path="/")],
          files={"closed/.htaccess": VALID, "closed/z": "z", "open/z": "z"}),
    place("list-inside", "Options +Indexes\nDirectoryIndex disabled\nIndexIgnore env.cgi\n" + VALID,
          [Get("/"), basic("sha", path="/")]),
    *both("page-text", VALID + 'ErrorDocument 401 "who are you?"'),
    *both("page", VALID + "ErrorDocument 401 /sorry.html", files={"sorry.html": "sorry"}),
    place("page-open", VALID + 'ErrorDocument 401 /sorry.html\n<Files "sorry.html">\n'
          "Require all granted\n</Files>", files={"sorry.html": "sorry"}),
    place("page-closed", VALID + 'ErrorDocument 401 /sorry.html\n<Files "sorry.html">\n'
          "Require user bcrypt\n</Files>", files={"sorry.html": "sorry"}),
    Case("page-missing", files=FILES, requests=ASK, config='<Directory "{root}">\n' + VALID
         + "ErrorDocument 401 /nothere.html\n</Directory>"),
    place("page-url", VALID + "ErrorDocument 401 http://example.org/"),
    place("page-cgi", VALID + CGI + "ErrorDocument 401 /env.cgi"),
    place("page-cgi-open", VALID + CGI + 'ErrorDocument 401 /env.cgi\n<Files "env.cgi">\n'
          "AuthType None\nRequire all granted\n</Files>"),
    place("page-403", AUTH + "AuthzSendForbiddenOnFailure On\nRequire user sha\n" + CGI
          + "ErrorDocument 403 /env.cgi"),
    place("headers", VALID + 'Header always set X-A a\nHeader set X-B b\n'
          'Header always edit WWW-Authenticate ^Basic Xbasic'),
    place("fallback", VALID + "FallbackResource /index.html",
          [basic("sha", path="/nothere"), Get("/nothere"), basic("no", path="/nothere")]),
]

TOLD = [
    *both("env", VALID + CGI, [basic(u, path="/env.cgi") for u in ("sha", "bcrypt")]),
    *both("env-granted", CGI + AUTH + "Require all granted", [
        basic("sha", path="/env.cgi"), Get("/env.cgi")]),
    *both("env-pass", VALID + CGI + "CGIPassAuth On", [basic("sha", path="/env.cgi")]),
    *both("env-pass-open", CGI + "CGIPassAuth On\nRequire all granted", [
        basic("sha", path="/env.cgi"), raw("Bearer abc", "/env.cgi"), Get("/env.cgi")]),
    *both("env-setenvif", CGI + 'SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1',
          [basic("sha", path="/env.cgi"), raw("Bearer abc", "/env.cgi"), Get("/env.cgi")]),
    *both("env-setenvif-valid", VALID + CGI
          + 'SetEnvIfNoCase ^Authorization$ "(.+)" HTTP_AUTHORIZATION=$1',
          [basic("sha", path="/env.cgi")]),
    *both("env-rewrite", CGI + "RewriteEngine On\n"
          "RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]",
          [basic("sha", path="/env.cgi"), raw("Bearer abc", "/env.cgi"), Get("/env.cgi")]),
    *both("env-user", VALID + CGI + "RequestHeader set X-User expr=%{REMOTE_USER}-%{AUTH_TYPE}",
          [basic("sha", path="/env.cgi")]),
    *both("env-header", VALID + "Header set X-User expr=%{REMOTE_USER}-%{AUTH_TYPE}"),
    *both("fake", CGI + "CGIPassAuth On\nAuthBasicFake demo pass", [
        Get("/env.cgi"), basic("sha", path="/env.cgi")]),
    *both("fake-default", CGI + "CGIPassAuth On\nAuthBasicFake demo", [Get("/env.cgi")]),
    *both("fake-off", CGI + "CGIPassAuth On\nAuthBasicFake demo\nAuthBasicFake off",
          [Get("/env.cgi"), basic("sha", path="/env.cgi")]),
    *both("fake-expr", CGI + VALID + "CGIPassAuth On\nAuthBasicFake %{REMOTE_USER} x-%{HTTP_HOST}",
          [basic("sha", path="/env.cgi")]),
    *both("fake-empty", CGI + "CGIPassAuth On\nAuthBasicFake %{reqenv:NOPE} x",
          [Get("/env.cgi"), basic("sha", path="/env.cgi")]),
    place("lookahead", VALID, [Get("/x"), basic("sha"), basic("eve"), basic("sha", path="/sub/y")],
          server="RewriteEngine On\nRewriteCond %{LA-U:REMOTE_USER} ^(s.*)\n"
                 "RewriteRule ^/(x)$ /$1?%1 [E=FOUND:%1]\nHeader always set X-F %{FOUND}e"),
    place("log", VALID, [basic("sha"), basic("a b"), basic('q"uote'), basic("tab\there"),
                         basic(""), Get("/x"), basic("ä")], server="", errors=()),
]

CASES = PASSWORDS + BROKEN + RULES + LINES + MERGING + INSIDE + TOLD + DIGESTED
VERDICTS = [
    *(Verdict(text, where="directory", ok=False, message=message) for text, message in (
        ("AuthBasicProvider ldap", "Unknown Authn provider: ldap"),
        ("AuthBasicProvider file dbm", "Unknown Authn provider: dbm"),
        ("AuthBasicProvider File", "Unknown Authn provider: File"),
        ("AuthDigestProvider anon", "Unknown Authn provider: anon"),
        ("AuthDigestQop none", "AuthDigestQop is deprecated"),
        ("AuthDigestQop none auth", "AuthDigestQop is deprecated"),
        ("AuthDigestDomain", "AuthDigestDomain"), ("AuthDigestNcCheck maybe", "must be On or Off"),
        ("AuthDigestNonceLifetime", "AuthDigestNonceLifetime"),
        ("AuthDigestQop auth-int", "AuthDigestQop is deprecated"),
        ("AuthDigestAlgorithm MD5-sess", "Unsupported algorithm in AuthDigestAlgorithm: MD5-sess"),
        ("AuthDigestNonceLifetime 5x", "Invalid time in AuthDigestNonceLifetime: 5x"),
        ("AuthDigestNonceLifetime x", "Invalid time in AuthDigestNonceLifetime: x"),
        ("AuthBasicUseDigestAlgorithm SHA", "Invalid algorithm in AuthBasicUseDigestAlgorithm"),
        ("AuthBasicFake %{NOPE}", "Could not parse fake username expression '%{NOPE}'"),
        ("AuthBasicFake a %{NOPE}", "Could not parse fake password expression associated to user"),
        ("AuthName %{NOPE}", "Cannot parse expression '%{NOPE}' in AuthName: Variable 'NOPE'"),
        ("AuthType %{NOPE}", "Cannot parse expression '%{NOPE}' in AuthType: Variable 'NOPE'"),
        ("Require user %{NOPE}", "Cannot parse expression in require line: Variable 'NOPE'"),
        ("Require not valid-user", "negative Require directive has no effect in <RequireAny>"),
        ("AuthType", "takes one argument"), ('AuthName ""', "takes one argument"),
        ("AuthName a b", "takes one argument"),
        ("AuthUserFile", "takes one argument"), ("AuthGroupFile a b", "takes one argument"),
        ("AuthBasicAuthoritative maybe", "must be On or Off"),
        ("AuthzSendForbiddenOnFailure maybe", "must be On or Off"),
        ("AuthDigestShmemSize 1K", "not allowed in"),
        ("AuthDigestNonceFormat x", "Invalid command 'AuthDigestNonceFormat'"),
    )),
    *(Verdict(text, where=where) for where in ("directory", "htaccess") for text in (
        "AuthType Basic", "AuthName \"a b\"", "AuthUserFile x", "AuthGroupFile /x/y",
        "AuthBasicProvider file file", "AuthBasicFake a b", "AuthDigestDomain / /x",
        "AuthDigestNcCheck Off", "AuthDigestNcCheck On", "AuthDigestNonceLifetime 0",
        "AuthDigestNonceLifetime -5", "AuthDigestQop auth AUTH")),
    *(Verdict(f"Require {text}", where="directory") for text in (
        "valid-user x", "file-owner x", "user", "group", "group x y", "file-group")),
    *(Verdict(text, where="htaccess", override="AuthConfig") for text in (
        "AuthType None", "AuthUserFile x", "Require all granted", "AuthzSendForbiddenOnFailure On",
        "Satisfy Any", "AuthMerging Or\nRequire all granted")),
    *(Verdict(f"<IfModule mod_{m}.c>\nNonsense\n</IfModule>", ok=False, message="Invalid command")
      for m in ("auth_basic", "auth_digest", "authn_core", "authn_file", "authz_user",
                "authz_groupfile", "authz_owner", "authz_core")),
    *(Verdict(f"<IfModule mod_{m}.c>\nNonsense\n</IfModule>") for m in (
        "authn_dbm", "authn_anon", "authn_socache", "authnz_ldap", "auth_form", "authz_dbm")),
    *(Verdict(text, where="htaccess", override=override, ok=False, message="not allowed here")
      for override in ("None", "FileInfo Limit") if override != "None"
      for text in ("AuthType Basic", "AuthUserFile x", "Require valid-user", "AuthDigestQop auth",
                   "AuthzSendForbiddenOnFailure On", "AuthBasicFake x")),
    *(Verdict(text, where=where, ok=False, message="not allowed")
      for where in ("server", "vhost") for text in ("AuthType Basic", "AuthUserFile x")),
    Verdict("AuthDigestShmemSize 10K"),
    *(Verdict(f"AuthDigestShmemSize {size}", ok=ok, message="" if ok else message)
      for size, ok, message in (
          ("1000", True, ""), ("1M", True, ""), ("200b", True, ""), ("2 k", False, "one argument"),
          ("10", False, "size in AuthDigestShmemSize too small: 10 < "),
          ("-1K", False, "size in AuthDigestShmemSize too small: -1024 < "),
          ("1G", False, "Invalid size in AuthDigestShmemSize: 1G"),
          ("x", False, "Invalid size in AuthDigestShmemSize: x"))),
]
