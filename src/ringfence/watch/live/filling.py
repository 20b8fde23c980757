"""A new engine that is told what came before it, a little at a time, until it knows as much as one that was always there."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from msgspec.structs import replace

from ringfence.feeds import FeedError
from ringfence.vocabulary.contracts import Event, Finding, Reference
from ringfence.vocabulary.times import DAY, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.columns import KIND_CODES
from ringfence.watch.engine import Engine
from ringfence.watch.lake import Batch, JournalReader, ReferenceDamaged, References
from ringfence.watch.lake.batches import LakeBatch
from ringfence.watch.lake.kept import Kept
from ringfence.watch.lake.keys import KeyUnusable
from ringfence.watch.lake.reading import LakeUnreadable, Rows, slices
from ringfence.watch.lake.store import Lake
from ringfence.watch.live.desk_tail import TOLD, telling

UNREADABLE: Final = (LakeUnreadable, KeyUnusable, FeedError, OSError, pa.ArrowException)
"""What may come of reading history."""
NEWS_US: Final = Micros(DAY)
"""What was found of what the desk told late is told so long after it; what is older is history."""
_TOLD_CODES: Final = [KIND_CODES[kind] for kind in TOLD]
_AT_ONCE: Final = 4_096
_TIME: Final = attrgetter("time")


class ByBatch:
    """The reference by which each batch of a journal was judged, as directories."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._firsts = references.firsts()
        self._known: int | None = None
        self._directory: Directory | None = None
        self.struck: frozenset[str] = frozenset()
        """The clauses that a ruling had struck by then."""

    def look(self) -> None:
        """See whether references came since."""
        self._firsts = self._references.firsts()

    def change(self, number: int) -> Directory | None:
        """Return what is known otherwise from batch `number` on than of the one asked before; `None` where nothing is.

        A reference that can't be read changes nothing.
        """
        place = bisect_right(self._firsts, number)
        first = self._firsts[place - 1] if place else None
        if first is None or first == self._known:
            return None
        follows = self._directory is not None and place > 1 and self._firsts[place - 2] == self._known
        self._known = first
        try:
            reference: Reference = self._references.told(first)
            if not reference.full and not follows:
                reference = self._references.read(first)
        except (ReferenceDamaged, OSError):
            return None
        self.struck = frozenset(reference.struck)
        changes = self._directory is not None and not reference.full
        self._directory = self._directory.changed(reference) if changes and self._directory else Directory(reference)
        return self._directory

    def silences(self, finding: Finding) -> bool:
        """Tell whether the party that a finding is about was exempt from its clause by then, or a court had struck that for it."""
        return finding.clause in self.struck or (self._directory is not None and self._directory.silences(finding))


def judged(engine: Engine, batch: Batch) -> list[Finding]:
    """Return what the engine finds in a batch of the journal: what it found when the batch was consumed."""
    if batch.anew:
        engine.forget()
        engine.begins(batch.now)
    findings = engine.step(batch.events, batch.now) if batch.events else []
    return findings if batch.passed is None else findings + engine.pass_time(batch.passed)


def late_since(late: Micros | None, batch: Batch) -> Micros | None:
    """Return the time of the oldest event told late that windows lack after `batch`, which lacked those since `late` before it."""
    if batch.policy is not None:
        late = None  # its windows were filled with all
    return min([each.time for each in batch.earlier] + ([] if late is None else [late]), default=None)


class Desk:
    """What the desk told, to be counted at its own time whenever watch heard of it."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._left = sorted(events, key=_TIME)
        self._left.reverse()
        self._known = frozenset((event.kind, event.call_id) for event in self._left)

    def __bool__(self) -> bool:
        return bool(self._known)

    def upto(self, time: int) -> list[Event]:
        """Return what was told up to a time and not returned before, in order."""
        found: list[Event] = []
        while self._left and self._left[-1].time <= time:
            found.append(self._left.pop())
        return found

    @property
    def next_time(self) -> int | None:
        """The time of what `upto` returns next; `None` where there is no more."""
        return self._left[-1].time if self._left else None

    def has(self, event: Event) -> bool:
        """Tell whether an event of the traffic's history is one of these."""
        return (event.kind, event.call_id) in self._known


@dataclass(frozen=True, slots=True)
class History:
    """All that an engine is told: what is `kept`, and what the desk told. `now` is when it was asked; nothing counts later."""

    journal: JournalReader
    lake: Lake | None
    kept: Kept
    desk: Desk
    now: Micros
    before: int | None = None
    """The number of the journal's first batch that is no part of it; `None`: whatever is written meanwhile is."""
    late: Micros | None = None
    """The time of the oldest event that the desk told late: what it makes rules find since then nobody was told yet."""


class Part(NamedTuple):
    """An engine that has those rules of a version alone whose windows must be filled, and what they read; and which they are."""

    engine: Engine
    fresh: frozenset[str]


