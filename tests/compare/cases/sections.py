"""Which sections hold for a request, and in which order they are merged."""

from compare import Case, Get, Link, Verdict, cgi_env

MAIN = """
<Directory "{root}">
	Header set X-Main directory
</Directory>
<Location "/main">
	Header set X-Place main-location
</Location>
<Files "main.txt">
	Header set X-Place main-files
</Files>
<If "%{QUERY_STRING} == 'main'">
	Header set X-If main
</If>
"""


def place(name, kind, argument, inner=""):
    """A section that says which one it is."""
    return f'<{kind} {argument}>\n\tHeader append X-Order {name}\n\tHeader set X-Last {name}\n' \
           f"{inner}</{kind.split(' ')[0]}>\n"


def chain(*names):
    return "".join(place(*n) for n in names)


TREE = {"a/b/c/f.txt": "f\n", "a/b/f.txt": "f\n", "a/f.txt": "f\n", "f.txt": "f\n",
        "a/b/index.html": "index b\n", "a/index.html": "index a\n", "a/b/c/g.html": "g\n",
        "ab/f.txt": "f\n"}
ALL = [Get("/f.txt"), Get("/a/f.txt"), Get("/a/b/f.txt"), Get("/a/b/c/f.txt"), Get("/ab/f.txt"),
       Get("/a/"), Get("/a/b/"), Get("/a/b/c/g.html"), Get("/a/none.txt"), Get("/a/b/c/"),
       Get("/none/f.txt"), Get("/a"), Get("/A/f.txt")]

