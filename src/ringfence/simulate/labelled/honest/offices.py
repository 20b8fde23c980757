"""Companies that talk to their customers."""

from collections.abc import Iterator
from random import Random
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act, Call, Registration
from ringfence.simulate.labelled.honest.kind import Day, HonestKind
from ringfence.simulate.labelled.hours import moment, weekday
from ringfence.simulate.labelled.numbering import COUNTRIES, any_number, mobile_number
from ringfence.simulate.labelled.parties import Party
from ringfence.simulate.labelled.telephony import PEOPLE, Talk, Use, new_id, placed, poisson
from ringfence.vocabulary.times import DAY, MINUTE, SECOND, Micros


def _forwards(party: Party, day: Day, chance: Random, mean: float = 2.0) -> Iterator[Act]:
    """Calls that come in are sent on to a mobile: the caller is not the party's own, Diversion says who sent it on."""
    for _ in range(poisson(mean, chance)):
        at = moment(day.start, "shop", COUNTRIES[party.country].offset_h, chance)
        caller, own = any_number(party.country, chance), chance.choice(party.numbers)
        first = placed(None, at, caller, own, PEOPLE, chance)
        onward = placed(
            party, Micros(at + 90_000), caller, chance.choice(party.book[:3]), PEOPLE, chance, diverted=own, asserted=own
        )
        yield replace(
            first,
            released_by=onward.released_by,
            status=onward.status,
            setup_us=onward.setup_us,
            ring_us=onward.ring_us,
            talk_us=onward.talk_us,
        )
        yield onward


def _all_calls_on(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    yield from _forwards(party, day, chance, 60.0)


def _stubborn_phone(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """One phone of the office has a wrong password and tries once a minute, all day, behind the address of all others."""
    until = int(party.traits.setdefault("mended", chance.randrange(1, 12)))
    if day.nth >= until:
        return
    at = Micros(day.start + int(chance.random() * 20 * MINUTE))
    while at < day.start + 10 * 60 * MINUTE:
        yield Registration(at, new_id(chance), None, party.source, f"{party.account[:6]}9", 403, user_agent=party.agent)
        at = Micros(at + int(chance.uniform(150, 400) * SECOND))


def _newsletter_day(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Once in a while everybody of the office calls all customers: opening hours have changed."""
    if weekday(day.start) >= 5 or chance.random() >= 0.02:
        return
    customers = [any_number(party.country, chance) for _ in range(60)]
    for callee in customers:
        yield placed(
            party, moment(day.start, "office", COUNTRIES[party.country].offset_h, chance), party.numbers[0], callee, PEOPLE, chance
        )


def _couriers(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """At the door: a few seconds each, to people never called before."""
    for _ in range(poisson(party.rate, chance) if weekday(day.start) < 6 else 0):
        at = moment(day.start, "shop", COUNTRIES[party.country].offset_h, chance)
        talk = Talk(14, 0.7, answered=0.72, cancelled=0.12, redial=0.5)
        call = placed(party, at, chance.choice(party.numbers), mobile_number(party.country, chance), talk, chance)
        yield call
        if call.status != 200 and chance.random() < 0.5:
            yield replace(call, id=new_id(chance), time=Micros(at + int(chance.uniform(40, 90) * SECOND)))
        elif chance.random() < 0.25:  # somebody calls back
            back = Micros(at + int(chance.uniform(2, 40) * MINUTE))
            yield placed(None, back, call.callee, call.caller, PEOPLE, chance)


def _faxes(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """A machine that tries the same number again every minute while it is busy, at night too."""
    for _ in range(poisson(6.0 if weekday(day.start) < 5 else 1.0, chance)):
        at, callee = moment(day.start, "round", 0, chance), chance.choice(party.book)
        for _ in range(6):
            call = placed(party, at, party.numbers[0], callee, Talk(65, 0.6, answered=0.6, busy=0.3, cancelled=0.0), chance)
            yield call
            if call.status == 200:
                break
            at = Micros(at + int(chance.uniform(60, 75) * SECOND) + call.ring_us)


def _helpers(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """A care home calls for help every other day; nobody may hold that against it."""
    for _ in range(poisson(0.6, chance)):
        at = Micros(day.start + int(chance.random() * DAY))
        yield Call(at, new_id(chance), party, party.source, party.numbers[0], "112", 200, talk_us=120 * SECOND, ring_us=2 * SECOND)


_OFFICE: Final = Use("office", weekend=0.06, inbound=1.1, strangers=0.3, abroad=0.05)
_SHOP: Final = Use("shop", weekend=0.7, inbound=2.4, strangers=0.5, abroad=0.01)

OFFICES: Final = (
    HonestKind("small office", "business", 0.12, 8.0, _OFFICE, lines=(1, 4), book=25, habits=(_newsletter_day,)),
    HonestKind(
        "office with its own exchange",
        "business",
        0.04,
        32.0,
        _OFFICE,
        lines=(10, 40),
        book=60,
        by_address=True,
        habits=(_forwards,),
    ),
    HonestKind(
        "office with a phone that has a wrong password",
        "business",
        0.008,
        25.0,
        _OFFICE,
        lines=(5, 15),
        book=40,
        habits=(_stubborn_phone,),
    ),
    HonestKind("shop", "business", 0.06, 6.0, _SHOP, book=15),
    HonestKind("restaurant", "business", 0.03, 4.0, Use("evening", 1.6, 6.0, 0.8, 0.01), book=8),
    HonestKind("tradesperson", "business", 0.03, 14.0, Use("shop", 0.3, 1.2, 0.6), mobile_line=True, habits=(_forwards,)),
    HonestKind("courier firm", "business", 0.006, 70.0, Use("shop", 0.5, 0.2, 0.3), lines=(3, 8), habits=(_couriers,), spread=0.4),
    HonestKind(
        "sales team",
        "business",
        0.01,
        90.0,
        Use("office", 0.0, 0.25, 0.75),
        Talk(75, 1.1, 0.42, 0.06, 0.2),
        lines=(4, 10),
        book=200,
        complaints=0.0004,
    ),
    HonestKind(
        "hospital", "healthcare", 0.005, 160.0, Use("round", 0.7, 1.3, 0.45, 0.02), lines=(40, 90), book=300, by_address=True
    ),
    HonestKind("care home", "healthcare", 0.006, 22.0, Use("round", 0.9, 1.3, 0.2), lines=(2, 6), book=40, habits=(_helpers,)),
    HonestKind("hotel", "business", 0.006, 35.0, Use("round", 1.1, 1.0, 0.7, 0.45), lines=(5, 20), book=20, by_address=True),
    HonestKind("fax machine", "business", 0.012, 0.5, _OFFICE, book=20, habits=(_faxes,)),
    HonestKind(
        "forwarding service", "forwarding", 0.008, 1.0, _SHOP, lines=(10, 30), book=10, by_address=True, habits=(_all_calls_on,)
    ),
)
