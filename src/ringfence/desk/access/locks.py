"""Locking logins, unlocking them, and ending sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F

from ringfence.desk.access import guessing, mails
from ringfence.desk.access.models import Lock, Person
from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.errors import DeskError, NotThere, StaleState

REASON_LENGTH: Final = 2_000


class NoLockReason(DeskError):
    """Locking, unlocking and closing take a reason that is kept."""


@dataclass(frozen=True, slots=True)
class Unlocking:
    """`drop_factors`: codes and passkeys are taken off too: whoever had the password may have put in an own one."""

    reason: str
    drop_factors: bool = True


@transaction.atomic
def lock_logins(*, usernames: Sequence[str], reason: str, actor: Actor, now: datetime) -> list[str]:
    """Lock logins and end their sessions at once; return those that were not locked before. One's own, or as staff any.

    A locked one comes in by nothing: no password, passkey, mailed link or session.
    """
    own = actor.kind is ActorKind.PERSON and list(usernames) == [actor.id]
    require(own or actor.recovers, actor, "lock logins")
    _require_reason(reason)
    locked = []
    for person in Person.objects.select_for_update().filter(username__in=usernames, locked__isnull=True).order_by("pk"):
        Lock.objects.create(person=person, since=now, by=actor.id, reason=reason.strip())
        _end(person, locked=now)
        mails.tell(what="locked", person=person, places={}, now=now)
        audit.record(acts=[Act(verb="locked", about=("login", person.username))], actor=actor, now=now)
        locked.append(person.username)
    return locked


def _end(person: Person, **changes: object) -> None:
    """End every session of a person: the epoch in them is no longer the person's."""
    Person.objects.filter(pk=person.pk).update(epoch=F("epoch") + 1, **changes)
    UserSession.objects.filter(user=person).delete()


@transaction.atomic
def unlock_login(*, username: str, how: Unlocking, actor: Actor, now: datetime) -> None:
    """Let a login in again, with a new password: the old one is void, and a link to set one goes to the mail on file.

    Never one's own. Raises `NoLockReason`, `NotThere`, `StaleState` where it is not locked.
    """
    require(actor.recovers and actor.kind is ActorKind.PERSON and actor.id != username, actor, "unlock this login")
    _require_reason(how.reason)
    person = Person.objects.select_for_update().filter(username=username).first()
    if person is None:
        raise NotThere(f"no login {username}")
    ended = {"ended": now, "ended_by": actor.id, "ended_reason": how.reason.strip()}
    if not Lock.objects.filter(person=person, ended__isnull=True).update(**ended):
        raise StaleState(f"{username} is not locked")
    dropped = Authenticator.objects.filter(user=person).delete()[0] if how.drop_factors else 0
    _end(person, locked=None, password=make_password(None))
    guessing.forgive(username=username)
    details: dict[str, Detail] = {"dropped-factors": dropped}
    audit.record(acts=[Act(verb="unlocked", about=("login", username), details=details)], actor=actor, now=now)


@transaction.atomic
def rescue_login(*, username: str, how: Unlocking, actor: Actor, now: datetime) -> Person:
    """Let a login in again for who has the machine: locked or not, closed or not. Raises `NoLockReason`, `NotThere`."""
    require(actor.kind is ActorKind.SYSTEM, actor, "rescue logins")
    _require_reason(how.reason)
    person = Person.objects.select_for_update().filter(username=username).first()
    if person is None:
        raise NotThere(f"no login {username}")
    ended = {"ended": now, "ended_by": actor.id, "ended_reason": how.reason.strip()}
    Lock.objects.filter(person=person, ended__isnull=True).update(**ended)
    dropped = Authenticator.objects.filter(user=person).delete()[0]
    _end(person, locked=None, is_active=True, password=make_password(None))
    guessing.forgive(username=username)
    details: dict[str, Detail] = {"dropped-factors": dropped, "reason": how.reason.strip()[:500]}
    audit.record(acts=[Act(verb="rescued", about=("login", username), details=details)], actor=actor, now=now)
    person.refresh_from_db()
    return person


@transaction.atomic
def end_sessions(*, username: str, actor: Actor, now: datetime) -> None:
    """End every session of a login: one's own, or as staff that recovers any."""
    require(actor.recovers or actor.id == username, actor, "end these sessions")
    person = Person.objects.filter(username=username).first()
    if person is None:
        raise NotThere(f"no login {username}")
    _end(person)
    audit.record(acts=[Act(verb="ended-sessions", about=("login", username))], actor=actor, now=now)


@transaction.atomic
def end_session(*, person: Person, session: int, actor: Actor, now: datetime) -> None:
    """End one session of one's own. Raises `NotThere`."""
    require(actor.id == person.username, actor, "end another's session")
    found = UserSession.objects.filter(user=person, pk=session).first()
    if found is None:
        raise NotThere("that session is over already")
    found.end()
    audit.record(acts=[Act(verb="ended-session", about=("login", person.username))], actor=actor, now=now)


def _require_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > REASON_LENGTH:
        raise NoLockReason(f"say why, in 1 to {REASON_LENGTH} characters: it is kept")
