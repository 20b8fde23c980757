"""What each rule looked at: by key, how much over time, and how near its measures came to their limits."""

from collections import OrderedDict
from collections.abc import Sequence
from operator import add
from typing import Final

from ringfence.policy.evaluation import Context, reading
from ringfence.policy.plan import Measure, MeasureFunction, Rule
from ringfence.report.conditions import passes
from ringfence.report.rule_words import charted
from ringfence.report.series import Bins, Sliding, SlidingDistinct
from ringfence.vocabulary.contracts import Event, Subject
from ringfence.vocabulary.times import Micros
from ringfence.watch.findings import subject_fields, subject_of

MOST_TRACKS: Final = 2_000
"""Keys of one rule whose series are kept. Beyond, the key that was quiet longest gives way, those with findings last."""
MOST_HELD: Final = 200_000
"""Distinct values remembered by all keys of one rule together, some 30 MB."""
MOST_LINES: Final = 2
"""Measures of a rule that are followed over time."""

_COUNTABLE: Final = (MeasureFunction.COUNT, MeasureFunction.DISTINCT, MeasureFunction.SUM)


class Measured:
    """One measure that a rule holds against a limit directly: what a line can show. Made once a rule."""

    __slots__ = ("_passes", "_read", "is_distinct", "limit", "name", "window_us")

    def __init__(self, measure: Measure, limit: float, window_us: Micros, context: Context) -> None:
        self.name = measure.name
        self.limit = limit
        self.window_us = window_us
        self.is_distinct = measure.function is MeasureFunction.DISTINCT
        self._read = reading(measure.value, context) if measure.value is not None else None
        self._passes = passes(measure.where, context)

    def value(self, event: Event) -> str | int | None:
        """Return what an event adds: a value to be told apart, or a number; `None` where it adds nothing."""
        if not self._passes(event):
            return None
        if self._read is None:
            return 1
        value = self._read(event)
        if value is None or value != value:
            return None
        return str(value) if self.is_distinct else int(value)


class Line:
    """One measure of one key: the most that stood within the rule's window, by bin."""

    __slots__ = ("measured", "peaks", "sliding")

    def __init__(self, measured: Measured) -> None:
        self.measured = measured
        self.peaks = Bins(max)
        self.sliding = SlidingDistinct(measured.window_us) if measured.is_distinct else Sliding(measured.window_us)

    def take(self, event: Event) -> None:
        """Take in an event that the rule looks at."""
        value = self.measured.value(event)
        if value is None:
            return
        if isinstance(self.sliding, SlidingDistinct):
            self.peaks.add(event.time, self.sliding.add(event.time, str(value)))
        else:
            self.peaks.add(event.time, self.sliding.add(event.time, int(value)))

    @property
    def is_cut(self) -> bool:
        """Tell whether the line is lower than the truth because more was distinct than is remembered."""
        return isinstance(self.sliding, SlidingDistinct) and self.sliding.is_cut


class Track:
    """One key of one rule. `events` are those the rule looked at, by bin."""

    __slots__ = ("events", "lines")

    def __init__(self, measured: Sequence[Measured]) -> None:
        self.events = Bins(add)
        self.lines = tuple(map(Line, measured))

    @property
    def held(self) -> int:
        """How many distinct values it remembers."""
        return sum(line.sliding.held for line in self.lines)


class RuleTracks:
    """What `rule` looked at: `looked_at` events of keys, of which at most `MOST_TRACKS` are followed."""

    def __init__(self, rule: Rule, context: Context) -> None:
        self.rule: Final = rule
        self.looked_at = 0
        self.given_up = 0
        """Keys that were let go to bound memory."""
        followed = [(measure, limit) for measure, limit in charted(rule) if measure.function in _COUNTABLE]
        self._measured = tuple(Measured(measure, limit, rule.window_us, context) for measure, limit in followed[:MOST_LINES])
        self._passes = {kind: passes(rule.where_of(kind), context) for kind in (rule.on, *rule.also_on)}
        self._key = tuple(reading(part, context) for part in rule.key)
        self._fields = subject_fields(rule)
        self._tracks: OrderedDict[Subject, Track] = OrderedDict()
        self._kept: set[Subject] = set()

    def take(self, event: Event) -> None:
        """Take in an event of one of the rule's kinds."""
        if not self._passes[event.kind](event) or self._fields is None:
            return
        if any(part(event) is None for part in self._key):
            return
        self.looked_at += 1
        subject = subject_of(self.rule.subject, self._fields, event)
        track = self._tracks.get(subject)
        if track is None:
            track = self._tracks[subject] = Track(self._measured)
        else:
            self._tracks.move_to_end(subject)
        track.events.add(event.time, 1)
        for line in track.lines:
            line.take(event)

    def keep(self, subject: Subject) -> None:
        """Let the subject go last: something was found about it."""
        self._kept.add(subject)

    def of(self, subject: Subject) -> Track | None:
        """Return what was seen of `subject`; `None` where it was let go or never seen."""
        return self._tracks.get(subject)

    def shrink(self) -> None:
        """Let go what is over the bounds. Called after each batch."""
        held = sum(track.held for track in self._tracks.values())
        while len(self._tracks) > MOST_TRACKS or (held > MOST_HELD and len(self._tracks) > 1):
            subject = next((each for each in self._tracks if each not in self._kept), next(iter(self._tracks)))
            held -= self._tracks.pop(subject).held
            self.given_up += 1
