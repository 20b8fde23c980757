"""The grid of calendar windows: when the period that a moment lies in begins and ends, in the clock of a zone.

A day begins with the first moment that bears its date there: where clocks skip midnight, when they do; where they go back over it,
the first time. A month with fewer days than the billing day begins a billing cycle on its last.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ringfence.policy.plan import Unit
from ringfence.vocabulary.times import HOUR, Micros, micros, utc


class Grid:
    """The periods of `unit` in `zone`; `billing_day` is the day of the month on which a billing cycle begins."""

    def __init__(self, unit: Unit, zone: str, billing_day: int = 1) -> None:
        self._unit = unit
        self._zone = ZoneInfo(zone)
        self._billing_day = billing_day

    def start(self, moment: Micros) -> Micros:
        """Return the start of the period that `moment` lies in."""
        if self._unit is Unit.HOUR:
            return self._hour(moment)
        local = utc(moment).astimezone(self._zone)
        first = self._first(local.date())
        start = self._midnight(first)
        # Where clocks go back over midnight the date comes twice, and belongs to the day that began already.
        following = self._midnight(self._shifted(first, 1))
        return following if moment >= following else start

    def shifted(self, start: Micros, periods: int) -> Micros:
        """Return the start of the period `periods` after (before, where negative) the one that begins at `start`."""
        if self._unit is Unit.HOUR:
            return self._hours(start, periods)
        return self._midnight(self._shifted(self._date_of(start), periods))

    def weeks_before(self, start: Micros, weeks: int) -> Micros:
        """Return the start of the period at the same hour and day of the week, `weeks` before."""
        if self._unit is Unit.HOUR:
            local = utc(start).astimezone(self._zone).replace(tzinfo=None) - timedelta(weeks=weeks)
            return self._hour(micros(local.replace(tzinfo=self._zone)))
        return self._midnight(self._date_of(start) - timedelta(weeks=weeks))

    def _date_of(self, start: Micros) -> date:
        """Return the first date of the period that begins at `start`. A day without a midnight begins in its small hours."""
        return utc(start).astimezone(self._zone).date()

    def _midnight(self, day: date) -> Micros:
        # Of a midnight that comes twice this is the first; one that never comes is the moment at which clocks skipped it.
        return micros(datetime.combine(day, time(), self._zone).astimezone(UTC))

    def _first(self, day: date) -> date:
        match self._unit:
            case Unit.WEEK:
                return day - timedelta(days=day.weekday())
            case Unit.MONTH:
                return day.replace(day=1)
            case Unit.QUARTER:
                return day.replace(month=day.month - (day.month - 1) % 3, day=1)
            case Unit.YEAR:
                return day.replace(month=1, day=1)
            case Unit.BILLING_CYCLE:
                begins = self._billed(day.year, day.month)
                return begins if begins <= day else self._billed(*_month_after(day.year, day.month, -1))
            case _:
                return day

    def _shifted(self, first: date, periods: int) -> date:
        match self._unit:
            case Unit.WEEK:
                return first + timedelta(weeks=periods)
            case Unit.MONTH:
                return date(*_month_after(first.year, first.month, periods), 1)
            case Unit.QUARTER:
                return date(*_month_after(first.year, first.month, 3 * periods), 1)
            case Unit.YEAR:
                return date(first.year + periods, 1, 1)
            case Unit.BILLING_CYCLE:
                return self._billed(*_month_after(first.year, first.month, periods))
            case _:
                return first + timedelta(days=periods)

    def _billed(self, year: int, month: int) -> date:
        return date(year, month, min(self._billing_day, monthrange(year, month)[1]))

    def _hour(self, moment: Micros) -> Micros:
        """Return the newest moment up to `moment` at which the clock showed a full hour."""
        start = Micros(moment - self._past_hour(moment))
        return Micros(start - self._past_hour(start))  # where the clock was moved by half an hour within

    def _hours(self, start: Micros, periods: int) -> Micros:
        moment = start
        for _ in range(abs(periods)):
            moment = self._hour(Micros(moment - 1)) if periods < 0 else self._next_hour(moment)
        return moment

    def _next_hour(self, start: Micros) -> Micros:
        later = Micros(start + HOUR)
        past = self._past_hour(later)
        return later if past == 0 else Micros(later + HOUR - past)

    def _past_hour(self, moment: Micros) -> int:
        offset = utc(moment).astimezone(self._zone).utcoffset() or timedelta()
        return (moment + offset // timedelta(microseconds=1)) % HOUR


def _month_after(year: int, month: int, months: int) -> tuple[int, int]:
    count = year * 12 + month - 1 + months
    return count // 12, count % 12 + 1
