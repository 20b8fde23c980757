"""Whatever stands in a file: the formatter and the reader of examples give a result or a problem with its place."""

from typing import Final

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.policies.promises import FEATURES, FOLDERS, rules_of

from ringfence.policy import BundleRefused
from ringfence.policy.examples import read_example
from ringfence.policy.formatter import format_rule

RULES: Final = [path.read_text(encoding="utf-8") for folder in (*FOLDERS, *FEATURES) for path in rules_of(folder)]
EXAMPLES: Final = [(folder / name).read_text(encoding="utf-8") for folder in FOLDERS[::4] for name in ("firing.yaml", "quiet.yaml")]
SCRAPS: Final = st.sampled_from(
    [
        *" \n\t:#-?[]{}&*!|>'\"%@`,\\x0",
        "\r\n",
        "  ",
        "# c\n",
        "- ",
        ": ",
        "---\n",
        "...\n",
        '"',
        "''",
        "é",
        "\u2028",
        "\x00",
        "\ufeff",
        "a: b\n",
    ]
)


@st.composite
def spoilt(draw: st.DrawFn, texts: list[str]) -> str:
    """Return one of the texts, cut, doubled and changed in a few places."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(st.one_of(SCRAPS, st.just(text[start:end] * 2))) + text[end:]
    return text


@settings(max_examples=400)
@given(spoilt(RULES))
@example("")
@example("rule: a\n? b\n: c\n")
@example("says: |\n  # no comment\n# a comment\n")
@example("on: [a, [b, c]]\nmeasure: {a: [b]}\nper: {a: b}\n")
@example("tiers: [{when: a > 1}, b]\nonce: c\n")
def test_a_file_is_formatted_once_for_all_or_refused(text: str) -> None:
    try:
        once = format_rule("rules/a.yaml", text)
    except BundleRefused:
        return
    assert format_rule("rules/a.yaml", once) == once


@settings(max_examples=200)
@given(spoilt(EXAMPLES))
@example("says: a\ntime: 2026-03-02T10:00:00Z\nevents: []\nfinds: []\n")
@example("says: a\ntime: 2026-03-02T10:00:00Z\nevents: [{call: {}, at: 9999999999d}]\nfinds: none\n")
@example("says: a\ntime: 9999-12-31T23:59:59Z\nevents: [{call: {duration: 3000d}}]\nfinds: none\n")
def test_an_example_is_read_or_refused(text: str) -> None:
    try:
        read = read_example("tests/a.yaml", text)
    except BundleRefused:
        return
    assert list(read.events) == sorted(read.events, key=lambda event: event.time)
