"""Counts over time in few bins of one width."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ringfence.report.looking import Measured
from ringfence.vocabulary.times import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Micros

WIDTHS: Final[tuple[Micros, ...]] = tuple(
    Micros(width)
    for width in (
        10 * MILLISECOND,
        100 * MILLISECOND,
        SECOND,
        10 * SECOND,
        MINUTE,
        5 * MINUTE,
        15 * MINUTE,
        HOUR,
        6 * HOUR,
        DAY,
        7 * DAY,
        28 * DAY,
        364 * DAY,
        36_400 * DAY,
        3_640_000 * DAY,
    )
)
"""How wide a bin can be; each divides the next, so that bins merge exactly."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Values by the bin's place since the epoch, one that saw nothing left out. Two bins merge to their sum, or to the larger."""

    width: Micros
    values: Mapping[int, int]
    adds: bool

    def at_width(self, width: Micros) -> dict[int, int]:
        """Return the values in bins of `width`, which is not narrower than the bins are."""
        merged: dict[int, int] = {}
        for place, value in self.values.items():
            wider = place * self.width // width
            held = merged.get(wider, 0)
            merged[wider] = held + value if self.adds else max(held, value)
        return merged


@dataclass(frozen=True, slots=True)
class Line:
    """One measure of one subject: the most that stood within the rule's window, by bin.

    `is_cut`: it is lower than the truth, because more was distinct than is remembered.
    """

    measured: Measured
    peaks: Bins
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Track:
    """What a rule looked at of one subject: events by bin, and its measures."""

    events: Bins
    lines: tuple[Line, ...]
