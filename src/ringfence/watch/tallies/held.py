"""Stamps in a window, the oldest first: what every measure over a window holds, in lists, which are packed as they stand.

A deque would take as much as six lists, and be packed item by item.
"""

from bisect import bisect_right
from typing import Final

from msgspec import Struct, field

_SPARE: Final = 32
"""So many places that were left are not worth moving the others for."""


class Held(Struct, array_like=True, gc=False):
    """What stands before `head` has left. Of each stamp subclasses keep more, in lists of the same length."""

    stamps: list[int] = field(default_factory=list)
    head: int = 0

    def leave(self, horizon: int) -> None:
        """Forget what has left."""
        stamps, head = self.stamps, self.head
        held = len(stamps)
        if head == held or stamps[head] > horizon:
            return
        end = bisect_right(stamps, horizon, head)
        self.gone(head, end)
        if end == held or (end > _SPARE and 2 * end > held):
            self.cut(end)
            end = 0
        self.head = end

    def gone(self, first: int, end: int) -> None:
        """Count no longer what stands at the places from `first` up to `end`."""

    def cut(self, end: int) -> None:
        """Let go of the places before `end`."""
        del self.stamps[:end]

    def events_at(self, place: int) -> int:
        """Return how many events stand at a place."""
        return 1 if place >= self.head else 0

    @property
    def entries(self) -> int:
        """How many stamps are held; nothing where nothing counts."""
        return len(self.stamps) - self.head

    @property
    def size(self) -> int:
        """How much room it takes, in entries."""
        return len(self.stamps) - self.head

    @property
    def oldest(self) -> int:
        """The stamp of what leaves next; there must be something."""
        return self.stamps[self.head]

    def shed(self) -> int:
        """Forget the oldest stamp before its time; return how many events had it."""
        events = self.events_at(self.head)
        Held.leave(self, self.oldest)
        return events
