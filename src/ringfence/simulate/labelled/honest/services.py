"""Whoever calls as a trade, and machines that call as they were told to."""

from collections.abc import Iterator
from random import Random
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act, Ask, Text
from ringfence.simulate.labelled.honest.kind import Day, HonestKind
from ringfence.simulate.labelled.hours import moment, weekday
from ringfence.simulate.labelled.numbering import COUNTRIES, any_number, mobile_number
from ringfence.simulate.labelled.parties import EDGE, Party
from ringfence.simulate.labelled.telephony import PEOPLE, Talk, Use, new_id, placed, poisson
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros


def _local(party: Party, day: Day, hour: float) -> Micros:
    return Micros(day.start + int((hour - COUNTRIES[party.country].offset_h) % 24 * HOUR))


def _reminders(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Tomorrow's appointments, one after the other from nine o'clock on, once each; who missed it is called again later."""
    if weekday(day.start) >= 5:
        return
    at = _local(party, day, 9.0)
    for _ in range(poisson(party.rate * 4, chance)):
        at = Micros(at + int(chance.uniform(15, 60) * SECOND))
        callee = mobile_number(party.country, chance)
        call = placed(party, at, party.numbers[0], callee, Talk(24, 0.3, 0.6, 0.05, 0.02), chance)
        yield call
        if call.status not in (200, 404) and chance.random() < 0.7:
            yield replace(call, id=new_id(chance), time=Micros(at + 6 * HOUR))
        elif chance.random() < 0.08:
            yield placed(None, Micros(at + 20 * MINUTE), callee, party.numbers[0], PEOPLE, chance)


def _school(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """No lessons today: all parents within minutes, before eight."""
    if weekday(day.start) >= 5 or chance.random() >= 0.06:
        return
    at = _local(party, day, 6.8)
    parents = [mobile_number(party.country, Random(f"{party.account}:{nth}")) for nth in range(int(party.rate * 40))]
    for callee in parents:
        at = Micros(at + int(chance.expovariate(1 / 1.2) * SECOND))
        yield placed(party, at, party.numbers[0], callee, Talk(17, 0.25, 0.62, 0.08, 0.03), chance)


def _alarm(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """A test call at the same minute every night, and a real alarm now and then: again and again until somebody answers."""
    minute = int(party.traits.setdefault("minute", chance.randrange(24 * 60)))
    centre = party.book[0]
    test = placed(party, Micros(day.start + minute * MINUTE), party.numbers[0], centre, Talk(9, 0.2, 0.97, 0.0, 0.0), chance)
    yield test
    if chance.random() < 0.02:
        at = Micros(day.start + int(chance.random() * DAY))
        for nth in range(chance.randint(3, 14)):
            yield placed(party, at, party.numbers[0], party.book[nth % 2], Talk(12, 0.3, 0.5), chance)
            at = Micros(at + int(chance.uniform(25, 50) * SECOND))


def _lift(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Every third day each lift calls the same number (EN 81-28 asks for a test within 72 h)."""
    for nth, number in enumerate(party.numbers):
        if (day.nth + nth) % 3 == 0:
            at = Micros(day.start + (nth * 97 % 1440) * MINUTE)
            yield placed(party, at, number, party.book[0], Talk(16, 0.2, 0.95, 0.0, 0.0), chance)


def _taxis(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Your taxi is here: it rings once or twice and is hung up."""
    for _ in range(poisson(party.rate, chance)):
        at = moment(day.start, "round", COUNTRIES[party.country].offset_h, chance)
        rider = mobile_number(party.country, chance)
        yield placed(None, at, rider, chance.choice(party.numbers), Talk(45, 0.5, 0.85), chance)
        arrived = placed(
            party, Micros(at + int(chance.uniform(4, 18) * MINUTE)), party.numbers[0], rider, Talk(8, 0.6, 0.3, 0.02, 0.64), chance
        )
        yield replace(arrived, ring_us=min(arrived.ring_us, int(chance.uniform(5, 14) * SECOND)))


def _centre(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """A declared contact centre: a campaign of a thousand people and more, some of whom call back."""
    if weekday(day.start) == 6:
        return
    for _ in range(poisson(party.rate, chance)):
        at = moment(day.start, "office", COUNTRIES[party.country].offset_h, chance)
        call = placed(
            party, at, chance.choice(party.numbers), any_number(party.country, chance), Talk(110, 1.0, 0.45, 0.05, 0.06), chance
        )
        yield call
        if chance.random() < 0.07:
            back = Micros(at + int(chance.uniform(3, 200) * MINUTE))
            yield placed(None, back, call.callee, call.caller, PEOPLE, chance)


def _collectors(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Debt collection within its rules: each debtor once a day at most, by day, four days in a week."""
    if weekday(day.start) >= 4:
        return
    for debtor in party.book:
        if chance.random() < 0.6:
            at = moment(day.start, "office", COUNTRIES[party.country].offset_h, chance)
            yield placed(party, at, party.numbers[0], debtor, Talk(100, 1.0, 0.35, 0.05, 0.15, 0.0), chance)


def _bridge(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """A conference calls all its members at the full hour; they stay for half of one, and a few drop out and are called again."""
    if weekday(day.start) >= 5:
        return
    for _ in range(poisson(5.0, chance)):
        hour = chance.randint(8, 17)
        members = chance.sample(party.book, chance.randint(5, 25))
        for member in members:
            at = Micros(_local(party, day, hour) + int(chance.uniform(0, 25) * SECOND))
            yield placed(party, at, party.numbers[0], member, Talk(1700, 0.35, 0.85, 0.03, 0.02), chance)


def _click_to_call(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """A button on web pages: first the shop's own phone is called, then the visitor, whose number was never seen before."""
    if weekday(day.start) == 6:
        return
    for _ in range(poisson(party.rate, chance)):
        at = moment(day.start, "shop", COUNTRIES[party.country].offset_h, chance)
        own = party.numbers[int(len(party.numbers) * chance.random() ** 2)]
        yield placed(party, at, own, chance.choice(party.book), Talk(150, 0.9, 0.85), chance)
        yield placed(
            party, Micros(at + 4 * SECOND), own, any_number(party.country, chance), Talk(150, 0.9, 0.8, 0.03, 0.08), chance
        )


def _notices(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Texts that people asked for: codes and dates, each to somebody else, some with an answer."""
    for _ in range(poisson(party.rate * 6, chance)):
        at = moment(day.start, "shop", COUNTRIES[party.country].offset_h, chance)
        to, own = mobile_number(party.country, chance), party.numbers[0]
        yield Text(at, new_id(chance), party, party.source, own, to, 202, f"{chance.getrandbits(64):016x}", "outbound", party.agent)
        if chance.random() < 0.1:
            back = Micros(at + int(chance.uniform(1, 60) * MINUTE))
            yield Text(back, new_id(chance), None, "192.0.2.66", to, own, 202, f"{chance.getrandbits(64):016x}", "inbound")


def _phone_in(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """Tickets go on sale, or the radio asks a question: hundreds call one number at once, most find it busy, many try again."""
    if chance.random() >= 0.12:
        return
    begin = _local(party, day, chance.choice((10, 12, 18)))
    for _ in range(chance.randint(150, 500)):
        at = Micros(begin + int(chance.expovariate(1 / 240) * SECOND))
        caller = any_number(party.country, chance)
        for _ in range(chance.randint(1, 4)):
            call = placed(None, at, caller, party.numbers[0], Talk(60, 0.8, 0.25, 0.65, 0.05), chance)
            yield call
            if call.status == 200:
                break
            at = Micros(at + int(chance.uniform(6, 60) * SECOND))


def _monitor(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """A test call every ten minutes to two lines of its own elsewhere, day and night."""
    at = Micros(day.start + int(chance.random() * 10 * MINUTE))
    while at < day.start + DAY:
        yield placed(party, at, party.numbers[0], party.book[int(2 * chance.random())], Talk(10, 0.05, 0.97, 0.0, 0.0), chance)
        at = Micros(at + 10 * MINUTE)


def _keep_alive(party: Party, day: Day, chance: Random) -> Iterator[Act]:
    """OPTIONS to the edge every few minutes: whoever runs an exchange watches its trunk."""
    at = Micros(day.start + int(chance.random() * 30 * MINUTE))
    while at < day.start + DAY:
        yield Ask(at, new_id(chance), party, party.source, None, "OPTIONS", 200, EDGE, party.agent)
        at = Micros(at + 30 * MINUTE)


_QUIET: Final = Use("office", 0.05, 0.8, 0.3)

SERVICES: Final = (
    HonestKind(
        "appointment reminders",
        "notification",
        0.005,
        25.0,
        _QUIET,
        lines=(1, 2),
        habits=(_reminders,),
        spread=0.4,
        complaints=0.0001,
    ),
    HonestKind("school", "notification", 0.006, 6.0, _QUIET, lines=(2, 5), habits=(_school,), spread=0.3, complaints=0.0001),
    HonestKind("alarm line", "alarm", 0.02, 0.2, Use("home", 1.0, 0.2, 0.1), book=3, habits=(_alarm,)),
    HonestKind("lift phones", "alarm", 0.01, 0.05, Use("office", 0.2, 0.2, 0.1), lines=(2, 8), book=2, habits=(_lift,)),
    HonestKind("taxi dispatch", "business", 0.004, 70.0, Use("round", 1.2, 0.3, 0.5), lines=(2, 5), habits=(_taxis,), spread=0.4),
    HonestKind(
        "contact centre",
        "contact-centre",
        0.004,
        250.0,
        Use("office", 0.2, 0.15, 0.8),
        lines=(10, 30),
        by_address=True,
        habits=(_centre,),
        spread=0.5,
        complaints=0.0003,
    ),
    HonestKind(
        "debt collection", "contact-centre", 0.003, 10.0, _QUIET, lines=(2, 6), book=80, habits=(_collectors,), complaints=0.0005
    ),
    HonestKind("conference bridge", "conference", 0.004, 2.0, _QUIET, lines=(3, 8), book=120, by_address=True, habits=(_bridge,)),
    HonestKind(
        "click-to-call service",
        "business",
        0.004,
        60.0,
        _QUIET,
        lines=(20, 50),
        book=40,
        by_address=True,
        habits=(_click_to_call,),
        spread=0.5,
    ),
    HonestKind("text notices", "messaging", 0.005, 15.0, _QUIET, habits=(_notices,), complaints=0.0002),
    HonestKind("radio phone-in", "business", 0.002, 15.0, _QUIET, lines=(3, 8), habits=(_phone_in,)),
    HonestKind("line monitor", "business", 0.002, 0.2, _QUIET, book=2, habits=(_monitor,)),
    HonestKind(
        "reseller",
        "wholesale",
        0.003,
        30.0,
        Use("office", 0.4, 1.0, 0.5, 0.08),
        lines=(20, 60),
        book=100,
        by_address=True,
        habits=(_keep_alive,),
    ),
)
