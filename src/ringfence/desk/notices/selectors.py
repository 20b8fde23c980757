"""Questions about notices."""

from hmac import compare_digest

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.notices.models import Notice
from ringfence.desk.notices.statements import token_of
from ringfence.desk.queues import of_cases


def notices(*, actor: Actor, case: int | None = None) -> QuerySet[Notice]:
    """Return notices, newest first; of one case where it is named."""
    found = Notice.objects.select_related("decision").order_by("-created", "-id")
    if not actor.sees_the_desk:
        return found.none()
    found = of_cases(found, actor)
    return found.filter(case_id=case) if case is not None else found


def notice(*, id: str, actor: Actor) -> Notice | None:
    """Return one notice."""
    return notices(actor=actor).filter(id=id).first()


def notice_by_token(*, id: str, token: str) -> Notice | None:
    """Return the notice whose page somebody asks for who holds its token: no other right is needed, and none is given."""
    if not compare_digest(token.encode(), token_of(id).encode()):
        return None
    return Notice.objects.select_related("decision", "decision__policy").filter(id=id).first()
