"""
Filters: mod_deflate, mod_brotli, mod_filter on files, programs, lists and error pages, and on
bodies of requests. Both servers have the same zlib and libbrotli: what they make of a file agrees
byte for byte.

Not here, since Apache does otherwise: a Range of what would be compressed. Apache sends that range
of the compressed bytes, whose length no client can know; itkd sends the range of the file.
"""

import gzip
import random
import zlib

from compare import Case, Get, Verdict, cgi_env

MODULES = ["deflate", "brotli", "status"]
MAIN = """
DeflateFilterNote Input in
DeflateFilterNote Output out
DeflateFilterNote ratio
BrotliFilterNote Ratio brratio
BrotliFilterNote input brin
BrotliFilterNote Output brout
"""


def text(n, seed=1):
    words = "the of a server filter answer body encoded gzip brotli range client proxy".split()
    rng = random.Random(seed)
    return "".join(rng.choice(words) + rng.choice(" \n") for _ in range(n))[:n]


GZ = {"Accept-Encoding": "gzip"}
BR = {"Accept-Encoding": "br"}
BOTH = {"Accept-Encoding": "gzip, deflate, br"}
PLAIN = text(3000)
LARGE = text(400_000)
NOISE = random.Random(2).randbytes(150_000)
TAILED = gzip.compress(PLAIN.encode(), mtime=0)
CGI = """#!/bin/sh
printf 'Content-Type: %s\\n\\n' "${QUERY_STRING:-text/plain}"
cat x.txt
"""
SHORT = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nshort\\n'\n"
FIELDS = """#!/bin/sh
printf 'Content-Type: text/plain\\nVary: Cookie\\nETag: "abc"\\nContent-MD5: x\\n'
printf 'Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\\n%s\\n\\n' "X-A: b"
cat x.txt
"""
HEAD = """#!/bin/sh
echo 'Content-Type: text/plain'
echo "$QUERY_STRING" | sed 's/%20/ /g; s/%0a/\\n/g'
cat x.txt
"""
ECHO = """#!/bin/sh
printf 'Content-Type: text/plain\\n\\n'
printf 'encoding=%s length=%s\\n' "$HTTP_CONTENT_ENCODING" "$CONTENT_LENGTH"
cat
"""
FILES = {"x.txt": PLAIN, "x.html": PLAIN, "x.css": PLAIN, "x.js": PLAIN, "x.bin": NOISE,
         "large.txt": LARGE, "noise.txt": NOISE, "small.txt": "small\n", "empty.txt": "",
         "68.txt": PLAIN[:68], "69.txt": PLAIN[:69], "d/x.txt": PLAIN, "d/x.html": PLAIN,
         "x.cgi": CGI, "short.cgi": SHORT, "fields.cgi": FIELDS, "head.cgi": HEAD,
         "echo.cgi": ECHO, "x.txt.gz": gzip.compress(PLAIN.encode(), mtime=0),
         "x.svgz": gzip.compress(PLAIN.encode(), mtime=0), "x.noext": PLAIN}
OPEN = """<Directory "{root}">
Options +ExecCGI +Indexes
AddHandler cgi-script .cgi
</Directory>
"""
USUAL = [Get("/x.txt", GZ), Get("/x.txt"), Get("/x.txt", BR), Get("/x.txt", BOTH),
         Get("/x.txt", GZ, method="HEAD"), Get("/x.html", BOTH), Get("/x.css", BOTH),
         Get("/x.bin", BOTH), Get("/large.txt", BOTH), Get("/noise.txt", BOTH),
         Get("/small.txt", BOTH), Get("/empty.txt", BOTH), Get("/68.txt", BOTH),
         Get("/69.txt", BOTH), Get("/x.txt.gz", BOTH), Get("/none", BOTH), Get("/d", BOTH),
         Get("/x.noext", BOTH)]
FEW = [Get("/x.txt", BOTH), Get("/x.txt", GZ), Get("/x.txt"), Get("/x.css", BOTH),
       Get("/x.html", BOTH), Get("/x.txt.gz", BOTH)]
