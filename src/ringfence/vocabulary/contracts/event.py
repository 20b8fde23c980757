"""Event: what happened in signalling, already attributed, without content. Rules are written over its fields."""

from enum import StrEnum

from msgspec import Struct

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.identity import IdentityOutcome
from ringfence.vocabulary.times import Micros


class EventKind(StrEnum):
    """What a rule can be `on`."""

    ATTEMPT = "attempt"  # an initial INVITE, once a call however often it is sent, forked, challenged or mirrored
    ANSWER = "answer"  # its first 2xx
    END = "end"  # the call's end: final failure, BYE, or given up; carries the outcome
    REQUEST = "request"  # an out-of-dialog request of any method got its final response, or none in 32 s (status 408)
    REGISTRATION = "registration"  # the same, for REGISTER alone (emitted beside its REQUEST)
    MESSAGE = "message"  # a text message: a SIP MESSAGE outside dialogs got its final response (beside its REQUEST)
    COMPLAINT = "complaint"  # the desk took one in
    DECISION = "decision"  # the desk decided a case
    TRACEBACK = "traceback"  # somebody asked the desk who had called
    FINDING = "finding"  # another rule found something
    FACT = "fact"  # anything else told from outside, by its `name`: "opt-out", "consent", "answered-live", "port" …
    ODDITY = "oddity"  # what signalling shows that no other kind tells, by its `name`: "stranger-in-session", "broken-cseq" …


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened at `time`. Unset text is `None`; `status` 0 means that none was seen.

    `source` and `destination` are addresses in canonical text. `caller` and `callee` are E.164 where they name a number, else the
    user part as sent. `answered`, `duration_ms`, `ring_ms` and `released_by` are known on `answer` and `end` only. An unset number
    is `None` where zero would say something else.
    """

    v: int = 1
    kind: EventKind
    time: Micros
    sequence: int = 0
    call_id: str
    method: str = "INVITE"
    source: str | None = None
    source_port: int = 0
    destination: str | None = None
    transport: str | None = None
    caller: str | None = None
    callee: str | None = None
    target: str | None = None
    """The user that the request is for: of the To address for REGISTER, else of the request URI. `None` where there is none."""
    domain: str | None = None
    account: str | None = None
    party_path: tuple[str, ...] = ()
    """From the root party to the account's own, at `time`. Empty where the traffic is unattributed."""
    trunk: str | None = None
    plan: str | None = None
    direction: str | None = None
    """`outbound`: a party of ours sent it; `inbound`: it came for one of ours; `None`: cannot be told."""
    credentials: bool = False
    """The request carried an Authorization or Proxy-Authorization header. What it held is not kept."""
    stale: bool = False
    """The answer said that only the nonce was too old (RFC 7616 section 3.3): the credentials may well be right."""
    status: int = 0
    answered: bool = False
    duration_ms: int = 0
    ring_ms: int = 0
    released_by: str | None = None
    """`caller`, `callee` or `network`."""
    attestation: Attestation | None = None
    user_agent: str | None = None
    agent: int | None = None
    """The capture agent's id."""
    late: bool = False
    """It came after its time had been closed, and was counted when it came."""
    asserted: str | None = None
    """The number of P-Asserted-Identity (RFC 3325), written as `caller` is."""
    diverted: str | None = None
    """The number that sent the call on: of Diversion (RFC 5806), the newest; written as `caller` is."""
    q850: int | None = None
    """The release cause of ITU-T Q.850."""
    price: float | None = None
    """What a minute costs, in `currency`."""
    cost: float | None = None
    """What the whole cost, in `currency`."""
    currency: str | None = None
    """ISO 4217."""
    content: str | None = None
    """A keyed hash of a message's text: the same for the same text. The text itself is not kept."""
    name: str | None = None
    """What a `fact` or an `oddity` is: "opt-out", "consent", "abandoned", "answered-live", "stranger-in-session" …"""
    value: float | None = None
    """The number that a `fact` or an `oddity` tells."""
    traffic_class: str | None = None
    """The class of traffic that the sender declared, or that a rule found (on `finding`)."""
    rule: str | None = None
    """The rule that found it, on `finding` and `decision`."""
    clause: str | None = None
    """The clause that it is about, on `finding`, `complaint` and `decision`."""
    severity: str | None = None
    """`info`, `warn` or `act`, on `finding`."""
    points: float = 0.0
    """What the rule gives for it, on `finding`."""
    reporter: str | None = None
    """Who complained, as a keyed token: the same for the same person."""
    conduct_time: Micros | None = None
    """When that took place which a complaint, decision or traceback is about."""
    verification: IdentityOutcome | None = None
    """What the call's signed identity came to; `None` where nobody verified it. The signature itself is not kept."""
    signer: str | None = None
    """Who signed it: the provider code in the certificate, else the certificate's subject. `None` where no signature held."""

    @property
    def party(self) -> str | None:
        """The party that holds the account; `None` where the traffic is unattributed."""
        return self.party_path[-1] if self.party_path else None

    @property
    def root(self) -> str | None:
        """The party at the head of the path."""
        return self.party_path[0] if self.party_path else None
