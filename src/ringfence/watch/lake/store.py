"""The lake: a folder of Parquet files by day and hour. One process writes at a time, any number read.

Order of a change: the data keys, the files (written whole, synced, renamed), then one commit that names them, then what left is
deleted. Whatever a crash leaves before its commit is no part of the lake, and the next writer deletes it.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.feeds import FeedWriter
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import DAY, HOUR, Micros
from ringfence.watch.lake.commits import FOLDER, Commit, Contents, LakeFile, encoded, hour_of, read_contents
from ringfence.watch.lake.derived import Tokens
from ringfence.watch.lake.keys import DayKeys
from ringfence.watch.lake.rows import table_of

CHUNK: Final = 250_000
"""Events held in memory before they are written, some 250 MB with their columns."""
ROW_GROUP: Final = 65_536
_UNFINISHED: Final = "unfinished"
_DRAFT: Final = ".draft"
_LAST_DAY: Final = (date(9999, 12, 31) - date(1970, 1, 1)).days
_TIME: Final = attrgetter("time")
_README: Final = """\
What this folder holds: the history of traffic, one Parquet file or more for each hour (UTC) of each day. The feed `commits` says
which files belong to it. `ringfence lake query` asks it questions in SQL.

Personal data in it: numbers, IP addresses, user names and SIP Call-IDs, as keyed tokens and, encrypted, as they were; with times
and outcomes. The keys are in the folder lake-keys beside it, one a day. No content: no bodies, no SDP, no digest responses.

