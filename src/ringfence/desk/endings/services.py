"""Ending contracts, settling what they leave, keeping numbers in quarantine, and releasing them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require, system
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.charges import selectors as charges
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.models import Decision
from ringfence.desk.endings.models import Ending, EndingNumber, EndingState, NumberFate, Quarantine, Release, ReleaseState
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.held import heed
from ringfence.desk.parties import records
from ringfence.desk.parties import services as parties
from ringfence.desk.parties.models import AccountHolding, Contract, NumberHolding, NumberState, in_force
from ringfence.desk.policies import selectors as policies
from ringfence.desk.queues import hold_case
from ringfence.vocabulary.contracts import ActionKind
from ringfence.vocabulary.number_blocks import Block
from ringfence.vocabulary.subjects import SubjectKind

_OURS: Final = system("endings")


class NotSettled(DeskError):
    """Something is missing; the text says what."""


@transaction.atomic
def begin(*, decision_id: str, actor: Actor, now: datetime) -> int | None:
    """End a party's contracts and list what they leave, once a second person confirmed the decision; return it. Twice is once."""
    require(actor.kind is ActorKind.SYSTEM, actor, "end contracts")
    decision = Decision.objects.filter(id=decision_id, action=str(ActionKind.TERMINATE)).first()
    if decision is None or decision.scope_kind != SubjectKind.PARTY or not hasattr(decision, "confirmation"):
        return None
    held = Ending.objects.filter(decision=decision).first()
    if held is not None:
        return held.pk
    party = decision.scope_value
    standing = list(Contract.objects.filter(in_force(now), party__name=party, valid_from__lt=now).order_by("id"))
    for contract in standing:
        records.end_contract(contract=contract.pk, at=now, actor=actor, now=now)
    made = Ending.objects.create(
        decision=decision, case_id=decision.case_id, party=party, ended=now, contracts=[one.reference for one in standing]
    )
    accounts = AccountHolding.objects.filter(in_force(now), party__name=party).values("account")
    blocks = NumberHolding.objects.filter(in_force(now), account__in=accounts, state=NumberState.HELD).select_related("account")
    EndingNumber.objects.bulk_create(
        EndingNumber(ending=made, prefix=one.prefix, digits=one.digits, account=one.account.name)
        for one in blocks.order_by("prefix")
        if one.account is not None
    )
    details: dict[str, Detail] = {"decision": decision_id, "contracts": len(standing), "blocks": made.numbers.count()}
    _record("contract-ended", ("ending", str(made.pk)), made.case_id, details, actor, now)
    return made.pk


@transaction.atomic
def settle_number(*, number: int, fate: str, to: str, actor: Actor, now: datetime) -> None:
    """Say what becomes of a number of an ended contract: `ported`, with `to` whom, or `quarantined`.

    Raises `NotThere`, `NotSettled`, `StaleState` where it is settled.
    """
    require(actor.kind is ActorKind.PERSON and actor.decides, actor, "settle numbers")
    row = EndingNumber.objects.select_related("ending").filter(id=number).first()
    if row is None:
        raise NotThere(f"no number {number}")
    hold_case(row.ending.case_id, actor)
    heed(case_id=row.ending.case_id, actor=actor, now=now)
    if fate not in (NumberFate.PORTED, NumberFate.QUARANTINED) or (fate == NumberFate.PORTED and not to.strip()):
        raise NotSettled("say whether it is ported, and to whom, or goes into quarantine")
    open_rows = EndingNumber.objects.filter(id=number, fate=NumberFate.OPEN, ending__state=EndingState.OPEN)
    if not open_rows.update(fate=fate, to=to.strip()[:128], settled=now, settled_by=actor.id):
        raise StaleState("it is settled already")
    if fate == NumberFate.PORTED:
        _tell({"number": row.written, "state": str(NumberState.PORTED_OUT)}, now)
    else:
        _quarantine(Block(row.prefix, row.digits), row.account, row.ending.decision, actor, now)
    details: dict[str, Detail] = {"number": audit.token_of("number", row.written), "fate": fate, "to": to.strip()[:128]}
    _record("number-settled", ("ending", str(row.ending_id)), row.ending.case_id, details, actor, now)
    _close(row.ending_id, actor, now)


