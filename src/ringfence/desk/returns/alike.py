"""Whether two parties' traffic looks the same: the same numbers called; the same hours, countries and lengths of calls. Pure."""

from collections.abc import Sequence
from math import hypot
from operator import mul
from typing import Final

from ringfence.vocabulary.contracts import TrafficProfile

FEWEST: Final = 200
"""Attempts of each, below which hours and lengths say nothing."""
_HOURS: Final = 0.97
_COUNTRIES: Final = 0.9
_LENGTHS: Final = 0.9
_CALLED: Final = 10
_CALLED_SHARE: Final = 0.2


def alike(one: TrafficProfile, other: TrafficProfile) -> list[str]:
    """Return in what two parties' traffic is the same: `fingerprint`, `called`. Thresholds are ours; each alone proves nothing."""
    kinds = []
    if min(one.attempts, other.attempts) >= FEWEST and _same_habits(one, other):
        kinds.append("fingerprint")
    shared = len(set(one.callees) & set(other.callees))
    fewer = min(len(one.callees), len(other.callees))
    if shared >= _CALLED and shared >= _CALLED_SHARE * fewer:
        kinds.append("called")
    return kinds


def _same_habits(one: TrafficProfile, other: TrafficProfile) -> bool:
    shared = sum(min(share, other.countries.get(name, 0.0)) for name, share in one.countries.items())
    lengths = sum(map(min, one.lengths, other.lengths))
    return _cosine(one.hours, other.hours) >= _HOURS and shared >= _COUNTRIES and lengths >= _LENGTHS


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how much two profiles point the same way, from 0 to 1.

    >>> _cosine((1, 0), (2, 0)), _cosine((1, 0), (0, 1)), _cosine((), ())
    (1.0, 0.0, 0.0)
    """
    lengths = hypot(*one) * hypot(*other)
    return sum(map(mul, one, other)) / lengths if lengths and len(one) == len(other) else 0.0
