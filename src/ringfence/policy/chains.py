"""Rules over other rules' findings, checked across the bundle: no loops, and classes about the subject that asks for them."""

from collections.abc import Iterable

from ringfence.policy.plan import Rule
from ringfence.policy.problems import Report
from ringfence.policy.rules import Placed
from ringfence.policy.strata import loop, readers


def check_findings(placed: Iterable[Placed], report: Report) -> None:
    """Report rules that read each other's findings in a loop, and classes that no finding can give to the rule's subject."""
    every = [item for item in placed if item.rule is not None]
    _check_loop(every, report)
    rules = [item.rule for item in every if item.rule is not None]
    for item in every:
        for name in sorted(item.asked):
            _check_class(item, name, rules, report)


def _check_loop(placed: list[Placed], report: Report) -> None:
    read = readers(item.rule for item in placed if item.rule is not None)
    found = loop(read)
    if found is None:
        return
    first = next(item for item in placed if item.rule is not None and item.rule.name == found[0])
    if len(found) == 2:
        cause = f"{found[0]} counts its own findings, and each would make the next"
        hint = f'leave them out: where rule != "{found[0]}"'
    else:
        cause = f"rules read each other's findings in a loop: {' reads '.join(found)}"
        hint = 'say whose findings are meant: where rule == "…"'
    report.add(first.file, first.mark("on"), cause, hint)


def _check_class(item: Placed, name: str, rules: list[Rule], report: Report) -> None:
    """A class is in force for a subject: the rule that asks must be about such a one, or it would never find it."""
    rule = item.rule
    if rule is None:
        return
    about = sorted({str(giver.subject) for giver in rules if giver.classifies == name})
    if about and rule.subject not in about:
        cause = f"class {name} is given to {' or '.join(about)}, this rule is about another subject: {rule.subject}"
        report.add(item.file, item.mark("per"), cause, f"count per {' or '.join(about)}, or by more and say it under subject")
