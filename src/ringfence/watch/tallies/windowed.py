"""What a measure holds of the events in its window: one class a function, each constant in time for an event, on average.

A window gives each event a *stamp*, which never falls: its time, or the start of its grain or period. What has a stamp of at most
the window's *horizon* has left. Events of one stamp stand together where the function allows, so a window with a grain or by the
calendar holds as much as it has grains or periods.
"""

from math import nan, sqrt

from msgspec import field

from ringfence.policy.evaluation import Value
from ringfence.watch.tallies.exact import ExactSum, is_number
from ringfence.watch.tallies.held import Held
from ringfence.watch.tallies.told_apart import Distinct, Most


class Counted(Held, tag="count", array_like=True, gc=False):
    """Events. `counts` is how many have each stamp."""

    counts: list[int] = field(default_factory=list)
    total: int = 0

    def add(self, stamp: int, _: Value = None) -> bool:
        """Take in an event; tell whether it counts."""
        stamps = self.stamps
        if stamps and stamps[-1] == stamp and len(stamps) > self.head:
            self.counts[-1] += 1
        else:
            stamps.append(stamp)
            self.counts.append(1)
        self.total += 1
        return True

    def value(self) -> float:
        """Return the measure."""
        return float(self.total)

    def gone(self, first: int, end: int) -> None:
        """Count no longer what stands there."""
        counts = self.counts
        self.total -= counts[first] if end == first + 1 else sum(counts[first:end])

    def cut(self, end: int) -> None:
        """Let go of the places that were left."""
        del self.stamps[:end], self.counts[:end]

    def events_at(self, place: int) -> int:
        """Return how many events stand at a place."""
        return self.counts[place]


class Summed(Held, tag="sum", array_like=True, gc=False):
    """The sum of a number; with `mean`, its mean, not-a-number over no events.

    `values` are the numbers of each stamp's first event, `sums` those of all events where a stamp has several.
    """

    mean: bool = False
    counts: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    sums: dict[int, ExactSum] = field(default_factory=dict)
    count: int = 0
    total: ExactSum = field(default_factory=ExactSum)

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event; tell whether it counts: an unset number does not."""
        if not is_number(value):
            return False
        number = float(value)
        if self.stamps and self.stamps[-1] == stamp and len(self.stamps) > self.head:
            if self.counts[-1] == 1:
                self._join(stamp, self.values[-1])
            self._join(stamp, number)
            self.counts[-1] += 1
        else:
            self.stamps.append(stamp)
            self.counts.append(1)
            self.values.append(number)
        self.take(number, 1)
        self.count += 1
        return True

    def _join(self, stamp: int, number: float) -> None:
        self.sums.setdefault(stamp, ExactSum()).add(number)

    def take(self, number: float, sign: int) -> None:
        """Add one event's number to the whole, or take it away."""
        self.total.add(sign * number)

    def take_away(self, stamp: int) -> None:
        """Take the numbers of a stamp with several events away from the whole."""
        self.total.take(self.sums.pop(stamp))

    def gone(self, first: int, end: int) -> None:
        """Take away what stands there."""
        for place in range(first, end):
            count = self.counts[place]
            self.count -= count
            if count == 1:
                self.take(self.values[place], -1)
            else:
                self.take_away(self.stamps[place])

    def value(self) -> float:
        """Return the measure."""
        if not self.mean:
            return self.total.total
        return self.total.total / self.count if self.count else nan

    def cut(self, end: int) -> None:
        """Let go of the places that were left."""
        del self.stamps[:end], self.counts[:end], self.values[:end]

    def events_at(self, place: int) -> int:
        """Return how many events stand at a place."""
        return self.counts[place]


