"""Throwing away sessions that are over: strangers begin one where they ask for a passkey's challenge, and never end it."""

from datetime import datetime
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from ringfence.desk.actor import Actor, require

_AT_ONCE: Final = 500


@transaction.atomic
def sweep_sessions(*, actor: Actor, now: datetime) -> int:
    """Delete up to 500 sessions whose time is over; return how many. Nothing is recorded: nobody did anything."""
    require(actor.is_ours, actor, "sweep sessions")
    keys = list(
        Session.objects.filter(expire_date__lt=now).order_by("expire_date").values_list("session_key", flat=True)[:_AT_ONCE]
    )
    if keys:
        UserSession.objects.filter(session_key__in=keys).delete()
        Session.objects.filter(session_key__in=keys).delete()
    return len(keys)
