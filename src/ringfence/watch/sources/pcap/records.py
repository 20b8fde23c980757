"""Capture files as frames: classic pcap and pcapng, record by record.

Read here and not with a library because times must be exact, and a record's announced length must not decide how much memory
is taken.
Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.pcap.counts import CaptureCounts, CaptureDefect
from ringfence.watch.sources.pcap.runs import ClassicForm, Frame, Run, Runner
from ringfence.watch.sources.pcap.window import Window

LARGEST_RECORD: Final = 1 << 20
"""Octets. Capture programs cut at 262,144; a record that announces more is damage."""

_CLASSIC: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1),
    b"\xa1\xb2\xc3\xd4": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000),
}
"""Magic to byte order and parts of a microsecond."""
_FILE_HEADER: Final = 24
_RECORD: Final = 16
_LATEST: Final = 253_402_300_799 * SECOND
"""The end of the year 9999."""
_SECTION: Final = b"\x0a\x0d\x0d\x0a"
_INTERFACE, _OBSOLETE_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET = 1, 2, 3, 6
_OPTION_END, _OPTION_RESOLUTION, _OPTION_OFFSET = 0, 9, 14


class _Interface(NamedTuple):
    link: int
    ticks_per_second: int
    offset_s: int


def is_capture(start: bytes) -> bool:
    """Tell whether a file that starts with these four octets or more is a capture."""
    return start[:4] in _CLASSIC or start[:4] == _SECTION


def frames(file: BinaryIO, counts: CaptureCounts) -> Iterator[Frame | Run]:
    """Yield the frames in the file's order, those that are all alike in runs. Damage is counted and passed over.

    Raises `UnreadableFile` where it is no capture file at all.
    """
    magic = file.read(4)
    if magic in _CLASSIC:
        return _classic(Window(file, magic), counts)
    if magic == _SECTION:
        return _blocks(Window(file, magic), counts)
    raise UnreadableFile("it is no capture: neither pcap nor pcapng starts so", permanent=True)


def _classic(window: Window, counts: CaptureCounts) -> Iterator[Frame | Run]:
    """Read one classic capture, or several put one after another."""
    latest = None
    runner = Runner()
    form = _form(window, counts)
    while form is not None:
        run = runner.run(window, form)
        if run is not None:
            latest = run.walked.last // SECOND
            counts.frames += run.walked.found + run.walked.others
            yield run
        octets, at = window.octets, window.at
        if at + _RECORD > len(octets):
            if not window.has(_RECORD):
                break
            continue
        seconds, fraction, captured, original = form.record.unpack_from(octets, at)
        if captured > LARGEST_RECORD or not original:
            if octets[at : at + 4] in _CLASSIC:
                form = _form(window, counts)
                continue
            if captured > LARGEST_RECORD or not seconds:
                if not _found_again(window, form, latest, counts):
                    return
                continue
        begin, end = at + _RECORD, at + _RECORD + captured
        if end > len(octets):
            if not window.has(_RECORD + captured):
                break
            continue
        window.at = end
        latest = seconds
        counts.frames += 1
        yield Frame(Micros(seconds * SECOND + fraction // form.parts), form.link, octets[begin:end], captured < original)
    if window.held:
        counts.note(CaptureDefect.TRUNCATED)


def _form(window: Window, counts: CaptureCounts) -> ClassicForm | None:
    """Read a classic file header; `None` where the file ends within it."""
    if not window.has(_FILE_HEADER):
        if not window.held or window.at + 4 == len(window.octets):
            counts.note(CaptureDefect.TRUNCATED)
            window.at = len(window.octets)
        return None
    order, parts = _CLASSIC[window.octets[window.at : window.at + 4]]
    link = struct.unpack_from(order + "I", window.octets, window.at + 20)[0] & 0xFFFF
    window.at += _FILE_HEADER
    return ClassicForm(struct.Struct(order + "IIII"), order, parts, link)


def _found_again(window: Window, form: ClassicForm, latest: int | None, counts: CaptureCounts) -> bool:
    """Go on to the next record that holds together, after one that does not. `latest`: the last good one's seconds."""
    if not any(window.octets[window.at : window.at + _RECORD]):
        counts.note(CaptureDefect.EMPTY_SPACE)
        # A number may have begun among the zeros.
        counts.octets_lost += window.skip_zeros() - (_RECORD - 1)
        window.octets, window.at = bytes(_RECORD - 1) + window.octets[window.at :], 0
    else:
        counts.note(CaptureDefect.RECORD_SIZE)
        window.at += 1
        counts.octets_lost += 1
    # The upper half of the seconds stays the same for eighteen hours: it is looked for.
    at, upper = (2, slice(2, 4)) if form.order == "<" else (0, slice(0, 2))
    sign = None if latest is None else struct.pack(form.order + "I", latest)[upper]
    while sign is not None and window.has(2 * _RECORD):
        found = window.octets.find(sign, window.at + at) - at
        if found >= 0 and found + _RECORD <= len(window.octets):
            counts.octets_lost += found - window.at
            window.at = found
            if _holds_together(window, form):
                return True
            window.at += 1
            counts.octets_lost += 1
        else:
            kept = min(window.held, 2 * _RECORD - 1)
            counts.octets_lost += window.held - kept
            window.at = len(window.octets) - kept
    counts.octets_lost += window.held
    return False


