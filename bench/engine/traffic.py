"""Made-up traffic and rules for measuring speed. Says nothing about how well anything is detected."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ringfence.policy.expressions import Arithmetic, Comparison, Connective, Expression, Field, Literal, MeasureValue, Type
from ringfence.policy.plan import Measure, MeasureFunction, Plan, Rolling, Rule, Tier
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, MINUTE, SECOND, Micros

ACCOUNTS = 20_000
START = Micros(1_700_000_000 * SECOND)
MOST_CALLS, MOST_CALLEES, MOST_SHORT, SHORT_SHARE = 400.0, 300.0, 60.0, 0.2


def events(count: int, seed: int) -> Iterator[Event]:
    """Yield `count` events of a day: half attempts, half ends of calls. Accounts by Zipf(1.05), three of ten calls short."""
    chance = np.random.default_rng(seed)
    calls = count // 2
    weight = 1.0 / np.arange(1, ACCOUNTS + 1) ** 1.05
    account = chance.choice(ACCOUNTS, calls, p=weight / weight.sum())
    begin = np.sort(chance.integers(0, DAY * calls // 5_000_000, calls))  # five million calls would take a whole day
    duration = np.where(chance.random(calls) < 0.3, chance.integers(500, 6_000, calls), chance.integers(6_000, 120_000, calls))
    answered = chance.random(calls) < 0.6
    callee = chance.integers(0, 1 + 3_000_000 // (account + 1) % 5_000, calls)
    ends = begin + np.where(answered, duration, 8_000) * 1_000
    order = np.argsort(np.concatenate((begin, ends)), kind="stable")
    for place in order.tolist():
        call, over = place % calls, place >= calls
        yield Event(
            kind=EventKind.END if over else EventKind.ATTEMPT,
            time=Micros(START + int(ends[call] if over else begin[call])),
            call_id=f"{call:08x}@edge.example",
            account=f"customer-{account[call]}",
            caller=f"+32255{account[call]:06d}",
            callee=f"+3247{callee[call]:07d}",
            source="203.0.113.9",
            answered=bool(over and answered[call]),
            duration_ms=int(duration[call]) if over and answered[call] else 0,
            status=(200 if answered[call] else 486) if over else 0,
        )


def plan() -> Plan:
    """Return four rules with ten-minute windows per account: attempts, distinct callees, short calls, their share."""
    calls = Measure("calls", MeasureFunction.COUNT)
    callees = Measure("callees", MeasureFunction.DISTINCT, Field("callee", Type.TEXT))
    is_short = Connective("and", (Field("answered", Type.BOOL), _compare(Field("duration", Type.NUMBER), "<", 6.0 * SECOND)))
    short = Measure("short", MeasureFunction.COUNT, where=is_short)
    share = Arithmetic("/", MeasureValue("short"), MeasureValue("calls"))
    return Plan(
        "0" * 64,
        (
            _rule("attempts", (calls,), _compare(MeasureValue("calls"), ">", MOST_CALLS)),
            _rule("callees", (callees,), _compare(MeasureValue("callees"), ">", MOST_CALLEES)),
            _rule("short", (short,), _compare(MeasureValue("short"), ">", MOST_SHORT)),
            _rule(
                "short-share",
                (calls, short),
                Connective("and", (_compare(MeasureValue("calls"), ">", 120.0), _compare(share, ">", SHORT_SHARE))),
            ),
        ),
    )


def _compare(left: Expression, operator: str, limit: float) -> Comparison:
    return Comparison(operator, left, Literal(limit, Type.NUMBER))


def _rule(name: str, measures: tuple[Measure, ...], when: Expression) -> Rule:
    return Rule(
        name=name,
        clause="auto-dialing",
        says="A benchmark's rule.",
        source="a benchmark",
        on=EventKind.ATTEMPT,
        where=None,
        key=(Field("account", Type.TEXT),),
        subject=SubjectKind.ACCOUNT,
        subject_parts=(0,),
        windows=(Rolling("window", Micros(10 * MINUTE)),),
        measures=tuple(replace(measure, window="window") for measure in measures),
        tiers=(Tier(when, Severity.WARN),),
        mode=Mode.REPORT,
        cool_down_us=Micros(15 * MINUTE),
    )
