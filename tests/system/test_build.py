"""Issue point 1 (build, install) and the unit file of point 2."""

import fcntl
import json
import os
import re
import shlex
import shutil
import subprocess

import pytest

from itkd import BUILD, ROOT, is_asan

PROGRAMS = ("itkd", "itkd-master", "itkd-front")


def output(*command, timeout=120, **how):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                          timeout=timeout, **how)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(session_tmp):
    """Where `cmake --install` with DESTDIR put everything."""
    destination = session_tmp / "installed"
    output("cmake", "--install", BUILD, env={**os.environ, "DESTDIR": str(destination)})
    return destination


def test_presets():
    """1: the presets of the issue exist."""
    listed = output("cmake", "--list-presets", cwd=ROOT)
    assert {"release", "dev", "asan"} <= set(re.findall(r'"(\w+)"', listed))


def test_libraries():
    """1, design 1: only itkd-front has OpenSSL (linked in or shared) and libevent."""
    libraries = {}
    for program in PROGRAMS:
        dynamic = output("readelf", "-dW", BUILD / program)
        found = re.findall(r"NEEDED.*\[(lib\w+)", dynamic)
        symbols = output("readelf", "-sW", BUILD / program)
        libraries[program] = {library for library, symbol in
                              {"libssl": "SSL_do_handshake", "libcrypto": "EVP_DigestInit_ex",
                               "libevent_core": "event_base_dispatch"}.items()
                              if library in found or re.search(rf"\b{symbol}\b", symbols)}
    assert libraries == {"itkd": set(), "itkd-master": set(),
                         "itkd-front": {"libssl", "libcrypto", "libevent_core"}}


def test_linked_openssl_is_the_machines(config, site_a, tmp):
    """An OpenSSL that is linked in does not change with the package: --check says so."""
    config.vhost(site_a, tls=True)
    check = shlex.join(map(str, (BUILD / "itkd", "-t", "-f", config.write())))
    theirs = re.search(r'ITKD_LIBCRYPTO "(.*)"', (BUILD / "include/itkd/build.h").read_text())[1]
    other = tmp / "libcrypto.so"
    other.write_bytes(b"OpenSSL 9.8.7\0built on: today\0")

    def said(first):
        done = subprocess.run(["unshare", "-m", "sh", "-c", f"{first} && {check}"],
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stderr

    assert said("true") == "Syntax OK\n"
    if "libcrypto" in output("readelf", "-dW", BUILD / "itkd-front"):
        return  # it is the machine's
    assert re.search(rf"warning: itkd-front has OpenSSL 3.* linked in, {theirs} is another: "
                     "build and install itkd again", said(f"mount --bind {other} {theirs}"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_hardening(program):
    """1, style.md: PIE, full RELRO; FORTIFY_SOURCE and the stack protector in a release build."""
    headers = output("readelf", "-hldW", BUILD / program)
    assert re.search(r"Type:\s+DYN", headers), "not position-independent"
    assert "GNU_RELRO" in headers and re.search(r"BIND_NOW|FLAGS_1.*NOW", headers)
    assert not re.search(r"GNU_STACK.*RWE", headers)
    cache = (BUILD / "CMakeCache.txt").read_text()
    if not is_asan() and re.search(r"^CMAKE_BUILD_TYPE:\w+=Release$", cache, re.M):
        symbols = output("readelf", "-sW", BUILD / program)
        assert "__stack_chk_fail" in symbols
        assert re.search(r"__\w+_chk\b", symbols), "no fortified call"


@pytest.mark.parametrize("path, mode", [
    ("usr/sbin/itkd", 0o755),
    ("usr/sbin/itkdctl", 0o755),
    ("usr/libexec/itkd/itkd-master", 0o755),
    ("usr/libexec/itkd/itkd-front", 0o755),
    ("etc/itkd/itkd.conf", 0o644),
    ("etc/itkd/envvars", 0o644),
    ("usr/share/man/man5/itkd.conf.5", 0o644),
    ("usr/lib/systemd/system/itkd.service", 0o644),
    ("usr/lib/sysusers.d/itkd.conf", 0o644),
    ("usr/lib/tmpfiles.d/itkd.conf", 0o644),
])
def test_install_places(installed, path, mode):
    """1: files are where Debian would have them. (/lib is /usr/lib on Debian 12.)"""
    file = installed / path
    if not file.exists() and path.startswith("usr/lib/"):
        file = installed / path[len("usr/"):]
    assert file.is_file(), output("find", installed, "-type", "f")
    assert file.stat().st_mode & 0o7777 == mode


def test_install_manual(installed):
    """1, 15: itkd(8) is installed and man can format it without a warning."""
    [page] = installed.glob("usr/share/man/man8/itkd.8*")
    done = subprocess.run(["man", "--warnings", "-l", "-Tutf8", page], capture_output=True,
                          text=True, timeout=60, env={**os.environ, "MANPAGER": "cat"})
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert "graceful-stop" in re.sub(".\x08", "", done.stdout)


def unit_of(installed):
    [unit] = installed.glob("**/systemd/system/itkd.service")
    return unit


def test_unit_verifies(installed, tmp):
    """2: systemd-analyze verify passes (the program's path is that of the build)."""
    text = unit_of(installed).read_text().replace("/usr/sbin/itkd", str(BUILD / "itkd"))
    unit = tmp / "itkd.service"
    unit.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "itkd.service" not in done.stderr, done.stderr


def test_unit_content(installed):
    """2: Type=notify, ExecReload, and nothing that takes set-id programs their power."""
    settings = dict(line.split("=", 1) for line in unit_of(installed).read_text().splitlines()
                    if "=" in line and not line.startswith(("#", ";")))
    assert settings["Type"] in ("notify", "notify-reload")
    assert settings["ExecStart"].startswith("/usr/sbin/itkd")
    assert "ExecReload" in settings
    assert not {"NoNewPrivileges", "RestrictSUIDSGID", "DynamicUser", "User"} & set(settings)


def test_installed_runs(installed):
    """1: the installed program answers -v by itself."""
    assert "itkd" in output(installed / "usr/sbin/itkd", "-v").lower()


def _compiles(directory):
    """{file: the warnings that its compiler is asked for} of a build."""
    entries = json.loads((directory / "compile_commands.json").read_text())
    return {entry["file"]: {w for w in shlex.split(entry["command"]) if re.match("-W[^pl]", w)}
            for entry in entries}


@pytest.mark.once
def test_clang_is_content():
    """1: every file of the build passes clang with the same warnings, as errors."""
    assert shutil.which("clang"), "clang is missing: scripts/install-deps"
    directory = ROOT / "build" / "clang"  # where scripts/test has made it just before
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "test.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "build.ninja").exists():
            output("cmake", "-S", ROOT, "-B", directory, "-G", "Ninja",
                   "-DCMAKE_BUILD_TYPE=Release", env={**os.environ, "CC": "clang"})
        output("cmake", "--build", directory, timeout=1200)
    ours, clangs = _compiles(BUILD), _compiles(directory)
    assert len(ours) > 20
    assert "clang" in (directory / "CMakeCache.txt").read_text()
    for file, warnings in ours.items():
        assert "-Werror" in warnings and warnings <= clangs[file], file


def test_license():
    """2: Apache-2.0."""
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text and "Version 2.0" in text
