"""By what a followed file is known again: its first octets, and those before the place that was reached."""

import os
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final

from msgspec.structs import replace

from ringfence.watch.lake import Place

TRACED: Final = 512
"""Octets at a file's beginning, and before the place that was reached."""
_DIGEST_OCTETS: Final = 16
_COMPARED: Final = 65_536


def traced(octets: bytes) -> str:
    """Return the digest of a file's first or last octets, for its place."""
    return blake2b(octets, digest_size=_DIGEST_OCTETS).hexdigest()


def at_start(tail: str, path: Path, file: BinaryIO) -> Place:
    """Return the place of a file of which nothing was consumed. Raises `OSError`."""
    file.seek(0)
    head = file.read(TRACED)
    number = os.fstat(file.fileno()).st_ino
    return Place(tail=tail, file=number, path=str(path), head_octets=len(head), head=traced(head))


def after_history(place: Place, file: BinaryIO, size: int) -> Place:
    """Return the place of a file whose first `size` octets are history. Raises `OSError`."""
    file.seek(max(0, size - TRACED))
    return replace(place, passed=size, octets=size, whole=True, end=traced(file.read(min(TRACED, size))))


def is_of(place: Place, file: BinaryIO) -> bool:
    """Tell whether `file` is the one of which `place` says how far it was consumed, perhaps longer now. Raises `OSError`."""
    size = os.fstat(file.fileno()).st_size
    if size < max(place.passed, place.octets):
        return False
    file.seek(0)
    if traced(file.read(place.head_octets)) != place.head:
        return False
    file.seek(max(0, place.octets - TRACED))
    return not place.octets or traced(file.read(min(TRACED, place.octets))) == place.end


def is_still(place: Place, path: Path) -> bool:
    """Tell the same of the file at `path`; `False` too where it can't be read."""
    try:
        with path.open("rb") as file:
            return is_of(place, file)
    except OSError:
        return False


def is_telling(place: Place, file: BinaryIO) -> bool:
    """Tell whether what was read of it is more than a heading, which many files have in common. Raises `OSError`."""
    file.seek(0)
    return file.read(min(place.octets, _COMPARED)).count(b"\n") > 1
