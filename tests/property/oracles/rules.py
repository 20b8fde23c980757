"""What a rule must find, the slow and obvious way: for each event and boundary look at the whole past.

Imports nothing of the library. Times and lengths are whole microseconds.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any, Protocol

from tests.property.oracles.tallies import taken

Values = dict[str, float]
Inside = Callable[[int, int], bool]
"""Whether a window that ends at the second moment holds an event of the first."""


class Told(Protocol):
    """What the oracle itself reads of an event; the rest its rules do."""

    @property
    def kind(self) -> str: ...

    @property
    def time(self) -> int: ...

    @property
    def call_id(self) -> str: ...


@dataclass(frozen=True)
class PlainMeasure:
    """`sees` tells which events it looks at, `counts` which of them count. `inside` is its window, `None` for none."""

    function: str
    sees: Callable[[Any], bool]
    counts: Callable[[Any], bool] = lambda event: True
    value: Callable[[Any], Any] = lambda event: None
    inside: Inside | None = None
    length: int = 0
    same: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class PlainTier:
    """`when` is asked with the measures and the event."""

    when: Callable[[Values, Any], bool]
    clears: Callable[[Values, Any], bool] | None = None


@dataclass(frozen=True)
class PlainRule:
    """`boundaries` gives the moments in (first, second] at which every key is looked at; `None`: at each event that `judges`.

    `each`: what holds is found each time. `on_nothing`: a key of which an event took part is looked at though nothing counted.
    """

    keys: Callable[[Any], Sequence[Hashable]]
    takes: Callable[[Any, int], bool]
    measures: dict[str, PlainMeasure]
    tiers: tuple[PlainTier, ...]
    longest: Inside
    cool_down: int = 0
    judges: Callable[[Any], bool] = lambda event: True
    minimum: Callable[[Values, Any], bool] = lambda values, event: True
    passes: Callable[[Any], bool] = lambda event: False
    resets: Callable[[Any], bool] = lambda event: False
    once: Callable[[Any], Hashable | None] = lambda event: None
    within: int = 0
    boundaries: Callable[[int, int], Iterable[int]] | None = None
    closes: bool = False
    known: Sequence[Hashable] = ()
    each: bool = False
    on_nothing: bool = False
    longest_call: int = 86_400_000_000


@dataclass(frozen=True)
class PlainFinding:
    """`sample` are the call ids of the last ten events that counted, oldest first."""

    key: Hashable
    tier: int
    time: int
    measures: Values
    events: int
    sample: tuple[str, ...]


@dataclass
class _Key:
    rows: list[tuple[int, Any, frozenset[str]]] = field(default_factory=list)
    runs: dict[str, int] = field(default_factory=dict)
    calls: dict[str, dict[str, int]] = field(default_factory=dict)
    same: dict[str, Any] = field(default_factory=dict)
    first_row: dict[str, int] = field(default_factory=dict)
    seen: dict[Hashable, int] = field(default_factory=dict)
    held: dict[int, bool] = field(default_factory=dict)
    found: dict[int, int] = field(default_factory=dict)
    newest: Any = None
    present: list[int] = field(default_factory=list)


def plain_findings(rule: PlainRule, events: Iterable[Told]) -> list[PlainFinding]:
    """Return what `rule` finds in `events`, in their order. An event counts no earlier than the one before."""
    keys: dict[Hashable, _Key] = {}
    findings: list[PlainFinding] = []
    before: int | None = None
    for event in events:
        time = event.time if before is None else max(before, event.time)
        if rule.boundaries is not None and before is not None:
            for moment in rule.boundaries(before, time):
                for name in sorted({*keys, *rule.known}, key=str):
                    findings += _round(rule, name, keys.setdefault(name, _Key()), moment)
        before = time
        findings += _event(rule, keys, event, time)
    return findings


def _event(rule: PlainRule, keys: dict[Hashable, _Key], event: Told, time: int) -> list[PlainFinding]:
    findings: list[PlainFinding] = []
    if rule.resets(event):
        for name in rule.keys(event):
            found = keys.get(name, _Key()).found
            seen = keys.get(name, _Key()).seen
            keys[name] = _Key(found=found, seen=seen)
    touched: list[Hashable] = []
    for name, key in keys.items():
        for calls in key.calls.values():
            _age(rule, calls, time)
            if event.kind == "end" and calls.pop(event.call_id, None) is not None:
                touched.append(name)
    if rule.takes(event, time):
        for name in rule.keys(event):
            key = keys.setdefault(name, _Key())
            _empty(rule, name, key, time, time)
            if _fresh(rule, key, event, time):
                key.present.append(time)
                _count(rule, key, event, time)
                if rule.boundaries is None and rule.judges(event):
                    findings += _judge(rule, name, key, event, time)
            touched = [other for other in touched if other != name]
    for name in dict.fromkeys(touched if rule.boundaries is None else ()):
        findings += _judge(rule, name, keys[name], event, time)
    return findings


def _empty(rule: PlainRule, name: Hashable, key: _Key, time: int, end: int) -> bool:
    """Make a key that holds nothing false, and tell whether it is one. What a peak counts may lie before its window."""
    if not rule.measures or any(_value(rule, measure, key, time, end)[1] for measure in rule.measures):
        return False
    if name in rule.known or (rule.on_nothing and any(rule.longest(at, end) for at in key.present)):
        return False
    key.held = {}
    if not any(measure.function == "peak" for measure in rule.measures.values()):
        key.rows, key.first_row = [], {}
    return True


def _fresh(rule: PlainRule, key: _Key, event: Told, time: int) -> bool:
    same = rule.once(event)
    if same is None:
        return True
    first = key.seen.get(same)
    if first is not None and first > time - rule.within:
        return False
    key.seen[same] = time
    return True


def _count(rule: PlainRule, key: _Key, event: Told, time: int) -> None:
    counted = set()
    for name, measure in rule.measures.items():
        if not measure.sees(event):
            continue
        passes = measure.counts(event)
        if measure.same is not None and (passes or measure.function == "run"):
            value = measure.same(event)
            if name in key.same and key.same[name] != value:
                key.first_row[name] = len(key.rows)
                key.runs[name] = 0
            key.same[name] = value
        if measure.function == "run":
            key.runs[name] = key.runs.get(name, 0) + 1 if passes else 0
        if measure.function == "concurrent" and passes:
            calls = key.calls.setdefault(name, {})
            passes = event.call_id not in calls
            calls.setdefault(event.call_id, time)
        value = measure.value(event)
        countless = measure.function not in ("count", "peak", "run", "concurrent", "since", "gap")
        if passes and not (countless and (value is None or value != value)):
            counted.add(name)
    if counted or not rule.measures:
        key.rows.append((time, event, frozenset(counted)))
    if counted or not rule.measures or rule.on_nothing:
        key.newest = event


def _age(rule: PlainRule, calls: dict[str, int], time: int) -> None:
    for call_id in [call_id for call_id, begun in calls.items() if begun <= time - rule.longest_call]:
        del calls[call_id]


def _value(rule: PlainRule, name: str, key: _Key, time: int, end: int) -> tuple[float, bool]:
    """Return a measure's value, and whether it holds anything. `end` is where its window ends."""
    measure = rule.measures[name]
    rows = [(at, event) for at, event, counted in key.rows[key.first_row.get(name, 0) :] if name in counted]
    match measure.function:
        case "run":
            return float(key.runs.get(name, 0)), bool(key.runs.get(name))
        case "concurrent":
            _age(rule, key.calls.get(name, {}), time)
            return float(len(key.calls.get(name, {}))), bool(key.calls.get(name))
        case "since":
            return (float(time - rows[-1][0]) if rows else nan), bool(rows)
        case "gap":
            return (float(rows[-1][0] - rows[-2][0]) if len(rows) > 1 else nan), bool(rows)
    assert measure.inside is not None
    entries = [(int(measure.inside(at, end)), at, measure.value(event)) for at, event in rows]
    return taken(measure.function, entries, 0, measure.length), any(stamp for stamp, _, _ in entries)


