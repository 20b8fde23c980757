"""How watch stands, for whoever looks into the data folder: one JSON line, always whole."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec


def write_health(path: Path, health: Mapping[str, object]) -> None:
    """Replace the file. Not synced: it is written again soon. Raises `OSError`, and then the file before is still there."""
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(health) + b"\n")
    draft.replace(path)
