"""What a process of a site can reach once it is taken over. The harness is that of ../system."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

from itkd_fixtures import *  # noqa: E402,F401,F403
from itkd_fixtures import (  # noqa: E402,F401
    pytest_collection_modifyitems, pytest_configure, pytest_runtest_makereport)