def _judge(rule: PlainRule, name: Hashable, key: _Key, event: Told, time: int, *, early: int = 0) -> list[PlainFinding]:
    if _empty(rule, name, key, time, time - early):
        return []
    measures = {measure: _value(rule, measure, key, time, time - early)[0] for measure in rule.measures}
    findings = []
    inside = [(at, seen) for at, seen, _ in key.rows if rule.longest(at, time - early)]
    if not rule.measures:
        inside, key.held = inside[-1:], {}
    for number, tier in enumerate(rule.tiers):
        if rule.each:
            key.held[number] = False
        if key.held.get(number) and tier.clears is not None:
            key.held[number] = not tier.clears(measures, event)
            continue
        holds = rule.minimum(measures, event) and tier.when(measures, event)
        crosses = holds and not key.held.get(number)
        if crosses and rule.passes(event):
            continue
        key.held[number] = holds
        if crosses and (number not in key.found or time >= key.found[number] + rule.cool_down):
            key.found[number] = time
            sample = tuple(seen.call_id for _, seen in inside[-10:])
            findings.append(PlainFinding(name, number, time, measures, len(inside), tuple(dict.fromkeys(reversed(sample)))[::-1]))
    return findings


def _round(rule: PlainRule, name: Hashable, key: _Key, moment: int) -> list[PlainFinding]:
    early = 1 if rule.closes else 0
    found = _judge(rule, name, key, key.newest, moment, early=early)
    if rule.closes:
        key.held = {}
    return found
