"""Findings as events for other rules: about whom the finding is about, with what its rule counted by."""

import pytest
from tests.property.paired_rules import compare, field, measured, number, rule, text
from tests.property.plain_pairs import changed

from ringfence.policy.expressions import Connective, Unset
from ringfence.policy.plan import Measure, MeasureFunction, Plan
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.engine import Engine

CALLS = Measure("calls", MeasureFunction.COUNT)
NOW = Micros(1_767_225_600 * SECOND)


@pytest.mark.parametrize("classifies", [None, "dialler"])
def test_a_rule_that_counts_by_the_declared_class_is_read_with_the_class_that_it_gives(classifies: str | None) -> None:
    once = compare(measured("calls"), ">=", number(1))
    first = changed(rule("first", measures=(CALLS,), when=once, key=("account", "traffic_class")), classifies=classifies)
    given = field("traffic_class")
    holds = Unset(given, negated=False) if classifies is None else compare(given, "==", text(classifies))
    of_first = Connective("and", (compare(field("rule"), "==", text("first")), holds))
    second = rule("second", measures=(CALLS,), when=once, on=EventKind.FINDING, where=of_first)
    running = Engine(Plan("f" * 64, (first, second)), key=b"", source="test")
    call = Event(kind=EventKind.ATTEMPT, time=NOW, call_id="1", account="acme", traffic_class="conversational")
    found = running.step([call], NOW)
    assert [(finding.rule, finding.subject.id) for finding in found] == [("first", "acme"), ("second", "acme")]
