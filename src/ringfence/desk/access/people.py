"""What an admin does with logins: make one, say what it may, where its mails go, close it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from ringfence.desk.access.addresses import set_address
from ringfence.desk.access.models import Person
from ringfence.desk.access.services import LoginRefused, create_login
from ringfence.desk.actor import Actor, StaffRole, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.errors import NotThere, StaleState

_NAME_LENGTH: Final = 64


def invite(*, username: str, mail: str, roles: Sequence[str], party: str, actor: Actor, now: datetime) -> Person:
    """Make a login without a password: its owner sets one by a mailed link. Raises `LoginRefused`."""
    require(actor.administers, actor, "make logins")
    if not username or len(username) > _NAME_LENGTH or not username.isprintable() or username != username.strip():
        raise LoginRefused(f"a name has 1 to {_NAME_LENGTH} printable characters, none of them a space at either end")
    row = _row_of(party) if party else None
    checked = _checked(mail)
    if not checked:
        raise LoginRefused("say where its mails go: there the link comes by which a password is set")
    try:
        with transaction.atomic():
            return create_login(
                username=username, password=None, roles=_roles(roles), party=row, mail=checked, actor=actor, now=now
            )
    except IntegrityError:
        raise LoginRefused(f"there is a login called {username}") from None


@transaction.atomic
def change_login(*, username: str, mail: str, roles: Sequence[str], actor: Actor, now: datetime) -> None:
    """Say what a login may and where its mails go. Raises `LoginRefused`, `NotThere`. Nobody changes the own roles."""
    require(actor.administers, actor, "change logins")
    person = Person.objects.select_for_update().filter(username=username).first()
    if person is None:
        raise NotThere(f"no login {username}")
    named, checked = [str(role) for role in _roles(roles)], _checked(mail)
    if person.party_id is not None and named:
        raise LoginRefused("a party's login has no role at the desk")
    if actor.id == username and sorted(named) != sorted(person.roles):
        raise LoginRefused("another admin changes what you may")
    Person.objects.filter(pk=person.pk).update(roles=named)
    set_address(person, checked)
    details = {"roles": named, "mail": audit.token_of("mail", checked)}
    audit.record(acts=[Act(verb="changed", about=("login", username), details=details)], actor=actor, now=now)


@transaction.atomic
def set_open(*, username: str, is_open: bool, actor: Actor, now: datetime) -> None:
    """Close a login, which ends its sessions, or open it again. Raises `StaleState`. Nobody closes the own one."""
    require(actor.administers and actor.id != username, actor, "close or open this login")
    changed = Person.objects.filter(username=username, is_active=not is_open).update(is_active=is_open, epoch=F("epoch") + 1)
    if not changed:
        raise StaleState(f"{username} is {'open' if is_open else 'closed'} already, or was never there")
    audit.record(acts=[Act(verb="opened" if is_open else "closed", about=("login", username))], actor=actor, now=now)


def logins(*, actor: Actor, search: str = "") -> QuerySet[Person]:
    """Return logins by name: all to admins and who recovers logins."""
    if not (actor.administers or actor.recovers):
        return Person.objects.none()
    found = Person.objects.select_related("party").order_by("username")
    return found.filter(username__icontains=search) if search else found


def _roles(named: Sequence[str]) -> list[StaffRole]:
    try:
        return sorted({StaffRole(name) for name in named})
    except ValueError as error:
        raise LoginRefused(f"{error}") from error


def _checked(mail: str) -> str:
    written = mail.strip()
    try:
        if written:
            validate_email(written)
    except ValidationError as error:
        raise LoginRefused(f"{written} is no mail address") from error
    return written


def _row_of(party: str) -> int:
    """Return the row of a party. The app that has parties stands above this one, so it is asked for by name."""
    row: int | None = apps.get_model("parties", "Party")._default_manager.filter(name=party).values_list("pk", flat=True).first()
    if row is None:
        raise LoginRefused(f"no party {party}")
    return row
