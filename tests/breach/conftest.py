"""What a process of a site can reach once it is taken over. The harness is that of ../system."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

from itkd_fixtures import *  # noqa: E402,F401,F403
from itkd_fixtures import (  # noqa: E402,F401
    pytest_collection_modifyitems, pytest_configure, pytest_runtest_makereport)
from itkd import wait_for  # noqa: E402

NR = {"mmap": 9, "mprotect": 10, "mremap": 25, "ptrace": 101, "remap_file_pages": 216,
      "openat": 257, "process_vm_writev": 311, "kill": 62, "setuid": 105, "setgid": 106,
      "setgroups": 116, "unshare": 272, "pidfd_open": 434, "sendmsg": 46}


@pytest.fixture(scope="session")
def inject(session_tmp):
    program = session_tmp / "inject"
    subprocess.run(["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program,
                    Path(__file__).with_name("inject.c")], check=True, timeout=60)

    def run(pid, calls, may_end=False):
        """Results of the calls [(name or number, args...)] made by the process."""
        lines = "".join(" ".join([str(NR.get(call, call)), *map(str, args)]) + "\n"
                        for call, *args in calls)

        def attempt():
            done = subprocess.run([program, str(pid)], input=lines, capture_output=True,
                                  text=True, timeout=60)
            if "does not wait in a system call" in done.stderr:
                return None
            assert may_end or done.returncode == 0, done.stderr
            return done

        done = wait_for(attempt, 30, f"process {pid} to wait in a system call")
        return [int(n) for n in done.stdout.split()]

    return run
