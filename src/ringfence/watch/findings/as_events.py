"""Findings as events, which rules may be on like on any other."""

from typing import Any, Final

from ringfence.policy.expressions import Field
from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import Event, EventKind, Finding
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.watch.tallies import Found

_KEPT: Final = frozenset({"kind", "time", "call_id", "party", "root", "traffic_class"})
"""Fields of a key that are the finding's own, or stand in the path. Its class is the one that its rule gives, if any."""


def event_of(finding: Finding, found: Found) -> Event:
    """Return the finding as an event, which counts at its time.

    It is about whom the finding is about: the subject and the key that crossed, and of the event that crossed the account that
    answers for it with its plan and party path. Its call id is the finding's id.
    """
    event, subject = found.event, finding.subject
    told: dict[str, Any] = {}
    if subject.kind is not SubjectKind.PARTY:  # of a party's accounts none alone answers for it
        told |= {"account": event.account, "plan": event.plan}
    for part, value in zip(found.rule.key, found.key, strict=True):
        if isinstance(part, Field) and part.name not in _KEPT:
            field = FIELDS[part.name]
            told[field.attribute] = value if field.scale == 1 else int(value) // field.scale
    match subject.kind:
        case SubjectKind.ACCOUNT:
            told["account"] = subject.id
        case SubjectKind.TRUNK:
            told["trunk"] = subject.id
        case SubjectKind.NUMBER if not {"caller", "callee"} & told.keys():
            told["caller"] = subject.id
        case SubjectKind.SOURCE:
            told["source"] = subject.id
        case _:
            pass
    told |= {"rule": finding.rule, "clause": finding.clause, "severity": str(finding.severity), "points": finding.points}
    return Event(
        kind=EventKind.FINDING,
        time=finding.time,
        call_id=finding.id,
        party_path=finding.party_path,
        traffic_class=finding.classifies,
        agent=finding.agent,
        **told,
    )
