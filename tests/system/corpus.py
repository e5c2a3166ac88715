"""
Real configuration files through Apache and through itkd: what each says of them.

fill(path) makes a panel's template a file as that panel would write it: the placeholders of
HestiaCP (%name%), of ISPConfig (<tmpl_var>, <tmpl_if>, <tmpl_loop>) and of i-MSCP ({NAME}, SECTION)
are filled in.
Judge(tmp) has conf(text) and htaccess(texts): the verdicts of both servers.
"""

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from itkd import ITKD, Server, free_port, wait_for, write_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compare"))

from apache import APACHE, MODULE_DIR, Apache, environment  # noqa: E402
from compare import Get, Tree, Case, ask  # noqa: E402

USER = "itkt-a"
# What Apache cannot load together with mpm_itk and the rest, or what needs a config of its own.
NOT_LOADED = re.compile(r"mpm_|cgid|bucketeer|case_filter|echo|dialup|auth_form$|authn_anon|md$"
                        r"|log_forensic|cern_meta|heart|slotmem_plain|unique_id|http2|lua|data$"
                        r"|info$")


def all_modules():
    """LoadModule lines of what an Apache of Debian's can have beside mpm_itk."""
    names = sorted(p.stem[4:] for p in MODULE_DIR.glob("mod_*.so"))
    # What others need comes first.
    first = [n for n in ("mpm_prefork", "dav", "proxy", "cache", "session", "dbd", "slotmem_shm",
                         "ldap", "xml2enc", "watchdog") if n in names]
    rest = [n for n in names if n not in first and not NOT_LOADED.search(n)]
    lines = [f"LoadModule {n}_module {MODULE_DIR}/mod_{n}.so" for n in [*first, *rest]]
    return [*lines, f"LoadModule mpm_itk_module {MODULE_DIR}/mpm_itk.so"]


# -- placeholders

HESTIA = {
    "ip": "127.0.0.1", "web_port": "8080", "web_ssl_port": "8443", "domain_idn": "example.test",
    "domain": "example.test", "alias_string": "ServerAlias www.example.test",
    "alias_idn": "www.example.test", "alias": "www.example.test", "email": "info@example.test",
    "docroot": "@FILES@/public", "sdocroot": "@FILES@/public", "home": "@FILES@/home",
    "user": USER, "group": USER, "web_system": "apache2", "backend_lsnr": "unix:/run/php/x.sock",
    "ssl_crt": "@CERT@", "ssl_key": "@KEY@", "ssl_ca_str": "#", "ssl_ca": "",
    "ssl_pem": "@CERT@", "webmail_alias": "webmail.example.test", "webmail": "roundcube",
    "root_domain": "example.test", "proxy_port": "80", "proxy_ssl_port": "443"}

ISPCONFIG = {
    "apache_version": "2.4.71", "php": "php-fpm", "logging": "yes", "ssl_enabled": "1",
    "ip_address": "*", "port": "8443", "domain": "example.test", "web_basedir": "@FILES@/clients",
    "web_document_root": "@FILES@/public", "web_document_root_www": "@FILES@/public",
    "document_root": "@FILES@/web1", "allow_override": "All", "errordocs": "1", "ssi": "n",
    "ssl_crt_file": "@CERT@", "ssl_key_file": "@KEY@", "cgi": "y", "suexec": "y",
    "system_user": USER, "system_group": USER, "use_socket": "1",
    "fpm_socket": "/run/php/web1.sock", "alias": "ServerAlias www.example.test",
    "ssl_comment": "#", "ssl_bundle_comment": "#", "apps_vhost_ip": "*",
    "apps_vhost_port": "8081", "vhost_port_listen": "#", "vhost_port": "8080",
    "apps_vhost_dir": "@FILES@/apps", "apps_vhost_basedir": "@FILES@",
    "stats_auth_passwd_file": "x",
    "apps_vhost_servername": "ServerName apps.test",
    "website_path": "@FILES@", "use_proxy_protocol": "n", "vhosts": [{}]}

IMSCP = {
    "DOMAIN_IPS": "127.0.0.1:8080", "DOMAIN_NAME": "example.test",
    "SERVER_ALIASES": "www.example.test", "DOCUMENT_ROOT": "@FILES@/public",
    "HTTPD_LOG_DIR": "@FILES@/logs", "HOME_DIR": "@FILES@", "CERTIFICATE": "@PEM@",
    "HSTS_MAX_AGE": "31536000", "HSTS_INCLUDE_SUBDOMAINS": "", "USER": USER, "GROUP": USER,
    "PROXY_FCGI_PATH": "unix:/run/php/x.sock|", "PROXY_FCGI_URL": "fcgi://example.test/",
    "PEAR_DIR": "/usr/share/php", "TMPDIR": "@FILES@/tmp", "EMAIL_DOMAIN": "example.test",
    "MAX_EXECUTION_TIME": "30", "MAX_INPUT_TIME": "60", "MEMORY_LIMIT": "128",
    "DISPLAY_ERRORS": "Off", "POST_MAX_SIZE": "8", "UPLOAD_MAX_FILESIZE": "8",
    "ALLOW_URL_FOPEN": "Off", "WEB_DIR": "@FILES@", "FORWARD_TYPE": "301",
    "FORWARD": "http://other.test/", "X_FORWARDED_PROTOCOL": "http", "X_FORWARDED_PORT": "80",
    "FORWARD_PRESERVE_HOST": "Off", "USER_WEB_DIR": "@FILES@", "HTDOCS_DIR": "@FILES@/public",
    "HTTP_URI_SCHEME": "http://", "BASE_SERVER_VHOST": "panel.test", "BASE_SERVER_IP": "127.0.0.1",
    "HTTPD_CUSTOM_SITES_DIR": "@FILES@/custom"}
