"""What a measure holds of the events in its window: one class a function, each constant in time for an event, on average.

A window gives each event a *stamp*, which never falls: its time, or the start of its grain or period. What has a stamp of at most
the window's *horizon* has left. Events of one stamp stand together where the function allows, so a window with a grain or by the
calendar holds as much as it has grains or periods.
"""

from collections import deque
from math import nan, sqrt
from typing import Final

from msgspec import Struct, field

from ringfence.policy.evaluation import Value
from ringfence.watch.tallies.exact import ExactSum, is_number
from ringfence.watch.tallies.told_apart import Distinct, Most

_SPARE: Final = 32
"""So many places that were left are not worth moving the others for."""


class Counted(Struct, tag="count", array_like=True):
    """Events. What stands before `head` has left. Lists, for every key has such: a deque takes as much as six of them."""

    stamps: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    head: int = 0
    total: int = 0

    def add(self, stamp: int, _: Value = None) -> bool:
        """Take in an event; tell whether it counts."""
        if len(self.stamps) > self.head and self.stamps[-1] == stamp:
            self.counts[-1] += 1
        else:
            self.stamps.append(stamp)
            self.counts.append(1)
        self.total += 1
        return True

    def leave(self, horizon: int) -> None:
        """Forget what has left."""
        head, held = self.head, len(self.stamps)
        while head < held and self.stamps[head] <= horizon:
            self.total -= self.counts[head]
            head += 1
        if head == held or (head > _SPARE and 2 * head > held):
            del self.stamps[:head], self.counts[:head]
            head = 0
        self.head = head

    def value(self) -> float:
        """Return the measure."""
        return float(self.total)

    @property
    def entries(self) -> int:
        """How much is held. Nothing is held where nothing counts."""
        return len(self.stamps) - self.head

    @property
    def oldest(self) -> int:
        """The stamp of what leaves next; there must be something."""
        return self.stamps[self.head]


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
