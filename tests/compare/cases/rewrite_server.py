"""mod_rewrite in server and virtual host context: translation, PT, maps, inheritance."""

from compare import Case, Get, cgi_env

ENV = cgi_env("SCRIPT_NAME", "PATH_INFO", "REQUEST_URI", "QUERY_STRING", "SCRIPT_FILENAME",
              "SCRIPT_URL", "SCRIPT_URI", "REDIRECT_URL", "REDIRECT_STATUS", "V", "W",
              "REDIRECT_SCRIPT_URL", "REDIRECT_SCRIPT_URI", "REDIRECT_V", "CONTEXT_PREFIX",
              "CONTEXT_DOCUMENT_ROOT", "PATH_TRANSLATED")
CGI = ('<Directory "{root}">\nOptions +ExecCGI\nAddHandler cgi-script .php\n'
       'DirectoryIndex index.html index.php\n</Directory>\n')
FILES = {"index.php": ENV, "a.html": "a\n", "b.html": "b\n", "c d.html": "c d\n",
         "sub/x.html": "x\n", "sub/index.html": "sub index\n", "tmp/t.html": "not the root's\n",
         "only/y.html": "y\n", "env.php": ENV, "text.txt": "text\n", "{dir}/f/z.html": "z\n"}


def case(name, rules, *paths, files=None, on="RewriteEngine On\n", **more):
    return Case(name, config=CGI + on + rules + "\n", files={**FILES, **(files or {})},
                requests=[p if not isinstance(p, str) else Get(p) for p in paths], **more)


