"""A finding in a paragraph that whom it is about understands: what was measured, against what, since when, what would be quiet."""

from collections.abc import Sequence
from math import isnan
from typing import Final

from msgspec import Struct

from ringfence.policy.explained import measure_in_words, window_in_words
from ringfence.policy.expressions import Expression, Literal, Type
from ringfence.policy.plan import Rule
from ringfence.policy.trees import measures_in
from ringfence.policy.wording import condition_in_words, in_words, number_in_words
from ringfence.policy.written import written
from ringfence.vocabulary.contracts import Finding
from ringfence.words.conditions import value_of
from ringfence.words.marks import marks_of
from ringfence.words.reasons import ways, what_held
from ringfence.words.rules import Limit, limits_in
from ringfence.words.writing import counted, length, moment, number, plain

_EXAMPLES: Final = 3
_SUM: Final = "the sum of its marks' points"
_OPPOSITE: Final = {
    "more than": "at most",
    "at least": "less than",
    "less than": "at least",
    "at most": "more than",
    "exactly": "other than",
    "other than": "exactly",
}


class Explanation(Struct, frozen=True, kw_only=True):
    """What is to be said of a finding, sentence by sentence. `examples` are Call-IDs; `remarks` say what to be careful about.

    `meanings` say what each thing that was measured is; none where the rule is not known.
    """

    id: str
    claim: str
    measured: str
    meanings: tuple[str, ...]
    since: str
    examples: tuple[str, ...]
    quiet: str
    remarks: tuple[str, ...] = ()

    @property
    def paragraph(self) -> str:
        """All of it as one text."""
        examples = f"Examples, by Call-ID: {', '.join(map(plain, self.examples))}." if self.examples else ""
        parts = (self.claim, self.measured, *self.meanings, self.since, examples, self.quiet, *self.remarks)
        return " ".join(part for part in parts if part)


def explained(finding: Finding, rule: Rule | None, clause: str | None) -> Explanation:
    """Return the explanation of a finding. `rule` is the one that found it, `clause` its clause's title; `None`: not known here.

    What is said of numbers is the finding's own. Without the rule it is not known on which side of its limits they had to lie.
    """
    if rule is not None and finding.tier >= len(rule.tiers):
        rule = None
    further = f" ({', '.join(f'{name} {plain(value)}' for name, value in _key(finding, rule))})" if finding.key else ""
    title = f' "{clause}"' if clause else ""
    says = " ".join(finding.says.split())
    reason = what_held(rule.tiers[finding.tier].when, finding.measures) if rule is not None else None
    held = _held(finding, reason) if reason is not None else []
    told = [f"{one.what} came to {one.came_to} (the limit: {one.limit.words} {one.bound})" for one in held]
    return Explanation(
        id=finding.id,
        claim=f"The rule {finding.rule} of the clause {finding.clause}{title} is about "
        f"{finding.subject.kind} {plain(finding.subject.id)}{further}: {says}",
        measured=f"Measured at {moment(finding.time)} UTC: {'; '.join(told or _plainly(finding))}.",
        meanings=(*_marked(finding, held), *_meanings(rule, held, finding)) if rule is not None else (),
        since=_since(finding, rule),
        examples=finding.evidence.sample[-_EXAMPLES:],
        quiet=_quiet(reason, held) if reason is not None else "",
        remarks=_remarks(finding, known=rule is not None),
    )


class _Held(Struct, frozen=True):
    """A limit of the condition and what was measured of it, in words."""

    limit: Limit
    what: str
    came_to: str
    bound: str
    holds: bool


def _held(finding: Finding, condition: Expression) -> list[_Held]:
    """Return each limit of the condition whose side came to a number."""
    held: list[_Held] = []
    for limit in limits_in(condition):
        value = value_of(limit.expression, finding.measures)
        if isnan(value):
            continue
        bound = _in_units(limit.limit, limit.expression)
        what = _SUM if marks_of(limit.expression) else in_words(limit.expression)
        one = _Held(limit, what, _in_units(value, limit.expression), bound, limit.holds(value))
        if not any((other.what, other.limit.words, other.bound) == (what, limit.words, bound) for other in held):
            held.append(one)
    return held


