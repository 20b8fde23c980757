"""HEP3, the encapsulation in which an edge mirrors its signalling: the sender's side (HEP/EEP specification, revision 37)."""

import ipaddress
import struct
from dataclasses import dataclass
from typing import Final

from ringfence.vocabulary.times import SECOND, Micros

PROTOCOL_SIP: Final = 1
PROTOCOL_LOG: Final = 100
"""What Kamailio's hlog sends its text as."""

_UDP: Final = 17
_FAMILY: Final = {4: 2, 6: 10}
_ADDRESS_CHUNKS: Final = {4: (3, 4), 6: (5, 6)}


@dataclass(frozen=True, slots=True)
class Capture:
    """One mirrored packet. Addresses are canonical text of one family. `correlation` is a Call-ID, `key` the agent's password."""

    time: Micros
    source: str
    source_port: int
    destination: str
    destination_port: int
    payload: bytes
    agent: int
    protocol: int = PROTOCOL_SIP
    correlation: str | None = None
    key: str | None = None


def encode(capture: Capture) -> bytes:
    """Return one HEP3 packet. Raises `ValueError` for an address that is none, and `struct.error` beyond 65,535 bytes."""
    source, destination = ipaddress.ip_address(capture.source), ipaddress.ip_address(capture.destination)
    source_chunk, destination_chunk = _ADDRESS_CHUNKS[source.version]
    seconds, microseconds = divmod(capture.time, SECOND)
    chunks = [
        _chunk(1, struct.pack("!B", _FAMILY[source.version])),
        _chunk(2, struct.pack("!B", _UDP)),
        _chunk(source_chunk, source.packed),
        _chunk(destination_chunk, destination.packed),
        _chunk(7, struct.pack("!H", capture.source_port)),
        _chunk(8, struct.pack("!H", capture.destination_port)),
        _chunk(9, struct.pack("!I", seconds)),
        _chunk(10, struct.pack("!I", microseconds)),
        _chunk(11, struct.pack("!B", capture.protocol)),
        _chunk(12, struct.pack("!I", capture.agent)),
    ]
    if capture.key:
        chunks.append(_chunk(14, capture.key.encode()))
    chunks.append(_chunk(15, capture.payload))
    if capture.correlation is not None:
        chunks.append(_chunk(17, capture.correlation.encode()))
    body = b"".join(chunks)
    return b"HEP3" + struct.pack("!H", len(body) + 6) + body


def _chunk(kind: int, content: bytes) -> bytes:
    return struct.pack("!HHH", 0, kind, len(content) + 6) + content
