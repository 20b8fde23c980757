"""People at home, on the way, and things that call from homes."""

from collections.abc import Iterator
from random import Random
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act, Call, Registration, Text
from ringfence.simulate.labelled.honest.kind import Day, HonestKind, register
from ringfence.simulate.labelled.hours import moment
from ringfence.simulate.labelled.numbering import COSTLY, COUNTRIES, any_number, costly_number
from ringfence.simulate.labelled.parties import Party
from ringfence.simulate.labelled.telephony import PEOPLE, Talk, Use, new_id, outbound, placed, poisson
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros


def _nomad(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Another access network several times a day: the softphone registers from each."""
    for _ in range(chance.randint(1, 5)):
        source = f"100.{64 + chance.randrange(64)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
        at = moment(day.start, "round", 0, chance)
        yield from register(party, at, source, chance)
        for _ in range(poisson(1.0, chance)):
            call = next(
                outbound(party, Micros(at + int(chance.random() * HOUR)), any_number(party.country, chance), PEOPLE, chance)
            )
            yield replace(call, source=source)


def _traveller(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Two weeks abroad: other networks, another phone, calls home and to the place."""
    first = int(party.traits.setdefault("leaves", chance.randrange(28)))
    if not first <= day.nth < first + 14:
        return
    source = f"100.{64 + chance.randrange(64)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
    for _ in range(2):
        at = moment(day.start, "evening", 0, chance)
        yield from register(party, at, source, chance, agent="Finch Mobile 9.0")
        callee = chance.choice(party.book) if chance.random() < 0.7 else any_number("ES", chance)
        yield replace(next(outbound(party, Micros(at + 60 * SECOND), callee, PEOPLE, chance)), source=source)


def _family_far_away(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Calls to the same few relatives in a country whose numbers fraudsters love, mostly in the evening."""
    prefix = COSTLY[int(party.traits.setdefault("far", chance.randrange(len(COSTLY))))]
    relatives = [costly_number(prefix, Random(f"{party.account}:{nth}")) for nth in range(3)]
    for _ in range(poisson(0.5, chance)):
        at = moment(day.start, "evening", COUNTRIES[party.country].offset_h, chance)
        yield from outbound(party, at, chance.choice(relatives), Talk(400, 0.9, 0.7), chance)


def _wearer(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """A pendant that calls for help: each of three numbers in turn until one answers, four times round at most."""
    if chance.random() >= 0.06:
        return
    at = Micros(day.start + int(chance.random() * DAY))
    for nth in range(12):
        call = placed(party, at, party.numbers[0], party.book[nth % 3], Talk(90, 0.7, answered=0.4), chance)
        yield call
        if call.status == 200:
            return
        at = Micros(at + call.setup_us + call.ring_us + 8 * SECOND)


def _texter(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Texts both ways with a few friends, in runs of an evening."""
    for _ in range(poisson(2.0, chance)):
        friend = party.book[int(3 * chance.random())]
        at = moment(day.start, "evening", COUNTRIES[party.country].offset_h, chance)
        for _ in range(chance.randint(2, 14)):
            content = f"{chance.getrandbits(64):016x}"
            if chance.random() < 0.5:
                yield Text(at, new_id(chance), party, party.source, party.numbers[0], friend, 202, content, "outbound", party.agent)
            else:
                yield Text(
                    at, new_id(chance), None, "192.0.2.65", friend, party.numbers[0], 202, content, "inbound", "Quay SBC 4.2"
                )
            at = Micros(at + int(chance.expovariate(1 / 45) * SECOND) + SECOND)


def _forgotten_password(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """A few wrong tries after a password was changed, then the right one: it happens to everybody, once in a long while."""
    if chance.random() >= 0.01:
        return
    at = moment(day.start, "home", COUNTRIES[party.country].offset_h, chance)
    for _ in range(chance.randint(2, 6)):
        user = party.user or party.account
        yield Registration(at, new_id(chance), None, party.source, user, 403, user_agent=party.agent)
        at = Micros(at + int(chance.uniform(4, 40) * SECOND))
    yield from register(party, at, party.source, chance)


def _old_quarrel(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Two people who call each other back and forth, many times an evening, and who both want to."""
    if chance.random() >= 0.03:
        return
    at, other = moment(day.start, "evening", COUNTRIES[party.country].offset_h, chance), party.book[0]
    for _ in range(chance.randint(6, 16)):
        if chance.random() < 0.55:
            yield placed(party, at, party.numbers[0], other, Talk(40, 1.0, 0.6), chance)
        else:
            yield placed(None, at, other, party.numbers[0], Talk(40, 1.0, 0.6), chance)
        at = Micros(at + int(chance.uniform(1, 9) * MINUTE))


def _emergency(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Once in a long while, somebody calls for help."""
    if chance.random() < 0.002:
        at = Micros(day.start + int(chance.random() * DAY))
        yield Call(at, new_id(chance), party, party.source, party.numbers[0], "112", 200, talk_us=90 * SECOND, ring_us=2 * SECOND)


_HOME: Final = Use("home", weekend=1.15, inbound=1.1, strangers=0.15, abroad=0.03)

HOMES: Final = (
    HonestKind("household", "residential", 0.34, 2.0, _HOME, habits=(_emergency, _forgotten_password)),
    HonestKind("large family", "residential", 0.05, 8.0, _HOME, book=30, habits=(_old_quarrel, _emergency)),
    HonestKind("home that hides its number", "residential", 0.03, 2.0, Use("home", 1.1, 0.8, 0.15, anonymous=0.9)),
    HonestKind("people who text", "residential", 0.03, 1.5, _HOME, mobile_line=True, habits=(_texter,)),
    HonestKind("medical pendant", "alarm", 0.02, 1.0, _HOME, book=3, habits=(_wearer, _emergency)),
    HonestKind("night worker", "residential", 0.015, 3.0, Use("night", 0.8, 0.8, 0.2)),
    HonestKind(
        "remote worker behind a shared address",
        "residential",
        0.03,
        9.0,
        Use("office", 0.2, 0.9, 0.25),
        habits=(_forgotten_password,),
    ),
    HonestKind("nomadic user", "residential", 0.02, 3.0, Use("round", 0.9, 0.8, 0.3, 0.1), mobile_line=True, habits=(_nomad,)),
    HonestKind("holiday traveller", "residential", 0.02, 2.0, _HOME, habits=(_traveller,)),
    HonestKind("family far away", "residential", 0.015, 2.5, Use("evening", 1.2, 0.8, 0.15, 0.1), habits=(_family_far_away,)),
)
