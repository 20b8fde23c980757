"""Questions about inquiries."""

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.inquiries.models import Inquiry, InquiryState, Tier
from ringfence.desk.queues import of_cases


def inquiries(*, actor: Actor, state: str = "all", case: int | None = None) -> QuerySet[Inquiry]:
    """Return inquiries, newest first; `state` `""` is what is open, `all` every one; of one case where it is named."""
    if not actor.sees_the_desk:
        return Inquiry.objects.none()
    found = of_cases(Inquiry.objects.prefetch_related("tiers").order_by("-asked", "-id"), actor)
    if state != "all":
        found = found.filter(state=state or InquiryState.OPEN)
    return found.filter(case_id=case) if case is not None else found


def inquiry(*, number: int, actor: Actor) -> Inquiry | None:
    """Return one inquiry."""
    return inquiries(actor=actor).filter(id=number).first()


def tiers(*, inquiry: int, actor: Actor) -> list[Tier]:
    """Return the parties that are asked, in the order in which they were."""
    found = Tier.objects.filter(inquiry_id=inquiry).order_by("id")
    return list(of_cases(found, actor, "inquiry__case")) if actor.sees_the_desk else []
