"""What calendar measures came to in periods gone by, for each key and over all keys."""

from math import floor, nan
from typing import Final

from ringfence.policy.expressions import Past, PastValue
from ringfence.policy.plan import Calendar, Rule, Unit
from ringfence.vocabulary.times import DAY, Micros
from ringfence.watch.tallies.keys import EVER, Closed, Key, empty_value
from ringfence.watch.tallies.periods import Grid
from ringfence.watch.tallies.spans import LATEST, Span
from ringfence.watch.tallies.unwindowed import Unwindowed

WEEK: Final = 7 * DAY


class History:
    """The periods gone by of the measures that `values` ask about. `spans` are the measures' windows, in their order."""

    def __init__(self, rule: Rule, values: tuple[PastValue, ...], spans: tuple[Span | None, ...]) -> None:
        places = {measure.name: at for at, measure in enumerate(rule.measures)}
        self._asked = {value: places[value.measure] for value in values}
        self._spans = {at: span for at in self._asked.values() if (span := spans[at]) is not None}
        self._nothing = {at: empty_value(rule.measures[at]) for at in self._spans}
        self._weeks = {
            at: max((v.periods for v, a in self._asked.items() if a == at and v.past in (Past.USUAL, Past.CALM)), default=0)
            for at in self._spans
        }
        self._calm = tuple(sorted({at for value, at in self._asked.items() if value.past is Past.CALM}))
        self._peers = frozenset(at for value, at in self._asked.items() if value.past is Past.PEERS)
        self.peers: dict[int, tuple[int, list[float]]] = {}
        """Measure to the start of the last period that is over and the values that keys had at its end, in order."""

    @property
    def compared(self) -> tuple[tuple[int, Span], ...]:
        """The measures that are compared between keys, with their windows: when a period of one is over, `close` must be called."""
        return tuple((at, self._spans[at]) for at in sorted(self._peers))

    @property
    def reach_us(self) -> int:
        """How far back it looks beyond the windows."""
        if not self._asked:
            return 0
        return max(span.longest_us for span in self._spans.values()) + WEEK * max(self._weeks.values(), default=0)

    def begin(self, key: Key, time: int) -> None:
        """Let a new key begin its history."""
        for at, span in self._spans.items():
            start = span.period(time, key.billing_day).start
            key.past[at] = Closed(start, start)

    def roll(self, key: Key, time: int) -> None:
        """Write down what the key's measures came to at the end of each period that is over at `time`."""
        for at, span in self._spans.items():
            closed = key.past[at]
            present = span.period(time, key.billing_day).start
            if closed.present < present:
                self._close(key, at, span, present)

    def alarm(self, key: Key, time: int) -> None:
        """Note that a condition holds for the key: what its measures come to in this period is no baseline."""
        for at in self._calm:
            closed, present = key.past[at], self._spans[at].period(time, key.billing_day).start
            if not closed.alarmed or closed.alarmed[-1] < present:
                closed.alarmed.append(present)

    def close(self, at: int, keys: list[Key], time: int) -> None:
        """Compare the keys of a measure, all rolled to `time`, at which a period of its window is over."""
        span = self._spans[at]
        before = span.grid().shifted(span.period(time).start, -1)
        values = (key.past[at].values.get(before, nan) for key in keys)
        self.peers[at] = before, sorted(value for value in values if value == value)

    def value(self, value: PastValue, key: Key, time: int) -> float:
        """Return what `value` comes to for `key`, rolled to `time`, in the period that `time` lies in."""
        at = self._asked[value]
        span = self._spans[at]
        grid, present = span.grid(key.billing_day), span.period(time, key.billing_day).start
        if value.past is Past.PEERS:
            before, peers = self.peers.get(at, (0, []))
            return quantile(peers, value.quantile) if before == grid.shifted(present, -1) else nan
        closed = key.past[at]
        if value.past is Past.BEFORE:
            return self._of(closed, at, grid.shifted(present, -1))
        if value.past is Past.CALM:
            return self._of(closed, at, _calm(closed, grid, present))
        usual = [self._of(closed, at, grid.weeks_before(present, week)) for week in range(1, value.periods + 1)]
        known = [one for one in usual if one == one]
        return sum(known) / len(known) if known else nan

    def changes_after(self, key: Key, time: int) -> int:
        """Return a moment after `time` before which no period ends whose end changes what is asked."""
        ends = (span.period(time - 1, key.billing_day).end for span in self._spans.values())
        return max(min(ends, default=LATEST), time + 1)

    def _of(self, closed: Closed, at: int, start: int) -> float:
        return closed.values.get(start, self._nothing[at]) if start >= closed.born else nan

    def _close(self, key: Key, at: int, span: Span, present: int) -> None:
        closed, tally, grid = key.past[at], key.tallies[at], span.grid(key.billing_day)
        start = closed.present
        while start < present and not isinstance(tally, Unwindowed):
            tally.leave(grid.shifted(Micros(start), 1 - span.periods) - 1)
            if not tally.entries:
                break
            closed.values[start] = tally.value()
            start = grid.shifted(Micros(start), 1)
        closed.present = present
        oldest = min(grid.shifted(Micros(present), -1), present - WEEK * self._weeks[at] - DAY)
        for gone in [start for start in closed.values if start < oldest]:
            del closed.values[gone]
        while closed.alarmed and closed.alarmed[0] < oldest:
            del closed.alarmed[0]


def _calm(closed: Closed, grid: Grid, present: Micros) -> Micros:
    """Return when the last period before `present` began that had no alarm; a moment before all where none of a week was."""
    start = grid.shifted(present, -1)
    oldest = min(present - WEEK, start)
    for alarmed in reversed(closed.alarmed):
        if alarmed < start:
            break
        if alarmed == start:
            start = grid.shifted(start, -1)
    return start if start >= oldest else Micros(EVER)


def quantile(ordered: list[float], share: float) -> float:
    """Return the value below which `share` of the values lie, between two of them in proportion; not-a-number of none."""
    if not ordered:
        return nan
    place = (len(ordered) - 1) * share
    below = min(floor(place), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def past_refusal(rule: Rule, values: tuple[PastValue, ...]) -> str | None:
    """Say what cannot be known of the past; `None` where all can."""
    windows = {window.name: window for window in rule.windows}
    of_measure = {measure.name: windows.get(measure.window or "") for measure in rule.measures}
    for value in values:
        window = of_measure.get(value.measure)
        if not isinstance(window, Calendar):
            return f"{value.past}({value.measure}): only a measure over a calendar window has periods gone by"
        if value.past is Past.USUAL and window.unit not in (Unit.HOUR, Unit.DAY, Unit.WEEK):
            return f"usual({value.measure}): weeks are compared by the hour, the day or the week"
        if value.past is Past.PEERS and window.unit is Unit.BILLING_CYCLE:
            return f"peers({value.measure}): billing cycles of different accounts end on different days"
    return None
