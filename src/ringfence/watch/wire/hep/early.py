"""HEP versions 1 and 2: a fixed header before the payload, always SIP.

Version (1 octet), length of the header (1), address family (1), IP protocol (1), ports (2 + 2), addresses (4 + 4 or 16 + 16);
version 2 adds seconds (4), microseconds (4) and the agent's id (2), in the byte order of the sending machine, and some senders two
octets that fill the structure up.
"""

import ipaddress
import struct
from typing import Final

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.wire.hep.packet import HepDefect, HepPacket
from ringfence.watch.wire.sip.stream import starts_like_sip

_HEADER: Final = struct.Struct(">BBBBHH")
_IPV6_FAMILIES: Final = frozenset({10, 28, 30})
_TIME, _TIME_FILLED = 10, 12
_PROTOCOLS: Final = frozenset({6, 17, 132})
_EARLIEST_S: Final = 1_000_000_000
"""September 2001: no capture is older, and no time read in the wrong byte order is likely to pass for one."""
_SIP: Final = 1


def looks_like_early(data: bytes) -> bool:
    """Tell whether `data` is a packet of version 1 or 2: its header must make sense and SIP must follow it."""
    if len(data) < _HEADER.size or data[0] not in (1, 2) or data[3] not in _PROTOCOLS:
        return False
    return starts_like_sip(data[_payload_start(data) :].lstrip(b"\r\n"))


def decode_early(data: bytes) -> HepPacket:
    """Return the packet that `data`, of version 1 or 2, is: no bytes raise."""
    if len(data) < _HEADER.size:
        return HepPacket(defects=(HepDefect.TRUNCATED,))
    version, _, family, protocol, source_port, destination_port = _HEADER.unpack_from(data)
    size = 16 if family in _IPV6_FAMILIES else 4
    begin = _payload_start(data)
    addresses = data[_HEADER.size : _HEADER.size + 2 * size]
    if len(addresses) < 2 * size or begin > len(data):
        return HepPacket(family=family, protocol=protocol, defects=(HepDefect.TRUNCATED,))
    time, agent = _stamp(data[_HEADER.size + 2 * size : begin]) if version == 2 else (None, None)
    return HepPacket(
        family=family,
        protocol=protocol,
        source=_address(addresses[:size]),
        destination=_address(addresses[size:]),
        source_port=source_port,
        destination_port=destination_port,
        time=time,
        payload_type=_SIP,
        agent=agent,
        payload=data[begin:],
        defects=(HepDefect.TIME,) if version == 2 and time is None else (),
    )


def _payload_start(data: bytes) -> int:
    """Return where the payload starts. The length octet counts the time with some senders only: SIP itself is looked for."""
    start = _HEADER.size + (32 if data[2] in _IPV6_FAMILIES else 8)
    if data[0] == 1:
        return start
    for size in (_TIME, _TIME_FILLED):
        if starts_like_sip(data[start + size :].lstrip(b"\r\n")):
            return start + size
    return start + _TIME


def _stamp(octets: bytes) -> tuple[Micros | None, int | None]:
    """Return time and agent in whichever byte order makes sense, or `None` for both."""
    for order in "<", ">":
        seconds, microseconds, agent = struct.unpack_from(order + "IIH", octets)
        if seconds >= _EARLIEST_S and microseconds < SECOND:
            return Micros(seconds * SECOND + microseconds), agent
    return None, None


def _address(octets: bytes) -> str:
    address = ipaddress.ip_address(octets)
    # A socket for both families reports IPv4 peers as IPv6 addresses; they are the same senders.
    return str(address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else str(address)
