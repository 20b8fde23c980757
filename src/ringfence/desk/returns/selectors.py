"""Questions about parties that return."""

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.queues import of_cases
from ringfence.desk.returns.models import Return


def returns(*, actor: Actor, case: int | None = None, party: str = "") -> QuerySet[Return]:
    """Return parties that seem to return: those to look at first, the heaviest before."""
    found = Return.objects.select_related("ending").order_by("answered", "-weight", "id")
    if not actor.sees_the_desk:
        return found.none()
    found = of_cases(found, actor, "ending__case")
    if case is not None:
        found = found.filter(ending__case_id=case)
    return found.filter(party=party) if party else found
