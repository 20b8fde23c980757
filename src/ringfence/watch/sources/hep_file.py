"""A file of HEP3 packets one after another, as a TCP listener writes them down."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from ringfence.vocabulary.times import Micros
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.hep.arrival import datagram
from ringfence.watch.sources.pcap.counts import CaptureCounts, CaptureDefect
from ringfence.watch.sources.pcap.window import CHUNK
from ringfence.watch.wire import hep
from ringfence.watch.wire.hep import FrameSplitter
from ringfence.watch.wire.sip import starts_like_sip

_HEADER: Final = 6


def is_hep_file(start: bytes) -> bool:
    """Tell whether a file that starts so holds HEP3 packets: a second one, or the end, must follow where the first one says."""
    if not start.startswith(hep.MAGIC) or len(start) < _HEADER:
        return False
    length = int.from_bytes(start[4:_HEADER], "big")
    return length >= len(start) or (length >= _HEADER and hep.MAGIC.startswith(start[length : length + 4]))


def read(file: BinaryIO, counts: CaptureCounts | None = None) -> Iterator[Datagram]:
    """Yield the SIP messages and log lines of the packets, in the file's order. Times are the agents' own.

    A packet without a time counts at the one before it. Octets that belong to no packet are passed over and counted.
    Raises `UnreadableFile` where the file does not start with a packet.
    """
    counts = counts if counts is not None else CaptureCounts()
    start = file.read(_HEADER)
    if not start.startswith(hep.MAGIC):
        raise UnreadableFile("these are no HEP packets: each starts with HEP3", permanent=True)
    return _read(file, start, counts)


def first_time(file: BinaryIO) -> Micros | None:
    """Return the time of the first packet, `None` where it has none. Raises `UnreadableFile` where the file starts with none."""
    start = file.read(_HEADER)
    if not start.startswith(hep.MAGIC):
        raise UnreadableFile("these are no HEP packets: each starts with HEP3", permanent=True)
    return hep.decode(start + file.read(int.from_bytes(start[4:], "big"))).time


def _read(file: BinaryIO, start: bytes, counts: CaptureCounts) -> Iterator[Datagram]:
    splitter = FrameSplitter()
    read = getattr(file, "read1", file.read)
    latest = Micros(0)
    piece = start
    while piece:
        for octets in splitter.feed(piece):
            counts.frames += 1
            counts.hep_packets += 1
            packet = hep.decode(octets)
            counts.hep_defects.update(packet.defects)
            if packet.time is None:
                counts.note(CaptureDefect.WITHOUT_TIME)
            else:
                latest = packet.time
            carried = datagram(packet, latest)
            if carried is None or not _is_wanted(carried, counts):
                counts.not_sip += 1
            else:
                yield carried
        piece = read(CHUNK)
    counts.octets_lost += splitter.lost_octets + splitter.held_octets
    if splitter.held_octets:
        counts.note(CaptureDefect.TRUNCATED)
    elif splitter.lost_octets:
        counts.note(CaptureDefect.RECORD_SIZE)


def _is_wanted(carried: Datagram, counts: CaptureCounts) -> bool:
    """Tell whether it is SIP or a log line, and count it."""
    if carried.kind is PayloadKind.LOG:
        counts.log_lines += 1
        return True
    if carried.kind is PayloadKind.SIP and starts_like_sip(carried.payload.lstrip(b"\r\n")):
        counts.messages += 1
        return True
    return False
