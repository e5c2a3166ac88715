"""/~user (mod_userdir)."""

from compare import Case, Get, Verdict, cgi_env

MAIN = "LimitUIDRange 1 65535\n"  # with it, homes of system users count here, too
ENV = cgi_env("SCRIPT_NAME", "PATH_INFO", "CONTEXT_PREFIX", "REQUEST_URI")
FILES = {"{dir}/anna/www/index.html": "anna\n", "{dir}/anna/www/d/x.txt": "x\n",
         "{dir}/bert/www/index.html": "bert\n", "{dir}/two/cora/index.html": "cora\n",
         "{dir}/www/index.html": "a user named www\n", "{dir}/anna/index.html": "outside\n",
         "~anna": "a file named ~anna\n", "~doro/index.html": "of the docroot\n"}
PATHS = [Get(p) for p in ("/~anna/", "/~anna", "/~anna/d/x.txt", "/~anna/d", "/~anna/none",
                          "/~bert/", "/~cora/", "/~doro/", "/~none/", "/~", "/~/", "/~./", "/~../",
                          "/%7eanna/", "/~anna/../~bert/", "/~anna//d//x.txt", "/~ANNA/",
                          "/~anna/?q=1", "/x/~anna/", "/~a./", "/~an%2fna/")]


def case(name, config, **more):
    return Case(name, config=config, files=FILES, requests=PATHS, **more)


CASES = [
    case("none", ""),
    case("url-behind-alias", "UserDir http://other.test/*/www\nAlias /~anna {dir}/anna/www\n"
         '<Directory "{dir}">\nRequire all granted\n</Directory>'),
    case("star", "UserDir {dir}/*/www"),
    case("absolute", "UserDir {dir}"),
    case("absolute-slash", "UserDir {dir}/"),
    Case("star-slash", config="UserDir {dir}/*/www/\n<Directory {dir}/*/www>\n"
         "Options SymLinksIfOwnerMatch\n</Directory>", files=FILES,
         requests=[*PATHS, Get("/~anna/etc/passwd"), Get("/~anna/d/")]),
    case("several", "UserDir {dir}/*/www {dir}/two"),
    case("several-reversed", "UserDir {dir}/two {dir}/*/www"),
    case("url", "UserDir http://other.test/users"),
    case("url-star", "UserDir http://other.test/*/www"),
    case("url-star-end", "UserDir http://other.test/~*"),
    case("url-star-host", "UserDir http://*.other.test/"),
    case("url-after-place", "UserDir {dir}/two http://other.test/*/"),
    case("disabled-all", "UserDir {dir}/*/www\nUserDir disabled"),
    case("disabled-some", "UserDir {dir}/*/www\nUserDir disabled bert root"),
    case("enabled-some", "UserDir {dir}/*/www\nUserDir disabled\nUserDir enabled bert cora"),
    case("enabled-and-disabled", "UserDir {dir}/*/www\nUserDir disabled\n"
         "UserDir enabled anna bert\n"
         "UserDir disabled bert"),
    case("enabled-alone", "UserDir {dir}/*/www\nUserDir enabled"),
    case("old-words", "UserDir {dir}/*/www\nUserDir disable bert\nUserDir enable anna"),
    case("last-one", "UserDir {dir}\nUserDir {dir}/*/www"),
    case("home-none", "UserDir public_html"),
    Case("home", config="UserDir html\n<Directory /var/www/html>\nRequire all granted\n"
         "Options +Indexes\n</Directory>", requests=[
             Get("/~www-data/"), Get("/~www-data"), Get("/~www-data/none"), Get("/~games/"),
             Get("/~nobody/"), Get("/~www-data/index.html")]),
    Case("home-disabled", config="UserDir html\nUserDir disabled www-data\n"
         "<Directory /var/www/html>\nRequire all granted\n</Directory>",
         requests=[Get("/~www-data/")]),
    case("below-alias", "Alias /~anna {dir}/bert/www\nUserDir {dir}/*/www"),
    case("denied", "UserDir {dir}/*/www\n<Directory {dir}/anna/www/d>\nRequire all denied\n"
         "</Directory>\n<Location /~bert>\nRequire all denied\n</Location>"),
    Case("cgi", config="UserDir {dir}/*/www\n<Directory {dir}>\nOptions +ExecCGI\n"
         "AddHandler cgi-script .cgi\n</Directory>", files={"{dir}/anna/www/x.cgi": ENV},
         requests=[Get("/~anna/x.cgi/info"), Get("/~anna/x.cgi")],
         ignore=("content-length", "transfer-encoding")),
    case("listing", "UserDir {dir}/*/www\n<Directory {dir}>\nOptions +Indexes\n"
         "DirectoryIndex disabled\n</Directory>"),
]

VERDICTS = [Verdict(text, where=where, override=override, ok=ok) for text, where, override, ok in (
    ("UserDir public_html", "server", "All", True),
    ("UserDir public_html", "vhost", "All", True),
    ("UserDir public_html", "directory", "All", False),
    ("UserDir public_html", "htaccess", "All", False),
    ("UserDir", "vhost", "All", False),
    ("UserDir disabled", "vhost", "All", True),
    ("UserDir disabled a b c", "server", "All", True),
    ("UserDir public_html /web/*/www http://x.test/", "vhost", "All", True),
)]
