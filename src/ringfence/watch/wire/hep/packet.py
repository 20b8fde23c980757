"""A HEP packet: one captured payload with all that the capture agent says of it (HEP version 3, revision 37; 1 and 2 say less)."""

from enum import StrEnum

from msgspec import Struct

from ringfence.vocabulary.times import Micros


class HepDefect(StrEnum):
    """What was wrong with a packet. Each is counted; none stops the decoder."""

    NOT_HEP = "not-hep"  # it starts as no version of HEP does
    TRUNCATED = "truncated"  # shorter than it announces
    EXCESS = "excess"  # octets after what it announces
    CHUNK_LENGTH = "chunk-length"  # a chunk shorter than its own header, or reaching past the end: the rest is not read
    FIELD_SIZE = "field-size"  # a chunk's value is not as long as its type says
    REPEATED_CHUNK = "repeated-chunk"  # the first is read
    TIME = "time"  # a million microseconds or more
    COMPRESSION = "compression"  # a compressed payload that cannot be read
    INFLATED_SIZE = "inflated-size"  # a compressed payload larger than any message: refused


class HepPacket(Struct, frozen=True, kw_only=True, gc=False):
    """The generic chunks (vendor 0). What the agent did not send is `None`; addresses are canonical text.

    `payload` may be content of a call and `key` is a secret: neither shows in the text form.
    """

    family: int | None = None
    """The agent's own number of the address family, which differs between systems: go by the addresses."""
    protocol: int | None = None
    """IP protocol: 17 UDP, 6 TCP, 132 SCTP."""
    source: str | None = None
    destination: str | None = None
    source_port: int | None = None
    destination_port: int | None = None
    time: Micros | None = None
    payload_type: int | None = None
    """1 SIP, 100 or 86 an edge's log line."""
    agent: int | None = None
    keep_alive_s: int | None = None
    key: bytes | None = None
    payload: bytes | None = None
    """As captured; a compressed one is inflated."""
    correlation: str | None = None
    vlan: int | None = None
    agent_name: str | None = None
    source_mac: int | None = None
    destination_mac: int | None = None
    ethernet_type: int | None = None
    tcp_flags: int | None = None
    type_of_service: int | None = None
    mos: int | None = None
    r_factor: int | None = None
    geo_location: str | None = None
    jitter: int | None = None
    transaction_type: str | None = None
    json_keys: str | None = None
    tag_values: str | None = None
    tag_type: int | None = None
    event_type: int | None = None
    group: str | None = None
    defects: tuple[HepDefect, ...] = ()

    def __repr__(self) -> str:
        octets = None if self.payload is None else len(self.payload)
        return (
            f"HepPacket({self.source}:{self.source_port} -> {self.destination}:{self.destination_port}, time={self.time},"
            f" type={self.payload_type}, agent={self.agent}, payload octets={octets}, defects={[*map(str, self.defects)]})"
        )
