"""
The command line beside that of this machine's Apache: the same words on the same streams with the
same status, apart from the program's name, and from what itkd -S adds about users.
"""

import re
import subprocess

import pytest

from itkd import ITKD, Site, Tls, free_port, write_file  # noqa: F401

APACHE = "/usr/sbin/apache2"
MODULES = "/usr/lib/apache2/modules"
APACHE_MODULES = ["mpm_prefork", "authz_core", "access_compat", "macro", "alias", "socache_shmcb",
                  "ssl"]

MAIN = """\
ServerRoot {dir}
ServerName main.test
PidFile {dir}/{who}.pid
ErrorLog {dir}/error.log
DefaultRuntimeDir {dir}
DocumentRoot {dir}
User itkt-main
Group itkt-main
Listen 127.0.0.1:{port}
Listen 127.0.0.1:{tls_port} https
Include {dir}/common.conf
"""
COMMON = """\
Define FOO bar
Define BAR
<VirtualHost *:{port}>
	ServerName a.test
	ServerAlias www.a.test *.a.test
	AssignUserID itkt-a itkt-a
</VirtualHost>
<Macro Site $name>
<VirtualHost *:{port}>
	ServerName $name
	AssignUserID itkt-b itkt-b
	MaxClientsVHost 7
	NiceValue 3
</VirtualHost>
</Macro>
Use Site b.test
<VirtualHost 127.0.0.1:{port} 127.0.0.2:{port}>
	ServerName c.test
	ServerAlias cc.test
	AssignUserID itkt-c itkt-c
</VirtualHost>
<VirtualHost *>
	ServerName d.test
</VirtualHost>
IncludeOptional {dir}/inc/*.conf
"""


class Pair:
    """The same configuration for both."""

    def __init__(self, tmp, tls):
        self.dir = tmp
        words = {"dir": tmp, "port": free_port(), "tls_port": free_port()}
        (tmp / "inc").mkdir()
        write_file(tmp / "inc/1.conf", "ServerAdmin x\n")
        write_file(tmp / "inc/2.conf", f"Include {tmp}/inc/deep.part\n")
        write_file(tmp / "inc/deep.part", "ServerSignature Off\n")
        tls_block = ("<VirtualHost *:{tls_port}>\n\tServerName s.test\n\tSSLEngine on\n"
                     "\tSSLCertificateFile {cert}\n\tSSLCertificateKeyFile {key}\n"
                     "</VirtualHost>\n").format(cert=tls.cert("a.test"), key=tls.key("a.test"),
                                               **words)
        write_file(tmp / "common.conf", COMMON.format(**words) + tls_block)
        load = [f"LoadModule {m}_module {MODULES}/mod_{m}.so" for m in APACHE_MODULES]
        load.append(f"LoadModule mpm_itk_module {MODULES}/mpm_itk.so")
        for who in ("apache", "itkd"):
            # The lines that only Apache needs come first, on one line, for the same line numbers.
            text = MAIN.format(who=who, **words)
            if who == "apache":
                text = text.replace("ServerRoot", f"Include {tmp}/load.part\nServerRoot", 1)
            else:
                text = "# The same numbers of lines.\n" + text
            write_file(tmp / f"{who}.conf", text)
        write_file(tmp / "load.part", "\n".join(load) + "\n")

    def run(self, *args):
        """(Apache's CompletedProcess, itkd's)"""
        return [subprocess.run([program, "-f", f"{self.dir}/{name}.conf", *args],
                               capture_output=True, text=True, timeout=300,
                               stdin=subprocess.DEVNULL)
                for program, name in ((APACHE, "apache"), (str(ITKD), "itkd"))]


@pytest.fixture
def pair(tmp, tls):
    return Pair(tmp, tls)


