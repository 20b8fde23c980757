"""Each folder beside this file is a published promise as a rule, with traffic that it finds and traffic that it must not find.

The rest of the bundle (text, ladder, settings) is the default one's.
"""

from pathlib import Path
from typing import Final

import pytest
from tests.conftest import ROOT

from ringfence.cli.examples import failures_of, findings_of
from ringfence.policy import Bundle, load, read_folder
from ringfence.policy.examples import Example, read_example
from ringfence.policy.formatter import format_rule

HERE: Final = Path(__file__).parent
FOLDERS: Final = sorted(path.parent for path in HERE.glob("*/rule.yaml"))
EXAMPLES: Final = ("firing", "quiet")
PROMISES: Final = frozenset(range(2, 121, 2))
"""The promises by the numbers of their folders."""


def rules_of(folder: Path) -> list[Path]:
    """Return the files of the folder's rules."""
    return sorted(path for path in folder.glob("*.yaml") if path.stem not in EXAMPLES)


def bundle_of(folder: Path) -> Bundle:
    """Return the folder's rules and lists with the default bundle's text and ladder."""
    files = {path: content for path, content in read_folder(ROOT / "bundles" / "default").items() if not path.startswith("rules/")}
    files |= {f"rules/{path.name}": path.read_bytes() for path in rules_of(folder)}
    files |= {f"lists/{path.name}": path.read_bytes() for path in folder.glob("lists/*.csv")}
    return load(files)


def example_of(folder: Path, name: str) -> Example:
    """Return one of the folder's examples."""
    return read_example(f"{folder.name}/{name}.yaml", (folder / f"{name}.yaml").read_text(encoding="utf-8"))


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
