"""Thresholds from own history: a rule with each of its numbers varied in turn, and what it would have found with every one.

A variant is the rule itself with another number in the first tier's condition, so the engine measures it like any other; variants
share what they measure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from msgspec import Struct

from ringfence.policy.expressions import Comparison, Connective, Expression, Literal, Negation, Type
from ringfence.policy.plan import Plan, Rule, Tier
from ringfence.policy.strata import readers
from ringfence.policy.trees import measures_in
from ringfence.policy.written import written
from ringfence.vocabulary.contracts import Finding
from ringfence.watch.history.comparison import Judgement, by_people

FACTORS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.7, 2.0, 3.0, 5.0, 10.0)
"""By what the present number is multiplied."""
_FLIPPED: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_SEPARATOR: Final = "~"


class NotCalibrated(Exception):
    """The rule compares no measure with a number; the text says so."""


class Dial(Struct, frozen=True, kw_only=True):
    """One number of a rule: `compared` stands left of `operator` and `present` right of it; `place` counts in the condition."""

    place: int
    compared: str
    operator: str
    present: float

    @property
    def rises(self) -> bool:
        """Tell whether a greater number finds less."""
        return self.operator in (">", ">=")


class Trial(Struct, frozen=True, kw_only=True):
    """What the rule would have found with `threshold`: findings, subjects, and of what people decided what it meets.

    `ends` are the subjects that reach this number and not the next stricter one: the distribution of what was measured.
    """

    threshold: float
    findings: int
    subjects: int
    ends: int
    upheld: int
    cleared: int


class Calibration(Struct, frozen=True, kw_only=True):
    """A dial and its trials, from the laxest to the strictest, and which numbers are proposed, by the reason."""

    dial: Dial
    trials: tuple[Trial, ...]
    proposals: dict[str, float]


def dials_of(rule: Rule) -> list[Dial]:
    """Return the numbers of the rule's first condition that its measures are compared with. Raises `NotCalibrated` without any."""
    found = [
        Dial(place=place, compared=written(measured), operator=operator, present=present)
        for place, (measured, operator, present) in enumerate(_limits(rule.tiers[0].when))
    ]
    if not found:
        raise NotCalibrated(f"rule {rule.name} compares no measure with a number: {written(rule.tiers[0].when)}")
    return found


def thresholds_of(dial: Dial) -> list[float]:
    """Return the numbers to try, from the laxest to the strictest; whole ones where the present one is whole and large enough."""
    whole = float(dial.present).is_integer() and abs(dial.present) >= 1
    tried = {round(dial.present * factor) if whole else dial.present * factor for factor in FACTORS}
    return sorted((float(each) for each in tried), reverse=not dial.rises)


def variants(plan: Plan, rule: Rule, dials: Iterable[Dial]) -> Plan:
    """Return a plan that tries every number of the dials, with the rules whose findings it reads."""
    made = [
        replace(rule, name=_name(rule, dial, number), tiers=(_tier(rule, dial, threshold),))
        for dial in dials
        for number, threshold in enumerate(thresholds_of(dial))
    ]
    needed = {other.name: other for other in _read_by(plan, rule)}
    return replace(plan, rules=tuple(sorted((*needed.values(), *made), key=lambda each: each.name)))


