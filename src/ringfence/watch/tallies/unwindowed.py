"""What a measure without a window holds: a run, calls under way, the newest moments."""

from collections.abc import Iterator
from math import nan
from typing import Final

from msgspec import Struct, field

from ringfence.vocabulary.times import DAY

LONGEST_CALL: Final = DAY
"""A call whose end was not seen for so long is under way no more: nobody can tell whether its end was lost."""


class Run(Struct, tag="run", array_like=True, gc=False):
    """Consecutive newest events that pass."""

    length: int = 0

    def add(self, _: int, *, passes: bool) -> bool:
        """Take in an event; tell whether it counts."""
        self.length = self.length + 1 if passes else 0
        return passes

    def value(self, _: int) -> float:
        """Return the measure at a moment."""
        return float(self.length)

    @property
    def size(self) -> int:
        """How much room it takes, in entries."""
        return self.entries

    @property
    def entries(self) -> int:
        """How much is held; nothing where nothing counts."""
        return 1 if self.length else 0


class Since(Struct, tag="since", array_like=True, gc=False):
    """Time from the newest event that passes; not-a-number where there was none."""

    newest: int | None = None

    def add(self, time: int, *, passes: bool) -> bool:
        """Take in an event; tell whether it counts."""
        if passes:
            self.newest = time
        return passes

    def value(self, time: int) -> float:
        """Return the measure at a moment."""
        return nan if self.newest is None else float(time - self.newest)

    @property
    def size(self) -> int:
        """How much room it takes, in entries."""
        return self.entries

    @property
    def entries(self) -> int:
        """How much is held."""
        return 0 if self.newest is None else 1


class Gap(Struct, tag="gap", array_like=True, gc=False):
    """Time between the newest event that passes and the one before it; not-a-number before the second."""

    newest: int | None = None
    before: int | None = None

    def add(self, time: int, *, passes: bool) -> bool:
        """Take in an event; tell whether it counts."""
        if passes:
            self.before, self.newest = self.newest, time
        return passes

    def value(self, _: int) -> float:
        """Return the measure at a moment."""
        return nan if self.before is None or self.newest is None else float(self.newest - self.before)

    @property
    def size(self) -> int:
        """How much room it takes, in entries."""
        return self.entries

    @property
    def entries(self) -> int:
        """How much is held."""
        return 0 if self.newest is None else 1


class Concurrent(Struct, tag="concurrent", array_like=True, gc=False):
    """Calls under way, of `LONGEST_CALL` at most. `begun` is their ids, and when each began, the oldest first."""

    begun: dict[str, int] = field(default_factory=dict)

    def begin(self, call_id: str, time: int) -> bool:
        """Take in a call; tell whether it counts: once, however often it is told."""
        if call_id in self.begun:
            return False
        self.begun[call_id] = time
        return True

    def end(self, call_id: str) -> bool:
        """Take a call out; tell whether it was under way."""
        return self.begun.pop(call_id, None) is not None

    def aged(self, time: int) -> Iterator[str]:
        """Yield the calls that began too long before `time`, to be ended."""
        for call_id, begun in self.begun.items():
            if begun > time - LONGEST_CALL:
                return
            yield call_id

    def value(self, _: int) -> float:
        """Return the measure."""
        return float(len(self.begun))

    @property
    def size(self) -> int:
        """How much room it takes, in entries."""
        return self.entries

    @property
    def entries(self) -> int:
        """How much is held."""
        return len(self.begun)


Unwindowed = Run | Since | Gap | Concurrent
UNWINDOWED: Final = (Run, Since, Gap, Concurrent)
"""The same, which `isinstance` asks faster."""
