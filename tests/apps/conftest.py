"""Real applications as a customer unpacks them. The harness is that of ../system."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

from apps import Database  # noqa: E402
from itkd_browser import Browser  # noqa: E402
from itkd_fixtures import *  # noqa: E402,F401,F403
from itkd_fixtures import (  # noqa: E402,F401
    pytest_collection_modifyitems, pytest_configure, pytest_runtest_makereport)


@pytest.fixture(scope="module")
def database(module_tmp):
    database = Database(module_tmp / "mariadb")
    yield database
    database.stop()


@pytest.fixture(scope="module")
def browser(module_tmp):
    browser = Browser(module_tmp / "chromium")
    yield browser
    browser.quit()
