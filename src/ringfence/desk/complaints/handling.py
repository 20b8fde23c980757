"""What follows of itself when a complaint has come: it is looked into. Carried out by the mail process, one complaint at a time."""

import logging
from datetime import datetime
from typing import Final

from django.db import transaction

from ringfence.desk.actor import Actor
from ringfence.desk.complaints.answering import look_into
from ringfence.desk.complaints.services import RECEIVED
from ringfence.desk.errors import DeskError
from ringfence.desk.outbox import services as outbox
from ringfence.watch.lake.carried import HistoryUnreadable

log = logging.getLogger(__name__)

_AT_ONCE: Final = 20


def handle_received(*, actor: Actor, now: datetime) -> int:
    """Look into the complaints that wait; return how many were done. One that fails is tried again later, and shown at the desk."""
    done = 0
    for message in outbox.due(topics=(RECEIVED,), now=now, limit=_AT_ONCE):
        try:
            with transaction.atomic():  # the answer and the taking out of the message, together
                look_into(number=message.payload["complaint"], actor=actor, now=now)
                outbox.done(ids=[message.id])
        except (DeskError, HistoryUnreadable, OSError) as error:
            log.warning("complaint %s could not be looked into: %s", message.payload["complaint"], error)
            outbox.failed(message=message.id, error=f"{type(error).__name__}: {error}", now=now)
        else:
            done += 1
    return done
