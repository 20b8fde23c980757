"""The schemas for editors know what the loader knows: they take every rule and example of ours, and refuse what it refuses."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML
from tests.conftest import ROOT
from tests.unit.policy.json_schema import faults
from tests.unit.policy.minimal import RULE

from ringfence.policy.fields import FIELDS
from ringfence.policy.formatter import ORDER
from ringfence.policy.schema import MEANINGS, example_schema, rule_schema

PROMISES: Final = ROOT / "tests" / "policies"
EXAMPLES: Final = sorted(path for name in ("firing", "quiet") for path in PROMISES.rglob(f"{name}.yaml"))
RULES: Final = sorted(set(PROMISES.rglob("*.yaml")) - set(EXAMPLES)) + sorted(
    (ROOT / "bundles" / "default" / "rules").glob("*.yaml")
)


def parsed(text: str) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Return the document as an editor reads it: times stay text, as in JSON."""
    yaml = YAML(typ="safe", pure=True)
    yaml.constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))
    return yaml.load(text)


@pytest.mark.parametrize("path", RULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_rule_of_ours_fits_its_schema(path: Path) -> None:
    assert list(faults(rule_schema(), parsed(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_example_of_ours_fits_its_schema(path: Path) -> None:
    assert list(faults(example_schema(), parsed(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("severity: warn", "severity: grave", "$.severity cannot be 'grave'"),
        ("mode: report", "mod: report", "$.mode is missing"),
        ("cool_down: 1h", "cool_down: 1 hour", "$.cool_down: '1 hour' is not written as"),
        ("on: attempt", "on: attempts", "$.on is none of anyOf"),
        ("window: 1min rolling", "window: 1min", "$.window is none of anyOf"),
        ("  calls: count()", "  Calls: count()", "$.measure.Calls (name)"),
        ("calls: count()", "calls: cuont()", "$.measure.calls: 'cuont()' is not written as"),
        ("severity: warn", "severity: warn\ntiers: [{when: calls > 1, severity: warn}]", "$ is none or several of oneOf"),
        ("severity: warn", "severity: warn\nproposes: [pray]", "$.proposes[0]: 'pray' is not written as"),
        ("severity: warn", "severity: warn\npoints: many", "$.points: 'many' is not written as"),
        ("severity: warn", "severity: warn\nevaluate: sometimes", "$.evaluate: 'sometimes' is not written as"),
        ("severity: warn", "severity: warn\nonce: {per: call_id}", "$.once.within is missing"),
    ],
)
def test_what_the_loader_refuses_by_its_form_an_editor_marks(right: str, wrong: str, told: str) -> None:
    assert list(faults(rule_schema(), parsed(RULE))) == []
    assert right in RULE
    assert any(fault.startswith(told) for fault in faults(rule_schema(), parsed(RULE.replace(right, wrong, 1))))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("count: 130", "count: none"), ("call:", "cal:"), ("finds:", "found:"), ("{at:", "{when:"), ("every: 20s", "every: 20")],
)
def test_a_mistake_in_an_example_is_marked(right: str, wrong: str) -> None:
    text = (PROMISES / "002-low-answer-ratio" / "firing.yaml").read_text(encoding="utf-8")
    assert right in text
    assert list(faults(example_schema(), parsed(text.replace(right, wrong, 1))))


def test_every_key_and_field_says_what_it_means_and_the_schema_is_json() -> None:
    assert tuple(MEANINGS) == ORDER
    properties = json.loads(json.dumps(rule_schema()))["properties"]
    assert all(properties[key]["description"] for key in ORDER)
    call = json.loads(json.dumps(example_schema()))["properties"]["events"]["items"]["properties"]["call"]
    assert call["properties"]["callee"]["description"] == FIELDS["callee"].meaning
