"""The documents that are made from the table of directives, and the defaults that it names."""

import re
import subprocess
from pathlib import Path

import pytest

from itkd import ITKD, free_port, write_file

DOCS = Path(__file__).resolve().parents[2] / "docs"


def made(name):
    return subprocess.run([str(ITKD), "--manual", name], capture_output=True, text=True,
                          timeout=60)


@pytest.mark.parametrize("name", ["directives.md", "itkd.conf.5"])
def test_documents_are_current(name):
    """3: docs/ holds what the table says: build/release/itkd --manual NAME > docs/NAME."""
    done = made(name)
    assert done.returncode == 0 and done.stderr == ""
    assert (DOCS / name).read_text() == done.stdout, f"itkd --manual {name} > docs/{name}"


def test_every_directive_is_in_them():
    """3: what -L lists stands in both."""
    listed = subprocess.run([str(ITKD), "-L"], capture_output=True, text=True, timeout=60).stdout
    names = re.findall(r"^<?(\w+) \(", listed, re.M)
    assert len(names) > 600
    for document in ("directives.md", "itkd.conf.5"):
        words = set(re.findall(r"\w+", (DOCS / document).read_text()))
        assert not [name for name in names if name not in words]


@pytest.mark.parametrize("page", ["itkd.conf.5", "itkd.8"])
def test_page_is_formatted(page):
    """3: man and mandoc format it without a warning."""
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", DOCS / page],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[:2000]
    done = subprocess.run(["man", "--warnings", "-l", "-Tutf8", DOCS / page], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr[:2000]


def test_options_are_in_the_manual():
    """9: itkd(8) has every option of -h, and the other way round."""
    usage = subprocess.run([str(ITKD), "-h"], capture_output=True, text=True, timeout=60).stderr
    options = set(re.findall(r"^  -(\w)", usage, re.M))
    page = (DOCS / "itkd.8").read_text()
    assert options == set(re.findall(r"^\.It Fl (\w)", page, re.M))


def test_unknown_document():
    assert made("x").returncode == 1


def defaults():
    """(name, value) of the directives whose default is something to write."""
    text = (DOCS / "directives.md").read_text().split("## Accepted")[0]
    found = []
    for name, rest in re.findall(r"### `(\w+)`\n(.*?)(?=\n### |\Z)", text, re.S):
        value = re.search(r"- Default: `(.*)`", rest)
        if value and "server config" in rest:
            found.append((name, value[1]))
    return found


# What is no value: a description, or what depends on the machine.
DESCRIBED = {"FrontProcesses": "one per CPU", "ServerAdmin": "[no address given]"}
# Their directory is there on a system where itkd is installed.
PLACES = {"ServerRoot", "ErrorLog", "PidFile", "DefaultRuntimeDir", "DocumentRoot", "TypesConfig"}


def test_defaults_can_be_written(tmp, main_site):
    """3: each default of the table is a value that the directive takes, and changes nothing."""
    pairs = defaults()
    assert len(pairs) > 40
    described = {name: value for name, value in pairs if name in DESCRIBED}
    assert described == DESCRIBED
    head = (f"ServerRoot {tmp}\nServerName main.test\nUser {main_site.user}\n"
            f"Group {main_site.group}\nErrorLog {tmp}/error.log\nPidFile {tmp}/pid\n"
            f"DocumentRoot {tmp}\nListen 127.0.0.1:{free_port()}\n")
    lines = [f"{name} {value}\n" for name, value in pairs
             if name not in PLACES and name not in DESCRIBED and name not in ("User", "Group")]

    def dump(text):
        write_file(tmp / "x.conf", text)
        done = subprocess.run([str(ITKD), "-t", "-f", tmp / "x.conf"], capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    dump(head)
    dump(head + "".join(lines))
