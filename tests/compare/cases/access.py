"""
Who may ask: Require and its sections, AuthMerging, Order, Allow, Deny and Satisfy, in sections, in
<Limit> and in .htaccess. Requests come from 127.0.0.1; X-Env sets the variables G, H by SetEnvIf.
"""

from compare import Case, File, Get, Verdict

MODULES = ["ssl"]

SET = ("Allow",)  # a set of methods, in the order of Apache's modules
ENV = 'SetEnvIf X-Env "G" G\nSetEnvIf X-Env "H" H\n'
CLIENTS = [Get("/x"), Get("/x", {"X-Env": "G"}), Get("/x", {"X-Env": "H"}),
           Get("/x", {"X-Env": "GH"})]
METHODS = [Get("/x", method=m) for m in ("GET", "HEAD", "POST", "PUT", "OPTIONS", "PROPFIND")]


def rules(name, text, requests=None, errors=()):
    """A case whose docroot has these rules, in a <Directory> of its own."""
    return Case(name, files={"x": "x"}, requests=requests or [Get("/x")], errors=errors, ignore=SET,
                config=f'{ENV}<Directory "{{root}}">\n{text}\n</Directory>')


def htaccess(name, text, requests=None, override="All", files=None, errors=()):
    """The same rules in a .htaccess."""
    allow = f'{ENV}<Directory "{{root}}">\nAllowOverride {override}\n</Directory>'
    return Case(name, files={"x": "x", ".htaccess": text, **(files or {})}, config=allow,
                requests=requests or [Get("/x")], errors=errors, ignore=SET)


def both(name, text, requests=None):
    """The same text in the config and in .htaccess."""
    return [rules(name, text, requests), htaccess(f"{name}-ht", text, requests)]


def section(kind, *lines):
    return "\n".join([f"<Require{kind}>", *lines, f"</Require{kind}>"])


IPS = {"partial": "127", "dotted": "127.0.", "whole": "127.0.0.1", "other": "127.0.0.2",
       "bits": "127.0.0.0/8", "bits-other": "127.0.0.2/31", "bits-host": "127.9.9.9/8",
       "mask": "127.0.0.0/255.0.0.0", "mask-odd": "127.0.9.1/255.255.0.255",
       "list": "10 192.168.0.0/16 127", "none": "10 192.168.0.0/16", "ip6": "::1",
       "ip6-net": "::/1", "prefix": "12", "whole-end": "127.0.0.1."}

REQUIRE = {
    "granted": "Require all granted", "denied": "Require all denied", "case": "Require all DENIED",
    "any-of": "Require ip 10\nRequire ip 127", "none-of": "Require ip 10\nRequire ip 11",
    "deny-first": "Require all denied\nRequire all granted",
    "local": "Require local", "local-args": "Require local nonsense",
    "method": "Require method GET OPTIONS", "method-none": "Require method",
    "ssl": "Require ssl",
    "expr": "Require expr true", "expr-quoted": 'Require expr "false"',
    "expr-addr": "Require expr %{REMOTE_ADDR} == '127.0.0.1'",
    "expr-ip": "Require expr -R '127.0.0.0/8'",
    "expr-method": "Require expr %{REQUEST_METHOD} != 'GET'",
    "quoted": 'Require "all" granted', "quoted-ip": 'Require ip "127" \'10\'',
}

SECTIONS = {
    "all": section("All", "Require ip 127", "Require env G"),
    "all-not": section("All", "Require all granted", "Require not ip 127"),
    "all-not-env": section("All", "Require all granted", "Require not env G"),
    "all-first-not": section("All", "Require not env G", "Require ip 127"),
    "any": section("Any", "Require ip 10", "Require env G"),
    "none": section("All", "Require ip 127", section("None", "Require env G", "Require env H")),
    "all-any": section("All", section("Any", "Require env G", "Require env H"), "Require ip 127"),
    "any-all": section("Any", section("All", "Require env G", "Require env H"), "Require ip 10"),
    "two": section("All", "Require env G", "Require env H") + "\nRequire ip 10",
    "nested": section("All", "Require ip 127",
                      section("None", section("All", "Require env G", "Require not env H"))),
    "same": section("All", section("All", "Require not env G"), "Require all granted"),
    "same-any": section("Any", section("Any", "Require env G"), "Require env H"),
    "not-upper": section("All", "Require NOT env G", "Require all granted"),
    "satisfy": section("All", "Satisfy Any", "Require env G") + "\nDeny from all",
    "env-two": "Require env G H", "env-unset": "Require env NOPE",
    "env-quoted": 'Require env "G"',
}

