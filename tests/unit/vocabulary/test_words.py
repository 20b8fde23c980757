"""Numbers, times and tokens mean the same everywhere."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.vocabulary.clauses import CLAUSES, SECTIONS
from ringfence.vocabulary.numbers import is_e164, to_e164
from ringfence.vocabulary.times import Micros, from_iso, iso, micros, utc
from ringfence.vocabulary.tokens import token


@given(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999).map(Micros))
def test_a_moment_survives_its_text_form_to_the_microsecond(moment: Micros) -> None:
    assert micros(utc(moment)) == moment
    if moment >= -30_000_000_000_000_000:  # strftime pads years under 1000 differently between platforms
        assert from_iso(iso(moment)) == moment


def test_a_time_without_a_zone_names_no_moment() -> None:
    with pytest.raises(ValueError, match="zone"):
        micros(datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("+441632960001", None, "+441632960001"),
        ("00441632960001", "DE", "+441632960001"),
        ("01632 960001", "GB", "+441632960001"),
        ("011 44 1632 960001", "US", "+441632960001"),
        ("01632960001", None, None),
        ("anonymous", "GB", None),
        ("+123abc", "GB", None),
        ("", "GB", None),
        ("+0123456", "GB", None),
    ],
)
def test_a_number_is_read_as_it_is_dialled(written: str, country: str | None, number: str | None) -> None:
    assert to_e164(written, country) == number


@given(st.text(max_size=30), st.sampled_from([None, "BE", "US"]))
def test_no_text_makes_the_number_reader_raise(written: str, country: str | None) -> None:
    number = to_e164(written, country)
    assert number is None or is_e164(number)


def test_a_token_differs_by_key_kind_and_value_and_hides_the_value() -> None:
    tokens = {token(b"", "number", "+441632960001"), token(b"k", "number", "+441632960001"), token(b"", "source", "+441632960001")}
    assert len(tokens) == 3
    assert all("1632" not in each and len(each) == 16 for each in tokens)


def test_a_clause_stands_in_one_section_only() -> None:
    assert sum(len(slugs) for slugs in SECTIONS.values()) == len(CLAUSES) == 51
