"""Which order speaks about a request: written from docs/edges/redirect.md, and from nothing else of the library but its words.

No tables, no keys: every order is looked at by itself, and the first of those that speak wins.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers

from ringfence.vocabulary.contracts import Ask, Order

BOTH_WAYS = ("suspend", "terminate", "withdraw")
REFUSING = (*BOTH_WAYS, "refuse", "refuse-inbound", "bar", "fix-caller", "divert")
ONCE = ("end-calls", "deregister")


@dataclass(frozen=True)
class Request:
    """A question, and who answers for its ends: parties from the root down."""

    ask: Ask
    parties: tuple[str, ...] = ()
    called_account: str | None = None
    called_parties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Around:
    """What stands above every order. `called_for_help` are numbers that called for help within half an hour."""

    emergency: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    called_for_help: frozenset[str] = frozenset()


def is_call_for_help(request: Request, around: Around) -> bool:
    """A party's call to an emergency number or service; a stranger's is none."""
    callee = request.ask.callee or ""
    by_name = re.fullmatch(r"urn:service:sos(\..*)?", callee) is not None
    return request.ask.account is not None and (callee in around.emergency or by_name)


def spoken(orders: Sequence[Order], request: Request, around: Around) -> tuple[str, str | None]:
    """Return what is said of a request about which nothing was asked before: `pass`, `refuse` or `divert`, and by which order."""
    if is_call_for_help(request, around):
        return "pass", None
    speaking = []
    for order in orders:
        if order.action.kind in ONCE or (order.scope.kind == "source" and request.ask.source in around.protected):
            continue
        for width, inbound in widths(order, request):
            if inbound and request.ask.callee in around.called_for_help:
                continue
            if says_something(order, request.ask, inbound):
                end = order.until if order.until is not None else 1 << 62
                speaking.append((width, -end, -order.generation, order))
    speaking.sort(key=lambda each: each[:3])
    first = next((order for *_, order in speaking if order.action.kind in REFUSING), None)
    if first is not None:
        return ("divert" if first.action.kind == "divert" else "refuse"), first.id
    allowing = next((order for *_, order in speaking if order.action.kind == "allow"), None)
    return "pass", allowing.id if allowing is not None else None


def widths(order: Order, request: Request) -> list[tuple[tuple[int, ...], bool]]:
    """How narrow the scope is where it meets the request, and whether that end is the one called; the sender's end first."""
    ask, kind, value = request.ask, str(order.scope.kind), order.scope.value
    shown = [number for number in (ask.caller, ask.asserted) if number is not None]
    ends = [(number, False) for number in dict.fromkeys(shown)] + ([(ask.callee, True)] if ask.callee is not None else [])
    found: list[tuple[tuple[int, ...], bool]] = []
    match kind:
        case "pair":
            found = [((0, at), False) for at, number in enumerate(shown) if ask.callee and value == f"{number},{ask.callee}"]
        case "registration":
            if ask.registration and ask.source and value == f"{ask.registration},{ask.source}":
                found = [((1,), False)]
        case "number":
            found = [((2, at), inbound) for at, (number, inbound) in enumerate(ends) if number == value]
        case "range":
            found = [((3, -len(value), at), inbound) for at, (number, inbound) in enumerate(ends) if number.startswith(value)]
        case "source":
            found = [((4,), False)] if ask.source == value else []
        case "trunk":
            found = [((5,), False)] if ask.trunk == value else []
        case "account":
            found = [((6, 0), False)] if ask.account == value else []
            found += [((6, 1), True)] if request.called_account == value else []
        case "party":
            found = [((7, 0, -at), False) for at, party in enumerate(request.parties) if party == value]
            found += [((7, 1, -at), True) for at, party in enumerate(request.called_parties) if party == value]
    return found


def says_something(order: Order, ask: Ask, inbound: bool) -> bool:
    """Whether the action is about such a request, seen from the end where the scope stands."""
    action = order.action
    if inbound:
        return action.kind in (*BOTH_WAYS, "refuse-inbound")
    if action.kind == "refuse-inbound":
        return False
    if action.kind == "fix-caller":
        return any(number not in action.callers for number in (ask.caller, ask.asserted) if number is not None)
    if action.kind == "bar":
        return is_of_class(str(action.bars), action.home, ask)
    return True


def is_of_class(called: str, home: tuple[str, ...], ask: Ask) -> bool:
    """Whether a request is of a class of calls."""
    callee = ask.callee or ""
    if called == "messages":
        return ask.method == "MESSAGE"
    if called == "international":
        return callee[:1] == "+" and not any(callee.startswith(prefix) for prefix in home)
    if called == "premium":
        try:
            kind = phonenumbers.number_type(phonenumbers.parse(callee))
        except phonenumbers.NumberParseException:
            return False
        return kind in (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)
    return ask.method in ("INVITE", "MESSAGE")
