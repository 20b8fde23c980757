"""What the windows must find, the slow and obvious way: for each event look at the whole past. Imports nothing of the library.

Times and lengths are whole microseconds.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from tests.property.oracles.seen import Seen

Filter = Callable[[Seen], bool]


@dataclass(frozen=True)
class PlainMeasure:
    """`value` is read from each event that `counts` accepts. `take` is count, distinct, most, sum, mean, maximum or peak.

    A peak is the most events that any `span` that ends at an event of the window holds, older ones than the window's included.
    """

    name: str
    take: str
    counts: Filter
    value: Callable[[Seen], float | str | None] = lambda event: None
    span: int = 0


@dataclass(frozen=True)
class PlainRule:
    """`condition` reads measures by name; `key` gives `None` where a part of the key is unset."""

    takes_part: Filter
    key: Callable[[Seen], Hashable | None]
    window: int
    cool_down: int
    measures: tuple[PlainMeasure, ...]
    condition: Callable[[dict[str, float]], bool]


@dataclass(frozen=True)
class PlainFinding:
    """`index` is the event's place in the stream, `sample` the places of the last ten counted events, oldest first."""

    index: int
    time: int
    measures: dict[str, float]
    events: int
    sample: tuple[int, ...]


@dataclass(frozen=True)
class _Counted:
    index: int
    time: int
    event: Seen
    measures: frozenset[str]


def plain_findings(rule: PlainRule, events: Iterable[Seen], *, now: int) -> list[PlainFinding]:
    """Return what `rule` finds in `events`, in their order.

    An event counts no earlier than the one before, and no later than `now`. Without a counted event in the window a key's
    condition is false.
    """
    findings: list[PlainFinding] = []
    rows: dict[Hashable, list[_Counted]] = {}
    every: dict[Hashable, list[_Counted]] = {}
    held: dict[Hashable, bool] = {}
    last_found: dict[Hashable, int] = {}
    time: int | None = None
    for index, event in enumerate(events):
        arrives = min(event.time, now)
        time = arrives if time is None else max(time, arrives)
        key = rule.key(event)
        if key is None or not rule.takes_part(event):
            continue
        present = [row for row in rows.get(key, []) if row.time > time - rule.window]
        before = held.get(key, False) and bool(present)
        counted = frozenset(measure.name for measure in rule.measures if _counts(measure, event))
        if counted:
            present.append(_Counted(index, time, event, counted))
            every.setdefault(key, []).append(present[-1])
        rows[key] = present
        measures = {measure.name: _take(measure, present, every.get(key, [])) for measure in rule.measures}
        held[key] = bool(present) and rule.condition(measures)
        resting = key in last_found and time < last_found[key] + rule.cool_down
        if held[key] and not before and not resting:
            last_found[key] = time
            sample = tuple(row.index for row in present[-10:])
            findings.append(PlainFinding(index, time, measures, len(present), sample))
    return findings


def _counts(measure: PlainMeasure, event: Seen) -> bool:
    return measure.counts(event) and not (measure.take == "distinct" and measure.value(event) is None)


def _take(measure: PlainMeasure, present: list[_Counted], every: list[_Counted]) -> float:
    values = [measure.value(row.event) for row in present if measure.name in row.measures]
    numbers = [value for value in values if isinstance(value, float | int)]
    nothing = float("nan")
    match measure.take:
        case "count":
            return len(values)
        case "distinct":
            return len(set(values))
        case "most":
            return max(Counter(values).values(), default=0)
        case "sum":
            return sum(numbers)
        case "mean":
            return sum(numbers) / len(numbers) if numbers else nothing
        case "maximum":
            return max(numbers, default=nothing)
        case "peak":
            counted = [row for row in every if measure.name in row.measures]
            ends = [row for row in present if measure.name in row.measures]
            return max((_held(counted, row, measure.span) for row in ends), default=nothing)
    raise ValueError(measure.take)


def _held(counted: list[_Counted], last: _Counted, span: int) -> int:
    """Return how many rows the span that ends at `last` holds, those that came with it at the same time but after it left out."""
    return sum(1 for row in counted if last.time - span < row.time and row.index <= last.index)
