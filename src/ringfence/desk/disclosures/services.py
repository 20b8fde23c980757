"""Registering requests of authorities, verifying them, deciding by two persons, and handing over with a manifest."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.db import IntegrityError, transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.cases import selectors as cases
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.disclosures.models import DisclosureRequest, RequestKind, RequestState
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.held import heed
from ringfence.desk.policies import rulings
from ringfence.desk.policies import selectors as policies
from ringfence.desk.policies.rulings import About
from ringfence.desk.queues import hold_case
from ringfence.vocabulary.contracts import Subject
from ringfence.vocabulary.subjects import SubjectKind

NOUN: Final = "disclosure"
CLAUSES: Final = ("disclosure", "referral")
"""What may allow it, where the version in force has it and no court struck it."""
_CLOCKS: Final = {
    RequestKind.PRODUCTION: ("authority-assistance", timedelta(days=10)),
    RequestKind.EMERGENCY: ("authority-emergency", timedelta(hours=8)),
    RequestKind.PRESERVATION: ("preservation", timedelta(days=60)),
}
"""Each kind's clock, and how long there is where the version names none (Regulation (EU) 2023/1543 articles 10 and 11)."""


class NotDisclosed(DeskError):
    """Something is missing; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an authority asks for. `basis` is the law that it names, `gag_until` until when the party must not be told."""

    case: int
    kind: str
    authority: str
    reference: str
    basis: str
    asked_for: str
    gag_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of the minimum set: what it is, why it is needed, and the SHA-256 of the file that is handed over."""

    what: str
    why: str
    sha256: str


@transaction.atomic
def register(*, asked: Asked, actor: Actor, now: datetime) -> int:
    """Take a request in; its clock starts. Raises `NotThere`, `NotDisclosed`, `StaleState` for a reference that is there."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases and actor.sees_evidence, actor, "register requests of authorities")
    if cases.case(number=asked.case, actor=actor) is None:
        raise NotThere(f"no case {asked.case}")
    named = (asked.authority, asked.reference, asked.basis, asked.asked_for)
    if asked.kind not in RequestKind.values or not all(each.strip() for each in named):
        raise NotDisclosed("say which authority asks, under which reference and law, and for what")
    try:
        with transaction.atomic():
            made = DisclosureRequest.objects.create(
                case_id=asked.case,
                kind=asked.kind,
                authority=asked.authority.strip()[:200],
                reference=asked.reference.strip()[:128],
                basis=asked.basis.strip()[:300],
                asked_for=asked.asked_for.strip(),
                received=now,
                received_by=actor.id,
                gag_until=asked.gag_until,
            )
    except IntegrityError as error:
        raise StaleState("a request of that authority with that reference is there") from error
    _record("request-registered", made, {"kind": made.kind}, actor, now)
    clock = _CLOCKS.get(RequestKind(made.kind))
    if clock is not None:
        what = f"Answer request {made.pk} ({made.get_kind_display()})"
        owed = Owed(clock=clock[0], about=(NOUN, str(made.pk)), what=what, case=asked.case, otherwise=clock[1])
        clocks.start(owed=owed, actor=actor, now=now)
    return made.pk


