"""HEP in captures, over UDP and TCP, in files of its own, and SIP over WebSocket in captures: the same truth as the packets."""

import io
import json
import struct
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import dpkt
import pytest
from tests.conftest import shared_data
from tests.unit.watch.sources.test_pcap import found, options, pcap, tcp, udp
from tests.unit.watch.sources.test_pcap_truth import TRUTHS
from tests.unit.watch.wire.test_websocket import ANSWER, HANDSHAKE, frame

from ringfence.simulate import hep
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.sources import hep_file
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.pcap import CaptureCounts, CaptureDefect, read
from ringfence.watch.wire.sip import parse


def mirrored(datagrams: Iterable[Datagram]) -> list[tuple[Micros, bytes]]:
    return [
        (
            each.time,
            hep.encode(
                hep.Capture(each.time, each.source, each.source_port, each.destination, each.destination_port, each.payload, 7)
            ),
        )
        for each in datagrams
    ]


def wrapped(packets: list[tuple[Micros, bytes]], *, late_us: int = 2_000) -> bytes:
    file = pcap([])
    for time, packet in packets:
        octets = udp(packet, source="198.51.100.9", destination="198.51.100.1")
        seconds, microseconds = divmod(time + late_us, SECOND)
        file += struct.pack("<IIII", seconds, microseconds, len(octets), len(octets)) + octets
    return file


@pytest.mark.parametrize("truth_file", TRUTHS)
def test_what_an_agent_mirrored_gives_the_ground_truth_of_what_it_saw(truth_file: str) -> None:
    truth_path = shared_data("sip-capture", *Path(truth_file).parts)
    truth = json.loads(truth_path.read_text(encoding="utf-8"))
    with truth_path.with_name(truth["file"]).open("rb") as file:
        every = list(read(file))
    plain = [each for each in every if len(each.payload) < 60_000]  # a HEP packet has no room for more
    packets = mirrored(plain)
    in_capture = CaptureCounts()
    of_capture = list(read(io.BytesIO(wrapped(packets)), in_capture))
    of_file = list(hep_file.read(io.BytesIO(b"".join(packet for _, packet in packets)))) if packets else []
    for datagrams in (of_capture, of_file):
        assert [(each.time, each.source, each.source_port, each.destination, each.payload) for each in datagrams] == [
            (each.time, each.source, each.source_port, each.destination, each.payload) for each in plain
        ]
        messages = [parse(each.payload) for each in datagrams]
        if plain != every:
            continue
        assert len(messages) == truth["sip_messages"]
        assert Counter(message.method for message in messages if message.is_request) == truth["methods"]
        assert Counter(str(message.status) for message in messages if not message.is_request) == truth["status"]
        assert len({message.call_id for message in messages}) == truth["call_ids"]
    assert in_capture.hep_packets == in_capture.messages == len(plain)
    assert {each.agent for each in of_capture} <= {7}
    assert {each.agent_address for each in of_capture} <= {"198.51.100.9"}


def capture(**changes: object) -> hep.Capture:
    values: dict[str, object] = {
        "time": Micros(1_700_000_000 * SECOND),
        "source": "192.0.2.1",
        "source_port": 5060,
        "destination": "192.0.2.2",
        "destination_port": 5060,
        "payload": options("a"),
        "agent": 7,
    }
    return hep.Capture(**{**values, **changes})  # type: ignore[arg-type] # a test's shorthand


def test_a_time_far_from_the_captures_is_not_believed() -> None:
    (datagram,) = read(io.BytesIO(wrapped([(Micros(1_800_000_000 * SECOND), hep.encode(capture()))], late_us=0)))
    assert datagram.time == 1_800_000_000 * SECOND


def test_log_lines_come_through_and_other_payloads_are_counted() -> None:
    line = hep.encode(capture(payload=b"ringfence.refused order=x source=192.0.2.1 method=INVITE", protocol=hep.PROTOCOL_LOG))
    other = hep.encode(capture(payload=b"rtcp", protocol=5))
    counts = CaptureCounts()
    (datagram,) = read(io.BytesIO(pcap([udp(line), udp(other), udp(line[:40])])), counts)
    assert datagram.kind is PayloadKind.LOG
    assert (counts.hep_packets, counts.log_lines, counts.messages, counts.not_sip) == (3, 1, 0, 2)
    assert counts.hep_defects


def test_hep_over_tcp_in_a_capture_is_taken_apart() -> None:
    stream = b"".join(hep.encode(capture(payload=options(name))) for name in "abc")
    segments = [tcp(b"", 9, dpkt.tcp.TH_SYN), *(tcp(stream[at : at + 50], 10 + at) for at in range(0, len(stream), 50))]
    assert found(pcap(segments))[0] == ["a", "b", "c"]


def test_hep_of_version_1_in_a_capture_is_taken_apart() -> None:
    packet = b"\1\x10\2\x11\x13\xc4\x13\xc5" + b"\xc0\0\2\1\xc0\0\2\2" + options("a")
    (datagram,) = read(io.BytesIO(pcap([udp(packet)])))
    assert (datagram.source, datagram.source_port, datagram.destination_port) == ("192.0.2.1", 5060, 5061)


@pytest.mark.parametrize("begin", [HANDSHAKE, ANSWER, b""])
def test_sip_over_websocket_is_found_with_its_handshake_or_without(begin: bytes) -> None:
    stream = begin + frame(options("a"), mask=b"mask") + frame(options("b"), mask=b"MASK")
    counts = CaptureCounts()
    frames = [tcp(b"", 0, dpkt.tcp.TH_SYN), *(tcp(stream[at : at + 99], 1 + at) for at in range(0, len(stream), 99))]
    datagrams = list(read(io.BytesIO(pcap(frames)), counts))
    assert [parse(each.payload).call_id for each in datagrams] == ["a", "b"]
    assert {each.transport for each in datagrams} == {"ws"}
    assert counts.websocket_streams == 1


def test_encrypted_streams_are_counted_and_passed_over() -> None:
    call_ids, counts = found(pcap([tcp(b"\x16\x03\x01\x02\0" + bytes(300), 1), tcp(b"\x17\x03\x03" + bytes(300), 306)]))
    assert (call_ids, counts.encrypted_streams, counts.stream_octets_lost) == ([], 1, 0)


def test_a_file_of_packets_is_known_only_if_a_second_one_follows() -> None:
    packet = hep.encode(capture())
    assert hep_file.is_hep_file(packet)
    assert hep_file.is_hep_file(packet * 2)
    assert hep_file.is_hep_file(packet[:50])
    assert not hep_file.is_hep_file(packet + b"nonsense")
    assert not hep_file.is_hep_file(b"HEP3")
    with pytest.raises(UnreadableFile):
        hep_file.read(io.BytesIO(b"call_id"))


def test_damage_within_a_file_of_packets_is_passed_over_and_a_cut_one_told() -> None:
    packet = hep.encode(capture())
    counts = CaptureCounts()
    assert len(list(hep_file.read(io.BytesIO(packet + b"\0" * 70 + packet), counts))) == 2
    assert (counts.octets_lost, counts.defects) == (70, {CaptureDefect.RECORD_SIZE: 1})
    counts = CaptureCounts()
    assert len(list(hep_file.read(io.BytesIO(packet * 2 + packet[:-9]), counts))) == 2
    assert counts.defects == {CaptureDefect.TRUNCATED: 1}
    assert hep_file.first_time(io.BytesIO(packet)) == 1_700_000_000 * SECOND