LIMITS = {
    "post": "<Limit POST>\nRequire all denied\n</Limit>",
    "get": "<Limit GET>\nRequire all denied\n</Limit>",
    "except": "<LimitExcept GET POST>\nRequire all denied\n</LimitExcept>",
    "except-get": "<LimitExcept GET>\nRequire all denied\n</LimitExcept>\n",
    "mixed": "<Limit GET>\nRequire all granted\n</Limit>\n"
             "<LimitExcept GET>\nRequire all denied\n</LimitExcept>",
    "with-all": "Require all denied\n<Limit POST>\nRequire all granted\n</Limit>",
    "in-all": section("All", "Require all granted", "<Limit POST>\nRequire all denied\n</Limit>"),
    "in-any": section("Any", "Require ip 10", "<Limit POST>\nRequire all granted\n</Limit>"),
    "around": "<Limit POST>\n" + section("All", "Require ip 127", "Require env G") + "\n</Limit>",
    "around-none": section("All", "Require all granted",
                           "<Limit POST>\n" + section("None", "Require ip 127") + "\n</Limit>"),
    "compat": "<Limit GET POST>\nOrder deny,allow\nDeny from all\n</Limit>",
    "compat-except": "<LimitExcept GET POST>\nOrder deny,allow\nDeny from all\n</LimitExcept>",
    "classic": "<Limit GET POST OPTIONS>\nOrder allow,deny\nAllow from all\n</Limit>\n"
               "<LimitExcept GET POST OPTIONS>\nOrder deny,allow\nDeny from all\n</LimitExcept>",
    "nested": "<Limit GET POST>\n<Limit POST>\nRequire all denied\n</Limit>\n</Limit>",
    "satisfy": "Order deny,allow\nDeny from all\nRequire all granted\n"
               "<Limit POST>\nSatisfy Any\n</Limit>",
}

COMPAT = {
    "deny-all": "Deny from all", "allow-all": "Allow from all", "order": "Order allow,deny",
    "order-deny": "Order deny,allow", "mutual": "Order mutual-failure",
    "wordpress": "Order deny,allow\nDeny from all",
    "wordpress-mixed": "order Allow,Deny\nDENY from All",
    "apache22": "Order allow,deny\nAllow from all",
    "both": "Order allow,deny\nAllow from all\nDeny from 127",
    "both-deny": "Order deny,allow\nDeny from all\nAllow from 127.0.0.1",
    "mutual-both": "Order mutual-failure\nAllow from 127\nDeny from 127.0.0.1",
    "mutual-allow": "Order mutual-failure\nAllow from 127\nDeny from 10",
    "env": "Order deny,allow\nDeny from all\nAllow from env=G",
    "env-not": "Order allow,deny\nAllow from env=!G",
    "deny-env": "Order allow,deny\nAllow from all\nDeny from env=G env=H",
    "env-case": "Order deny,allow\nDeny from all\nAllow from ENV=G",
    "nets": "Order deny,allow\nDeny from all\nAllow from 10.0.0.0/8 127.0.0.0/255.0.0.0",
    "last-order": "Order allow,deny\nOrder deny,allow",
    "with-require": "Order allow,deny\nAllow from all\nRequire all denied",
    "with-granted": "Order deny,allow\nDeny from all\nRequire all granted",
    "any-require": "Order deny,allow\nDeny from all\nRequire env G\nSatisfy Any",
    "any-both": "Order deny,allow\nDeny from env=H\nRequire env G\nSatisfy any",
    "any-alone": "Order deny,allow\nDeny from all\nSatisfy Any",
    "any-denied": "Order deny,allow\nDeny from all\nRequire all denied\nSatisfy Any",
    "all-both": "Order deny,allow\nDeny from env=H\nRequire env G\nSatisfy All",
}

