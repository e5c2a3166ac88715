"""What an answer looks like: pages of all statuses, signatures, ETags, charsets, limits."""

from compare import Case, File, Get, Raw, Verdict, cgi_env

MAIN = "ServerTokens Min\n"
OPEN = '<Directory "{root}">\nOptions +ExecCGI\nAddHandler cgi-script .sh\n</Directory>\n'
STATUSES = [300, 301, 302, 303, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409,
            410,
            411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 426, 428, 429, 431, 451, 500,
            501,
            502, 503, 504, 505, 506, 507, 508, 510, 511]
PAGES = "".join(f"Redirect {n} /{n}{' http://x.test/<a>' if n < 400 else ''}\n" for n in STATUSES)
LIMITS = """#!/bin/sh
printf 'Content-Type: text/plain\\n\\n'
grep -E 'cpu|address' /proc/self/limits
"""
TYPES = """#!/bin/sh
printf 'Content-Type: %s\\n\\nbody\\n' "$(echo "$QUERY_STRING" | sed 's/%20/ /g')"
"""
FIELDS = """#!/bin/sh
printf 'Content-Type: text/plain\\nX-A: 1\\nx-a: 2\\n'
printf 'Set-Cookie: a\\nX-B: b\\nSet-Cookie: b\\n\\nbody\\n'
"""
VALIDATORS = """#!/bin/sh
printf 'Content-Type: text/plain\\nETag: "x"\\n'
printf 'Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\\nX-Cgi: 1\\n'
printf '%s\\n\\nbody\\n' "$(echo "${QUERY_STRING:-X-No: 1}" | sed 's/%20/ /g')"
"""
MODIFIED = """#!/bin/sh
printf 'Content-Type: text/plain\\n'
printf 'Last-Modified: %s\\n\\nbody\\n' "$(echo "$QUERY_STRING" | sed 's/%20/ /g')"
"""
UNTYPED = "#!/bin/sh\nprintf 'X-A: a\\n\\nbody\\n'\n"
LOCATION = """#!/bin/sh
printf 'Location: %s\\nX-A: a\\nSet-Cookie: a=1\\n' "$QUERY_STRING"
printf 'Content-Type: text/plain\\n\\nbody\\n'
"""


def case(name, rules, requests, files=None, **more):
    return Case(name, files={"x.txt": "text\n", "x.html": "<p>\n", **(files or {})},
                requests=requests, config=OPEN + rules, **more)


def etag(name, rules):
    return case(f"etag-{name}", rules, [Get("/x.txt"), Get("/d/x"), Get("/x.txt", {
        "If-None-Match": '"5-60a2486d54000"'})], {"d/x": "x", "d/.htaccess": ""})


def signature(name, rules):
    """By host names in all their forms."""
    host = f"Signature-{name}.TEST"
    return case(f"signature-{name}", rules, [Get("/none"), Get("/none", host=host),
                                             Get("/none", host=host + ":81"),
                                             Get("/none", host=host, version="1.0")])


