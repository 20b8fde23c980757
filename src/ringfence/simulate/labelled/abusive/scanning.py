"""Trying what is there: users, dial prefixes, domains, numbers."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act, Ask, Call, Registration
from ringfence.simulate.labelled.numbering import block, costly_number
from ringfence.simulate.labelled.parties import AGENTS, DOMAIN, EDGE, SCANNER_AGENTS
from ringfence.simulate.labelled.scene import AbusiveKind, Scene
from ringfence.simulate.labelled.telephony import Talk, new_id
from ringfence.vocabulary.times import SECOND, Micros

_LEADS: Final = ("", "+", "00", "000", "9", "90", "900", "9011", "011", "0", "8", "800", "1", "*", "77", "99")
_LEADS_HELD_OUT: Final = ("", "5", "500", "6011", "7", "700", "2", "20", "3", "33", "41", "88", "810", "555")


def _tries(scene: Scene, agent: str | None, gap_s: float, count: int) -> Iterator[Act]:
    """Yield tries at users that mostly don't exist, by one of three methods."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    method = chance.choice(("REGISTER", "INVITE", "OPTIONS") if not scene.held_out else ("SUBSCRIBE", "REGISTER", "INVITE"))
    first, words = chance.randrange(100, 9000), chance.random() < 0.3
    status = chance.choice((404, 403, 401)) if method != "INVITE" else chance.choice((404, 403, 407))
    for nth in range(count):
        at += chance.expovariate(1 / gap_s) * SECOND
        user = f"{chance.choice('abcdefghkmst')}{chance.getrandbits(24):06x}" if words else str(first + nth)
        moment, name = Micros(int(at)), new_id(chance)
        if method == "REGISTER":
            yield Registration(
                moment, name, None, source, user, status, credentials=False, user_agent=agent, actor=scene.label.actor
            )
        elif method == "INVITE":
            yield Call(
                moment,
                name,
                None,
                source,
                "100",
                user,
                status,
                5000,
                user_agent=agent,
                released_by="network",
                domain=EDGE,
                credentials=False,
                actor=scene.label.actor,
            )
        else:
            yield Ask(moment, name, None, source, user, method, status, EDGE, agent, actor=scene.label.actor)


def _named(scene: Scene) -> Iterator[Act]:
    """A tool under its own name."""
    return _tries(
        scene, scene.chance.choice(SCANNER_AGENTS), scene.pick((0.01, 0.5), (0.05, 2.0)), scene.count((60, 400), (40, 200))
    )


def _renamed(scene: Scene) -> Iterator[Act]:
    """The same tool under a phone's name."""
    return _tries(scene, scene.chance.choice(AGENTS), scene.pick((0.01, 0.5), (0.05, 2.0)), scene.count((60, 400), (40, 200)))


def _slow(scene: Scene) -> Iterator[Act]:
    """One try every few minutes, all day."""
    return _tries(scene, scene.chance.choice(AGENTS), scene.pick((120, 900), (300, 1500)), scene.count((70, 160), (40, 80)))


def _prefixes(scene: Scene) -> Iterator[Act]:
    """One expensive number behind every dial prefix that an exchange might want."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    number = costly_number(scene.costly_prefix(), chance)[1:]
    agent = chance.choice((*AGENTS, *SCANNER_AGENTS))
    leads = list(_LEADS_HELD_OUT if scene.held_out else _LEADS)
    chance.shuffle(leads)
    for lead in leads * 3:
        at += chance.expovariate(1 / scene.pick((0.2, 6), (1, 15))) * SECOND
        yield Call(
            Micros(int(at)),
            new_id(chance),
            None,
            source,
            chance.choice(("100", "1001", "anonymous")),
            f"{lead}{number}",
            chance.choice((404, 403, 407)),
            4000,
            user_agent=agent,
            released_by="network",
            domain=EDGE,
            credentials=False,
            actor=scene.label.actor,
        )


def _domains(scene: Scene) -> Iterator[Act]:
    """The same user at every domain that the edge might serve."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    for nth in range(scene.count((15, 60), (10, 30))):
        at += chance.expovariate(1 / scene.pick((0.3, 5), (2, 15))) * SECOND
        domain = f"{chance.choice(('sip', 'pbx', 'voip', 'tel'))}{nth}.{DOMAIN}"
        yield Ask(
            Micros(int(at)),
            new_id(chance),
            None,
            source,
            "100",
            "OPTIONS",
            404,
            domain,
            chance.choice(AGENTS),
            actor=scene.label.actor,
        )


def _walks(scene: Scene) -> Iterator[Act]:
    """An account walks through a block of numbers, and hangs up as soon as it knows that one is in use."""
    party, chance, at = scene.account(), scene.chance, float(scene.begin)
    numbers = list(block(party.country, chance, scene.count((150, 500), (120, 300))))
    if scene.held_out and chance.random() < 0.5:
        chance.shuffle(numbers)
    gap_s = scene.pick((2, 15), (6, 40))
    for callee in numbers:
        at += chance.expovariate(1 / gap_s) * SECOND
        call = scene.call(party, at, party.numbers[0], callee, Talk(1.2, 0.4, 0.06, 0.05, 0.55, 0))
        if call.status in (480, 408, 503, 603):
            call = replace(call, status=404, ring_us=0, released_by="network")
        yield replace(call, ring_us=min(call.ring_us, int(chance.uniform(0.3, 2.5) * SECOND)))


def _sweeps(scene: Scene) -> Iterator[Act]:
    """OPTIONS from a customer's trunk to hosts of others, one after the other."""
    party, chance, at = scene.account(), scene.chance, float(scene.begin)
    for nth in range(scene.count((60, 400), (40, 120))):
        at += chance.expovariate(1 / scene.pick((0.2, 4), (1, 20))) * SECOND
        host = f"203.0.113.{nth % 254 + 1}" if nth < 254 else f"198.51.100.{nth % 254 + 1}"
        yield Ask(
            Micros(int(at)),
            new_id(chance),
            party,
            party.source,
            "100",
            "OPTIONS",
            chance.choice((408, 404, 200, 408)),
            host,
            party.agent,
            actor=scene.label.actor,
        )


KINDS: Final = (
    AbusiveKind(
        "scanner under its name", "unauthorised-access", _named, ("network-scanning", "security-breach", "denial-of-service")
    ),
    AbusiveKind("scanner renamed", "unauthorised-access", _renamed, ("network-scanning", "security-breach", "denial-of-service")),
    AbusiveKind("slow scan", "unauthorised-access", _slow, ("network-scanning", "security-breach")),
    AbusiveKind("prefix guessing", "unauthorised-access", _prefixes, ("network-scanning", "security-breach")),
    AbusiveKind("sweep over domains", "unauthorised-access", _domains, ("network-scanning",), held_out_only=True),
    AbusiveKind(
        "walk through a number block", "network-scanning", _walks, ("auto-dialing", "deceptive-marketing", "unauthorised-access")
    ),
    AbusiveKind("sweep over hosts", "network-scanning", _sweeps, ("unauthorised-access", "denial-of-service")),
)
