"""One captured SIP payload with where and when it was on the wire: what every packet source yields."""

from dataclasses import dataclass
from enum import StrEnum

from ringfence.vocabulary.times import Micros


class PayloadKind(StrEnum):
    """What the payload is. `log` is a line of an edge's own (HEP protocol type 100, 0x56)."""

    SIP = "sip"
    LOG = "log"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Datagram:
    """`time` is the capture's own, `arrival` when Ringfence received it (equal in a recording). Addresses are canonical text.

    The payload of a stream transport is one whole SIP message. `agent` is the capture agent's id, `None` from a file;
    `correlation` what the agent sent as such (often a Call-ID).
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
