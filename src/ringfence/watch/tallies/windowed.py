"""What a measure holds of the events in its window: one class a function, each constant in time for an event, on average.

A window gives each event a *stamp*, which never falls: its time, or the start of its grain or period. What has a stamp of at most
the window's *horizon* has left. Events of one stamp stand together where the function allows, so a window with a grain or by the
calendar holds as much as it has grains or periods.
"""

from collections import deque
from math import nan, sqrt

from msgspec import Struct, field

from ringfence.policy.evaluation import Value
from ringfence.watch.tallies.exact import ExactSum, is_number


class Counted(Struct, tag="count", array_like=True):
    """Events."""

    stamps: deque[int] = field(default_factory=deque)
    counts: deque[int] = field(default_factory=deque)
    total: int = 0

    def add(self, stamp: int, _: Value = None) -> bool:
        """Take in an event; tell whether it counts."""
        if self.stamps and self.stamps[-1] == stamp:
            self.counts[-1] += 1
        else:
            self.stamps.append(stamp)
            self.counts.append(1)
        self.total += 1
        return True

    def leave(self, horizon: int) -> None:
        """Forget what has left."""
        stamps = self.stamps
        while stamps and stamps[0] <= horizon:
            stamps.popleft()
            self.total -= self.counts.popleft()

    def value(self) -> float:
        """Return the measure."""
        return float(self.total)

    @property
    def entries(self) -> int:
        """How much is held. Nothing is held where nothing counts."""
        return len(self.stamps)

    @property
    def oldest(self) -> int:
        """The stamp of what leaves next; there must be something."""
        return self.stamps[0]


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


class Summed(Struct, tag="sum", array_like=True):
    """The sum of a number; with `mean`, its mean, not-a-number over no events."""

    mean: bool
    stamps: deque[int] = field(default_factory=deque)
    counts: deque[int] = field(default_factory=deque)
    sums: deque[ExactSum] = field(default_factory=deque)
    count: int = 0
    total: ExactSum = field(default_factory=ExactSum)

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event; tell whether it counts: an unset number does not."""
        if not is_number(value):
            return False
        number = float(value)
        if self.stamps and self.stamps[-1] == stamp:
            self.counts[-1] += 1
        else:
            self.stamps.append(stamp)
            self.counts.append(1)
            self.sums.append(ExactSum())
        self.sums[-1].add(number)
        self.total.add(number)
        self.count += 1
        return True

    def leave(self, horizon: int) -> None:
        """Forget what has left."""
        stamps = self.stamps
        while stamps and stamps[0] <= horizon:
            stamps.popleft()
            self.count -= self.counts.popleft()
            self.total.take(self.sums.popleft())

    def value(self) -> float:
        """Return the measure."""
        if not self.mean:
            return self.total.total
        return self.total.total / self.count if self.count else nan

    @property
    def entries(self) -> int:
        """How much is held."""
        return len(self.stamps)

    @property
    def oldest(self) -> int:
        """The stamp of what leaves next."""
        return self.stamps[0]


class Extreme(Struct, tag="extreme", array_like=True):
    """The largest number, or the smallest; not-a-number over no events. `values` fall (rise) from the one that stands."""

    largest: bool
    stamps: deque[int] = field(default_factory=deque)
    values: deque[float] = field(default_factory=deque)

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event; tell whether it counts: an unset number does not."""
        if not is_number(value):
            return False
        values = self.values
        while values and (values[-1] <= value if self.largest else values[-1] >= value):
            values.pop()
            self.stamps.pop()
        if not values or self.stamps[-1] != stamp:  # else it leaves with one that outdoes it
            values.append(float(value))
            self.stamps.append(stamp)
        return True

    def leave(self, horizon: int) -> None:
        """Forget what has left."""
        stamps = self.stamps
        while stamps and stamps[0] <= horizon:
            stamps.popleft()
            self.values.popleft()

    def value(self) -> float:
        """Return the measure."""
        return self.values[0] if self.values else nan

    @property
    def entries(self) -> int:
        """How much is held."""
        return len(self.stamps)

    @property
    def oldest(self) -> int:
        """The stamp of what leaves next."""
        return self.stamps[0]


