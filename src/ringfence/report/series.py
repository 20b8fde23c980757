"""Counts over time in few bins, and what stands within a sliding window: both of bounded size, however long the recording."""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from ringfence.vocabulary.times import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Micros

MOST_BINS: Final = 120
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
SLOTS: Final = 50
"""How finely a sliding window is kept: by a fiftieth of its length."""
MOST_VALUES: Final = 5_000
"""Distinct values one window remembers. What it says is then too low, which `is_cut` tells."""


class Bins:
    """Values by time, in at most `MOST_BINS` bins of one width, aligned to the epoch. `merge` makes one value of two."""

    __slots__ = ("_first", "_last", "_merge", "_width", "values")

    def __init__(self, merge: Callable[[int, int], int]) -> None:
        self._merge = merge
        self._width = 0
        self._first = self._last = 0
        self.values: dict[int, int] = {}
        """By the bin's place since the epoch; a bin that saw nothing is left out."""

    def add(self, time: Micros, value: int) -> None:
        """Take in `value` at `time`."""
        place = time // WIDTHS[self._width]
        if not self.values:
            self._first = self._last = place
        elif not self._first <= place <= self._last:
            self._first, self._last = min(place, self._first), max(place, self._last)
            while self._last - self._first >= MOST_BINS and self._width + 1 < len(WIDTHS):
                self._widen()
            place = time // WIDTHS[self._width]
        held = self.values.get(place)
        self.values[place] = value if held is None else self._merge(held, value)

    def at_width(self, width: Micros) -> dict[int, int]:
        """Return the values in bins of `width`, which is not narrower than the bins are."""
        merged: dict[int, int] = {}
        for place, value in self.values.items():
            wider = place * self.width // width
            merged[wider] = self._merge(merged[wider], value) if wider in merged else value
        return merged

    @property
    def width(self) -> Micros:
        """How long a bin is."""
        return WIDTHS[self._width]

    def _widen(self) -> None:
        self._width += 1
        narrow, self.values = self.values, {}
        times = WIDTHS[self._width] // WIDTHS[self._width - 1]
        for place, value in narrow.items():
            held = self.values.get(place // times)
            self.values[place // times] = value if held is None else self._merge(held, value)
        self._first //= times
        self._last //= times


class Sliding:
    """The sum of what came within the last `length_us`, to a fiftieth of it: never more than there was."""

    __slots__ = ("_slot_us", "_slots", "total")

    def __init__(self, length_us: Micros) -> None:
        self._slot_us = max(1, length_us // SLOTS)
        self._slots: deque[list[int]] = deque()
        self.total = 0

    def add(self, time: Micros, value: int) -> int:
        """Take in `value` at `time`, and return what the window then holds."""
        slot = time // self._slot_us
        slots = self._slots
        while slots and slots[0][0] <= slot - SLOTS:
            self.total -= slots.popleft()[1]
        if slots and slots[-1][0] >= slot:
            slots[-1][1] += value
        else:
            slots.append([slot, value])
        self.total += value
        return self.total

    @property
    def held(self) -> int:
        """How many values are remembered one by one: none."""
        return 0


class SlidingDistinct:
    """How many different values came within the last `length_us`, to a fiftieth of it, up to `MOST_VALUES`."""

    __slots__ = ("_last", "_slot_us", "is_cut")

    def __init__(self, length_us: Micros) -> None:
        self._slot_us = max(1, length_us // SLOTS)
        self._last: OrderedDict[str, int] = OrderedDict()  # a value to the slot it was last seen in, the longest ago first
        self.is_cut = False

    def add(self, time: Micros, value: str) -> int:
        """Take in `value` at `time`, and return how many the window then holds."""
        slot = time // self._slot_us
        last = self._last
        last[value] = slot
        last.move_to_end(value)
        while next(iter(last.values())) <= slot - SLOTS:
            last.popitem(last=False)
        if len(last) > MOST_VALUES:
            self.is_cut = True
            last.popitem(last=False)
        return len(last)

    @property
    def held(self) -> int:
        """How many values are remembered one by one."""
        return len(self._last)
