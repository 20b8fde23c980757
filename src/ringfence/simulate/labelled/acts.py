"""What a party, or an outsider, does to the provider's edge: the one source of events, call records and packets.

`actor` is the number of the label that the act belongs to, `None` for what is honest. Nothing that detectors see carries it.
"""

from msgspec import Struct

from ringfence.simulate.labelled.parties import Party
from ringfence.vocabulary.times import Micros


class Call(Struct, frozen=True, gc=False):
    """An initial INVITE and what became of it.

    `status` is the final one; 0: nobody ever answers it. `party` is who sent it, as the edge knows from address or credentials;
    `None` for strangers and other networks. `setup_us` runs to the first ringing or the failure, `ring_us` from there to the answer
    or the end of ringing, `talk_us` from the answer to the BYE. With `challenged` the edge asks for fresh credentials first.
    """

    time: Micros
    id: str
    party: Party | None
    source: str
    caller: str
    callee: str
    status: int = 200
    setup_us: int = 400_000
    ring_us: int = 0
    talk_us: int = 0
    released_by: str = "caller"
    asserted: str | None = None
    diverted: str | None = None
    user_agent: str | None = None
    challenged: bool = False
    domain: str | None = None
    credentials: bool = True
    """The INVITE carried credentials, where the trunk has any."""
    q850: int | None = None
    attestation: str | None = None
    hops: int = 1
    """Servers that it came over: 70 less its Max-Forwards."""
    actor: int | None = None


class Registration(Struct, frozen=True, gc=False):
    """One REGISTER and its final answer."""

    time: Micros
    id: str
    party: Party | None
    source: str
    user: str
    status: int
    credentials: bool = True
    stale: bool = False
    user_agent: str | None = None
    port: int = 5060
    actor: int | None = None


class Ask(Struct, frozen=True, gc=False):
    """Another request outside dialogs: OPTIONS, SUBSCRIBE, PUBLISH …"""

    time: Micros
    id: str
    party: Party | None
    source: str
    user: str | None
    method: str
    status: int
    domain: str | None = None
    user_agent: str | None = None
    destination: str | None = None
    actor: int | None = None


class Text(Struct, frozen=True, gc=False):
    """A text message (MESSAGE). `content` stands for its text: the same for the same text."""

    time: Micros
    id: str
    party: Party | None
    source: str
    caller: str
    callee: str
    status: int
    content: str
    direction: str | None = None
    user_agent: str | None = None
    actor: int | None = None


class Forgery(Struct, frozen=True, gc=False):
    """A request of a stranger on the dialog of `call`: BYE, CANCEL, INVITE, UPDATE or REFER. Only packets show it."""

    time: Micros
    call: Call
    source: str
    method: str
    tags_known: bool = True
    actor: int | None = None


class Noise(Struct, frozen=True, gc=False):
    """A datagram that is hardly SIP. Only packets show it."""

    time: Micros
    id: str
    party: Party | None
    source: str
    payload: bytes
    actor: int | None = None


class Complaint(Struct, frozen=True, gc=False):
    """Somebody, `reporter`, complained about a call or text of the `party` at `conduct`. The desk tells it; no packet shows it."""

    time: Micros
    id: str
    party: Party
    reporter: str
    caller: str
    conduct: Micros
    source: str = ""
    actor: int | None = None


Act = Call | Registration | Ask | Text | Forgery | Noise | Complaint
