"""What a draft would change for open cases: the rules that found them, and what the ladder answers next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ringfence.desk.actor import Actor
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases.models import Case, JoinedFinding
from ringfence.desk.decisions.strikes import reached
from ringfence.desk.detections.models import Finding
from ringfence.desk.enforcement import selectors as orders
from ringfence.policy import Bundle, Step
from ringfence.policy.differences import Difference, Fate, Part
from ringfence.vocabulary.subjects import Role

MOST_CASES: Final = 500


@dataclass(frozen=True, slots=True)
class Touched:
    """An open case that the draft would change something for. Whole sentences."""

    case: Case
    rule: str
    clause: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """What the draft would change. `rules` are names by fate. `looked_at` cases were looked at, the latest changed first."""

    rules: Mapping[str, list[str]]
    cases: list[Touched]
    looked_at: int
    orders: list[tuple[str, int]]
    """Clauses that the draft no longer has and that orders in force cite, with how many do."""


def impact(*, differences: tuple[Difference, ...], old: Bundle, new: Bundle, actor: Actor, now: datetime) -> Impact:
    """Return what would change if `new` came after `old`. Findings that are there stay judged by the version that found them."""
    rules: dict[str, list[str]] = {str(fate): [] for fate in Fate}
    for one in differences:
        if one.part is Part.RULES:
            rules[str(one.fate)].append(one.name)
    open_cases = list(cases.cases(actor=actor)[:MOST_CASES])
    found = _latest(open_cases)
    by_name = {one.name: one for one in differences if one.part is Part.RULES}
    texts = {one.name: one for one in differences if one.part is Part.TEXT}
    touched = []
    for case in open_cases:
        finding = found.get(case.pk)
        if finding is not None:
            changes = (
                *_of_rule(by_name.get(finding.rule)),
                *_of_text(texts.get(finding.clause)),
                *_of_ladder(case, finding, (old, new), now),
            )
            if changes:
                touched.append(Touched(case, finding.rule, finding.clause, changes))
    gone = [one.name for one in texts.values() if one.fate is Fate.REMOVED]
    in_force = orders.orders(actor=actor)
    cited = [(clause, in_force.filter(clause=clause).count()) for clause in gone]
    return Impact(rules, touched, len(open_cases), [(clause, count) for clause, count in cited if count])


def _latest(open_cases: list[Case]) -> dict[int, Finding]:
    joined = JoinedFinding.objects.filter(case__in=open_cases).select_related("finding").order_by("id")
    return {one.case_id: one.finding for one in joined}


def _of_rule(difference: Difference | None) -> tuple[str, ...]:
    if difference is None:
        return ()
    if difference.fate is Fate.REMOVED:
        return ("The rule that found it is gone: the same conduct is found no more.",)
    keys = ", ".join(edit.key for edit in difference.edits)
    return (f"The rule that found it says something else ({keys}).",)


def _of_text(difference: Difference | None) -> tuple[str, ...]:
    if difference is None:
        return ()
    return ("Its clause is gone.",) if difference.fate is Fate.REMOVED else ("The text of its clause changes.",)


def _of_ladder(case: Case, finding: Finding, bundles: tuple[Bundle, Bundle], now: datetime) -> tuple[str, ...]:
    before, after = (_told(_step(bundle, case, finding, now)) for bundle in bundles)
    return (f"What the ladder answers next: {before} becomes {after}.",) if before != after else ()


def _step(bundle: Bundle, case: Case, finding: Finding, now: datetime) -> Step | None:
    role, strikes = Role(case.role), 1
    if role is Role.OFFENDER and finding.party:
        strikes, _ = reached(ladder=bundle.ladder, party=finding.party, clause=finding.clause, case=case.pk, now=now)
    return bundle.ladder.step(finding.clause, role, max(strikes, 1))


def _told(step: Step | None) -> str:
    if step is None:
        return "nothing, a person decides"
    marks = "".join(f", {word}" for word, on in (("standing", step.standing), ("grave", step.grave)) if on)
    return f"“{step.text}{marks}”"
