"""What belongs to the lake: commits in a feed of their own. A file that no commit names is not part of it, whatever its name."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from ringfence.feeds import FeedReader
from ringfence.vocabulary.times import Micros

FOLDER: Final = "commits"
_READ: Final = 1_000


class LakeFile(Struct, frozen=True, kw_only=True):
    """One Parquet file: `path` under the lake, how many events, the times of the first and last, the name of its day's key.

    `place` is its commit's number, then its place in that commit: the order in which its events came.
    """

    path: str
    rows: int
    first: Micros
    last: Micros
    key: str
    place: tuple[int, int]


class Commit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came to the lake, or left it, at once.

    `journal`: the number of the last batch that is now in it. `inputs`: digests of recordings that were brought in. `missed`:
    batches that the journal had deleted before they came here. `gone`: paths of files that left.
    """

    v: int = 1
    journal: int | None = None
    files: tuple[LakeFile, ...] = ()
    gone: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    missed: int = 0


@dataclass(slots=True)
class Contents:
    """The lake as of commit number `commit`. `files` by path; `journal` as in `Commit`, 0 before the first."""

    commit: int = 0
    journal: int = 0
    missed: int = 0
    files: dict[str, LakeFile] = field(default_factory=dict)
    inputs: set[str] = field(default_factory=set)

    def take(self, number: int, commit: Commit) -> None:
        """Bring it up to one more commit."""
        self.commit = number
        self.missed += commit.missed
        if commit.journal is not None:
            self.journal = commit.journal
        for file in commit.files:
            self.files[file.path] = file
        for path in commit.gone:
            self.files.pop(path, None)
        self.inputs.update(commit.inputs)

    def within(self, since: Micros | None, until: Micros | None) -> list[LakeFile]:
        """Return the files that hold events in [`since`, `until`), by hour and in the order in which they came."""
        return sorted(
            (
                file
                for file in self.files.values()
                if (since is None or file.last >= since) and (until is None or file.first < until)
            ),
            key=_by_hour_and_place,
        )


def _by_hour_and_place(file: LakeFile) -> tuple[str, tuple[int, int]]:
    return hour_of(file), file.place


def hour_of(file: LakeFile) -> str:
    """Return the folder of its hour: `day=2026-01-31/hour=13`."""
    return file.path.rpartition("/")[0]


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Commit)


def encoded(commit: Commit) -> bytes:
    """Return the commit as its feed holds it."""
    return _ENCODER.encode(commit)


def read_contents(lake: Path) -> Contents:
    """Return what the lake in the folder holds now; nothing where there is none. Raises `FeedError`."""
    contents = Contents()
    if not (lake / FOLDER).is_dir():
        return contents
    reader = FeedReader(lake / FOLDER)
    while records := reader.read(_READ):
        for record in records:
            contents.take(record.number, _DECODER.decode(record.payload))
    return contents


def total(files: Iterable[LakeFile]) -> int:
    """Return how many events stand in the files."""
    return sum(file.rows for file in files)
