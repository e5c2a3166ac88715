"""Lists of directories (mod_autoindex), byte for byte."""

from pathlib import Path

from compare import Case, File, Get, Link, Verdict, cgi_env

MAIN = "ServerTokens Prod\n"  # Apache's signature names mpm-itk, too
DEBIAN_FILE = Path("/etc/apache2/mods-available/autoindex.conf")
TYPES = ("AddType application/x-gzip .gz .tgz\nAddEncoding x-compress .Z\n"
         "AddEncoding x-bzip2 .bz2\n"
         "AddType image/x-raw .raw\n")
DEBIAN = TYPES + (DEBIAN_FILE.read_text().replace("<IfModule mod_autoindex.c>", "")
                  .replace("</IfModule>", "") if DEBIAN_FILE.exists() else "")
OLD, ZERO = 1000000000, 86400


def sized(n, mtime=1234567890):
    return File(b"x" * n, mtime=mtime)


NAMES = {
    "d/a.txt": sized(1), "d/b.html": File("<html><head><TITLE>A &amp; B</TITLE></head>x",
                                          mtime=OLD),
    "d/c.tar.gz": sized(972), "d/d.png": sized(973), "d/e.Z": sized(1023), "d/f.bz2": sized(1024),
    "d/g.raw": sized(10239), "d/h": sized(10240), "d/README": sized(20), "d/core": sized(0),
    "d/.hidden": sized(5), "d/.ht": sized(5), "d/backup~": sized(5), "d/x#": sized(3),
    "d/sub/x": File("x", mtime=OLD), "d/Sub2": File(None, mtime=OLD),
    "d/indexed/index.html": File("i", mtime=ZERO),
    "d/file1": sized(7), "d/file2": sized(7), "d/file10": sized(7), "d/File3": sized(7),
    "d/file01": sized(8), "d/FILE1": sized(8), "d/big.iso": sized(1234567),
    "d/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.txt": sized(2),
    "d/exactly-23-characters.": sized(2), "d/exactly-twentytwo-ch.x": sized(2),
    "d/sp ace&<am>\"q'.txt": sized(2), "d/100%.txt": sized(2), "d/colon:x": sized(2),
    "d/caf\u00e9.txt": sized(2), "d/back\\slash": sized(2), "d/semi;colon?": sized(2),
    "d/empty.dir": File(None, mtime=OLD), "empty": File(None, mtime=OLD),
}
QUERIES = ("", "?C=N;O=D", "?C=M;O=A", "?C=M;O=D", "?C=S;O=A", "?C=S;O=D", "?C=D;O=A", "?C=D;O=D",
           "?F=0", "?F=1", "?F=2", "?V=0", "?V=1", "?P=*.txt", "?P=f*;C=S;O=D", "?P=", "?P=%2a.gz",
           "?C=N&O=D", "?C=X", "?O=X;C=S", "?C=S;nonsense;O=D", "?F=2;V=1;P=[af]*;C=S;O=D",
           "?P=%zz", "?P=.*", "?P=a%20b%3c%22%26c:d", "?F=3", "?C=SS", "?", "?C=N;O=D;", "?P=x&C=S",
           "?F=1;F=2", "?P=*.txt;F=1")


def lists(name, config, files=None, paths=("/d/",), queries=("",), **more):
    config = f"<Directory {{root}}>\nOptions +Indexes\n{config}\n</Directory>"
    tree = {**(NAMES if files is None else files)}
    tree.update(more.pop("add", {}))
    return Case(name, config=config, files=tree,
                requests=[Get(p + q) for p in paths for q in queries], **more)


FANCY = "IndexOptions FancyIndexing"
TABLE = "IndexOptions FancyIndexing HTMLTable"
ICONS = ("AddIcon /i/dir.gif ^^DIRECTORY^^\nAddIcon /i/blank.gif ^^BLANKICON^^\n"
         "AddIcon /i/up.gif ..\n"
         "AddIcon (TXT,/i/txt.gif) .txt\nAddIconByType (IMG,/i/img.gif) image/*\n"
         "AddIconByEncoding (CMP,/i/cmp.gif) x-compress x-bzip2\nAddIcon /i/read.gif README\n"
         "AddIcon /i/glob.gif file?\nDefaultIcon /i/unknown.gif\n")
