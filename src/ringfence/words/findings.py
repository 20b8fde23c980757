"""A finding in a paragraph that whom it is about understands: what was measured, against what, since when, what would be quiet."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from ringfence.policy.expressions import Comparison, Connective, Expression, Literal
from ringfence.policy.plan import Rule
from ringfence.policy.written import written
from ringfence.report.rule_words import Compared, compared
from ringfence.report.writing import counted, length, moment, number, plain
from ringfence.vocabulary.contracts import Finding

_EXAMPLES: Final = 3
_OPPOSITE: Final = {
    "more than": "at most",
    "at least": "less than",
    "less than": "at least",
    "at most": "more than",
    "exactly": "other than",
    "other than": "exactly",
}


class Explanation(Struct, frozen=True, kw_only=True):
    """What is to be said of a finding, sentence by sentence. `examples` are Call-IDs; `remarks` say what to be careful about."""

    id: str
    claim: str
    measured: str
    since: str
    examples: tuple[str, ...]
    quiet: str
    remarks: tuple[str, ...] = ()

    @property
    def paragraph(self) -> str:
        """All of it as one text."""
        examples = f"Examples, by Call-ID: {', '.join(map(plain, self.examples))}." if self.examples else ""
        return " ".join(part for part in (self.claim, self.measured, self.since, examples, self.quiet, *self.remarks) if part)


def explained(finding: Finding, rule: Rule | None, clause: str | None) -> Explanation:
    """Return the explanation of a finding. `rule` is the one that found it, `clause` its clause's title; `None`: not known here.

    What is said of numbers is the finding's own. Without the rule it is not known on which side of its limits they had to lie.
    """
    if rule is not None and finding.tier >= len(rule.tiers):
        rule = None
    lines = compared(rule, finding.measures, finding.tier) if rule is not None else _plainly(finding)
    further = f" ({', '.join(f'{name} {plain(value)}' for name, value in finding.key.items())})" if finding.key else ""
    title = f' "{clause}"' if clause else ""
    says = " ".join(finding.says.split())
    return Explanation(
        id=finding.id,
        claim=f"The rule {finding.rule} of the clause {finding.clause}{title} is about "
        f"{finding.subject.kind} {plain(finding.subject.id)}{further}: {says}",
        measured=_measured(finding, lines),
        since=f"It rests on {counted(finding.evidence.events, 'event')}"
        f" from {moment(finding.window.start)} to {moment(finding.time)} UTC ({length(finding.time - finding.window.start)}).",
        examples=finding.evidence.sample[-_EXAMPLES:],
        quiet=_quiet(rule.tiers[finding.tier].when, lines) if rule is not None else "",
        remarks=_remarks(finding, known=rule is not None),
    )


def _plainly(finding: Finding) -> list[Compared]:
    return [
        Compared(what, number(finding.measures[what]) if what in finding.measures else "", number(limit), holds=True)
        for what, limit in finding.thresholds.items()
    ]


def _measured(finding: Finding, lines: Sequence[Compared]) -> str:
    told = [f"{line.what} came to {line.measured} (limit: {line.limit})" for line in lines if line.measured]
    if not told:
        told = [f"{name} came to {number(value)}" for name, value in finding.measures.items()]
    return f"Measured at {moment(finding.time)} UTC: {'; '.join(told)}." if told else ""


def _quiet(when: Expression, lines: Sequence[Compared]) -> str:
    """Say what would have made the condition false: of several that had all to hold, one is enough."""
    held = [f"{line.what} been {_opposite(line.limit)}" for line in lines if line.holds and line.measured]
    if held and (_is_plain(when) or (isinstance(when, Connective) and all(map(_is_plain, when.operands)))):
        joined = " or " if isinstance(when, Connective) and when.operator == "and" else " and "
        return f"Nothing would have been found, had {joined.join(held)}."
    return f"Nothing would have been found, had this not held: {written(when)}."


def _is_plain(expression: Expression) -> bool:
    return isinstance(expression, Comparison) and any(isinstance(side, Literal) for side in (expression.left, expression.right))


def _opposite(limit: str) -> str:
    words, _, value = limit.rpartition(" ")
    if words.startswith("not "):
        return f"{words.removeprefix('not ')} {value}"
    return f"{_OPPOSITE[words]} {value}"


def _remarks(finding: Finding, *, known: bool) -> tuple[str, ...]:
    remarks = []
    if finding.approximate:
        remarks.append(f"The numbers are approximate: {finding.approximate}.")
    if finding.short_until is not None:
        remarks.append(f"Before {moment(finding.short_until)} UTC not all traffic had been counted.")
    if not known:
        remarks.append("The policy at hand has no such rule: what its limits ask for is not known here.")
    return tuple(remarks)
