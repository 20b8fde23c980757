"""Questions about the audit."""

from django.db.models import Q, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.audit.models import Entry
from ringfence.desk.queues import theirs


def entries(*, actor: Actor, noun: str = "", verb: str = "", person: str = "") -> QuerySet[Entry]:
    """Return entries, newest first, narrowed by what is not empty."""
    if not actor.sees_the_desk:
        return Entry.objects.none()
    found = _theirs(Entry.objects.order_by("-id"), actor)
    for column, value in (("noun", noun), ("verb", verb), ("actor_id", person)):
        if value:
            found = found.filter(**{column: value})
    return found


def timeline(*, case: int, actor: Actor) -> list[Entry]:
    """Return what happened in a case, oldest first."""
    return list(_theirs(Entry.objects.filter(case=case).order_by("id"), actor)) if actor.sees_the_desk else []


def history(*, noun: str, noun_id: str, actor: Actor) -> list[Entry]:
    """Return what happened to one thing, oldest first."""
    found = Entry.objects.filter(noun=noun, noun_id=noun_id).order_by("id")
    return list(_theirs(found, actor)) if actor.sees_the_desk else []


def _theirs(entries: QuerySet[Entry], actor: Actor) -> QuerySet[Entry]:
    """Narrow entries to those of the actor's queues, and its own: of what is in no case, such as settings, its own alone."""
    if actor.queues is None:
        return entries
    own = Q(actor_kind=str(actor.kind), actor_id=actor.id)
    return entries.filter(own | theirs(actor) & (Q(case__isnull=False) | Q(noun="complaint")))


def times_done(*, verb: str, about: tuple[str, str], since: object, actor: Actor) -> int:
    """Return how often `verb` was recorded about one thing since a moment."""
    found = Entry.objects.filter(noun=about[0], noun_id=about[1], verb=verb, time__gte=since)
    return found.count() if actor.sees_the_desk else 0
