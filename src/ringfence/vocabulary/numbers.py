"""Telephone numbers in E.164 form."""

import re
from typing import Final, NewType

import phonenumbers

E164 = NewType("E164", str)
"""A number as `+` and 3 to 15 digits, the first not zero (ITU-T E.164)."""

_E164: Final = re.compile(r"\+[1-9][0-9]{2,14}\Z")
_PLAUSIBLE: Final = re.compile(r"[+0-9()\-./ ]{3,24}\Z")
_SHORTEST: Final = 6
"""Up to so many digits, what is too short for its country is a number to dial as it stands."""
_MARKS: Final = "()-./ "
"""What may stand before a number's first digit or plus sign."""


def is_e164(text: str) -> bool:
    """Tell whether `text` is written as E.164. Says nothing about whether the number is allocated."""
    return _E164.match(text) is not None


def to_e164(text: str, country: str | None = None) -> E164 | None:
    """Return `text` as E.164, or `None` where it names no number.

    `country` (ISO 3166 alpha-2) is where a national form is dialled; without it only international forms are read.

    >>> to_e164("+32 2 555 12 12"), to_e164("0032 2 555 1212", "BE"), to_e164("alice"), to_e164("112", "BE")
    ('+3225551212', '+3225551212', None, None)
    """
    if _E164.match(text):
        return E164(text)
    if not _PLAUSIBLE.match(text):
        return None
    if country is None and not text.lstrip(_MARKS).startswith("+"):  # a national form: to look at it more closely takes 50 us
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if len(text) <= _SHORTEST and text.isdigit() and not phonenumbers.is_possible_number(number):
        return None  # 112 or an extension: nobody dials it as +32112
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return E164(written) if _E164.match(written) else None
