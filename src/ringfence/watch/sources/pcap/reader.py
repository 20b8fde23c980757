"""A capture file as datagrams."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from ringfence.vocabulary.times import Micros
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.sources.pcap.counts import CaptureCounts
from ringfence.watch.sources.pcap.fragments import Fragments
from ringfence.watch.sources.pcap.packets import TCP, Segment, segment
from ringfence.watch.sources.pcap.records import Frame, frames
from ringfence.watch.sources.pcap.streams import Streams
from ringfence.watch.wire.sip import starts_like_sip

_LINE_ENDS: Final = b"\r\n"


def read(file: BinaryIO, counts: CaptureCounts | None = None) -> Iterator[Datagram]:
    """Yield the SIP messages of a capture in the file's order, one datagram each, whatever ports they used.

    Reads as it goes. Damage ends the capture, what is not SIP is passed over: `counts` says how much of both, complete when the
    iterator ends. Payloads may hold content of calls: parse each at once and drop it; nothing else here keeps or shows any of it.
    Raises `UnreadableFile` where it is no capture file.
    """
    counts = counts if counts is not None else CaptureCounts()
    return _read(frames(file, counts), counts)


def _read(captured: Iterator[Frame], counts: CaptureCounts) -> Iterator[Datagram]:
    fragments, streams = Fragments(counts), Streams(counts)
    for frame in captured:
        found = segment(frame, fragments, counts)
        if found is None:
            continue
        if found.protocol == TCP:
            for message in streams.feed(found):
                counts.messages += 1
                yield _datagram(frame.time, "tcp", found, message)
            continue
        payload = found.payload.lstrip(_LINE_ENDS) if found.payload[:1] in (b"\r", b"\n") else found.payload
        if starts_like_sip(payload):
            counts.messages += 1
            yield _datagram(frame.time, "udp", found, payload)
        else:
            counts.not_sip += 1
    fragments.finish()
    streams.finish()


def _datagram(time: Micros, transport: str, found: Segment, payload: bytes) -> Datagram:
    return Datagram(
        time=time,
        arrival=time,
        kind=PayloadKind.SIP,
        transport=transport,
        source=found.source,
        source_port=found.source_port,
        destination=found.destination,
        destination_port=found.destination_port,
        payload=payload,
    )
