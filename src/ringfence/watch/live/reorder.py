"""Puts what capture agents send back into the order of its time, as far as it arrives within the allowed lateness."""

from bisect import bisect_right
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from ringfence.vocabulary.times import Micros
from ringfence.watch.kernels import hep_packets as kernel
from ringfence.watch.live.held import Held
from ringfence.watch.live.wait import Wait
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.hep import Mirrored

MOST_HELD: Final = 50_000
_MOST_RUNS: Final = 16
"""Datagrams that stand apart between mirrored messages; where there are more of them, all are given out one by one."""
_MOST_AGENTS: Final = 4_096
_EVER: Final = Micros((1 << 62) - 1)
_Agent = tuple[int, int | None]
"""A number for the address that its packets come from, and the id that it gives itself."""


class Run(NamedTuple):
    """Packets in their order, and whether each is late."""

    packets: Mirrored | Sequence[Datagram]
    late: Sequence[bool]

    @property
    def newest_arrival(self) -> Micros:
        """When the last one came."""
        if isinstance(self.packets, Mirrored):
            return Micros(self.packets.rows.item(-1, kernel.ARRIVAL))
        return self.packets[-1].arrival


class ReorderBuffer:
    """Holds packets for `wait_us`, at most `lateness_us`, and gives them out by (time, source, arrival).

    No capture knows the future: a time after the arrival counts as the arrival. What is older than the newest that its own agent
    has had given out is late: it counts when it comes, so that an agent with a slow clock is not late for ever. Beyond
    `most_held` the oldest are given out before their time; `hurried` counts them.
    """

    def __init__(self, lateness_us: int, *, most_held: int = MOST_HELD) -> None:
        self._wait = Wait(lateness_us)
        self.hurried = 0
        self.late = 0
        self._most_held = most_held
        self._apart: list[tuple[Micros, str, int, Datagram]] = []
        self._held = Held()
        self._given: dict[_Agent, Micros] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._apart) + len(self._held)

    @property
    def wait_us(self) -> int:
        """How long messages are waited for that others may have overtaken: see `Wait`."""
        return self._wait.us

    @property
    def room(self) -> int:
        """How many more it should be given before some are taken out."""
        return max(0, 2 * self._most_held - len(self))

    def add(self, datagram: Datagram) -> None:
        """Take one in."""
        self._count += 1
        self._wait.note(datagram.arrival, datagram.arrival - datagram.time)
        if datagram.time > datagram.arrival:
            datagram = replace(datagram, time=datagram.arrival)
        heappush(self._apart, (datagram.time, datagram.source, self._count, datagram))

    def add_many(self, mirrored: Mirrored) -> None:
        """Take in many."""
        arrivals = mirrored.rows[:, kernel.ARRIVAL]
        self._wait.note(Micros(int(arrivals[-1])), int((arrivals - mirrored.rows[:, kernel.TIME]).max()))
        self._held.add(mirrored)

    def ready(self, now: Micros, *, limit: int) -> list[Run]:
        """Return those whose time has come, in order: up to `limit` that came one by one, and as many that came together."""
        excess = len(self) - self._most_held
        runs = self._taken(Micros(now - self.wait_us), limit)
        excess = min(excess, limit) - sum(len(run.packets) for run in runs)
        if excess > 0:
            hurried = self._taken(_EVER, excess)
            self.hurried += sum(len(run.packets) for run in hurried)
            runs += hurried
        return runs

    def rest(self) -> list[Run]:
        """Return all that is held, in order. What comes then is late for nothing."""
        runs = self._taken(_EVER, len(self))
        self._given.clear()
        return runs

    def _taken(self, upto: Micros, most: int) -> list[Run]:
        """Return the oldest of either kind, at most so many and of no later time."""
        apart: list[Datagram] = []
        while self._apart and len(apart) < most and self._apart[0][0] <= upto:
            apart.append(heappop(self._apart)[-1])
        mirrored = self._held.take(apart[-1].time if apart and len(apart) == most else upto, most)
        if mirrored is None:
            return [self._run(apart)] if apart else []
        if len(mirrored) == most:
            newest = mirrored.rows[-1, kernel.TIME]
            while apart and apart[-1].time > newest:  # others of the other kind may come before it
                self.add(apart.pop())
        return self._merged(apart, mirrored)

    def _merged(self, apart: list[Datagram], mirrored: Mirrored) -> list[Run]:
        if len(apart) > _MOST_RUNS:
            every = [
                *zip(mirrored, mirrored.rows[:, kernel.SENDER].tolist(), strict=True),
                *((each, _sender(each)) for each in apart),
            ]
            every.sort(key=_time)
            return [Run([each for each, _ in every], [self._is_late((sender, each.agent), each.time) for each, sender in every])]
        runs: list[Run] = []
        begin, times = 0, mirrored.rows[:, kernel.TIME].tolist()
        for each in apart:
            end = bisect_right(times, each.time)
            if end > begin:
                runs.append(self._run_of(mirrored.part(mirrored.rows[begin:end])))
            runs.append(self._run([each]))
            begin = end
        if begin < len(mirrored):
            runs.append(self._run_of(mirrored.part(mirrored.rows[begin:]) if begin else mirrored))
        return runs

    def _run(self, datagrams: list[Datagram]) -> Run:
        return Run(datagrams, [self._is_late((_sender(each), each.agent), each.time) for each in datagrams])

    def _run_of(self, mirrored: Mirrored) -> Run:
        rows = mirrored.rows
        late = np.zeros(len(rows), np.bool_)
        agents = rows[:, (kernel.SENDER, kernel.AGENT)]
        for sender, agent in np.unique(agents, axis=0).tolist():
            own = (agents[:, 0] == sender) & (agents[:, 1] == agent)
            times = rows[own, kernel.TIME]
            newest = self._given.get((sender, agent))
            if newest is not None and times[0] < newest:
                late |= own & (rows[:, kernel.TIME] < newest)
            self._note((sender, agent), Micros(int(times[-1])), newest)
        self.late += int(late.sum())
        return Run(mirrored, late.tolist())

    def _is_late(self, agent: _Agent, time: Micros) -> bool:
        newest = self._given.get(agent)
        if newest is not None and time < newest:
            self.late += 1
            return True
        self._note(agent, time, newest)
        return False

    def _note(self, agent: _Agent, time: Micros, newest: Micros | None) -> None:
        if newest is None and len(self._given) >= _MOST_AGENTS:
            self._given.clear()
        if newest is None or time > newest:
            self._given[agent] = time


def _sender(datagram: Datagram) -> int:
    return hash(datagram.agent_address)


def _time(given: tuple[Datagram, int]) -> Micros:
    return given[0].time
