"""mod_rewrite in .htaccess and <Directory>: processing, flags, redirects."""

from compare import Case, Get, Link, cgi_env

ENV = cgi_env("SCRIPT_NAME", "PATH_INFO", "REQUEST_URI", "QUERY_STRING",
              "REQUEST_METHOD", "SCRIPT_FILENAME", "SCRIPT_URL", "SCRIPT_URI", "REDIRECT_URL",
              "REDIRECT_STATUS", "REDIRECT_QUERY_STRING", "REDIRECT_SCRIPT_URL", "V", "W",
              "REDIRECT_V", "REDIRECT_REDIRECT_V", "REDIRECT_W")
CGI = ('<Directory "{root}">\nOptions +ExecCGI\nAddHandler cgi-script .php\n'
       'DirectoryIndex index.html index.php\n</Directory>\n')
FILES = {"index.php": ENV, "a.html": "a\n", "b.html": "b\n", "c d.html": "c d\n",
         "sub/.keep": "", "sub/x.html": "x\n", "sub/index.html": "sub index\n",
         "only/y.html": "y\n", "env.php": ENV, "text.txt": "text\n", "empty.html": ""}


def case(name, rules, *paths, files=None, config="", **more):
    """rules: the .htaccess of the docroot, behind RewriteEngine On."""
    text = "RewriteEngine On\n" + rules + "\n" if rules is not None else None
    all_files = {**FILES, **(files or {})}
    if text:
        all_files[".htaccess"] = text
    return Case(name, config=CGI + config, files=all_files,
                requests=[p if not isinstance(p, str) else Get(p) for p in paths], **more)


FRONT = ("RewriteCond %{REQUEST_FILENAME} !-f\nRewriteCond %{REQUEST_FILENAME} !-d\n"
         "RewriteRule . /index.php [L]")

