"""What a measure holds that tells values apart: how many there are, and how many events share the commonest.

Stamps and horizons are those of `windowed`.
"""

from typing import Final

from msgspec import field

from ringfence.policy.evaluation import Value
from ringfence.watch.tallies.held import Held

_SPARE: Final = 32
"""So many stamps of values that came again are not worth looking for."""


class Distinct(Held, tag="distinct", array_like=True, gc=False):
    """Distinct values. `last` is when each came last; of a value's `stamps` all others are stale.

    In a dict alone, from whose front values leave, the front is looked for behind all that left before.
    """

    values: list[str | int | float | bool] = field(default_factory=list)
    last: dict[str | int | float | bool, int] = field(default_factory=dict)

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event; tell whether it counts: an unset value does not."""
        if value is None or value != value:
            return False
        last = self.last
        if last.get(value) != stamp:
            last[value] = stamp
            self.stamps.append(stamp)
            self.values.append(value)
            if len(self.stamps) - self.head > 2 * len(last) + _SPARE:
                self._tidy()
        return True

    def gone(self, first: int, end: int) -> None:
        """Forget the values that came last at those places."""
        last, stamps, values = self.last, self.stamps, self.values
        for place in range(first, end):
            if last.get(values[place]) == stamps[place]:
                del last[values[place]]

    def cut(self, end: int) -> None:
        """Let go of the places that were left."""
        del self.stamps[:end], self.values[:end]

    def value(self) -> float:
        """Return the measure."""
        return float(len(self.last))

    @property
    def entries(self) -> int:
        """How many values are held."""
        return len(self.last)

    def shed(self) -> int:
        """Forget the value that came last the longest ago, before its time; return of how many events at least."""
        before = len(self.last)
        while self.last and len(self.last) == before:
            place = self.head
            self.gone(place, place + 1)
            self.head = place + 1
        if self.head > _SPARE and 2 * self.head > len(self.stamps):
            self.cut(self.head)
            self.head = 0
        return 1

    def _tidy(self) -> None:
        """Let go of the stamps of values that came again."""
        last, head = self.last, self.head
        kept = [(stamp, value) for stamp, value in zip(self.stamps[head:], self.values[head:], strict=True) if last[value] == stamp]
        self.stamps, self.values = [stamp for stamp, _ in kept], [value for _, value in kept]
        self.head = 0


class Most(Held, tag="most", array_like=True, gc=False):
    """Events that share the commonest value. `values_with` is how many values have each number of events."""

    values: list[dict[str | float | bool, int]] = field(default_factory=list)
    held: int = 0
    events_of: dict[str | float | bool, int] = field(default_factory=dict)
    values_with: dict[int, int] = field(default_factory=dict)
    most: int = 0

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event; tell whether it counts: an unset value does not."""
        if value is None or value != value:
            return False
        if len(self.stamps) == self.head or self.stamps[-1] != stamp:
            self.stamps.append(stamp)
            self.values.append({})
        newest = self.values[-1]
        self.held += value not in newest
        newest[value] = newest.get(value, 0) + 1
        count = self.events_of.get(value, 0)
        self.events_of[value] = count + 1
        self._move(count, count + 1)
        self.most = max(self.most, count + 1)
        return True

    def gone(self, first: int, end: int) -> None:
        """Forget the events at those places."""
        for place in range(first, end):
            for value, events in self.values[place].items():
                self.held -= 1
                self._lose(value, events)

    def cut(self, end: int) -> None:
        """Let go of the places that were left."""
        del self.stamps[:end], self.values[:end]

    def value(self) -> float:
        """Return the measure."""
        return float(self.most)

    @property
    def size(self) -> int:
        """How much room it takes: a value of each stamp."""
        return self.held

    def shed(self) -> int:
        """Forget one of the oldest values before its time; return of how many events."""
        value, events = self.values[self.head].popitem()
        self.held -= 1
        self._lose(value, events)
        if not self.values[self.head]:
            Held.leave(self, self.oldest)
        return events

    def _lose(self, value: str | float | bool, events: int) -> None:
        count = self.events_of.pop(value)
        if count > events:
            self.events_of[value] = count - events
        self._move(count, count - events)
        while self.most and not self.values_with.get(self.most):  # as many steps down as there were steps up
            self.most -= 1

    def _move(self, before: int, after: int) -> None:
        if before:
            self.values_with[before] -= 1
            if not self.values_with[before]:
                del self.values_with[before]
        if after:
            self.values_with[after] = self.values_with.get(after, 0) + 1
