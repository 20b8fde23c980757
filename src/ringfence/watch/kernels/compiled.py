"""How a kernel is compiled."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., object])

_OPTIONS: Final[dict[str, Any]] = {
    "nogil": True,
    "error_model": "numpy",  # dividing by zero follows IEEE 754, and never raises
    "forceinline": True,  # a window is some ten arrays: passing them to a function costs more than most of the functions do
    "_nrt": False,  # kernels own no memory; counting references to the arrays took nine tenths of the time
}


def compiled(kernel: Kernel) -> Kernel:
    """Return `kernel` as machine code, compiled at its first call; it runs without the interpreter's lock and can't allocate.

    Where no folder for compiled code can be written (a read-only installation without a home), each start compiles anew: it
    takes some ten seconds longer, and gives the same results.
    """
    try:
        made = njit(cache=True, **_OPTIONS)(kernel)
    except RuntimeError:  # Numba found no place for its cache
        return cast(Kernel, njit(**_OPTIONS)(kernel))
    # By itself Numba looks only at the kernel's own file, and would keep the old code of those that are inlined from others.
    made._cache._cache_file._source_stamp = _stamp()
    return cast(Kernel, made)


@cache
def _stamp() -> tuple[tuple[str, int, int], ...]:
    """Return what changes with any kernel's source."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
