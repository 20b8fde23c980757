"""Proving that one controls the called number, by a code; and the wish that a caller reach it no more."""

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.complaints.models import Complaint, ControlProof
from ringfence.desk.complaints.submissions import Submission, decoded
from ringfence.desk.data_folder import data_folder
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.outbox import services as outbox

CODE: Final = "complaint.code"
"""The code is to be delivered to the number: by the operator's hook, or on the console."""
WISH: Final = "complaint.bar-wished"
_DIGITS: Final = 6
_LASTS: Final = timedelta(minutes=15)
_TRIES: Final = 5
_PER_NUMBER: Final = 3


class CodeWrong(DeskError):
    """It is not the code that was sent, or it is too late."""


def filled_in(complaint: Complaint) -> Submission:
    """Return what was filled in. Raises `NotThere` for what came by mail, or where the file is gone."""
    if not complaint.file.endswith(".json"):
        raise NotThere("this complaint came by mail")
    try:
        return decoded((data_folder() / complaint.file).read_bytes())
    except FileNotFoundError:
        raise NotThere("what was filled in is no longer kept") from None


@transaction.atomic
def send_code(*, complaint: Complaint, wish: bool, actor: Actor, now: datetime) -> None:
    """Send a code to the called number, once a complaint and thrice a day a number. Raises `StaleState`, `NotThere`."""
    require(actor.sees_the_desk, actor, "send codes")
    submission = filled_in(complaint)
    if not submission.callee:
        raise NotThere("no called number was filled in")
    number = audit.token_of("number", submission.callee)
    if ControlProof.objects.filter(number=number, sent__gt=now - timedelta(days=1)).count() >= _PER_NUMBER:
        raise StaleState("so many codes were sent to this number today that no more are")
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    _, new = ControlProof.objects.get_or_create(
        complaint=complaint,
        defaults={
            "number": number,
            "code": _hash(complaint.id, code),
            "sent": now,
            "until": now + _LASTS,
            "wish": wish and bool(submission.caller),
        },
    )
    if not new:
        raise StaleState("a code was sent already")
    act = Act(verb="sent-code", about=("complaint", str(complaint.id)), details={"number": number, "wish": wish})
    audit.record(acts=[act], actor=actor, now=now)
    outbox.enqueue(topic=CODE, payloads=[{"number": submission.callee, "code": code, "complaint": complaint.id}], now=now)


def prove(*, complaint: Complaint, code: str, actor: Actor, now: datetime) -> None:
    """Take the code. Raises `CodeWrong`: a wrong one counts, and after five none is taken any more."""
    require(actor.sees_the_desk, actor, "take codes")
    if not ControlProof.objects.filter(complaint=complaint, proven=None, until__gt=now, tries__lt=_TRIES).update(
        tries=F("tries") + 1
    ):
        raise CodeWrong("no code can be taken: none was sent, it is too late, or too many were wrong")
    with transaction.atomic():
        proof = ControlProof.objects.select_for_update().get(complaint=complaint)
        if not hmac.compare_digest(proof.code, _hash(complaint.id, code.strip())):
            raise CodeWrong("that is not the code")
        proof.proven = now
        proof.save(update_fields=("proven",))
        act = Act(
            verb="proved-control", about=("complaint", str(complaint.id)), details={"number": proof.number, "wish": proof.wish}
        )
        audit.record(acts=[act], actor=actor, now=now)
        if proof.wish:
            outbox.enqueue(topic=WISH, payloads=[{"complaint": complaint.id}], now=now)


def _hash(complaint: int, code: str) -> str:
    return blake2b(f"{complaint}\0{code}".encode(), key=settings.RINGFENCE_KEY, person=b"code", digest_size=16).hexdigest()
