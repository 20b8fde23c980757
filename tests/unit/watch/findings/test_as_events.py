"""Findings as events for other rules, and as the feed carries them."""

import msgspec
import pytest
from tests.property.paired_rules import compare, field, measured, number, rule, text
from tests.property.plain_pairs import changed

from ringfence.policy.expressions import Connective, Unset
from ringfence.policy.plan import Measure, MeasureFunction, Plan
from ringfence.vocabulary.contracts import Event, EventKind, Finding
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


def test_a_sum_beyond_all_numbers_leaves_a_finding_that_can_be_read() -> None:
    cost = Measure("cost", MeasureFunction.SUM, value=field("cost"))
    dear = rule("dear", measures=(cost,), when=compare(measured("cost"), ">", number(1e308)), on=EventKind.END)
    running = Engine(Plan("f" * 64, (dear,)), key=b"", source="test")
    calls = [Event(kind=EventKind.END, time=NOW, call_id=name, account="acme", cost=1e308) for name in "ab"]
    found = running.step(calls, NOW)
    assert [finding.measures for finding in found] == [{}]
    assert msgspec.json.decode(msgspec.json.encode(found), type=list[Finding]) == found
