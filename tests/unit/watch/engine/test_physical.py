"""How a plan is measured can be read before it runs; and what was compiled ahead is taken up."""

from dataclasses import replace

import pytest
from tests.property.paired_rules import compare, field, measured, number, rule

from ringfence.policy.plan import Measure, MeasureFunction, Plan
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.engine import Engine, stepping
from ringfence.watch.engine.physical import physical
from ringfence.watch.windows import Limits

CALLS = Measure("calls", MeasureFunction.COUNT)
CALLEES = Measure("callees", MeasureFunction.DISTINCT, field("callee"))
MANY = rule("many", measures=(CALLS,), when=compare(measured("calls"), ">=", number(3)), window_s=60)
SPREAD = rule("spread", measures=(CALLS, CALLEES), when=compare(measured("callees"), ">=", number(4)), window_s=60)
ONCE = replace(rule("once", measures=(CALLS,), when=compare(measured("calls"), ">=", number(1)), window_s=60), rollup=True)
PLAN = Plan("a" * 64, (MANY, ONCE, SPREAD))


def test_the_physical_plan_says_what_rules_share_what_is_tallied_and_how_it_can_be_split() -> None:
    told = physical(PLAN, Limits(memory_bytes=1 << 26))
    (group,) = told.groups
    assert group.rules == ("many", "spread")
    assert {shared.measure: shared.rules for shared in group.measures} == {
        "count()": ("many", "spread"),
        "distinct(callee)": ("spread",),
    }
    assert [(each.rule, each.why) for each in told.tallied] == [("once", "it has `rollup`")]
    assert told.split_by["many"] == "account"
    assert told.most_bytes == 1 << 26
    assert told.beside_bytes <= told.most_bytes / 3


def test_passes_compiled_ahead_are_taken_up_between_steps_and_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "_WORTH_COMPILING", 8)
    plan = Plan("a" * 64, (MANY, SPREAD))
    events = [
        Event(kind=EventKind.ATTEMPT, time=Micros(n * 7 * SECOND), call_id=str(n), account="x", callee=str(n % 5))
        for n in range(60)
    ]
    Engine(plan, key=b"", source="ahead").compile()
    at_once = Engine(plan, key=b"", source="test").step(events, Micros(1 << 60))
    engine = Engine(plan, key=b"", source="test")
    general = engine._groups[0].window._advance
    findings = [finding for begin in range(0, 60, 4) for finding in engine.step(events[begin : begin + 4], Micros(1 << 60))]
    assert engine._groups[0].window._advance is not general
    assert findings == at_once
    assert len(findings) > 1