def alike(text):
    """What must agree: without names of programs and files that differ on purpose."""
    text = re.sub(r"^\[[A-Z][a-z]{2} .*?\] (\[.*?\] )*", "", text, flags=re.M)
    text = re.sub(r"/(apache|itkd)\.(conf|pid)\b", r"/FILE.\2", text)
    return re.sub(r"(?<!/)\b(itkd|apache2|httpd)\b|/usr/sbin/apache2", "PROGRAM", text)


def without_modules(text):
    return re.sub(r" +\(1\) \S+/load\.part\n", "", text)


def without_users(text):
    return "".join(line for line in text.splitlines(True) if not line.startswith(" " * 17 + "user ")
                   and not re.match(r"Mutex (?!default)", line))


def groups(text):
    """-S: the block of each address, in any order: httpd's is that of a hash table."""
    blocks = re.split(r"^(?=\S)", text, flags=re.M)
    return sorted(blocks)


@pytest.mark.parametrize("args", [
    ("-t",), ("-T", "-t"), ("-tT",), ("-t", "-e", "crit"), ("-t", "-X"), ("-t", "-k", "stop"),
    ("-t", "-D", "DUMP_CERTS"), ("-t", "-D", "DUMP_INCLUDES"), ("-D", "DUMP_INCLUDES"),
    ("-k", "stop"), ("-k", "graceful-stop"), ("-D", "X", "-DDUMP_INCLUDES", "-t"),
], ids=" ".join)
def test_same_output(pair, args):
    """9: status, stdout and stderr are the same."""
    apache, itkd = pair.run(*args)
    assert itkd.returncode == apache.returncode, itkd.stderr
    assert alike(itkd.stdout) == without_modules(alike(apache.stdout))
    notes = [line for line in itkd.stderr.splitlines(True) if ": note: " not in line]
    assert alike("".join(notes)) == alike(apache.stderr)


@pytest.mark.parametrize("args", [
    ("-S",), ("-t", "-D", "DUMP_VHOSTS"), ("-D", "DUMP_VHOSTS"), ("-t", "-D", "DUMP_RUN_CFG"),
    ("-S", "-D", "X"), ("-T", "-S"), ("-DDUMP_VHOSTS", "-D", "DUMP_RUN_CFG"),
], ids=" ".join)
def test_same_dump(pair, args):
    """9: -S and its like, but for the order of addresses and the lines about users."""
    apache, itkd = pair.run(*args)
    assert itkd.returncode == apache.returncode == 0, itkd.stderr
    assert groups(alike(without_users(itkd.stdout))) == groups(alike(without_users(apache.stdout)))


def test_users_of_hosts(pair):
    """9: -S tells who each virtual host runs as, how many and how nice."""
    text = pair.run("-S")[1].stdout
    assert re.search(r"namevhost a\.test .*\n +alias www\.a\.test\n +wild alias \*\.a\.test\n"
                     r" {17}user itkt-a \(\d+\) group itkt-a \(\d+\) groups [\d,]+ cap none nice 0",
                     text), text
    assert re.search(r"namevhost b\.test \(macro 'site' .*\n +user itkt-b .* cap 7 nice 3\n", text)


@pytest.mark.parametrize("args", [
    ("-Z",), ("-tZ",), ("-D",), ("-f",), ("-k",), ("-k", "bad"), ("-e", "loud", "-t"), ("word",),
    ("-t", "word"), ("-h",), ("-C",),
], ids=" ".join)
def test_same_usage(pair, args):
    """9: what is no option gives the usage on stderr and 1, in Apache's words."""
    apache, itkd = pair.run(*args)
    assert itkd.returncode == apache.returncode == 1
    assert itkd.stdout == apache.stdout == ""
    first = [[line for line in alike(done.stderr).splitlines() if not line.startswith(" ")]
             for done in (apache, itkd)]
    before = [lines[:[line.startswith("Usage:") for line in lines].index(True)] for lines in first]
    # httpd has no -k without its word as a case of its own.
    if args != ("-k",):
        assert before[0] == before[1]
    assert "Options:" in first[1]


