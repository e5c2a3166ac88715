"""
Apache's whole vocabulary: every directive of its manual and of `apache2 -L` with all of Debian's
modules is one that itkd knows, in the same contexts and under the same AllowOverride.
"""

import functools
import html
import re
import subprocess
from pathlib import Path

import pytest

import corpus
from itkd import ITKD, write_file

MANUAL = Path("/usr/share/doc/apache2-doc/manual/en/mod/directives.html")
DEFINITIONS = Path(__file__).resolve().parents[2] / "include/itkd/directives"
# What itkd allows elsewhere than Apache, and why.
ELSEWHERE = {}
# Not directives of this Apache: a heading of the manual's index.
NO_DIRECTIVES = {"port", "example"}
ANYWHERE = "anywhere [no per-dir config]"


class Entry:
    """One of -L: where it may stand in *.conf, and which class lets it stand in .htaccess."""

    def __init__(self, name, module, lines):
        self.name, self.module, self.section = name.lstrip("<"), module, name.startswith("<")
        text = " ".join(lines)
        self.allowed = re.search(r"Allowed in \*\.conf (.*?)( and in \.htaccess|$| when )",
                                 text)
        self.place = self.allowed[1].strip() if self.allowed else ""
        self.override = (re.search(r"when AllowOverride (.*)$", text) or ["", ""])[1].strip()
        self.htaccess = "and in .htaccess" in text

    def __eq__(self, other):
        return self.contexts() == other.contexts()

    def contexts(self):
        # mod_so's and others' "no per-dir config" is a detail of how Apache keeps the value.
        place = "anywhere" if self.place == ANYWHERE else self.place
        return place, self.htaccess, self.override if self.htaccess else ""


def parse_list(text):
    found, name, lines = {}, None, []
    for line in text.splitlines() + ["End (x.c)"]:
        m = re.match(r"(<?[A-Za-z0-9_]+)>? \(([\w.-]+)\.c\)", line)
        if not m:
            lines.append(line.strip())
            continue
        if name:
            found.setdefault(name[1].lstrip("<").lower(), Entry(name[1], name[2], lines))
        name, lines = m, []
    return found


@pytest.fixture(scope="module")
def apache(module_tmp):
    """What `apache2 -L` says."""
    file = write_file(module_tmp / "all.conf", "\n".join([
        *corpus.all_modules(), f"ErrorLog {module_tmp}/e", f"Mutex file:{module_tmp} default",
        "ServerName main.test"]) + "\n")
    done = subprocess.run([corpus.APACHE, "-L", "-f", str(file)], capture_output=True, text=True,
                          timeout=60)
    found = parse_list(done.stdout)
    assert len(found) > 500, done.stderr
    return found


@functools.cache
def manual():
    """The names in the manual's index of directives."""
    text = html.unescape(MANUAL.read_text())
    names = re.findall(r'<li><a href="[a-z_0-9]+\.html#[^>]*>(<?[A-Za-z0-9]+)>?</a>', text)
    assert len(names) > 600
    return [n for n in names if n.lower() not in NO_DIRECTIVES]


@pytest.fixture(scope="module")
def itkd():
    """What `itkd -L` says."""
    done = subprocess.run([str(ITKD), "-L"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = parse_list(done.stdout)
    assert len(found) > 300, done.stdout[:2000]
    return found


def said_of(judge, names):
    """{name: the lines of `itkd -t` about it}, each in the main server with one word."""
    lines = [f"{n} x>\n</{n[1:]}>" if n.startswith("<") else f"{n} x" for n in names]
    said = judge.conf("\n".join(lines) + "\n", "words.conf")["itkd"].text
    found = {}
    for line in said.splitlines():
        if m := re.search(r"words\.conf:(\d+)", line):
            found.setdefault(int(m[1]), []).append(line)
    number, result = 1, {}
    for name, text in zip(names, lines):
        result[name.lstrip("<").lower()] = found.get(number, [])
        number += text.count("\n") + 1
    return result


@pytest.fixture(scope="module")
def judge(module_tmp, tls):
    from itkd import Site
    return corpus.Judge(module_tmp, tls, Site("main", module_tmp))


def test_every_directive_is_known(apache, judge):
    names = {n.lstrip("<").lower(): n for n in manual()}
    names |= {key: ("<" if e.section else "") + e.name for key, e in apache.items()
              if not key.startswith("authn") or key not in names}
    said = said_of(judge, list(names.values()))
    unknown = sorted(names[key] for key, lines in said.items()
                     if any("Invalid command" in line for line in lines))
    assert not unknown, f"{len(unknown)} of {len(names)}: {unknown}"


def test_a_refusal_has_a_reason(apache, judge):
    said = said_of(judge, [("<" if e.section else "") + e.name for e in apache.values()])
    bare = [line for lines in said.values() for line in lines
            if re.search(r":\d+: \S+: (not implemented|refused|unsupported)\.?$", line)]
    assert not bare


def test_contexts_and_override_are_those_of_apache(apache, itkd):
    wrong = [f"{e.name}: Apache {apache[key].contexts()}, itkd {e.contexts()}"
             for key, e in itkd.items()
             if key in apache and key not in ELSEWHERE and e != apache[key]]
    assert not wrong, f"{len(wrong)} of {len(itkd)}:\n" + "\n".join(wrong)


def test_modules_are_those_of_apache(apache, itkd):
    """<IfModule> and -L name the module that Apache has a directive in."""
    wrong = [f"{e.name}: Apache {apache[key].module}, itkd {e.module}" for key, e in itkd.items()
             if key in apache and e.module != apache[key].module
             and not apache[key].module.startswith(("mod_unixd", "mpm_", "prefork", "http_core"))]
    assert not wrong, f"{len(wrong)} of {len(itkd)}:\n" + "\n".join(wrong)


def test_unknown_words_are_found(judge):
    said = said_of(judge, ["NoSuchDirective", "ServerNam"])
    assert "Invalid command" in said["nosuchdirective"][0]
    assert "ServerName" in said["servernam"][0], "the closest name is told"
