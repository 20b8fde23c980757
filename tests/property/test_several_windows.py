"""A rule with several rolling windows is measured by one compiled pass, and finds what tallies find."""

from dataclasses import replace

from hypothesis import given, settings

from ringfence.policy.expressions import Arithmetic, Connective
from ringfence.policy.plan import Measure, MeasureFunction, Plan, Rolling, Rule
from ringfence.vocabulary.contracts import Event, Finding
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.engine import Engine
from ringfence.watch.windows import why_tallied
from tests.property.paired_rules import compare, field, measured, number, rule
from tests.property.test_windows import cut, cuts_of, streams

_WINDOWS = (Rolling("short", Micros(3 * SECOND)), Rolling("long", Micros(9 * SECOND)))


def measure(name: str, function: MeasureFunction, window: str, **parts: object) -> Measure:
    return Measure(name, function, window=window, **parts)  # type: ignore[arg-type]  # parts of a measure


def over_both() -> tuple[Rule, ...]:
    """Return rules whose measures look back differently far, with a rule over one of the windows that shares their group."""
    calls = measure("calls", MeasureFunction.COUNT, "short")
    callees = measure("callees", MeasureFunction.DISTINCT, "long", value=field("callee"))
    near = measure("near", MeasureFunction.DISTINCT, "short", value=field("callee"))
    answered = measure("answered", MeasureFunction.COUNT, "long", where=field("answered"))
    burst = compare(measured("calls"), ">=", number(2))
    spread = Connective("and", (burst, compare(measured("callees"), ">=", number(3))))
    share = Connective("and", (burst, compare(Arithmetic("/", measured("answered"), measured("calls")), ">", number(0.4))))
    fresh = Connective("and", (burst, compare(measured("near"), "<", measured("callees"))))
    either = Connective("or", (compare(measured("calls"), ">=", number(4)), compare(measured("callees"), ">=", number(4))))
    base = rule("one", measures=(Measure("calls", MeasureFunction.COUNT),), when=burst, window_s=3)
    made = [
        replace(rule(name, measures=(), when=when, cool_down_s=cool), windows=_WINDOWS)
        for name, when, cool in (("spread", spread, 0), ("share", share, 2), ("fresh", fresh, 0), ("either", either, 5))
    ]
    asked = ((calls, callees), (calls, answered), (calls, near, callees), (calls, callees))
    return (base, *(replace(each, measures=measures) for each, measures in zip(made, asked, strict=True)))


PLAN = Plan("f" * 64, tuple(sorted(over_both(), key=lambda each: each.name)))


def test_such_rules_need_no_tally_unless_nothing_is_measured_over_the_longest_window() -> None:
    assert [why_tallied(each) for each in PLAN.rules] == [None] * 5
    (spread,) = (each for each in PLAN.rules if each.name == "spread")
    only_near = replace(spread, measures=tuple(replace(each, window="short") for each in spread.measures))
    assert why_tallied(only_near) == "it measures nothing over its longest window"


@settings(deadline=None, max_examples=150)
@given(streams, cuts_of)
def test_windows_of_several_lengths_find_in_one_pass_what_tallies_find(events: list[Event], cuts: list[int]) -> None:
    now = Micros(10_000 * SECOND)
    wanted = Engine(PLAN, key=b"", source="test", compiled=False).step(events, now)
    engine = Engine(PLAN, key=b"", source="test")
    found: list[Finding] = []
    for batch in cut(events, cuts):
        found += engine.step(batch, now)
    assert found == wanted
