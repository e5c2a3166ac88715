"""
Content codings that are not made of files here: variants that were compressed before, by the
recipes of Apache's manual (mod_deflate, mod_brotli, MultiViews), and what filters make of the
answers of FastCGI programs and backends.
"""

import gzip

from compare import Case, File, Get
from itkd_backend import Backend, page
from itkd_fcgi import FcgiServer, whole

MODULES = ["deflate", "brotli", "proxy", "proxy_http", "proxy_fcgi"]
TEXT = "".join(f"a line of text, number {n}\n" for n in range(200))
ZIPPED = gzip.compress(TEXT.encode(), mtime=0)
TAG = '"1400-60a24181e4000"'
GZ, BR = {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "br"}
BOTH = {"Accept-Encoding": "gzip, deflate, br"}
CODINGS = ({}, GZ, BR, BOTH, {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip;q=0"},
           {"Accept-Encoding": "br;q=0.5, gzip;q=0.9"}, {"Accept-Encoding": "*"})

RECIPE = r"""
RewriteCond "%{HTTP:Accept-encoding}" "@C@"
RewriteCond "%{REQUEST_FILENAME}\.@S@" -s
RewriteRule "^(.*)\.(css|js)" "$1\.$2\.@S@" [QSA]
RewriteRule "\.css\.@S@$" "-" [T=text/css,E=no-@N@:1]
RewriteRule "\.js\.@S@$" "-" [T=text/javascript,E=no-@N@:1]
<FilesMatch "(\.js\.@S@|\.css\.@S@)$">
Header append Content-Encoding @C@
Header append Vary Accept-Encoding
</FilesMatch>
"""


def recipe(coding, suffix, name):
    return RECIPE.replace("@C@", coding).replace("@S@", suffix).replace("@N@", name)


DEFLATE = "AddOutputFilterByType DEFLATE text/css text/javascript text/html text/plain\n"
BROTLI = "AddOutputFilterByType BROTLI_COMPRESS text/css text/javascript text/html text/plain\n"
FILES = {"a.css": TEXT, "a.css.gz": ZIPPED, "a.css.br": "BR\n", "a.js": TEXT, "a.js.gz": ZIPPED,
         "only.js": TEXT, "empty.css": TEXT, "empty.css.gz": "",
         "old.js": File(TEXT, mtime=10 ** 9),
         "old.js.br": File("BR\n", mtime=10 ** 9), "d/b.css": TEXT, "d/b.css.gz": ZIPPED,
         "a.txt": TEXT, "a.txt.gz": ZIPPED}
PATHS = ("/a.css", "/a.css?v=1", "/a.js", "/only.js", "/empty.css", "/old.js", "/d/b.css", "/a.txt",
         "/a.css.gz", "/a.txt.gz", "/a.css.br", "/none.css")
MULTI = ("AddEncoding gzip .gz\nAddEncoding br .br\nRemoveType .gz .br\n"
         '<Directory "{root}">\nOptions +MultiViews\n</Directory>\n')


def each(paths, codings=(GZ, BOTH, {}), **more):
    return [Get(path, coding, **more) for path in paths for coding in codings]


def case(name, config, requests, rules="", **more):
    files = dict(more.pop("files", FILES))
    if rules:
        files[".htaccess"] = "RewriteEngine On\n" + rules
    return Case(name, config=config, files=files, requests=requests, **more)


WHOLE = [Get("/a.css", fields) for fields in (
    {**GZ, "Range": "bytes=0-9"}, {**GZ, "Range": "bytes=0-9,20-29"}, {**GZ, "If-None-Match": "*"},
    {**GZ, "If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}, {**GZ, "If-Match": '"x"'})] + [
    Get("/a.css", GZ, method="HEAD"), Get("/a.css", GZ, method="POST", body=b"x"),
    Get("/a.css", GZ, method="OPTIONS"), Get("/a.css", GZ, version="1.0")]


# -- answers of others

KINDS = {
    "plain": ["Content-Type: text/plain"], "html": ["Content-Type: text/html; charset=utf-8"],
    "tag": ["Content-Type: text/plain", 'ETag: "abc"', "Last-Modified: " + "Tue, 14 Nov 2023 "
            "22:13:20 GMT", "Accept-Ranges: bytes"],
    "weak": ["Content-Type: text/plain", 'ETag: W/"abc"'],
    "vary": ["Content-Type: text/plain", "Vary: Cookie"],
    "done": ["Content-Type: text/plain", "Content-Encoding: gzip"],
    "image": ["Content-Type: image/png"], "none": [],
    "as-it-is": ["Content-Type: text/plain", "Cache-Control: no-transform"],
}


def content(kind):
    return ZIPPED if kind == "done" else TEXT.encode()


def backend(ask, stream):
    words = ask.path.partition("?")[0].strip("/").split("/")
    stream.body(ask)
    data, fields = content(words[-1]), KINDS[words[-1]]
    if ask.field("Accept-Encoding") is None:
        fields = [*fields, "X-Asked: no"]
    if words[0] == "part":
        return page(data[:100], "206 Part", [*fields, f"Content-Range: bytes 0-99/{len(data)}"])
    if words[0] == "gone":
        return page(data, "410 Gone", fields)
    return page(data, fields=fields)


def program(request):
    for _ in request.body():
        pass
    words = request.params["REQUEST_URI"].partition("?")[0].strip("/").split("/")
    head = "".join(f"{line}\r\n" for line in KINDS[words[-1]])
    if words[0] == "gone":
        head = "Status: 410 Gone\r\n" + head
    request.send(whole(head.encode() + b"\r\n" + content(words[-1])))


ORIGIN = Backend(backend)
FCGI = FcgiServer(("127.0.0.1", 0), {"": program})
FCGI_URL = f"fcgi://127.0.0.1:{FCGI.address[1]}"
ANSWERS = [Get(f"/a/{kind}", coding) for kind in KINDS for coding in (GZ, BOTH, {})]
MORE = [Get("/gone/plain", GZ), Get("/a/plain", GZ, version="1.0"),
        Get("/a/plain", GZ, method="POST", body=b"x"),
        Get("/a/tag", {**GZ, "If-None-Match": '"abc"'}),
        Get("/a/tag", {**GZ, "If-None-Match": '"abc-gzip"'})]
# Apache takes the end of a head without fields for a line of the body.
TYPED = [request for request in ANSWERS if not request.path.endswith("/none")]
PROXIED = f"ProxyPass / {ORIGIN.url}/\n"
HANDLED = f'<Location />\nSetHandler "proxy:{FCGI_URL}"\n</Location>\n'

CASES = [
    case("deflate-recipe", "", each(PATHS) + WHOLE, recipe("gzip", "gz", "gzip")),
    case("deflate-recipe-and-filter", DEFLATE, each(PATHS) + WHOLE[-3:],
         recipe("gzip", "gz", "gzip"), decode=True),
    case("brotli-recipe", "", each(PATHS), recipe("br", "br", "brotli")),
    case("both-recipes", "", each(PATHS, CODINGS),
         recipe("br", "br", "brotli") + recipe("gzip", "gz", "gzip")),
    case("recipe-of-a-host",
         'RewriteEngine On\n<Directory "{root}">\nRewriteEngine On\n'
         + recipe("gzip", "gz", "gzip") + "</Directory>\n", each(PATHS)),
    case("multiviews", MULTI, each(("/a.css", "/only.js", "/old.js", "/a.css.gz", "/d/b.css"),
                                   CODINGS)),
    # The plain one has a name of its own here, so that a client's Accept-Encoding decides.
    case("multiviews-of-both", MULTI, each(("/x.css", "/x"), CODINGS),
         files={"x.css.css": TEXT, "x.css.gz": ZIPPED, "x.css.br": "BR\n"}),
    case("multiviews-and-filter", MULTI + DEFLATE, each(("/x.css", "/x"), CODINGS), decode=True,
         files={"x.css.css": TEXT, "x.css.gz": ZIPPED}),
    # What mod_mime says of a file, no Header rule takes away or says again.
    case("recipe-and-encoding", "AddEncoding gzip .gz\nAddEncoding br .br\n", each(PATHS),
         recipe("br", "br", "brotli") + recipe("gzip", "gz", "gzip")),
    case("encoding-and-rules", "AddEncoding gzip .gz\nAddLanguage en .en\n"
         '<Files "u.gz">\nHeader unset Content-Encoding\n</Files>\n'
         '<Files "s.gz">\nHeader set Content-Encoding x\n</Files>\n'
         '<Files "a.gz">\nHeader append Content-Encoding x\n</Files>\n'
         '<Files "d.gz">\nHeader add Content-Encoding x\n</Files>\n'
         '<Files "e.gz">\nHeader edit Content-Encoding gzip x\n</Files>\n'
         '<Files "n.gz">\nHeader always unset Content-Encoding\n</Files>\n'
         '<Files "o.gz">\nHeader always set Content-Encoding x\n</Files>\n'
         '<Files "k.en">\nHeader always set Content-Language "de, EN"\n</Files>\n'
         '<Files "c.gz">\nSetOutputFilter DEFLATE\nHeader append Content-Encoding x\n</Files>\n'
         '<Files "l.en">\nHeader unset Content-Language\n</Files>\n'
         '<Files "m.en">\nHeader set Content-Language de\n</Files>\n'
         '<Files "x">\nHeader set Content-Encoding x\nHeader set Content-Language x\n</Files>\n',
         [Get(f"/{name}") for name in ("u.gz", "s.gz", "a.gz", "d.gz", "e.gz", "n.gz", "o.gz",
                                       "k.en", "l.en", "m.en", "x")]
         + [Get("/u.gz", method="OPTIONS"), Get("/c.gz", {"Accept-Encoding": "deflate, gzip"})],
         files=dict.fromkeys(("u.gz", "s.gz", "a.gz", "d.gz", "e.gz", "n.gz", "o.gz", "k.en",
                              "l.en", "m.en", "x", "c.gz"), "text")),
    case("proxied-deflate", PROXIED + "SetOutputFilter DEFLATE\n", ANSWERS + MORE, decode=True),
    case("proxied-by-type", PROXIED + DEFLATE, ANSWERS, decode=True),
    case("proxied-brotli", PROXIED + "SetOutputFilter BROTLI_COMPRESS\n", ANSWERS, decode=True),
    case("proxied-part", PROXIED + "SetOutputFilter DEFLATE\n", [Get("/part/plain", GZ)]),
    case("proxied-inflate", PROXIED + "SetOutputFilter INFLATE\n", ANSWERS),
    case("proxied-no-coding", PROXIED + "RequestHeader unset Accept-Encoding\n", ANSWERS),
    case("fastcgi-deflate", HANDLED + "SetOutputFilter DEFLATE\n", TYPED + MORE, decode=True),
    case("fastcgi-by-type", HANDLED + DEFLATE + BROTLI, TYPED, decode=True),
    case("fastcgi-inflate", HANDLED + "SetOutputFilter INFLATE\n", TYPED),
    case("fastcgi-head", HANDLED + "SetOutputFilter DEFLATE\n",
         [Get(f"/a/{kind}", coding, method="HEAD") for kind in ("plain", "tag", "done")
          for coding in (GZ, {})], ignore=("content-length",)),
]
