"""Questions about ends of contracts, quarantines and releases."""

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.endings.models import Ending, Quarantine
from ringfence.desk.queues import of_cases


def endings(*, actor: Actor) -> QuerySet[Ending]:
    """Return ends of contracts, newest first."""
    found = Ending.objects.select_related("decision").prefetch_related("numbers").order_by("-ended", "-id")
    return of_cases(found, actor) if actor.sees_the_desk else found.none()


def ending(*, number: int, actor: Actor) -> Ending | None:
    """Return one."""
    return endings(actor=actor).filter(id=number).first()


def quarantines(*, actor: Actor, over: bool = False) -> QuerySet[Quarantine]:
    """Return numbers in quarantine, the longest first; with `over` those that left it, the latest first."""
    found = Quarantine.objects.select_related("decision").prefetch_related("releases").filter(over__isnull=not over)
    found = found.order_by("-over" if over else "since", "id")
    return of_cases(found, actor, "decision__case") if actor.sees_the_desk else found.none()