@pytest.mark.parametrize("line", ["Nonsense", "ServerName", "KeepAlive maybe", "</Directory>",
                                  "<Directory /x>\nNonsense\n</Directory>", "Listen",
                                  "UseCanonicalName On Off"])
@pytest.mark.parametrize("how", ["-t", "-S", "-M", "-k graceful"])
def test_same_error(pair, line, how):
    """9, 10: 1, nothing on stdout, and the line that Apache names, in Apache's form."""
    with open(pair.dir / "common.conf", "a") as f:
        f.write(line + "\n")
    apache, itkd = pair.run(*how.split())
    assert itkd.returncode == apache.returncode == 1
    assert itkd.stdout == apache.stdout == ""
    place = re.search(r"Syntax error on line (\d+) of (\S+common\.conf):", apache.stderr)
    place = place or re.search(r"Syntax error on line (\d+) of (\S+common\.conf)", apache.stderr)
    assert f"AH00526: Syntax error on line {place[1]} of {place[2]}:\n" in itkd.stderr
    assert f"itkd: {place[2]}:{place[1]}: " in itkd.stderr


def test_directives_given(pair):
    """9: -C before the file, -c behind it, attached or not; errors in them."""
    for args in (("-C", "Define BEFORE x"), ("-CDefine BEFORE x",), ("-c", "Define AFTER y"),
                 ("-C", "<IfModule none>", "-C", "Nonsense", "-C", "</IfModule>")):
        apache, itkd = pair.run(*args, "-t", "-D", "DUMP_RUN_CFG")
        assert itkd.returncode == apache.returncode == 0, itkd.stderr
        assert alike(without_users(itkd.stdout)) == alike(without_users(apache.stdout))
    apache, itkd = pair.run("-t", "-c", "Nonsense")
    assert itkd.returncode == apache.returncode == 1
    assert "itkd: -c/-C directives:1: Nonsense: Invalid command" in itkd.stderr


def test_startup_log(pair):
    """9: -E takes what would go to stderr; one that cannot be opened does not matter."""
    log = pair.dir / "startup.log"
    for program, done in zip(("apache", "itkd"), pair.run("-t", "-E", str(log))):
        assert done.returncode == 0 and done.stderr == "", program
    assert log.read_text().count("Syntax OK") == 2
    for done in pair.run("-t", "-E", "/nonexistent/x"):
        assert done.returncode == 0 and "AH00086" in done.stderr and "Syntax OK" in done.stderr


def test_level(pair):
    """9: -e hides what is less severe; errors always show."""
    with open(pair.dir / "common.conf", "a") as f:
        f.write("Mutex sem\nMaxSpareServers 99999\n")
    shown = [pair.run("-t", "-e", level)[1].stderr for level in ("crit", "warn", "notice", "debug")]
    assert ["note:" in text for text in shown] == [False, False, True, True]
    assert ["MaxSpareServers of 99999" in text for text in shown] == [False, True, True, True]
    with open(pair.dir / "common.conf", "a") as f:
        f.write("Nonsense\n")
    assert "Nonsense" in pair.run("-t", "-e", "emerg")[1].stderr


def test_document_root_check(pair):
    """9: -T: a DocumentRoot need not exist; without it the main server's must."""
    with open(pair.dir / "common.conf", "a") as f:
        f.write("DocumentRoot /nonexistent\n")
    for done in pair.run("-t"):
        assert done.returncode == 1
        assert "DocumentRoot '/nonexistent' is not a directory, or is not readable" in done.stderr
    for done in pair.run("-t", "-T"):
        assert done.returncode == 0, done.stderr