@transaction.atomic
def verify(*, number: int, how: str, actor: Actor, now: datetime) -> None:
    """Say how it was made sure that the authority sent it: a call back to a number from its own register, say."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases and actor.sees_evidence, actor, "verify requests of authorities")
    found = _held(number, actor)
    if not how.strip():
        raise NotDisclosed("say how it was verified: what the letter says of itself proves nothing")
    fresh = DisclosureRequest.objects.filter(id=number, state=RequestState.RECEIVED, verified="")
    if not fresh.update(verified=how.strip(), verified_by=actor.id):
        raise StaleState("it was verified, or decided")
    _record("request-verified", found, {}, actor, now)


@transaction.atomic
def decide(*, number: int, clause: str, items: Sequence[Item], reasons: str, actor: Actor, now: datetime) -> None:
    """Decide to disclose a minimum set under a clause. Nothing goes out before a second person confirmed it.

    Raises `NotThere`, `NotDisclosed` where it was not verified, names nothing, or no clause allows it, `StaleState`.
    """
    require(actor.kind is ActorKind.PERSON and actor.decides and actor.sees_evidence, actor, "decide disclosures")
    found, version = _worked_on(number, actor, now), policies.current(actor=actor)
    if version is None or clause not in CLAUSES or policies.bundle(hash=version.hash).clause(clause) is None:
        raise NotDisclosed(f"no clause {clause or '(none)'} allows it: {' or '.join(CLAUSES)}, where the version in force has it")
    about = About(Subject(kind=SubjectKind.CAMPAIGN, id=str(found.case_id)))
    ruling = rulings.striking(clause=clause, about=about, moments=[now], actor=actor)
    if ruling is not None:
        raise NotDisclosed(f"the clause {clause} is struck by {ruling.court}, {ruling.reference}")
    if not found.verified and found.kind != RequestKind.VOLUNTARY:
        raise NotDisclosed("it was not verified: forged requests are common")
    whole = [item for item in items if item.what.strip() and item.why.strip() and _is_hash(item.sha256)]
    if not whole or len(whole) != len(items) or not reasons.strip():
        raise NotDisclosed("name each thing that goes out, why it is needed and its SHA-256, and say why")
    told = [{"what": item.what.strip(), "why": item.why.strip(), "sha256": item.sha256} for item in whole]
    fresh = DisclosureRequest.objects.filter(id=number, state=RequestState.RECEIVED)
    if not fresh.update(
        state=RequestState.WAITING,
        policy=version,
        clause=clause,
        items=told,
        reasons=reasons.strip(),
        decided=now,
        decided_by=actor.id,
    ):
        raise StaleState("it was decided already")
    _record("disclosure-decided", found, {"clause": clause, "items": len(told)}, actor, now)


@transaction.atomic
def confirm(*, number: int, answer: str, actor: Actor, now: datetime) -> None:
    """Stand behind a disclosure as the second person."""
    require(actor.kind is ActorKind.PERSON and actor.confirms and actor.sees_evidence, actor, "confirm disclosures")
    found = _held(number, actor)
    require(found.decided_by != actor.id, actor, "confirm their own disclosure: that takes a second person")
    waiting = DisclosureRequest.objects.filter(id=number, state=RequestState.WAITING)
    if not waiting.update(state=RequestState.APPROVED, answered=now, answered_by=actor.id, answer=answer.strip()):
        raise StaleState("it does not wait for a second person")
    _record("disclosure-confirmed", found, {}, actor, now)


@transaction.atomic
def refuse(*, number: int, reasons: str, actor: Actor, now: datetime) -> None:
    """Decide that nothing is disclosed; the authority is told why by whoever answers it."""
    require(actor.kind is ActorKind.PERSON and actor.decides and actor.sees_evidence, actor, "refuse disclosures")
    found = _worked_on(number, actor, now)
    if not reasons.strip():
        raise NotDisclosed("say why: the authority is told")
    open_states = (RequestState.RECEIVED, RequestState.WAITING)
    if not DisclosureRequest.objects.filter(id=number, state__in=open_states).update(
        state=RequestState.REFUSED, answered=now, answered_by=actor.id, answer=reasons.strip()
    ):
        raise StaleState("it was answered already")
    _record("disclosure-refused", found, {"because": reasons.strip()[:200]}, actor, now)
    clocks.meet(about=(NOUN, str(number)), actor=actor, now=now)


@transaction.atomic
def hand_over(*, number: int, actor: Actor, now: datetime) -> str:
    """Note that what two persons decided was handed over; return the manifest, canonical JSON whose hash the audit holds."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases and actor.sees_evidence, actor, "hand disclosures over")
    found = _worked_on(number, actor, now)
    manifest = json.dumps(
        {
            "authority": found.authority,
            "basis": found.basis,
            "case": found.case_id,
            "clause": found.clause,
            "confirmed_by": found.answered_by,
            "decided_by": found.decided_by,
            "handed_over": now.isoformat(),
            "items": found.items,
            "kind": found.kind,
            "policy": found.policy.hash if found.policy is not None else None,
            "reference": found.reference,
        },
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )
    digest = sha256(manifest.encode()).hexdigest()
    approved = DisclosureRequest.objects.filter(id=number, state=RequestState.APPROVED)
    if not approved.update(state=RequestState.DISCLOSED, disclosed=now, manifest=manifest, manifest_sha256=digest):
        raise StaleState("two persons have not decided it, or it was handed over")
    _record("disclosed", found, {"manifest": digest, "items": len(found.items)}, actor, now)
    clocks.meet(about=(NOUN, str(number)), actor=actor, now=now)
    return manifest


@transaction.atomic
def note_told(*, number: int, actor: Actor, now: datetime) -> None:
    """Note that the party was told of the disclosure. Raises `NotDisclosed` while it must not be."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases and actor.sees_evidence, actor, "tell parties of disclosures")
    found = _worked_on(number, actor, now)
    if found.gag_until is not None and now < found.gag_until:
        raise NotDisclosed(f"the party must not be told before {found.gag_until:%Y-%m-%d %H:%M} UTC")
    if not DisclosureRequest.objects.filter(id=number, state=RequestState.DISCLOSED, told__isnull=True).update(told=now):
        raise StaleState("nothing was disclosed, or the party was told")
    _record("party-told-of-disclosure", found, {}, actor, now)


def _worked_on(number: int, actor: Actor, now: datetime) -> DisclosureRequest:
    """Return a request for who decides in it; not for the second person. Raises `NotThere`, `ClaimedByAnother`."""
    found = _held(number, actor)
    heed(case_id=found.case_id, actor=actor, now=now)
    return found


def _held(number: int, actor: Actor) -> DisclosureRequest:
    found = DisclosureRequest.objects.select_for_update(of=("self",)).select_related("policy").filter(id=number).first()
    if found is None:
        raise NotThere(f"no request {number}")
    hold_case(found.case_id, actor)
    return found


def _is_hash(text: str) -> bool:
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


def _record(verb: str, found: DisclosureRequest, details: dict[str, Detail], actor: Actor, now: datetime) -> None:
    told: dict[str, Detail] = {"request": found.pk, **details}
    audit.record(acts=[Act(verb=verb, about=(NOUN, str(found.pk)), case=found.case_id, details=told)], actor=actor, now=now)
