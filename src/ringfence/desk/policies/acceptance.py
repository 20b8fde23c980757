"""Who accepted which version of the policy, how, and by what it is known.

A version binds from its posting, whatever the acceptance: that is evidence beside it. A party accepts by its own act (a signed
paper, a click, its program), or by use; or it is deemed to by the word of the reseller that it stands below.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from django.db import transaction
from django.db.models import Max, QuerySet

from ringfence.desk.actor import Actor, KeyScope, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.errors import DeskError, NotThere
from ringfence.desk.letters import selectors as letters
from ringfence.desk.parties.models import AccountHolding, Membership, Party, PartyKind, in_force
from ringfence.desk.parties.subtree import sees, visible
from ringfence.desk.policies.models import Acceptance, How, PolicyVersion

LARGEST_DOCUMENT: Final = 5_000_000
_PROOF: Final = 256
_OWN_ACTS: Final = (How.SIGNATURE, How.CLICK, How.API)


class AcceptanceRefused(DeskError):
    """What was said is no acceptance; the text says why."""


class State(StrEnum):
    """Where a party stands with a version."""

    PENDING = "pending"
    BY_ACT = "by act"
    BY_USE = "by use"
    DEEMED = "deemed"


@dataclass(frozen=True, slots=True)
class Bound:
    """Which version bound a party at a moment, and how we know that it accepted. `evidence` is the oldest of the strongest kind."""

    version: PolicyVersion
    state: State
    evidence: Acceptance | None
    all: Sequence[Acceptance]


@dataclass(frozen=True, slots=True)
class Standing:
    """One party in the report: its state, the evidence for it, and when it first used the service since the posting."""

    party: Party
    state: State
    evidence: Acceptance | None
    first_use: datetime | None
    reseller: str | None


@transaction.atomic
def accept_by_click(*, party: str, number: int, actor: Actor, now: datetime) -> Acceptance:
    """Record that one of a party's own people accepted a version at the desk."""
    require(actor.party == party, actor, "accept for another party")
    return _accept(party, _version(number), How.CLICK, Proof(at=now, by=actor.id), actor, now)


@dataclass(frozen=True, slots=True)
class Proof:
    """When a party accepted, who did it for the party, and what proves it."""

    at: datetime
    by: str
    proof: str = ""
    document: bytes = b""
    account: str = ""
    """The account that used the service."""


@transaction.atomic
def accept_by_signature(*, party: str, number: int, proof: Proof, actor: Actor, now: datetime) -> Acceptance:
    """Record a paper that a party signed. The file is kept as it came, with its hash; nobody opens it here."""
    require(actor.administers, actor, "record signatures")
    if not proof.document or len(proof.document) > LARGEST_DOCUMENT:
        raise AcceptanceRefused(f"the signed file is missing, or larger than {LARGEST_DOCUMENT // 1_000_000} MB")
    return _accept(party, _version(number), How.SIGNATURE, proof, actor, now)


@transaction.atomic
def accept_by_api(*, party: str, number: int, proof: Proof, actor: Actor, now: datetime) -> Acceptance:
    """Record what a program says: that a party accepted a version in a portal of the provider's, or of its reseller's."""
    permitted = KeyScope.ACCEPT in actor.scopes and (actor.party is None or sees(actor=_reader(actor), party=party, now=now))
    require(permitted or actor.administers, actor, "report acceptance")
    return _accept(party, _version(number), How.API, proof, actor, now)


@transaction.atomic
def attest(*, party: str, number: int, by: str, proof: str, actor: Actor, now: datetime) -> Acceptance:
    """Record a reseller's word that its users know a version and are bound by it; they are deemed to accept it."""
    require(actor.administers or actor.party == party, actor, "attest for another reseller")
    reseller = _party(party)
    if reseller.kind != PartyKind.RESELLER:
        raise AcceptanceRefused(f"{party} is no reseller: it accepts for itself")
    return _accept(party, _version(number), How.ATTESTATION, Proof(at=now, by=by, proof=proof), actor, now)