CASES = [
    # <Directory>: the shortest first, whatever the order written; wildcards; patterns last.
    Case("shortest_first", files=TREE, requests=ALL, config=chain(
        ("deep", "Directory", '"{root}/a/b/c"'), ("top", "Directory", '"{root}"'),
        ("mid", "Directory", '"{root}/a/b"'), ("a", "Directory", '"{root}/a"'))),
    Case("same_length", files=TREE, requests=ALL, config=chain(
        ("one", "Directory", '"{root}/a"'), ("two", "Directory", '"{root}/a"'),
        ("star", "Directory", '"{root}/*"'), ("three", "Directory", '"{root}/a/"'))),
    Case("directory_wild", files=TREE, requests=ALL, config=chain(
        ("star", "Directory", '"{root}/*/b"'), ("question", "Directory", '"{root}/a?"'),
        ("set", "Directory", '"{root}/[a-c]"'), ("deep", "Directory", '"{root}/*"'))),
    Case("directory_slashes", files=TREE, requests=ALL, config=chain(
        ("end", "Directory", '"{root}/a/"'), ("double", "Directory", '"{root}//a//b"'),
        ("dot", "Directory", '"{root}/./ab"'), ("up", "Directory", '"{root}/ab/../a/b/c"'))),
    Case("directory_match", files=TREE, requests=ALL, config=chain(
        ("match", "DirectoryMatch", '"/root/a/b"'), ("tilde", "Directory ~", '"/root/a"'),
        ("plain", "Directory", '"{root}/a/b/c"'), ("end", "DirectoryMatch", '"/b/$"'),
        ("f", "DirectoryMatch", r'"f\.txt$"'), ("slashless", "DirectoryMatch", '"root"'))),
    Case("directory_match_order", files=TREE, requests=ALL, config=chain(
        ("four", "DirectoryMatch", '"/root/a/b/c"'), ("none", "DirectoryMatch", '"root"'),
        ("two", "DirectoryMatch", '"/root/a"'), ("again", "DirectoryMatch", '"oot"'))),

    # <Files>
    Case("files", files=TREE, requests=ALL, config=chain(
        ("name", "Files", '"f.txt"'), ("star", "Files", '"*.html"'), ("all", "Files", '"*"'),
        ("q", "Files", '"?.txt"'), ("set", "Files", '"[fg].*"'), ("dir", "Files", '"a"'))),
    Case("files_match", files=TREE, requests=ALL, config=chain(
        ("txt", "FilesMatch", r'"\.txt$"'), ("tilde", "Files ~", r'"^g\."'),
        ("empty", "FilesMatch", '"^$"'), ("ahead", "FilesMatch", r'"^(?!f).*\.[a-z]+$"'))),
    Case("files_in_directory", files=TREE, requests=ALL, config=(
        '<Directory "{root}/a">\n' + place("inner", "Files", '"f.txt"')
        + place("match", "FilesMatch", '"^f"') + "</Directory>\n"
        + place("outer", "Files", '"f.txt"') + place("b", "Directory", '"{root}/a/b"'))),
    Case("files_over_directory", files=TREE, requests=ALL, config=chain(
        ("files", "Files", '"f.txt"'), ("directory", "Directory", '"{root}"'))),
    Case("files_denied", files={**TREE, ".htpasswd": "x", ".ht": "x", "x.bak": "x"},
         requests=[Get("/.htpasswd"), Get("/.ht"), Get("/x.bak"), Get("/f.txt"), Get("/.htnone"),
                   Get("/a/.htaccess"), Get("/none.bak")],
         config='<FilesMatch "^\\.ht">\nRequire all denied\n</FilesMatch>\n'
                '<Files "*.bak">\nRequire all denied\n</Files>\n',
         errors=(r"AH01630: client denied by server configuration: .*/\.htpasswd",)),
    Case("files_all_denied", files=TREE, requests=[Get("/a/"), Get("/a"), Get("/f.txt"), Get("/")],
         config='<Files "*">\nRequire all denied\n</Files>\n'),
    Case("files_allow_again", files={"x.php": "x", "ok.php": "ok"},
         requests=[Get("/x.php"), Get("/ok.php")],
         config='<FilesMatch "\\.php$">\nRequire all denied\n</FilesMatch>\n'
                '<Files "ok.php">\nRequire all granted\n</Files>\n'),

    # <Location>
    Case("location", files=TREE, requests=ALL + [Get("/a//f.txt"), Get("/%61/f.txt"),
                                                 Get("/a/../a/f.txt"), Get("/a/f.txt?x=/b")],
         config=chain(
        ("a", "Location", '"/a"'), ("slash", "Location", '"/a/"'), ("file", "Location", '"/f.txt"'),
        ("root", "Location", '"/"'), ("star", "Location", '"/a/*"'),
        ("twostar", "Location", '"/*/*"'), ("q", "Location", '"/a?/f.txt"'),
        ("deep", "Location", '"/a/b/c"'))),
    Case("location_match", files=TREE, requests=ALL, config=chain(
        ("b", "LocationMatch", '"/b"'), ("txt", "Location ~", r'"\.txt$"'),
        ("begin", "LocationMatch", '"^/a/(b|x)/"'), ("dir", "LocationMatch", '"/$"'),
        ("html", "LocationMatch", r'"\.html$"'))),
    Case("location_over", files=TREE, requests=ALL, config=chain(
        ("location", "Location", '"/a"'), ("files", "Files", '"f.txt"'),
        ("directory", "Directory", '"{root}/a/b"'), ("match", "DirectoryMatch", '"/a"'))),
    Case("location_grants", files=TREE, requests=ALL,
         config='<Directory "{root}">\nRequire all denied\n</Directory>\n'
                '<Location "/a">\nRequire all granted\n</Location>\n'
                '<Location "/a/b">\nRequire all denied\n</Location>\n'),
    Case("location_denies_directory", files=TREE, requests=ALL,
         config='<LocationMatch "^/a/$">\nRequire all denied\n</LocationMatch>\n'),
    Case("location_order", files=TREE, requests=ALL,
         config='<Location "/a/b">\nRequire all denied\n</Location>\n'
                '<Location "/a">\nRequire all granted\n</Location>\n'),
    Case("location_alias", files={"{dir}/x/f.txt": "f\n", "{dir}/x/index.html": "i\n"},
         requests=[Get("/al/f.txt"), Get("/al/"), Get("/al"), Get("/alx/f.txt")],
         config='Alias "/al" "{dir}/x"\n' + chain(
             ("url", "Location", '"/al"'), ("dir", "Directory", '"{dir}/x"'),
             ("wrong", "Location", '"{dir}/x"'))),

    # the main server's sections, then the virtual host's
    Case("over_main", files={"main": "m\n", "main.txt": "m\n", "o.txt": "o\n"},
         requests=[Get("/main"), Get("/main.txt"), Get("/o.txt?main"), Get("/main?main")],
         config='<Location "/main">\nHeader set X-Place vhost-location\n</Location>\n'
                '<Files "main.txt">\nHeader append X-Place vhost-files\n</Files>\n'
                '<If "%{QUERY_STRING} == \'main\'">\nHeader append X-If vhost\n</If>\n'),

    # <If>
    Case("if_else", files=TREE, requests=[Get("/f.txt"), Get("/f.txt?a"), Get("/f.txt?b"),
                                          Get("/f.txt?c"), Get("/f.txt?d"), Get("/a/?a")],
         config='<If "%{QUERY_STRING} == \'a\'">\nHeader append X-If if\n</If>\n'
                '<ElseIf "%{QUERY_STRING} == \'b\'">\nHeader append X-If elseif\n</ElseIf>\n'
                '<ElseIf "%{QUERY_STRING} =~ /[bc]/">\nHeader append X-If elseif2\n</ElseIf>\n'
                '<Else>\nHeader append X-If else\n</Else>\n'
                '<If "true">\nHeader append X-If true\n</If>\n'
                '<Else>\nHeader append X-If never\n</Else>\n'),
    Case("if_places", files=TREE, requests=ALL, config=(
        '<Directory "{root}/a">\n' + place("in-dir", "If", '"true"') + "</Directory>\n"
        '<Files "f.txt">\n' + place("in-files", "If", '"%{REQUEST_URI} =~ m#/b/#"') + "</Files>\n"
        '<Location "/a/b">\n' + place("in-location", "If", '"true"') + "</Location>\n"
        + place("server", "If", '"true"') + place("location", "Location", '"/"'))),
    Case("if_nested", files=TREE, requests=[Get("/f.txt"), Get("/f.txt?x"), Get("/a/f.txt?x")],
         config=place("outer", "If", '"true"',
                      place("inner", "If", "\"%{QUERY_STRING} == 'x'\"",
                            place("innermost", "If", '"%{REQUEST_URI} =~ m#^/a#"'))
                      + place("inner-else", "Else", "")).replace("<Else >", "<Else>")
         + place("beside", "If", '"true"')),
    Case("if_files_inside", files=TREE, requests=ALL,
         config='<If "true">\n' + place("files", "Files", '"f.txt"') + "</If>\n"),
    Case("if_denies", files=TREE, requests=[Get("/f.txt"), Get("/f.txt", {"User-Agent": "bad"}),
                                            Get("/a/", {"User-Agent": "bad"})],
         config='<If "%{HTTP_USER_AGENT} == \'bad\'">\nRequire all denied\n</If>\n'),
    Case("if_filename", files=TREE, requests=ALL,
         config='<If "-f %{REQUEST_FILENAME}">\nHeader set X-Is file\n</If>\n'
                '<ElseIf "-d %{REQUEST_FILENAME}">\nHeader set X-Is directory\n</ElseIf>\n'
                '<Else>\nHeader set X-Is nothing\n</Else>\n'),

    # Options
    Case("options_absolute", files={"a/x": "x", "a/b/x": "x", "a/b/c/x": "x"},
         requests=[Get("/a/"), Get("/a/b/"), Get("/a/b/c/")],
         config='<Directory "{root}/a">\nOptions Indexes\n</Directory>\n'
                '<Directory "{root}/a/b">\nOptions FollowSymLinks\n</Directory>\n'
                '<Directory "{root}/a/b/c">\nOptions All\n</Directory>\n', body=False),
    Case("options_relative", files={"a/x": "x", "a/l": Link("x"), "a/b/x": "x", "a/b/l": Link("x"),
                                    "a/b/c/x": "x", "a/b/c/l": Link("x")},
         requests=[Get(f"/{d}/{f}") for d in ("a", "a/b", "a/b/c") for f in ("", "l", "x")],
         config='<Directory "{root}/a">\nOptions +Indexes\n</Directory>\n'
                '<Directory "{root}/a/b">\nOptions -Indexes -FollowSymLinks\n</Directory>\n'
                '<Directory "{root}/a/b/c">\nOptions +FollowSymLinks +Indexes\n</Directory>\n',
         body=False),
    Case("options_two_lines", files={"a/x": "x", "a/l": Link("x"), "b/x": "x", "b/l": Link("x"),
                                     "c/x": "x", "c/l": Link("x")},
         requests=[Get(f"/{d}/{f}") for d in "abc" for f in ("", "l")],
         config='<Directory "{root}/a">\nOptions Indexes\nOptions +FollowSymLinks\n</Directory>\n'
                '<Directory "{root}/b">\nOptions +Indexes\nOptions None\n</Directory>\n'
                '<Directory "{root}/c">\nOptions None +Indexes\n</Directory>\n', body=False),
    Case("options_same_section_twice", files={"a/x": "x", "a/l": Link("x")},
         requests=[Get("/a/"), Get("/a/l")],
         config='<Directory "{root}/a">\nOptions Indexes FollowSymLinks\n</Directory>\n'
                '<Directory "{root}/a">\nOptions -FollowSymLinks\n</Directory>\n', body=False),
    Case("options_in_location", files={"a/x": "x", "b/x": "x"},
         requests=[Get("/a/"), Get("/b/")], body=False,
         config='<Location "/a">\nOptions +Indexes\n</Location>\n'),
    Case("options_in_files", files={"a/x": "x", "a/l": Link("x")}, body=False,
         requests=[Get("/a/"), Get("/a/l")],
         config='<Files "l">\nOptions None\n</Files>\n<Files "">\nOptions +Indexes\n</Files>\n'),
    Case("options_links", files={"t/f": "f", "l": Link("t"), "o/l": Link("{root}/t"),
                                 "o/f": Link("{root}/t/f"), "n/l": Link("{root}/t"),
                                 "n/f": Link("{root}/t/f"), "n/y/f": "f"},
         requests=[Get("/l/f"), Get("/o/l/f"), Get("/o/f"), Get("/n/l/f"), Get("/n/f"),
                   Get("/n/y/f")],
         config='<Directory "{root}/o">\nOptions SymLinksIfOwnerMatch\n</Directory>\n'
                '<Directory "{root}/n">\nOptions None\n</Directory>\n'
                '<Directory "{root}/n/y">\nOptions FollowSymLinks\n</Directory>\n',
         errors=(r"AH00037: Symbolic link not allowed or link target not accessible: .*/n/f",)),

    # what other modules set, merged
    Case("handler", ignore=("Content-Length", "Transfer-Encoding"), files={"x.html": "x",
        "a/x.cgi": cgi_env("REQUEST_URI"),
                           "a/y.txt": cgi_env("REQUEST_URI"), "a/b/x.cgi": "#plain",
                           "u/x.html": "x"},
         requests=[Get("/a/x.cgi"), Get("/a/y.txt"), Get("/a/b/x.cgi"), Get("/u/x.html"),
                   Get("/x.html")],
         config='<Directory "{root}/a">\nOptions +ExecCGI\nAddHandler cgi-script .cgi\n'
                '</Directory>\n<Files "y.txt">\nSetHandler cgi-script\n</Files>\n'
                '<Directory "{root}/a/b">\nSetHandler default-handler\n</Directory>\n'
                '<Directory "{root}/u">\nSetHandler Something_Nobody_Knows\n</Directory>\n'),
    Case("handler_none", ignore=("Content-Length", "Transfer-Encoding"),
         files={"a/x.cgi": cgi_env("REQUEST_URI"), "a/b/x.cgi": cgi_env("REQUEST_URI"),
                                "a/b/x.txt": "text"},
         requests=[Get("/a/x.cgi"), Get("/a/b/x.cgi"), Get("/a/b/x.txt")],
         config='<Directory "{root}/a">\nOptions +ExecCGI\nSetHandler cgi-script\n</Directory>\n'
                '<Directory "{root}/a/b">\nSetHandler None\nAddHandler cgi-script .cgi\n'
                '</Directory>\n'),
    Case("handler_expr", ignore=("Content-Length", "Transfer-Encoding"),
         files={"x.txt": cgi_env("REQUEST_METHOD"), "y.txt": "y"},
         requests=[Get("/x.txt"), Get("/x.txt?h=cgi-script")],
         config='<Files "x.txt">\nOptions +ExecCGI\n<If "%{QUERY_STRING} =~ /cgi-script/">\n'
                'SetHandler "%{tolower:CGI-script}"\n</If>\n</Files>\n'),
    Case("force_type", files={"a/x.html": "x", "a/b/x.html": "x", "a/b/c/x.html": "x"},
         requests=[Get("/a/x.html"), Get("/a/b/x.html"), Get("/a/b/c/x.html")],
         config='<Directory "{root}/a">\nForceType Text/Plain\n</Directory>\n'
                '<Directory "{root}/a/b">\nForceType None\n</Directory>\n'
                '<Location "/a/b/c">\nForceType application/x-y\n</Location>\n'),

    # <Limit>
    Case("limit", files={"a/x": "x", "b/x": "x", "c/x": "x"},
         requests=[Get(f"/{d}/x", method=m, body=b"b" if m in ("POST", "PUT") else None)
                   for d in "abc" for m in ("GET", "HEAD", "POST", "PUT", "OPTIONS")],
         config='<Directory "{root}/a">\n<Limit POST PUT>\nRequire all denied\n</Limit>\n'
                '</Directory>\n'
                '<Directory "{root}/b">\n<LimitExcept GET>\nRequire all denied\n</LimitExcept>\n'
                '</Directory>\n'
                '<Directory "{root}/c">\nOrder allow,deny\nAllow from all\n<Limit GET>\n'
                'Order deny,allow\nDeny from all\n</Limit>\n</Directory>\n'),
]

