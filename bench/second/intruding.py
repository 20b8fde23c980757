"""Those who break in, listen in, or go after people, and those who carry what is not theirs."""

from collections.abc import Callable
from typing import Final

from bench.second.abusers import DEAR, account, begin, somebody, stranger
from bench.second.acts import AGENTS, BEGIN, DAY, HOUR, MINUTE, PEERS, Abuser, Act, Customer, World
from bench.second.honest import register

# --- passwords


def _brute(world: World) -> None:
    abuser = world.abuser(
        "brute force", "security-breach", "unauthorised-access", "credentials", "denial-of-service", recorded=False
    )
    source, victim, at = stranger(world, abuser), somebody(world, registers=True), begin(world)
    world.concerns(abuser, victim)
    for _ in range(150):
        at += world.chance.uniform(0.2, 25)
        world.does(
            Act(at, "request", source, user=victim.user, status=403, credentials=True, method="REGISTER", agent="soft:7"), abuser
        )


def _spread(world: World) -> None:
    abuser = world.abuser("spread guessing", "security-breach", "unauthorised-access", "credentials", recorded=False)
    victim, at = somebody(world, registers=True), begin(world)
    world.concerns(abuser, victim)
    sources = [stranger(world, abuser) for _ in range(20)]
    for nth in range(120):
        at += world.chance.uniform(5, 40)
        act = Act(
            at, "request", sources[nth % 20], user=victim.user, status=403, credentials=True, method="REGISTER", agent="soft:7"
        )
        world.does(act, abuser)


def _expensive(world: World, abuser: Abuser, who: Customer, at: float, source: str, gap: tuple[float, float]) -> None:
    chance = world.chance
    countries = chance.sample(DEAR, 2)
    for _ in range(chance.randint(25, 60)):
        at += chance.uniform(*gap)
        callee = world.numbers.of(chance.choice(countries), 1.0)
        world.call(who, at, callee, (200, chance.uniform(1, 8), chance.uniform(120, 1500), "caller"), by=abuser, source=source)


def _taken_over(world: World) -> None:
    chance, abuser = (
        world.chance,
        world.abuser("account taken over", "security-breach", "unauthorised-access", "credentials", "unlawful"),
    )
    source, victim, at = stranger(world, abuser), somebody(world, registers=True), begin(world)
    world.concerns(abuser, victim)
    abuser.since = at
    for _ in range(chance.randint(3, 30)):
        act = Act(at, "request", source, user=victim.user, status=403, credentials=True, method="REGISTER", agent="Handy 22")
        world.does(act, None)
        at += chance.uniform(1, 9)
    register(world, victim, at, source, "Handy 22", 5099)
    _expensive(world, abuser, victim, at + 30, source, (1, 12))


def _broken_in(world: World) -> None:
    abuser = world.abuser("exchange broken into", "security-breach", "unlawful", "auto-dialing")
    victim = world.customer("broken into", "", 8, by_address=True)
    world.concerns(abuser, victim)
    for day in range(world.days):
        for _ in range(12):
            at = BEGIN + day * DAY + world.chance.uniform(0, 9) * HOUR
            world.call(victim, at, world.numbers.of(victim.country), world.outcome(0.7, 20, 300))
    _expensive(world, abuser, victim, BEGIN + 4 * DAY + 17 * HOUR + world.chance.uniform(0, 6) * HOUR, victim.source, (2, 14))


def _shared(world: World) -> None:
    chance, abuser = world.chance, world.abuser("shared password", "credentials", "security-breach", "interception", recorded=False)
    who, at = world.customer("shared"), begin(world)
    world.concerns(abuser, who)
    places = [(world.address("5"), chance.choice(AGENTS)) for _ in range(10)]
    for nth in range(60):
        at += chance.uniform(100, 1500)
        source, agent = places[nth % 10]
        register(world, who, at, source, agent, chance.randint(5060, 60000))
        abuser.times.append(at)


def _stolen(world: World) -> None:
    chance, abuser = (
        world.chance,
        world.abuser("registration stolen", "interception", "security-breach", "credentials", recorded=False),
    )
    source, victim, at = stranger(world, abuser), somebody(world, registers=True), begin(world)
    world.concerns(abuser, victim)
    for _ in range(12):
        at += chance.uniform(200, 900)
        register(world, victim, at, victim.source, victim.agent)
        register(world, victim, at + chance.uniform(1, 50), source, "vox", 5077)
        abuser.times.append(at + 50)