def _holds_together(window: Window, form: ClassicForm) -> bool:
    """Tell whether a record starts here, and another one after it or the file's end."""
    _, fraction, captured, original = form.record.unpack_from(window.octets, window.at)
    if not _is_plausible(fraction // form.parts, captured, original) or not window.has(_RECORD + captured):
        return False
    if not window.has(2 * _RECORD + captured):
        return True
    _, fraction, captured, original = form.record.unpack_from(window.octets, window.at + _RECORD + captured)
    return _is_plausible(fraction // form.parts, captured, original)


def _is_plausible(microseconds: int, captured: int, original: int) -> bool:
    return microseconds < SECOND and 0 < captured <= original <= LARGEST_RECORD


def _blocks(window: Window, counts: CaptureCounts) -> Iterator[Frame]:
    """Read pcapng, block by block."""
    order = "<"
    interfaces: list[_Interface] = []
    while window.has(12):
        octets, at = window.octets, window.at
        if octets[at : at + 4] == _SECTION:
            order = "<" if octets[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        number, size = struct.unpack_from(order + "II", octets, at)
        if size < 12 or size > LARGEST_RECORD or size % 4:
            if not _block_found_again(window, order, counts):
                return
            continue
        if not window.has(size):
            break
        octets, at = window.octets, window.at
        window.at += size
        if number in (_OBSOLETE_PACKET, _ENHANCED_PACKET):
            frame = _packet(octets, at + 8, size - 12, (order, number), interfaces)
            if frame is None:
                counts.note(CaptureDefect.RECORD_SIZE)
            elif not 0 <= frame.time <= _LATEST:
                counts.note(CaptureDefect.WITHOUT_TIME)
            else:
                counts.frames += 1
                yield frame
        elif number == _INTERFACE:
            interfaces.append(_interface(octets[at + 8 : at + size - 4], order))
        elif number == _SIMPLE_PACKET:
            counts.note(CaptureDefect.WITHOUT_TIME)
    if window.held:
        counts.note(CaptureDefect.TRUNCATED)


def _block_found_again(window: Window, order: str, counts: CaptureCounts) -> bool:
    """Go on to the next packet or section whose two lengths agree."""
    zeros = not any(window.octets[window.at : window.at + 12])
    counts.note(CaptureDefect.EMPTY_SPACE if zeros else CaptureDefect.RECORD_SIZE)
    if zeros:
        counts.octets_lost += window.skip_zeros() - 3
        window.octets, window.at = b"\0\0\0" + window.octets[window.at :], 0
    start = re.compile(re.escape(_SECTION) + b"|" + re.escape(struct.pack(order + "I", _ENHANCED_PACKET)))
    while window.has(12):
        found = start.search(window.octets, window.at + (not zeros))
        zeros = True
        at = found.start() if found is not None else max(window.at + 1, len(window.octets) - 11)
        counts.octets_lost += at - window.at
        window.at = at
        if found is None or not window.has(12):
            continue
        size = struct.unpack_from(order + "I", window.octets, window.at + 4)[0]
        sound = 12 <= size <= LARGEST_RECORD and not size % 4 and window.has(size)
        if sound and window.octets.startswith(window.octets[window.at + 4 : window.at + 8], window.at + size - 4):
            return True
        window.at += 1
        counts.octets_lost += 1
    counts.octets_lost += window.held
    return False


def _interface(body: bytes, order: str) -> _Interface:
    """Read an interface description: link type, and the options that say what its times count."""
    link = struct.unpack_from(order + "H", body)[0] if len(body) >= 2 else 0
    ticks, offset, at = 1_000_000, 0, 8
    while at + 4 <= len(body):
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


def _packet(octets: bytes, at: int, size: int, kind: tuple[str, int], interfaces: list[_Interface]) -> Frame | None:
    """Read an enhanced or obsolete packet block whose body stands at `at`; `None` where it does not hold together."""
    if size < 20:
        return None
    order, block = kind
    number, high, low, captured, original = struct.unpack_from(order + "IIIII", octets, at)
    if block == _OBSOLETE_PACKET:
        number = struct.unpack_from(order + "H", octets, at)[0]
    if number >= len(interfaces) or captured > size - 20:
        return None
    interface = interfaces[number]
    ticks = (high << 32) | low
    time = interface.offset_s * SECOND + ticks * SECOND // interface.ticks_per_second
    return Frame(Micros(time), interface.link, octets[at + 20 : at + 20 + captured], captured < original)
