"""Rules that are measured together find what each would find alone, however the stream is cut, and through a snapshot."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.expressions import Arithmetic, Comparison, Connective, Expression, Membership, Negation
from ringfence.policy.plan import Measure, MeasureFunction, Rule, Tier
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.severity import Severity
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.columns import TextHashes, columns_of
from ringfence.watch.windows import Crossing, Limits, RuleGroup, Told
from tests.property.oracles.windows import PlainMeasure, PlainRule, plain_findings
from tests.property.paired_rules import ATTEMPT, END, compare, field, measured, number, rule
from tests.property.test_windows import cut, cuts_of, streams

LATER = Micros(1 << 60)
KEY = b"k" * 32
_LONG = 5 * SECOND

# Each measure with its plain twin: what it takes, which kind of event it counts, and of those which.
_MEASURES = (
    (Measure("a", MeasureFunction.COUNT), PlainMeasure("a", "count", lambda e: e.kind == ATTEMPT)),
    (
        Measure("b", MeasureFunction.DISTINCT, field("callee")),
        PlainMeasure("b", "distinct", lambda e: e.kind == ATTEMPT, lambda e: e.callee),
    ),
    (
        Measure("c", MeasureFunction.DISTINCT, field("callee"), where=field("answered")),
        PlainMeasure("c", "distinct", lambda e: e.kind == END and e.answered, lambda e: e.callee),
    ),
    (
        Measure("d", MeasureFunction.MAXIMUM, field("duration")),
        PlainMeasure("d", "maximum", lambda e: e.kind == END, lambda e: e.duration_ms * 1000),
    ),
    (
        Measure("e", MeasureFunction.MEAN, field("ring"), where=field("answered")),
        PlainMeasure("e", "mean", lambda e: e.kind == END and e.answered, lambda e: e.ring_ms * 1000),
    ),
    (
        Measure("f", MeasureFunction.SUM, field("duration")),
        PlainMeasure("f", "sum", lambda e: e.kind == END, lambda e: e.duration_ms * 1000),
    ),
    (
        Measure("g", MeasureFunction.PEAK, length_us=Micros(2 * SECOND)),
        PlainMeasure("g", "peak", lambda e: e.kind == ATTEMPT, span=2 * SECOND),
    ),
    (
        Measure("h", MeasureFunction.PEAK, where=field("answered"), length_us=Micros(_LONG)),
        PlainMeasure("h", "peak", lambda e: e.kind == END and e.answered, span=_LONG),
    ),
    (
        Measure("i", MeasureFunction.MOST, field("duration")),
        PlainMeasure("i", "most", lambda e: e.kind == END, lambda e: e.duration_ms * 1000),
    ),
    (
        Measure("j", MeasureFunction.MEAN, field("time"), where=field("answered")),
        PlainMeasure("j", "mean", lambda e: e.kind == END and e.answered, lambda e: e.time),
    ),
)


def made(seed: int) -> list[tuple[Rule, PlainRule]]:
    """Return a few rules per account, of one kind, with windows, measures, thresholds and cool-downs by chance."""
    chance = Random(seed)
    return [_pair(f"rule-{number}", chance) for number in range(chance.randint(1, 5))]


def _pair(name: str, chance: Random) -> tuple[Rule, PlainRule]:
    chosen = chance.sample(_MEASURES, chance.randint(1, 4))
    window, cool_down = chance.choice((1, 3, 5, 20, 60)), chance.choice((0, 0, 4, 30))
    first = chosen[0][0].name
    least = chance.choice((1, 2, 3, 6_000_000, 9_000_000))
    when: Expression = compare(measured(first), ">=", number(least))
    for measure, _ in chosen[1:]:
        share = Arithmetic("/", measured(measure.name), measured(first))
        other = compare(share, chance.choice(("<=", "!=", ">")), number(chance.choice((0.0, 0.5, 1.0))))
        when = Connective(chance.choice(("and", "or")), (when, Negation(other) if chance.random() < 0.3 else other))
    if chance.random() < 0.3:
        when = Connective("and", (when, Membership(measured(first), (number(2), number(3)), negated=True)))
    made = rule(name, measures=tuple(each for each, _ in chosen), when=when, window_s=window, cool_down_s=cool_down)
    plain = PlainRule(
        takes_part=lambda event: event.kind in _kinds(chosen),
        key=lambda event: event.account,
        window=window * SECOND,
        cool_down=cool_down * SECOND,
        measures=tuple(each for _, each in chosen),
        condition=lambda measures: _holds(when, measures),
    )
    return made, plain


def _kinds(chosen: Sequence[tuple[Measure, PlainMeasure]]) -> set[str]:
    return {END if measure.where is not None or measure.field in ("duration", "ring") else ATTEMPT for measure, _ in chosen}


def _holds(condition: Expression, measures: dict[str, float]) -> bool:
    return bool(_read(condition, measures))


def _read(expression: Expression, measures: dict[str, float]) -> float:
    """Read a condition the slow way; a comparison with what is no number is false."""
    match expression:
        case Connective(operator=operator, operands=operands):
            truths = [bool(_read(each, measures)) for each in operands]
            return all(truths) if operator == "and" else any(truths)
        case Negation(operand=operand):
            return not _read(operand, measures)
        case Membership(left=left, options=options):
            value = _read(left, measures)
            return value == value and value not in [option.value for option in options]
        case Comparison(operator=operator, left=left, right=right):
            first, second = _read(left, measures), _read(right, measures)
            if first != first or second != second:
                return False
            return {"<=": first <= second, "!=": first != second, ">": first > second, ">=": first >= second}[operator]
        case Arithmetic(left=left, right=right):
            divisor = _read(right, measures)
            return _read(left, measures) / divisor if divisor else float("nan")
    return float(getattr(expression, "value", 0.0)) if hasattr(expression, "value") else measures[getattr(expression, "name", "")]


def advanced(group: RuleGroup, batches: Sequence[Sequence[Event]], hashes: TextHashes) -> list[Told]:
    told: list[Told] = []
    first, clock = 0, Micros(-(1 << 62))
    for batch in batches:
        if batch:
            columns = columns_of(batch, sorted(group.fields), hashes, clock=clock, now=LATER)
            found = group.advance(columns, first)
            told += [each._replace(crossing=replace(each.crossing, position=each.crossing.position + first)) for each in found]
            first, clock = first + len(batch), Micros(int(columns.time[-1]))
    return told


def seen(told: Told, rules: Sequence[Rule]) -> tuple[object, ...]:
    crossing: Crossing = told.crossing
    names = [measure.name for measure in rules[told.rule].measures]
    measures = {name: value for name, value in zip(names, crossing.measures, strict=True) if value == value}
    return crossing.position, told.rule, crossing.time, measures, crossing.events, crossing.sample


def wanted(pairs: Sequence[tuple[Rule, PlainRule]], events: Sequence[Event]) -> list[tuple[object, ...]]:
    found = [
        (each.index, place, each.time, {n: v for n, v in each.measures.items() if v == v}, each.events, each.sample)
        for place, (_, plain) in enumerate(pairs)
        for each in plain_findings(plain, events, now=LATER)
    ]
    return sorted(found, key=lambda each: each[:2])


@settings(max_examples=60)
@given(streams, cuts_of, st.integers(0, 2**32))
def test_rules_measured_together_find_what_the_oracle_finds_for_each(events: list[Event], cuts: list[int], seed: int) -> None:
    pairs = made(seed)
    rules = [each for each, _ in pairs]
    hashes = TextHashes(KEY)
    group = RuleGroup(rules, hashes, Limits())
    found = advanced(group, cut(events, cuts), hashes)
    assert [seen(told, rules) for told in found] == wanted(pairs, events)


@settings(max_examples=40)
@given(streams, st.integers(0, 250), st.integers(0, 2**32))
def test_a_group_continues_from_its_snapshot(events: list[Event], place: int, seed: int) -> None:
    pairs = made(seed)
    rules, middle = [each for each, _ in pairs], place % len(events)
    hashes = TextHashes(KEY)
    before, after = RuleGroup(rules, hashes, Limits()), RuleGroup(rules, hashes, Limits())
    first = advanced(before, [events[:middle]], hashes)
    after.restore(before.snapshot())
    whole = RuleGroup(rules, hashes, Limits())
    expected = advanced(whole, [events[:middle], events[middle:]], hashes)
    clock = max((event.time for event in events[:middle]), default=Micros(-(1 << 62)))
    rest = columns_of(events[middle:], sorted(after.fields), hashes, clock=clock, now=LATER)
    found = after.advance(rest, middle)
    shifted = [each._replace(crossing=replace(each.crossing, position=each.crossing.position + middle)) for each in found]
    assert [seen(told, rules) for told in (*first, *shifted)] == [seen(told, rules) for told in expected]


def test_each_tier_of_a_rule_crosses_for_itself() -> None:
    base = rule("tiers", measures=(_MEASURES[0][0],), when=compare(measured("a"), ">=", number(2)), window_s=60)
    tiers = (*base.tiers, Tier(compare(measured("a"), ">=", number(4)), Severity.ACT))
    events = [Event(kind=ATTEMPT, time=Micros(second * SECOND), call_id=str(second), account="x") for second in range(6)]
    hashes = TextHashes(KEY)
    told = advanced(RuleGroup([replace(base, tiers=tiers)], hashes, Limits()), [events], hashes)
    assert [(each.tier, each.crossing.position) for each in told] == [(0, 1), (1, 3)]


def test_what_rules_share_is_kept_once() -> None:
    twice = [
        rule(name, measures=_MEASURES[0][:1] + _MEASURES[1][:1], when=compare(measured("b"), ">=", number(least)), window_s=60)
        for name, least in (("few", 3), ("many", 9))
    ]
    events = [Event(kind=ATTEMPT, time=Micros(n * SECOND), call_id=str(n), account="x", callee=str(n)) for n in range(30)]
    hashes = TextHashes(KEY)
    one, both = RuleGroup(twice[:1], hashes, Limits()), RuleGroup(twice, hashes, Limits())
    advanced(one, [events], hashes)
    advanced(both, [events], hashes)
    assert one.live_events == both.live_events == 30
    assert both.memory_bytes < 1.2 * one.memory_bytes