# What applications ship: a guard for their files, for Apache 2.2 and 2.4.
GUARD = """<IfModule mod_authz_core.c>
Require all denied
</IfModule>
<IfModule !mod_authz_core.c>
Order deny,allow
Deny from all
</IfModule>
"""
DRUPAL = ('<FilesMatch "\\.(engine|inc|install|make|module|profile|po|sh|.*sql|theme|twig|yml)'
          '(~|\\.sw[op])?$|^(\\.(?!well-known).*|Entries.*|Root)$">\n' + GUARD + "</FilesMatch>\n")
WORDPRESS = """<Files wp-config.php>
order allow,deny
deny from all
</Files>
<Files ~ "^.*\\.([Hh][Tt][Aa])">
order allow,deny
deny from all
satisfy all
</Files>
"""
JOOMLA = """<FilesMatch "(\\.inc|\\.sql|configuration\\.txt)$">
Order allow,deny
Deny from all
</FilesMatch>
"""
APP_FILES = {"index.html": "home", "wp-config.php": "secret", "a.inc": "inc", "d/b.sql": "sql",
             "d/.hidden": "h", "configuration.txt": "c", "plain.txt": "p"}
APP_PATHS = [Get(p) for p in ("/", "/index.html", "/wp-config.php", "/a.inc", "/d/b.sql",
                              "/d/.hidden", "/.htaccess", "/configuration.txt", "/plain.txt",
                              "/none.inc", "/d/none.sql", "/wp-config.php/info")]

