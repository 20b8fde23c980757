"""Questions about inquiries."""

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.inquiries.models import Inquiry, InquiryState, Tier


def inquiries(*, actor: Actor, state: str = "all", case: int | None = None) -> QuerySet[Inquiry]:
    """Return inquiries, newest first; `state` `""` is what is open, `all` every one; of one case where it is named."""
    if not actor.sees_the_desk:
        return Inquiry.objects.none()
    found = Inquiry.objects.prefetch_related("tiers").order_by("-asked", "-id")
    if state != "all":
        found = found.filter(state=state or InquiryState.OPEN)
    return found.filter(case_id=case) if case is not None else found


def inquiry(*, number: int, actor: Actor) -> Inquiry | None:
    """Return one inquiry."""
    return inquiries(actor=actor).filter(id=number).first()


def tiers(*, inquiry: int, actor: Actor) -> list[Tier]:
    """Return the parties that are asked, in the order in which they were."""
    return list(Tier.objects.filter(inquiry_id=inquiry).order_by("id")) if actor.sees_the_desk else []
