"""The numbers that English words name, and on which side of them the words stand: `more than a fifth`, `100 calls or more`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ringfence.policy.durations import UNITS


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit in words. `words` are those that say on which side it lies, at character `start`.

    `operator` is one of `> >= < <=`; `value` counts microseconds where the words name a unit of time, and is a fraction for `%`.
    """

    words: str
    start: int
    operator: str
    value: float


_UNITS: Final = {
    "s": "s",
    "sec": "s",
    "second": "s",
    "min": "min",
    "minute": "min",
    "h": "h",
    "hour": "h",
    "d": "d",
    "day": "d",
    "ms": "ms",
}
_ONES: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen")
_TEENS: Final = ("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS: Final = (
    {word: n for n, word in enumerate((*_ONES, *_TEENS), start=1)}
    | {word: 10 * n for n, word in enumerate(_TENS, start=2)}
    | {"zero": 0, "a": 1, "an": 1}
)
_SCALES: Final = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_PARTS: Final = {
    "half": 1 / 2,
    "third": 1 / 3,
    "quarter": 1 / 4,
    "fifth": 1 / 5,
    "sixth": 1 / 6,
    "eighth": 1 / 8,
    "tenth": 1 / 10,
    "twentieth": 1 / 20,
    "hundredth": 1 / 100,
}
_BEFORE: Final = {
    ">": ("more than", "over", "above", "exceeds", "exceed", "exceeded", "exceeding", "beyond", "greater than", "longer than"),
    ">=": ("at least", "no fewer than", "no less than", "not less than", "not fewer than"),
    "<": ("less than", "fewer than", "under", "below", "shorter than"),
    "<=": ("at most", "up to", "no more than", "not more than", "no longer than"),
}
_AFTER: Final = {">=": ("or more", "or longer", "or above"), "<=": ("or less", "or fewer", "or shorter", "or under")}
_OPERATORS: Final = {phrase: operator for operator, phrases in _BEFORE.items() for phrase in phrases}
_OPERATORS_AFTER: Final = {phrase: operator for operator, phrases in _AFTER.items() for phrase in phrases}


def _either(words: Iterable[str]) -> str:
    return "|".join(word.replace(" ", r"\s") for word in sorted(words, key=len, reverse=True))


_NUMBER: Final = rf"""
    (?: (?P<digits>[0-9]{{1,3}}(?:[ ,][0-9]{{3}})+|[0-9]{{1,12}}(?:\.[0-9]{{1,6}})?)
      | (?:(?:a|an|one)\s)?(?P<part>{_either(_PARTS)})\b
      | (?P<words>(?:{_either(_WORDS)})\b(?:[-\s](?:and\s)?(?:{_either({**_WORDS, **_SCALES})})\b)*) )
    (?:\s?(?P<percent>%|percent\b|per\scent\b)|[-\s]?(?P<unit>{_either(_UNITS)})s?\b)?"""
_BEFORE_IT: Final = re.compile(rf"\b(?P<words_before>{_either(_OPERATORS)})\s(?:the\s)?{_NUMBER}", re.VERBOSE)
_AFTER_IT: Final = re.compile(
    rf"(?<![a-z0-9.,]){_NUMBER}(?:\s(?!or\b)[a-z-]+){{0,3}}\s(?P<words_after>{_either(_OPERATORS_AFTER)})\b", re.VERBOSE
)


def bounds(text: str) -> Iterator[Bound]:
    """Yield the limits that `text` names.

    >>> [(bound.operator, bound.value) for bound in bounds("More than a fifth lasted under six seconds, over 1 200 calls.")]
    [('>', 0.2), ('<', 6000000.0), ('>', 1200.0)]
    >>> [(bound.operator, bound.value) for bound in bounds("15 % or more of two hundred calls or more")]
    [('>=', 0.15), ('>=', 200.0)]
    """
    lower = text.lower()
    for form, group, operators in ((_BEFORE_IT, "words_before", _OPERATORS), (_AFTER_IT, "words_after", _OPERATORS_AFTER)):
        for match in form.finditer(lower):
            yield Bound(match[group], match.start(group), operators[match[group]], _value(match))


def _value(match: re.Match[str]) -> float:
    if match["digits"] is not None:
        value = float(re.sub("[ ,]", "", match["digits"]))
    elif match["part"] is not None:
        value = _PARTS[match["part"]]
    else:
        value = _counted(re.split(r"[-\s]", match["words"]))
    if match["percent"] is not None:
        return value / 100
    return value * UNITS[_UNITS[match["unit"]]] if match["unit"] is not None else value


def _counted(words: list[str]) -> float:
    """Return what words such as two, hundred, and, fifty come to."""
    total = current = 0
    for word in words:
        if word in _WORDS:
            current += _WORDS[word]
        elif word in _SCALES:
            scaled = max(current, 1) * _SCALES[word]
            total, current = (total, scaled) if word == "hundred" else (total + scaled, 0)
    return float(total + current)
