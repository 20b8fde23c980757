"""Text from traffic is made harmless, bounded and, where asked, masked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.vocabulary.times import DAY, MINUTE, Micros, from_iso
from ringfence.words.writing import Writer, clock, length, moment, number, plain


@given(st.text(max_size=500), st.booleans())
def test_any_text_becomes_short_printable_text(text: str, masked: bool) -> None:
    written = Writer(masked=masked).text(text)
    assert written.isprintable()
    assert len(written) <= 80
    assert plain(written) == written


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\n", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800", "\ue000", "\u2028"])
def test_what_steers_a_screen_is_replaced(character: str) -> None:
    assert plain(f"a{character}b") == "a\ufffdb"


def test_letters_of_any_script_stay() -> None:
    assert plain("Müller שלום 日本 naïve") == "Müller שלום 日本 naïve"


def test_towers_of_marks_are_cut() -> None:
    assert plain("a" + "\u0301" * 60 + "b") == "a" + "\u0301" * 3 + "b"


def test_masked_numbers_are_told_apart_and_stay_the_same() -> None:
    writer = Writer(masked=True)
    assert writer.text("+441632960001") == "+44163296····#1"
    assert writer.text("+441632960002") == "+44163296····#2"
    assert writer.text("call +441632960001@host") == "call +44163296····#1@host"
    assert writer.text("441632960001") == "44163296····#1"


def test_short_numbers_and_addresses_are_not_masked() -> None:
    writer = Writer(masked=True)
    assert writer.text("1001") == "1001"
    assert writer.text("198.51.100.7") == "198.51.100.7"


def test_nothing_is_a_dash() -> None:
    assert Writer(masked=False).text(None) == "–"


def test_times_beyond_the_calendar_are_shown_as_they_are() -> None:
    assert moment(Micros(10**18)) == f"{10**18} µs"
    assert clock(Micros(10**18), width=MINUTE) == f"{10**18} µs"


def test_times_and_lengths_are_written_for_people() -> None:
    assert moment(from_iso("2026-03-02T09:00:24.9Z")) == "2026-03-02 09:00:24"
    assert clock(from_iso("2026-03-02T09:00:24.9Z"), width=DAY) == "02 Mar"
    assert length(2 * DAY + 3 * MINUTE) == "2 d"
    assert length(0) == "0 s"
    assert number(0.8) == "0.8"