@transaction.atomic
def record_use(*, account: str, policy: str, at: datetime, proof: str, actor: Actor, now: datetime) -> Acceptance | None:
    """Record that an account used the service under the version of that hash: its party accepts by that. Once for both.

    `None` where nobody held the account then, or there is no such version: watch may know of neither any more.
    """
    require(actor.administers, actor, "record use")
    version = PolicyVersion.objects.filter(hash=policy).first()
    holding = AccountHolding.objects.filter(in_force(at), account__name=account).select_related("party").first()
    if version is None or holding is None or at < version.posted:
        return None
    used = Proof(at=at, by=account, proof=proof[:_PROOF], account=account)
    return _accept(holding.party.name, version, How.USE, used, actor, now)


@transaction.atomic
def note_presence(*, actor: Actor, how: str, now: datetime) -> None:
    """Record that a party's person signed in, or its program called: a use of the service like a call. Once a version."""
    version = PolicyVersion.objects.order_by("-number").first()
    if actor.party is None or version is None:
        return
    if not Acceptance.objects.filter(version=version, party__name=actor.party, how=How.USE, account="").exists():
        _accept(actor.party, version, How.USE, Proof(at=now, by=actor.id, proof=how), actor, now)


def _accept(party: str, version: PolicyVersion, how: How, proof: Proof, actor: Actor, now: datetime) -> Acceptance:
    """Record it, once: what is there already is left as it is and returned."""
    if proof.at < version.posted or proof.at > now:
        raise AcceptanceRefused("a version is accepted after it was posted, and not in the future")
    if not proof.by.strip() or len(proof.proof) > _PROOF:
        raise AcceptanceRefused(f"say who accepted, and what proves it in at most {_PROOF} characters")
    values = {
        "at": proof.at,
        "recorded": now,
        "by": proof.by[:128],
        "proof": proof.proof,
        "document": proof.document or None,
        "sha256": sha256(proof.document).hexdigest() if proof.document else "",
    }
    found, made = Acceptance.objects.get_or_create(
        version=version, party=_party(party), how=how, account=proof.account, defaults=values
    )
    if made:
        details: dict[str, Detail] = {"party": party, "version": version.number, "how": str(how), "account": proof.account}
        details["sha256"] = found.sha256
        audit.record(acts=[Act(verb="recorded", about=("acceptance", str(found.id)), details=details)], actor=actor, now=now)
    return found


def bound(*, party: str, moment: datetime, actor: Actor, now: datetime) -> Bound | None:
    """Return which version bound a party at `moment`, and how we know; `None` where none was posted, or the actor may not know.

    What is evidence at `moment` is what had happened by then, whenever it was recorded.
    """
    if not sees(actor=actor, party=party, now=now):
        return None
    version = PolicyVersion.objects.filter(posted__lte=moment).order_by("-number").first()
    if version is None:
        return None
    whose = _party(party)
    higher = above([whose.pk], moment)[whose.pk]
    evidence = list(
        Acceptance.objects.filter(version=version, at__lte=moment, party_id__in=[whose.pk, *higher])
        .select_related("party")
        .order_by("at")
    )
    counted = [one for one in evidence if one.party_id == whose.pk or one.how == How.ATTESTATION]
    state, strongest = _state(whose.pk, counted)
    seen = [one for one in counted if actor.party is None or one.party_id == whose.pk]  # a reseller's own words are its own
    return Bound(version, state, strongest if strongest in seen else None, seen)


def report(*, parties: Sequence[Party], version: PolicyVersion, now: datetime) -> list[Standing]:
    """Return where each of the parties stands with a version. They must be ones that the reader may see (`visible`)."""
    keys = [party.pk for party in parties]
    higher = above(keys, now)
    asked = {*keys, *(key for path in higher.values() for key in path)}
    by_party: dict[int, list[Acceptance]] = {}
    for one in Acceptance.objects.filter(version=version, party_id__in=asked).defer("document").order_by("at"):
        by_party.setdefault(one.party_id, []).append(one)
    names = dict(Party.objects.filter(pk__in={path[0] for path in higher.values() if path}).values_list("pk", "name"))
    standings = []
    for party in parties:
        own = by_party.get(party.pk, [])
        words = [one for key in higher[party.pk] for one in by_party.get(key, ()) if one.how == How.ATTESTATION]
        state, evidence = _state(party.pk, [*own, *words])
        first_use = min((one.at for one in own if one.how == How.USE), default=None)
        standings.append(Standing(party, state, evidence, first_use, names.get(higher[party.pk][0]) if higher[party.pk] else None))
    return standings