CASES = [
    *[c for n, ip in IPS.items() for c in both(f"ip-{n}", f"Require ip {ip}")],
    *[rules(f"from-{n}", f"Order deny,allow\nDeny from all\nAllow from {ip}")
      for n, ip in IPS.items()],
    *[c for n, text in REQUIRE.items() for c in both(f"require-{n}", text, METHODS[:4])],
    *[c for n, text in SECTIONS.items() for c in both(f"section-{n}", text, CLIENTS)],
    *[c for n, text in LIMITS.items() for c in both(f"limit-{n}", text, METHODS)],
    *[c for n, text in COMPAT.items() for c in both(f"compat-{n}", text, CLIENTS)],
    rules("log", "Require ip 10",
          errors=(r"AH01630: client denied by server configuration: .*/x",)),
    rules("log-compat", "Deny from all",
          errors=(r"AH01797: client denied by server configuration: .*/x",)),
    # Three levels, and what the lower ones say with the upper ones.
    *[Case(f"merge-{how or 'unset'}-{n}".lower(),
           files={"x": "0", "a/x": "1", "a/b/x": "2"},
           config=f'{ENV}<Directory "{{root}}">\nRequire {top}\n</Directory>\n'
                  f'<Directory "{{root}}/a">\n' + (f"AuthMerging {how}\n" if how else "") +
                  f'Require {below}\n</Directory>\n'
                  f'<Directory "{{root}}/a/b">\n{last}\n</Directory>',
           requests=[Get(p, {"X-Env": e}) for p in ("/x", "/a/x", "/a/b/x")
                     for e in ("-", "G", "H", "GH")])
      for how in ("", "Off", "And", "Or")
      for n, (top, below, last) in enumerate([
          ("env G", "env H", ""), ("env G", "env H", "AuthMerging And"),
          ("env G", "all denied", "Options None"), ("all denied", "env H", "AuthMerging Off"),
          ("env G", "env H", "AuthMerging And\nRequire ip 127"),
          ("env G", "env H", "AuthMerging Or\nRequire ip 127")])],
    Case("merge-compat", files={"x": "0", "a/x": "1", "a/b/x": "2"},
         config='<Directory "{root}">\nOrder allow,deny\n</Directory>\n'
                '<Directory "{root}/a">\nSatisfy Any\n</Directory>\n'
                '<Directory "{root}/a/b">\nOptions None\n</Directory>',
         requests=[Get("/x"), Get("/a/x"), Get("/a/b/x")]),
    Case("merge-systems", files={"x": "0", "a/x": "1", "b/x": "2"},
         config='<Directory "{root}">\nOrder deny,allow\nDeny from all\n</Directory>\n'
                '<Directory "{root}/a">\nRequire all granted\n</Directory>\n'
                '<Directory "{root}/b">\nAllow from 127\n</Directory>',
         requests=[Get("/x"), Get("/a/x"), Get("/b/x")]),
    # Sections over each other.
    Case("sections", files={"x": "x", "a/x": "x", "a/y": "y", "a/z.txt": "z"},
         config='<Directory "{root}/a">\nRequire all denied\n</Directory>\n'
                '<Files y>\nRequire all granted\n</Files>\n'
                '<Location "/a/z.txt">\nRequire all granted\n</Location>\n'
                '<FilesMatch "^x$">\nRequire env G\n</FilesMatch>\n' + ENV,
         requests=[Get(p, {"X-Env": e}) for p in ("/x", "/a/x", "/a/y", "/a/z.txt", "/a/", "/a",
                                                   "/a/none", "/none")
                   for e in ("-", "G")]),
    Case("if", files={"x": "x", "y": "y"},
         config='<If "%{HTTP:X-Env} == \'G\'">\nRequire all denied\n</If>\n<Else>\n'
                'Require all granted\n</Else>\n<If "%{REQUEST_URI} == \'/y\'">\n'
                'Deny from all\n</If>', requests=[*CLIENTS, Get("/y")]),
    Case("location-nested", files={"a/b": "b", "a/c": "c"},
         config='<Location "/a">\nDeny from all\n</Location>\n'
                '<Location "/a/b">\nAllow from all\n</Location>',
         requests=[Get("/a/b"), Get("/a/c"), Get("/a/")]),
    # Directories, index files and lists: nothing is told of what is denied.
    Case("index-denied", files={"d/index.html": "i", "d/other": "o", "e/other": "o"},
         config='<Directory "{root}">\nOptions +Indexes\nDirectoryIndex index.html other\n'
                '</Directory>\n<Files index.html>\nRequire all denied\n</Files>',
         requests=[Get("/d/"), Get("/d/index.html"), Get("/e/"), Get("/d"), Get("/")]),
    Case("index-second", files={"d/index.html": "i", "d/other": "o"},
         config='DirectoryIndex index.html other\n<Files other>\nRequire all denied\n</Files>',
         requests=[Get("/d/"), Get("/d/other")]),
    Case("directory-denied", files={"d/index.html": "i", "d/ok.txt": "o"},
         config='<Directory "{root}/d">\nRequire all denied\n</Directory>\n'
                '<Files index.html>\nRequire all granted\n</Files>',
         requests=[Get("/d/"), Get("/d"), Get("/d/index.html"), Get("/d/ok.txt"),
                   Get("/d/none")]),
    Case("list-denied", files={"d/x": "x", "d/y": "y", "d/sub/z": "z", "d/hid.inc": "i"},
         config='<Directory "{root}">\nOptions +Indexes\n</Directory>\n'
                '<FilesMatch "\\.inc$">\nRequire all denied\n</FilesMatch>\n'
                '<Directory "{root}/d/sub">\nDeny from all\n</Directory>',
         requests=[Get("/d/"), Get("/d/sub/"), Get("/d/hid.inc")]),
    Case("slash-denied", files={"d/x": "x"},
         config='<Location "/d">\nRequire all denied\n</Location>',
         requests=[Get("/d"), Get("/d/"), Get("/d/x"), Get("/dd")]),
    Case("path-info", files={"x": "x"},
         config='<Location "/x/no">\nRequire all denied\n</Location>',
         requests=[Get("/x/no"), Get("/x/yes"), Get("/x")]),
    Case("unset", files={"x": "x"}, base=False, requests=[Get("/x")]),
    # The page of the error is asked for as any other.
    *[Case(f"error-document-{n}", files={"x": "x", "e.html": "error", "d/e.html": "error in d"},
           config=f'ErrorDocument 403 {page}\n<Directory "{{root}}">\n{rule}\n</Directory>\n{more}',
           requests=[Get("/x"), Get("/e.html"), Get("/none"), Get("/x", method="POST", body=b"a")])
      for n, (page, rule, more) in enumerate([
          ("/e.html", "Require all denied", ""), ("/e.html", "Deny from all", ""),
          ("/d/e.html", "Require all denied", ""),
          ("/d/e.html", "Require all denied",
           '<Directory "{root}/d">\nRequire all granted\n</Directory>'),
          ("/e.html", "Require all denied", "<Files e.html>\nRequire all granted\n</Files>"),
          ("/e.html", "<Limit POST>\nRequire all denied\n</Limit>", ""),
          ("/none.html", "Require all denied", ""),
          ("/e.html", "Require expr %{REQUEST_URI} == '/x'", "")])],
    *[Case(f"error-page-{n}", files={"x": "x", "e.html": "error", "d/.htaccess": "", **files},
           config='ErrorDocument 403 /e.html\n<Directory "{root}">\nAllowOverride All\n'
                  f'</Directory>\n{text}', requests=[Get("/x"), Get("/d/x"), Get("/")])
      for n, (text, files) in enumerate([
          ('<Location "/">\nRequire all denied\n</Location>', {}),
          ('<Location "/x">\nRequire all denied\n</Location>', {}),
          ('<FilesMatch ".">\nDeny from all\n</FilesMatch>', {}),
          ('<If "true">\nRequire all denied\n</If>', {}),
          ("", {".htaccess": "Deny from all\n"}),
          ("", {".htaccess": "Require all denied\nErrorDocument 403 /d/e.html\n",
                "d/e.html": "error in d"}),
          ("", {"d/.htaccess": "Deny from all\nErrorDocument 403 /d/e.html\n",
                "d/e.html": "error in d", "d/x": "x"}),
      ])],
    *[rules(f"method-{n}", text, [Get("/x", method=m) for m in ("FOO", "get", "GET")])
      for n, text in enumerate(["<LimitExcept GET>\nRequire all denied\n</LimitExcept>",
                                "<Limit GET>\nRequire all denied\n</Limit>",
                                "Require method GET", "Deny from all"])],
    # By name: what 127.0.0.1 is called is this machine's.
    *[c for n, text in enumerate([
        "Require host localhost", "Require host LOCALHOST", "Require host calhost",
        "Require host .localhost", "Require host example.org localhost # all",
        "Require host # localhost", "Require host %{HTTP:X-Env}",
        section("All", "Require all granted", "Require not host localhost"),
        "Require forward-dns localhost", "Require forward-dns nothing.invalid localhost",
        "Require forward-dns nothing.invalid",
        "Order deny,allow\nDeny from all\nAllow from localhost",
        "Order deny,allow\nDeny from all\nAllow from example.org",
        "Order allow,deny\nAllow from all\nDeny from localhost",
        "Order allow,deny\nAllow from all\nDeny from example.org"])
      for c in both(f"name-{n}", text, [Get("/x"), Get("/x", {"X-Env": "localhost"})])],
    # What applications write.
    htaccess("drupal", DRUPAL, APP_PATHS, files=APP_FILES),
    htaccess("wordpress", WORDPRESS, APP_PATHS, files=APP_FILES),
    htaccess("joomla", JOOMLA, APP_PATHS, files=APP_FILES),
    htaccess("guard", GUARD, APP_PATHS, files=APP_FILES),
    htaccess("below", "", APP_PATHS, files={**APP_FILES, "d/.htaccess": "Deny from all\n"}),
    htaccess("below-open", "Deny from all\n", [Get("/x"), Get("/d/x"), Get("/d/e/x")],
             files={"d/x": "1", "d/.htaccess": "Allow from all\n", "d/e/x": "2"}),
    # AllowOverride: Require wants AuthConfig, Order wants Limit.
    *[htaccess(f"override-{o}-{n}".lower(), text, [Get("/x")], override=o)
      for o in ("None", "AuthConfig", "Limit", "FileInfo")
      for n, text in enumerate(["Require all denied\n", "Deny from all\n", "Satisfy All\n",
                                "<Limit GET>\nRequire all denied\n</Limit>\n",
                                "<Limit GET>\nDeny from all\n</Limit>\n",
                                section("All", "Require all granted") + "\n"])],
    # Errors in a .htaccess: 500, and why.
    *[htaccess(f"bad-{n}", text + "\n", [Get("/x"), Get("/"), Get("/none")], errors=(error,))
      for n, (text, error) in enumerate([
          ("Require all", "Argument for 'Require all' must be 'granted' or 'denied'"),
          ("Require nonsense", "Unknown Authz provider: nonsense"),
          ("Require not ip 10", "negative Require directive has no effect in <RequireAny> direct"),
          ("Require ip 10/8", "ip address '10/8' appears to be invalid"),
          ("Require ip 0.0.0.0/0", "The specified network mask is invalid"),
          (section("All"), "<RequireAll> directive contains no authorization directives"),
          (section("None", "Require ip 10"), "<RequireNone> directive has no effect in <Req"),
          ("Order allow", "unknown order"),
          ("Order allow, deny", "[Oo]rder takes one argument"),
          ("Deny from", "[Dd]eny requires at least two arguments"),
          ("Deny for all", "allow and deny must be followed by 'from'"),
          ("Deny from foo/8", "An IP address was expected"),
          ("Satisfy both", "Satisfy either 'any' or 'all'"),
          ("AuthMerging Xor", "AuthMerging must be one of: Off | And | Or".replace("|", r"\|")),
          ("<Limit TRACE>\nDeny from all\n</Limit>", "TRACE cannot be controlled by <Limit>"),
          ("<Limit FOO>\nDeny from all\n</Limit>", "Could not register method 'FOO'"),
          ("Require expr %{nope} == 1", "Variable 'nope' does not exist"),
      ])],
    # To the server's config it would be an error; here it lets nobody in.
    htaccess("negative-only", section("All", "Require not ip 10") + "\n", CLIENTS),
]

