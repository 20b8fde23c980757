"""One captured SIP payload with where and when it was on the wire: what every packet source yields."""

from enum import StrEnum

from msgspec import Struct

from ringfence.vocabulary.times import Micros


class PayloadKind(StrEnum):
    """What the payload is. `log` is a line of an edge's own (HEP protocol type 100, 0x56)."""

    SIP = "sip"
    LOG = "log"
    OTHER = "other"


class Datagram(Struct, frozen=True, gc=False):
    """`time` is the capture's own, `arrival` when Ringfence received it (equal in a recording). Addresses are canonical text.

    The payload of a stream transport is one whole SIP message. It may hold content of a call: parse it at once and drop it; it does
    not show in the text form. `agent` is the capture agent's id, `None` from a file; `correlation` what the agent sent as such
    (often a Call-ID).
    """

    time: Micros
    arrival: Micros
    kind: PayloadKind
    transport: str
    source: str
    source_port: int
    destination: str
    destination_port: int
    payload: bytes
    agent: int | None = None
    correlation: str | None = None
    agent_address: str | None = None
    """Where the agent's packet came from: its id alone is a claim that anybody can make."""

    def __repr__(self) -> str:
        return (
            f"Datagram({self.kind} over {self.transport}, {self.source}:{self.source_port} -> {self.destination}:"
            f"{self.destination_port}, time={self.time}, agent={self.agent}, payload octets={len(self.payload)})"
        )