def test_modules(pair):
    """9: -l and -M have httpd's form; -M is what <IfModule> answers."""
    apache, itkd = pair.run("-l")
    assert itkd.returncode == 0 and itkd.stderr == ""
    assert set(itkd.stdout.splitlines()) <= set(apache.stdout.splitlines())
    apache, itkd = pair.run("-M")
    assert itkd.returncode == 0
    lines = itkd.stdout.splitlines()
    assert lines[0] == "Loaded Modules:"
    assert all(re.fullmatch(r" \w+_module \((static|shared)\)", line) for line in lines[1:])
    ours, theirs = set(lines), set(apache.stdout.splitlines())
    assert theirs - ours == {" watchdog_module (static)", " socache_shmcb_module (shared)"}
    # Of PHP's modules both forms hold: Debian's php-fpm.conf stands in <IfModule !mod_php8.c>.
    names = re.findall(r"(?!php)(\b\w+_module) ", itkd.stdout)
    text = "".join(f"<IfModule !{name}>\nNonsense\n</IfModule>\n" for name in names)
    with open(pair.dir / "common.conf", "a") as f:
        f.write(text)
    assert pair.run("-t")[1].returncode == 0


def test_version(pair):
    """9: -v and -V without a configuration; panels find Apache/2.4 exactly once."""
    done = subprocess.run([str(ITKD), "-v"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == ""
    assert re.match(r"Server version: itkd/\d+\.\d+\.\d+\nServer built:   \S", done.stdout)
    assert len(re.findall(r"Apache/([0-9.]*)", done.stdout)) == 1
    theirs = subprocess.run([APACHE, "-v"], capture_output=True, text=True, timeout=60).stdout
    apache = re.search(r"Apache/2\.4", theirs)
    assert apache and apache[0] in done.stdout
    settings = pair.run("-V")
    wanted = ["Architecture:   64-bit", "Server MPM:     prefork", "  threaded:     no",
              "    forked:     yes (variable process count)", "Server compiled with...."]
    for done in settings:
        assert done.returncode == 0
        assert [line for line in wanted if line not in done.stdout.splitlines()] == []
    for name in ("HTTPD_ROOT", "SERVER_CONFIG_FILE", "DEFAULT_PIDLOG"):
        assert re.search(rf'^ -D {name}="[^"]+"$', settings[1].stdout, re.M)


def test_directive_list(pair):
    """9: -L has httpd's form (that it is complete, test_language.py shows)."""
    itkd = subprocess.run([str(ITKD), "-L"], capture_output=True, text=True, timeout=60)
    assert itkd.returncode == 0 and itkd.stderr == ""
    entry = re.compile(r"<?\w+ \([\w.]+\.c\)\n(\t.*\n)?\tAllowed in \*\.conf .*\n"
                       r"(\twhen AllowOverride .*\n)?")
    at = 0
    while at < len(itkd.stdout):
        found = entry.match(itkd.stdout, at)
        assert found, itkd.stdout[at:at + 300]
        at = found.end()


def test_server_root(tmp, main_site):
    """9: -f names a file elsewhere: its directory is the ServerRoot, unless -d or it says so."""
    write_file(tmp / "x.conf", f"User {main_site.user}\nGroup {main_site.group}\n"
                               f"ErrorLog error.log\nDocumentRoot {tmp}\nInclude ports.conf\n"
                               f"ServerName main.test\n")
    write_file(tmp / "ports.conf", f"Listen 127.0.0.1:{free_port()}\n")
    (tmp / "other").mkdir()
    write_file(tmp / "other/ports.conf", "Nonsense\n")

    def check(*args):
        return subprocess.run([str(ITKD), *args, "-t", "-D", "DUMP_RUN_CFG"], capture_output=True,
                              text=True, timeout=60)

    done = check("-f", str(tmp / "x.conf"))
    assert done.returncode == 0, done.stderr
    assert f'ServerRoot: "{tmp}"' in done.stdout and f'ErrorLog: "{tmp}/error.log"' in done.stdout
    assert "other/ports.conf:1: Nonsense" in check("-d", str(tmp / "other"), "-f",
                                                   str(tmp / "x.conf")).stderr
    assert check("-d", str(tmp), "-f", "x.conf").returncode == 0
    (tmp / "x.conf").rename(tmp / "itkd.conf")
    assert f'ServerRoot: "{tmp}"' in check("-d", str(tmp)).stdout, "as httpd: its own name there"
