"""Distinct values of a window: counted one by one up to a stated number, beyond it estimated from a sample.

Values are told apart by 64-bit hashes under the installation's key. A value's *level* is how many zeros its hash ends in: of 2^l
values one has level l or more. Let j be the smallest level that no more than `exact` of the window's values reach: the estimate is
2^j times those that do (distinct sampling over a sliding window: Gibbons and Tirthapura, Distributed Streams Algorithms for Sliding
Windows, 2002). With j = 0 that is the number itself. So the answer depends on what the window holds and on nothing else: not on how
events were cut into batches, on snapshots, or on when values were let go of.

A value is let go of once more than `exact` newer ones have its level or more: as long as it is in the window, so are they, and it
can't be part of the sample.
"""

from math import sqrt

from msgspec import field

from ringfence.policy.evaluation import Value
from ringfence.watch.tallies.told_apart import Distinct

DEVIATIONS = 2
"""A bound is so many standard deviations of the estimate: in 19 of 20 cases it is nearer."""
_HASH_BITS = 64


class Sampled(Distinct, tag="sampled", array_like=True, gc=False):
    """Distinct hashes. `levels` is how many of those held have each level; empty as long as every one is held.

    Beyond `room` it looks for some to let go of.
    """

    exact: int = 1
    levels: list[int] = field(default_factory=list)
    room: int = 0

    def add(self, stamp: int, value: Value) -> bool:
        """Take in an event by its value's hash; tell whether it counts: an unset value does not."""
        if not isinstance(value, int):
            return False
        if self.levels:
            self.levels[_level(value)] += value not in self.last
        Distinct.add(self, stamp, value)
        held = len(self.last)
        if not self.levels:
            if held > self.exact:
                self._begin()
        elif held > self.room:
            self._let_go()
        elif 2 * held < self.exact:
            self.levels = []
        return True

    def gone(self, first: int, end: int) -> None:
        """Forget the hashes that came last at those places."""
        if not self.levels:
            Distinct.gone(self, first, end)
            return
        last, stamps, values, levels = self.last, self.stamps, self.values, self.levels
        for place in range(first, end):
            value = values[place]
            if last.get(value) == stamps[place]:
                del last[value]
                levels[_level(value)] -= 1

    def value(self) -> float:
        """Return the measure."""
        if len(self.last) <= self.exact:
            return float(len(self.last))
        level, reach = self._sample()
        return float(max(reach << level, self.exact + 1))

    def error(self) -> float:
        """Return the bound of the estimate's error as a share of it; 0 where it is exact."""
        if len(self.last) <= self.exact:
            return 0.0
        level, reach = self._sample()
        return DEVIATIONS * sqrt((1 - 2.0**-level) / max(reach, 1))

    def _sample(self) -> tuple[int, int]:
        """Return the level of the sample and its size."""
        level, reach = len(self.levels), 0
        while level and reach + self.levels[level - 1] <= self.exact:
            level -= 1
            reach += self.levels[level]
        return level, reach

    def _begin(self) -> None:
        self.levels = [0] * (_HASH_BITS + 1)
        for value in self.last:
            self.levels[_level(value)] += 1
        self.room = 4 * self.exact

    def _let_go(self) -> None:
        """Keep of each level what may be part of a sample."""
        newer = [0] * len(self.levels)
        last, kept = self.last, list[int]()
        for place in range(len(self.stamps) - 1, self.head - 1, -1):
            value = self.values[place]
            if last.get(value) != self.stamps[place]:
                continue
            level = _level(value)
            if newer[level] > self.exact:
                del last[value]
                self.levels[level] -= 1
                continue
            for lower in range(level + 1):
                newer[lower] += 1
            kept.append(place)
        kept.reverse()
        self.stamps, self.values = [self.stamps[place] for place in kept], [self.values[place] for place in kept]
        self.head = 0
        self.room = len(kept) + len(kept) // 2 + self.exact


def _level(value: str | float | bool) -> int:
    """Return how many zeros a hash ends in."""
    hashed = int(value)
    return (hashed & -hashed).bit_length() - 1 if hashed else _HASH_BITS
