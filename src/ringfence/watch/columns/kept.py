"""Automata that take long to make, kept on disk beside the compiled kernels."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import folder_of
from ringfence.watch.kernels.number_words import COLUMNS, ELSEWHERE, classify


def kept(name: str, stamp: str, make: Callable[[], NDArray[np.uint16]]) -> NDArray[np.uint16]:
    """Return the automaton `name` (see `kernels.number_words`), made only where none with this `stamp` was kept.

    A damaged file is as good as none. Where nothing can be written, it is made anew each time.
    """
    folder = folder_of(classify)
    if folder is None:
        return make()
    file = folder / f"{name}-{blake2b(stamp.encode(), digest_size=8).hexdigest()}.npy"
    table = _read(file)
    if table is None:
        table = make()
        with suppress(OSError):
            _write(file, table)
    return table


def _read(file: Path) -> NDArray[np.uint16] | None:
    try:
        table = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    is_whole = table.dtype == np.uint16 and table.ndim == 2 and table.shape[1] == COLUMNS and len(table) > 1
    return table if is_whole and table[:, 1:ELSEWHERE].max() < len(table) else None


def _write(file: Path, table: NDArray[np.uint16]) -> None:
    """Put the file in its place whole: another process may read it at any moment."""
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=file.stem, delete=False) as written:
        np.save(written, table)
    Path(written.name).replace(file)
