"""Taking complaints in, through whatever door, and closing them."""

import hmac
import os
from collections.abc import Sequence
from datetime import datetime
from email.utils import parseaddr
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from msgspec import Struct

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.complaints import quarantine
from ringfence.desk.complaints.kinds import BY_SLUG
from ringfence.desk.complaints.mails import heading, letter
from ringfence.desk.complaints.models import Attachment, Complaint, Door, Nature, Outcome
from ringfence.desk.complaints.submissions import Submission, encoded
from ringfence.desk.data_folder import data_folder
from ringfence.desk.errors import NotThere, StaleState
from ringfence.desk.held import heed_complaint
from ringfence.desk.outbox import services as outbox
from ringfence.desk.queues import hold_complaint

RECEIVED: Final = "complaint.received"
"""The mail process looks into what came; no reaction of the worker waits for files to be read."""
CLOSED: Final = "complaint.closed"
BOUNCED: Final = "mail.bounced"
AGAIN: Final = "complaint-again"
"""The noun of the clock of a complaint that was taken up again."""
OUTCOME_CLOCK: Final = "complaint-outcome"
"""By which clock of the policy who complained is told what came of it."""
_TICKET_BYTES: Final = 16


class Sent(Struct, frozen=True, kw_only=True):
    """How a mail came: from which address, under which name. It is forgotten when the sender was checked."""

    door: str = Door.MAIL
    address: str = ""
    helo: str = ""


def take_in(*, raw: bytes, sender: str, actor: Actor, now: datetime, sent: Sent | None = None) -> int:
    """Keep a mail byte for byte and return its complaint's number. On return both file and row are on the disk.

    Raises `OSError` where the disk refuses: then the sender must be told to try again later.
    """
    require(actor.administers, actor, "take complaints in")
    sent = sent or Sent()
    digest = sha256(raw).hexdigest()
    keep_file(data_folder() / "mail" / f"{digest}.eml", raw)
    mail = letter(raw)
    author = parseaddr(str(mail.get("From", "")))[1] or sender
    named = str(mail.get("Message-ID", "")).strip() or digest
    row = Complaint(
        sha256=digest,
        size=len(raw),
        sender=audit.token_of("mail", sender),
        reporter=reporter_token(author),
        fingerprint=audit.token_of("message-id", named),
        heading=heading(raw),
        door=sent.door,
        received=now,
    )
    payload = {"address": sent.address, "helo": sent.helo, "sender": sender}
    return _entered(row, payload, actor, now)


def reporter_token(address: str) -> str:
    """Return what stands for who complains: the same for the same address, however it is written."""
    return audit.token_of("reporter", address.strip().lower())


@transaction.atomic
def submit(  # noqa: PLR0913 # a door names who came through it, and by which token it is known again
    *,
    submission: Submission,
    door: str,
    reporter: str,
    sender: str,
    token: str,
    files: Sequence[quarantine.Held] = (),
    actor: Actor,
    now: datetime,
) -> Complaint:
    """Keep what was filled in, `checked`, and return its complaint. The same `token` of the same reporter is the same complaint.

    Raises `OSError`.
    """
    require(actor.sees_the_desk, actor, "take complaints in")
    fingerprint = audit.token_of("submission", f"{door}\0{reporter}\0{token}")
    earlier = Complaint.objects.filter(fingerprint=fingerprint).order_by("id").first()
    if earlier is not None:
        return earlier
    raw = encoded(submission)
    digest = sha256(raw).hexdigest()
    keep_file(data_folder() / "mail" / f"{digest}.json", raw)
    leaf = BY_SLUG[submission.leaf]
    nature = Nature.TEST if submission.is_test else Nature.ENQUIRY if leaf.is_enquiry else Nature.COMPLAINT
    if leaf.slug == "traceback" and nature is Nature.COMPLAINT:
        nature = Nature.TRACEBACK
    row = Complaint(
        sha256=digest,
        size=len(raw),
        sender=sender,
        reporter=reporter,
        fingerprint=fingerprint,
        heading=leaf.title[:256],
        door=door,
        nature=nature,
        leaf=leaf.slug,
        said=submission.reference,
        may_tell=submission.may_tell,
        received=now,
    )
    _entered(row, {}, actor, now)
    keep_attachments(complaint=row, held=files)
    return row


def _entered(row: Complaint, payload: dict[str, str], actor: Actor, now: datetime) -> int:
    with transaction.atomic():
        row.save(force_insert=True)
        details: dict[str, Detail] = {"sha256": row.sha256, "sender": row.sender, "door": str(row.door)}
        audit.record(acts=[Act(verb="received", about=("complaint", str(row.id)), details=details)], actor=actor, now=now)
        outbox.enqueue(topic=RECEIVED, payloads=[{"complaint": row.id, **payload}], now=now)
    return row.id


def keep_attachments(*, complaint: Complaint, held: Sequence[quarantine.Held]) -> None:
    """Keep what was handed in with a complaint in quarantine. Twice is once. Raises `OSError`."""
    known = set(complaint.attachments.values_list("sha256", "name"))
    for one in held[: quarantine.MOST]:
        quarantine.keep(data_folder() / "quarantine", one)
        if (one.digest, one.name) not in known:
            known.add((one.digest, one.name))
            Attachment.objects.create(
                complaint=complaint,
                sha256=one.digest,
                size=len(one.data),
                name=one.name,
                kind=one.kind,
                looks=one.looks[:40],
                remarks=list(one.remarks),
            )


