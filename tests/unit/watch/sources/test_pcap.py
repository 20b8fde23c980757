"""Captures of every make: link layers, fragments, streams out of order, damage. dpkt builds the packets and reads none."""

import io
import socket
import struct
from collections.abc import Iterable
from random import Random

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import shared_data

from ringfence.vocabulary.times import SECOND
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.pcap import CaptureCounts, CaptureDefect, read
from ringfence.watch.wire.sip import parse

OPTIONS = b"OPTIONS sip:x@example.com SIP/2.0\r\nCall-ID: %s\r\nContent-Length: 0\r\n\r\n"
ETHERNET, RAW, NULL, LOOP, COOKED, COOKED_2 = 1, 101, 0, 108, 113, 276


def options(name: str) -> bytes:
    return OPTIONS % name.encode()


def udp(payload: bytes, *, source: str = "192.0.2.1", destination: str = "192.0.2.2") -> bytes:
    datagram = dpkt.udp.UDP(sport=5060, dport=15060, data=payload)
    datagram.ulen = len(datagram)
    if ":" in source:
        packet = dpkt.ip6.IP6(
            src=socket.inet_pton(socket.AF_INET6, source), dst=socket.inet_pton(socket.AF_INET6, destination), nxt=17, data=datagram
        )
        packet.plen = len(datagram)
    else:
        packet = dpkt.ip.IP(src=socket.inet_aton(source), dst=socket.inet_aton(destination), p=17, data=datagram)
        packet.len = len(packet)
    return bytes(packet)


def tcp(payload: bytes, sequence: int, flags: int = dpkt.tcp.TH_ACK) -> bytes:
    segment = dpkt.tcp.TCP(sport=40000, dport=5060, seq=sequence % 2**32, flags=flags, data=payload)
    packet = dpkt.ip.IP(src=b"\xc0\0\2\1", dst=b"\xc0\0\2\2", p=6, data=segment)
    packet.len = len(packet)
    return bytes(packet)


def pcap(frames: Iterable[bytes], link: int = RAW, *, order: str = "<", nano: bool = False) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    file = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262_144, link)
    for number, frame in enumerate(frames):
        file += struct.pack(order + "IIII", 1_700_000_000 + number, 7_000 if nano else 7, len(frame), len(frame)) + frame
    return file


def found(file: bytes) -> tuple[list[str | None], CaptureCounts]:
    counts = CaptureCounts()
    return [parse(each.payload).call_id for each in read(io.BytesIO(file), counts)], counts


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_times_are_exact_in_every_byte_order(order: str, nano: bool) -> None:
    (datagram,) = read(io.BytesIO(pcap([udp(options("a"))], order=order, nano=nano)))
    assert datagram.time == datagram.arrival == 1_700_000_000 * SECOND + 7
    assert (datagram.source, datagram.source_port, datagram.destination, datagram.destination_port) == (
        "192.0.2.1",
        5060,
        "192.0.2.2",
        15060,
    )
    assert datagram.transport == "udp"


MACS = b"\2\0\0\0\0\1\2\0\0\0\0\2"


@pytest.mark.parametrize(
    ("link", "header"),
    [
        (ETHERNET, MACS + b"\x08\x00"),
        (ETHERNET, MACS + b"\x81\x00\0\7\x08\x00"),
        (ETHERNET, MACS + b"\x88\xa8\0\7\x81\x00\0\7\x08\x00"),
        (RAW, b""),
        (NULL, b"\2\0\0\0"),
        (LOOP, b"\0\0\0\2"),
        (COOKED, b"\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\x00"),
        (COOKED_2, b"\x08\x00\0\0\0\0\0\1\0\1\0\6\2\0\0\0\0\1\0\0"),
    ],
)
def test_every_link_layer_is_read(link: int, header: bytes) -> None:
    call_ids, counts = found(pcap([header + udp(options("a")) + b"padding"], link))
    assert call_ids == ["a"]
    assert not counts.defects


def test_ipv6_and_its_extension_headers_are_read() -> None:
    plain = udp(options("a"), source="2001:db8::1", destination="2001:DB8::2")
    hop_by_hop = plain[:6] + b"\0" + plain[7:40] + bytes([17, 0, 1, 4, 0, 0, 0, 0]) + plain[40:]
    hop_by_hop = hop_by_hop[:4] + struct.pack(">H", len(hop_by_hop) - 40) + hop_by_hop[6:]
    first, second = read(io.BytesIO(pcap([plain, hop_by_hop])))
    assert (first.source, first.destination) == (second.source, second.destination) == ("2001:db8::1", "2001:db8::2")


