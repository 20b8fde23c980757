"""The formatter: comments stay, meaning stays, and what is in canonical form stays as it is."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import ROOT

from ringfence.policy import BundleRefused
from ringfence.policy.documents import parse_document
from ringfence.policy.formatter import OF_A_TIER, ORDER, format_rule, meaning
from ringfence.policy.problems import Report
from ringfence.policy.rules import CONDITION, OPTIONAL, REQUIRED
from ringfence.policy.spacing import WIDTH, spaced, wrapped
from ringfence.policy.tiers import OF_A_TIER as KEYS_OF_A_TIER
from ringfence.policy.tokens import tokenize

RULES: Final = sorted(
    path for path in (ROOT / "tests" / "policies").rglob("*.yaml") if path.stem not in ("firing", "quiet")
) + sorted((ROOT / "bundles" / "default" / "rules").glob("*.yaml"))

UNTIDY: Final = """\
# Ours, since the spring.

# Named by the abuse team.
rule: many-calls
when:    calls>100   and short/calls   >  0.5   # half of them
on: attempt where direction=='outbound'
measure:
  calls: count( )
  # short is what nobody talks in
  short: count(answered and duration<6s)
  # the end of the measures
per: [ account ]
says: >
  More than a hundred calls
  in a minute.
proposes: [notify, "suspend for 1d"]
# why
source: >  # nobody published it
  ours
window: {hour: 1h rolling, day: 'day in "UTC"'}
# last
"""

TIDY: Final = """\
# Ours, since the spring.

# Named by the abuse team.
rule: many-calls
says: More than a hundred calls in a minute.
# why
source: ours  # nobody published it
on: attempt where direction == "outbound"
per: [account]
window:
  hour: 1h rolling
  day: day in "UTC"
measure:
  calls: count()
  # short is what nobody talks in
  short: count(answered and duration < 6s)
  # the end of the measures
when: calls > 100 and short / calls > 0.5  # half of them
proposes:
  - notify
  - suspend for 1d
# last
"""


def tree(text: str) -> object:
    return meaning(parse_document("rules/a.yaml", text, Report()))


def comments(text: str) -> list[str]:
    return sorted(line.split("#", 1)[1].strip() for line in text.split("\n") if line.startswith("#") or " #" in line)


def test_an_untidy_file_is_put_in_order_with_its_comments() -> None:
    assert format_rule("rules/a.yaml", UNTIDY) == TIDY


def test_what_is_tidy_stays_as_it_is() -> None:
    assert format_rule("rules/a.yaml", TIDY) == TIDY


@pytest.mark.parametrize("path", RULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_rule_of_ours_keeps_its_meaning_and_its_second_format_is_its_first(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    once = format_rule(path.name, text)
    assert tree(once) == tree(text)
    assert format_rule(path.name, once) == once
    assert max(len(line) for line in once.split("\n")) <= WIDTH


def blocks(text: str) -> list[list[str]]:
    """Return the lines of each top-level key."""
    found: list[list[str]] = []
    for line in text.rstrip("\n").split("\n"):
        if not line.startswith((" ", "#")):
            found.append([])
        found[-1].append(line)
    return found


@st.composite
def disordered(draw: st.DrawFn) -> tuple[str, str]:
    """Return a rule of ours, and the same in another order of keys with comments between and beside."""
    tidy = draw(st.sampled_from(RULES)).read_text(encoding="utf-8")
    shuffled = draw(st.permutations(blocks(tidy)))
    lines: list[str] = []
    for number, block in enumerate(shuffled):
        if draw(st.booleans()):
            lines.append(f"# above {number}")
        for place, line in enumerate(block):
            beside = draw(st.booleans()) and (place == 0 and not line.endswith(">"))
            lines.append(f"{line}  # beside {number}" if beside else line)
        if draw(st.booleans()):
            lines.append("")
    return tidy, "\n".join(lines) + "\n"


@given(disordered())
def test_any_order_and_any_comments_come_to_one_form(drawn: tuple[str, str]) -> None:
    tidy, untidy = drawn
    once = format_rule("rules/a.yaml", untidy)
    assert tree(once) == tree(tidy)
    assert comments(once) == comments(untidy)
    assert format_rule("rules/a.yaml", once) == once
    bare = "".join(f"{line.split('  # ')[0]}\n" for line in once.rstrip("\n").split("\n") if line and not line.startswith("#"))
    assert format_rule("rules/a.yaml", bare) == format_rule("rules/a.yaml", tidy)


NAMES: Final = st.sampled_from(["calls", "short / calls", "(a or b)", 'plan in ("x", "y")', "-1", "count(x)", "6s", "max(a, -b)"])
OPERATORS: Final = st.sampled_from([" and ", " or ", " > ", "<=", " + ", "*"])
SPACES: Final = st.sampled_from(["", " ", "  ", "\n"])


@given(st.lists(st.tuples(NAMES, OPERATORS, SPACES), min_size=1, max_size=40))
def test_spaces_and_breaks_change_no_token(parts: list[tuple[str, str, str]]) -> None:
    text = "".join(f"{name}{space}{operator}{space}" for name, operator, space in parts) + "end"
    assert spaced(text) == spaced(spaced(text)) == " ".join(wrapped(text, 60))
    assert spaced(text).replace(" ", "") == "".join(text.split())


@pytest.mark.parametrize("text", ["name = == 1", "a < = b", "x (= 1", "a - - b", "- - 1", "a == - 1"])
def test_spaces_that_keep_tokens_apart_stay(text: str) -> None:
    assert spaced(spaced(text)) == spaced(text)
    assert [token.text for token in tokenize(spaced(text))] == [token.text for token in tokenize(text)]


def test_every_key_of_a_rule_has_its_place() -> None:
    assert set(ORDER) == {*REQUIRED, *CONDITION, *OPTIONAL}
    assert len(ORDER) == len(set(ORDER))
    assert set(OF_A_TIER) == set(KEYS_OF_A_TIER)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rule: [", "not readable as YAML"),
        ("- rule\n", "a rule is a mapping"),
        ("", "the file is empty"),
        ("rule: a\nrule: b\n", "stands twice"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, told: str) -> None:
    with pytest.raises(BundleRefused, match=told):
        format_rule("rules/a.yaml", text)


@pytest.mark.parametrize(
    "value", ["yes: no", "# no comment", "[a, b]", "a #b", "'", '"', "- a", "*", "&a", "a:", "? b", "%c", "@", "!d"]
)
def test_what_yaml_would_read_otherwise_stands_between_quotation_marks(value: str) -> None:
    quoted = "'" + value.replace("'", "''") + "'"
    once = format_rule("rules/a.yaml", f"says: {quoted}\n")
    assert tree(once) == {"says": value}
    assert format_rule("rules/a.yaml", once) == once
