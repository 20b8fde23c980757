"""What counts as using the service, which is to accept its policy: any use seen in traffic, whichever way it goes.

A call that one makes, or answers; a registration; a message that one sends, or is given. (To sign in at the desk and to call its
API are uses too; the desk sees those itself.) What a service does for somebody who only receives is as much its use as what he
asks of it: an account for incoming calls alone would else never be seen to use anything. But nobody uses anything by what others
try: a call must be answered, a message delivered.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ringfence.vocabulary.contracts import Event, EventKind, Observation, Use
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker, happenings

_TOLD: Final = frozenset({EventKind.ATTEMPT, EventKind.ANSWER, EventKind.REGISTRATION, EventKind.MESSAGE})
_DELIVERED: Final = 200
"""Of a message, that its addressee has it; 202 that some server keeps it for him (RFC 3428, section 7)."""


def users_of(event: Event, directory: Directory) -> Iterator[tuple[str, Use]]:
    """Yield the accounts that use the service by an event, each with how."""
    if event.kind is EventKind.ATTEMPT:
        if event.account is not None:
            yield event.account, Use.CALL
    elif event.kind is EventKind.REGISTRATION:
        if event.account is not None and 200 <= event.status < 300:
            yield event.account, Use.REGISTRATION
    elif event.kind is EventKind.ANSWER:
        yield from _received(event, directory, Use.ANSWERED_CALL)
    elif event.kind is EventKind.MESSAGE and 200 <= event.status < 300:
        if event.account is not None:
            yield event.account, Use.MESSAGE
        if event.status == _DELIVERED:
            yield from _received(event, directory, Use.RECEIVED_MESSAGE)


def _received(event: Event, directory: Directory, use: Use) -> Iterator[tuple[str, Use]]:
    holder = directory.holder(event.callee, event.time) if event.callee is not None else None
    if holder is not None:
        yield holder, use


def first_uses(events: Iterable[Event], tracker: Tracker) -> Iterator[Observation]:
    """Yield an observation for each account that uses the service for the first time since its policy was posted."""
    directory = tracker.directory
    policy = directory.policy
    if policy is None:
        return
    for event in events:
        if event.kind in _TOLD:
            for account, use in users_of(event, directory):
                if tracker.use_first(account, policy):
                    yield happenings.first_use(account, use, policy=policy, call_id=event.call_id, time=event.time)
