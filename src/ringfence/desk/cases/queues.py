"""Which cases are a person's: those of its group's queues. A queue is a role of cases' subjects, such as `compromised`."""

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.cases.models import Case


def in_queues(rows: QuerySet[Case], actor: Actor) -> QuerySet[Case]:
    """Narrow cases to those of the actor's queues."""
    return rows if actor.queues is None else rows.filter(role__in=sorted(actor.queues))


def works_on(*, case: int, actor: Actor) -> bool:
    """Tell whether a case is of the actor's queues."""
    return actor.queues is None or in_queues(Case.objects.filter(pk=case), actor).exists()
