"""mod_expires: ExpiresActive, ExpiresByType, ExpiresDefault."""

from compare import Case, File, Get, Verdict

CGI = """#!/bin/sh
printf 'Content-Type: text/html\\n'
printf '%b\\nbody\\n' "$(echo "$QUERY_STRING" | sed 's/%20/ /g; s/$/\\\\n/')"
"""
OPEN = '<Directory "{root}">\nOptions +ExecCGI\nAddHandler cgi-script .sh\n</Directory>\n'


def case(name, rules, requests=None, files=None, **more):
    files = {"x.html": "<p>\n", "x.css": "a {}\n", "x.png": b"\x89PNG", "x.bin": "x", "x.sh": CGI,
             "new.html": File("<p>\n", mtime=4000000000), "d/x": "x", **(files or {})}
    requests = requests or [Get("/x.html"), Get("/x.css"), Get("/x.png"), Get("/x.bin"),
                            Get("/none"), Get("/x.sh"), Get("/x.html", method="HEAD")]
    return Case(name, files=files, requests=requests, config=OPEN + rules, **more)


ON = "ExpiresActive On\n"
CASES = [
    case("off", "ExpiresDefault A3600\n"),
    case("nothing", ON),
    case("default", ON + "ExpiresDefault A3600\n"),
    case("default-plus", ON + 'ExpiresDefault "access plus 1 month 2 weeks 3 hours"\n'),
    case("now", ON + 'ExpiresDefault "now plus 2 minutes"\n'),
    case("without-plus", ON + 'ExpiresDefault "access 1 year"\n'),
    case("zero", ON + "ExpiresDefault A0\n"),
    case("zero-plus", ON + 'ExpiresDefault "access plus 0 seconds"\n'),
    case("base-only", ON + 'ExpiresDefault "access"\n'),
    case("modification", ON + 'ExpiresDefault "modification plus 1 week"\n',
         [Get("/x.html"), Get("/new.html"), Get("/none")], ignore=("last-modified",)),
    case("modification-code", ON + "ExpiresDefault M3600\n", [Get("/new.html"), Get("/x.html")],
         ignore=("last-modified",)),
    case("negative", ON + "ExpiresDefault A-3600\n"),
    case("by-type", ON + 'ExpiresByType text/html "access plus 5 minutes"\n'
         "ExpiresByType text/css A60\nExpiresByType TEXT/CSS A61\nExpiresByType image/png M60\n"),
    case("by-type-default", ON + "ExpiresByType text/html A60\nExpiresDefault A120\n"),
    case("wildcard", ON + "ExpiresByType text/* A60\nExpiresByType text/css A61\n"
         "ExpiresByType image/* A62\nExpiresDefault A120\n"),
    case("charset", ON + "ExpiresByType text/html A60\nAddDefaultCharset utf-8\n"),
    case("charset-type", ON + 'ExpiresByType text/html A60\nAddCharset utf-8 .html\n'),
    case("off-below",
         ON + 'ExpiresDefault A60\n<Location "/x.css">\nExpiresActive Off\n</Location>\n'),
    case("below", ON + "ExpiresDefault A60\nExpiresByType text/* A61\n"
         '<Location "/">\nExpiresByType text/css A62\n</Location>\n'
         '<Files "x.png">\nExpiresDefault A63\n</Files>\n'),
    case("files",
         "<FilesMatch \"\\.(css|png)$\">\nExpiresActive on\nExpiresDefault A60\n</FilesMatch>\n"),
    case("redirect", ON + "ExpiresDefault A60\nRedirect /r http://x.test/\nRedirect gone /g\n"
         "ExpiresByType text/html A61\n", [Get("/r"), Get("/g"), Get("/d")]),
    case("cache-control", ON + 'ExpiresDefault A60\nHeader set Cache-Control "public"\n'),
    case("cache-control-append", ON + 'ExpiresDefault A60\nHeader append Cache-Control "public"\n'
         "Header merge Cache-Control max-age=60\n"),
    case("unset", ON + "ExpiresDefault A60\nHeader unset Expires\n"),
    case("cgi-own", ON + "ExpiresDefault A60\n",
         [Get("/x.sh?Expires:%20Wed,%2011%20Jan%201984%2005:00:00%20GMT"),
          Get("/x.sh?Cache-Control:%20private"), Get("/x.sh?Status:%20404"),
          Get("/x.sh?Status:%20302")]),
    case("cgi-modification", ON + "ExpiresDefault M600000000\n", [Get("/x.sh")]),
    case("conditional", ON + "ExpiresDefault A60\n",
         [Get("/x.html", {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}),
          Get("/x.html", {"If-Match": '"no"'}), Get("/x.html", {"Range": "bytes=1-1"}),
          Get("/x.html", {"Range": "bytes=100-"})], ignore=("content-range", "content-length",
                                                           "transfer-encoding"), body=False),
    case("conditional-type", ON + "ExpiresByType text/html A60\n", [
        Get(p, {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"})
        for p in ("/x.html", "/x.txt", "/d/")]),
    case("error-document", ON + "ExpiresDefault A60\nErrorDocument 404 /x.html\n", [Get("/none")]),
    case("listing", ON + "ExpiresDefault A60\n<Location /d>\nOptions +Indexes\n</Location>\n",
         [Get("/d/")], body=False, ignore=("content-length",)),
    case("listing-modification",
         ON + "ExpiresDefault M4000000000\n<Location /d>\nOptions +Indexes\n"
         "</Location>\n", [Get("/d/")], body=False, ignore=("content-length",)),
    case("options", ON + "ExpiresDefault A60\n", [Get("/x.html", method="OPTIONS")],
         ignore=("allow",)),
    case("units", ON + 'ExpiresByType text/html "access plus 1 y 1 mo 1 w 1 d 1 h 1 mi 1 s"\n'
         'ExpiresByType text/css "a p 1 Years"\n'
         'ExpiresByType image/png "modification plus 99 years"\n'),
    Case("ht", files={"x.html": "x", "x.css": "x", ".htaccess":
                      "<IfModule mod_expires.c>\nExpiresActive on\n"
                      'ExpiresDefault "access plus 1 month"\n'
                      'ExpiresByType text/html "access plus 0 seconds"\n'
                      'ExpiresByType text/css "access plus 1 year"\n</IfModule>\n'},
         requests=[Get("/x.html"), Get("/x.css"), Get("/none")]),
    Case("ht-below", files={".htaccess": "ExpiresActive on\nExpiresByType text/* A60\n",
                            "d/.htaccess": "ExpiresByType image/png A61\n", "d/x.css": "x",
                            "x.css": "x", "d/x.png": "x"},
         requests=[Get("/x.css"), Get("/d/x.css"), Get("/d/x.png")]),
]

VERDICTS = [
    *(Verdict("ExpiresActive On", where)
      for where in ("server", "vhost", "directory", "location", "files", "htaccess")),
    Verdict("ExpiresActive On", "htaccess", override="Indexes"),
    Verdict("ExpiresActive On", "htaccess", override="FileInfo", ok=False),
    Verdict("ExpiresActive maybe", ok=False), Verdict("ExpiresDefault A60"),
    Verdict('ExpiresDefault "later plus 1 day"', ok=False, message="unrecognised <base>"),
    Verdict('ExpiresDefault "access plus one day"', ok=False, message="numeric value expected"),
    Verdict('ExpiresDefault "access plus 1"', ok=False, message="missing <type>"),
    Verdict('ExpiresDefault "access plus 1 fortnight"', ok=False, message="unrecognised <type>"),
    Verdict("ExpiresDefault access plus 1 day", ok=False), Verdict("ExpiresDefault Anything"),
    Verdict("ExpiresByType text/html A60"),
            Verdict("ExpiresByType text A60", ok=False, message="slash"),
    Verdict("ExpiresByType text/html", ok=False), Verdict('ExpiresByType text/html ""', ok=False),
]
