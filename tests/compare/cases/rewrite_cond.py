"""RewriteCond: tests, variables, back-references; and what is refused, in whose words."""

from compare import Case, File, Get, Link, Verdict, cgi_env

ENV = cgi_env("QUERY_STRING", "V", "W", "REDIRECT_V", "REDIRECT_W")
CGI = ('<Directory "{root}">\nOptions +ExecCGI\nAddHandler cgi-script .php\n'
       'DirectoryIndex index.html index.php\n</Directory>\n')
FILES = {"index.php": ENV, "env.php": ENV, "a.html": "a\n", "empty.html": "", "dir/x.html": "x\n",
         "link.html": Link("a.html"), "dirlink": Link("dir"), "run": File("x", mode=0o755),
         "norun": File("x", mode=0o644)}


def case(name, rules, *paths, files=None, config="", **more):
    return Case(name, config=CGI + config,
                files={**FILES, ".htaccess": "RewriteEngine On\n" + rules + "\n", **(files or {})},
                requests=[p if not isinstance(p, str) else Get(p) for p in paths], **more)


def file_tests():
    """For each name behind /t/: which tests hold."""
    rules = ""
    for i, test in enumerate(("-f", "-d", "-s", "-l", "-L", "-h", "-x", "!-f", "!-d", "!-s", "!-l",
                              "!-x", "-F", "!-F")):
        rules += (f"RewriteCond {{root}}/$1 {test}\nRewriteRule ^t/(.*)$ - [E=T{i}:yes]\n")
    return rules + "RewriteRule ^t/ env.php [L]\n"


def value(name):
    """A request whose answer says what %{name} is."""
    return f"RewriteRule ^v$ env.php?%{{{name}}} [B,L]"


NAMES = ["HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_COOKIE", "HTTP_FORWARDED", "HTTP_HOST",
         "HTTP_PROXY_CONNECTION", "HTTP_ACCEPT", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_USER",
         "REMOTE_IDENT", "REQUEST_METHOD", "SCRIPT_FILENAME", "PATH_INFO", "QUERY_STRING",
         "AUTH_TYPE", "DOCUMENT_ROOT", "SERVER_ADMIN", "SERVER_NAME", "SERVER_ADDR", "SERVER_PORT",
         "SERVER_PROTOCOL", "API_VERSION", "THE_REQUEST", "REQUEST_URI", "REQUEST_FILENAME",
         "IS_SUBREQ", "HTTPS", "REQUEST_SCHEME", "IPV6", "CONTEXT_PREFIX", "CONTEXT_DOCUMENT_ROOT",
         "CONN_REMOTE_ADDR", "SSL:SSL_PROTOCOL", "HTTP:Host", "HTTP:X-None", "HTTP:x-two",
         "ENV:NONE", "http_host", "Request_Uri", "NOSUCH", "DOCUMENT_URI", "HANDLER", "TIM", "",
         "REQUEST_STATUS", "CONTENT_TYPE", "LAST_MODIFIED", "HTTP2", "REMOTE_PORTX", "ENV:",
         "HTTP:",
         "SCRIPT_USERX", "LA-U:REQUEST_URI", "LA-U:REQUEST_FILENAME", "LA-F:REQUEST_FILENAME",
         "LA-U:HTTP:Host", "LA-U:SCRIPT_FILENAME", "LA-U:NOSUCH"]
SECRETS = [Get("/v", {"User-Agent": "agent x", "Referer": "http://r.test/", "Cookie": "c=1; d=2",
                      "Forwarded": "for=1", "Accept": "a/b", "Proxy-Connection": "close",
                      "X-Two": "1"}),
           Get("/v?q=%20", [("X-Two", "1"), ("X-Two", "2")]), Get("/v", method="HEAD")]


def comparisons():
    rules = ""
    tests = ["<b", "<=b", "=b", ">=b", ">b", "!=b", "!<b", '=""', "-lt5", "-le5", "-eq5", "-ge5",
             "-gt5", "-ne5", "!-eq5", "<bb", ">bb", "=", "!=", "<", "-eq", "-lt", "-f ", "-z"]
    for i, test in enumerate(tests):
        rules += (f'RewriteCond $1 "{test.rstrip()}"\n'
                  f"RewriteRule ^c/(.*)$ - [E=V:%{{ENV:V}}{i}:]\n")
    rules += 'RewriteCond $1 "=B" [NC]\nRewriteRule ^c/(.*)$ - [E=V:%{ENV:V}nceq:]\n'
    rules += 'RewriteCond $1 "<B" [NC]\nRewriteRule ^c/(.*)$ - [E=V:%{ENV:V}nclt:]\n'
    rules += 'RewriteCond $1 "^B$" [NC]\nRewriteRule ^c/(.*)$ - [E=V:%{ENV:V}ncre:]\n'
    rules += 'RewriteCond $1 !^b [NC]\nRewriteRule ^c/(.*)$ - [E=V:%{ENV:V}nre:]\n'
    return rules + "RewriteRule ^c/ env.php [L]"


