"""What a customer or reseller may see: its party and all that stand below it now, and the accounts that these hold or held."""

from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.parties.models import AccountHolding, Membership, Party, in_force

_ASKED_AT_ONCE: Final = 500


def parties_within(party: str, now: datetime) -> set[int]:
    """Return the rows of a party and of all that stand below it at `now`; none where there is no such party."""
    level = set(Party.objects.filter(name=party).values_list("id", flat=True))
    found = set(level)
    while level:
        wanted, below = sorted(level), set[int]()
        for at in range(0, len(wanted), _ASKED_AT_ONCE):
            members = Membership.objects.filter(in_force(now), parent_id__in=wanted[at : at + _ASKED_AT_ONCE])
            below |= set(members.values_list("party_id", flat=True))
        level = below - found
        found |= level
    return found


def accounts_within(party: str, now: datetime) -> set[int]:
    """Return the rows of the accounts that a party, or one below it, holds at `now`.

    One that has passed to another is that one's to see; its past is told with the party that held it then.
    """
    held = AccountHolding.objects.filter(in_force(now), party_id__in=parties_within(party, now))
    return set(held.values_list("account_id", flat=True))


def visible(parties: QuerySet[Party], *, actor: Actor, now: datetime) -> QuerySet[Party]:
    """Narrow parties to those that the actor may see."""
    if not actor.sees_parties:
        return parties.none()
    return parties if actor.party is None else parties.filter(pk__in=parties_within(actor.party, now))


def sees(*, actor: Actor, party: str, now: datetime) -> bool:
    """Tell whether the actor may see the party of that name."""
    return visible(Party.objects.filter(name=party), actor=actor, now=now).exists()


def parent_seen(party: Party, actor: Actor) -> str | None:
    """Return the party above one that `selectors.parties` gave, where there is one and the actor may know it."""
    return None if party.name == actor.party else getattr(party, "parent_name", None)
