"""Rules in two readings: as the policy's checker makes them, and as the oracle's plain Python."""

from collections.abc import Callable
from dataclasses import replace

from ringfence.policy.expressions import (
    Arithmetic,
    Comparison,
    Connective,
    Expression,
    Field,
    Literal,
    MeasureValue,
    Membership,
    Negation,
    Type,
    Unset,
)
from ringfence.policy.fields import FIELDS
from ringfence.policy.plan import Measure, MeasureFunction, Rolling, Rule, Tier
from ringfence.policy.subjects import KEYS_OF_SUBJECT
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros
from tests.property.oracles.seen import Seen
from tests.property.oracles.windows import PlainMeasure, PlainRule

ATTEMPT, ANSWER, END, REGISTRATION = EventKind.ATTEMPT, EventKind.ANSWER, EventKind.END, EventKind.REGISTRATION


def number(value: float) -> Literal:
    return Literal(value, Type.NUMBER)


def text(value: str) -> Literal:
    return Literal(value, Type.TEXT)


def field(name: str) -> Field:
    return Field(name, FIELDS[name].type)


def measured(name: str) -> MeasureValue:
    return MeasureValue(name)


def compare(left: Expression, operator: str, right: Expression) -> Comparison:
    return Comparison(operator, left, right)


def _subject_parts(subject: SubjectKind, key: tuple[str, ...]) -> tuple[int, ...]:
    ways = KEYS_OF_SUBJECT.get(subject, ())
    return next((tuple(key.index(name) for name in way) for way in ways if set(way) <= set(key)), ())


def rule(
    name: str,
    *,
    measures: tuple[Measure, ...],
    when: Expression,
    on: EventKind = ATTEMPT,
    where: Expression | None = None,
    key: tuple[str, ...] = ("account",),
    subject: SubjectKind = SubjectKind.ACCOUNT,
    window_s: int = 10,
    cool_down_s: int = 0,
) -> Rule:
    return Rule(
        name=name,
        clause="auto-dialing",
        says=f"{name} was measured.",
        source="this test",
        on=on,
        where=where,
        key=tuple(field(name) for name in key),
        subject=subject,
        subject_parts=_subject_parts(subject, key),
        windows=(Rolling("window", Micros(window_s * SECOND)),),
        measures=tuple(replace(measure, window="window") for measure in measures),
        tiers=(Tier(when, Severity.WARN, thresholds={"calls": 3.0}),),
        mode=Mode.REPORT,
        cool_down_us=Micros(cool_down_s * SECOND),
    )


def _is(*kinds: EventKind) -> Callable[[Seen], bool]:
    return lambda event: event.kind in kinds


_FAN_OUT = (
    rule(
        "fan-out",
        measures=(Measure("calls", MeasureFunction.COUNT), Measure("callees", MeasureFunction.DISTINCT, field("callee"))),
        when=Connective(
            "and",
            (
                compare(measured("calls"), ">=", number(3)),
                compare(Arithmetic("/", measured("callees"), measured("calls")), ">", number(0.6)),
            ),
        ),
        cool_down_s=7,
    ),
    PlainRule(
        takes_part=_is(ATTEMPT),
        key=lambda event: event.account,
        window=10 * SECOND,
        cool_down=7 * SECOND,
        measures=(
            PlainMeasure("calls", "count", _is(ATTEMPT)),
            PlainMeasure("callees", "distinct", _is(ATTEMPT), lambda event: event.callee),
        ),
        condition=lambda m: m["calls"] >= 3 and m["callees"] / m["calls"] > 0.6,
    ),
)

_SHORT_SHARE = (
    rule(
        "short-share",
        where=compare(field("direction"), "!=", text("inbound")),
        measures=(
            Measure("calls", MeasureFunction.COUNT),
            Measure(
                "short",
                MeasureFunction.COUNT,
                where=Connective("and", (field("answered"), compare(field("duration"), "<", number(6 * SECOND)))),
            ),
        ),
        when=Connective(
            "and",
            (
                compare(measured("calls"), ">", number(0)),
                compare(Arithmetic("/", measured("short"), measured("calls")), ">", number(0.3)),
            ),
        ),
    ),
    PlainRule(
        takes_part=lambda event: event.kind in (ATTEMPT, END) and event.direction not in (None, "inbound"),
        key=lambda event: event.account,
        window=10 * SECOND,
        cool_down=0,
        measures=(
            PlainMeasure("calls", "count", _is(ATTEMPT)),
            PlainMeasure("short", "count", lambda event: event.kind == END and event.answered and event.duration_ms < 6000),
        ),
        condition=lambda m: m["calls"] > 0 and m["short"] / m["calls"] > 0.3,
    ),
)

