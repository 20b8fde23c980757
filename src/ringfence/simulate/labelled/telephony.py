"""How an ordinary call goes, and how a day of them does: what most kinds of party have in common."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp
from random import Random
from typing import Any, Final

from ringfence.simulate.labelled.acts import Call
from ringfence.simulate.labelled.hours import day_factor, moment
from ringfence.simulate.labelled.numbering import COUNTRIES, any_number, foreign_country, invalid_number, is_nobodys
from ringfence.simulate.labelled.parties import EDGE, GATEWAY, PEERS, Party
from ringfence.vocabulary.times import SECOND, Micros

_LONGEST_TALK_S: Final = 3 * 3600.0
_WRONG_NUMBER: Final = 0.004
_ODD: Final = 0.985
_STALE_NONCE: Final = 0.3
_PEER_AGENT: Final = "Quay SBC 4.2"


@dataclass(frozen=True, slots=True)
class Talk:
    """How a party's calls go.

    Talk times are log-normal (V. A. Bolotin, IEEE JSAC 12(3), 1994) with `median_s` and `sigma`. `answered`, `busy`, `cancelled`
    and `silent` (nobody answers) are shares of attempts at real numbers; healthy traffic has more than half answered (published
    interconnect terms); the rest is ours. `redial` is how likely who met a busy or silent line tries again within minutes.
    """

    median_s: float = 70.0
    sigma: float = 1.2
    answered: float = 0.66
    busy: float = 0.08
    cancelled: float = 0.11
    redial: float = 0.35


PEOPLE: Final = Talk()


@dataclass(frozen=True, slots=True)
class Use:
    """How much, when and whom a party calls on a weekday.

    `shape` names a day of `hours.SHAPES`. `inbound` is calls received for each one made. Shares of calls: `strangers` to people
    outside the party's book, `abroad` to other countries, `mobile` to mobiles, `anonymous` without a number.
    """

    shape: str
    weekend: float = 0.3
    inbound: float = 1.0
    strangers: float = 0.2
    abroad: float = 0.03
    mobile: float = 0.6
    anonymous: float = 0.0


def new_id(chance: Random) -> str:
    """Return a Call-ID's left side."""
    return f"{chance.getrandbits(64):016x}"


def poisson(mean: float, chance: Random) -> int:
    """Return how many of something rare there are (Knuth's method; a rounded normal above 30)."""
    if mean > 30:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    limit, product, count = exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def ordinary_day(party: Party, day: Micros, talk: Talk, use: Use, chance: Random, scale: float = 1.0) -> Iterator[Call]:
    """Yield a day's calls of a party, both ways, in no order."""
    mean = party.rate * scale * day_factor(day, use.weekend)
    offset = COUNTRIES[party.country].offset_h
    for _ in range(poisson(mean, chance)):
        yield from outbound(party, moment(day, use.shape, offset, chance), whom(party, use, chance), talk, chance, use.anonymous)
    for _ in range(poisson(mean * use.inbound, chance)):
        yield inbound(party, moment(day, use.shape, offset, chance), from_whom(party, use, chance), talk, chance)


def whom(party: Party, use: Use, chance: Random) -> str:
    """Return whom to call: mostly people of the book, its first most often; now and then a wrong number."""
    dice = chance.random()
    if dice < _WRONG_NUMBER:
        return invalid_number(party.country, chance)
    if dice < use.abroad:
        return any_number(foreign_country(party.country, chance), chance, use.mobile)
    if party.book and chance.random() >= use.strangers:
        return party.book[int(len(party.book) * chance.random() ** 2)]
    return any_number(party.country, chance, use.mobile)


def from_whom(party: Party, use: Use, chance: Random) -> str:
    """Return who calls: people of the book, strangers of the country, some from abroad, one in thirty without a number."""
    dice = chance.random()
    if dice < 0.03:
        return "anonymous"
    if dice < 0.03 + use.abroad:
        return any_number(foreign_country(party.country, chance), chance)
    if party.book and chance.random() >= use.strangers:
        return party.book[int(len(party.book) * chance.random() ** 2)]
    return any_number(party.country, chance)


def outbound(party: Party, at: Micros, callee: str, talk: Talk, chance: Random, anonymous: float = 0.0) -> Iterator[Call]:
    """Yield a call of the party, and those by which it is tried again."""
    caller: str = chance.choice(party.numbers)
    asserted = caller if party.address is not None else None
    if anonymous and chance.random() < anonymous:
        asserted, caller = caller, "anonymous"
    for again in range(4):
        call = placed(party, at, caller, callee, talk, chance, asserted=asserted)
        yield call
        if call.status == 200 or call.status == 404 or chance.random() >= talk.redial / (1 + again / 2):
            return
        at = Micros(at + int(chance.uniform(20, 400) * SECOND))


def placed(
    party: Party | None,
    at: Micros,
    caller: str,
    callee: str,
    talk: Talk,
    chance: Random,
    **more: Any,  # noqa: ANN401 # a call's fields have many types
) -> Call:
    """Return one attempt at `callee` with the outcome that chance gives it; from another network where there is no `party`.

    `more` are fields of `Call` that shall be so.
    """
    ring_us, talk_us, status, released = 0, 0, 200, "caller"
    dice = chance.random()
    setup_us = int(chance.uniform(0.2, 1.6) * SECOND)  # post-dial delay: ours
    if is_nobodys(callee):
        status, released = 404, "network"
    elif dice < talk.answered:
        ring_us = int(min(chance.gammavariate(2.2, 3.2), 40.0) * SECOND)
        talk_us = int(min(chance.lognormvariate(0.0, talk.sigma) * talk.median_s, _LONGEST_TALK_S) * SECOND)
        released = "caller" if chance.random() < 0.55 else "callee"
    elif dice < talk.answered + talk.busy:
        status, released = 486, "callee"
    elif dice < talk.answered + talk.busy + talk.cancelled:
        status, ring_us = 487, int((2.0 + chance.gammavariate(2.2, 6.0)) * SECOND)
    elif dice < _ODD:
        status, released, ring_us = 480, "network", int(chance.uniform(24, 45) * SECOND)
    else:
        status, released = chance.choice(((404, "network"), (503, "network"), (603, "callee"), (408, "network")))
    fields = {
        "status": status,
        "setup_us": setup_us,
        "ring_us": ring_us,
        "talk_us": talk_us,
        "released_by": released,
        "user_agent": party.agent if party is not None else _PEER_AGENT,
        "challenged": party is not None and party.user is not None and chance.random() < _STALE_NONCE,
        "source": party.source if party is not None else _ingress(caller, callee, chance),
        **more,
    }
    return Call(time=at, id=new_id(chance), party=party, caller=caller, callee=callee, domain=EDGE, **fields)


def _ingress(caller: str, callee: str, chance: Random) -> str:
    """Return over which network a call comes: from abroad over one of its own, save mobiles' of people who travel."""
    return GATEWAY if caller[:1] == "+" and caller[:3] != callee[:3] else chance.choice(PEERS)


def inbound(party: Party, at: Micros, caller: str, talk: Talk, chance: Random) -> Call:
    """Return a call from another network for one of the party's numbers."""
    return placed(None, at, caller, chance.choice(party.numbers), talk, chance)
