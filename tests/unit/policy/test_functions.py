"""What every function of expressions comes to, read from text and held against an event."""

from math import isnan

import msgspec
import pytest

from ringfence.policy.evaluation import Context, Occasion, judging, reading
from ringfence.policy.functions import FUNCTIONS, SPECIAL
from ringfence.policy.grammar import parse_expression
from ringfence.policy.plan import Row, Table
from ringfence.policy.terms import Dimension, FieldScope, MeasureScope
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import DAY, Micros, from_iso

SATURDAY = from_iso("2026-03-28T16:30:20Z")
LISTS = {
    "limits": Table(
        "limits",
        (
            Row("office", {"calls": "100", "note": "plain"}),
            Row("office:+44", {"calls": "7", "note": ""}),
            Row("*", {"calls": "5", "note": "any"}),
        ),
        fetched_us=Micros(SATURDAY - 32 * DAY),
    ),
    "ranges": Table(
        "ranges", (Row("+44", {"operator": "any"}), Row("+441632", {"operator": "drama"}), Row("32", {"operator": "be"}))
    ),
    "days": Table("days", (Row("12-25"), Row("2026-03-28"))),
    "emergency-numbers": Table(
        "emergency-numbers", (Row("112", {"country": "ZZ"}), Row("999", {"country": "GB"}), Row("911", {"country": "US"}))
    ),
    "pack-zones": Table("pack-zones", (Row("GB", {"zones": "Europe/London"}),)),
    "pack-holidays": Table("pack-holidays", (Row("GB", {"name": "A day", "on": "2026-03-28"}),)),
    "opted-out": Table("opted-out", (Row("+441632960002", until_us=SATURDAY), Row("+441632960003", from_us=SATURDAY))),
}
EVENT = Event(
    kind=EventKind.END,
    time=SATURDAY,
    call_id="c1",
    caller="+441632960001",
    callee="+18005550100",
    account="acme",
    party_path=("root", "reseller", "acme"),
    plan="office",
    status=200,
    duration_ms=61_000,
    price=0.25,
    user_agent="Example PBX",
    conduct_time=Micros(SATURDAY - 8 * DAY),
    diverted="alice",
    target="+441632960003",
)


class Holders:
    def holder(self, number: str, time: Micros) -> str | None:
        return "acme" if number == "+441632960001" and time == SATURDAY else None

    def may_show(self, account: str, number: str, time: Micros) -> bool:
        return (account, number, time) == ("acme", "+18005550100", SATURDAY)

    def changes_of_right(self, number: str) -> list[Micros]:
        return [SATURDAY]

    def has_numbers(self, account: str) -> bool:
        return account == "acme"

    def changes_of_holder(self, number: str) -> list[Micros]:
        return [SATURDAY, Micros(SATURDAY + 1)] if number == "+441632960001" else []


def value(text: str, event: Event = EVENT) -> object:
    return reading(parse_expression(text, FieldScope(LISTS)).expression, Context(LISTS, Holders()))(event)


