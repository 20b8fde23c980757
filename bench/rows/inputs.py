"""A file of call records as large as one likes: the demo network's hours, one after another, each call with an id of its own."""

import csv
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np

from bench.scan import inputs
from ringfence.simulate.records import COLUMNS
from ringfence.vocabulary.times import HOUR

SAID: Final = inputs.OUT / "rows-beside"
_HOURS: Final = 8.0
_TIMES: Final = ("start", "answer", "end")
_WRITTEN: Final = 20_000


def call_records(octets: int) -> tuple[Path, int]:
    """Return a file of at least `octets` octets and how many rows it has; written where it is missing."""
    path = inputs.OUT / f"rows-{octets}.csv"
    counted = path.with_suffix(".rows")
    if not (path.exists() and counted.exists()):
        rows = _write(path.with_suffix(".draft"), octets)
        path.with_suffix(".draft").replace(path)
        counted.write_text(f"{rows}\n", encoding="utf-8")
    return path, int(counted.read_text(encoding="utf-8"))


def few_records() -> Path:
    """Return a file with the first row alone."""
    source, _ = inputs.call_records(_HOURS)
    path = inputs.OUT / "rows-one.csv"
    with source.open("rb") as file:
        path.write_bytes(file.readline() + file.readline())
    return path


def _write(path: Path, octets: int) -> int:
    source, _ = inputs.call_records(_HOURS)
    with source.open(encoding="utf-8", newline="") as file:
        columns = dict(zip(COLUMNS, zip(*list(csv.reader(file))[1:], strict=True), strict=True))
    times = {name: np.array([time.rstrip("Z") or "NaT" for time in columns[name]], "datetime64[us]") for name in _TIMES}
    ids = columns["call_id"]
    rows = copy = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(",".join(COLUMNS) + "\n")
        while out.tell() < octets:
            for name in _TIMES:
                later = (times[name] + np.timedelta64(int(copy * _HOURS * HOUR), "us")).astype("datetime64[us]")
                written = np.datetime_as_string(later, timezone="UTC")
                columns[name] = tuple("" if time.startswith("NaT") else time for time in written.tolist())
            columns["call_id"] = tuple(f"{copy:03x}{text[3:]}" for text in ids)
            lines = list(zip(*(columns[name] for name in COLUMNS), strict=True))
            for first in range(0, len(lines), _WRITTEN):
                part = lines[first : first + _WRITTEN]
                out.write("\n".join(chain(map(",".join, part), ("",))))
                rows += len(part)
                if out.tell() >= octets:
                    break
            copy += 1
    return rows
