"""What kernels cost at the first start: each is compiled once, and machine code is made of what Python calls alone."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher
from tests.conftest import ROOT

from ringfence.watch.kernels import cells, sampling
from ringfence.watch.kernels.compiled import compiled, inner, seldom

_KERNELS = "ringfence.watch.kernels"


@inner
def _twice(number: int) -> int:
    return 2 * number


@seldom
def _squared(number: int) -> int:
    return _twice(number) * number


@compiled
def _both(number: int) -> int:
    return _twice(number) + _squared(number)


def test_a_kernel_is_made_of_others_that_nobody_else_can_call() -> None:
    assert _both(3) == 24
    for hidden in (_twice, _squared):
        with pytest.raises(KeyError, match="is called by kernels alone"):
            hidden(3)
        assert not isinstance(getattr(hidden, "_cache", None), type(getattr(_both, "_cache", None)))


def test_a_kernel_that_others_alone_call_raises_instead_of_ending_the_process() -> None:
    with pytest.raises(KeyError, match="is called by kernels alone"):
        sampling.value_of(np.uint64(3), np.uint64(1))


_COMPILED_TWICE = """
import sys
from numba.core.dispatcher import Dispatcher
from tests.unit.watch.live.test_filling import PLAN, stream
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.engine import Engine

engine = Engine(PLAN, key=b"", source="first")
events = stream()
engine.step(events, Micros(events[-1].time + SECOND))
for name in ("cells", "measuring", "sampling", "slots", "windows"):
    for kernel in vars(sys.modules[f"ringfence.watch.kernels.{name}"]).values():
        if isinstance(kernel, Dispatcher) and len(kernel.signatures) > 1:
            print(f"{name}.{kernel.py_func.__name__}")
"""


def test_no_part_of_the_pass_is_compiled_for_two_kinds_of_arguments() -> None:
    """A process of its own: in this one other tests may have had kernels compiled for arguments of theirs."""
    alone = subprocess.run(
        [sys.executable, "-c", _COMPILED_TWICE], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert alone.returncode == 0, alone.stderr
    assert set(alone.stdout.split()) <= {"cells.put", "cells.find", "cells.remove"}


def test_every_kernel_says_how_it_is_compiled() -> None:
    made: list[Callable[..., object]] = [compiled, inner, seldom]
    assert all(made)
    for file in sorted((ROOT / "src" / Path(*_KERNELS.split("."))).glob("*.py")):
        assert "@njit" not in file.read_text(encoding="utf-8"), file
    assert isinstance(cells.find, Dispatcher)
