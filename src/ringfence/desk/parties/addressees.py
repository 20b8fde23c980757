"""Whom to write to about a party: its own contacts, or those of the nearest party above it that has some."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ringfence.desk.actor import Actor
from ringfence.desk.parties.models import Contact, ContactRole, Membership, Party, in_force

_ROLES: Final = (ContactRole.ABUSE, ContactRole.EMERGENCY, ContactRole.LEGAL)
"""Those whom a measure concerns, in order: the first role that anybody has is written to."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody at `party`, which is the one that was asked for or one above it."""

    party: str
    contact: str
    mail: str
    language: str


def addressees(*, party: str, now: datetime, actor: Actor) -> list[Addressee]:
    """Return who is written to about a party at `now`; nobody where neither it nor any party above it has a contact with a mail."""
    found = Party.objects.filter(name=party).first() if actor.sees_the_desk else None
    seen: set[int] = set()
    while found is not None and found.pk not in seen:
        seen.add(found.pk)
        contacts = Contact.objects.filter(in_force(now), party=found).exclude(mail="").order_by("name")
        for role in _ROLES:
            fitting = [each for each in contacts if each.role == role]
            if fitting:
                return [Addressee(found.name, each.name, each.mail, each.language) for each in fitting]
        above = Membership.objects.filter(in_force(now), party=found).select_related("parent").first()
        found = above.parent if above is not None else None
    return []
