"""How far a feed's reader has come, where the feed's writer can see it: what lies before is no longer needed."""

import os
from pathlib import Path
from typing import Final

MARK: Final = "read"


def mark_read(folder: Path, number: int) -> None:
    """Say that the records up to `number` are kept elsewhere, durably. The mark may come late and is replaced as a whole.

    Raises `OSError`; then the mark before holds.
    """
    draft = folder / f"{MARK}.{os.getpid()}"
    draft.write_text(f"{number}\n", encoding="ascii")
    draft.replace(folder / MARK)


def read_mark(folder: Path) -> int:
    """Return the number of the last record that the reader needs no more; 0 where it has not said, or not legibly."""
    try:
        return int((folder / MARK).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
