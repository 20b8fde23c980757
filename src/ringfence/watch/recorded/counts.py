"""What one file held, what of it was left out and why, with the first examples."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.sources import pcap
from ringfence.watch.wire.cdr import CallRecord, RowProblem

MAX_EXAMPLES: Final = 5
LOGS: Final = frozenset(("asterisk-security", "freeswitch-log", "kamailio-events"))
EVENTS: Final = frozenset(("asterisk-events", "freeswitch-events"))
"""Formats that give both entries and calls."""
_MOST_REASONS: Final = 64


@dataclass(slots=True)
class FileCounts:
    """The counts of one file since its start. `format` is the name of its format; `capture` is there for packets alone.

    `problems` are the first unusable rows only; `reasons` counts all of them by their cause in general words.
    `first` and `last` are the earliest and the latest time of what was used, `None` where nothing was.
    """

    name: str
    format: str
    records: int = 0
    entries: int = 0
    """Of a log."""
    unusable_rows: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    outside_range: int = 0
    """Messages and records before `--from` or after `--to`."""
    capture: pcap.CaptureCounts | None = None
    damage: str | None = None
    """Why the file could not be read to its end, where it is packed and broken."""
    first: Micros | None = None
    last: Micros | None = None

    def refuse(self, problem: RowProblem) -> None:
        """Count a row that was left out, and keep it as an example if it is one of the first."""
        self.unusable_rows += 1
        reason = problem.cause if problem.column is None else f"{problem.column} unusable"
        self.reasons[reason if reason in self.reasons or len(self.reasons) < _MOST_REASONS else "other reasons"] += 1
        if len(self.problems) < MAX_EXAMPLES:
            self.problems.append(problem)

    def use(self, item: CallRecord | Event) -> None:
        """Count a record or a log's entry: once, though that of a REGISTER gives two events."""
        if isinstance(item, CallRecord):
            self.records += 1
        elif item.kind is not EventKind.REGISTRATION:
            self.entries += 1

    def use_rows(self, count: int) -> None:
        """Count records, or a log's entries."""
        if self.is_log:
            self.entries += count
        else:
            self.records += count

    def leave_out(self) -> bool:
        """Count what is outside the range of time that was asked for; return `False`."""
        self.outside_range += 1
        return False

    def saw(self, time: Micros) -> None:
        """Note the time of something used."""
        if self.first is None or time < self.first:
            self.first = time
        if self.last is None or time > self.last:
            self.last = time

    @property
    def is_log(self) -> bool:
        """Tell whether it is a switch's log: it tells entries, no calls."""
        return self.format in LOGS

    @property
    def gives_both(self) -> bool:
        """Tell whether it tells entries and calls."""
        return self.format in EVENTS

    @property
    def is_damaged(self) -> bool:
        """Tell whether part of it could not be used: rows, or a part of a capture."""
        return self.unusable_rows > 0 or self.damage is not None or (self.capture is not None and self.capture.is_damaged)
