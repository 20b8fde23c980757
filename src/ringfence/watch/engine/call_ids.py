"""The call ids of recent events, for the evidence."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Final

_FIRST: Final = itemgetter(0)


class CallIds:
    """The call ids of the last `remembered` events, by the events' numbers; `batch` is the most that come at once."""

    def __init__(self, *, remembered: int, batch: int) -> None:
        self.remembered: Final = remembered
        # Room for a whole batch more, so that what an event may name doesn't depend on how many come after it in its batch.
        self._ring: list[str | None] = [None] * (remembered + batch)
        self._unread: deque[tuple[int, Sequence[str]]] = deque()
        """Of the last numbers too: first numbers, rising, and call ids that are read only where somebody asks for one."""

    def add(self, first: int, call_ids: Sequence[str]) -> None:
        """Remember the call ids of the events numbered from `first` on."""
        size = len(self._ring)
        while self._unread and self._unread[0][0] + len(self._unread[0][1]) <= first + len(call_ids) - size:
            self._unread.popleft()
        if not isinstance(call_ids, list):
            self._unread.append((first, call_ids))
            return
        begin = first % size
        fits = min(len(call_ids), size - begin)
        self._ring[begin : begin + fits] = call_ids[:fits]
        self._ring[: len(call_ids) - fits] = call_ids[fits:]

    def of(self, numbers: Iterable[int], *, present: int) -> list[str]:
        """Return the call ids of the events `numbers`, save those forgotten when the event `present` came."""
        recent = (number for number in numbers if number > present - self.remembered)
        return [call_id for number in recent if (call_id := self._read(number)) is not None]

    def pick(self, numbers: Iterable[int], *, present: int) -> dict[int, str]:
        """Return the call ids that are still known at the event `present`, by number."""
        oldest, ring, size = present - self.remembered, self._ring, len(self._ring)
        if not self._unread:  # a live engine's checkpoint holds everything up
            recent = ((number, ring[number % size]) for number in numbers if number > oldest)
            return {number: call_id for number, call_id in recent if call_id is not None}
        return {number: call_id for number in numbers for call_id in self.of((number,), present=present)}

    def replace(self, picked: dict[int, str]) -> None:
        """Forget everything, and remember what `pick` gave."""
        size = len(self._ring)
        ring: list[str | None] = [None] * size
        self._ring = ring
        self._unread.clear()
        for number, call_id in picked.items():
            ring[number % size] = call_id

    def _read(self, number: int) -> str | None:
        place = bisect_right(self._unread, number, key=_FIRST) - 1
        if place >= 0:
            first, call_ids = self._unread[place]
            if number < first + len(call_ids):
                return call_ids[number - first]
        return self._ring[number % len(self._ring)]
