"""Orders in a collection of OpenSIPS' local cache, which its configuration looks up (docs/edges/opensips.md).

Commands have the names of version 3, which version 4 still takes beside its own.
"""

from typing import Final

import msgspec
from msgspec import Raw, Struct

from ringfence.gate.edges.edge import LiveCall, Registration, looks_like_order
from ringfence.gate.edges.encryption import Encryption
from ringfence.gate.edges.held_value import held_value, order_in
from ringfence.gate.edges.kamailio.rpc import Failed, JsonRpc
from ringfence.gate.edges.opensips import listed
from ringfence.gate.edges.opensips.settings import OpensipsSettings
from ringfence.gate.errors import EdgeRefused
from ringfence.gate.table import Reach, order_key
from ringfence.vocabulary.contracts import Order
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros

UNTIL_REVIEW_S: Final = 365 * 86_400
"""How long an entry stays whose order has a review date instead of an end."""
LIST_DEADLINES: Final = 10
_KINDS: Final = frozenset({SubjectKind.SOURCE, SubjectKind.ACCOUNT, SubjectKind.NUMBER})
_ABSENT: Final = "Value not found"
_NO_COMMAND: Final = "method not found"


class _Kept(Struct, frozen=True):
    value: str


class _Named(Struct, frozen=True):
    name: str
    value: str


class _Chunk(Struct, frozen=True):
    keys: tuple[_Named, ...] = ()


class OpensipsEdge:
    """One OpenSIPS whose configuration calls `route(RINGFENCE)`."""

    reach: Final = Reach(_KINDS)

    def __init__(self, settings: OpensipsSettings, tls: Encryption | None = None) -> None:
        self.name: Final = settings.name
        self._collection = settings.collection
        self._cache = f"local:{settings.collection}"
        self._location = settings.location
        self._rpc = JsonRpc(settings.url, deadline_s=settings.deadline_s, tls=tls)
        self._long_rpc = JsonRpc(settings.url, deadline_s=settings.deadline_s * LIST_DEADLINES, tls=tls)

    async def place(self, order: Order, now: Micros) -> None:
        """Write the entry and read it back."""
        key = order_key(order)
        if order.until is not None and order.until <= now:
            raise self._refused("the order has ended")
        if not looks_like_order(order.id):
            raise self._refused(f"{order.id!r} is not written as an order id")
        there = await self._value(key)
        if there is not None and order_in(there) is None:
            raise self._refused(f"{key} is an entry of somebody else's; left as it is")
        wanted = held_value(order)
        seconds = UNTIL_REVIEW_S if order.until is None else -((now - order.until) // SECOND)
        answer = await self._rpc.call("cache_store", self._cache, key, wanted, seconds, into=str)
        if isinstance(answer, Failed):
            raise self._refused(f"cache_store: {answer.message}")
        if await self._value(key) != wanted:
            raise EdgeRefused(f"{self.name}: {key} was written but does not read back", permanent=False, reached=True)

    async def remove(self, order_id: str, key: str) -> None:
        """Delete the entry if it is that order's, and read back that it is gone."""
        if order_in(await self._value(key)) != order_id:
            return
        await self._rpc.call("cache_remove", self._cache, key, into=Raw)  # the look below says whether it worked
        if order_in(await self._value(key)) == order_id:
            raise EdgeRefused(f"{self.name}: {key} was deleted but is still there", permanent=False, reached=True)

    async def placed(self) -> dict[str, str]:
        """Return the collection's entries that are written as orders."""
        told = await self._long_rpc.call("cache_fetch_chunk", "*", self._collection, into=_Chunk)
        if isinstance(told, Failed):
            raise self._refused(f"cache_fetch_chunk: {told.message}. Hint: cache_collections must name {self._collection}")
        found = ((entry.name, order_in(entry.value)) for entry in told.keys)
        return {key: order for key, order in found if order is not None}

    async def calls(self) -> list[LiveCall]:
        """Return the dialogs that have not ended."""
        told = await self._told("dlg_list_ctx")
        try:
            return listed.calls(told)
        except msgspec.MsgspecError as error:
            raise self._refused(f"dlg_list_ctx: not understood: {error}") from error

    async def end(self, call: LiveCall, reason: str) -> None:
        """Have both sides sent a BYE with the reason, or a call that rings cancelled."""
        parameters = (call.handle, f"Reason: {reason}\r\n") if call.answered else (call.handle,)
        self._unless_missing("dlg_end_dlg", await self._rpc.call("dlg_end_dlg", *parameters, into=Raw))

    async def registrations(self) -> list[Registration]:
        """Return all contacts of the registrar's table."""
        told = await self._told("ul_dump")
        try:
            return listed.registrations(told, self._location)
        except msgspec.MsgspecError as error:
            raise self._refused(f"ul_dump: not understood: {error}") from error

    async def drop(self, registration: Registration) -> None:
        """Remove a contact."""
        aor, contact = registration.handle.split(" ", 1)
        self._unless_missing("ul_rm_contact", await self._rpc.call("ul_rm_contact", self._location, aor, contact, into=Raw))

    async def close(self) -> None:
        """Close both connections."""
        await self._rpc.close()
        await self._long_rpc.close()

    async def _value(self, key: str) -> str | None:
        answer = await self._rpc.call("cache_fetch", self._cache, key, into=_Kept)
        if isinstance(answer, _Kept):
            return answer.value
        if _ABSENT in answer.message:
            return None
        raise self._refused(f"cache_fetch: {answer.message}")

    async def _told(self, command: str) -> Raw:
        told = await self._long_rpc.call(command, into=Raw)
        if isinstance(told, Failed):
            raise self._refused(f"{command}: {told.message}")
        return told

    def _unless_missing(self, command: str, answer: Raw | Failed) -> None:
        """Take an error for "it is gone already", which a look will show, unless the command itself is not there."""
        if isinstance(answer, Failed) and _NO_COMMAND in answer.message.lower():
            raise self._refused(f"{command}: {answer.message}")

    def _refused(self, cause: str) -> EdgeRefused:
        return EdgeRefused(f"{self.name}: {cause}", permanent=True, reached=True)