def test_sip_is_known_by_its_content_and_the_rest_is_counted() -> None:
    call_ids, counts = found(pcap([udp(b"NOTIFY * HTTP/1.1\r\n\r\n"), udp(b"\0"), udp(b"\r\n\r\n"), udp(b"\r\n" + options("a"))]))
    assert call_ids == ["a"]
    assert (counts.messages, counts.not_sip) == (1, 3)


@pytest.mark.parametrize("seed", range(4))
def test_fragments_are_put_together_in_any_order(seed: int) -> None:
    whole = dpkt.ip.IP(udp(options("a" * 3000)), id=9)
    payload = bytes(whole.data)
    parts = []
    for offset in range(0, len(payload), 800):
        part = dpkt.ip.IP(src=whole.src, dst=whole.dst, p=17, id=9, data=payload[offset : offset + 800])
        part.mf, part.offset = int(offset + 800 < len(payload)), offset // 8
        part.len = len(part)
        parts.append(bytes(part))
    Random(seed).shuffle(parts)
    call_ids, counts = found(pcap([*parts[:-1], parts[0], parts[-1]]))
    assert call_ids == ["a" * 3000]
    assert not counts.defects
    call_ids, counts = found(pcap(parts[:-1]))
    assert call_ids == []
    assert counts.defects == {CaptureDefect.FRAGMENT_LOST: 1}


STREAM = options("one") + options("two") + options("three")