class Deviating(Summed, tag="deviation", array_like=True, gc=False):
    """The population standard deviation of a number; not-a-number over fewer than two events."""

    squares: dict[int, ExactSum] = field(default_factory=dict)
    square: ExactSum = field(default_factory=ExactSum)

    def _join(self, stamp: int, number: float) -> None:
        self.sums.setdefault(stamp, ExactSum()).add(number)
        self.squares.setdefault(stamp, ExactSum()).add_square(number)

    def take(self, number: float, sign: int) -> None:
        """Add one event's number to the whole, or take it away."""
        self.total.add(sign * number)
        self.square.add_square(number, sign)

    def take_away(self, stamp: int) -> None:
        """Take the numbers of a stamp with several events away from the whole."""
        self.total.take(self.sums.pop(stamp))
        self.square.take(self.squares.pop(stamp))

    def value(self) -> float:
        """Return the measure. The variance is exact and rounded once, so that like numbers deviate by nothing at all."""
        if self.count < 2:
            return nan
        spread = self.count * self.square.square_units() - self.total.units() ** 2
        try:
            return sqrt(spread / ((self.count**2) << 2148))
        except OverflowError:
            return nan


class Extreme(Held, tag="extreme", array_like=True, gc=False):
    """The largest number, or the smallest; not-a-number over no events. `values` fall (rise) from the one that stands."""

    largest: bool = True
    values: list[float] = field(default_factory=list)

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event; tell whether it counts: an unset number does not."""
        if not is_number(value):
            return False
        values, head = self.values, self.head
        while len(values) > head and (values[-1] <= value if self.largest else values[-1] >= value):
            values.pop()
            self.stamps.pop()
        if len(values) == head or self.stamps[-1] != stamp:  # else it leaves with one that outdoes it
            values.append(float(value))
            self.stamps.append(stamp)
        return True

    def value(self) -> float:
        """Return the measure."""
        return self.values[self.head] if len(self.values) > self.head else nan

    def cut(self, end: int) -> None:
        """Let go of the places that were left."""
        del self.stamps[:end], self.values[:end]


class Ended(Held, tag="ended", array_like=True, gc=False):
    """The number at the window's oldest event, or at its newest; not-a-number over no events."""

    newest: bool = True
    values: list[float] = field(default_factory=list)

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event; tell whether it counts: an unset number does not."""
        if not is_number(value):
            return False
        if self.newest:
            self.cut(len(self.stamps))
            self.head = 0
        if len(self.stamps) == self.head or self.stamps[-1] != stamp:
            self.stamps.append(stamp)
            self.values.append(float(value))
        return True

    def value(self) -> float:
        """Return the measure."""
        return self.values[self.head] if len(self.values) > self.head else nan

    def cut(self, end: int) -> None:
        """Let go of the places that were left."""
        del self.stamps[:end], self.values[:end]


class Peak(Held, tag="peak", array_like=True, gc=False):
    """The most events in any span of `length_us` that ends at one of the window's events; not-a-number over none.

    Such a span may hold events from before the window: `recent` are those of the span that ends at the newest event. `values` fall
    from the fullest span on.
    """

    length_us: int = 1
    values: list[int] = field(default_factory=list)
    recent: Held = field(default_factory=Held)

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event, whose time is its `value`; tell whether it counts."""
        if not is_number(value):
            return False
        recent, time = self.recent, int(value)
        recent.leave(time - self.length_us)
        recent.stamps.append(time)
        within, values, head = recent.entries, self.values, self.head
        while len(values) > head and values[-1] <= within:
            values.pop()
            self.stamps.pop()
        if len(values) == head or self.stamps[-1] != stamp:
            values.append(within)
            self.stamps.append(stamp)
        return True

    def value(self) -> float:
        """Return the measure."""
        return float(self.values[self.head]) if len(self.values) > self.head else nan

    def cut(self, end: int) -> None:
        """Let go of the places that were left."""
        del self.stamps[:end], self.values[:end]

    @property
    def size(self) -> int:
        """How much room it takes: the newest span too."""
        return self.entries + self.recent.entries

    def shed(self) -> int:
        """Forget the oldest of what takes most room before its time; return of how many events."""
        return self.recent.shed() if self.recent.entries > self.entries else Held.shed(self)


Windowed = Counted | Distinct | Summed | Deviating | Extreme | Ended | Most | Peak
