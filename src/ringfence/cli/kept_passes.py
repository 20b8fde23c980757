"""Passes that were compiled for rules, as the compiler's cache keeps them: which are of no use any more."""

import os
import pickle
from collections.abc import Set
from pathlib import Path
from typing import Final

from ringfence.vocabulary.times import DAY, SECOND
from ringfence.watch.kernels import windows
from ringfence.watch.kernels.compiled import folder_of, stamp

UNUSED_SECONDS: Final = 30 * DAY // SECOND
_PATTERN: Final = "specialising.written_*"
_NOTES: Final = "written-*.note"


def passes_folder() -> Path | None:
    """Return where passes are kept; `None` where nothing can be."""
    return folder_of(windows.advance)


def prune_passes(now: float, *, used: Set[str] = frozenset(), folder: Path | None = None) -> int:
    """Delete the passes that were compiled from other kernels than these, or that nobody used for `UNUSED_SECONDS`.

    `used` are the digests of those that are used at `now`, in seconds since the epoch. Return how many were deleted. A pass that
    is missing is compiled again where it is needed.
    """
    folder = folder or passes_folder()
    if folder is None or not folder.is_dir():
        return 0
    dropped = 0
    for index in sorted(folder.glob(f"{_PATTERN}.nbi")):
        if any(digest in index.name for digest in used):
            os.utime(index, (now, now))
        if index.stat().st_mtime >= now - UNUSED_SECONDS and _stamp_of(index) == stamp():
            continue
        dropped += 1
        for code in folder.glob(f"{index.stem}.*.nbc"):
            code.unlink(missing_ok=True)
        index.unlink(missing_ok=True)
    for note in folder.glob(_NOTES):
        if note.stat().st_mtime < now - UNUSED_SECONDS:
            note.unlink(missing_ok=True)
    return dropped


def _stamp_of(index: Path) -> object:
    """Return what the compiler's cache says that the code was compiled from; `None` where the file is damaged."""
    try:
        with index.open("rb") as file:
            pickle.load(file)  # the compiler's version; the folder is ours, and the compiler reads its files in the same way
            compiled_from, _ = pickle.loads(file.read())
    except (OSError, EOFError, ValueError, TypeError, pickle.PickleError):
        return None
    compiled: object = compiled_from
    return compiled
