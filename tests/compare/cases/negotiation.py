"""MultiViews and type maps: which variant, and what the answer says of the choice."""

from compare import Case, File, Get, Verdict, cgi_env

MULTI = '<Directory "{root}">\nOptions +MultiViews\n</Directory>\n'
LANGUAGES = "AddLanguage en .en\nAddLanguage de .de\nAddLanguage fr .fr\nAddLanguage en-gb .en-gb\n"
ENCODINGS = "AddEncoding x-gzip .gz\nAddEncoding br .br\n"
CHARSETS = "AddCharset utf-8 .utf8\nAddCharset iso-8859-1 .latin1\nAddCharset iso-8859-2 .latin2\n"
ALL = MULTI + LANGUAGES + ENCODINGS + CHARSETS
PAGES = {f"p.html.{tag}": f"<p>{tag}\n" for tag in ("en", "de", "fr")}


def gets(path, name, *values, **more):
    return [Get(path, {name: value} if value is not None else {}, **more) for value in values]


def case(name, requests, files, config="", **more):
    return Case(name, config=ALL + config, files=files, requests=requests, **more)


MAP = """# a comment
URI: p.html

URI: p.en.html
Content-Type: text/html; qs=0.9
Content-Language: en

URI: p.de.html
Content-type: text/html;
 charset=utf-8
Content-language: de

URI: p.txt
Content-type: text/plain; qs=0.5
Description: "plain text"
"""
BODIES = """Content-language: en
Content-type: text/html
Body:----en----
<p>Hello (world)
<p>bye
----en----

Content-language: de
Content-type: text/html; charset=utf-8
Body:----de----
<p>Hallo
----de----
"""
VARIANTS = {"p.en.html": "<p>Hello\n", "p.de.html": "<p>Hallo\n", "p.txt": "hello\n",
            "p.html": "<p>?\n"}
TYPES = "AddHandler type-map .var\n" + LANGUAGES + ENCODINGS

