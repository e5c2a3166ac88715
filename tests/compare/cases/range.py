"""
Range, If-Range, and the limits of ranges. What RFC 9110 has differently from Apache is in
../../system/test_range.py: 416 with Content-Range, `bytes=-0`, blanks in the list, POST.
"""

from compare import Case, File, Get, Verdict

TEXT = "".join(f"{n:09}\n" for n in range(100))  # 1000 bytes
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
TAG = '"3e8-60a24181e4000"'


def ranges(*values, path="/x.txt", method="GET", **more):
    return [Get(path, {"Range": value, **more}, method=method) for value in values]


def limits(name, config, *values):
    return Case(name, config=config, files={"x.txt": TEXT}, requests=ranges(*values))


# Three of them touch or overlap, one of these backwards.
def spread(n, step=8, length=2):
    return "bytes=" + ",".join(f"{i * step}-{i * step + length - 1}" for i in range(n))


def overlapping(n):
    return "bytes=" + ",".join(f"{i}-{i + 5}" for i in range(n))


def backwards(n):
    return "bytes=" + ",".join(f"{900 - i * 2}-{901 - i * 2}" for i in range(n))


CASES = [
    Case("one", files={"x.txt": TEXT}, requests=ranges(
        "bytes=0-0", "bytes=0-999", "bytes=0-1000", "bytes=999-999", "bytes=999-", "bytes=0-",
        "bytes=500-", "bytes=-1", "bytes=-1000", "bytes=-1001", "bytes=2-5", "Bytes=2-5",
        "BYTES=-5", "bytes=007-08")),
    Case("none", files={"x.txt": TEXT}, requests=ranges(
        "bytes=5-2", "bytes=", "bytes=-", "bytes=--1", "bytes=a-b", "bytes=1", "bytes=1-2x",
        "bytes=1-2-3", "bytes 1-2", "bytes", "lines=1-2", "bytes=0x1-2", "bytes=+1-2", "none",
        "bytes=1-2;3", "bytes=x,1-2", "bytes=1-2,x", "bytes=1-2,5-3", "octets=1-2")),
    Case("several", files={"x.txt": TEXT}, requests=ranges(
        "bytes=0-0,-1", "bytes=0-5,20-25", "bytes=20-25,0-5", "bytes=0-0,2-2,4-4", "bytes=-5,0-4",
        "bytes=0-5,3-8", "bytes=3-8,0-5", "bytes=0-5,6-8", "bytes=0-5,7-8", "bytes=0-9,2-3",
        "bytes=2-3,0-9", "bytes=0-0,5-6,0-0", "bytes=0-5,2000-", "bytes=2000-,0-5",
        "bytes=2000-3000,5-6,4000-", "bytes=0-999,0-999", "bytes=0-900,500-999",
        "bytes=0-600,800-999,0-600", "bytes=5-6,0-", "bytes=0-,5-6", "bytes=1-,0-0",
        "bytes=0-1,,5-6", "bytes=4-5,")),
    Case("head", files={"x.txt": TEXT}, requests=ranges(
        "bytes=0-5", "bytes=0-5,20-25", "bytes=x", method="HEAD")),
    Case("empty", files={"x.txt": ""}, requests=ranges(
        "bytes=0-", "bytes=0-0", "bytes=-1", "bytes=5-", "bytes=0-0,2-3")),
    Case("small", files={"x.txt": "a"}, requests=ranges(
        "bytes=0-", "bytes=0-0", "bytes=-1", "bytes=0-0,0-0", "bytes=-1,0-0")),
    Case("big", files={"x.bin": bytes(range(256)) * 1000}, requests=ranges(
        "bytes=100000-", "bytes=-200000", "bytes=0-99999,150000-249999", "bytes=10-20,30-250000",
        "bytes=0-0,255999-255999", path="/x.bin"), body=False),
    Case("fields", files={"x.txt.en.gz": TEXT, "y.html": "<p>" + TEXT, "z": TEXT, "w.foo": TEXT},
         config="AddLanguage en .en\nAddEncoding x-gzip .gz\nAddDefaultCharset utf-8\n"
                "ForceType none\n",
         requests=ranges("bytes=1-2", "bytes=1-2,4-5", path="/x.txt.en.gz")
         + ranges("bytes=1-2", "bytes=1-2,4-5", path="/y.html")
         + ranges("bytes=1-2", "bytes=1-2,4-5", path="/z")
         + ranges("bytes=1-2", "bytes=1-2,4-5", path="/w.foo")),
    Case("if-range", files={"x.txt": TEXT}, requests=[
        Get("/x.txt", {"Range": value, "If-Range": condition})
        for value in ("bytes=1-2", "bytes=1-2,4-5", "bytes=2000-")
        for condition in (TAG, '"other"', "W/" + TAG, TAG.strip('"'), "*", DATE, "x",
                          "Tuesday, 14-Nov-23 22:13:20 GMT", "Tue Nov 14 22:13:20 2023",
                          "Tue, 14 Nov 2023 22:13:21 GMT", "Tue, 14 Nov 2023 22:13:19 GMT")
        if value != "bytes=2000-" or condition not in (TAG, DATE, "Tuesday, 14-Nov-23 22:13:20 GMT",
                                                       "Tue Nov 14 22:13:20 2023")]
        + [Get("/x.txt", {"If-Range": TAG}), Get("/x.txt", {"If-Range": '"other"'})]),
    Case("conditions", files={"x.txt": TEXT}, requests=[
        Get("/x.txt", {"Range": "bytes=1-2", **fields}) for fields in (
            {"If-None-Match": TAG}, {"If-None-Match": '"other"'}, {"If-Match": TAG},
            {"If-Match": '"other"'}, {"If-Modified-Since": DATE}, {"If-Unmodified-Since": DATE},
            {"If-Modified-Since": "Mon, 13 Nov 2023 22:13:20 GMT"},
            {"If-Unmodified-Since": "Mon, 13 Nov 2023 22:13:20 GMT"},
            {"If-Match": TAG, "If-Range": TAG}, {"If-Match": TAG, "If-Range": '"other"'},
            {"If-Match": '"other"', "If-Range": TAG})]),
    limits("at-ranges", "", spread(200, 4), spread(201, 4)),
    limits("max-ranges", "MaxRanges 3", spread(1), spread(3), spread(4),
           "bytes=0-5,6-7,20-21,40-41"),
    limits("max-none", "MaxRanges none", "bytes=0-5", "bytes=0-5,8-9", "bytes=x"),
    limits("max-unlimited", "MaxRanges unlimited", spread(240, 4)),
    limits("max-default", "MaxRanges 1\n<Directory {root}>\nMaxRanges default\n</Directory>",
           spread(9)),
    limits("max-directory", "MaxRanges 1\n<Directory {root}>\nMaxRanges 2\n</Directory>",
           spread(1), spread(2), spread(3)),
    limits("overlaps", "", overlapping(21), overlapping(22)),
    limits("max-overlaps", "MaxRangeOverlaps 2", overlapping(3), overlapping(4)),
    limits("no-overlaps", "MaxRangeOverlaps none", overlapping(1), overlapping(2), spread(3)),
    limits("all-overlaps", "MaxRangeOverlaps unlimited", overlapping(30), overlapping(100)),
    limits("reversals", "MaxRangeOverlaps unlimited", backwards(21), backwards(22)),
    limits("max-reversals", "MaxRangeReversals 1", backwards(2), backwards(3)),
    limits("no-reversals", "MaxRangeReversals none", backwards(1), backwards(2), spread(3)),
    limits("all-reversals", "MaxRangeOverlaps unlimited\nMaxRangeReversals unlimited",
           backwards(30), backwards(60)),
    Case("header-rules", files={"x.txt": TEXT, "x.pdf": TEXT},
         config="Header set X-Type \"%{{CONTENT_TYPE}}e\"\nHeader unset Accept-Ranges\n"
                "ExpiresActive On\nExpiresByType text/plain A3600\nHeader set Z z\n",
         requests=ranges("bytes=1-2", "bytes=1-2,4-5") + ranges("bytes=1-2,4-5", path="/x.pdf")),
    Case("not-for-programs", files={"x.cgi": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n"
                                             "Content-Length: 10\\n\\n0123456789'\n"},
         config='AddHandler cgi-script .cgi\n<Directory "{root}">\nOptions +ExecCGI\n</Directory>',
         requests=ranges("bytes=1-2", "bytes=20-", "bytes=1-2,4-5", path="/x.cgi")),
    Case("error-document", files={"x.txt": TEXT}, config="ErrorDocument 404 /x.txt",
         requests=ranges("bytes=1-2", "bytes=2000-", path="/none")),
    Case("index-file", files={"d/index.html": TEXT}, requests=ranges("bytes=1-2", path="/d/")),
    Case("newer", files={"x.txt": File(TEXT, mtime=4000000000)},
         requests=ranges("bytes=1-2"), ignore=("last-modified",)),
]

VERDICTS = [Verdict(f"{name} {value}", ok=ok)
            for name in ("MaxRanges", "MaxRangeOverlaps", "MaxRangeReversals")
            for value, ok in (("none", True), ("Default", True), ("UNLIMITED", True), ("1", True),
                              ("0", False), ("-1", False), ("x", False), ("1 2", False),
                              ("", False), ("12x", True))] + [
    Verdict("MaxRanges 0", ok=False,
            message="MaxRanges requires 'none', 'default', 'unlimited' or a positive integer"),
    Verdict("MaxRanges 1", "htaccess", ok=False), Verdict("MaxRanges 1", "directory"),
    Verdict("MaxRanges 1", "vhost"), Verdict("MaxRanges 1", "location"),
]
