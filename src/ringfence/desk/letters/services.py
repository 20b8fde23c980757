"""Writing letters, and sending them. A letter commits with what it tells; it is handed to the relay after, by the mail process."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Final, Protocol

from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.letters.models import Letter, LetterState

LOOP_HEADER: Final = "X-Ringfence-Loop"
"""Stands in every mail that we send, with the installation's token: one that comes back is a loop."""
GIVEN_UP_AFTER: Final = timedelta(days=5)
"""How long a relay that cannot take a mail now is asked again (RFC 5321 section 4.5.4.1)."""
TAKEN_UP_FOR: Final = timedelta(minutes=10)
"""How long a mail belongs to the process that took it up to send it; after that it died, and the same mail is sent again."""
_LONGEST_PAUSE: Final = timedelta(hours=1)
_SUBJECT_LENGTH: Final = 250


class Refused(Exception):
    """The relay did not take a mail. `permanent`: it never will."""

    def __init__(self, cause: str, *, permanent: bool) -> None:
        super().__init__(cause)
        self.permanent = permanent


class Relay(Protocol):
    """Takes mails to where they go."""

    @property
    def sender(self) -> str:
        """The mailbox that mails come from."""

    @property
    def state(self) -> LetterState:
        """What a mail is that was taken: sent, or kept where there is no relay."""

    def take(self, mail: EmailMessage) -> None:
        """Take one. Raises `Refused`."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes with a letter; `kind` is its MIME type."""

    name: str
    kind: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be told, and to whom. `about` is the noun and its id, `key` what makes it the same letter when told again."""

    key: str
    about: tuple[str, str]
    mail: str
    subject: str
    text: str
    case: int | None = None
    language: str = "en"
    provider: str = ""
    attached: Attached | None = None


def own_token() -> str:
    """Return what stands in our own mails, so that one that comes back is known."""
    return audit.token_of("loop", "mail")


@transaction.atomic
def write(*, draft: Draft, actor: Actor, now: datetime) -> str:
    """Write a letter, to be sent after the commit; return its id. The same `key` is the same letter."""
    require(actor.works_cases, actor, "write letters")
    held = draft.attached
    letter, new = Letter.objects.get_or_create(
        key=draft.key,
        defaults={
            "id": secrets.token_hex(16),
            "noun": draft.about[0],
            "noun_id": draft.about[1],
            "case": draft.case,
            "provider": draft.provider[:128],
            "mail": draft.mail,
            "language": draft.language,
            "subject": " ".join(draft.subject.split())[:_SUBJECT_LENGTH],
            "text": draft.text,
            "attached_name": held.name if held else "",
            "attached_kind": held.kind if held else "",
            "attached": held.data if held else None,
            "created": now,
            "due": now,
        },
    )
    if new:
        details: dict[str, Detail] = {"to": audit.token_of("mail", draft.mail), draft.about[0]: draft.about[1]}
        audit.record(
            acts=[Act(verb="wrote-letter", about=("letter", letter.id), case=draft.case, details=details)], actor=actor, now=now
        )
    return letter.id


def send_due(*, relay: Relay, actor: Actor, now: datetime, limit: int = 20) -> int:
    """Hand letters that are due to the relay, oldest first; return how many it was tried for.

    Of several processes one takes each up. A mail has its Message-ID before it is handed over: where the process dies between the
    relay's yes and its own note of it, the same one is sent again, with the same Message-ID, when `TAKEN_UP_FOR` is over.
    """
    require(actor.kind == ActorKind.SYSTEM, actor, "send letters")
    due = list(Letter.objects.filter(state=LetterState.QUEUED, due__lte=now).order_by("due", "id")[:limit])
    for letter in due:
        letter.message_id = letter.message_id or message_id_of(letter.id, relay.sender)
        mine = Letter.objects.filter(id=letter.id, state=LetterState.QUEUED, due__lte=now)
        if not mine.update(due=now + TAKEN_UP_FOR, message_id=letter.message_id):
            continue
        try:
            relay.take(mail_of(letter, relay.sender))
        except Refused as error:
            _put_off(letter, error, actor, now)
        else:
            _settle(letter, relay.state, "", actor, now)
    return len(due)


@transaction.atomic
def note_bounce(*, message_id: str, why: str, actor: Actor, now: datetime) -> Letter | None:
    """Note that the mail with this Message-ID came back; return the letter, `None` where none that had been sent has this id."""
    require(actor.kind == ActorKind.SYSTEM, actor, "note bounces")
    letter = Letter.objects.filter(message_id=message_id, state=LetterState.SENT).first()
    if letter is None:
        return None
    Letter.objects.filter(id=letter.id).update(state=LetterState.BOUNCED, problem=why[:2000])
    audit.record(acts=[Act(verb="letter-bounced", about=("letter", letter.id), case=letter.case)], actor=actor, now=now)
    return letter


def mail_of(letter: Letter, sender: str) -> EmailMessage:
    """Return a letter as the mail that it is sent as."""
    mail = mail_from(sender, letter.provider, letter)
    if letter.attached is not None:
        kind, _, subtype = letter.attached_kind.partition("/")
        mail.add_attachment(bytes(letter.attached), maintype=kind, subtype=subtype, filename=letter.attached_name)
    return mail


class Written(Protocol):
    """What is sent as a mail: a letter, or a notice."""

    mail: str
    subject: str
    text: str
    language: str
    created: datetime
    message_id: str


def mail_from(sender: str, provider: str, written: Written) -> EmailMessage:
    """Return the mail from `sender`, in the provider's name. Its headers say that no machine should answer (RFC 3834)."""
    mail = EmailMessage()
    mail["From"] = f'"{provider}" <{sender}>' if provider and provider.isascii() and '"' not in provider else sender
    mail["To"] = written.mail
    mail["Subject"] = written.subject
    mail["Date"] = format_datetime(written.created)
    mail["Message-ID"] = written.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail[LOOP_HEADER] = own_token()
    mail.set_content(written.text)
    mail["Content-Language"] = written.language
    return mail


def message_id_of(id: str, sender: str) -> str:
    """Return a Message-ID for a mail from `sender` that nobody else's has (RFC 5322 section 3.6.4)."""
    return make_msgid(id, domain=sender.rpartition("@")[2])


def pause_before(attempt: int) -> timedelta:
    """Return how long to wait before a relay that cannot take a mail now is tried for the nth time."""
    return min(timedelta(seconds=10 * 2 ** min(attempt, 20)), _LONGEST_PAUSE)


def _put_off(letter: Letter, error: Refused, actor: Actor, now: datetime) -> None:
    if error.permanent or now - letter.created > GIVEN_UP_AFTER:
        _settle(letter, LetterState.FAILED, str(error), actor, now)
        return
    attempts = letter.attempts + 1
    due = now + pause_before(attempts)
    Letter.objects.filter(id=letter.id).update(attempts=attempts, problem=str(error)[:2000], due=due)


@transaction.atomic
def _settle(letter: Letter, state: LetterState, problem: str, actor: Actor, now: datetime) -> None:
    sent = now if state in (LetterState.SENT, LetterState.KEPT) else None
    if Letter.objects.filter(id=letter.id, state=LetterState.QUEUED).update(state=state, problem=problem[:2000], sent=sent):
        audit.record(acts=[Act(verb=f"letter-{state}", about=("letter", letter.id), case=letter.case)], actor=actor, now=now)
