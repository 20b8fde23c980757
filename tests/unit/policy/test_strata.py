"""Rules over other rules' findings stand in an order, and never in a loop."""

import pytest
from tests.unit.policy.minimal import RULE, files, only_problem

from ringfence.policy import load
from ringfence.policy.expressions import Comparison, Connective, Field, Literal, MeasureValue, Type
from ringfence.policy.plan import Measure, MeasureFunction, Rule
from ringfence.policy.strata import loop, readers, strata
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import DAY

OVER_FINDINGS = """\
rule: NAME
clause: spam
says: Found again.
source: ours
on: finding where WHERE
per: account
window: 30d rolling by 1d
measure:
  found: count()
when: found >= 3
severity: act
mode: report
cool_down: 1h
"""


def bundle(**rules: str) -> dict[str, bytes]:
    """Return a bundle with many-calls and rules over findings: name with _ for - to what they ask of findings."""
    texts = {name.replace("_", "-"): OVER_FINDINGS.replace("WHERE", where) for name, where in rules.items()}
    written = {f"rules/{name}.yaml": text.replace("NAME", name).encode() for name, text in texts.items()}
    return files() | written


def rules_of(files: dict[str, bytes]) -> tuple[Rule, ...]:
    return load(files).plan.rules


def test_rules_stand_behind_those_whose_findings_they_read() -> None:
    rules = rules_of(bundle(strikes='rule == "many-calls"', again='rule == "strikes"', both='rule in ("many-calls", "again")'))
    assert [[rule.name for rule in layer] for layer in strata(rules)] == [["many-calls"], ["strikes"], ["again"], ["both"]]
    assert readers(rules) == {"strikes": ("many-calls",), "again": ("strikes",), "both": ("again", "many-calls")}


def test_rules_that_read_no_findings_are_one_layer() -> None:
    rules = rules_of(bundle())
    assert strata(rules) == (rules,)
    assert strata(()) == ()
    assert readers(rules) == {}


@pytest.mark.parametrize(
    ("where", "read"),
    [
        ('rule != "strikes"', ("many-calls",)),
        ('not rule == "strikes"', ("many-calls",)),
        ('rule not in ("strikes", "x")', ("many-calls",)),
        ('rule == "many-calls" and points > 3', ("many-calls",)),
        ('severity == "warn"', ("many-calls",)),
        ('clause == "spam" and severity != "act"', ("many-calls",)),
        ('traffic_class == "bulk"', ()),
        ("traffic_class is not None", ()),
        ('"x" == rule', ()),
        ("False", ()),
        ('rule == "many-calls" or rule == "x"', ("many-calls",)),
        ('kind == "attempt" or points > 3 and rule == "many-calls"', ("many-calls",)),
    ],
)
def test_a_filter_tells_whose_findings_are_read(where: str, read: tuple[str, ...]) -> None:
    assert readers(rules_of(bundle(strikes=where))).get("strikes", ()) == read


def test_a_rule_that_counts_its_own_findings_is_refused() -> None:
    problem = only_problem(bundle(strikes="points > 1"))
    assert (problem.file, problem.line, problem.column) == ("rules/strikes.yaml", 5, 5)
    assert problem.cause == "strikes counts its own findings, and each would make the next"
    assert problem.hint == 'leave them out: where rule != "strikes"'


def test_a_loop_through_other_rules_is_refused_and_shown() -> None:
    problem = only_problem(bundle(a='rule == "b"', b='rule in ("c", "many-calls")', c='rule == "a"', d='rule == "a"'))
    assert (problem.file, problem.line) == ("rules/a.yaml", 5)
    assert problem.cause == "rules read each other's findings in a loop: a reads b reads c reads a"
    assert problem.hint == 'say whose findings are meant: where rule == "…"'


@pytest.mark.parametrize("line", ["  again: since(on=finding)\n", "  again: count(points > 3, on=finding)\n"])
def test_a_measure_over_findings_is_part_of_a_loop_too(line: str) -> None:
    problem = only_problem(files(rule=RULE.replace("  calls: count()\n", "  calls: count()\n" + line)))
    assert problem.cause == "many-calls counts its own findings, and each would make the next"


