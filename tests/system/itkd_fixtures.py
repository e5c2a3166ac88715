"""The fixtures, for the conftest.py of each directory that runs a real itkd."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from itkd import ITKD, Config, Server, Site, Tls, Users, reap_orphans
from itkd_backend import Backend
from itkd_proc import become_subreaper


def pytest_configure(config):
    config.addinivalue_line("markers", "sandbox: needs the seccomp filters (not an ASan build)")
    config.addinivalue_line("markers", "once: says the same of every build")
    become_subreaper()


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root: it starts itkd and makes users"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for server in Server.running:
            report.sections.append((f"logs of {server.config.file}", server.logs_text()))


def _directory(parent=None):
    path = Path(tempfile.mkdtemp(prefix="itkd-test-", dir=parent or "/tmp"))
    path.chmod(0o755)
    return path


@pytest.fixture(scope="session")
def session_tmp():
    assert ITKD.exists(), f"{ITKD} does not exist: build first, or set ITKD_BUILD"
    users = Users()
    users.create()
    path = _directory()
    yield path
    shutil.rmtree(path, ignore_errors=True)
    users.remove()


@pytest.fixture(scope="session")
def tls(session_tmp):
    return Tls(session_tmp / "tls")


def _starter():
    servers = []

    def start(config, **how):
        server = Server(config)
        servers.append(server)
        return server.start(**how)

    def finish():
        problems = []
        for server in reversed(servers):
            try:
                server.discard()
            except AssertionError as error:
                problems.append(f"{error}\n{server.logs_text()}")
            problems += server.sanitizer_reports()
        reap_orphans()
        assert not problems, "\n".join(problems)

    return start, finish


@pytest.fixture
def tmp(session_tmp):
    path = _directory(session_tmp)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def start(tmp):
    starter, finish = _starter()
    yield starter
    finish()


@pytest.fixture
def main_site(tmp):
    return Site("main", tmp)


@pytest.fixture
def site_a(tmp):
    return Site("a", tmp)


@pytest.fixture
def site_b(tmp):
    return Site("b", tmp)


@pytest.fixture
def site_c(tmp):
    return Site("c", tmp)


@pytest.fixture
def config(tmp, tls, main_site):
    return Config(tmp, tls, main_site)


@pytest.fixture(scope="module")
def module_tmp(session_tmp):
    path = _directory(session_tmp)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def module_start(module_tmp):
    starter, finish = _starter()
    yield starter
    finish()


@pytest.fixture
def backend():
    """backend(answer, **how) -> Backend; closed at the end of the test."""
    with contextlib.ExitStack() as stack:
        def make(answer, **how):
            made = Backend(answer, **how)
            stack.callback(made.close)
            return made
        yield make
