"""From values and times to places in a picture."""

from math import ceil, floor, log10
from typing import Final

from ringfence.vocabulary.times import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Micros

_TICKS: Final = 6
_STEPS: Final = tuple(
    Micros(step)
    for step in (
        *(n * MILLISECOND for n in (10, 20, 50, 100, 200, 500)),
        *(n * SECOND for n in (1, 2, 5, 10, 15, 30)),
        *(n * MINUTE for n in (1, 2, 5, 10, 15, 30)),
        *(n * HOUR for n in (1, 2, 3, 6, 12)),
        *(n * DAY for n in (1, 2, 7, 14, 28, 91, 182, 364, 3_640, 36_400, 364_000, 3_640_000)),
    )
)


class Scale:
    """Places values between `start` and `end` evenly between the coordinates `low` and `high`."""

    def __init__(self, start: float, end: float, low: float, high: float) -> None:
        self._start, self._low = start, low
        self._factor = (high - low) / (end - start) if end > start else 0.0

    def __call__(self, value: float) -> float:
        """Return the coordinate of `value`."""
        return self._low + (value - self._start) * self._factor


def round_top(value: float) -> float:
    """Return the next of 1, 2, 3, 4, 5, 6, 8 times a power of ten that is not below `value`.

    >>> round_top(61), round_top(0), round_top(7)
    (80.0, 1.0, 8.0)
    """
    if value <= 1:
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= value)


def time_ticks(start: Micros, end: Micros) -> tuple[list[Micros], Micros]:
    """Return up to seven round moments from `start` to `end`, and how far they lie apart."""
    step = next((step for step in _STEPS if (end - start) / step <= _TICKS), _STEPS[-1])
    first = ceil(start / step)
    return [Micros(place * step) for place in range(first, floor(end / step) + 1)], step


def bin_name(width: Micros) -> str:
    """Return how the bins of a picture are called: `per minute`.

    >>> bin_name(Micros(60_000_000)), bin_name(Micros(10_000_000))
    ('per minute', 'per 10 s')
    """
    single = {SECOND: "per second", MINUTE: "per minute", HOUR: "per hour", DAY: "per day", 7 * DAY: "per week"}
    if width in single:
        return single[width]
    if width < SECOND:
        return f"per {width / SECOND:g} s"
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if width >= unit:
            return f"per {width // unit:,} {name}"
    return f"per {width // SECOND} s"
