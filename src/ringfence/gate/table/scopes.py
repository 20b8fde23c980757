"""Under which keys an order against a request could stand, and whether it meets that request."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import phonenumbers

from ringfence.vocabulary.contracts import DEEDS, ActionKind, Ask, CallClass, Order
from ringfence.vocabulary.subjects import SubjectKind

DECIDABLE: Final = frozenset(
    {
        SubjectKind.SOURCE,
        SubjectKind.TRUNK,
        SubjectKind.ACCOUNT,
        SubjectKind.PARTY,
        SubjectKind.NUMBER,
        SubjectKind.RANGE,
        SubjectKind.PAIR,
        SubjectKind.REGISTRATION,
    }
)
"""The kinds of scope that an Ask says enough for."""

BOTH_WAYS: Final = frozenset({ActionKind.WITHDRAW, ActionKind.SUSPEND, ActionKind.TERMINATE})
INBOUND: Final = BOTH_WAYS | {ActionKind.REFUSE_INBOUND}
_COSTLY: Final = frozenset({phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST})
_REMEMBERED: Final = 65_536


WHOLE: Final = frozenset({ActionKind.REFUSE, ActionKind.SUSPEND, ActionKind.TERMINATE, ActionKind.WITHDRAW})
"""Actions that refuse all that the scope sends: what an edge can do that knows only whether a key is there."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What an edge can be made to hold: orders whose scope and whose action are of these kinds.

    `firewall`: what it holds is refused before anybody reads it, credentials and emergency calls with the rest. Such an edge never
    gets an address that a trunk or a registration used within 30 days. `deeds`: what it can do once; the driver says so, by
    what the edge gives.
    """

    kinds: frozenset[SubjectKind]
    actions: frozenset[ActionKind] = WHOLE
    firewall: bool = False
    deeds: frozenset[ActionKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers for one end of a call: its account, and the parties from the root party down."""

    account: str | None = None
    parties: tuple[str, ...] = ()


NOBODY: Final = Answering()


class Key(NamedTuple):
    """Where an order could stand: `text` as tables and edges hold it. `inbound`: the request goes to what it names."""

    kind: SubjectKind
    text: str
    inbound: bool


def order_key(order: Order) -> str:
    """Return the key under which tables and edges hold the order: subject kind, colon, value."""
    return f"{order.scope.kind}:{order.scope.value}"


def keys(ask: Ask, parties: Sequence[str], called: Answering, lengths: Iterable[int]) -> Iterator[Key]:
    """Yield every key that an order against this request could have, the narrowest scope first; at equal width the sender's.

    `parties` answer for the request, from the root party down. `lengths`: those of the ranges that orders name, longest first.
    """
    callers = [number for number in dict.fromkeys((ask.caller, ask.asserted)) if number is not None]
    ends = [(number, False) for number in callers]
    if ask.callee is not None:
        ends.append((ask.callee, True))
        for number in callers:
            yield Key(SubjectKind.PAIR, f"pair:{number},{ask.callee}", False)
    if ask.registration is not None and ask.source is not None:
        yield Key(SubjectKind.REGISTRATION, f"registration:{ask.registration},{ask.source}", False)
    for number, inbound in ends:
        yield Key(SubjectKind.NUMBER, f"number:{number}", inbound)
    for length in lengths:
        for number, inbound in ends:
            if len(number) >= length and number[0] == "+":
                yield Key(SubjectKind.RANGE, f"range:{number[:length]}", inbound)
    if ask.source is not None:
        yield Key(SubjectKind.SOURCE, f"source:{ask.source}", False)
    if ask.trunk is not None:
        yield Key(SubjectKind.TRUNK, f"trunk:{ask.trunk}", False)
    if ask.account is not None:
        yield Key(SubjectKind.ACCOUNT, f"account:{ask.account}", False)
    if called.account is not None:
        yield Key(SubjectKind.ACCOUNT, f"account:{called.account}", True)
    for party in reversed(parties):
        yield Key(SubjectKind.PARTY, f"party:{party}", False)
    for party in reversed(called.parties):
        yield Key(SubjectKind.PARTY, f"party:{party}", True)


def meets(order: Order, key: Key, ask: Ask) -> bool:
    """Tell whether the order, found under `key`, speaks of this request."""
    action = order.action
    if action.kind in DEEDS:
        return False
    if key.inbound:
        return action.kind in INBOUND
    match action.kind:
        case ActionKind.REFUSE_INBOUND:
            return False
        case ActionKind.BAR:
            return _is_barred(order, ask)
        case ActionKind.FIX_CALLER:
            return any(number not in action.callers for number in (ask.caller, ask.asserted) if number is not None)
        case _:
            return True


def _is_barred(order: Order, ask: Ask) -> bool:
    """Tell whether the request is of the class that the order bars. Numbers that are no E.164 are of no class but the widest."""
    match order.action.bars:
        case CallClass.MESSAGES:
            return ask.method == "MESSAGE"
        case CallClass.INTERNATIONAL:
            callee = ask.callee or ""
            return callee.startswith("+") and not callee.startswith(order.action.home)
        case CallClass.PREMIUM:
            return ask.callee is not None and _is_costly(ask.callee)
        case _:
            return ask.method in ("INVITE", "MESSAGE")


@lru_cache(maxsize=_REMEMBERED)
def _is_costly(number: str) -> bool:
    try:
        return phonenumbers.number_type(phonenumbers.parse(number)) in _COSTLY
    except phonenumbers.NumberParseException:
        return False
