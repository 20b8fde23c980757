"""Durations as people write them: a number and a unit without a space, such as `6s`, `150ms`, `5min`, `1.5h` or `7d`."""

import re
from fractions import Fraction
from typing import Final

from ringfence.vocabulary.times import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Micros

UNITS: Final[dict[str, Micros]] = {"ms": MILLISECOND, "s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}
"""Unit to its length."""

DURATION_HINT: Final = "write a number and ms, s, min, h or d without a space, such as 150ms, 5min or 2h"

_DURATION: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|min|h|d)\Z", re.ASCII)
_LONGEST: Final = 3660 * DAY


def parse_duration(text: str) -> Micros | None:
    """Return the length that `text` names, or `None` where it names none or one of more than ten years.

    >>> parse_duration("150ms"), parse_duration("1.5h"), parse_duration("5 minutes")
    (150000, 5400000000, None)
    """
    match = _DURATION.match(text)
    if match is None:
        return None
    length = Fraction(match[1]) * UNITS[match[2]]
    return Micros(int(length)) if length.denominator == 1 and length <= _LONGEST else None


def write_duration(length_us: Micros) -> str:
    """Return a length as `parse_duration` reads it, in the largest unit that keeps it whole.

    >>> write_duration(Micros(5_400_000_000)), write_duration(Micros(86_400_000_000))
    ('90min', '1d')
    """
    for unit, size in reversed(UNITS.items()):
        if length_us % size == 0:
            return f"{length_us // size}{unit}"
    return f"{Fraction(length_us, MILLISECOND).__float__():.3f}ms"
