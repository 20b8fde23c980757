"""Somebody else has the password: what would stop, locking without waiting, protecting the party, and unlocking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from ringfence.desk.access import links, locks, mails
from ringfence.desk.access.addresses import set_address
from ringfence.desk.access.locks import Unlocking
from ringfence.desk.access.models import Person
from ringfence.desk.actor import Actor, ActorKind, require, system
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.cases.compromised import open_compromised
from ringfence.desk.cases.services import note_case
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.protecting import decide_protection
from ringfence.desk.errors import NotThere
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties.touched import trunks_touched
from ringfence.desk.recovery.models import Request, RequestDoor, RequestKind, RequestState
from ringfence.desk.recovery.services import RequestRefused, addresses_on_file, confirmation_of, open_request
from ringfence.vocabulary.contracts import CallClass, Scope
from ringfence.vocabulary.subjects import SubjectKind

CLAIMED: Final = "compromise.claimed"
"""Somebody said that another has the password of the own login, which is locked already: the worker protects the party."""
_SAYS: Final = "Somebody else may know the password of a login of yours: calls to premium numbers are barred until that is settled."
_STOPPED: Final = (
    "Somebody else may know the password of a login of yours: outgoing calls of this trunk are barred until that is settled."
)
_OURS: Final = system("recovery")


@dataclass(frozen=True, slots=True)
class Preview:
    """What would follow: logins that are locked, sessions over, trunks whose calls to premium numbers stop. Nothing else stops.

    SIP credentials stay as they are: telephones stay registered.
    """

    logins: tuple[str, ...]
    trunks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Securing:
    """What staff has done: `logins` locked, premium calls barred, `trunks` that shall send nothing at all.

    `rotate` asks for new SIP credentials of those trunks: a person sees to it, the desk never does so by itself. `urgent`: nobody
    on file was reached, and it can't wait.
    """

    reason: str
    logins: Sequence[int]
    trunks: Sequence[str] = ()
    rotate: Sequence[str] = ()
    urgent: bool = False


def preview(*, person: Person, now: datetime) -> Preview:
    """Return what follows where this person says that somebody else has the password."""
    return Preview((person.username,), tuple(_trunks(person.party.name if person.party is not None else "", now)))


def preview_of_party(*, party: str, actor: Actor, now: datetime) -> Preview:
    """Return what follows where staff secures a party with all its logins."""
    require(actor.recovers, actor, "secure parties")
    logins = Person.objects.filter(party__name=party, locked__isnull=True).order_by("username").values_list("username", flat=True)
    return Preview(tuple(logins), tuple(_trunks(party, now)))


def _trunks(party: str, now: datetime) -> list[str]:
    return trunks_touched(kind=SubjectKind.PARTY, value=party, now=now, actor=_OURS) if party else []


@transaction.atomic
def claim(*, person: Person, now: datetime) -> int:
    """Lock the login whose owner says that somebody else has its password; return the request. The worker does the rest at once."""
    locks.lock_logins(
        usernames=[person.username], reason="Its owner said that somebody else has the password.", actor=person.actor, now=now
    )
    made = Request.objects.create(
        kind=RequestKind.COMPROMISED, door=RequestDoor.LOGIN, received=now, login=person, party_id=person.party_id, mail=person.mail
    )
    act = Act(verb="asked", about=("request", str(made.pk)), details={"kind": str(RequestKind.COMPROMISED), "door": "login"})
    audit.record(acts=[act], actor=person.actor, now=now)
    outbox.enqueue(topic=CLAIMED, payloads=[{"request": made.pk}], now=now)
    return made.pk


@transaction.atomic
def protect(*, request: int, actor: Actor, now: datetime) -> None:
    """Open the case and bar premium calls for a claim; for a login of staff, call a person. Twice is once."""
    require(actor.kind is ActorKind.SYSTEM, actor, "protect by itself")
    row = Request.objects.select_related("party", "login").filter(pk=request).first()
    if row is None or row.case_id is not None:
        return
    if row.party is None:
        who = row.login.username if row.login is not None else "?"
        text = f"Somebody else may have the login {who} of staff. It is locked. Look at what it did: request {request}."
        deciding.raise_alarm(kind="compromised", text=text, actor=actor, now=now)
        return
    reason = f"Request {request}: the owner of a login said that somebody else has its password."
    case = open_compromised(party=row.party.name, reason=reason, actor=actor, now=now)
    Request.objects.filter(pk=row.pk).update(case_id=case)
    _bar(case, SubjectKind.PARTY, row.party.name, CallClass.PREMIUM, actor, now)


def _bar(case: int, kind: SubjectKind, value: str, calls: CallClass, actor: Actor, now: datetime) -> str | None:
    says = _SAYS if calls is CallClass.PREMIUM else _STOPPED
    return decide_protection(case_id=case, scope=Scope(kind=kind, value=value), calls=calls, says=says, actor=actor, now=now)


@transaction.atomic
def secure(*, request: int, securing: Securing, actor: Actor, now: datetime) -> int:
    """Lock logins, open the case, bar premium calls, stop the trunks that were chosen; return the case. No portal is needed for it.

    Raises `RequestRefused` where no call to a contact on file confirmed it and it isn't said to be urgent, or without a reason.
    """
    require(actor.recovers and actor.works_cases and actor.kind is ActorKind.PERSON, actor, "secure parties")
    row = open_request(request, actor)
    if row.party is None:
        raise RequestRefused("first say whose login it is")
    if confirmation_of(row) is None and not securing.urgent:
        raise RequestRefused("first call a contact on file and record that it is so, or say that it can't wait")
    if not securing.reason.strip():
        raise RequestRefused("say why: the case keeps it")
    party = row.party.name
    known = set(_trunks(party, now))
    if not {*securing.trunks, *securing.rotate} <= known:
        raise NotThere("those trunks are not this party's")
    names = list(Person.objects.filter(pk__in=securing.logins, party=row.party).values_list("username", flat=True))
    locked = locks.lock_logins(usernames=names, reason=securing.reason, actor=actor, now=now)
    case = open_compromised(party=party, reason=f"Request {request}: {securing.reason.strip()}", actor=actor, now=now)
    _bar(case, SubjectKind.PARTY, party, CallClass.PREMIUM, actor, now)
    for trunk in securing.trunks:
        _bar(case, SubjectKind.TRUNK, trunk, CallClass.ALL_OUTBOUND, actor, now)
    if securing.rotate:
        wanted = "New SIP credentials are wanted, and to be given to the party by a person, for: "
        note_case(case_id=case, text=wanted + ", ".join(securing.rotate), actor=actor, now=now)
    Request.objects.filter(pk=row.pk).update(case_id=case)
    details: dict[str, Detail] = {
        "locked": locked,
        "stopped": list(securing.trunks),
        "rotation-wanted": list(securing.rotate),
        "urgent": securing.urgent,
    }
    audit.record(acts=[Act(verb="secured", about=("request", str(request)), case=case, details=details)], actor=actor, now=now)
    return case


@transaction.atomic
def unlock(*, request: int, login: int, how: Unlocking, to: str, actor: Actor, now: datetime) -> None:
    """Let a locked login in again, by a person with reasons, after a call that confirmed who asks; a new password's link goes `to`.

    `to` is an address on file, and is the login's own from now on. A login of staff takes an admin or lead who is another.
    What was ordered stays until it is lifted on its own page. Raises `RequestRefused`.
    """
    row = open_request(request, actor)
    person = Person.objects.select_related("party").filter(pk=login).first()
    if person is None or person.party_id != row.party_id or (row.party_id is None and person.pk != row.login_id):
        raise NotThere("that login is none of this request's")
    if person.party_id is None:
        require(actor.leads or actor.administers, actor, "unlock logins of staff")
    elif confirmation_of(row) is None:
        raise RequestRefused("first call a contact on file, and record that it is so")
    if to not in {person.mail, *addresses_on_file(row, now)} or not to:
        raise RequestRefused("choose an address on file: there the link goes by which a new password is set")
    locks.unlock_login(username=person.username, how=how, actor=actor, now=now)
    person.refresh_from_db()
    set_address(person, to)
    mails.tell(what="set", person=person, places={"link": links.password_link(person)}, to=to, now=now)
    details: dict[str, Detail] = {"login": person.username, "to": audit.token_of("mail", to)}
    audit.record(
        acts=[Act(verb="unlocked", about=("request", str(request)), case=row.case_id, details=details)], actor=actor, now=now
    )


def waiting() -> int:
    """Return how many requests wait."""
    return Request.objects.filter(state=RequestState.OPEN).count()
