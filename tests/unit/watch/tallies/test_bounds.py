"""What tallies remember is bounded whatever comes: everything counts as room, oldest leave first, every loss is counted once."""

from typing import Any

import pytest
from tests.property.paired_rules import ATTEMPT, END, compare, field, measured, number, rule
from tests.property.plain_pairs import changed

from ringfence.policy.plan import Measure, MeasureFunction, Plan, Reset, Rolling, Rule
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, HOUR, SECOND, Micros
from ringfence.watch.engine import Engine, Limits

LATER = Micros(1 << 50)
CALLS = Measure("calls", MeasureFunction.COUNT)
TALKING = Measure("talking", MeasureFunction.CONCURRENT)
LONG = Rolling("window", Micros(DAY), Micros(SECOND))


def engine(rule: Rule, **limits: Any) -> Engine:  # noqa: ANN401 - each is of the type that its field has
    return Engine(Plan("f" * 64, (rule,)), key=b"", source="test", limits=Limits(**limits))


def call(second: float, kind: EventKind = ATTEMPT, **told: object) -> Event:
    told = {"account": "acme", "call_id": f"c{second}", **told}
    return Event(kind=kind, time=Micros(int(second * SECOND)), **told)  # type: ignore[arg-type]  # fields


def never(*measures: Measure, **parts: object) -> Rule:
    base = rule("never", measures=measures, when=compare(measured(measures[0].name), ">", number(1e9)))
    return changed(base, **{"windows": (LONG,), **parts})


@pytest.mark.parametrize(
    "measure",
    [
        Measure("peak", MeasureFunction.PEAK, length_us=Micros(HOUR)),
        Measure("last", MeasureFunction.LAST, field("ring")),
        Measure("most", MeasureFunction.MOST, field("callee")),
        Measure("sum", MeasureFunction.SUM, field("ring")),
        Measure("deviation", MeasureFunction.DEVIATION, field("ring")),
        Measure("callees", MeasureFunction.DISTINCT, field("callee")),
        Measure("row", MeasureFunction.RUN),
    ],
    ids=lambda measure: measure.name,
)
def test_every_event_that_is_held_counts_as_room_and_its_loss_once(measure: Measure) -> None:
    count = Measure("calls", MeasureFunction.COUNT, where=compare(field("ring"), ">=", number(0)))
    bounded = engine(never(measure, count, on=END), events=1_000, keys=100)
    bounded.step([call(second, END, ring_ms=second % 7, callee=f"{second % 50}") for second in range(5_000)], LATER)
    assert bounded.live_events <= 1_000
    assert bounded.losses["never"].events <= 5_000
    bounded.step([call(5_000 + place, END, account=f"a{place}") for place in range(5_000)], LATER)
    assert bounded.live_keys <= 100
    assert 9_000 <= bounded.losses["never"].events <= 10_000
    assert bounded.losses["never"].cool_downs == 0


def test_keys_that_were_idle_for_longest_leave_first_in_a_flood_of_them() -> None:
    bounded = engine(never(CALLS, key=(field("caller"),), subject=SubjectKind.NUMBER), events=10_000, keys=1_000)
    for second in range(8_000):
        bounded.step([call(second, caller=f"+{second}"), call(second, caller="+busy")], LATER)
    assert bounded.live_keys == 1_000
    assert bounded.losses["never"].events == 8_000 - 999  # never one of the busy key


@pytest.mark.parametrize("same", [None, field("callee")])
def test_calls_that_a_reset_forgot_are_forgotten_wholly(same: object) -> None:
    reset = Reset(EventKind.FACT)
    running = engine(changed(never(TALKING), windows=(), reset=(reset,)), events=100, keys=10)
    for second in range(2_000):
        running.step([call(second), call(second, EventKind.FACT)], LATER)
    assert running.live_events == 0
    assert len(running.snapshot()) < 2_000


def test_a_call_whose_end_never_comes_is_under_way_for_a_day() -> None:
    two = changed(rule("two", measures=(TALKING,), when=compare(measured("talking"), ">=", number(2))), windows=())
    running = engine(two)
    day = DAY // SECOND
    assert running.step([call(0), call(day, call_id="next")], LATER) == []
    (found,) = running.step([call(2 * day - 1, call_id="third")], LATER)
    assert found.measures == {"talking": 2.0}
    assert running.step([call(2 * day, END, call_id="next"), call(2 * day + 1, END, call_id="c0")], LATER) == []
    assert running.live_events == 2  # the call, and how many events there were


def test_what_is_thinned_and_pushed_out_later_is_one_loss() -> None:
    bounded = engine(never(CALLS), events=1_000, keys=100)
    bounded.step([call(second) for second in range(5_000)], LATER)
    assert bounded.losses["never"].events == 4_000
    bounded.step([call(5_000 + place, account=f"a{place}") for place in range(5_000)], LATER)
    assert bounded.losses["never"].events == 10_000 - 100
