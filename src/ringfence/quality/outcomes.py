"""What came of one carrier: of each abuser when it was found and by what, of the innocent whom a finding touched."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from ringfence.quality.truth import Truth, acts_until
from ringfence.simulate.labelled.labels import Label
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.severity import Severity
from ringfence.vocabulary.times import MINUTE, SECOND

COUNTED: Final = (Severity.WARN, Severity.ACT)


class Hit(Struct, frozen=True):
    """The first finding of a rule, at a severity, about one abuser: how long after its first act, after how many of them.

    `minutes` is how long those acts had been connected.
    """

    rule: str
    clause: str
    severity: Severity
    seconds: float
    acts: int
    minutes: float


class Abuse(Struct, frozen=True):
    """One abuser and what was found of it. `acts` and `minutes` are all that it did."""

    kind: str
    clause: str
    also: tuple[str, ...]
    acts: int
    minutes: float
    hits: tuple[Hit, ...]


class Touch(Struct, frozen=True):
    """A rule's finding about an innocent, once however often it came. `habit` is what kind of party that is."""

    who: str
    habit: str
    rule: str
    clause: str
    severity: Severity


class Outcome(Struct, frozen=True):
    """One carrier's. `party_days` are those of honest parties. `losses` are rules that had to forget for want of memory."""

    abuses: tuple[Abuse, ...]
    touches: tuple[Touch, ...]
    parties: int
    party_days: float
    events: int
    findings: int
    losses: tuple[str, ...] = ()


def assessed(findings: Iterable[Finding], labels: Iterable[Label], truth: Truth) -> tuple[list[Abuse], list[Touch]]:
    """Return what the findings, in the order of their times, say of each abuser, and of whom else.

    Of several abusers whom a finding may be about (one account may be robbed by two) it is about those of its clause, if any is.
    """
    hits: dict[int, dict[tuple[str, Severity], Hit]] = {}
    touches: dict[tuple[str, str, Severity], Touch] = {}
    for finding in findings:
        if finding.severity not in COUNTED:
            continue
        abusers = truth.abusers(finding)
        for label in [one for one in abusers if finding.clause in one.clauses] or abusers:
            known = hits.setdefault(label.actor, {})
            if (finding.rule, finding.severity) not in known:
                known[finding.rule, finding.severity] = _hit(finding, label)
        if not abusers and not truth.is_afterwards(finding):
            who, habit = truth.innocent(finding)
            touches.setdefault(
                (who, finding.rule, finding.severity), Touch(who, habit, finding.rule, finding.clause, finding.severity)
            )
    abuses = [
        Abuse(
            label.kind,
            label.clause,
            label.also,
            len(label.times),
            sum(label.talk_us) / MINUTE,
            tuple(hits.get(label.actor, {}).values()),
        )
        for label in labels
    ]
    return abuses, list(touches.values())


def _hit(finding: Finding, label: Label) -> Hit:
    acts = acts_until(label, finding.time)
    minutes = sum(
        min(talk_us, max(0, finding.time - time)) for time, talk_us in zip(label.times[:acts], label.talk_us[:acts], strict=True)
    )
    return Hit(finding.rule, finding.clause, finding.severity, (finding.time - label.begin) / SECOND, acts, minutes / MINUTE)
