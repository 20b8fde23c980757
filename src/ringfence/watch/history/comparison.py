"""What two bundles find in the same traffic: what one finds that the other does not, whom it hurts, and what people decided."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.times import DAY, Micros

BEFORE_US: Final = Micros(7 * DAY)
"""How long before a case was opened a finding still speaks of the same matter."""


class Judgement(NamedTuple):
    """What people made of a case about a subject. `upheld`: measures were taken; else it was closed without."""

    kind: str
    subject: str
    opened: Micros
    latest: Micros
    upheld: bool


class OfRule(Struct, frozen=True, kw_only=True):
    """How many findings of a rule each bundle has, and how many of them are the same: rule, subject and moment."""

    rule: str
    new: int
    old: int
    same: int


class OfParty(Struct, frozen=True, kw_only=True):
    """What each bundle finds about a party: findings, and those on which a standing order may act."""

    party: str
    new: int
    old: int
    new_acting: int
    old_acting: int


class OfPeople(Struct, frozen=True, kw_only=True):
    """How a bundle does by what people decided. `found` of `upheld` cases it finds too, and `blamed` of the `cleared` ones."""

    upheld: int
    found: int
    cleared: int
    blamed: int
    unknown: int
    """Subjects it finds of which people never judged."""


class Comparison(Struct, frozen=True, kw_only=True):
    """`only_new` and `only_old` are findings that the other bundle does not have at that moment about that subject by that rule.

    `people` speaks of the new bundle, then of the old; `None` where nobody decided anything.
    """

    rules: tuple[OfRule, ...]
    parties: tuple[OfParty, ...]
    only_new: tuple[Finding, ...]
    only_old: tuple[Finding, ...]
    people: tuple[OfPeople, OfPeople] | None


def compared(new: Sequence[Finding], old: Sequence[Finding], judgements: Sequence[Judgement]) -> Comparison:
    """Compare what a new bundle finds with what an old one does in the same traffic."""
    in_new, in_old = Counter(map(_same, new)), Counter(map(_same, old))
    both = in_new & in_old
    rules = sorted({finding.rule for finding in (*new, *old)})
    return Comparison(
        rules=tuple(
            OfRule(rule=rule, new=_of_rule(in_new, rule), old=_of_rule(in_old, rule), same=_of_rule(both, rule)) for rule in rules
        ),
        parties=tuple(_parties(new, old)),
        only_new=tuple(_beyond(new, both)),
        only_old=tuple(_beyond(old, both)),
        people=(by_people(new, judgements), by_people(old, judgements)) if judgements else None,
    )


def party_of(finding: Finding) -> str:
    """Return whom a finding falls on: the party nearest to it, else its subject."""
    return finding.party_path[-1] if finding.party_path else f"{finding.subject.kind} {finding.subject.id}"


def _same(finding: Finding) -> tuple[str, str, str, Micros]:
    return finding.rule, finding.subject.kind, finding.subject.id, finding.time


def _of_rule(counts: Counter[tuple[str, str, str, Micros]], rule: str) -> int:
    return sum(count for same, count in counts.items() if same[0] == rule)


def _beyond(findings: Iterable[Finding], both: Counter[tuple[str, str, str, Micros]]) -> Iterable[Finding]:
    left = both.copy()
    for finding in findings:
        if left[_same(finding)] > 0:
            left[_same(finding)] -= 1
        else:
            yield finding


def _parties(new: Iterable[Finding], old: Iterable[Finding]) -> Iterable[OfParty]:
    counts = [Counter(map(party_of, found)) for found in (new, old)]
    acting = [Counter(party_of(finding) for finding in found if _acts(finding)) for found in (new, old)]
    for party in sorted(counts[0].keys() | counts[1].keys()):
        yield OfParty(
            party=party, new=counts[0][party], old=counts[1][party], new_acting=acting[0][party], old_acting=acting[1][party]
        )


def _acts(finding: Finding) -> bool:
    return finding.severity is Severity.ACT and finding.mode is Mode.ACT


def by_people(findings: Sequence[Finding], judgements: Sequence[Judgement]) -> OfPeople:
    """Return how findings do by what people decided."""
    times: dict[tuple[str, str], list[Micros]] = {}
    for finding in findings:
        for named in _named(finding):
            times.setdefault(named, []).append(finding.time)
    met = [_is_met(judgement, times) for judgement in judgements]
    judged = {(judgement.kind, judgement.subject) for judgement in judgements}
    subjects = {(str(finding.subject.kind), finding.subject.id): _named(finding) for finding in findings}
    return OfPeople(
        upheld=sum(judgement.upheld for judgement in judgements),
        found=sum(judgement.upheld and is_met for judgement, is_met in zip(judgements, met, strict=True)),
        cleared=sum(not judgement.upheld for judgement in judgements),
        blamed=sum(not judgement.upheld and is_met for judgement, is_met in zip(judgements, met, strict=True)),
        unknown=sum(judged.isdisjoint(named) for named in subjects.values()),
    )


def _named(finding: Finding) -> set[tuple[str, str]]:
    """Return whom a finding speaks of: its subject, and the parties above it."""
    return {(str(finding.subject.kind), finding.subject.id), *(("party", party) for party in finding.party_path)}


def _is_met(judgement: Judgement, times: dict[tuple[str, str], list[Micros]]) -> bool:
    begin = judgement.opened - BEFORE_US
    return any(begin <= time <= judgement.latest for time in times.get((judgement.kind, judgement.subject), ()))
