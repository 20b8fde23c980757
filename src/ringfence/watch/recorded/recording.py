"""Recorded files as one stream of events in the order of their times, and what was found unusable on the way."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Final, NamedTuple, Protocol, TypeVar

from ringfence.vocabulary.contracts import Event, Finding, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker, TrackerOptions, events_of_record
from ringfence.watch.calls.tracker import ANSWER_US
from ringfence.watch.engine import Engine
from ringfence.watch.recorded.counts import FileCounts
from ringfence.watch.recorded.formats import Options, Timed
from ringfence.watch.recorded.inputs import Input
from ringfence.watch.recorded.ordering import nearly_sorted, sorted_events
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.wire.cdr import CallRecord, RowProblem
from ringfence.watch.wire.sip import Defect, parse

_BATCH: Final = 4_096
_REPORTED: Final = 1_000
_Read = TypeVar("_Read")
_TIME: Final = attrgetter("time")


class Skipped(NamedTuple):
    """A file that was passed over, and what it looks like."""

    name: str
    cause: str


class Observer(Protocol):
    """Looks on: a report, a summary."""

    def take(self, events: Sequence[Event], found: Sequence[Finding]) -> None:
        """Take in a batch of events, in their order, and the findings that came of them."""


class Recording:
    """Reads the inputs once, as `events` is drawn on. `zone` and `country` are where unmarked times and numbers are from.

    `progress` is called now and then while reading, which for call records comes before the first event: they are sorted.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        reference: Reference,
        options: Options,
        *,
        skipped: Sequence[Skipped] = (),
        progress: Callable[[], None] | None = None,
    ) -> None:
        """Read as far as the headers. Raises `UnreadableFile` where one is not as it must be."""
        self.files: Final = [FileCounts(opened.name, opened.format.name) for opened in inputs]
        self.skipped: Final = tuple(skipped)
        self.defects: Final[Counter[Defect]] = Counter()
        """What was wrong with SIP messages."""
        self.events_counted = 0
        self._directory = Directory(reference)
        self._country = options.country
        self._progress = progress
        self._captures: list[Iterator[Datagram]] = []
        self._records: list[tuple[FileCounts, Iterator[Timed]]] = []
        for opened, counts in zip(inputs, self.files, strict=True):
            try:
                self._add(opened, counts, options)
            except UnreadableFile as refused:
                raise UnreadableFile(f"{opened.name}: {refused}", permanent=refused.permanent) from refused

    def _add(self, opened: Input, counts: FileCounts, options: Options) -> None:
        read = opened.format.open(opened.file, options, counts)
        if opened.format.is_packets:
            self._captures.append(nearly_sorted(each for each in read if isinstance(each, Datagram)))
        else:
            self._records.append((counts, read))

    def events(self) -> Iterator[Event]:
        """Yield every event in the order of its time. Memory does not grow with the files."""
        streams: list[Iterable[Event]] = []
        if self._captures:
            streams.append(self._tracked(heapq.merge(*self._captures, key=_TIME)))
        if self._records:
            streams.append(sorted_events(self._expanded()))
        for event in heapq.merge(*streams, key=_TIME) if len(streams) > 1 else streams[0] if streams else ():
            self.events_counted += 1
            yield event

    def _tracked(self, datagrams: Iterable[Datagram]) -> Iterator[Event]:
        tracker = Tracker(self._directory, TrackerOptions(country=self._country))
        last: Micros | None = None
        for datagram in self._reported(datagrams):
            message = parse(datagram.payload)
            self.defects.update(message.defects)
            last = datagram.time
            yield from tracker.feed(datagram, message)
        if last is not None:
            # What was asked last may go unanswered: it is given the time that an answer would have had.
            yield from tracker.advance(Micros(last + ANSWER_US))

    def _expanded(self) -> Iterator[Event]:
        for counts, rows in self._records:
            for row in self._reported(rows):
                if isinstance(row, CallRecord):
                    counts.records += 1
                    counts.saw(row.start)
                    yield from events_of_record(row, self._directory)
                elif isinstance(row, Event):
                    counts.records += 1
                    counts.saw(row.time)
                    yield row
                elif isinstance(row, RowProblem):
                    counts.refuse(row)

    def _reported(self, read: Iterable[_Read]) -> Iterator[_Read]:
        for number, each in enumerate(read):
            if self._progress is not None and number % _REPORTED == 0:
                self._progress()
            yield each


def findings(
    events: Iterator[Event], engine: Engine, *, observer: Observer | None = None, batch: int = _BATCH
) -> Iterator[Finding]:
    """Yield what the engine finds in the events, taken in batches that `observer` sees too."""
    now = Micros(0)
    while held := list(islice(events, batch)):
        now = max(now, max(event.time for event in held))
        found = engine.step(held, now)
        if observer is not None:
            observer.take(held, found)
        yield from found
