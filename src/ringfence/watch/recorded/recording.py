"""Recorded files as one stream of events in the order of their times, and what was found unusable on the way."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Final, Protocol

from ringfence.vocabulary.contracts import Event, EventKind, Finding, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker, TrackerOptions, attributed, events_of_record
from ringfence.watch.calls.happenings import Happening
from ringfence.watch.calls.tracker import ANSWER_US
from ringfence.watch.columns.batches import times_of
from ringfence.watch.columns.happened import HappenedEvents
from ringfence.watch.columns.records import Wholes
from ringfence.watch.engine import Engine, Reads
from ringfence.watch.recorded.column_records import ColumnEntries, ColumnRecords
from ringfence.watch.recorded.counts import FileCounts
from ringfence.watch.recorded.formats import Options
from ringfence.watch.recorded.inputs import Inputs
from ringfence.watch.recorded.merging import merged
from ringfence.watch.recorded.opened import Opened
from ringfence.watch.recorded.ordering import sorted_events
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.wire.cdr import CallRecord, RowProblem
from ringfence.watch.wire.sip import Defect

_BATCH: Final = 4_096
_REPORTED: Final = 1_000
_TIME: Final = attrgetter("time")


class Observer(Protocol):
    """Looks on: a report, a summary."""

    def take(self, events: Sequence[Event], found: Sequence[Finding]) -> None:
        """Take in a batch of events, in their order, and the findings that came of them."""


class Onlooker(Observer, Protocol):
    """An observer of batches of columns, which have what somebody reads."""

    def reads(self, others: Reads) -> tuple[Reads, Wholes | None]:
        """Return what must be read of columns for it and for the `others`, and whether attempts must tell their whole calls."""


class Recording:
    """Reads the inputs once, as `events` is drawn on.

    `progress` is called now and then while reading, which for call records comes before the first event: they are sorted.
    """

    def __init__(
        self, inputs: Inputs, reference: Reference, options: Options, *, progress: Callable[[], None] | None = None
    ) -> None:
        """Read as far as the headers. Raises `UnreadableFile` where one is not as it must be."""
        self._opened: Final = [Opened(each, options) for each in inputs.files]
        self.files: Final[list[FileCounts]] = [each.counts for each in self._opened]
        self.skipped: Final = tuple(inputs.skipped)
        self.defects: Final[Counter[Defect]] = Counter()
        """What was wrong with SIP messages."""
        self.events_counted = 0
        self._directory = Directory(reference)
        self._options = options
        self._progress = progress if progress is not None else _silent

    def events(self) -> Iterator[Event]:
        """Yield every event in the order of its time. Memory does not grow with the files."""
        captures = [each for each in self._opened if each.is_packets]
        records = [each for each in self._opened if not each.is_packets]
        streams: list[Iterable[Event]] = []
        if captures:
            streams.append(self._tracked(merged(captures)))
        if records:
            streams.append(sorted_events(self._expanded(records)))
        for event in heapq.merge(*streams, key=_TIME) if len(streams) > 1 else streams[0] if streams else ():
            self.events_counted += 1
            yield event

    def judged(self, engine: Engine, *, observer: Onlooker | None = None) -> Iterator[Finding]:
        """Yield what the engine finds, as `findings` of `events` would. Captures alone, records or logs, go through in columns."""
        if all(each.is_packets for each in self._opened):
            yield from judged(self._happened(), engine, observer=observer)
            return
        reads, wholes = (engine.reads, None) if observer is None else observer.reads(engine.reads)
        records: ColumnRecords | ColumnEntries
        if all(each.gives_blocks for each in self._opened):
            records = ColumnRecords(self._opened, self._directory, self._options, reads, progress=self._progress, wholes=wholes)
        elif all(each.gives_entries for each in self._opened):
            records = ColumnEntries(self._opened, self._directory, self._options, reads, progress=self._progress)
        else:
            yield from findings(self.events(), engine, observer=observer)
            return
        for batch in records.batches():
            self.events_counted = records.events_counted
            found = engine.step(batch, Micros(int(batch.times[-1])))
            if observer is not None:
                observer.take(batch, found)
            yield from found
        self.events_counted = records.events_counted

    def _happened(self) -> Iterator[HappenedEvents]:
        """Yield the events of captures alone, in columns."""
        tracker = self._tracker()
        parts = self._opened[0].stretches() if len(self._opened) == 1 else _together(merged(self._opened))
        held: list[Happening | Event] = []
        for part in parts:
            self._progress()
            held += tracker.happened(part, self.defects)
            tracker.observations()  # nobody is told of them here
            if len(held) >= _BATCH:
                self.events_counted += len(held)
                yield HappenedEvents(held, tracker.directions)
                held = []
        # What was asked last may go unanswered: it is given the time that an answer would have had.
        held += tracker.happened_until(Micros(tracker.clock + ANSWER_US))
        self.events_counted += len(held)
        yield HappenedEvents(held, tracker.directions)

    def _tracker(self) -> Tracker:
        tracker = Tracker(self._directory, TrackerOptions(country=self._options.country, identities=self._options.identities))
        tracker.note_no_changes()
        return tracker

    def _tracked(self, datagrams: Iterator[Datagram]) -> Iterator[Event]:
        tracker = self._tracker()
        last: Micros | None = None
        while held := list(islice(datagrams, _REPORTED)):
            self._progress()
            yield from tracker.feed_all(held, self.defects)
            last = held[-1].time
            tracker.observations()  # nobody is told of them here
        if last is not None:
            # What was asked last may go unanswered: it is given the time that an answer would have had.
            yield from tracker.advance(Micros(last + ANSWER_US))

    def _expanded(self, records: Iterable[Opened]) -> Iterator[Event]:
        for opened in records:
            counts, wants = opened.counts, self._options.wants
            for number, row in enumerate(opened.items()):
                if number % _REPORTED == 0:
                    self._progress()
                if isinstance(row, RowProblem):
                    counts.refuse(row)
                elif isinstance(row, CallRecord | Event):
                    time = row.start if isinstance(row, CallRecord) else row.time
                    if not wants(time):
                        counts.outside_range += isinstance(row, CallRecord) or row.kind is not EventKind.REGISTRATION
                        continue
                    counts.use(row)
                    counts.saw(time)
                    if isinstance(row, CallRecord):
                        yield from events_of_record(row, self._directory)
                    else:
                        yield attributed(row, self._directory)


def findings(
    events: Iterator[Event], engine: Engine, *, observer: Observer | None = None, batch: int = _BATCH
) -> Iterator[Finding]:
    """Yield what the engine finds in the events, taken in batches that `observer` sees too."""
    return judged(iter(lambda: list(islice(events, batch)), []), engine, observer=observer)


def judged(batches: Iterable[Sequence[Event]], engine: Engine, *, observer: Observer | None = None) -> Iterator[Finding]:
    """Yield what the engine finds in each batch as it comes; `observer` sees the batch too."""
    now = Micros(0)
    for held in batches:
        if held:
            now = max(now, Micros(int(times_of(held).max())))
            found = engine.step(held, now)
            if observer is not None:
                observer.take(held, found)
            yield from found


def _together(datagrams: Iterator[Datagram]) -> Iterator[list[Datagram]]:
    while taken := list(islice(datagrams, _REPORTED)):
        yield taken


def _silent() -> None:
    """Show nothing."""
