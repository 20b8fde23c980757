"""Rules that only tallies can measure, in two readings: as a plan has them, and as the oracle's plain Python."""

# size: one list of pairs, read one after another; a second file would only say where the rest is

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ringfence.policy.expressions import Arithmetic, Connective, Field, Negation, Type
from ringfence.policy.plan import Calendar, Evaluation, Measure, MeasureFunction, Once, Reset, Rolling, Rule, Tier, Unit
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.severity import Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros
from tests.property.oracles.rules import Inside, PlainMeasure, PlainRule, PlainTier
from tests.property.paired_rules import ATTEMPT, END, REGISTRATION, compare, field, measured, number, rule, text

FACT = EventKind.FACT
CALLS = Measure("calls", MeasureFunction.COUNT)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rolling(length: int, grain: int | None = None) -> Inside:
    if grain is None:
        return lambda at, now: at > now - length
    return lambda at, now: at - at % grain + grain > now - length


def calendar(label: Callable[[datetime], int], zone: str, periods: int = 1) -> Inside:
    def labelled(moment: int) -> int:
        return label((_EPOCH + timedelta(microseconds=moment)).astimezone(ZoneInfo(zone)))

    return lambda at, now: labelled(now) - labelled(at) < periods


def day(local: datetime) -> int:
    return local.date().toordinal()


def month(local: datetime) -> int:
    return local.year * 12 + local.month


def _first_moments(inside: Inside) -> Callable[[int, int], Iterable[int]]:
    """Return what gives the moments in (first, second] that no window of one period shares with the moment before."""

    def moments(first: int, second: int) -> Iterable[int]:
        while not inside(first, second):
            low, high = first, second  # the first moment in (low, high] that is not in the period of `first`
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if inside(first, middle) else (low, middle)
            yield high
            first = high

    return moments


def _every(length: int) -> Callable[[int, int], Iterable[int]]:
    return lambda first, second: range(first - first % length + length, second + 1, length)


def _account(event: Event) -> list[str]:
    return [] if event.account is None else [event.account]


def _is(*kinds: EventKind) -> Callable[[Any], bool]:
    return lambda event: event.kind in kinds


def changed(base: Rule, **parts: Any) -> Rule:  # noqa: ANN401 (whatever a rule has)
    measures = parts.pop("measures", base.measures)
    windows = parts.get("windows", base.windows)
    only = windows[0].name if windows else None
    windowless = {MeasureFunction.RUN, MeasureFunction.SINCE, MeasureFunction.GAP, MeasureFunction.CONCURRENT}
    placed = tuple(
        replace(one, window=None if one.function in windowless else one.window if one.window != "window" and one.window else only)
        for one in measures
    )
    return replace(base, measures=placed, **parts)