VERDICTS = [
    Verdict('<Directory "/x">\n<Directory "/y">\n</Directory>\n</Directory>', ok=False,
            message="<Directory not allowed in <Directory> context"),
    Verdict('<Directory "/x">\n<Location "/y">\n</Location>\n</Directory>', ok=False,
            message="<Location not allowed in <Directory> context"),
    Verdict('<Location "/x">\n<Files "y">\n</Files>\n</Location>', ok=False,
            message="cannot occur within <Location> section"),
    Verdict('<Location "/x">\n<If "true">\n</If>\n</Location>'),
    Verdict('<Files "x">\n<Files "y">\n</Files>\n</Files>'),
    Verdict('<Files "x">\n<If "true">\n</If>\n</Files>'),
    Verdict('<If "true">\n<Files "y">\n</Files>\n</If>'),
    Verdict('<If "true">\n<Location "/y">\n</Location>\n</If>', ok=False),
    Verdict('<If "true">\n<If "true">\n</If>\n</If>'),
    Verdict('<If "true">\n</If>\n<Else>\n</Else>'),
    Verdict('<If "true">\n</If>\n<Else>\n</Else>\n<Else>\n</Else>', ok=False,
            message="<Else> or <ElseIf> section without previous <If> or"),
    Verdict('<If "true">\n</If>\n<ElseIf "true">\n</ElseIf>\n<ElseIf "true">\n</ElseIf>'),
    Verdict('<If "true">\n</If>\nOptions None\n<Else>\n</Else>'),
    Verdict('<Else>\n</Else>', ok=False),
    Verdict('<Else true>\n</Else>', ok=False),
    Verdict('<If "true">\n</If>\n<Else true>\n</Else>', ok=False,
            message="<Else> does not take an argument"),
    Verdict('<If>\n</If>', ok=False),
    Verdict('<If true false>\n</If>', ok=False),
    Verdict('<If "nonsense &&">\n</If>', ok=False, message="Cannot parse condition clause"),
    Verdict('<Files>\n</Files>', ok=False),
    Verdict('<Files "a" "b">\n</Files>', ok=False,
            message=r"Multiple <Files> arguments not \(yet\) supported"),
    Verdict('<Files ~ "a" "b">\n</Files>', ok=False),
    Verdict('<Files ~ "a(">\n</Files>', ok=False, message="Regex could not be compiled"),
    Verdict('<FilesMatch "a(?=b)">\n</FilesMatch>'),
    Verdict('<LocationMatch "(">\n</LocationMatch>', ok=False,
            message="Regex could not be compiled"),
    Verdict('<Directory>\n</Directory>', ok=False),
    Verdict('<Directory ~ "^/home/[^/]+/www">\n</Directory>'),
    Verdict('<Directory "/home/*/public_html">\n</Directory>'),
    Verdict('<Directory "/a" "/b">\n</Directory>', ok=False),
    Verdict('<Limit GET>\n</Limit>', ok=False),
    Verdict('<Limit GET>\nRequire all denied\n</Limit>', where="directory"),
    Verdict('<Limit GET>\n<Files "x">\n</Files>\n</Limit>', where="directory", ok=False,
            message="<Files> cannot occur within <Limit> or <LimitExcept> section"),
    Verdict('<Limit GET>\n<If "true">\n</If>\n</Limit>', where="directory", ok=False),
    Verdict('<Limit TRACE>\n</Limit>', where="directory", ok=False,
            message="TRACE cannot be controlled by <Limit>, see TraceEnable"),
    Verdict('<LimitExcept TRACE>\n</LimitExcept>', where="directory"),
    Verdict('<Limit GET>\n<Limit POST>\n</Limit>\n</Limit>', where="directory", ok=False,
            message="<Limit> directive excludes all methods"),
    Verdict('<Limit GET>\n<Limit GET>\n</Limit>\n</Limit>', where="directory", ok=False,
            message="<Limit> directive specifies methods already excluded"),
    Verdict('<Limit GET POST>\n<Limit GET>\nRequire all denied\n</Limit>\n</Limit>',
            where="directory"),
    Verdict('<Limit>\n</Limit>', where="directory", ok=False),
    Verdict('<Limit PROPFIND MKCOL VERSION-CONTROL>\nRequire all denied\n</Limit>',
            where="directory"),
    Verdict("<Limit PURGE>\nRequire all denied\n</Limit>", where="directory"),
    Verdict("Options", where="directory"),
    Verdict("Options Indexes +FollowSymLinks", where="directory", ok=False,
            message=r"Either all Options must start with \+ or -, or no Option may"),
    Verdict("Options +Indexes FollowSymLinks", where="directory", ok=False),
    Verdict("Options All +MultiViews", where="directory"),
    Verdict("Options None -Indexes", where="directory"),
    Verdict("Options Indexes None", where="directory", ok=False,
            message="'Options None' must be the first Option given"),
    Verdict("Options Indexes All", where="directory", ok=False),
    Verdict("Options +None", where="directory", ok=False,
            message=r"You may not use 'Options \+None' or 'Options -None'"),
    Verdict("Options -All", where="directory", ok=False),
    Verdict("Options RunScripts", where="directory"),
    Verdict("Options Indexs", where="directory", ok=False, message="Illegal option Indexs"),
    Verdict("Options -Indexes"), Verdict("Options -Indexes", where="vhost"),
    Verdict("AllowOverride None", ok=False, message="AllowOverride not allowed here"),
    Verdict("AllowOverride All", where="vhost", ok=False,
            message="AllowOverride not allowed in <VirtualHost> context"),
    Verdict("AllowOverride", where="directory"),
    Verdict("AllowOverride Nonsense", where="directory", ok=False,
            message="Illegal override option Nonsense"),
    Verdict("AllowOverride AuthConfig FileInfo Indexes Limit Options", where="directory"),
    Verdict("AllowOverride None FileInfo", where="directory"),
    Verdict("AllowOverride Options=Indexes,MultiViews", where="directory"),
    Verdict("AllowOverride Options=All,MultiViews", where="directory"),
    Verdict("AllowOverride Options=", where="directory"),
    Verdict("AllowOverride Fileinfo=RewriteEngine,RewriteRule", where="directory"),
    Verdict("AllowOverride Nonfatal=Override All", where="directory"),
    Verdict("AllowOverride Nonfatal=Unknown", where="directory"),
    Verdict("AllowOverride Nonfatal=All", where="directory"),
    Verdict("AllowOverride Nonfatal=Other", where="directory"),
    Verdict("AllowOverride Nonfatal", where="directory", ok=False, message="=Override, =Unknown"),
    Verdict("AllowOverride All", where="location"), Verdict("AllowOverride All", where="files"),
    Verdict("AllowOverrideList Redirect RedirectMatch", where="directory"),
    Verdict("AllowOverrideList None", where="directory"),
    Verdict("AllowOverrideList None Redirect", where="directory", ok=False,
            message="'None' not allowed with other directives in AllowOverrideList"),
    Verdict("AllowOverrideList Nonsense Listen", where="directory"),
    Verdict("AccessFileName .acl .htaccess"), Verdict("AccessFileName .acl", where="vhost"),
    Verdict("AccessFileName .acl", where="directory", ok=False),
    Verdict("SetHandler", where="directory", ok=False), Verdict("SetHandler None"),
    Verdict("SetHandler a b", where="directory", ok=False),
    Verdict("SetHandler Drupal_Security_Do_Not_Remove_See_SA_2006_006", where="directory"),
    Verdict("ForceType text/plain"), Verdict("ForceType None", where="files"),
    Verdict("Listen 1", where="directory", ok=False,
            message="Listen not allowed in <Directory> context"),
    Verdict("ServerAlias x", ok=False),
    Verdict("Timeout 5", where="location", ok=False,
            message="Timeout not allowed in <Location> context"),
]
