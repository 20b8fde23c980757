"""Clocks: an end to the microsecond, whatever offices, holidays, pauses and changes of the clocks lie between."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.policy.minimal import files, only_problem

from ringfence.policy import load
from ringfence.policy.calendars import Calendar, Span
from ringfence.policy.clocks import NEVER, Clock, Counting, Length, OnMiss, Start
from ringfence.vocabulary.times import HOUR, MINUTE, Micros, from_iso, iso, micros

OFFICE = Calendar(
    "office",
    "Europe/Brussels",
    dict.fromkeys(range(5), ((540, 720), (780, 1050))) | {5: ((540, 720),)},
    frozenset({date(2026, 4, 6)}),
    frozenset({(5, 1)}),
)
NIGHT = Calendar("night", "America/New_York", dict.fromkeys(range(7), ((0, 240),)))
YAML = b"""
calendars:
  office:
    zone: Europe/Brussels
    hours: {mon-fri: "09:00-12:00, 13:00-17:30", sat: 09:00-12:00}
    holidays: holidays-be
clocks:
  traceback-answer:
    rule: a duty of 24 hours
    due: 24h elapsed
    starts: next business hour
    calendar: office
    typical: 4h elapsed
    warn: [{before: 4h, role: compliance}, {before: 1h, role: lead}]
    missed: page lead
    pauses: [waiting-for-authority]
  traceback-review:
    rule: ours
    after: traceback-answer
    due: 5 business days
    calendar: office
    missed: escalate lead
