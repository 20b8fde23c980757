"""When calls are allowed: in every zone that a number could be in, by the list's most specific rows."""

import pytest

from ringfence.policy.evaluation import Context, reading
from ringfence.policy.grammar import parse_expression
from ringfence.policy.local_time import Clock
from ringfence.policy.plan import Row, Table
from ringfence.policy.terms import FieldScope
from ringfence.policy.tokens import ExpressionRefused
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros, from_iso

BRUSSELS, CHICAGO, TOLL_FREE, LONDON = "+32470123456", "+13125550123", "+18005550100", "+442079460018"


def hours(weekdays: str, first: str, last: str) -> dict[str, str]:
    return {"weekdays": weekdays, "from": first, "to": last}


def table(*rows: Row) -> Table:
    return Table("hours", rows)


def allowed(rows: Table, number: str | None, at: str, state: str | None = None) -> bool:
    text = 'calling_hours("hours", callee, target)' if state else 'calling_hours("hours", callee)'
    event = Event(kind=EventKind.ATTEMPT, time=from_iso(at), call_id="", callee=number, target=state)
    expression = parse_expression(text, FieldScope({"hours": rows})).expression
    return bool(reading(expression, Context({"hours": rows}))(event))


US = table(Row("US", hours("1-7", "08:00", "21:00")))


@pytest.mark.parametrize(
    ("number", "at", "may"),
    [
        (CHICAGO, "2026-03-10T13:00:00Z", True),  # 08:00 there: daylight saving time has begun
        (CHICAGO, "2026-03-10T12:59:59.999999Z", False),
        (CHICAGO, "2026-03-11T01:59:00Z", True),
        (CHICAGO, "2026-03-11T02:00:00Z", False),
        (CHICAGO, "2026-03-03T13:30:00Z", False),  # 07:30: it had not begun
        (TOLL_FREE, "2026-03-10T18:30:00Z", False),  # could be answered in Hawaii, where it is 08:30, and on Guam, 04:30
        (LONDON, "2026-03-10T03:00:00Z", True),  # no row is about it
        ("112", "2026-03-10T12:00:00Z", False),  # nobody can tell its zone
        (None, "2026-03-10T12:00:00Z", False),
    ],
)
def test_calls_are_allowed_by_the_clock_of_the_called(number: str | None, at: str, may: bool) -> None:
    assert allowed(US, number, at) is may


def test_a_number_s_every_zone_counts() -> None:
    russia = table(Row("RU", hours("1-7", "08:00", "22:00")))
    anywhere = "+78005553535"  # from Kaliningrad to Kamchatka
    moments = [f"2026-03-10T{hour:02}:30:00Z" for hour in range(24)]
    assert [at[11:13] for at in moments if allowed(russia, anywhere, at)] == ["06", "07", "08", "09"]


@pytest.mark.parametrize(
    ("state", "number", "expected"),
    [
        (None, "+13125550123", "country"),
        ("US-TX", "+13125550123", "state"),
        ("US-TX", "+12145550123", "prefix"),
        ("US-NY", "+13125550123", "country"),
        (None, BRUSSELS, "else"),
    ],
)
def test_a_prefix_decides_before_a_state_before_a_country(state: str | None, number: str, expected: str) -> None:
    spans = {"prefix": ("+1214", "10:00"), "state": ("US-TX", "11:00"), "country": ("US", "12:00"), "else": ("*", "13:00")}
    rows = table(*(Row(entry, hours("1-7", first, f"{first[:2]}:59")) for entry, first in spans.values()))
    zone = Clock("Europe/Brussels" if expected == "else" else "America/Chicago")
    moments = [f"2026-03-10T{hour:02}:30:00Z" for hour in range(24)]
    found = [zone.at(from_iso(at)) for at in moments if allowed(rows, number, at, state or "nowhere")]
    assert [local.minute for local in found if local] == [int(spans[expected][1][:2]) * 60 + 30]


def test_an_entry_s_rows_of_other_weekdays_stand_beside_each_other() -> None:
    texas = table(Row("US", hours("1-6", "09:00", "21:00")), Row("US", hours("7", "12:00", "21:00")))
    assert allowed(texas, CHICAGO, "2026-03-14T15:00:00Z")  # Saturday, 10:00
    assert not allowed(texas, CHICAGO, "2026-03-15T15:00:00Z")  # Sunday, 10:00
    assert allowed(texas, CHICAGO, "2026-03-15T17:00:00Z")  # Sunday, 12:00


def test_what_came_into_force_last_replaces_what_was_before() -> None:
    change = from_iso("2026-03-11T00:00:00Z")
    rows = table(Row("US", hours("1-7", "08:00", "21:00")), Row("US", hours("1-6", "08:00", "20:00"), from_us=change))
    assert allowed(rows, CHICAGO, "2026-03-08T20:00:00Z")  # Sunday, before
    assert not allowed(rows, CHICAGO, "2026-03-15T20:00:00Z")  # Sunday, after
    assert not allowed(rows, CHICAGO, "2026-03-12T01:30:00Z")  # 20:30


def test_midnight_is_written_as_24() -> None:
    rows = table(Row("BE", hours("3,5-6", "22:30", "24:00")))
    assert allowed(rows, BRUSSELS, "2026-03-11T22:59:00Z")
    assert not allowed(rows, BRUSSELS, "2026-03-12T22:59:00Z")
    assert not allowed(rows, BRUSSELS, "2026-03-11T23:00:00Z")


@pytest.mark.parametrize(
    ("cells", "cause"),
    [
        ({"from": "08:00", "to": "21:00"}, "list hours has no column weekdays"),
        (hours("Mon", "08:00", "21:00"), "list hours, US: weekdays 'Mon' are not written as 1-5 or 6,7"),
        (hours("1-8", "08:00", "21:00"), "list hours, US: weekdays '1-8' are not written"),
        (hours("1-5", "8:00", "21:00"), "list hours, US: from '8:00' is not written as 08:00"),
        (hours("1-5", "08:00", "24:01"), "list hours, US: to '24:01' is not written as 08:00"),
        (hours("1-5", "21:00", "08:00"), "list hours, US: from 21:00 to 08:00 is no time of a day"),
        (hours("5-1", "08:00", "21:00"), "list hours, US: weekdays '5-1' are not written"),
    ],
)
def test_a_list_without_proper_hours_is_refused(cells: dict[str, str], cause: str) -> None:
    with pytest.raises(ExpressionRefused) as refused:
        allowed(table(Row("US", cells)), CHICAGO, "2026-03-10T12:00:00Z")
    assert refused.value.cause.startswith(cause)
    assert refused.value.offset == 14


@pytest.mark.parametrize("entry", ["Christmas", "2026-02-30", "25-12-2026", "13-01", "02-30"])
def test_a_list_of_days_without_days_is_refused(entry: str) -> None:
    lists = {"days": Table("days", (Row(entry),))}
    with pytest.raises(ExpressionRefused, match="is not written as 2026-12-25 or 12-25"):
        parse_expression('holiday("days", "UTC")', FieldScope(lists))


def test_a_clock_is_right_on_the_days_on_which_it_is_changed() -> None:
    clock = Clock("Europe/Brussels")
    shown = [clock.at(Micros(from_iso("2026-03-29T00:59:59Z") + n * 1_000_000)) for n in (0, 1, 2)]
    assert [local.minute if local else None for local in shown] == [119, 180, 180]
