"""What any server does: files, directories, methods."""

from compare import Case, File, Get, Link, Raw, Verdict, cgi_env

# A virtual host without a line of mod_rewrite has no rules, whatever the main server hands down.
MAIN = "RewriteEngine On\nRewriteOptions InheritDown\nRewriteRule ^/main-server-only - [F]\n"

CASES = [
    Case("no-rules-of-its-own", requests=[Get("/main-server-only"), Get("/")]),
    Case("rules-handed-down", config="RewriteEngine On", requests=[Get("/main-server-only")]),
    Case("files", files={"x.txt": "text\n", "empty": "", "d/index.html": "<p>d\n",
                         "bin": bytes(range(256))},
         requests=[Get("/x.txt"), Get("/empty"), Get("/d/"), Get("/d"), Get("/bin"),
                   Get("/none"), Get("/x.txt", method="HEAD"), Get("/x.txt/more"),
                   Get("/x.txt", method="POST", body=b"a=1"), Get("/d?q=1"),
                   Get("/x.txt", method="OPTIONS"), Get("/x.txt", method="TRACE")]),
    # Apache leaves out the 0 that GET has; RFC 9110 section 9.3.2: HEAD should have what GET has.
    Case("head-of-nothing", files={"empty": ""}, ignore=("content-length",),
         requests=[Get("/empty", method="HEAD"), Get("/empty")]),
    Case("denied", files={"secret/x": "x", "mode": File("x", mode=0o000)},
         config='<Directory "{root}/secret">\nRequire all denied\n</Directory>',
         requests=[Get("/secret/x"), Get("/secret/none"), Get("/mode")],
         errors=(r"AH01630: client denied by server configuration",)),
    # What may not be read is there all the same, and its method and path count before it is opened.
    Case("unreadable", files={"secret": File("x", mode=0o600, owner="root"), "run.cgi":
                              "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nrun\\n'\n"},
         config='<Directory "{root}">\nOptions +ExecCGI +MultiViews\nAddHandler cgi-script .cgi\n'
         "</Directory>\n<Location /secret/run>\nForceType text/x-run\n"
         "Action text/x-run /run.cgi\nAcceptPathInfo On\n</Location>",
         ignore=("content-length", "transfer-encoding"),
         requests=[Get(p, method=m) for p in ("/secret", "/secret/pi", "/secret/run")
                   for m in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "FOO")]),
    # A link that may not be followed, and a .htaccess with an error: the place's settings are none.
    Case("failed-walk", files={
        "x.html": "x\n", "e/e.html": "sorry\n", "link": Link("x.html"), "loop": Link("loop"),
        "gone": Link("nowhere"), "bad/.htaccess": "Nonsense on\n", "bad/x": "x"},
        config="ErrorDocument 403 server\nErrorDocument 500 server\n"
        'CustomLog {logs}/walk "%U %>s %{V}e"\n<Directory "{root}">\nOptions -FollowSymLinks\n'
        "Header always set X-Place root\nErrorDocument 403 /e/e.html\nErrorDocument 500 /e/e.html\n"
        "SetEnvIf Request_URI . V=1\n</Directory>\n<Location />\nHeader always set X-L 1\n"
        "</Location>", logs=("walk",), requests=[Get(p) for p in (
            "/link", "/loop", "/gone", "/gone/x", "/link/x", "/bad/x", "/bad/", "/bad", "/x.html",
            "/" + "a" * 300, "/e/" + "a" * 300)]),
    # RFC 3986 section 7.3 has %00 refused: 400, for which Apache says 404.
    Case("refused-paths", config='CustomLog {logs}/refused "%U %>U %q %>s %b"', logs=("refused",),
         requests=[Get(p) for p in ("/../x", "/a/../../x?q", "/x%2fy", "/%", "/a/../%zz",
                                    "/a%2f%zz",
                                    "/%61%20/../../b%20c", "/a.html%2f", "/..", "/%2e%2e/%41")]),
    Case("absolute-form", config='<Directory "{root}">\nOptions +ExecCGI\n'
         'AddHandler cgi-script .cgi\n</Directory>\nCustomLog {logs}/absolute "%U %q %r"',
         files={"e.cgi": cgi_env("REQUEST_URI", "QUERY_STRING", "SCRIPT_NAME", "PATH_INFO",
                                 "HTTP_HOST", "SERVER_NAME")}, logs=("absolute",),
         ignore=("content-length", "transfer-encoding"),
         requests=[Get(f"http://absolute-form.test{p}") for p in (
             ":{port}/e.cgi?q", "/e.cgi", "/e.cgi/p?q", "/none", "")]),
    # Cookie is left out: Apache finds no cookie behind a second field (RFC 9113 section 8.2.3).
    Case("fields-joined", config='Header set X-T "expr=%{HTTP:X-T}|"\n'
         'CustomLog {logs}/joined "%{X-T}i|"', files={"x": "x"}, logs=("joined",),
         requests=[Get("/x", [("X-T", v) for v in values]) for values in (
             ("", "x"), ("x", ""), ("", "", "x"), ("a", "", "b"), ("a", "b"))]),
    Case("conditions", files={"x": "0123456789"},
         requests=[Get("/x", {"Range": "bytes=2-4"}),
                   Get("/x", {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}),
                   Get("/x", {"If-None-Match": "*"}), Get("/x", {"If-Match": '"no"'}),
                   Get("/x", {"If-Range": '"no"', "Range": "bytes=2-4"})]),
    # RFC 9110 section 15.5.17 wants Content-Range in a 416, which Apache leaves out.
    Case("range_beyond", files={"x": "0123456789"}, ignore=("content-range", "content-length"),
         requests=[Get("/x", {"Range": "bytes=20-"})]),
    Case("http10", files={"x": "x"}, requests=[Get("/x", version="1.0"),
                                               Raw(b"GET /x HTTP/1.1\r\n\r\n")]),
]

VERDICTS = [
    Verdict("Nonsense on", ok=False, message="Invalid command 'Nonsense'"),
    Verdict("ServerName x.test", where="vhost"),
    Verdict("ServerName x.test", where="directory", ok=False),
    Verdict("Options Nonsense", where="htaccess", ok=False),
    Verdict("Options -Indexes", where="htaccess"),
    Verdict("Options -Indexes", where="htaccess", override="FileInfo", ok=False),
]
