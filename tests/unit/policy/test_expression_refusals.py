"""What is wrong in an expression is refused at its character, with cause and hint."""

import pytest

from ringfence.policy.grammar import parse_condition, parse_expression
from ringfence.policy.plan import Row, Table
from ringfence.policy.terms import Dimension, FieldScope, MeasureScope
from ringfence.policy.tokens import ExpressionRefused

LISTS = {
    "limits": Table("limits", (Row("office", {"calls": "100", "mixed": "7"}), Row("home", {"calls": "", "mixed": "many"}))),
    "hours": Table("hours", (Row("US", {"weekdays": "1-5", "from": "08:00", "to": "21:00"}),)),
}


def refusal(text: str, scope: FieldScope | MeasureScope) -> ExpressionRefused:
    with pytest.raises(ExpressionRefused) as refused:
        parse_expression(text, scope)
    return refused.value


@pytest.mark.parametrize(
    ("text", "offset", "cause", "hint"),
    [
        # functions
        ("prefx(caller, 3)", 0, "unknown function prefx", "did you mean prefix?"),
        ("count(answered) > 3", 0, "count(…) is not part of a condition", "measures are taken under measure"),
        ("prefix(caller)", 13, "prefix takes more", "write prefix(x, n)"),
        ("prefix(caller, 3, 4)", 16, "prefix takes no more", "write prefix(x, n)"),
        ("prefix(caller 3)", 14, "prefix takes more", "write prefix(x, n)"),
        ("prefix(caller, duration)", 15, "prefix needs a whole number from 1 to 64", "write prefix(x, n)"),
        ("prefix(caller, 0)", 15, "prefix needs a whole number from 1 to 64", "write prefix(x, n)"),
        ("prefix(caller, 2.5)", 15, "prefix needs a whole number from 1 to 64", "write prefix(x, n)"),
        ("prefix(status, 2)", 7, "prefix needs text, this is number", "write prefix(x, n)"),
        ("abs(caller)", 4, "abs needs number, this is text", "write abs(x)"),
        ("max(duration)", 12, "max takes more", "write max(x, y, …)"),
        ("max(duration, 6)", 14, "a duration or a plain number", "write durations with their unit"),
        ("hour()", 5, "hour takes more", 'write hour("zone")'),
        ("hour(UTC)", 5, "a time zone is written between quotation marks", 'write "Europe/Brussels" or "UTC"'),
        ('hour("Europe/Brusels")', 5, "Europe/Brusels is no time zone", "did you mean Europe/Brussels?"),
        ('hour("../etc/passwd")', 5, "../etc/passwd is no time zone", "write an IANA name"),
        ('matches(caller, "[0-9")', 17, "a class of characters without any", "write them between [ and ]"),
        ("matches(caller, callee)", 16, "a pattern is written between quotation marks", "write matches("),
        ('country(callee) == "UK"', 19, "country is never 'UK'", ""),
        ('number_type(callee) in ("mobile", "tollfree")', 34, "number_type is never 'tollfree'", "did you mean toll_free?"),
        ("valid(callee) is None", 0, "valid(callee) is always set", "leave the question out"),
        ("length(method) is None", 0, "length(method) is always set", "leave the question out"),
        # moments
        ("time > 5", 7, "a moment > a plain number", "write moments as date("),
        ("time > 0", 7, "a moment > zero", "write moments as date("),
        ("time - 5 > 6s", 5, "a moment - a plain number", "from a moment take another"),
        ('time + date("2026-01-01") > time', 5, "a moment + a moment", "from a moment take another"),
        ("time * 2 > time", 5, "a moment * a plain number", "from a moment take another"),
        ("-time < time", 0, "- a moment", "from a moment take another"),
        ('time > "2026-01-01"', 7, "number > text: both sides must be of one type", ""),
        ('time > date("2026-13-01")', 12, "'2026-13-01' names no moment", "write 2026-12-01, or"),
        ('time > date("2026-12-01T08:00:00")', 12, "'2026-12-01T08:00:00' names no moment", "write 2026-12-01, or"),
        ('time > date("1969-12-31")', 12, "'1969-12-31' names no moment", ""),
        ('time > date("2026-12-01", "Mars")', 26, "Mars is no time zone", ""),
        ("time > date(2026)", 12, "a date is written between quotation marks", "write 2026-12-01, or"),
        # choices
        ('caller if answered else 5 == "x"', 29, "number == text: both sides must be of one type", ""),
        ("caller if answered else 5", 24, "text or number: both sides of a choice must be of one type", ""),
        ("duration if answered else 5", 26, "a duration or a plain number", "write durations"),
        ("caller if status else callee", 10, "a condition is needed, this is number", "compare it with a number"),
        ("caller if answered", 18, "else is missing before the end", "a choice has two sides"),
        # lists and lookups
        ('callee in list("limit")', 15, "unknown list limit", "did you mean limits?"),
        ("callee in list(limits)", 15, "a list's name is written between quotation marks", 'write list("high-risk")'),
        ('callee in lists("limits")', 10, "in needs a list", "write in (404, 410), in list("),
        ('status in list("limits")', 0, "a list has texts, this is number", ""),
        ('list("limits") == callee', 0, "list(…) is no value", 'write callee in list("name")'),
        ('lookup("limits", "call", plan) > 3', 17, "list limits has no column call", "did you mean calls?"),
        ('lookup("limits", "calls") > 3', 24, "lookup asks by keys", 'write lookup("list", "column", key, …)'),
        ('lookup("limits", "calls", status) > 3', 26, "lookup asks by texts, this is number", "write lookup("),
        ('lookup_prefix("limits", "calls", callee, plan) > 3', 39, "lookup_prefix asks by one key", "write lookup_prefix("),
        ('lookup("limits", "mixed", plan) > 3', 34, "text > number: both sides must be of one type", ""),
        ("age(limits) > 3d", 4, "age is of a list", 'write age(list("name"))'),
        ('holiday("limits", "UTC")', 8, "list limits: 'office' is not written as 2026-12-25", "its entries are days"),
        ('calling_hours("limits", callee)', 14, "list limits has no column weekdays", "it needs the columns"),
        # depth
        (f"{'lower(' * 30}caller{')' * 30}", 144, "nested deeper than 24 levels", ""),
        (f"{'answered if late else ' * 30}late", 537, "nested deeper than 24 levels", ""),
        (f"{'cost + ' * 101}cost > 1", 705, "more than 100 of + - * /", "split it over measures"),
    ],
)
def test_a_mistake_over_fields_is_refused_at_its_place(text: str, offset: int, cause: str, hint: str) -> None:
    refused = refusal(text, FieldScope(LISTS))
    assert (refused.offset, refused.cause[: len(cause)]) == (offset, cause)
    assert refused.hint.startswith(hint)