def calibrated(
    rule: Rule, dials: Sequence[Dial], findings: Iterable[Finding], judgements: Sequence[Judgement], *, most_subjects: float
) -> list[Calibration]:
    """Return what came of each dial. `most_subjects` is how many a desk wants to look at over the whole span."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.rule, []).append(finding)
    calibrations = []
    for dial in dials:
        several = [found.get(_name(rule, dial, number), []) for number in range(len(thresholds_of(dial)))]
        trials = tuple(_trials(dial, several, judgements))
        proposals = _proposals(dial, trials, most_subjects) if any(several) else {}
        calibrations.append(Calibration(dial=dial, trials=trials, proposals=proposals))
    return calibrations


def _limits(condition: Expression) -> Iterator[tuple[Expression, str, float]]:
    match condition:
        case Connective(operands=operands):
            for operand in operands:
                yield from _limits(operand)
        case Negation(operand=operand):
            yield from _limits(operand)
        case Comparison(operator=operator, left=left, right=Literal(type=Type.NUMBER, value=value)) if operator in _FLIPPED:
            if measures_in(left):
                yield left, operator, float(value)
        case Comparison(operator=operator, left=Literal(type=Type.NUMBER, value=value), right=right) if operator in _FLIPPED:
            if measures_in(right):
                yield right, _FLIPPED[operator], float(value)
        case _:
            return


def _with(condition: Expression, place: int, threshold: float) -> tuple[Expression, int]:
    """Return the condition with another number at `place`, and how many places it has."""
    count = len(list(_limits(condition)))
    match condition:
        case Connective(operands=operands):
            changed = []
            for operand in operands:
                inner, used = _with(operand, place, threshold)
                changed.append(inner)
                place -= used
            return replace(condition, operands=tuple(changed)), count
        case Negation(operand=operand):
            return replace(condition, operand=_with(operand, place, threshold)[0]), count
        case Comparison(right=Literal() as literal) if count and place == 0:
            return replace(condition, right=replace(literal, value=threshold)), count
        case Comparison(left=Literal() as literal) if count and place == 0:
            return replace(condition, left=replace(literal, value=threshold)), count
        case _:
            return condition, count


def _tier(rule: Rule, dial: Dial, threshold: float) -> Tier:
    tier = rule.tiers[0]
    return replace(tier, when=_with(tier.when, dial.place, threshold)[0], clears=None, proposes=())


def _name(rule: Rule, dial: Dial, number: int) -> str:
    return f"{rule.name}{_SEPARATOR}{dial.place}{_SEPARATOR}{number:02}"


def _read_by(plan: Plan, rule: Rule) -> Iterator[Rule]:
    """Yield the rules whose findings the rule reads, and those that they read."""
    read, known = readers(plan.rules), set()
    waiting = [name for name in read.get(rule.name, ()) if name != rule.name]
    while waiting:
        name = waiting.pop()
        if name not in known:
            known.add(name)
            waiting += read.get(name, ())
    return (each for each in plan.rules if each.name in known)


def _trials(dial: Dial, several: Sequence[Sequence[Finding]], judgements: Sequence[Judgement]) -> Iterator[Trial]:
    subjects = [{finding.subject for finding in found} for found in several]
    for number, (threshold, found) in enumerate(zip(thresholds_of(dial), several, strict=True)):
        stricter = len(subjects[number + 1]) if number + 1 < len(subjects) else 0
        people = by_people(found, judgements)
        yield Trial(
            threshold=threshold,
            findings=len(found),
            subjects=len(subjects[number]),
            ends=max(0, len(subjects[number]) - stricter),
            upheld=people.found,
            cleared=people.blamed,
        )


def _proposals(dial: Dial, trials: Sequence[Trial], most_subjects: float) -> dict[str, float]:
    """Return numbers worth a thought: the trials stand from the laxest on."""
    proposals: dict[str, float] = {}
    bearable = [trial for trial in trials if 0 < trial.subjects <= most_subjects]
    if bearable:
        proposals["finds no more subjects than can be looked at"] = bearable[0].threshold
    present = next((trial for trial in trials if trial.threshold == dial.present), None)
    if present is not None and present.upheld:
        keeping = [trial for trial in trials if trial.upheld >= present.upheld]
        proposals["is the strictest that finds what was upheld"] = keeping[-1].threshold
    if any(trial.cleared for trial in trials):
        harmless = [trial for trial in trials if not trial.cleared]
        if harmless:
            proposals["is the laxest that blames nobody who was cleared"] = harmless[0].threshold
    return proposals
