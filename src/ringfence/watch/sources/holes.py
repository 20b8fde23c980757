"""Holes: stretches of sparse files that were never written. They read as zeros, and may be larger than any disk."""

import errno
import os


def skip_hole(file: object) -> int:
    """Pass over the hole in which `file` stands, without reading it; return its length; 0 where nobody can tell."""
    seek, tell = getattr(file, "seek", None), getattr(file, "tell", None)
    if seek is None or tell is None:
        return 0
    try:
        here: int = tell()
        there: int = seek(here, os.SEEK_DATA)
    except (OSError, ValueError) as failed:  # a pipe or a packed file, or nothing but the hole until the end
        if not (isinstance(failed, OSError) and failed.errno == errno.ENXIO):
            return 0
        there = seek(0, os.SEEK_END)
    return there - here
