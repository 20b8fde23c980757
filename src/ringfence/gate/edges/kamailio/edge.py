"""Orders in a Kamailio hash table: key `<kind>:<value>`, value the order's id, an end of its own (docs/edges/kamailio.md).

Behind the id stands ` both` where calls to the order's subject are refused too.
What is done once goes to its dialogs (`dlg.end_dlg`, `tm.cancel` while it rings) and its registrar (`ul.rm_contact`).
"""

from typing import Final

from msgspec import Raw, Struct

from ringfence.gate.configuration import EdgeConfiguration
from ringfence.gate.edges.edge import LiveCall, Registration, looks_like_order
from ringfence.gate.edges.encryption import Encryption
from ringfence.gate.edges.kamailio import listed
from ringfence.gate.edges.kamailio.rpc import Failed, JsonRpc
from ringfence.gate.errors import EdgeRefused
from ringfence.gate.table import Reach, order_key
from ringfence.gate.table.scopes import BOTH_WAYS
from ringfence.vocabulary.contracts import Order
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros

UNTIL_REVIEW_S: Final = 10 * 365 * 86_400
"""The end of an entry whose order has a review date instead: far off, since 0 would mean the table's own default."""
DUMP_DEADLINE_FACTOR: Final = 10
_NO_COMMAND: Final = "method not found"
"""What a configuration without the module answers."""
_ABSENT: Final = ("Key name doesn't exist", "Key not found")
_BOTH: Final = " both"


class _Entry(Struct, frozen=True):
    name: str
    value: str | int


class _Slot(Struct, frozen=True):
    slot: tuple[_Entry, ...]


class _Got(Struct, frozen=True):
    item: _Entry


class KamailioEdge:
    """One Kamailio whose configuration looks its `scopes` up in `table`, as the one shipped in deploy/kamailio does with all."""

    def __init__(self, configuration: EdgeConfiguration, tls: Encryption | None = None) -> None:
        deadline_s = configuration.deadline_ms / 1_000
        self.name: Final = configuration.name
        self.reach: Final = Reach(frozenset(SubjectKind(scope) for scope in configuration.scopes))
        self._table = configuration.table
        self._location = configuration.location
        self._rpc = JsonRpc(configuration.url, deadline_s=deadline_s, tls=tls)
        self._long_rpc = JsonRpc(configuration.url, deadline_s=deadline_s * DUMP_DEADLINE_FACTOR, tls=tls)

    async def place(self, order: Order, now: Micros) -> None:
        """Write the entry and read it back. Refuses where the key holds an operator's own entry, or the order has ended."""
        key = order_key(order)
        if order.until is not None and order.until <= now:
            raise EdgeRefused(f"{self.name}: the order has ended", permanent=True, reached=True)
        if not looks_like_order(order.id):
            raise EdgeRefused(f"{self.name}: {order.id!r} is not written as an order id", permanent=True, reached=True)
        there = await self._value(key)
        if there is not None and _order_in(there) is None:
            raise EdgeRefused(f"{self.name}: {key} is an entry of somebody else's; left as it is", permanent=True, reached=True)
        # Rounded up: the gate takes the entry away on time, and the edge's own clock is for the day when the gate is gone.
        seconds = UNTIL_REVIEW_S if order.until is None else -((now - order.until) // SECOND)
        wanted = f"{order.id}{_BOTH if order.action.kind in BOTH_WAYS else ''}"
        answer = await self._rpc.call("htable.setxs", self._table, key, wanted, seconds, into=str)
        if isinstance(answer, Failed):
            raise self._refused("htable.setxs", answer)
        if await self._value(key) != wanted:
            raise EdgeRefused(f"{self.name}: {key} was written but does not read back", permanent=False, reached=True)

    async def remove(self, order_id: str, key: str) -> None:
        """Delete the entry if it still is that order's, and read back that it is gone."""
        if _order_in(await self._value(key)) != order_id:
            return
        await self._rpc.call("htable.delete", self._table, key, into=str)  # the look below says whether it worked
        if _order_in(await self._value(key)) == order_id:
            raise EdgeRefused(f"{self.name}: {key} was deleted but is still there", permanent=False, reached=True)

    async def placed(self) -> dict[str, str]:
        """Return the entries whose value is written as an order id. A dump of 20,000 takes a third of a second."""
        dump = await self._long_rpc.call("htable.dump", self._table, into=tuple[_Slot, ...])
        if isinstance(dump, Failed):
            raise self._refused("htable.dump", dump)
        entries = (entry for slot in dump for entry in slot.slot)
        found = ((entry.name, _order_in(entry.value)) for entry in entries)
        return {key: order for key, order in found if order is not None}

    async def calls(self) -> list[LiveCall]:
        """Return the dialogs that have begun and not ended. Each takes some 800 octets of the answer."""
        told = await self._long_rpc.call("dlg.list", into=Raw)
        if isinstance(told, Failed):
            raise self._refused("dlg.list", told)
        return listed.calls(told)

    async def end(self, call: LiveCall, reason: str) -> None:
        """Send BYE to both sides with the reason; a call that still rings is cancelled, and its caller answered 487."""
        entry, _, number = call.handle.partition(":")
        if call.answered:
            command = "dlg.end_dlg"
            answer = await self._rpc.call(command, int(entry), int(number), f"Reason: {reason}\r\n", into=Raw)
        else:  # to end an early dialog is answered with success, and does nothing
            command = "tm.cancel"
            answer = await self._rpc.call(command, call.call_id, str(call.sequence or 1), into=Raw)
        self._unless_missing(command, answer)

    async def registrations(self) -> list[Registration]:
        """Return all contacts of the registrar's table."""
        told = await self._long_rpc.call("ul.dump", into=Raw)
        if isinstance(told, Failed):
            raise self._refused("ul.dump", told)
        return listed.registrations(told, self._location)

    async def drop(self, registration: Registration) -> None:
        """Remove a contact."""
        name, contact = registration.handle.split(" ", 1)
        self._unless_missing("ul.rm_contact", await self._rpc.call("ul.rm_contact", self._location, name, contact, into=Raw))

    def _unless_missing(self, command: str, answer: Raw | Failed) -> None:
        """Take an error for "it is gone already", which a look will show, unless the command itself is not there."""
        if isinstance(answer, Failed) and _NO_COMMAND in answer.message.lower():
            raise self._refused(command, answer)

    async def close(self) -> None:
        """Close both connections."""
        await self._rpc.close()
        await self._long_rpc.close()

    async def _value(self, key: str) -> str | int | None:
        answer = await self._rpc.call("htable.get", self._table, key, into=_Got)
        if isinstance(answer, _Got):
            return answer.item.value
        if any(words in answer.message for words in _ABSENT):
            return None
        raise self._refused("htable.get", answer)

    def _refused(self, command: str, answer: Failed) -> EdgeRefused:
        """Return what an error answer means: the edge works, but its configuration isn't what we think it is."""
        return EdgeRefused(f"{self.name}: {command}: {answer.message}", permanent=True, reached=True)


def _order_in(value: str | int | None) -> str | None:
    """Return the order's id in an entry; `None` where it is none, and so an operator's own."""
    order = value.removesuffix(_BOTH) if isinstance(value, str) else None
    return order if looks_like_order(order) else None
