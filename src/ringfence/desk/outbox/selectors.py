"""Questions about what still waits."""

from ringfence.desk.actor import Actor
from ringfence.desk.outbox.models import Message


def stuck(*, actor: Actor) -> list[Message]:
    """Return messages that have failed at least once, oldest first."""
    return list(Message.objects.filter(attempts__gt=0).order_by("id")[:100]) if actor.sees_the_desk else []


def waiting(*, actor: Actor) -> int:
    """Return how many messages wait."""
    return Message.objects.count() if actor.sees_the_desk else 0
