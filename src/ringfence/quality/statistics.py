"""Shares with their intervals, and quantiles."""

from collections.abc import Sequence
from math import ceil, sqrt
from random import Random
from typing import NamedTuple

_Z = 1.959963984540054  # 95 %


class Share(NamedTuple):
    """A share of `of`, between `low` and `high` with 95 % confidence; `value` is `None` where there is nothing to divide."""

    value: float | None
    low: float
    high: float
    of: int


def wilson(hits: int, of: int) -> Share:
    """Return hits/of with the interval of E. B. Wilson, "Probable inference …", J. Am. Stat. Assoc. 22 (1927).

    >>> wilson(50, 50)
    Share(value=1.0, low=0.9286523390904803, high=1.0, of=50)
    """
    if of == 0:
        return Share(None, 0.0, 1.0, 0)
    share, square = hits / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return Share(share, max(0.0, middle - half), min(1.0, middle + half), of)


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least `share` of all do not exceed.

    >>> quantile([3.0, 1.0, 2.0, 4.0], 0.5)
    2.0
    """
    if not values:
        return None
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def bootstrap(values: Sequence[float], share: float, *, seed: int = 1, rounds: int = 400) -> tuple[float, float] | None:
    """Return the interval of a quantile with 95 % confidence: percentiles over drawings with replacement (B. Efron, 1979)."""
    if len(values) < 2:
        return None
    chance = Random(seed)
    drawn = sorted(quantile(chance.choices(values, k=len(values)), share) or 0.0 for _ in range(rounds))
    return drawn[int(0.025 * rounds)], drawn[int(0.975 * rounds)]


def reweighted(true: int, false: int, *, abusers: int, parties: int, prevalence: float) -> float | None:
    """Return the precision that there would be if `prevalence` of all parties were abusers, everything else being the same.

    `true` of `abusers` were found, and `false` of `parties` who did nothing.
    """
    found = prevalence * true / abusers if abusers else 0.0
    wrong = (1 - prevalence) * false / parties if parties else 0.0
    return found / (found + wrong) if found + wrong > 0 else None