IMSCP_OFF = ("suexec", "fcgid", "php_off", "fwd", "php_fpm", "itk_off")


def fill(path):
    """The text of a panel's file with its placeholders filled in; paths still start with @...@."""
    text = Path(path).read_text(errors="replace")
    if "tmpl_" in text:
        return braces(fill_ispconfig(text, ISPCONFIG), ISPCONFIG)
    if re.search(r"# SECTION \w+ BEGIN", text) or "{DOMAIN_NAME}" in text:
        return fill_imscp(text)
    if re.search(r"%\w+%", text):
        return re.sub(r"%(\w+)%", lambda m: HESTIA.get(m[1], m[0]), text)
    if re.search(r"\{apps_vhost_|\{vhost_port", text):
        return braces(text, ISPCONFIG)
    return text.replace("directIP:directPORT", "*:8080").replace("directIP:directSSLPORT", "*:8443")


def fill_imscp(text, off=IMSCP_OFF):
    for name in off:
        text = re.sub(rf"[^\n]*# SECTION {name} BEGIN\..*?# SECTION {name} END\.[^\n]*\n", "",
                      text, flags=re.S)
    return braces(text, IMSCP)


def braces(text, values):
    return re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), text)


TAG = re.compile(r"""[<{](/?)tmpl_(var|if|else|loop|unless|hook|include)\b"""
                 r"""((?:[^>}"']|"[^"]*"|'[^']*')*)[>}]""")


def fill_ispconfig(text, values):
    """The subset of the panel's template language that its Apache files use."""
    out, stack, loops, pos = [], [True], [], 0
    # Both `</tmpl_else>` and `<tmpl_else>` stand for else.
    while m := TAG.search(text, pos):
        if all(stack):
            out.append(text[pos:m.start()])
        pos = m.end()
        attributes = dict((k, v) for k, _, v in
                          re.findall(r"""(\w+)=(["'])(.*?)\2""", m[3]))
        kind, closing = m[2], bool(m[1])
        if kind == "var" and all(stack):
            out.append(str(values.get(attributes.get("name"), "")))
        elif kind == "else":
            stack[-1] = not stack[-1]
        elif kind in ("if", "unless", "loop"):
            if closing:
                stack.pop()
            else:
                stack.append(holds(attributes, values) != (kind == "unless"))
                loops.append(kind)
    out.append(text[pos:])
    return "".join(out)


def holds(attributes, values):
    mine = values.get(attributes.get("name"), "")
    op, want = attributes.get("op"), attributes.get("value", "")
    if op is None:
        return bool(mine)
    if attributes.get("format") == "version":
        mine, want = ([int(n) for n in v.split(".")] for v in (mine, want))
    return {"==": mine == want, "=": mine == want, "!=": mine != want, ">": mine > want,
            ">=": mine >= want, "<": mine < want, "<=": mine <= want}[op]


# -- verdicts

NOT_HERE = re.compile(r"^(\s*)(php_(?:admin_)?(?:value|flag)|SuexecUserGroup)\b", re.M | re.I)


def for_apache(text):
    """Neither mod_php nor suexec is installed: what they have anywhere is left out."""
    return NOT_HERE.sub(r"\1#\2", text)


@dataclasses.dataclass
class Said:
    """ok, and what the server printed."""
    ok: bool
    text: str

    def errors(self):
        return [line for line in self.text.splitlines() if line.strip()]


