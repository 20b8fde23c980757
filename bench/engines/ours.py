"""The four rules in Ringfence: as a backtest runs them over columns, and as live traffic does, by `Engine.step`."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bench.engines.rivals import COOL_DOWN_US, MINUTE_US, WINDOW_US, Found, Timed
from bench.engines.workload import SHORT_US, Calls
from ringfence.policy.expressions import Arithmetic, Comparison, Connective, Expression, Field, Literal, MeasureValue, Type
from ringfence.policy.plan import Measure, MeasureFunction, Rolling, Rule, Tier
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import KIND_CODES, Columns, TextHashes
from ringfence.watch.windows import Limits, RuleGroup

_BATCH = 16_384
_KEY = b"b" * 32
_LIMITS = Limits(events=1 << 24, keys=1 << 20)


def rules() -> tuple[Rule, ...]:
    """Return the four rules of the workload."""
    calls, callees = Measure("calls", MeasureFunction.COUNT), Measure("callees", MeasureFunction.DISTINCT, _text("callee"))
    met = Measure("met", MeasureFunction.COUNT, where=_truth("answered"))
    short = Comparison("<", Field("duration", Type.NUMBER), Literal(float(SHORT_US), Type.NUMBER))
    brief = Measure("brief", MeasureFunction.COUNT, where=Connective("and", (_truth("answered"), short)))
    peak = Measure("peak", MeasureFunction.PEAK, length_us=Micros(MINUTE_US))
    return (
        _rule("0-fan-out", (calls, callees), _and(_at_least("calls", 300), _share("callees", "calls", ">", 0.95))),
        _rule("1-short", (met, brief), _and(_at_least("met", 100), _share("brief", "met", ">", 0.5))),
        _rule("2-unanswered", (calls, met), _and(_at_least("calls", 300), _share("met", "calls", "<", 0.05))),
        _rule("3-peak", (peak,), _at_least("peak", 80)),
    )


def compiled(calls: Calls) -> Timed:
    """One pass in one thread, written out for the rules; by processor time."""
    group = _group()
    begin = time.process_time()
    found = _pass(group, calls)
    return time.process_time() - begin, found


def general(calls: Calls) -> Timed:
    """The pass that looks everything up and interprets conditions, as it runs until another is compiled; by processor time."""
    group = RuleGroup(rules(), TextHashes(_KEY), _LIMITS)
    begin = time.process_time()
    found = _pass(group, calls)
    return time.process_time() - begin, found


def in_two_threads(calls: Calls) -> Timed:
    """Two passes, each over half of the accounts."""
    groups = (_group(), _group())
    begin = time.perf_counter()
    upper = (calls.account >> np.uint64(63)).astype(np.bool_)
    with ThreadPoolExecutor(2) as threads:
        halves = threads.map(lambda half: _pass(groups[half], calls.part(upper == half)), (0, 1))
        found = sorted((each for half in halves for each in half), key=lambda each: (each[2], each[0]))
    return time.perf_counter() - begin, found


def _group() -> RuleGroup:
    group = RuleGroup(rules(), TextHashes(_KEY), _LIMITS)
    group.compile()
    return group


def _pass(group: RuleGroup, calls: Calls) -> Found:
    found: Found = []
    for start in range(0, calls.time.size, _BATCH):
        part = calls.part(slice(start, start + _BATCH))
        told = group.advance(as_columns(part), start)
        found += [(each.rule, int(part.account[each.crossing.position]), int(each.crossing.time)) for each in told]
    return found


def as_columns(calls: Calls) -> Columns:
    """Return the calls as the ends of calls, in columns."""
    kind = np.full(calls.time.size, KIND_CODES[EventKind.END], np.uint8)
    duration = calls.duration.astype(np.float64)
    fields = {"account": calls.account, "callee": calls.callee, "answered": calls.answered, "duration": duration}
    return Columns(calls.time, kind, fields)


def _rule(name: str, measures: tuple[Measure, ...], when: Expression) -> Rule:
    window = Rolling("window", Micros(WINDOW_US))
    return Rule(
        name=name,
        clause="auto-dialing",
        says="A benchmark's rule.",
        source="a benchmark",
        on=EventKind.END,
        where=None,
        key=(_text("account"),),
        subject=SubjectKind.ACCOUNT,
        subject_parts=(0,),
        windows=(window,),
        measures=tuple(_within(measure) for measure in measures),
        tiers=(Tier(when, Severity.WARN),),
        mode=Mode.REPORT,
        cool_down_us=Micros(COOL_DOWN_US),
    )


def _within(measure: Measure) -> Measure:
    return Measure(measure.name, measure.function, measure.value, measure.where, window="window", length_us=measure.length_us)


def _text(name: str) -> Field:
    return Field(name, Type.TEXT)


def _truth(name: str) -> Field:
    return Field(name, Type.BOOL)


def _at_least(name: str, least: float) -> Comparison:
    return Comparison(">=", MeasureValue(name), Literal(least, Type.NUMBER))


def _share(part: str, whole: str, operator: str, limit: float) -> Comparison:
    return Comparison(operator, Arithmetic("/", MeasureValue(part), MeasureValue(whole)), Literal(limit, Type.NUMBER))


def _and(*operands: Expression) -> Connective:
    return Connective("and", operands)