def digest_of(raw: bytes) -> str:
    """Return by what hash bytes are kept."""
    return sha256(raw).hexdigest()


def ticket_of(number: int) -> str:
    """Return the ticket by which whoever complained sees how it stands, without a login."""
    mac = blake2b(str(number).encode(), key=settings.RINGFENCE_KEY, person=b"complaint", digest_size=_TICKET_BYTES)
    return f"{number}-{mac.hexdigest()}"


def complaint_of_ticket(ticket: str) -> Complaint | None:
    """Return the complaint of a ticket; `None` where there is none."""
    number, _, _ = ticket.partition("-")
    if not number.isdecimal() or len(number) > 18 or not hmac.compare_digest(ticket_of(int(number)).encode(), ticket.encode()):
        return None
    return Complaint.objects.filter(id=int(number)).first()


@transaction.atomic
def close_complaint(*, number: int, outcome: str, actor: Actor, now: datetime) -> None:
    """Say what came of a complaint, which its reporter is told. Raises `NotThere`, `StaleState` where that was said already."""
    require(actor.works_cases, actor, "close complaints")
    hold_complaint(number, actor)
    heed_complaint(complaint=number, actor=actor, now=now)
    if outcome not in Outcome.values:
        raise NotThere(f"no outcome {outcome}")
    row = Complaint.objects.filter(id=number).first()
    if row is None:
        raise NotThere(f"no complaint {number}")
    if not Complaint.objects.filter(id=number, outcome="").update(outcome=outcome, closed=now):
        raise StaleState(f"complaint {number} was closed before")
    for noun in ("complaint", AGAIN):
        clocks.meet(about=(noun, str(number)), actor=actor, now=now)
    act = Act(verb="closed", about=("complaint", str(number)), details={"outcome": outcome, "reporter": row.reporter})
    audit.record(acts=[act], actor=actor, now=now)
    outbox.enqueue(topic=CLOSED, payloads=[{"complaint": number}], now=now)


@transaction.atomic
def reopen_complaint(*, number: int, actor: Actor, now: datetime) -> None:
    """Take back what came of a complaint: it is open again, and owes another outcome. Raises `NotThere`, `StaleState`."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "reopen complaints")
    hold_complaint(number, actor)
    row = Complaint.objects.filter(id=number).first()
    if row is None:
        raise NotThere(f"no complaint {number}")
    if not Complaint.objects.filter(id=number, duplicate_of=None).exclude(outcome="").update(outcome="", closed=None):
        raise StaleState(f"complaint {number} is open, or the same as another")
    act = Act(verb="reopened", about=("complaint", str(number)), details={"outcome-before": row.outcome})
    audit.record(acts=[act], actor=actor, now=now)
    owed = Owed(clock=OUTCOME_CLOCK, about=(AGAIN, str(number)), what=f"Say what came of complaint {number}, taken up again")
    clocks.start(owed=owed, actor=actor, now=now)


@transaction.atomic
def sort_complaint(*, number: int, leaf: str, actor: Actor, now: datetime) -> None:
    """Say what a complaint is about. An enquiry, and a traceback, is then no complaint. Raises `NotThere`."""
    require(actor.works_cases, actor, "sort complaints")
    hold_complaint(number, actor)
    heed_complaint(complaint=number, actor=actor, now=now)
    if leaf not in BY_SLUG:
        raise NotThere(f"no kind {leaf}")
    nature = Nature.ENQUIRY if BY_SLUG[leaf].is_enquiry else Nature.TRACEBACK if leaf == "traceback" else Nature.COMPLAINT
    if not Complaint.objects.filter(id=number).exclude(nature=Nature.TEST).update(leaf=leaf, nature=nature):
        raise NotThere(f"no complaint {number}")
    details: dict[str, Detail] = {"leaf": leaf, "nature": str(nature), "clause": BY_SLUG[leaf].clause}
    audit.record(acts=[Act(verb="sorted", about=("complaint", str(number)), details=details)], actor=actor, now=now)


@transaction.atomic
def note_consent(*, number: int, how: str, actor: Actor, now: datetime) -> None:
    """Note that who complains agreed to be told of to the one complained about, and `how`. Raises `NotThere`, `StaleState`."""
    require(actor.works_cases, actor, "note consent")
    hold_complaint(number, actor)
    if not how.strip():
        raise NotThere("say how they agreed")
    if not Complaint.objects.filter(id=number, may_tell=False).update(may_tell=True):
        raise StaleState(f"there is no complaint {number}, or its reporter agreed before")
    act = Act(verb="consented", about=("complaint", str(number)), details={"how": how.strip()[:200]})
    audit.record(acts=[act], actor=actor, now=now)


def keep_file(path: Path, raw: bytes) -> None:
    """Write a file whole or not at all, synced, for nobody else to read. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@transaction.atomic
def note_reading(*, number: int, actor: Actor, now: datetime) -> None:
    """Record that somebody read what a complainant sent."""
    require(actor.sees_evidence, actor, "read complaints")
    hold_complaint(number, actor)
    audit.record(acts=[Act(verb="read", about=("complaint", str(number)))], actor=actor, now=now)
