"""
Variables: SetEnvIf and its like at their two moments, SetEnv, PassEnv, UnsetEnv, their way through
internal redirects, and those that change the answer.
"""

from compare import Case, Get, Verdict, cgi_env

NAMES = ("A", "B", "C", "D", "E", "F", "a", "X_Y", "_9q")
PROG = cgi_env(*NAMES)
TELL = "\n".join(f'Header set X-{n} "%{{{n}}}e"' for n in ("A", "B", "C", "D", "E", "F"))
CGI = "Options +ExecCGI\nAddHandler cgi-script .cgi\n"
# Whether Apache knows the length of what a program writes depends on how fast it does.
LENGTH = ("content-length", "transfer-encoding")
FILES = {"x": "x", "p.cgi": PROG, "d/x": "x", "d/index.html": "d"}
BROWSERS = ["Mozilla/2.0", "Mozilla/4.0 (compatible; MSIE 4.0b2;)", "curl/7.88", "RealPlayer 4.0",
            "Java/1.0 JDK/1.0", "gnome-vfs/1.0", "xmozilla/2", "WebDAVFS/1.2.7"]


def at_server(name, lines, requests=None, files=None, **more):
    """The lines beside <Directory>, told by each answer's fields and by a program."""
    return Case(name, files={**FILES, **(files or {})}, requests=requests or [Get("/x"),
                Get("/p.cgi")], config=f'{lines}\n<Directory "{{root}}">\n{CGI}{TELL}\n'
                "</Directory>", **more)


def at_dir(name, lines, requests=None, files=None, **more):
    """The lines in <Directory>."""
    return Case(name, files={**FILES, **(files or {})}, requests=requests or [Get("/x"),
                Get("/p.cgi")], config=f'<Directory "{{root}}">\n{CGI}{TELL}\n{lines}\n'
                "</Directory>", **more)


def in_htaccess(name, lines, requests=None, files=None, **more):
    return Case(name, files={**FILES, ".htaccess": f"{CGI}{TELL}\n{lines}\n", **(files or {})},
                requests=requests or [Get("/x"), Get("/p.cgi")], **more)


def everywhere(name, lines, requests=None, files=None):
    return [make(f"{name}-{where}", lines, requests, files)
            for where, make in (("s", at_server), ("d", at_dir), ("h", in_htaccess))]


FIELD = [Get("/x"), Get("/x", {"X-F": "abc"}), Get("/x", {"x-f": "ABC"}),
         Get("/x", [("X-F", "a"), ("X-F", "bc")]), Get("/x", {"X-F": ""}),
         Get("/x", {"X-F": "a.b"}), Get("/x", {"X-G": "abc"})]

ATTRIBUTES = """
SetEnvIf Remote_Addr ^127\\.0\\.(.*)$ A=$1
SetEnvIf remote_host ^(127)\\. B=$1
SetEnvIf Server_Addr ^(.*)$ C=$1
SetEnvIf Request_Method ^(GET|POST)$ D=$1
SetEnvIf Request_Protocol ^(.*)$ E=$1
SetEnvIf Request_URI ^/(.*)$ F=$1
"""