def _forged(world: World, kind: str, clause: str, method: str) -> None:
    chance = world.chance
    abuser = world.abuser(kind, clause, "session-interference", "interception", recorded=False)
    source, at = stranger(world, abuser), begin(world)
    for _ in range(3):
        at += chance.uniform(20, 300)
        victim = somebody(world)
        call = world.call(victim, at, world.numbers.of(victim.country), (200, 6.0, 200.0, "caller"))
        call.stranger = f"{method} {source}"
        abuser.times.append(at)


def _forged_bye(world: World) -> None:
    _forged(world, "forged BYE", "session-interference", "BYE")


def _forged_cancel(world: World) -> None:
    _forged(world, "forged CANCEL", "session-interference", "CANCEL")


def _media(world: World) -> None:
    _forged(world, "media moved", "interception", "INVITE")


def _broken(world: World) -> None:
    chance, abuser = (
        world.chance,
        world.abuser("broken messages", "malware", "denial-of-service", "unauthorised-access", recorded=False),
    )
    source, at = stranger(world, abuser), begin(world)
    for nth in range(80):
        at += chance.uniform(0.1, 4)
        lines = (
            f"INVITE sip:{'%' * 40} SIP/2.0\r\nVia: SIP/2.0/UDP ;;;\r\nCall-ID: b{nth}-{source}\r\nCSeq: abc\r\n\r\n",
            f"REGISTER sip:a SIP/2.0\r\nTo: <<<\r\nFrom: >;tag\r\nCall-ID: b{nth}-{source}\r\nCSeq: 99999999999999 INVITE\r\n\r\n",
            f"OPTIONS sip:a SIP/9.9\r\nContent-Length: -7\r\nCall-ID: b{nth}-{source}\r\nVia: {'A' * 2000}\r\n\r\n",
            f"BYE\r\nCall-ID: b{nth}-{source}\r\nCSeq: 1 BYE\r\n\r\n",
        )
        world.does(Act(at, "raw", source, body=lines[nth % 4]), abuser)


# --- people


def _texts(world: World) -> None:
    abuser = world.abuser("one text to all", "spam", "deceptive-marketing", "auto-dialing", recorded=False)
    who, at = account(world, abuser), begin(world)
    for nth in range(700):
        at += world.chance.uniform(0.2, 5)
        act = Act(
            at, "request", who.source, who.numbers[0], world.numbers.of(who.country, 1.0), who.name, method="MESSAGE", status=202
        )
        act.body, act.agent = f"You have won, code {nth % 5}", who.agent
        world.does(act, abuser)


def _unwanted(world: World) -> None:
    abuser = world.abuser("calls nobody wants", "spam", "auto-dialing", "false-user-information")
    who, at = account(world, abuser), begin(world)
    for _ in range(250):
        at += world.chance.uniform(20, 140)
        outcome = (607, 3.0, 0.0, "callee") if world.chance.random() < 0.12 else world.outcome(0.5, 10, 150)
        world.call(who, at, world.numbers.of(who.country), outcome, by=abuser)


def _one_ring(world: World) -> None:
    chance, abuser = world.chance, world.abuser("one ring", "deceptive-marketing", "auto-dialing", "spam", "false-user-information")
    who, at = account(world, abuser), begin(world)
    for _ in range(300):
        at += chance.uniform(0.5, 20)
        dice = chance.random()
        outcome = (487, chance.uniform(0.5, 4.5), 0.0, "caller") if dice < 0.92 else (404, 0.0, 0.0, "network")
        world.call(who, at, world.numbers.of(who.country, 1.0), outcome, by=abuser)


def _one_ring_inbound(world: World) -> None:
    chance, abuser = world.chance, world.abuser("one ring from outside", "deceptive-marketing", "auto-dialing", "spam")
    at, block = begin(world), world.numbers.of(chance.choice(DEAR), 1.0)[:-3]
    abuser.names |= {block[:8], block[:7], block[:6]}
    for nth in range(250):
        at += chance.uniform(1, 15)
        caller = f"{block}{nth:03d}"
        abuser.names.add(caller)
        callee = chance.choice(world.customers).numbers[0]
        world.call(None, at, callee, (487, chance.uniform(0.5, 4), 0.0, "caller"), by=abuser, caller=caller)


