"""Those who abuse it, of two or three kinds a clause; how they go about it is drawn from other spans than anywhere else."""

from collections.abc import Callable
from typing import Final

from bench.second.abusers import DEAR, account, begin, somebody, stranger
from bench.second.acts import AGENTS, DOMAIN, EDGE, Act, Customer, World
from bench.second.intruding import KINDS


def corrupt(world: World, each: int) -> None:
    """Let `each` abusers of each kind in."""
    for maker in (*_OWN, *KINDS):
        for _ in range(each):
            maker(world)


# --- dialling


def _blatant(world: World) -> None:
    abuser = world.abuser(
        "blatant dialler", "auto-dialing", "spam", "upstream-policy", "deceptive-marketing", "false-user-information"
    )
    who, at = account(world, abuser, lines=1), begin(world)
    for _ in range(world.chance.randint(400, 1500)):
        at += world.chance.uniform(0.2, 1.0)
        world.call(who, at, world.numbers.of(who.country), world.outcome(0.35, 1, 25), by=abuser)


def _snowshoe(world: World) -> None:
    abuser = world.abuser("snowshoe dialler", "auto-dialing", "spam", "upstream-policy", "false-user-information")
    who, at = account(world, abuser, lines=50), begin(world, 2)
    for nth in range(700):
        at += world.chance.uniform(20, 80)
        world.call(who, at, world.numbers.of(who.country), world.outcome(0.3, 2, 50), by=abuser, caller=who.numbers[nth % 50])


def _predictive(world: World) -> None:
    chance, abuser = (
        world.chance,
        world.abuser("predictive dialler", "auto-dialing", "spam", "upstream-policy", "false-user-information"),
    )
    who, at = account(world, abuser, lines=4), begin(world)
    for _ in range(700):
        at += chance.uniform(1, 12)
        outcome = world.outcome(0.42, 15, 260)
        if outcome[0] == 200 and chance.random() < 0.12:
            outcome = (200, outcome[1], chance.uniform(0.5, 1.9), "caller")
        elif outcome[0] == 480 and chance.random() < 0.5:
            outcome = (404, 0.0, 0.0, "network")
        world.call(who, at, world.numbers.of(who.country), outcome, by=abuser)


def _recorded(world: World) -> None:
    chance, abuser = (
        world.chance,
        world.abuser("recorded message", "auto-dialing", "spam", "upstream-policy", "false-user-information"),
    )
    who, at, length = account(world, abuser), begin(world), chance.uniform(14, 45)
    for _ in range(400):
        at += chance.uniform(5, 60)
        dice = chance.random()
        talk = length + chance.uniform(-0.4, 0.4) if dice < 0.5 else chance.uniform(2, length)
        outcome = (200, 5.0, talk, "caller" if dice < 0.5 else "callee") if chance.random() < 0.5 else world.outcome(0, 1, 2)
        world.call(who, at, world.numbers.of(who.country), outcome, by=abuser)


# --- callers


_CALLER: Final = ("proxied-abuse", "auto-dialing", "unlawful")


def _callers(world: World, kind: str, draw: Callable[[Customer, str], str], count: int = 60) -> None:
    abuser = world.abuser(kind, "caller-id-falsification", *_CALLER)
    who, at = account(world, abuser, lines=2), begin(world)
    for _ in range(count):
        at += world.chance.uniform(20, 400)
        callee = world.numbers.of(who.country)
        world.call(who, at, callee, world.outcome(0.5, 10, 200), by=abuser, caller=draw(who, callee))


def _any_caller(world: World) -> None:
    _callers(world, "any caller", lambda who, _callee: world.numbers.of(who.country))


def _no_caller(world: World) -> None:
    _callers(world, "callers nobody can have", lambda who, _callee: world.numbers.dead(who.country))


def _neighbours(world: World) -> None:
    _callers(world, "neighbours", lambda _who, callee: f"{callee[:-4]}{world.chance.randrange(10000):04d}", 90)


def _borrowed(world: World) -> None:
    victim = somebody(world)
    _callers(world, "a number of another customer", lambda _who, _callee: victim.numbers[0], 40)


# --- floods


def _flood(world: World, method: str) -> None:
    chance = world.chance
    abuser = world.abuser(f"flood of {method}", "denial-of-service", "unauthorised-access", "security-breach", recorded=False)
    source, at = stranger(world, abuser), begin(world)
    for nth in range(1500):
        at += chance.uniform(0.002, 0.03)
        status = {"INVITE": 407, "REGISTER": 401, "OPTIONS": 200}[method]
        what = "call" if method == "INVITE" else "request"
        world.does(
            Act(at, what, source, "2000", f"{nth % 7}00", user=f"{nth % 7}00", status=status, method=method, agent="x"), abuser
        )


def _invites(world: World) -> None:
    _flood(world, "INVITE")


def _registers(world: World) -> None:
    _flood(world, "REGISTER")


