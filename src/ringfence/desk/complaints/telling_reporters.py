"""What who complains is told: that it came, what came of it, and the answer to a question. Nothing of anybody else."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.complaints.mails import letter, shown
from ringfence.desk.complaints.models import Complaint, Door, Nature, Outcome
from ringfence.desk.complaints.services import close_complaint, ticket_of
from ringfence.desk.complaints.submissions import SubmissionRefused, decoded
from ringfence.desk.data_folder import data_folder
from ringfence.desk.errors import DeskError, NotThere
from ringfence.desk.letters import services as letters
from ringfence.desk.letters.models import Letter
from ringfence.desk.letters.services import Draft
from ringfence.desk.letters.wording import filled, spoken, texts
from ringfence.desk.policies import selectors as policies
from ringfence.desk.queues import hold_complaint
from ringfence.policy.due_process import Standing

_PACKAGE: Final = "ringfence.desk.complaints"
_LETTERS_A_DAY: Final = 5
"""Reports of one reporter within a day whose coming is told: a forged sender must not be flooded through us."""
_UNTOLD: Final = frozenset({Nature.AUTOMATIC, Nature.TEST})
_LONGEST: Final = 20_000


class NothingSaid(DeskError):
    """An answer is empty or too long, or the one who asked can't be reached."""


def address_of(complaint: Complaint) -> str:
    """Return the mail address of who complains, as the raw mail or the form has it; empty where there is none."""
    try:
        raw = (data_folder() / complaint.file).read_bytes()
        found = decoded(raw).contact if complaint.file.endswith(".json") else parseaddr(str(letter(raw).get("From", "")))[1]
    except (FileNotFoundError, SubmissionRefused):
        return ""
    return found if "@" in found and found.isprintable() and len(found) <= 254 else ""


@transaction.atomic
def tell_received(*, complaint: Complaint, actor: Actor, now: datetime) -> str | None:
    """Tell who complains that it came, and where to see what comes of it; return the letter. Twice is once.

    `None`: nobody is told of automatic mails and tries, of what was told before, where the sender is known to be forged, where
    no address is known, or where so much came from it today.
    """
    if complaint.nature in _UNTOLD or complaint.duplicate_of_id is not None or _is_forged(complaint):
        return None
    lately = Complaint.objects.filter(reporter=complaint.reporter, received__gt=now - timedelta(days=1), id__lte=complaint.id)
    if complaint.door == Door.API or lately.count() > _LETTERS_A_DAY:
        return None
    return _write("received", complaint, {}, actor, now)


def _is_forged(complaint: Complaint) -> bool:
    return any(str(complaint.checks.get(name, "")).startswith("fail") for name in ("SPF", "DKIM"))


@transaction.atomic
def tell_outcome(*, number: int, actor: Actor, now: datetime) -> str | None:
    """Tell who complained what came of it, in the words of the closed list; return the letter. Twice is once."""
    complaint = Complaint.objects.filter(id=number).first()
    if complaint is None:
        raise NotThere(f"no complaint {number}")
    if complaint.nature in _UNTOLD or not complaint.outcome or complaint.door == Door.API or _is_forged(complaint):
        return None
    if complaint.nature == Nature.ENQUIRY:
        return None  # its answer was the letter
    return _write("outcome", complaint, {}, actor, now, key=_outcome_key(complaint))


def _outcome_key(complaint: Complaint) -> str:
    """Return what makes the letter the same when told again: one that was taken up again has another outcome."""
    first = f"outcome {complaint.id}"
    earlier = complaint.closed is not None and Letter.objects.filter(key=first, created__lt=complaint.closed).exists()
    return f"{first} {complaint.closed:%Y%m%d%H%M%S}" if earlier else first


@transaction.atomic
def answer_enquiry(*, number: int, text: str, actor: Actor, now: datetime) -> str:
    """Answer a question by letter, which closes it; return the letter. Raises `NotThere`, `NothingSaid`, `StaleState`."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "answer enquiries")
    hold_complaint(number, actor)
    complaint = Complaint.objects.filter(id=number, nature=Nature.ENQUIRY).first()
    if complaint is None:
        raise NotThere(f"no enquiry {number}")
    said = shown(text).strip()
    if not said or len(said) > _LONGEST:
        raise NothingSaid(f"an answer has 1 to {_LONGEST} characters")
    close_complaint(number=number, outcome=Outcome.ACTIONED, actor=actor, now=now)
    written = _write("answer", complaint, {"answer": said}, actor, now)
    if written is None:
        raise NothingSaid("no mail address of who asked is known")
    act = Act(verb="answered-enquiry", about=("complaint", str(number)), details={"letter": written})
    audit.record(acts=[act], actor=actor, now=now)
    return written


def _write(what: str, complaint: Complaint, more: dict[str, str], actor: Actor, now: datetime, *, key: str = "") -> str | None:
    mail, version = address_of(complaint), policies.current(actor=actor)
    if not mail or version is None:
        return None
    held = policies.bundle(hash=version.hash).settings
    language = spoken(_PACKAGE, next(iter(held.languages), "en"))
    told = texts(_PACKAGE, language)
    places = {
        "provider": held.provider,
        "mailbox": held.abuse_mailbox,
        "reference": f"C-{complaint.id}",
        "page": f"{settings.RINGFENCE_PUBLIC_URL}/report/{ticket_of(complaint.id)}/",
        "day": f"{complaint.received:%Y-%m-%d}",
        "outcome": f"{told['outcomes'].get(complaint.outcome, '')} {told['findings'].get(complaint.found, '')}".strip(),
        "contest": _contest(complaint, told["contest"], actor),
        **more,
    }
    draft = Draft(
        key=key or f"{what} {complaint.id}",
        about=("complaint", str(complaint.id)),
        mail=mail,
        subject=filled(told["letters"][f"{what}_subject"], places),
        text=filled(told["letters"][f"{what}_text"], places).strip() + "\n",
        language=language,
        provider=held.provider,
    )
    return letters.write(draft=draft, actor=actor, now=now)


def _contest(complaint: Complaint, told: Mapping[str, str], actor: Actor) -> str:
    """Return how who complained contests what came of it: as the version promises that was in force then."""
    version = policies.in_force_at(moment=complaint.closed, actor=actor) if complaint.closed is not None else None
    promised = policies.bundle(hash=version.hash).settings.due_process if version is not None else None
    if promised is None or Standing.COMPLAINANT not in promised.appeal_by:
        return told["by_mail"]
    return filled(told["on_the_page"], {"days": str(promised.appeal_days)})