_TIERED = (
    changed(
        rule("tiered", measures=(CALLS,), when=compare(measured("calls"), ">=", number(2)), cool_down_s=4),
        also_on=(END,),
        also_where=(field("answered"),),
        windows=(Rolling("short", Micros(20 * SECOND), Micros(5 * SECOND)), Rolling("long", Micros(2 * HOUR))),
        measures=(
            Measure("calls", MeasureFunction.COUNT, window="short"),
            Measure("least", MeasureFunction.MINIMUM, field("duration"), on=END, window="short"),
            Measure("spread", MeasureFunction.DEVIATION, field("ring"), on=END, window="long"),
            Measure("commonest", MeasureFunction.MOST, field("callee"), window="long"),
            Measure("fullest", MeasureFunction.PEAK, window="long", length_us=Micros(3 * SECOND)),
        ),
        tiers=(
            Tier(compare(measured("calls"), ">=", number(2)), Severity.INFO, clears=compare(measured("calls"), "<", number(1))),
            Tier(
                Connective(
                    "and",
                    (
                        compare(measured("commonest"), ">=", number(3)),
                        Negation(compare(measured("spread"), ">", number(1_400_000))),
                    ),
                ),
                Severity.ACT,
            ),
            Tier(compare(measured("fullest"), ">", measured("calls")), Severity.WARN),
        ),
    ),
    PlainRule(
        keys=_account,
        takes=lambda event, time: event.kind == ATTEMPT or (event.kind == END and event.answered),
        longest=rolling(2 * HOUR),
        cool_down=4 * SECOND,
        measures={
            "calls": PlainMeasure(
                "count",
                lambda e: e.kind == ATTEMPT or (e.kind == END and e.answered),
                inside=rolling(20 * SECOND, 5 * SECOND),
            ),
            "least": PlainMeasure(
                "minimum",
                lambda e: e.kind == END and e.answered,
                value=lambda e: e.duration_ms * 1000,
                inside=rolling(20 * SECOND, 5 * SECOND),
            ),
            "spread": PlainMeasure(
                "deviation", lambda e: e.kind == END and e.answered, value=lambda e: e.ring_ms * 1000, inside=rolling(2 * HOUR)
            ),
            "commonest": PlainMeasure(
                "most",
                lambda e: e.kind == ATTEMPT or (e.kind == END and e.answered),
                value=lambda e: e.callee,
                inside=rolling(2 * HOUR),
            ),
            "fullest": PlainMeasure(
                "peak",
                lambda e: e.kind == ATTEMPT or (e.kind == END and e.answered),
                inside=rolling(2 * HOUR),
                length=3 * SECOND,
            ),
        },
        tiers=(
            PlainTier(lambda m, e: m["calls"] >= 2, lambda m, e: m["calls"] < 1),
            PlainTier(lambda m, e: m["commonest"] >= 3 and not m["spread"] > 1_400_000),
            PlainTier(lambda m, e: m["fullest"] > m["calls"]),
        ),
    ),
)

_NEW_YORK = calendar(day, "America/New_York")
_DAILY = (
    changed(
        rule("daily", measures=(CALLS,), on=END, when=compare(measured("calls"), ">=", number(1))),
        windows=(Calendar("day", Unit.DAY, "America/New_York"),),
        exempt=compare(field("callee"), "==", text("d")),
        passes=compare(field("callee"), "==", text("c")),
        minimum=compare(measured("calls"), ">=", number(3)),
        measures=(
            CALLS,
            Measure("short", MeasureFunction.COUNT, where=compare(field("duration"), "<", number(6 * SECOND))),
            Measure("first", MeasureFunction.FIRST, field("duration")),
            Measure("last", MeasureFunction.LAST, field("duration")),
            Measure("minutes", MeasureFunction.SUM, Arithmetic("/", field("duration"), number(MINUTE))),
        ),
        tiers=(
            Tier(compare(Arithmetic("/", measured("short"), measured("calls")), ">=", number(0.5)), Severity.WARN),
            Tier(compare(measured("minutes"), ">", number(0.2)), Severity.WARN),
        ),
    ),
    PlainRule(
        keys=_account,
        takes=lambda event, time: event.kind == END and event.callee != "d",
        passes=lambda event: event.callee == "c",
        minimum=lambda m, e: m["calls"] >= 3,
        longest=_NEW_YORK,
        measures={
            "calls": PlainMeasure("count", _is(END), inside=_NEW_YORK),
            "short": PlainMeasure("count", _is(END), lambda e: e.duration_ms < 6000, inside=_NEW_YORK),
            "first": PlainMeasure("first", _is(END), value=lambda e: e.duration_ms * 1000, inside=_NEW_YORK),
            "last": PlainMeasure("last", _is(END), value=lambda e: e.duration_ms * 1000, inside=_NEW_YORK),
            "minutes": PlainMeasure("sum", _is(END), value=lambda e: e.duration_ms * 1000 / MINUTE, inside=_NEW_YORK),
        },
        tiers=(PlainTier(lambda m, e: m["short"] / m["calls"] >= 0.5), PlainTier(lambda m, e: m["minutes"] > 0.2)),
    ),
)