PROGRAMS = [Get("/x.cgi", BOTH), Get("/x.cgi?text/html", BOTH), Get("/x.cgi"),
            Get("/short.cgi", BOTH), Get("/fields.cgi", BOTH), Get("/fields.cgi"),
            Get("/head.cgi?Status:%20404%20Gone%0a", BOTH),
            Get("/head.cgi?Status:%20201%20x%0a", BOTH),
            Get("/head.cgi?Content-Encoding:%20identity%0a", BOTH),
            Get("/head.cgi?Content-Encoding:%20gzip%0a", BOTH),
            Get("/head.cgi?Content-Encoding:%20x-own%0a", BOTH),
            Get("/head.cgi?Content-Encoding:%207bit,%20identity%0a", BOTH),
            Get("/head.cgi?Status:%20206%20x%0aContent-Range:%20bytes%200-2999/9000%0a", BOTH),
            Get("/head.cgi?Vary:%20*%0a", BOTH),
            Get("/head.cgi?Content-Type:%20TEXT/HTML%0a", BOTH),
            Get("/x.cgi?text/html;%20charset=utf-8", BOTH)]


def case(name, rules, requests=None, files=None, config="", **more):
    return Case(name, config=OPEN + config + rules, files={**FILES, **(files or {})},
                requests=[Get(r.path, r.headers, r.method, r.body, r.host, r.version)
                          for r in (requests or FEW)], **more)


def both(name, rules, **more):
    """Files, then programs, whose bodies need not be cut at the same bytes."""
    return [case(name, rules, USUAL, **more), case(name + "-cgi", rules, PROGRAMS, decode=True)]


def htaccess(name, rules, requests=None, config="", **files):
    return case(name, "", requests, {".htaccess": rules, **files}, config)


def accept(*values):
    return [Get("/x.txt", {"Accept-Encoding": value}) for value in values]


ETAG = '"bb8-60a24181e4000"'  # of x.txt
GZIPPED = gzip.compress(PLAIN.encode(), mtime=0)
BOMB = gzip.compress(bytes(20_000_000), mtime=0)


def post(body, **headers):
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain",
               **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Get("/echo.cgi", headers, method="POST", body=body)


BODIES = [post(GZIPPED), post(GZIPPED, Content_Encoding="x-gzip"), post(GZIPPED[:-9]),
          post(GZIPPED + b"more"), post(b"no gzip at all, but long enough to see"), post(b""),
          post(GZIPPED, Content_Encoding="gzip, identity"),
          post(GZIPPED, Content_Encoding="identity"), post(GZIPPED, Content_Encoding="br"),
          post(GZIPPED, Content_Encoding="x-own, gzip"),
          post(GZIPPED[:-8] + b"badcrc!!"), post(GZIPPED[:5]),
          post(GZIPPED[:3] + b"\xff" + GZIPPED[4:]),
          post(PLAIN.encode(), Content_Encoding="identity"),
          post(GZIPPED, Content_Range="bytes 0-99/100"),
          post(zlib.compress(PLAIN.encode()), Content_Encoding="deflate")]
# Apache reads all of it before it reads a byte of the program, which must not say much before.
LARGE_BODY = Get("/count.cgi", {"Content-Encoding": "gzip"}, method="POST",
                 body=gzip.compress(LARGE.encode(), mtime=0))
