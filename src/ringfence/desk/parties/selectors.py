"""Questions about parties."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network

from django.db.models import Count, Q, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.parties.models import Account, Number, Party, Trunk
from ringfence.vocabulary.contracts import AccountLink, NumberLink, PartyLink, TrunkLink
from ringfence.vocabulary.times import Micros, micros


@dataclass(frozen=True, slots=True)
class Links:
    """The provider's parties and what they hold, as the reference feed carries them."""

    parties: tuple[PartyLink, ...] = ()
    accounts: tuple[AccountLink, ...] = ()
    trunks: tuple[TrunkLink, ...] = ()
    numbers: tuple[NumberLink, ...] = ()


@dataclass(frozen=True, slots=True)
class PartyPage:
    """One party with everything it holds. `path` runs from the root to the party."""

    party: Party
    path: tuple[str, ...]
    children: list[Party]
    accounts: list[Account]
    trunks: list[Trunk]
    numbers: list[Number]


def links(*, actor: Actor) -> Links:
    """Return all parties, accounts, trunks and numbers there ever were, with their spans."""
    if not actor.sees_the_desk:
        return Links()
    parties = Party.objects.order_by("id").values_list("name", "parent__name", "kind")
    accounts = Account.objects.order_by("id").values_list("name", "party__name", "plan", "valid_from", "valid_to")
    trunks = Trunk.objects.order_by("id").values_list("name", "account__name", "address", "user", "valid_from", "valid_to")
    numbers = Number.objects.order_by("id").values_list("number", "account__name", "valid_from", "valid_to")
    return Links(
        tuple(PartyLink(party=name, parent=parent, kind=kind) for name, parent, kind in parties),
        tuple(
            AccountLink(account=name, party=party, plan=plan or None, valid_from=_moment(start), valid_to=_moment(end))
            for name, party, plan, start, end in accounts
        ),
        tuple(
            TrunkLink(
                trunk=name,
                account=account,
                address=address or None,
                user=user or None,
                valid_from=_moment(start),
                valid_to=_moment(end),
            )
            for name, account, address, user, start, end in trunks
        ),
        tuple(
            NumberLink(number=number, account=account, valid_from=_moment(start), valid_to=_moment(end))
            for number, account, start, end in numbers
        ),
    )


def _moment(moment: datetime | None) -> Micros | None:
    return micros(moment) if moment else None


def parties(*, actor: Actor, search: str = "") -> QuerySet[Party]:
    """Return parties by name, with `accounts_held`; `search` is part of a party's, account's or trunk's name, or a number."""
    if not actor.sees_the_desk:
        return Party.objects.none()
    found = Party.objects.select_related("parent").annotate(accounts_held=Count("accounts", distinct=True)).order_by("name")
    if search:
        held = (
            Q(accounts__name__icontains=search) | Q(accounts__numbers__number=search) | Q(accounts__trunks__name__icontains=search)
        )
        found = found.filter(Q(name__icontains=search) | held).distinct()
    return found


def party_page(*, name: str, actor: Actor) -> PartyPage | None:
    """Return the party of that name; `None` where there is none, or none for this actor."""
    party = Party.objects.filter(name=name).select_related("parent").first() if actor.sees_the_desk else None
    if party is None:
        return None
    held = {"account__party": party}
    return PartyPage(
        party,
        _path(party),
        list(party.children.order_by("name")),
        list(party.accounts.order_by("name")),
        list(Trunk.objects.filter(**held).select_related("account").order_by("name")),
        list(Number.objects.filter(**held).select_related("account").order_by("number", "valid_from")[:500]),
    )


def _path(party: Party) -> tuple[str, ...]:
    path, above = [party.name], party.parent
    while above is not None:
        path.append(above.name)
        above = above.parent
    return tuple(reversed(path))


def trunks_at(*, address: str, now: datetime, actor: Actor) -> list[Trunk]:
    """Return the trunks in force that an IP address is, or that its network holds. Empty for what is no address."""
    if not actor.sees_the_desk:
        return []
    try:
        wanted = ip_address(address)
    except ValueError:
        return []
    in_force = Q(valid_from__isnull=True) | Q(valid_from__lte=now), Q(valid_to__isnull=True) | Q(valid_to__gt=now)
    held = Trunk.objects.exclude(address="").filter(*in_force).select_related("account__party").order_by("name")
    return [trunk for trunk in held if wanted in ip_network(trunk.address)]