ID = "m#^[A-Za-z0-9+/]{11}$#"
CASES += [
    # Of what is not there: of the directory where looking for it ended.
    Case("script-user", files={"x": "x", "own": File(None, owner="root"), "own/x": "x"},
         config='Header always set X-U "expr=[%{SCRIPT_USER}]"\n'
         'Header always set X-G "expr=[%{SCRIPT_GROUP}]"\nRewriteEngine On\n'
         "RewriteCond %{SCRIPT_USER} (.*)\nRewriteRule ^/rw /x [E=U:%1]\n"
         'Header always set X-E "%{U}e"\n<Directory "{root}">\nRewriteEngine On\n'
         "RewriteCond %{SCRIPT_USER} (.*)\nRewriteRule ^ - [E=D:%1]\n"
         'Header always set X-D "%{D}e"\n</Directory>', requests=[Get(p) for p in (
             "/x", "/no", "/no/such", "/own/no", "/own/no/such", "/own", "/own/x", "/own/x/info",
             "/", "/x/info", "/rw")]),
    Case("peer-ext", files={"x": "x"}, config="""<Location /a>
Header always set X-A "in" "expr='x' in PeerExtList('1.2.3')"
Header always set X-B "out" "expr=! ('x' in peerextlist('2.5.29.17'))"
</Location>
<Location /x>
Require expr "'x' in PeerExtList('1.2.3')"
</Location>""", requests=[Get("/a"), Get("/x")]),
    # Of a request that had an error, random: in its lines of both logs.
    Case("log-id", files={"x": "x"}, config=f"""LogFormat "%U %L %{{c}}L" id
CustomLog {{logs}}/id.log id "expr=%{{REQUEST_LOG_ID}} == ''"
CustomLog {{logs}}/has-id.log "%U" "expr=%{{REQUEST_LOG_ID}} =~ {ID}"
Header always set X-R "req" "expr=%{{REQUEST_LOG_ID}} =~ {ID}"
Header always set X-C "conn" "expr=%{{CONN_LOG_ID}} =~ {ID}"
Header always set X-N "expr=[%{{REQUEST_LOG_ID}}]" "expr=%{{REQUEST_LOG_ID}} == ''"
ErrorLogFormat "[%L] [%{{c}}L] %M"
<Location /no>
Require all denied
</Location>""", requests=[Get("/x"), Get("/no"), Get("/missing")], logs=("id.log", "has-id.log"),
         errors=(r"(?m)^\[[A-Za-z0-9+/]{11}\] \[[A-Za-z0-9+/]{11}\] AH01630",)),
]

