"""The file that a report is written to: checked before the scan, written whole or not at all."""

import os
from pathlib import Path


def unwritable(path: Path) -> str | None:
    """Return why no report can be written at `path`, before an hour was spent on it; `None` where nothing is known against it."""
    if path.is_dir():
        return "it is a folder: name a file in it"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    if not os.access(path.parent, os.W_OK):
        return f"no permission to write in {path.parent}"
    return None


def write(path: Path, text: str) -> None:
    """Write `text`, readable by its owner alone: it names numbers. Raises `OSError`, and then leaves what was there before."""
    beside = path.with_name(f".{path.name}.new")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
