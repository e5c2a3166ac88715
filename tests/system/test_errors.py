"""What is wrong with a configuration: all of it at once, each with its place, and no crash."""

import re
import resource
import subprocess

import pytest

from itkd import ITKD, amount, free_port, is_asan, write_file


class Conf:
    def __init__(self, tmp, main_site):
        self.dir = tmp
        self.head = (f"ServerRoot {tmp}\nServerName main.test\nUser {main_site.user}\n"
                     f"Group {main_site.group}\nErrorLog {tmp}/error.log\nDocumentRoot {tmp}\n"
                     f"Listen 127.0.0.1:{free_port()}\n")

    def check(self, text, limit=None):
        """-t; text: the lines behind the head. (status, stderr)"""
        data = text if isinstance(text, bytes) else text.encode()
        write_file(self.dir / "x.conf", self.head.encode() + data)

        def preexec():
            if limit and not is_asan():
                resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

        done = subprocess.run([str(ITKD), "-t", "-f", self.dir / "x.conf"], capture_output=True,
                              timeout=300, stdin=subprocess.DEVNULL, preexec_fn=preexec)
        return done.returncode, done.stderr.decode(errors="replace")

    def errors(self, text, limit=None):
        """Of a text that is refused: {line: what is said of it}, lines counted from its own 1."""
        code, said = self.check(text, limit)
        assert code == 1, said
        assert "Syntax OK" not in said
        before = self.head.count("\n")
        found = re.findall(r"^itkd: \S+/x\.conf:(\d+): (.*)$", said, re.M)
        return {int(line) - before: what for line, what in found}


@pytest.fixture
def conf(tmp, main_site):
    return Conf(tmp, main_site)


def test_all_at_once(conf):
    """10: every error of a file, in one run; the warnings and notes besides."""
    found = conf.errors(
        "ErorLog x\nKeepAlive maybe\nInclude missing.conf\nInclude *.missing\nInclude .\n"
        "<VirtualHost *:80>\nRewriteMap m prg:/bin/true\nListen 81\n</Directory>\nServerNmae x\n"
        "</VirtualHost>\nMutex sem\nProtocols h2\nSSLRequire x\nNonsense\n<Directory /x>\n")
    assert {1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 14, 15, 16} <= set(found)
    assert "did you mean ErrorLog?" in found[1] and "did you mean ServerName?" in found[10]
    assert "must be On or Off" in found[2]
    assert "No such file" in found[3] and "No matches for the wildcard" in found[4]
    assert "includes itself" in found[5] and "</Directory>" in found[9]
    assert "prg:" in found[7] and "txt:" in found[7]
    assert "note:" in found[12] and "HTTP/2" in found[13]
    assert "did you mean" not in found[15] and "was not closed" in found[16]


@pytest.mark.parametrize("word, near", [
    ("DocumentRot", "DocumentRoot"), ("serveralias2", "ServerAlias"),
    ("AssignUserld", "AssignUserID"),
    ("<VirtualHosts x>", "<VirtualHost>"), ("<Directroy /x>", "<Directory>"),
    ("Optoins None", "Options"), ("RewriteEngin On", "RewriteEngine"), ("Zzyzzx", None)])
def test_typo(conf, word, near):
    """10: the closest name that is known; none where none is close."""
    end = f"\n</{word[1:].split()[0]}>" if word.startswith("<") else ""
    text = conf.errors(f"{word}{end}\n")[1]
    assert "Invalid command" in text
    assert (f"did you mean {near}?" in text) if near else "did you mean" not in text


def test_include_loop(conf):
    """10: a file that includes itself, at once and by way of others; a deep chain."""
    write_file(conf.dir / "a.part", "Include b.part\n")
    write_file(conf.dir / "b.part", "ServerAdmin b\nInclude a.part\n")
    (conf.dir / "link.part").symlink_to("a.part")
    for text in ("Include x.conf\n", "Include a.part\n", "Include link.part\n",
                 "Include [ab].part\n"):
        code, said = conf.check(text)
        assert code == 1 and "includes itself" in said
    for i in range(30):
        write_file(conf.dir / f"d{i}.part", f"Include d{i + 1}.part\n")
    code, said = conf.check("Include d0.part\n")
    assert code == 1 and "Exceeded the maximum include depth of 20" in said


def test_macro_bomb(conf):
    """10: macros that double what they are given end with an error, soon."""
    lines = [f"<Macro M{i} $x>\nUse M{i + 1} $x$x\nUse M{i + 1} $x$x\n</Macro>\n"
             for i in range(18)]
    text = "".join(lines) + "<Macro M18 $x>\nServerAdmin $x\n</Macro>\nUse M0 aaaaaaaa\n"
    code, said = conf.check(text)
    assert code == 1 and "is too large" in said
    assert len(said) < 1 << 20


