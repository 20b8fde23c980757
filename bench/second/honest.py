"""Those who do nothing wrong, among them many whom careless counting takes for abusers."""

from collections.abc import Callable
from typing import Final

from bench.second.acts import BEGIN, DAY, EDGE, HOUR, Act, Customer, World

_SHORT: Final = "contact-centre"


def settle(world: World, scale: float = 1.0) -> None:
    """Let everybody in, and live."""
    for maker, count in _KINDS:
        for _ in range(max(1, round(count * scale))):
            maker(world)


def _day(world: World, who: Customer, calls: float, hours: tuple[float, float], talk: tuple[float, float], answered: float) -> None:
    """Let a customer call every day, evenly within hours; a tenth as much on Saturdays; people it knows and others."""
    chance = world.chance
    known = [world.numbers.of(who.country) for _ in range(15)]
    for day in range(world.days):
        busy = 0.3 if day % 7 == 6 else 1.0
        for _ in range(round(chance.uniform(0.4, 1.6) * calls * busy)):
            at = BEGIN + day * DAY + chance.uniform(*hours) * HOUR
            callee = chance.choice(known) if chance.random() < 0.7 else world.numbers.of(who.country)
            world.call(who, at, callee, world.outcome(answered, *talk))
        for _ in range(round(chance.uniform(0, 1.4) * calls * busy * 0.5)):
            at = BEGIN + day * DAY + chance.uniform(*hours) * HOUR
            number = chance.choice(who.numbers)
            world.call(None, at, number, world.outcome(0.7, *talk), caller=chance.choice(known))
    if who.user is not None:
        _registers(world, who)


def _registers(world: World, who: Customer, source: str = "", every: float = 2 * HOUR, agent: str = "") -> None:
    at = BEGIN + world.chance.uniform(0, every)
    while at < world.end:
        register(world, who, at, source or who.source, agent or who.agent)
        at += every * world.chance.uniform(0.9, 1.0)


def register(world: World, who: Customer, at: float, source: str, agent: str, port: int = 5060) -> None:
    """Let its phone register: challenged first."""
    common = {"user": who.user, "account": who.name, "agent": agent, "method": "REGISTER", "port": port}
    world.does(Act(at, "request", source, status=401, **common))  # type: ignore[arg-type]  # fields of an act
    world.does(Act(at + 0.05, "request", source, status=200, credentials=True, **common))  # type: ignore[arg-type]  # likewise


def _home(world: World) -> None:
    _day(world, world.customer("home"), 2.5, (-1, 14), (5, 420), 0.68)


def _declared_home(world: World) -> None:
    _day(world, world.customer("home", "residential"), 4, (-1, 14), (5, 900), 0.6)


def _firm(world: World) -> None:
    _day(world, world.customer("firm", "", world.chance.randint(2, 12)), 15, (0, 9), (10, 300), 0.72)


def _large(world: World) -> None:
    _day(world, world.customer("large firm", "gold", 60, by_address=True), 220, (-1, 10), (5, 500), 0.66)


def _sellers(world: World) -> None:
    """Five people who call strangers all day, and talk."""
    chance, who = world.chance, world.customer("sellers", "", 5, by_address=True)
    for day in range(world.days):
        for _ in range(280 if day % 7 not in (0, 6) else 0):
            at = BEGIN + day * DAY + chance.uniform(0, 9) * HOUR
            talk = (60, 500) if chance.random() < 0.6 else (6, 60)
            callee = world.numbers.of(who.country)
            world.call(who, at, callee, world.outcome(0.45, *talk, busy=0.08))
            if chance.random() < 0.08:
                world.call(
                    None, at + chance.uniform(600, 9000), chance.choice(who.numbers), world.outcome(0.9, 20, 300), caller=callee
                )


def _centre(world: World) -> None:
    chance, who = world.chance, world.customer("call centre", _SHORT, 20, by_address=True)
    for day in range(world.days):
        for _ in range(1500 if day % 7 not in (0,) else 0):
            at = BEGIN + day * DAY + chance.uniform(0, 11) * HOUR
            world.call(who, at, world.numbers.of(who.country), world.outcome(0.35, 8, 200))


def _school(world: World) -> None:
    chance, who = world.chance, world.customer("school", "notification", 2)
    parents = [world.numbers.of(who.country, 1.0) for _ in range(350)]
    start = BEGIN + chance.randrange(world.days) * DAY + chance.uniform(-1, 5) * HOUR
    for nth, parent in enumerate(parents):
        world.call(who, start + nth * 1.3, parent, world.outcome(0.6, 17, 22))


def _receptionist(world: World) -> None:
    """Reminders by hand, to patients, each morning."""
    chance, who = world.chance, world.customer("receptionist", "", 2)
    for day in range(world.days):
        for nth in range(40):
            at = BEGIN + day * DAY + nth * chance.uniform(100, 200)
            world.call(who, at, world.numbers.of(who.country, 0.8), world.outcome(0.7, 20, 140))