def _in_units(value: float, compared: Expression) -> str:
    return number_in_words(Literal(float(f"{value:.4g}") if value != int(value) else value, Type.NUMBER), compared)


def _plainly(finding: Finding) -> list[str]:
    """Return the finding's numbers as they stand in it."""
    limits_told = [
        f"{what} came to {number(finding.measures[what])} (the limit: {number(limit)})"
        for what, limit in finding.thresholds.items()
        if what in finding.measures
    ]
    return limits_told or [f"{name} came to {number(value)}" for name, value in finding.measures.items()]


def _key(finding: Finding, rule: Rule | None) -> list[tuple[str, str]]:
    """Return what else the rule counts by, with names that anybody can read."""
    words = {written(part): in_words(part) for part in rule.key} if rule is not None else {}
    return [(words.get(name, name), value) for name, value in finding.key.items()]


def _marked(finding: Finding, held: Sequence[_Held]) -> tuple[str, ...]:
    """Say which marks held, where points are added up."""
    marks = [mark for one in held for mark in marks_of(one.limit.expression)]
    told = [
        f"{condition_in_words(mark.condition)} ({counted(int(mark.points), 'point')})"
        for mark in marks
        if mark.holds(finding.measures)
    ]
    return (f"{len(told)} of {len(marks)} marks held: {'; '.join(told)}.",) if told else ()


def _meanings(rule: Rule, held: Sequence[_Held], finding: Finding) -> tuple[str, ...]:
    """Say what each measure is that a limit speaks of; of marks those that held."""
    spoken: list[Expression] = []
    for one in held:
        marks = marks_of(one.limit.expression)
        spoken += [mark.condition for mark in marks if mark.holds(finding.measures)] if marks else [one.limit.expression]
    names = dict.fromkeys(name for each in spoken for name in measures_in(each))
    measures = {measure.name: measure for measure in rule.measures}
    phrases = {f"“{name.replace('_', ' ')}”": measure_in_words(rule, measures[name]) for name in names if name in measures}
    return tuple(f"{quoted} is {phrase}." for quoted, phrase in phrases.items())


def _since(finding: Finding, rule: Rule | None) -> str:
    over = f", counted over {window_in_words(rule.windows[0])}" if rule is not None and len(rule.windows) == 1 else ""
    return (
        f"It rests on {counted(finding.evidence.events, 'event')} from {moment(finding.window.start)} to {moment(finding.time)} UTC"
        f" ({length(finding.time - finding.window.start)}){over}."
    )


def _quiet(reason: Expression, held: Sequence[_Held]) -> str:
    """Say what would have made the condition false: of several that had all to hold, one is enough, of each way it held in."""
    told = []
    for way in ways(reason):
        limits_of_way = [limit for comparison in way for limit in limits_in(comparison)]
        of_way = [
            f"{one.what} been {_opposite(one.limit.words)} {one.bound}"
            for one in held
            if one.holds and any((limit.what, limit.words, limit.limit) == _said(one.limit) for limit in limits_of_way)
        ]
        told.append(" or ".join(of_way))
    if told and all(told):
        return f"Nothing would have been found, had {', and had '.join(dict.fromkeys(told))}."
    return f"Nothing would have been found, had this not held: {condition_in_words(reason)}."


def _said(limit: Limit) -> tuple[str, str, float]:
    return limit.what, limit.words, limit.limit


def _opposite(words: str) -> str:
    return words.removeprefix("not ") if words.startswith("not ") else _OPPOSITE[words]


def _remarks(finding: Finding, *, known: bool) -> tuple[str, ...]:
    remarks = []
    if finding.approximate:
        remarks.append(f"The numbers are approximate: {finding.approximate}.")
    if finding.short_until is not None:
        remarks.append(f"Before {moment(finding.short_until)} UTC not all traffic had been counted.")
    if not known:
        remarks.append("The policy at hand has no such rule: what its limits ask for is not known here.")
    return tuple(remarks)
