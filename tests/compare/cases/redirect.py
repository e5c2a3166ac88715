"""mod_alias: redirects, of servers, sections and .htaccess."""

from compare import Case, Get, Verdict


def case(name, config, *paths, **more):
    return Case(name, config=config,
                requests=[p if not isinstance(p, str) else Get(p) for p in paths], **more)


ESCAPES = ["/x y".replace(" ", "%20"), "/%3fa", "/a&b", "/a;b=c@d:e", "/%c3%a9", "/~x", "/a+b",
           "/%22%3c%3e", "/a|b", "/a^b", "/[a]", "/{{a}}".replace("{{", "{").replace("}}", "}"),
           "/a'b", "/a!$*(),", "/%25zz", "/..%20", "/%5c", "/%60", "/%23"]

CASES = [
    case("prefix", "Redirect /a http://other.test/b", "/a", "/a/", "/a/x", "/ab", "/a?q=1&r=%20",
         "/a/x?y", "/a?", "/a??", "//a", "/a//x", Get("/a", method="POST", body=b"x"),
         Get("/a", method="HEAD"), Get("/a", method="OPTIONS"), "/b/../a/x"),
    case("status_of_nothing", "Redirect 404 /n\nRewriteEngine On\nRewriteRule ^/r - [R=404]\n"
         '<Directory "{root}">\nRewriteEngine On\nRewriteRule ^d - [R=404]\n</Directory>',
         *[Get(path, method=m) for path in ("/n/x", "/r/x", "/d/x")
           for m in ("OPTIONS", "PUT", "FOO")]),
    case("slash", "Redirect /a/ http://other.test/\nRedirect //b http://other.test/", "/a", "/a/",
         "/a/x", "/b", "//b/x"),
    case("escapes", "Redirect /a http://other.test/", *["/a" + p for p in ESCAPES]),
    case("escapes_match", "RedirectMatch ^/a(.*)$ http://other.test$1",
         *["/a" + p for p in ESCAPES]),
    case("status_words", "Redirect permanent /p http://o/\nRedirect temp /t http://o/\n"
         "Redirect seeother /s http://o/\nRedirect gone /g\nRedirectPermanent /rp http://o/\n"
         "RedirectTemp /rt http://o/\nRedirect PERMANENT /up http://o/",
         "/p", "/t", "/s", "/g", "/rp", "/rt", "/up", "/g/x", "/p/x"),
    case("status_numbers", "\n".join(f"Redirect {n} /{n} http://o/x" for n in
                                     (300, 301, 302, 303, 305, 307, 308)),
         *[f"/{n}" for n in (300, 301, 302, 303, 305, 307, 308)]),
    case("status_errors", "\n".join(f"Redirect {n} /{n}" for n in
                                    (400, 403, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415,
                                     417, 422, 423, 424, 426, 428, 429, 431, 451, 500, 501, 502,
                                     503, 504, 505, 507)),
         *[f"/{n}" for n in (400, 403, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415, 417,
                             422, 423, 424, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505,
                             507)],
         ignore=("retry-after",)),
    case("status_unknown", "Redirect 499 /a\nRedirect 999 /b\nRedirect 600 /c", "/a", "/b", "/c",
         body=False),
    case("relative_target", "Redirect /a /there\nRedirect 301 /b /there?x=1", "/a", "/a/x?y",
         "/b", "/b?q", Get("/a", host="Redirect.TEST:8888"),
         Get("/a", host="relative_target.test")),
    case("query_of_target", "Redirect /q http://o/p?x=1\nRedirect /h http://o/p#frag\n"
         'Redirect /sp "http://o/a b"\nRedirect /pc http://o/%41%20', "/q", "/q/z", "/q?a=b", "/h",
         "/h/x", "/h?q", "/sp", "/sp/x", "/pc", "/pc/x"),
    case("no_slash_in_config", "Redirect x http://o/\nRedirect 404 -", "/x", "/-"),
    case("order", "Redirect /a http://one/\nRedirect /a http://two/\nRedirect /a/b http://three/\n"
         'Alias /a "{dir}"\nRedirect /z http://z/\nAlias /z "{dir}"', "/a", "/a/b", "/z/x"),
    case("match", r"RedirectMatch (.*)\.gif$ http://o$1.jpg" "\n"
         r"RedirectMatch 301 ^/r/(.*)$ /x/$1?a=$1#f" "\n"
         r"RedirectMatch 404 /\.git" "\nRedirectMatch gone ^/gone\nRedirectMatch ^/ic(?i:FOO)$ /y\n"
         r"RedirectMatch ^/three/(.*)/(.*)/(.*)$ /$3/$2/$1" "\n"
         r"RedirectMatch ^/amp/(.*)$ http://o/&/\\&/$0/$2\$1" "\n"
         r"RedirectMatch ^/look(?!ahead)(.*)$ http://o$1",
         "/a.gif", "/a/b%20c.gif?x=1", "/r/a%20b?zz", "/r/a", "/.git", "/a/.git/x", "/.gitx",
         "/gone",
         "/icfoo", "/icFoo", "/three/1/2/3", "/amp/foo", "/lookahead", "/lookout", "/a.GIF"),
    case("match_urls", "RedirectMatch ^/p1/(.*)$ http://o:80/$1\n"
         "RedirectMatch ^/p2/(.*)$ HTTP://O:8080/$1\nRedirectMatch ^/p3/(.*)$ http://u:p@o/$1\n"
         "RedirectMatch ^/p4/(.*)$ http://u@o/$1\nRedirectMatch ^/p5/(.*)$ https://o:443/$1\n"
         "RedirectMatch ^/p7/(.*)$ //o/$1\nRedirectMatch ^/p8/(.*)$ http://$1/\n"
         "RedirectMatch ^/p9/(.*)$ $1\nRedirectMatch ^/pa/(.*)$ http://o/?x=$1&$0\n"
         "RedirectMatch ^/pb/(.*)$ http://o?$1\nRedirectMatch ^/pc/(.*)$ http://o/#$1\n"
         "RedirectMatch ^/pf$ http://[::1]:81/\nRedirectMatch ^/pg$ http://o\n"
         "RedirectMatch ^/ph mailto:foo@bar\nRedirectMatch ^/pi ftp://o$0\n"
         'RedirectMatch ^/pj/(.*)$ "http://o/a b/$1?q r"\n'
         "RedirectMatch ^/pk/(.*)$ http://o/%41%zz/$1\nRedirectMatch ^/pl/(.*)$ foo/$1",
         "/p1/a", "/p2/a", "/p3/a", "/p4/a", "/p5/a", "/p7/a", "/p8/h%20st", "/p8/a:b@c", "/p9/x",
         "/p9/http://z/", "/pa/1%262", "/pa/1?z", "/pb/x", "/pb/", "/pc/x%20y", "/pf", "/pg", "/ph",
         "/pi", "/pj/x%20y", "/pk/x%25y", "/pl/x"),
    case("injected", "RedirectMatch ^/q/(.*)$ http://o/?$1\nRedirectMatch ^/p/(.*)$ http://o/$1\n"
         "Redirect /r http://o/", "/q/%0d%0aX-Bad:%201", "/p/%0d%0aX-Bad:%201",
         "/r/%0d%0aX-Bad:%201",
         "/q/%0a", "/q/%7f", "/q/%09", "/q/%80",
         body=False, ignore=("content-length", "transfer-encoding")),
    case("everything", "Redirect / http://new.test/", "/", "/x", "/x/y?z", "/index.html", "/../x",
         "/a%2fb"),
    case("host_of_target", "Redirect /a /b", Get("/a", host="host_of_target.test"),
         Get("/a", host="host_of_target.test:80"), Get("/a", host="host_of_target.test:1234"),
         Get("/a", host="HOST_of_target.test.")),
    case("canonical", "UseCanonicalName On\nRedirect /a /b", Get("/a", host="canonical.test"),
         Get("/a", host="canonical.test:1234")),
    case("directory", '<Directory "{root}/d">\nRedirect /d/r http://dir/\n'
         "Redirect /never http://n/\nRedirectMatch ^/d/m(.*)$ http://dirm/$1\n</Directory>",
         "/d/r", "/d/r/x", "/d/mfoo%20x", "/d/none", "/never", "/d/", "/d",
         files={"d/r": "file\n", "d/index.html": "d\n"}),
    case("nested_directories", '<Directory "{root}/d">\nRedirect /d/r http://outer/\n'
         'Redirect /d/in http://outer-in/\n</Directory>\n<Directory "{root}/d/in">\n'
         "Redirect /d/in/r http://inner/\nRedirect /d/in/r http://inner2/\n</Directory>",
         "/d/r", "/d/in/r", "/d/in/x", files={"d/in/x": "x\n"}),
    case("htaccess", "", "/d/h/a?b", "/d/r", "/d/nfoo", "/d/x", "/d/none", "/d/p", "/d/t", "/d/g",
         "/d/n", files={"d/x": "x\n", "d/r": "", "d/.htaccess":
                        "Redirect /d/h http://ht/\nRedirect /d/r /first\nRedirect /d/r /second\n"
                        "RedirectMatch ^/d/n(.+)$ http://m/$1\nRedirectPermanent /d/p http://p/\n"
                        "RedirectTemp /d/t http://t/\nRedirect gone /d/g\nRedirect 404 /d/n\n"}),
    case("htaccess_moved_site", "", "/", "/x", "/x/none?q", "/d", "/d/",
         files={".htaccess": "Redirect permanent / http://new.test/\n", "x": "x\n", "d/y": ""}),
    case("htaccess_index", "", "/", "/index.html", "/d/", "/d/index.html",
         files={".htaccess": "RedirectMatch ^/index.html$ http://idx/\n", "index.html": "i\n",
                "d/.htaccess": "Redirect /d/index.html http://d/\n", "d/index.html": "d\n"}),
    case("htaccess_over_directory",
         '<Directory "{root}/d">\nRedirect /d/r http://dir/\n</Directory>',
         "/d/r", files={"d/.htaccess": "Redirect /d/r http://ht/\n"}),
    case("htaccess_wrong", "", "/d/x",
         files={"d/.htaccess": "Redirect foo /x http://y/\n", "d/x": ""}),
    case("htaccess_non_url", "", "/d/x", files={"d/.htaccess": "Redirect /x y\n", "d/x": ""}),
    case("htaccess_not_allowed", '<Directory "{root}/d">\nAllowOverride Indexes\n</Directory>',
         "/d/x", files={"d/.htaccess": "Redirect /x http://y/\n", "d/x": ""}),
    case("htaccess_allowed", '<Directory "{root}/d">\nAllowOverride FileInfo\n</Directory>',
         "/d/x", files={"d/.htaccess": "Redirect /d/x http://y/\n", "d/x": ""}),
    case("htaccess_expression", "", "/d/x?q", "/d/none/y",
         files={"d/.htaccess": "Redirect 301 http://o%{REQUEST_URI}.x\n", "d/x": ""}),
    case("one_argument", '<Location /l1>\nRedirect /x\n</Location>\n'
         "<Location /l2>\nRedirect 301 http://o%{REQUEST_URI}?x=%{HTTP_HOST}\n</Location>\n"
         "<Location /l3>\nRedirect 404\n</Location>\n<Location /l4>\nRedirect gone\n</Location>\n"
         "<Location /l5>\nRedirect 404 -\n</Location>\n<Location /l6>\nRedirect 503\n</Location>\n"
         '<Location /l7>\nRedirect 301 "http://o/a b?c d#e f"\n</Location>\n'
         '<Location /l8>\nRedirect 301 "a b"\n</Location>\n'
         "<Location /l9>\nRedirect gone /l9/a\n</Location>",
         "/l1", "/l1/x", "/l1x", "/l1?q", "/l2/a%20b?x", "/l2", "/l3/f", "/l4/f", "/l5/f", "/l6/f",
         "/l7", "/l7?x", "/l8", "/l9/a", "/l9/f", ignore=("retry-after",),
         files={f"l{i}/f": "file\n" for i in range(1, 10)}),
    case("location_nested", "<Location /l>\nRedirect gone\n</Location>\n<Location /l/in>\n"
         "Redirect 301 /elsewhere\n</Location>", "/l", "/l/in", "/l/in/x"),
    case("location_three", "<Location /l>\nRedirect 301 /l/a /y\nRedirect /l/b http://b/\n"
         "RedirectMatch 404 c$\n</Location>", "/l/a/b", "/l/b", "/l/abc", "/l",
         files={"l/abc": ""}),
    case("directory_all", '<Directory "{root}/d">\nRedirect 302 http://o/\n</Directory>\n'
         '<Directory "{root}/e">\nRedirect gone\n</Directory>\n'
         '<Directory "{root}/g">\nRedirect 404 "-"\n</Directory>', "/d/x", "/e/x", "/g/x", "/d/",
         files={"d/x": "", "e/x": "", "g/x": "x\n"}),
    case("files", '<Files "x.bak">\nRedirect 404 "-"\n</Files>\n<FilesMatch "\\.old$">\n'
         "Redirect gone\n</FilesMatch>\n<Files moved>\nRedirect 301 /to\n</Files>",
         "/x.bak", "/y.old", "/moved", "/none.old",
         files={"x.bak": "b\n", "y.old": "", "moved": ""}),
    case("if", '<If "%{QUERY_STRING} == \'go\'">\nRedirect 301 http://gone-there/\n</If>', "/x?go",
         "/x", files={"x": "x\n"}),
    case("denied_first", '<Directory "{root}/d">\nRequire all denied\nRedirect /d http://x/\n'
         "</Directory>\nRedirect /e http://e/\n<Directory \"{root}/e\">\nRequire all denied\n"
         "</Directory>", "/d/x", "/e/x", files={"d/x": "", "e/x": ""}),
    case("relative_on", "RedirectRelative On\nRedirect /a /there\nRedirect /b http://o/\n"
         "RedirectMatch ^/c(.*)$ /x$1\n<Location /d>\nRedirectRelative Off\n</Location>\n"
         "Redirect /d /there\nRedirectMatch ^/e rel/t", "/a", "/a/x?q", "/b", "/c/1", "/d", "/e"),
    case("relative_on_htaccess", "", "/d/a", "/d/b",
         files={"d/.htaccess": "RedirectRelative On\nRedirect /d/a /there\nRedirectMatch b$ /x\n"}),
    case("to_error_document", "ErrorDocument 404 /err.txt\nErrorDocument 410 gone\n"
         "Redirect 404 /a\nRedirect 410 /b", "/a", "/b", files={"err.txt": "err\n"}),
    case("logged", 'Redirect /r http://x/\nErrorDocument 404 /err.txt\nSetEnv FOO "a b"\n'
         'CustomLog "{logs}/all" "%a|%{c}a|%A|%B|%b|%{sid}C|%{none}C|%{FOO}e|%{NO}e|%h|%H|'
         '%{User-Agent}i|%k|%l|%m|%{x}n|%{Content-Type}o|%{Location}o|%q|%r|%s|%>s|%u|%U|%>U|'
         '%v|%V|%X|%{A}^ti|%404{User-Agent}i|%!404{User-Agent}i|%200,302s|%%|%{x}p|%{x}T|'
         '%{x}P|%T"\n'
         'CustomLog "{logs}/only" "%U" env=FOO\nCustomLog "{logs}/not" "%U" env=!FOO\n'
         'CustomLog "{logs}/bad" "%U %s" "expr=%{REQUEST_STATUS} -ge 400"',
         "/", "/f.txt?a=b%20", "/none", "/r/x?y", Get("/f.txt", method="HEAD"), "/empty",
         Get("/f.txt", {"User-Agent": 'a"b\\c\té', "Cookie": "x=1;sid=q"}),
         Get("/f.txt", {"Range": "bytes=1-2"}), Get("/f.txt", {"If-None-Match": "*"}),
         Get("/f.txt", host="LOGGED.test"), Get("/f%20%0a%22%5c"),
         files={"index.html": "index\n", "f.txt": "hello\n", "err.txt": "err\n", "empty": ""},
         logs=("all", "only", "not", "bad")),
    case("logged_failure", 'CustomLog "{logs}/failed" "' + "long " * 60 + '%U %>s %{Content-Type}o'
         ' %b"\nOptions +ExecCGI\nAddHandler cgi-script .cgi', "/silent.cgi", "/none",
         files={"silent.cgi": "#!/bin/sh\n"}, logs=("failed",)),
]

