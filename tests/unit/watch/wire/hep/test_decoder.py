"""HEP packets: the specification's own example, every chunk, and everything that can be wrong."""

import gzip
import struct
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.vocabulary.times import Micros
from ringfence.watch.wire.hep import FrameSplitter, HepDefect, HepPacket, decode
from ringfence.watch.wire.hep.decoder import INFLATED_LIMIT

EXAMPLE = bytes.fromhex(
    "48455033 0071 0000 0001 0007 02 0000 0002 0007 11 0000 0003 000a d4ca0001 0000 0004 000a 527400d3 0000 0007 0008 2eea"
    "0000 0008 0008 13c4 0000 0009 000a 4e4982cb 0000 000a 000a 0001d4c0 0000 000b 0007 01 0000 000c 000a 000000e4"
    "0000 000f 0014 494e56495445207369703a626f62"
)
"""The specification's example."""


def chunk(kind: int, value: bytes, vendor: int = 0) -> bytes:
    return struct.pack(">HHH", vendor, kind, len(value) + 6) + value


def packet(*chunks: bytes) -> bytes:
    body = b"".join(chunks)
    return b"HEP3" + struct.pack(">H", len(body) + 6) + body


def test_the_specifications_example_is_read() -> None:
    assert decode(EXAMPLE) == HepPacket(
        family=2,
        protocol=17,
        source="212.202.0.1",
        destination="82.116.0.211",
        source_port=12010,
        destination_port=5060,
        time=Micros(1313440459_120000),
        payload_type=1,
        agent=228,
        payload=b"INVITE sip:bob",
    )


@pytest.mark.parametrize(
    ("kind", "value", "field", "read"),
    [
        (0x05, bytes.fromhex("20010db8000000000000000000000001"), "source", "2001:db8::1"),
        (0x06, bytes.fromhex("00000000000000000000ffffc0000201"), "destination", "192.0.2.1"),
        (0x0D, b"\0\x1e", "keep_alive_s", 30),
        (0x0E, b"secret", "key", b"secret"),
        (0x11, b"call-id\0", "correlation", "call-id"),
        (0x12, b"\0\x07", "vlan", 7),
        (0x13, b"edge\xff", "agent_name", "edge\ufffd"),
        (0x14, b"\0\0\1\2\3\4\5\6", "source_mac", 0x010203040506),
        (0x15, b"\0\0\1\2\3\4\5\7", "destination_mac", 0x010203040507),
        (0x16, b"\x08\x00", "ethernet_type", 0x0800),
        (0x17, b"\x18", "tcp_flags", 0x18),
        (0x18, b"\xb8", "type_of_service", 0xB8),
        (0x20, b"\x01\xa4", "mos", 420),
        (0x21, b"\x00\x5d", "r_factor", 93),
        (0x22, b"50.85,4.35", "geo_location", "50.85,4.35"),
        (0x23, b"\0\0\0\x0c", "jitter", 12),
        (0x24, b"call", "transaction_type", "call"),
        (0x25, b"a,b", "json_keys", "a,b"),
        (0x26, b"x=1", "tag_values", "x=1"),
        (0x27, b"\0\1", "tag_type", 1),
        (0x28, b"\0\2", "event_type", 2),
        (0x29, b"group", "group", "group"),
    ],
)
def test_every_generic_chunk_is_read(kind: int, value: bytes, field: str, read: object) -> None:
    found = decode(packet(chunk(kind, value)))
    assert getattr(found, field) == read
    assert found.defects == ()


def test_other_vendors_and_unknown_types_are_skipped() -> None:
    found = decode(packet(chunk(0x0B, b"\x64", vendor=2), chunk(0x1F, b""), chunk(0x7777, b"xyz"), chunk(0x0B, b"\1")))
    assert found == HepPacket(payload_type=1)


@pytest.mark.parametrize(
    "compressed", [gzip.compress(b"INVITE", mtime=0), zlib.compress(b"INVITE"), zlib.compress(b"INVITE")[2:-4]]
)
def test_a_compressed_payload_is_inflated_whatever_its_wrapping(compressed: bytes) -> None:
    assert decode(packet(chunk(0x10, compressed))).payload == b"INVITE"


def test_a_payload_that_inflates_beyond_the_limit_is_refused() -> None:
    found = decode(packet(chunk(0x10, zlib.compress(b"A" * 50_000_000))))
    assert (found.payload, found.defects) == (None, (HepDefect.INFLATED_SIZE,))
    assert len(decode(packet(chunk(0x10, zlib.compress(b"A" * INFLATED_LIMIT)))).payload or b"") == INFLATED_LIMIT


@pytest.mark.parametrize(
    ("data", "defect"),
    [
        (b"", HepDefect.NOT_HEP),
        (b"HTTP/1.1 200", HepDefect.NOT_HEP),
        (b"HEP", HepDefect.TRUNCATED),
        (EXAMPLE[:-1], HepDefect.TRUNCATED),
        (EXAMPLE[:-1], HepDefect.CHUNK_LENGTH),
        (EXAMPLE + b"x", HepDefect.EXCESS),
        (packet(b"\0\0\0"), HepDefect.CHUNK_LENGTH),
        (packet(b"\0\0\0\x01\0\0"), HepDefect.CHUNK_LENGTH),
        (packet(chunk(0x03, b"\1\2\3")), HepDefect.FIELD_SIZE),
        (packet(chunk(0x0F, b"a"), chunk(0x0F, b"b")), HepDefect.REPEATED_CHUNK),
        (packet(chunk(0x0F, b"a"), chunk(0x10, b"b")), HepDefect.REPEATED_CHUNK),
        (packet(chunk(0x09, b"\0\0\0\1"), chunk(0x0A, b"\0\x0f\x42\x40")), HepDefect.TIME),
        (packet(chunk(0x10, b"no such stream")), HepDefect.COMPRESSION),
        (packet(chunk(0x10, zlib.compress(b"INVITE")[:-5])), HepDefect.COMPRESSION),
    ],
)
def test_each_defect_is_named(data: bytes, defect: HepDefect) -> None:
    assert defect in decode(data).defects


def test_what_came_before_a_broken_chunk_is_kept() -> None:
    assert decode(EXAMPLE[:40]).source == "212.202.0.1"


def test_payload_and_key_do_not_show() -> None:
    text = repr(decode(packet(chunk(0x0F, b"S3CR3T"), chunk(0x0E, b"S3CR3T"))))
    assert "S3CR3T" not in text


@given(cuts=st.lists(st.integers(0, 3 * len(EXAMPLE)), max_size=8))
def test_a_stream_gives_its_packets_however_it_is_cut(cuts: list[int]) -> None:
    stream = EXAMPLE * 3
    edges = [0, *sorted(cuts), len(stream)]
    splitter = FrameSplitter()
    frames = [frame for start, end in pairwise(edges) for frame in splitter.feed(stream[start:end])]
    assert frames == [EXAMPLE] * 3


@given(garbage=st.binary(max_size=40).filter(lambda octets: b"HEP" not in octets), size=st.integers(1, 20))
def test_a_stream_goes_on_at_the_next_packet_after_garbage(garbage: bytes, size: int) -> None:
    stream = garbage + EXAMPLE
    splitter = FrameSplitter()
    frames = [frame for at in range(0, len(stream), size) for frame in splitter.feed(stream[at : at + size])]
    assert frames == [EXAMPLE]
    assert splitter.lost_octets == len(garbage)
    assert splitter.held_octets == 0
