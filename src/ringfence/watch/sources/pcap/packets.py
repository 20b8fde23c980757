"""Frames to transport payloads: link layers, IPv4, IPv6, fragments, UDP and TCP headers."""

import ipaddress
import struct
from typing import Final, NamedTuple

from ringfence.watch.sources.pcap.counts import CaptureCounts, CaptureDefect
from ringfence.watch.sources.pcap.fragments import FragmentKey, Fragments
from ringfence.watch.sources.pcap.runs import Frame

TCP: Final = 6
UDP: Final = 17

_NULL, _ETHERNET, _LOOP, _LINUX_COOKED, _LINUX_COOKED_2 = 0, 1, 108, 113, 276
_RAW: Final = frozenset({12, 14, 101, 228, 229})
_VLAN_TAGS: Final = frozenset({0x8100, 0x88A8, 0x9100})
_IPV4, _IPV6 = 0x0800, 0x86DD
_FRAGMENT_HEADER, _AUTHENTICATION_HEADER = 44, 51
_SKIPPED_HEADERS: Final = frozenset({0, 43, 60, _AUTHENTICATION_HEADER})
"""IPv6 extension headers that may stand before the transport's: hop-by-hop, routing, destination options, authentication."""
_MOST_EXTENSIONS: Final = 8
_PLAIN_IPV4: Final = b"\x08\x00\x45"
_WHOLE: Final = (b"\x00\x00", b"\x40\x00")
"""No fragment: the flags and offset of a packet that may be cut, or must not be."""
_PLAIN_UDP: Final = struct.Struct(">H16xHHH")
"""From the IPv4 header's total length: that, both ports, and UDP's length."""


class Segment(NamedTuple):
    """A UDP datagram or TCP segment. `sequence` and `flags` are TCP's, 0 for UDP."""

    protocol: int
    source: str
    source_port: int
    destination: str
    destination_port: int
    payload: bytes
    sequence: int = 0
    flags: int = 0


class _Packet(NamedTuple):
    """An IP packet, whole. `octets` are what the capture has of its payload."""

    protocol: int
    source: str
    destination: str
    octets: bytes


def segment(frame: Frame, fragments: Fragments, counts: CaptureCounts) -> Segment | None:
    """Return what the frame carries, or `None`, and count why. A fragment gives `None` until the last one is there."""
    if frame.cut:
        counts.note(CaptureDefect.CUT_PACKET)
    octets = frame.octets
    if (
        frame.link == _ETHERNET
        and len(octets) >= 42
        and octets[12:15] == _PLAIN_IPV4
        and octets[20:22] in _WHOLE
        and octets[23] == UDP
    ):
        # Nearly every packet there is: IPv4 without options, whole. What follows would read it the same, and reads all others.
        total, source, destination, length = _PLAIN_UDP.unpack_from(octets, 16)
        if not 20 <= total < 28:
            end = 34 + (min(length, total - 20) if total >= 28 else length)
            return Segment(UDP, _ipv4_text(octets, 26), source, _ipv4_text(octets, 30), destination, octets[42 : max(end, 42)])
    network = _network(frame, counts)
    if network is None:
        return None
    octets = network
    version = octets[0] >> 4 if octets else 0
    if version not in (4, 6):
        counts.other_frames += 1
        return None
    packet = _ipv4(octets, fragments, counts) if version == 4 else _ipv6(octets, fragments, counts)
    if packet is None:
        return None
    if packet.protocol == UDP and len(packet.octets) >= 8:
        source, destination, length = struct.unpack_from(">HHH", packet.octets)
        return Segment(UDP, packet.source, source, packet.destination, destination, packet.octets[8 : max(length, 8)])
    if packet.protocol == TCP and len(packet.octets) >= 20:
        source, destination, sequence = struct.unpack_from(">HHI", packet.octets)
        offset = (packet.octets[12] >> 4) * 4
        payload = packet.octets[max(offset, 20) :]
        return Segment(TCP, packet.source, source, packet.destination, destination, payload, sequence, packet.octets[13])
    counts.other_frames += 1
    return None


def _ipv4_text(octets: bytes, at: int) -> str:
    return f"{octets[at]}.{octets[at + 1]}.{octets[at + 2]}.{octets[at + 3]}"


def _network(frame: Frame, counts: CaptureCounts) -> bytes | None:
    """Return the frame from its IP header on, or `None` where it has none."""
    octets, link = frame.octets, frame.link
    if link in _RAW:
        return octets
    if link == _ETHERNET:
        at = 12
        kind = int.from_bytes(octets[at : at + 2], "big")
        while kind in _VLAN_TAGS:
            at += 4
            kind = int.from_bytes(octets[at : at + 2], "big")
        start = at + 2
    elif link in (_NULL, _LOOP):
        # The family's number differs between systems; the IP version says the same.
        return octets[4:]
    elif link == _LINUX_COOKED:
        kind, start = int.from_bytes(octets[14:16], "big"), 16
    elif link == _LINUX_COOKED_2:
        kind, start = int.from_bytes(octets[0:2], "big"), 20
    else:
        counts.unknown_links[link] += 1
        return None
    if kind not in (_IPV4, _IPV6):
        counts.other_frames += 1
        return None
    return octets[start:]


def _ipv4(octets: bytes, fragments: Fragments, counts: CaptureCounts) -> _Packet | None:
    header = (octets[0] & 0x0F) * 4
    if header < 20 or len(octets) < header:
        counts.note(CaptureDefect.PACKET)
        return None
    total, identity, place = struct.unpack_from(">HHH", octets, 2)
    # Offloading network cards leave the total length empty: the frame's end is the packet's then.
    payload = octets[header : total if total >= header else None]
    protocol = octets[9]
    source, destination = (f"{address[0]}.{address[1]}.{address[2]}.{address[3]}" for address in (octets[12:16], octets[16:20]))
    if place & 0x3FFF:
        key = FragmentKey(source, destination, identity, protocol)
        whole = fragments.add(key, (place & 0x1FFF) * 8, payload, last=not place & 0x2000)
        if whole is None:
            return None
        payload = whole
    return _Packet(protocol, source, destination, payload)


def _ipv6(octets: bytes, fragments: Fragments, counts: CaptureCounts) -> _Packet | None:
    if len(octets) < 40:
        counts.note(CaptureDefect.PACKET)
        return None
    length = int.from_bytes(octets[4:6], "big")
    kind = octets[6]
    source, destination = str(ipaddress.IPv6Address(octets[8:24])), str(ipaddress.IPv6Address(octets[24:40]))
    payload = octets[40 : 40 + length] if length else octets[40:]
    for _ in range(_MOST_EXTENSIONS):
        if kind in _SKIPPED_HEADERS and len(payload) >= 8:
            size = (payload[1] + 2) * 4 if kind == _AUTHENTICATION_HEADER else (payload[1] + 1) * 8
            kind, payload = payload[0], payload[size:]
        elif kind == _FRAGMENT_HEADER and len(payload) >= 8:
            place, identity = struct.unpack_from(">HI", payload, 2)
            key = FragmentKey(source, destination, identity, payload[0])
            whole = fragments.add(key, place & 0xFFF8, payload[8:], last=not place & 1)
            if whole is None:
                return None
            kind, payload = payload[0], whole
        else:
            break
    return _Packet(kind, source, destination, payload)
