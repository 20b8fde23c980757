"""An order as one line of text, for edges whose store knows no ends: the order's id, when it ends, and which ways it counts.

    00000000000000000000000000000001 1773147600 out

The end is in seconds since 1970, `NEVER` where there is none; `both`: calls to the subject are refused too; `out`: they pass.
The edge's own configuration compares the end with its clock, so that an order ends although the gate is gone.
"""

from typing import Final

from ringfence.gate.edges.edge import looks_like_order
from ringfence.gate.table.scopes import BOTH_WAYS
from ringfence.vocabulary.contracts import Order
from ringfence.vocabulary.times import SECOND

NEVER: Final = 4_102_444_800
"""The year 2100."""
_PARTS: Final = 3


def held_value(order: Order) -> str:
    """Return the line for an order. The end is rounded up: the gate takes the order away on time."""
    end = NEVER if order.until is None else -(-order.until // SECOND)
    return f"{order.id} {end} {'both' if order.action.kind in BOTH_WAYS else 'out'}"


def order_in(value: str | None) -> str | None:
    """Return the order's id in such a line; `None` where it is none, and so an operator's own.

    >>> order_in("ord-1 1773147600 out")
    'ord-1'
    >>> order_in("blocked by hand")
    """
    parts = (value or "").split(" ")
    if len(parts) == _PARTS and looks_like_order(parts[0]) and parts[1].isdigit() and parts[2] in ("out", "both"):
        return parts[0]
    return None
