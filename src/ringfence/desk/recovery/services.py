"""Taking requests of people who can't come in, and making sure who they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from hashlib import sha256
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from ringfence.desk.access import guessing, mails
from ringfence.desk.access.models import Person
from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.complaints import mails as reading
from ringfence.desk.complaints.sending import automatic
from ringfence.desk.complaints.services import keep_file
from ringfence.desk.data_folder import data_folder
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.letters.services import own_token
from ringfence.desk.parties.models import Contact, Party, in_force
from ringfence.desk.queues import hold_case
from ringfence.desk.recovery.models import CallBack, CallOutcome, Request, RequestDoor, RequestKind, RequestState

MOST_OPEN: Final = 2_000
"""Requests that wait; beyond these none is taken from strangers, and mails are asked to come again."""
SAID_LENGTH: Final = 4_000
ON_FILE_FOR: Final = timedelta(days=7)
"""A contact that was entered later before the request may be the thief's own."""
_MAIL_LENGTH: Final = 254
_WORDS: Final = {
    RequestKind.COMPROMISED: ("hacked", "stolen", "compromis", "thief", "gehackt", "gestohlen", "gestolen", "piraté", "volé"),
    RequestKind.USERNAME: ("user name", "username", "login name", "benutzername", "gebruikersnaam", "identifiant"),
}
"""By what a mail is sorted; whoever reads it sorts it again."""


class RequestRefused(DeskError):
    """A request cannot be taken, or nothing of the kind be done about it; the text says why."""

    permanent = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wrote who can't come in: of which kind, where to be reached, and what."""

    kind: str
    mail: str
    said: str


@transaction.atomic
def ask(*, asked: Asked, address: str, actor: Actor, now: datetime) -> int:
    """Take a request from the public form, or typed in by staff; return its number. Raises `RequestRefused`."""
    if asked.kind not in RequestKind.values or not asked.said.strip():
        raise RequestRefused("say what you need, and how we know you: a name, a customer number")
    by_staff = actor.kind is ActorKind.PERSON and actor.recovers
    if not by_staff:
        _bound(guessing.source_of(address), now)
    door = RequestDoor.STAFF if by_staff else RequestDoor.FORM
    kept = Request.objects.create(
        kind=asked.kind,
        door=door,
        received=now,
        mail=asked.mail.strip()[:_MAIL_LENGTH],
        said=reading.shown(asked.said.strip())[:SAID_LENGTH],
    )
    _note(kept, "asked", {"kind": asked.kind, "door": str(door)}, actor, now)
    return kept.pk


def _bound(who: str, now: datetime) -> None:
    """Bound what strangers put in: by source, and all together."""
    _make_sure_of_room()
    try:
        guessing.charge(guessing.of_asker(who), now=now)
    except guessing.TooManyTries:
        raise RequestRefused("so much was asked from where you are that nothing more is taken now; call us") from None


def _make_sure_of_room() -> None:
    if Request.objects.filter(state=RequestState.OPEN).count() >= MOST_OPEN:
        raise RequestRefused("so many requests wait that none is taken now; call us, or try again later")


def take_in(*, raw: bytes, sender: str, door: str, actor: Actor, now: datetime) -> int | None:
    """Keep a mail to the service mailbox; return its request. `None`: no person wrote it. The same bytes are the same request.

    On return the file is on the disk. Raises `OSError`, and `RequestRefused` where it must come again later.
    """
    require(actor.kind is ActorKind.SYSTEM, actor, "take mails in")
    digest = sha256(raw).hexdigest()
    earlier = Request.objects.filter(sha256=digest).values_list("pk", flat=True).first()
    if earlier is not None:
        return earlier
    unwritten = automatic(raw, sender, own_token())
    if unwritten:
        with transaction.atomic():
            act = Act(verb="passed-by", about=("service-mail", digest[:16]), details={"because": unwritten})
            audit.record(acts=[act], actor=actor, now=now)
        return None
    author = parseaddr(str(reading.letter(raw).get("From", "")))[1] or sender
    if door == RequestDoor.MAIL:
        _bound(f"mail:{author.lower()}", now)
    else:
        _make_sure_of_room()  # no sender's bound: who is refused stays in that mailbox, before all others
    keep_file(data_folder() / "mail" / f"{digest}.eml", raw)
    said = f"{reading.heading(raw)}\n{reading.text(raw)}".strip()[:SAID_LENGTH]
    with transaction.atomic():
        kept = Request.objects.create(
            kind=_kind_of(said), door=door, received=now, mail=reading.shown(author)[:_MAIL_LENGTH], said=said, sha256=digest
        )
        _note(kept, "asked", {"kind": kept.kind, "door": door, "sha256": digest}, actor, now)
    return kept.pk


def _kind_of(said: str) -> str:
    lower = said.lower()
    return next((str(kind) for kind, words in _WORDS.items() if any(word in lower for word in words)), str(RequestKind.OTHER))


@transaction.atomic
def place(*, request: int, kind: str, party: str, actor: Actor, now: datetime) -> None:
    """Say what a request is, and whose login it is about. Calls before belong to whoever it was then: they no longer confirm."""
    require(actor.recovers, actor, "help with logins")
    row = open_request(request, actor)
    found = Party.objects.filter(name=party).first() if party else None
    if kind not in RequestKind.values or (party and found is None):
        raise NotThere(f"no party {party}" if kind in RequestKind.values else f"no kind {kind}")
    if row.login_id is not None and (found is None or found.pk != row.party_id):
        raise RequestRefused("a login asked this itself: it is certain whose it is")
    Request.objects.filter(pk=row.pk).update(kind=kind, party=found)
    _note(row, "placed", {"kind": kind, "party": audit.token_of("party", party)}, actor, now)