DESCS = ('AddDescription "A text" .txt\nAddDescription "Read <b>me</b> first &amp; foremost of all '
         'files here" README\nAddDescription "Whole" */d/core\nAddDescription "Glob" f*1\n'
         'AddDescription "One <a href=\\"/x\\">long link that goes on</a>" *.iso\n'
         'AddDescription "The sub" sub\nAddDescription "up there" ..\n'
         'AddDescription "<b></b>&lt;entity &amp; more and more and more" g.raw\n')
WORDS = ("FancyIndexing", "FoldersFirst", "HTMLTable", "IconsAreLinks", "IgnoreCase",
         "IgnoreClient",
         "ScanHTMLTitles", "SuppressColumnSorting", "SuppressDescription", "SuppressHTMLPreamble",
         "SuppressIcon", "SuppressLastModified", "SuppressRules", "SuppressSize", "VersionSort",
         "XHTML", "ShowForbidden", "AddAltClass", "UseOldDateFormat", "IconHeight", "IconWidth",
         "IconHeight=11", "IconWidth=12", "NameWidth=*", "NameWidth=30", "NameWidth=5",
         "DescriptionWidth=*", "DescriptionWidth=12", "DescriptionWidth=40", "Charset=UTF-8",
         "Charset=", "Type=text/plain", "TrackModified", "None")
MERGES = (("FancyIndexing", "+HTMLTable"), ("FancyIndexing", "HTMLTable"),
          ("FancyIndexing HTMLTable", "-HTMLTable"), ("FancyIndexing", "None"),
          ("None", "+FancyIndexing"), ("+FancyIndexing", ""), ("+FancyIndexing", "+HTMLTable"),
          ("+FancyIndexing", "-FancyIndexing"), ("FancyIndexing +HTMLTable", ""),
          ("FancyIndexing", "SuppressSize +IconWidth=3"), ("FancyIndexing NameWidth=30", "+XHTML"),
          ("FancyIndexing NameWidth=30", "-NameWidth"), ("FancyIndexing IconHeight", "-IconHeight"),
          ("FancyIndexing Charset=UTF-8", "FancyIndexing"), ("+HTMLTable", "FancyIndexing"),
          ("FancyIndexing UseOldDateFormat", "+SuppressIcon"), ("-FancyIndexing", "FancyIndexing"),
          ("FancyIndexing SuppressSize", "-SuppressSize +SuppressIcon"))

