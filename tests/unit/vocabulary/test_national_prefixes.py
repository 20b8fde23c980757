"""National prefixes are taken away as Python's `re` finds them, the first alternative that leads on being preferred."""

import random
import re

import pytest

from ringfence.vocabulary.digit_patterns import Positions, UnknownPattern
from ringfence.vocabulary.national_prefixes import NOTHING, Left, NationalPrefix

TEXTS = ["", *("".join(random.Random(seed).choices("01259", k=seed % 9)) for seed in range(600))]


def left_of(text: str, prefix: NationalPrefix) -> Left | None:
    known = prefix.start
    for digit in text:
        known = prefix.after(known)[int(digit)]
    return prefix.at_end(known)


def state_of(text: str, positions: Positions) -> Left:
    state = Positions.BEGIN
    for digit in text:
        state = positions.after(state)[int(digit)]
    return Left(state, len(text))


def by_re(text: str, pattern: str, rule: str) -> str | None:
    found = re.match(pattern, text)
    if found is None:
        return None
    if rule and found.groups()[-1] is not None:
        return re.sub(pattern, rule, text, count=1)
    return text[found.end() :]


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [
        ("0", ""),
        ("0|90", ""),
        ("0(1|25)?", ""),
        (r"(?:0|90)(?:(1[25]|2)(\d{2,3}))?", r"\2"),
        (r"0?(?:(1|2(?:2(?:02?|[15]|2)|5))15)?", r"9\1"),
        (r"([0-2]\d{3})$|0", r"05\1"),
        (r"0(1\d{2}|5[0-2]\d)", r"\1"),
        (r"(000[25]\d{1,3})$|(?:(?:0092)0?)|0", r"\1"),
    ],
)
def test_what_is_left_is_what_re_leaves(pattern: str, rule: str) -> None:
    positions = Positions()
    positions.add(r"9?\d{3}")
    positions.add("[125]0{2}")
    prefix = NationalPrefix(pattern, rule, positions)
    for text in TEXTS:
        expected = by_re(text, pattern, rule)
        assert left_of(text, prefix) == (None if expected is None else state_of(expected, positions)), text


def test_what_leaves_everything_leaves_the_beginning() -> None:
    assert left_of("0", NationalPrefix("0", "", Positions())) == NOTHING


@pytest.mark.parametrize("pattern", ["0*", "(?=0)", "[", "(0", "0)", "a", r"\d{2,}", "(0){2}"])
def test_a_pattern_of_a_new_kind_is_refused(pattern: str) -> None:
    with pytest.raises(UnknownPattern):
        NationalPrefix(pattern, "", Positions())


@pytest.mark.parametrize("rule", [r"\2\1", "9", r"\1 9", r"\2"])
def test_a_rule_of_a_new_kind_is_refused(rule: str) -> None:
    with pytest.raises(UnknownPattern):
        NationalPrefix("0(1)", rule, Positions())


def test_a_beginning_fits_whatever_follows_it() -> None:
    positions = Positions()
    whole, beginning = positions.add("25[0-5]"), positions.add("25", whole=False)
    fits = {text: state_of(text, positions).state for text in ("25", "255", "256", "2560", "2", "52")}
    assert [text for text, state in fits.items() if state & whole] == ["255"]
    assert [text for text, state in fits.items() if state & beginning] == ["25", "255", "256", "2560"]
