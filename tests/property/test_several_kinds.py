"""Rules about several kinds of event, each asked something else, are measured by compiled windows, and find what tallies find."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings

from ringfence.policy.expressions import Arithmetic, Choice, Connective, Expression, Type
from ringfence.policy.plan import Measure, MeasureFunction, Plan, Rolling, Rule
from ringfence.vocabulary.contracts import Event, EventKind, Finding
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.engine import Engine
from ringfence.watch.windows import why_tallied
from tests.property.paired_rules import ATTEMPT, END, REGISTRATION, compare, field, measured, number, rule, text
from tests.property.test_windows import cut, cuts_of, stream, streams

NOW = Micros(10_000 * SECOND)
_ANSWERED = compare(field("duration"), ">", number(0))
_ELSEWHERE = compare(field("callee"), "!=", text("a"))


def count(name: str, on: EventKind | None, **parts: object) -> Measure:
    return Measure(name, MeasureFunction.COUNT, on=on, **parts)  # type: ignore[arg-type]  # parts of a measure


def mixed() -> tuple[Rule, ...]:
    """Return rules about ends, attempts and registrations, one of which names a kind in a measure alone."""
    tries, began = count("tries", END, where=field("answered")), count("began", ATTEMPT)
    callees = Measure("callees", MeasureFunction.DISTINCT, field("callee"), on=END)
    signed = count("signed", REGISTRATION)
    more = Connective("and", (compare(measured("tries"), ">=", number(2)), compare(measured("began"), "<=", number(2))))
    spread = Connective("or", (compare(measured("callees"), ">=", number(2)), compare(measured("signed"), ">=", number(3))))
    share = compare(Arithmetic("/", measured("began"), measured("tries")), ">=", number(1.5))
    base = rule("base", measures=(), when=more, window_s=4)
    kinds: dict[str, Any] = {"on": END, "where": _ANSWERED, "also_on": (ATTEMPT, REGISTRATION), "also_where": (_ELSEWHERE, None)}
    asked: tuple[tuple[str, dict[str, Any], tuple[Measure, ...], Expression, int], ...] = (
        ("both", kinds, (tries, began), more, 0),
        ("share", kinds, (tries, began), share, 3),
        ("three", kinds, (callees, signed), spread, 0),
        ("one", {"on": END, "where": _ANSWERED, "exempt": compare(field("callee"), "==", text("b"))}, (tries, began), more, 0),
        ("turned", {**kinds, "key": (_turned(),), "subject_parts": (0,)}, (tries, began), more, 2),
    )
    made = (replace(base, name=name, **parts, cool_down_us=Micros(cool * SECOND)) for name, parts, _, _, cool in asked)
    return tuple(
        replace(
            each,
            measures=tuple(replace(measure, window="window") for measure in measures),
            tiers=(replace(each.tiers[0], when=when),),
            windows=(Rolling("window", Micros((3 + nth % 2 * 5) * SECOND)),),
        )
        for nth, (each, (_, _, measures, when, _)) in enumerate(zip(made, asked, strict=True))
    )


def _turned() -> Choice:
    """Return a key that is the account of an end, and the callee of whatever else."""
    return Choice(compare(field("kind"), "==", text("end")), field("account"), field("callee"), Type.TEXT)


PLAN = Plan("f" * 64, tuple(sorted(mixed(), key=lambda each: each.name)))


def test_such_rules_need_no_tally_unless_a_measure_counts_several_kinds() -> None:
    assert {each.name: why_tallied(each) for each in PLAN.rules} == dict.fromkeys(("both", "one", "share", "three", "turned"))
    (both,) = (each for each in PLAN.rules if each.name == "both")
    every = replace(both, measures=(replace(both.measures[0], on=None), *both.measures[1:]))
    assert why_tallied(every) == "a measure counts events of several kinds"
    late = replace(both, also_where=(field("answered"), None))  # of an attempt that is known at the call's end
    assert why_tallied(late) == "a measure counts events of several kinds"
    told = replace(both, also_on=(EventKind.FINDING,), also_where=(None,))
    assert why_tallied(told) == "it reads findings"


@settings(deadline=None, max_examples=150)
@given(streams, cuts_of)
def test_kinds_of_event_asked_apart_find_in_one_pass_what_tallies_find(events: list[Event], cuts: list[int]) -> None:
    wanted = Engine(PLAN, key=b"", source="test", compiled=False).step(events, NOW)
    engine = Engine(PLAN, key=b"", source="test")
    found: list[Finding] = []
    for batch in cut(events, cuts):
        found += engine.step(batch, NOW)
    assert found == wanted


def test_each_of_these_rules_finds_something() -> None:
    events = [event for seed in range(3) for event in stream(seed, 250)]
    found = Engine(PLAN, key=b"", source="test").step(sorted(events, key=lambda event: event.time), NOW)
    assert {finding.rule for finding in found} == {each.name for each in PLAN.rules}
