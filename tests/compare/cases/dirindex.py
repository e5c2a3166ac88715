"""Index files, the slash behind a directory, the fallback (mod_dir)."""

from compare import Case, File, Get, Link, Verdict, cgi_env

ENV = cgi_env("SCRIPT_NAME", "PATH_INFO", "REQUEST_URI", "QUERY_STRING", "REQUEST_METHOD",
              "REDIRECT_URL", "REDIRECT_STATUS", "REDIRECT_QUERY_STRING")
PLACE = cgi_env("CONTEXT_PREFIX", "CONTEXT_DOCUMENT_ROOT", "SCRIPT_NAME", "SCRIPT_FILENAME",
                "REQUEST_URI")
CGI = "<Directory {root}>\nOptions +ExecCGI\nAddHandler cgi-script .cgi\n</Directory>\n"
# Apache knows the length of a program's output when it came at once.
LENGTH = ("content-length", "transfer-encoding")
TREE = {"index.html": "html\n", "index.txt": "txt\n", "d/index.txt": "d txt\n", "e/x": "x",
        "f/index.html/x": "a directory named index.html", "other/index.html": "other\n"}
PATHS = [Get(p) for p in ("/", "/d/", "/d", "/e/", "/e", "/none/", "/index.html",
                          "/index.html/", "/?q=1", "/d/?q=1", "/d?q=1", "/d?")]
FALLBACK = {"front.cgi": ENV, "x.html": "x", "d/y": "y", "empty": None, "d/.htaccess": ""}
WANT = [Get(p) for p in ("/none", "/none/deep/er", "/none?a=1&b", "/x.html", "/d/none", "/none.cgi",
                         "/d/", "/none/", "/none.html", "/x.html/more", "/nodir/none.cgi", "/%20x",
                         "/none?")] + [Get("/none", method="POST", body=b"x=1"),
                                       Get("/none", method="HEAD"), Get("/none", method="PUT"),
                                       Get("/none", method="OPTIONS")]


def listing(config):
    return f"<Directory {{root}}>\nOptions +Indexes\n{config}\n</Directory>\n"


# Apache loses the port where an index file is redirected.
PORT = {"body": False, "ignore": ("location", "content-length")}

