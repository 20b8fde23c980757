"""What numbering plans say of a telephone number. Remembered for as many numbers as traffic has at a time."""

from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import timezone

from ringfence.policy.functions import COUNTRIES, NUMBER_TYPES
from ringfence.vocabulary.numbers import is_e164

_REMEMBERED: Final = 1 << 16
_UNKNOWN_ZONE: Final = "Etc/Unknown"


class NumberFacts:
    """Answers about texts; what is not written as E.164 is no number."""

    def __init__(self) -> None:
        remember = lru_cache(maxsize=_REMEMBERED)
        self._parsed = remember(_parsed)
        self.country: Final = remember(self._country)
        """ISO 3166 code of the numbering plan, or `None`."""
        self.kind: Final = remember(self._kind)
        """Kind of number as `functions.NUMBER_TYPES` writes it, or `None`."""
        self.valid: Final = remember(self._valid)
        """It lies in a range that its numbering plan assigns."""
        self.possible: Final = remember(self._possible)
        """It is as long as its country's numbers are."""
        self.zones: Final = remember(self._zones)
        """IANA names of all time zones it could be in; empty where nobody can tell."""

    def _country(self, text: str) -> str | None:
        number = self._parsed(text)
        if number is None:
            return None
        # Countries that share a code are told apart by the ranges they assigned: a range of nobody belongs to the main one.
        code = number.country_code or 0
        country = phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(code)
        return country if country in COUNTRIES else None

    def _kind(self, text: str) -> str | None:
        number = self._parsed(text)
        return None if number is None else NUMBER_TYPES.get(phonenumbers.number_type(number))

    def _valid(self, text: str) -> bool:
        number = self._parsed(text)
        return number is not None and phonenumbers.is_valid_number(number)

    def _possible(self, text: str) -> bool:
        number = self._parsed(text)
        return number is not None and phonenumbers.is_possible_number(number)

    def _zones(self, text: str) -> tuple[str, ...]:
        number = self._parsed(text)
        zones = () if number is None else timezone.time_zones_for_number(number)
        return tuple(zone for zone in zones if zone != _UNKNOWN_ZONE)


def _parsed(text: str) -> phonenumbers.PhoneNumber | None:
    if not is_e164(text):
        return None
    try:
        return phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
