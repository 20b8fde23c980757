"""TrafficProfile: how a party's traffic looked over a span, as derived facts that name nobody."""

from msgspec import Struct

from ringfence.vocabulary.times import Micros


class TrafficProfile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of `attempts` of the party's accounts in [`since`, `until`). Shares add up to 1.

    `hours`: 24 shares of attempts by hour of the day, UTC. `countries`: shares by the called number's country. `lengths`: shares
    of ended calls by length: unanswered, under 1 s, under 3 s, 7 s … doubling. `callees` and `agents` are tokens, of the numbers
    called most and of the software that sent most, most first.
    """

    v: int = 1
    party: str
    since: Micros
    until: Micros
    attempts: int
    hours: tuple[float, ...]
    countries: dict[str, float] = {}
    lengths: tuple[float, ...] = ()
    callees: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
