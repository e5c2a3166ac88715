"""
Preconditions (RFC 9110 section 13). Where the RFC's order of precedence decides otherwise than
Apache, which asks all fields at once, see ../../system/test_range.py.
"""

from compare import Case, Get, Verdict

TEXT = "".join(f"{n:09}\n" for n in range(100))  # 1000 bytes
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
BEFORE = "Tue, 14 Nov 2023 22:13:19 GMT"
AFTER = "Tue, 14 Nov 2023 22:13:21 GMT"
TAG = '"3e8-60a24181e4000"'
WEAK = "W/" + TAG
FORMS = [DATE, "Tuesday, 14-Nov-23 22:13:20 GMT", "Tue Nov 14 22:13:20 2023"]
NO_DATES = ["x", "", "0", "Tue, 14 Nov 2023", "2023-11-14T22:13:20Z", "1700000000",
            "Tue, 14 Nov 2023 25:13:20 GMT", "Tue, 31 Feb 2023 22:13:20 GMT"]
LISTS = [TAG, f'"a", {TAG}', f'{TAG}, "a"', f'"a",{TAG},"b"', '"a"', '"a", "b"', "*", WEAK,
         f'"a", {WEAK}', TAG.strip('"'), "", '"', '"3e8-60a24181e4000', "W/", '"A"',
         TAG.upper(), f"w/{TAG}", ", " + TAG, "*, *", '*, "a"']
CGI = """#!/bin/sh
printf 'Content-Type: text/plain\\n%b\\n' "$(echo "$QUERY_STRING" | sed 's/%20/ /g; s/%22/"/g')\\n"
echo body
"""


def ask(name, values, path="/x.txt", methods=("GET",), **more):
    return [Get(path, {name: value, **more}, method=method)
            for value in values for method in methods]


def rows(name, requests, config="", **more):
    return Case(name, config=config, files={"x.txt": TEXT, "e": "", "d/index.html": TEXT, **more},
                requests=requests)


