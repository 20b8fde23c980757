"""A capture file as datagrams."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from ringfence.vocabulary.times import Micros
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.sources.hep.arrival import datagram
from ringfence.watch.sources.pcap.clock import steady
from ringfence.watch.sources.pcap.counts import CaptureCounts
from ringfence.watch.sources.pcap.fragments import Fragments
from ringfence.watch.sources.pcap.packets import TCP, Segment, segment
from ringfence.watch.sources.pcap.records import frames
from ringfence.watch.sources.pcap.runs import Frame, Run
from ringfence.watch.sources.pcap.streams import Carried, Streams
from ringfence.watch.sources.stretch import Addresses, Stretch
from ringfence.watch.wire import hep
from ringfence.watch.wire.sip import starts_like_sip

_LINE_ENDS: Final = b"\r\n"


def read(file: BinaryIO, counts: CaptureCounts | None = None) -> Iterator[Datagram]:
    """Yield the SIP messages of a capture in the file's order, one datagram each, whatever ports they used.

    HEP in it is taken out of its packets: what an agent mirrored counts with the addresses and the time that the agent tells.
    Reads as it goes. Damage is passed over, and so is what is not SIP: `counts` says how much of both, complete when the
    iterator ends. Payloads may hold content of calls: parse each at once and drop it; nothing else here keeps or shows any of it.
    Raises `UnreadableFile` where it is no capture file.
    """
    return _apart(stretches(file, counts))


def stretches(file: BinaryIO, counts: CaptureCounts | None = None) -> Iterator[Stretch | Datagram]:
    """Do the same, and yield together what stands together and is plain."""
    counts = counts if counts is not None else CaptureCounts()
    return _read(steady(frames(file, counts), counts), counts)


def _apart(packets: Iterator[Stretch | Datagram]) -> Iterator[Datagram]:
    for each in packets:
        if isinstance(each, Stretch):
            yield from each
        else:
            yield each


def first_time(file: BinaryIO) -> Micros | None:
    """Return the time of a capture's first packet, `None` where it has none. Raises `UnreadableFile` where it is no capture."""
    first = next(frames(file, CaptureCounts()), None)
    return None if first is None else first.time


def _read(captured: Iterator[Frame | Run], counts: CaptureCounts) -> Iterator[Stretch | Datagram]:
    fragments, streams = Fragments(counts), Streams(counts)
    addresses = Addresses()
    for frame in captured:
        if isinstance(frame, Run):
            counts.messages += frame.walked.found
            counts.not_sip += frame.walked.others
            if len(frame.rows):
                yield Stretch(frame.octets, frame.rows, addresses)
            continue
        found = segment(frame, fragments, counts)
        if found is None:
            continue
        if found.protocol == TCP:
            for carried, payload in streams.feed(found):
                if carried is Carried.HEP:
                    yield from _unwrapped(frame.time, found, payload, counts)
                else:
                    counts.messages += 1
                    yield _datagram(frame.time, carried.value, found, payload)
            continue
        payload = found.payload.lstrip(_LINE_ENDS) if found.payload[:1] in (b"\r", b"\n") else found.payload
        if starts_like_sip(payload):
            counts.messages += 1
            yield _datagram(frame.time, "udp", found, payload)
        elif hep.looks_like_hep(payload):
            yield from _unwrapped(frame.time, found, payload, counts)
        else:
            counts.not_sip += 1
    fragments.finish()
    streams.finish()


def _unwrapped(time: Micros, found: Segment, payload: bytes, counts: CaptureCounts) -> Iterator[Datagram]:
    """Yield what a HEP packet holds. Its time is the agent's, or the capture's where that is missing or far off."""
    packet = hep.decode(payload)
    counts.hep_packets += 1
    counts.hep_defects.update(packet.defects)
    carried = datagram(packet, time, found.source)
    if carried is not None and carried.kind is PayloadKind.LOG:
        counts.log_lines += 1
        yield carried
    elif carried is not None and carried.kind is PayloadKind.SIP and starts_like_sip(carried.payload.lstrip(_LINE_ENDS)):
        counts.messages += 1
        yield carried
    else:
        counts.not_sip += 1


def _datagram(time: Micros, transport: str, found: Segment, payload: bytes) -> Datagram:
    return Datagram(
        time,
        time,
        PayloadKind.SIP,
        transport,
        found.source,
        found.source_port,
        found.destination,
        found.destination_port,
        payload,
    )
