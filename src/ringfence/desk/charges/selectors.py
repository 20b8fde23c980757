"""Questions about charges."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.appeals.models import Appeal, AppealState
from ringfence.desk.charges.models import Charge, ChargeState
from ringfence.desk.queues import of_cases

_CONTESTED: Final = Exists(Appeal.objects.filter(decision=OuterRef("decision"), state=AppealState.OPEN))


def charges(*, actor: Actor, state: str = "", case: int | None = None, party: str = "") -> QuerySet[Charge]:
    """Return charges, newest first; each is `contested` while an appeal against its measure is open. `state` `all` is every one."""
    found = Charge.objects.select_related("decision", "policy").annotate(contested=_CONTESTED).order_by("-made", "-id")
    if not actor.sees_the_desk:
        return found.none()
    found = of_cases(found, actor)
    if case is not None:
        found = found.filter(case_id=case)
    if party:
        found = found.filter(party=party)
    return found.filter(state=state) if state and state != "all" else found


def charge(*, number: int, actor: Actor) -> Charge | None:
    """Return one charge."""
    return charges(actor=actor).filter(id=number).first()


@dataclass(frozen=True, slots=True)
class Owing:
    """What a party owes in a currency: what is charged and not contested; `frozen` is what waits for an appeal."""

    party: str
    currency: str
    due: Decimal
    frozen: Decimal


def owing(*, actor: Actor) -> list[Owing]:
    """Return what each party owes, by name."""
    standing = charges(actor=actor, state=ChargeState.CHARGED).order_by()
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for place, condition in enumerate((~_CONTESTED, _CONTESTED)):
        for party, currency, amount in standing.filter(condition).values_list("party", "currency", "amount"):
            sums.setdefault((party, currency), [Decimal("0.00"), Decimal("0.00")])[place] += amount
    return [Owing(*key, *found) for key, found in sorted(sums.items())]


COLUMNS = (
    "charge",
    "party",
    "amount",
    "currency",
    "fee",
    "units",
    "per",
    "clause",
    "policy",
    "decision",
    "case",
    "charged",
    "state",
    "evidence",
)


def invoice_lines(*, actor: Actor) -> Iterator[dict[str, str]]:
    """Yield the lines that a provider's invoices take: what is charged and uncontested, and what was given back."""
    rows = charges(actor=actor).filter(~_CONTESTED, state__in=(ChargeState.CHARGED, ChargeState.CREDITED))
    for one in rows.order_by("party", "id").iterator():
        amount = -one.amount if one.state == ChargeState.CREDITED else one.amount
        yield {
            "charge": str(one.pk),
            "party": one.party,
            "amount": str(amount),
            "currency": one.currency,
            "fee": one.fee,
            "units": str(one.units),
            "per": one.per,
            "clause": one.clause,
            "policy": one.policy.hash,
            "decision": one.decision_id,
            "case": str(one.case_id),
            "charged": (one.settled or one.made).isoformat(),
            "state": one.state,
            "evidence": one.evidence,
        }
