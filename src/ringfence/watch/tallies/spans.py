"""A rule's windows at a moment: which stamp an event gets in each, and what has left it."""

from dataclasses import dataclass
from typing import Final

from ringfence.policy.plan import Calendar, Rolling, Unit, Window, span_us
from ringfence.vocabulary.times import Micros
from ringfence.watch.tallies.periods import Grid

LATEST: Final = Micros(7_258_118_400_000_000)
"""2200-01-01: no period begins after it, so that a broken clock cannot keep anybody counting periods for ever."""


@dataclass(slots=True)
class _Period:
    """The present period of a calendar window, and the start of the first one that the window still holds."""

    start: Micros
    end: Micros
    first: Micros


class Span:
    """One window. Moments that it is asked about never fall; with a billing cycle, never for one billing day."""

    def __init__(self, window: Window) -> None:
        self.window: Final = window
        self.name: Final = window.name
        self.is_calendar: Final = isinstance(window, Calendar)
        self.is_billed: Final = isinstance(window, Calendar) and window.unit is Unit.BILLING_CYCLE
        self._periods: dict[int, _Period] = {}
        self._grids: dict[int, Grid] = {}

    def stamp(self, time: int, billing_day: int = 1) -> int:
        """Return the stamp of an event that counts at `time`."""
        window = self.window
        if isinstance(window, Rolling):
            return time if window.grain_us is None else time - time % window.grain_us
        return self.period(time, billing_day).start

    def horizon(self, time: int, billing_day: int = 1) -> int:
        """Return the newest stamp that has left at `time`."""
        window = self.window
        if isinstance(window, Rolling):
            return time - window.length_us - (window.grain_us or 0)
        return self.period(time, billing_day).first - 1

    def leaves(self, stamp: int, time: int, billing_day: int = 1) -> int:
        """Return a moment after `time` before which nothing leaves that has `stamp` or a later one."""
        window = self.window
        if isinstance(window, Rolling):
            return max(stamp + window.length_us + (window.grain_us or 0), time + 1)
        return max(self.period(time - 1, billing_day).end, time + 1)

    def start(self, time: int, billing_day: int = 1) -> Micros:
        """Return the start of the window that ends at `time`, as findings tell it."""
        window = self.window
        if isinstance(window, Rolling):
            return window.start(time)
        return self.period(time, billing_day).first

    def period(self, time: int, billing_day: int = 1) -> _Period:
        """Return the period of a calendar window that `time` lies in."""
        known = self._periods.get(billing_day)
        if known is None or not known.start <= time < known.end:
            time = min(max(time, 0), LATEST)  # the calendar of a broken clock
            grid = self.grid(billing_day)
            start = grid.start(Micros(time))
            known = _Period(start, grid.shifted(start, 1), grid.shifted(start, 1 - self.periods))
            self._periods[billing_day] = known
        return known

    def grid(self, billing_day: int = 1) -> Grid:
        """Return the grid of a calendar window."""
        window = self.window
        if not isinstance(window, Calendar):
            raise TypeError(window)
        day = billing_day if self.is_billed else 1
        if day not in self._grids:
            self._grids[day] = Grid(window.unit, window.zone, day)
        return self._grids[day]

    @property
    def periods(self) -> int:
        """How many periods it holds; 1 for a rolling one."""
        return self.window.periods if isinstance(self.window, Calendar) else 1

    @property
    def longest_us(self) -> int:
        """How long it can be at most."""
        return span_us(self.window)
