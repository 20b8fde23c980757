"""What follows of itself when a complaint has come: who sent it is checked, what is attached is put away, and it is looked into.

Carried out by the mail process, one complaint at a time, each in one transaction with the taking out of its message.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from ringfence.desk.actor import Actor
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.complaints import mails, quarantine, sending
from ringfence.desk.complaints.answering import look_into, statement_of_complaint
from ringfence.desk.complaints.bounces import bounce_in
from ringfence.desk.complaints.campaigns.services import Grouping
from ringfence.desk.complaints.kinds import leaf_of_report
from ringfence.desk.complaints.models import Complaint, Door, Nature, Outcome
from ringfence.desk.complaints.reports import reports_in
from ringfence.desk.complaints.sending import Lookup
from ringfence.desk.complaints.services import BOUNCED, OUTCOME_CLOCK, RECEIVED, keep_attachments
from ringfence.desk.complaints.submissions import decoded
from ringfence.desk.complaints.telling_reporters import tell_received
from ringfence.desk.complaints.tracebacks import start_clock
from ringfence.desk.data_folder import data_folder
from ringfence.desk.errors import DeskError, NotThere
from ringfence.desk.letters.services import own_token
from ringfence.desk.outbox import services as outbox
from ringfence.desk.outbox.services import Due
from ringfence.watch.lake.carried import HistoryUnreadable

log = logging.getLogger(__name__)

_AT_ONCE: Final = 20
OUTCOME_CLOCKS: Final = {Nature.COMPLAINT: OUTCOME_CLOCK, Nature.ENQUIRY: "enquiry-answer"}
"""By which clock of the policy what came of it is told."""


def handle_received(*, actor: Actor, now: datetime, lookup: Lookup | None = None, grouping: Grouping | None = None) -> int:
    """Handle the complaints that wait; return how many were done. One that fails is tried again later, and shown at the desk.

    `lookup` asks DNS; without it senders are not checked. `grouping` keeps the stories of late between turns.
    """
    grouping = grouping or Grouping()
    done = 0
    for message in outbox.due(topics=(RECEIVED,), now=now, limit=_AT_ONCE):
        try:
            _handle(message, lookup, grouping, actor, now)
        except (DeskError, HistoryUnreadable, OSError) as error:
            log.warning("complaint %s could not be looked into: %s", message.payload["complaint"], error)
            outbox.failed(message=message.id, error=f"{type(error).__name__}: {error}", now=now)
        else:
            done += 1
    return done


def _handle(message: Due, lookup: Lookup | None, grouping: Grouping, actor: Actor, now: datetime) -> None:
    payload = message.payload
    complaint = Complaint.objects.filter(id=payload["complaint"]).first()
    if complaint is None:
        raise NotThere(f"no complaint {payload['complaint']}")
    is_mail = complaint.door in (Door.MAIL, Door.IMAP)
    raw = (data_folder() / complaint.file).read_bytes() if is_mail else b""
    checks = _checks(raw, payload, lookup) if is_mail else {}  # before the transaction: DNS may take seconds
    with transaction.atomic():
        _know(complaint, raw, checks, actor, now)
        tell_received(complaint=complaint, actor=actor, now=now)
        if complaint.nature not in (Nature.AUTOMATIC, Nature.TEST, Nature.ENQUIRY) and complaint.duplicate_of_id is None:
            look_into(number=complaint.id, actor=actor, now=now)
            if complaint.nature == Nature.TRACEBACK:
                start_clock(complaint=complaint, actor=actor, now=now)
            else:
                _group(complaint, grouping, actor, now)
        _tell_bounce(raw, checks, now)
        outbox.done(ids=[message.id])


def _tell_bounce(raw: bytes, checks: Mapping[str, str], now: datetime) -> None:
    """Say which mail of ours came back, where this one reports that."""
    bounce = bounce_in(raw, own_token()) if "automatic" in checks else None
    if bounce is not None:
        outbox.enqueue(topic=BOUNCED, payloads=[{"message_id": bounce.message_id, "why": bounce.why}], now=now)


def _group(complaint: Complaint, grouping: Grouping, actor: Actor, now: datetime) -> None:
    raw = (data_folder() / complaint.file).read_bytes()
    text = decoded(raw).what if complaint.file.endswith(".json") else mails.text(raw)
    statement = statement_of_complaint(complaint, actor=actor)
    grouping.place(complaint=complaint, text=text, statement=statement, actor=actor, now=now)


def _checks(raw: bytes, payload: Mapping[str, Any], lookup: Lookup | None) -> dict[str, str]:
    checks = {"automatic": sending.automatic(raw, str(payload.get("sender", "")), own_token())}
    if lookup is not None:
        checks["DKIM"] = sending.dkim_result(raw, lookup)
        checks["SPF"] = sending.spf_result(
            str(payload.get("address", "")), str(payload.get("sender", "")), str(payload.get("helo", "")), lookup
        )
    return {name: found for name, found in checks.items() if found}


def _know(complaint: Complaint, raw: bytes, checks: dict[str, str], actor: Actor, now: datetime) -> None:
    """Write down what was found out about the sending, whether it was sent before, and what is attached."""
    reports = reports_in(raw) if raw else ()
    if "automatic" in checks:
        complaint.nature = Nature.AUTOMATIC
    elif any(report.is_test for report in reports):
        complaint.nature = Nature.TEST
    if reports and not complaint.leaf:
        complaint.leaf = leaf_of_report(reports[0].about, reports[0].tags)
        complaint.said = (reports[0].reference or "")[:128]
    complaint.checks = checks
    earlier = Complaint.objects.filter(fingerprint=complaint.fingerprint, id__lt=complaint.id).order_by("id").first()
    if complaint.fingerprint and earlier is not None:
        complaint.duplicate_of, complaint.outcome, complaint.closed = earlier, Outcome.DUPLICATE, now
    complaint.save(update_fields=("nature", "leaf", "said", "checks", "duplicate_of", "outcome", "closed"))
    keep_attachments(complaint=complaint, held=list(quarantine.attachments(raw)) if raw else [])
    details: dict[str, Detail] = {**checks, "nature": str(complaint.nature), "duplicate-of": complaint.duplicate_of_id}
    _owe(complaint, actor, now)
    audit.record(acts=[Act(verb="checked", about=("complaint", str(complaint.id)), details=details)], actor=actor, now=now)


def _owe(complaint: Complaint, actor: Actor, now: datetime) -> None:
    """Start the clock by which who complains, or asks, is told what came of it: where the policy has one."""
    clock = OUTCOME_CLOCKS.get(Nature(complaint.nature))
    if clock is not None and complaint.duplicate_of_id is None:
        what = (
            f"Answer enquiry {complaint.id}" if complaint.nature == Nature.ENQUIRY else f"Say what came of complaint {complaint.id}"
        )
        owed = Owed(clock=clock, about=("complaint", str(complaint.id)), what=what)
        clocks.start(owed=owed, event=complaint.received, actor=actor, now=now)
