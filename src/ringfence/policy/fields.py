"""The fields that a rule's expressions may name: every event field of the contract that a rule can ask for."""

from dataclasses import dataclass
from typing import Final

from ringfence.policy.expressions import Dimension, Type
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.identity import IdentityOutcome


@dataclass(frozen=True, slots=True)
class EventField:
    """`attribute` names the contract's field; `scale` turns its unit into the language's (durations are microseconds).

    `values`, where not empty, are all that a text field ever holds.
    """

    name: str
    type: Type
    attribute: str
    may_be_unset: bool
    meaning: str
    scale: int = 1
    dimension: Dimension = Dimension.PLAIN
    values: frozenset[str] = frozenset()


def _text(name: str, meaning: str, *values: str, always: bool = False) -> EventField:
    return EventField(name, Type.TEXT, name, not always, meaning, values=frozenset(values))


def _truth(name: str, meaning: str) -> EventField:
    return EventField(name, Type.BOOL, name, False, meaning)


def _number(name: str, meaning: str, *, may_be_unset: bool = False) -> EventField:
    return EventField(name, Type.NUMBER, name, may_be_unset, meaning)


def _duration(name: str, meaning: str) -> EventField:
    return EventField(name, Type.NUMBER, f"{name}_ms", False, meaning, 1000, Dimension.TIME)


def _moment(name: str, meaning: str, *, may_be_unset: bool = False) -> EventField:
    return EventField(name, Type.NUMBER, name, may_be_unset, meaning, dimension=Dimension.MOMENT)


_ALL: Final = (
    _text("method", "the SIP method", always=True),
    _text("source", "the sender's address"),
    _text("destination", "the receiver's address"),
    _text("transport", "udp, tcp, tls, ws or wss", "udp", "tcp", "tls", "ws", "wss"),
    _text("caller", "the calling number in E.164, else the user part as sent"),
    _text("callee", "the called number in E.164, else the user part as sent"),
    _text("target", "the user that the request is for"),
    _text("domain", "the domain of the request URI"),
    _text("account", "the account that answers for the traffic"),
    _text("trunk", "the trunk it came over"),
    _text("plan", "the account's plan"),
    _text("direction", "outbound or inbound, seen from the provider's party", "outbound", "inbound"),
    _truth("credentials", "the request carried an authorization header"),
    _truth("stale", "the answer said that only the nonce was too old"),
    _number("status", "the final SIP status, 0 where none was seen"),
    _truth("answered", "the call was answered"),
    _duration("duration", "from answer to end, 0 for a call not answered"),
    _duration("ring", "from the first 180 or 183 to answer or end"),
    _text("released_by", "caller, callee or network", "caller", "callee", "network"),
    _text("attestation", "A, B or C: what the call's signed identity attests", "A", "B", "C"),
    _text("verification", "what verifying the call's signed identity came to; unset where nobody did", *IdentityOutcome),
    _text("signer", "the provider that signed it, by the code in its certificate"),
    _text("user_agent", "the User-Agent header"),
    _text("kind", "the kind of event", *EventKind, always=True),
    _moment("time", "when it happened"),
    _text("call_id", "the call's id", always=True),
    _truth("late", "it came after its time had been closed"),
    _text("party", "the party that holds the account"),
    _text("root", "the party at the head of the account's path"),
    _text("asserted", "the network's own caller number (P-Asserted-Identity)"),
    _text("diverted", "the number that sent the call on (Diversion)"),
    _number("q850", "the release cause of Q.850", may_be_unset=True),
    _number("price", "what a minute costs", may_be_unset=True),
    _number("cost", "what the whole cost", may_be_unset=True),
    _text("currency", "of price and cost, as ISO 4217 writes it"),
    _text("content", "a hash of a message's text, the same for the same text"),
    _text("name", "what a fact or an oddity is, such as opt-out or stranger-in-session"),
    _number("value", "the number that a fact or an oddity tells", may_be_unset=True),
    _text("traffic_class", "the class of traffic that its sender declared, or that a finding gives"),
    _text("rule", "the rule of a finding or decision"),
    _text("clause", "the clause of a finding, complaint or decision"),
    _text("severity", "a finding's: info, warn or act", "info", "warn", "act"),
    _number("points", "a finding's points"),
    _text("reporter", "who complained: a token, the same for the same person"),
    _moment("conduct_time", "when that took place which a complaint, decision or traceback is about", may_be_unset=True),
)

KINDS: Final[dict[EventKind, str]] = {
    EventKind.ATTEMPT: "an initial INVITE, once a call",
    EventKind.ANSWER: "a call's answer",
    EventKind.END: "a call's end, with its outcome",
    EventKind.REQUEST: "a request outside calls, at its final response, or with status 408 after 32 s without any",
    EventKind.REGISTRATION: "the same for REGISTER alone",
    EventKind.MESSAGE: "a text message",
    EventKind.COMPLAINT: "the desk took one in",
    EventKind.DECISION: "the desk decided a case",
    EventKind.TRACEBACK: "somebody asked the desk who had called",
    EventKind.FINDING: "another rule found something",
    EventKind.FACT: "anything else told from outside, by its `name`",
    EventKind.ODDITY: "what signalling shows that no other kind tells, by its `name`: a stranger in a session, a broken message",
}
"""Kind of event to what it is."""

FIELDS: Final[dict[str, EventField]] = {field.name: field for field in _ALL}
"""Field name to field."""

OUTCOME_FIELDS: Final = frozenset({"stale", "status", "answered", "duration", "ring", "released_by", "q850", "cost"})
"""Known only when a call or transaction is over: a rule `on: attempt` that needs one counts the call at its end."""
