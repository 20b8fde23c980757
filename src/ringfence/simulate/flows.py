"""What passes an edge on behalf of one Call-ID, in the order of its times: the unit that is played, or stopped by a refusal."""

from dataclasses import dataclass

from ringfence.vocabulary.times import Micros


@dataclass(frozen=True, slots=True)
class Packet:
    """One SIP message over UDP, `offset` after the start of its flow. Addresses are canonical text."""

    offset: Micros
    source: str
    source_port: int
    destination: str
    destination_port: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Flow:
    """`start` is an offset too: from the start of the hour or of the capture. `packets` is never empty."""

    start: Micros
    call_id: str
    packets: tuple[Packet, ...]
