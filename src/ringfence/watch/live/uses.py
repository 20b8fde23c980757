"""What counts as using the service, which is to accept its policy: a call either way, a registration, a message."""

from collections.abc import Iterable, Iterator
from typing import Final

from ringfence.vocabulary.contracts import Event, EventKind, Observation, ObservationKind
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker

_DONE: Final = (EventKind.REGISTRATION, EventKind.MESSAGE)
"""Of which a final 2xx is a use."""


def user_of(event: Event, directory: Directory) -> str | None:
    """Return the account that uses the service by an event; `None` where none does.

    Of a call to a number of ours, that it was answered: nobody uses anything by being called.
    """
    if event.kind is EventKind.ANSWER and event.callee is not None:
        return directory.holder(event.callee, event.time)
    if event.kind in _DONE:
        return event.account if 200 <= event.status < 300 else None
    return event.account if event.kind is EventKind.ATTEMPT else None


def first_uses(events: Iterable[Event], tracker: Tracker) -> Iterator[Observation]:
    """Yield an observation for each account that uses the service for the first time since its policy was posted."""
    directory = tracker.directory
    policy = directory.policy
    if policy is None:
        return
    for event in events:
        account = user_of(event, directory)
        if account is not None and tracker.use_first(account, policy):
            kind = ObservationKind.FIRST_USE
            yield Observation(kind=kind, time=event.time, subject=account, policy=policy, call_id=event.call_id)