def _harasses(
    world: World, kind: str, lines: int, outcomes: Callable[[], tuple[int, float, float, str]], gap: tuple[float, float]
) -> None:
    abuser = world.abuser(kind, "harassment", "denial-of-service", "spam")
    who, at = account(world, abuser, "residential", lines, by_address=False), begin(world)
    register(world, who, at - 60, who.source, who.agent)
    victim = world.numbers.of(who.country, 1.0)
    abuser.names |= {victim, *(f"{number},{victim}" for number in who.numbers)}
    for _ in range(world.chance.randint(16, 45)):
        at += world.chance.uniform(*gap)
        world.call(who, at, victim, outcomes(), by=abuser)


def _again(world: World) -> None:
    chance = world.chance

    def outcome() -> tuple[int, float, float, str]:
        dice = chance.random()
        if dice < 0.45:
            return 200, chance.uniform(2, 9), chance.uniform(1, 14), chance.choice(("callee", "callee", "caller"))
        return (487, chance.uniform(3, 12), 0.0, "caller") if dice < 0.8 else (486, chance.uniform(1, 6), 0.0, "callee")

    _harasses(world, "the same person again", 1, outcome, (1 * MINUTE, 30 * MINUTE))


def _declined(world: World) -> None:
    chance = world.chance

    def outcome() -> tuple[int, float, float, str]:
        return (603, chance.uniform(1, 8), 0.0, "callee") if chance.random() < 0.6 else (487, chance.uniform(5, 25), 0.0, "caller")

    _harasses(world, "after being declined", 1, outcome, (3 * MINUTE, 45 * MINUTE))


def _many_lines(world: World) -> None:
    chance = world.chance

    def outcome() -> tuple[int, float, float, str]:
        return (487, chance.uniform(4, 25), 0.0, "caller") if chance.random() < 0.7 else (200, 5.0, chance.uniform(1, 8), "callee")

    _harasses(world, "from many lines", 8, outcome, (2 * MINUTE, 40 * MINUTE))


# --- networks and money


def _channelled(world: World) -> None:
    abuser = world.abuser("another provider's users", "proxied-abuse", "caller-id-falsification", "auto-dialing", "unlawful")
    who, at = account(world, abuser), begin(world, 2)
    for _ in range(500):
        at += world.chance.uniform(20, 250)
        country = world.chance.choice(("DE", "IT", "PL", "BE", "US", "IN", "FR", "ES", "TR"))
        agent = world.chance.choice(AGENTS)
        world.call(
            who,
            at,
            world.numbers.of(who.country),
            world.outcome(0.55, 10, 400),
            by=abuser,
            caller=world.numbers.of(country),
            agent=agent,
        )


def _elsewhere(world: World) -> None:
    abuser = world.abuser("our numbers from elsewhere", "proxied-abuse", "caller-id-falsification", "auto-dialing")
    who, at = account(world, abuser, lines=4), begin(world)
    for _ in range(90):
        at += world.chance.uniform(30, 500)
        callee = somebody(world).numbers[0]
        caller = world.chance.choice(who.numbers)
        world.call(None, at, callee, world.outcome(0.6, 10, 200), by=abuser, caller=caller, source=PEERS[1])


def _pumps(world: World) -> None:
    abuser = world.abuser("pumping", "unlawful", "security-breach", "false-user-information", "auto-dialing")
    who, at = account(world, abuser), begin(world, 2)
    block = world.numbers.of(world.chance.choice(("SO", "GM", "GN", "PG")), 1.0)[:-2]
    for _ in range(80):
        at += world.chance.uniform(60, 500)
        callee = f"{block}{world.chance.randrange(20):02d}"
        world.call(who, at, callee, (200, 3.0, world.chance.uniform(500, 3600), "caller"), by=abuser)


def _not_a_home(world: World) -> None:
    abuser = world.abuser("a business declared as a home", "false-user-information", "auto-dialing", "spam", "upstream-policy")
    who, at = account(world, abuser, "residential"), begin(world, 3)
    for _ in range(500):
        at += world.chance.uniform(30, 200)
        world.call(who, at, world.numbers.of(who.country), world.outcome(0.5, 20, 400), by=abuser)


_INTRUSION: Final = (_brute, _spread, _taken_over, _broken_in, _shared, _stolen)
_SESSIONS: Final = (_forged_bye, _forged_cancel, _media, _broken)
_PEOPLE: Final = (_texts, _unwanted, _one_ring, _one_ring_inbound, _again, _declined, _many_lines)
_NETWORKS: Final = (_channelled, _elsewhere, _pumps, _not_a_home)
KINDS: Final[tuple[Callable[[World], None], ...]] = (*_INTRUSION, *_SESSIONS, *_PEOPLE, *_NETWORKS)
