"""Proposing, charging, waiving and giving back."""

from datetime import datetime
from typing import Final

from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.appeals.models import Appeal, AppealState
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.cases import selectors as cases
from ringfence.desk.charges.models import Charge, ChargeState
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions.models import Decision, DecisionKind
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.held import heed
from ringfence.desk.parties.touched import touched
from ringfence.desk.policies import rulings
from ringfence.desk.policies import selectors as policies
from ringfence.desk.policies.rulings import About
from ringfence.desk.queues import hold_case
from ringfence.policy.fees import Fee, Per
from ringfence.vocabulary.contracts import Subject
from ringfence.vocabulary.subjects import Role, SubjectKind

MOST_UNITS: Final = 1_000_000


class NothingToCharge(DeskError):
    """The version has no such fee, or nobody may be charged for this."""


@transaction.atomic
def charge(*, decision_id: str, fee: str, units: int, evidence: str, actor: Actor, now: datetime) -> int:
    """Charge the party of a measure a fee of the version that it was decided by; return the charge.

    Outsiders are charged nothing; nor is a violation that only may come, nor a measure that should not have been. Compromised and
    victim accounts are charged by a person alone, as everybody is. Raises `NothingToCharge`, `NotThere`, `StaleState` for a second.
    """
    require(actor.kind is ActorKind.PERSON and actor.decides, actor, "charge fees")
    decision = decisions.decision(id=decision_id, actor=actor)
    if decision is None or decision.kind != DecisionKind.MEASURE:
        raise NotThere(f"no measure {decision_id}")
    hold_case(decision.case_id, actor)
    heed(case_id=decision.case_id, actor=actor, now=now)
    found = fees_of(decision).get(fee)
    party, stands_against = _charged(decision, actor)
    if found is None or stands_against:
        raise NothingToCharge(stands_against or f"version {decision.policy.number} has no fee {fee}")
    struck = _struck(found, party, actor, now)
    if struck:
        raise NothingToCharge(struck)
    if not 0 < units <= MOST_UNITS or not evidence.strip():
        raise NothingToCharge("say how many units, and what each of them is")
    values = {
        "case_id": decision.case_id,
        "policy_id": decision.policy_id,
        "clause": found.clause,
        "party": party,
        "per": str(found.per),
        "units": units,
        "amount": found.of(units),
        "currency": found.currency,
        "evidence": evidence.strip(),
        "state": ChargeState.CHARGED,
        "made": now,
        "made_by": actor.id,
        "settled": now,
        "settled_by": actor.id,
    }
    made, new = Charge.objects.get_or_create(decision=decision, fee=fee, defaults=values)
    if not new:
        raise StaleState(f"{fee} was charged, or waived, for this decision")
    _record("charged", made, {"amount": f"{made.amount} {made.currency}", "units": units, "clause": made.clause}, actor, now)
    return made.pk


def fees_of(decision: Decision) -> dict[str, Fee]:
    """Return the fees of the version that was decided by, by name."""
    return dict(policies.bundle(hash=decision.policy.hash).fees.fees)


def proposed_units(*, decision: Decision, fee: Fee, actor: Actor, now: datetime) -> int | None:
    """Return how many units the measure itself suggests; `None` where somebody must say."""
    if fee.per is Per.NUMBER:
        return touched(kind=decision.scope_kind, value=decision.scope_value, now=now, actor=actor).numbers or None
    return 1 if fee.per is Per.INCIDENT else None


def _charged(decision: Decision, actor: Actor) -> tuple[str, str]:
    """Return who would be charged for a measure, and why nobody may be, empty where somebody may."""
    case = cases.case(number=decision.case_id, actor=actor)
    party = decision.scope_value if decision.scope_kind == SubjectKind.PARTY else ""
    party = party or (decision.finding.party if decision.finding is not None else "")
    if not party and case is not None and case.subject_kind == SubjectKind.PARTY:
        party = case.subject_id
    if case is None or case.role == Role.OUTSIDER or not party:
        return "", "an outsider is bound by no contract, and charged nothing"
    if decision.potential:
        return party, "a violation that only may come costs nothing"
    if Decision.objects.filter(lifts=decision, wrong=True).exists() or _overturned(decision):
        return party, "the measure should not have been"
    return party, ""


