"""Denial of service: against the edge, and against one callee."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act, Ask, Call, Registration
from ringfence.simulate.labelled.numbering import any_number
from ringfence.simulate.labelled.parties import AGENTS, EDGE, Party
from ringfence.simulate.labelled.scene import AbusiveKind, Scene
from ringfence.simulate.labelled.telephony import Talk, new_id
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros


def _invites(scene: Scene) -> Iterator[Act]:
    """Published floods have 69 to 150 requests a second from one address."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    rate, agent = scene.pick((45, 160), (30, 220)), chance.choice(AGENTS)
    victim = scene.victim()
    scene.concerns(SubjectKind.NUMBER, victim.numbers[0])
    status = chance.choice((407, 404, 503, 0))
    for _ in range(int(rate * scene.pick((8, 25), (5, 15)))):
        at += chance.expovariate(rate) * SECOND
        yield Call(
            Micros(int(at)),
            new_id(chance),
            None,
            source,
            f"{chance.randrange(10**6)}",
            victim.numbers[0] if chance.random() < 0.5 else f"{chance.randrange(10**6)}",
            status,
            3000,
            user_agent=agent,
            released_by="network",
            domain=EDGE,
            credentials=False,
            actor=scene.label.actor,
        )


def _registers(scene: Scene) -> Iterator[Act]:
    """REGISTER after REGISTER, without ever answering a challenge."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    rate = scene.pick((50, 150), (30, 200))
    for _ in range(int(rate * scene.pick((8, 25), (5, 15)))):
        at += chance.expovariate(rate) * SECOND
        yield Registration(
            Micros(int(at)),
            new_id(chance),
            None,
            source,
            f"{chance.randrange(1000, 1020)}",
            401,
            credentials=False,
            user_agent="Elm/3.9.1",
            actor=scene.label.actor,
        )


def _options(scene: Scene) -> Iterator[Act]:
    """OPTIONS without end."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    rate = scene.pick((60, 160), (35, 200))
    for _ in range(int(rate * scene.pick((8, 25), (5, 15)))):
        at += chance.expovariate(rate) * SECOND
        yield Ask(Micros(int(at)), new_id(chance), None, source, "100", "OPTIONS", 200, EDGE, "Elm/3.9.1", actor=scene.label.actor)


def _many_sources(scene: Scene) -> Iterator[Act]:
    """Hundreds of addresses together send REGISTER, or OPTIONS, each only now and then: none of them is over any limit."""
    chance, at = scene.chance, float(scene.begin)
    sources = [scene.outsider() for _ in range(scene.count((300, 600), (200, 400)))]
    scene.concerns(SubjectKind.SOURCE, EDGE)
    rate, registers = scene.pick((60, 160), (80, 200)), chance.random() < 0.7
    for nth in range(int(rate * scene.pick((25, 50), (25, 40)))):
        at += chance.expovariate(rate) * SECOND
        time, source, user = Micros(int(at)), chance.choice(sources), f"{chance.randrange(10**6)}"
        agent = AGENTS[nth % len(AGENTS)]
        if registers:
            yield Registration(time, new_id(chance), None, source, user, 401, False, user_agent=agent, actor=scene.label.actor)
        else:
            yield Ask(time, new_id(chance), None, source, user, "OPTIONS", 404, EDGE, agent, actor=scene.label.actor)


def _half_open(scene: Scene) -> Iterator[Act]:
    """Calls that are begun and never gone on with: each keeps a place at the edge until it times out."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    rate = scene.pick((5, 18), (3, 12))
    for _ in range(int(rate * scene.pick((60, 150), (60, 120)))):
        at += chance.expovariate(rate) * SECOND
        callee = scene.victim().numbers[0]
        yield Call(
            Micros(int(at)),
            new_id(chance),
            None,
            source,
            f"{chance.randrange(10**8)}",
            callee,
            0,
            user_agent="Kite 4",
            released_by="network",
            domain=EDGE,
            credentials=False,
            actor=scene.label.actor,
        )


def _overwhelmed(scene: Scene) -> tuple[Party, str]:
    victim = scene.victim(lambda party: party.plan in ("business", "healthcare"))
    scene.concerns(SubjectKind.NUMBER, victim.numbers[0])
    scene.concerns(SubjectKind.ACCOUNT, victim.account)
    return victim, victim.numbers[0]


def _one_callee(scene: Scene) -> Iterator[Act]:
    """Callers without end, all new, from other networks, for one number: most find it busy, the others say nothing."""
    chance, at = scene.chance, float(scene.begin)
    victim, number = _overwhelmed(scene)
    gap_s = scene.pick((0.3, 1.2), (0.8, 2.0))
    for _ in range(scene.count((400, 1200), (300, 700))):
        at += chance.expovariate(1 / gap_s) * SECOND
        call = scene.call(None, at, any_number(victim.country, chance), number, Talk(4, 0.7, 0.2, 0.7, 0.05, 0))
        yield call


def _customer_against_one(scene: Scene) -> Iterator[Act]:
    """An account of ours calls one number of somebody else without end."""
    chance, at = scene.chance, float(scene.begin)
    party = scene.account()
    callee = any_number(party.country, chance)
    scene.concerns(SubjectKind.NUMBER, callee)
    gap_s = scene.pick((0.3, 1.5), (0.8, 2.5))
    for _ in range(scene.count((300, 900), (200, 500))):
        at += chance.expovariate(1 / gap_s) * SECOND
        call = scene.call(party, at, chance.choice(party.numbers), callee, Talk(4, 0.7, 0.25, 0.65, 0.05, 0))
        yield replace(call, ring_us=min(call.ring_us, 4 * SECOND))


KINDS: Final = (
    AbusiveKind("flood of INVITEs", "denial-of-service", _invites, ("unauthorised-access",)),
    AbusiveKind("flood of REGISTERs", "denial-of-service", _registers, ("unauthorised-access", "security-breach")),
    AbusiveKind("flood of OPTIONS", "denial-of-service", _options, ("unauthorised-access", "network-scanning"), held_out_only=True),
    AbusiveKind(
        "flood from many addresses",
        "denial-of-service",
        _many_sources,
        ("unauthorised-access", "security-breach", "network-scanning"),
    ),
    AbusiveKind("half-open calls", "denial-of-service", _half_open, ("unauthorised-access",)),
    AbusiveKind("one callee, many callers", "denial-of-service", _one_callee, ("caller-id-falsification",)),
    AbusiveKind("one callee, one account", "denial-of-service", _customer_against_one, ("harassment", "auto-dialing")),
)