CASES = [
    at_server("slashes", "SetEnvIf Request_URI (.*) A=$1",
              [Get(p) for p in ("//x", "///x", "/d//x", "//")]),
    # A file with a slash behind it is one all the same.
    at_dir("files-slash", '<Files "p.cgi">\nSetEnvIf Request_URI . A=1\n</Files>\n'
           '<Files "x">\nSetEnvIf Request_URI . B=1\n</Files>\n'
           'SetEnvIf Request_URI . C=1\nSetEnvIf Request_URI . D=1\nSetEnv D set\nSetEnv E set',
           [Get("/p.cgi/"), Get("/p.cgi/y"), Get("/x/"), Get("/d/"),
                                        Get("/p.cgi")]),
    *everywhere("attributes", ATTRIBUTES,
                [Get("/x"), Get("/x?q=1"), Get("/%78"), Get("/d/"), Get("/d/%2e/x"),
                 Get("/x", method="POST", body=b"a"), Get("/x", version="1.0"), Get("/p.cgi/m"),
                 Get("/none"), Get("/a%20b")]),
    *everywhere("field", "SetEnvIf X-F b A\nSetEnvIfNoCase X-F b B\nSetEnvIf x-f ^$ C\n"
                "SetEnvIf X-F a\\.b D\nSetEnvIf X-F a.b E=$0\nSetEnvIf X-F ^(.)(.)?(x)? F=$2-$3-$4",
                FIELD),
    *everywhere("values", "SetEnvIf Request_URI /x A=1 B=a=b C= D==e !E F=$0\\$0\\\\a\n"
                "SetEnvIf Request_URI (/)x a=$1"),
    *everywhere("plain-values", "SetEnvIf Request_URI x A=$0 B=\\$1 C=a\\b D=& E=\"two words\"\n"
                "SetEnvIf Request_URI [x] F=&"),
    *everywhere("unset", "SetEnvIf Request_URI . A=1 B=2 C=3\nSetEnvIf Request_URI . !A\n"
                "SetEnvIf Request_URI . B=!x C=!\nSetEnvIf Request_URI . !D D=4 E=5 !E F=6 f=7"),
    *everywhere("earlier", "SetEnvIf Request_URI ^/(.) A=$1\nSetEnvIf A ^x$ B=was-$0\n"
                "SetEnvIf A ^p$ B=prog\nSetEnvIf NONE ^$ C=none\nSetEnvIf b was D\n"
                "SetEnvIf X-F . E=field\nSetEnvIf B ^ F=$1",
                [Get("/x"), Get("/p.cgi"), Get("/x", {"A": "x", "X-F": "f"})]),
    *everywhere("kept", "SetEnvIf A ^$ A=x B=1\nSetEnvIf A ^x$ C=1\nSetEnvIf a ^$ D=1\n"
                "SetEnvIf B 1 E=1\nSetEnvIf A ^x$ F=1"),
    *everywhere("same-line", "SetEnvIf X-F a A\nSetEnvIf X-F a B=2\nSetEnvIf X-F a A=3", FIELD),
    *everywhere("names", "SetEnvIf ^X-[FG]$ (.+) A=$1\nSetEnvIf ^x-f$ (.+) B=$1\n"
                "SetEnvIfNoCase ^x-f$ (.+) C=$1\nSetEnvIf ^X-N ^$ D\nSetEnvIf X.F b E",
                [*FIELD, Get("/x", {"X-F": "f", "X-G": "g"}), Get("/x", {"X-G": "g", "X-F": "f"}),
                 Get("/x", [("X-F", "1"), ("X-G", "2"), ("X-F", "3")])]),
    *everywhere("browser", "BrowserMatch Mozilla A\nBrowserMatchNoCase mozilla B\n"
                "BrowserMatch ^Mozilla/([0-9]) C=$1\nBrowserMatch MSIE !A D=ie\n"
                'BrowserMatch "RealPlayer 4\\.0" E\nBrowserMatch "JDK/1\\.0" F',
                [Get("/x")] + [Get("/x", {"User-Agent": b}) for b in BROWSERS]),
    *everywhere("quotes", "SetEnvIf \"X-F\" \"a b\" A 'B=b c' \"C=d\"\n"
                "SetEnvIf X-F 'a (b)' \"D=x $1\"\nSetEnvIf X-F a E \"\" F",
                [Get("/x", {"X-F": "a b"})]),
    Case("order", files={**FILES, "d/.htaccess": 'SetEnvIf A ^(.*)$ C=$1c\nSetEnvIf B . !B\n'
                         "SetEnvIf Request_URI . E=ht\nSetEnv F ht\nUnsetEnv D\n" + TELL,
                         "d/p.cgi": PROG},
         config='SetEnvIf Request_URI . A=s B=s\nSetEnv D server\nSetEnv E server\n'
         f'<Directory "{{root}}">\n{CGI}SetEnvIf A ^(.*)$ A=$1d\n</Directory>\n'
         '<Location "/d">\nSetEnvIf C ^(.*)$ C=$1l\nSetEnv E location\n</Location>\n'
         '<Files "x">\nSetEnvIf A . F=files\n</Files>\n'
         '<If "reqenv(\'A\') == \'s\'">\nSetEnvIf A ^ B=if\n</If>',
         requests=[Get("/d/x"), Get("/d/p.cgi"), Get("/d/"), Get("/x"), Get("/d/none")]),
    at_dir("setenv", 'SetEnv A\nSetEnv B b\nSetEnv B "b c"\nSetEnv C $1\nSetEnv X-Y z\n'
           "SetEnv 9q 1\nSetEnv D 1\nUnsetEnv D\nUnsetEnv E\nSetEnv E 2\nSetEnv a lower"),
    in_htaccess("setenvif-and-setenv", "SetEnv A env\nSetEnvIf Request_URI . A=if B=if\n"
                "SetEnv C env\nSetEnvIf C . D=seen\nSetEnv B", also=()),
    at_server("require", 'SetEnvIf X-F ok A\nSetEnv B 1\n<Location "/d">\nRequire env A\n'
              '</Location>\n<Location "/x">\nRequire env B\n</Location>\n',
              [Get("/d/x"), Get("/d/x", {"X-F": "ok"}), Get("/x")]),
    at_server("allow-from-env", 'SetEnvIf X-F ok A\n<Location "/d">\nOrder deny,allow\n'
              "Deny from all\nAllow from env=a\nAllow from env=!NOT\n</Location>\n"
              "SetEnvIf X-G . NOT",
              [Get("/d/x"), Get("/d/x", {"X-G": "1"}), Get("/d/x", {"X-F": "ok", "X-G": "1"})]),
    at_server("header-env", "SetEnvIf X-F . A\n", [Get("/x"), Get("/x", {"X-F": "1"}), Get("/d/x")],
              {".htaccess": "Header set Y yes env=A\nHeader set N no env=!A\n"
               "Header set P p env=a\nRequestHeader set X-Q q env=A\n"}),
    Case("log", files=FILES, logs=("env.log", "neg.log"),
         config='SetEnvIf X-F . A=val\nSetEnvIf Request_URI none B\n'
         'LogFormat "%U %{A}e %{B}e %{C}e %{S}e" e\nSetEnv S set\n'
         'CustomLog "{logs}/env.log" e env=a\n'
         'CustomLog "{logs}/neg.log" e env=!A\n<Location "/d">\nSetEnv C loc\n</Location>',
         requests=[Get("/x"), Get("/x", {"X-F": "1"}), Get("/none", {"X-F": "1"}), Get("/d/x"),
                   Get("/d/"), Get("/d")]),
    Case("redirected", files={**FILES, "err.cgi": cgi_env(
        "A", "REDIRECT_A", "B", "REDIRECT_B", "REDIRECT_STATUS", "REDIRECT_URL",
        "REDIRECT_REQUEST_METHOD", "REQUEST_METHOD", "REDIRECT_QUERY_STRING", "REQUEST_URI",
        "REDIRECT_S", "S", "U", "REDIRECT_U", "REDIRECT_ERROR_NOTES"),
        "secret/x": "x"},
         config='ErrorDocument 404 /err.cgi?doc\nErrorDocument 403 /err.cgi\n'
         "SetEnvIf Request_URI ^/(n) A=$1\nSetEnvIf REDIRECT_A n B=was\n"
         "SetEnvIf Request_URI ^(.*)$ U=$1\nSetEnv S s\n"
         f'<Directory "{{root}}">\n{CGI}</Directory>\n'
         '<Directory "{root}/secret">\nRequire all denied\n</Directory>',
         ignore=LENGTH,
         requests=[Get("/none?q=1"), Get("/none", method="POST", body=b"x"), Get("/secret/x"),
                   Get("/none", method="HEAD")]),
    Case("cgi-location", files={**FILES, "go.cgi": "#!/bin/sh\n"
                                "printf 'Location: /to.cgi?x=1\\n\\n'",
                                "to.cgi": cgi_env("A", "REDIRECT_A", "REDIRECT_STATUS",
                                                  "REDIRECT_URL", "REDIRECT_QUERY_STRING",
                                                  "REDIRECT_REQUEST_METHOD", "REDIRECT_HTTP_X_F",
                                                  "REDIRECT_SCRIPT_NAME", "QUERY_STRING",
                                                  "REQUEST_URI", "HTTP_X_F")},
         config=f'SetEnvIf Request_URI go A=gone\n<Directory "{{root}}">\n{CGI}</Directory>',
         requests=[Get("/go.cgi?q", {"X-F": "f"})]),
    Case("action", files={**FILES, "act.cgi": cgi_env("A", "REDIRECT_A", "REDIRECT_STATUS",
                                                      "REDIRECT_URL", "REDIRECT_HANDLER",
                                                      "PATH_INFO", "S", "REDIRECT_S"),
                          "f.act": "f"},
         config=f'SetEnvIf Request_URI f A=1\nSetEnv S s\n<Directory "{{root}}">\n{CGI}'
         "AddHandler my-act .act\nAction my-act /act.cgi\n</Directory>", requests=[Get("/f.act")]),
    Case("named-groups", files={"u/bob/f.x": "x", "u/p.cgi": cgi_env(
        "MATCH_USER", "MATCH_FILE", "MATCH_NONE", "MATCH_D")},
         config=f'<Directory "{{root}}">\n{CGI}Header set X "%{{MATCH_USER}}e %{{MATCH_FILE}}e '
         '%{MATCH_D}e"\n</Directory>\n<LocationMatch "^/u/(?<user>[^/]+)/?(?<none>z)?">\n'
         "SetEnvIf MATCH_USER ^b Y\nHeader set Y y env=Y\n</LocationMatch>\n"
         '<FilesMatch "^(?<FILE>.*)[.]x$">\nHeader set Z z\n</FilesMatch>\n'
         '<DirectoryMatch "^{root}/(?<d>u)/?">\nHeader set D d\n</DirectoryMatch>',
         requests=[Get("/u/bob/f.x"), Get("/u/p.cgi"), Get("/u/p.cgi/z")]),
    at_server("nokeepalive", "BrowserMatch old nokeepalive\n",
              [Get("/x", {"User-Agent": "old"}), Get("/x", {"User-Agent": "old", "Via": "1.1 p"})],
              also=("connection",)),
    at_server("downgrade", "BrowserMatch old downgrade-1.0\nBrowserMatch older force-response-1.0\n"
              "BrowserMatch oldest downgrade-1.0 force-response-1.0\n",
              [Get(p, {"User-Agent": b}, version=v) for p in ("/x", "/p.cgi", "/none")
               for b in ("new", "old", "older", "oldest") for v in ("1.1", "1.0")],
              also=("connection",), ignore=LENGTH),
    at_server("no-vary", "BrowserMatch old force-no-vary\n",
              [Get("/x", {"User-Agent": "old"}), Get("/x", {"User-Agent": "new"}),
               Get("/v.cgi", {"User-Agent": "old"}), Get("/v.cgi")],
              {".htaccess": "Header append Vary Accept\n", "v.cgi": "#!/bin/sh\n"
               "printf 'Content-Type: text/plain\\nVary: X\\n\\nv'\n"}, ignore=LENGTH),
    at_server("redirect-carefully", "BrowserMatch old redirect-carefully\n",
              [Get("/d", {"User-Agent": b}, method=m) for b in ("old", "new")
               for m in ("GET", "HEAD", "OPTIONS")], ignore=("allow",)),
    at_server("suppress-error-charset", "BrowserMatch old suppress-error-charset\n"
              "Redirect /go http://x.test/\n",
              [Get("/go", {"User-Agent": b}) for b in ("old", "new")] +
              [Get("/none", {"User-Agent": "old"})]),
    Case("debian", files=FILES, requests=[Get("/x", {"User-Agent": b}) for b in BROWSERS],
         also=("connection",),
         config='BrowserMatch "Mozilla/2" nokeepalive\nBrowserMatch "MSIE 4\\.0b2;" nokeepalive '
         "downgrade-1.0 force-response-1.0\n"
         'BrowserMatch "RealPlayer 4\\.0" force-response-1.0\n'
         'BrowserMatch "Java/1\\.0" force-response-1.0\nBrowserMatch "JDK/1\\.0" '
         "force-response-1.0\n"
         'BrowserMatch "Microsoft Data Access Internet Publishing Provider" redirect-carefully\n'
         'BrowserMatch "^WebDrive" redirect-carefully\n'
         'BrowserMatch "^WebDAVFS/1.[0123]" redirect-carefully\n'
         'BrowserMatch "^gnome-vfs/1.0" redirect-carefully\n'
         'BrowserMatch " Konqueror/4" redirect-carefully'),
]

