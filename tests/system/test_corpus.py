"""
Whole configurations as panels and applications write them, by Apache and by itkd: the files of
tests/corpus, and those of a directory named by ITKD_CORPUS where that is set.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

import corpus
from itkd import Site

HERE = Path(__file__).resolve().parents[1] / "corpus"
VHOSTS = sorted((HERE / "vhosts").glob("*.conf"))
HTACCESS = sorted((HERE / "htaccess").glob("*.htaccess"))
# What itkd refuses for good, by the module of Apache's that has it.
REFUSED = re.compile(
    r"Auth(n|z|LDAP)|ProxyRemote|Balancer|balancer|https://|SSLRequire\b|SSLCA|SSLVerify|"
    r"Cache|Ext|Fcgid|Session|Substitute")


@pytest.fixture(scope="module")
def judge(module_tmp, tls):
    return corpus.Judge(module_tmp, tls, Site("main", module_tmp))


@pytest.fixture(scope="module")
def htaccess(judge):
    """What both servers say of each of our .htaccess files."""
    return judge.htaccess({p.name: p.read_text() for p in HTACCESS})


def expectation(path):
    """(word, names): OK, refused or error, and the directives."""
    first = path.read_text().splitlines()[0]
    word, *names = re.fullmatch(r"# Expect: (.*)", first)[1].split()
    assert word in ("OK", "refused", "error"), first
    return word, names


def check(path, said):
    word, names = expectation(path)
    apache, itkd = said["Apache"], said["itkd"]
    assert apache.ok == (word != "error"), f"Apache: {apache.text}"
    assert itkd.ok == (word == "OK"), f"itkd: {itkd.text}"
    for name in names:
        assert re.search(rf"\b{name}\b", itkd.text), f"{name} is not named in {itkd.text}"
    return names


@pytest.mark.parametrize("path", VHOSTS, ids=lambda p: p.stem)
def test_vhost(path, judge):
    said = judge.conf(path.read_text(), path.name)
    names = check(path, said)
    if names:
        lines = [x for x in said["itkd"].text.splitlines()
                 if re.search(rf"{path.name}:\d+: (?!.*(note|warning): )", x)]
        strange = [x for x in lines if not any(n in x for n in names)]
        assert not strange, "more than was expected is wrong:\n" + "\n".join(strange)


@pytest.mark.parametrize("path", HTACCESS, ids=lambda p: p.stem)
def test_htaccess(path, htaccess):
    check(path, htaccess[path.name])


# -- real files, which are not ours to keep here

def real(pattern="*"):
    root = Path(os.environ.get("ITKD_CORPUS", "/nonexistent"))
    return sorted(p for p in root.rglob(pattern) if p.is_file())


def judged_same(said, name):
    apache, itkd = said["Apache"], said["itkd"]
    if not apache.ok:
        return not itkd.ok or name.startswith("panel")
    errors = [line for line in itkd.errors()
              if re.search(r":\d+: (?!.*(note|warning): )|/\.htaccess: ", line)]
    return itkd.ok or (errors and all(REFUSED.search(line) for line in errors))


if os.environ.get("ITKD_CORPUS"):
    CONFS = [p for p in real() if "apache-conf-files" in p.parts and p.suffix != ".htaccess"]
    PANELS = [p for p in real() if p.suffix in (".tpl", ".stpl", ".master")]
    TABLE = Path(os.environ["ITKD_CORPUS"]) / "HTACCESS-VERDICTS.tsv"

    @pytest.mark.parametrize("path", CONFS, ids=lambda p: p.name)
    def test_real_conf(path, judge):
        said = judge.conf(path.read_text(errors="surrogateescape"))
        assert judged_same(said, path.name), f"{said['itkd'].text}\nApache: {said['Apache'].text}"

    @pytest.mark.parametrize("path", PANELS, ids=lambda p: "-".join(p.parts[-2:]))
    def test_panel_template(path, judge):
        said = judge.conf(corpus.fill(path))
        assert judged_same(said, "panel"), f"{said['itkd'].text}\nApache: {said['Apache'].text}"

    def test_real_htaccess(judge, tmp):
        names = [line.split("\t") for line in TABLE.read_text().splitlines() if line]
        texts = {name: (TABLE.parent / name).read_text(errors="surrogateescape")
                 for name, verdict in names if "Syntax OK" in verdict}
        for kind in ("htaccess", "scratch"):
            for server in ("Apache", "itkd"):
                shutil.rmtree(judge.tmp / f"{kind}-{server}", ignore_errors=True)
        wrong = {name: said["itkd"].text for name, said in judge.htaccess(texts).items()
                 if not judged_same(said, name)}
        assert not wrong, "\n".join(f"{n}: {t}" for n, t in wrong.items())
