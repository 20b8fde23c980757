"""Lists that the operator brings: files in a folder, written as a bundle's lists are, read again whenever one has changed.

A file NAME.csv adds its rows to the policy's list of that name. What cannot be read leaves what that file said before.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ringfence.policy.lists import ListRow, end_of, read_list
from ringfence.policy.problems import START, Problem, Report
from ringfence.vocabulary.contracts import BroughtEntry, BroughtList
from ringfence.vocabulary.times import Micros, micros

FOLDER: Final = "lists"
LARGEST: Final = 16 << 20
POSTED_ALONE: Final = frozenset({"emergency-numbers", "pack-formats", "pack-zones", "pack-holidays"})
"""Lists that change with a version alone: what nobody may lose, and what is arranged when a version comes into force."""
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.csv\Z", re.ASCII)


class ListFiles:
    """The lists in `folder`, which may not exist. `problems` are those of the last look, with file, line, cause and hint."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, tuple[int, int]] = {}
        self._brought: dict[str, BroughtList] = {}
        self._problems: dict[str, list[Problem]] = {}

    @property
    def brought(self) -> Mapping[str, BroughtList]:
        """What the files add, by the list's name."""
        return MappingProxyType(self._brought)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with files: what they said before still counts."""
        return [problem for name in sorted(self._problems) for problem in self._problems[name]]

    def look(self) -> bool:
        """Read what has changed; tell whether any did. Raises `OSError` where the folder cannot be read."""
        found = {path.stem: path for path in self._folder.glob("*.csv")} if self._folder.is_dir() else {}
        states = {name: path.stat() for name, path in found.items()}
        marks = {name: (state.st_mtime_ns, state.st_size) for name, state in states.items()}
        other = sorted(name for name in {*marks, *self._seen} if marks.get(name) != self._seen.get(name))
        for name in other:
            self._problems.pop(name, None)
            if name in found:
                self._take(name, found[name])
            else:
                self._brought.pop(name, None)
        self._seen = marks
        return bool(other)

    def _take(self, name: str, path: Path) -> None:
        report, file = Report(), f"{FOLDER}/{path.name}"
        rows: tuple[ListRow, ...] = ()
        if not _NAME.match(path.name):
            report.add(file, START, f"{name!r} is no list's name", "write lower-case words joined by hyphens, as lists are called")
        elif name in POSTED_ALONE:
            report.add(file, START, f"{name} changes with a posted version alone", "put its rows into the bundle and post that")
        elif path.stat().st_size > LARGEST:
            report.add(file, START, f"larger than {LARGEST >> 20} MB", "list prefixes instead of numbers")
        else:
            try:
                rows = read_list(name, file, path.read_bytes().decode("utf-8-sig"), report)
            except UnicodeDecodeError as error:
                report.add(file, START, f"no UTF-8 at byte {error.start}", "save it as UTF-8")
        if report.problems:
            self._problems[name] = list(report.problems)
        else:
            self._brought[name] = brought_of(f"file {path.name}", rows)


def brought_of(where: str, rows: tuple[ListRow, ...]) -> BroughtList:
    """Return what a file's rows add; each says `where` it stands and who vouches for it."""
    fetched = [row.fetched for row in rows if row.fetched is not None]
    due = [Micros(micros(datetime.combine(row.review, time(), UTC))) for row in rows if row.review is not None]
    return BroughtList(
        entries=tuple(
            BroughtEntry(
                entry=row.entry,
                source=f"{where}: {row.source}",
                valid_from=row.valid_from,
                valid_to=end_of(row.expiry) if row.expiry is not None else None,
                values=row.columns,
            )
            for row in rows
        ),
        fetched=min(fetched, default=None),
        fresh_until=min(due, default=None),
    )