def _expat(world: World) -> None:
    chance, who = world.chance, world.customer("expat", "residential")
    far = [world.numbers.of(chance.choice(("GM", "SO", "CU", "MV", "LV", "TN")), 1.0)]
    far += [far[0][:-2] + f"{chance.randrange(100):02d}" for _ in range(2)]
    for day in range(world.days):
        for nth in range(chance.randint(0, 3)):
            world.call(who, BEGIN + day * DAY + 10 * HOUR + nth * 1200, chance.choice(far), world.outcome(0.6, 60, 1100))
    _day(world, who, 2, (0, 13), (10, 400), 0.7)


def _agency(world: World) -> None:
    chance, who = world.chance, world.customer("travel agency", "", 6)
    for day in range(world.days):
        for _ in range(40):
            country = chance.choice(("ES", "TH", "MX", "GR", "EG", "MV", "DO", "MA", "TN", "US", "FR", "ZA"))
            world.call(
                who, BEGIN + day * DAY + chance.uniform(0, 9) * HOUR, world.numbers.of(country, 0.2), world.outcome(0.6, 30, 500)
            )


def _importer(world: World) -> None:
    """New suppliers in a new country, one day from the middle of the week on."""
    chance, who = world.chance, world.customer("importer", "", 8, by_address=True)
    _day(world, who, 20, (0, 9), (20, 500), 0.7)
    country = chance.choice(("VN", "TR", "RS", "UA", "IN"))
    for nth in range(14):
        at = BEGIN + (world.days // 2) * DAY + 2 * HOUR + nth * chance.uniform(150, 500)
        world.call(who, at, world.numbers.of(country, 0.3), world.outcome(0.55, 40, 600))


def _redialler(world: World) -> None:
    """Tickets, or a surgery in the morning: a busy line is dialled again and again, until it is free."""
    chance, who = world.chance, world.customer("redialler", "residential")
    at, callee = BEGIN + chance.randrange(world.days) * DAY + HOUR, world.numbers.of(who.country, 0.0)
    for _ in range(chance.randint(15, 60)):
        world.call(who, at, callee, (486, 0.0, 0.0, "callee"))
        at += chance.uniform(8, 60)
    world.call(who, at, callee, (200, 5.0, 200.0, "caller"))
    _day(world, who, 2, (0, 13), (10, 400), 0.7)


def _parent(world: World) -> None:
    """A child that does not pick up."""
    chance, who = world.chance, world.customer("parent", "residential")
    at, child = BEGIN + chance.randrange(world.days) * DAY + chance.uniform(2, 8) * HOUR, world.numbers.of(who.country, 1.0)
    for _ in range(chance.randint(7, 14)):
        world.call(who, at, child, (487, chance.uniform(18, 30), 0.0, "caller"))
        at += chance.uniform(120, 2400)
    world.call(who, at, child, (200, 6.0, 150.0, "callee"))
    _day(world, who, 2, (0, 13), (10, 400), 0.7)


def _quarrel(world: World) -> None:
    chance, who = world.chance, world.customer("quarrel")
    at, other = BEGIN + chance.randrange(world.days) * DAY + 10 * HOUR, world.numbers.of(who.country, 1.0)
    for _ in range(24):
        outcome = chance.choice(((603, 3.0, 0.0, "callee"), (200, 4.0, chance.uniform(3, 90), "callee"), (487, 9.0, 0.0, "caller")))
        if chance.random() < 0.55:
            world.call(who, at, other, outcome)
        else:
            world.call(None, at, who.numbers[0], outcome, caller=other)
        at += chance.uniform(60, 300)


def _taxi(world: World) -> None:
    chance, who = world.chance, world.customer("taxi", "", 3, by_address=True)
    for day in range(world.days):
        for _ in range(110):
            at = BEGIN + day * DAY + chance.uniform(-3, 18) * HOUR
            rider = world.numbers.of(who.country, 1.0)
            world.call(None, at, who.numbers[0], (200, 4.0, chance.uniform(25, 70), "caller"), caller=rider)
            dice = chance.random()
            here = (487, chance.uniform(6, 14), 0.0, "caller") if dice < 0.6 else (200, 5.0, chance.uniform(4, 14), "caller")
            world.call(who, at + chance.uniform(200, 1200), rider, here)


def _alarm(world: World) -> None:
    chance, who = world.chance, world.customer("alarm", "alarm")
    centre = world.numbers.of(who.country, 0.0)
    for day in range(world.days):
        world.call(who, BEGIN + day * DAY + 100, centre, (200, 2.0, 8.0, "caller"))
    at = BEGIN + chance.randrange(world.days) * DAY + 9 * HOUR
    for _ in range(20):
        world.call(who, at, centre, world.outcome(0.4, 6, 12))
        at += 30


def _fax(world: World) -> None:
    chance, who = world.chance, world.customer("fax", "", 1)
    for day in range(world.days):
        for nth in range(25):
            at = BEGIN + day * DAY + nth * chance.uniform(200, 900)
            world.call(who, at, world.numbers.of(who.country, 0.0), world.outcome(0.8, 35, 75))


def _radio(world: World) -> None:
    """A question on the radio: everybody calls, and those who get through hear a sentence and are done."""
    chance, who = world.chance, world.customer("radio", "", 4)
    for show in range(3):
        start = BEGIN + chance.randrange(world.days) * DAY + chance.uniform(-1, 9) * HOUR + show
        for _ in range(chance.randint(150, 400)):
            dice = chance.random()
            taken = (200, 2.0, chance.uniform(3, 25), "callee") if dice < 0.45 else (486, 0.0, 0.0, "callee")
            at = start + chance.uniform(0, 420)
            caller = world.numbers.of(who.country, 0.8)
            world.call(None, at, who.numbers[0], taken, caller=caller)
            if taken[0] == 486 and chance.random() < 0.3:
                world.call(None, at + chance.uniform(5, 40), who.numbers[0], taken, caller=caller)


def _conference(world: World) -> None:
    chance, who = world.chance, world.customer("conference", "", 4, by_address=True)
    members = [world.numbers.of(chance.choice((who.country, who.country, "FR", "IN", "JP", "US"))) for _ in range(60)]
    for day in range(1, world.days):
        for _ in range(3):
            start = BEGIN + day * DAY + chance.randrange(9) * HOUR
            for member in chance.sample(members, 18):
                world.call(who, start + chance.uniform(0, 20), member, world.outcome(0.85, 600, 2400))


def _shared_address(world: World) -> None:
    """Thirty phones of an office behind one address; one has a wrong password."""
    address = world.address()
    for _ in range(6):
        who = world.customer("shared address", "", 1)
        who.source = address
        _day(world, who, 6, (0, 9), (20, 300), 0.7)
    at = BEGIN + world.chance.uniform(0, HOUR)
    while at < BEGIN + 2 * DAY:
        world.does(Act(at, "request", address, user="old-phone", status=403, credentials=True, method="REGISTER", agent="desk 9"))
        at += 60


def _nomad(world: World) -> None:
    chance, who = world.chance, world.customer("nomad", "residential")
    for day in range(world.days):
        for _ in range(chance.randint(1, 4)):
            at = BEGIN + day * DAY + chance.uniform(0, 13) * HOUR
            register(world, who, at, world.address("198.18"[:3]), who.agent, chance.randint(20000, 60000))


def _forwarder(world: World) -> None:
    chance, who = world.chance, world.customer("forwarder", "", 2, by_address=True)
    mobile = world.numbers.of(who.country, 1.0)
    for day in range(world.days):
        for _ in range(12):
            at = BEGIN + day * DAY + chance.uniform(0, 9) * HOUR
            stranger = world.numbers.of(who.country)
            world.call(None, at, who.numbers[0], (200, 4.0, 100.0, "caller"), caller=stranger)
            world.call(who, at + 0.1, mobile, (200, 4.0, 100.0, "caller"), caller=stranger, diverted=who.numbers[0])


def _outage(world: World) -> None:
    """The power is back: a hundred phones register within half a minute, from addresses of their own."""
    start = BEGIN + 3 * DAY + 4 * HOUR
    for who in [each for each in world.customers if each.user is not None][:100]:
        register(world, who, start + world.chance.uniform(0, 30), who.source, who.agent)


def _exchange(world: World) -> None:
    who = world.customer("exchange that asks", "", 3, by_address=True)
    at = BEGIN
    while at < world.end:
        world.does(Act(at, "request", who.source, account=who.name, status=200, method="OPTIONS", agent=who.agent, domain=EDGE))
        at += 30
    _day(world, who, 15, (0, 9), (20, 300), 0.7)


def _texts(world: World) -> None:
    chance, who = world.chance, world.customer("people who text")
    friends = [world.numbers.of(who.country, 1.0) for _ in range(4)]
    for day in range(world.days):
        for _ in range(25):
            at = BEGIN + day * DAY + chance.uniform(0, 14) * HOUR
            act = Act(at, "request", who.source, who.numbers[0], chance.choice(friends), who.name, method="MESSAGE", status=202)
            act.body, act.agent = f"hello {chance.random()}", who.agent
            world.does(act)


_KINDS: Final[tuple[tuple[Callable[[World], None], int], ...]] = (
    (_home, 110),
    (_declared_home, 50),
    (_firm, 40),
    (_large, 2),
    (_sellers, 4),
    (_centre, 2),
    (_school, 3),
    (_receptionist, 4),
    (_expat, 10),
    (_agency, 4),
    (_importer, 6),
    (_redialler, 10),
    (_parent, 10),
    (_quarrel, 5),
    (_taxi, 3),
    (_alarm, 6),
    (_fax, 3),
    (_radio, 4),
    (_conference, 3),
    (_shared_address, 2),
    (_nomad, 6),
    (_forwarder, 4),
    (_exchange, 2),
    (_texts, 4),
    (_outage, 1),
)
