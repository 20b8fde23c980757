"""What the allocator does with memory that is let go."""

import ctypes
from contextlib import suppress
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENAS: Final = -8
"""Options of mallopt(3) by the names of glibc's malloc.h."""

_LARGE: Final = 2 << 20
"""Octets from which on an array is given back to the system as soon as it is let go."""


def give_back_what_is_freed() -> None:
    """Have large arrays given back to the system when they are let go, and the rest soon. To be called before threads start.

    By itself glibc keeps what is freed for as long as anything behind it lives, and each thread a heap of its own: windows, which
    are laid out anew while they fill, left a third as much again behind. Where the C library is another one nothing is done.
    """
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in ((_ARENAS, 2), (_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _LARGE)):
            mallopt(option, value)
