"""The comparison with Apache. The harness of the servers is that of ../system."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from itkd_fixtures import *  # noqa: E402,F401,F403
from itkd_fixtures import (  # noqa: E402,F401
    pytest_collection_modifyitems, pytest_configure, pytest_runtest_makereport)