def silent(*, version: PolicyVersion, actor: Actor, now: datetime) -> QuerySet[Party]:
    """Return the parties that have not used the service since a version was posted, by name."""
    used = Acceptance.objects.filter(version=version, how=How.USE).values("party_id")
    holding = AccountHolding.objects.filter(in_force(now)).values("party_id")
    return visible(Party.objects.filter(pk__in=holding).exclude(pk__in=used), actor=actor, now=now).order_by("name")


def unattested(*, version: PolicyVersion, actor: Actor, now: datetime) -> QuerySet[Party]:
    """Return the resellers that have users now and have not attested a version, by name."""
    attested = Acceptance.objects.filter(version=version, how=How.ATTESTATION).values("party_id")
    above = Membership.objects.filter(in_force(now)).values("parent_id")
    resellers = Party.objects.filter(kind=PartyKind.RESELLER, pk__in=above).exclude(pk__in=attested)
    return visible(resellers, actor=actor, now=now).order_by("name")


@transaction.atomic
def note_export(*, version: PolicyVersion, table: str, actor: Actor, now: datetime) -> None:
    """Record that somebody took the report of a version as a file."""
    require(actor.sees_the_desk, actor, "export acceptance")
    act = Act(verb="exported", about=("policy", str(version.number)), details={"table": f"acceptance {table}"})
    audit.record(acts=[act], actor=actor, now=now)


def reminded(*, version: PolicyVersion, actor: Actor) -> int:
    """Return how many mails of the reminders of a version were written."""
    found = letters.letters(actor=actor).filter(noun="policy", noun_id=str(version.number))
    return found.exclude(key__startswith="posting ").count()


def versions_accepted(*, party: Party) -> Mapping[int, datetime]:
    """Return each version that a party itself accepted, with the time of its newest evidence."""
    rows = Acceptance.objects.filter(party=party).values("version__number").annotate(last=Max("at"))
    return {row["version__number"]: row["last"] for row in rows}


def _state(party: int, evidence: Sequence[Acceptance]) -> tuple[State, Acceptance | None]:
    """Return the state that the evidence, oldest first, proves: a party's own act before its use, this before a reseller's word."""
    own = [one for one in evidence if one.party_id == party]
    kinds: tuple[tuple[State, list[Acceptance]], ...] = (
        (State.BY_ACT, [one for one in own if one.how in (*_OWN_ACTS, How.ATTESTATION)]),
        (State.BY_USE, [one for one in own if one.how == How.USE]),
        (State.DEEMED, [one for one in evidence if one.party_id != party]),
    )
    return next(((state, found[0]) for state, found in kinds if found), (State.PENDING, None))


def above(parties: Iterable[int], moment: datetime) -> dict[int, list[int]]:
    """Return whom each party stood below at `moment`, the nearest first."""
    paths: dict[int, list[int]] = {party: [] for party in parties}
    level = {party: {party} for party in paths}
    while level:
        links = Membership.objects.filter(in_force(moment), party_id__in=level).values_list("party_id", "parent_id")
        following: dict[int, set[int]] = {}
        for below, parent in links:
            for origin in level[below]:
                if parent != origin and parent not in paths[origin]:
                    paths[origin].append(parent)
                    following.setdefault(parent, set()).add(origin)
        level = following
    return paths


def _reader(actor: Actor) -> Actor:
    """Return the actor as one that reads: a key that may only report acceptance may do so for its own subtree."""
    return Actor(actor.kind, actor.id, scopes=frozenset({KeyScope.READ}), party=actor.party)


def _party(name: str) -> Party:
    found = Party.objects.filter(name=name).first()
    if found is None:
        raise NotThere(f"no party {name}")
    return found


def _version(number: int) -> PolicyVersion:
    found = PolicyVersion.objects.filter(number=number).first()
    if found is None:
        raise NotThere(f"no version {number} of the policy")
    return found