VERDICTS = [Verdict(text, where=where, ok=ok) for text, where, ok in [
    ('Redirect 404 "-"', "server", True), ("Redirect 404 /x /y", "server", False),
    ("Redirect 301 /x", "server", False), ("Redirect /x", "server", False),
    ("Redirect /x y", "server", False), ("Redirect x http://y/", "server", True),
    ("Redirect foo /x http://y/", "server", False), ("Redirect 999 /x", "server", True),
    ("Redirect 200 /x", "server", True), ("Redirect a b c d", "server", False),
    ("RedirectMatch 404 /\\.git", "server", True), ("RedirectMatch ( /x", "server", False),
    ("RedirectMatch /x", "server", False), ("RedirectMatch 301 /x", "server", False),
    ("RedirectTemp 301 /x", "server", False), ("RedirectTemp /x /y", "vhost", True),
    ("RedirectPermanent gone /y", "server", True), ("RedirectPermanent /x", "server", False),
    ("Redirect 304 /x http://y/", "server", True), ("Redirect seeother /x", "server", False),
    ("RedirectRelative On", "htaccess", True), ("RedirectRelative perhaps", "server", False),
    ("Redirect /x", "location", True), ("Redirect 301 /x", "location", True),
    ("Redirect 301", "location", False), ("Redirect permanent", "directory", False),
    ("Redirect 404", "location", True), ("Redirect gone", "directory", True),
    ("Redirect gone - /x", "location", False), ("RedirectMatch 301 /x", "location", True),
    ("RedirectTemp /x", "location", False), ("Redirect %{REQUEST_URI", "files", False),
    ("Redirect /x", "htaccess", True), ("Redirect foo /x http://y/", "htaccess", False),
    ("RedirectMatch x \"\"", "server", False), ("Redirect /x /y", "files", True),
]] + [
    Verdict("Redirect gone", ok=True, because="Apache's processes crash when it is asked for"),
    Verdict("Redirect /x http://y/", where="htaccess", override="Indexes", ok=False),
    Verdict("Redirect /x http://y/", where="htaccess", override="FileInfo"),
]
