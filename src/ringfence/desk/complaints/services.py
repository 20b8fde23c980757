"""Taking a complaint in."""

import os
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.db import transaction

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.complaints.mails import heading
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.data_folder import data_folder
from ringfence.desk.outbox import services as outbox

RECEIVED: Final = "complaint.received"
"""The mail process looks into what came; no reaction of the worker waits for files to be read."""


def take_in(*, raw: bytes, sender: str, actor: Actor, now: datetime) -> int:
    """Keep a mail byte for byte and return its complaint's number. On return both file and row are on the disk.

    Raises `OSError` where the disk refuses: then the sender must be told to try again later.
    """
    require(actor.administers, actor, "take complaints in")
    digest = sha256(raw).hexdigest()
    _keep(data_folder() / "mail" / f"{digest}.eml", raw)
    with transaction.atomic():
        token = audit.token_of("mail", sender)
        row = Complaint.objects.create(sha256=digest, size=len(raw), sender=token, heading=heading(raw), received=now)
        act = Act(verb="received", about=("complaint", str(row.id)), details={"sha256": digest, "sender": token})
        audit.record(acts=[act], actor=actor, now=now)
        outbox.enqueue(topic=RECEIVED, payloads=[{"complaint": row.id}], now=now)
    return row.id


def _keep(path: Path, raw: bytes) -> None:
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
    require(actor.sees_the_desk, actor, "read complaints")
    audit.record(acts=[Act(verb="read", about=("complaint", str(number)))], actor=actor, now=now)
