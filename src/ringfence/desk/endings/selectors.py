"""Questions about ends of contracts, quarantines and releases."""

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.endings.models import Ending, Quarantine
from ringfence.desk.queues import of_cases


def endings(*, actor: Actor, case: int | None = None) -> QuerySet[Ending]:
    """Return ends of contracts, newest first; of one case where it is named."""
    found = Ending.objects.select_related("decision").prefetch_related("numbers").order_by("-ended", "-id")
    if case is not None:
        found = found.filter(case_id=case)
    return of_cases(found, actor) if actor.sees_the_desk else found.none()


def ending(*, number: int, actor: Actor) -> Ending | None:
    """Return one."""
    return endings(actor=actor).filter(id=number).first()


def quarantines(*, actor: Actor, over: bool = False) -> QuerySet[Quarantine]:
    """Return numbers in quarantine, the longest first; with `over` those that left it, the latest first."""
    found = Quarantine.objects.select_related("decision").prefetch_related("releases").filter(over__isnull=not over)
    found = found.order_by("-over" if over else "since", "id")
    return of_cases(found, actor, "decision__case") if actor.sees_the_desk else found.none()


def quarantines_of_case(*, case: int, actor: Actor) -> QuerySet[Quarantine]:
    """Return the numbers that a case's decisions put into quarantine, whether they are in it or left it, the latest first."""
    found = Quarantine.objects.filter(decision__case_id=case).order_by("-since", "id")
    return of_cases(found, actor, "decision__case") if actor.sees_the_desk else found.none()
