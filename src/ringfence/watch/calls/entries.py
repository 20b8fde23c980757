"""What the tracker remembers: requests that wait for an answer, calls, and credentials that were accepted.

None of it refers back to what holds it, so it needs no looking for cycles.
"""

from msgspec import Struct

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.identity import IdentityOutcome
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Sender
from ringfence.watch.calls.states import CallState

TransactionKey = tuple[str, int | None, str, str | None, str]
"""Call-ID, CSeq number, method, the sender's Via branch, the sender's address."""

CallKey = tuple[str, str]
"""Call-ID and the caller's tag."""

ClaimKey = tuple[str, str, int]
"""User, address, and port or 0."""


class Origin(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What a request said when it was first seen on the sender's leg. Addresses and names as in the Event contract."""

    call_id: str
    tag: str
    method: str
    time: Micros
    source: str
    source_port: int
    destination: str
    transport: str
    caller: str | None
    callee: str | None
    dialled: str | None
    """The request URI's user as sent, which is what an emergency number is compared with."""
    target: str | None
    domain: str | None
    from_user: str | None
    to_user: str | None
    user: str | None
    """The user that the credentials claim to be."""
    credentials: bool
    user_agent: str | None
    agent: int | None
    emergency: bool = False
    """The request URI is the emergency service itself, by no number: `urn:service:sos` or below (RFC 5031)."""
    asserted: str | None = None
    diverted: str | None = None
    verification: IdentityOutcome | None = None
    """What its signed identity came to; `None` where nobody verifies, and for what begins no call."""
    attestation: Attestation | None = None
    signer: str | None = None


class Transaction(Struct, kw_only=True, array_like=True, gc=False):
    """An out-of-dialog request, kept until 32 s after its final response so that what comes twice is known."""

    key: TransactionKey
    serial: int
    origin: Origin
    deadline: Micros
    sender: Sender | None = None
    call: CallKey | None = None
    status: int = 0
    hops: list[str] = []
    """Where its legs went so far: a copy that comes from there is a further leg of the same request."""
    own_leg: bool = True
    """What `origin` says was read on the sender's own leg."""
    inner_status: int = 0
    """The last final failure on a further leg: told when none ever came on the sender's own."""


class Call(Struct, kw_only=True, array_like=True, gc=False):
    """A call from its first INVITE until 32 s after its end."""

    key: CallKey
    serial: int
    origin: Origin
    deadline: Micros
    state: CallState = CallState.TRYING
    sender: Sender | None = None
    invite: int
    """The serial of its newest INVITE transaction: only that one's failure is the call's."""
    seen: Micros
    """The last sign of life, for a call whose end was never seen."""
    rang: Micros | None = None
    answered: Micros | None = None
    status: int = 0
    challenged: bool = False
    """Credentials were demanded for it."""
    cancelled: bool = False
    exempt: bool = False
    """A call of an attributed party to an emergency number: no event tells of it."""
    tags: list[str] = []
    """The tags of the callees that answered; more than one where a fork was answered twice."""
    hops: list[str] = []
    """Where the legs of its newest INVITE went."""
    named: list[str] = []
    """Addresses that its answer named as where further requests may come from."""


class Claim(Struct, frozen=True, array_like=True):
    """That `user`'s credentials were accepted at `time`."""

    user: str
    time: Micros
