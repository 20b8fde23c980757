"""The fields that a rule's expressions may name: every event field of the contract that signalling can fill."""

from dataclasses import dataclass
from typing import Final

from ringfence.policy.expressions import Type


@dataclass(frozen=True, slots=True)
class EventField:
    """`attribute` names the contract's field; `scale` turns its unit into the language's (durations are microseconds)."""

    name: str
    type: Type
    attribute: str
    may_be_unset: bool
    meaning: str
    scale: int = 1


def _text(name: str, meaning: str) -> EventField:
    return EventField(name, Type.TEXT, name, True, meaning)


_ALL: Final = (
    EventField("method", Type.TEXT, "method", False, "the SIP method"),
    _text("source", "the sender's address"),
    _text("destination", "the receiver's address"),
    _text("transport", "udp, tcp, tls, ws or wss"),
    _text("caller", "the calling number in E.164, else the user part as sent"),
    _text("callee", "the called number in E.164, else the user part as sent"),
    _text("target", "the user that the request is for"),
    _text("domain", "the domain of the request URI"),
    _text("account", "the account that answers for the traffic"),
    _text("trunk", "the trunk it came over"),
    _text("plan", "the account's plan"),
    _text("direction", "outbound or inbound, seen from the provider's party"),
    EventField("credentials", Type.BOOL, "credentials", False, "the request carried an authorization header"),
    EventField("stale", Type.BOOL, "stale", False, "the answer said that only the nonce was too old"),
    EventField("status", Type.NUMBER, "status", False, "the final SIP status, 0 where none was seen"),
    EventField("answered", Type.BOOL, "answered", False, "the call was answered"),
    EventField("duration", Type.NUMBER, "duration_ms", False, "from answer to end, 0 for a call not answered", 1000),
    EventField("ring", Type.NUMBER, "ring_ms", False, "from the first 180 or 183 to answer or end", 1000),
    _text("released_by", "caller, callee or network"),
    _text("attestation", "A, B or C"),
    _text("user_agent", "the User-Agent header"),
)

FIELDS: Final[dict[str, EventField]] = {field.name: field for field in _ALL}
"""Field name to field."""

OUTCOME_FIELDS: Final = frozenset({"stale", "status", "answered", "duration", "ring", "released_by"})
"""Known only when a call or transaction is over: a rule `on: attempt` that needs one counts the call at its end."""
