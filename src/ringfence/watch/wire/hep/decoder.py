"""Bytes to packet. Framing and chunks as in the HEP specification, revision 37, sections 3 and 4."""

import ipaddress
import struct
import zlib
from collections.abc import Callable
from typing import Final

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.wire.hep.early import decode_early, looks_like_early
from ringfence.watch.wire.hep.packet import HepDefect, HepPacket

MAGIC: Final = b"HEP3"
INFLATED_LIMIT: Final = 65_536
"""Octets that a compressed payload may have: no SIP message over UDP is longer."""

HEADER: Final = struct.Struct(">4sH")
CHUNK: Final = struct.Struct(">HHH")
"""A chunk's header: vendor, type, and the octets that it takes with this header."""
_CHUNK_HEADER: Final = 6
_GENERIC: Final = 0
_SECONDS: Final = 0x0009
_MICROSECONDS: Final = 0x000A
_COMPRESSED: Final = 0x0010
_ANY_SIZE: Final = 0


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "replace")


def _ipv4(value: bytes) -> str:
    return f"{value[0]}.{value[1]}.{value[2]}.{value[3]}"


def _ipv6(value: bytes) -> str:
    address = ipaddress.IPv6Address(value)
    # A socket for both families reports IPv4 peers this way; they are the same senders.
    return str(address.ipv4_mapped or address)


CHUNKS: Final[dict[int, tuple[str, int, Callable[[bytes], object] | None]]] = {
    0x0001: ("family", 1, None),
    0x0002: ("protocol", 1, None),
    0x0003: ("source", 4, _ipv4),
    0x0004: ("destination", 4, _ipv4),
    0x0005: ("source", 16, _ipv6),
    0x0006: ("destination", 16, _ipv6),
    0x0007: ("source_port", 2, None),
    0x0008: ("destination_port", 2, None),
    _SECONDS: ("seconds", 4, None),
    _MICROSECONDS: ("microseconds", 4, None),
    0x000B: ("payload_type", 1, None),
    0x000C: ("agent", 4, None),
    0x000D: ("keep_alive_s", 2, None),
    0x000E: ("key", _ANY_SIZE, bytes),
    0x000F: ("payload", _ANY_SIZE, bytes),
    _COMPRESSED: ("compressed", _ANY_SIZE, bytes),
    0x0011: ("correlation", _ANY_SIZE, _text),
    0x0012: ("vlan", 2, None),
    0x0013: ("agent_name", _ANY_SIZE, _text),
    0x0014: ("source_mac", 8, None),
    0x0015: ("destination_mac", 8, None),
    0x0016: ("ethernet_type", 2, None),
    0x0017: ("tcp_flags", 1, None),
    0x0018: ("type_of_service", 1, None),
    0x0020: ("mos", 2, None),
    0x0021: ("r_factor", 2, None),
    0x0022: ("geo_location", _ANY_SIZE, _text),
    0x0023: ("jitter", 4, None),
    0x0024: ("transaction_type", _ANY_SIZE, _text),
    0x0025: ("json_keys", _ANY_SIZE, _text),
    0x0026: ("tag_values", _ANY_SIZE, _text),
    0x0027: ("tag_type", 2, None),
    0x0028: ("event_type", 2, None),
    0x0029: ("group", _ANY_SIZE, _text),
}
"""Chunk type to the packet's field, its size in octets, and how it is read (`None`: a number). All others are skipped by length."""


def decode(data: bytes) -> HepPacket:
    """Return the packet that `data` is, which may be anything: no bytes raise. Unknown vendors and types are skipped."""
    if data[:1] in (b"\1", b"\2"):
        return decode_early(data) if looks_like_early(data) else HepPacket(defects=(HepDefect.NOT_HEP,))
    if len(data) < HEADER.size or not data.startswith(MAGIC):
        return HepPacket(defects=(HepDefect.NOT_HEP if not MAGIC.startswith(data[:4]) or not data else HepDefect.TRUNCATED,))
    defects: list[HepDefect] = []
    _, length = HEADER.unpack_from(data)
    if length > len(data):
        defects.append(HepDefect.TRUNCATED)
        length = len(data)
    elif length < len(data):
        defects.append(HepDefect.EXCESS)
    fields = _fields(data, length, defects)
    if "compressed" in fields:
        _inflate(fields, defects)
    _time(fields, defects)
    return HepPacket(**fields, defects=tuple(dict.fromkeys(defects)) if defects else ())  # type: ignore[arg-type] # the table above names and types them


def looks_like_hep(data: bytes) -> bool:
    """Tell whether `data` is a HEP packet of any version."""
    return data.startswith(MAGIC) or looks_like_early(data)


def _fields(data: bytes, length: int, defects: list[HepDefect]) -> dict[str, object]:
    fields: dict[str, object] = {}
    unpack, chunks, number = CHUNK.unpack_from, CHUNKS, int.from_bytes
    at = HEADER.size
    last = length - _CHUNK_HEADER
    while at <= last:
        vendor, kind, size = unpack(data, at)
        begin = at + _CHUNK_HEADER
        at += size
        if size < _CHUNK_HEADER or at > length:
            defects.append(HepDefect.CHUNK_LENGTH)
            return fields
        if vendor != _GENERIC or kind not in chunks:
            continue
        name, expected, read = chunks[kind]
        if expected and at - begin != expected:
            defects.append(HepDefect.FIELD_SIZE)
        elif name in fields:
            defects.append(HepDefect.REPEATED_CHUNK)
        else:
            fields[name] = number(data[begin:at], "big") if read is None else read(data[begin:at])
    if at < length:
        defects.append(HepDefect.CHUNK_LENGTH)
    return fields


def _time(fields: dict[str, object], defects: list[HepDefect]) -> None:
    """Put seconds and microseconds together. Without seconds there is no time."""
    seconds, microseconds = fields.pop("seconds", None), fields.pop("microseconds", 0)
    if not isinstance(seconds, int) or not isinstance(microseconds, int):
        return
    if microseconds >= SECOND:
        defects.append(HepDefect.TIME)
        microseconds = 0
    fields["time"] = Micros(seconds * SECOND + microseconds)


def _inflate(fields: dict[str, object], defects: list[HepDefect]) -> None:
    """Replace a compressed payload (gzip, zlib or bare deflate) by what it holds, if that is no larger than `INFLATED_LIMIT`."""
    compressed = fields.pop("compressed", None)
    if not isinstance(compressed, bytes):
        return
    if "payload" in fields:
        defects.append(HepDefect.REPEATED_CHUNK)
        return
    for form in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        stream = zlib.decompressobj(form)
        try:
            payload = stream.decompress(compressed, INFLATED_LIMIT + 1)
        except zlib.error:
            continue
        if len(payload) > INFLATED_LIMIT:
            defects.append(HepDefect.INFLATED_SIZE)
        elif not stream.eof:
            defects.append(HepDefect.COMPRESSION)
        else:
            fields["payload"] = payload
        return
    defects.append(HepDefect.COMPRESSION)
