"""How what holds now gives way to what shall hold: spans are ended and begun, never rewritten. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, Generic, TypeVar

Span = tuple[datetime | None, datetime | None]
"""From (included) to (excluded); `None` is without bound."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Held(Generic[_Value]):
    """One link as it stands. `key` names it to the caller."""

    key: int
    value: _Value
    span: Span


@dataclass(frozen=True, slots=True)
class Succession(Generic[_Value]):
    """What must be done: links to end (key and moment), links to begin, links whose value or end is put right (key, value, end)."""

    end: Sequence[tuple[int, datetime | None]] = ()
    begin: Sequence[tuple[_Value, Span]] = ()
    mend: Sequence[tuple[int, _Value, datetime | None]] = ()

    @property
    def nothing(self) -> bool:
        """All stands as wanted."""
        return not (self.end or self.begin or self.mend)


def succession(standing: Iterable[Held[_Value]], wanted: _Value, span: Span, now: datetime) -> Succession[_Value]:
    """Return how `standing` links of one thing come to hold `wanted` over `span`.

    Without a span the wanted holds from now on, or, where nothing ever held, without bound. A span that begins as a standing one
    does puts that one right. Else it begins anew, and an open link that began before it ends where it begins.
    """
    links = list(standing)
    start, end = span
    if start is None and end is None:
        if not links:
            return Succession(begin=[(wanted, span)])
        current = next((link for link in links if holds(link.span, now)), None)
        if current is not None and current.value == wanted:
            return Succession()
        later = min((link.span[0] for link in links if link.span[0] is not None and link.span[0] > now), default=None)
        return Succession([(current.key, now)] if current else [], [(wanted, (now, later))])
    same = next((link for link in links if link.span[0] == start), None)
    if same is not None:
        stands = same.value == wanted and same.span[1] == end
        return Succession() if stands else Succession(mend=[(same.key, wanted, end)])
    open_before = [
        link for link in links if link.span[1] is None and (start is None or link.span[0] is None or link.span[0] < start)
    ]
    return Succession([(link.key, start) for link in open_before if start is not None], [(wanted, span)])


def holds(span: Span, moment: datetime) -> bool:
    """Tell whether a span has `moment` in it."""
    return (span[0] is None or span[0] <= moment) and (span[1] is None or moment < span[1])


def overlap(spans: Sequence[Span]) -> tuple[int, int] | None:
    """Return the places of the first two spans, as they begin, of which the later begins before the earlier ends."""
    ordered = sorted(range(len(spans)), key=lambda at: (spans[at][0] is not None, spans[at][0] or _NEVER))
    for earlier, later in pairwise(ordered):
        end, start = spans[earlier][1], spans[later][0]
        if end is None or start is None or start < end:
            return earlier, later
    return None


_NEVER: Final = datetime.min