class Judge:
    """Both servers' opinions. tls gives the certificate that @CERT@ and @KEY@ stand for."""

    def __init__(self, tmp, tls, site):
        self.tmp, self.tls, self.site = Path(tmp), tls, site
        self.files = self.tmp / "files"
        self.port = free_port()
        self.modules = all_modules()
        (self.tmp / "logs").mkdir(exist_ok=True)
        for name in ("public", "logs", "home", "custom/before", "tmp", "web1/cgi-bin", "clients",
                     "apps", "run", "lock"):
            (self.files / name).mkdir(parents=True, exist_ok=True)
        (self.files / "both.pem").write_bytes(tls.key("a.test").read_bytes()
                                             + tls.cert("a.test").read_bytes())
        (self.files / "custom/example.test.conf").write_text("")

    def filled(self, text):
        marks = {"@FILES@": self.files, "@PEM@": self.files / "both.pem",
                 "@CERT@": self.tls.cert("a.test"), "@KEY@": self.tls.key("a.test")}
        for mark, value in marks.items():
            text = text.replace(mark, str(value))
        return text

    def base(self, apache, with_listen=True):
        lines = self.modules + [f"Mutex file:{self.files}/lock default"] if apache else [
            "FrontUser _itkd"]
        lines += ['ServerRoot "/etc/apache2"', f'PidFile "{self.tmp}/pid"',
                  f"User {self.site.user}", f"Group {self.site.group}", "ServerName main.test",
                  f'ErrorLog "{self.tmp}/logs/{"apache" if apache else "itkd"}-error.log"',
                  "TypesConfig /etc/mime.types",
                  r'LogFormat "%h %l %u %t \"%r\" %>s %O" common',
                  r'LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\"" combined',
                  r'LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O" vhost_combined',
                  'LogFormat "%b" bytes']
        return lines + ([f"Listen 127.0.0.1:{self.port}"] if with_listen else [])

    def conf(self, text, name="judged.conf", whole=False):
        """{server: Said} of a text in the main server. whole: it is a config of its own."""
        file, text = self.tmp / name, self.filled(text)
        said = {}
        for server in ("Apache", "itkd"):
            lines = ['ServerRoot "/etc/apache2"'] if whole else self.base(server == "Apache")
            write_file(file, for_apache(text) if server == "Apache" else text)
            main = write_file(self.tmp / f"{server}.conf", "\n".join([*lines, f'Include "{file}"'])
                              + "\n")
            command = [APACHE if server == "Apache" else str(ITKD), "-t", "-f", str(main)]
            env = {**environment(), **LAYOUT, **sanitizer_options()}
            done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                                  timeout=300, env=env, stdin=subprocess.DEVNULL)
            said[server] = Said(done.returncode == 0, done.stdout + done.stderr)
        return said

    def htaccess(self, texts):
        """{name: {server: Said}} of .htaccess files, {name: text}: whether a GET gives a 500."""
        answers = {}
        for server in ("Apache", "itkd"):
            answers[server] = self.htaccess_of(server, list(texts.values()))
        return {name: {server: answers[server][i] for server in answers}
                for i, name in enumerate(texts)}

    def htaccess_of(self, server, texts):
        root = self.tmp / f"htaccess-{server}"
        files = {}
        for i, text in enumerate(texts):
            if server == "Apache" and "php_admin" not in text:
                text = for_apache(text)
            files |= {f"{i}/.htaccess": text.encode(errors="surrogateescape"), f"{i}/x.txt": "x"}
        case = Case("htaccess", files=files)
        scratch = self.tmp / f"scratch-{server}"
        Tree(case, root, scratch, (self.site.uid, self.site.gid), {"root": root})
        config = [f'DocumentRoot "{root}"', f'<Directory "{root}">', "AllowOverride All",
                  "Options All", "Require all granted", "</Directory>"]
        spot = Spot(self.tmp, server, self.port)
        write_file(spot.file, "\n".join([*self.base(server == "Apache"), *config]) + "\n")
        return self.ask(spot, server, len(texts))

    def ask(self, spot, server, count):
        process = Apache(spot.dir, spot.file, self.port) if server == "Apache" else Server(spot)
        process.start()
        try:
            said = []
            log = self.tmp / f"logs/{server.lower()}-error.log"
            for i in range(count):
                before = log.stat().st_size if log.exists() else 0
                answer = ask(self.port, Get(f"/{i}/x.txt", host="main.test").data(None, self.port))
                text = log.read_bytes()[before:].decode(errors="replace")
                if answer.status == 500 and not text:
                    wait_for(lambda: log.stat().st_size > before, 30, "a line in the error log")
                    text = log.read_bytes()[before:].decode(errors="replace")
                said.append(Said(answer.status != 500, f"{answer.line} {text}"))
            return said
        finally:
            process.stop() if server == "Apache" else process.discard()


LAYOUT = {"APACHE_RUN_USER": USER, "APACHE_RUN_GROUP": USER, "APACHE_PID_FILE": "/tmp/pid",
          "APACHE_RUN_DIR": "/tmp", "APACHE_LOCK_DIR": "/tmp", "APACHE_LOG_DIR": "/tmp"}


def sanitizer_options():
    return {k: v for k, v in os.environ.items() if k == "ASAN_OPTIONS"}


class Spot:
    """What itkd.Server wants of a Config."""

    def __init__(self, tmp, server, port):
        self.dir, self.file, self.port, self.tls_port = tmp, tmp / f"{server}-run.conf", port, 0
        self.logs, self.pid_file = tmp / "logs", tmp / "pid"

    def write(self):
        return self.file
