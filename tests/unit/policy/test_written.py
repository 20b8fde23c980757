"""Expressions and measures are written as people write them."""

import pytest

from ringfence.policy.expressions import Arithmetic, Comparison, Field, Literal, MeasureValue, Type
from ringfence.policy.grammar import parse_expression
from ringfence.policy.measures import parse_measure
from ringfence.policy.plan import Row, Table
from ringfence.policy.terms import Dimension, FieldScope, MeasureScope
from ringfence.policy.written import written, written_measure

LISTS = {"limits": Table("limits", (Row("office", {"calls": "100"}),))}


@pytest.mark.parametrize(
    "text",
    [
        "answered and duration < 6s",
        "(answered or late) and not credentials",
        "not (answered and late)",
        "duration / 1min * (price + 0.02)",
        "duration - (ring - 6s)",
        "-1.5 * price >= -3",
        "status in (404, 410)",
        'plan not in (\'it"s\', "office")',
        'caller if direction == "outbound" else callee',
        '("a" if late else "b") == plan',
        "(not answered) == (status == 404)",
        'prefix(callee, 4) in list("limits") or callee not in prefixes("limits")',
        'lookup("limits", "calls", plan, country(callee)) is not None',
        'lookup_prefix("limits", "calls", callee) > max(ring / 1s, 3, 0.5)',
        'time - conduct_time <= 7d and time >= date("2026-12-01")',
        'time < date("2026-12-01T08:00:00.000001+00:00")',
        'age(list("limits")) > 31d',
        'matches(caller, "1[0-9]{10}") and hour("Europe/Brussels") < 8',
        "duration > 0",
        "duration in (1s, 90min)",
    ],
)
def test_an_expression_is_written_as_it_was(text: str) -> None:
    assert written(parse_expression(text, FieldScope(LISTS)).expression) == text


@pytest.mark.parametrize(
    "text", ["calls > 2 * before(calls)", "calls > usual(calls, weeks=6)", "peers(calls, 0.95) < calls + duration / 1s"]
)
def test_a_condition_over_measures_is_written_as_it_was(text: str) -> None:
    assert written(parse_expression(text, MeasureScope({"calls": Dimension.PLAIN})).expression) == text


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("((answered))and( late )", "answered and late"),
        ("1 < status < 600", "1 < status and status < 600"),
        ("duration < 90000ms", "duration < 90s"),
        ("plan == 'office'", 'plan == "office"'),
        ("usual(calls) > 1.50", "usual(calls, weeks=4) > 1.5"),
        ("- calls < 000", "0 - calls < 0"),
        ('time > date("2026-12-01T00:00:00Z")', 'time > date("2026-12-01")'),
    ],
)
def test_what_is_written_in_other_ways_becomes_one(text: str, tidy: str) -> None:
    assert written(parse_expression(text, MeasureScope({"calls": Dimension.PLAIN})).expression) == tidy


def test_a_number_that_nobody_wrote_has_the_unit_of_the_field_beside_it() -> None:
    limit = Literal(6e6, Type.NUMBER)
    assert written(Comparison("<", Field("duration", Type.NUMBER), limit)) == "duration < 6s"
    assert written(Comparison("<", MeasureValue("longest"), limit)) == "longest < 6000000"
    assert written(Arithmetic("*", limit, Field("price", Type.NUMBER))) == "6000000 * price"


@pytest.mark.parametrize(
    "text",
    [
        "count()",
        "count(answered and duration < 6s)",
        "distinct(prefix(callee, 7), where=answered)",
        "sum(price * (duration / 1min), on=end, same=content)",
        "peak(1min, where=answered)",
        'since(name == "opt-out", on=fact)',
    ],
)
def test_a_measure_is_written_as_it_was(text: str) -> None:
    measure, _ = parse_measure("m", text, FieldScope(LISTS), ("hour",))
    assert written_measure(measure) == text


def test_a_measure_names_its_window_where_there_are_several() -> None:
    measure, _ = parse_measure("m", "count(answered, over=day)", FieldScope(LISTS), ("hour", "day"))
    assert written_measure(measure, several_windows=True) == "count(answered, over=day)"
    assert written_measure(measure) == "count(answered)"
