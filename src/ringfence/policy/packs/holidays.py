"""Public holidays by rule: on which days of any year they fall, and where a weekend moves them.

`on` is `12-25`, `2023-05-08` (once), `easter + 1`, `easter - 2`, `third monday of january` or `last monday of may`. `moved` is
`next weekday` (the next one that is no holiday itself: United Kingdom) or `nearest weekday` (Saturday to Friday, Sunday to Monday:
United States). The day itself stays one too: offices may be closed, or calls forbidden, on both.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from enum import StrEnum
from typing import Final

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_PLACES: Final = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
_YEARLY: Final = re.compile(r"([0-9]{2})-([0-9]{2})\Z", re.ASCII)
_ONCE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_EASTER: Final = re.compile(r"easter(?: ([+-]) ([1-9][0-9]{0,2}))?\Z", re.ASCII)
_NTH: Final = re.compile(rf"({'|'.join(_PLACES)}) ({'|'.join(_WEEKDAYS)}) of ({'|'.join(_MONTHS)})\Z")
_SATURDAY: Final = 5
_LEAP: Final = 2024


class Moved(StrEnum):
    """Where the day is kept that falls on a weekend."""

    NOT = ""
    NEXT = "next weekday"
    NEAREST = "nearest weekday"


class HolidayRefused(Exception):
    """The rule is none, and why."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """One holiday. Exactly one of the rules is set; `first` and `last` are the years in which it is kept."""

    name: str
    moved: Moved = Moved.NOT
    first: int = MINYEAR
    last: int = MAXYEAR
    yearly: tuple[int, int] | None = None
    """Month and day."""
    once: date | None = None
    easter: int | None = None
    """Days after Easter Sunday."""
    nth: tuple[int, int, int] | None = None
    """Which one of the month (0 the first, -1 the last), weekday (0 is Monday) and month."""

    def in_year(self, year: int) -> date | None:
        """Return the day on which it falls by its rule, before any weekend moves it; `None` in a year without it."""
        if not self.first <= year <= self.last:
            return None
        if self.once is not None:
            return self.once if self.once.year == year else None
        if self.yearly is not None:
            month, day = self.yearly
            return date(year, month, day) if day <= monthrange(year, month)[1] else None
        if self.easter is not None:
            return easter_sunday(year) + timedelta(days=self.easter)
        assert self.nth is not None
        return _nth(year, *self.nth)


def parse_holiday(name: str, on: str, *, moved: str = "", first: int = MINYEAR, last: int = MAXYEAR) -> Holiday:
    """Return the holiday that the rule `on` describes. Raises `HolidayRefused`.

    >>> parse_holiday("Thanksgiving", "fourth thursday of november").in_year(2026)
    datetime.date(2026, 11, 26)
    """
    try:
        where = Moved(moved)
    except ValueError:
        raise HolidayRefused(f"moved cannot be {moved!r}: write next weekday, nearest weekday, or leave it out") from None
    if match := _YEARLY.match(on):
        month, day = int(match[1]), int(match[2])
        if not (1 <= month <= 12 and 1 <= day <= monthrange(_LEAP, month)[1]):
            raise HolidayRefused(f"{on!r} is no month and day")
        return Holiday(name, where, first, last, yearly=(month, day))
    if _ONCE.match(on):
        try:
            return Holiday(name, where, first, last, once=date.fromisoformat(on))
        except ValueError:
            raise HolidayRefused(f"{on!r} is no date") from None
    if match := _EASTER.match(on):
        return Holiday(name, where, first, last, easter=int(f"{match[1] or '+'}{match[2] or 0}"))
    if match := _NTH.match(on):
        nth = (_PLACES[match[1]], _WEEKDAYS.index(match[2]), _MONTHS.index(match[3]) + 1)
        return Holiday(name, where, first, last, nth=nth)
    raise HolidayRefused(f"on: {on!r} is none of 12-25, 2023-05-08, easter + 1, third monday of january, last monday of may")


def holidays_of(year: int, holidays: Iterable[Holiday]) -> dict[date, str]:
    """Return the days of `year` that are holidays, with the name of each, in order; moved ones beside those that they stand for."""
    known = tuple(holidays)
    found = {
        day: name
        for around in (year - 1, year, year + 1)
        if MINYEAR <= around <= MAXYEAR
        for day, name in _kept(around, known).items()
        if day.year == year
    }
    return dict(sorted(found.items()))


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876).

    >>> easter_sunday(2026)
    datetime.date(2026, 4, 5)
    """
    a, b, c = year % 19, year // 100, year % 100
    d, e, f = b // 4, b % 4, (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def _nth(year: int, place: int, weekday: int, month: int) -> date:
    first_weekday, length = monthrange(year, month)
    days = range((weekday - first_weekday) % 7 + 1, length + 1, 7)
    return date(year, month, days[place])


def _kept(year: int, holidays: tuple[Holiday, ...]) -> dict[date, str]:
    """Return the days by the rules of one year. A day near its turn may lie in the year before or after."""
    days = sorted((day, place) for place, holiday in enumerate(holidays) if (day := holiday.in_year(year)) is not None)
    kept = {day: holidays[place].name for day, place in days}
    for day, place in days:
        if day.weekday() < _SATURDAY:
            continue
        other = _moved_to(day, holidays[place].moved, kept)
        if other is not None:
            kept.setdefault(other, f"{holidays[place].name} (observed)")
    return kept


def _moved_to(day: date, moved: Moved, kept: dict[date, str]) -> date | None:
    if moved is Moved.NOT:
        return None
    if moved is Moved.NEAREST:
        return day + timedelta(days=-1 if day.weekday() == _SATURDAY else 1)
    while day.weekday() >= _SATURDAY or day in kept:
        day += timedelta(days=1)
    return day
