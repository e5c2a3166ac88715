"""mod_alias: from URL paths to files."""

from compare import Case, Get, Link, Raw, Verdict, cgi_env

TREE = {"{dir}/d/f.txt": "f\n", "{dir}/d/index.html": "<p>d\n", "{dir}/d/sub/g.txt": "g\n",
        "{dir}/d/a b.txt": "blank\n", "{dir}/d/l": Link("f.txt"), "{dir}/one.txt": "one\n",
        "{dir}/cgi/env": cgi_env("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTEXT_PREFIX"),
        "{dir}/cgi/plain.txt": "not a program\n", "{dir}/df.txt": "joined\n",
        "index.html": "root\n", "d/f.txt": "root's f\n"}
OPEN = '<Directory "{dir}">\nRequire all granted\n</Directory>\n'


def case(name, config, *paths, **more):
    return Case(name, config=OPEN + config, files={**TREE, **more.pop("files", {})},
                requests=[p if not isinstance(p, str) else Get(p) for p in paths], **more)


CASES = [
    case("prefix", 'Alias /a "{dir}/d"', "/a", "/a/", "/a/f.txt", "/ab", "/a/sub/g.txt", "/a/none",
         "/a//f.txt", "//a/f.txt", "/A/f.txt", "/a/f.txt/x", "/a/a%20b.txt", "/a/f.txt?q", "/a?q",
         "/a/../a/f.txt", "/d/f.txt"),
    case("slashes", 'Alias /a/ "{dir}/d/"', "/a", "/a/", "/a/f.txt", "/a//f.txt", "/a/sub"),
    case("slash_one_side", 'Alias /a "{dir}/d/"\nAlias /b/ "{dir}/d"', "/a/f.txt", "/a", "/b/f.txt",
         "/b/", "/b"),
    case("file", 'Alias /one "{dir}/one.txt"', "/one", "/one/", "/one/x", "/one.txt"),
    # What a place's settings name as its handler wins over ScriptAlias.
    *(case(f"script_{name}", f'ScriptAlias /c/ "{{dir}}/cgi/"\n<Directory "{{dir}}/cgi">\n{lines}\n'
           "</Directory>", "/c/env", "/c/env/x", "/c/plain.txt", "/c/none", "/c/")
      for name, lines in (("set", "SetHandler default-handler"), ("none", "SetHandler none"),
                          ("add", "AddHandler default-handler .txt"), ("type", "ForceType text/x"),
                          ("unknown", "SetHandler unknown"))),
    case("root_path", 'Alias / "{dir}/d/"', "/", "/f.txt", "/d/f.txt", "/sub/g.txt"),
    case("doubled_in_config", 'Alias /a//b "{dir}/d"\nAlias //c "{dir}/d"', "/a/b/f.txt",
         "/a//b/f.txt", "/c/f.txt"),
    case("first_wins", 'Alias /a/x "{dir}/d"\nAlias /a "{dir}/d/sub"', "/a/x/f.txt", "/a/g.txt"),
    case("order_matters", 'Alias /a "{dir}/d"\nAlias /a/sub "{dir}"', "/a/sub/g.txt",
         "/a/sub/one.txt"),
    case("no_slash_prefix", 'Alias a "{dir}/d"', "/a/f.txt", "/a"),
    case("blank_in_prefix", 'Alias "/a b" "{dir}/d"', "/a%20b/f.txt", "/a%20b"),
    case("above", 'Alias /a "{dir}/d/../d/./sub"', "/a/g.txt"),
    case("link_below", 'Alias /a "{dir}/d"', "/a/l"),
    case("link_denied", 'Alias /a "{dir}/d"\n<Directory "{dir}/d">\nOptions -FollowSymLinks\n'
         "</Directory>", "/a/l", "/a/f.txt"),
    case("denied_below", 'Alias /a "{dir}/d"\n<Directory "{dir}/d/sub">\nRequire all denied\n'
         "</Directory>", "/a/sub/g.txt", "/a/sub/none", "/a/f.txt"),
    case("htaccess_below", 'Alias /a "{dir}/d"\n<Directory "{dir}/d">\nAllowOverride All\n'
         "</Directory>", "/a/sub/g.txt", files={"{dir}/d/sub/.htaccess": "Require all denied\n"}),
    case("match", r'AliasMatch "^/m/(.*)\.html$" "{dir}/d/$1.txt"', "/m/f.html", "/m/sub/g.html",
         "/m/none.html", "/m/f.txt", "/m/a%20b.html", "/m/f.html/x.html"),
    case("match_tail", 'AliasMatch ^/m(.*) "{dir}/d$1"', "/m", "/m/", "/m/f.txt", "/mf.txt",
         "/m/sub", "/m/.", "/m/f.txt/more"),
    case("match_dots", 'AliasMatch ^/m(.*)/x$ "{dir}/d/sub/.$1/f.txt"', "/m./x", "/m/x", "/mm/x"),
    case("match_no_group", 'AliasMatch ^/m "{dir}/one.txt"', "/m", "/mm", "/m/x/y"),
    case("match_anywhere", 'AliasMatch "/icons?(.*)" "{dir}/d$1"', "/icon/f.txt", "/icons/f.txt",
         "/x/icons/f.txt"),
    case("match_swapped", 'AliasMatch "^/([^/]+)/([^/]+)$" "{dir}/$2/$1"', "/f.txt/d", "/x/d"),
    case("match_then_prefix", 'AliasMatch ^/a/s "{dir}/one.txt"\nAlias /a "{dir}/d"',
         "/a/sub/g.txt", "/a/f.txt"),
    case("script", 'ScriptAlias /c "{dir}/cgi/"\nScriptAlias /c2/ "{dir}/cgi/"', "/c2/env",
         "/c2/env/p/i?q=1", "/c2/none", "/c2/", "/c/env", "/c2/env?a+b",
         Get("/c2/env", method="POST", body=b"x")),
    case("script_match", 'ScriptAliasMatch ^/s/(.+)$ "{dir}/cgi/$1"', "/s/env", "/s/env/p",
         "/s/none"),
    case("script_file", 'ScriptAlias /prog "{dir}/cgi/env"', "/prog", "/prog/x", "/prog/x/y?z"),
    case("location", '<Location /l>\nAlias "{dir}/d/f.txt"\n</Location>', "/l", "/l/", "/l/x",
         "/lx"),
    case("location_preserve", '<Location /l>\nAliasPreservePath On\nAlias "{dir}/d"\n</Location>',
         "/l", "/l/", "/l/f.txt", "/l/sub/g.txt", "/l/sub", "/l/none"),
    case("location_preserve_slash", '<Location /l/>\nAliasPreservePath On\nAlias "{dir}/d"\n'
         "</Location>", "/l/f.txt", "/l"),
    case("location_preserve_deeper", '<Location /l>\nAlias "{dir}/d"\n</Location>\n'
         "<Location /l/sub>\nAliasPreservePath On\n</Location>", "/l/sub/g.txt"),
    case("location_expr", '<Location /l>\nAlias "{dir}%%{REQUEST_URI}.txt"\n</Location>'.replace(
        "%%", "%"), "/l/x", files={"{dir}/l/x.txt": "by expression\n"}),
    case("location_script", '<Location /l>\nScriptAlias "{dir}/cgi/env"\n</Location>', "/l",
         "/l/x"),
    case("location_over_alias", 'Alias /l "{dir}/d/sub"\n<Location /l>\nAlias "{dir}/one.txt"\n'
         "</Location>", "/l/g.txt", "/l"),
    case("location_match", '<LocationMatch "^/lm/">\nAlias "{dir}/one.txt"\n</LocationMatch>',
         "/lm/x", "/lm"),
    case("preserve_of_server", 'AliasPreservePath On\n<Location /l>\nAlias "{dir}/d"\n</Location>\n'
         'Alias /a "{dir}/d"', "/l/f.txt", "/a/f.txt"),
    case("encoded", 'Alias /a "{dir}/d"', "/%61/f.txt", "/a/%66.txt", "/a/f%2etxt", "/a%2ff.txt",
         "/a/%2e%2e/a/f.txt", Raw(b"GET /a/f.txt HTTP/1.0\r\nHost: encoded.test\r\n\r\n")),
]

