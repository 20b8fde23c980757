"""A data folder whose feeds hold many orders, as the desk would have written them."""

from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from ringfence.feeds import FeedWriter
from ringfence.vocabulary.contracts import (
    AccountLink,
    Action,
    ActionKind,
    Order,
    OrderChange,
    PartyLink,
    Reference,
    Scope,
    TrunkLink,
)
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros

_IN_A_RECORD: Final = 10_000
_FAR: Final = Micros(4_000_000_000_000_000)
TRUNK: Final = "198.51.100.10"


def write(data: Path, how_many: int) -> None:
    """Write `how_many` orders against numbers that nobody calls from, and one trunk."""
    reference = Reference(
        time=Micros(0),
        parties=(PartyLink(party="shop"),),
        accounts=(AccountLink(account="shop-1", party="shop"),),
        trunks=(TrunkLink(trunk="t1", account="shop-1", address=TRUNK),),
        lists={"emergency-numbers": ("112",)},
    )
    writer = FeedWriter(data / "feeds" / "reference")
    writer.append([msgspec.json.encode(reference)])
    writer.close()
    writer = FeedWriter(data / "feeds" / "orders")
    for generation, begin in enumerate(range(0, how_many, _IN_A_RECORD), 1):
        upserts = tuple(_order(place, generation) for place in range(begin, min(begin + _IN_A_RECORD, how_many)))
        writer.append([msgspec.json.encode(OrderChange(generation=generation, full=generation == 1, upserts=upserts))])
    writer.close()


def number(place: int) -> str:
    """Return the number against which order `place` stands."""
    return f"+8835100{place:07d}"


def id_of(place: int) -> str:
    """Return the id of order `place`."""
    return blake2b(place.to_bytes(8, "big"), digest_size=16).hexdigest()


def _order(place: int, generation: int) -> Order:
    id = id_of(place)
    return Order(
        id=id,
        generation=generation,
        decision=id,
        policy="5c" * 32,
        clause="spam",
        rule="message-burst",
        scope=Scope(kind=SubjectKind.NUMBER, value=number(place)),
        action=Action(kind=ActionKind.REFUSE),
        start=Micros(0),
        until=_FAR,
        redress=f"/cases/{place}/",
    )
