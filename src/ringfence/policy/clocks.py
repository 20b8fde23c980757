"""Clocks: by when something must be done, counted in elapsed or business time, and what follows where it is not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ringfence.policy.calendars import Calendar, Span, after, without
from ringfence.vocabulary.times import Micros

NEVER: Final = Micros(2**62)
"""Where a pause that is still open ends, for counting."""


class Counting(StrEnum):
    """In what time a length is counted."""

    ELAPSED = "elapsed"  # every hour counts
    BUSINESS = "business"  # the hours in which the calendar's office is open
    DAYS = "business days"  # to the close of the last of so many business days, the day of the start not counted


class Start(StrEnum):
    """When a clock begins to run once its event has come."""

    AT_ONCE = "at once"
    NEXT_BUSINESS_HOUR = "next business hour"


class OnMiss(StrEnum):
    """What a missed clock does, once."""

    PAGE = "page"  # a person of `role` is called
    ESCALATE = "escalate"  # the matter goes to `role`, or up the party's path
    DEFAULT = "default"  # the consequence that was told beforehand takes effect


@dataclass(frozen=True, slots=True)
class Length:
    """How long: microseconds, or a number of business days."""

    amount: int
    counting: Counting


@dataclass(frozen=True, slots=True)
class Notification:
    """Who is told how long before the end."""

    before_us: Micros
    role: str


@dataclass(frozen=True, slots=True)
class Clock:
    """One deadline. `rule` is the law, contract or promise that set it; `after` the clock at whose end it starts, for a chain.

    `typical` is by when it is usually done, shown beside the end. `pauses` are the only grounds on which it may stand still.
    """

    name: str
    rule: str
    due: Length
    start: Start = Start.AT_ONCE
    calendar: Calendar | None = None
    typical: Length | None = None
    after: str | None = None
    warn: tuple[Notification, ...] = ()
    on_miss: OnMiss = OnMiss.PAGE
    role: str = "lead"
    pauses: tuple[str, ...] = ()

    def begins(self, event: Micros) -> Micros | None:
        """Return when it begins to run for an event; `None` where the calendar never opens again."""
        if self.start is Start.AT_ONCE or self.calendar is None:
            return event
        return next((start for start, _ in self.calendar.open_from(event)), None)

    def ends(self, event: Micros, pauses: Iterable[Span] = (), length: Length | None = None) -> Micros | None:
        """Return by when it must be done. `pauses` are the spans in which it stood still; an open one ends `NEVER`.

        `None` where a pause is open before the end, or the calendar never opens often enough. `length` instead of the clock's own
        asks for its `typical`.
        """
        begun, wanted, still = self.begins(event), length or self.due, list(pauses)
        if begun is None:
            return None
        if wanted.counting is Counting.ELAPSED or self.calendar is None:
            end = after(without([(begun, NEVER)], still), wanted.amount)
        elif wanted.counting is Counting.BUSINESS:
            end = after(without(self.calendar.open_from(begun), still), wanted.amount)
        else:
            end = self._close_of_day(self.calendar, begun, wanted.amount, still)
        return end if end is not None and not any(pause < end and over == NEVER for pause, over in still) else None

    def _close_of_day(self, calendar: Calendar, begun: Micros, days: int, pauses: list[Span]) -> Micros | None:
        """Return the close of the last of `days` business days after the one it began on. Days that a pause touches don't count."""
        left = days
        for day in calendar.business_days(calendar.day_of(begun)):
            opened, closed = calendar.open_on(day)[0][0], calendar.open_on(day)[-1][1]
            left -= not any(pause < closed and over > opened for pause, over in pauses)
            if left == 0:
                return closed
        return None

    def warns(self, end: Micros) -> list[tuple[Micros, str]]:
        """Return when whom to warn of an end, the earliest first."""
        return sorted((Micros(end - warning.before_us), warning.role) for warning in self.warn)


@dataclass(frozen=True, slots=True)
class Clocks:
    """All clocks of a version by name."""

    clocks: Mapping[str, Clock]

    def chain(self, first: str) -> list[Clock]:
        """Return a clock and those that start, one after another, at its end."""
        chain, name = [self.clocks[first]], first
        while (follower := next((clock for clock in self.clocks.values() if clock.after == name), None)) is not None:
            chain.append(follower)
            name = follower.name
        return chain