@given(data=st.data(), start=st.sampled_from([1, 2**32 - 40]))
def test_segments_out_of_order_and_sent_twice_change_nothing(data: st.DataObject, start: int) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(STREAM) - 1), max_size=10)))
    edges = [0, *cuts, len(STREAM)]
    segments = [tcp(STREAM[edges[at] : edges[at + 1]], start + 1 + edges[at]) for at in range(len(edges) - 1)]
    order = data.draw(st.permutations(range(len(segments))))
    again = data.draw(st.lists(st.sampled_from(range(len(segments))), max_size=4))
    overlapping = tcp(STREAM[: len(STREAM) // 2], start + 1)
    frames = [tcp(b"", start, dpkt.tcp.TH_SYN), *(segments[at] for at in order), *(segments[at] for at in again), overlapping]
    call_ids, counts = found(pcap(frames))
    assert call_ids == ["one", "two", "three"]
    assert not counts.defects
    assert counts.stream_octets_lost == 0


def test_a_stream_that_starts_in_the_middle_goes_on_at_the_next_message() -> None:
    call_ids, counts = found(pcap([tcp(STREAM[30:], 500)]))
    assert call_ids == ["two", "three"]
    assert counts.stream_octets_lost == len(options("one")) - 30


def test_a_segment_that_never_comes_costs_no_more_than_its_message() -> None:
    size = len(options("00"))
    frames = [tcp(options(f"{number:02}"), 1 + number * size) for number in range(99) if number != 3]
    call_ids, counts = found(pcap([tcp(b"", 0, dpkt.tcp.TH_SYN), *frames, tcp(b"", 1 + 99 * size, dpkt.tcp.TH_FIN)]))
    assert call_ids == [f"{number:02}" for number in range(99) if number != 3]
    assert counts.defects == {CaptureDefect.SEGMENT_LOST: 1}


def test_a_file_cut_short_keeps_its_whole_packets_and_says_so() -> None:
    whole = pcap([udp(options("a")), udp(options("b"))])
    for cut in (1, 30, 70):
        call_ids, counts = found(whole[:-cut])
        assert call_ids == ["a"]
        assert counts.defects == {CaptureDefect.TRUNCATED: 1}


@pytest.mark.parametrize("cut", range(4, 24))
def test_a_file_cut_within_its_header_holds_nothing(cut: int) -> None:
    call_ids, counts = found(pcap([])[:cut])
    assert (call_ids, counts.defects) == ([], {CaptureDefect.TRUNCATED: 1})


def test_a_record_of_impossible_length_takes_no_memory() -> None:
    call_ids, counts = found(pcap([udp(options("a"))]) + struct.pack("<IIII", 1, 1, 0xFFFFFFF0, 0xFFFFFFF0))
    assert (call_ids, counts.defects) == (["a"], {CaptureDefect.RECORD_SIZE: 1})


def test_a_packet_of_which_only_the_beginning_was_captured_is_counted() -> None:
    frame = udp(options("a") + b"v=0")
    file = pcap([])[:24] + struct.pack("<IIII", 1, 1, len(frame) - 2, len(frame)) + frame[:-2]
    call_ids, counts = found(file)
    assert (call_ids, counts.defects) == (["a"], {CaptureDefect.CUT_PACKET: 1})


@pytest.mark.parametrize("start", [b"", b"\xd4\xc3", b"call_id,start", b"\x7fELF"])
def test_what_is_no_capture_is_refused(start: bytes) -> None:
    with pytest.raises(UnreadableFile, match="it is no capture"):
        read(io.BytesIO(start))


def block(kind: int, body: bytes, order: str) -> bytes:
    body += b"\0" * (-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def enhanced(frame: bytes, ticks: int, order: str, interface: int = 0) -> bytes:
    head = struct.pack(order + "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, head + frame, order)


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_is_read_with_each_interfaces_own_clock(order: str) -> None:
    section = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)
    micro = block(1, struct.pack(order + "HHI", RAW, 0, 0), order)
    nano = block(1, struct.pack(order + "HHI", ETHERNET, 0, 0) + struct.pack(order + "HHBBBBHH", 9, 1, 9, 0, 0, 0, 0, 0), order)
    file = (
        section
        + block(0x0BAD, b"unknown", order)
        + micro
        + nano
        + enhanced(udp(options("a")), 1_700_000_000_000_007, order)
        + enhanced(MACS + b"\x08\x00" + udp(options("b")), 1_700_000_001_000_000_999, order, 1)
        + enhanced(udp(options("c")), 1, order, interface=7)
    )
    counts = CaptureCounts()
    datagrams = list(read(io.BytesIO(file), counts))
    assert [each.time for each in datagrams] == [1_700_000_000_000_007, 1_700_000_001_000_000]
    assert counts.defects == {CaptureDefect.RECORD_SIZE: 1}
    assert found(file[:-5])[1].defects == {CaptureDefect.TRUNCATED: 1}


@given(st.binary(max_size=400), st.sampled_from([ETHERNET, RAW, NULL, COOKED, COOKED_2, 147]))
def test_no_frame_stops_the_reading(frame: bytes, link: int) -> None:
    assert found(pcap([frame, frame[:7], b"\x45" + frame, b"\x60" + frame], link))[1].frames == 4


@given(st.binary(max_size=90), st.sampled_from([0, 19, 20, 27, 28, 60, 999]), st.sampled_from([0, 7, 8, 30, 999]), st.booleans())
def test_the_usual_packet_is_read_as_any_other_is(rest: bytes, total: int, length: int, whole: bool) -> None:
    packet = struct.pack(">BBHHHBB", 0x45, 0, total, 1, 0x4000 if whole else 0x2000, 64, 17) + bytes(10)
    packet += struct.pack(">HHHH", 5060, 5061, length, 0) + options("a") + rest
    for octets in (packet, packet[: len(rest)]):
        usual, other = (CaptureCounts(), CaptureCounts())
        as_usual = list(read(io.BytesIO(pcap([MACS + b"\x08\x00" + octets], ETHERNET)), usual))
        assert as_usual == list(read(io.BytesIO(pcap([octets], RAW)), other))
        assert (usual.not_sip, usual.messages) == (other.not_sip, other.messages)


@given(st.data())
def test_no_damage_raises(data: st.DataObject) -> None:
    octets = bytearray(shared_data("sip-capture", "suricata-verify", "sip-tcp-method", "sip-tcp.pcap").read_bytes())
    for _ in range(data.draw(st.integers(1, 30))):
        octets[data.draw(st.integers(4, len(octets) - 1))] = data.draw(st.integers(0, 255))
    found(bytes(octets))


@given(st.binary(max_size=300), st.sampled_from([b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a"]))
def test_no_file_raises_once_it_is_a_capture(rest: bytes, magic: bytes) -> None:
    found(magic + rest)
    found(magic + b"\x1c\0\0\0\x4d\x3c\x2b\x1a" + rest)
