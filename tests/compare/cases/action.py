"""Action and Script (mod_actions)."""

from compare import Case, Get, Verdict, cgi_env

ENV = cgi_env("SCRIPT_NAME", "PATH_INFO", "PATH_TRANSLATED", "REQUEST_URI", "QUERY_STRING",
              "REQUEST_METHOD", "CONTENT_LENGTH", "CONTENT_TYPE", "REDIRECT_URL",
              "REDIRECT_STATUS", "REDIRECT_HANDLER", "REDIRECT_QUERY_STRING") + "cat\n"
CGI = 'ScriptAlias /bin/ {dir}/bin/\n'
FILES = {"{dir}/bin/env": ENV, "a.foo": "foo\n", "a.txt": "txt\n", "a.html": "html\n",
         "d/a.foo": "d foo\n", "d/index.html": "index\n", "e/b.foo": "x", "a b&c.foo": "x"}
PATHS = [Get(p) for p in ("/a.foo", "/a.txt", "/a.html", "/none.foo", "/d/a.foo", "/a.foo/info",
                          "/a.foo?q=1", "/a%20b&c.foo?x=%20", "/d/", "/e/", "/none", "/a.foo?")]
POST = [Get("/a.foo", {"Content-Type": "text/x"}, method="POST", body=b"the body\n"),
        Get("/a.foo", method="HEAD"), Get("/a.foo", {"Content-Type": "text/x"}, method="PUT",
                                         body=b"put"),
        Get("/a.txt", method="PUT", body=b"put"), Get("/none", method="PUT", body=b"p"),
        Get("/a.foo", method="DELETE"), Get("/a.foo", method="OPTIONS"),
        Get("/a.txt", method="POST", body=b"p"), Get("/d/", method="POST", body=b"p")]


def case(name, config, requests=None, files=None, **more):
    return Case(name, config=CGI + config, files={**FILES, **(files or {})},
                requests=list(requests or PATHS + POST),
                ignore=("allow", "content-length", "transfer-encoding"), **more)