EXPRS = ["true", "false", "%{REQUEST_URI} =~ m#^/e/([a-z]+)#", "%{QUERY_STRING} == 'x'",
         "-f '%{DOCUMENT_ROOT}/a.html'", "%{REQUEST_METHOD} == 'GET' && ! -n %{QUERY_STRING}",
         "req('X-T') == '1'", "-n reqenv('V')", "%{HTTP_HOST} -strcmatch '*.test*'", "1 -eq 1",
         "%{REMOTE_ADDR} -ipmatch '127.0.0.0/8'", "-R '127.0.0.1'", "%{SCRIPT_FILENAME} =~ /none/",
         "'a' in { 'a', 'b' }"]


def expressions():
    rules = ""
    for i, text in enumerate(EXPRS):
        group = "%1" if "=~" in text else ""  # Apache's is left over from before
        rules += f'RewriteCond expr "{text}"\nRewriteRule ^e/ - [E=V:%{{ENV:V}}{i}-{group}:]\n'
        rules += f'RewriteCond expr "! ({text})"\nRewriteRule ^e/ - [E=W:%{{ENV:W}}{i}:]\n'
        rules += (f'RewriteCond expr "!{text}" [OR]\nRewriteCond %1 =zz\n'
                  f"RewriteRule ^e/ - [E=W:%{{ENV:W}}n{i}:]\n")
    return rules + "RewriteRule ^e/ env.php [L]"


