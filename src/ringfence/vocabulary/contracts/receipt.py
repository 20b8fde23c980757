"""Receipt: what an edge says of an order."""

from enum import StrEnum

from msgspec import Struct

from ringfence.vocabulary.times import Micros


class ReceiptState(StrEnum):
    """`placed` and `removed` are read back from the edge, never assumed; `refused` are requests that the order stopped.

    Of what is done once `placed` says that it is done, read back; `refused` how many calls or contacts it ended, where any.
    """

    PLACED = "placed"
    REMOVED = "removed"
    REJECTED = "rejected"  # the edge would not take it: `text` says why
    DRIFT = "drift"  # the edge lacked it, or had what nobody ordered; repaired
    REFUSED = "refused"
    FORGOTTEN = "forgotten"  # the gate drives this edge no longer: what the edge holds ends by itself, and nobody looks


class Receipt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One word of one edge about one order, at `time`.

    Of a flood the first refusal is told at once, the others added up by the second: `count` of them, the last at `time`.
    """

    v: int = 1
    order: str
    edge: str
    state: ReceiptState
    time: Micros
    call_id: str | None = None
    text: str | None = None
    count: int = 1
