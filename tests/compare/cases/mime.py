"""Types, languages, encodings and handlers of names (mod_mime)."""

from compare import Case, File, Get, Verdict

NAMES = ("a.txt", "a.html", "a.html.en", "a.en.html", "a.html.en.gz", "a.tar.gz", "a.gz.tar",
         "a.unknown", "plain", ".png", "..png", "a.png.unknown", "a.HTML", "a.Html.EN", "a..txt",
         "a.txt.", "a.css.utf8", "a.utf8.css", "a.utf8", "a.de.fr.html", "a.html.de.fr.x-z.br",
         "a.jpg.txt", "a.svg", "a.js", "a.foo", "a.txt.foo", "a.foo.txt", "gone.txt", "html.a")
ALL = {name: name + "\n" for name in NAMES}


def gets(*names):
    return [Get("/" + name) for name in (names or NAMES)]


def case(name, config, names=(), files=None, htaccess=None):
    tree = dict(ALL if files is None else files)
    if htaccess is not None:
        tree[".htaccess"] = htaccess
    return Case(name, config=config, files=tree,
                requests=gets(*(names or [n for n in tree if n != ".htaccess"])))


DEBIAN = r"""
AddType application/x-compress .Z
AddType application/x-gzip .gz .tgz
AddType application/x-bzip2 .bz2
AddLanguage en .en
RemoveType es
AddLanguage es .es
AddLanguage de .de
AddLanguage fr .fr
AddLanguage pt-BR .pt-br
AddCharset us-ascii .ascii .us-ascii
AddCharset UTF-8 .utf8
AddCharset ISO-8859-15 .iso8859-15 .latin9
AddType text/html .shtml
AddHandler type-map var
"""
PAR = 'AddType "text/x-par;charset=latin1;level=2" .foo\nAddCharset utf-8 .utf8\n'

CASES = [
    case("types", ""),
    case("debian", DEBIAN),
    case("languages", "AddLanguage en .en\nAddLanguage de de\nAddLanguage fr .FR\n"
         "DefaultLanguage nl\n"),
    case("default-language", "DefaultLanguage nl"),
    case("encodings", "AddEncoding x-gzip .gz\nAddEncoding br .br\nAddEncoding X-Z .x-z"),
    case("charsets", "AddCharset UTF-8 .utf8 .txt"),
    case("charset-of-own-type", PAR, files={n: n for n in (
        "a.foo", "a.foo.utf8", "a.utf8.foo", "a.utf8", "a.txt.utf8", "a.foo.txt")}),
    case("malformed-types", 'AddType text .foo\nAddType "text/x;" .bar\nAddType "text/x; a" .baz\n'
         'AddType "text/x ;a=b" .sp\nAddType "text/x; a = b" .eq\nAddType "text/x; a=b; c=d" .two\n'
         "AddCharset utf-8 .utf8",
         files={f"a.{e}{u}": "x" for e in ("foo", "bar", "baz", "sp", "eq", "two")
                for u in ("", ".utf8")}),
    case("own-type", "AddType application/x-own .foo txt .JPG"),
    case("last-line", "AddType text/one .foo\nAddType text/two foo\n"),
    case("remove-type", "RemoveType .html txt", names=("a.html", "a.txt", "a.html.en", "a.css.utf8",
                                                       "a.jpg.txt", "gone.txt")),
    case("remove-then-add", "RemoveType .html\nAddType text/x-new .html"),
    case("add-then-remove", "AddType text/x-new .html\nRemoveType .html"),
    case("htaccess", DEBIAN, htaccess="AddType text/x-here .foo\nRemoveLanguage .en\n"
         "AddLanguage it .de\nDefaultLanguage la\nRemoveCharset .utf8\nAddEncoding gzip .gz\n"),
    case("htaccess-remove-encoding", "AddEncoding gzip .gz\nAddEncoding br .br",
         htaccess="RemoveEncoding .GZ\n"),
    case("htaccess-deeper", "AddType text/x-vhost .foo",
         files={"a.foo": "x", "d/a.foo": "x", "d/e/a.foo": "x", "d/.htaccess":
                "AddType text/x-d .foo\nAddLanguage en .foo", "d/e/.htaccess": "RemoveType .foo"}),
    case("remove-wins-in-section", "AddLanguage en .en\n<Directory {root}>\nRemoveLanguage .en\n"
         "AddLanguage de .en\n</Directory>", names=("a.html.en", "a.en.html")),
    case("files-section", '<Files "a.html">\nAddLanguage sv .html\n</Files>\n<FilesMatch "txt$">\n'
         "AddType text/x-match .txt\n</FilesMatch>"),
    case("location-section", "<Location /a.txt>\nAddType text/x-loc .txt\n</Location>",
         names=("a.txt", "gone.txt")),
    case("directory-order", "<Directory {root}/d>\nAddType text/x-long .foo\n</Directory>\n"
         "<Directory {root}>\nAddType text/x-short .foo\n</Directory>",
         files={"a.foo": "x", "d/a.foo": "x"}),
    case("force-type", "AddEncoding gzip .gz\nAddLanguage en .en\nAddCharset utf-8 .utf8\n"
         "ForceType text/x-forced"),
    case("handler-unknown", "AddHandler drupal_security_do_not_remove .foo .txt",
         names=("a.foo", "a.txt", "a.txt.foo", "a.css.utf8")),
    case("handler-default", "AddHandler default-handler .foo .txt", names=("a.foo", "a.txt")),
    Case("handler-cgi", config="<Directory {root}>\nOptions +ExecCGI\n"
         "AddHandler cgi-script .cgi .sh\n</Directory>",
         files={"a.cgi": "#!/bin/sh\nprintf 'Content-Type: text/x\\n\\nran\\n'",
                "a.cgi.txt": "#!/bin/sh\nprintf 'Content-Type: text/x\\n\\nran\\n'",
                "a.CGI": "#!/bin/sh\nprintf 'Content-Type: text/x\\n\\nran\\n'",
                "d/.htaccess": "RemoveHandler .cgi .nothing\n",
                "d/a.cgi": "#!/bin/sh\nprintf 'Content-Type: text/x\\n\\nran\\n'",
                "cgi.txt": "text"},
         requests=gets("a.cgi", "a.cgi.txt", "a.CGI", "d/a.cgi", "cgi.txt", "none.cgi",
                       "a.cgi/info")),
    Case("handler-type-cgi", config="<Directory {root}>\nOptions +ExecCGI\n"
         "AddType application/x-httpd-cgi .run\n</Directory>",
         files={"a.run": "#!/bin/sh\nprintf 'Content-Type: text/x\\n\\nran\\n'"},
         requests=gets("a.run")),
    Case("path-info", config="<Directory {root}>\nModMimeUsePathInfo On\nAcceptPathInfo On\n"
         "</Directory>", files={"a": "x", "a.txt": "x"},
         requests=gets("a/b.html", "a.txt/b.png", "a.txt/none", "a.txt")),
    Case("conditional", config="AddEncoding gzip .gz\nAddLanguage en .en",
         files={"a.html.en.gz": "0123456789"},
         requests=[Get("/a.html.en.gz", {"If-None-Match": "*"}),
                   Get("/a.html.en.gz", {"Range": "bytes=2-4"}),
                   Get("/a.html.en.gz", method="HEAD"),
                   Get("/a.html.en.gz", method="POST", body=b"x"),
                   Get("/a.html.en.gz", method="PUT", body=b"x"),
                   Get("/a.html.en.gz", method="OPTIONS")], ignore=("allow",)),
    Case("missing", config="AddEncoding gzip .gz\nAddLanguage en .en", files={},
         requests=gets("none.html.en.gz", "none.txt")),
    Case("charset-default", config="AddDefaultCharset utf-8\nAddCharset iso-8859-1 .l1",
         files={"a.html": "x", "a.html.l1": "x", "a.css": "x", "a.txt": "x", "a": "x"},
         requests=gets("a.html", "a.html.l1", "a.css", "a.txt", "a")),
    Case("unreadable", config="AddLanguage en .en",
         files={"a.txt.en": File("x", mode=0o000)}, requests=gets("a.txt.en")),
]

