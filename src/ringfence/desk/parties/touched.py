"""Whom a measure against something would touch: counted before it is confirmed."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

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
    blocks = NumberHolding.objects.filter(in_force(now), **held, state=NumberState.HELD).values_list("prefix", "digits")
    return Touched(
        parties=parties.count(),
        accounts=accounts.count(),
        trunks=TrunkUse.objects.filter(in_force(now), **held).values("trunk").distinct().count(),
        numbers=1 if kind == SubjectKind.NUMBER else sum(Block(prefix, digits).numbers for prefix, digits in blocks.iterator()),
        names=tuple(parties.values_list("name", flat=True)[:_NAMED]),
    )


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
