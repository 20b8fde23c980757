"""Where the called numbers are, and of what type, from the published numbering plans."""

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberType

from ringfence.report.country_names import country_name
from ringfence.report.profiles import OTHER

_TYPES: Final = {
    PhoneNumberType.FIXED_LINE: "fixed line",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed line or mobile",
    PhoneNumberType.TOLL_FREE: "free of charge",
    PhoneNumberType.PREMIUM_RATE: "premium rate",
    PhoneNumberType.SHARED_COST: "shared cost",
    PhoneNumberType.VOIP: "internet telephony",
    PhoneNumberType.PERSONAL_NUMBER: "personal number",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company number",
    PhoneNumberType.VOICEMAIL: "voice mail",
}
_SHORTEST: Final = 6
_LENGTHS: Final = range(8, 16)


class Destination(NamedTuple):
    """A country and a type of number, in words."""

    place: str
    type: str


def destinations(prefixes: Mapping[str, int]) -> list[tuple[Destination, int]]:
    """Return how often each destination was called, the most called first. `prefixes` are beginnings of numbers."""
    counted: Counter[Destination] = Counter()
    for prefix, count in prefixes.items():
        counted[_destination(prefix)] += count
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def _destination(prefix: str) -> Destination:
    if prefix == OTHER:
        return Destination("more beginnings than are told apart, or no number", "")
    if not prefix.startswith("+"):
        return Destination("no international number", "short" if len(prefix) < _SHORTEST else "as dialled")
    place, kind = "", "type not known"
    for digits in _LENGTHS:
        # A beginning names no type by itself: the first length that makes a valid number of it does.
        number = _parsed(prefix.ljust(digits + 1, "1"))
        if number is None:
            continue
        place = place or _country(number)
        if phonenumbers.is_valid_number(number):
            kind = _TYPES.get(phonenumbers.number_type(number), kind)
            place = country_name(number) or place
            break
    return Destination(place or f"country code of {prefix[:4]}", kind)


def _country(number: phonenumbers.PhoneNumber) -> str:
    """Return the country of a number, of the main one where several share its code and the number itself doesn't tell."""
    name = country_name(number)
    if not name:
        example = phonenumbers.example_number(phonenumbers.region_code_for_country_code(number.country_code or 0))
        name = country_name(example) if example is not None else ""
    return name


def _parsed(text: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
