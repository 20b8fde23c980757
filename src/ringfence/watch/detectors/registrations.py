"""Registrations that are taken over: one place registers soon after another, again and again, and was never seen there before."""

from collections import OrderedDict
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros

CONTESTED: Final = "registration-contested"
SOON_US: Final = Micros(MINUTE)
"""Within this of the owner's registration the other one comes."""

SHORTEST_US: Final = Micros(90 * SECOND)
"""Phones that refresh more often than this keep a way through NAT open: with two of them one is always soon after the other."""

NEW_US: Final = Micros(6 * HOUR)
"""So long a place counts as new for a user: two phones of one person have long been known."""

_PART: Final = 4
"""The other's registration comes within this part of the owner's own interval, so not just by chance."""
_MOST_PLACES: Final = 8


class _Place(Struct, gc=False):
    first: int
    newest: int
    before: int | None
    agent: str | None


class Registrations:
    """Who registered a user from where, lately. The least recently registered users leave first beyond `limit`."""

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._users: OrderedDict[tuple[str, str], dict[str, _Place]] = OrderedDict()

    def contested(self, user: str, domain: str, source: str, agent: str | None, time: Micros) -> int | None:
        """Note that `user` was registered from `source`; return how soon (µs) after its owner, where this contests it.

        Owner is who was there before: another address with other equipment, known for longer, whose own registrations are at
        least `SHORTEST_US` apart.
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
        lags = [time - other.newest for name, other in places.items() if name != source and _is_contested(place, other, time)]
        return min(lags, default=None)


def _is_contested(place: _Place, owner: _Place, time: int) -> bool:
    lag = time - owner.newest
    interval = owner.newest - owner.before if owner.before is not None else None
    has_time = interval is None or (interval >= SHORTEST_US and lag * _PART <= interval)
    return owner.first < place.first and owner.agent != place.agent and lag <= SOON_US and has_time


def contested(event: Event, registrations: Registrations) -> Event | None:
    """Note a registration; return the oddity that it is, where it contests another's. `value` is how many seconds after it came."""
    if event.kind is not EventKind.REGISTRATION or not 200 <= event.status < 300 or event.source is None or event.target is None:
        return None
    lag_us = registrations.contested(event.target, event.domain or "", event.source, event.user_agent, event.time)
    return None if lag_us is None else replace(event, kind=EventKind.ODDITY, name=CONTESTED, value=lag_us / SECOND)