CASES = [
    rows("match", ask("If-Match", LISTS)),
    # A 412 has no body with GET, so its length is 0 with HEAD, too (RFC 9110 section 9.3.2).
    Case("head", files={"x.txt": TEXT}, ignore=("content-length",),
         requests=ask("If-Match", [TAG, '"a"', "*"], methods=("HEAD",))
         + ask("If-Unmodified-Since", [DATE, BEFORE], methods=("HEAD",))),
    rows("match-post", [Get("/x.txt", {"If-Match": v}, method="POST", body=b"x")
                        for v in (TAG, '"a"', "*", WEAK)]),
    rows("none-match", ask("If-None-Match", LISTS)),
    rows("none-match-head", ask("If-None-Match", [TAG, '"a"', "*", WEAK], methods=("HEAD",))),
    rows("none-match-post", [Get("/x.txt", {"If-None-Match": v}, method="POST", body=b"x")
                             for v in (TAG, '"a"', "*", f'"a", {TAG}')]),
    rows("modified", ask("If-Modified-Since", [*FORMS, BEFORE, AFTER, *NO_DATES])),
    rows("modified-head", ask("If-Modified-Since", [DATE, BEFORE], methods=("HEAD",))),
    rows("modified-post", [Get("/x.txt", {"If-Modified-Since": DATE}, method="POST", body=b"x")]),
    rows("unmodified", ask("If-Unmodified-Since", [*FORMS, BEFORE, AFTER, *NO_DATES])),
    rows("unmodified-post", [Get("/x.txt", {"If-Unmodified-Since": v}, method="POST", body=b"x")
                             for v in (DATE, BEFORE)]),
    rows("together", [Get("/x.txt", fields) for fields in (
        {"If-Match": TAG, "If-None-Match": TAG}, {"If-Match": '"a"', "If-None-Match": TAG},
        {"If-Match": TAG, "If-None-Match": '"a"'}, {"If-Match": '"a"', "If-None-Match": '"a"'},
        {"If-Match": TAG, "If-Modified-Since": DATE},
        {"If-Match": TAG, "If-Modified-Since": BEFORE},
        {"If-Match": '"a"', "If-Unmodified-Since": DATE}, {"If-Match": TAG,
                                                          "If-Unmodified-Since": DATE},
        {"If-None-Match": TAG, "If-Modified-Since": DATE},
        {"If-None-Match": '"a"', "If-Modified-Since": DATE},
        {"If-None-Match": '"a"', "If-Modified-Since": BEFORE},
        {"If-Unmodified-Since": DATE, "If-Modified-Since": BEFORE},
        {"If-Unmodified-Since": BEFORE, "If-None-Match": TAG},
        {"If-Unmodified-Since": BEFORE, "If-Modified-Since": DATE},
        {"If-Unmodified-Since": AFTER, "If-None-Match": '"a"'})]),
    rows("twice", [Get("/x.txt", [("If-None-Match", '"a"'), ("If-None-Match", TAG)]),
                   Get("/x.txt", [("If-Match", '"a"'), ("If-Match", TAG)]),
                   Get("/x.txt", [("If-Match", '"a"'), ("If-Match", '"b"')])]),
    rows("elsewhere", [Get("/e", {"If-None-Match": '"0-60a24181e4000"'}),
                       Get("/d/", {"If-None-Match": TAG}), Get("/d/", {"If-Modified-Since": DATE}),
                       Get("/d", {"If-None-Match": "*"}), Get("/none", {"If-None-Match": "*"}),
                       Get("/none", {"If-Match": '"a"'}), Get("/none", {"If-Match": "*"}),
                       Get("/x.txt", {"If-None-Match": "*"}, method="OPTIONS"),
                       Get("/x.txt", {"If-Match": '"a"'}, method="OPTIONS"),
                       Get("/x.txt", {"If-Match": '"a"'}, method="PUT", body=b"x")]),
    rows("no-tag", ask("If-None-Match", [TAG, "*", '"a"']) + ask("If-Match", [TAG, "*", '"a"']),
         config="FileETag None"),
    rows("fields", ask("If-None-Match", [TAG]) + ask("If-Match", ['"a"']),
         config="ExpiresActive On\nExpiresDefault A3600\n"
                "Header set X-Set x\nHeader always set Y y\n"
                "Header set Content-Location /z\nHeader append Vary Cookie\n"
                "AddLanguage en .txt\nAddEncoding gzip .txt\nAddDefaultCharset utf-8\n"),
    rows("digest", [Get("/x.txt"), Get("/e"), Get("/d/"), Get("/x.txt", {"Range": "bytes=1-2"})]
         + ask("If-None-Match", ['"dgM5fCByduhPo5Ri+ph8w6eIFtQ="', TAG, "*"]),
         config="FileETag Digest"),
    rows("digest-and-size", [Get("/x.txt")], config="FileETag Size Digest"),
    rows("digest-below", [Get("/x.txt"), Get("/d/")],
         config='FileETag Digest\n<Directory "{root}/d">\nFileETag -Digest\n</Directory>\n'),
    rows("digest-over-none", [Get("/x.txt")],
         config='FileETag None\n<Directory "{root}">\nFileETag +Digest\n</Directory>\n'),
    rows("digest-htaccess", [Get("/x.txt")], **{".htaccess": "FileETag Digest\n"}),
    Case("list", files={"d/f": "x"}, config='<Directory "{root}">\nOptions +Indexes\n'
         "IndexOptions TrackModified\n</Directory>", ignore=("etag",),
         requests=[Get("/d/"), Get("/d/", {"If-Modified-Since": DATE}),
                   Get("/d/", {"If-Modified-Since": BEFORE}), Get("/d/", {"If-None-Match": "*"}),
                   Get("/d/", {"If-None-Match": '"a"'}), Get("/d/", {"If-Match": '"a"'}),
                   Get("/d/", {"If-Unmodified-Since": BEFORE})]),
    Case("list-untracked", files={"d/f": "x"},
         config='<Directory "{root}">\nOptions +Indexes\n</Directory>',
         requests=[Get("/d/", {"If-None-Match": "*"}), Get("/d/", {"If-Match": '"a"'})]),
    Case("program", files={"x.cgi": CGI}, ignore=("content-length",),
         config='AddHandler cgi-script .cgi\n<Directory "{root}">\nOptions +ExecCGI\n</Directory>',
         requests=[Get("/x.cgi?" + query, fields, method=method)
                   for method in ("GET", "HEAD", "POST")
                   for query in ("ETag:%20%22a%22", "Last-Modified:%20" + DATE.replace(" ", "%20"))
                   for fields in ({"If-None-Match": '"a"'}, {"If-None-Match": '"b"'},
                                  {"If-Match": '"b"'}, {"If-Modified-Since": BEFORE},
                                  {"If-Modified-Since": DATE}, {"If-Unmodified-Since": BEFORE})]),
]

VERDICTS = [Verdict(f"FileETag {value}", ok=ok) for value, ok in (
    ("Digest", True), ("+Digest", True), ("-Digest", True), ("Digest None", True),
    ("MTime Digest", True), ("Digests", False))]
