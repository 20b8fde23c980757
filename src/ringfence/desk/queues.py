"""What a person's group leaves to it: what belongs to cases of its queues; where it has the intake, what belongs to no case.

A queue is a role of cases' subjects, such as `compromised`. Cases stand above most apps: they are named here, not imported.
"""

from typing import Final, TypeVar

from django.apps import apps
from django.db.models import CharField, Model, Q, QuerySet
from django.db.models.functions import Cast

from ringfence.desk.actor import Actor
from ringfence.desk.errors import NotThere

INTAKE: Final = "intake"
"""The queue of what belongs to no case: complaints nobody sorted, findings of rules in shadow."""

_Row = TypeVar("_Row", bound=Model)


def _cases(actor: Actor) -> QuerySet[Model]:
    found: QuerySet[Model] = apps.get_model("cases", "Case")._default_manager.filter(role__in=sorted(actor.queues or ()))
    return found


def of_cases(rows: QuerySet[_Row], actor: Actor, path: str = "case", *, shared: bool = False) -> QuerySet[_Row]:
    """Narrow rows to those that the actor's queues leave it; `path` leads from a row to its case, or to the case's number.

    `shared`: what belongs to no case is for everybody, not for the intake alone.
    """
    if actor.queues is None:
        return rows
    mine = Q(**{f"{path}__in": _cases(actor).values("pk")})
    return rows.filter(mine | Q(**{f"{path}__isnull": True}) if shared or INTAKE in actor.queues else mine)


def of_things(rows: QuerySet[_Row], actor: Actor) -> QuerySet[_Row]:
    """Narrow rows that name a case by number, or else the thing that they are about: a complaint may belong to a case."""
    return rows if actor.queues is None else rows.filter(theirs(actor))


def theirs(actor: Actor) -> Q:
    """Return the condition of `of_things`, for an actor whose queues are bounded."""
    mine = _cases(actor).values("pk")
    joined = apps.get_model("cases", "JoinedComplaint")._default_manager.annotate(written=Cast("complaint", CharField()))
    about = Q(case__isnull=True, noun="complaint")
    found = Q(case__in=mine) | about & Q(noun_id__in=joined.filter(case__in=mine).values("written"))
    if actor.queues is not None and INTAKE in actor.queues:
        found |= Q(case__isnull=True) & ~(about & Q(noun_id__in=joined.values("written")))
    return found


def hold_case(case: int, actor: Actor) -> None:
    """Raise `NotThere` where the case is of another queue: to who may not see it there is none."""
    if actor.queues is not None and not _cases(actor).filter(pk=case).exists():
        raise NotThere(f"no case {case}")


def hold_complaint(complaint: int, actor: Actor) -> None:
    """Raise `NotThere` where the complaint belongs to a case of another queue, or to none where the actor has no intake."""
    if actor.queues is None:
        return
    rows = apps.get_model("complaints", "Complaint")._default_manager.filter(pk=complaint)
    if not of_cases(rows, actor, "joinedcomplaint__case").exists():
        raise NotThere(f"no complaint {complaint}")