COUNT = {"count.cgi": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nwc -c\n"}
TYPES = "AddOutputFilterByType DEFLATE text/plain text/css\n"

CASES = [
    *both("deflate", "SetOutputFilter DEFLATE\n"),
    *both("brotli", "SetOutputFilter BROTLI_COMPRESS\n"),
    *both("both", "SetOutputFilter BROTLI_COMPRESS;DEFLATE\n"),
    case("both-other", "SetOutputFilter DEFLATE;BROTLI_COMPRESS\n"),
    *both("by-type", TYPES),
    case("by-type-brotli", "AddOutputFilterByType BROTLI_COMPRESS text/plain text/html\n"),
    *both("by-type-both", "AddOutputFilterByType BROTLI_COMPRESS;DEFLATE text/plain text/html\n"),
    # Debian's deflate.conf
    case("debian", """<IfModule mod_filter.c>
AddOutputFilterByType DEFLATE text/html text/plain text/xml text/css text/javascript
AddOutputFilterByType DEFLATE application/x-javascript application/javascript
AddOutputFilterByType DEFLATE application/wasm
</IfModule>
""", [*FEW, Get("/x.js", GZ), Get("/d/", GZ), Get("/d/")]),
    htaccess("htaccess", "<IfModule mod_deflate.c>\nSetOutputFilter DEFLATE\n</IfModule>\n"
             "<IfModule mod_brotli.c>\nHeader set X-Brotli yes\n</IfModule>\n"),
    htaccess("htaccess-none", "SetOutputFilter NONE\n", config="SetOutputFilter DEFLATE\n"),
    htaccess("htaccess-types", "AddOutputFilterByType DEFLATE text/css\n", config=TYPES),
    htaccess("htaccess-types-more", "AddOutputFilterByType DEFLATE text/html\n"
             "AddOutputFilterByType DEFLATE text/css\n"
             "AddOutputFilterByType BROTLI_COMPRESS text/css\n",
             config=TYPES),
    htaccess("h5bp", """<IfModule mod_deflate.c>
<IfModule mod_setenvif.c>
<IfModule mod_headers.c>
SetEnvIfNoCase ^(Accept-EncodXng|X-cept-Encoding|X{15}|~{15}|-{15})$ \\
  ^((gzip|deflate)\\s*,?\\s*)+|[X~-]{4,13}$ HAVE_Accept-Encoding
RequestHeader append Accept-Encoding "gzip,deflate" env=HAVE_Accept-Encoding
</IfModule>
</IfModule>
<IfModule mod_filter.c>
AddOutputFilterByType DEFLATE "application/atom+xml" \\
  "text/css" \\
  "text/plain"
</IfModule>
<IfModule mod_mime.c>
AddEncoding gzip svgz
</IfModule>
</IfModule>
""", [*FEW, Get("/x.svgz", GZ), Get("/x.txt", {"X-cept-Encoding": "gzip, deflate"}),
      Get("/x.txt", {"XXXXXXXXXXXXXXX": "XXXXXXXXXXXXX"})]),
    htaccess("old-browsers", """SetOutputFilter DEFLATE
BrowserMatch ^Mozilla/4 gzip-only-text/html
BrowserMatch ^Mozilla/4\\.0[678] no-gzip
BrowserMatch \\bMSIE !no-gzip !gzip-only-text/html
SetEnvIfNoCase Request_URI \\.(?:gif|jpe?g|png)$ no-gzip dont-vary
Header append Vary User-Agent env=!dont-vary
""", [Get(path, {**GZ, "User-Agent": agent}) for path in ("/x.txt", "/x.html", "/x.png")
      for agent in ("Mozilla/4.7", "Mozilla/4.06", "Mozilla/4.0 (compatible; MSIE 6)", "x")],
             **{"x.png": "PNG" * 100}),
    case("env", "SetOutputFilter BROTLI_COMPRESS;DEFLATE\nSetEnvIf X-No gzip no-gzip\n"
         "SetEnvIf X-No br no-brotli\nSetEnvIf X-Force . force-gzip\n"
         "SetEnvIf X-Html (.+) gzip-only-text/html=$1\n",
         [Get(path, {**encodings, **more}) for path in ("/x.txt", "/x.html")
          for encodings in ({}, GZ, BOTH)
          for more in ({}, {"X-No": "gzip"}, {"X-No": "br"}, {"X-No": "br gzip"},
                       {"X-Force": "1"}, {"X-Html": "1"}, {"X-Html": "0"})]),
    case("env-rewrite", "SetOutputFilter DEFLATE\nRewriteEngine On\n"
         "RewriteRule ^/x\\.css$ - [E=no-gzip:1]\n"),
    htaccess("env-rewrite-htaccess", "SetOutputFilter DEFLATE\nRewriteEngine On\n"
             "RewriteRule ^x\\.css$ - [E=no-gzip:1]\n"),
    case("env-setenv", "SetOutputFilter DEFLATE\nSetEnv no-gzip 1\n"),
    case("precompressed", "SetOutputFilter DEFLATE\nAddEncoding gzip .gz\nAddEncoding x-own .own\n"
         "AddEncoding identity .same\n",
         [*FEW, Get("/x.txt.own", GZ), Get("/x.txt.same", GZ), Get("/x.txt.gz")],
         {"x.txt.own": PLAIN, "x.txt.same": PLAIN}),
    case("precompressed-rewrite", """SetOutputFilter DEFLATE
RewriteEngine On
<Directory "{root}">
RewriteCond %{HTTP:Accept-Encoding} gzip
RewriteCond %{REQUEST_FILENAME}\\.gz -s
RewriteRule ^(.+)\\.css$ $1.css.gz [L]
RewriteRule \\.css\\.gz$ - [T=text/css,E=no-gzip:1]
<FilesMatch "\\.css\\.gz$">
Header set Content-Encoding gzip
Header append Vary Accept-Encoding
</FilesMatch>
</Directory>
""", [Get("/x.css", GZ), Get("/x.css")], {"x.css.gz": GZIPPED}),
    case("accept", "SetOutputFilter DEFLATE\n", accept(
        "gzip", "GZip", "gzip;q=0", "gzip;q=0.0", "gzip;q=0.000", "gzip;q=0.0000", "gzip;q=0.001",
        "gzip;Q=0", "gzip; q=0", "gzip ;q=0", "gzip;q=0 ", "gzip;q=0, br", "gzip;q=0 , br",
        "br, gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*", "identity", "", ",", "gzip, *;q=0",
        "x-gzip", "gzip,", ",gzip", "deflate", '"gzip"', "gzip;x=1;q=0", "gzip;q", "gzip;",
        "br;q=0;x, gzip", "\tgzip", "gzipp", "gzip deflate", "deflate;;gzip", "gzip;q=1")),
    case("accept-brotli", "SetOutputFilter BROTLI_COMPRESS\n", accept(
        "br", "BR", "br;q=0", "br;q=0.000", "br;q=0.1", "gzip, br", "gzip;q=1, br;q=0", "*",
        "brotli", "")),
    case("accept-twice", "SetOutputFilter DEFLATE\n", [
        Get("/x.txt", [("Accept-Encoding", "br"), ("Accept-Encoding", "gzip")]),
        Get("/x.txt", [("Accept-Encoding", "br;q=0"), ("Accept-Encoding", "gzip;q=0")])]),
    case("version-1.0", "SetOutputFilter DEFLATE\n", [
        Get("/x.txt", GZ, version="1.0"), Get("/large.txt", GZ, version="1.0"),
        Get("/x.txt", version="1.0")]),
    case("head", "SetOutputFilter DEFLATE\n", [
        Get(path, BOTH, method="HEAD") for path in (
            "/x.txt", "/small.txt", "/x.txt.gz", "/none", "/d/")]),
    case("head-brotli", "SetOutputFilter BROTLI_COMPRESS\n", [
        Get(path, BOTH, method="HEAD") for path in ("/x.txt", "/small.txt", "/empty.txt", "/d/")]),
    *(case(f"etag-{module.lower()}-{word.lower()}",
           f"SetOutputFilter {name}\n{module}AlterETag {word}\nFileETag MTime Size\n", [
               Get("/x.txt", BOTH), Get("/x.txt"), Get("/fields.cgi", BOTH),
               *(Get("/x.txt", {**encodings, field: value}, method=method)
                 for encodings in ({}, BOTH)
                 for method, field in (("GET", "If-None-Match"), ("HEAD", "If-None-Match"),
                                       ("GET", "If-Match"))
                 for value in (ETAG, ETAG[:-1] + '-gzip"', ETAG[:-1] + '-br"'))],
           decode=True)
      for module, name in (("Deflate", "DEFLATE"), ("Brotli", "BROTLI_COMPRESS"))
      for word in ("AddSuffix", "NoChange", "Remove")),
    case("conditions", TYPES, [
        Get("/x.txt", {**BOTH, field: value}) for field, value in (
            ("If-None-Match", ETAG), ("If-None-Match", ETAG[:-1] + '-gzip"'),
            ("If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT"),
            ("If-Modified-Since", "Tue, 14 Nov 2023 22:13:19 GMT"),
            ("If-Unmodified-Since", "Tue, 14 Nov 2023 22:13:19 GMT"),
            ("If-Match", '"x"'))]),
    case("range-none", "", [Get("/x.txt", {**GZ, "Range": "bytes=0-99"})]),
    case("range-not-whole", "SetOutputFilter DEFLATE\n", [
        Get("/x.txt", {"Range": "bytes=0-99"}), Get("/x.txt", {"Range": "bytes=0-9,20-29"}),
        Get("/x.txt.gz", {"Range": "bytes=5-9"}),
        Get("/x.txt", {**GZ, "Range": "bytes=0-99", "If-Range": '"other"'})],
         ignore=("content-type",), body=False),
    case("index", TYPES.replace("text/css", "text/html") + "IndexOptions FancyIndexing\n",
         [Get("/d/", GZ), Get("/d/"), Get("/d/", GZ, method="HEAD"), Get("/", GZ)], body=False,
         decode=True),
    case("index-long", "SetOutputFilter DEFLATE\n", [Get("/d/", GZ)],
         {f"d/{i:03}": "" for i in range(300)}, decode=True),
    case("index-long-brotli", "SetOutputFilter BROTLI_COMPRESS\n", [Get("/d/", BR), Get("/d/")],
         {f"d/{i:03}": "" for i in range(300)}, decode=True),
    case("errors", "SetOutputFilter DEFLATE\nErrorDocument 404 /x.html\n"
         "ErrorDocument 403 \"text\"\n"
         "Redirect 410 /gone\nRedirect /there http://x.test/\n<Location /no>\nRequire all denied\n"
         "</Location>\n", [Get(path, GZ) for path in ("/none", "/no", "/gone", "/there", "/d")]),
    case("errors-by-type", "AddOutputFilterByType DEFLATE text/html\nErrorDocument 404 /x.html\n",
         [Get("/none", GZ), Get("/none")]),
    case("errors-wanted", "AddOutputFilterByType DEFLATE text/html\nErrorDocument 404 /x.html\n"
         "SetEnv filter-errordocs 1\n", [Get("/none", GZ), Get("/none"), Get("/nothing/x", GZ)]),
    case("errors-program", TYPES + "ErrorDocument 404 /x.cgi\nErrorDocument 410 /x.txt\n"
         "Redirect 410 /gone\n", [Get("/none", GZ), Get("/gone", GZ)], decode=True),
    case("methods", "SetOutputFilter DEFLATE\n", [
        Get("/x.txt", GZ, method=method) for method in ("OPTIONS", "POST", "PUT", "DELETE")]),
    case("extension", "AddOutputFilter DEFLATE txt .css\n"
         "AddOutputFilter BROTLI_COMPRESS;DEFLATE js\n"
         "AddOutputFilter INFLATE gz\n", [*USUAL, Get("/x.js", BOTH), Get("/x.js", GZ),
                                          Get("/x.js.txt", BOTH), Get("/x.txt.js", BOTH)],
         {"x.js.txt": PLAIN, "x.txt.js": PLAIN}),
    htaccess("extension-removed", "AddOutputFilter DEFLATE txt html\n",
             [Get(path, GZ) for path in ("/x.txt", "/d/x.txt", "/d/x.html")],
             **{"d/.htaccess": "RemoveOutputFilter .txt\n"}),
    htaccess("extension-removed-first", "RemoveOutputFilter txt\n"
             "AddOutputFilter DEFLATE txt css\n"),
    htaccess("extension-replaced", "AddOutputFilter BROTLI_COMPRESS txt\n",
             config="AddOutputFilter DEFLATE txt css\n"),
    case("extension-and-set", "AddOutputFilter DEFLATE txt\nSetOutputFilter BROTLI_COMPRESS\n"),
    case("order", "AddOutputFilterByType DEFLATE text/plain\nSetOutputFilter BROTLI_COMPRESS\n"),
    case("order-other", "AddOutputFilterByType BROTLI_COMPRESS text/plain\n"
         "SetOutputFilter DEFLATE\n"),
    case("names", "SetOutputFilter deflate;\n"),
    case("names-unknown", "SetOutputFilter ;Nonesuch;DEFLATE\n"),
    case("inflate", "SetOutputFilter INFLATE\nAddEncoding gzip gz\nAddEncoding x-gzip svgz\n",
         [*USUAL, Get("/x.svgz"), Get("/x.txt.gz"), Get("/x.txt.gz", method="HEAD"),
          Get("/two.txt.gz")], {"two.txt.gz": gzip.compress(LARGE.encode(), mtime=0)}),
    # What stands behind the end of what is packed is left out.
    case("inflate-tail", "SetOutputFilter INFLATE\nAddEncoding gzip gz\n",
         [Get("/few.txt.gz"), Get("/much.txt.gz"), Get("/members.txt.gz"),
          Get("/much.txt.gz", method="HEAD")],
         {"few.txt.gz": TAILED + b"tail", "much.txt.gz": TAILED + NOISE,
          "members.txt.gz": TAILED * 2}),
    case("inflate-cgi", "SetOutputFilter INFLATE\n", [
        Get("/gz.cgi?gzip"), Get("/gz.cgi?x-gzip"), Get("/gz.cgi?identity,gzip"),
        Get("/gz.cgi?gzip,identity"), Get("/gz.cgi?br"), Get("/gz.cgi?br,%20gzip")],
         {"gz.cgi": "#!/bin/sh\nprintf 'Content-Type: text/plain\\nETag: \"a\"\\n"
                    "Content-Encoding: %s\\n\\n' \"$(echo \"$QUERY_STRING\" | sed 's/%20/ /')\"\n"
                    "cat x.txt.gz\n"}, decode=True),
    case("inflate-deflate", "SetOutputFilter INFLATE;DEFLATE\nAddEncoding gzip gz\n",
         [*FEW, Get("/x.txt.gz")]),
    case("inflate-brotli", "SetOutputFilter BROTLI_COMPRESS;INFLATE\nAddEncoding gzip gz\n",
         [*FEW, Get("/x.txt.gz")]),
    case("levels", "SetOutputFilter DEFLATE\nDeflateCompressionLevel 9\nDeflateMemLevel 1\n"
         "DeflateWindowSize 10\n"),
    case("buffer", "SetOutputFilter DEFLATE\nDeflateBufferSize 100\n",
         [r for r in USUAL if r.method == "GET"]),
    case("level-1", "SetOutputFilter DEFLATE\nDeflateCompressionLevel 1\n"),
    case("window-too-small", "SetOutputFilter DEFLATE\nDeflateWindowSize 1\n",
         errors=("AH01383: unable to init Zlib: deflateInit2 returned -2: URL /x.txt",)),
    case("levels-brotli", "SetOutputFilter BROTLI_COMPRESS\nBrotliCompressionQuality 9\n"
         "BrotliCompressionWindow 24\nBrotliCompressionMaxInputBlock 16\n"),
    # Here the library's output depends on the pieces that it gets.
    case("quality-0", "SetOutputFilter BROTLI_COMPRESS\nBrotliCompressionQuality 0\n",
         decode=True),
    case("notes", "SetOutputFilter BROTLI_COMPRESS;DEFLATE\n"
         'CustomLog "{logs}/notes" "%U %{in}n %{out}n %{ratio}n %{brin}n %{brout}n %{brratio}n"\n',
         [*[Get(path, encodings) for path in ("/x.txt", "/large.txt", "/small.txt", "/empty.txt",
                                              "/none") for encodings in (GZ, BR, {})]],
         logs=("notes",)),
    case("notes-own", "SetOutputFilter DEFLATE\nDeflateFilterNote Ratio r\n"
         'CustomLog "{logs}/notes-own" "%{ratio}n %{r}n %>s %B"\n', [Get("/x.txt", GZ)],
         logs=("notes-own",)),
    case("rules", "SetOutputFilter DEFLATE\nHeader set X-Encoding \"%{NONE}e\"\n"
         "Header edit ETag \"-gzip\" \"\"\nHeader append Vary User-Agent\nHeader set X-Resp "
         '"expr=%{resp:Content-Encoding} %{resp:Vary} %{resp:ETag}"\nHeader unset Last-Modified\n'),
    case("rules-vary", "SetOutputFilter DEFLATE\nHeader unset Vary\n"),
    case("rules-vary-set", "SetOutputFilter DEFLATE\nHeader set Vary Cookie\n"),
    case("rules-type", TYPES + 'Header set Content-Type "text/other"\n'),
    case("charset", TYPES + "AddDefaultCharset utf-8\n"),
    case("force-no-vary", "SetOutputFilter DEFLATE\nSetEnv force-no-vary 1\n"),
    case("expires", TYPES + "ExpiresActive On\nExpiresByType text/plain A60\n",
         [Get("/x.txt", GZ)]),
    case("type-parameters", "AddType \"text/plain; charset=utf-8\" txt\n" + TYPES),
    case("type-not-parameters", "AddOutputFilterByType DEFLATE text/plain;charset=utf-8\n"),
    case("type-case", "AddType TEXT/Plain txt\n"
         "AddOutputFilterByType DEFLATE TEXT/Plain text/css\n"),
    case("type-forced", "ForceType text/css\n" + TYPES.replace("text/plain", "text/none")),
    case("sections", "SetOutputFilter DEFLATE\n<Location /d>\nSetOutputFilter BROTLI_COMPRESS\n"
         "</Location>\n<Files x.css>\nSetOutputFilter NONE\n</Files>\n"
         "<If \"%{REQUEST_URI} == '/x.html'\">\nSetOutputFilter BROTLI_COMPRESS\n</If>\n",
         [*FEW, Get("/d/x.txt", BOTH), Get("/d/x.html", BOTH)]),
    case("status", "<Location /status>\nSetHandler server-status\n</Location>\n"
         "SetOutputFilter DEFLATE\n", [Get("/status?auto", GZ)], body=False, decode=True,
         ignore=("content-length",)),
    case("provider", "FilterDeclare COMPRESS CONTENT_SET\n"
         "FilterProvider COMPRESS DEFLATE \"%{CONTENT_TYPE} =~ m#^text/(plain|css)#\"\n"
         "FilterChain COMPRESS\n"),
    case("provider-protocol", "FilterDeclare COMPRESS\n"
         "FilterProvider COMPRESS DEFLATE \"%{CONTENT_TYPE} =~ m#^text/plain#\"\n"
         "FilterProvider COMPRESS DEFLATE \"%{CONTENT_TYPE} =~ m#^text/css#\"\n"
         # Apache would change DEFLATE itself for all of its sites: only what changes nothing.
         "FilterProtocol COMPRESS DEFLATE change=no\nFilterChain COMPRESS\n"),
    case("provider-order", "FilterProvider ONE DEFLATE \"true\"\n"
         "FilterProvider ONE BROTLI_COMPRESS \"resp('Content-Type') == 'text/css'\"\n"
         "FilterChain ONE\n"),
    case("chain", "FilterProvider a DEFLATE true\nFilterProvider b BROTLI_COMPRESS true\n"
         "FilterChain a b\nFilterChain -A\n"),
    case("chain-first", "FilterProvider a DEFLATE true\nFilterProvider b BROTLI_COMPRESS true\n"
         "FilterChain a\nFilterChain @b\n"),
    case("chain-none", "FilterProvider a DEFLATE true\nFilterChain a !\n"),
    case("chain-unknown", "FilterChain nonesuch\n" + TYPES,
         errors=("AH01380: Unknown filter nonesuch not added",)),
    htaccess("chain-reset", "FilterChain !\n", config=TYPES),
    htaccess("chain-alone", "FilterProvider b BROTLI_COMPRESS true\nFilterChain =b\n",
             config=TYPES),
    htaccess("chain-removed", "FilterChain -BYTYPE:DEFLATE\n", config=TYPES),
    case("request-as-it-is", "", BODIES),
    case("request", "SetInputFilter DEFLATE\n", [*BODIES, LARGE_BODY], COUNT),
    case("request-extension", "AddInputFilter DEFLATE cgi\n", BODIES[:3]),
    htaccess("request-removed", "AddInputFilter DEFLATE cgi\nRemoveInputFilter cgi\n", BODIES[:3]),
    case("request-bomb", "SetInputFilter DEFLATE\n", [post(BOMB)],
         errors=(r"AH02649: Inflated content ratio is larger than the configured limit 200 by 3",)),
    case("request-limit", "SetInputFilter DEFLATE\nDeflateInflateLimitRequestBody 2999\n",
         BODIES[:1], errors=(r"AH02648: Inflated content length of 3000 is larger than the "
                             r"configured limit of 2999",)),
    case("request-limit-exact", "SetInputFilter DEFLATE\nDeflateInflateLimitRequestBody 3000\n",
         BODIES[:1]),
    case("request-limit-core", "SetInputFilter DEFLATE\nLimitRequestBody 2999\n", BODIES[:1]),
    case("request-ratio", "SetInputFilter DEFLATE\nDeflateInflateRatioLimit 5\n"
         "DeflateInflateRatioBurst 1\n", [post(gzip.compress(bytes(100_000), mtime=0))]),
    case("request-ratio-high", "SetInputFilter DEFLATE\nDeflateInflateRatioLimit 2000\n"
         "DeflateInflateRatioBurst 1\n", [
             Get("/count.cgi", {"Content-Encoding": "gzip"}, method="POST",
                 body=gzip.compress(bytes(200_000), mtime=0))], COUNT),
    case("request-names", "SetInputFilter DEFLATE;BROTLI_COMPRESS\n", BODIES[:1]),
    case("request-env", "SetInputFilter DEFLATE\n", [
        Get("/env.cgi", {"Content-Encoding": "gzip"}, method="POST", body=GZIPPED)],
        {"env.cgi": cgi_env("CONTENT_LENGTH", "HTTP_CONTENT_ENCODING", "CONTENT_TYPE")}),
]


def bad(where, *lines):
    return [Verdict(line, where=where, ok=False) for line in lines]


VERDICTS = [
    *bad("vhost", "SetOutputFilter", "SetOutputFilter A B", "AddOutputFilterByType DEFLATE",
         "AddOutputFilterByType NONESUCH text/html", "FilterProvider a DEFLATE",
         "FilterProvider a NONESUCH true", 'FilterProvider a DEFLATE "%{CONTENT_TYPE} ="',
         "FilterProvider a DEFLATE resp=Content-Type $text/html", "FilterDeclare a b c",
         "FilterProtocol a change=yes", "FilterProtocol a", "FilterChain",
         "AddOutputFilter DEFLATE",
         "AddInputFilter DEFLATE", "RemoveOutputFilter", "DeflateCompressionLevel 0",
         "DeflateCompressionLevel 10", "DeflateWindowSize 16", "DeflateMemLevel 0",
         "DeflateBufferSize 0", "DeflateAlterEtag x", "DeflateFilterNote a b",
         "DeflateInflateLimitRequestBody x", "DeflateInflateLimitRequestBody -1",
         "DeflateInflateRatioLimit 0", "DeflateInflateRatioBurst 0", "BrotliCompressionQuality 12",
         "BrotliCompressionWindow 9", "BrotliCompressionMaxInputBlock 25", "BrotliAlterETag x",
         "BrotliFilterNote a b"),
    *bad("htaccess", "DeflateCompressionLevel 5", "BrotliAlterETag NoChange", "FilterTrace a 1",
         "AddOutputFilterByType NONESUCH text/html"),
    *bad("directory", "DeflateCompressionLevel 5"),
    Verdict("DeflateCompressionLevel 9x", where="vhost"),
    Verdict("SetOutputFilter Nonesuch", where="vhost"),
    Verdict("FilterDeclare a CONTENT_SET\nFilterProtocol a byteranges=no", where="htaccess"),
    Verdict("SetOutputFilter DEFLATE", where="htaccess", override="FileInfo"),
    Verdict("SetOutputFilter DEFLATE", where="htaccess", override="Options", ok=False),
    Verdict("FilterDeclare a", where="htaccess", override="Options"),
    Verdict("FilterDeclare a", where="htaccess", override="FileInfo", ok=False),
    Verdict("DeflateInflateRatioLimit 5", where="htaccess", override="Limit"),
    Verdict("FilterDeclare a PROTOCOL", where="vhost",
            because="it would change a body behind the head that describes it"),
    Verdict("SetOutputFilter INCLUDES", where="vhost",
            because="without server-side includes the file would be sent as it is"),
]