_BRUSSELS = calendar(day, "Europe/Brussels")
_CLOSING = (
    changed(
        rule("closing", measures=(CALLS,), when=compare(measured("calls"), ">=", number(2)), cool_down_s=90_000),
        windows=(Calendar("day", Unit.DAY, "Europe/Brussels"),),
        evaluation=Evaluation.CLOSE,
        measures=(CALLS, Measure("callees", MeasureFunction.DISTINCT, field("callee"))),
    ),
    PlainRule(
        keys=_account,
        takes=lambda event, time: event.kind == ATTEMPT,
        longest=_BRUSSELS,
        cool_down=90_000 * SECOND,
        boundaries=_first_moments(_BRUSSELS),
        closes=True,
        measures={
            "calls": PlainMeasure("count", _is(ATTEMPT), inside=_BRUSSELS),
            "callees": PlainMeasure("distinct", _is(ATTEMPT), value=lambda e: e.callee, inside=_BRUSSELS),
        },
        tiers=(PlainTier(lambda m, e: m["calls"] >= 2),),
    ),
)

_ROUNDS = (
    changed(
        rule("rounds", measures=(CALLS,), when=compare(measured("calls"), ">=", number(2))),
        windows=(Rolling("window", Micros(40 * SECOND)),),
        evaluation=Evaluation.EVERY,
        every_us=Micros(15 * SECOND),
    ),
    PlainRule(
        keys=_account,
        takes=lambda event, time: event.kind == ATTEMPT,
        longest=rolling(40 * SECOND),
        boundaries=_every(15 * SECOND),
        measures={"calls": PlainMeasure("count", _is(ATTEMPT), inside=rolling(40 * SECOND))},
        tiers=(PlainTier(lambda m, e: m["calls"] >= 2),),
    ),
)

_WINDOWLESS = (
    changed(
        rule("windowless", measures=(CALLS,), when=compare(measured("gone"), "<", number(20 * SECOND))),
        windows=(),
        key=(field("account"), field("callee")),
        subject_parts=(0,),
        measures=(
            Measure("missed", MeasureFunction.RUN, where=Negation(field("answered"))),
            Measure("gone", MeasureFunction.SINCE, on=FACT, where=compare(field("name"), "==", text("gone"))),
            Measure("spacing", MeasureFunction.GAP),
            Measure("talking", MeasureFunction.CONCURRENT),
        ),
        tiers=(
            Tier(compare(measured("gone"), "<", number(20 * SECOND)), Severity.WARN),
            Tier(compare(measured("missed"), ">=", number(2)), Severity.WARN),
            Tier(compare(measured("spacing"), "<", number(2 * SECOND)), Severity.WARN),
            Tier(compare(measured("talking"), ">=", number(2)), Severity.WARN),
        ),
    ),
    PlainRule(
        keys=lambda e: [] if e.account is None or e.callee is None else [(e.account, e.callee)],
        takes=lambda event, time: event.kind in (ATTEMPT, END, FACT),
        judges=lambda event: event.kind in (ATTEMPT, END),
        longest=lambda at, now: True,
        measures={
            "missed": PlainMeasure("run", _is(END), lambda e: not e.answered),
            "gone": PlainMeasure("since", _is(FACT), lambda e: e.name == "gone"),
            "spacing": PlainMeasure("gap", _is(ATTEMPT)),
            "talking": PlainMeasure("concurrent", _is(ATTEMPT)),
        },
        tiers=(
            PlainTier(lambda m, e: m["gone"] < 20 * SECOND),
            PlainTier(lambda m, e: m["missed"] >= 2),
            PlainTier(lambda m, e: m["spacing"] < 2 * SECOND),
            PlainTier(lambda m, e: m["talking"] >= 2),
        ),
    ),
)