VERDICTS = [
    *[Verdict(text, where) for where in ("directory", "location", "files", "htaccess")
      for text in ("Require all granted", "Require ip 127 ::1 10.0.0.0/8 fe80::/10",
                   "Require host example.org .example.com", "Require forward-dns example.org",
                   "Require local", "Require method GET POST", "Require env A B",
                   'Require expr "%{REMOTE_ADDR} != \'10.0.0.1\'"',
                   section("All", "Require all granted", "Require not ip 10"),
                   "AuthMerging And", "Order Deny,Allow\nDeny from all", "Satisfy any",
                   "Allow from 10. 10.1.2.3 example.org env=A env=!A",
                   "<Limit GET>\nRequire all granted\n</Limit>")],
    *[Verdict(text, where, ok=False) for where in ("server", "vhost")
      for text in ("Require all granted", "Order allow,deny", "Deny from all", "Satisfy Any",
                   "AuthMerging And", section("All", "Require all granted"))],
    *[Verdict(text, "directory", ok=False, message=message) for text, message in (
        ("Require", "Unknown Authz provider: "),
        ("Require ALL granted", "Unknown Authz provider: ALL"),
        ("Require ldap-user x", "Unknown Authz provider: ldap-user"),
        ("Require dbm-group x", "Unknown Authz provider: dbm-group"),
        ("Require not all denied", "negative Require directive has no effect in <RequireAny>"),
        ("Require method get", "Invalid Method 'get'"),
        ("Require ip", "'require ip' requires an argument"),
        ("Require ip [::1]", r"ip address '\[::1\]' appears to be invalid"),
        ("Require ip 10/8", "The specified IP address is invalid"),
        ("Require host %{x", "Cannot parse expression in require line"),
        ("Require ssl x", "'Require ssl' does not take arguments"),
        (section("None", "Require ip 1"), "<RequireNone> directive has no effect in <RequireAny>"),
        (section("All", "Require not ip 1"), "contains only negative authorization directives"),
        (section("All", section("None", "Require ip 1")), "only negative authorization"),
        (section("All", "Require ip 1", "Options None"), "not allowed in <RequireAll> context"),
        (section("All", "Require ip 1", "Order allow,deny"), "not allowed in <RequireAll> context"),
        (section("All", "Require ip 1", '<If "true">\n</If>'), "<If> cannot occur within <Limit>"),
        ("<RequireAll x>\nRequire ip 1\n</RequireAll>", "doesn't take additional arguments"),
        ("<RequireNotAll>\nRequire ip 1\n</RequireNotAll>", "Invalid command '<RequireNotAll'"),
        ("Order foo", "unknown order"), ("Allow all", "requires at least two arguments"),
        ("Deny from foo#", "No comments are allowed here"),
        ("Deny from 1.2.3.4.5", "The specified IP address is invalid"),
        ("Satisfy one", "Satisfy either 'any' or 'all'"))],
    Verdict("Require expr 'x' in PeerExtList('1')", "directory"),
    Verdict("Require expr 'x' in NoSuchList('1')", "directory", ok=False,
            message="List-returning function 'NoSuchList' does not exist"),
    Verdict("Require ssl-verify-client", "directory", because="client certificates are not asked"),
]
