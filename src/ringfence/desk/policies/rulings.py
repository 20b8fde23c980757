"""Courts' rulings on clauses: recording them, and asking whether a clause is struck, for whom, where and when."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from ringfence.desk.actor import ANONYMOUS, Actor, require, system
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties.models import AccountHolding, Party, in_force
from ringfence.desk.parties.subtree import parties_within
from ringfence.desk.parties.told import Links, Named, announce, links
from ringfence.desk.policies import acceptance, selectors
from ringfence.desk.policies.models import Ruling, RulingKind
from ringfence.vocabulary.contracts import Reference, RulingLink, Subject
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import micros
from ringfence.watch.attribution import Directory

STRUCK: Final = "clause.struck"
"""Topic of the message that goes out when a strike begins to hold."""

_COUNTRY: Final = re.compile(r"[A-Z]{2}\Z", re.ASCII)
_LONGEST: Final = {"court": 200, "reference": 128, "extent": 4_000}


class RulingRefused(DeskError):
    """What was said is no ruling that could be laid over the policy; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """Who said it, under which reference, on which day; `extent` is what was struck, in words."""

    court: str
    reference: str
    decided: date
    extent: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where and for whom it holds (empty: everywhere, everybody), from when and until when."""

    jurisdictions: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class About:
    """Whom a finding or a decision is about: the subject, and the parties from the root down to who answers for it."""

    subject: Subject
    path: tuple[str, ...] = ()


@transaction.atomic
def strike_clause(*, clause: str, judgment: Judgment, reach: Reach, actor: Actor, now: datetime) -> Ruling:
    """Record that a court struck a clause. Watch is told at once; what rests on the clause is looked at when the ruling holds.

    Raises `RulingRefused`, and `StaleState` where the same ruling is recorded already.
    """
    require(actor.administers, actor, "record rulings")
    check(judgment, reach)
    if clause not in clauses():
        raise RulingRefused(f"no posted version has a clause {clause}")
    begins = reach.valid_from or now
    if reach.valid_to is not None and reach.valid_to <= begins:
        raise RulingRefused("it would end before it begins")
    values = {
        "jurisdictions": sorted(set(reach.jurisdictions)),
        "parties": sorted(set(reach.parties)),
        "valid_from": begins,
        "valid_to": reach.valid_to,
    }
    made = _record(RulingKind.STRIKE, clause, judgment, values, actor, now)
    outbox.enqueue(topic=STRUCK, payloads=[{"ruling": made.pk}], now=now, due=begins)
    return made


@transaction.atomic
def reinstate_clause(*, ruling: int, judgment: Judgment, at: datetime | None, actor: Actor, now: datetime) -> Ruling:
    """Record that a ruling struck a clause no longer from `at` on, now where none is named. Orders that ended do not come back.

    Raises `NotThere`, `RulingRefused`, `StaleState` where it was reinstated already.
    """
    require(actor.administers, actor, "record rulings")
    struck = Ruling.objects.select_for_update().filter(pk=ruling, kind=RulingKind.STRIKE).first()
    if struck is None:
        raise NotThere(f"no ruling {ruling} that struck a clause")
    if Ruling.objects.filter(lifts=struck).exists():
        raise StaleState("the clause was reinstated already")
    check(judgment, Reach())
    begins = at or now
    if begins < struck.valid_from or (struck.valid_to is not None and struck.valid_to <= begins):
        raise RulingRefused("the clause was not struck at that moment")
    values = {
        "jurisdictions": struck.jurisdictions,
        "parties": struck.parties,
        "valid_from": begins,
        "valid_to": None,
        "lifts": struck,
    }
    return _record(RulingKind.REINSTATE, struck.clause, judgment, values, actor, now)


def check(judgment: Judgment, reach: Reach) -> None:
    """Raise `RulingRefused` where something is missing, or names nothing."""
    for name, longest in _LONGEST.items():
        told = getattr(judgment, name)
        if len(told) > longest or (name != "extent" and not told.strip()):
            raise RulingRefused(f"say the {name}, in at most {longest} characters")
    for country in reach.jurisdictions:
        if not _COUNTRY.match(country):
            raise RulingRefused(f"{country!r} is no country: write its two capital letters (ISO 3166), as BE")
    known = set(Party.objects.filter(name__in=reach.parties).values_list("name", flat=True))
    for party in reach.parties:
        if party not in known:
            raise RulingRefused(f"there is no party {party}")


def _record(kind: RulingKind, clause: str, judgment: Judgment, values: dict[str, object], actor: Actor, now: datetime) -> Ruling:
    said = {"kind": kind, "clause": clause, "court": judgment.court.strip(), "reference": judgment.reference.strip()}
    if Ruling.objects.filter(**said).exists():
        raise StaleState("this ruling is recorded already")
    told = {"decided": judgment.decided, "extent": judgment.extent.strip(), "recorded": now, "recorded_by": actor.id}
    made = Ruling.objects.create(**said, **told, **values)
    details: dict[str, Detail] = {
        "clause": clause,
        "court": made.court,
        "reference": made.reference,
        "jurisdictions": made.jurisdictions,
        "from": made.valid_from.isoformat(),
    }
    verb = "clause-struck" if kind == RulingKind.STRIKE else "clause-reinstated"
    audit.record(acts=[Act(verb=verb, about=("ruling", str(made.pk)), details=details)], actor=actor, now=now)
    announce(named=Named(), now=now)
    return made


def rulings(*, actor: Actor) -> QuerySet[Ruling]:  # noqa: ARG001 # courts speak in public; for which parties they did is not shown
    """Return every ruling, newest first."""
    return Ruling.objects.select_related("lifts", "reinstated_by").order_by("-valid_from", "-id")


def ruling(*, number: int, actor: Actor) -> Ruling | None:
    """Return one ruling."""
    return rulings(actor=actor).filter(pk=number).first()


def struck_at(*, moment: datetime, actor: Actor) -> list[Ruling]:
    """Return the strikes that hold at `moment`, somewhere and for somebody, oldest first."""
    return [one for one in reversed(rulings(actor=actor)) if one.holds(moment)]


def told(*, clause: str | None = None) -> tuple[RulingLink, ...]:
    """Return all strikes as watch is told them: those of one clause where it is named."""
    rows = Ruling.objects.filter(kind=RulingKind.STRIKE).select_related("reinstated_by").order_by("id")
    return tuple(_link(one) for one in (rows if clause is None else rows.filter(clause=clause)))


def _link(one: Ruling) -> RulingLink:
    return RulingLink(
        ruling=one.pk,
        clause=one.clause,
        jurisdictions=tuple(one.jurisdictions),
        parties=tuple(one.parties),
        valid_from=micros(one.valid_from),
        valid_to=micros(one.ends) if one.ends else None,
    )


def clauses() -> dict[str, str]:
    """Return every clause of any posted version with its title, the newest title where there are several."""
    found: dict[str, str] = {}
    for version in reversed(selectors.versions(actor=ANONYMOUS)):
        found |= {clause.slug: clause.title for clause in selectors.bundle(hash=version.hash).clauses}
    return found


def striking(*, clause: str, about: About, moments: Sequence[datetime], actor: Actor) -> Ruling | None:
    """Return a ruling by which a clause is struck, at any of `moments`, for whom it is about; `None` where it stands."""
    number = Strikes(told(clause=clause), actor).on(clause, about, moments)
    return Ruling.objects.get(pk=number) if number is not None else None


@dataclass(frozen=True, slots=True)
class Strikes:
    """What is struck by the rulings `links`, for an actor who may see the desk. Answers as watch does: both ask a `Directory`."""

    links: tuple[RulingLink, ...]
    actor: Actor

    def on(self, clause: str, about: About, moments: Sequence[datetime]) -> int | None:
        """Return the number of a ruling by which a clause is struck, at any of `moments`, for whom it is about."""
        there = tuple(one for one in self.links if one.clause == clause)
        if not there:
            return None
        version = selectors.current(actor=self.actor)
        here = selectors.bundle(hash=version.hash).settings.jurisdiction if version is not None else None
        narrowed = any(one.jurisdictions for one in there)
        held = links(actor=self.actor, named=_concerned(about, moments)) if narrowed else Links()
        known = Reference(time=micros(moments[0]), jurisdiction=here, rulings=there, parties=held.parties, accounts=held.accounts)
        court = Directory(known).rulings
        found = (court.on(clause, about.subject, about.path, micros(moment)) for moment in moments)
        return next((one.ruling for one in found if one is not None), None)


def for_party(*, party: str, moment: datetime, actor: Actor) -> list[Ruling]:
    """Return the strikes that held at `moment` for a party, whatever it did, oldest first. The actor must be one who may see it."""
    whose = Party.objects.filter(name=party).first()
    if whose is None:
        return []
    higher = acceptance.above([whose.pk], moment)[whose.pk]
    names = dict(Party.objects.filter(pk__in=higher).values_list("pk", "name"))
    about = About(Subject(kind=SubjectKind.PARTY, id=party), (*(names[key] for key in reversed(higher)), party))
    desk = system("rulings")  # where somebody is, is asked for the desk, whoever reads the answer
    there = struck_at(moment=moment, actor=actor)
    return [one for one in there if Strikes((_link(one),), desk).on(one.clause, about, [moment]) is not None]


def _concerned(about: About, moments: Sequence[datetime]) -> Named:
    """Return the parties and accounts by which one can tell where somebody was."""
    if about.subject.kind is SubjectKind.ACCOUNT:
        return Named(parties=frozenset(about.path), accounts=frozenset((about.subject.id,)))
    parties, accounts = set(about.path), set[str]()
    for moment in moments if about.path else ():
        asked = parties_within(about.path[-1], moment)
        if about.subject.kind is not SubjectKind.PARTY:
            asked = set(Party.objects.filter(name=about.path[-1]).values_list("pk", flat=True))
        parties |= set(Party.objects.filter(pk__in=asked).values_list("name", flat=True))
        holdings = AccountHolding.objects.filter(in_force(moment), party_id__in=asked)
        accounts |= set(holdings.values_list("account__name", flat=True))
    return Named(parties=frozenset(parties), accounts=frozenset(accounts))
