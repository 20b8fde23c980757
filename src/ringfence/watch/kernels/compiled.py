"""How a kernel is compiled."""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def compiled(kernel: Kernel) -> Kernel:
    """Return `kernel` as machine code, compiled at its first call; it runs without the interpreter's lock.

    Where no folder for compiled code can be written (a read-only installation without a home), each start compiles anew: it
    takes seconds longer, and gives the same results.
    """
    try:
        return cast(Kernel, njit(cache=True, nogil=True, error_model="numpy")(kernel))
    except RuntimeError:  # Numba found no place for its cache
        return cast(Kernel, njit(nogil=True, error_model="numpy")(kernel))
