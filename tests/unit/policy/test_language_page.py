"""docs/policy-language.md says what the code does."""

import re
from pathlib import Path

import pytest
from tests.unit.policy.minimal import files

from ringfence.policy import load
from ringfence.policy.classes import CLASSED
from ringfence.policy.described import field_table, function_table, kind_table
from ringfence.policy.grammar import __doc__ as grammar
from ringfence.policy.ladder import CALL_CLASSES, StepAction
from ringfence.policy.lists import read_list, table_of
from ringfence.policy.local_time import hours_problem
from ringfence.policy.measures import KEYWORDS
from ringfence.policy.plan import MeasureFunction, ProposalKind, Unit
from ringfence.policy.problems import Report
from ringfence.policy.questions import Question
from ringfence.policy.rules import CONDITION, OPTIONAL, REQUIRED
from ringfence.policy.subjects import KEYS_OF_SUBJECT
from ringfence.vocabulary.contracts import EventKind

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "policy-language.md").read_text(encoding="utf-8")
YAML = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("table", [kind_table(), field_table(), function_table()])
def test_the_tables_of_kinds_fields_and_functions_are_those_of_the_code(table: str) -> None:
    assert f"\n\n{table}\n" in PAGE


def test_every_key_kind_measure_and_action_is_described() -> None:
    words = [*REQUIRED, *CONDITION, *OPTIONAL, *EventKind, *MeasureFunction, *StepAction, *CALL_CLASSES]
    for word in words:
        assert re.search(rf"`{word}[` (]", PAGE), word


def test_the_grammar_stands_on_the_page_as_it_stands_beside_the_code() -> None:
    assert grammar is not None
    for line in grammar.split("\n"):
        if re.match(r" {4}\S", line):
            assert " ".join(line.split()) in " ".join(PAGE.split())


def test_the_table_of_subjects_is_that_of_the_code() -> None:
    for kind, ways in KEYS_OF_SUBJECT.items():
        keys = ", ".join(f"`{way[0]}`" if len(way) == 1 else f"`[{', '.join(way)}]`" for way in ways)
        assert f"| {keys} | `{kind}` |" in PAGE


@pytest.mark.parametrize("example", [text for text in YAML if "when:" in text])
def test_every_example_of_a_rule_loads(example: str) -> None:
    head = "" if "rule:" in example else "rule: example\nclause: spam\nsays: it\nsource: ours\n"
    tail = "" if "cool_down:" in example else "severity: warn\nmode: report\ncool_down: 1h\n"
    if "tiers:" in example:
        tail = tail.replace("severity: warn\n", "")
    rule = head + example.replace("clause: unauthorised-access", "clause: spam") + tail
    assert len(load(files(rule=rule)).plan.rules) == 1


def test_the_examples_of_the_other_files_load() -> None:
    (ladder,) = [text for text in YAML if "strikes:" in text]
    (settings,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    hours, rows = re.findall(r"```text\n(entry,.*?)```", PAGE, re.DOTALL)
    assert hours_problem(table_of("hours", read_list("hours", "hours.csv", hours, Report()))) is None
    bundle = load(files(ladder=ladder.replace("auto-dialing", "spam"), settings=settings, list=rows))
    assert len(bundle.ladder.steps) == 4
    assert len(bundle.lists["protected-sources"]) == 1


def test_every_question_has_its_row() -> None:
    asked = re.findall(r"^\| `([a-z]+)` \|.*\?.*\|$", PAGE.split("### What the loader asks")[1].split("\n## ")[0], re.MULTILINE)
    assert asked == [str(question) for question in Question]


def test_every_kind_of_proposal_has_its_row() -> None:
    rows = PAGE.split("### What a rule proposes")[1].split("### ")[0]
    told = re.findall(r"^\| `([a-z]+)", rows, re.MULTILINE)
    assert told == [str(kind).split("-")[0] for kind in ProposalKind]


def test_every_argument_of_a_measure_and_every_window_is_described() -> None:
    for word in (*(f"{keyword}=" for keyword in KEYWORDS), *Unit, "rolling", "before(", "usual(", "peers(", f'{CLASSED}("'):
        assert f"`{word}" in PAGE or f" {word}" in PAGE, word