def test_a_reset_by_findings_is_part_of_a_loop_too() -> None:
    reset = RULE.replace("mode:", 'reset: finding where rule == "strikes"\nmode:')
    problem = only_problem(bundle(strikes='rule == "many-calls"') | {"rules/many-calls.yaml": reset.encode()})
    assert problem.cause == "rules read each other's findings in a loop: many-calls reads strikes reads many-calls"


def test_a_loop_cannot_be_laid_in_strata() -> None:
    rules = rules_of(bundle(a='rule == "many-calls"'))
    looped = tuple(rule for rule in rules for _ in range(1))
    assert len(strata(looped)) == 2
    with pytest.raises(ValueError, match="loop"):
        strata([_on_findings(rules[0])])


def _on_findings(rule: Rule) -> Rule:
    from dataclasses import replace  # noqa: PLC0415 - used here alone

    return replace(rule, where=None)


def test_many_rules_over_findings_are_laid_out_quickly() -> None:
    read = {f"r{n:04}": [f"r{m:04}" for m in range(n)] for n in range(300)}
    assert loop(read) is None
    assert loop(read | {"r0000": ["r0299"]}) == ("r0000", "r0299", "r0000")


# classes

CLASSIFIER = RULE.replace("mode:", "classifies: bulk-caller for 24h\nmode:")
ASKING = RULE.replace("many-calls", "asking").replace("calls > 100 and short / calls > 0.5", 'calls > 5 and classed("bulk-caller")')


def classed(asking: str = ASKING, **others: str) -> dict[str, bytes]:
    return files(rule=CLASSIFIER) | {f"rules/{name}.yaml": text.encode() for name, text in {"asking": asking, **others}.items()}


def test_a_class_is_in_force_as_long_as_its_rule_says() -> None:
    asking, giving = rules_of(classed())
    assert (giving.classifies, giving.class_us) == ("bulk-caller", DAY)
    found = Comparison("==", Field("rule", Type.TEXT), Literal("many-calls", Type.TEXT))
    assert asking.measures[-1] == Measure("since_many_calls", MeasureFunction.SINCE, where=found, on=EventKind.FINDING)
    assert isinstance(asking.when, Connective)
    assert asking.when.operands[1] == Comparison("<", MeasureValue("since_many_calls"), Literal(float(DAY), Type.NUMBER))
    assert [[rule.name for rule in layer] for layer in strata((asking, giving))] == [["many-calls"], ["asking"]]


def test_several_rules_may_give_one_class() -> None:
    asking = rules_of(classed(other=CLASSIFIER.replace("many-calls", "other").replace("24h", "7d")))[0]
    assert [measure.name for measure in asking.measures][-2:] == ["since_many_calls", "since_other"]
    assert isinstance(asking.when, Connective)
    either = asking.when.operands[1]
    assert isinstance(either, Connective)
    assert (either.operator, len(either.operands)) == ("or", 2)


@pytest.mark.parametrize(
    ("old", "new", "cause", "hint"),
    [
        ('"bulk-caller"', '"bulk-calle"', "no rule gives the class bulk-calle", "did you mean bulk-caller?"),
        ('"bulk-caller"', "bulk", "a class is written between quotation marks", 'write classed("bulk-caller")'),
        ("calls: count()", "calls: count()\n  since_many_calls: gap()", "the measure since_many_calls has the name", "give it"),
        (
            "per: account",
            "per: caller",
            "class bulk-caller is given to account, this rule",
            "count per account, or by more and say it under subject",
        ),
    ],
)
def test_a_class_that_cannot_be_in_force_is_refused(old: str, new: str, cause: str, hint: str) -> None:
    problem = only_problem(classed(ASKING.replace(old, new)))
    assert problem.file == "rules/asking.yaml"
    assert problem.cause.startswith(cause)
    assert problem.hint.startswith(hint)


def test_a_rule_that_counts_by_more_than_its_subject_asks_for_the_subjects_class() -> None:
    asking, _ = rules_of(classed(ASKING.replace("per: account", "per: [account, callee]\nsubject: account")))
    assert [measure.of_subject for measure in asking.measures] == [False] * (len(asking.measures) - 1) + [True]
    alone, _ = rules_of(classed())
    assert not any(measure.of_subject for measure in alone.measures)


def test_a_class_that_a_rule_gives_itself_is_a_loop() -> None:
    own = CLASSIFIER.replace("calls > 100", 'classed("bulk-caller") and calls > 100')
    assert only_problem(files(rule=own)).cause == "many-calls counts its own findings, and each would make the next"