CASES = [
    case("pages", PAGES, [Get(f"/{n}") for n in STATUSES]),
    case("pages-head", PAGES, [Get(f"/{n}", method="HEAD") for n in (301, 404, 500, 304)]),
    case("pages-empty", "Redirect 304 /304 http://x.test/\nRedirect 204 /204\n",
         [Get("/304"), Get("/204")]),
    case("admin", "ServerAdmin <me>@x.test\nRedirect 500 /500\n", [Get("/500")]),
    signature("on", "ServerSignature On\n"),
    signature("email", "ServerSignature EMail\nServerAdmin me@x.test\n"),
    signature("url", "ServerSignature EMail\nServerAdmin http://x.test/\n"),
    signature("off", "ServerSignature Off\n"),
    signature("canonical", "ServerSignature On\nUseCanonicalName On\n"),
    signature("physical", "ServerSignature On\nUseCanonicalPhysicalPort On\n"),
    signature("both", "ServerSignature On\nUseCanonicalPhysicalPort On\nUseCanonicalName On\n"),
    case("signature-htaccess", "ServerSignature Off\n", [Get("/d/none"), Get("/none")],
         {"d/.htaccess": "ServerSignature On\n"}),
    case("signature-cgi", "ServerSignature EMail\nServerAdmin me@x.test\n", [Get("/env.sh")],
         {"env.sh": cgi_env("SERVER_SIGNATURE", "SERVER_ADMIN")}),
    case("trace", "TraceEnable On\n", [Get("/x.txt", {"X-A": "a b"}, method="TRACE"),
                                     Get("/none", method="TRACE"), Get("/x.txt", method="OPTIONS"),
                                     Get("/x.txt", method="TRACE", body=b"body"),
                                     Get("/x.txt", method="TRACE", version="1.0")],
         ignore=("allow",)),
    # Apache names no method there: RFC 9110 section 15.5.6 wants those that the resource has.
    case("trace-off", "TraceEnable Off\n", [Get("/x.txt", method="TRACE")], ignore=("allow",)),
    case("trace-off-options", "TraceEnable Off\n", [Get("/x.txt", method="OPTIONS"),
                                                  Get("/x.txt", method="PUT")], ignore=("allow",)),
    case("trace-extended", "TraceEnable extended\n",
         [Get("/x.txt", method="TRACE"), Get("/x.txt", method="TRACE", body=b"the body"),
          Get("/x.txt", method="TRACE", body=b"x" * 70000)]),
    case("methods", "", [Get("/x.txt", method=m) for m in
                         ("PUT", "DELETE", "PATCH", "BREW", "PROPFIND", "OPTIONS", "POST")] +
         [Get("/none", method=m) for m in ("PUT", "DELETE", "BREW", "OPTIONS", "POST")] +
         [Get("/d/", method=m) for m in ("PUT", "BREW", "OPTIONS", "POST")] +
         [Get("*", method="OPTIONS")], {"d/x": "x"}, ignore=("allow",)),
    # Of the first virtual host of an address alone.
    case("methods-registered", "HttpProtocolOptions RegisteredMethods\n",
         [Get("/x.txt", method="BREW"), Get("/env.sh", method="BREW"),
          Get("/env.sh", method="PUT")],
         {"env.sh": cgi_env("REQUEST_METHOD")}, ignore=("allow",)),
    case("methods-lenient", "HttpProtocolOptions LenientMethods\n",
         [Get("/env.sh", method="BREW"), Get("/env.sh", method="PUT")],
         {"env.sh": cgi_env("REQUEST_METHOD")}),
    etag("default", ""), etag("none", "FileETag None\n"), etag("all", "FileETag All\n"),
    etag("mtime", "FileETag MTime\n"), etag("size", "FileETag Size\n"),
         etag("inode", "FileETag INode\n"),
    etag("inode-size", "FileETag INode Size\n"), etag("plus", "FileETag +INode\n"),
    etag("minus", "FileETag -INode\n"), etag("all-minus", "FileETag All -INode\n"),
    etag("merged",
         "FileETag INode MTime Size\n<Directory \"{root}/d\">\nFileETag -INode\n</Directory>\n"),
    # Not to the server's: Apache merges directories first, where MTime finds nothing.
    etag("merged-plus",
         "<Directory \"{root}\">\nFileETag Size\n</Directory>\n<Directory \"{root}/d\">\n"
         "FileETag +MTime\n</Directory>\n"),
    etag("merged-none",
         "FileETag None\n<Directory \"{root}/d\">\nFileETag MTime Size\n</Directory>\n"),
    etag("below-none", "FileETag MTime\n<Directory \"{root}/d\">\nFileETag None\n</Directory>\n"),
    Case("etag-htaccess", files={".htaccess": "FileETag None\n", "x": "x", "d/x": "x",
                                 "d/.htaccess": "FileETag Size\n"},
         requests=[Get("/x"), Get("/d/x")]),
    case("charset", "AddDefaultCharset utf-8\n", [Get("/x.txt"), Get("/x.html"), Get("/x.css"),
                                                  Get("/none"), Get("/x.bin")],
         {"x.css": "x", "x.bin": "x"}),
    case("charset-on", "AddDefaultCharset On\n", [Get("/x.txt"), Get("/none")]),
    case("charset-off",
         'AddDefaultCharset utf-8\n<Files x.html>\nAddDefaultCharset Off\n</Files>\n',
         [Get("/x.txt"), Get("/x.html")]),
    case("charset-own", "AddDefaultCharset utf-8\nAddCharset koi8-r .html\nForceType text/plain\n"
         '<Files x.txt>\nForceType "text/plain; charset=x"\n</Files>\n',
         [Get("/x.txt"), Get("/x.html")]),
    case("charset-cgi", "AddDefaultCharset utf-8\n",
         [Get(f"/type.sh?{t}") for t in ("text/html", "TEXT/Plain", "text/html;%20charset=x",
                                         "Text/HTML;%20X=Y", "image/png", "application/json")],
         {"type.sh": TYPES}),
    case("charset-header", "AddDefaultCharset utf-8\nHeader set Content-Type text/html\n",
         [Get("/x.txt"), Get("/none")]),
    Case("charset-htaccess", files={".htaccess": "AddDefaultCharset UTF-8\n", "x.html": "x"},
         requests=[Get("/x.html"), Get("/none")]),
    case("path-info", "", [Get("/x.txt/a"), Get("/env.sh/a"), Get("/none/a")],
         {"env.sh": cgi_env("PATH_INFO", "SCRIPT_NAME")}),
    case("path-info-on", "AcceptPathInfo On\n",
         [Get("/x.txt/a/b"), Get("/env.sh/a"), Get("/x.txt/")],
         {"env.sh": cgi_env("PATH_INFO", "SCRIPT_NAME")}),
    case("path-info-off", "AcceptPathInfo Off\n",
         [Get("/x.txt/a"), Get("/env.sh/a"), Get("/env.sh")],
         {"env.sh": cgi_env("PATH_INFO", "SCRIPT_NAME")}),
    case("path-info-default",
         "AcceptPathInfo On\n<Location /x.txt>\nAcceptPathInfo Default\n</Location>\n",
         [Get("/x.txt/a"), Get("/x.html/a")]),
    case("limits", "RLimitCPU 10 20\nRLimitMEM 1000000000 2000000000\n", [Get("/limits.sh")],
         {"limits.sh": LIMITS}),
    case("limits-soft", "RLimitCPU 10\nRLimitMEM 1000000000\n", [Get("/limits.sh")],
         {"limits.sh": LIMITS}),
    case("limits-max", "RLimitCPU max\nRLimitMEM 1000000000 max\n", [Get("/limits.sh")],
         {"limits.sh": LIMITS}),
    case("limits-merged", "RLimitCPU 10 20\n<Location />\nRLimitCPU 30 40\n</Location>\n",
         [Get("/limits.sh")], {"limits.sh": LIMITS}),
    Case("limits-htaccess", files={".htaccess": "RLimitCPU 7\n", "limits.sh": LIMITS},
         requests=[Get("/limits.sh")], config=OPEN),
    case("slashes", "", [Get("/a%2fb"), Get("/a%2Fb"), Get("/d//x"), Get("//x.txt")],
         {"d/x": "x"}),
    case("slashes-on", "AllowEncodedSlashes On\n",
         [Get("/d%2fx"), Get("/env.sh/a%2fb"), Get("/d%2f..%2fx.txt"),
          Get("/d%2f..%2f..%2fx.txt")],
         {"d/x": "x", "env.sh": cgi_env("PATH_INFO", "REQUEST_URI")}),
    case("slashes-nodecode", "AllowEncodedSlashes NoDecode\n",
         [Get("/d%2fx"), Get("/env.sh/a%2Fb%20c"), Get("/env.sh/a%252Fb")],
         {"d/x": "x", "env.sh": cgi_env("PATH_INFO", "REQUEST_URI")}),
    case("slashes-kept", "MergeSlashes Off\n",
         [Get("/d//x"), Get("//x.txt"), Get("/env.sh//a//b")],
         {"d/x": "x", "env.sh": cgi_env("PATH_INFO", "REQUEST_URI", "SCRIPT_NAME")}),
    case("recursion", "LimitInternalRecursion 4\n", [Get("/loop.sh")],
         {"loop.sh": "#!/bin/sh\nprintf 'Location: /loop.sh\\n\\n'\n"},
         errors=("AH00124: Request exceeded",)),
    case("fields", "", [Get("/fields.sh")], {"fields.sh": FIELDS}),
    case("location", "",
         [Get("/loc.sh?/x.txt"), Get("/loc.sh?http://x.test/<a>"), Get("/loc.sh?/none"),
                          Get("/loc.sh?http://x.test/", method="HEAD"),
                          Get("/loc.sh?http://x.test/", method="POST", body=b"x")],
         {"loc.sh": LOCATION}),
    case("conditions-cgi", "Header set X-S s\nHeader always set X-A a\n",
         [Get("/val.sh"), Get("/val.sh", {"If-None-Match": '"x"'}),
          Get("/val.sh", {"If-None-Match": '"y"'}),
          Get("/val.sh", {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}),
          Get("/val.sh", {"If-Match": '"y"'}),
          Get("/val.sh", {"If-None-Match": "*"}, method="POST", body=b""),
          Get("/val.sh?Status:%20200%20OK", {"If-None-Match": '"x"'}),
          Get("/val.sh", {"If-None-Match": '"x"'}, method="HEAD")], {"val.sh": VALIDATORS}),
    case("last-modified-cgi", "",
         [Get("/mod.sh?never"), Get("/mod.sh?Tue,%2014%20Nov%202023%2022:13:20%20GMT"),
                                   Get("/mod.sh?Tuesday,%2014-Nov-23%2022:13:20%20GMT")],
         {"mod.sh": MODIFIED}),
    case("untyped-cgi", "", [Get("/x.sh"), Get("/x.unknown")],
         {"x.sh": UNTYPED, "x.unknown": UNTYPED}),
    case("expect", "", [Get("/x.txt", {"Expect": "<nonsense>"})]),
    case("default-type", "DefaultType none\n", [Get("/x.unknown")], {"x.unknown": "x"}),
    case("pass-auth", "<Directory \"{root}/on\">\nCGIPassAuth On\n</Directory>\n",
         [Get("/env.sh", {"Authorization": "Bearer x"}),
          Get("/on/env.sh", {"Authorization": "Bearer x"})],
         {"env.sh": cgi_env("HTTP_AUTHORIZATION"), "on/env.sh": cgi_env("HTTP_AUTHORIZATION")}),
]