VERDICTS = [Verdict(text, where=where, override=override, ok=ok) for text, where, override, ok in (
    ("AddType text/x .x", "server", "All", True),
    ("AddType text/x .x", "htaccess", "FileInfo", True),
    ("AddType text/x .x", "htaccess", "Indexes", False),
    ("AddType text/x", "server", "All", False),
    ("AddHandler x", "server", "All", False),
    ("AddHandler x .x", "htaccess", "FileInfo", True),
    ("AddHandler application/x-httpd-php .php", "htaccess", "FileInfo", True),
    ("AddType application/x-httpd-php .php", "vhost", "All", True),
    ("AddCharset utf-8 .x", "files", "All", True),
    ("AddCharset utf-8", "htaccess", "All", False),
    ("AddEncoding gzip .gz .tgz", "htaccess", "FileInfo", True),
    ("AddLanguage en .en", "location", "All", True),
    ("DefaultLanguage en", "htaccess", "FileInfo", True),
    ("DefaultLanguage en de", "htaccess", "FileInfo", False),
    ("DefaultLanguage", "server", "All", False),
    ("RemoveType x", "htaccess", "FileInfo", True),
    ("RemoveType", "htaccess", "FileInfo", False),
    ("RemoveHandler .x", "directory", "All", True),
    ("RemoveCharset .x .y", "htaccess", "FileInfo", True),
    ("RemoveEncoding .x", "htaccess", "Options", False),
    ("RemoveLanguage .x", "htaccess", "FileInfo", True),
    ("TypesConfig /etc/mime.types", "vhost", "All", True),
    ("TypesConfig /etc/mime.types", "directory", "All", False),
    ("TypesConfig /etc/mime.types", "htaccess", "All", False),
    ("ModMimeUsePathInfo On", "directory", "All", True),
    ("ModMimeUsePathInfo On", "vhost", "All", False),
    ("ModMimeUsePathInfo On", "htaccess", "All", False),
    ("ModMimeUsePathInfo Yes", "directory", "All", False),
    ("MultiviewsMatch Any", "htaccess", "FileInfo", True),
    ("MultiviewsMatch Handlers Filters", "directory", "All", True),
    ("MultiviewsMatch Any Handlers", "directory", "All", False),
    ("MultiviewsMatch None", "directory", "All", False),
    ("LanguagePriority en de", "htaccess", "FileInfo", True),
    ("LanguagePriority", "server", "All", False),
    ("ForceLanguagePriority Prefer Fallback", "vhost", "All", True),
    ("ForceLanguagePriority None Prefer", "vhost", "All", False),
    ("ForceLanguagePriority Nonsense", "vhost", "All", False),
    ("CacheNegotiatedDocs On", "vhost", "All", True),
    ("CacheNegotiatedDocs On", "directory", "All", False),
)]
