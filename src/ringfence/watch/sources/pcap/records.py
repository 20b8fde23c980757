"""Capture files as frames: classic pcap and pcapng, record by record.

Read here and not with a library because times must be exact, and a record's announced length must not decide how much memory
is taken.
Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.pcap.counts import CaptureCounts, CaptureDefect

LARGEST_RECORD: Final = 1 << 20
"""Octets. Capture programs cut at 262,144; a record that announces more is damage."""

_CLASSIC: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1),
    b"\xa1\xb2\xc3\xd4": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000),
}
"""Magic to byte order and parts of a microsecond."""
_SECTION: Final = b"\x0a\x0d\x0d\x0a"
_INTERFACE, _OBSOLETE_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET = 1, 2, 3, 6
_OPTION_END, _OPTION_RESOLUTION, _OPTION_OFFSET = 0, 9, 14


class Frame(NamedTuple):
    """One captured frame. `link` is its LINKTYPE; `cut`: the capture holds only its beginning."""

    time: Micros
    link: int
    octets: bytes
    cut: bool


class _Interface(NamedTuple):
    link: int
    ticks_per_second: int
    offset_s: int


def is_capture(start: bytes) -> bool:
    """Tell whether a file that starts with these four octets or more is a capture."""
    return start[:4] in _CLASSIC or start[:4] == _SECTION


def frames(file: BinaryIO, counts: CaptureCounts) -> Iterator[Frame]:
    """Yield the frames in the file's order. Damage ends them, and is counted.

    Raises `UnreadableFile` where it is no capture file at all.
    """
    magic = file.read(4)
    if magic in _CLASSIC:
        return _classic(file, *_CLASSIC[magic], counts)
    if magic == _SECTION:
        return _blocks(file, counts)
    raise UnreadableFile("it is no capture: neither pcap nor pcapng starts so", permanent=True)


def _classic(file: BinaryIO, order: str, parts: int, counts: CaptureCounts) -> Iterator[Frame]:
    header = file.read(20)
    if len(header) < 20:
        counts.defects[CaptureDefect.TRUNCATED] += 1
        return
    link = struct.unpack(order + "I", header[16:20])[0] & 0xFFFF
    record = struct.Struct(order + "IIII")
    while head := file.read(record.size):
        if len(head) < record.size:
            counts.defects[CaptureDefect.TRUNCATED] += 1
            return
        seconds, fraction, captured, original = record.unpack(head)
        if captured > LARGEST_RECORD:
            counts.defects[CaptureDefect.RECORD_SIZE] += 1
            return
        octets = file.read(captured)
        if len(octets) < captured:
            counts.defects[CaptureDefect.TRUNCATED] += 1
            return
        counts.frames += 1
        yield Frame(Micros(seconds * SECOND + fraction // parts), link, octets, captured < original)


def _blocks(file: BinaryIO, counts: CaptureCounts) -> Iterator[Frame]:
    """Read pcapng. The first section's type has been read."""
    order = "<"
    interfaces: list[_Interface] = []
    kind = _SECTION
    while len(kind) == 4:
        if kind == _SECTION:
            start = file.read(8)
            order = "<" if start[4:8] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
            size, body = struct.unpack(order + "I", start[:4].ljust(4, b"\0"))[0], start[4:]
        else:
            size, body = struct.unpack(order + "I", file.read(4).ljust(4, b"\0"))[0], b""
        if size < 12 or size > LARGEST_RECORD or size % 4:
            counts.defects[CaptureDefect.RECORD_SIZE if size else CaptureDefect.TRUNCATED] += 1
            return
        body += file.read(size - 8 - len(body))
        if len(body) < size - 8:
            counts.defects[CaptureDefect.TRUNCATED] += 1
            return
        number = struct.unpack(order + "I", kind)[0]
        if number == _INTERFACE:
            interfaces.append(_interface(body, order))
        elif number in (_OBSOLETE_PACKET, _ENHANCED_PACKET):
            frame = _packet(body, order, number, interfaces)
            if frame is None:
                counts.defects[CaptureDefect.RECORD_SIZE] += 1
            else:
                counts.frames += 1
                yield frame
        elif number == _SIMPLE_PACKET:
            counts.defects[CaptureDefect.WITHOUT_TIME] += 1
        kind = file.read(4)
    if kind:
        counts.defects[CaptureDefect.TRUNCATED] += 1


def _interface(body: bytes, order: str) -> _Interface:
    """Read an interface description: link type, and the options that say what its times count."""
    link = struct.unpack_from(order + "H", body)[0] if len(body) >= 2 else 0
    ticks, offset, at = 1_000_000, 0, 8
    while at + 4 <= len(body) - 4:
        code, length = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4
        if code == _OPTION_END:
            break
        if code == _OPTION_RESOLUTION and length == 1:
            exponent = value[0] & 0x7F
            ticks = (2 if value[0] & 0x80 else 10) ** min(exponent, 64)
        elif code == _OPTION_OFFSET and length == len(value) == 8:
            offset = struct.unpack(order + "q", value)[0]
    return _Interface(link, ticks, offset)


def _packet(body: bytes, order: str, kind: int, interfaces: list[_Interface]) -> Frame | None:
    """Read an enhanced or obsolete packet block; `None` where it does not hold together."""
    if len(body) < 24:
        return None
    number = struct.unpack_from(order + ("I" if kind == _ENHANCED_PACKET else "H"), body)[0]
    high, low, captured, original = struct.unpack_from(order + "IIII", body, 4)
    if number >= len(interfaces) or captured > len(body) - 24:
        return None
    interface = interfaces[number]
    ticks = (high << 32) | low
    time = interface.offset_s * SECOND + ticks * SECOND // interface.ticks_per_second
    return Frame(Micros(time), interface.link, body[20 : 20 + captured], captured < original)
