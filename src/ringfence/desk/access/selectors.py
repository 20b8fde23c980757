"""Questions about who may sign in."""

from ringfence.desk.access.models import Person
from ringfence.desk.actor import Actor


def people(*, actor: Actor) -> list[Person]:
    """Return every login, by name."""
    return list(Person.objects.order_by("username")) if actor.administers else []