_LONG_CALLS = (
    rule(
        "long-calls",
        on=END,
        key=("caller", "callee"),
        subject=SubjectKind.PAIR,
        where=Unset(field("account"), negated=False),
        measures=(
            Measure("longest", MeasureFunction.MAXIMUM, field("duration")),
            Measure("usual", MeasureFunction.MEAN, field("duration"), where=field("answered")),
            Measure("rung", MeasureFunction.SUM, field("ring")),
            Measure("longest_unanswered", MeasureFunction.MAXIMUM, field("ring"), where=Negation(field("answered"))),
        ),
        when=Connective(
            "or",
            (
                compare(measured("longest"), ">=", number(9 * SECOND)),
                Connective(
                    "and",
                    (
                        Negation(compare(measured("usual"), ">", number(4 * SECOND))),
                        compare(measured("rung"), ">", measured("longest_unanswered")),
                    ),
                ),
            ),
        ),
        window_s=5,
        cool_down_s=12,
    ),
    PlainRule(
        takes_part=lambda event: event.kind == END and event.account is None,
        key=lambda event: None if event.caller is None or event.callee is None else (event.caller, event.callee),
        window=5 * SECOND,
        cool_down=12 * SECOND,
        measures=(
            PlainMeasure("longest", "maximum", _is(END), lambda event: event.duration_ms * 1000),
            PlainMeasure("usual", "mean", lambda event: event.kind == END and event.answered, lambda e: e.duration_ms * 1000),
            PlainMeasure("rung", "sum", _is(END), lambda event: event.ring_ms * 1000),
            PlainMeasure("longest_unanswered", "maximum", lambda e: e.kind == END and not e.answered, lambda e: e.ring_ms * 1000),
        ),
        condition=lambda m: m["longest"] >= 9e6 or (not m["usual"] > 4e6 and m["rung"] > m["longest_unanswered"]),
    ),
)

_BRUTE_FORCE = (
    rule(
        "brute-force",
        on=REGISTRATION,
        key=("source",),
        subject=SubjectKind.SOURCE,
        measures=(
            Measure(
                "failures",
                MeasureFunction.COUNT,
                where=Connective(
                    "and", (Membership(field("status"), (number(401), number(403)), negated=False), field("credentials"))
                ),
            ),
            Measure(
                "others",
                MeasureFunction.DISTINCT,
                field("target"),
                where=Membership(field("target"), (text("a"), text("b")), negated=True),
            ),
        ),
        when=Connective(
            "or", (compare(measured("failures"), ">=", number(3)), Membership(measured("others"), (number(2),), negated=False))
        ),
        window_s=20,
        cool_down_s=5,
    ),
    PlainRule(
        takes_part=_is(REGISTRATION),
        key=lambda event: event.source,
        window=20 * SECOND,
        cool_down=5 * SECOND,
        measures=(
            PlainMeasure("failures", "count", lambda e: e.kind == REGISTRATION and e.status in (401, 403) and e.credentials),
            PlainMeasure(
                "others", "distinct", lambda e: e.kind == REGISTRATION and e.target not in (None, "a", "b"), lambda e: e.target
            ),
        ),
        condition=lambda m: m["failures"] >= 3 or m["others"] == 2,
    ),
)

_FREQUENT_STATUS = (
    rule(
        "statuses",
        on=END,
        key=("account", "source"),
        measures=(
            Measure("kinds", MeasureFunction.DISTINCT, field("status")),
            Measure("ends", MeasureFunction.COUNT),
            Measure("good", MeasureFunction.COUNT, where=compare(field("status"), "==", number(200))),
        ),
        when=compare(Arithmetic("-", Arithmetic("*", measured("kinds"), number(2)), measured("good")), "!=", measured("ends")),
        window_s=4,
        cool_down_s=1,
    ),
    PlainRule(
        takes_part=_is(END),
        key=lambda event: None if event.account is None or event.source is None else (event.account, event.source),
        window=4 * SECOND,
        cool_down=1 * SECOND,
        measures=(
            PlainMeasure("kinds", "distinct", _is(END), lambda event: event.status),
            PlainMeasure("ends", "count", _is(END)),
            PlainMeasure("good", "count", lambda event: event.kind == END and event.status == 200),
        ),
        condition=lambda m: m["kinds"] * 2 - m["good"] != m["ends"],
    ),
)

PAIRED: tuple[tuple[Rule, PlainRule], ...] = (_BRUTE_FORCE, _FAN_OUT, _LONG_CALLS, _SHORT_SHARE, _FREQUENT_STATUS)
"""In the order of their names, as a plan has them."""