CASES = [
    lists("plain", "", queries=QUERIES, paths=("/d/", "/")),
    lists("fancy", FANCY, queries=QUERIES),
    lists("table", TABLE, queries=QUERIES),
    lists("table-without-fancy", "IndexOptions HTMLTable", queries=("", "?F=0", "?F=1")),
    lists("fancy-icons", FANCY + "\n" + ICONS + DESCS, queries=QUERIES),
    lists("table-icons", TABLE + "\n" + ICONS + DESCS, queries=QUERIES),
    lists("debian", DEBIAN, queries=QUERIES, paths=("/d/", "/", "/empty/")),
    Case("debian-server", config=DEBIAN + "\n<Directory {root}>\nOptions +Indexes\n</Directory>",
         files=NAMES, requests=[Get("/d/"), Get("/"), Get("/d/?C=S;O=D")]),
    *(lists("fancy-" + w.lower().replace("*", "fit").replace("/", "-").replace("=", "-"),
            f"{ICONS}{DESCS}\nIndexOptions FancyIndexing {w if w != 'None' else ''}\n",
            queries=("", "?C=S;O=D")) for w in WORDS),
    *(lists("table-" + w.lower().replace("*", "fit").replace("/", "-").replace("=", "-"),
            f"{ICONS}{DESCS}\nIndexOptions FancyIndexing HTMLTable "
            f"{w if w != 'None' else ''}\n", queries=("", "?C=S;O=D")) for w in WORDS),
    *(Case(f"merge-{i}", config=f"{'IndexOptions ' + one}\n<Directory {{root}}>\nOptions +Indexes\n"
           f"{ICONS}</Directory>\n", files={"d/x": "x", "d/.htaccess": f"IndexOptions {two}\n"
                                            if two else "", "y": "y"},
           requests=[Get("/d/"), Get("/")]) for i, (one, two) in enumerate(MERGES)),
    lists("style", TABLE + "\nIndexStyleSheet /style.css\n" + ICONS + DESCS, queries=QUERIES),
    lists("style-alt", "IndexOptions FancyIndexing HTMLTable AddAltClass XHTML IconsAreLinks\n"
          "IndexStyleSheet /style.css\nAddAlt UP ..\nAddAlt DIRECTORY ^^DIRECTORY^^\n" + ICONS),
    lists("style-plain", "IndexStyleSheet /style.css\nIndexHeadInsert \"<meta name=x>\""),
    lists("head-insert", FANCY + "\nIndexHeadInsert \"  <link rel='x'>\""),
    lists("alt", TABLE + "\nAddAlt TEXT .txt README\nAddAltByType PIC image/*\n"
          "AddAltByEncoding PACKED x-compress\nAddAlt FOLDER **DIRECTORY**\nDefaultIcon /i/x.gif\n"
          + TYPES),
    lists("icon-quotes", FANCY + "\nAddIcon \"/i/a&b\\\"c.gif\" .txt\n"
          "AddIcon (A&B,/i/x.gif) .png\n"),
    lists("order-date", FANCY + "\nIndexOrderDefault Descending Date", queries=("", "?C=N")),
    lists("order-size", FANCY + "\nIndexOrderDefault Ascending Size", queries=("", "?O=D")),
    lists("order-description", FANCY + "\nIndexOrderDefault Descending Description\n" + DESCS),
    lists("order-description-versions", "IndexOptions FancyIndexing VersionSort\n"
          "AddDescription v10 file1\nAddDescription v9 file2\nAddDescription v010 README\n"
          "IndexOrderDefault Ascending Description"),
    lists("order-plain", "IndexOrderDefault Descending Name"),
    lists("folders-first", "IndexOptions FancyIndexing FoldersFirst IgnoreCase VersionSort",
          queries=QUERIES[:8]),
    lists("ignore-case", "IndexOptions FancyIndexing IgnoreCase", queries=("", "?V=1", "?C=N;O=D")),
    lists("ignore", "IndexIgnore .??* *~ *# RCS core file? *.t?t"),
    lists("ignore-parent", FANCY + "\nIndexIgnore ..", paths=("/d/", "/d/sub/")),
    lists("ignore-paths", "IndexIgnore /x/y/README d/core */*.png"),
    lists("ignore-adds-up", "IndexIgnore README\nIndexIgnore core", add={
        "d/.htaccess": "IndexIgnore *.txt\n"}),
    lists("ignore-reset", "IndexIgnore README core", add={
        "d/.htaccess": "IndexIgnoreReset On\nIndexIgnore *.txt\n"}, paths=("/d/", "/d/sub/")),
    lists("ignore-reset-off", "IndexIgnore README core", add={
        "d/.htaccess": "IndexIgnoreReset Off\nIndexIgnore *.txt\n"}),
    Case("ignore-location", config="<Directory {root}>\nOptions +Indexes\n</Directory>\n"
         "<Location /d>\nIndexIgnore README\nIndexOptions FancyIndexing\nAddIcon /i/x.gif .txt\n"
         "AddDescription here .txt\n</Location>\n<Location />\nIndexIgnore core\n</Location>",
         files=NAMES, requests=[Get("/d/"), Get("/")]),
    lists("inner-first", FANCY + "\nAddIcon /i/outer.gif .txt README\n"
          "AddDescription outer .txt core",
          add={"d/.htaccess": "AddIcon /i/inner.gif .txt\nAddDescription inner .txt\n"}),
    lists("titles", "IndexOptions FancyIndexing ScanHTMLTitles", files={
        "d/a.html": "<title>One</title>", "d/b.html": "<html>\n<TiTlE>\n\r\nTwo\nlines</title>",
        "d/c.html": "no title", "d/d.html": "<title>open", "d/e.html": "<<title>x</title>",
        "d/f.html": "x" * 9000 + "<title>late</title>", "d/g.txt": "<title>text</title>",
        "d/h.html": "", "d/i.html": "<title></title>", "d/j.xhtml": "<title>X &lt; y</title>",
        "d/k.html": File("<title>secret</title>", mode=0o000), "d/l.html.gz": "<title>z</title>",
        "d/m.html": "<title>" + "long " * 40 + "</title>"}),
    lists("titles-and-description", "IndexOptions FancyIndexing ScanHTMLTitles\n"
          "AddDescription own a.html", files={"d/a.html": "<title>t</title>"}),
    lists("header-text", FANCY + "\nHeaderName HEAD.txt\nReadmeName FOOT.txt", add={
        "d/HEAD.txt": "Above <all> & \"more\"\n\nlines\n", "d/FOOT.txt": "Below\n"}),
    lists("header-html", FANCY + "\nHeaderName HEAD.html\nReadmeName FOOT.html", add={
        "d/HEAD.html": "<h1>Above</h1>\n", "d/FOOT.html": "<p>Below</p>\n"},
          paths=("/d/", "/d/sub/")),
    lists("header-bare", "IndexOptions FancyIndexing SuppressHTMLPreamble\nHeaderName HEAD.html\n"
          "ReadmeName FOOT.html", add={"d/HEAD.html": "<html><body>\n", "d/FOOT.html":
                                       "</body></html>\n"}, paths=("/d/", "/d/sub/")),
    lists("header-bare-text", "IndexOptions FancyIndexing SuppressHTMLPreamble\nHeaderName HEAD\n"
          "ReadmeName FOOT.txt", add={"d/HEAD": "no type\n", "d/FOOT.txt": "text\n"}),
    lists("header-url", "HeaderName /shared/HEAD.html\nReadmeName /shared/FOOT.txt", add={
        "shared/HEAD.html": "<p>shared</p>\n", "shared/FOOT.txt": "a <b> & c\n"},
          paths=("/d/", "/d/?C=N")),
    lists("header-missing", "HeaderName NONE.html\nReadmeName http://x.test/y.html"),
    lists("header-denied", "HeaderName HEAD.html\nReadmeName FOOT.html\n<Files HEAD.html>\n"
          "Require all denied\n</Files>", add={"d/HEAD.html": "x", "d/FOOT.html": "y"}),
    lists("header-directory", "HeaderName sub\nReadmeName ../up.txt", add={"up.txt": "up\n"}),
    lists("header-image", "HeaderName d.png\nReadmeName ."),
    lists("header-empty", "HeaderName HEAD.html\nReadmeName FOOT.txt", add={
        "d/HEAD.html": "", "d/FOOT.txt": ""}),
    lists("signature", "ServerSignature On"),
    lists("signature-readme", "ServerSignature EMail\nReadmeName FOOT.txt",
          add={"d/FOOT.txt": "x"}),
    lists("signature-readme-html", "ServerSignature On\nReadmeName FOOT.html", add={
        "d/FOOT.html": "x"}),
    lists("track", "IndexOptions FancyIndexing TrackModified", files={"d/x": "x"}),
    lists("many", FANCY, files={f"d/file{i:04}.txt": "x" for i in range(900)},
          queries=("", "?F=0", "?F=2", "?C=N;O=D")),
    lists("about-8000", "", files={f"d/file{i:03}": "" for i in range(187)} | {
        f"e/file{i:03}": "" for i in range(190)} | {f"f/file{i:03}": "" for i in range(200)},
          paths=("/d/", "/e/", "/f/")),
    lists("http10", FANCY, paths=("/d/",)),
    Case("methods", config="<Directory {root}>\nOptions +Indexes\n</Directory>", files=NAMES,
         requests=[Get("/d/", method=m) for m in ("HEAD", "POST", "PUT", "OPTIONS", "DELETE")]
         + [Get("/d/", version="1.0")], ignore=("allow",)),
    Case("forbidden", files=NAMES, requests=[Get("/d/"), Get("/"), Get("/d/sub/"), Get("/empty/"),
                                             Get("/d/", method="HEAD")],
         errors=(r"AH01276: Cannot serve directory .*/d/: No matching DirectoryIndex "
                 r"\(index.html\) found, and server-generated directory index forbidden by Options "
                 r"directive",)),
    Case("forbidden-names", config="DirectoryIndex a zz.html", files=NAMES, requests=[Get("/d/")],
         errors=(r"No matching DirectoryIndex \(a,zz.html\) found",)),
    lists("denied", FANCY + "\n<FilesMatch \"\\.txt$\">\nRequire all denied\n</FilesMatch>\n"
          "<Files README>\nRequire ip 192.0.2.1\n</Files>",
          add={"d/sub/.htaccess": "Require all denied\n"}),
    lists("denied-shown", "IndexOptions FancyIndexing ShowForbidden\n<FilesMatch \"\\.txt$\">\n"
          "Require all denied\n</FilesMatch>", add={"d/sub/.htaccess": "Require all denied\n"}),
    Case("denied-location", config="<Directory {root}>\nOptions +Indexes\n</Directory>\n"
         "<Location /d/sub>\nRequire all denied\n</Location>\n<LocationMatch \"^/d/f\">\n"
         "Require all denied\n</LocationMatch>", files=NAMES, requests=[Get("/d/")]),
    lists("denied-index", FANCY + "\n<Files index.html>\nRequire all denied\n</Files>"),
    lists("redirected-entry", FANCY, add={"d/.htaccess": "Redirect 302 /d/README http://x.test/\n"
                                          "Redirect 410 /d/core\nRedirect 404 /d/h\n"}),
    lists("broken-htaccess", FANCY, add={"d/sub/.htaccess": "Nonsense\n"}),
    lists("modes", FANCY, files={"d/none": File("x", mode=0), "d/write": File("x", mode=0o200),
                                 "d/dir0/x": "x", "d/dir0": File(None, mode=0),
                                 "d/dirx/x": "x", "d/root": File("x", mode=0o600, owner="root")}),
    Case("directory-modes", config="<Directory {root}>\nOptions +Indexes\n</Directory>",
         files={"x/f": "x", "x": File(None, mode=0o311), "n/f": "n", "n": File(None, mode=0o000)},
         requests=[Get("/x/"), Get("/n/"), Get("/x/f")], body=False, ignore=("content-length",)),
    lists("links", FANCY, files={
        "d/file": Link("../target"), "target": File("tttt", mtime=OLD), "d/dir": Link("../other"),
        "other/x": "x", "d/broken": Link("nowhere"), "d/loop": Link("loop"), "d/dev":
        Link("/dev/null")}),
    lists("links-not-followed", FANCY + "\nOptions -FollowSymLinks +Indexes", files={
        "d/file": Link("../target"), "target": "t", "d/dir": Link("../other"), "other/x": "x",
        "d/plain": "x"}),
    lists("links-of-owner", FANCY + "\nOptions -FollowSymLinks +SymLinksIfOwnerMatch +Indexes",
          files={"d/own": Link("../target"), "target": "t", "d/others": Link("/etc/passwd"),
                 "d/odir": Link("/etc")}),
    lists("slashless", "DirectorySlash Off\n" + FANCY, paths=("/d", "/d/"), files={
        name: what for name, what in NAMES.items() if "indexed" not in name}),
    lists("types", TABLE + "\n" + ICONS + TYPES, files={
        "d/a.html.Z": "x", "d/a.png.bz2": "x", "d/a.PNG": "x", "d/a.jpg.txt": "x", "d/A.TXT": "x"}),
    lists("forced-type", TABLE + "\n" + ICONS + "ForceType image/png", files={"d/a": "x"}),
    lists("other-head", FANCY + "\nHeader set X-Listed yes\nExpiresActive On\n"
          "ExpiresDefault A60", files={"d/x": "x"}),
    lists("charset-default", "AddDefaultCharset utf-8", files={"d/x": "x"}),
    lists("charset-none", "IndexOptions Charset=\nAddDefaultCharset utf-8", files={"d/x": "x"}),
    lists("encoded-uri", FANCY, files={"d d/<x>&'\"/f": "x"}, paths=(
        "/d%20d/", "/d%20d/%3cx%3e%26'%22/", "/d%20d/%3Cx%3E&'%22/?C=S")),
    lists("deep", TABLE, files={"a/b/c/d/x": "x"}, paths=("/a/", "/a/b/", "/a/b/c/d/")),
    Case("alias", config="Alias /shown {dir}/real\n<Directory {dir}>\nOptions +Indexes\n"
         "</Directory>", files={"{dir}/real/x": "x", "{dir}/real/y/z": "z"},
         requests=[Get("/shown/"), Get("/shown"), Get("/shown/y/")]),
    Case("icons", config='Alias /icons/ "/usr/share/apache2/icons/"\n<Directory '
         '"/usr/share/apache2/icons">\nOptions Indexes FollowSymLinks\nRequire all granted\n'
         "</Directory>\n" + DEBIAN, files={}, requests=[
             Get("/icons/"), Get("/icons/?C=S;O=D"), Get("/icons/blank.gif"),
             Get("/icons/small/")]),
    lists("index-by-cgi", "Options +ExecCGI +Indexes\nAddHandler cgi-script .cgi\n"
          "DirectoryIndex x.cgi",
          files={"d/sub/x.cgi": cgi_env("PATH_INFO"), "d/y": "y"}),
    lists("fallback-in-listing", FANCY + "\nFallbackResource /f.html", files={
        "f.html": File("f", mtime=OLD), "d/sub/x": "x", "d/y": "y"}, paths=("/d/", "/")),
]

