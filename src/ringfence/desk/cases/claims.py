"""Keeping claims of cases, and letting idle ones lapse. What a claim holds: `ringfence.desk.held`."""

from datetime import datetime

from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.cases.models import Case, CaseState, Claim
from ringfence.desk.held import ClaimedByAnother, Held, heed, held, lapses_after, touch

__all__ = ["ClaimedByAnother", "Held", "heed", "held", "keep", "lapses_after", "let_lapse", "touch"]


def keep(*, case_id: int, now: datetime) -> None:
    """Write down who holds a case since when."""
    Claim.objects.update_or_create(case_id=case_id, defaults={"since": now, "touched": now})


@transaction.atomic
def let_lapse(*, actor: Actor, now: datetime) -> int:
    """Open the cases whose holder did nothing in them for too long; return how many. Twice is once."""
    require(actor.kind is ActorKind.SYSTEM, actor, "let claims lapse")
    idle = Claim.objects.select_related("case").filter(touched__lte=now - lapses_after()).order_by("touched")[:100]
    lapsed = 0
    for claim in list(idle):
        if not Claim.objects.filter(pk=claim.pk, touched=claim.touched).delete()[0]:
            continue
        opened = Case.objects.filter(pk=claim.case_id, state=CaseState.CLAIMED)
        if opened.update(state=CaseState.OPEN, assignee="", latest=now):
            about, told = ("case", str(claim.case_id)), {"by": claim.case.assignee}
            audit.record(acts=[Act(verb="claim-lapsed", about=about, case=claim.case_id, details=told)], actor=actor, now=now)
            lapsed += 1
    return lapsed
