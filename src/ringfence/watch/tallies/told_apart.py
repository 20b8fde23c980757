"""What a measure holds that tells values apart: how many there are, and how many events share the commonest.

Stamps and horizons are those of `windowed`.
"""

from collections import deque

from msgspec import Struct, field

from ringfence.policy.evaluation import Value


class Distinct(Struct, tag="distinct", array_like=True):
    """Distinct values. `last` is when each came last, the longest ago first."""

    last: dict[str | float | bool, int] = field(default_factory=dict)

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event; tell whether it counts: an unset value does not."""
        if value is None or value != value:
            return False
        self.last.pop(value, None)
        self.last[value] = stamp
        return True

    def leave(self, horizon: int) -> None:
        """Forget what has left."""
        last = self.last
        while last:
            value = next(iter(last))
            if last[value] > horizon:
                return
            del last[value]

    def value(self) -> float:
        """Return the measure."""
        return float(len(self.last))

    @property
    def entries(self) -> int:
        """How much is held."""
        return len(self.last)

    def shed(self) -> None:
        """Forget the value that came last the longest ago, before its time."""
        del self.last[next(iter(self.last))]

    @property
    def oldest(self) -> int:
        """The stamp of what leaves next."""
        return next(iter(self.last.values()))


class Most(Struct, tag="most", array_like=True):
    """Events that share the commonest value. `values_with` is how many values have each number of events."""

    stamps: deque[int] = field(default_factory=deque)
    values: deque[dict[str | float | bool, int]] = field(default_factory=deque)
    held: int = 0
    events_of: dict[str | float | bool, int] = field(default_factory=dict)
    values_with: dict[int, int] = field(default_factory=dict)
    most: int = 0

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event; tell whether it counts: an unset value does not."""
        if value is None or value != value:
            return False
        if not self.stamps or self.stamps[-1] != stamp:
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

    def leave(self, horizon: int) -> None:
        """Forget what has left."""
        while self.stamps and self.stamps[0] <= horizon:
            self.stamps.popleft()
            for value, events in self.values.popleft().items():
                self.held -= 1
                self._lose(value, events)

    def value(self) -> float:
        """Return the measure."""
        return float(self.most)

    @property
    def entries(self) -> int:
        """How much is held."""
        return self.held

    @property
    def oldest(self) -> int:
        """The stamp of what leaves next."""
        return self.stamps[0]

    def shed(self) -> None:
        """Forget one of the oldest values before its time."""
        value, events = self.values[0].popitem()
        self.held -= 1
        self._lose(value, events)
        if not self.values[0]:
            self.values.popleft()
            self.stamps.popleft()

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
