"""Captures that broke: reading goes on behind the damage, and times go on whatever the clock did."""

import io
import struct
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.watch.sources.test_pcap import RAW, block, enhanced, found, options, pcap, udp

from ringfence.vocabulary.times import DAY, HOUR, SECOND
from ringfence.watch.sources.pcap import CaptureCounts, CaptureDefect, read
from ringfence.watch.wire.sip import parse

START = 1_700_000_000


def timed(seconds: Sequence[int], *, order: str = "<") -> bytes:
    file = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, RAW)
    for number, second in enumerate(seconds):
        frame = udp(options(str(number)))
        file += struct.pack(order + "IIII", second, 0, len(frame), len(frame)) + frame
    return file


def times(seconds: Sequence[int]) -> tuple[list[int], CaptureCounts]:
    counts = CaptureCounts()
    return [each.time // SECOND - START for each in read(io.BytesIO(timed([START + each for each in seconds])), counts)], counts


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("damage", [b"\xff" * 40, b"\0" * 5_000, b"\0" * 700_000, b"\xfe" * 1_500_000, b"junk" * 9])
def test_reading_goes_on_behind_damage(order: str, damage: bytes) -> None:
    whole = timed([START + each for each in range(40)], order=order)
    at = 24 + 10 * (16 + len(udp(options("0"))))
    call_ids, counts = found(whole[:at] + damage + whole[at:])
    assert call_ids == [str(number) for number in range(40)]
    assert counts.octets_lost == len(damage)
    kind = CaptureDefect.RECORD_SIZE if damage.strip(b"\0") else CaptureDefect.EMPTY_SPACE
    assert counts.defects == {kind: 1}
    assert counts.first_at == {kind: 10}
    assert counts.is_damaged


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("damage", [b"\xff" * 40, b"\0" * 400, b"\0" * 700_000, b"\6\0\0\0" * 9])
def test_pcapng_goes_on_at_the_next_packet_whose_lengths_agree(order: str, damage: bytes) -> None:
    head = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order) + block(
        1, struct.pack(order + "HHI", RAW, 0, 0), order
    )
    first, second = (enhanced(udp(options(name)), START * SECOND, order) for name in "ab")
    call_ids, counts = found(head + first + damage + second)
    assert call_ids == ["a", "b"]
    assert counts.is_damaged


def test_captures_put_one_after_another_are_one() -> None:
    first, second = timed([START, START + 1]), pcap([udp(options("x"))], order=">", nano=True)
    call_ids, counts = found(first + second + first)
    assert call_ids == ["0", "1", "x", "0", "1"]
    assert not counts.is_damaged


def test_packets_a_little_out_of_order_keep_their_times() -> None:
    assert times([5, 3, 4, 6])[0] == [5, 3, 4, 6]
    assert not times([5, 4, 6])[1].defects


def test_after_a_clock_that_jumps_back_distances_stay_and_nothing_comes_at_once() -> None:
    seen, counts = times([0, 10, 20, -3600, -3590, -3580])
    assert seen == [0, 10, 20, 20, 30, 40]
    assert counts.defects == {CaptureDefect.CLOCK_BACK: 1}
    assert counts.first_at == {CaptureDefect.CLOCK_BACK: 4}
    assert counts.clock_back_us == 3620 * SECOND


def test_a_clock_that_comes_right_again_is_believed_again() -> None:
    seen, counts = times([0, 10, -3600, 11, 12])
    assert seen == [0, 10, 10, 11, 12]
    assert counts.clock_back_us == 0


def test_a_single_packet_from_the_future_moves_nothing() -> None:
    year = 365 * DAY // SECOND
    seen, counts = times([0, 10, year, 11, 12])
    assert seen == [0, 10, 10, 11, 12]
    assert counts.defects == {CaptureDefect.CLOCK_STRAY: 1}


def test_a_silent_night_is_no_jump() -> None:
    night = 8 * HOUR // SECOND
    assert times([0, 10, night, night + 1])[0] == [0, 10, night, night + 1]
    assert times([0, 10, night])[0] == [0, 10, night]


@given(st.lists(st.integers(0, 2**32 - 1), max_size=30))
def test_whatever_the_clock_did_times_never_fall_behind(seconds: list[int]) -> None:
    counts = CaptureCounts()
    seen = [each.time for each in read(io.BytesIO(timed(seconds)), counts)]
    assert len(seen) == len(seconds)
    for before, after in pairwise(seen):
        assert after >= before - 4 * SECOND


def test_a_pcapng_time_beyond_all_years_is_no_time() -> None:
    section = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1), "<") + block(1, struct.pack("<HHI", RAW, 0, 0), "<")
    file = section + enhanced(udp(options("a")), 2**64 - 1, "<") + enhanced(udp(options("b")), START * SECOND, "<")
    counts = CaptureCounts()
    assert [parse(each.payload).call_id for each in read(io.BytesIO(file), counts)] == ["b"]
    assert counts.defects == {CaptureDefect.WITHOUT_TIME: 1}
