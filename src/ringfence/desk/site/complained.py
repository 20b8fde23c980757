"""What complaints make other nouns do: a case for the party that answers, an event for watch, an order for a pair kept apart."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ringfence.desk.actor import Actor
from ringfence.desk.cases import sightings
from ringfence.desk.cases.from_complaints import join_to_subject
from ringfence.desk.complaints import control
from ringfence.desk.complaints import selectors as complaints
from ringfence.desk.complaints.kinds import BY_SLUG
from ringfence.desk.complaints.models import Answer, Nature, Verdict
from ringfence.desk.complaints.reporters import is_muted
from ringfence.desk.complaints.telling_reporters import tell_outcome
from ringfence.desk.decisions.services import raise_alarm
from ringfence.desk.decisions.wishes import decide_wish
from ringfence.desk.letters import services as letters
from ringfence.desk.notices import services as notices
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties import selectors as parties
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import micros

_EVENT = "desk-event"


def on_answer(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Where a complaint is ours its party has a case, and watch counts it. Enquiries, tries, the muted don't count."""
    answer = Answer.objects.select_related("complaint").filter(id=payload["answer"]).first()
    if answer is not None:
        sightings.of_complaint(complaint=answer.complaint_id, case=None, now=now)
    if answer is None or answer.verdict != Verdict.OURS or not answer.party:
        return
    complaint = answer.complaint
    if complaint.nature not in (Nature.COMPLAINT, Nature.TRACEBACK) or complaint.duplicate_of_id is not None:
        return
    if is_muted(complaint.reporter):
        return
    join_to_subject(complaint=complaint.id, kind=SubjectKind.PARTY, subject=answer.party, actor=actor, now=now)
    page = parties.party_page(name=answer.party, actor=actor, now=now)
    event = {
        "kind": "traceback" if complaint.nature == Nature.TRACEBACK else "complaint",
        "id": f"complaint-{complaint.id}",
        "time": micros(complaint.received),
        "conduct_time": None if answer.conduct is None else micros(answer.conduct),
        "account": answer.account or None,
        "party_path": () if page is None else page.path,
        "clause": BY_SLUG[complaint.leaf].clause if complaint.leaf in BY_SLUG else None,
        "reporter": complaint.reporter or None,
    }
    outbox.enqueue(topic=_EVENT, payloads=[event], now=now)


def on_wish(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Keep apart the pair of a complaint whose called number was proven."""
    complaint = complaints.complaints(actor=actor).get(id=payload["complaint"])
    submission = control.filled_in(complaint)
    pair = (submission.caller, submission.callee)
    case = join_to_subject(complaint=complaint.id, kind=SubjectKind.PAIR, subject=",".join(pair), actor=actor, now=now)
    decide_wish(case_id=case, pair=pair, complaint=complaint.id, actor=actor, now=now)


def on_closed(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Tell who complained what came of it."""
    tell_outcome(number=payload["complaint"], actor=actor, now=now)


def on_bounced(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Note that a notice or letter came back, and have a person see whom it did not reach."""
    notice = notices.note_bounce(message_id=payload["message_id"], why=payload["why"], actor=actor, now=now)
    letter = None if notice else letters.note_bounce(message_id=payload["message_id"], why=payload["why"], actor=actor, now=now)
    told = notice or letter
    if told is None:
        return
    case = notice.case_id if notice is not None else letter.case if letter is not None else None
    what, where = ("notice" if notice is not None else "letter"), "" if case is None else f" of case {case}"
    text = f"The {what} {told.id[:8]}{where} came back: {payload['why']}. Reach its reader in another way."
    raise_alarm(kind="bounce", text=text, case=case, actor=actor, now=now)
