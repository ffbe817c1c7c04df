"""Memory of the process."""

import platform
import subprocess
import sys

import pytest

from openviper.primitives.memory import keep_freed_memory

# Two bodies of 1 MB at a time, each made of four pieces; prints the pages fetched for one.
FETCHING = """
import resource, sys
from openviper.primitives.memory import keep_freed_memory

def body():
    return b"".join([bytes(bytearray(262_144)) for _ in range(4)])

def bodies(count):
    for _ in range(count):
        [body(), body()]

if "kept" in sys.argv:
    keep_freed_memory()
bodies(10)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
bodies(100)
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 200)
"""


def pages_for_a_body(*arguments: str) -> int:
    command = [sys.executable, "-c", FETCHING, *arguments]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other systems manage memory in other ways")
def test_freed_memory_is_not_fetched_anew() -> None:
    """What one body leaves serves the next; without, each takes hundreds of pages from the system."""
    assert pages_for_a_body("kept") < 20 < pages_for_a_body()


def test_further_call_is_harmless() -> None:
    """Any room that needs it may ask, as often as it likes."""
    keep_freed_memory()
    keep_freed_memory()
