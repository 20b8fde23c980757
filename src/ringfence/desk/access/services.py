"""Making logins and signing in."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import available_timezones

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from ringfence.desk.access.models import Person
from ringfence.desk.actor import Actor, StaffRole, require, system
from ringfence.desk.audit import selectors as audit_selectors
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.errors import DeskError, NotThere, StaleState

FIRST_USERNAME: Final = "first"
_TRIES: Final = 5
_TRY_SPAN: Final = timedelta(minutes=5)
_NOBODYS_PASSWORD: Final = make_password(None)


class SignInRefused(DeskError):
    """Wrong name or password, or too many tries. The text never says which of the first two."""

    permanent = False


@dataclass(frozen=True, slots=True)
class FirstLogin:
    """The first person's user name and password. The password is nowhere else."""

    username: str
    password: str


class LoginRefused(DeskError):
    """There can be no such login; the text says why."""


@transaction.atomic
def create_first_login(*, actor: Actor, now: datetime, keep: Callable[[FirstLogin], None] = lambda _: None) -> FirstLogin | None:
    """Make the first login, with every role that changes something; `None` where somebody can sign in already.

    `keep` is given it before it counts: what `keep` wrote down is never lost, and where it raises there is no login.
    """
    require(actor.administers, actor, "make logins")
    if Person.objects.exists():
        return None
    password = secrets.token_urlsafe(12)
    roles = (StaffRole.ANALYST, StaffRole.LEAD, StaffRole.ADMIN)
    create_login(username=FIRST_USERNAME, password=password, roles=roles, actor=actor, now=now)
    login = FirstLogin(FIRST_USERNAME, password)
    keep(login)
    return login


@transaction.atomic
def create_login(
    *, username: str, password: str, roles: Sequence[StaffRole], actor: Actor, now: datetime, party: int | None = None
) -> None:
    """Make a login; with the row of a `party` one of that party's people, who sees it and those below it and has no role."""
    require(actor.administers, actor, "make logins")
    if party is not None and roles:
        raise LoginRefused("a party's login has no role at the desk")
    hashed, named = make_password(password), [str(role) for role in roles]
    Person.objects.create(username=username, password=hashed, roles=named, created=now, party_id=party)
    details: dict[str, Detail] = {"roles": named} if party is None else {"party": party}
    audit.record(acts=[Act(verb="created", about=("login", username), details=details)], actor=actor, now=now)


def sign_in(*, username: str, password: str, address: str, actor: Actor, now: datetime) -> Person:
    """Return the person that name and password belong to.

    Raises `SignInRefused`, after five failures of one name from one address in five minutes without looking at the password.
    """
    about = ("sign-in", audit.token_of("sign-in", f"{username}\0{address}"))
    tries = audit_selectors.times_done(verb="failed", about=about, since=now - _TRY_SPAN, actor=system("sign-in"))
    person = Person.objects.filter(username=username.replace("\0", "\ufffd"), is_active=True).first()
    held = person.password if person else _NOBODYS_PASSWORD
    # Hashing takes a third of a second: not within a transaction, lest strangers at this page keep the database from the worker.
    passed = tries < _TRIES and check_password(password, held) and person is not None
    with transaction.atomic():
        verb = "succeeded" if passed else "failed"
        audit.record(acts=[Act(verb=verb, about=about)], actor=person.actor if person and passed else actor, now=now)
    if tries >= _TRIES:
        raise SignInRefused("too many failed tries from here; wait five minutes")
    if not passed or person is None:
        raise SignInRefused("this name and password do not go together")
    return person


class PasswordRefused(DeskError):
    """The present password is wrong, or the new one would not do; the text says why."""


def change_password(*, person: Person, present: str, new: str, actor: Actor, now: datetime) -> None:
    """Give the person another password; who signed in elsewhere with the old one is out. Raises `PasswordRefused`."""
    require(actor.id == person.username, actor, "change another's password")
    if not check_password(present, person.password):
        raise PasswordRefused("this is not your present password")
    try:
        validate_password(new, person)
    except ValidationError as error:
        raise PasswordRefused(" ".join(error.messages)) from error
    hashed = make_password(new)  # takes a third of a second, so not within the transaction
    with transaction.atomic():
        if not Person.objects.filter(username=person.username, password=person.password).update(password=hashed):
            raise StaleState("the password was changed in between")
        audit.record(acts=[Act(verb="changed-password", about=("login", person.username))], actor=actor, now=now)
    person.password = hashed


@transaction.atomic
def choose_time_zone(*, username: str, zone: str, actor: Actor, now: datetime) -> None:
    """Show times in `zone` to this person from now on. Raises `NotThere` for a zone nobody knows."""
    require(actor.id == username, actor, "choose another's time zone")
    if zone not in available_timezones():
        raise NotThere(f"no time zone is called {zone}")
    Person.objects.filter(username=username).update(time_zone=zone)
    audit.record(acts=[Act(verb="chose-zone", about=("login", username), details={"zone": zone})], actor=actor, now=now)
