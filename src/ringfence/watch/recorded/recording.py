"""Recorded files as one stream of events in the order of their times, and what was found unusable on the way."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from operator import attrgetter
from typing import Final, TypeVar

from ringfence.vocabulary.contracts import Event, Finding, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker, TrackerOptions, events_of_record
from ringfence.watch.calls.tracker import ANSWER_US
from ringfence.watch.engine import Engine
from ringfence.watch.recorded.inputs import Input, InputKind
from ringfence.watch.recorded.ordering import nearly_sorted, sorted_events
from ringfence.watch.sources import call_records, pcap
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.wire.cdr import CallRecord, RowProblem
from ringfence.watch.wire.sip import Defect, parse

MAX_EXAMPLES: Final = 5
_BATCH: Final = 4_096
_REPORTED: Final = 1_000
_Read = TypeVar("_Read")
_TIME: Final = attrgetter("time")


@dataclass(slots=True)
class FileCounts:
    """What one file held. `problems` are the first unusable rows only; `capture` is there for captures alone."""

    name: str
    kind: InputKind
    records: int = 0
    unusable_rows: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    capture: pcap.CaptureCounts | None = None

    @property
    def is_damaged(self) -> bool:
        """Tell whether part of it could not be used: rows, or what stands beyond the place where a capture breaks."""
        if self.unusable_rows:
            return True
        damage = (pcap.CaptureDefect.TRUNCATED, pcap.CaptureDefect.RECORD_SIZE)
        return self.capture is not None and any(self.capture.defects[defect] for defect in damage)


class Recording:
    """Reads the inputs once, as `events` is drawn on. `zone` and `country` are where unmarked times and numbers are from.

    `progress` is called now and then while reading, which for call records comes before the first event: they are sorted.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        reference: Reference,
        *,
        zone: tzinfo | None,
        country: str | None,
        progress: Callable[[], None] | None = None,
    ) -> None:
        """Read as far as the headers. Raises `UnreadableFile` where one is not as it must be."""
        self.files: Final = [FileCounts(opened.name, opened.kind) for opened in inputs]
        self.defects: Final[Counter[Defect]] = Counter()
        """What was wrong with SIP messages."""
        self.events_counted = 0
        self._directory = Directory(reference)
        self._country = country
        self._progress = progress
        self._captures: list[Iterator[Datagram]] = []
        self._records: list[tuple[FileCounts, Iterator[CallRecord | RowProblem]]] = []
        for opened, counts in zip(inputs, self.files, strict=True):
            try:
                self._add(opened, counts, zone)
            except UnreadableFile as refused:
                raise UnreadableFile(f"{opened.name}: {refused}", permanent=refused.permanent) from refused

    def _add(self, opened: Input, counts: FileCounts, zone: tzinfo | None) -> None:
        if opened.kind is InputKind.CAPTURE:
            counts.capture = pcap.CaptureCounts()
            self._captures.append(nearly_sorted(pcap.read(opened.file, counts.capture)))
        else:
            self._records.append((counts, call_records.read(opened.file, zone=zone, country=self._country)))

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
                    yield from events_of_record(row, self._directory)
                else:
                    counts.unusable_rows += 1
                    if len(counts.problems) < MAX_EXAMPLES:
                        counts.problems.append(row)

    def _reported(self, read: Iterable[_Read]) -> Iterator[_Read]:
        for number, each in enumerate(read):
            if self._progress is not None and number % _REPORTED == 0:
                self._progress()
            yield each


def findings(events: Iterator[Event], engine: Engine, *, batch: int = _BATCH) -> Iterator[Finding]:
    """Yield what the engine finds in the events, taken in batches."""
    now = Micros(0)
    held: list[Event] = []
    for event in events:
        held.append(event)
        now = max(now, event.time)
        if len(held) == batch:
            yield from engine.step(held, now)
            held = []
    if held:
        yield from engine.step(held, now)