def _many_on_one(world: World) -> None:
    chance, abuser = world.chance, world.abuser("many callers, one callee", "denial-of-service", "harassment")
    victim, at = somebody(world), begin(world)
    world.concerns(abuser, victim)
    for _ in range(400):
        at += chance.uniform(0.1, 1.4)
        outcome = (200, 1.0, chance.uniform(0.3, 5), "caller") if chance.random() < 0.5 else (486, 0.0, 0.0, "callee")
        world.call(None, at, victim.numbers[0], outcome, by=abuser)


def _one_on_one(world: World) -> None:
    chance, abuser = world.chance, world.abuser("one account, one callee", "denial-of-service", "harassment", "auto-dialing")
    who, at = account(world, abuser), begin(world)
    callee = world.numbers.of(who.country)
    abuser.names.add(callee)
    for _ in range(400):
        at += chance.uniform(0.2, 2.5)
        outcome = (200, 1.0, chance.uniform(0.3, 5), "caller") if chance.random() < 0.3 else (486, 0.0, 0.0, "callee")
        world.call(who, at, callee, outcome, by=abuser)


# --- scans


def _scan(world: World, kind: str, agent: str, gap: tuple[float, float], count: int) -> None:
    chance = world.chance
    abuser = world.abuser(kind, "unauthorised-access", "network-scanning", "security-breach", "denial-of-service", recorded=False)
    source, at, method = stranger(world, abuser), begin(world), chance.choice(("REGISTER", "OPTIONS", "INVITE"))
    status = chance.choice((404, 401)) if method == "REGISTER" else 404
    first = chance.randrange(100, 500)
    for nth in range(count):
        at += chance.uniform(*gap)
        user = str(first + nth)
        what = "call" if method == "INVITE" else "request"
        world.does(
            Act(
                at, what, source, "100", user, user=user, status=status, method=method, agent=agent, port=chance.randint(5060, 5090)
            ),
            abuser,
        )


def _named(world: World) -> None:
    _scan(world, "scanner by name", world.chance.choice(("friendly-scanner", "sipvicious", "sipcli/v1.9")), (0.01, 1), 100)


def _renamed(world: World) -> None:
    _scan(world, "scanner renamed", world.chance.choice(AGENTS), (0.01, 3), 100)


def _slow(world: World) -> None:
    _scan(world, "slow scan", world.chance.choice(AGENTS), (200, 1200), 70)


def _prefixes(world: World) -> None:
    chance = world.chance
    abuser = world.abuser("prefix guessing", "unauthorised-access", "network-scanning", "security-breach", recorded=False)
    source, at, number = stranger(world, abuser), begin(world), world.numbers.of(chance.choice(DEAR), 1.0)[1:]
    for lead in ("00", "+", "000", "900", "9", "9011", "011", "0", "810", "1", "99"):
        at += chance.uniform(0.5, 14)
        world.does(Act(at, "call", source, "1001", lead + number, status=chance.choice((403, 404, 407)), agent="vox"), abuser)


def _walk(world: World) -> None:
    chance = world.chance
    abuser = world.abuser("walk through numbers", "network-scanning", "auto-dialing", "deceptive-marketing", "unauthorised-access")
    who, at = account(world, abuser), begin(world)
    first = world.numbers.of(who.country, 0.0)[:-3]
    for nth in range(250):
        at += chance.uniform(1, 25)
        dead = chance.random() < 0.5
        outcome = (404, 0.0, 0.0, "network") if dead else (487, chance.uniform(0.5, 2), 0.0, "caller")
        world.call(who, at, f"{first}{nth:03d}", outcome, by=abuser)


def _sweep(world: World) -> None:
    chance = world.chance
    abuser = world.abuser("sweep over hosts", "network-scanning", "unauthorised-access", recorded=False)
    who, at = account(world, abuser), begin(world)
    for nth in range(120):
        at += chance.uniform(0.5, 12)
        host = f"192.0.2.{nth + 1}"
        act = Act(at, "request", who.source, user="100", account=who.name, status=chance.choice((404, 408, 408)), method="OPTIONS")
        act.destination, act.domain, act.agent = host, host, who.agent
        world.does(act, abuser)


def _domains(world: World) -> None:
    abuser = world.abuser("sweep over domains", "unauthorised-access", "network-scanning", recorded=False)
    source, at = stranger(world, abuser), begin(world)
    for nth in range(30):
        at += world.chance.uniform(0.5, 20)
        act = Act(at, "request", source, user="1000", status=404, method="OPTIONS", agent="x", domain=f"host{nth}.{DOMAIN}")
        act.destination = EDGE
        world.does(act, abuser)


_DIALLING: Final = (_blatant, _snowshoe, _predictive, _recorded)
_CALLERS: Final = (_any_caller, _no_caller, _neighbours, _borrowed)
_FLOODS: Final = (_invites, _registers, _many_on_one, _one_on_one)
_SCANS: Final = (_named, _renamed, _slow, _prefixes, _domains, _walk, _sweep)
_OWN: Final[tuple[Callable[[World], None], ...]] = (*_DIALLING, *_CALLERS, *_FLOODS, *_SCANS)