CASES = [
    # A directory that is its own index; of one that is another's Apache tells a URL without port.
    Case("itself", config='<Directory "{root}">\nOptions +Indexes\n</Directory>\n', files={
        "a/.htaccess": "DirectoryIndex .\n", "a/x": "x", "b/.htaccess": "DirectoryIndex ./\n",
        "b/x": "x", "c/.htaccess": "DirectoryIndex /c/\n", "c/x": "x",
        "f/.htaccess": "DirectoryIndex sub/\n", "f/sub/index.html": "sub\n",
        "g/.htaccess": "DirectoryIndex ../g/\n", "g/x": "x",
        "h/.htaccess": "DirectoryIndex /h/ index.html\n", "h/index.html": "h",
        "i/.htaccess": "DirectoryIndex . x\n", "i/x": "x", "j/.htaccess": "DirectoryIndex ..\n",
        "j/x": "x"}, requests=[Get(f"/{n}/") for n in "abcfghij"], errors=("AH00125",)),
    Case("index-is-directory", config="DirectoryIndex index.html other.txt",
         files={**TREE, "f/other.txt": "x"}, requests=[Get("/f/"), Get("/f/?q=1")], **PORT),
    Case("default", files=TREE, requests=PATHS),
    Case("several", config="DirectoryIndex none.html index.txt index.html", files=TREE,
         requests=PATHS),
    Case("adds-up", config="DirectoryIndex none.html\nDirectoryIndex index.txt", files=TREE,
         requests=PATHS),
    Case("disabled", config="DirectoryIndex disabled", files=TREE, requests=PATHS),
    Case("disabled-after", config="DirectoryIndex index.txt\nDirectoryIndex disabled", files=TREE,
         requests=[Get("/"), Get("/d/")]),
    Case("disabled-before", config="DirectoryIndex disabled\nDirectoryIndex index.txt", files=TREE,
         requests=[Get("/"), Get("/d/")]),
    Case("disabled-is-a-name", config="DirectoryIndex disabled index.txt",
         files={"disabled": "the file\n", "d/index.txt": "d\n"}, requests=[Get("/"), Get("/d/")]),
    Case("absolute", config="DirectoryIndex index.html /other/index.html", files=TREE,
         requests=PATHS + [Get("/empty/")]),
    Case("relative", config="DirectoryIndex sub/page.html ../up.html",
         files={"up.html": "up", "d/sub/page.html": "page", "e/x": "x"},
         requests=[Get("/d/"), Get("/e/"), Get("/")]),
    Case("escaped", config='DirectoryIndex "a%20b.html" index.txt?own=1',
         files={"a b.html": "blank\n", "d/index.txt": "d", "e/a%20b.html": "percent"},
         requests=[Get("/"), Get("/d/"), Get("/e/")]),
    Case("merge", config="DirectoryIndex index.html",
         files={**TREE, "d/.htaccess": "DirectoryIndex x index.txt\n", "d/s/index.txt": "s txt",
                "d/s/index.html": "s html", "e/.htaccess": "DirectoryIndex disabled\n"},
         requests=[Get("/"), Get("/d/"), Get("/d/s/"), Get("/e/")]),
    Case("redirect", config="DirectoryIndexRedirect On", files=TREE, requests=PATHS),
    Case("redirect-permanent", config="DirectoryIndexRedirect permanent", files=TREE,
         requests=[Get("/"), Get("/d/"), Get("/?q=1")]),
    Case("redirect-number", config="DirectoryIndexRedirect 307\nDirectoryIndex index.txt",
         files={**TREE, "e/.htaccess": "DirectoryIndexRedirect Off\n", "e/index.txt": "e"},
         requests=[Get("/"), Get("/d/"), Get("/e/")]),
    Case("no-slash", config=listing("DirectorySlash Off"), files=TREE,
         requests=[Get("/d"), Get("/e"), Get("/e/"), Get("/d/")]),
    Case("slash-htaccess", files={"d/.htaccess": "DirectorySlash Off\nOptions +Indexes\n",
                                  "d/index.html": "x", "e/index.html": "e"},
         requests=[Get("/d"), Get("/e"), Get("/d/")]),
    Case("slash-encoded", files={"a b&c/index.html": "x"},
         requests=[Get("/a%20b&c"), Get("/a%20b%26c?x=<>")]),
    Case("methods", files=TREE, requests=[Get("/", method=m) for m in
                                          ("POST", "PUT", "HEAD", "DELETE", "OPTIONS", "FOO")]
         + [Get("/d", method=m) for m in ("POST", "PUT", "HEAD", "OPTIONS")]
         + [Get("/e/", method=m) for m in ("POST", "PUT", "HEAD", "OPTIONS")],
         ignore=("allow",)),
    Case("carefully", config='SetEnvIf X-Careful . redirect-carefully', files=TREE,
         requests=[Get("/d", {"X-Careful": "1"}), Get("/d", {"X-Careful": "1"}, method="POST"),
                   Get("/d", {"X-Careful": "1"}, method="PUT")], ignore=("allow",)),
    Case("denied-index", config=listing('<Files index.html>\nRequire all denied\n</Files>'),
         files=TREE, requests=PATHS),
    Case("denied-first", config="DirectoryIndex index.html index.txt\n"
         '<Files index.html>\nRequire all denied\n</Files>', files=TREE, requests=PATHS),
    Case("denied-missing", config=listing("DirectoryIndex gone.html")
         + '<Files gone.html>\nRequire all denied\n</Files>', files=TREE, requests=PATHS),
    Case("denied-directory", config="<Directory {root}/d>\nRequire all denied\n<Files index.txt>\n"
         "Require all granted\n</Files>\nDirectoryIndex index.txt\n</Directory>", files=TREE,
         requests=[Get("/d/"), Get("/d"), Get("/d/index.txt")]),
    Case("denied-location", config="<Location /d/>\nRequire all denied\n</Location>\n"
         "<Location /d/index.txt>\nRequire all granted\n</Location>\nDirectoryIndex index.txt",
         files=TREE, requests=[Get("/d/"), Get("/d"), Get("/d/index.txt")]),
    Case("unreadable", config=listing(""), files={"index.html": File("x", mode=0),
                                                  "d/x": "x",
                                                  "e/index.html": File("x", mode=0o200)},
         requests=[Get("/"), Get("/e/")]),
    Case("links", config="<Directory {root}/no>\nOptions -FollowSymLinks\n</Directory>",
         files={"no/index.html": Link("../real.html"), "yes/index.html": Link("../real.html"),
                "real.html": "real\n", "broken/index.html": Link("nowhere")},
         requests=[Get("/no/"), Get("/yes/"), Get("/broken/")]),
    Case("redirected-index", config="Redirect /d/index.html /elsewhere", files={
        "d/index.html": "x", "e/.htaccess": "Redirect 302 /e/index.html http://other.test/x\n",
        "e/index.html": "x"}, requests=[Get("/d/"), Get("/e/")], **PORT),
    Case("cgi-index", config=CGI + "DirectoryIndex index.cgi",
         files={"index.cgi": ENV, "d/index.cgi": ENV},
         requests=[Get("/"), Get("/?a=1"), Get("/d/"), Get("/d/?x"), Get("/", method="HEAD"),
                   Get("/", method="POST", body=b"x"), Get("/", method="PUT", body=b"x"),
                   Get("/d?q")], ignore=("allow", *LENGTH)),
    Case("check-handler", config="<Directory {root}/d>\nSetHandler default-handler\n"
         "DirectoryCheckHandler On\nOptions +Indexes\n</Directory>\n<Directory {root}/other>\n"
         "SetHandler default-handler\n</Directory>",
         files={"d/index.html": "d", "other/index.html": "other", "d/z.txt": "z"},
         requests=[Get("/d/"), Get("/other/"), Get("/d/z.txt")]),
    Case("fallback", config=CGI + "FallbackResource /front.cgi", files=FALLBACK, requests=WANT,
         ignore=("allow", *LENGTH)),
    Case("fallback-html", config="FallbackResource /x.html", files=FALLBACK, requests=WANT,
         ignore=("allow",)),
    Case("fallback-missing", config="FallbackResource /gone.html", files=FALLBACK,
         requests=[Get("/none"), Get("/d/none"), Get("/x.html")]),
    Case("fallback-disabled", config="FallbackResource /x.html",
         files={"x.html": "x", "d/.htaccess": "FallbackResource disabled\n", "d/y": "y",
                "d/e/.htaccess": "FallbackResource /d/y\n", "d/e/z": "z"},
         requests=[Get("/none"), Get("/d/none"), Get("/d/e/none"), Get("/d/e/z")]),
    Case("fallback-query", config=CGI + "FallbackResource /front.cgi?own=1", files=FALLBACK,
         requests=[Get("/none"), Get("/none?q=1")], ignore=LENGTH),
    Case("fallback-denied", config="FallbackResource /x.html\n<Files x.html>\nRequire all denied\n"
         "</Files>", files=FALLBACK, requests=[Get("/none"), Get("/x.html")]),
    Case("fallback-behind-access", config="FallbackResource /x.html\n<Location /secret>\n"
         "Require all denied\n</Location>", files=FALLBACK, requests=[Get("/secret/none")]),
    Case("fallback-is-directory", config="FallbackResource /d", files=FALLBACK,
         requests=[Get("/none")], **PORT),
    Case("fallback-is-directory-with-index", config="FallbackResource /z/", files={
        **FALLBACK, "z/index.html": "the index\n"}, requests=[Get("/none"), Get("/none?q=1")]),
    Case("fallback-info", config=CGI + "FallbackResource /front.cgi/info", files=FALLBACK,
         requests=[Get("/"), Get("/d/"), Get("/none?q"), Get("/x.html")], ignore=LENGTH),
    Case("fallback-query-of-directory", config=CGI + "FallbackResource /front.cgi?own=1\n"
         "DirectoryIndex none", files=FALLBACK, ignore=LENGTH,
         requests=[Get(p) for p in ("/?q=1", "/", "/d/?q=1&r", "/d?q=1", "/d/?")]),
    # Relative to what was asked for; where that is missing, too, Apache asks on until it gives up.
    Case("fallback-relative", config=CGI, files={
        **FALLBACK, ".htaccess": "FallbackResource x.html\n", "d/x.html": "d x\n",
        "c/.htaccess": "FallbackResource front.cgi?own\n", "c/front.cgi": ENV, "c/d/x": "x"},
        requests=[Get(p) for p in ("/none", "/d/none", "/d/", "/d/none?q", "/nodir/none", "/c/y?q",
                                   "/c/none/y", "/c/d/", "/c/d/none", "/e")], ignore=LENGTH),
    # What a type stands for is no handler yet.
    Case("fallback-type", config=CGI + "AddType cgi-script .html\nAddType application/x-httpd-cgi "
         ".cgi\nFallbackResource /front.cgi", files={**FALLBACK, "d/z": "z"}, ignore=LENGTH,
         requests=[Get(p) for p in ("/none.html", "/none.cgi", "/none", "/d/", "/no/none.html")]),
    # The place of what was asked for stays, wherever the answer comes from.
    Case("fallback-context", config=CGI + 'Alias /al "{dir}/f"\n<Directory "{dir}/f">\n'
         "Options +ExecCGI\nAddHandler cgi-script .cgi\nFallbackResource /place.cgi\n"
         "</Directory>\n<Location /d>\nDirectoryIndex /al/place.cgi\n</Location>\n",
         files={"place.cgi": PLACE, "{dir}/f/place.cgi": PLACE, "d/x": "x",
                "e/.htaccess": "FallbackResource /al/place.cgi\n"},
         requests=[Get(p) for p in ("/al/none", "/al/none/x?q", "/al/", "/d/", "/e/none", "/e/",
                                    "/al/place.cgi")], ignore=LENGTH),
    # Apache takes an index file that it may not read, and then does not look for another one.
    Case("index-unreadable", config="DirectoryIndex secret index.html\nCustomLog {logs}/unreadable "
         '"%U %>U %>s"\nErrorDocument 403 /index.html',
         files={"secret": File("x", mode=0o600, owner="root"), "index.html": "html\n"},
         requests=[Get("/"), Get("/?q"), Get("/index.html")], logs=("unreadable",)),
    Case("fallback-htaccess", config=CGI, files={".htaccess": "FallbackResource /front.cgi\n",
                                                 "front.cgi": ENV, "x.html": "x"},
         requests=[Get("/blog/post-1"), Get("/x.html"), Get("/blog/?s=1")], ignore=LENGTH),
    Case("fallback-directory-index", config=CGI + "FallbackResource /front.cgi\n"
         "DirectoryIndex front.cgi", files=FALLBACK,
         requests=[Get("/"), Get("/d/"), Get("/d/none/")], ignore=LENGTH),
    Case("handler-and-fallback", config="<FilesMatch \\.php$>\nSetHandler default-handler\n"
         "</FilesMatch>\nFallbackResource /x.html", files=FALLBACK,
         requests=[Get("/none.php"), Get("/nodir/none.php"), Get("/none.txt")]),
]

VERDICTS = [Verdict(text, where=where, override=override, ok=ok) for text, where, override, ok in (
    ("DirectoryIndex a b c", "htaccess", "Indexes", True),
    ("DirectoryIndex a", "htaccess", "FileInfo", False),
    ("DirectoryIndex", "server", "All", True),
    ("DirectoryIndex a", "location", "All", True),
    ("DirectorySlash Off", "htaccess", "Indexes", True),
    ("DirectorySlash Maybe", "htaccess", "Indexes", False),
    ("DirectoryIndexRedirect 303", "htaccess", "Indexes", True),
    ("DirectoryIndexRedirect 200", "directory", "All", False),
    ("DirectoryIndexRedirect 400", "directory", "All", False),
    ("DirectoryIndexRedirect nonsense", "directory", "All", False),
    ("DirectoryCheckHandler On", "htaccess", "Indexes", True),
    ("FallbackResource /x", "htaccess", "Indexes", True),
    ("FallbackResource /x", "htaccess", "FileInfo", False),
    ("FallbackResource /x /y", "htaccess", "Indexes", False),
    ("FallbackResource disabled", "vhost", "All", True),
)]
