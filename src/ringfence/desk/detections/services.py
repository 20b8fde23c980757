"""Taking findings and observations in from the feeds, each exactly once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from django.db import transaction

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.detections.models import Finding, Observation
from ringfence.desk.outbox import services as outbox
from ringfence.feeds import Record
from ringfence.vocabulary import contracts
from ringfence.vocabulary.contracts import ObservationKind
from ringfence.vocabulary.times import utc

_SUBJECT_LENGTH: Final = 256
_PARTY_LENGTH: Final = 128
_EDGE_LENGTH: Final = 64
_ORDER_LENGTH: Final = 32

_Contract = TypeVar("_Contract", contracts.Finding, contracts.Observation)


@transaction.atomic
def record_findings(*, feed: str, records: Sequence[Record], after: int, actor: Actor, now: datetime) -> int:
    """Keep the findings of `records`, which follow record `after` of `feed`; return how many were new.

    A record that is no finding is noted in the audit and passed by: one bad record must not hold up the rest.
    """
    require(actor.administers, actor, "record findings")
    found, acts = _decoded(feed, records, contracts.Finding)
    known = set(Finding.objects.filter(id__in=[finding.id for finding, _ in found]).values_list("id", flat=True))
    fresh = {finding.id: _row(finding, payload, now) for finding, payload in found if finding.id not in known}
    Finding.objects.bulk_create(fresh.values())
    acts.extend(Act(verb="recorded", about=("finding", row.id), details=_told(row)) for row in fresh.values())
    audit.record(acts=acts, actor=actor, now=now)
    outbox.enqueue(topic="finding.recorded", payloads=[{"finding": id} for id in fresh], now=now)
    outbox.advance(feed=feed, after=after, to=records[-1].number)
    return len(fresh)


def _decoded(feed: str, records: Sequence[Record], of: type[_Contract]) -> tuple[list[tuple[_Contract, bytes]], list[Act]]:
    found, acts = [], []
    for record in records:
        try:
            found.append((msgspec.json.decode(record.payload, type=of), record.payload))
        except msgspec.DecodeError:
            acts.append(Act(verb="passed-by", about=("feed-record", f"{feed}:{record.number}"), details={"cause": "unreadable"}))
    return found, acts


def _row(finding: contracts.Finding, payload: bytes, now: datetime) -> Finding:
    return Finding(
        id=finding.id,
        rule=finding.rule,
        clause=finding.clause,
        mode=str(finding.mode),
        severity=str(finding.severity),
        subject_kind=str(finding.subject.kind),
        subject_id=_held(finding.subject.id, _SUBJECT_LENGTH),
        party=_held(finding.party_path[-1], _PARTY_LENGTH) if finding.party_path else "",
        policy=finding.policy,
        time=utc(finding.time),
        found=now,
        record=payload,
    )


def _held(text: str | None, length: int) -> str:
    """Return what senders wrote as every database can hold it: PostgreSQL takes no NUL, and no more than a column's length."""
    return (text or "").replace("\0", "\ufffd")[:length]


def _told(row: Finding) -> dict[str, str]:
    return {"rule": row.rule, "policy": row.policy, row.subject_kind: audit.token_of(row.subject_kind, row.subject_id)}


@transaction.atomic
def record_observations(*, feed: str, records: Sequence[Record], after: int, actor: Actor, now: datetime) -> None:
    """Add the observations of `records` up. Refusals of an order are passed on together, one message an order."""
    require(actor.administers, actor, "record observations")
    seen, acts = _decoded(feed, records, contracts.Observation)
    sums: dict[tuple[str, str, str, str], list[contracts.Observation]] = {}
    for observation, _ in seen:
        order, edge = _held(observation.order, _ORDER_LENGTH), _held(observation.edge, _EDGE_LENGTH)
        key = (str(observation.kind), _held(observation.subject, _SUBJECT_LENGTH), order, edge)
        sums.setdefault(key, []).append(observation)
    for key, group in sums.items():
        if _add(key, group):
            about = ("observation", key[0])
            acts.append(
                Act(verb="first-seen", about=about, details={"subject": audit.token_of("subject", key[1]), "order": key[2]})
            )
    refusals = [
        {"order": order, "edge": edge, "count": len(group), "first": min(one.time for one in group)}
        for (kind, _, order, edge), group in sums.items()
        if kind == ObservationKind.REFUSAL and order
    ]
    carried = [
        {"order": order, "edge": edge, "count": len(group), "first": min(one.time for one in group)}
        for (kind, _, order, edge), group in sums.items()
        if kind == ObservationKind.CARRIED and order
    ]
    uses = [
        {
            "account": one.subject,
            "policy": one.policy,
            "time": one.time,
            "call_id": _held(one.call_id, _SUBJECT_LENGTH),
            "use": _held(one.text, _SUBJECT_LENGTH),
        }
        for one, _ in seen
        if one.kind == ObservationKind.FIRST_USE and one.policy
    ]
    audit.record(acts=acts, actor=actor, now=now)
    outbox.enqueue(topic="refusals.seen", payloads=refusals, now=now)
    outbox.enqueue(topic="carried.seen", payloads=carried, now=now)
    outbox.enqueue(topic="use.seen", payloads=uses, now=now)
    outbox.advance(feed=feed, after=after, to=records[-1].number)


def _add(key: tuple[str, str, str, str], group: Sequence[contracts.Observation]) -> bool:
    """Add a group to its row; tell whether the row is new."""
    first, last = min(group, key=lambda one: one.time), max(group, key=lambda one: one.time)
    start = {"first": utc(first.time), "last": utc(last.time), "call_id": _held(first.call_id, _SUBJECT_LENGTH)}
    kind, subject, order, edge = key
    row, made = Observation.objects.get_or_create(kind=kind, subject=subject, order=order, edge=edge, defaults=start)
    row.sightings += len(group)
    row.last = max(row.last, utc(last.time))
    row.text = (last.text or "").replace("\0", "\ufffd") or row.text
    row.save(update_fields=("sightings", "last", "text"))
    return made
