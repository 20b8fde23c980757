"""How a kernel is compiled."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from numba import njit

from ringfence.watch.kernels.one_at_a_time import OneAtATime
from ringfence.watch.kernels.within import Within

Kernel = TypeVar("Kernel", bound=Callable[..., object])

_OPTIONS: Final[dict[str, Any]] = {
    "nogil": True,
    "error_model": "numpy",  # dividing by zero follows IEEE 754, and never raises
    "forceinline": True,  # a window is some ten arrays: passing them to a function costs more than most of the functions do
    "_nrt": False,  # kernels own no memory; counting references to the arrays took nine tenths of the time
}


_INNER: Final[dict[str, Any]] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "pipeline_class": Within}
"""A kernel that only kernels call needs no way in from Python, and no machine code of its own, which take most of the time of
compiling it. It is kept nowhere: those that call it have it in them."""


def inner(kernel: Kernel) -> Kernel:
    """Return a kernel that other kernels alone call, as `compiled` does. It becomes part of them; Python must not call it."""
    return cast(Kernel, njit(**_OPTIONS, **_INNER)(kernel))


def seldom(kernel: Kernel) -> Kernel:
    """Return a kernel that others call so seldom that it stands apart from them. Python must not call it either."""
    return cast(Kernel, njit(**_OPTIONS | _INNER | {"forceinline": False})(kernel))


def written(kernel: Kernel, *, entry: bool) -> Kernel:
    """Return a kernel whose text was written by `specialising`; the `entry` is called from Python, and alone kept on disk."""
    return _made(kernel, _OPTIONS) if entry else cast(Kernel, njit(**_OPTIONS, **_INNER)(kernel))


def compiled(kernel: Kernel) -> Kernel:
    """Return `kernel` as machine code, compiled at its first call; it runs without the interpreter's lock and can't allocate.

    Where no folder for compiled code can be written (a read-only installation without a home), each start compiles anew: it
    takes some ten seconds longer, and gives the same results.
    """
    return _made(kernel, _OPTIONS)


def called(kernel: Kernel) -> Kernel:
    """Do the same for what many places call: it stands in the machine code once, which would else take minutes to compile."""
    return _made(kernel, {name: value for name, value in _OPTIONS.items() if name != "forceinline"})


def folder_of(kernel: Callable[..., object]) -> Path | None:
    """Return the folder in which a kernel's machine code is kept, made if need be; `None` where it is kept nowhere."""
    folder = getattr(getattr(kernel, "_cache", None), "cache_path", None)
    if folder is None:
        return None
    with suppress(OSError):
        Path(folder).mkdir(parents=True, exist_ok=True)
        return Path(folder)
    return None


def _made(kernel: Kernel, options: dict[str, Any]) -> Kernel:
    made = njit(**options)(kernel)
    with suppress(RuntimeError):  # Numba finds no place for its cache
        made._cache = OneAtATime(kernel)
        # By itself Numba looks only at the kernel's own file, and would keep the old code of those that are inlined from others.
        made._cache._cache_file._source_stamp = stamp()
    return cast(Kernel, made)


@cache
def stamp() -> tuple[tuple[str, int, int], ...]:
    """Return what changes with any kernel's source."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
