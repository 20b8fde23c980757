"""What is done once at an edge: registrations dropped, calls under way ended. Never an emergency call, nor one back from there."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from ringfence.gate.edges.edge import Edge, EdgeRefused, HoldsCalls, HoldsRegistrations, LiveCall, Registration
from ringfence.gate.reasons import speakable
from ringfence.gate.table import NOBODY, Answering, OrdersTable, order_key
from ringfence.gate.table.scopes import keys
from ringfence.vocabulary.contracts import ActionKind, Ask, Order
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory

ON_ITS_WAY: Final = Micros(SECOND)
"""Calls that began so long after the order are ended too: an order is in force at every gate within a second."""
LOOKS: Final = 5
_PAUSE_S: Final = 0.1
"""Between looks whether what was ended is gone: a BYE and its answer take their way."""
_Listed = TypeVar("_Listed", LiveCall, Registration)
_SOS: Final = re.compile(r"urn:service:sos(\.|\Z)")


@dataclass(frozen=True, slots=True)
class Done:
    """What was done: `count` calls or contacts are gone; `spared` calls of the scope were for help and left alone."""

    count: int
    spared: int
    says: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A call with those who answer for its ends."""

    ask: Ask
    parties: tuple[str, ...] = ()
    called: Answering = NOBODY


def abilities(edge: Edge) -> frozenset[ActionKind]:
    """Return what can be done once at this edge."""
    able = {ActionKind.END_CALLS} if isinstance(edge, HoldsCalls) else set()
    if isinstance(edge, HoldsRegistrations):
        able.add(ActionKind.DEREGISTER)
    return frozenset(able)


def attributed(call: LiveCall, directory: Directory, now: Micros) -> Placed:
    """Return a live call as the question that was asked about it, with everybody whom it touches."""
    called = _number(call.called)
    sender = directory.sender(call.source, call.user, now)
    holder = directory.holder(called, now) if called is not None else None
    return Placed(
        Ask(
            call_id=call.call_id,
            tag=call.tag,
            source=call.source,
            trunk=sender.trunk if sender is not None else None,
            account=sender.account if sender is not None else None,
            caller=_number(call.caller),
            callee=called,
        ),
        sender.party_path if sender is not None else (),
        NOBODY if holder is None else Answering(holder, directory.account(holder, None, now).party_path),
    )


def is_for_help(call: LiveCall, table: OrdersTable, directory: Directory) -> bool:
    """Tell whether a call goes to emergency services of any country, or may come back from there. Rather once too often."""
    called = _number(call.called)
    if called is None:
        return False
    if _SOS.match(called.lower()) or called in directory.every_emergency_number:
        return True
    return table.may_be_called_back(called, call.began)


class Deeds:
    """Carries out at one edge what is done once, and looks that it is done."""

    def __init__(self, edge: Edge, table: OrdersTable, *, directory: Callable[[], Directory]) -> None:
        self._edge = edge
        self._table = table
        self._directory = directory

    async def carry_out(self, order: Order, now: Micros) -> Done:
        """Do what the order says and look that nothing of it is left. To do it again ends nothing that began later.

        Raises `EdgeRefused`, with `reached` where something is left.
        """
        if order.action.kind is ActionKind.END_CALLS:
            return await self._end_calls(order, now)
        return await self._deregister(order, now)

    async def _end_calls(self, order: Order, now: Micros) -> Done:
        edge, directory = self._edge, self._directory()
        assert isinstance(edge, HoldsCalls)
        until = order.start + ON_ITS_WAY
        theirs = [
            call
            for call in await edge.calls()
            if (call.began is None or call.began <= until) and _meets(order, attributed(call, directory, now))
        ]
        ending = [call for call in theirs if not is_for_help(call, self._table, directory)]
        reason = f'Q.850;cause=21;text="order {speakable(order.id)}, clause {speakable(order.clause)}"'
        await self._until_gone(ending, edge.calls, lambda call: edge.end(call, reason), "calls are still there")
        spared = len(theirs) - len(ending)
        left = f"; {_counted(spared, 'emergency call', 'emergency calls')} left alone" if spared else ""
        return Done(len(ending), spared, f"{_counted(len(ending), 'call', 'calls')} ended{left}")

    async def _deregister(self, order: Order, now: Micros) -> Done:
        edge, directory = self._edge, self._directory()
        assert isinstance(edge, HoldsRegistrations)
        theirs = [each for each in await edge.registrations() if _meets(order, _registered(each, order, directory, now))]
        await self._until_gone(theirs, edge.registrations, edge.drop, "contacts are still registered")
        return Done(len(theirs), 0, f"{_counted(len(theirs), 'registered contact', 'registered contacts')} dropped")

    async def _until_gone(
        self,
        going: Sequence[_Listed],
        listed: Callable[[], Awaitable[Sequence[_Listed]]],
        end: Callable[[_Listed], Awaitable[None]],
        else_say: str,
    ) -> None:
        """End these and look, until none is listed any more. Raises `EdgeRefused` where some stay.

        What is still there is ended as it is by then: a call that rang when it was cancelled may have been answered meanwhile.
        """
        left = list(going)
        for look in range(LOOKS if going else 0):
            if look:
                await asyncio.sleep(_PAUSE_S)
            for each in left:
                await end(each)
            names = {each.handle for each in left}
            left = [each for each in await listed() if each.handle in names]
            if not left:
                return
        if left:
            says = f"{self._edge.name}: {len(left)} of {len(going)} {else_say}"
            raise EdgeRefused(says, permanent=False, reached=True)


def _meets(order: Order, placed: Placed) -> bool:
    """Tell whether the call or contact is of the order's scope, at either end."""
    wanted, lengths = order_key(order), (len(order.scope.value),)
    return any(key.text == wanted for key in keys(placed.ask, placed.parties, placed.called, lengths))


def _registered(registration: Registration, order: Order, directory: Directory, now: Micros) -> Placed:
    domain = registration.domain
    if domain is None and order.scope.kind is SubjectKind.REGISTRATION:  # an edge without domains has one
        domain = order.scope.value.partition("@")[2].partition(",")[0]
    sender = directory.sender(registration.source, registration.user, now)
    ask = Ask(
        call_id="",
        method="REGISTER",
        source=registration.source,
        trunk=sender.trunk if sender is not None else None,
        account=sender.account if sender is not None else None,
        caller=to_e164(registration.user),
        registration=f"{registration.user}@{domain}",
    )
    return Placed(ask, sender.party_path if sender is not None else ())


def _number(user: str | None) -> str | None:
    return None if user is None else to_e164(user) or user


def _counted(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
