"""The grid of calendar windows holds in every zone, through every change of its clocks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.plan import Unit
from ringfence.vocabulary.times import HOUR, Micros, from_iso, micros, utc
from ringfence.watch.tallies.periods import Grid

ZONES = (
    "UTC",
    "Europe/Brussels",
    "America/New_York",
    "America/Sao_Paulo",  # clocks went back over midnight
    "America/Havana",  # and forward over it
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kathmandu",
    "Pacific/Apia",  # a day was left out
)
moments = st.integers(micros(datetime.fromisoformat("2005-01-01T00:00Z")), micros(datetime.fromisoformat("2030-01-01T00:00Z")))


@settings(deadline=None, max_examples=400)
@given(moments, st.sampled_from(list(Unit)), st.sampled_from(ZONES), st.integers(1, 31))
def test_each_moment_lies_in_one_period(moment: int, unit: Unit, zone: str, day: int) -> None:
    grid = Grid(unit, zone, day)
    start = grid.start(Micros(moment))
    following = grid.shifted(start, 1)
    assert start <= moment < following
    assert grid.start(start) == start
    assert grid.start(Micros(following - 1)) == start
    assert grid.start(following) == following
    local = utc(start).astimezone(ZoneInfo(zone))
    if unit in (Unit.MONTH, Unit.QUARTER, Unit.YEAR):
        assert local.day == 1
    if unit is Unit.WEEK:
        assert local.weekday() == 0
    if unit is not Unit.HOUR:
        assert local.hour <= 1
    assert local.minute == 0


@settings(deadline=None, max_examples=200)
@given(moments, st.sampled_from(list(Unit)), st.sampled_from(ZONES[:7]), st.integers(1, 31), st.integers(1, 12))
def test_going_back_and_forth_leads_to_the_same_period(moment: int, unit: Unit, zone: str, day: int, periods: int) -> None:
    grid = Grid(unit, zone, day)
    start = grid.start(Micros(moment))
    assert grid.shifted(grid.shifted(start, -periods), periods) == start


@pytest.mark.parametrize(
    ("zone", "moment", "unit", "start", "hours"),
    [
        ("Europe/Brussels", "2026-10-25T12:00:00Z", Unit.DAY, "2026-10-24T22:00:00Z", 25),
        ("Europe/Brussels", "2026-03-29T12:00:00Z", Unit.DAY, "2026-03-28T23:00:00Z", 23),
        ("America/Havana", "2026-03-08T12:00:00Z", Unit.DAY, "2026-03-08T05:00:00Z", 23),
        ("America/Sao_Paulo", "2018-02-18T02:30:00Z", Unit.DAY, "2018-02-17T02:00:00Z", 25),
        ("UTC", "2026-02-14T00:00:00Z", Unit.MONTH, "2026-02-01T00:00:00Z", 28 * 24),
        ("UTC", "2026-02-14T00:00:00Z", Unit.WEEK, "2026-02-09T00:00:00Z", 7 * 24),
        ("UTC", "2026-02-14T00:00:00Z", Unit.QUARTER, "2026-01-01T00:00:00Z", 90 * 24),
    ],
)
def test_periods_are_as_long_as_the_clock_makes_them(zone: str, moment: str, unit: Unit, start: str, hours: int) -> None:
    grid = Grid(unit, zone)
    begins = grid.start(from_iso(moment))
    assert begins == from_iso(start)
    assert grid.shifted(begins, 1) - begins == hours * HOUR


def test_a_billing_cycle_begins_on_the_last_day_of_a_short_month() -> None:
    grid = Grid(Unit.BILLING_CYCLE, "UTC", 31)
    starts = [grid.start(from_iso("2026-01-31T00:00:00Z"))]
    for _ in range(3):
        starts.append(grid.shifted(starts[-1], 1))
    assert [utc(start).date().isoformat() for start in starts] == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    assert grid.start(from_iso("2026-02-27T23:59:59Z")) == starts[0]


def test_the_same_hour_of_the_week_before_stands_by_the_clock_of_the_zone() -> None:
    grid = Grid(Unit.HOUR, "Europe/Brussels")
    nine = grid.start(from_iso("2026-03-30T07:20:00Z"))  # 9 o'clock in summer time
    assert grid.weeks_before(nine, 1) == from_iso("2026-03-23T08:00:00Z")
