"""ErrorDocument: texts, paths of this server, other URLs."""

from compare import Case, File, Get, Verdict, cgi_env

ENV = cgi_env("REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING", "SCRIPT_NAME", "REDIRECT_STATUS",
              "REDIRECT_URL", "REDIRECT_QUERY_STRING", "REDIRECT_REQUEST_METHOD", "REDIRECT_X",
              "REDIRECT_REDIRECT_STATUS", "X", "CONTENT_LENGTH", "PATH_INFO")
STATUS = """#!/bin/sh
printf 'Status: %s\\nContent-Type: text/plain\\n\\nstatus\\n' "$QUERY_STRING"
"""
LOCATION = "#!/bin/sh\nprintf 'Location: %s\\n\\n' \"$QUERY_STRING\"\n"
OPEN = '<Directory "{root}">\nOptions +ExecCGI\nAddHandler cgi-script .sh\n</Directory>\n'


def case(name, rules, requests=None, files=None, **more):
    files = {"x.txt": "text\n", "e.html": "<p>sorry\n", "env.sh": ENV, "status.sh": STATUS,
             "bad.sh": "#!/bin/sh\nexit 1\n", "secret/x": "x", "loc.sh": LOCATION, "d/x": "x",
             "e/index.html": "index of e\n", **(files or {})}
    requests = requests or [Get("/none"), Get("/none?a=b"), Get("/secret/x"), Get("/x.txt"),
                            Get("/none", method="HEAD"), Get("/none", method="POST", body=b"x=1")]
    deny = '<Directory "{root}/secret">\nRequire all denied\n</Directory>\n'
    return Case(name, files=files, requests=requests, config=OPEN + deny + rules, **more)


