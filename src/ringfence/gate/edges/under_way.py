"""What calls are under way at an edge: caps count by it, and the desk shows whom a measure would cut off."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from typing import Final

import structlog

from ringfence.gate.edges.deeds import Placed, attributed, is_for_help
from ringfence.gate.edges.edge import Edge, EdgeRefused, HoldsCalls, HoldsRegistrations
from ringfence.gate.table import OrdersTable
from ringfence.gate.table.scopes import keys
from ringfence.gate.table.under_way import CallKey
from ringfence.vocabulary.contracts import Ask
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory

WITH_CAPS_US: Final = Micros(2 * SECOND)
"""How often an edge is asked for its calls while calls under way are capped."""
ELSE_US: Final = Micros(15 * SECOND)
REGISTERED_US: Final = Micros(60 * SECOND)
"""How often an edge is asked who is registered."""
MOST_TOLD: Final = 20_000
"""Calls under way at an edge beyond which the desk is not told between whom they are: the file is written every second."""
_TURN_S: Final = 0.2
_SHOWN: Final = frozenset({SubjectKind.ACCOUNT, SubjectKind.PARTY, SubjectKind.TRUNK, SubjectKind.SOURCE})
"""Kinds of scopes whose calls are told by number; of numbers those that the provider's own parties hold."""
_LOG: Final = structlog.get_logger("gate.edge")


class CallsAtEdge:
    """Asks one edge for its calls again and again. `counts` says how many each scope has, `seen` as of when."""

    def __init__(
        self,
        edge: Edge,
        table: OrdersTable,
        *,
        clock: Callable[[], Micros],
        directory: Callable[[], Directory],
        asks_from: Collection[str] = (),
    ) -> None:
        """`asks_from` are the addresses from which this edge asks whether calls may pass."""
        self.edge = edge
        self.counts: dict[str, int] = {}
        self.between: dict[str, int] = {}
        """How many calls there are between the same numbers: the caller, the asserted one if it is another, and the called."""
        self.emergency = 0
        """How many of the calls are for help."""
        self.total = 0
        self.seen: Micros | None = None
        self._table = table
        self._clock = clock
        self._directory = directory
        self._asks_from = frozenset(asks_from)
        self._caps: frozenset[str] = frozenset()
        self._trouble: str | None = None
        self._tried = Micros(-ELSE_US)
        self._registered = Micros(-REGISTERED_US)

    def told(self) -> dict[str, object]:
        """Return what the desk is told: when the edge was seen, how many calls it had, for help, of each scope, between whom."""
        between = self.between if self.total <= MOST_TOLD else None
        return {"seen": self.seen, "calls": self.total, "emergency": self.emergency, "scopes": self.counts, "between": between}

    async def run(self) -> None:
        """Look when it is time, for ever: at once where a cap was ordered, for calls that are under way by then."""
        while isinstance(self.edge, HoldsCalls | HoldsRegistrations):
            now, caps = self._clock(), self._table.caps
            if caps - self._caps or now - self._tried >= (WITH_CAPS_US if caps else ELSE_US):
                self._caps = caps
                await self._try(now)
            await asyncio.sleep(_TURN_S)

    async def _try(self, now: Micros) -> None:
        self._tried = now
        try:
            await self.look()
            self._trouble = None
        except EdgeRefused as error:
            if self._trouble != str(error):
                _LOG.warning("an edge does not tell its calls; caps count without it", edge=self.edge.name, cause=str(error))
            self._trouble = str(error)

    async def look(self) -> None:
        """Ask the edge once and have caps count what it lists. Raises `EdgeRefused`."""
        await self._note_registered()
        if not isinstance(self.edge, HoldsCalls):
            return
        looked = self._clock()
        calls = await self.edge.calls()
        directory = self._directory()
        counts: Counter[str] = Counter()
        between: Counter[str] = Counter()
        capped: dict[CallKey, list[str]] = {}
        self.emergency = 0
        for call in calls:
            for_help = is_for_help(call, self._table, directory)
            self.emergency += for_help
            placed = attributed(call, directory, looked)
            between[_between(placed.ask)] += 1
            capped[CallKey(call.call_id, call.tag or "")] = self._count(placed, counts, directory, looked, for_help=for_help)
        self.counts, self.between, self.total, self.seen = dict(counts), dict(between), len(calls), looked
        self._table.calls.listed(self.edge.name, capped, looked=looked, asks_from=self._asks_from)

    async def _note_registered(self) -> None:
        """Note where registrations come from, now and then: no firewall may hold these addresses. Raises `EdgeRefused`."""
        now = self._clock()
        if isinstance(self.edge, HoldsRegistrations) and now - self._registered >= REGISTERED_US:
            self._registered = now
            for registration in await self.edge.registrations():
                if registration.source is not None:
                    self._table.note_use(registration.source, now)

    def _count(self, placed: Placed, counts: Counter[str], directory: Directory, now: Micros, *, for_help: bool) -> list[str]:
        """Count a call for each scope that it is of; return the caps that it counts under. Calls for help count under none."""
        if placed.ask.account is not None and placed.ask.source is not None:
            self._table.note_use(placed.ask.source, now)
        ours = {f"number:{number}" for number in (placed.ask.caller, placed.ask.callee) if number and directory.holder(number, now)}
        there = keys(placed.ask, placed.parties, placed.called, ())
        counts.update(ours | {key.text for key in there if key.kind in _SHOWN})
        return [] if for_help else self._table.capped(placed.ask, now, placed.parties, placed.called)


def _between(ask: Ask) -> str:
    callers = [number for number in dict.fromkeys((ask.caller, ask.asserted)) if number is not None]
    return ",".join([*callers, ask.callee or ""])