CASES = [
    case("files", file_tests(), *[f"/t/{n}" for n in (
        "a.html", "empty.html", "dir", "dir/", "dir/x.html", "link.html", "dirlink", "run", "norun",
        "none", "none/x", "a.html/x", ".htaccess")],
        files={"env.php": cgi_env(*[f"REDIRECT_T{i}" for i in range(14)])}),
    case("comparisons", comparisons(), *[f"/c/{t}" for t in (
        "a", "b", "B", "c", "bb", "a" * 3, "", "4", "5", "6", "05", "5x", "-5", "%80", "%22%22")]),
    case("expressions", expressions(), "/e/abc", "/e/1", "/e/x?x", Get("/e/h", {"X-T": "1"})),
    *[case(f"v{i}.{n.lower().replace(':', '.')}x", value(n), *SECRETS,
           ignore=("content-length",), config="ServerAdmin webmaster@x.test\n")
      for i, n in enumerate(NAMES)],
    case("times", "RewriteCond %{TIME_YEAR}-%{TIME_MON}-%{TIME_DAY} ^20\\d\\d-[01]\\d-[0-3]\\d$\n"
         "RewriteCond %{TIME_HOUR}:%{TIME_MIN}:%{TIME_SEC} ^\\d\\d:\\d\\d:\\d\\d$\n"
         "RewriteCond %{TIME} ^20\\d{12}$\nRewriteCond %{TIME_WDAY} ^[0-6]$\n"
         "RewriteCond %{REMOTE_PORT} ^\\d+$\nRewriteCond %{SCRIPT_USER} .\n"
         "RewriteRule ^t$ a.html", "/t"),
    case("and", "RewriteCond %{QUERY_STRING} a\nRewriteCond %{QUERY_STRING} b\n"
         "RewriteRule ^x$ a.html", "/x?a", "/x?b", "/x?ab", "/x"),
    case("or", "RewriteCond %{QUERY_STRING} a [OR]\nRewriteCond %{QUERY_STRING} b\n"
         "RewriteCond %{QUERY_STRING} c [OR]\nRewriteCond %{QUERY_STRING} d\n"
         "RewriteRule ^x$ a.html\n"
         "RewriteCond %{QUERY_STRING} a [OR]\nRewriteCond %{QUERY_STRING} b [OR]\n"
         "RewriteRule ^y$ a.html", *[f"/x?{q}" for q in ("a", "ac", "bd", "cd", "b", "abcd", "")],
         "/y?a", "/y?b", "/y?c"),
    case("groups", "RewriteCond %{QUERY_STRING} ^a=([^&]*)(?:&b=(.*))?$\n"
         "RewriteRule ^(.)/(.*)$ env.php?%1,%2,%0,$1,$2,%3,$3 [L]\n"
         "RewriteCond %{QUERY_STRING} ^c=(.*)$\nRewriteCond %1 ^(.)(.)\n"
         "RewriteRule ^k$ env.php?%1-%2\nRewriteCond %{QUERY_STRING} !^d=(.*)$\n"
         "RewriteRule ^n$ env.php?%1x\nRewriteCond %{QUERY_STRING} ^e=(.*)$ [OR]\n"
         "RewriteCond %{QUERY_STRING} ^f=(.*)$\nRewriteRule ^o$ env.php?%1-o\n"
         "RewriteCond $1-%{QUERY_STRING} ^(.)-(.)$\nRewriteRule ^p(.)$ env.php?%2%1$1",
         "/x/y?a=1", "/x/y?a=1&b=2", "/x/y?a=&b=", "/k?c=uv", "/k?c=u", "/n?q", "/n?d=1", "/o?e=1",
         "/o?f=2", "/p1?2"),
    case("host", "RewriteCond %{HTTP_HOST} ^www\\.(.+)$ [NC]\n"
         "RewriteRule ^(.*)$ http://%1/$1 [R=301,L]\nRewriteCond %{HTTP_HOST} !=host.test:{port}\n"
         "RewriteRule ^ http://host.test%{REQUEST_URI} [R=302,L]",
         Get("/x?y", host="www.host.test"), Get("/x", host="WWW.Host.Test:{port}"), "/x",
         Get("/x%20y", host="other.host.test"), aliases=("*.host.test",)),
    case("https", "RewriteCond %{HTTPS} !=on\n"
         "RewriteRule ^s/(.*) https://%{HTTP_HOST}/$1 [R=301,L]\n"
         "RewriteCond %{SERVER_PORT} !^443$\nRewriteRule ^p/(.*) https://%{SERVER_NAME}/$1 [R,L]\n"
         "RewriteCond %{HTTP:X-Forwarded-Proto} =https\nRewriteRule ^f$ a.html",
         "/s/a?b", "/p/", Get("/f", {"X-Forwarded-Proto": "https"}), "/f"),
    case("the_request", "RewriteCond %{THE_REQUEST} ^[A-Z]{3,9}\\ /index\\.php\\ HTTP/\n"
         "RewriteRule ^index\\.php$ / [R=301,L]\nRewriteCond %{THE_REQUEST} \"\\s/+old/?[\\s?]\"\n"
         "RewriteRule ^ /new [R,L]", "/index.php", "/index.php?x", "/", "/old", "/old/", "/old?x"),
    case("query_rules", "RewriteCond %{QUERY_STRING} (^|&)id=(\\d+)(&|$)\n"
         "RewriteRule ^old\\.php$ /item/%2? [R=301,L]\nRewriteCond %{QUERY_STRING} ^$\n"
         "RewriteRule ^old.php$ /none [R,L]", "/old.php?id=5", "/old.php?a=1&id=7&b", "/old.php",
         "/old.php?id=x"),
    case("hotlinks", "RewriteCond %{HTTP_REFERER} !^$\n"
         "RewriteCond %{HTTP_REFERER} !^https?://([^.]+\\.)?hotlinks\\.test [NC]\n"
         "RewriteRule \\.(jpe?g|gif|png)$ - [NC,F,L]", "/x.gif",
         Get("/x.gif", {"Referer": "http://hotlinks.test/"}),
         Get("/x.gif", {"Referer": "http://evil.test/"}),
         Get("/X.GIF", {"Referer": "http://evil.test/"}), files={"x.gif": "gif"}),
    case("deep_nesting", "RewriteRule ^d$ env.php?%{ENV:%{ENV:V}}-%{HTTP:${x:y}}-%{-${-$-%", "/d"),
    case("unit_separators", "RewriteCond %{REQUEST_URI}@@%{HTTP_HOST} ^(.*)@@(.*)$\n"
         "RewriteRule ^u$ env.php?%1,%2", "/u"),
    case("same_in_pattern", "RewriteCond %{HTTP_HOST}#%{HTTP_REFERER} ^([^#]+)#https?://\\1/\n"
         "RewriteRule ^s$ a.html", "/s", Get("/s", {"Referer": "http://same_in_pattern.test/"},
                                            host="same_in_pattern.test")),
    case("unicode", "RewriteRule ^%C3%A9$ a.html\nRewriteRule ^é$ a.html\n"
         "RewriteRule ^(.)x$ env.php?$1 [B]",
         "/%c3%a9", "/%e4x", "/%25C3%25A9"),
    case("named_groups", "RewriteRule ^(?<first>.)(?<second>.)$ env.php?$2$1", "/ab"),
    case("dotall", "RewriteRule ^a.b$ a.html\nRewriteRule ^c$ a.html", "/a%0ab", "/c%0a"),
]

BOTH = ("server", "directory", "htaccess")


def refused(text, message, where=BOTH):
    return [Verdict(text, place, ok=False, message=message) for place in where]


