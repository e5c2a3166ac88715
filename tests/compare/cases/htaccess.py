""".htaccess: where it is looked for, what it may hold, how it is merged, what an error does."""

from compare import Case, File, Get, Link, Verdict, cgi_env

MODULES = ["macro"]
MAIN = """
Define SERVER_DEFINED yes
Define ValueOf "a value"
"""


def allow(what, path="{root}", more=""):
    return f'<Directory "{path}">\nAllowOverride {what}\n{more}</Directory>\n'


def says(text):
    return f"Header append X-Order {text}\nHeader set X-Last {text}\n"


def one(name, text, override="All", requests=(), config="", files=(), **more):
    """A .htaccess in the document root beside a file x."""
    return Case(name, files={".htaccess": text, "x": "x\n", "x.html": "<p>\n", **dict(files)},
                config=allow(override) + config, requests=list(requests) or [Get("/x")], **more)


LONG = [7000, *range(8187, 8196), 9000]
JOINED = [7000, 8187, 8195, 9000]

CASES = [
    # where and in which order
    Case("levels", files={".htaccess": says("root"), "a/.htaccess": says("a"),
                          "a/b/.htaccess": says("b"), "f": "f", "a/f": "f", "a/b/f": "f",
                          "a/b/c/f": "f", "a/b/index.html": "i"},
         requests=[Get("/f"), Get("/a/f"), Get("/a/b/f"), Get("/a/b/c/f"), Get("/a/b/"),
                   Get("/a/b"), Get("/a/none"), Get("/a/none/f"), Get("/a/b/f/more"),
                   Get("/a/.htaccess")]),
    Case("from_allowed_on", files={".htaccess": says("root"), "a/.htaccess": says("a"),
                                   "a/b/.htaccess": says("b"), "f": "f", "a/f": "f", "a/b/f": "f"},
         requests=[Get("/f"), Get("/a/f"), Get("/a/b/f")],
         config=allow("None") + allow("All", "{root}/a") + allow("None", "{root}/a/b")),
    Case("after_its_directory", files={"a/.htaccess": says("htaccess"), "a/f.txt": "f",
                                       "a/b/f.txt": "f"},
         requests=[Get("/a/f.txt"), Get("/a/b/f.txt")],
         config=f'<Directory "{{root}}/a">\n{says("directory")}</Directory>\n'
                f'<Directory "{{root}}/a/b">\n{says("below")}</Directory>\n'
                f'<DirectoryMatch "/a">\n{says("match")}</DirectoryMatch>\n'
                f'<Files "f.txt">\n{says("files")}</Files>\n'
                f'<Location "/a">\n{says("location")}</Location>\n'
                f'<If "true">\n{says("if")}</If>\n'),
    Case("sections_in_it", files={
        ".htaccess": f'{says("plain")}<Files "f.txt">\n{says("files")}</Files>\n'
                     f'<FilesMatch "^f">\n{says("match")}</FilesMatch>\n'
                     f'<If "%{{QUERY_STRING}} == \'q\'">\n{says("if")}</If>\n'
                     f'<Else>\n{says("else")}</Else>\n',
        "a/.htaccess": f'<Files "f.txt">\n{says("a-files")}</Files>\n{says("a-plain")}'
                       f'<If "true">\n{says("a-if")}</If>\n',
        "f.txt": "f", "g.txt": "g", "a/f.txt": "f", "a/g.txt": "g"},
         requests=[Get(p) for p in ("/f.txt", "/g.txt", "/f.txt?q", "/a/f.txt", "/a/g.txt?q",
                                    "/a/")],
         config=f'<Files "f.txt">\n{says("server-files")}</Files>\n'
                f'<If "true">\n{says("server-if")}</If>\n'),
    Case("nested_if", files={
        ".htaccess": f'<Files "f.txt">\n<If "true">\n{says("in-files")}'
                     f'<If "%{{QUERY_STRING}} == \'q\'">\n{says("inner")}</If>\n</If>\n</Files>\n'
                     f'<If "true">\n<Files "f.txt">\n{says("never")}</Files>\n</If>\n',
        "f.txt": "f", "g.txt": "g"},
         requests=[Get("/f.txt"), Get("/f.txt?q"), Get("/g.txt?q")]),
    Case("alias", files={"{dir}/t/.htaccess": says("t"), "{dir}/t/f": "f",
                         "{dir}/.htaccess": says("d"),
                         ".htaccess": says("root")},
         requests=[Get("/al/f"), Get("/al/none"), Get("/al/")], config='Alias "/al" "{dir}/t"\n'),
    Case("link_to_directory", files={"t/.htaccess": says("t"), "t/f": "f", "l": Link("t"),
                                     ".htaccess": says("root")},
         requests=[Get("/l/f"), Get("/t/f")]),
    Case("link_to_htaccess", files={"a/.htaccess": Link("{dir}/real"), "{dir}/real": says("real"),
                                    "a/f": "f"}, requests=[Get("/a/f")]),
    Case("dangling_link", files={"a/.htaccess": Link("{dir}/none"), "a/f": "f"},
         requests=[Get("/a/f")]),
    Case("is_directory", files={"a/.htaccess/f": "f", "a/f": "f"},
         requests=[Get("/a/f"), Get("/a/.htaccess/f"), Get("/a/")],
         errors=(r"AH00529: .*/a/\.htaccess pcfg_openfile: unable to check htaccess file, ensure "
                 r"it is readable and that '.*/a/' is executable",)),
    Case("link_to_null", files={"a/.htaccess": Link("/dev/null"), "a/f": "f"},
         requests=[Get("/a/f")]),
    Case("empty", files={"a/.htaccess": "", "a/f": "f", "b/.htaccess": "# nothing\n\n\t\n",
                         "b/f": "f", "c/.htaccess": "Header set X-No newline", "c/f": "f"},
         requests=[Get(f"/{d}/f") for d in "abc"]),
    Case("crlf", files={"a/.htaccess": "Header set X-A a\r\n<Files f>\r\nHeader set X-F f\r\n"
                                       "</Files>\r\n", "a/f": "f"}, requests=[Get("/a/f")]),
    Case("continued",
         files={"a/.htaccess": "Header \\\n set \\\n X-A a\n# c \\\nHeader set X-B b\n",
                             "a/f": "f"}, requests=[Get("/a/f")]),
    Case("index_candidates", files={
        ".htaccess": "DirectoryIndex none.html first.html /a/other.html\n" + says("root"),
        "first.html": "first", "a/.htaccess": "DirectoryIndex index.txt sub/x.html\n" + says("a"),
        "a/other.html": "other", "a/sub/x.html": "sub", "a/sub/.htaccess": says("sub"),
        "b/.htaccess": "<Files x.html>\nRequire all denied\n</Files>\n"
                       "DirectoryIndex x.html y.html\n",
        "b/x.html": "x", "b/y.html": "y"},
         requests=[Get("/"), Get("/a/"), Get("/a/sub/"), Get("/b/")]),
    Case("error_only_below", files={"a/.htaccess": "Nonsense\n", "a/f": "f", "f": "f",
                                    "a/b/f": "f"},
         requests=[Get("/a/f"), Get("/a/b/f"), Get("/f"), Get("/a/"), Get("/a"), Get("/a/none")],
         errors=(r"core:alert\].*/a/\.htaccess: Invalid command 'Nonsense', perhaps misspelled or "
                 r"defined by a module not included in the server configuration",)),

    # access
    Case("denies", files={"a/.htaccess": "Require all denied\n", "a/f": "f", "a/index.html": "i",
                          "o/.htaccess": "Order deny,allow\nDeny from all\n", "o/f": "f",
                          "s/.htaccess": "<Files *.php>\nRequire all denied\n</Files>\n",
                          "s/f.php": "f", "s/f.txt": "f"},
         requests=[Get(p) for p in ("/a/f", "/a/", "/a", "/a/none", "/o/f", "/o/", "/s/f.php",
                                    "/s/f.txt", "/s/none.php")]),
    Case("grants", files={"a/.htaccess": "Require all denied\n", "a/b/.htaccess":
                          "Require all granted\n", "a/f": "f", "a/b/f": "f",
                          "a/c/.htaccess": "<Files f>\nRequire all granted\n</Files>\n",
                          "a/c/f": "f", "a/c/g": "g"},
         requests=[Get(p) for p in ("/a/f", "/a/b/f", "/a/c/f", "/a/c/g")]),
    Case("limit", files={"a/.htaccess": "<Limit POST>\nRequire all denied\n</Limit>\n", "a/f": "f",
                         "b/.htaccess": "<LimitExcept GET POST>\nRequire all denied\n"
                                        "</LimitExcept>",
                         "b/f": "f", "c/.htaccess": "<Limit GET POST>\nOrder Allow,Deny\n"
                         "Deny from all\n</Limit>\n", "c/f": "f"},
         requests=[Get(f"/{d}/f", method=m, body=b"" if m == "POST" else None)
                   for d in "abc" for m in ("GET", "HEAD", "POST", "OPTIONS")]),
    Case("require_sections", files={
        "a/.htaccess": "<RequireAll>\nRequire all granted\nRequire not ip 127.0.0.1\n"
                       "</RequireAll>\n",
        "a/f": "f",
        "b/.htaccess": "<RequireAny>\nRequire ip 10.9.8.7\n<RequireAll>\nRequire local\n"
                       "Require method GET\n</RequireAll>\n</RequireAny>\n", "b/f": "f"},
         requests=[Get("/a/f"), Get("/b/f"), Get("/b/f", method="POST", body=b"")]),

    # AllowOverride's classes
    *[one(f"class_{override.lower()}_{i}", text + "\n", override)
      for override in ("AuthConfig", "FileInfo", "Indexes", "Limit", "Options")
      for i, text in enumerate(("Require all denied", "Header set X-A a", "DirectoryIndex x",
                                "Order deny,allow", "Options -Indexes", "ErrorDocument 404 no",
                                "<Limit GET>\n</Limit>", "<Files x>\n</Files>",
                                "AddType text/x .x"))],
    one("class_two", "Header set X-A a\nOptions +Indexes\n", "FileInfo Options"),
    one("none_then_all", "Header set X-A a\n", "None All"),
    one("all_then_none", "Nonsense\n", "All None"),
    one("nothing", "Nonsense\n", ""),
    one("limit_with_list", "Order deny,allow\nDeny from all\n", "Limit=Order"),
    one("in_section", "<Files x>\nOptions -Indexes\n</Files>\n", "FileInfo",
        errors=(r"/\.htaccess: Options not allowed in <Files> context",)),
    one("not_allowed", "Options -Indexes\n", "FileInfo",
        errors=(r"/\.htaccess: Options not allowed here",)),
    one("section_not_allowed", "<Directory />\n</Directory>\n",
        errors=(r"/\.htaccess: <Directory not allowed here",)),
    one("location_not_allowed", "<Location />\n</Location>\n",
        errors=(r"/\.htaccess: <Location not allowed here",)),
    one("server_only", "Listen 80\n", errors=(r"/\.htaccess: Listen not allowed here",)),
    one("server_only_in_files", "<Files y>\nServerName x\n</Files>\n",
        errors=(r"/\.htaccess: ServerName not allowed in <Files> context",)),
    one("unknown_in_files", "<Files y>\nNonsense\n</Files>\n",
        errors=(r"/\.htaccess: Invalid command 'Nonsense'",)),
    one("unknown_section", "<Nonsense>\n</Nonsense>\n",
        errors=(r"/\.htaccess: Invalid command '<Nonsense'",)),
    one("unclosed", "<Files x>\nHeader set X-A a\n"),
    one("unopened", "</Files>\n"),
    one("wrong_end", "<Files x>\n</FilesMatch>\n"),
    one("include", "Include x\n", errors=(r"/\.htaccess: Include not allowed here",)),
    one("define", "Define x\n", errors=(r"/\.htaccess: Define not allowed here",)),
    one("virtual_host", "<VirtualHost *>\n</VirtualHost>\n"),
    one("macro", "<Macro a>\n</Macro>\n"),
    one("allow_override_in_it", "AllowOverride None\n",
        errors=(r"/\.htaccess: AllowOverride not allowed here",)),
    one("bad_argument", "Options Nonsense\n", errors=(r"/\.htaccess: Illegal option Nonsense",)),
    one("bad_condition", '<If "nonsense">\n</If>\n',
        errors=(r"/\.htaccess: Cannot parse condition clause: ",)),
    one("bad_regex", '<FilesMatch "(">\n</FilesMatch>\n',
        errors=(r"/\.htaccess: Regex could not be compiled",)),
    one("unknown_method", "<Limit FROBNICATE>\n</Limit>\n",
        errors=(r"/\.htaccess: Could not register method 'FROBNICATE' for <Limit from \.htaccess "
                r"configuration",)),
    one("first_error_counts", "Header set X-A a\nOptions Nonsense\nAlso nonsense\n",
        errors=(r"Illegal option Nonsense",)),

    # Nonfatal
    one("nonfatal_override", "Header set X-A a\nOptions +Indexes\n", "FileInfo Nonfatal=Override",
        requests=[Get("/x"), Get("/")]),
    one("nonfatal_override_unknown", "Nonsense\n", "FileInfo Nonfatal=Override"),
    one("nonfatal_unknown", "Header set X-A a\nNonsense\n", "FileInfo Nonfatal=Unknown"),
    one("nonfatal_unknown_override", "Options +Indexes\n", "FileInfo Nonfatal=Unknown"),
    one("nonfatal_all", "Nonsense\nOptions +Indexes\nHeader set X-A a\n", "FileInfo Nonfatal=All"),
    one("nonfatal_syntax", "Header nonsense\n", "FileInfo Nonfatal=All"),
    one("nonfatal_alone", "Header set X-A a\n", "Nonfatal=All"),
    one("nonfatal_then_all", "Nonsense\n", "Nonfatal=Unknown All"),
    one("all_then_nonfatal", "Nonsense\n", "All Nonfatal=Unknown"),
    one("nonfatal_in_files", "<Files x>\nNonsense\nHeader set X-A a\n</Files>\n",
        "All Nonfatal=Unknown"),

    # Options=
    *[one(f"options_list_{i}", f"Options {options}\n", f"Options={allowed}", body=False,
          requests=[Get("/x"), Get("/")])
      for i, (allowed, options) in enumerate((
          ("Indexes", "+Indexes"), ("Indexes", "-Indexes"), ("Indexes", "+FollowSymLinks"),
          ("Indexes,MultiViews", "Indexes -MultiViews"), ("Indexes,MultiViews", "+MultiViews"),
          ("All,MultiViews", "All"), ("All", "MultiViews"), ("None", "None"), ("None", "Indexes"),
          ("Indexes", "None"), ("Indexes", "All"), ("Indexes,FollowSymLinks", "-ExecCGI"),
          ("", "+Indexes"), ("SymLinksIfOwnerMatch", "-FollowSymLinks +SymLinksIfOwnerMatch")))],
    one("options_plain_class", "Options -MultiViews\n", "Options",
        errors=(r"/\.htaccess: Option MultiViews not allowed here",)),
    one("options_plain_owner", "Options +SymLinksIfOwnerMatch\n", "Options"),
    one("options_all_class", "Options -MultiViews +SymLinksIfOwnerMatch\n", "All"),
    Case("options_list_inherited", files={"a/.htaccess": "Options +FollowSymLinks\n", "a/f": "f",
                                          "b/.htaccess": "Options +Indexes\n", "b/f": "f",
                                          "c/.htaccess": "Options +FollowSymLinks\n", "c/f": "f"},
         requests=[Get("/a/f"), Get("/b/f"), Get("/c/f")],
         config=allow("Options=Indexes") + allow("All", "{root}/c")),

    # AllowOverrideList
    *[one(f"list_{i}", text, "None", config=f'<Directory "{{root}}">\nAllowOverrideList {names}\n'
          "</Directory>\n", body=False, requests=[Get("/x"), Get("/")])
      for i, (names, text) in enumerate((
          ("Header", "Header set X-A a\n"), ("header", "Header set X-A a\n"),
          ("Header", "Options +Indexes\n"), ("Header Options",
                                             "Options +Indexes\nHeader set X-A a\n"),
          ("Options", "Options +MultiViews +Indexes\n"), ("None", "Nonsense\n"),
          ("Nonsense", "Nonsense\n"), ("Listen Header", "Listen 8\n"),
          ("<Files Header", "<Files x>\nHeader set X-A a\n</Files>\n"),
          ("Require", "Require all denied\n"), ("Redirect", "Redirect 302 /x /y\n")))],
    Case("list_with_class", files={".htaccess": "Header set X-A a\nDirectoryIndex x\n", "x": "x"},
         config='<Directory "{root}">\nAllowOverride FileInfo\nAllowOverrideList DirectoryIndex\n'
                "</Directory>\n", requests=[Get("/x"), Get("/")]),
    Case("list_taken_back", files={"a/.htaccess": "Header set X-A a\n", "a/f": "f"},
         config='<Directory "{root}">\nAllowOverride None\nAllowOverrideList Header\n</Directory>\n'
                '<Directory "{root}/a">\nAllowOverrideList None\n</Directory>\n',
         requests=[Get("/a/f")]),
    Case("useless_in_location", files={"a/.htaccess": "Nonsense\n", "a/f": "f"},
         config=allow("None") + '<Location "/a">\nAllowOverride All\n</Location>\n',
         requests=[Get("/a/f")]),

    # AccessFileName
    Case("access_file_name", files={".acl": says("acl"), ".htaccess": says("htaccess"), "f": "f",
                                    "a/.htaccess": says("a"), "a/f": "f"},
         config="AccessFileName .acl\n", requests=[Get("/f"), Get("/a/f")]),
    Case("access_file_names", files={".acl": says("acl"), ".htaccess": says("htaccess"), "f": "f",
                                     "a/.htaccess": says("a"), "a/f": "f"},
         config="AccessFileName .acl .htaccess\n", requests=[Get("/f"), Get("/a/f")]),

    # conditions and variables of the server
    one("if_module", "<IfModule mod_headers.c>\nHeader set X-A a\n</IfModule>\n"
        "<IfModule !mod_headers.c>\nNonsense\n</IfModule>\n<IfModule mod_nonsense.c>\nNonsense\n"
        "</IfModule>\n<IfModule headers_module>\nHeader set X-B b\n<IfModule mod_mime.c>\n"
        "AddType text/x-b .html\n</IfModule>\n</IfModule>\n", requests=[Get("/x"), Get("/x.html")]),
    one("if_define", "<IfDefine SERVER_DEFINED>\nHeader set X-A a\n</IfDefine>\n"
        "<IfDefine !SERVER_DEFINED>\nNonsense\n</IfDefine>\n<IfDefine OTHER>\nNonsense\n"
        "</IfDefine>\n"),
    one("if_version", "<IfVersion >= 2.4>\nHeader set X-A a\n</IfVersion>\n"
        "<IfVersion < 2.4>\nNonsense\n</IfVersion>\n"),
    one("variable", 'Header set X-A "${ValueOf}"\nHeader set X-B "${NotDefinedAtAll}"\n'),

    # Options and all the rest, merged
    Case("options_merge", files={
        ".htaccess": "Options -Indexes\n", "f": "f", "a/.htaccess": "Options +Indexes\n",
        "a/f": "f",
        "b/.htaccess": "Options Indexes\n", "b/f": "f", "b/l": Link("f"),
        "c/.htaccess": "Options -FollowSymLinks +Indexes\n", "c/f": "f", "c/l": Link("f"),
        "c/d/.htaccess": "Options +FollowSymLinks\n", "c/d/f": "f", "c/d/l": Link("f")},
         requests=[Get(p) for p in ("/", "/a/", "/b/", "/b/l", "/c/", "/c/l", "/c/d/", "/c/d/l")],
         config='<Directory "{root}">\nOptions Indexes FollowSymLinks\n</Directory>\n', body=False),
    Case("handlers", files={
        ".htaccess": "AddHandler cgi-script .sh\nOptions +ExecCGI\n",
        "x.sh": cgi_env("REQUEST_URI", "SCRIPT_NAME"),
        "up/.htaccess": "SetHandler None\nRemoveHandler .sh\n", "up/x.sh": "#!/bin/sh\n",
        "set/.htaccess": "<Files y.txt>\nSetHandler cgi-script\n</Files>\n",
        "set/y.txt": cgi_env("REQUEST_URI"),
        "drupal/.htaccess": "SetHandler Drupal_Security_Do_Not_Remove_See_SA_2006_006\n"
                            "Options None\n<IfModule mod_php7.c>\nphp_flag engine off\n"
                            "</IfModule>\n",
        "drupal/x.sh": "#!/bin/sh\necho no\n", "drupal/x.txt": "text\n"},
         requests=[Get("/x.sh"), Get("/up/x.sh"), Get("/set/y.txt"), Get("/drupal/x.sh"),
                   Get("/drupal/x.txt"), Get("/drupal/none")]),
    Case("types", files={
        ".htaccess": "AddType text/x-root .abc\nForceType text/x-forced\n", "x.abc": "x",
        "a/.htaccess": "ForceType None\n", "a/x.abc": "x", "a/x.html": "x",
        "b/.htaccess": "AddType text/x-b .abc\n<FilesMatch \"^y\">\nForceType image/gif\n"
                       "</FilesMatch>\n", "b/x.abc": "x", "b/y.abc": "y"},
         requests=[Get(p) for p in ("/x.abc", "/a/x.abc", "/a/x.html", "/b/x.abc", "/b/y.abc")]),
    Case("error_documents", files={
        ".htaccess": 'ErrorDocument 404 "nothing here\nErrorDocument 403 "no entry"\n',
        "a/.htaccess": "ErrorDocument 404 default\nRequire all denied\n",
        "b/.htaccess": "ErrorDocument 404 /page.html\n", "b/f": "f", "page.html": "the page\n"},
         requests=[Get("/none"), Get("/a/none"), Get("/b/none"), Get("/b/f")]),
    Case("unreadable_parent", files={"a": File(None, mode=0o755), "a/.htaccess": says("a"),
                                     "a/f": File("f", mode=0o644)}, requests=[Get("/a/f")]),
    Case("many_levels", files={"/".join("abcdefghij"[:i]) + "/.htaccess": says(f"l{i}")
                               for i in range(1, 11)} | {"/".join("abcdefghij") + "/f": "f"},
         requests=[Get("/" + "/".join("abcdefghij") + "/f"), Get("/a/b/none")]),
    Case("large", files={"a/.htaccess": "# line\n" * 20000 + "Header set X-A a\n"
                         + "".join(f"SetEnvIf X-B b{i} c{i}\n" for i in range(500)), "a/f": "f"},
         requests=[Get("/a/f")]),
    Case("long_line", files={
        **{f"{n}/.htaccess": "# " + "b" * (n - 2) + "\nHeader set X-B b\n" for n in LONG},
        **{f"{n}/f": "f" for n in LONG},
        **{f"join{n}/.htaccess": "# " + "b" * 4000 + "\\\n" + "b" * (n - 4002) + "\n"
           for n in JOINED},
        **{f"join{n}/f": "f" for n in JOINED},
        "last/.htaccess": "# " + "b" * 8189, "last/f": "f"},
         requests=[Get("/last/f"), *(Get(f"/{n}/f") for n in LONG),
                   *(Get(f"/join{n}/f") for n in JOINED)],
         errors=(r"[Ll]ine too long",)),
]