@pytest.mark.parametrize(
    ("text", "offset", "cause", "hint"),
    [
        ("price > 3", 0, "price is a measure here and a field of every event", "give the measure another name"),
        ("cals > 3", 0, "unknown measure cals", "did you mean calls?"),
        ("duratin > 3s", 0, "unknown measure duratin", "did you mean duration?"),
        ("calls > duration", 6, "a plain number > a duration", "write durations"),
        ("before(duration) > 3", 7, "unknown measure duration", ""),
        ("before(3) > 3", 7, "before needs a measure", "write before(m)"),
        ("before(rolling) > 3", 7, "rolling has no periods gone by: its window rolls", "write window: day in"),
        ("before(calls, 3) > 3", 12, ") is missing before ,", ""),
        ("usual(calls, 3) > 3", 13, "usual is taken over weeks", "write usual(m, weeks=4)"),
        ("usual(calls, weeks=0) > 3", 19, "weeks must be a whole number", "write 1 to 52"),
        ("peers(calls, 50) > 3", 13, "a quantile lies between 0 and 1", "write 0.5 for the median"),
    ],
)
def test_a_mistake_over_measures_is_refused_at_its_place(text: str, offset: int, cause: str, hint: str) -> None:
    measures = dict.fromkeys(("calls", "rolling", "price"), Dimension.PLAIN)
    refused = refusal(text, MeasureScope(measures, calendar=("calls", "price")))
    assert (refused.offset, refused.cause[: len(cause)]) == (offset, cause)
    assert refused.hint.startswith(hint)


def test_numbers_that_a_list_gives_are_no_thresholds() -> None:
    scope = MeasureScope({"calls": Dimension.PLAIN}, LISTS)
    _, thresholds = parse_condition('calls > lookup("limits", "calls", plan) and calls > 20', scope)
    assert thresholds == {"calls": 20.0}