VERDICTS = [
    *refused("RewriteRule a", "RewriteRule: bad argument line 'a'"),
    *refused("RewriteRule", "RewriteRule: bad argument line ''", ("server",)),
    *refused("RewriteRule a b L", "RewriteRule: bad flag delimiters"),
    *refused("RewriteRule a b [L", "RewriteRule: bad flag delimiters", ("server",)),
    *refused("RewriteRule a b [L, R]", "RewriteRule: bad flag delimiters"),
    *refused("RewriteRule a b [X]", "RewriteRule: unknown flag 'X'"),
    *refused("RewriteRule a b [L,Qx=1]", "RewriteRule: unknown flag 'Qx'", ("htaccess",)),
    *refused("RewriteRule a b []", "RewriteRule: unknown flag ''", ("server",)),
    *refused("RewriteRule a b [L,]", "RewriteRule: unknown flag ''", ("server",)),
    *refused("RewriteRule a b [R=444]", "invalid HTTP response code '444' for flag 'R'",
             ("server",)),
    *refused("RewriteRule a b [R=600]", "invalid HTTP response code '600' for flag 'R'",
             ("server",)),
    *refused("RewriteRule a b [BNE]", "RewriteRule: flag 'BNE' wants a list of characters "
             r"\(i.e. \[BNE=...\]\)", ("server",)),
    *refused("RewriteRule ( b", r"RewriteRule: cannot compile regular expression '\('"),
    *refused("RewriteRule !( b", r"RewriteRule: cannot compile regular expression '\('",
             ("server",)),
    *refused("RewriteCond a", "RewriteCond: bad argument line 'a'"),
    *refused("RewriteCond a b OR", "RewriteCond: bad flag delimiters"),
    *refused("RewriteCond a b [X]", "RewriteCond: unknown flag 'X'"),
    *refused("RewriteCond a (", r"RewriteCond: cannot compile regular expression '\('"),
    *refused("RewriteCond expr (", r'RewriteCond: cannot compile expression "\("', ("server",)),
    *refused('RewriteCond expr "%{NOSUCH} == 1"',
    'RewriteCond: cannot compile expression in htaccess context "%',
             ("htaccess",)),
    *refused("RewriteOptions Nope", "RewriteOptions: unknown option 'Nope'"),
    *refused("RewriteBase x", "RewriteBase: argument is not a valid URL", ("directory",
                                                                          "htaccess")),
    *refused('RewriteBase ""', "RewriteBase", ("directory",)),
    *refused("RewriteBase /", "RewriteBase: only valid in per-directory config files", ("server",)),
    *refused("RewriteBase", "RewriteBase takes one argument", ("htaccess",)),
    *refused("RewriteEngine maybe", "RewriteEngine must be On or Off"),
    *refused("RewriteMap m int:none", "RewriteMap: internal map not found:none", ("server",)),
    *refused("RewriteMap m txt:/none/x", "RewriteMap: file for map m not found:/none/x",
             ("server",)),
    *refused("RewriteMap m int:tolower", "RewriteMap not allowed (in <Directory|here)".replace(
        "(", "(?:").replace("<", "<"), ("directory", "htaccess")),
    *refused("RewriteEngine On\nRewriteRule ^x$ y", "RewriteEngine not allowed here", ()),
    Verdict("RewriteRule ^x$ y", "htaccess", ok=False, override="AuthConfig",
            message="RewriteRule not allowed here"),
    Verdict("RewriteOptions MaxRedirects=10", message="AH00664"),
    Verdict("RewriteCond a -f [NC]", message="AH00665: RewriteCond: NoCase option for non-regex "
            "pattern '-f' is not supported and will be ignored."),
    *[Verdict(f"RewriteRule a b {flags}") for flags in (
        "[L]", "[last,redirect=301,noescape]", "[R=418]" if False else "[R=511]", "[Dwhatever]",
        '"[L,NC]"', "[E=a:b,CO=a:b:c,T=x/y,H=z,S=3,N=5]", "[B=?,BNP,BCTLS,BNE=/]", '"[B= ?]"',
        "[UnsafeAllow3F,UnsafePrefixStat,UNC]", "[qsa,QSD,qsl,pt,p,c,chain,ns,nosubreq]",
        "[R=nonsense]", "[R=100]", '"[ L , R ]"')],
    *[Verdict(f"RewriteOptions {o}") for o in (
        "Inherit InheritBefore", "InheritDown InheritDownBefore IgnoreInherit",
        "AllowNoSlash AllowAnyURI MergeBase IgnoreContextInfo LegacyPrefixDocRoot",
        "UnsafePrefixStat")],
    Verdict("RewriteMap m prg:/bin/true", because="one program of root's for all sites"),
    Verdict("RewriteMap m dbm=sdbm:/bin/true", ok=False),
    Verdict("RewriteMap m dbd:x", ok=False),
]
