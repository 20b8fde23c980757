"""Telephone numbers in free text, in international and in national notation. No text makes it raise."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher

from ringfence.vocabulary.numbers import is_e164

MOST: Final = 40
"""Numbers that are read of one text."""
_READINGS: Final = 4
_TRIES: Final = 500
_INTERNATIONAL: Final = re.compile(r"(?<![\d+])(?:\+|00)[ ]?(?:\(0\)|[ ()./-]{0,2}\d){7,16}(?!\d)")
_TRUNK_ZERO: Final = re.compile(r"(\+\d{1,3})[ ]?\(0\)")


class Found(NamedTuple):
    """A number at [`begin`, `end`) of the text, with its readings in E.164, the likeliest first."""

    begin: int
    end: int
    readings: tuple[str, ...]


def numbers_in(text: str, countries: Sequence[str]) -> list[Found]:
    """Return the numbers that the text names, in order, at most `MOST`. `text` is `even`; `countries` as in `Around`."""
    spans: dict[tuple[int, int], list[str]] = {}
    for begin, end, number in _international(text):
        spans.setdefault((begin, end), []).append(number)
    plain = frozenset(spans)
    for country in countries:
        for begin, end, number in _matched(text, country):
            held = next((span for span in spans if begin < span[1] and span[0] < end), (begin, end))
            if held not in plain:
                spans.setdefault(held, []).append(number)
    ordered = sorted(spans.items())[:MOST]
    return [Found(begin, end, tuple(dict.fromkeys(numbers))[:_READINGS]) for (begin, end), numbers in ordered]


def _international(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what begins with `+` or `00`, whether or not such a number can exist: who falsifies one need not choose a real one."""
    for match in _INTERNATIONAL.finditer(text):
        written = _TRUNK_ZERO.sub(r"\1", "+" + match.group().lstrip("+0 ") if match.group()[0] == "0" else match.group())
        digits = "+" + "".join(character for character in written if character.isdigit())
        if is_e164(digits):
            yield match.start(), match.end(), _normal(digits)


def _normal(digits: str) -> str:
    """Return it without the zero that some write after the country's code, where only that makes it a number."""
    try:
        number = phonenumbers.parse(digits)
    except phonenumbers.NumberParseException:
        return digits
    written: str = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return written if phonenumbers.is_valid_number(number) and is_e164(written) else digits


def _matched(text: str, country: str) -> Iterator[tuple[int, int, str]]:
    for match in PhoneNumberMatcher(text, country, leniency=Leniency.VALID, max_tries=_TRIES):
        number: str = phonenumbers.format_number(match.number, PhoneNumberFormat.E164)
        if is_e164(number):
            yield match.start, match.end, number
