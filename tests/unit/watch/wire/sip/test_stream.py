"""A stream is cut into the messages it holds, however its octets come."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ringfence.watch.wire.sip import StreamSplitter, parse
from ringfence.watch.wire.sip.stream import LIMIT


def message(name: str, body: bytes = b"", length: bytes = b"Content-Length: %d\r\n") -> bytes:
    head = f"INVITE sip:{name}@example.com SIP/2.0\r\nCall-ID: {name}\r\n".encode()
    return head + (length % len(body) if b"%d" in length else length) + b"\r\n" + body


def call_ids(messages: list[bytes]) -> list[str | None]:
    return [parse(each).call_id for each in messages]


ONE, TWO, THREE = (
    message("one", b"v=0\r\n\r\nINVITE sip:x SIP/2.0\r\n"),
    message("two"),
    message("three", b"abc\r\n", b"l :\r\n %d\r\n"),
)


@given(cuts=st.lists(st.integers(0, len(ONE + TWO + THREE) + 4), max_size=12))
def test_the_cuts_between_segments_change_nothing(cuts: list[int]) -> None:
    stream = ONE + b"\r\n\r\n" + TWO + THREE
    edges = [0, *sorted(cuts), len(stream)]
    splitter = StreamSplitter()
    found = [each for start, end in pairwise(edges) for each in splitter.feed(stream[start:end])]
    assert found == [ONE, TWO, THREE]
    assert (splitter.keep_alives, splitter.lost_octets) == (2, 0)


def test_after_garbage_it_goes_on_at_the_next_start_line() -> None:
    splitter = StreamSplitter()
    garbage = b"\x16\x03\x01 no such thing\r\nnor: this\r\n"
    assert splitter.feed(garbage + ONE + TWO) == [ONE, TWO]
    assert splitter.lost_octets == len(garbage)


def test_a_missing_segment_costs_the_message_it_was_part_of() -> None:
    splitter = StreamSplitter()
    assert splitter.feed(THREE[:40]) == []
    splitter.gap()
    assert splitter.feed(THREE[50:] + TWO) == [TWO]
    assert splitter.lost_octets == 40 + len(THREE) - 50


def test_a_body_beyond_the_limit_is_cut_and_the_next_message_found() -> None:
    splitter = StreamSplitter()
    long = message("long", b"x" * 3 * LIMIT)
    found = splitter.feed(long + TWO)
    assert call_ids(found) == ["long", "two"]
    assert len(found[0]) == LIMIT
    assert splitter.lost_octets == len(long) - LIMIT


def test_octets_without_any_message_are_not_kept() -> None:
    splitter = StreamSplitter()
    for _ in range(40):
        assert splitter.feed(b"A" * 10_000) == []
        assert splitter.held_octets <= LIMIT
    assert splitter.lost_octets + splitter.held_octets == 400_000


def test_a_head_without_end_is_given_up() -> None:
    splitter = StreamSplitter()
    endless = b"INVITE sip:x@example.com SIP/2.0\r\n" + b"X: 1\r\n" * 20_000
    assert splitter.feed(endless) == []
    assert splitter.held_octets <= LIMIT
    assert splitter.feed(b"\r\n\r\n" + TWO) == [TWO]
