"""What the desk last told: the orders feed into the table, the reference feed into lists and directory."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import structlog
from msgspec import Struct

from ringfence.feeds import FeedError, FeedReader, Record
from ringfence.gate.table import OrdersTable
from ringfence.gate.table.state import Standing
from ringfence.vocabulary.contracts import OrderChange, Reference, merged
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import EMERGENCY_LIST, Directory

PROTECTED_LIST: Final = "protected-sources"

_RECORDS_AT_ONCE: Final = 4
"""Of either feed: a record may hold thousands."""

_T = TypeVar("_T", bound=Struct)
_LOG: Final = structlog.get_logger("gate.orders")


@dataclass(frozen=True, slots=True)
class News:
    """What the desk told since the last reading: the newest reference or its changes, the directory then, what is ordered."""

    reference: Reference | None
    directory: Directory | None
    standing: Standing
    told_at: Micros | None
    """When the desk wrote the last of it; `None` where it told nothing."""


class OrdersTail:
    """Follows both feeds under `feeds`. What was read stays in force when the desk is down, or a feed cannot be read."""

    def __init__(self, feeds: Path, table: OrdersTable) -> None:
        self.table = table
        self.directory = Directory(Reference(time=Micros(0)))
        self.changed_at: Micros | None = None
        """When the desk last told something, also before this process began; `None` where it never did."""
        self.unreadable = 0
        self.problem: str | None = None
        """Why a feed cannot be read now."""
        self._feeds = (feeds / "orders", feeds / "reference")
        self._orders = FeedReader(feeds / "orders")
        self._reference = FeedReader(feeds / "reference")
        self._lists: dict[str, tuple[str, ...]] = {}

    def poll(self, now: Micros) -> bool:
        """Take in what is new; tell whether the table or the lists may have changed."""
        return self.take(self.read(now), now)

    def read(self, now: Micros) -> News:
        """Read what is new, without taking it in: this waits for the disk, arranges the orders, and may run in another thread."""
        problems: list[str] = []
        references = self._new(self._reference, Reference, problems)
        unread: list[str] = []
        standing, heard = self._changed(unread)
        problems += unread
        problem = "; ".join(problems) or None
        if problem is not None and self.problem != problem:
            _LOG.error("a feed cannot be read; the last word stays in force", cause=problem)
        self.problem = problem
        directory = self.directory
        references = references[_last_whole(references) :]
        for reference in references:
            directory = directory.changed(reference)
        newest = reduce(merged, references) if references else None
        told_at = _written(self._feeds) if heard or references else None
        return News(newest, directory if references else None, standing.without_ended(now), told_at)

    def take(self, news: News, now: Micros) -> bool:
        """Take in what was read; tell whether the table or the lists may have changed."""
        if news.reference is not None and news.directory is not None:
            self._take_lists(news.reference)
            self.table.locate(news.directory)
            self.directory = news.directory
        changed = self.table.swap(news.standing)
        if news.told_at is not None:
            self.changed_at = min(news.told_at, now)
        return news.reference is not None or changed

    def _take_lists(self, reference: Reference) -> None:
        """Take over the lists, all that are there in a whole reference; a change names those that changed."""
        self._lists = reference.lists if reference.full else self._lists | reference.lists
        useless = self.table.protect(
            emergency_numbers=self._lists.get(EMERGENCY_LIST, ()), sources=self._lists.get(PROTECTED_LIST, ())
        )
        if useless:
            _LOG.warning("entries of the protected list are no addresses and protect nothing", entries=len(useless))

    def _changed(self, problems: list[str]) -> tuple[Standing, bool]:
        """Return what stands after the feed's new records, and whether there were any.

        They are taken in some at a time: an order by itself takes a kilobyte.
        """
        standing, heard = self.table.standing, False
        while not problems and (changes := self._new(self._orders, OrderChange, problems, limit=_RECORDS_AT_ONCE)):
            standing, heard = standing.after(changes), True
        return standing, heard

    def _new(self, reader: FeedReader, kind: type[_T], problems: list[str], *, limit: int | None = None) -> list[_T]:
        """Return new records, at most `limit`. What cannot be read is added to `problems`; what came before it counts."""
        taken: list[_T] = []
        try:
            while records := reader.read(limit or _RECORDS_AT_ONCE):
                self._decode(records, kind, taken)
                if limit is not None and taken:
                    break
        except (FeedError, OSError) as error:
            problems.append(str(error))
        return taken

    def _decode(self, records: Sequence[Record], kind: type[_T], taken: list[_T]) -> None:
        """Add the new records. One that can't be understood (a newer desk's) is counted and left out; the others count."""
        for record in records:
            try:
                taken.append(msgspec.json.decode(record.payload, type=kind))
            except msgspec.MsgspecError as error:
                self.unreadable += 1
                _LOG.error("a record is not understood", kind=kind.__name__, number=record.number, cause=str(error))


def _last_whole(references: Sequence[Reference]) -> int:
    """Return the place of the last whole one; 0 where there is none."""
    return max((place for place, reference in enumerate(references) if reference.full), default=0)


def _written(feeds: Iterable[Path]) -> Micros:
    """Return when these feeds were last written to: a gate that begins while the desk is down knows how old its table is."""
    newest = 0
    for segment in (segment for feed in feeds for segment in feed.glob("*.seg")):
        with suppress(OSError):  # trimmed meanwhile
            newest = max(newest, segment.stat().st_mtime_ns)
    return Micros(newest // 1_000)
