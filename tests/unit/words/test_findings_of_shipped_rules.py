"""Whatever a shipped rule finds is told in a paragraph: what, against what, since when, and what would have been quiet."""

import re
from dataclasses import replace

import pytest
from tests.conftest import ROOT

from ringfence.policy import load, read_folder
from ringfence.policy.examples import read_example
from ringfence.policy.plan import Plan
from ringfence.policy.strata import readers
from ringfence.vocabulary.contracts import Finding
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine
from ringfence.words.findings import explained

BUNDLE = load(read_folder(ROOT / "bundles" / "default"))
RULES = {rule.name: rule for rule in BUNDLE.plan.rules}
_READ = readers(BUNDLE.plan.rules)
_OF_PROGRAMS = re.compile(
    r"==|!=|<=|>=|[{}_]|\b(None|True|False|count|distinct|lookup|matches|prefixes)\b\(?|\bor\s+or\b|\bnan\b|  "
)
"""What only rules' files and programs write; a Call-ID or address may hold an underscore, and is taken out before."""

_LONGEST = 380
"""Words of a paragraph; half of them have 125 at most."""


def found_by(name: str) -> list[Finding]:
    """Return what the rule finds in the example that fires it."""
    needed, waiting = {name}, [name]
    while waiting:
        for other in _READ.get(waiting.pop(), ()):
            if other not in needed:
                needed.add(other)
                waiting.append(other)
    plan: Plan = replace(BUNDLE.plan, rules=tuple(rule for rule in BUNDLE.plan.rules if rule.name in needed))
    path = ROOT / "bundles" / "default" / "tests" / f"{name}-fires.yaml"
    example = read_example(path.name, path.read_text(encoding="utf-8"))
    engine = Engine(plan, key=b"", source="test", compiled=False)
    engine.know(Directory(example.reference))
    return [each for each in engine.step(example.events, example.until) + engine.pass_time(example.until) if each.rule == name]


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_finding_is_told_in_a_paragraph_that_says_what_would_have_been_quiet(name: str) -> None:
    findings = found_by(name)
    assert findings
    for finding in findings:
        clause = BUNDLE.clause(finding.clause)
        assert clause is not None
        told = explained(finding, RULES[name], clause.title)
        paragraph = told.paragraph
        assert " ".join(finding.says.split()) in paragraph
        assert clause.title in paragraph
        assert re.search(r"came to [0-9]", told.measured), told.measured
        assert re.search(r"from 20[0-9-]{8} .* to 2026-.* UTC", told.since), told.since
        assert told.quiet.startswith("Nothing would have been found, had "), told.quiet
        assert len(told.quiet.split()) >= 8
        words = " ".join(
            [
                told.claim.split(" is about ")[1].split(": ")[0].replace(finding.subject.id, "it"),
                told.measured,
                *told.meanings,
                told.quiet,
            ]
        )
        assert not (odd := _OF_PROGRAMS.search(words)), (odd, words)
        assert len(paragraph.split()) <= _LONGEST, (len(paragraph.split()), paragraph)
