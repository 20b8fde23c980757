"""When people call: shapes of a day by the hour, and of a week by the day."""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Final

from ringfence.vocabulary.times import DAY, HOUR, Micros

SHAPES: Final[dict[str, tuple[float, ...]]] = {
    # Each of 24 local hours against the others. The two humps of an office, before noon and in the afternoon, and the evening peak
    # of homes are in every teletraffic text (ITU-T E.500 measures in them); the figures are ours.
    "office": (0, 0, 0, 0, 0, 0, 0.1, 0.5, 4, 9, 11, 10, 6, 7, 10, 10, 8, 5, 1.5, 0.4, 0.1, 0, 0, 0),
    "home": (0.3, 0.1, 0.1, 0, 0, 0.1, 0.5, 1.5, 3, 4.5, 5, 5, 4.5, 4, 4.5, 5, 6, 8, 10, 11, 9, 6, 3, 1),
    "shop": (0, 0, 0, 0, 0, 0, 0.1, 0.5, 3, 7, 9, 9, 8, 7, 8, 9, 9, 8, 5, 2, 0.4, 0, 0, 0),
    "round": (3, 2.5, 2, 2, 2, 2.5, 4, 6, 8, 9, 9, 8.5, 7, 7.5, 8, 8, 7.5, 7, 6.5, 6, 5.5, 5, 4, 3.5),
    "evening": (1, 0.2, 0, 0, 0, 0, 0, 0.2, 0.5, 1, 2, 4, 6, 3, 2, 3, 6, 10, 14, 14, 10, 7, 4, 2),
    "night": (8, 9, 9, 9, 8, 7, 5, 2, 1, 0.5, 0.3, 0.3, 0.3, 0.5, 0.5, 0.6, 1, 1.5, 2, 3, 4, 6, 8, 8),
    "morning": (0, 0, 0, 0, 0, 0, 2, 8, 14, 10, 5, 3, 1, 1, 1, 0.5, 0.2, 0.1, 0, 0, 0, 0, 0, 0),
    "flat": (1,) * 24,
}

_SUMS: Final = {name: tuple(accumulate(shape)) for name, shape in SHAPES.items()}


def moment(day: Micros, shape: str, offset_h: int, chance: Random) -> Micros:
    """Return a moment of the UTC day that begins at `day`, in an hour of `shape` where the clock is `offset_h` ahead of UTC.

    What would fall beyond the day's end is of its beginning: a day of UTC has every local hour once.
    """
    sums = _SUMS[shape]
    hour = bisect(sums, chance.random() * sums[-1])
    return Micros(day + (hour - offset_h) % 24 * HOUR + int(chance.random() * HOUR))


def weekday(day: Micros) -> int:
    """Return 0 for a Monday to 6 for a Sunday.

    >>> weekday(Micros(0))  # 1970-01-01 was a Thursday
    3
    """
    return (day // DAY + 3) % 7


def day_factor(day: Micros, weekend: float, closed: Sequence[Micros] = ()) -> float:
    """Return how much of a weekday's traffic the day has: `weekend` on its days, as little on `closed` ones (holidays)."""
    return weekend if weekday(day) >= 5 or day in closed else 1.0