CASES = [
    # A program whose user may not run it is the server's failure, not the client's.
    case("not-executable", "AddHandler cgi-script .foo\n<Directory {root}>\nOptions +ExecCGI\n"
         "</Directory>", [Get("/a.foo"), Get("/a.foo.bak"), Get("/bin/text")],
         files={"a.foo.bak": "x", "{dir}/bin/text": "text\n"}),
    # The words of an "indexed" query, empty ones, too.
    case("words", "", [Get(f"/bin/words?{q}") for q in (
        "a", "a+b", "+", "a+", "++a", "a++b", "%20+a%2bb", "%00+a", "a=b", "a+b%3d", ";`x`$'")],
         files={"{dir}/bin/words": "#!/bin/sh\nprintf 'Content-Type: text/x\\n\\n%s:' $#\n"
                "printf '<%s>' \"$@\"\n"}),
    case("stderr", "", [Get("/bin/stderr")],
         files={"{dir}/bin/stderr": "#!/bin/sh\necho said 1>&2\n"
                "printf 'Content-Type: text/x\\n\\nx'"},
         errors=["AH01215: stderr from [^ ]*/bin/stderr: said"]),
    # A length that is too small cuts nothing off: Apache trusts none of a program's.
    case("length", "", [Get("/bin/length?1+x"), Get("/bin/length?0+x"), Get("/bin/length?4+long"),
                        Get("/bin/length?2+x")],
         files={"{dir}/bin/length": "#!/bin/sh\nprintf 'Content-Type: text/x\\n"
                "Content-Length: %s\\n\\n%s\\n' $1 $2"}),
    case("handler", "AddHandler my-foo .foo\nAction my-foo /bin/env"),
    case("missing", "AddHandler my-foo .foo\nAction my-foo /bin/env",
         [Get("/none.foo", method=m) for m in ("OPTIONS", "PUT", "DELETE", "FOO")]),
    case("virtual", "AddHandler my-foo .foo\nAction my-foo /bin/env virtual"),
    case("type", "AddType text/x-foo .foo\nAction text/x-foo /bin/env"),
    case("type-with-parameter", 'AddType "text/x-foo; charset=utf-8" .foo\n'
         "Action text/x-foo /bin/env"),
    case("case-of-name", "AddHandler My-Foo .foo\nAction MY-FOO /bin/env"),
    case("set-handler", '<Files "*.foo">\nSetHandler my-foo\n</Files>\nAction my-foo /bin/env'),
    case("set-handler-location", "<Location /d>\nSetHandler my-foo\n</Location>\n"
         "Action my-foo /bin/env virtual"),
    case("none-takes-away", "AddHandler my-foo .foo\nAction my-foo /bin/env\n"
         "<Directory {root}/d>\nSetHandler None\n</Directory>"),
    case("htaccess", "AddHandler my-foo .foo\nAction my-foo /bin/env",
         files={"d/.htaccess": "Action my-foo /bin/other\n", "{dir}/bin/other":
                "#!/bin/sh\nprintf 'Content-Type: text/x\\n\\nother\\n'",
                "e/.htaccess": "RemoveHandler .foo\nAddHandler unknown-thing .foo\n"},
         requests=[Get("/a.foo"), Get("/d/a.foo"), Get("/e/b.foo")]),
    case("last-one", "AddHandler my-foo .foo\nAction my-foo /bin/none\nAction my-foo /bin/env",
         requests=[Get("/a.foo")]),
    case("missing-script", "AddHandler my-foo .foo\nAction my-foo /bin/none",
         requests=[Get("/a.foo"), Get("/none.foo")]),
    case("script-is-a-file", "AddHandler my-foo .foo\nAction my-foo /a.txt",
         requests=[Get("/a.foo"), Get("/d/a.foo")]),
    case("loop", "AddHandler my-foo .foo\nAction my-foo /e/b.foo",
         requests=[Get("/a.foo")]),
    case("script-query", "AddHandler my-foo .foo\nAction my-foo /bin/env?own=1",
         requests=[Get("/a.foo"), Get("/a.foo?q=1")]),
    case("directory-type", "Action httpd/unix-directory /bin/env\n<Directory {root}>\n"
         "Options +Indexes\n</Directory>", requests=[Get("/e/"), Get("/d/"),
                                            Get("/e/", method="POST", body=b"x")]),
    case("script-put", "Script PUT /bin/env"),
    case("script-get", "Script GET /bin/env"),
    case("script-post", "Script POST /bin/env\nScript DELETE /bin/env"),
    case("script-and-action", "Script POST /bin/none\nAddHandler my-foo .foo\n"
         "Action my-foo /bin/env"),
    case("script-unknown-method", "Script REPORT /bin/env",
         requests=[Get("/a.txt", method="REPORT"), Get("/a.txt", method="PROPFIND")]),
    case("script-directory", "<Directory {root}/d>\nScript PUT /bin/env\n</Directory>",
         requests=[Get("/d/a.foo", method="PUT", body=b"x"),
                   Get("/a.foo", method="PUT", body=b"x")]),
    case("script-on-directory", "Script PUT /bin/env\nScript GET /bin/env\n<Directory {root}>\n"
         "Options +Indexes\nIndexOptions IgnoreClient\n</Directory>",
         requests=[Get("/e/", method="PUT", body=b"x"), Get("/e/?q")]),
    case("denied", "AddHandler my-foo .foo\nAction my-foo /bin/env\n<Files a.foo>\n"
         "Require all denied\n</Files>", requests=[Get("/a.foo"), Get("/d/a.foo")]),
    case("denied-script", "AddHandler my-foo .foo\nAction my-foo /bin/env\n<Location /bin>\n"
         "Require all denied\n</Location>", requests=[Get("/a.foo"), Get("/bin/env")]),
    case("fallback-to-action", "AddHandler my-foo .foo\nAction my-foo /bin/env\n"
         "FallbackResource /a.foo", requests=[Get("/none"), Get("/none?q=1")]),
    case("index-by-action", "AddHandler my-foo .foo\nAction my-foo /bin/env\n"
         "DirectoryIndex b.foo", requests=[Get("/e/"), Get("/e/?q=1")]),
    case("error-document", "AddHandler my-foo .foo\nAction my-foo /bin/env\n"
         "ErrorDocument 404 /a.foo", requests=[Get("/none"), Get("/none.foo")]),
]

VERDICTS = [Verdict(text, where=where, override=override, ok=ok) for text, where, override, ok in (
    ("Action a /b", "htaccess", "FileInfo", True),
    ("Action a /b", "htaccess", "Indexes", False),
    ("Action a /b virtual", "vhost", "All", True),
    ("Action a /b nonsense", "vhost", "All", False),
    ("Action a", "vhost", "All", False),
    ("Action a /b virtual more", "vhost", "All", False),
    ("Script PUT /b", "directory", "All", True),
    ("Script PUT /b", "htaccess", "All", False),
    ("Script TRACE /b", "vhost", "All", False),
    ("Script PUT", "vhost", "All", False),
    ("Script MYOWN /b", "server", "All", True),
)]
