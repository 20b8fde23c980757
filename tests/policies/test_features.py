"""What the language can say beyond the promises at hand: each feature as a rule that finds what it must, and nothing else."""

from pathlib import Path

import pytest
from tests.policies.promises import FEATURES, FOLDERS, bundle_of, example_of, rules_of

from ringfence.cli.examples import findings_of
from ringfence.policy.example_results import differences
from ringfence.policy.formatter import format_rule
from ringfence.policy.functions import FUNCTIONS, SPECIAL
from ringfence.policy.plan import MeasureFunction, ProposalKind
from ringfence.policy.rules import CONDITION, OPTIONAL, REQUIRED


@pytest.mark.parametrize("folder", FEATURES, ids=lambda folder: folder.name)
def test_a_feature_finds_what_it_must_and_each_of_its_rules_takes_part(folder: Path) -> None:
    bundle, example = bundle_of(folder), example_of(folder, "firing")
    found = findings_of(bundle, example)
    assert not differences(example, found)
    assert {finding.rule for finding in found} == {rule.name for rule in bundle.plan.rules}


@pytest.mark.parametrize("folder", FEATURES, ids=lambda folder: folder.name)
def test_a_feature_leaves_alone_what_stays_within_it(folder: Path) -> None:
    example = example_of(folder, "quiet")
    assert not example.finds
    assert not differences(example, findings_of(bundle_of(folder), example))


@pytest.mark.parametrize("folder", FEATURES, ids=lambda folder: folder.name)
def test_a_rule_of_a_feature_stands_in_canonical_form(folder: Path) -> None:
    for path in rules_of(folder):
        text = path.read_text(encoding="utf-8")
        assert format_rule(path.name, text) == text


TEXT = "\n".join(path.read_text(encoding="utf-8") for folder in (*FOLDERS, *FEATURES) for path in rules_of(folder))


@pytest.mark.parametrize("key", [*REQUIRED, *CONDITION, *OPTIONAL])
def test_every_key_of_a_rule_is_shown_at_work(key: str) -> None:
    assert f"\n{key}:" in TEXT or f" {key}:" in TEXT


OPERATORS_OWN = {"address_country"}
"""Functions that read a database which no example can bring: shown at work in tests/unit/cli/test_scan_identities.py."""


@pytest.mark.parametrize(
    "function",
    [
        *MeasureFunction,
        *(name for name in FUNCTIONS if name not in OPERATORS_OWN),
        *SPECIAL,
        "before",
        "usual",
        "peers",
        "classed",
        "rollup",
    ],
)
def test_every_measure_and_function_is_shown_at_work(function: str) -> None:
    assert f"{function}(" in TEXT


@pytest.mark.parametrize("kind", list(ProposalKind))
def test_every_proposal_is_shown_at_work(kind: ProposalKind) -> None:
    assert f"- {kind.replace('-', ' ')}" in TEXT
