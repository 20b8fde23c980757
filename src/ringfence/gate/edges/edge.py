"""What the driver asks of an edge, whatever proxy it is."""

import re
from typing import Final, Protocol

from ringfence.gate.errors import EdgeRefused
from ringfence.gate.table import Reach
from ringfence.vocabulary.contracts import Order
from ringfence.vocabulary.times import Micros

_ORDER_ID: Final = re.compile(r"(ord-[0-9A-Za-z-]{1,60}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")

__all__ = ["Edge", "EdgeRefused", "looks_like_order"]


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
        """What it can carry out."""

    async def place(self, order: Order, now: Micros) -> None:
        """Have the edge refuse the order's scope until its end, and read it back. Harmless where it does so already."""

    async def remove(self, order_id: str, key: str) -> None:
        """Take `key`'s entry away if it still is that order's, and read back that it's gone. Harmless where it already is."""

    async def placed(self) -> dict[str, str]:
        """Return what the edge holds of ours: key to order id."""

    async def close(self) -> None:
        """Give the connection up."""
