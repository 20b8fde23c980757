"""Groups of staff: what each may do of what its roles permit, and in which queues."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from ringfence.desk.access.models import Group, Person
from ringfence.desk.access.services import LoginRefused
from ringfence.desk.actor import Actor, Deed, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.errors import NotThere
from ringfence.desk.queues import INTAKE
from ringfence.vocabulary.subjects import Role

QUEUES: Final = (*(role.value for role in Role), INTAKE)
_NAME_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class Bounds:
    """`deeds` and `queues` that are left to a group's people."""

    deeds: Sequence[str]
    queues: Sequence[str]


@transaction.atomic
def set_group(*, name: str, bounds: Bounds, actor: Actor, now: datetime) -> Group:
    """Make a group, or bound one anew; who is in it is bound from the next request on. Raises `LoginRefused`.

    Nobody changes the group that the own login is in: it could else free itself.
    """
    require(actor.administers, actor, "bound groups")
    if not name.strip() or len(name) > _NAME_LENGTH or not name.isprintable():
        raise LoginRefused(f"a group has a name of at most {_NAME_LENGTH} printable characters")
    if not set(bounds.deeds) <= {str(deed) for deed in Deed} or not set(bounds.queues) <= set(QUEUES):
        raise LoginRefused("choose deeds and queues from the lists")
    if Person.objects.filter(username=actor.id, group__name=name).exists():
        raise LoginRefused("another admin bounds the group that you are in")
    told: dict[str, Detail] = {"deeds": sorted(set(bounds.deeds)), "queues": sorted(set(bounds.queues))}
    group, _ = Group.objects.update_or_create(name=name, defaults=told)
    audit.record(acts=[Act(verb="bounded", about=("group", name), details=told)], actor=actor, now=now)
    return group


@transaction.atomic
def put_in_group(*, username: str, group: str, actor: Actor, now: datetime) -> None:
    """Put a login into a group; empty: into none, and only its roles bound it. Nobody moves the own one."""
    require(actor.administers and actor.id != username, actor, "move this login")
    found = Group.objects.filter(name=group).first() if group else None
    if group and found is None:
        raise NotThere(f"no group {group}")
    if not Person.objects.filter(username=username, party__isnull=True).update(group=found):
        raise NotThere(f"no login {username} of staff")
    act = Act(verb="moved", about=("login", username), details={"group": group})
    audit.record(acts=[act], actor=actor, now=now)


def groups(*, actor: Actor) -> QuerySet[Group]:
    """Return the groups by name, to admins and who recovers logins."""
    found = Group.objects.order_by("name")
    return found if actor.administers or actor.recovers else found.none()