@pytest.mark.parametrize("name, why", [
    ("/dev/zero", "not a regular file"), ("/nonexistent/x", "No such file"),
    ("fifo", "not a regular file"), ("loop", "Too many levels"),
    ("/etc/passwd/x", "Not a directory")])
def test_no_file(conf, name, why):
    """10: what is no file is told, and does not hang."""
    subprocess.run(["mkfifo", conf.dir / "fifo"], check=True)
    (conf.dir / "loop").symlink_to("loop")
    assert why in conf.errors(f"Include {name}\nNonsense\n")[1]


def test_directory(conf):
    """10: Include of a directory reads its files; the main file must not be one."""
    (conf.dir / "many").mkdir()
    (conf.dir / "many/deep").mkdir()
    for name in ("many/b", "many/a", "many/deep/c"):
        write_file(conf.dir / name, "Nonsense\n")
    code, said = conf.check("Include many\n")
    assert code == 1
    places = re.findall(r"^itkd: \S+/many/(\S+):1: ", said, re.M)
    assert places == ["a", "b", "deep/c"]
    done = subprocess.run([str(ITKD), "-t", "-f", conf.dir], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 1 and "Is a directory" in done.stderr


def test_binary(conf):
    """10: a program, random bytes, an empty file."""
    write_file(conf.dir / "bytes.part", bytes(range(256)) * 64)
    write_file(conf.dir / "empty.part", "")
    for name in ("/bin/true", "bytes.part"):
        code, said = conf.check(f"Include {name}\n")
        assert code == 1 and "NUL" in said, said[:500]
        assert "this is no text" in said or name != "/bin/true"
    code, said = conf.check("Include empty.part\n")
    assert code == 0, said


def test_nul(conf):
    """10: a NUL byte is an error of its own line; the others are read."""
    found = conf.errors(b"ServerAdmin x\0y\n\0\n# \0\nNonsense\nServerAdmin z\n")
    assert set(found) == {1, 2, 3, 4}
    assert all("NUL" in found[line] for line in (1, 2, 3))


def test_byte_order_mark(conf):
    """10: what no editor shows is named, and the directive behind it is read."""
    write_file(conf.dir / "mark.part", b"\xef\xbb\xbfServerAdmin x\nNonsense\n")
    code, said = conf.check("Include mark.part\n")
    assert code == 1 and re.search(r"mark\.part:1: .*byte order mark", said), said
    assert "ServerAdmin'" not in said and "mark.part:2: Nonsense" in said


def test_many_errors(conf):
    """10: each of 10,000 is told; guesses at what was meant end before they take long."""
    code, said = conf.check("DocumentRot /x\n" + "ServerNam x\n" * 10000)
    assert code == 1 and said.count("Invalid command") == 10002
    assert 0 < said.count("did you mean ServerName?") < 1000


def test_shown_bytes(conf):
    """10: what stands in a file reaches no terminal as it is."""
    code, said = conf.check(b"Foo\x1b[31mBar\xe9 x\n<Fil\x07es x>\n</Files>\n")
    assert code == 1 and "Foo\\x1b[31mBar\\xe9" in said and "<Fil\\x07es" in said
    assert not re.search(r"[^\n -~]", said)


@pytest.mark.parametrize("how", ["plain", "continued", "quoted", "section", "comment", "words"])
def test_long_line(conf, how):
    """10: a line of 100 MB: an error with its number, in little time and memory."""
    n = amount(20, 100) << 20
    line = {"plain": b"ServerAdmin " + b"x" * n, "continued": b"ServerAdmin x\\\n" * (n // 15),
            "quoted": b'ServerAdmin "' + b"\\\"" * (n // 2), "comment": b"# " + b"x" * n,
            "section": b"<Directory /" + b"x" * n + b">",
            "words": b"ServerAlias" + b" x" * (n // 2)}
    code, said = conf.check(line[how] + b"\nNonsense\n", limit=4 * n + (512 << 20))
    assert code == 1 and "Nonsense" in said
    assert re.search(r"^itkd: \S+/x\.conf:8: .*too long", said, re.M), said[:500]
    assert len(said) < 4096


def test_apache_form(conf):
    """10: the first error once more in the words that panels look for."""
    code, said = conf.check("ServerAdmin x\nKeepAlive maybe\nNonsense\n")
    assert code == 1
    line = conf.head.count("\n") + 2
    assert said.endswith(f"AH00526: Syntax error on line {line} of {conf.dir}/x.conf:\n"
                         "KeepAlive must be On or Off\n")