class Deviating(Struct, tag="deviation", array_like=True):
    """The population standard deviation of a number; not-a-number over fewer than two events."""

    stamps: deque[int] = field(default_factory=deque)
    counts: deque[int] = field(default_factory=deque)
    sums: deque[ExactSum] = field(default_factory=deque)
    squares: deque[ExactSum] = field(default_factory=deque)
    count: int = 0
    total: ExactSum = field(default_factory=ExactSum)
    square: ExactSum = field(default_factory=ExactSum)

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event; tell whether it counts: an unset number does not."""
        if not is_number(value):
            return False
        number = float(value)
        if self.stamps and self.stamps[-1] == stamp:
            self.counts[-1] += 1
        else:
            self.stamps.append(stamp)
            self.counts.append(1)
            self.sums.append(ExactSum())
            self.squares.append(ExactSum())
        for total in (self.sums[-1], self.total):
            total.add(number)
        for total in (self.squares[-1], self.square):
            total.add_square(number)
        self.count += 1
        return True

    def leave(self, horizon: int) -> None:
        """Forget what has left."""
        stamps = self.stamps
        while stamps and stamps[0] <= horizon:
            stamps.popleft()
            self.count -= self.counts.popleft()
            self.total.take(self.sums.popleft())
            self.square.take(self.squares.popleft())

    def value(self) -> float:
        """Return the measure. The variance is exact and rounded once, so that like numbers deviate by nothing at all."""
        if self.count < 2:
            return nan
        spread = self.count * self.square.square_units() - self.total.units() ** 2
        try:
            return sqrt(spread / ((self.count**2) << 2148))
        except OverflowError:
            return nan

    @property
    def entries(self) -> int:
        """How much is held."""
        return len(self.stamps)

    @property
    def oldest(self) -> int:
        """The stamp of what leaves next."""
        return self.stamps[0]


class Ended(Struct, tag="ended", array_like=True):
    """The number at the window's oldest event, or at its newest; not-a-number over no events."""

    newest: bool
    stamps: deque[int] = field(default_factory=deque)
    values: deque[float] = field(default_factory=deque)

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event; tell whether it counts: an unset number does not."""
        if not is_number(value):
            return False
        if self.newest:
            self.stamps.clear()
            self.values.clear()
        if not self.stamps or self.stamps[-1] != stamp:
            self.stamps.append(stamp)
            self.values.append(float(value))
        return True

    def leave(self, horizon: int) -> None:
        """Forget what has left."""
        stamps = self.stamps
        while stamps and stamps[0] <= horizon:
            stamps.popleft()
            self.values.popleft()

    def value(self) -> float:
        """Return the measure."""
        return self.values[0] if self.values else nan

    @property
    def entries(self) -> int:
        """How much is held."""
        return len(self.stamps)

    @property
    def oldest(self) -> int:
        """The stamp of what leaves next."""
        return self.stamps[0]


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


class Peak(Struct, tag="peak", array_like=True):
    """The most events in any span of `length_us` that ends at one of the window's events; not-a-number over none.

    Such a span may hold events from before the window.
    """

    length_us: int
    times: deque[int] = field(default_factory=deque)
    fullest: Extreme = field(default_factory=lambda: Extreme(largest=True))

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event, whose time is its `value`; tell whether it counts."""
        if not is_number(value):
            return False
        times, time = self.times, int(value)
        times.append(time)
        while times[0] <= time - self.length_us:
            times.popleft()
        return self.fullest.add(stamp, len(times))

    def leave(self, horizon: int) -> None:
        """Forget what has left."""
        self.fullest.leave(horizon)

    def value(self) -> float:
        """Return the measure."""
        return self.fullest.value()

    @property
    def entries(self) -> int:
        """How much is held."""
        return self.fullest.entries

    @property
    def oldest(self) -> int:
        """The stamp of what leaves next."""
        return self.fullest.oldest


Windowed = Counted | Distinct | Summed | Extreme | Deviating | Ended | Most | Peak