CASES = [
    # what is not a file has the type, too, where only a method is asked about
    case("type_options", "RewriteRule ^ - [T=text/x-t]", *[Get(p, method=m) for m in (
        "OPTIONS", "DELETE") for p in ("/", "/only/", "/a.html")], Get("/only/", method="POST")),
    # a cookie goes to the client, whatever was looked up for whom
    case("cookie_looked_up", "RewriteCond /a.html -U\nRewriteRule b.html - [E=V:1]",
         "/b.html", "/a.html", "/c", config="RewriteEngine On\n"
         "RewriteRule ^/a.html$ - [CO=n:v:.test]\nRewriteRule ^/a.html$ - [CO=m:w:.test]\n"
         "RewriteRule ^/c - [CO=n:c:.test]\n"),
    # substitution
    case("plain", "RewriteRule ^x\\.html$ a.html", "/x.html", "/x.html?q=1", "/y.html", "/x.htmlx",
         "/sub/x.html", Get("/x.html", method="HEAD"), Get("/x.html", method="POST", body=b"p")),
    case("groups", "RewriteRule ^(.)/(.)/(.*)$ env.php?one=$1&two=$2&rest=$3&no=$4",
         "/1/2/3/4", "/1/2/", "/%26/2/x%20y", "/1/2/a%3fb", "/1/2/a%25b", "/1/2/a+b?q=1"),
    case("query", "RewriteRule ^q1$ env.php?a=1\nRewriteRule ^q2$ env.php?a=1 [QSA]\n"
         "RewriteRule ^q3$ env.php? [QSA]\nRewriteRule ^q4$ env.php?\nRewriteRule ^q5$ env.php\n"
         "RewriteRule ^q6$ env.php [QSD]\nRewriteRule ^q7$ env.php?b [QSD]\n"
         "RewriteRule ^q8$ env.php?b&  [QSA]\nRewriteRule ^q9$ env.php?b [QSD,QSA]",
         *[f"/q{i}{q}" for i in range(1, 10) for q in ("", "?", "?x=1&y=%20", "?x&")]),
    case("query_last", "RewriteRule ^a/(.*)$ env.php?$1?x=1 [QSL]\n"
         "RewriteRule ^b/(.*)$ env.php?p=$1 [QSL,UnsafeAllow3F]", "/a/b", "/a/b?c", "/b/c?d"),
    case("root_relative", "RewriteRule ^x1$ /a.html\nRewriteRule ^x2$ sub/x.html\n"
         "RewriteRule ^x3$ /sub/\nRewriteRule ^x4$ sub\nRewriteRule ^x5$ ./a.html\n"
         "RewriteRule ^x6$ sub/../b.html\nRewriteRule ^x7$ ../etc/passwd\n"
         "RewriteRule ^x8$ //a.html\nRewriteRule ^x9$ {root}/a.html\nRewriteRule ^xa$ /none",
         *[f"/x{c}" for c in "123456789a"], "/x4?q"),
    case("dash", "RewriteRule ^a\\.html$ - [E=V:1]\nRewriteRule ^env.php - [E=V:2,E=W]\n"
         "RewriteRule ^text - [L]\nRewriteRule ^text.txt b.html", "/a.html", "/env.php",
         "/text.txt"),
    case("encoded", "RewriteRule ^e/(.*)$ $1", "/e/c%20d.html", "/e/a.html", "/e/a%252ehtml",
         "/e/%23", "/e/a%3fb", "/e/a%0ab", "/e/x%c3%a9"),
    case("negated", "RewriteRule !^(a|b)\\.html$ text.txt [L]", "/a.html", "/b.html", "/c",
         "/text.txt", "/sub/"),
    case("nocase", "RewriteRule ^UPPER$ a.html [NC]\nRewriteRule ^Lower$ b.html",
         "/upper", "/UPPER", "/lower", "/Lower"),
    case("chain", "RewriteRule ^c/(.*) d/$1 [C]\nRewriteRule ^d/(.*) e/$1 [C]\n"
         "RewriteRule ^e/1$ a.html\nRewriteRule ^d/2$ b.html\nRewriteRule ^e/2$ text.txt",
         "/c/1", "/c/2", "/d/1", "/d/2", "/e/1", "/e/2"),
    case("skip", "RewriteRule ^s1$ - [S=1]\nRewriteRule ^s a.html [L]\nRewriteRule ^s b.html\n"
         "RewriteRule ^z$ - [S=99]\nRewriteRule ^z$ a.html", "/s1", "/s2", "/z"),
    case("next", "RewriteRule ^(.*)A(.*)$ $1B$2 [N]\nRewriteRule ^n/BBB$ a.html",
         "/n/AAA", "/n/ABA", "/n/AAAA"),
    case("next_limited", "RewriteRule ^(.*)$ $1 [N=5]", "/a.html",
         errors=("AH02596: RewriteRule '.*' and URI '/a.html' exceeded maximum number of "
                 r"rounds \(5\) via the \[N\] flag",)),
    case("next_grows", "RewriteRule ^(.*)$ {name}-{name}-{name}/$1 [N]", "/a.html",
         errors=("exceeded maximum length",)),
    case("last_round", "RewriteRule ^a$ b [L]\nRewriteRule ^b$ c [L]\nRewriteRule ^c$ a.html [L]",
         "/a", "/b", "/c"),
    case("end", "RewriteRule ^a$ b.html [END]\nRewriteRule ^b.html$ text.txt [L]",
         "/a", "/b.html", "/text.txt"),
    case("loop", "RewriteRule ^(.*)$ x/$1", "/a.html", "/",
         errors=("AH00124: Request exceeded the limit of 10 internal redirects due to probable "
                 "configuration error. Use 'LimitInternalRecursion' to increase the limit if "
                 "necessary. Use 'LogLevel debug' to get a backtrace.",)),
    # what is told of a loop is told as of any other error, by one document more
    case("loop_document", "RewriteRule ^(.*)\\.html$ /a.html [E=W:1]\n",
         "/b.html", config="ErrorDocument 500 /env.php\n"
         'CustomLog {logs}/loop "%U %>U %>s %{W}e"\n', logs=("loop",)),
    case("loop_text", "RewriteRule ^(.*)\\.html$ /a.html\nErrorDocument 500 text\n",
         "/b.html", "/none"),
    case("loop_limit", "RewriteRule ^(.*)$ x/$1", "/a.html",
         config="LimitInternalRecursion 3\n", errors=("AH00124: Request exceeded the limit of 3",)),
    case("same", "RewriteRule ^(.*)$ $1?x=1\nRewriteRule ^env.php$ env.php?y=1 [QSA]",
         "/env.php", "/a.html", "/env.php?q"),
    case("all_to_index", "RewriteRule ^(.*)$ index.php?q=$1 [L]", "/", "/foo", "/foo/bar",
         "/sub/x.html", "/sub/", "/sub", "/index.php"),
    case("all_to_index_qsa", "RewriteRule ^(.*)$ index.php?q=$1 [L,QSA]", "/", "/foo?a=b",
         "/index.php?x"),
    # redirects
    case("redirect", "RewriteRule ^r1$ http://other.test/x [R]\nRewriteRule ^r2$ /a.html [R=301]\n"
         "RewriteRule ^r3$ a.html [R=303]\nRewriteRule ^r4/(.*)$ http://other.test/$1 [R=307,L]\n"
         "RewriteRule ^r5/(.*)$ http://other.test/$1 [R,NE]\n"
         "RewriteRule ^r6$ https://other.test [R=permanent]\nRewriteRule ^r7$ / [R=temp]\n"
         "RewriteRule ^r8$ /x [R=seeother]\nRewriteRule ^r9$ http://other.test/y\n"
         "RewriteRule ^ra$ ftp://other.test/y\nRewriteRule ^rb$ mailto:a@b.test\n"
         "RewriteRule ^rc$ ldap://l.test/o=x?a?b?c?d [R]\nRewriteRule ^rd$ news:x.y.z [R]\n"
         "RewriteRule ^re$ gopher://g.test/x?y [R]",
         *[f"/r{c}{q}" for c in "123456789abcde" for q in ("", "?q=1&r=%20")],
         "/r4/a%20b", "/r4/a%26b;c", "/r5/a%20b", "/r5/%c3%a9", "/r4/x%3fy", "/r4/%25",
         Get("/r2", method="POST", body=b"x"), Get("/r2", method="HEAD")),
    case("redirect_query", "RewriteRule ^r1$ /x?a=1 [R]\nRewriteRule ^r2$ /x?a=1 [R,QSA]\n"
         "RewriteRule ^r3$ /x? [R]\nRewriteRule ^r4/(.*)$ /x?a=$1 [R]\n"
         "RewriteRule ^r5/(.*)$ /x?a=$1 [R,NE]\nRewriteRule ^r6/(.*)$ /x?a=$1 [R,B]\n"
         "RewriteRule ^r7$ /x#frag [R]\nRewriteRule ^r8$ /x#frag [R,NE]\n"
         "RewriteRule ^r9$ /x%20y?%20 [R]\nRewriteRule ^ra$ /x%20y?%20 [R,NE]",
         "/r1?b", "/r2?b", "/r3?b", "/r4/a%20b", "/r4/a%26b", "/r5/a%26b", "/r6/a%26b%20c", "/r7",
         "/r8", "/r9", "/ra", "/r5/a%20b"),
    case("redirect_then", "RewriteRule ^a$ http://other.test/b [R=301]\n"
         "RewriteRule b$ http://third.test/c [R]\nRewriteRule ^d$ http://other.test/e [R=308]\n"
         "RewriteRule e$ - [E=V:1]", "/a", "/d", "/zb"),
    case("own_host", "RewriteRule ^o1$ http://own_host.test:{port}/a.html\n"
         "RewriteRule ^o2$ http://OWN_HOST.test:{port}/a.html\n"
         "RewriteRule ^o3$ http://own_host.test/a.html\n"
         "RewriteRule ^o4$ http://alias.test:{port}/a.html\n"
         "RewriteRule ^o5$ http://x.wild.test:{port}/a.html\n"
         "RewriteRule ^o6$ http://own_host.test:{port}\n"
         "RewriteRule ^o7$ https://own_host.test:{port}/\n"
         "RewriteRule ^o8$ http://own_host.test:{port}/a.html?x [R]",
         *[f"/o{i}" for i in range(1, 9)], aliases=("alias.test", "*.wild.test"),
         config="ServerName own_host.test:{port}\n"),
    case("own_host_without_port", "RewriteRule ^o1$ http://own_host_without_port.test/a.html\n"
         "RewriteRule ^o2$ http://own_host_without_port.test:{port}/a.html", "/o1", "/o2"),
    case("statuses", "RewriteRule ^f$ - [F]\nRewriteRule ^g$ - [G]\nRewriteRule ^f2$ x [F,L]\n"
         "RewriteRule ^g2$ /a.html [G]\n" +
         "".join(f"RewriteRule ^s{n}$ - [R={n}]\n" for n in (400, 404, 405, 410, 418, 429, 451, 500,
                                                           503) if n != 418) +
         "RewriteRule ^forbidden$ - [forbidden]\nRewriteRule ^gone$ - [gone]",
         "/f", "/g", "/f2", "/g2", "/s400", "/s404", "/s405", "/s410", "/s429", "/s451", "/s500",
         "/s503", "/forbidden", "/gone", ignore=("retry-after",)),
    case("success_statuses", "RewriteRule ^s200$ - [R=200]\nRewriteRule ^s204$ - [R=204]\n"
         "RewriteRule ^s304$ - [R=304]\nRewriteRule ^s304b$ /x [R=304]",
         "/s200", "/s204", "/s304b"),
    case("error_document", "ErrorDocument 404 /env.php\nErrorDocument 403 /sub/x.html\n"
         "RewriteRule ^f$ - [F]\nRewriteRule ^x$ none [L]\nRewriteRule ^n$ - [R=404,E=V:1]",
         "/f", "/x", "/n", "/none"),
    case("error_document_rewritten", "ErrorDocument 404 /err\nRewriteRule ^err$ env.php [L]",
         "/none", "/err"),
    # environment
    case("env", "RewriteRule ^ - [E=V:%{REQUEST_URI}:%{HTTP_HOST}]\n"
         "RewriteRule ^e1$ env.php [E=W:$0,L]\nRewriteRule ^e2$ env.php [E=!V,L]\n"
         "RewriteRule ^e3$ env.php [env=W:a:b:c,L]\nRewriteRule ^e4$ env.php [E=W,L]",
         "/e1", "/e2", "/e3", "/e4", "/env.php"),
    case("env_cond", "RewriteRule ^a - [E=V:yes]\nRewriteCond %{ENV:V} =yes\n"
         "RewriteRule ^ab$ env.php [L]\nRewriteCond %{ENV:NONE} ^$\nRewriteRule ^c$ env.php [L]",
         "/a", "/ab", "/c"),
    case("setenv", "SetEnvIf Request_URI s1 V=fromsetenvif\nSetEnv W fromsetenv\n"
         "RewriteCond %{ENV:V} fromsetenvif\nRewriteRule s1 env.php [L]\n"
         "RewriteCond %{ENV:W} fromsetenv\nRewriteRule s2 env.php [L]", "/s1", "/s2"),
    case("authorization", "RewriteCond %{HTTP:Authorization} .\n"
         "RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]\n" + FRONT,
         Get("/x", {"Authorization": "Basic dTpw"}), Get("/auth.php",
                                                        {"Authorization": "Bearer x y"}), "/x",
         files={"auth.php": cgi_env("HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION"),
                "index.php": cgi_env("HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION")}),
    case("cookie", "RewriteRule ^c1 - [CO=a:b:x.test]\n"
         "RewriteRule ^c2 - [CO=a:b:x.test:0:/p:secure:HttpOnly:Lax]\n"
         "RewriteRule ^c3 - [CO=;a:1;b:2;x.test;0;/;1;1;Strict]\nRewriteRule ^c4 - [CO=a:b]\n"
         "RewriteRule ^c5 - [CO=a:b:x.test,CO=a:c:x.test,CO=d:$0:x.test]\n"
         "RewriteRule ^c6 a.html [CO=a:b:x.test:0:/:0:false:0]\n"
         "RewriteRule ^c7 http://o.test/ [R,CO=a:b:x.test]\nRewriteRule ^c8 - [F,CO=a:b:x.test]\n"
         "RewriteRule ^c9 - [CO=a::x.test]",
         *[f"/c{i}" for i in range(1, 10)]),
    case("type", "RewriteRule ^a\\.html$ - [T=text/X-Foo]\nRewriteRule ^t$ b.html [T=text/x-bar]\n"
         "RewriteRule ^text.txt$ - [T=%{HTTP:X-Type}]",
         "/a.html", "/t", Get("/text.txt", {"X-Type": "text/x-sent"}), "/text.txt"),
    case("handler", "RewriteRule ^script$ - [H=cgi-script]\n"
         "RewriteRule ^a.html$ - [H=default-handler]",
         "/script", "/a.html", files={"script": ENV}),
    # What was opened for a program is sent as it is; where a rule leads has another handler.
    case("handler_for_another", "RewriteRule ^env.php$ - [H=default-handler]\n"
         "RewriteRule ^index.php$ - [H=text/plain]\nRewriteRule ^h$ script [H=cgi-script]\n"
         "RewriteRule ^i$ /a.html [H=default-handler]\nRewriteRule ^j$ /env.php [T=text/x-j]",
         "/env.php", "/index.php", "/env.php/more", "/h", "/i", "/j", "/",
         files={"script": ENV, "index.php": ENV}),
    case("type_is_handler", "RewriteRule ^(a|s)$ - [T=cgi-script]\n"
         "RewriteRule ^(b|s2)$ - [T=application/x-httpd-cgi]", "/a", "/b", "/s", "/s2",
         files={"a": "a\n", "b": "b\n", "s": ENV, "s2": ENV}),
    # What rules set for the index file does not replace what they set for its directory.
    case("env_of_index", "RewriteRule ^(.*)$ - [E=V:$1]\nRewriteCond %{ENV:V} (.*index.*)\n"
         "RewriteRule ^ - [E=W:%1]\nRewriteRule index - [E=!X]\nHeader set X %{V}e\n",
         "/", "/sub/", "/only/", "/env.php", "/sub/x.html",
         files={"only/index.php": ENV}, config="SetEnvIf Host . X=x\n"),
    # B
    case("escape_groups", "RewriteRule ^b1/(.*)$ env.php?x=$1 [B]\n"
         "RewriteRule ^b2/(.*)$ env.php?x=$1 [B,BNP]\n"
         "RewriteRule ^b3/(.*)$ env.php?x=$1 [B=?&;]\n"
         "RewriteRule ^b4/(.*)$ env.php?x=$1 [B,BNE=/.]\n"
         "RewriteRule ^b5/(.*)$ env.php?x=$1 [BCTLS]\nRewriteRule ^b6/(.*)$ env.php?x=$1\n"
         "RewriteRule ^b7/(.*)$ env.php?x=$1 [BCTLS,B=?]\nRewriteRule ^b8/(.*)$ env.php/$1 [B]",
         *[f"/b{i}/{t}" for i in range(1, 9) for t in
           ("a%20b", "a%26b%3bc", "x/y.z", "a+b%25", "%c3%a9", "a%09b")]),
    case("unsafe_question", "RewriteRule ^u1/(.*)$ $1\nRewriteRule ^u2/(.*)$ $1 [UnsafeAllow3F]\n"
         "RewriteRule ^u3/(.*)$ env.php?x=$1\nRewriteRule ^u4/(.*)$ $1 [B]\n"
         "RewriteRule ^u5/(.*)$ http://o.test/$1 [R]\nRewriteRule ^u6/(.*)$ %{REQUEST_URI}x$1",
         "/u1/env.php%3fa=b", "/u2/env.php%3fa=b", "/u3/a%3fb", "/u4/env.php%3fa", "/u5/x%3fy",
         "/u6/%3f", "/u1/a.html"),
    # path info
    case("path_info", "RewriteRule ^env\\.php/x$ a.html [L]\nRewriteRule ^p/(.*)$ env.php/$1\n"
         "RewriteRule ^env\\.php/drop env.php?dropped [DPI]\nRewriteRule ^(env\\.php)/keep $1",
         "/env.php/x", "/env.php/y", "/p/1/2", "/p/", "/env.php/drop", "/env.php/keep",
         "/a.html/more", "/none/a/b"),
    case("missing_parts", "RewriteRule .* - [E=V:%{REQUEST_FILENAME}|%{PATH_INFO}]\n"
         "RewriteRule ^ env.php [L]", "/n1/n2/n3", "/sub/n1/n2", "/n1/", "/sub/n1/", "/env.php/pi",
         "/a.html/pi/", "/only/", "/"),
    # directories
    case("directories", "RewriteRule ^sub/$ a.html\nRewriteRule ^only$ b.html\n"
         "RewriteRule ^only/$ b.html\nRewriteRule ^new$ only\nRewriteRule ^new/$ only/",
         "/sub/", "/sub", "/sub?q=1", "/only", "/only/", "/new", "/new/", "/sub/x.html"),
    case("index_rewritten", "RewriteRule ^index\\.html$ text.txt [L]\n"
         "RewriteRule ^sub/index\\.html$ a.html [L]", "/", "/sub/", "/index.html", "/only/"),
    case("index_nosubreq", "RewriteRule ^sub/index\\.html$ a.html [NS]\n"
         "RewriteRule ^index\\.php$ b.html [NS,L]", "/sub/", "/", "/index.php",
         "/sub/index.html"),
    case("index_redirect", "RewriteRule index\\.html$ /a.html [R]\n"
         "RewriteRule ^index.php$ / [R=301,L]",
         "/sub/", "/", "/sub/index.html", "/index.php"),
    case("index_forbidden", "RewriteRule index\\.html$ - [F]\nRewriteRule index.php - [G]", "/sub/",
         "/", "/index.php"),
    case("is_subreq", "RewriteCond %{IS_SUBREQ} true\nRewriteRule ^ - [E=V:sub]\n"
         "RewriteCond %{IS_SUBREQ} false\nRewriteRule ^ - [E=W:main]", "/", "/env.php", "/none"),
    case("root_itself", "RewriteRule ^$ env.php [L]", "/", "/?q=1", "/index.php"),
    case("front_controller", FRONT, "/", "/post", "/2020/01/post/", "/a.html", "/sub/", "/sub",
         "/sub/none", "/index.php", "/post?x=1", "/a%20b", "/wp-content/none.css?v=1",
         Get("/post", {"Content-Type": "text/x"}, method="POST", body=b"x=1"),
         "/none.html/x", "/index.php/path", "/%e4%f6"),
    case("no_slash", "RewriteRule ^$ /a.html [L]", "/sub", "/sub/", "/only", "/only/",
         files={"sub/.htaccess": "RewriteEngine On\nRewriteRule ^$ /a.html [L]\n",
                "only/.htaccess": "RewriteEngine On\nRewriteOptions AllowNoSlash\n"
                                  "RewriteRule ^(.*)$ /b.html [L]\n"}),
    case("no_directory_slash", "DirectorySlash Off\nRewriteRule ^sub$ a.html\n"
         "RewriteRule ^only$ only/y.html", "/sub", "/only", "/sub/"),
    # base
    case("base", "RewriteBase /base/\nRewriteRule ^x$ a.html\nRewriteRule ^r$ a.html [R]\n"
         "RewriteRule ^s$ /a.html\nRewriteRule ^t$ /a.html [R]\n"
         "RewriteRule ^u$ http://o.test/a [R]",
         "/x", "/r", "/s", "/t", "/u"),
    case("base_sub", "RewriteRule ^base/(.*)$ env.php?$1", "/sub/x", "/sub/r", "/sub/a%20b",
         files={"sub/.htaccess": "RewriteEngine On\nRewriteBase /base\nRewriteRule ^x$ new\n"
                                 "RewriteRule ^r$ new [R]\nRewriteRule ^a(.*) q$1 [R]\n"}),
    case("base_alias", "", "/al/x", "/al/r", "/al/d/", "/al2/x", "/al2/r", "/al/none",
         config='Alias /al {dir}/al\nAliasMatch ^/al2/(.*) {dir}/al/$1\n',
         files={"{dir}/al/.htaccess": "RewriteEngine On\nRewriteRule ^x$ y.html\n"
                                      "RewriteRule ^r$ y.html [R]\nRewriteRule ^d/$ y.html\n",
                "{dir}/al/y.html": "aliased\n"}),
    case("ignore_context", "", "/al/x", "/al/r", config='Alias /al {dir}/al\n',
         files={"{dir}/al/.htaccess": "RewriteEngine On\nRewriteOptions IgnoreContextInfo\n"
                                      "RewriteRule ^x$ y.html\nRewriteRule ^r$ y.html [R]\n",
                "{dir}/al/y.html": "aliased\n"}),
    # inheritance
    case("inherit_not", "RewriteRule ^sub/p$ /a.html\nRewriteRule x\\.html$ /b.html", "/sub/p",
         "/sub/x.html", "/sub/own",
         files={"sub/.htaccess": "RewriteEngine On\nRewriteRule ^own$ /text.txt\n"}),
    case("inherit_off", "RewriteRule x\\.html$ /b.html", "/sub/x.html", "/only/x.html",
         files={"sub/.htaccess": "RewriteEngine Off\n",
         "only/.htaccess": "DirectoryIndex y.html\n"}),
    case("inherit", "RewriteRule x\\.html$ /b.html\nRewriteRule own /b.html", "/sub/x.html",
         "/sub/own",
         files={"sub/.htaccess": "RewriteEngine On\nRewriteOptions Inherit\n"
                                 "RewriteRule ^own$ /text.txt [L]\n"}),
    case("inherit_before", "RewriteRule own /b.html [L]", "/sub/own",
         files={"sub/.htaccess": "RewriteEngine On\nRewriteOptions InheritBefore\n"
                                 "RewriteRule ^own$ /text.txt [L]\n"}),
    case("inherit_down", "RewriteOptions InheritDown\nRewriteRule x\\.html$ /b.html", "/sub/x.html",
         "/only/x.html", "/sub/own",
         files={"sub/.htaccess": "RewriteEngine On\nRewriteRule ^own$ /text.txt [L]\n",
                "only/.htaccess": "RewriteEngine On\nRewriteOptions IgnoreInherit\n"}),
    case("inherit_down_before", "RewriteOptions InheritDownBefore\nRewriteRule own /b.html [L]",
         "/sub/own",
         files={"sub/.htaccess": "RewriteEngine On\nRewriteRule ^own$ /text.txt [L]\n"}),
    case("merge_base", "RewriteBase /from/above\nRewriteOptions MergeBase", "/sub/x", "/only/x",
         files={"sub/.htaccess": "RewriteEngine On\nRewriteRule ^x$ y [R]\n",
                "only/.htaccess": "RewriteEngine On\nRewriteBase /own\nRewriteRule ^x$ y [R]\n"}),
    # options, places
    case("options_off", "Options -FollowSymLinks +ExecCGI\nRewriteRule ^x$ a.html", "/x", "/a.html",
         errors=("AH00670: Options FollowSymLinks and SymLinksIfOwnerMatch are both off, so the "
                 "RewriteRule directive is also forbidden due to its similar ability to circumvent "
                 "directory restrictions : ",)),
    case("options_owner", "Options -FollowSymLinks +SymLinksIfOwnerMatch +ExecCGI\n"
         "RewriteRule ^x$ a.html", "/x"),
    case("options_off_engine_off", "Options -FollowSymLinks +ExecCGI\nRewriteEngine Off\n"
         "RewriteRule ^x$ a.html", "/x", "/a.html"),
    case("directory_section", None, "/x.html", "/sub/x.html", "/sub/z",
         config='<Directory "{root}">\nRewriteEngine On\nRewriteRule ^x\\.html$ a.html\n'
                '</Directory>\n<Directory "{root}/sub">\nRewriteEngine On\nRewriteRule ^z$ x.html\n'
                '</Directory>'),
    case("directory_glob", None, "/sub/z", "/x",
         config='<Directory "{root}/*">\nRewriteEngine On\nRewriteRule z$ /a.html\n</Directory>\n'
                '<DirectoryMatch "^{root}$">\nRewriteEngine On\nRewriteRule x$ /b.html\n'
                '</DirectoryMatch>'),
    case("location_section", None, "/sub/z", "/sub/q", "/r", "/sub/r",
         config='<Location "/sub">\nRewriteEngine On\nRewriteRule z$ /a.html\n'
                'RewriteRule q$ rel\nRewriteRule r$ /to [R]\n</Location>'),
    case("files_section", None, "/a.html", "/b.html", "/sub/x.html",
         config='<Files "a.html">\nRewriteEngine On\nRewriteRule a\\.html$ /b.html\n</Files>\n'
                '<FilesMatch "^x">\nRewriteEngine On\nRewriteRule .* - [F]\n</FilesMatch>'),
    case("if_section", '<If "%{QUERY_STRING} == \'go\'">\nRewriteEngine On\n'
         "RewriteRule .* /b.html\n</If>\n<If \"%{QUERY_STRING} == 'rel'\">\nRewriteRule .* rel\n"
         "</If>\n<If \"%{QUERY_STRING} == 'no'\">\nRewriteRule ^ - [F]\n</If>\n",
         "/a.html?go", "/a.html", "/a.html?rel", "/a.html?no"),
    case("files_in_htaccess", "<Files a.html>\nRewriteRule .* /b.html\n</Files>\n"
         "RewriteRule ^x$ /a.html", "/a.html", "/x", "/b.html"),
    # with other modules
    case("with_redirect", "Redirect /x /fromredirect\nRewriteRule ^x$ a.html\n"
         "RewriteRule ^y$ a.html [R]\nRedirect /y /fromredirect", "/x", "/y"),
    case("with_fallback", "FallbackResource /env.php\nRewriteRule ^x$ a.html\n"
         "RewriteRule ^env.php$ - [E=V:1]", "/x", "/none", "/none/x"),
    case("with_alias_target", "RewriteRule ^x$ /al/y.html\nRewriteRule ^c$ /cgi/env",
         "/x", "/c", config='Alias /al {dir}/al\nScriptAlias /cgi/ {dir}/cgi/\n',
         files={"{dir}/al/y.html": "aliased\n", "{dir}/cgi/env": ENV}),
    case("access_denied", "RewriteRule ^x$ secret.html\nRewriteRule ^secret.html$ a.html\n"
         "<Files secret.html>\nRequire all denied\n</Files>", "/x", "/secret.html",
         files={"secret.html": "secret\n"}),
    case("htaccess_asked_for", "RewriteRule ^x$ .htaccess", "/x", "/.htaccess",
         config='<Files ".ht*">\nRequire all denied\n</Files>\n'),
    case("links", FRONT, "/link.html", "/broken", files={"link.html": Link("a.html"),
                                                        "broken": Link("nowhere")}),
    case("unreadable", FRONT, "/a.html", "/none"),
    case("methods", "RewriteCond %{REQUEST_METHOD} !^(GET|POST|HEAD)$\nRewriteRule .* - [F]\n"
         "RewriteCond %{REQUEST_METHOD} POST\nRewriteRule ^a.html$ env.php",
         "/a.html", Get("/a.html", method="DELETE"), Get("/a.html", method="POST", body=b"x"),
         Get("/", method="OPTIONS"), Get("/", method="POST", body=b"x")),
    case("vary", "RewriteCond %{HTTP_USER_AGENT} foo\nRewriteRule ^x$ a.html\n"
         "RewriteCond %{HTTP:Accept-Language} de\nRewriteRule ^a.html$ b.html\n"
         "RewriteCond %{HTTP_COOKIE} k [NV]\nRewriteRule ^y$ a.html\n"
         "RewriteCond %{HTTP_HOST} vary\nRewriteRule ^z$ a.html\n"
         "RewriteCond %{HTTP_REFERER} r [OR]\nRewriteCond %{HTTP_ACCEPT} a\n"
         "RewriteRule ^o$ a.html\n"
         "RewriteCond %{HTTP_REFERER} r\nRewriteRule ^e$ /x [R]",
         Get("/x", {"User-Agent": "foo"}), Get("/x", {"User-Agent": "bar"}), "/x",
         Get("/a.html", {"Accept-Language": "de"}), Get("/x", {"User-Agent": "foo",
                                                             "Accept-Language": "de"}),
         Get("/y", {"Cookie": "k=1"}), "/z", Get("/o", {"Referer": "r", "Accept": "a"}),
         Get("/o", {"Referer": "x", "Accept": "a"}), Get("/e", {"Referer": "r"})),
    case("quotes", 'RewriteRule "^q 1$" "c d.html"\nRewriteRule ^q\\ 2$ c\\ d.html\n'
         "RewriteRule '^q 3$' 'c d.html' [L]\n"
         'RewriteRule ^q4$ "c d.html" "[L]"\nRewriteRule ^q5$ a.html [L,\tE=V:1 ]\n'
         'RewriteRule ^q6$ "a.html" [ L , NC ]',
         "/q%201", "/q%202", "/q%203", "/q4", "/q5", "/q6"),
    case("backslashes", "RewriteRule ^b1$ a\\.html\nRewriteRule ^b2$ env.php?a\\$1\\%1\\\\x\n"
         "RewriteRule ^b3$ env.php?%x$x%{x$\nRewriteRule ^b4$ env.php?$$%%",
         "/b1", "/b2", "/b3", "/b4"),
    case("hash_in_target", "RewriteRule ^h1$ env.php#frag\nRewriteRule ^h2$ env.php?a#b\n"
         "RewriteRule ^h3$ /x#y [R,NE]", "/h1", "/h2", "/h3"),
]
