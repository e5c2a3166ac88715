"""style.md as a test: layering, sizes, formatting. Needs no build and no root."""

import fnmatch
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from layers import ALLOWED, CHECKED, PRIVATE_HEADERS  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
SOURCES = sorted(p for p in SRC.rglob("*.[ch]"))
HEADERS = sorted((ROOT / "include").rglob("*.h"))
C_FILES = SOURCES + HEADERS + sorted(p for part in ("unit", "breach", "bench", "fuzz")
                                     for p in (ROOT / "tests" / part).rglob("*.[ch]"))
MAX_FUNCTION, P90_FUNCTION, MAX_MAIN, MAX_FILE, MAX_COLUMNS = 80, 45, 60, 500, 100


def code_of(path):
    """The lines of a file with comments and the contents of literals blanked out."""
    text = path.read_text()
    text = re.sub(r"__attribute__\(\(.*?\)\)", "", text)
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        token = match[0]
        if token[0] in "\"'" and not token.startswith("//"):
            return token[0] + token[-1]
        return "\n" * token.count("\n")

    return pattern.sub(blank, text).split("\n")


def functions(path):
    """[(name, first line, length)]; the style has the braces of a function in column 0."""
    found, start, lines = [], None, code_of(path)
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            signature = start - 1
            while signature > 0 and not re.match(r"\w", lines[signature]):
                signature -= 1
            while signature > 0 and re.match(r"[\w\t ]", lines[signature - 1]) and \
                    not lines[signature - 1].rstrip().endswith((";", "}")):
                signature -= 1
            name = re.search(r"(\w+)\s*\(", " ".join(lines[signature:start]))
            if name:
                found.append((name[1], start + 1, number - start + 1))
            start = None
    return found


def where(path, number):
    return f"{path.relative_to(ROOT)}:{number}"


def test_there_are_sources():
    """The rules below are about something."""
    assert len(SOURCES) > 40 and len(HEADERS) > 15


@pytest.mark.parametrize("what, pattern, allowed", ALLOWED, ids=[rule[0] for rule in ALLOWED])
def test_layering(what, pattern, allowed):
    """style.md: each power stands only in the files that are named for it."""
    broken = []
    for path in SOURCES:
        name = str(path.relative_to(SRC))
        if any(fnmatch.fnmatch(name, glob) for glob in allowed):
            continue
        broken += [f"{where(path, n)}: {line.strip()}" for n, line in enumerate(code_of(path), 1)
                   if re.search(pattern, line)]
    assert not broken, f"{what} outside of {allowed}:\n" + "\n".join(broken)


@pytest.mark.parametrize("part", sorted(PRIVATE_HEADERS))
def test_private_headers(part):
    """A process's directory includes no private header of another."""
    broken = []
    for path in sorted((SRC / part).rglob("*.[ch]")):
        for n, line in enumerate(path.read_text().split("\n"), 1):
            match = re.match(r'#\s*include\s*"([^"]+)"', line)
            if not match or match[1].startswith("itkd/"):
                continue
            target = (path.parent / match[1]).resolve()
            owner = target.parent.name if target.exists() else match[1].split("/")[0]
            if owner not in PRIVATE_HEADERS[part]:
                broken.append(f"{where(path, n)}: {line}")
    assert not broken, "\n".join(broken)


def test_results_are_used():
    """style.md: every return value of a system call is used."""
    begins = re.compile(rf"^\t+({'|'.join(CHECKED)})\s*\(")
    broken = []
    for path in SOURCES:
        before = ";"
        for n, line in enumerate(code_of(path), 1):
            # Not a line that goes on with an expression.
            if begins.match(line) and before.endswith((";", "{", "}", ")", ":", "else", "do")):
                broken.append(f"{where(path, n)}: {line.strip()}")
            before = line.rstrip() or before
    assert not broken, "\n".join(broken)


def test_front_and_master_share_a_contract_only():
    """design 2: the front knows of the master no more than front_proto.h, and back."""
    for part, foreign in (("front", r"\bmaster_\w+\s*\("), ("master", r"\bfront_\w+\s*\("),
                          ("child", r"\b(master|front)_\w+\s*\("),
                          ("common", r"\b(master|child|logger|spare)_\w+\s*\(")):
        for path in sorted((SRC / part).rglob("*.c")):
            own = {name for name, _, _ in functions(path)}
            for n, line in enumerate(code_of(path), 1):
                for match in re.finditer(foreign, line):
                    name = match[0].rstrip("( \t")
                    declared = any(name in h.read_text() for h in HEADERS) or any(
                        name in h.read_text() for h in (SRC / part).glob("*.h"))
                    assert name in own or declared, f"{where(path, n)}: {name}"


