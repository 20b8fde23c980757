"""Business time: when an office is open, day by day in its zone, whatever its clocks do."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ringfence.vocabulary.times import Micros, micros, utc

Span = tuple[Micros, Micros]
"""From (included) to (excluded)."""

_LONGEST_CLOSED_DAYS: Final = 3_660
"""After ten years without an open hour nobody waits on: no span follows."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """An office: its zone, the hours of each weekday (0 is Monday) and the days on which it is closed.

    Hours are minutes of the local day, from and to; `holidays` are dates, `yearly` months and days.
    """

    name: str
    zone: str
    hours: Mapping[int, tuple[tuple[int, int], ...]]
    holidays: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()

    def is_business_day(self, day: date) -> bool:
        """Tell whether the office opens on that day."""
        return bool(self.hours.get(day.weekday())) and day not in self.holidays and (day.month, day.day) not in self.yearly

    def open_on(self, day: date) -> list[Span]:
        """Return the hours of a day as moments, in order. A change of the clocks makes an hour longer, shorter, or none."""
        if not self.is_business_day(day):
            return []
        spans = [(self._moment(day, start), self._moment(day, end)) for start, end in sorted(self.hours[day.weekday()])]
        return [(start, end) for start, end in spans if start < end]

    def open_from(self, moment: Micros) -> Iterator[Span]:
        """Yield the hours from `moment` on, without end; the first may have begun before, and then is cut."""
        today = self.day_of(moment)
        yield from ((max(start, moment), end) for start, end in self.open_on(today) if end > moment)
        for day in self.business_days(today):
            yield from self.open_on(day)

    def business_days(self, day: date) -> Iterator[date]:
        """Yield the days after `day` on which the office has open hours; none after ten years without any."""
        closed = 0
        while closed < _LONGEST_CLOSED_DAYS and day < date.max - timedelta(days=2):
            day += timedelta(days=1)
            closed = 0 if self.open_on(day) else closed + 1
            if not closed:
                yield day

    def day_of(self, moment: Micros) -> date:
        """Return the day that the office's calendar shows at `moment`."""
        return utc(moment).astimezone(ZoneInfo(self.zone)).date()

    def _moment(self, day: date, minute: int) -> Micros:
        midnight = datetime.combine(day, time(), ZoneInfo(self.zone))
        local = datetime.combine(day + timedelta(days=minute // 1440), time(minute % 1440 // 60, minute % 60), midnight.tzinfo)
        return micros(local.astimezone(UTC))


def without(spans: Iterable[Span], pauses: Iterable[Span]) -> Iterator[Span]:
    """Yield what remains of ordered `spans` outside `pauses`, in any order."""
    ordered = sorted(pauses)
    for start, end in spans:
        begun = start
        for pause, over in ordered:
            if over <= begun or pause >= end:
                continue
            if begun < pause:
                yield begun, pause
            begun = max(begun, over)
            if begun >= end:
                break
        if begun < end:
            yield begun, end


def after(spans: Iterable[Span], length_us: int) -> Micros | None:
    """Return the moment at which `length_us` of the spans have gone by, `None` where they are shorter in all."""
    left = length_us
    for start, end in spans:
        if end - start >= left:
            return Micros(start + left)
        left -= end - start
    return None
