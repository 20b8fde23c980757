"""Whom a measure against something would touch: counted before it is confirmed."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.parties.models import Account, AccountHolding, Membership, NumberHolding, NumberState, Party, TrunkUse, in_force
from ringfence.vocabulary.number_blocks import Block, covering
from ringfence.vocabulary.subjects import SubjectKind


@dataclass(frozen=True, slots=True)
class Touched:
    """How many of each; `names` of the parties, at most ten, in order."""

    parties: int = 0
    accounts: int = 0
    trunks: int = 0
    numbers: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """An account that a measure touches: its plan, where its callers are (empty: as the provider), how many numbers it has."""

    account: str
    plan: str
    country: str
    numbers: int


_NAMED = 10


def touched(*, kind: str, value: str, now: datetime, actor: Actor) -> Touched:
    """Return what stands below a party, or belongs to an account, trunk or number at `now`; nothing for any other subject."""
    if not actor.sees_the_desk:
        return Touched()
    accounts = _accounts(kind, value, now)
    if accounts is None:
        return Touched()
    held = {"account__in": accounts}
    parties = Party.objects.filter(in_force(now, "holdings__"), holdings__account__in=accounts).distinct().order_by("name")
    if kind == SubjectKind.PARTY:
        parties = Party.objects.filter(pk__in=_subtree(value, now)).order_by("name")
    blocks = _blocks(kind, value, accounts, now).values_list("prefix", "digits")
    return Touched(
        parties=parties.count(),
        accounts=accounts.count(),
        trunks=TrunkUse.objects.filter(in_force(now), **held).values("trunk").distinct().count(),
        numbers=1 if kind == SubjectKind.NUMBER else sum(Block(prefix, digits).numbers for prefix, digits in blocks.iterator()),
        names=tuple(parties.values_list("name", flat=True)[:_NAMED]),
    )


def lines_touched(*, kind: str, value: str, now: datetime, actor: Actor) -> list[Line]:
    """Return the accounts that a measure touches at `now`, by name: from each of them somebody may call for help."""
    accounts = _accounts(kind, value, now) if actor.sees_the_desk else None
    if accounts is None:
        return []
    plans = dict(AccountHolding.objects.filter(in_force(now), account__in=accounts).values_list("account_id", "plan"))
    numbers: dict[int | None, int] = {}
    blocks = _blocks(kind, value, accounts, now)
    for account, prefix, digits in blocks.values_list("account_id", "prefix", "digits").iterator():
        numbers[account] = numbers.get(account, 0) + Block(prefix, digits).numbers
    if kind == SubjectKind.NUMBER:
        numbers = dict.fromkeys(numbers, 1)
    return [
        Line(account.name, plans.get(account.pk, ""), account.country, numbers.get(account.pk, 0))
        for account in accounts.order_by("name")
    ]


def _blocks(kind: str, value: str, accounts: QuerySet[Account], now: datetime) -> QuerySet[NumberHolding]:
    """Return what the accounts hold of the numbers that a measure touches: all of theirs, but where it is against numbers."""
    held = NumberHolding.objects.filter(in_force(now), account__in=accounts, state=NumberState.HELD)
    if kind == SubjectKind.NUMBER:
        return held.filter(prefix__in=covering(value), digits=len(value))
    return held.filter(_within(value)) if kind == SubjectKind.RANGE else held


def _within(prefix: str) -> Q:
    return Q(prefix__startswith=prefix) | Q(prefix__in=covering(prefix))


def trunks_touched(*, kind: str, value: str, now: datetime, actor: Actor) -> list[str]:
    """Return the names of the trunks that a measure against a party, account or trunk touches at `now`, in order."""
    accounts = _accounts(kind, value, now) if actor.sees_the_desk else None
    if accounts is None:
        return []
    uses = TrunkUse.objects.filter(in_force(now), account__in=accounts)
    return sorted(set(uses.values_list("trunk__name", flat=True)))


def _accounts(kind: str, value: str, now: datetime) -> QuerySet[Account] | None:
    """Return the accounts that a subject is, or belongs to, or that stand below it."""
    match kind:
        case SubjectKind.PARTY:
            below = AccountHolding.objects.filter(in_force(now), party__in=_subtree(value, now)).values("account")
            return Account.objects.filter(pk__in=below)
        case SubjectKind.ACCOUNT:
            return Account.objects.filter(name=value)
        case SubjectKind.TRUNK:
            return Account.objects.filter(pk__in=TrunkUse.objects.filter(in_force(now), trunk__name=value).values("account"))
        case SubjectKind.NUMBER:
            covering_it = {"prefix__in": covering(value), "digits": len(value)}
            holding = NumberHolding.objects.filter(in_force(now), **covering_it).values("account")
            return Account.objects.filter(pk__in=holding)
        case SubjectKind.RANGE:
            return Account.objects.filter(pk__in=NumberHolding.objects.filter(in_force(now), _within(value)).values("account"))
        case SubjectKind.SOURCE:
            return Account.objects.filter(pk__in=TrunkUse.objects.filter(in_force(now), address=value).values("account"))
        case SubjectKind.REGISTRATION:
            user = value.partition("@")[0]
            return Account.objects.filter(pk__in=TrunkUse.objects.filter(in_force(now), user=user).values("account"))
        case _:
            return None


def _subtree(name: str, now: datetime) -> set[int]:
    """Return a party and all that stand below it at `now`, by level; a ring is walked once."""
    found = set(Party.objects.filter(name=name).values_list("pk", flat=True))
    level = found
    while level:
        level = set(Membership.objects.filter(in_force(now), parent__in=level).values_list("party_id", flat=True)) - found
        found |= level
    return found
