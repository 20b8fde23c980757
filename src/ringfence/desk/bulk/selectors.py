"""Questions about bulk decisions: whom one would touch, how those that were made stand."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.bulk.models import BulkDecision, BulkItem
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases.models import Case, CaseLink, CaseState, JoinedComplaint, JoinedFinding, LinkKind
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions.proposals import Proposal
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.parties.touched import Touched, touched
from ringfence.desk.queues import of_cases

MOST: Final = 500
"""Cases of one bulk decision."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that could be decided with the others. `stands_against` says why not, empty where nothing does."""

    case: Case
    proposal: Proposal | None
    touched: Touched
    stands_against: str

    @property
    def party(self) -> str:
        """Who answers."""
        return self.proposal.party if self.proposal is not None else ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a bulk decision would touch, whoever is left out not counted."""

    candidates: list[Candidate]
    whole: Touched
    in_force: int
    """Orders in force against these cases' subjects already."""


def campaign_cases(*, campaign: int, actor: Actor) -> list[int]:
    """Return the open cases to which complaints of a campaign belong."""
    joined = JoinedComplaint.objects.filter(complaint__story__campaign_id=campaign).exclude(case__state=CaseState.CLOSED)
    return _seen(sorted(set(joined.values_list("case_id", flat=True))), actor)


def linked_cases(*, case: int, actor: Actor) -> list[int]:
    """Return a case and the open ones that are linked with it as one campaign, also by way of others."""
    reached, waiting = {case}, deque([case])
    while waiting and len(reached) <= MOST:
        number = waiting.popleft()
        links = CaseLink.objects.filter(Q(case_id=number) | Q(other_id=number), kind=LinkKind.CAMPAIGN)
        for pair in links.values_list("case_id", "other_id"):
            waiting.extend(set(pair) - reached)
            reached.update(pair)
    return _seen(sorted(reached), actor)


def _seen(numbers: Sequence[int], actor: Actor) -> list[int]:
    found = cases.cases(actor=actor, state="all").exclude(state=CaseState.CLOSED).filter(id__in=numbers)
    return sorted(found.values_list("id", flat=True))[:MOST]


def preview(*, numbers: Sequence[int], left_out: Sequence[int] = (), actor: Actor, now: datetime) -> Preview:
    """Return what deciding these cases as the ladder says would do, and to whom."""
    rows = {case.pk: case for case in cases.cases(actor=actor, state="all").filter(id__in=list(numbers)[:MOST])}
    found = [_candidate(rows[number], actor, now) for number in numbers[:MOST] if number in rows]
    meant = [one.touched for one in found if not one.stands_against and one.case.pk not in left_out]
    whole = Touched(
        parties=len({name for one in meant for name in one.names}),
        accounts=sum(one.accounts for one in meant),
        trunks=sum(one.trunks for one in meant),
        numbers=sum(one.numbers for one in meant),
        names=tuple(sorted({name for one in meant for name in one.names}))[:10],
    )
    in_force = orders.orders(actor=actor).filter(case_id__in=list(rows)).count()
    return Preview(found, whole, in_force)


def _candidate(case: Case, actor: Actor, now: datetime) -> Candidate:
    latest = JoinedFinding.objects.filter(case=case).order_by("-finding__time", "-finding_id").first()
    if latest is None:
        return Candidate(case, None, Touched(), "no finding belongs to it: a person decides it by itself")
    proposal = decisions.proposal(case=case.pk, finding_id=latest.finding_id, actor=actor, now=now)
    if proposal is None:
        return Candidate(case, None, Touched(), "the ladder has no measure for it that an edge carries out")
    scope = proposal.measure.scope
    there = touched(kind=str(scope.kind), value=scope.value, now=now, actor=actor)
    return Candidate(case, proposal, there, proposal.obstacle)


def bulk_decisions(*, actor: Actor) -> QuerySet[BulkDecision]:
    """Return bulk decisions, newest first. Who sees some queues alone sees none: they go across all."""
    found = BulkDecision.objects.order_by("-decided", "-id")
    return found if actor.sees_the_desk and actor.queues is None else found.none()


def bulk_decision(*, number: int, actor: Actor) -> BulkDecision | None:
    """Return one."""
    return bulk_decisions(actor=actor).filter(id=number).first()


def items(*, bulk: int, actor: Actor) -> QuerySet[BulkItem]:
    """Return the cases of one: those to check first, then by number."""
    found = BulkItem.objects.filter(bulk__in=bulk_decisions(actor=actor), bulk_id=bulk)
    return found.select_related("case", "decision").order_by("-sampled", "case_id")


def of_case(*, case: int, actor: Actor) -> QuerySet[BulkItem]:
    """Return what became of a case in bulk decisions, the latest first."""
    found = BulkItem.objects.filter(case_id=case).select_related("bulk").order_by("-bulk_id")
    return of_cases(found, actor) if actor.sees_the_desk else found.none()