VERDICTS = [
    Verdict("Alias /x /y"), Verdict("Alias /x /y", where="vhost"),
    Verdict("Alias /x /y", where="directory", ok=False),
    Verdict("Alias /x", where="directory", ok=False),
    Verdict("Alias /x", where="location"), Verdict("Alias /x /y", where="location", ok=False),
    Verdict("Alias /x", where="files", ok=False), Verdict("Alias /x", where="htaccess", ok=False),
    Verdict("Alias /x", ok=False, message="Alias must have two arguments when used globally"),
    Verdict("Alias /x /y /z", ok=False), Verdict('Alias /x ""', ok=False),
    Verdict("ScriptAlias /x", ok=False), Verdict("ScriptAlias /x /y", where="vhost"),
    Verdict("AliasMatch ^/x /y"), Verdict("AliasMatch ( /y", ok=False,
                                          message="Regular expression could not be compiled."),
    Verdict("AliasMatch ^/x", ok=False), Verdict("AliasMatch ^/x /y", where="location", ok=False),
    Verdict("ScriptAliasMatch ^/x /y"), Verdict("Alias %{foo", where="location", ok=False,
                                                message="Cannot parse alias expression"),
    Verdict("AliasPreservePath On", where="htaccess"),
    Verdict("AliasPreservePath perhaps", ok=False), Verdict("Alias x /y"),
    Verdict("Alias /a /tmp\nAlias /a/b /tmp/x"),
]
