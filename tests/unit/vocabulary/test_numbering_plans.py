"""The automaton of all numbering plans says what the `phonenumbers` library says, of every number that is tried."""

import random
from collections.abc import Iterator
from functools import cache

import phonenumbers
import pytest
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from ringfence.vocabulary.numbering_plans import Automaton, PlanFacts, automaton
from ringfence.vocabulary.numbers import is_e164

DIGITS = "0123456789"
SEED = 20_261_123
NATIONAL = {
    "1": ["1"],
    "7": ["8"],
    "36": ["06"],
    "44": ["0", "180020"],
    "54": ["0", "0115", "01115", "02215", "0221", "9", "011"],
    "55": ["0", "90", "015", "09011", "90411"],
    "57": ["0", "03", "0444"],
    "61": ["0", "1831"],
    "81": ["0", "00029", "003768", "0037680"],
    "82": ["0", "0821", "08"],
    "86": ["0", "12345", "17911"],
    "241": ["0", "011", "060", "077"],
    "261": ["0", "2", "4"],
    "298": ["1001"],
    "352": ["15003"],
    "370": ["8", "0"],
    "375": ["8", "80"],
    "378": ["8", "9"],
    "423": ["1001", "0"],
    "506": ["1900", "1909"],
    "591": ["0", "010"],
    "672": ["1"],
}
"""Calling codes with national prefixes that are more than a 0, and what numbers with them begin with."""


@cache
def plans() -> Automaton:
    return automaton()


def said(number: str) -> PlanFacts | None:
    found = plans()
    state = found.first
    for digit in number[1:]:
        state = found.following[state][int(digit)]
    return found.facts[found.said[state]]


def by_the_library(number: str) -> PlanFacts | None:
    try:
        read = phonenumbers.parse(number, None)
    except NumberParseException:
        return None
    code = read.country_code or 0
    return PlanFacts(
        code=code,
        region=phonenumbers.region_code_for_number(read),
        main=phonenumbers.region_code_for_country_code(code),
        kind=phonenumbers.number_type(read),
        is_valid=phonenumbers.is_valid_number(read),
        is_possible=phonenumbers.is_possible_number(read),
        is_rewritten=phonenumbers.national_significant_number(read) != number[1 + len(str(code)) :],
    )


@cache
def examples() -> tuple[str, ...]:
    """Return the library's example numbers of all regions and kinds."""
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    kinds = PhoneNumberType.values()
    found = [phonenumbers.example_number_for_type(region, kind) for region in regions for kind in kinds]
    found += map(phonenumbers.example_number_for_non_geo_entity, phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
    return tuple(sorted({phonenumbers.format_number(each, PhoneNumberFormat.E164) for each in found if each is not None}))


def mutated(chance: random.Random) -> Iterator[str]:
    """Yield example numbers with digits changed, cut off or added."""
    while True:
        digits = list(chance.choice(examples()))
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            digits[chance.randrange(1, len(digits))] = chance.choice(DIGITS)
        whole = "".join(digits)
        yield chance.choice((whole, whole, whole[: chance.randrange(4, 17)], whole + "".join(chance.choices(DIGITS, k=2))))


def with_national_prefixes(chance: random.Random) -> Iterator[str]:
    """Yield numbers behind a country calling code with what its numbers begin with at home, and without."""
    codes = [str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]
    while True:
        code = chance.choice((*codes, *(3 * list(NATIONAL))))
        prefix = chance.choice(("", *NATIONAL.get(code, ["0"])))
        known = [number[1 + len(code) :] for number in examples() if number.startswith(f"+{code}")]
        rest = chance.choice(known) if known and chance.random() < 0.6 else "".join(chance.choices(DIGITS, k=chance.randrange(14)))
        yield f"+{code}{prefix}{rest}"


def anything(chance: random.Random) -> Iterator[str]:
    while True:
        yield "+" + "".join(chance.choices(DIGITS, k=chance.randrange(3, 16)))


def test_it_says_what_the_library_does_of_an_example_of_every_region_and_kind_and_of_its_beginnings() -> None:
    tried = {number[:length] for number in examples() for length in range(4, len(number) + 1)}
    assert len(tried) > 5_000
    assert [number for number in sorted(tried) if said(number) != by_the_library(number)] == []


@pytest.mark.parametrize("source", [mutated, with_national_prefixes, anything])
def test_it_says_what_the_library_does_of_other_numbers(source: object) -> None:
    assert callable(source)
    numbers = source(random.Random(SEED))
    tried = {number for number in (next(numbers) for _ in range(6_000)) if is_e164(number)}
    assert len(tried) > 3_000
    assert [number for number in sorted(tried) if said(number) != by_the_library(number)] == []


def test_what_the_library_cannot_take_apart_is_no_number() -> None:
    assert [said(number) for number in ("+999123456", "+321", "+0471234567", "+1")] == [None] * 4
