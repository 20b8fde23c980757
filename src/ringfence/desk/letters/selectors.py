"""Questions about letters."""

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.letters.models import Letter
from ringfence.desk.queues import of_things


def letters(*, actor: Actor, case: int | None = None) -> QuerySet[Letter]:
    """Return letters, newest first; of one case where it is named."""
    found = Letter.objects.order_by("-created", "-id")
    if not actor.sees_the_desk:
        return found.none()
    found = of_things(found, actor)
    return found.filter(case=case) if case is not None else found


def letters_about(*, about: tuple[str, str], actor: Actor) -> list[Letter]:
    """Return the letters that belong to one thing, oldest first."""
    found = letters(actor=actor).filter(noun=about[0], noun_id=about[1])
    return list(found.order_by("created", "id"))
