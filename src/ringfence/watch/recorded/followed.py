"""Files being written as batches of events, as they come."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from ringfence.vocabulary.contracts import Event, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker, TrackerOptions, attributed, events_of_record
from ringfence.watch.calls.tracker import ANSWER_US
from ringfence.watch.recorded.counts import FileCounts
from ringfence.watch.recorded.formats import Options
from ringfence.watch.recorded.inputs import Choice, Skipped
from ringfence.watch.recorded.tails import POLL_S, Came, Tails, by_time
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.wire.cdr import CallRecord, RowProblem
from ringfence.watch.wire.sip import Defect, parse


class Followed:
    """The same as a `Recording`, of files that grow. A call record gives all of its events when it appears."""

    def __init__(
        self, paths: Sequence[Path], choice: Choice, reference: Reference, options: Options, *, poll_s: float = POLL_S
    ) -> None:
        self.tails: Final = Tails(paths, choice, options, poll_s=poll_s)
        self.defects: Final[Counter[Defect]] = Counter()
        """What was wrong with SIP messages."""
        self.events_counted = 0
        self._options = options
        self._directory = Directory(reference)
        self._tracker = Tracker(self._directory, TrackerOptions(country=options.country, identities=options.identities))
        self._tracker.note_no_changes()
        self._last: Micros | None = None

    @property
    def files(self) -> list[FileCounts]:
        """The counts of every file so far."""
        return self.tails.files

    @property
    def skipped(self) -> list[Skipped]:
        """What was passed over so far."""
        return self.tails.skipped

    def batches(self) -> Iterator[list[Event]]:
        """Yield the events that came, each batch in the order of its times, until `tails.stop()`; empty where none did."""
        for came in self.tails.batches():
            self._tracker.observations()  # nobody is told of them here
            events: list[Event] = []
            for each in came:
                events += self._events(each)
            yield self._counted(events)
        if self._last is not None:
            # What was asked last may go unanswered: it is given the time that an answer would have had.
            yield self._counted(self._tracker.advance(Micros(self._last + ANSWER_US)))

    def _counted(self, events: list[Event]) -> list[Event]:
        self.events_counted += len(events)
        return sorted(events, key=by_time)

    def _events(self, came: Came) -> list[Event]:
        item, counts = came.item, came.counts
        if isinstance(item, RowProblem):
            counts.refuse(item)
            return []
        if not self._options.wants(came.time):
            counts.leave_out()
            return []
        counts.saw(came.time)
        if isinstance(item, Datagram):
            message = parse(item.payload) if item.kind is PayloadKind.SIP else None
            if message is not None:
                self.defects.update(message.defects)
            self._last = item.time
            return self._tracker.feed(item, message)
        counts.use(item)
        if isinstance(item, CallRecord):
            return list(events_of_record(item, self._directory))
        return [attributed(item, self._directory)]
