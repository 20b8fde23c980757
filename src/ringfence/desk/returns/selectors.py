"""Questions about parties that return."""

from django.db.models import Q, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.cases.models import Case
from ringfence.desk.queues import of_cases
from ringfence.desk.returns.models import Return
from ringfence.vocabulary.subjects import SubjectKind


def returns(*, actor: Actor, case: int | None = None, party: str = "") -> QuerySet[Return]:
    """Return parties that seem to return: those to look at first, the heaviest before."""
    found = Return.objects.select_related("ending").order_by("answered", "-weight", "id")
    if not actor.sees_the_desk:
        return found.none()
    found = of_cases(found, actor, "ending__case")
    if case is not None:
        found = found.filter(ending__case_id=case)
    return found.filter(party=party) if party else found


def returns_of_case(*, case: int, actor: Actor) -> QuerySet[Return]:
    """Return what a case has to do with: its ended party seems to return, or its subject seems to be an ended party."""
    subject = Case.objects.filter(id=case, subject_kind=SubjectKind.PARTY).values("subject_id")
    return returns(actor=actor).filter(Q(ending__case_id=case) | Q(party__in=subject))
