"""Numbers to call and to call from, drawn by national numbering plans. Nobody is ever called at one: they only stand in files.

The drama ranges are too few here: whoever looks for walks through blocks of numbers must see a world that is wide.
Sources: the national numbering plans as phonenumbers' metadata (Apache-2.0) has them; a test checks every range against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from ringfence.vocabulary.numbers import E164


@dataclass(frozen=True, slots=True)
class Country:
    """`fixed` and `mobile` are patterns behind the country code `code`: `N` is a digit from 2 to 7, `x` any digit.

    `offset_h` is its winter time against UTC; `invalid` are patterns that the plan assigns to nobody.
    """

    name: str
    code: str
    offset_h: int
    fixed: tuple[str, ...]
    mobile: tuple[str, ...]
    invalid: tuple[str, ...]


COUNTRIES: Final[dict[str, Country]] = {
    country.name: country
    for country in (
        Country(
            "BE", "32", 1, ("2Nxxxxxx", "3Nxxxxxx", "92xxxxxx", "42xxxxxx"), ("47xxxxxxx", "49xxxxxxx"), ("20xxxxxx", "00xxxxxx")
        ),
        Country(
            "GB",
            "44",
            0,
            ("207Nxxxxxx", "161Nxxxxxx", "121Nxxxxxx", "131Nxxxxxx"),
            ("74Nxxxxxxx", "78Nxxxxxxx"),
            ("4Nxxxxxxxx", "00xxxxxxxx"),
        ),
        Country(
            "US", "1", -5, ("212NNxxxxx", "617NNxxxxx", "312NNxxxxx", "404NNxxxxx", "206NNxxxxx"), (), ("212155xxxx", "999Nxxxxxx")
        ),
        Country("NL", "31", 1, ("20Nxxxxxx", "10Nxxxxxx", "30Nxxxxxx"), ("61Nxxxxxx", "62Nxxxxxx"), ("00xxxxxxx", "90xxx")),
        Country("FR", "33", 1, ("14Nxxxxxx", "47Nxxxxxx", "38Nxxxxxx"), ("61Nxxxxxx", "67Nxxxxxx"), ("00xxxxxxx", "001xxxxxx")),
        Country(
            "DE", "49", 1, ("30Nxxxxxxx", "89Nxxxxxxx", "40Nxxxxxxx"), ("1512Nxxxxxx", "170Nxxxxxx"), ("199xxxxxx", "00xxxxxxx")
        ),
        Country("ES", "34", 1, ("91Nxxxxxx", "93Nxxxxxx"), ("61Nxxxxxx", "65Nxxxxxx"), ("11xxxxxxx", "50xxxxxxx")),
    )
}

HOMES: Final = (("BE", 0.45), ("GB", 0.3), ("US", 0.25))
"""Where the provider's parties live, and the share of each (ours)."""

COSTLY: Final = ("2526", "2207", "2327", "2246", "6757", "9607", "8816", "2357", "25779", "67774")
"""Country codes and first digits of mobile and satellite ranges that reports of revenue share fraud name again and again."""

COSTLY_HELD_OUT: Final = ("2697", "2455", "8821", "2577", "6787", "3712", "2487")
"""The same, kept apart for the held-out part."""

_DIGITS: Final = "0123456789"
_MIDDLE: Final = "234567"


def drawn(pattern: str, chance: Random) -> str:
    """Return `pattern` with digits for its letters.

    >>> drawn("47x", Random(1))
    '472'
    """
    if "N" not in pattern:
        free = pattern.count("x")
        return f"{pattern[: len(pattern) - free]}{int(chance.random() * 10**free):0{free}d}" if free else pattern
    return "".join(
        _MIDDLE[int(chance.random() * 6)] if letter == "N" else _DIGITS[int(chance.random() * 10)] if letter == "x" else letter
        for letter in pattern
    )


def fixed_number(country: str, chance: Random) -> E164:
    """Return a number of a line."""
    plan = COUNTRIES[country]
    return E164(f"+{plan.code}{drawn(chance.choice(plan.fixed), chance)}")


def mobile_number(country: str, chance: Random) -> E164:
    """Return a number of a mobile; of any line where the plan does not tell them apart."""
    plan = COUNTRIES[country]
    return E164(f"+{plan.code}{drawn(chance.choice(plan.mobile or plan.fixed), chance)}")


def any_number(country: str, chance: Random, mobile: float = 0.6) -> E164:
    """Return a number, that of a mobile with the likelihood `mobile`."""
    return mobile_number(country, chance) if chance.random() < mobile else fixed_number(country, chance)


def foreign_country(home: str, chance: Random) -> str:
    """Return another country than `home`."""
    return chance.choice([name for name in COUNTRIES if name != home])


def invalid_number(country: str, chance: Random) -> str:
    """Return digits that no line can have: of a range that is not assigned, or too few."""
    plan = COUNTRIES[country]
    if chance.random() < 0.3:
        return f"+{plan.code}{drawn(chance.choice(plan.fixed), chance)}"[: len(plan.code) + 1 + chance.randint(2, 3)]
    return f"+{plan.code}{drawn(chance.choice(plan.invalid), chance)}"


_NOBODYS: Final = tuple(
    f"+{plan.code}{pattern.rstrip('x').partition('N')[0]}" for plan in COUNTRIES.values() for pattern in plan.invalid
)


def is_nobodys(number: str) -> bool:
    """Tell whether `number` is one of those that `invalid_number` gives, or is no international number at all."""
    return not number.startswith("+") or len(number) < 9 or number.startswith(_NOBODYS)


def costly_number(prefix: str, chance: Random) -> E164:
    """Return a number behind `prefix`, ten or eleven digits in all."""
    return E164(f"+{prefix}{drawn('x' * (10 - len(prefix) + (prefix[0] == '8') * 2), chance)}")


def block(country: str, chance: Random, size: int) -> Sequence[E164]:
    """Return `size` numbers one after the other, as a company's range has them."""
    plan = COUNTRIES[country]
    first = int(drawn(chance.choice(plan.fixed), chance)) // 1000 * 1000 + chance.randrange(max(1, 1000 - size))
    return [E164(f"+{plan.code}{first + step}") for step in range(size)]