@transaction.atomic
def settle_charges(*, number: int, note: str, actor: Actor, now: datetime) -> None:
    """Say that the final charges are made: a charge for the decision stands, or `note` says why there is none."""
    require(actor.kind is ActorKind.PERSON and actor.decides, actor, "settle final charges")
    found = Ending.objects.select_for_update().filter(id=number).first()
    if found is None:
        raise NotThere(f"no end of a contract {number}")
    hold_case(found.case_id, actor)
    heed(case_id=found.case_id, actor=actor, now=now)
    if not note.strip() and not charges.charges(actor=actor).filter(decision_id=found.decision_id).exists():
        raise NotSettled("charge what is due first, or say why nothing is")
    fresh = Ending.objects.filter(id=number, state=EndingState.OPEN, charges_settled__isnull=True)
    if not fresh.update(charges_settled=now, charges_settled_by=actor.id, charges_note=note.strip()):
        raise StaleState("they are settled already")
    _record("final-charges", ("ending", str(number)), found.case_id, {"note": note.strip()[:200]}, actor, now)
    _close(number, actor, now)


def _close(number: int, actor: Actor, now: datetime) -> None:
    whole = Ending.objects.filter(id=number, state=EndingState.OPEN, charges_settled__isnull=False)
    if EndingNumber.objects.filter(ending_id=number, fate=NumberFate.OPEN).exists() or not whole.update(state=EndingState.SETTLED):
        return
    case = Ending.objects.get(id=number).case_id
    _record("ending-settled", ("ending", str(number)), case, {}, actor, now)


@transaction.atomic
def note_reversed(*, decision_id: str, actor: Actor, now: datetime) -> None:
    """Note that a contract's end should not have been: contracts are agreed anew by people, and somebody is told so."""
    require(actor.kind is ActorKind.SYSTEM, actor, "note reversals")
    found = Ending.objects.filter(decision_id=decision_id).exclude(state=EndingState.REVERSED).first()
    if found is None:
        return
    Ending.objects.filter(id=found.pk).update(state=EndingState.REVERSED)
    listed = ", ".join(found.contracts) or "none were kept here"
    text = f"For lead: the end of {found.party}'s contract should not have been (case {found.case_id}). Agree anew: {listed}."
    deciding.raise_alarm(kind="ending", text=text, case=found.case_id, actor=actor, now=now)


@transaction.atomic
def quarantine_withdrawn(*, order_id: str, actor: Actor, now: datetime) -> None:
    """Put a number that an order withdraws into quarantine: from now on it is nobody's. Twice is once."""
    require(actor.kind is ActorKind.SYSTEM, actor, "quarantine numbers")
    order = Order.objects.filter(id=order_id, action=str(ActionKind.WITHDRAW), scope_kind=str(SubjectKind.NUMBER)).first()
    if order is None or not order.in_force or Quarantine.objects.filter(decision_id=order.decision_id).exists():
        return
    _quarantine(Block(order.scope_value, len(order.scope_value)), _holder(order.scope_value, now), order.decision, actor, now)


def _holder(number: str, now: datetime) -> str:
    """Return the account that holds a number, by the longest block that says so; empty where nobody does."""
    prefixes = [number[:length] for length in range(len(number), 1, -1)]
    held = NumberHolding.objects.filter(in_force(now), prefix__in=prefixes, digits=len(number)).select_related("account")
    found = max(held, key=lambda one: len(one.prefix), default=None)
    return found.account.name if found is not None and found.account is not None else ""


def _quarantine(block: Block, account: str, decision: Decision, actor: Actor, now: datetime) -> None:
    _, new = Quarantine.objects.get_or_create(
        prefix=block.prefix, digits=block.digits, over=None, defaults={"account": account, "decision": decision, "since": now}
    )
    if new:
        _tell({"number": block.written, "state": str(NumberState.QUARANTINED)}, now)
        details: dict[str, Detail] = {"number": audit.token_of("number", block.written), "decision": decision.id}
        _record("quarantined", ("decision", decision.id), decision.case_id, details, actor, now)


@transaction.atomic
def return_number(*, order_id: str, actor: Actor, now: datetime) -> None:
    """Give a number back to who held it, once the order that withdrew it is over; not one that was released meanwhile."""
    require(actor.kind is ActorKind.SYSTEM, actor, "give numbers back")
    found = Quarantine.objects.select_related("decision").filter(decision_id=order_id, over__isnull=True).first()
    if found is None or found.decision.action != str(ActionKind.WITHDRAW):
        return
    Quarantine.objects.filter(id=found.pk).update(over=now, how="its order is over: it went back to its holder")
    if found.account:
        _tell({"number": found.written, "account": found.account}, now)
    details: dict[str, Detail] = {"number": audit.token_of("number", found.written)}
    _record("returned", ("decision", found.decision_id), found.decision.case_id, details, actor, now)