"""
HOLIDAYS = b"entry,source,expiry,review\n2026-04-06,decree,,2027-01-01\n05-01,decree,,2027-01-01\n"
BUNDLE = {"clocks.yaml": YAML, "lists/holidays-be.csv": HOLIDAYS}


def clock(amount: int, counting: Counting, *, calendar: Calendar | None = OFFICE, start: Start = Start.AT_ONCE) -> Clock:
    return Clock("c", "ours", Length(amount, counting), start=start, calendar=calendar)


def end(of: Clock, event: str, *pauses: Span) -> str | None:
    found = of.ends(from_iso(event), pauses)
    return None if found is None else iso(found)[:16]


@pytest.mark.parametrize(
    ("hours", "counting", "event", "ends"),
    [
        (24, Counting.ELAPSED, "2026-03-28T12:00:00Z", "2026-03-29T12:00"),
        (1, Counting.BUSINESS, "2026-03-27T16:00:00Z", "2026-03-28T08:30"),  # Friday 17:00, half an hour before the close
        (1, Counting.BUSINESS, "2026-03-27T10:30:00Z", "2026-03-27T12:30"),  # over lunch
        (4, Counting.BUSINESS, "2026-04-04T08:00:00Z", "2026-04-07T09:00"),  # over Sunday and Easter Monday
        (1, Counting.BUSINESS, "2026-04-30T15:30:00Z", "2026-05-02T08:00"),  # over the first of May, a day of every year
    ],
)
def test_hours_are_counted_as_the_clock_says(hours: int, counting: Counting, event: str, ends: str) -> None:
    assert end(clock(hours * HOUR, counting), event) == ends


@pytest.mark.parametrize(
    ("days", "event", "ends"),
    [
        (1, "2026-03-26T23:30:00Z", "2026-03-28T11:00"),  # it is Friday already where the office is; Saturday closes at noon
        (1, "2026-03-27T08:00:00Z", "2026-03-28T11:00"),
        (2, "2026-04-04T08:00:00Z", "2026-04-08T15:30"),  # Easter Monday is none
    ],
)
def test_business_days_end_at_the_close_of_the_last(days: int, event: str, ends: str) -> None:
    assert end(clock(days, Counting.DAYS), event) == ends


def test_a_clock_may_wait_for_the_office_to_open() -> None:
    waiting = clock(24 * HOUR, Counting.ELAPSED, start=Start.NEXT_BUSINESS_HOUR)
    assert end(waiting, "2026-03-28T12:00:00Z") == "2026-03-31T07:00"  # from Monday 09:00, an hour earlier than on Saturday
    never = Calendar("never", "UTC", {})
    assert clock(HOUR, Counting.BUSINESS, calendar=never).ends(from_iso("2026-03-28T12:00:00Z")) is None


def test_a_pause_shifts_the_end_and_an_open_one_takes_it_away() -> None:
    running = clock(2 * HOUR, Counting.ELAPSED, calendar=None)
    begun = from_iso("2026-03-10T14:00:00Z")
    paused = (Micros(begun + HOUR), Micros(begun + 3 * HOUR))
    assert end(running, "2026-03-10T14:00:00Z", paused) == "2026-03-10T18:00"
    assert end(running, "2026-03-10T14:00:00Z", (Micros(begun + HOUR), NEVER)) is None
    assert end(running, "2026-03-10T14:00:00Z", (Micros(begun + 5 * HOUR), NEVER)) == "2026-03-10T16:00"
    day = clock(1, Counting.DAYS)
    assert end(day, "2026-03-09T14:00:00Z", paused) == "2026-03-11T16:30"


def counted(of: Clock, event: Micros, pauses: Iterable[Span]) -> Micros:
    """Go minute by minute, as a person with a watch would."""
    at, left, zone = event, of.due.amount, ZoneInfo(of.calendar.zone) if of.calendar else None
    while True:
        local = datetime.fromtimestamp(at // 1_000_000, zone or UTC)
        minute = local.hour * 60 + local.minute
        calendar = of.calendar
        is_open = calendar is None or (
            local.date() not in calendar.holidays
            and (local.month, local.day) not in calendar.yearly
            and any(first <= minute < last for first, last in calendar.hours.get(local.weekday(), ()))
        )
        if (of.due.counting is Counting.ELAPSED or is_open) and not any(start <= at < over for start, over in pauses):
            left -= MINUTE
            if left <= 0:
                return Micros(at + MINUTE)
        at = Micros(at + MINUTE)


MINUTES = st.integers(0, 60 * 24 * 14).map(lambda minute: Micros(from_iso("2026-03-23T00:00:00Z") + minute * MINUTE))


@given(
    MINUTES,
    st.integers(1, 60 * 20),
    st.sampled_from([Counting.ELAPSED, Counting.BUSINESS]),
    st.sampled_from([OFFICE, NIGHT]),
    st.lists(st.tuples(MINUTES, MINUTES).filter(lambda span: span[0] < span[1]), max_size=2),
)
def test_an_end_is_where_counting_minutes_comes_to(
    event: Micros, minutes: int, counting: Counting, calendar: Calendar, pauses: list[Span]
) -> None:
    asked = clock(minutes * MINUTE, counting, calendar=calendar)
    assert asked.ends(event, pauses) == counted(asked, event, pauses)


def test_a_bundle_has_its_clocks() -> None:
    bundle = load(files() | BUNDLE)
    first = bundle.clocks.clocks["traceback-answer"]
    assert first.calendar == OFFICE
    assert (first.due, first.on_miss, first.role, first.pauses) == (
        Length(24 * HOUR, Counting.ELAPSED),
        OnMiss.PAGE,
        "lead",
        ("waiting-for-authority",),
    )
    assert [one.name for one in bundle.clocks.chain("traceback-answer")] == ["traceback-answer", "traceback-review"]
    over = micros(datetime(2026, 3, 10, tzinfo=UTC) + timedelta(days=1))
    assert first.warns(over) == [(over - 4 * HOUR, "compliance"), (over - HOUR, "lead")]


@pytest.mark.parametrize(
    ("was", "now", "cause"),
    [
        (b"zone: Europe/Brussels", b"zone: Europe/Brusels", "'Europe/Brusels' is no time zone"),
        (b"mon-fri:", b"fri-mon:", "'fri-mon' are no days"),
        (b"sat: 09", b"fri: 09", "fri has hours twice"),
        (b"sat: 09:00-12:00", b"sat: 12:00-09:00", "'12:00-09:00' are no hours"),
        (b"13:00-17:30", b"11:00-17:30", "'11:00-17:30' are no hours"),
        (b"holidays: holidays-be", b"holidays: holidays-bee", "no list holidays-bee"),
        (b"due: 24h elapsed", b"due: a day", "due: 'a day' is not understood"),
        (b"due: 5 business days", b"due: 5 businessdays", "due: '5 businessdays' is not understood"),
        (
            b"    starts: next business hour\n    calendar: office\n",
            b"    starts: next business hour\n",
            "traceback-answer counts business time and names no calendar",
        ),
        (b"calendar: office\n    typical", b"calendar: ofice\n    typical", "no calendar ofice"),
        (b"missed: page lead", b"missed: page", "missed: 'page' is not understood"),
        (b"after: traceback-answer", b"after: nothing", "traceback-review comes after nothing, which is no clock"),
        (b"after: traceback-answer", b"after: traceback-review", "traceback-review comes after itself"),
        (b"pauses: [waiting-for-authority]", b"pauses: [Any Reason]", "a ground for a pause is a name"),
    ],
)
def test_what_is_wrong_is_named(was: bytes, now: bytes, cause: str) -> None:
    assert was in YAML
    problem = only_problem(files() | BUNDLE | {"clocks.yaml": YAML.replace(was, now)})
    assert (problem.file, problem.cause) == ("clocks.yaml", cause)
    assert problem.hint
    assert problem.line > 1