How long: days older than `[lake] keep_days` are deleted with their keys. Only the account that runs Ringfence may read it.
"""


class Lake:
    """The lake in `folder`, whose data keys are in `keys`. `key` is the installation's."""

    def __init__(self, folder: Path, keys: Path, key: bytes) -> None:
        self.folder: Final = folder
        self.keys: Final = DayKeys(keys, key)
        self._key = key

    def contents(self) -> Contents:
        """Return what it holds now. Raises `FeedError`."""
        return read_contents(self.folder)

    @contextmanager
    def writing(self) -> "Iterator[LakeWriter]":
        """Give the only writer there can be. What it did not commit is forgotten.

        Raises `FeedBusy` while another writes, `OSError`.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with closing(FeedWriter(self.folder / FOLDER)) as commits:
            (self.folder / "README").write_text(_README, encoding="utf-8")
            writer = LakeWriter(self, commits, Tokens(self._key))
            writer.clean()
            yield writer
            writer.drop()
            (self.folder / _UNFINISHED).unlink(missing_ok=True)


class LakeWriter:
    """Takes events in and makes them part of the lake with `commit`. Made by `Lake.writing`. Raises `OSError`, `FeedError`."""

    def __init__(self, lake: Lake, commits: FeedWriter, tokens: Tokens) -> None:
        self.contents: Final = lake.contents()
        self._lake = lake
        self._commits = commits
        self._tokens = tokens
        self._held: list[Event] = []
        self._written: list[LakeFile] = []

    @property
    def waiting(self) -> int:
        """How many events were taken in since the last commit."""
        return len(self._held) + sum(file.rows for file in self._written)

    def add(self, events: Iterable[Event]) -> None:
        """Take in events, in the order in which they count among those of one time."""
        self._held += events
        while len(self._held) >= CHUNK:
            chunk, self._held = self._held[:CHUNK], self._held[CHUNK:]
            self._write(chunk)

    def commit(self, *, journal: int | None = None, inputs: Sequence[str] = (), missed: int = 0) -> None:
        """Make all that was taken in part of the lake, at once; `journal`, `inputs`, `missed` as in `Commit`."""
        if self._held:
            held, self._held = self._held, []
            self._write(held)
        self._append(Commit(journal=journal, files=tuple(self._written), inputs=tuple(inputs), missed=missed))
        self._written = []

    def drop(self) -> None:
        """Forget what was taken in and not committed."""
        self._held = []
        for file in self._written:
            (self._lake.folder / file.path).unlink(missing_ok=True)
        self._written = []

    def keep_since(self, moment: Micros) -> int:
        """Take out of the lake all days that ended before `moment`, with their keys; return how many files went."""
        gone = [path for path, file in self.contents.files.items() if (_day_of(path) + 1) * DAY <= moment]
        if gone:
            self._mark()
            self._append(Commit(gone=tuple(gone)))
            for path in gone:
                self._remove(path)
            for day in {_day_of(path) for path in gone}:
                self._lake.keys.destroy(_date(day))
        return len(gone)

    def clean(self) -> None:
        """Delete what a writer left that did not come to its commit."""
        mark = self._lake.folder / _UNFINISHED
        if mark.exists():
            for path in self._lake.folder.glob("day=*/hour=*/*"):
                name = path.relative_to(self._lake.folder).as_posix()
                if name not in self.contents.files:
                    self._remove(name)
            mark.unlink()

    def _append(self, commit: Commit) -> None:
        number = self._commits.append([encoded(commit)])
        self.contents.take(number, commit)

    def _write(self, events: list[Event]) -> None:
        """Write the events to new files, one for each hour that they lie in."""
        self._mark()
        events.sort(key=_TIME)  # stable: of one time they stay in the order in which they came
        begin = 0
        while begin < len(events):
            hour = events[begin].time // HOUR
            end = begin + 1
            while end < len(events) and events[end].time // HOUR == hour:
                end += 1
            self._written.append(self._file(hour, events[begin:end]))
            begin = end

    def _file(self, hour: int, events: list[Event]) -> LakeFile:
        day = min(max(hour // 24, 0), _LAST_DAY)
        place = (self._commits.last + 1, len(self._written))
        path = f"day={_date(day).isoformat()}/hour={hour % 24:02}/{place[0]:08}-{place[1]:04}.parquet"
        key = self._lake.keys.of_day(_date(day))
        file = LakeFile(path=path, rows=len(events), first=events[0].time, last=events[-1].time, key=key, place=place)
        full = self._lake.folder / path
        full.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = full.with_name(full.name + _DRAFT)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(self._octets(events, key))
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(full)
        for folder in (full.parent, full.parent.parent, self._lake.folder):
            _sync(folder)
        return file

    def _octets(self, events: list[Event], key: str) -> memoryview:
        """Return the events as a Parquet file, sealed under the key."""
        stream = pa.BufferOutputStream()
        pq.write_table(
            table_of(events, self._tokens),
            stream,
            row_group_size=ROW_GROUP,
            compression="zstd",
            encryption_properties=self._lake.keys.sealing(key),
        )
        return memoryview(stream.getvalue())

    def _mark(self) -> None:
        """Note on disk that something is under way, so that the next writer looks for what is left of it."""
        mark = self._lake.folder / _UNFINISHED
        if not mark.exists():
            mark.touch(mode=0o600)
            _sync(self._lake.folder)

    def _remove(self, path: str) -> None:
        """Delete a file, and its hour's and day's folders where nothing else is in them."""
        full = self._lake.folder / path
        full.unlink(missing_ok=True)
        for folder in (full.parent, full.parent.parent):
            if any(folder.iterdir()):
                return
            folder.rmdir()


def erased(contents: Contents, keys: DayKeys) -> dict[str, int]:
    """Return the hours whose numbers nobody can read any more, with how many events they have."""
    found: dict[str, int] = {}
    for file in contents.files.values():
        if not keys.has(file.key):
            found[hour_of(file)] = found.get(hour_of(file), 0) + file.rows
    return found


def _day_of(path: str) -> int:
    day = path.partition("/")[0].removeprefix("day=")
    return (date.fromisoformat(day) - date(1970, 1, 1)).days


def _date(day: int) -> date:
    return date.fromordinal(date(1970, 1, 1).toordinal() + day)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