EVERYWHERE = ("server", "vhost", "directory", "location", "files", "htaccess")
VERDICTS = [
    *(Verdict(text, where) for where in EVERYWHERE for text in (
        "ServerSignature On", "FileETag MTime Size", "AddDefaultCharset utf-8",
        "AcceptPathInfo On",
        "RLimitCPU 10 20", "RLimitMEM max", "RLimitNPROC 10", "ContentDigest Off",
        "EnableMMAP Off",
        "EnableSendfile On", "LimitXMLRequestBody 100", "DefaultType text/plain")),
    *(Verdict(text, where, ok=where in ("server", "vhost"))
      for where in ("server", "vhost", "directory", "htaccess") for text in (
          "TraceEnable Off", "LimitInternalRecursion 5 6", "AllowEncodedSlashes NoDecode",
          "MergeSlashes Off", "HttpProtocolOptions Strict LenientMethods Require1.0",
          "HttpProtocolOptions Unsafe", "MergeTrailers Off")),
    *(Verdict("ServerTokens Prod", where, ok=where == "server") for where in EVERYWHERE),
    *(Verdict("HostnameLookups Off", where,
              ok=where in ("server", "vhost", "directory", "location"))
      for where in EVERYWHERE[:4] + ("htaccess",)),
    *(Verdict("UseCanonicalPhysicalPort On", where, ok=where != "htaccess")
      for where in ("server", "vhost", "directory", "location", "htaccess")),
    *(Verdict("CGIPassAuth On", where, ok=where in ("directory", "location", "htaccess"))
      for where in ("server", "vhost", "directory", "location", "htaccess")),
    Verdict("CGIPassAuth On", "htaccess", override="FileInfo", ok=False),
    Verdict("ContentDigest Off", "htaccess", override="FileInfo", ok=False),
    Verdict("ServerSignature On", "htaccess", override="Limit"),
    Verdict("ServerSignature maybe", ok=False, message="use one of"),
    Verdict("ServerTokens Nonsense", ok=False), Verdict("ServerTokens Full"),
            Verdict("ServerTokens OS"),
    Verdict("TraceEnable maybe", ok=False, message="must be one of"),
            Verdict("TraceEnable extended"),
    Verdict("FileETag Nonsense", ok=False), Verdict("FileETag +All", ok=False),
    Verdict("FileETag -None", ok=False), Verdict("FileETag Digest"),
    Verdict("FileETag LMTime"), Verdict("AcceptPathInfo maybe", ok=False),
    Verdict("AllowEncodedSlashes maybe", ok=False), Verdict("LimitInternalRecursion 0", ok=False),
    Verdict("HttpProtocolOptions Nonsense", ok=False),
    Verdict("HttpProtocolOptions Strict Unsafe", ok=False, message="mutually exclusive"),
    Verdict("HostnameLookups On"), Verdict("HostnameLookups Double", "directory"),
    Verdict("HostnameLookups maybe", ok=False),
            Verdict("ContentDigest On", because="no Content-MD5"),
    Verdict("DefaultType none"), Verdict("RLimitCPU", ok=False),
            Verdict("RLimitCPU 1 2 3", ok=False),
]