def _overturned(decision: Decision) -> bool:
    return Appeal.objects.filter(decision=decision, state=AppealState.OVERTURNED).exists()


def _struck(fee: Fee, party: str, actor: Actor, now: datetime) -> str:
    about = About(Subject(kind=SubjectKind.PARTY, id=party), (party,))
    ruling = rulings.striking(clause=fee.clause, about=about, moments=[now], actor=actor)
    return f"the clause {fee.clause} is struck by {ruling.court}, {ruling.reference}" if ruling is not None else ""


@transaction.atomic
def waive(*, number: int, because: str, actor: Actor, now: datetime) -> None:
    """Waive a charge, as the role that its fee names. Raises `NotThere`, `NotPermitted`, `NothingToCharge` without a reason."""
    found = _held(number, actor)
    fee = fees_of(found.decision).get(found.fee)
    lead_alone = fee is None or fee.waiver == "lead"
    permitted = actor.leads if lead_alone else actor.decides
    require(actor.kind is ActorKind.PERSON and actor.decides and permitted, actor, f"waive {found.fee}")
    heed(case_id=found.case_id, actor=actor, now=now)
    _settle(found, ChargeState.WAIVED, because, "waived", actor, now)


@transaction.atomic
def credit(*, number: int, because: str, actor: Actor, now: datetime) -> None:
    """Give a charge back. Raises `NotThere`, `NothingToCharge` without a reason, `StaleState` where it is not charged."""
    require(actor.kind is ActorKind.PERSON and actor.decides, actor, "give charges back")
    found = _held(number, actor)
    heed(case_id=found.case_id, actor=actor, now=now)
    _settle(found, ChargeState.CREDITED, because, "credited", actor, now)


@transaction.atomic
def credit_reversed(*, decision_id: str, actor: Actor, now: datetime) -> int:
    """Give back all that a measure cost which should not have been; return how many charges that were. Twice is once."""
    require(actor.kind is ActorKind.SYSTEM, actor, "give back what reversed measures cost")
    standing = list(Charge.objects.filter(decision_id=decision_id, state=ChargeState.CHARGED).order_by("id"))
    for one in standing:
        _settle(one, ChargeState.CREDITED, "the measure should not have been", "credited", actor, now)
    return len(standing)


@transaction.atomic
def note_invoiced(*, number: int, invoice: str, actor: Actor, now: datetime) -> None:
    """Note on which invoice a charge stands. Raises `StaleState` where it is contested: until then it is on none."""
    require(actor.kind is ActorKind.PERSON and actor.decides, actor, "note invoices")
    found = _held(number, actor)
    if Appeal.objects.filter(decision=found.decision, state=AppealState.OPEN).exists():
        raise StaleState("an appeal against its measure is open: it is frozen until that is decided")
    if not invoice.strip() or len(invoice) > 64 or found.state != ChargeState.CHARGED:
        raise NothingToCharge("name the invoice of a standing charge, in at most 64 characters")
    Charge.objects.filter(id=number).update(invoice=invoice.strip())
    _record("invoiced", found, {"invoice": invoice.strip()}, actor, now)


def _held(number: int, actor: Actor) -> Charge:
    found = Charge.objects.select_for_update(of=("self",)).select_related("decision__policy").filter(id=number).first()
    if found is None or not actor.sees_the_desk:
        raise NotThere(f"no charge {number}")
    hold_case(found.case_id, actor)
    return found


def _settle(found: Charge, state: ChargeState, because: str, verb: str, actor: Actor, now: datetime) -> None:
    if not because.strip():
        raise NothingToCharge("say why")
    changed = Charge.objects.filter(id=found.pk, state=ChargeState.CHARGED).update(
        state=state, settled=now, settled_by=actor.id, because=because.strip()
    )
    if not changed:
        raise StaleState(f"charge {found.pk} does not stand any more")
    _record(verb, found, {"amount": f"{found.amount} {found.currency}", "because": because.strip()[:200]}, actor, now)


def _record(verb: str, charge: Charge, details: dict[str, Detail], actor: Actor, now: datetime) -> None:
    told: dict[str, Detail] = {"charge": charge.pk, "decision": charge.decision_id, "fee": charge.fee, **details}
    audit.record(acts=[Act(verb=verb, about=("charge", str(charge.pk)), case=charge.case_id, details=told)], actor=actor, now=now)