CASES = [
    case("language", gets("/p", "Accept-Language", None, "en", "de", "fr", "de, en", "en;q=0.5, de",
                          "de;q=0.5, en;q=0.9", "es", "es, fr;q=0.1", "*", "*;q=0.1, de", "de;q=0",
                          "en;q=0,*", "en-us", "en-gb", "DE", "d", "de-at, fr;q=0.8", "",
                          "de;q=x", "de;q=0.001,en;q=0.0001", "fr;q=1.0,en;q=0.999")
         + gets("/p.html", "Accept-Language", None, "de", "es"), PAGES),
    Case("map-old", config=TYPES, files={**VARIANTS, "p.var": MAP, "in.var": BODIES,
                                         "no.var": "Foo: bar\n", "gone.var": "URI: none.html\n"
                                         "Content-Type: text/html\n"},
         requests=[Get(p, version=v) for p in ("/p.var", "/in.var", "/no.var", "/gone.var")
                   for v in ("1.0", "1.1")]),
    Case("map-info", config=TYPES + 'CustomLog {logs}/info "%U %>U %s %>s"', files={
        **VARIANTS, "p.var": MAP}, requests=[Get("/p.var/x"), Get("/p.var")], logs=("info",)),
    # A list of variants is not what ERROR_NOTES tells a document of.
    Case("unacceptable-document", config=ALL + '<Directory "{root}">\nOptions +ExecCGI\n'
         "AddHandler cgi-script .cgi\nErrorDocument 406 /e.cgi\n</Directory>",
         files={"p.html": "p\n", "e.cgi": cgi_env("REDIRECT_ERROR_NOTES", "REDIRECT_STATUS")},
         requests=gets("/p", "Accept", "image/png"), ignore=("content-length",
                                                            "transfer-encoding")),
    case("priority", gets("/p", "Accept-Language", None, "en", "de", "en, de", "de, en", "es", "*"),
         PAGES, "LanguagePriority fr de en\n"),
    case("fallback", gets("/p", "Accept-Language", None, "en", "en, de", "es", "fr;q=0", "*"),
         PAGES, "LanguagePriority de en\nForceLanguagePriority Fallback\n"),
    case("both", gets("/p", "Accept-Language", None, "en", "en, fr", "es", "fr;q=0", "*"),
         PAGES, "LanguagePriority de en fr\nForceLanguagePriority Prefer Fallback\n"),
    case("no-force", gets("/p", "Accept-Language", None, "en", "en, de", "es"),
         PAGES, "LanguagePriority de en\nForceLanguagePriority None\n"),
    case("one-without-language", gets("/p", "Accept-Language", None, "en", "fr", "es", "*"),
         {"p.html": "<p>?\n", "p.html.en": "<p>en\n", "p.html.de": "<p>de\n"}),
    case("without-language", gets("/p", "Accept-Language", None, "en", "fr"),
         {"p.html.html": "<p>?\n", "p.html.en": "<p>en\n", "p.html.de": "<p>de\n"}),
    case("regions", gets("/p", "Accept-Language", "en", "en-gb", "en-us", "de, en-us", "en-gb;q=0",
                         "en-gb;q=0, en"),
         {"p.html.en": "<p>en\n", "p.html.en-gb": "<p>gb\n"}),
    case("two-languages", gets("/p", "Accept-Language", "en", "de", "fr", "de;q=0.3, fr;q=0.5"),
         {"p.html.en.de": "<p>both\n", "p.html.fr": "<p>fr\n"}),
    case("default-language", gets("/p", "Accept-Language", None, "en", "de"),
         {"p.html": "<p>?\n", "p.html.de": "<p>de\n"}, "DefaultLanguage en\n"),
    case("type", gets("/p", "Accept", None, "text/html", "text/plain", "*/*", "text/*",
                      "text/plain;q=0.5, text/html;q=0.4", "text/html;q=0, */*", "application/pdf",
                      "application/pdf, */*;q=0.1", "image/*", "text/*;q=0.2, application/json", "",
                      "text/html text/plain", "TEXT/PLAIN", "text/plain;level=1", "*",
                      "application/*;q=0.9,text/html;q=0.8,*/*;q=0.1", "text/html;q=0.000",
                      'text/html;q="0.1", text/plain'),
         {"p.html": "<p>x\n", "p.txt": "text\n", "p.json": "{}\n"}),
    case("quality", gets("/p", "Accept", None, "text/html, text/plain", "text/plain, */*"),
         {"p.html": "<p>x\n", "p.txt": "text\n"}, 'AddType "text/html;qs=0.3" .html\n'),
    case("level", gets("/p", "Accept", None, "text/html", "text/html;level=1", "text/html;level=3"),
         {"p.one": "<p>1\n", "p.three": "<p>3\n", "p.html": "<p>2\n"},
         'AddType "text/html;level=1" .one\nAddType "text/html;level=3" .three\n'),
    case("charset", gets("/p", "Accept-Charset", None, "utf-8", "iso-8859-1", "iso-8859-2", "*",
                         "utf-8;q=0.5, *;q=0.7", "utf-8;q=0, *", "koi8-r", "UTF-8"),
         {"p.html.utf8": "<p>u\n", "p.html.latin1": "<p>l1\n", "p.html.latin2": "<p>l2\n"}),
    case("no-charset", gets("/p", "Accept-Charset", None, "utf-8", "iso-8859-1", "koi8-r"),
         {"p.html": "<p>?\n", "p.html.utf8": "<p>u\n"}),
    case("encoding", gets("/p.html", "Accept-Encoding", None, "gzip", "br", "gzip, br", "br, gzip",
                          "identity", "*", "gzip;q=0", "identity;q=0", "identity;q=0, gzip", "",
                          "gzip;q=0.5, br;q=0.9", "x-gzip", "deflate", "*;q=0", "identity;q=0.5,*"),
         {"p.html.html": "<p>plain, and long\n", "p.html.gz": "GZ\n", "p.html.br": "BR\n"}),
    case("plain-and-encoded", gets("/p", "Accept-Encoding", None, "gzip", "br", "identity;q=0"),
         {"p.html": "<p>plain\n", "p.html.gz": "GZ\n"}),
    case("encoded-only", gets("/p.html", "Accept-Encoding", None, "gzip", "br", "", "identity"),
         {"p.html.gz": "GZ\n"}),
    case("precompressed-type", gets("/a.js", "Accept-Encoding", None, "gzip", "gzip, deflate, br")
         + gets("/b.css", "Accept-Encoding", None, "gzip"),
         {"a.js.js": "js\n", "a.js.gz": "GZ\n", "b.css.gz": "GZ\n", "b.css.css": "css\n"}),
    case("everything", [Get("/p", {"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8",
                                   "Accept-Language": "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
                                   "Accept-Encoding": encoding})
                        for encoding in ("gzip, deflate, br", "identity")],
         {**PAGES, "p.html.de.gz": "GZ\n", "p.txt": "text\n", "p.html.en.utf8.br": "BR\n"}),
    case("names", [Get(path) for path in (
        "/index", "/index.html", "/index.foo", "/readme", "/readme.foo", "/no", "/p.b", "/p", "/p.",
        "/.hidden", "/d", "/d/", "/dir", "/dir/x", "/dir/x.", "/dir", "/x%20y", "/q%3fr", "/ö",
        "/%22a")],
        {"index.html.foo": "html.foo\n", "index.foo.html": "foo.html\n", "readme.foo": "x\n",
         "readme.txt.foo": "y\n", "p.b.html": "b\n", ".hidden.html": "h\n", "d.html": "d\n",
         "dir/x.html": "x\n", "x y.html": "x y\n", "q?r.html": "q\n", "ö.html": "o\n",
         '"a.html': "a\n"}),
    case("none", [Get("/a"), Get("/b"), Get("/c"), Get("/e", {"Accept": "image/png"}), Get("/f")],
         {"a.foo": "x", "b.d/x": "x", "c.html": File("x", mode=0), "e.html": "x"},
         errors=(r"AH00687: Negotiation: discovered file\(s\) matching request: .*/a "
                 r"\(None could be negotiated\)\.", "AH00690: no acceptable variant: .*/e")),
    case("denied", [Get("/p", {"Accept-Language": "de"}), Get("/q")],
         {**PAGES, "q.html": "x"},
         '<Files "*.de">\nRequire all denied\n</Files>\n'
         '<Files "q.*">\nRequire all denied\n</Files>'),
    case("off", [Get("/p"), Get("/d/x")], {**PAGES, "d/x.html": "x"},
         '<Directory "{root}">\nOptions -MultiViews\n</Directory>\n'
         '<Directory "{root}/d">\nOptions +MultiViews\n</Directory>'),
    case("htaccess", [Get("/d/x", {"Accept-Language": "de"}), Get("/e/x")],
         {"d/.htaccess": "Options +MultiViews\nAddLanguage de .german\nLanguagePriority de\n",
          "d/x.html.german": "d\n", "d/x.html.en": "e\n", "e/.htaccess": "Options -MultiViews\n",
          "e/x.html": "x\n"}),
    case("index", [*gets("/", "Accept-Language", None, "de", "es"), Get("/e/"), Get("/f/"),
                   *gets("/g/", "Accept", None, "image/png")],
         {**{f"index.html.{tag}": f"<p>{tag}\n" for tag in ("en", "de", "fr")},
          "e/home.html": "<p>home\n", "f/x": "x", "g/home.html": "x"},
         "LanguagePriority fr\nForceLanguagePriority Prefer Fallback\n"
         "DirectoryIndex index.html home"),
    case("methods", [Get("/p", {"Accept-Language": "de"}, method=m, body=b)
                     for m, b in (("HEAD", None), ("POST", b"x"), ("OPTIONS", None), ("PUT", b"x"),
                                  ("DELETE", None))]
         + [Get("/p", {"Accept-Language": "es"}, method="POST", body=b"x"),
            Get("/p?a=1", {"Accept-Language": "de"})], PAGES),
    case("path-info", [Get("/p/x"), Get("/p/x/y?q", {"Accept-Language": "de"}), Get("/p/"),
                       Get("/s/x/y?q=1"), Get("/s"), Get("/s/")],
         {**PAGES, "s.cgi": cgi_env("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI",
                                    "SCRIPT_FILENAME", "REDIRECT_STATUS", "REDIRECT_URL")},
         "AddHandler cgi-script .cgi\nAcceptPathInfo On\nMultiviewsMatch Handlers\n"
         '<Directory "{root}">\nOptions +ExecCGI\n</Directory>'),
    case("programs", [Get("/s"), Get("/s?q"), Get("/s/p"), Get("/s", method="POST", body=b"x"),
                      Get("/s", {"Accept": "text/html"}), Get("/s", {"Accept": "*/*"})],
         {"s.cgi": cgi_env("SCRIPT_NAME", "QUERY_STRING"), "s.html": "<p>s\n"},
         "AddHandler cgi-script .cgi\nMultiviewsMatch Handlers\n"
         '<Directory "{root}">\nOptions +ExecCGI\n</Directory>'),
    case("match-negotiated", [Get("/s"), Get("/t")], {"s.cgi": "x", "t.foo": "t\n"},
         "AddHandler server-status .cgi\n", errors=("AH00687",)),
    case("match-any", [Get("/s"), Get("/t"), Get("/u")],
         {"s.foo.html": "s\n", "t.foo": "t\n", "u.html": "u\n"}, "MultiviewsMatch Any\n"),
    case("preferred", [Get("/p", {"X-L": lang, "Accept-Language": accept})
                       for lang in ("de", "en", "es", "") for accept in ("fr", "de", "fr, de, en")],
         PAGES, 'SetEnvIf X-L "(.+)" prefer-language=$1\n'),
    case("no-gzip", [Get("/p", {"X-No": "1", "Accept-Encoding": "gzip"}),
                     Get("/p", {"Accept-Encoding": "gzip"}),
                     Get("/t", {"X-Html": "1", "Accept-Encoding": "gzip"}),
                     Get("/p", {"X-Html": "1", "Accept-Encoding": "gzip"})],
         {"p.html.html": "<p>plain, and long\n", "p.html.gz": "GZ\n", "t.txt": "plain, long\n",
          "t.txt.gz": "GZ\n"},
         "SetEnvIf X-No 1 no-gzip\nSetEnvIf X-Html 1 gzip-only-text/html=1\n"),
    case("transparent", [Get("/p", {"Negotiate": value, "Accept-Language": "de"}) for value in (
        "trans", "*", "vlist", "1.0", "1.0, trans", "guess-small", "", "x", "TRANS", "2.0",
        "*, 1.0")]
        + [Get("/p", {"Negotiate": "trans", "User-Agent": "Lynx/2.8"}),
           Get("/p", {"Negotiate": "1.0", "Accept": "text/html", "Accept-Language": "de, en;q=0.5",
                      "Accept-Charset": "*", "Accept-Encoding": "gzip"}),
           Get("/p", {"Negotiate": "trans"}, method="POST", body=b"x"),
           Get("/p", {"Negotiate": "vlist", "Accept-Language": "es"})],
        {**PAGES, "p.txt.en": "text\n", "p.html.de.gz": "GZ\n"}),
    case("old-client", gets("/p", "Accept-Language", None, "de", version="1.0")
         + [Get("/q", version="1.0"), Get("/p", {"Accept-Language": "es"}, version="1.0")],
         {**PAGES, "q.html": "q\n"}),
    case("cache", gets("/p", "Accept-Language", None, "de", version="1.0"), PAGES,
         "CacheNegotiatedDocs On\n"),
    case("cache-expires", gets("/p", "Accept-Language", "de", version="1.0"), PAGES,
         "ExpiresActive On\nExpiresDefault A60\n"),
    case("conditions", [Get("/p", {"Accept-Language": "de", **fields}) for fields in (
        {"If-None-Match": "*"}, {"If-None-Match": '"7-60a24181e4000;0"'},
        {"If-None-Match": '"7-60a24181e4000"'}, {"If-Match": '"x"'}, {"Range": "bytes=0-1"},
        {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"})], PAGES),
    case("rules", gets("/p", "Accept-Language", None, "de", "es"), PAGES,
         "Header append Vary Cookie\nHeader always set X-Y y\nErrorDocument 406 /e.html\n",
         ),
    # Apache adds what the choice was made of to the tag twice.
    case("error-document", [Get("/none")],
         {"e.html.de": "de\n", "e.html.en": "en\n"}, "ErrorDocument 404 /e\n", ignore=("etag",)),
    case("error-document-none", [Get("/p", {"Accept-Language": "es"})],
         {**PAGES, "e.html.de": "de\n", "e.html.en": "en\n"},
         "ErrorDocument 406 /e\n"),
    case("alias", [Get("/al/x", {"Accept-Language": "de"}), Get("/al/y")],
         {"{dir}/x.html.de": "d\n", "{dir}/x.html.en": "e\n"},
         'Alias /al "{dir}"\n<Directory "{dir}">\nOptions +MultiViews\nRequire all granted\n'
         "</Directory>"),
    case("fallback-resource", [Get("/p", {"Accept-Language": "de"}), Get("/none"), Get("/a")],
         {**PAGES, "front.txt": "front\n", "a.foo": "x"}, "FallbackResource /front.txt\n"),
    case("redirect", [Get("/p"), Get("/q")], {**PAGES, "q.html": "q"},
         '<Directory "{root}">\nRedirect /p.html.en http://other.test/\n</Directory>'),
    Case("rewrite", config=ALL, files={
        ".htaccess": "RewriteEngine On\nRewriteRule ^q$ /other.txt [L]\nRewriteRule ^r$ /other.txt "
                     "[L]\nRewriteRule ^s\\.html$ /other.txt [L]\n",
        "q.html": "q\n", "other.txt": "other\n", "s.html": "s\n"},
        requests=[Get("/q"), Get("/r")]),
    case("encoding-name", gets("/p.html.gz", "Accept-Encoding", None, "gzip", "x-gzip", "br",
                               "x-gzip, gzip", "GZIP")
         + gets("/a.gzip", "Accept-Encoding", "x-gzip"),
         {"p.html.gz": "GZ\n", "a.gzip": "GZ\n"}, "AddEncoding gzip .gzip\n"),

    Case("map", config=TYPES, files={"p.var": MAP, **VARIANTS}, requests=[
        *gets("/p.var", "Accept-Language", None, "en", "de", "es", "de, en"),
        *gets("/p.var", "Accept", "text/plain", "image/png", "text/html", "*/*"),
        Get("/p.var/x/y?q=1"), Get("/p.var?q=1", {"Accept-Language": "de"}),
        Get("/p.var", {"Accept-Language": "de"}, method="HEAD"),
        Get("/p.var", {"Accept-Language": "de"}, method="POST", body=b"x"),
        Get("/p.var", method="OPTIONS"), Get("/p.var", {"Negotiate": "trans"}),
        Get("/p.var", {"Negotiate": "vlist", "Accept-Language": "de"})]),
    Case("map-bodies", config=TYPES, files={"b.var": BODIES}, requests=[
        *gets("/b.var", "Accept-Language", None, "en", "de", "es"),
        Get("/b.var", {"Accept-Language": "de", "Range": "bytes=0-2"}),
        Get("/b.var", {"Accept-Language": "en", "Range": "bytes=0-2,5-6"}),
        Get("/b.var", {"Accept-Language": "de", "If-None-Match": "*"}),
        Get("/b.var", {"Accept-Language": "de"}, version="1.0"),
        Get("/b.var", {"Accept-Language": "de"}, method="HEAD"),
        Get("/b.var", {"Accept-Language": "de"}, method="POST", body=b"x"),
        Get("/b.var", {"Accept": "image/png"})]),
    Case("map-broken", config=TYPES, files={
        "colon.var": "URI: x.html\nContent-type text/html\n",
        "empty.var": "URI:\nContent-type: text/html\n", "none.var": "",
        "tag.var": "Content-type: text/html\nBody: XX\nabc\n",
        "length.var": "URI: x.html\nContent-type: text/html\nContent-length: x\n",
        "missing.var": "URI: gone.html\nContent-type: text/html\n",
        "again.var": "URI: again.var\nContent-type: text/html\n",
        "up.var": "URI: ../../../etc/passwd\nContent-type: text/plain\n",
        "more.var": "URI: x.html; foo\nContent-type: text/html\n\n\n# c\nURI: y.html\n\n",
        "x.html": "x\n"}, requests=[Get(f"/{name}.var") for name in (
            "colon", "empty", "none", "tag", "length", "missing", "again", "more")],
        errors=("AH00681: Syntax error in type map, no ':' in ", "AH00682", "AH00685", "AH00684")),
    # What the pattern puts behind the map is longer than what was asked for.
    Case("map-pattern", config=TYPES + 'AliasMatch "^/x(.*)$" "{root}/p.var/some/more$1"\n',
         files={"p.var": MAP, **VARIANTS},
         requests=[Get("/x"), Get("/x/y"), Get("/p.var"), Get("/p.var//some/more")]),
    Case("map-by-type", config="AddType application/x-type-map .var\n" + LANGUAGES,
         files={"p.var": MAP, **VARIANTS}, requests=gets("/p.var", "Accept-Language", "de", "en")),
    Case("map-and-multi", config=ALL + "AddHandler type-map .var\n",
         files={"x.var": MAP, "x.html": "not me\n", **VARIANTS, "y.var": BODIES,
                "z.var": "URI: q\nContent-type: text/html\n", "q.html.de": "d\n"},
         requests=[*gets("/x", "Accept-Language", "de", "en", "es"),
                   *gets("/y", "Accept-Language", "de", "en"), Get("/z.var")]),
    Case("map-elsewhere", config=TYPES + "LanguagePriority de\nAddHandler cgi-script .cgi\n"
         '<Directory "{root}">\nOptions +ExecCGI\nDirectoryIndex index.var\n</Directory>',
         files={"index.var": "URI: d/a.html\nContent-type: text/html\nContent-language: en\n\n"
                             "URI: s.cgi\nContent-type: text/html;qs=0.5\nContent-language: de\n",
                "d/a.html": "a\n",
                "s.cgi": cgi_env("REDIRECT_URL", "REDIRECT_STATUS", "QUERY_STRING",
                                 "REQUEST_METHOD", "PATH_INFO")},
         requests=[Get("/"), Get("/index.var", {"Accept-Language": "en"}),
                   Get("/index.var?q", {"Accept-Language": "de"}),
                   Get("/index.var", {"Accept-Language": "de"}, method="POST", body=b"x")]),
]

VERDICTS = [Verdict(text, where, ok=ok) for text, where, ok in (
    ("CacheNegotiatedDocs On", "server", True), ("CacheNegotiatedDocs Off", "vhost", True),
    ("CacheNegotiatedDocs", "server", False), ("CacheNegotiatedDocs maybe", "server", False),
    ("CacheNegotiatedDocs On", "directory", False), ("CacheNegotiatedDocs On", "htaccess", False),
    ("LanguagePriority en de", "htaccess", True), ("LanguagePriority", "server", False),
    ("ForceLanguagePriority None", "directory", True),
    ("ForceLanguagePriority Prefer Fallback", "server", True),
    ("ForceLanguagePriority None Prefer", "server", False),
    ("ForceLanguagePriority Fallback None", "server", False),
    ("ForceLanguagePriority Maybe", "server", False),
    ("ForceLanguagePriority prefer", "htaccess", True),
    ("MultiviewsMatch Any", "server", True), ("MultiviewsMatch Any Handlers", "server", False),
    ("MultiviewsMatch Handlers Filters", "directory", True),
    ("MultiviewsMatch NegotiatedOnly", "htaccess", True),
    ("MultiviewsMatch None", "server", False), ("MultiviewsMatch", "server", False))]