_BLASTS = (
    changed(
        rule("blasts", measures=(CALLS,), when=compare(measured("reached"), ">=", number(2)), window_s=60, cool_down_s=3),
        reset=(Reset(REGISTRATION, field("credentials")),),
        once=Once((field("caller"), field("callee")), Micros(4 * SECOND)),
        measures=(
            Measure("reached", MeasureFunction.DISTINCT, field("callee"), same=field("caller")),
            Measure("row", MeasureFunction.RUN, where=compare(field("status"), "==", number(0)), same=field("direction")),
        ),
        tiers=(
            Tier(compare(measured("reached"), ">=", number(2)), Severity.WARN),
            Tier(compare(measured("row"), ">=", number(2)), Severity.WARN),
        ),
    ),
    PlainRule(
        keys=_account,
        takes=lambda event, time: event.kind in (ATTEMPT, END),
        longest=rolling(60 * SECOND),
        cool_down=3 * SECOND,
        resets=lambda e: e.kind == REGISTRATION and e.credentials,
        once=lambda e: None if e.caller is None or e.callee is None else (e.kind, e.caller, e.callee),
        within=4 * SECOND,
        measures={
            "reached": PlainMeasure(
                "distinct", _is(ATTEMPT), value=lambda e: e.callee, same=lambda e: e.caller, inside=rolling(60 * SECOND)
            ),
            "row": PlainMeasure("run", _is(END), lambda e: e.status == 0, same=lambda e: e.direction),
        },
        tiers=(PlainTier(lambda m, e: m["reached"] >= 2), PlainTier(lambda m, e: m["row"] >= 2)),
    ),
)

_ROLLED = (
    changed(
        rule("rolled", measures=(CALLS,), when=compare(measured("calls"), ">=", number(3)), window_s=3600, cool_down_s=30),
        key=(Field("party", Type.TEXT),),
        subject=SubjectKind.PARTY,
        rollup=True,
        from_us=Micros(130 * SECOND),
        until_us=Micros(20 * DAY),
    ),
    PlainRule(
        keys=lambda e: list(e.party_path),
        takes=lambda event, time: event.kind == ATTEMPT and 130 * SECOND <= time < 20 * DAY,
        longest=rolling(3600 * SECOND),
        cool_down=30 * SECOND,
        measures={"calls": PlainMeasure("count", _is(ATTEMPT), inside=rolling(3600 * SECOND))},
        tiers=(PlainTier(lambda m, e: m["calls"] >= 3),),
    ),
)

_ALONE = (
    changed(
        rule("alone", measures=(), when=compare(field("status"), "==", number(486)), cool_down_s=10),
        windows=(),
        where=compare(field("direction"), "==", text("outbound")),
    ),
    PlainRule(
        keys=_account,
        takes=lambda event, time: event.kind == END and event.direction == "outbound",
        longest=lambda at, now: True,
        cool_down=10 * SECOND,
        measures={},
        tiers=(PlainTier(lambda m, e: e.status == 486),),
    ),
)

_MONTHS = (
    changed(
        rule("months", measures=(CALLS,), when=compare(measured("calls"), ">=", number(4))),
        windows=(Calendar("months", Unit.MONTH, "UTC", 2),),
        tiers=(
            Tier(compare(measured("calls"), ">=", number(4)), Severity.WARN, clears=compare(measured("calls"), "<", number(2))),
        ),
    ),
    PlainRule(
        keys=_account,
        takes=lambda event, time: event.kind == ATTEMPT,
        longest=calendar(month, "UTC", 2),
        measures={"calls": PlainMeasure("count", _is(ATTEMPT), inside=calendar(month, "UTC", 2))},
        tiers=(PlainTier(lambda m, e: m["calls"] >= 4, lambda m, e: m["calls"] < 2),),
    ),
)

_EACH = (
    changed(
        rule("each", measures=(CALLS,), when=compare(measured("calls"), ">=", number(2)), cool_down_s=2),
        windows=(Rolling("window", Micros(20 * SECOND)),),
        finds_each=True,
        measures=(CALLS, Measure("gone", MeasureFunction.SINCE, on=FACT)),
        tiers=(
            Tier(compare(measured("calls"), ">=", number(2)), Severity.WARN),
            Tier(compare(measured("gone"), "<", number(15 * SECOND)), Severity.WARN),
        ),
    ),
    PlainRule(
        keys=_account,
        takes=lambda event, time: event.kind in (ATTEMPT, FACT),
        judges=lambda event: event.kind == ATTEMPT,
        longest=rolling(20 * SECOND),
        cool_down=2 * SECOND,
        each=True,
        measures={
            "calls": PlainMeasure("count", _is(ATTEMPT), inside=rolling(20 * SECOND)),
            "gone": PlainMeasure("since", _is(FACT)),
        },
        tiers=(PlainTier(lambda m, e: m["calls"] >= 2), PlainTier(lambda m, e: m["gone"] < 15 * SECOND)),
    ),
)

