"""SIP over WebSocket: masked, in pieces, too long, compressed, and with the handshake missed."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.watch.wire.websocket import LIMIT, MessageReader, looks_like_websocket

HANDSHAKE = b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
TEXT, BINARY, CONTINUATION, CLOSE, PING = 1, 2, 0, 8, 9


def sip(number: int, body: int = 0) -> bytes:
    return b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: %d\r\n\r\n" % number + b"b" * body


def frame(payload: bytes, code: int = TEXT, *, final: bool = True, mask: bytes = b"", reserved: int = 0) -> bytes:
    size = len(payload)
    flag = 0x80 if mask else 0
    length = (
        bytes([flag | size]) if size < 126 else bytes([flag | 126]) + struct.pack(">H", size) if size < 65_536 else b""
    ) or bytes([flag | 127]) + struct.pack(">Q", size)
    masked = bytes(octet ^ mask[at % 4] for at, octet in enumerate(payload)) if mask else payload
    return bytes([0x80 * final | reserved | code]) + length + mask + masked


@pytest.mark.parametrize("begin", [HANDSHAKE, ANSWER, b""])
@given(data=st.data(), masks=st.lists(st.sampled_from([b"", b"\x01\x02\x03\x04", b"\xff\0\xff\0"]), min_size=4, max_size=4))
def test_messages_come_whole_however_the_stream_is_cut(begin: bytes, data: st.DataObject, masks: list[bytes]) -> None:
    whole = sip(2, 500)
    stream = (
        begin
        + frame(sip(1), mask=masks[0])
        + frame(b"ping", PING)
        + frame(whole[:100], final=False, mask=masks[1])
        + frame(b"", PING)
        + frame(whole[100:200], CONTINUATION, final=False, mask=masks[2])
        + frame(whole[200:], CONTINUATION, mask=masks[3])
        + frame(b"\r\n\r\n")
        + frame(b"\r\n" + sip(3), BINARY)
        + frame(b"\x03\xe8bye", CLOSE)
    )
    assert looks_like_websocket(stream)
    cuts = sorted({0, len(stream), *data.draw(st.lists(st.integers(1, len(stream)), max_size=8))})
    reader = MessageReader()
    first = cuts[1] if not begin else len(begin)  # what the stream is, is told by its first octets
    messages = reader.feed(stream[:first])
    for start, end in pairwise(cuts):
        messages += reader.feed(stream[max(start, first) : max(end, first)])
    assert messages == [sip(1), whole, sip(3)]
    assert (reader.held_octets, reader.lost_octets) == (0, 0)


def test_other_traffic_is_no_websocket() -> None:
    assert not looks_like_websocket(sip(1))
    assert not looks_like_websocket(b"GET /index.html HTTP/1.0\r\n\r\n")
    assert not looks_like_websocket(frame(b"hello", mask=b"abcd"))
    assert not looks_like_websocket(b"")


def test_a_message_that_is_too_long_is_passed_over_and_the_next_one_read() -> None:
    reader = MessageReader()
    long = sip(1, LIMIT)
    assert reader.feed(HANDSHAKE + frame(long) + frame(sip(2))) == [sip(2)]
    assert reader.lost_octets == len(long)
    pieces = frame(long[:40_000], final=False) + frame(long[40_000:], CONTINUATION) + frame(sip(3))
    assert reader.feed(pieces[:50_000]) == []
    assert reader.held_octets <= LIMIT
    assert reader.feed(pieces[50_000:]) == [sip(3)]
    assert reader.lost_octets == 2 * len(long)


def test_a_frame_that_announces_more_than_there_can_be_takes_no_memory() -> None:
    reader = MessageReader()
    reader.feed(HANDSHAKE + b"\x81\x7f" + b"\x7f" * 8)
    for _ in range(50):
        reader.feed(bytes(10_000))
        assert reader.held_octets == 0


def test_compressed_messages_are_counted() -> None:
    reader = MessageReader()
    assert reader.feed(HANDSHAKE + frame(b"xxxx", reserved=0x40) + frame(sip(1))) == [sip(1)]
    assert (reader.compressed_messages, reader.lost_octets) == (1, 4)


def test_after_a_gap_reading_goes_on_at_a_frame_with_sip() -> None:
    reader = MessageReader()
    reader.feed(HANDSHAKE + frame(sip(1))[:20])
    reader.gap()
    assert reader.feed(b"rest of a message") == []
    assert reader.feed(frame(sip(2), mask=b"abcd")) == [sip(2)]
    assert reader.lost_octets == 20 + len(b"rest of a message")


@given(st.lists(st.binary(max_size=200), max_size=20), st.sampled_from([HANDSHAKE, b""]))
def test_no_octets_raise_or_take_memory(pieces: list[bytes], begin: bytes) -> None:
    reader = MessageReader()
    reader.feed(begin)
    for piece in pieces:
        reader.feed(piece)
        looks_like_websocket(piece)
        assert reader.held_octets <= LIMIT + sum(map(len, pieces))
    assert reader.lost_octets + reader.held_octets <= len(begin) + sum(map(len, pieces))