CASES = [
    ("prefix(caller, 4)", "+4416"),
    ("prefix(diverted, 3)", "ali"),
    ("prefix(diverted, 60)", "alice"),
    ("prefix(asserted, 4)", None),
    ("without_last(caller, 4)", "+44163296"),
    ("without_last(diverted, 5)", None),
    ("without_last(caller, 12)", None),
    ("suffix(caller, 4)", "0001"),
    ("suffix(caller, 12)", "441632960001"),
    ("suffix(caller, 13)", None),
    ("lower(user_agent)", "example pbx"),
    ("length(caller)", 12.0),
    ("length(diverted)", 5.0),
    ('same_prefix(caller, "+441632000000", 6)', True),
    ('same_prefix(caller, "+441632000000", 7)', False),
    ('same_prefix(caller, "+44163", 6)', False),
    ("same_prefix(caller, asserted, 1)", False),
    ("sampled(caller, 1)", True),
    ("sampled(asserted, 1)", False),
    ('matches(caller, "[+]44[0-9]{10}")', True),
    ('matches(caller, "44[0-9]{10}")', False),
    ('not matches(asserted, ".*")', True),
    ("country(caller)", "GB"),
    ("country(callee)", "US"),
    ('country("+80012345678")', None),
    ("country(diverted)", None),
    ('country("+32470123456")', "BE"),
    ("number_type(callee)", "toll_free"),
    ('number_type("+32470123456")', "mobile"),
    ('number_type("+3222345678")', "fixed"),
    ('number_type("+443069990123")', "company"),
    ('valid("+32470123456")', True),
    ("valid(diverted)", False),
    ("valid(asserted)", False),
    ('possible("+1999555010")', False),
    ('possible("+19995550100")', True),
    ("holder(caller)", "acme"),
    ("holder(callee)", None),
    ("has_numbers(account)", True),
    ("has_numbers(plan)", False),
    ("has_numbers(asserted)", False),
    ("held(caller)", True),
    ("held(callee)", False),
    ('hour("UTC")', 16.0),
    ('hour("Asia/Kathmandu")', 22.0),
    ('minute("Asia/Kathmandu")', 22 * 60 + 15.0),
    ('weekday("UTC")', 6.0),
    ('weekday("Pacific/Kiritimati")', 7.0),
    ('holiday("days", "UTC")', True),
    ('holiday("days", "Pacific/Kiritimati")', False),
    ('age(list("limits")) > 31d', True),
    ("abs(status - 603)", 403.0),
    ("min(status, 100, 300)", 100.0),
    ("max(status, 100, 300)", 300.0),
    ("max(ring, 1s)", 1e6),
    ("round(duration / 1min)", 1.0),
    ("floor(duration / 1min)", 1.0),
    ("ceil(duration / 1min) * price", 0.5),
    ('lookup("limits", "calls", plan)', 100.0),
    ('lookup("limits", "calls", plan, prefix(caller, 2))', 7.0),
    ('lookup("limits", "calls", plan, account)', 5.0),
    ('lookup("limits", "calls", asserted)', 5.0),
    ('lookup("limits", "note", plan, "+44")', None),
    ('lookup("limits", "note", account)', "any"),
    ('lookup_prefix("ranges", "operator", caller)', "drama"),
    ('lookup_prefix("ranges", "operator", "+32470123456")', "be"),
    ('lookup_prefix("ranges", "operator", "32470123456")', "be"),
    ('lookup_prefix("ranges", "operator", "441632960001")', None),
    ('caller in prefixes("ranges")', True),
    ('callee not in prefixes("ranges")', True),
    ('asserted not in prefixes("ranges")', False),
    ('target in list("opted-out")', True),
    ('target not in list("opted-out")', False),
    ('asserted not in list("opted-out")', False),
    ('date("2024-12-01")', float(from_iso("2024-12-01T00:00:00Z"))),
    ('date("2024-12-01", "Europe/Brussels")', float(from_iso("2024-11-30T23:00:00Z"))),
    ('time >= date("2026-03-28T17:30:00+01:00")', True),
    ("time - conduct_time <= 7d", False),
    ("time - 8d == conduct_time", True),
    ("caller if status == 404 else callee", "+18005550100"),
    ('local_time(caller, "16:00", "17:00")', True),
    ('local_time(caller, "17:00", "16:30")', False),
    ('local_time(caller, "17:00", "16:31")', True),
    ('local_time(caller, "16:31", "08:00")', False),
    ('local_time(diverted, "00:00", "24:00")', False),
    ("public_holiday(caller)", True),
    ("may_show(callee)", True),
    ("address_country(source)", None),
    ("may_show(caller)", False),
    ("may_show(asserted)", False),
    ("public_holiday(callee)", False),
    ('emergency("999", caller)', True),
    ('emergency("999", callee)', False),
    ('emergency("112", callee)', True),
    ('emergency("112", diverted)', True),
    ("party", "acme"),
    ("root", "root"),
    ("kind", "end"),
    ("q850 is None", True),
    ("price is not None and q850 != 16", False),
    ("asserted is None", True),
    ("country(diverted) is None", True),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_an_expression_comes_to(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize("text", ["q850", "value + 1", "min(q850, 1)", "ceil(value)", "length(asserted)", "1 / (status - 200)"])
def test_a_number_that_nobody_knows_is_none(text: str) -> None:
    found = value(text)
    assert isinstance(found, float)
    assert isnan(found)


def test_every_function_is_among_the_cases() -> None:
    texts = " ".join(text for text, _ in CASES)
    assert [name for name in {*FUNCTIONS, *SPECIAL} if f"{name}(" not in texts] == ["calling_hours"]  # test_local_time


def test_a_condition_reads_measures_and_the_event() -> None:
    scope = MeasureScope({"calls": Dimension.PLAIN, "talked": Dimension.TIME}, LISTS)
    text = 'calls > lookup("limits", "calls", plan) and talked / calls > duration and before(calls) < usual(calls, weeks=2)'
    condition = judging(parse_expression(text, scope).expression, Context(LISTS))
    measures = {"calls": 101.0, "talked": 101 * 62e6}
    assert condition(Occasion(EVENT, measures, lambda past: float(past.periods)))
    assert not condition(Occasion(EVENT, measures))
    assert not condition(Occasion(EVENT, measures | {"calls": 100.0}, lambda past: float(past.periods)))
    assert scope.used == {"calls", "talked"}


def test_numbers_nobody_holds_where_nobody_knows_holders() -> None:
    expression = parse_expression("holder(caller)", FieldScope()).expression
    assert reading(expression, Context())(EVENT) is None


def test_a_row_is_in_force_from_its_first_moment_up_to_its_last() -> None:
    for number, before, then in (("+441632960002", True, False), ("+441632960003", False, True)):
        earlier = msgspec.structs.replace(EVENT, target=number, time=Micros(SATURDAY - 1))
        assert value('target in list("opted-out")', earlier) is before
        assert value('target in list("opted-out")', msgspec.structs.replace(EVENT, target=number)) is then


def test_a_time_beyond_all_calendars_shows_on_no_clock() -> None:
    far = Event(kind=EventKind.FACT, time=Micros(1 << 62), call_id="")
    assert isnan(float(str(value('hour("UTC")', far))))
    assert value('holiday("days", "UTC")', far) is False