def test_function_lengths():
    """style.md: no function over 80 lines, p90 at most 45, main under 60."""
    every = [(length, name, where(path, line)) for path in SOURCES if path.suffix == ".c"
             for name, line, length in functions(path)]
    assert len(every) > 200
    long = [f"{place}: {name} has {length} lines" for length, name, place in every
            if length > (MAX_MAIN if name == "main" else MAX_FUNCTION)]
    assert not long, "\n".join(long)
    lengths = sorted(length for length, _, _ in every)
    assert lengths[int(len(lengths) * 0.9)] <= P90_FUNCTION


@pytest.mark.parametrize("path", C_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file(path):
    """style.md: at most 500 lines of 100 columns, a comment on top, no leftovers."""
    text = path.read_text()
    lines = text.split("\n")
    assert len(lines) - 1 <= MAX_FILE
    wide = [n for n, line in enumerate(lines, 1) if len(line.expandtabs(8)) > MAX_COLUMNS]
    assert not wide, f"too wide: {wide}"
    assert text.endswith("\n") and not text.endswith("\n\n")
    left = [n for n, line in enumerate(lines, 1)
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b|[ \t]$", line)]
    assert not left, f"leftovers or trailing space: {left}"
    assert text.startswith("/*"), "a comment at the top says what the file is"
    assert len(text[:text.index("*/")].split()) >= 5
    if path.suffix == ".h" and path.parent.name == "itkd":
        guard = "ITKD_" + path.stem.upper() + "_H"
        assert f"#ifndef {guard}\n#define {guard}\n" in text


def test_clang_format():
    """.clang-format has its say on every C file."""
    assert shutil.which("clang-format"), "clang-format is missing: scripts/install-deps"
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", "--ferror-limit=3",
                           *(p for p in C_FILES if p.suffix == ".c")],
                          capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr[:4000]


def test_prefixes():
    """style.md: functions that other files call carry the prefix of their process, where no
    header of include/itkd gives them a name."""
    prefix = {"master": r"master_", "front": r"front_", "child": r"child_", "load": r"load_",
              "logger": r"logger_", "priv": r"(cred|sandbox|spare)_"}
    contracts = " ".join(h.read_text() for h in HEADERS)
    broken = []
    for part, pattern in prefix.items():
        for path in sorted((SRC / part).rglob("*.c")):
            if path.name == "front_static.c":
                continue  # whose functions stand in for the C library's
            lines = code_of(path)
            for name, line, _ in functions(path):
                head, at = "", line - 2
                while at >= 0 and lines[at].strip() and not lines[at].startswith(("}", "#")):
                    head = lines[at] + head
                    at -= 1
                if not re.search(r"\bstatic\b", head) and not re.match(pattern, name) and \
                        not re.search(rf"\b{name}\s*\(", contracts):
                    broken.append(f"{where(path, line)}: {name}")
    assert not broken, "\n".join(broken)


DOCUMENTS = [p for p in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
             if p.name != "directives.md"]  # which is generated


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_document_names_what_is_there(path):
    """The files and functions that a document names in `...` are those of the source."""
    parts = ("src", "include", "tests", "scripts", "docs", "conf")
    files = [str(p.relative_to(ROOT)) for part in parts for p in (ROOT / part).rglob("*")]
    words = set(re.findall(r"\w+", " ".join(p.read_text() for p in SOURCES + HEADERS)))
    words |= {Path(name).stem for name in files} | {"module_verb", "ini_set"}
    broken = []
    for name in re.findall(r"`([^`\s]+)`", path.read_text()):
        if re.fullmatch(rf"[\w*/-]+\.(c|h|py|def|tsv)|({'|'.join(parts)})/[\w*/.-]*", name):
            if not any(fnmatch.fnmatch("/" + file, "*/" + name.rstrip("/")) for file in files):
                broken.append(name)
        elif re.fullmatch(r"[a-z]+_[a-z_]+", name) and name not in words:
            broken.append(name)
    assert not broken


def python_files():
    return sorted((ROOT / "tests").rglob("*.py"))


@pytest.mark.parametrize("path", python_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_python_file(path):
    """Tests wait for a condition and never sleep; a failed check fails, it does not skip."""
    text = path.read_text()
    assert text.startswith(('"""', "#!")), "a docstring at the top says what the file is"
    wide = [n for n, line in enumerate(text.split("\n"), 1) if len(line) > MAX_COLUMNS]
    assert not wide, f"too wide: {wide}"
    if path.name not in ("itkd_proc.py", "test_lint.py"):
        assert "time.sleep(" not in text
    if path.name not in ("itkd_fixtures.py", "test_lint.py"):
        assert "pytest.skip(" not in text and "mark.skip" not in text
