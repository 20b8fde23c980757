"""Every published promise finds the traffic that it must find, and leaves alone what it must leave alone."""

from pathlib import Path
from typing import Final

import pytest
from tests.policies.promises import EXAMPLES, FOLDERS, bundle_of, example_of, rules_of

from ringfence.cli.examples import failures_of, findings_of
from ringfence.policy.formatter import format_rule

PROMISES: Final = frozenset(range(2, 121, 2))
"""The promises by the numbers of their folders."""


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_promise_finds_what_it_must_and_nothing_else(folder: Path, name: str) -> None:
    example = example_of(folder, name)
    assert not failures_of(bundle_of(folder), example)
    assert bool(example.finds) == (name == "firing")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_rule_of_a_promise_stands_in_canonical_form(folder: Path) -> None:
    for path in rules_of(folder):
        text = path.read_text(encoding="utf-8")
        assert format_rule(path.name, text) == text


def test_every_promise_has_a_folder() -> None:
    assert {int(folder.name.split("-")[0]) for folder in FOLDERS} == PROMISES


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_rule_of_a_promise_finds_something_in_the_firing_example(folder: Path) -> None:
    bundle = bundle_of(folder)
    found = {finding.rule for finding in findings_of(bundle, example_of(folder, "firing"))}
    assert found == {rule.name for rule in bundle.plan.rules}
