"""Days in free text: numerals in every order, names of months and of weekdays, yesterday. Text is `even` and `folded`."""

import re
import shlex
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from ringfence.desk.complaints.statements.words import DAYS_AGO, MONTHS, WEEKDAYS

_OLDEST: Final = timedelta(days=3 * 366)
_MONTH_BY_NAME: Final = {name: number for number, names in enumerate(MONTHS, 1) for name in names}
_NAMES: Final = "|".join(sorted(map(re.escape, _MONTH_BY_NAME), key=len, reverse=True))
_AGO_BY_WORD: Final = {word: days for days, words in DAYS_AGO.items() for word in shlex.split(words.replace("d'h", "d h"))}
_WEEKDAY_BY_NAME: Final = {name: number for number, names in enumerate(WEEKDAYS) for name in names}
_EDGE: Final = r"(?<![\d+])(?<!\d[./-])"
_OVER: Final = r"(?![./-]?\d)"

_YEAR_FIRST: Final = re.compile(rf"{_EDGE}(\d{{4}})\s?[-./年]\s?(\d{{1,2}})\s?[-./月]\s?(\d{{1,2}})日?(?=[tT ]|{_OVER})")
_NUMERALS: Final = re.compile(rf"{_EDGE}(\d{{1,2}})([./-])\s?(\d{{1,2}})\2\s?(\d{{4}}|\d{{2}}){_OVER}")
_NO_YEAR: Final = re.compile(rf"{_EDGE}(\d{{1,2}})([./])(\d{{1,2}})(\2?)(?![./-]?\d)(?!\s?(?:uhr|h\b|euro|eur|€|%))")
_HOUR_CUE: Final = re.compile(
    r"(?<!\w)(?:ore|ora|godz|o|at|um|om|alle|kl|klo|as|las|hora|time|uhrzeit|heure|tijd|a|saat|в)\.?:?\s?$"
)
_DAY_MONTH: Final = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:\.|st|nd|rd|th|er|e|o|°|ª)?\s{{0,2}}(?:of\s|de\s|di\s)?({_NAMES})\b\.?,?(?:\s(?:de\s|del\s)?(\d{{4}})(?!\d))?"
)
_MONTH_DAY: Final = re.compile(rf"\b({_NAMES})\.?\s{{1,2}}(\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.]\d)(?:,?\s(\d{{4}})(?!\d))?")
_WORDS: Final = re.compile(
    rf"(?<!\w)({'|'.join(sorted(map(re.escape, [*_AGO_BY_WORD, *_WEEKDAY_BY_NAME]), key=len, reverse=True))})(?!\w)"
)


class Day(NamedTuple):
    """Words at [`begin`, `end`) that mean one of `days`, the likeliest first; none where no call can have been on such a day.

    `is_relative`: yesterday, or a weekday.
    """

    begin: int
    end: int
    days: tuple[date, ...]
    is_relative: bool = False


def days_in(text: str, *, today: date, month_first: bool) -> list[Day]:
    """Return the days that the text names, in order. `today` is the day it was written on; `month_first` reads 3/4 as 4 March."""
    found: list[Day] = []
    for day in _all(text, today, month_first):
        if not any(day.begin < other.end and other.begin < day.end for other in found):
            found.append(day)
    return sorted(found)


def _all(text: str, today: date, month_first: bool) -> Iterator[Day]:
    for match in _YEAR_FIRST.finditer(text):
        yield Day(*match.span(), _possible([(int(match[1]), int(match[2]), int(match[3]))], today))
    for match in _NUMERALS.finditer(text):
        year, pair = _year(match[4]), (int(match[1]), int(match[3]))
        orders = _orders(year, pair, month_first)
        yield Day(*match.span(), _possible([(year, pair[1], pair[0])] if match[2] == "." else orders, today))
    for match in _DAY_MONTH.finditer(text):
        yield Day(*match.span(), _with_month(match[2], match[1], match[3], today))
    for match in _MONTH_DAY.finditer(text):
        yield Day(*match.span(), _with_month(match[1], match[2], match[3], today))
    for match in _NO_YEAR.finditer(text):
        is_hour = _HOUR_CUE.search(text[max(0, match.start() - 12) : match.start()]) is not None
        if not is_hour and (match[2] == "/" or match[4]):  # 10.3. and 10/3, but not 10.3, which is a number
            orders = [
                each for year in (today.year, today.year - 1) for each in _orders(year, (int(match[1]), int(match[3])), month_first)
            ]
            if days := _possible(orders, today)[:2]:
                yield Day(*match.span(), days)
    for match in _WORDS.finditer(text):
        yield Day(*match.span(), (_before(match[1], today),), True)


def _with_month(name: str, day: str, year: str | None, today: date) -> tuple[date, ...]:
    years = (int(year),) if year else (today.year, today.year - 1)
    return _possible([(each, _MONTH_BY_NAME[name], int(day)) for each in years], today)[:1]


def _before(word: str, today: date) -> date:
    if word in _AGO_BY_WORD:
        return today - timedelta(days=_AGO_BY_WORD[word])
    return today - timedelta(days=(today.weekday() - _WEEKDAY_BY_NAME[word]) % 7)


def _orders(year: int, pair: tuple[int, int], month_first: bool) -> list[tuple[int, int, int]]:
    day_first, other = (year, pair[1], pair[0]), (year, pair[0], pair[1])
    return [other, day_first] if month_first else [day_first, other]


def _year(written: str) -> int:
    return int(written) if len(written) > 2 else 2000 + int(written)


def _possible(dates: list[tuple[int, int, int]], today: date) -> tuple[date, ...]:
    """Return those that there are, that are not to come, and that are not so old that nobody would complain."""
    found = []
    for year, month, day in dates:
        try:
            made = date(year, month, day)
        except ValueError:
            continue
        if today - _OLDEST <= made <= today + timedelta(days=1):
            found.append(made)
    return tuple(dict.fromkeys(found))
