"""Every published promise finds the traffic that it must find, and leaves alone what it must leave alone."""

from pathlib import Path
from typing import Final

import pytest
from tests.policies.promises import FOLDERS, bundle_of, example_of, rules_of

from ringfence.cli.examples import findings_of
from ringfence.policy.example_results import differences
from ringfence.policy.formatter import format_rule

PROMISES: Final = frozenset((*range(2, 121, 2), *range(201, 227)))
"""The promises by the numbers of their folders: those published, and from 201 on others of the same kinds."""


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_promise_finds_what_it_must_and_each_of_its_rules_takes_part(folder: Path) -> None:
    bundle, example = bundle_of(folder), example_of(folder, "firing")
    found = findings_of(bundle, example)
    assert not differences(example, found)
    assert {finding.rule for finding in found} == {rule.name for rule in bundle.plan.rules}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_promise_leaves_alone_what_stays_within_it(folder: Path) -> None:
    example = example_of(folder, "quiet")
    assert not example.finds
    assert not differences(example, findings_of(bundle_of(folder), example))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_rule_of_a_promise_stands_in_canonical_form(folder: Path) -> None:
    for path in rules_of(folder):
        text = path.read_text(encoding="utf-8")
        assert format_rule(path.name, text) == text


def test_every_promise_has_a_folder() -> None:
    assert {int(folder.name.split("-")[0]) for folder in FOLDERS} == PROMISES
