"""What any server does: files, directories, methods."""

from compare import Case, File, Get, Raw, Verdict

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
    Case("denied", files={"secret/x": "x", "mode": File("x", mode=0o000)},
         config='<Directory "{root}/secret">\nRequire all denied\n</Directory>',
         requests=[Get("/secret/x"), Get("/secret/none"), Get("/mode")],
         errors=(r"AH01630: client denied by server configuration",)),
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
