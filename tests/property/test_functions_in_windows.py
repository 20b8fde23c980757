"""Rules that call functions and ask lists find the same in compiled windows as in tallies."""

from dataclasses import replace

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.expressions import Expression
from ringfence.policy.grammar import parse_expression
from ringfence.policy.plan import Measure, MeasureFunction, Plan, Rule
from ringfence.policy.terms import FieldScope
from ringfence.vocabulary.contracts import Event, EventKind, Finding, NumberLink, Reference
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, MINUTE, SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine
from ringfence.watch.windows import as_window_rule
from tests.property.expressions import LISTS, NOON
from tests.property.paired_rules import compare, measured, number, rule

NUMBERS = ("+441632960001", "+441632960002", "+12025550123", "+32470123456", "alice", None)
DIRECTORY = Directory(
    Reference(
        time=Micros(0),
        numbers=(
            NumberLink(number="+441632960001", account="acme", valid_to=NOON),
            NumberLink(number="+441632960001", account="zeta", valid_from=NOON),
            NumberLink(number="+32470123456", account="acme"),
        ),
    )
)
FILTERS = (
    'country(callee) == "GB"',
    "not held(caller)",
    'plan in list("tiers") or callee in prefixes("ranges")',
    'lookup("tiers", "calls", plan) > 5 and minute("Europe/Brussels") > 790',
    'calling_hours("hours", callee)',
    'matches(caller, "[+]44[0-9]+") and length(caller) == 12 and age(list("tiers")) > 31d',
    "ceil(duration / 1min) > 1",
)
VALUES = ("prefix(callee, 7)", "holder(caller)", "number_type(callee)", "caller if answered else callee")
KEYS = ("account", "prefix(caller, 6)", 'lookup_prefix("ranges", "operator", caller)', "holder(callee)")


def read(text: str) -> Expression:
    return parse_expression(text, FieldScope(LISTS)).expression


def made(name: str, key: str, where: str | None, own: str, value: str) -> Rule:
    counted = Measure("calls", MeasureFunction.COUNT, where=read(own))
    values = Measure("values", MeasureFunction.DISTINCT, read(value), where=read(own))
    when = compare(measured("calls"), ">=", number(2))
    bare = rule(name, measures=(counted, values), when=when, where=None if where is None else read(where), window_s=120)
    return replace(bare, key=(read(key),), subject=SubjectKind.ACCOUNT)


RULES = st.lists(
    st.tuples(st.sampled_from(KEYS), st.none() | st.sampled_from(FILTERS), st.sampled_from(FILTERS), st.sampled_from(VALUES)),
    min_size=1,
    max_size=4,
)
EVENTS = st.lists(
    st.builds(
        Event,
        kind=st.sampled_from([EventKind.ATTEMPT, EventKind.END, EventKind.MESSAGE]),
        time=st.integers(-4, 4).map(lambda step: Micros(NOON + step * 30 * SECOND)),
        call_id=st.sampled_from("abcd"),
        caller=st.sampled_from(NUMBERS),
        callee=st.sampled_from(NUMBERS),
        account=st.sampled_from(["acme", "zeta", None]),
        plan=st.sampled_from(["office", "home", "other", None]),
        answered=st.booleans(),
        duration_ms=st.sampled_from([0, 59_000, 61_000, 121_000]),
    ),
    max_size=25,
)


def found(rules: list[Rule], batches: list[list[Event]], *, compiled: bool) -> list[Finding]:
    engine = Engine(Plan("p", tuple(rules), LISTS), key=b"", source="test", compiled=compiled)
    engine.know(DIRECTORY)
    return [finding for events in batches for finding in engine.step(events, Micros(NOON + DAY))]


@settings(deadline=None, max_examples=40)
@given(RULES, st.lists(EVENTS, min_size=1, max_size=3))
def test_windows_find_what_tallies_find(parts: list[tuple[str, str | None, str, str]], batches: list[list[Event]]) -> None:
    rules = [made(f"rule-{place}", *each) for place, each in enumerate(parts)]
    assert all(as_window_rule(each) is not None for each in rules)
    ordered: list[list[Event]] = []
    for events in batches:
        ordered.append(sorted(events, key=lambda event: event.time))
    assert found(rules, ordered, compiled=True) == found(rules, ordered, compiled=False)


def test_a_rule_of_functions_is_found_at_all() -> None:
    event = Event(kind=EventKind.ATTEMPT, time=NOON, call_id="a", caller="+441632960001", callee="+441632960002", account="acme")
    rules = [made("many", "prefix(caller, 6)", 'country(callee) == "GB"', "not held(caller)", "prefix(callee, 7)")]
    several = [msgspec.structs.replace(event, time=Micros(NOON + step * MINUTE)) for step in range(3)]
    (finding,) = found(rules, [several], compiled=True)
    assert (finding.time, finding.measures) == (NOON + MINUTE, {"calls": 2.0, "values": 1.0})
