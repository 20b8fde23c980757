"""Registrations that are taken over: from a new place, soon after the owner's, or after passwords were guessed there."""

from collections import OrderedDict
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros

CONTESTED: Final = "registration-contested"
AFTER_GUESSING: Final = "registration-after-guessing"
FEWEST_FAILURES: Final = 5
"""So many wrong passwords before the first right one are guesses, where the user is known elsewhere."""
FAILED_US: Final = Micros(DAY)

SOON_US: Final = Micros(MINUTE)
"""Within this of the owner's registration the other one comes."""

SHORTEST_US: Final = Micros(90 * SECOND)
"""Phones that refresh more often than this keep a way through NAT open: with two of them one is always soon after the other."""

NEW_US: Final = Micros(6 * HOUR)
"""So long a place counts as new for a user: two phones of one person have long been known."""

_PART: Final = 4
"""The other's registration comes within this part of the owner's own interval, so not just by chance."""
_MOST_PLACES: Final = 8
_REFUSED: Final = frozenset({401, 403, 407})


class _Place(Struct, gc=False):
    first: int
    newest: int
    before: int | None
    agent: str | None
    alone: bool = False
    """It also registered when nobody else just had: as equipment does that keeps its own time, or that has moved there."""


class Registrations:
    """Who registered a user from where, lately. The least recently registered users leave first beyond `limit`."""

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._users: OrderedDict[tuple[str, str], dict[str, _Place]] = OrderedDict()
        self._failed: OrderedDict[tuple[str, str, str], tuple[int, Micros]] = OrderedDict()

    def failed(self, user: str, domain: str, source: str, time: Micros) -> None:
        """Note that `user`'s credentials were refused to `source`."""
        key = (user, domain, source)
        count, since = self._failed.pop(key, (0, time))
        self._failed[key] = (count + 1, since) if time - since <= FAILED_US else (1, time)
        if len(self._failed) > self._limit:
            self._failed.popitem(last=False)

    def guessed(self, user: str, domain: str, source: str, time: Micros) -> int | None:
        """Return how often a place failed before its first success with `user`, where the user is known elsewhere; else `None`.

        To be asked before the success is noted.
        """
        count, since = self._failed.pop((user, domain, source), (0, time))
        places = self._users.get((user, domain), {})
        is_new = bool(places) and source not in places
        return count if is_new and count >= FEWEST_FAILURES and time - since <= FAILED_US else None

    def contested(self, user: str, domain: str, source: str, agent: str | None, time: Micros) -> int | None:
        """Note that `user` was registered from `source`; return how soon (µs) after its owner, where this contests it.

        Owner is who was there before: another address, known for longer, whose own registrations are at least `SHORTEST_US`
        apart. Other equipment tells at once; with the same, the two must take turns.
        """
        places = self._users.setdefault((user, domain), {})
        self._users.move_to_end((user, domain))
        if len(self._users) > self._limit:
            self._users.popitem(last=False)
        place = places.get(source)
        if place is None:
            if len(places) >= _MOST_PLACES:
                del places[min(places, key=lambda other: places[other].newest)]
            place = places[source] = _Place(time, time, None, agent)
        else:
            place.before, place.newest, place.agent = place.newest, time, agent
        if time - place.first > NEW_US:
            return None
        owners = [other for name, other in places.items() if name != source and _follows(place, other, time)]
        place.alone = place.alone or not owners
        return min((time - owner.newest for owner in owners if _is_contested(place, owner)), default=None)


def _follows(place: _Place, owner: _Place, time: int) -> bool:
    """Tell whether a place is newer than the owner's, and is registered soon after it."""
    lag = time - owner.newest
    interval = owner.newest - owner.before if owner.before is not None else None
    has_time = interval is None or (interval >= SHORTEST_US and lag * _PART <= interval)
    return owner.first < place.first and lag <= SOON_US and has_time


def _is_contested(place: _Place, owner: _Place) -> bool:
    """Tell whether somebody else is there: by other equipment, or by taking turns with the owner, and never registering alone.

    One telephone that moves comes from a new address too, but stays there a while.
    """
    takes_turns = place.before is not None and owner.newest > place.before and not place.alone
    return owner.agent != place.agent or takes_turns


class Registered(NamedTuple):
    """What came of a registration: of whom, where, from where and with what; when; its status; whether credentials were refused."""

    user: str
    domain: str
    source: str
    agent: str | None
    time: Micros
    status: int
    refused: bool


def is_refused(status: int, *, credentials: bool, stale: bool) -> bool:
    """Tell whether an answer says that credentials were wrong."""
    return credentials and not stale and status in _REFUSED


def judged(outcome: Registered, registrations: Registrations) -> tuple[str, float] | None:
    """Note a registration's outcome; return the oddity that it is, if any, by its name and value (see `oddity_of`)."""
    user, domain, source, agent, time, status, refused = outcome
    if not 200 <= status < 300:
        if refused:
            registrations.failed(user, domain, source, time)
        return None
    failures = registrations.guessed(user, domain, source, time)
    lag_us = registrations.contested(user, domain, source, agent, time)
    if failures is not None:
        return AFTER_GUESSING, float(failures)
    return None if lag_us is None else (CONTESTED, lag_us / SECOND)


def oddity_of(event: Event, registrations: Registrations) -> Event | None:
    """Note a registration's outcome; return the oddity that it is, if any.

    `value` is how many seconds after its owner's a contested one came, or how many failures came before.
    """
    if event.kind is not EventKind.REGISTRATION or event.source is None or event.target is None:
        return None
    refused = is_refused(event.status, credentials=event.credentials, stale=event.stale)
    outcome = Registered(event.target, event.domain or "", event.source, event.user_agent, event.time, event.status, refused)
    found = judged(outcome, registrations)
    return None if found is None else odd(event, found)


def odd(event: Event, found: tuple[str, float]) -> Event:
    """Return the oddity that a registration is, by its name and value."""
    name, value = found
    return replace(event, kind=EventKind.ODDITY, name=name, value=value)