CASES = [
    case("text", 'ErrorDocument 404 "not here"\nErrorDocument 403 no\n'),
    case("text-html", 'ErrorDocument 404 "<h1>Not \'here\'</h1>"\n'),
    case("text-unterminated", 'ErrorDocument 404 "not here\n'),
    case("text-expr",
         'ErrorDocument 404 "no %{REQUEST_URI} for %{REQUEST_METHOD}, 100% of $1 \\"q\\""\n'),
    case("text-plain-percent", 'ErrorDocument 404 "100% sure"\n'),
    case("local", "ErrorDocument 404 /e.html\nErrorDocument 403 /e.html\n"),
    case("local-directory", "ErrorDocument 404 /e/\nErrorDocument 403 /e\n"),
    case("local-query",
         "ErrorDocument 404 /env.sh?from=404\nErrorDocument 403 /env.sh/info\nSetEnv X x\n",
         ignore=("content-length",)),
    case("local-encoded", "ErrorDocument 404 /e%2ehtml\nErrorDocument 403 /e%2fhtml\n"),
    case("local-expr", 'ErrorDocument 404 "/%{REQUEST_METHOD}.html"\n',
         files={"GET.html": "got\n"}),
    case("local-missing", "ErrorDocument 404 /nowhere\nErrorDocument 403 /nowhere\n"),
    case("local-denied", "ErrorDocument 404 /secret/x\nErrorDocument 403 /secret/x\n"),
    case("local-redirected",
         "ErrorDocument 404 /r\nRedirect /r http://x.test/\nErrorDocument 403 /d\n"),
    case("local-failing", "ErrorDocument 404 /bad.sh\nErrorDocument 500 /e.html\n",
         [Get("/none"), Get("/bad.sh"), Get("/bad.sh", method="POST", body=b"a")]),
    case("local-status",
         "ErrorDocument 404 /status.sh?200%20OK\nErrorDocument 403 /status.sh?503\n",
         ignore=("content-length",)),
    case("logged", "ErrorDocument 404 /status.sh?200%20OK\nErrorDocument 403 /e.html\n"
         'ErrorDocument 410 http://x.test/\nRedirect gone /gone\nErrorDocument 405 text\n'
         'CustomLog "{logs}/status" "%s %>s %<s %m %U"\n',
         [Get("/none"), Get("/secret/x?a=b"), Get("/gone"), Get("/x.txt", method="PUT"),
          Get("/x.txt")], logs=("status",), ignore=("allow",)),
    case("logged-last", 'ErrorDocument 404 /env.sh?x=1\nCustomLog "{logs}/last" "%m %q %s %>s"\n',
         [Get("/none?a=b"), Get("/none?a=b", method="POST", body=b"x"), Get("/loc.sh?/x.txt"),
          Get("/loc.sh?/x.txt", method="POST", body=b"x"), Get("/loc.sh?/none")],
         logs=("last",)),
    case("if-status", 'ErrorDocument 404 /e.html\n<If "%{REQUEST_STATUS} == 404">\n'
         'Header always set X-S 404\n</If>\n'),
    # The settings of the page are those that were asked, though the file has just been written.
    case("just-written", "", [Get("/write.sh"), Get("/d/x"), Get("/d/x", method="HEAD")],
         files={"d/.htaccess": "", "d/e.html": "sorry\n", "write.sh":
                "#!/bin/sh\nprintf 'Require all denied\\nErrorDocument 403 /d/e.html\\n' "
                "> d/.htaccess\nprintf 'Content-Type: text/plain\\n\\n'\n"}),
    case("logged-missing", "ErrorDocument 404 /nowhere\nErrorDocument 403 /nowhere\n"
         "ErrorDocument 500 /secret/x\nErrorDocument 410 /bad.sh\nRedirect gone /gone\n"
         'CustomLog "{logs}/missing" "%s %>s %<s %m %U %b %B"\n',
         [Get("/none"), Get("/secret/x"), Get("/bad.sh"), Get("/gone"), Get("/x.txt")],
         logs=("missing",)),
    case("local-location",
         "ErrorDocument 404 /loc.sh?/x.txt\nErrorDocument 403 /loc.sh?http://x.test/\n"),
    case("local-conditions", "ErrorDocument 404 /e.html\n",
         [Get("/none", {"Range": "bytes=1-2"}), Get("/none", {"If-None-Match": "*"}),
          Get("/none", {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}),
          Get("/none", {"If-Match": '"x"'})]),
    case("local-headers", "ErrorDocument 404 /e.html\nErrorDocument 403 /nowhere\n"
         '<Location "/e.html">\nHeader set X-Doc success\nHeader always set X-Doc2 always\n'
         '</Location>\n'
         '<Location "/secret">\nHeader always set X-Secret yes\n</Location>\n'),
    case("local-method", "ErrorDocument 405 /env.sh\nErrorDocument 501 /e.html\n",
         [Get("/x.txt", method="PUT", body=b"x"), Get("/x.txt", method="BREW"),
          Get("/none", method="DELETE")], ignore=("allow",)),
    case("local-cgi-script", "ErrorDocument 500 /env.sh\n", [Get("/bad.sh?q")],
         ignore=("content-length",)),
    case("local-htaccess", 'ErrorDocument 404 /e.html\n',
         files={"d/.htaccess": "ErrorDocument 404 default\n",
                                                              "d/e/.htaccess": "ErrorDocument "
                                                                               "404 text\n"},
         requests=[Get("/none"), Get("/d/none"), Get("/d/e/none"), Get("/d/e/")]),
    case("url", "ErrorDocument 404 http://x.test/e?q=1\nErrorDocument 403 https://x.test/\n"),
    case("url-expr", 'ErrorDocument 404 "http://x.test/?from=%{REQUEST_URI}"\n'),
    case("url-401", "ErrorDocument 401 http://x.test/\n", [Get("/x.txt")]),
    case("default",
         'ErrorDocument 404 text\n<Location /d>\nErrorDocument 404 default\n</Location>\n',
         [Get("/none"), Get("/d/none")]),
    case("word", "ErrorDocument 404 word\nErrorDocument 403 a/b\n"),
    case("again", "ErrorDocument 404 one\nErrorDocument 404 two\n"),
    case("sections",
         'ErrorDocument 404 server\n<Directory "{root}">\nErrorDocument 404 directory\n'
         '</Directory>\n<Location /d>\nErrorDocument 404 location\n</Location>\n'
         '<Files "*.php">\nErrorDocument 404 files\n</Files>\n',
         [Get("/none"), Get("/d/none"), Get("/none.php"), Get("/d/none.php")]),
    case("redirect-status", "Redirect 410 /gone\nRedirect 503 /down\nErrorDocument 410 /e.html\n"
         'ErrorDocument 503 "down for now"\nRedirect /r http://y.test/\n'
         'ErrorDocument 302 "moved"\n',
         [Get("/gone"), Get("/down"), Get("/r")]),
    case("bad-request", 'ErrorDocument 400 "bad one"\nErrorDocument 404 /e.html\n',
         [Get("/%"), Get("/a%2fb")]),
    case("large", 'LimitRequestBody 10\nErrorDocument 413 /e.html\n',
         [Get("/env.sh", method="POST", body=b"x" * 100)]),
    # Who looks for a file skips the body first. Behind what never looks (Redirect, a rule's F)
    # Apache sends 413 with that answer glued to it; itkd sends the answer. Nor does Apache tell
    # the length of a 413.
    case("large-and-missing", "LimitRequestBody 10\n",
         [Get(p, method=m, body=b"x" * 30) for m in ("GET", "POST", "DELETE", "OPTIONS")
          for p in ("/none", "/x.txt", "/x.txt/more", "/mode")],
         files={"mode": File("x", mode=0o600, owner="root")}, ignore=("content-length",)),
    # A fragment is none of the server's business.
    case("local-fragment", "ErrorDocument 404 /env.sh#f\nErrorDocument 403 /e.html#f?q\n"
         "ErrorDocument 410 /env.sh?q#f\nRedirect gone /gone\nErrorDocument 405 /none#f\n"
         'CustomLog {logs}/fragment "%U %>U %s %>s %b %{Content-Type}o"\n',
         [Get("/none"), Get("/secret/x"), Get("/gone?p"), Get("/x.txt", method="PUT")],
         ignore=("content-length", "allow"), logs=("fragment",)),
    case("charset",
         'SetEnvIf Request_URI suppress suppress-error-charset\nErrorDocument 404 "text here"\n'
         "AddDefaultCharset utf-8\n", [Get("/none"), Get("/suppress"), Get("/x.txt")]),
    case("not-success", "ErrorDocument 200 text\n", [Get("/x.txt")]),
    Case("ht", files={".htaccess": "ErrorDocument 404 /e.html\nErrorDocument 403 \"no way\"\n",
                      "e.html": "sorry\n", "mode": File("x", mode=0)},
         requests=[Get("/none"), Get("/mode"), Get("/none/x")]),
]

VERDICTS = [
    *(Verdict("ErrorDocument 404 /x", where)
      for where in ("server", "vhost", "directory", "location", "files", "htaccess")),
    Verdict("ErrorDocument 404 /x", "htaccess", override="FileInfo"),
    Verdict("ErrorDocument 404 /x", "htaccess", override="Indexes", ok=False),
    Verdict("ErrorDocument 404", ok=False), Verdict("ErrorDocument 404 a b", ok=False),
    Verdict("ErrorDocument 999 x", ok=False, message="Unsupported HTTP response code"),
    Verdict("ErrorDocument x y", ok=False), Verdict("ErrorDocument 418 y", ok=False),
    Verdict("ErrorDocument 401 http://x/"), Verdict('ErrorDocument 404 "%{NONSENSE}"', ok=False),
    Verdict("ErrorDocument 404 default"), Verdict("ErrorDocument 200 /x"),
]
