"""Putting messages in, taking them out, and moving along the feeds. Plumbing: the acts themselves are recorded by who acts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ringfence.desk.errors import StaleState
from ringfence.desk.outbox.models import FeedPosition, Message

_LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Due:
    """One message to carry out now. `attempts` counts the failed ones."""

    id: int
    topic: str
    payload: Mapping[str, Any]
    attempts: int


def enqueue(*, topic: str, payloads: Sequence[Mapping[str, Any]], now: datetime, due: datetime | None = None) -> None:
    """Put messages in, to be carried out at once, or when `due`. Call it inside the transaction of the change that causes them."""
    when = now if due is None else max(due, now)
    Message.objects.bulk_create([Message(topic=topic, payload=dict(payload), created=now, due=when) for payload in payloads])


def due(*, topics: Sequence[str], now: datetime, limit: int = 100) -> list[Due]:
    """Return messages of `topics` that wait, oldest first. Only the worker asks: it is one process."""
    rows = (
        Message.objects.filter(due__lte=now, topic__in=topics)
        .order_by("id")
        .values_list("id", "topic", "payload", "attempts")[:limit]
    )
    return [Due(*row) for row in rows]


def anything_due(*, now: datetime) -> bool:
    """Tell whether any message waits: one cheap question for a worker that has nothing to do."""
    return Message.objects.filter(due__lte=now).exists()


class Taken(StaleState):
    """Another worker has taken the message out: what it leads to is done, or being done."""


def take(*, ids: Sequence[int]) -> None:
    """Take messages out ahead of what they lead to, in the same transaction: of two workers that see them one goes on.

    Raises `Taken` for the other: nothing of that transaction may stay.
    """
    if Message.objects.filter(id__in=ids).delete()[0] != len(ids):
        raise Taken("another worker has taken a message out")


def claim(*, message: int, now: datetime, until: datetime) -> bool:
    """Take a message up for an effect outside the database; `False` where another process did. It waits again from `until` on."""
    return Message.objects.filter(id=message, due__lte=now).update(due=until) > 0


def done(*, ids: Sequence[int]) -> None:
    """Take messages out: inside the transaction of what they led to, or after an effect that is safe to repeat."""
    Message.objects.filter(id__in=ids).delete()


@transaction.atomic
def failed(*, message: int, error: str, now: datetime) -> None:
    """Put a message off: twice as long each time, at most five minutes."""
    row = Message.objects.select_for_update().filter(id=message).first()
    if row is None:
        return  # another worker carried it out
    row.attempts += 1
    row.error = error[:2000]
    row.due = now + min(timedelta(milliseconds=100 * 2 ** min(row.attempts, 20)), _LONGEST_PAUSE)
    row.save(update_fields=("attempts", "error", "due"))


def position(*, feed: str) -> int:
    """Return the number of the last record of `feed` that was taken in; 0 before the first."""
    row = FeedPosition.objects.filter(feed=feed).first()
    return row.number if row else 0


def advance(*, feed: str, after: int, to: int) -> None:
    """Note that records `after`+1 … `to` are taken in, inside the transaction that takes them in.

    Raises `StaleState` where somebody else has read on: then nothing of this transaction may stay.
    """
    if after == 0 and not FeedPosition.objects.filter(feed=feed).exists():
        FeedPosition.objects.create(feed=feed, number=to)
        return
    if not FeedPosition.objects.filter(feed=feed, number=after).update(number=to):
        raise StaleState(f"feed {feed} is no longer at {after}")
