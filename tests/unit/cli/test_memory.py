"""What a scan may remember, and what becomes of memory that it lets go."""

import platform
import subprocess
import sys
from dataclasses import replace

import pytest

from ringfence.cli import scan
from ringfence.cli.shipped import DEFAULT_BUNDLE
from ringfence.policy import load, read_folder

_MIB = 1 << 20
_PROGRAM = """
import sys
import numpy as np
from ringfence.cli.memory import give_back_what_is_freed

def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

if sys.argv[1] == "called":
    give_back_what_is_freed()
large = np.ones(3_800_000)
del large  # by itself glibc takes arrays up to this size from its heap from now on
arrays = [np.ones(400_000) for _ in range(40)]
behind = [np.ones(10_000) for _ in range(100)]
before = held()
arrays.clear()
print(before - held())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator is not glibc's")
def test_arrays_that_are_let_go_are_given_back() -> None:
    assert given_back("called") > 100_000_000
    assert given_back("not called") < 30_000_000


def given_back(how: str) -> int:
    return int(subprocess.run([sys.executable, "-c", _PROGRAM, how], check=True, capture_output=True).stdout)


def test_a_scan_remembers_less_than_a_bundle_allows_unless_it_is_told_how_much() -> None:
    bundle = load(read_folder(DEFAULT_BUNDLE))
    small = replace(bundle, plan=replace(bundle.plan, bounds=replace(bundle.plan.bounds, memory_bytes=64 * _MIB)))
    assert scan._limits(bundle, None).memory_bytes == 224 * _MIB < bundle.plan.bounds.memory_bytes
    assert scan._limits(small, None).memory_bytes == 64 * _MIB
    assert scan._limits(small, 512).memory_bytes == 512 * _MIB
    assert not scan._limits(bundle, None).in_advance