_WITHOUT = (
    changed(
        rule("without", measures=(CALLS,), when=compare(measured("calls"), "<", number(1))),
        windows=(Rolling("window", Micros(30 * SECOND)),),
        measures=(Measure("calls", MeasureFunction.COUNT, where=compare(field("callee"), "==", text("a"))),),
    ),
    PlainRule(
        keys=_account,
        takes=lambda event, time: event.kind == ATTEMPT,
        longest=rolling(30 * SECOND),
        on_nothing=True,
        measures={"calls": PlainMeasure("count", _is(ATTEMPT), lambda e: e.callee == "a", inside=rolling(30 * SECOND))},
        tiers=(PlainTier(lambda m, e: m["calls"] < 1),),
    ),
)

_UNTOLD = (
    changed(
        rule("untold", measures=(CALLS,), when=compare(measured("told"), "<", number(1)), cool_down_s=3600),
        windows=(Calendar("day", Unit.DAY, "Europe/Brussels"),),
        evaluation=Evaluation.CLOSE,
        on=END,
        measures=(Measure("told", MeasureFunction.COUNT, where=field("answered")),),
    ),
    PlainRule(
        keys=_account,
        takes=lambda event, time: event.kind == END,
        longest=_BRUSSELS,
        on_nothing=True,
        cool_down=3600 * SECOND,
        boundaries=_first_moments(_BRUSSELS),
        closes=True,
        measures={"told": PlainMeasure("count", _is(END), lambda e: e.answered, inside=_BRUSSELS)},
        tiers=(PlainTier(lambda m, e: m["told"] < 1),),
    ),
)

_LONG_SILENCE = (
    changed(
        rule("long-silence", measures=(CALLS,), when=compare(measured("silence"), ">", number(3 * HOUR))),
        windows=(),
        evaluation=Evaluation.EVERY,
        every_us=Micros(HOUR),
        measures=(
            Measure("silence", MeasureFunction.SINCE),
            Measure("talking", MeasureFunction.CONCURRENT),
            Measure("row", MeasureFunction.RUN, where=compare(field("callee"), "==", text("a"))),
        ),
        tiers=(
            Tier(compare(measured("silence"), ">", number(3 * HOUR)), Severity.INFO),
            Tier(compare(number(50 * HOUR), "<=", measured("silence")), Severity.WARN),
            Tier(compare(measured("talking"), ">=", number(2)), Severity.WARN),
            Tier(
                Connective(
                    "and",
                    (compare(measured("row"), ">=", number(1)), compare(measured("silence"), ">=", number(5 * HOUR))),
                ),
                Severity.WARN,
            ),
        ),
    ),
    PlainRule(
        keys=_account,
        takes=lambda event, time: event.kind == ATTEMPT,
        longest=lambda at, now: True,
        boundaries=_every(HOUR),
        measures={
            "silence": PlainMeasure("since", _is(ATTEMPT)),
            "talking": PlainMeasure("concurrent", _is(ATTEMPT)),
            "row": PlainMeasure("run", _is(ATTEMPT), lambda e: e.callee == "a"),
        },
        tiers=(
            PlainTier(lambda m, e: m["silence"] > 3 * HOUR),
            PlainTier(lambda m, e: m["silence"] >= 50 * HOUR),
            PlainTier(lambda m, e: m["talking"] >= 2),
            PlainTier(lambda m, e: m["row"] >= 1 and m["silence"] >= 5 * HOUR),
        ),
    ),
)

_SIMPLE = (_TIERED, _DAILY, _CLOSING, _ROUNDS, _WINDOWLESS, _BLASTS, _ROLLED, _ALONE, _MONTHS)
PAIRS: tuple[tuple[Rule, PlainRule], ...] = tuple(
    sorted((*_SIMPLE, _EACH, _WITHOUT, _UNTOLD, _LONG_SILENCE), key=lambda pair: pair[0].name)
)
"""In the order of their names, as a plan has them."""
