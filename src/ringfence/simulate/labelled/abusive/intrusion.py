"""Breaking in: passwords guessed, accounts taken over, and the toll fraud that follows; credentials handed around."""

from collections.abc import Iterator
from random import Random
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act, Registration
from ringfence.simulate.labelled.numbering import costly_number
from ringfence.simulate.labelled.parties import AGENTS, SCANNER_AGENTS, Party
from ringfence.simulate.labelled.scene import AbusiveKind, Scene
from ringfence.simulate.labelled.telephony import Talk, Use, new_id, outbound, whom
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros


def _guess(scene: Scene, at: float, source: str, user: str, agent: str, status: int = 403) -> Registration:
    return Registration(
        Micros(int(at)), new_id(scene.chance), None, source, user, status, user_agent=agent, actor=scene.label.actor
    )


def _user_of(party: Party) -> str:
    return party.user or party.account


def _one_source(scene: Scene) -> Iterator[Act]:
    """One address tries password after password for one user."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    user, agent = _user_of(scene.victim(lambda party: party.user is not None)), chance.choice((*AGENTS, *SCANNER_AGENTS))
    gap_s, status = scene.pick((0.05, 8), (1, 35)), chance.choice((401, 403))
    for _ in range(scene.count((60, 400), (40, 150))):
        at += chance.expovariate(1 / gap_s) * SECOND
        yield _guess(scene, at, source, user, agent, status)


def _spray(scene: Scene) -> Iterator[Act]:
    """One address tries a few passwords for each of many users."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    agent, gap_s = chance.choice(AGENTS), scene.pick((0.2, 10), (3, 40))
    for _ in range(scene.count((60, 300), (40, 120))):
        at += chance.expovariate(1 / gap_s) * SECOND
        yield _guess(scene, at, source, _user_of(scene.victim()), agent)


def _distributed(scene: Scene) -> Iterator[Act]:
    """Many addresses, each a few times, against one account."""
    chance, at = scene.chance, float(scene.begin)
    sources = [scene.outsider() for _ in range(scene.count((20, 80), (40, 150)))]
    victim = scene.victim(lambda party: party.user is not None)
    scene.concerns(SubjectKind.NUMBER, _user_of(victim))
    scene.concerns(SubjectKind.ACCOUNT, victim.account)
    for _ in range(scene.count((150, 500), (150, 400))):
        at += chance.expovariate(1 / scene.pick((4, 25), (6, 40))) * SECOND
        source = chance.choice(sources)
        scene.concerns(SubjectKind.REGISTRATION, f"{_user_of(victim)}@voice.example,{source}")
        yield _guess(scene, at, source, _user_of(victim), chance.choice(AGENTS))


def _taken(scene: Scene, victim: Party, source: str, agent: str, at: float) -> Registration:
    return Registration(
        Micros(int(at)),
        new_id(scene.chance),
        victim,
        source,
        _user_of(victim),
        200,
        user_agent=agent,
        port=scene.chance.randint(2000, 60_000),
        actor=scene.label.actor,
    )


def _toll(scene: Scene, victim: Party, source: str, agent: str, at: float) -> Iterator[Act]:
    """Yield calls to a few expensive ranges, several at a time, long, at once."""
    chance = scene.chance
    prefixes = [scene.costly_prefix() for _ in range(chance.randint(1, 3))]
    targets = [costly_number(chance.choice(prefixes), chance) for _ in range(scene.count((3, 15), (8, 40)))]
    talk, gap_s = (
        Talk(scene.pick((240, 900), (90, 500)), 0.6, scene.pick((0.6, 0.9), (0.5, 0.8)), 0.03, 0.02, 0),
        scene.pick((3, 14), (4, 20)),
    )
    for _ in range(scene.count((30, 150), (25, 80))):
        at += chance.expovariate(1 / gap_s) * SECOND
        call = scene.call(victim, at, victim.numbers[0], chance.choice(targets), talk, source=source)
        yield replace(call, user_agent=agent, asserted=None, challenged=False)


def _takeover(scene: Scene) -> Iterator[Act]:
    """Guessed after some tries, used at once: another network, another phone, expensive numbers."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    victim, agent = (
        scene.victim(lambda party: party.user is not None and party.plan in ("residential", "business")),
        chance.choice(AGENTS),
    )
    scene.concerns_party(victim)
    for _ in range(scene.count((5, 40), (0, 8))):
        at += chance.expovariate(1 / scene.pick((1, 10), (5, 60))) * SECOND
        yield _guess(scene, at, source, _user_of(victim), agent)
    at += chance.uniform(1, 20) * SECOND
    yield _taken(scene, victim, source, agent, at)
    yield from _toll(scene, victim, source, agent, at + scene.pick((5, 600), (60, 3600)) * SECOND)


def _hacked_exchange(scene: Scene) -> Iterator[Act]:
    """A customer's exchange was broken into: expensive calls from its own address, at night or at the weekend."""
    victim = scene.victim(lambda party: party.plan == "business" and party.address is not None)
    scene.concerns_party(victim)
    at = scene.at_hour(victim, 0, scene.chance.uniform(0.5, 4.5))
    yield from _toll(scene, victim, victim.source, victim.agent, float(at if at >= scene.begin else at + 24 * HOUR))


def _shared(scene: Scene) -> Iterator[Act]:
    """One account's password among a dozen people, in as many networks, at the same time."""
    chance = scene.chance
    party = scene.account(by_address=False, plan="residential", cover=1.0)
    people = [(scene.addresses.access(), chance.choice(AGENTS)) for _ in range(scene.count((8, 20), (6, 12)))]
    own = [Random(f"{party.account}:{nth}") for nth in range(len(people))]
    for day in range(2):
        for (source, agent), dice in zip(people, own, strict=True):
            for _ in range(scene.count((3, 8), (2, 5))):
                at = float(scene.at_hour(party, day, dice.uniform(8, 23)))
                yield _taken(scene, party, source, agent, at)
                for _ in range(2):
                    callee = whom(party, Use("home", strangers=0.8), dice)
                    call = next(outbound(party, Micros(int(at + dice.uniform(1, 50) * MINUTE)), callee, Talk(), dice))
                    yield replace(call, source=source, user_agent=agent, actor=scene.label.actor)


KINDS: Final = (
    AbusiveKind("brute force from one address", "security-breach", _one_source, ("unauthorised-access", "denial-of-service")),
    AbusiveKind(
        "password spray over users", "security-breach", _spray, ("unauthorised-access", "denial-of-service"), held_out_only=True
    ),
    AbusiveKind("distributed brute force", "security-breach", _distributed, ("unauthorised-access", "credentials")),
    AbusiveKind(
        "takeover and toll fraud", "security-breach", _takeover, ("unauthorised-access", "credentials", "interception", "unlawful")
    ),
    AbusiveKind("hacked exchange", "security-breach", _hacked_exchange, ("unlawful",)),
    AbusiveKind("shared credentials", "credentials", _shared, ("security-breach", "interception", "proxied-abuse"), whole_days=2),
)
