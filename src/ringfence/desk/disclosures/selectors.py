"""Questions about disclosures."""

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.disclosures.models import DisclosureRequest
from ringfence.desk.queues import of_cases


def requests(*, actor: Actor, case: int | None = None) -> QuerySet[DisclosureRequest]:
    """Return requests of authorities, newest first. Only staff that may see evidence sees them."""
    found = DisclosureRequest.objects.select_related("policy").order_by("-received", "-id")
    if not actor.sees_the_desk or not actor.sees_evidence:
        return found.none()
    found = of_cases(found, actor)
    return found.filter(case_id=case) if case is not None else found


def request(*, number: int, actor: Actor) -> DisclosureRequest | None:
    """Return one."""
    return requests(actor=actor).filter(id=number).first()
