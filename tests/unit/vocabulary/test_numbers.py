"""Numbers are read as the library of numbering plans reads them, and quicker where it would only refuse."""

import re

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ringfence.vocabulary.numbers import to_e164

_E164 = re.compile(r"\+[1-9][0-9]{2,14}")


def as_the_plans_say(text: str, country: str | None) -> str | None:
    if _E164.fullmatch(text):  # it is written as one, whether or not anybody has it
        return text
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if len(text) < 7 and text.isdigit() and not phonenumbers.is_possible_number(number):
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return written if _E164.fullmatch(written) else None


@given(st.text("+0123456789()-./ ", min_size=3, max_size=24), st.sampled_from([None, "BE", "US"]))
@example("(+32) 2 555 12 12", None)
@example("/.+32 2 555 12 12", None)
@example("2+3225551212", None)
@example("0032 2 555 12 12", None)
@example("+0032 2 555 12 12", None)
def test_a_text_of_digits_and_marks_is_what_the_numbering_plans_say(text: str, country: str | None) -> None:
    assert to_e164(text, country) == as_the_plans_say(text, country)


@pytest.mark.parametrize(
    ("text", "country"), [("112", "BE"), ("101", "BE"), ("999", "GB"), ("911", "US"), ("1207", "BE"), ("116000", "BE")]
)
def test_a_number_to_dial_as_it_stands_gets_no_country_code(text: str, country: str) -> None:
    assert to_e164(text, country) is None


def test_a_national_form_is_not_looked_at_where_no_country_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("it was looked at")

    monkeypatch.setattr(phonenumbers, "parse", refuse)
    assert to_e164("02 555 12 12") is None
