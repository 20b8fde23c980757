"""What the driver asks of an edge, whatever proxy it is.

Every edge takes part as far as it can, and says so: `Edge` is for all; `HoldsCalls` and `HoldsRegistrations` for those that know
calls under way or who is registered. The driver looks which of them an edge gives (`isinstance`), so an edge that lacks one simply
does not have the methods, and orders that need it are answered with *rejected* there.

What is decided once, for all edges, is not theirs: whom a call or a registration belongs to, which calls are for help and never
ended, what began before an order, that it is done once, read back, and told (`gate.edges.deeds`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from ringfence.gate.errors import EdgeRefused
from ringfence.gate.table import Reach
from ringfence.vocabulary.contracts import Order
from ringfence.vocabulary.times import Micros

_ORDER_ID: Final = re.compile(r"(ord-[0-9A-Za-z-]{1,60}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")

__all__ = [
    "Counts",
    "Edge",
    "EdgeRefused",
    "HoldsCalls",
    "HoldsRegistrations",
    "Leaves",
    "LiveCall",
    "PlacesMany",
    "Registration",
    "looks_like_order",
]


def looks_like_order(value: object) -> bool:
    """Tell whether an entry's value is written as order ids are. All other entries are an operator's own, and never touched."""
    return isinstance(value, str) and _ORDER_ID.match(value) is not None


class Edge(Protocol):
    """One proxy that remembers orders. All methods raise `EdgeRefused` and nothing else, within the edge's deadline."""

    @property
    def name(self) -> str:
        """The name in receipts."""

    @property
    def reach(self) -> Reach:
        """What it can be made to remember. What it can do once (`DEEDS`) follows from the protocols below instead."""

    async def place(self, order: Order, now: Micros) -> None:
        """Have the edge refuse the order's scope until its end, and read it back. Harmless where it does so already."""

    async def remove(self, order_id: str, key: str) -> None:
        """Take `key`'s entry away if it still is that order's, and read back that it's gone. Harmless where it already is."""

    async def placed(self) -> dict[str, str]:
        """Return what the edge holds of ours: key to order id."""

    async def close(self) -> None:
        """Give the connection up."""


@runtime_checkable
class PlacesMany(Protocol):
    """An edge that takes many orders in one step, where one by one would be slow. It raises `EdgeRefused` and nothing else."""

    async def place_all(self, orders: Sequence[Order], now: Micros) -> dict[str, str]:
        """Do what `place` does with each; return why some were refused, by key: the others are read back."""


@runtime_checkable
class Counts(Protocol):
    """An edge that counts itself what each order has it refuse. It raises `EdgeRefused` and nothing else."""

    async def refusals(self) -> dict[str, int]:
        """Return how much each order of ours has stopped since its entry was written, by order id."""


@runtime_checkable
class Leaves(Protocol):
    """An edge that was given more than entries: a table, rules. It raises `EdgeRefused` and nothing else."""

    async def leave(self) -> None:
        """Take that away too, now that none of our entries is left. What holds something of an operator's stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCall:
    """One call that is set up or under way at an edge, as the edge tells it. Never content.

    `handle` is what the edge's own commands need to find it again, in the edge's own writing; it names this call alone and no later
    one. `caller` and `called` are as signalled: the From user, and the request URI when the call reached the edge (a user, or a
    whole `urn:service:…`). `source` is the address that the INVITE came from and `user` the authentication user that the edge
    itself proved; both `None` where the edge does not know, never a guess: by them the call is attributed. `began` is when the
    INVITE came, `None` where the edge cannot say. `answered`: it is past ringing.
    """

    handle: str
    call_id: str
    tag: str | None = None
    """The caller's From tag: Call-IDs may be chosen alike."""
    caller: str | None = None
    called: str | None = None
    source: str | None = None
    user: str | None = None
    began: Micros | None = None
    sequence: int | None = None
    """The CSeq of the INVITE, for edges that need it to cancel."""
    answered: bool = True


@runtime_checkable
class HoldsCalls(Protocol):
    """An edge that knows the calls under way. All methods raise `EdgeRefused` and nothing else."""

    async def calls(self) -> list[LiveCall]:
        """Return every call that is set up or under way there now; none that has ended, even where the edge still remembers it."""

    async def end(self, call: LiveCall, reason: str) -> None:
        """End a call as the edge can: BYE to both sides, or CANCEL and 487 while it rings. Harmless where it has ended.

        `reason` is the value of a Reason header (RFC 3326), for edges that can send one. The driver looks at `calls` afterwards;
        the edge need not. It never asks this of an emergency call.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One contact that an edge would send calls to. `user` is the address-of-record's user, whose credentials the edge checked.

    `handle` is what the edge's own commands need; `domain` is `None` where the edge keeps none; `source` is the address that the
    REGISTER came from, `None` where unknown.
    """

    handle: str
    user: str
    domain: str | None = None
    source: str | None = None


@runtime_checkable
class HoldsRegistrations(Protocol):
    """An edge that is a registrar. All methods raise `EdgeRefused` and nothing else."""

    async def registrations(self) -> list[Registration]:
        """Return every contact that is registered now."""

    async def drop(self, registration: Registration) -> None:
        """Forget a contact. Harmless where it is gone. The driver looks at `registrations` afterwards; the edge need not."""
