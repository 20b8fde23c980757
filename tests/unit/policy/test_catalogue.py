"""The catalogue of the default policy is whole: each rule has its place, page, sources, recordings and steps, as its page tells."""

import re
from typing import Final

import pytest
from tests.conftest import ROOT

from ringfence.policy import load, read_folder
from ringfence.policy.examples import read_example
from ringfence.policy.plan import Rule
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind

BUNDLE = load(read_folder(ROOT / "bundles" / "default"))
RULES: Final = {rule.name: rule for rule in BUNDLE.plan.rules}
ATTACKS: Final = {
    *("denial-of-service", "unauthorised-access", "network-scanning", "security-breach", "interception"),
    *("session-interference", "malware", "spam", "deceptive-marketing", "harassment"),
}
"""Clauses whose every row of the catalogue is looked for both ways."""
SECTIONS: Final = ["What it measures", "Why", "Who must not be found", "What follows", "If you were found wrongly"]
SIGNALLED: Final = ATTACKS | {
    *("auto-dialing", "caller-id-falsification", "credentials", "false-user-information", "proxied-abuse"),
    *("third-party-harm", "unlawful", "upstream-policy"),
}
"""Clauses of prohibited use that signalling can show."""


def page(name: str) -> str:
    return (ROOT / "docs" / "rules" / f"{name}.md").read_text(encoding="utf-8")


def rows() -> list[tuple[str, list[str], list[str]]]:
    """Return, for each row of the catalogue, its clause and its rules: those about attacks on us, and those about customers."""
    text = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    cells = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]
    found = []
    for clause, _, inward, outward in cells:
        linked = [re.findall(r"\[([a-z0-9-]+)\]\(rules/\1\.md\)", cell) for cell in (inward, outward)]
        found.append((clause.strip(" `"), linked[0], linked[1]))
    return found


def is_about_a_source(rule: Rule) -> bool:
    return rule.subject is SubjectKind.SOURCE


def test_the_catalogue_names_every_rule_under_its_own_clause_and_no_other_rule() -> None:
    assert {name for _, inward, outward in rows() for name in inward + outward} == set(RULES)
    assert {(name, clause) for clause, inward, outward in rows() for name in inward + outward} >= {
        (name, rule.clause) for name, rule in RULES.items()
    }
    assert {clause for clause, _, _ in rows()} == SIGNALLED == {rule.clause for rule in RULES.values()}


def test_each_attack_is_looked_for_against_us_and_from_a_customer() -> None:
    one_way = [row for row in rows() if row[0] in ATTACKS and not (row[1] and row[2])]
    assert one_way == []


def test_rules_about_sources_stand_among_those_about_attacks_on_us() -> None:
    inward = {name for _, names, _ in rows() for name in names}
    assert {name for name, rule in RULES.items() if is_about_a_source(rule)} <= inward


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_has_its_page_section_by_section(name: str) -> None:
    rule, text = RULES[name], page(name)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert f"Clause `{rule.clause}`." in text
    words = " ".join(text.split())
    assert f"Where the thresholds come from: {' '.join(rule.source.split())}" in words, rule.source
    assert "What settles it:" in text.split("## If you were found wrongly")[1]
    for measure in rule.measures:
        assert f"`{measure.name}`" in text, measure.name


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_warns_before_it_says_act_or_its_page_says_why_it_has_one_step(name: str) -> None:
    steps = [tier.severity for tier in RULES[name].tiers]
    told = " and ".join(str(step) for step in dict.fromkeys(steps))
    assert f"severity {told}, mode {RULES[name].mode}" in " ".join(page(name).split())
    if steps != [Severity.WARN, Severity.ACT]:
        assert len(steps) == 1
        assert "One step alone: " in page(name)


@pytest.mark.parametrize("name", sorted(RULES))
def test_each_step_of_a_rule_is_fired_by_its_recording_and_none_by_the_quiet_one(name: str) -> None:
    folder = ROOT / "bundles" / "default" / "tests"
    fires, quiet = (
        read_example(f"{name}-{kind}.yaml", (folder / f"{name}-{kind}.yaml").read_text()) for kind in ("fires", "quiet")
    )
    own = [expected for expected in fires.finds if expected.rule == name]
    assert {expected.tier or 0 for expected in own} == set(range(len(RULES[name].tiers)))
    assert [expected for expected in quiet.finds if expected.rule == name] == []


@pytest.mark.parametrize("name", sorted(RULES))
def test_what_is_about_outsiders_acts_and_the_rest_reports(name: str) -> None:
    rule = RULES[name]
    if rule.mode is Mode.ACT:
        assert is_about_a_source(rule)
    elif is_about_a_source(rule) and rule.mode is Mode.REPORT:
        assert "though it is about" in page(name).split("## What follows")[1], name


def test_a_dropped_answer_is_told_as_an_upper_bound() -> None:
    assert "may have been left" in RULES["predictive-abandonment"].says
    assert "upper bound" in page("predictive-abandonment")
