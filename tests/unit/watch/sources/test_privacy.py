"""What calls say stays out of everything that sources yield, log or raise, but the payload that is parsed at once."""

import io
import ipaddress
import logging
import struct

import msgspec
import pytest

from ringfence.vocabulary.times import Micros
from ringfence.watch.sources import call_records, pcap
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.errors import SourceError
from ringfence.watch.sources.hep import Intake
from ringfence.watch.wire.sip import parse

SECRET = b"S3CR3T"
MESSAGE = (
    b"INVITE sip:bob:S3CR3T@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n"
    b'Proxy-Authorization: Digest username="u", realm="r", nonce="S3CR3T", response="S3CR3T", cnonce="S3CR3T"\r\n'
    b"Content-Length: 36\r\n\r\nv=0\r\na=crypto:1 AES inline:S3CR3T  \r\n"
)


def hep(payload: bytes, kind: int = 0x0F) -> bytes:
    chunks = (
        b"".join(struct.pack(">HHH", 0, number, len(value) + 6) + value for number, value in chunk)
        for chunk in [
            ((2, b"\x11"), (3, b"\xc0\0\2\1"), (4, b"\xc0\0\2\2"), (7, b"\x13\xc4"), (8, b"\x13\xc4"), (0x0B, b"\1")),
            ((0x0E, b"S3CR3T-key"), (kind, payload)),
        ]
    )
    body = b"".join(chunks)
    return b"HEP3" + struct.pack(">H", len(body) + 6) + body


def capture(payload: bytes) -> bytes:
    udp = struct.pack(">HHHH", 5060, 5060, len(payload) + 8, 0) + payload
    packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, len(udp) + 20, 0, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2") + udp
    return struct.pack("<IHHiIIIIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 101, 1, 1, len(packet), len(packet)) + packet


def without_payload(datagram: Datagram) -> str:
    return repr(datagram) + repr(msgspec.structs.replace(datagram, payload=b""))


@pytest.mark.parametrize("payload", [MESSAGE, MESSAGE[:-20], MESSAGE.replace(b"SIP/2.0\r\n", b"SIP/2.0\n"), SECRET])
def test_nothing_of_a_call_shows_on_its_way_through_hep(caplog: pytest.LogCaptureFixture, payload: bytes) -> None:
    delivered: list[Datagram] = []
    intake = Intake(delivered.append, lambda: Micros(0), (ipaddress.ip_network("127.0.0.0/8"),), key=b"S3CR3T-key")
    with caplog.at_level(logging.DEBUG):
        intake.take(hep(payload), "127.0.0.1")
        intake.take(hep(payload, kind=0x10), "127.0.0.1")
        intake.take(hep(payload)[:-3], "127.0.0.1")
    assert [each.payload for each in delivered] == [payload]
    shown = "".join(map(without_payload, delivered)) + repr(parse(delivered[0].payload)) + repr(intake.counts) + caplog.text
    assert SECRET.decode() not in shown


@pytest.mark.parametrize("payload", [MESSAGE, MESSAGE[:-20], SECRET])
def test_nothing_of_a_call_shows_on_its_way_through_a_capture(caplog: pytest.LogCaptureFixture, payload: bytes) -> None:
    counts = pcap.CaptureCounts()
    with caplog.at_level(logging.DEBUG):
        found = list(pcap.read(io.BytesIO(capture(payload)), counts))
    shown = "".join(without_payload(each) + repr(parse(each.payload)) for each in found) + repr(counts) + caplog.text
    assert len(found) == (payload != SECRET)
    assert SECRET.decode() not in shown


def test_nothing_of_what_was_taken_for_a_capture_is_raised() -> None:
    with pytest.raises(SourceError) as refused:
        pcap.read(io.BytesIO(MESSAGE))
    assert SECRET.decode() not in repr(refused.value)


def test_of_a_bad_row_no_more_than_the_bad_value_is_told() -> None:
    header = b"call_id,start,answer,end,account,caller,callee,source_ip,status,released_by,attestation\n"
    row = b"S3CR3T,2026-01-31T10:00:00Z,,2026-01-31T10:00:01Z,S3CR3T,+3225550100,+3225550101,192.0.2.1,nonsense,,\n"
    (problem,) = call_records.read(io.BytesIO(header + row))
    assert "nonsense" in repr(problem)
    assert SECRET.decode() not in repr(problem)
