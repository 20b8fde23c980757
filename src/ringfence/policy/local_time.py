"""What clocks and calendars show somewhere, and the hours in which a list allows calls."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ringfence.policy.plan import Row, Table
from ringfence.policy.tables import ELSE, Entries
from ringfence.vocabulary.times import MINUTE

HOURS_COLUMNS: Final = ("weekdays", "from", "to")
"""What a list for `calling_hours` must have beside its entries."""

HOLIDAY_WAYS: Final = ("none", "as sunday")
"""What its column `holidays` may say of public holidays: no calls, or those hours that Sunday has. Empty: a day like others."""

HOLIDAYS_COLUMN: Final = "holidays"
_SUNDAY: Final = 7
_DAY_MINUTES: Final = 24 * 60
Closed = Callable[[str], bool]
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])\Z", re.ASCII)
_WEEKDAYS: Final = re.compile(r"[1-7](-[1-7])?(,[1-7](-[1-7])?)*\Z", re.ASCII)
_WHOLE_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_YEARLY: Final = re.compile(r"[0-9]{2}-[0-9]{2}\Z", re.ASCII)


class Local(NamedTuple):
    """`weekday` is 1 (Monday) to 7, `minute` of the day, `date` as ISO 8601 writes it."""

    date: str
    weekday: int
    minute: int


class Clock:
    """A time zone's clock. Asked for the same minute again it need not compute."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._minute: int | None = None
        self._local: Local | None = None

    def at(self, time: float) -> Local | None:
        """Return what it shows at `time`; `None` where that lies outside the years that calendars have."""
        minute = int(time // MINUTE)
        if minute != self._minute:
            self._minute = minute
            try:
                shown = datetime.fromtimestamp(minute * 60, self._zone)
                self._local = Local(shown.date().isoformat(), shown.isoweekday(), shown.hour * 60 + shown.minute)
            except (ValueError, OverflowError, OSError):
                self._local = None
        return self._local


class CallingHours:
    """A list of hours in which calls are allowed: `weekdays` such as 1-5 or 6,7, `from` and `to` such as 08:00 and 21:00.

    An entry is a prefix, a state (as its user calls it), a country (ISO 3166) or `*`. The longest prefix, else the state, else the
    country decides, by all its rows in force that came into force last; where no entry does, calls are allowed at all hours. The
    column `holidays`, where there is one, says what those rows allow on public holidays.
    """

    def __init__(self, table: Table) -> None:
        self._entries = Entries(table)
        self._hours = {id(row): _hours_of(row) for row in table.rows}
        self._clocks: dict[str, Clock] = {}

    def allow(
        self,
        number: str,
        *,
        state: str | None,
        country: str | None,
        zones: tuple[str, ...],
        time: float,
        closed: "Closed | None" = None,
    ) -> bool:
        """Tell whether calls to `number` are allowed at `time` in each of the `zones`. Without any zone nobody can tell: false.

        `closed` tells whether a day (ISO 8601) is a public holiday there.
        """
        if not zones:
            return False
        rows = self._deciding(number, (state, country, ELSE), time)
        return not rows or all(self._allow_in(zone, rows, time, closed) for zone in zones)

    def _deciding(self, number: str, names: tuple[str | None, ...], time: float) -> list[Row]:
        longest = self._entries.longest(number, time)
        for name in (longest.entry if longest else None, *names):
            rows = [] if name is None else self._entries.all_at(name, time)
            if rows:
                latest = max(row.from_us or 0 for row in rows)
                return [row for row in rows if (row.from_us or 0) == latest]
        return []

    def _allow_in(self, zone: str, rows: list[Row], time: float, closed: "Closed | None") -> bool:
        clock = self._clocks.get(zone)
        if clock is None:
            clock = self._clocks[zone] = Clock(zone)
        local = clock.at(time)
        if local is None:
            return False
        ways = {row.values.get(HOLIDAYS_COLUMN, "") for row in rows} - {""}
        on_holiday = bool(ways) and closed is not None and closed(local.date)
        for row in rows:
            weekdays, first, last = self._hours[id(row)]
            way = row.values.get(HOLIDAYS_COLUMN, "") if on_holiday else ""
            weekday = _SUNDAY if way == "as sunday" else local.weekday
            if way != "none" and weekday in weekdays and first <= local.minute < last:
                return True
        return False


def hours_problem(table: Table) -> str | None:
    """Return why the list gives no calling hours; `None` where it does."""
    for row in table.rows:
        missing = next((column for column in HOURS_COLUMNS if column not in row.values), None)
        if missing is not None:
            return f"list {table.name} has no column {missing}"
        if not _WEEKDAYS.match(row.values["weekdays"]) or not all(_weekdays_of(row)):
            return f"list {table.name}, {row.entry}: weekdays {row.values['weekdays']!r} are not written as 1-5 or 6,7"
        for column in HOURS_COLUMNS[1:]:
            if not _CLOCK.match(row.values[column]) or minute_of(row.values[column]) > _DAY_MINUTES:
                return f"list {table.name}, {row.entry}: {column} {row.values[column]!r} is not written as 08:00"
        if row.values.get(HOLIDAYS_COLUMN, "") not in ("", *HOLIDAY_WAYS):
            return f"list {table.name}, {row.entry}: holidays {row.values[HOLIDAYS_COLUMN]!r} is none of {', '.join(HOLIDAY_WAYS)}"
        if minute_of(row.values["from"]) >= minute_of(row.values["to"]):
            span = f"from {row.values['from']} to {row.values['to']}"
            return f"list {table.name}, {row.entry}: {span} is no time of a day: write two rows, to 24:00 and from 00:00"
    return None


def days_problem(table: Table) -> str | None:
    """Return why the list holds no days; `None` where it does."""
    for row in table.rows:
        whole = f"2024-{row.entry}" if _YEARLY.match(row.entry) else row.entry  # 29 February too comes every few years
        if not (_WHOLE_DATE.match(whole) and _is_date(whole)):
            return f"list {table.name}: {row.entry!r} is not written as 2026-12-25 or 12-25"
    return None


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _hours_of(row: Row) -> tuple[frozenset[int], int, int]:
    weekdays = frozenset(weekday for span in _weekdays_of(row) for weekday in span)
    return weekdays, minute_of(row.values["from"]), minute_of(row.values["to"])


def _weekdays_of(row: Row) -> list[range]:
    """Return the spans of weekdays, 1 to 7; an empty one where it ends before it begins."""
    spans = [part.partition("-") for part in row.values["weekdays"].split(",")]
    return [range(int(first), int(last or first) + 1) for first, _, last in spans]


def is_clock(text: str) -> bool:
    """Tell whether `text` is a time of a day, written as 08:00; 24:00 is its end."""
    return _CLOCK.match(text) is not None and minute_of(text) <= _DAY_MINUTES


def minute_of(text: str) -> int:
    """Return the minute of the day that a clock shows as 08:00."""
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)
