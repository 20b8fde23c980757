"""Patterns mean what Python's regular expressions mean, and never take long."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.patterns import Pattern, PatternRefused

_ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "[a-c]", "[+]", "[-a]"])
_TIMES = st.sampled_from(["", "*", "+", "?", "{2}", "{0,1}", "{1,3}", "{2,}", "{,2}"])
PATTERNS = st.recursive(
    st.builds("{}{}".format, _ATOMS, _TIMES),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.builds("({}){}".format, inner, _TIMES)
        | st.builds("({}|{})".format, inner, inner)
        | st.builds("{}|{}".format, inner, inner)
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=400)
@given(PATTERNS, st.lists(st.text("abc+-\n", max_size=7), min_size=1, max_size=6))
def test_a_pattern_fits_what_python_s_own_fits(pattern: str, texts: list[str]) -> None:
    ours, python_s = Pattern(pattern), re.compile(pattern, re.DOTALL)
    for text in texts:
        assert ours.fits(text) == (python_s.fullmatch(text) is not None), text


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        ("^1[0-9]{10}$", "12025550123", "2025550123"),
        ("[+]32(4[5-9][0-9]{7}|[1-9][0-9]{7})", "+32470123456", "+3247012345x"),
        ("anonymous|unavailable|restricted", "restricted", "restricted "),
        ("", "", "x"),
        ("[^0-9]+", "sip", "sip2"),
        (".*[.]example", "voice.example", "voice_example"),
    ],
)
def test_a_pattern_fits_the_whole_text_or_not_at_all(pattern: str, fitting: str, other: str) -> None:
    assert Pattern(pattern).fits(fitting)
    assert not Pattern(pattern).fits(other)


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a+)+b", "a*a*a*a*a*a*a*a*b", "(a|a)*b", "(a|aa)+b", "(.*){1,9}b"])
def test_patterns_on_which_other_matchers_never_end_do_end(pattern: str) -> None:
    assert not Pattern(pattern).fits("a" * 100_000)


def test_a_pattern_sees_the_first_256_characters() -> None:
    assert Pattern("a+").fits("a" * 256 + "b")
    assert not Pattern("a+").fits("a" * 255 + "b")


@pytest.mark.parametrize("pattern", ["a{256}", "a{0,256}", "(a|b){0,128}", "(a?){256}"])
def test_the_longest_repetitions_are_read(pattern: str) -> None:
    assert Pattern(pattern).fits("a" * 256) == (pattern != "(a|b){0,128}")


def test_a_pattern_s_memory_is_bounded() -> None:
    pattern = Pattern(".*")
    for code in range(0x4E00, 0x4E00 + 9000):
        assert pattern.fits(chr(code))
    assert len(pattern._states) <= 4096


@pytest.mark.parametrize(
    ("pattern", "offset", "cause", "hint"),
    [
        ("a**", 2, "a repetition of a repetition", "put the inner one"),
        ("(a", 2, ") is missing", "close the group"),
        ("a)", 1, ") is not expected in a pattern", "no ( before it"),
        ("(?=a)", 1, "(? is not part of a pattern", "groups are plain"),
        ("a^b", 1, "^ is not expected", "a pattern fits the whole text"),
        ("a$b", 1, "$ is not expected", "a pattern fits the whole text"),
        ("[]", 0, "a class of characters without any", "write them between"),
        ("[z-a]", 1, "no such range", ""),
        ("a{4,2}", 1, "a repetition that ends before it begins", ""),
        ("a{x}", 1, "{ counts a repetition", ""),
        ("a{,}", 1, "{ counts a repetition", ""),
        ("*a", 0, "* is not expected", "write [*] for the character"),
        ("((a{30}){30}){30}", 8, "more than 256 characters to match", "repeat less"),
        ("a" * 201, 200, "a pattern of more than 200 characters", ""),
        ("(" * 21, 21, "nested deeper than 20 levels", ""),
    ],
)
def test_a_wrong_pattern_is_refused_at_its_place(pattern: str, offset: int, cause: str, hint: str) -> None:
    with pytest.raises(PatternRefused) as refused:
        Pattern(pattern)
    assert refused.value.offset == offset
    assert refused.value.cause.startswith(cause)
    assert refused.value.hint.startswith(hint)