LINES = [
    ("SetEnvIf", False, "Missing header-field name for SetEnvIf"),
    ("SetEnvIf A", False, "Missing regular expression for SetEnvIf"),
    ("SetEnvIf A b", False, "Missing envariable expression for SetEnvIf"),
    ("SetEnvIf A ( x", False, "SetEnvIf regex could not be compiled"),
    ("SetEnvIf ^( a b", False, "Header name regex could not be compiled"),
    ('SetEnvIf A "" b', False, "Missing regular expression for SetEnvIf"),
    ('SetEnvIf "" a b', False, "Missing header-field name for SetEnvIf"),
    ('SetEnvIf A a ""', False, "Missing envariable expression for SetEnvIf"),
    ("SetEnvIfNoCase A b", False, "Missing envariable expression for SetEnvIfNoCase"),
    ("BrowserMatch", False, "Missing regular expression for BrowserMatch"),
    ("BrowserMatch x", False, "Missing envariable expression for BrowserMatch"),
    ("BrowserMatchNoCase x y", True, ""),
    ("SetEnvIfExpr", False, "Missing expression for SetEnvIfExpr"),
    ("SetEnvIfExpr true", False, "Missing envariable expression for SetEnvIfExpr"),
    ('SetEnvIfExpr "true" a !b c=d', True, ""),
    ("SetEnvIf A \\ x", True, ""), ("SetEnvIf A \\d x", True, ""), ("SetEnvIf A a\\ x", True, ""),
    ("SetEnv", False, ""), ("SetEnv A b c", False, ""), ("SetEnv A=b c", True, ""),
    ("SetEnv A", True, ""), ("UnsetEnv", False, ""), ("UnsetEnv A B", True, ""),
    ("PassEnv", False, ""), ("PassEnv PATH NO_SUCH", True, "")]

VERDICTS = [Verdict(text, where=where, ok=ok, message=message) for text, ok, message in LINES
            for where in ("server", "vhost", "directory", "htaccess")]
VERDICTS += [
    Verdict("SetEnvIf A b c", where="htaccess", override="FileInfo"),
    Verdict("SetEnvIf A b c", where="htaccess", override="Limit Options", ok=False),
    Verdict("SetEnv A b", where="htaccess", override="Indexes", ok=False),
    Verdict("BrowserMatch A b", where="files"), Verdict("SetEnvIfExpr true b", where="location"),
]
