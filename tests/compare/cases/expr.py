"""
Expressions (ap_expr): conditions as <If>, Require expr, SetEnvIfExpr and Header's expr= have them,
strings as Header's expr= has them. The answers' fields tell what each came to.
"""

from compare import Case, Get, Verdict, cgi_env

MODULES = ["ssl"]


def quoted(text):
    """One argument of a directive."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def told(conditions):
    """A directive for each condition: X-1: true."""
    return "\n".join(f"Header set X-{i} true {quoted('expr=' + c)}"
                     for i, c in enumerate(conditions))


def strings(texts):
    """A directive for each string: X-1: what it came to."""
    return "\n".join(f"Header set X-{i} {quoted('expr=[' + t + ']')}"
                     for i, t in enumerate(texts))


WORDS = [
    "true", "false", "!true", "not false", "!!true", "!!!true", "true && false", "true and true",
    "false || true", "false or false", "true || false && false", "(true || false) && false",
    "! true || false", "! (true && false)", "true && !false && not false", "((((true))))",
    "-T 'on'", "-T 'off'", "-T 'OFF'", "-T '0'", "-T '00'", "-T 'no'", "-T 'false'", "-T 'x'",
    "-T ''", "-n ''", "-n 'a'", "-z ''", "-z 'a'", "-n %{REMOTE_USER}", "-z %{QUERY_STRING}"]

COMPARED = [
    "'a' == 'a'", "'a' = 'a'", "'a' == 'A'", "'a' != 'b'", "'a' < 'b'", "'b' < 'a'", "'a' <= 'a'",
    "'b' > 'a'", "'a' >= 'b'", "'10' < '9'", "'10' -lt '9'", "10 -gt 9", "10 gt 9", "-5 -lt 3",
    "'0x' -eq 0", "'abc' -eq 0", "5 eq '5'", "5 -ne 6", "5 ne 5", "5 le 5", "6 ge 5", "5 -le 4",
    "6 -ge 5", "007 -eq 7", "007 == 7", "'99999999999999999999' -gt 5", "' 5' -eq 5",
    "'a' . 'b' == 'ab'", "'a' . 'b' . 'c' == 'a' . 'bc'", "5 . 6 -eq 56", "\"a\" == 'a'",
    "\"it's\" == 'it\\'s'", "'a' -in {'a','b'}", "'b' in { 'a' , 'b' }", "'c' -in {'a','b'}",
    "'ab' -in {'a' . 'b'}", "'' == \"\"", "'A' == '\\101'", "'x}y%z' == \"x}y%z\"",
    "'$' == '\\$'", "'a$b' == 'a$b'"]

PATTERNS = [
    "%{REQUEST_URI} =~ m#^/d/#", "%{REQUEST_URI} =~ /x$/", "%{REQUEST_URI} !~ /x$/",
    "%{REQUEST_URI} =~ m#^/D/#", "%{REQUEST_URI} =~ m#^/D/#i", "%{REQUEST_URI} =~ m|x|",
    "%{REQUEST_URI} =~ m,x,", "%{REQUEST_URI} =~ m^/d^", "! %{REQUEST_URI} =~ m#nope#",
    "'abc' =~ /a(b)c/ && $1 == 'b'", "'abc' =~ /a(b)c/ && 'x$1y' == 'xby'",
    "'abc' =~ /(a)/ && 'abc' =~ /c/ && $1 == 'a'", "'abc' =~ /(a)(x)?/ && $2 == ''",
    "'abc' =~ /(a)/ && !('abc' =~ /(x)/) && $1 == ''", "'a\\nb' =~ /^a.b$/", "'b\\n' =~ /b$/",
    "'abc' =~ /a(?<n>b)/ && $1 == 'b'", "'a/b' =~ m#a/b#", "'' =~ /^$/", "'abc' =~ //",
    "'foo.php' -strmatch '*.php'", "'a/foo.php' -strmatch '*.php'", "'a/foo.php' -fnmatch '*.php'",
    "'foo.php' -fnmatch '*.p?p'", "'FOO.PHP' -strmatch '*.php'", "'FOO.PHP' -strcmatch '*.php'",
    "'b' -strmatch '[a-c]'", "'d' -strmatch '[!a-c]'", "'a*' -strmatch 'a\\*'",
    "'a.b' -FNMATCH 'a.*'", "'127.0.0.1' -ipmatch '127.0.0.0/8'", "'10.1.1.1' -ipmatch '127'",
    "%{REMOTE_ADDR} -ipmatch '127.0.0.1/255.255.255.255'", "'::1' -ipmatch '::1'",
    "'2001:db8::5' -ipmatch '2001:db8::/32'", "'x y' -ipmatch '127'", "-R '127.0.0.1'",
    "-R '127.0'", "-R '10.0.0.0/8'"]

FILES = [f"-{test} '{{root}}/{name}'" for test in "defsLhx"
         for name in ("d", "d/x", "d/empty", "d/prog", "d/link", "d/none")]

LOOKUPS = [
    "-U '/d/x'", "-U '/secret/x'", "-A '/d/x'", "-U '/d/none'", "-F '{root}/d/x'",
    "-F '{root}/secret/x'", "-F '{root}/d/none'"]

VARIABLES = [
    "REQUEST_METHOD", "REQUEST_SCHEME", "REQUEST_URI", "REQUEST_FILENAME", "REMOTE_HOST",
    "REMOTE_IDENT", "REMOTE_USER", "SERVER_ADMIN", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
    "SCRIPT_FILENAME", "PATH_INFO", "QUERY_STRING", "IS_SUBREQ", "DOCUMENT_ROOT", "AUTH_TYPE",
    "THE_REQUEST", "CONTENT_TYPE", "HANDLER", "SCRIPT_USER", "SCRIPT_GROUP", "DOCUMENT_URI",
    "LAST_MODIFIED", "CONTEXT_PREFIX", "CONTEXT_DOCUMENT_ROOT", "REQUEST_STATUS", "REMOTE_ADDR",
    "HTTP_USER_AGENT", "HTTP_PROXY_CONNECTION", "HTTP_REFERER", "HTTP_COOKIE", "HTTP_FORWARDED",
    "HTTP_HOST", "HTTP_ACCEPT", "HTTPS", "IPV6", "CONN_REMOTE_ADDR", "HTTP2", "TIME_YEAR",
    "TIME_WDAY", "API_VERSION", "SSL_PROTOCOL", "SSL_CLIENT_S_DN", "request_uri"]

TEXTS = [
    "plain", "%{HTTP_HOST}%{REQUEST_URI}", "%{req:X-A}", "%{http:x-a}", "%{req_novary:X-A}",
    "%{req:None}", "%{reqenv:E}", "%{env:E}", "%{env:NONE}", "%{note:none}",
    "%{resp:Content-Type}", "%{resp:X-Set}", "%{osenv:NO_SUCH_VARIABLE}",
    "%{tolower:ABC%{toupper:def}}", "%{TOUPPER:abc}", "%{escape:a b/c?d=%}",
    "%{unescape:a%20b%2fc}", "%{unescape:%zz}", "%{unescape:%41%}", "%{base64:foo}",
    "%{base64:fo}", "%{base64:f}", "%{unbase64:Zm9v}", "%{unbase64:Zg==}", "%{unbase64:!}",
    "%{escape:%{QUERY_STRING}}", "50% $ } %x", "a \"b\" 'c'", "\\101\\x\\\\", "$0$1",
    "%{file:{root}/d/x}", "%{filesize:{root}/d/x}", "%{filesize:{root}/d/none}",
    "%{tolower:A$B%C}"]

TREE = {"d/x": "x", "d/empty": "", "d/prog": "#!/bin/sh\n", "secret/x": "x", "secret/.htaccess":
        "Require all denied\n", "d/i.txt": "i", "d/f.html": "f"}
ASKED = [Get("/d/x"), Get("/d/x?q=1&r=a%20b", {"User-Agent": "Mozilla/5.0", "X-A": "a b",
                                               "Referer": "http://r/", "Cookie": "c=1",
                                               "Accept": "*/*", "Forwarded": "for=1"}),
         Get("/d/i.txt"), Get("/d/none")]


def inside(name, lines, requests=None, files=None, config="", **more):
    """The lines in <Directory> of the docroot."""
    return Case(name, files={**TREE, **(files or {})}, requests=requests or ASKED,
                config=f'{config}\n<Directory "{{root}}">\n{lines}\n</Directory>', **more)


def htaccess(name, lines, requests=None, files=None, **more):
    return Case(name, files={**TREE, ".htaccess": lines, **(files or {})},
                requests=requests or ASKED, **more)


def if_each(conditions):
    return "\n".join(f'<If {quoted(c)}>\nHeader set X-{i} true\n</If>'
                     for i, c in enumerate(conditions))


CASES = [
    inside("words", told(WORDS)),
    inside("compared", told(COMPARED)),
    inside("patterns", told(PATTERNS)),
    inside("files", told(FILES)),
    inside("lookups", told(LOOKUPS)),
    inside("variables", strings([f"%{{{v}}}" for v in VARIABLES]), config="ServerAdmin a@b.test"),
    inside("variables-early", if_each([f"%{{{v}}} =~ /./" for v in VARIABLES])),
    inside("texts", "SetEnv E e\nHeader set X-Set set\n" + strings(TEXTS)),
    htaccess("words-ht", if_each(WORDS)),
    htaccess("compared-ht", if_each(COMPARED)),
    htaccess("patterns-ht", if_each(PATTERNS)),
    htaccess("files-ht", if_each(FILES)),
    htaccess("require", "Require expr %{QUERY_STRING} =~ /ok/\n",
             [Get("/d/x"), Get("/d/x?ok"), Get("/d/x?ok", {"User-Agent": "u"})]),
    htaccess("require-vary", "Require expr %{HTTP_USER_AGENT} == 'u' || req('A') == 'a'\n",
             [Get("/d/x"), Get("/d/x", {"A": "a"}), Get("/d/x", {"User-Agent": "u"})]),
    htaccess("vary", '<If "%{HTTP_USER_AGENT} =~ /x/ || %{HTTP_HOST} == \'q\' || '
             'req(\'X-A\') == \'a\'">\nHeader set A a\n</If>\n'
             'Header set B b "expr=%{HTTP_REFERER} == \'\' && req_novary(\'X-B\') == \'\'"\n'
             "Header append Vary Accept-Encoding\n",
             [Get("/d/x"), Get("/d/x", {"User-Agent": "x"}), Get("/d/x", {"X-A": "a"}),
              Get("/d/none")]),
    htaccess("setenvifexpr", 'SetEnvIfExpr "%{REQUEST_URI} =~ m#^/(.)/(.)#" A=$1-$2-$3 B C=\\$1\n'
             'SetEnvIfExpr "true" D=$1 E=a\\b\n'
             'SetEnvIfExpr "%{REQUEST_URI} !~ m#(nope)#" F=x$1\n'
             'SetEnvIfExpr "reqenv(\'B\') == 1" !B\n'
             'SetEnvIfExpr "false" G\n'
             'Header set X "%{A}e %{B}e %{C}e %{E}e %{F}e %{G}e"\n'),
    htaccess("error-document", 'ErrorDocument 404 "no %{REQUEST_URI} %{toupper:x}"\n'),
    htaccess("redirect", '<If "%{QUERY_STRING} == \'r\'">\nRedirect 302 '
             '"http://r.test%{REQUEST_URI}"\n</If>\n', [Get("/d/x"), Get("/d/x?r")]),
    # The type, the handler and the time are known as late as in Apache.
    htaccess("require-type", "Require expr %{CONTENT_TYPE} == 'text/plain' || %{HANDLER} != ''\n",
             [Get("/d/i.txt"), Get("/d/x"), Get("/d/none")]),
    htaccess("require-time", "Require expr %{LAST_MODIFIED} =~ /^1970/\n", [Get("/d/i.txt")]),
    htaccess("late", "".join(f"SetEnvIfExpr \"{c}\" {name}\n" for name, c in (
        ("T", "-n %{CONTENT_TYPE}"), ("L", "%{LAST_MODIFIED} =~ /^2023/"), ("H", "-n %{HANDLER}"),
        ("F", "-f %{REQUEST_FILENAME}"))) + 'Header always set X "%{T}e %{L}e %{H}e %{F}e"\n'
        'RequestHeader set Y "expr=%{LAST_MODIFIED} %{CONTENT_TYPE} %{HANDLER}"\n'
        'Header always set Y "expr=%{req:Y} %{LAST_MODIFIED} %{CONTENT_TYPE}"\n',
        [Get("/d/i.txt"), Get("/d/none"), Get("/secret/x")]),
    htaccess("ldap", 'Header set X "expr=%{ldap:%{req:X-A}}"\n', [
        Get("/d/x", {"X-A": "a" + c}) for c in ("", *map(chr, range(33, 127)), "\t\xe4", "\xff")]),
    htaccess("cgi", 'Options +ExecCGI\nAddHandler cgi-script .cgi\n'
             'Header set X "expr=%{resp:X-Prog} %{REQUEST_STATUS} %{CONTENT_TYPE} %{HANDLER}"\n'
             'Header set Y yes "expr=%{resp:X-Prog} == \'p\'"\n',
             [Get("/p.cgi/more?q")], {"p.cgi": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n"
                                      "X-Prog: p\\nStatus: 201 Made\\n\\nx\\n'\n"}),
    htaccess("cgi-env", 'Options +ExecCGI\nAddHandler cgi-script .cgi\n'
             'SetEnvIfExpr "%{THE_REQUEST} =~ m#^([A-Z]+) /([^ ]*)#" M=$1 P=$2\n',
             [Get("/e.cgi?q=1"), Get("/e.cgi/p", method="POST", body=b"x")],
             {"e.cgi": cgi_env("M", "P")}),
]

CONDITIONS = [
    ("true", True), ("'a' == 'a'", True), ("%{FOO} == 1", False), ("md6('x') == 1", False),
    ("'a' -foo 'b'", False), ("-q 'b'", False), ("'a' in foo('b')", False), ("'a", False),
    ("'a' ==", False), ("'a' == 'b' )", False), ("'a' =~ /(/", False), ("'a' =~ 'b'", False),
    ("-R 'b'", False), ("-R '%{REMOTE_ADDR}'", False), ("'\\400' == 'x'", False),
    ("'\\9' == 'x'", False), ("'a' == 'b' @", False), ("'%{a-b}' == 'b'", False), ("", False),
    ("true true", False), ("'a'", False), ("('a' == 'a'", False), ("a == 'a'", False),
    ("'a' == b", False), ("tolower 'A' == 'a'", False), ("tolower('A') == 'a'", True),
    ("'a' -in 'a'", False), ("'a' -in {'a'", False), ("'a' -in {}", False), ("true & true", False),
    ("'a' =~ m#a#g", False), ("'a' =~ /a/i", True), ("'a' === 'a'", False), ("'a' <> 'a'", False),
    ("%{REQUEST_URI", False), ("%{HTTP_HOST } == 'a'", False), ("%{tolower:} == 'a'", False),
    ("'a' -EQ 'a'", False), ("'a' -IPMATCH '127'", True), ("-N 'a'", False), ("TRUE", False),
    ("env(X) == 'a'", False), ("env('X') == 'a'", True), ("1 == 1.0", True),
    ("'a\nb' == 'a'", False), ("file('/etc/hostname') == 'x'", True), ("-f '/x'", True),
    ("'1.2.3.4' -ipmatch '1.2.3.4/33'", False), ("%{SSL_ANYTHING} == ''", True),
    ("'x' == '\\n\\t\\''", True), ("'x' == \"\\\"\"", True), ("$1 == 'a'", True),
    ("$a == 'a'", False), ("! -n 'a'", True), ("-n ! 'a'", False), ("-d -f 'a'", False)]

VERDICTS = [Verdict(f"SetEnvIfExpr {quoted(text)} X", where="vhost", ok=ok)
            for text, ok in CONDITIONS if "\n" not in text]
VERDICTS += [Verdict(f"<If {quoted(text)}>\nSetEnv A a\n</If>", where="htaccess", ok=ok)
             for text, ok in CONDITIONS[:20] if text]
VERDICTS += [
    Verdict('SetEnvIfExpr "file(\'/etc/hostname\') == \'x\'" X', where="htaccess", ok=False,
            message="file not available in restricted context"),
    Verdict('Header set X "expr=%{filesize:/x}"', where="htaccess", ok=False,
            message="filesize not available in restricted context"),
    Verdict('SetEnvIfExpr "-f \'/x\' || -x \'/x\' || -U \'/x\'" X', where="htaccess"),
    Verdict('Require expr "%{NOPE} == 1"', where="htaccess", ok=False,
            message="Variable 'NOPE' does not exist"),
    Verdict('SetEnvIfExpr "md5(\'x\') == \'x\'" X'),
    Verdict('SetEnvIfExpr "sha1(\'x\') == \'x\'" X'),
]
