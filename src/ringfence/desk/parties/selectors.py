"""Questions about parties: who held what, and when."""

from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address, ip_network

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from ringfence.desk.actor import Actor
from ringfence.desk.parties.models import (
    AccountHolding,
    Contact,
    Contract,
    Exemption,
    Membership,
    NumberHolding,
    NumberState,
    Party,
    Proof,
    RightToUse,
    Transfer,
    TrunkUse,
    in_force,
)
from ringfence.desk.parties.subtree import visible
from ringfence.desk.parties.succession import holds
from ringfence.vocabulary.number_blocks import Block, covering

NUMBERS_SHOWN = 500


@dataclass(frozen=True, slots=True)
class PartyPage:
    """One party with everything it holds and held. `path` runs from the root to the party, as of now."""

    party: Party
    path: tuple[str, ...]
    parents: list[Membership]
    children: list[Membership]
    accounts: list[AccountHolding]
    trunks: list[TrunkUse]
    numbers: list[NumberHolding]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept about one party beside what it holds. Transfers are those that it is either side of."""

    party: Party
    contacts: list[Contact]
    contracts: list[Contract]
    proofs: list[Proof]
    rights: list[RightToUse]
    exemptions: list[Exemption]
    transfers: list[Transfer]
    accounts: list[str]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who answers for something at a moment. `path` runs from the root to the party; empty, like the others `None`, for nobody.

    `state` of a number, `through` its block where it was held as part of one.
    """

    account: str | None = None
    party: str | None = None
    plan: str = ""
    path: tuple[str, ...] = ()
    state: str = ""
    through: str = ""


def parties(*, actor: Actor, now: datetime, search: str = "") -> QuerySet[Party]:
    """Return parties by name, with `accounts_held` and `parent_name` (`None`: nobody brought it) as of `now`.

    `search` is part of a party's, account's or trunk's name, or a whole number: whoever holds or held it.
    """
    above = Membership.objects.filter(in_force(now), party=OuterRef("pk")).values("parent__name")[:1]
    held = Count("holdings__account", filter=in_force(now, "holdings__"), distinct=True)
    found = visible(Party.objects.annotate(accounts_held=held, parent_name=Subquery(above)), actor=actor, now=now).order_by("name")
    if search:
        found = found.filter(Q(name__icontains=search) | Q(pk__in=_holding(search)))
    return found


def _holding(search: str) -> QuerySet[AccountHolding, int]:
    """Return the parties that hold or held an account of that name, or whose account had a trunk of that name or that number."""
    by_name = Q(account__name__icontains=search) | Q(account__trunk_uses__trunk__name__icontains=search)
    number = (
        Q(account__number_holdings__prefix__in=covering(search), account__number_holdings__digits=len(search))
        if search.startswith("+")
        else Q()
    )
    return AccountHolding.objects.filter(by_name | number if number else by_name).values_list("party_id", flat=True)


def party_page(*, name: str, actor: Actor, now: datetime) -> PartyPage | None:
    """Return the party of that name; `None` where there is none, or none for this actor."""
    party = visible(Party.objects.filter(name=name), actor=actor, now=now).first()
    if party is None:
        return None
    accounts = list(party.holdings.select_related("account").order_by("account__name", F("valid_from").asc(nulls_first=True)))
    # What an account that passed to another party uses now is not its former holder's people's to see.
    theirs = accounts if actor.party is None else [one for one in accounts if holds((one.valid_from, one.valid_to), now)]
    held = {"account__in": [holding.account_id for holding in theirs]}
    return PartyPage(
        party,
        _seen(_path(party.pk, now), actor),
        list(party.memberships.select_related("parent").order_by("id")) if actor.party is None else [],
        list(Membership.objects.filter(in_force(now), parent=party).select_related("party").order_by("party__name")),
        accounts,
        list(TrunkUse.objects.filter(**held).select_related("trunk", "account").order_by("trunk__name", "id")),
        list(NumberHolding.objects.filter(**held).select_related("account").order_by("prefix", "id")[:NUMBERS_SHOWN]),
    )


