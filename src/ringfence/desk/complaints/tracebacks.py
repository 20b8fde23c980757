"""Traceback requests: a clock from the policy's calendar, and the answer as one pack."""

from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.complaints.answering import NoGround, history
from ringfence.desk.complaints.models import Candidate, Complaint, Traceback
from ringfence.desk.errors import NotThere
from ringfence.desk.policies import selectors as policies
from ringfence.desk.queues import hold_complaint
from ringfence.vocabulary.times import iso, micros, utc

CLOCK: Final = "traceback-answer"
_WITHOUT_CLOCK: Final = timedelta(hours=24)
_SAYS: Final = "24 hours from receipt: the policy in force names no clock traceback-answer"
_CALLS: Final = 50


@transaction.atomic
def start_clock(*, complaint: Complaint, actor: Actor, now: datetime) -> None:
    """Start the clock of a traceback request at its receipt: by the version in force, else 24 hours. Twice is once."""
    require(actor.works_cases, actor, "start clocks")
    begins, due, rule = _clock(complaint.received, actor)
    _, new = Traceback.objects.get_or_create(complaint=complaint, defaults={"begins": begins, "due": due, "rule": rule[:200]})
    what = f"Answer traceback {complaint.said or complaint.id}"
    owed = Owed(clock=CLOCK, about=("complaint", str(complaint.id)), what=what, otherwise=_WITHOUT_CLOCK)
    clocks.start(owed=owed, event=complaint.received, actor=actor, now=now)
    if new:
        details: dict[str, Detail] = {"due": due.isoformat(), "rule": rule[:200]}
        audit.record(
            acts=[Act(verb="clock-started", about=("complaint", str(complaint.id)), details=details)], actor=actor, now=now
        )


def _clock(received: datetime, actor: Actor) -> tuple[datetime, datetime, str]:
    version = policies.current(actor=actor)
    clock = policies.bundle(hash=version.hash).clocks.clocks.get(CLOCK) if version is not None else None
    if clock is not None:
        begins, ends = clock.begins(micros(received)), clock.ends(micros(received))
        if begins is not None and ends is not None:
            return utc(begins), utc(ends), clock.rule
    return received, received + _WITHOUT_CLOCK, _SAYS


@transaction.atomic
def answer_pack(*, number: int, reason: str, actor: Actor, now: datetime) -> bytes:
    """Return the answer to a traceback as JSON: calls with numbers and times, customer or upstream. It counts as answered.

    The numbers are opened for this reason, which the audit keeps. Raises `NoGround`, `NotThere`, `HistoryUnreadable`.
    """
    require(actor.kind is ActorKind.PERSON and actor.works_cases and actor.sees_evidence, actor, "answer tracebacks")
    hold_complaint(number, actor)
    if not reason.strip():
        raise NoGround("say why the numbers are opened: the audit keeps it")
    complaint = Complaint.objects.filter(id=number).first()
    answer = complaint.answers.order_by("-id").first() if complaint is not None else None
    if complaint is None or answer is None:
        raise NotThere(f"complaint {number} was not looked into yet")
    source = complaint.answers.filter(candidates__isnull=False).order_by("-id").first()
    rows = list(Candidate.objects.filter(answer=source).order_by("-likeness", "id")[:_CALLS]) if source is not None else []
    calls = [_call(row) for row in rows]
    pack = {
        "v": 1,
        "your_reference": complaint.said,
        "our_reference": complaint.id,
        "received": iso(micros(complaint.received)),
        "answered": iso(micros(now)),
        "verdict": answer.verdict,
        "reasons": answer.reasons,
        "customer": answer.party or None,
        "upstream": answer.upstream or None,
        "calls": calls,
    }
    Traceback.objects.filter(complaint=complaint, answered=None).update(answered=now, answered_by=actor.id)
    clocks.meet(about=("complaint", str(number)), clock=CLOCK, actor=actor, now=now)
    details: dict[str, Detail] = {"reason": reason.strip()[:500], "calls": [row.call for row in rows], "verdict": answer.verdict}
    audit.record(acts=[Act(verb="packed-traceback", about=("complaint", str(number)), details=details)], actor=actor, now=now)
    return msgspec.json.format(msgspec.json.encode(pack), indent=2)


def _call(row: Candidate) -> dict[str, object]:
    """Return one call with its numbers, `None` where they are no longer kept."""
    event = history().opened(row.call, micros(row.start))
    return {
        "caller": None if event is None else event.caller,
        "called": None if event is None else event.callee,
        "call_id": None if event is None else event.call_id,
        "source": None if event is None else event.source,
        "start": iso(micros(row.start)),
        "end": None if row.end is None else iso(micros(row.end)),
        "duration_ms": row.duration_ms,
        "status": row.status,
        "attestation": row.attestation or None,
        "customer_account": row.account or None,
        "customer": row.party or None,
        "trunk": row.trunk or None,
    }
