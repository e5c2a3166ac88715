"""Issue 6, point 1: programs and the end of the server, and programs that do as they please."""

import pytest

from itkd import Config, Site, wait_for
from itkd_tools import noted, wait_gone

HEAD = "printf 'Content-Type: text/plain\\r\\n\\r\\n'\n"
# Notes itself, then ends by SIGTERM in its own time.
CLEAN = """#!/bin/bash
trap 'echo done >> {dir}/cleaned; exit 0' TERM
{head}echo started
while :; do sleep 0.01; done
"""
STUBBORN = """#!/bin/bash
trap '' TERM
{head}echo started
while :; do sleep 0.05; done
"""


@pytest.fixture
def site(start, tmp, tls):
    a = Site("a", tmp)
    server = start(Config(tmp, tls, Site("main", tmp)).vhost_of(a))
    return a, server