@transaction.atomic
def record_call(*, request: int, contact: int, outcome: str, note: str, actor: Actor, now: datetime) -> None:
    """Record that the actor called a contact on file about a request, and what came of it. Raises `RequestRefused`, `NotThere`."""
    require(actor.recovers and actor.kind is ActorKind.PERSON, actor, "make sure who somebody is")
    row = open_request(request, actor)
    called = contacts_on_file(row, now).filter(pk=contact).first()
    if called is None or outcome not in CallOutcome.values:
        raise NotThere("call a contact of this party that has a telephone number and was on file a week before the request")
    if outcome == CallOutcome.CONFIRMED and not note.strip():
        raise RequestRefused("write whom you spoke to, and by what you knew them")
    CallBack.objects.create(
        request=row,
        contact=called,
        telephone=audit.token_of("number", called.telephone),
        by=actor.id,
        at=now,
        outcome=outcome,
        note=note.strip()[:SAID_LENGTH],
    )
    _note(row, "called-back", {"contact": called.name, "outcome": outcome}, actor, now)


def contacts_on_file(row: Request, now: datetime) -> QuerySet[Contact]:
    """Return the contacts that may be called about a request: of its party or one above it, known long enough."""
    long_enough = Q(valid_from__isnull=True) | Q(valid_from__lte=row.received - ON_FILE_FOR)
    found = Contact.objects.filter(in_force(now), long_enough, party=row.party).exclude(telephone="")
    return found.select_related("party").order_by("name") if row.party_id is not None else found.none()


def confirmation_of(row: Request) -> CallBack | None:
    """Return the call by which it was made sure who asks: of a contact of the party that the request is about now."""
    calls = CallBack.objects.filter(request=row, contact__party=row.party).order_by("-at", "-pk")
    last = calls.exclude(outcome=CallOutcome.NOT_REACHED).first()
    return last if last is not None and last.outcome == CallOutcome.CONFIRMED else None


@transaction.atomic
def send_usernames(*, request: int, logins: Sequence[int], to: str, actor: Actor, now: datetime) -> None:
    """Mail the names of a party's logins to an address on file: a login's own, or a contact's. Never to one that the request names.

    Raises `RequestRefused` before a call to a contact on file confirmed who asks.
    """
    require(actor.recovers, actor, "help with logins")
    row = open_request(request, actor)
    if confirmation_of(row) is None:
        raise RequestRefused("first call a contact on file, and record that it is so")
    people = list(Person.objects.filter(pk__in=logins, party=row.party).order_by("username"))
    if not people or to not in addresses_on_file(row, now):
        raise RequestRefused("choose logins of this party, and an address on file")
    names = "\n".join(f"    {person.username}" for person in people)
    mails.tell(what="usernames", person=people[0], places={"logins": names}, to=to, now=now)
    details: dict[str, Detail] = {"logins": [person.username for person in people], "to": audit.token_of("mail", to)}
    _note(row, "sent-usernames", details, actor, now)


def addresses_on_file(row: Request, now: datetime) -> list[str]:
    """Return the mail addresses that are on file for a request's party: of its contacts, and of its logins."""
    if row.party_id is None:
        return []
    long_enough = Q(valid_from__isnull=True) | Q(valid_from__lte=row.received - ON_FILE_FOR)
    contacts = Contact.objects.filter(in_force(now), long_enough, party=row.party).exclude(mail="")
    logins = Person.objects.filter(party=row.party).exclude(mail="")
    return sorted({*contacts.values_list("mail", flat=True), *logins.values_list("mail", flat=True)})


@transaction.atomic
def close(*, request: int, done: bool | None, outcome: str, actor: Actor, now: datetime) -> None:
    """Close a request with what came of it. Raises `RequestRefused` without a word, `StaleState` where it is closed."""
    require(actor.recovers, actor, "help with logins")
    row = open_request(request, actor)
    if done is None:
        raise RequestRefused("say whether it was done or refused")
    if not outcome.strip():
        raise RequestRefused("say what came of it")
    state = RequestState.DONE if done else RequestState.REFUSED
    Request.objects.filter(pk=row.pk).update(state=state, closed=now, closed_by=actor.id, outcome=outcome.strip()[:SAID_LENGTH])
    _note(row, "closed", {"state": str(state)}, actor, now)


def open_request(number: int, actor: Actor) -> Request:
    """Return an open request, held until the end of the transaction. Raises `NotThere`, `StaleState`.

    One that has a case is for those in whose queues the case is.
    """
    row = Request.objects.select_for_update().filter(pk=number).first()
    if row is None:
        raise NotThere(f"no request {number}")
    if row.case_id is not None:
        hold_case(row.case_id, actor)
    if row.state != RequestState.OPEN:
        raise StaleState(f"request {number} is closed")
    return row


def _note(row: Request, verb: str, details: dict[str, Detail], actor: Actor, now: datetime) -> None:
    audit.record(acts=[Act(verb=verb, about=("request", str(row.pk)), case=row.case_id, details=details)], actor=actor, now=now)
