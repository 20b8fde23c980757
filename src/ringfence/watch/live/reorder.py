"""Puts what capture agents send back into the order of its time, as far as it arrives within the allowed lateness."""

from heapq import heappop, heappush
from typing import Final

from msgspec.structs import replace

from ringfence.vocabulary.times import Micros
from ringfence.watch.sources.datagram import Datagram

MOST_HELD: Final = 50_000


class ReorderBuffer:
    """Holds datagrams for `lateness_us` and gives them out by (time, source, arrival).

    No capture knows the future: a time after the arrival counts as the arrival. What is older than the newest that its own agent
    has had given out is late: it counts when it comes, so that an agent with a slow clock is not late for ever. Beyond
    `most_held` the oldest are given out before their time; `hurried` counts them.
    """

    def __init__(self, lateness_us: int, *, most_held: int = MOST_HELD) -> None:
        self.lateness_us: Final = lateness_us
        self.hurried = 0
        self.late = 0
        self._most_held = most_held
        self._held: list[tuple[Micros, str, int, Datagram]] = []
        self._given: dict[tuple[str | None, int | None], Micros] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._held)

    @property
    def room(self) -> int:
        """How many more it should be given before some are taken out."""
        return max(0, 2 * self._most_held - len(self._held))

    def add(self, datagram: Datagram) -> None:
        """Take one in."""
        self._count += 1
        if datagram.time > datagram.arrival:
            datagram = replace(datagram, time=datagram.arrival)
        heappush(self._held, (datagram.time, datagram.source, self._count, datagram))

    def ready(self, now: Micros, *, limit: int) -> list[tuple[Datagram, bool]]:
        """Return up to `limit` whose time has come, in order, and whether each is late."""
        watermark = now - self.lateness_us
        given: list[tuple[Datagram, bool]] = []
        while self._held and len(given) < limit:
            if self._held[0][0] > watermark:
                if len(self._held) <= self._most_held:
                    break
                self.hurried += 1
            given.append(self._give())
        return given

    def rest(self) -> list[tuple[Datagram, bool]]:
        """Return all that is held, in order. What comes then is late for nothing."""
        given = [self._give() for _ in range(len(self._held))]
        self._given.clear()
        return given

    def _give(self) -> tuple[Datagram, bool]:
        time, _, _, datagram = heappop(self._held)
        agent = (datagram.agent_address, datagram.agent)
        newest = self._given.get(agent)
        late = newest is not None and time < newest
        if late:
            self.late += 1
        else:
            if newest is None and len(self._given) >= 4_096:
                self._given.clear()
            self._given[agent] = time
        return datagram, late
