"""What is kept about parties and ends soon: proofs, rights to show numbers, exemptions; not what another follows without a gap."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from ringfence.desk.actor import Actor
from ringfence.desk.parties.models import AccountHolding, Exemption, Proof, ProofState, RightToUse, in_force
from ringfence.vocabulary.number_blocks import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """Something that ends at `until`. `owed`: it must be renewed even once it is over."""

    noun: str
    id: int
    party: str
    what: str
    until: datetime
    owed: bool = False


def expiries(*, actor: Actor, now: datetime, before: datetime) -> list[Expiry]:
    """Return what ends after `now` and until `before`, and the proofs over already of who holds an account, the first end first."""
    if not actor.sees_the_desk:
        return []
    found = [*_proofs(now, before), *_rights(now, before), *_exemptions(now, before)]
    return sorted(found, key=lambda one: (one.until, one.noun, one.id))


def _proofs(now: datetime, before: datetime) -> Iterator[Expiry]:
    accepted = Proof.objects.filter(state=ProofState.ACCEPTED)
    same = accepted.filter(party=OuterRef("party"), kind=OuterRef("kind"), prefix=OuterRef("prefix"), digits=OuterRef("digits"))
    lasting = same.filter(Q(expires__isnull=True) | Q(expires__gt=OuterRef("expires")))
    bound = AccountHolding.objects.filter(in_force(now), party=OuterRef("party"))
    rows = accepted.filter(~Exists(lasting), expires__lte=before)
    for row in rows.filter(Q(expires__gt=now) | Exists(bound)).select_related("party").order_by("expires", "id"):
        assert row.expires is not None
        about = f" for {row.about}" if row.about else ""
        what = f"Proof of {row.kind}{about}: {row.document}"
        yield Expiry(noun="proof", id=row.pk, party=row.party.name, what=what, until=row.expires, owed=True)


def _rights(now: datetime, before: datetime) -> Iterator[Expiry]:
    same = RightToUse.objects.filter(account=OuterRef("account"), prefix=OuterRef("prefix"), digits=OuterRef("digits"))
    rows = RightToUse.objects.filter(~Exists(same.filter(_follows())), valid_to__gt=now, valid_to__lte=before)
    holders = AccountHolding.objects.filter(in_force(now))
    found = list(rows.select_related("account").order_by("valid_to", "id"))
    names = dict(holders.filter(account__in=[row.account_id for row in found]).values_list("account_id", "party__name"))
    for row in found:
        assert row.valid_to is not None
        what = f"Right of account {row.account.name} to show {Block(row.prefix, row.digits).written}: {row.evidence}"
        yield Expiry(noun="right-to-use", id=row.pk, party=names.get(row.account_id, ""), what=what, until=row.valid_to)


def _exemptions(now: datetime, before: datetime) -> Iterator[Expiry]:
    same = Exemption.objects.filter(party=OuterRef("party"), clause=OuterRef("clause"))
    rows = Exemption.objects.filter(~Exists(same.filter(_follows())), valid_to__gt=now, valid_to__lte=before)
    for row in rows.select_related("party").order_by("valid_to", "id"):
        assert row.valid_to is not None
        yield Expiry(
            noun="exemption", id=row.pk, party=row.party.name, what=f"Exemption from the clause {row.clause}", until=row.valid_to
        )


def _follows() -> Q:
    """Return the condition that a span takes over where the outer one ends."""
    begins = Q(valid_from__isnull=True) | Q(valid_from__lte=OuterRef("valid_to"))
    return begins & (Q(valid_to__isnull=True) | Q(valid_to__gt=OuterRef("valid_to")))
