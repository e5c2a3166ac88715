"""System tests: the real daemon, from outside. See itkd.py for what a test can use."""

from itkd_fixtures import *  # noqa: F401,F403
from itkd_fixtures import (  # noqa: F401
    pytest_collection_modifyitems, pytest_configure, pytest_runtest_makereport)
