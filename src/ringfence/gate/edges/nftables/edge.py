"""Addresses that a Linux firewall drops: an element's comment is the order's id, its timeout the end (docs/edges/nftables.md)."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final

from ringfence.gate.edges.edge import looks_like_order
from ringfence.gate.edges.nftables.command import Complaint, Nft
from ringfence.gate.edges.nftables.ruleset import LONGEST_S, Address, Element, Found, Ruleset, found
from ringfence.gate.edges.nftables.settings import NftablesSettings
from ringfence.gate.errors import EdgeRefused
from ringfence.gate.table import Reach, order_key
from ringfence.vocabulary.contracts import Order
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros

AT_ONCE: Final = 500
"""Addresses in a transaction: what the kernel takes in one message from a program without privileges."""
_NOTHING: Final = Found()


class NftablesEdge:
    """The firewall of one machine. The table is laid with the first order; `leave` takes it away."""

    reach: Final = Reach(frozenset({SubjectKind.SOURCE}), firewall=True)

    def __init__(self, settings: NftablesSettings) -> None:
        self.name: Final = settings.name
        self._nft = Nft(settings.command, where=settings.name, deadline_s=settings.deadline_s)
        self._ruleset = Ruleset(settings.table, settings.ports)
        self._forgeable = settings.forgeable
        self._lays = False
        """Whether this process places orders, and so answers for the rules too: not one that only lists or clears."""

    async def place(self, order: Order, now: Micros) -> None:
        """Add the address and read it back."""
        refused = await self.place_all((order,), now)
        for cause in refused.values():
            raise EdgeRefused(cause, permanent=True, reached=True)

    async def place_all(self, orders: Sequence[Order], now: Micros) -> dict[str, str]:
        """Add all addresses, some hundreds in each transaction, and read them back; return why some were refused, by key."""
        self._lays = True
        there = await self._found()
        held = {element.address: element for element in there.elements}
        refused: dict[str, str] = {}
        wanted: dict[Address, Order] = {}
        is_due = False
        for order in orders:
            try:
                address = self._address(order, now, held)
                is_due = True
                self._check_proof(address, there)
                wanted[address] = order
            except EdgeRefused as error:
                refused[order_key(order)] = str(error)
        new = list(wanted.items())
        if is_due and there.rules != self._ruleset.rules:
            await self._carry_out(self._ruleset.laid())  # with no order yet, too: from now on who proves itself is known
        for begin in range(0, len(new), AT_ONCE):
            part = new[begin : begin + AT_ONCE]
            batch = self._ruleset.deleted(address for address, _ in part if address in held)  # an end is that of the making
            batch += self._ruleset.added((address, order.id, _seconds(order, now)) for address, order in part)
            await self._carry_out(batch)
        left = {element.address: element.comment for element in (await self._found()).elements} if new else {}
        for address, order in new:
            if left.get(address) != order.id:
                refused[order_key(order)] = f"{self.name}: {order_key(order)} was written but does not read back"
        return refused

    async def remove(self, order_id: str, key: str) -> None:
        """Take the address out if it is that order's, and read back that it is gone."""
        held = {_key(element): element for element in (await self._found()).elements}
        if key in held and held[key].comment == order_id:
            await self._carry_out(self._ruleset.deleted((held[key].address,)))
        left = await self._found()
        if any(_key(element) == key and element.comment == order_id for element in left.elements):
            raise EdgeRefused(f"{self.name}: {key} was deleted but is still there", permanent=False, reached=True)

    async def leave(self) -> None:
        """Take the table away, unless something of an operator's stands in it."""
        left = await self._found()
        if left.stands and left.alone and not left.elements:
            await self._carry_out([self._ruleset.dismantled()])

    async def placed(self) -> dict[str, str]:
        """Return the elements whose comment is an order's id.

        Once this process has placed something: none where the rules are not as it laid them, for then nothing is refused.
        """
        there = await self._found()
        if self._lays and there.rules != self._ruleset.rules:
            return {}
        return {_key(element): element.comment for element in there.elements if _is_ours(element) and element.comment is not None}

    async def refusals(self) -> dict[str, int]:
        """Return how many packets each order has stopped since its element was added, by order id."""
        elements = (await self._found()).elements
        return {element.comment: element.packets for element in elements if _is_ours(element) and element.comment is not None}

    async def close(self) -> None:
        """Nothing is kept open."""

    def _address(self, order: Order, now: Micros, held: dict[Address, Element]) -> Address:
        """Return the address that the order is about. Raises `EdgeRefused` where it must not be added."""
        key = order_key(order)
        if order.until is not None and order.until <= now:
            raise EdgeRefused(f"{self.name}: the order has ended", permanent=True, reached=True)
        if not looks_like_order(order.id):
            raise EdgeRefused(f"{self.name}: {order.id!r} is not written as an order id", permanent=True, reached=True)
        if order.scope.kind is not SubjectKind.SOURCE:
            raise EdgeRefused(f"{self.name}: this edge cannot refuse by {order.scope.kind}", permanent=True, reached=True)
        try:
            address = ip_address(order.scope.value)
        except ValueError as error:
            raise EdgeRefused(f"{self.name}: {key} is no address", permanent=True, reached=True) from error
        if address in held and not _is_ours(held[address]):
            raise EdgeRefused(f"{self.name}: {key} is an entry of somebody else's; left as it is", permanent=True, reached=True)
        return address

    def _check_proof(self, address: Address, there: Found) -> None:
        """Raise `EdgeRefused` where anybody may have written this address into packets. What is refused already was proved then."""
        if self._forgeable and address not in there.proven and all(element.address != address for element in there.elements):
            cause = "nothing proves yet that the source is there: it has completed no handshake of TCP, and UDP can be forged"
            raise EdgeRefused(f"{self.name}: {cause}", permanent=False, reached=True)

    async def _found(self) -> Found:
        try:
            return found(await self._nft.ask(*self._ruleset.listed()))
        except Complaint as error:
            if error.is_absent:
                return _NOTHING
            raise EdgeRefused(f"{self.name}: nft: {error}", permanent=True, reached=True) from error
        except ValueError as error:
            raise EdgeRefused(f"{self.name}: nft: {error}", permanent=True, reached=True) from error

    async def _carry_out(self, batch: Sequence[str]) -> None:
        try:
            await self._nft.run("\n".join(batch) + "\n")
        except Complaint as error:
            # What was listed may have ended since: the next look sees it, so trying again can help.
            raise EdgeRefused(f"{self.name}: nft: {error}", permanent=not error.is_absent, reached=True) from error


def _key(element: Element) -> str:
    return f"{SubjectKind.SOURCE}:{element.address}"


def _is_ours(element: Element) -> bool:
    return looks_like_order(element.comment)


def _seconds(order: Order, now: Micros) -> int:
    """Return for how long, rounded up: the gate takes it away on time, and the kernel's clock is for when the gate is gone."""
    return LONGEST_S if order.until is None else -((now - order.until) // SECOND)