class Filling:
    """Tells an engine its history. `events` counts what it was told, `found` is what came of what the desk had told late.

    With a `part`, history is told to that alone: for all other rules the engine goes on from the one that is in force until then.
    """

    def __init__(self, engine: Engine, history: History, *, policy: str, part: Part | None = None) -> None:
        self.policy: Final = policy
        self._whole = engine
        self._part = part
        self._engine = engine if part is None else part.engine
        self.events = 0
        self.found: list[Finding] = []
        self.trouble: str | None = None
        """What of the history could not be read: its windows begin after that."""
        self._history = history
        self._is_anew = False
        self._steps = self._told()
        self._telling = frozenset[str]() if history.late is None else telling(self._engine.rules)
        self._engine.begins(history.now if history.kept.begun is None else history.kept.begun)

    @property
    def fresh(self) -> frozenset[str]:
        """The rules whose windows are filled."""
        return frozenset(rule.name for rule in self._whole.rules) if self._part is None else self._part.fresh

    def finished(self, former: Engine | None) -> Engine:
        """Return the engine that knows all that there is. `former` was in force up to now, and has consumed the same."""
        if self._part is not None and former is not None:
            self._whole.join(former, *self._part)
        return self._whole

    def work(self, most: int) -> bool:
        """Tell about `most` events; return whether it knows all that can be known now."""
        done = 0
        while done < most and self.fresh:
            told = next(self._steps)
            if told is None:
                return True
            done += told
            self.events += told
        return not self.fresh

    def _told(self) -> Iterator[int | None]:
        """Yield after each piece how many events it had; `None` where there is no more for now."""
        try:
            yield from self._hours()
        except UNREADABLE as error:
            self._begin_anew(error)
        try:
            yield from self._batches()
        except UNREADABLE as error:
            self._begin_anew(error)
        while True:
            yield None

    def _hours(self) -> Iterator[int]:
        lake = self._history.lake
        if lake is not None:
            for rows in slices(lake, self._history.kept.files):
                yield from self._of_lake(rows)

    def _batches(self) -> Iterator[int | None]:
        history, references = self._history, ByBatch(self._history.journal.references)
        reached, is_over = history.kept.after, False
        while not is_over:
            references.look()
            for number, batch in history.journal.after(reached):
                reached = number
                is_over = history.before is not None and number >= history.before
                if is_over:
                    break
                directory = references.change(number)
                if directory is not None:
                    self._engine.know(directory)
                if self._is_anew:
                    self._is_anew = False
                    self._engine.begins(batch.now)
                yield self._of_journal(batch)
            if not is_over:
                yield None

    def _begin_anew(self, error: BaseException) -> None:
        """Forget what was told: what comes next is not what followed it."""
        self.trouble = str(error)
        self._is_anew = True
        self._engine.forget()
        self._engine.begins(self._history.now)

    def _of_journal(self, batch: Batch) -> int:
        desk = self._history.desk
        if not desk:
            judged(self._engine, batch)
            return len(batch.events) + 1
        told = desk.upto(batch.now)
        if told:
            self._step(told, batch.now)
        others = tuple(event for event in batch.events if event.kind not in TOLD or not desk.has(event))
        self._find(judged(self._engine, replace(batch, events=others)))
        return len(told) + len(others) + 1

    def _of_lake(self, rows: Rows) -> Iterator[int]:
        batch, desk, now = LakeBatch(rows), self._history.desk, self._history.now
        begin = 0
        for place in [*np.flatnonzero(np.isin(batch.kinds, _TOLD_CODES)).tolist(), len(batch)]:
            yield from self._between(batch[begin:place], now)
            begin = place
            if place < len(batch) and desk.has(batch[place]):
                begin += 1

    def _between(self, batch: LakeBatch, now: Micros) -> Iterator[int]:
        """Tell a piece of the lake, and what the desk told meanwhile where it belongs."""
        begin = 0
        while begin < len(batch):
            told = self._history.desk.upto(int(batch.times[begin]))
            if told:
                self._step(told, now)
            due = self._history.desk.next_time
            end = min(begin + _AT_ONCE, len(batch))
            if due is not None:
                end = min(end, max(begin + 1, int(np.searchsorted(batch.times, due, "left"))))
            self._step(batch[begin:end], now)
            yield end - begin
            begin = end

    def _step(self, events: Sequence[Event], now: Micros) -> None:
        last = int(events.times[-1]) if isinstance(events, LakeBatch) else events[-1].time
        self._find(self._engine.step(events, Micros(min(now, last))))

    def _find(self, findings: list[Finding]) -> None:
        late = self._history.late
        if self._telling and late is not None:
            since = max(late, self._history.now - NEWS_US)
            self.found += [each for each in findings if each.time >= since and each.rule in self._telling]