CASES = [
    case("plain", "RewriteRule ^/x$ /a.html\nRewriteRule ^y$ /b.html\nRewriteRule ^/z/(.*) /$1",
         "/x", "/x?q", "/y", "/z/b.html", "/z/sub/", "/z/sub", "/z/none", "/z/c%20d.html",
         "/z/../x", "/z/a.html/pi"),
    # PATH_TRANSLATED is what a look-up of PATH_INFO ends in.
    case("translated", "RewriteRule ^/a.html$ /b.html [PT]\nRewriteRule ^/q /sub/x.html\n"
         "RewriteRule ^/w /env.php/r/s\nRewriteRule ^/f - [F]\nRewriteRule ^/h - [G]\n"
         "RewriteRule ^/v {dir}/f/z.html\nRedirect /old /new",
         *[f"/env.php{p}" for p in ("/", "/a.html", "/q", "/w", "/f", "/h", "/v", "/sub", "/sub/",
                                    "/only/", "/none/x", "/a%20b", "/text.txt/pi", "/%2e%2e")]),
    Case("translated_alone", config=CGI + "Redirect /old /new\nAlias /al {dir}/f\n", files={
        **FILES, ".htaccess": "Options +MultiViews\nRedirect /x /y\n", "x.gif": "GIF",
        "sub/.htaccess": "FallbackResource /env.php\n", "d/.htaccess": "RewriteEngine On\n"
        "RewriteRule ^x y\n"},
        requests=[Get(f"/env.php{p}") for p in ("/old/x", "/text", "/x/y", "/x", "/sub/none",
                                                "/d/x", "/al/z.html", "/al/none")]),
    case("off", "RewriteRule ^/x$ /a.html", "/x", on="RewriteEngine Off\n"),
    case("unsaid", "RewriteRule ^/x$ /a.html", "/x", on=""),
    case("file_path", "RewriteRule ^/x1$ {root}/a.html\nRewriteRule ^/x2$ {dir}/f/z.html\n"
         "RewriteRule ^/x3/(.*)$ {dir}/f/$1\nRewriteRule ^/x4$ /tmp/t.html\n"
         "RewriteRule ^/x5/(.*)$ /$1\nRewriteRule ^/x6/(.*)$ /$1 [UnsafePrefixStat]\n"
         "RewriteRule ^/x7$ %{{DOCUMENT_ROOT}}/a.html\nRewriteRule ^/x8$ /etc/passwd\n"
         "RewriteRule ^/x9$ /\nRewriteRule ^/xa$ %{{DOCUMENT_ROOT}}/sub/x.html/pi".replace("{{",
         "{")
         .replace("}}", "}"),
         *[f"/x{c}" for c in "124789a"], "/x3/z.html", "/x3/none", "/x5/tmp/t.html",
         "/x5/etc/passwd", "/x6/etc/passwd", "/x6/a.html"),
    case("dots", "RewriteRule ^/d1$ /../a.html\nRewriteRule ^/d2$ /sub/../a.html\n"
         "RewriteRule ^/d3$ /sub/../../a.html\nRewriteRule ^/d4$ /./a.html\n"
         "RewriteCond %{QUERY_STRING} ^f=(.*)\nRewriteRule ^/d5$ /sub/%1?",
         "/d1", "/d2", "/d3", "/d4", "/d5?f=x.html", "/d5?f=../a.html", "/d5?f=../../a.html",
         "/d5?f=/etc/passwd", "/d5?f=//x.html"),
    case("relative", "RewriteRule ^/r1$ a.html\nRewriteRule ^/r2$ a.html [R]\n"
         "RewriteRule ^/r3/(.*)$ $1\nRewriteRule ^/r4$ foo:bar\nRewriteRule ^/r5$ //a.html\n"
         "RewriteRule ^/r6/(.*) /$1", "/r1", "/r2", "/r3/a.html", "/r3/http://o.test/x", "/r4",
         "/r5", "/r6//a.html", "/r6/a.html"),
    case("chain_of_rules", "RewriteRule ^/a$ /b\nRewriteRule ^/b$ /c\n"
         "RewriteRule ^/c$ /a.html [L]\n"
         "RewriteRule html$ /text.txt", "/a", "/b", "/c", "/a.html"),
    case("redirect", "RewriteRule ^/r1$ http://o.test/ [R]\nRewriteRule ^/r2$ /a.html [R=301]\n"
         "RewriteRule ^/r3/(.*) http://o.test/$1 [L]\nRewriteRule ^/r4/(.*) /x?y=$1 [R,QSA]\n"
         "RewriteRule ^/r5/(.*) http://o.test/$1 [NE,R]\nRewriteRule ^/r6$ - [F]\n"
         "RewriteRule ^/r7$ - [G]\nRewriteRule ^/r8$ - [R=404]\nRewriteRule ^/r9$ - [R=503]",
         "/r1", "/r1?q=1", "/r2", "/r2?q", "/r3/a%20b?c=%20", "/r4/a%26b?z", "/r5/%c3%a9", "/r6",
         "/r7", "/r8", "/r9", Get("/r2", method="POST", body=b"x"), ignore=("retry-after",)),
    case("passthrough", "RewriteRule ^/x1$ /al/z.html [PT]\nRewriteRule ^/x2$ /al/z.html\n"
         "RewriteRule ^/x3/(.*)$ /cgi/$1 [PT]\nRewriteRule ^/x4$ /red [PT]\n"
         "RewriteRule ^/x5$ /env.php?p=1 [PT]\nRewriteRule ^/x6$ /al/ [PT,L]\n"
         'RewriteRule ^/x7$ a.html [PT]\nAlias /al {dir}/f\nScriptAlias /cgi/ {dir}/cgi/\n'
         'Redirect /red http://o.test/red\nRedirect /x2 http://o.test/x2',
         "/x1", "/x2", "/x3/env", "/x3/env/pi", "/x4", "/x5", "/x6", "/x7", "/al/z.html",
         files={"{dir}/cgi/env": ENV}),
    case("before_alias", "Alias /al {dir}/f\nRewriteRule ^/al/q$ /al/z.html\n"
         "RewriteRule ^/al/p$ /al/z.html [PT]", "/al/q", "/al/p", "/al/z.html"),
    case("before_redirect", "Redirect /a.html http://o.test/\nRewriteRule ^/a.html$ /b.html\n"
         "Redirect /b.html http://o.test/", "/a.html", "/b.html"),
    case("script_url", "RewriteRule ^/x$ /env.php\nRewriteRule ^/q$ /env.php?a=1 [E=V:1]",
         "/x", "/q", "/env.php", "/", "/env.php/pi?z", "/sub/",
         files={"sub/index.html": "", "sub/.htaccess": "RewriteEngine On\n"
                "RewriteRule index.html /env.php\n"}),
    case("directory_index", "RewriteRule ^/d/(.*) /sub/$1\nRewriteRule ^/only/index.php /env.php",
         "/d/", "/d", "/d/x.html", "/sub/", "/only/", "/"),
    case("index_subrequests", "RewriteCond %{IS_SUBREQ} true\n"
         "RewriteRule index\\.php$ /env.php [E=V:sub]\nRewriteRule index\\.html$ - [F,NS]",
         "/", "/sub/", "/sub/index.html", "/index.php"),
    case("request_variables", "RewriteRule ^/env.php$ - [E=V:%{REQUEST_FILENAME}|%{PATH_INFO}|"
         "%{REQUEST_URI}|%{SCRIPT_FILENAME}|%{CONTEXT_PREFIX}|%{CONTEXT_DOCUMENT_ROOT}]",
         "/env.php", "/env.php/x"),
    case("with_htaccess", "RewriteRule ^/x$ /sub/y [E=V:server]\nRewriteRule ^/e$ /sub/y [END]\n"
         "RewriteRule ^/l$ /sub/y [L]", "/x", "/e", "/l", "/sub/y",
         files={"sub/.htaccess": "RewriteEngine On\nRewriteRule ^y$ /env.php?dir [L]\n",
                "sub/y": "y\n"}),
    case("end_and_htaccess", "RewriteRule ^/sub/ - [END]", "/sub/y", "/sub/", "/x",
         files={"sub/.htaccess": "RewriteEngine On\nRewriteRule . /env.php?dir [L]\n",
                "sub/y": "y\n", ".htaccess": "RewriteEngine On\nRewriteRule ^x$ /sub/y\n"}),
    case("location_engine", "RewriteRule ^/(on|off)/x /a.html\n<Location /on>\nRewriteEngine On\n"
         "</Location>\n<Location /off>\nRewriteEngine Off\n</Location>", "/on/x", "/off/x",
         on=""),
    case("location_engine_off", "RewriteRule ^/(on|off)/x /a.html\n<Location /off>\n"
         "RewriteEngine Off\n</Location>", "/on/x", "/off/x"),
    case("type", "RewriteRule ^/a.html$ - [T=text/x-t]\nRewriteRule ^/x$ /b.html [T=text/x-b]\n"
         "RewriteRule ^/s$ /text.txt [H=cgi-script]", "/a.html", "/x",
         files={"text.txt": "text\n"}),
    case("handler", "RewriteRule ^/script - [H=cgi-script]", "/script", "/script/pi",
         files={"script": ENV}),
    case("query_control", "RewriteRule ^/q1/(.*)$ /env.php?x=$1\n"
         "RewriteRule ^/q2/(.*)$ http://o.test/?x=$1 [R]\n"
         "RewriteRule ^/q3/(.*)$ http://o.test/?x=$1 [R,NE]", "/q1/a%20b", "/q1/a%0ab", "/q2/a%20b",
         "/q2/a%0ab", "/q3/a%20b", "/q3/a%7fb",
         errors=("AH10410: Rewritten query string contains control characters or spaces",)),
    case("missing_slash", "RewriteRule ^/sub$ - [E=V:1]\nRewriteRule ^/only$ /sub", "/sub", "/only",
         "/only?x"),
    case("long_chain", "".join(f"RewriteRule ^/n{i}$ /n{i + 1}\n" for i in range(60)) +
         "RewriteRule ^/n60$ /a.html", "/n0", "/n59", "/n61"),
    case("conditions", "RewriteCond {root}%{REQUEST_URI} !-f\n"
         "RewriteCond {root}%{REQUEST_URI} !-d\n"
         "RewriteRule ^(.*)$ /env.php?u=$1", "/a.html", "/sub/", "/none", "/none/x", "/"),
    case("look_ahead", "RewriteCond %{LA-U:REQUEST_FILENAME} !-f\n"
         "RewriteRule ^/(.*) /env.php?ahead=%{LA-U:REQUEST_FILENAME}", "/a.html", "/none", "/sub/",
         "/al/z.html", "/al/none", files={},
         ),
    case("look_ahead_env", "Alias /al {dir}/f\n"
         "RewriteRule ^/env.php - [E=V:%{LA-U:REQUEST_FILENAME},"
         "E=W:%{LA-U:REQUEST_URI}]\nRewriteRule ^/f/(.*) /env.php?%{LA-F:REQUEST_FILENAME}",
         "/env.php", "/env.php/pi", "/f/x"),
    case("test_url", "<Location /private>\nRequire all denied\n</Location>\n"
         "RewriteCond /private%{REQUEST_URI} -U\nRewriteRule ^/u1 /a.html [L]\n"
         "RewriteCond %{REQUEST_URI} -U\nRewriteRule ^/u1 /b.html [L]\n"
         "RewriteCond {root}%{REQUEST_URI} -F\nRewriteRule ^/u2/(.*) /b.html [L]\n"
         "RewriteCond {root}/a.html -F\nRewriteRule ^/u3/(.*) /a.html [L]\n"
         "RewriteCond /none -U\nRewriteRule ^/u4 /a.html", "/u1", "/u2/x", "/u3/", "/u4"),
    # maps
    case("map_txt", "RewriteMap m txt:{dir}/map.txt\nRewriteMap low int:tolower\n"
         "RewriteMap up int:toupper\nRewriteMap esc int:escape\nRewriteMap une int:unescape\n"
         "RewriteRule ^/m/(.*)$ ${m:$1|/b.html}\nRewriteRule ^/n/(.*)$ ${m:$1}\n"
         "RewriteRule ^/l/(.*)$ /env.php?${low:$1}-${up:$1}\n"
         "RewriteRule ^/e/(.*)$ /env.php?${esc:$1}\n"
         "RewriteRule ^/u/(.*)$ /env.php?${une:$1}\nRewriteRule ^/x/(.*)$ /env.php?${none:$1|def}\n"
         "RewriteRule ^/nest/(.*)$ /env.php?${m:${low:$1}|${up:$1}}\n"
         "RewriteRule ^/d/(.*)$ ${m:$1|${m:two}}",
         "/m/one", "/m/two", "/m/three", "/m/#c", "/m/spaced", "/m/last", "/m/ind", "/m/dup",
         "/n/two", "/n/none", "/l/AbC", "/e/a%20b", "/u/a%2520b", "/u/%25zz", "/x/y", "/nest/TWO",
         "/nest/Zz", "/d/q", "/m/a%20b", "/m/",
         files={"{dir}/map.txt": "# a comment\none /a.html\ntwo\t/text.txt  trailing\n\n"
                "#c /a.html\nspaced    /a.html\n ind /a.html\ndup /a.html\ndup /text.txt\n"
                "novalue\nlast /a.html"}),
    case("map_plain_path", "RewriteMap m {dir}/map.txt\nRewriteRule ^/m/(.*)$ ${m:$1}", "/m/x",
         files={"{dir}/map.txt": "x /a.html\n"}),
    case("map_rnd", "RewriteMap m rnd:{dir}/map.txt\nRewriteRule ^/m/(.*)$ ${m:$1}", "/m/x", "/m/y",
         files={"{dir}/map.txt": "x /a.html|/a.html|/a.html\ny /b.html\n"}),
    case("map_in_directory", "RewriteMap m txt:{dir}/map.txt", "/sub/x", "/sub/q",
         files={"{dir}/map.txt": "x /a.html\n",
                "sub/.htaccess": "RewriteEngine On\nRewriteCond ${m:%{REQUEST_URI}|no} no\n"
                                 "RewriteRule ^(.*)$ ${m:$1|/b.html}\n"}),
    case("map_twice", "RewriteMap m txt:{dir}/map.txt\nRewriteMap m int:toupper\n"
         "RewriteRule ^/m/(.*)$ /env.php?${m:$1}", "/m/x", files={"{dir}/map.txt": "x one\n"}),
    case("map_unreadable", "RewriteMap m txt:{dir}/map.txt\nRewriteRule ^/m/(.*)$ ${m:$1|/b.html}",
         "/m/x", files={"{dir}/map.txt": "y /a.html\n"}),
    # inheritance from the main server
    case("inherits_nothing", "", "/main", "/a.html", on=""),
    case("engine_only", "", "/main", "/a.html"),
    case("inherits", "RewriteOptions Inherit\nRewriteRule ^/x$ /main", "/main", "/x"),
    case("inherits_before", "RewriteOptions InheritBefore\nRewriteRule ^/b.html$ /a.html", "/main",
         "/b.html"),
    case("inherits_map", "RewriteOptions Inherit\nRewriteRule ^/m/(.*) /env.php?${mainmap:$1}",
         "/m/abc"),
    case("no_map_without", "RewriteRule ^/m/(.*) /env.php?${mainmap:$1|none}", "/m/abc"),
    case("any_uri", "RewriteOptions AllowAnyURI\nRewriteRule ^/?x$ /a.html", "/x"),
    case("absolute_form", "RewriteRule ^/x$ /a.html\nRewriteRule ^http /b.html",
         "http://absolute_form.test/x", Get("*", method="OPTIONS")),
    case("legacy_root", "RewriteOptions LegacyPrefixDocRoot\n"
         "RewriteRule ^/x$ http://legacy_root.test:{port}/tmp/t.html\n"
         "RewriteRule ^/y$ http://legacy_root.test:{port}/a.html", "/x", "/y",
         ),
    case("reduced", "RewriteRule ^/x$ http://reduced.test:{port}/tmp/t.html\n"
         "RewriteRule ^/y$ http://reduced.test:{port}/a.html", "/x", "/y"),
]

MAIN = ("RewriteEngine On\nRewriteRule ^/main$ /b.html\nRewriteMap mainmap int:toupper\n")