@transaction.atomic
def ask_release(*, quarantine: int, clause: str, reasons: str, actor: Actor, now: datetime) -> int:
    """Decide that a number may be given out again, under a clause; it waits for a second person. Return the release.

    Raises `NotThere`, `NotSettled` without reasons or for a clause that the version in force does not have, `StaleState`.
    """
    require(actor.kind is ActorKind.PERSON and actor.decides, actor, "release numbers")
    held = Quarantine.objects.select_related("decision").filter(id=quarantine).first()
    version = policies.current(actor=actor)
    if held is None or version is None:
        raise NotThere(f"no number in quarantine {quarantine}")
    hold_case(held.decision.case_id, actor)
    heed(case_id=held.decision.case_id, actor=actor, now=now)
    if policies.bundle(hash=version.hash).clause(clause) is None or not reasons.strip():
        raise NotSettled("name a clause of the version in force, and say why")
    if held.over is not None or held.releases.filter(state=ReleaseState.WAITING).exists():
        raise StaleState("it left quarantine, or its release waits already")
    made = Release.objects.create(
        quarantine=held, policy=version, clause=clause, reasons=reasons.strip(), asked=now, asked_by=actor.id
    )
    details: dict[str, Detail] = {"number": audit.token_of("number", held.written), "clause": clause}
    _record("release-decided", ("release", str(made.pk)), held.decision.case_id, details, actor, now)
    return made.pk


@transaction.atomic
def answer_release(*, release: int, releases: bool, answer: str, actor: Actor, now: datetime) -> None:
    """Release a number as the second person, or keep it. Orders against it end then: the next holder inherits nothing."""
    require(actor.kind is ActorKind.PERSON and actor.confirms, actor, "confirm the release of numbers")
    found = Release.objects.select_related("quarantine__decision").filter(id=release).first()
    if found is None:
        raise NotThere(f"no release {release}")
    held = found.quarantine
    hold_case(held.decision.case_id, actor)
    require(found.asked_by != actor.id, actor, "confirm their own decision: that takes a second person")
    state = ReleaseState.RELEASED if releases else ReleaseState.REFUSED
    waiting = Release.objects.filter(id=release, state=ReleaseState.WAITING)
    if not waiting.update(state=state, answered=now, answered_by=actor.id, answer=answer.strip()):
        raise StaleState("somebody answered it already")
    _record(f"release-{state}", ("release", str(release)), held.decision.case_id, {"answer": answer.strip()[:200]}, actor, now)
    if releases:
        _let_go(held, "released by two persons", actor, now)
        # Its span ends, and no other begins: whoever is given it next begins anew.
        NumberHolding.objects.filter(in_force(now), prefix=held.prefix, digits=held.digits, state=NumberState.QUARANTINED).update(
            valid_to=now
        )


def _let_go(held: Quarantine, how: str, actor: Actor, now: datetime) -> None:
    if not Quarantine.objects.filter(id=held.pk, over__isnull=True).update(over=now, how=how):
        return
    for order in Order.objects.filter(scope_kind=str(SubjectKind.NUMBER), scope_value=held.prefix, state__in=enforcement.IN_FORCE):
        if len(order.scope_value) == held.digits:
            enforcement.remove(order, "ended", f"the number left quarantine: {how}", actor, now)


@transaction.atomic
def sweep_quarantines(*, actor: Actor, now: datetime) -> int:
    """End the quarantine of numbers that the provider's own systems gave to somebody, and tell a person; return how many."""
    require(actor.kind is ActorKind.SYSTEM, actor, "look after quarantined numbers")
    ended = 0
    for held in Quarantine.objects.select_related("decision").filter(over__isnull=True).order_by("id")[:500]:
        holding = NumberHolding.objects.filter(
            in_force(now), prefix=held.prefix, digits=held.digits, state__in=(NumberState.HELD, NumberState.SUB_ALLOCATED)
        )
        taken = holding.select_related("account").first()
        if taken is None or taken.account is None:
            continue
        _let_go(held, f"given to {taken.account.name} without a release", actor, now)
        text = f"For lead: {held.written} was in quarantine and {taken.account.name} holds it, without a release by two persons."
        deciding.raise_alarm(kind="quarantine", text=text, case=held.decision.case_id, actor=actor, now=now)
        ended += 1
    return ended


def _tell(row: Mapping[str, str], now: datetime) -> None:
    report = parties.import_parties(files={"numbers.csv": [row]}, actor=_OURS, now=now)
    if report.problems:
        raise NotSettled(f"the number cannot be kept so: {report.problems[0].cause}")


def _record(verb: str, about: tuple[str, str], case: int, details: dict[str, Detail], actor: Actor, now: datetime) -> None:
    audit.record(acts=[Act(verb=verb, about=about, case=case, details=details)], actor=actor, now=now)