def records(*, name: str, actor: Actor, now: datetime) -> Kept | None:
    """Return what is kept about a party; `None` where there is none, or none for this actor. Transfers are the provider's."""
    party = visible(Party.objects.filter(name=name), actor=actor, now=now).first()
    if party is None:
        return None
    held = AccountHolding.objects.filter(in_force(now), party=party)
    passing = Transfer.objects.filter(Q(holder=party) | Q(taker=party)) if actor.party is None else Transfer.objects.none()
    return Kept(
        party,
        list(party.contacts.order_by("role", "name")),
        list(party.contracts.order_by("reference", "valid_from")),
        list(party.proofs.order_by("-id")),
        list(RightToUse.objects.filter(account__in=held.values("account")).select_related("account").order_by("-id")),
        list(party.exemptions.order_by("-id")),
        list(passing.select_related("account", "holder", "taker").order_by("-id")),
        sorted(held.values_list("account__name", flat=True)),
    )


def contract_of(*, party: str, moment: datetime, actor: Actor) -> Contract | None:
    """Return the contract that bound a party at `moment`: its own, or that of the nearest above it that has one."""
    found = Party.objects.filter(name=party).first() if actor.sees_the_desk else None
    seen: set[int] = set()
    while found is not None and found.pk not in seen:
        seen.add(found.pk)
        contract = found.contracts.filter(in_force(moment)).order_by("-valid_from", "-id").first()
        if contract is not None:
            return contract
        above = Membership.objects.filter(in_force(moment), party=found).select_related("parent").first()
        found = above.parent if above is not None else None
    return None


def _seen(path: tuple[str, ...], actor: Actor) -> tuple[str, ...]:
    """Return the part of a path that the actor may see: from its own party down. Empty where that is not on it."""
    if actor.party is None:
        return path
    return path[path.index(actor.party) :] if actor.party in path else ()


def _path(party: int, moment: datetime) -> tuple[str, ...]:
    """Return the names from the root to a party at `moment`; a ring, which no import leaves, is cut where it closes."""
    path, seen, at = list[str](), set[int](), party
    path.append(Party.objects.values_list("name", flat=True).get(pk=party))
    while at not in seen:
        seen.add(at)
        above = Membership.objects.filter(in_force(moment), party=at).values_list("parent_id", "parent__name").first()
        if above is None or above[0] in seen:
            break
        at = above[0]
        path.append(above[1])
    return tuple(reversed(path))


def number_holder(*, number: str, moment: datetime, actor: Actor) -> Holder | None:
    """Return who held an E.164 number at `moment`, and in what state it was; `None` where nothing is known of it.

    A party's people are told of their own subtree's as it was then.
    """
    if not actor.sees_parties:
        return None
    found = NumberHolding.objects.filter(in_force(moment), prefix__in=covering(number), digits=len(number)).select_related(
        "account"
    )
    held = max(found, key=lambda holding: len(holding.prefix), default=None)
    if held is None:
        return None
    block = Block(held.prefix, held.digits)
    through = block.written if block.numbers > 1 else ""
    if held.account_id is None:
        return Holder(state=held.state, through=through) if actor.party is None else None
    return _told(_answering(held.account_id, moment, state=held.state, through=through), actor)


def trunk_user(*, trunk: str, moment: datetime, actor: Actor) -> Holder | None:
    """Return whose account used a trunk at `moment`; `None` where none did."""
    if not actor.sees_parties:
        return None
    use = TrunkUse.objects.filter(in_force(moment), trunk__name=trunk).first()
    return None if use is None else _told(_answering(use.account_id, moment), actor)


def _told(holder: Holder, actor: Actor) -> Holder | None:
    """Return what the actor may know of a holder; `None` where nothing."""
    if actor.party is None:
        return holder
    path = _seen(holder.path, actor)
    return replace(holder, path=path) if path else None


def _answering(account: int, moment: datetime, *, state: str = NumberState.HELD, through: str = "") -> Holder:
    holding = AccountHolding.objects.filter(in_force(moment), account_id=account).select_related("account", "party").first()
    if holding is None:  # the account had ended, or not begun
        return Holder(state=state, through=through)
    path = _path(holding.party_id, moment)
    return Holder(holding.account.name, holding.party.name, holding.plan, path, state, through)


def trunks_at(*, address: str, now: datetime, actor: Actor) -> list[TrunkUse]:
    """Return the uses of trunks in force that an IP address is, or that its network holds. Empty for what is no address."""
    if not actor.sees_the_desk:
        return []
    try:
        wanted = ip_address(address)
    except ValueError:
        return []
    held = TrunkUse.objects.exclude(address="").filter(in_force(now)).select_related("trunk", "account").order_by("trunk__name")
    return [use for use in held if wanted in ip_network(use.address)]