VERDICTS = [Verdict(text, where=where, override=override, ok=ok) for text, where, override, ok in (
    *((f"IndexOptions {w}", "htaccess", "Indexes", True) for w in WORDS),
    ("IndexOptions FancyIndexing", "htaccess", "Options", False),
    ("IndexOptions", "server", "All", True),
    ("IndexOptions Nonsense", "vhost", "All", False),
    ("IndexOptions +None", "vhost", "All", False),
    ("IndexOptions None FancyIndexing", "vhost", "All", False),
    ("IndexOptions FancyIndexing None", "vhost", "All", True),
    ("IndexOptions NameWidth", "vhost", "All", False),
    ("IndexOptions NameWidth=3", "vhost", "All", False),
    ("IndexOptions DescriptionWidth=11", "vhost", "All", False),
    ("IndexOptions -NameWidth=30", "vhost", "All", False),
    ("IndexOptions -IconWidth", "vhost", "All", True),
    ("IndexOptions -IconWidth=3", "vhost", "All", False),
    ("AddIcon /x .y", "htaccess", "Indexes", True),
    ("AddIcon /x", "htaccess", "Indexes", False),
    ("AddIcon (X,/x .y", "server", "All", False),
    ("AddIconByType (X,/x) text/*", "location", "All", True),
    ("AddIconByEncoding /x x-gzip", "files", "All", True),
    ("AddAlt X .y", "htaccess", "FileInfo", False),
    ("AddAltByType X text/*", "htaccess", "Indexes", True),
    ("AddAltByEncoding X x-gzip", "htaccess", "Indexes", True),
    ("AddDescription text", "vhost", "All", False),
    ("AddDescription \"a text\" x y z", "vhost", "All", True),
    ("DefaultIcon /x", "htaccess", "Indexes", True),
    ("DefaultIcon /x /y", "htaccess", "Indexes", False),
    ("HeaderName x", "htaccess", "Indexes", True),
    ("ReadmeName x", "htaccess", "Limit", False),
    ("IndexIgnore", "vhost", "All", False),
    ("IndexIgnore a b", "htaccess", "Indexes", True),
    ("IndexIgnoreReset On", "htaccess", "Indexes", True),
    ("IndexIgnoreReset Maybe", "htaccess", "Indexes", False),
    ("IndexOrderDefault Ascending Name", "htaccess", "Indexes", True),
    ("IndexOrderDefault Ascending", "htaccess", "Indexes", False),
    ("IndexOrderDefault Up Name", "htaccess", "Indexes", False),
    ("IndexOrderDefault Ascending Colour", "htaccess", "Indexes", False),
    ("IndexStyleSheet /x.css", "htaccess", "Indexes", True),
    ("IndexHeadInsert \"<x>\"", "htaccess", "Indexes", True),
    ("FancyIndexing On", "server", "All", False),
)]