VERDICTS = [
    Verdict("Options +FollowSymLinks -Indexes", where="htaccess"),
    Verdict("<IfModule mod_nonsense.c>\nNonsense\n</IfModule>", where="htaccess"),
    Verdict("<IfModule mod_nonsense.c>\nNonsense\n</IfModul>", where="htaccess", ok=False),
    Verdict("<Files\n</Files>", where="htaccess", ok=False),
    Verdict("AllowOverride All", where="htaccess", ok=False),
    Verdict("AccessFileName x", where="htaccess", ok=False),
    Verdict("DocumentRoot /x", where="htaccess", ok=False),
    Verdict("Alias /a /b", where="htaccess", ok=False),
    Verdict("LogLevel debug", where="htaccess", ok=False),
    Verdict("CustomLog x y", where="htaccess", ok=False),
    Verdict("SetEnv A b", where="htaccess"),
    Verdict("SetEnv A b", where="htaccess", override="Limit", ok=False),
    Verdict("ServerSignature Off", where="htaccess"),
    Verdict("ServerTokens Prod", where="htaccess", ok=False),
    Verdict("Redirect /a http://b/", where="htaccess"),
    Verdict("FileETag None", where="htaccess"),
    Verdict("AddDefaultCharset utf-8", where="htaccess"),
    Verdict("ExpiresActive On", where="htaccess", override="Indexes"),
    Verdict("IndexIgnore *", where="htaccess", override="Indexes"),
    Verdict("Satisfy Any", where="htaccess", override="AuthConfig"),
    Verdict("Satisfy Any", where="htaccess", override="Limit", ok=False),
    Verdict("LimitRequestBody 5", where="htaccess"),
    Verdict("RLimitCPU 5", where="htaccess"),
    Verdict("AssignUserID a b", where="htaccess", ok=False),
    Verdict("AssignUserIDExpr a", where="htaccess", ok=False),
    Verdict("MaxClientsVHost 5", where="htaccess", ok=False),
]
