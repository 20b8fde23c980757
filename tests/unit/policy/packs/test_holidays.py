"""Public holidays of any year, by the rules of the packs that ship; the days expected here are those of official calendars."""

from datetime import date

import pytest

from ringfence.policy.packs import Holiday, HolidayRefused, Pack, holidays_of, parse_holiday, read_pack
from ringfence.policy.packs.holidays import easter_sunday
from ringfence.policy.packs.shelf import SHIPPED
from ringfence.policy.problems import Report


def pack(name: str) -> Pack:
    report = Report()
    found = read_pack(f"packs/{name}.yaml", (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"), report)
    assert found is not None, report.problems
    return found


def kept(name: str, year: int, *places: str) -> list[str]:
    holidays: list[Holiday] = [holiday for place in places for holiday in pack(name).holidays[place]]
    return [f"{day:%m-%d}" for day in holidays_of(year, holidays)]


@pytest.mark.parametrize(
    ("year", "day"),
    [(1818, "03-22"), (1961, "04-02"), (2000, "04-23"), (2008, "03-23"), (2024, "03-31"), (2038, "04-25"), (2285, "03-22")],
)
def test_easter_is_where_the_church_has_it(year: int, day: str) -> None:
    assert f"{easter_sunday(year):%m-%d}" == day


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2024, "01-01 04-01 05-01 05-09 05-20 07-21 08-15 11-01 11-11 12-25"),
        (2026, "01-01 04-06 05-01 05-14 05-25 07-21 08-15 11-01 11-11 12-25"),
    ],
)
def test_belgium_keeps_ten_days_and_moves_none(year: int, days: str) -> None:
    assert kept("be", year, "BE") == days.split()


@pytest.mark.parametrize(
    ("place", "year", "days"),
    [
        ("GB-EAW", 2020, "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-26 12-28"),
        ("GB-EAW", 2021, "01-01 04-02 04-05 05-03 05-31 08-30 12-25 12-26 12-27 12-28"),
        ("GB-EAW", 2022, "01-01 01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-25 12-26 12-27"),
        ("GB-EAW", 2023, "01-01 01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26"),
        ("GB-SCT", 2022, "01-01 01-02 01-03 01-04 04-15 05-02 06-02 06-03 08-01 09-19 11-30 12-25 12-26 12-27"),
        ("GB-NIR", 2025, "01-01 03-17 04-18 04-21 05-05 05-26 07-12 07-14 08-25 12-25 12-26"),
    ],
)
def test_the_kingdoms_days_are_given_again_on_the_next_free_weekday(place: str, year: int, days: str) -> None:
    assert kept("gb", year, "GB", place) == days.split()


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2020, "01-01 01-20 02-17 05-25 07-03 07-04 09-07 10-12 11-11 11-26 12-25"),
        (2021, "01-01 01-18 02-15 05-31 06-18 06-19 07-04 07-05 09-06 10-11 11-11 11-25 12-24 12-25 12-31"),
        (2022, "01-01 01-17 02-21 05-30 06-19 06-20 07-04 09-05 10-10 11-11 11-24 12-25 12-26"),
        (2026, "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25"),
    ],
)
def test_american_days_move_to_the_nearest_weekday_even_into_another_year(year: int, days: str) -> None:
    assert kept("us", year, "US") == days.split()


def test_a_holiday_is_kept_in_its_years_alone() -> None:
    holiday = parse_holiday("Juneteenth", "06-19", first=2021, last=2022)
    assert [holiday.in_year(year) is not None for year in (2020, 2021, 2022, 2023)] == [False, True, True, False]
    leap = parse_holiday("Leap day", "02-29")
    assert [leap.in_year(year) for year in (2023, 2024)] == [None, date(2024, 2, 29)]


@pytest.mark.parametrize(
    "on", ["13-01", "02-30", "2026-02-29", "fifth monday of may", "easter + 0", "easter+1", "last noday of may", ""]
)
def test_what_is_no_rule_is_refused(on: str) -> None:
    with pytest.raises(HolidayRefused):
        parse_holiday("A day", on)


def test_a_weekend_is_moved_in_known_ways_alone() -> None:
    with pytest.raises(HolidayRefused, match="nearest weekday"):
        parse_holiday("A day", "01-01", moved="somewhere")


def test_the_first_and_the_last_year_of_the_calendar_have_holidays_too() -> None:
    assert holidays_of(1, [parse_holiday("A day", "01-01", moved="nearest weekday")])
    assert holidays_of(9999, [parse_holiday("A day", "12-31", moved="nearest weekday")])
