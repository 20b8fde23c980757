"""A HEP packet read octet by octet, as the kernel may: what is plain, and what such a packet says."""

from typing import NamedTuple

SIZES = {1: 1, 2: 1, 3: 4, 4: 4, 7: 2, 8: 2, 9: 4, 10: 4, 11: 1, 12: 4, 14: None, 15: None, 17: None, 19: None}
WANTED = {2, 3, 4, 7, 8, 9, 10, 11, 12, 15}


class Said(NamedTuple):
    """What a plain packet says."""

    time: int
    source: int
    destination: int
    source_port: int
    destination_port: int
    agent: int
    transport: int
    payload: bytes


def read(packet: bytes, key: bytes) -> Said | None:
    """Return what a packet says; `None` where it is not plain, or lacks the key."""
    if packet[:4] != b"HEP3" or len(packet) < 6 or int.from_bytes(packet[4:6], "big") != len(packet):
        return None
    chunks: dict[int, bytes] = {}
    rest = packet[6:]
    while rest:
        size = int.from_bytes(rest[4:6], "big")
        if len(rest) < 6 or size < 6 or size > len(rest):
            return None
        vendor, kind, value, rest = int.from_bytes(rest[:2], "big"), int.from_bytes(rest[2:4], "big"), rest[6:size], rest[size:]
        if vendor:
            continue
        if kind not in SIZES or kind in chunks or SIZES[kind] not in (None, len(value)):
            return None
        chunks[kind] = value
    if not chunks.keys() >= WANTED or not chunks[15] or (key and chunks.get(14) != key):
        return None
    number = {kind: int.from_bytes(value, "big") for kind, value in chunks.items()}
    if number[11] != 1 or number[2] not in (6, 17, 132) or number[10] >= 1_000_000:
        return None
    time = number[9] * 1_000_000 + number[10]
    return Said(time, number[3], number[4], number[7], number[8], number[12], number[2], chunks[15])
