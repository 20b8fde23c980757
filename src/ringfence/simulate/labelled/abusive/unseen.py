"""Kinds that were written when every threshold stood: no rule was ever chosen with them in sight."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act, Ask
from ringfence.simulate.labelled.numbering import any_number, costly_number
from ringfence.simulate.labelled.parties import AGENTS, EDGE
from ringfence.simulate.labelled.scene import AbusiveKind, Scene
from ringfence.simulate.labelled.telephony import Talk, new_id
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros


def _bursts(scene: Scene) -> Iterator[Act]:
    """Two dozen calls within a minute, then a quarter of an hour of rest, all day; whoever answers hears a sales talk."""
    party, chance = scene.account(lines=(2, 6)), scene.chance
    talk = Talk(25, 0.9, 0.35, 0.06, 0.12, 0)
    for day in range(2):
        at = float(scene.at_hour(party, day, chance.uniform(8.5, 10)))
        for _ in range(chance.randint(20, 30)):
            for _ in range(chance.randint(18, 30)):
                call_at = at + chance.uniform(0, 60) * SECOND
                if call_at >= scene.begin:
                    yield scene.call(party, call_at, chance.choice(party.numbers), any_number(party.country, chance), talk)
            at += chance.uniform(12, 20) * MINUTE


def _in_turns(scene: Scene) -> Iterator[Act]:
    """Two accounts call one person in turns, each less often than a single pursuer would."""
    pursuers, at = [scene.account(plan="residential", lines=(1, 2), cover=1.5) for _ in range(2)], float(scene.begin)
    victim = any_number(pursuers[0].country, scene.chance)
    scene.concerns(SubjectKind.NUMBER, victim)
    for nth in range(scene.chance.randint(24, 50)):
        party = pursuers[nth % 2]
        scene.concerns(SubjectKind.PAIR, f"{party.numbers[0]},{victim}")
        at += scene.chance.uniform(5, 45) * MINUTE
        yield scene.call(party, at, party.numbers[0], victim, Talk(6, 0.8, 0.5, 0.12, 0.25, 0))


def _one_by_one(scene: Scene) -> Iterator[Act]:
    """A customer's exchange was broken into: one expensive call after the other, never two at once, all night."""
    victim = scene.victim(lambda party: party.plan == "business" and party.address is not None)
    scene.concerns_party(victim)
    chance, begin = scene.chance, scene.at_hour(victim, 0, scene.chance.uniform(0, 2))
    at = float(begin if begin >= scene.begin else begin + 24 * HOUR)
    prefix = scene.costly_prefix()
    targets = [costly_number(prefix, chance) for _ in range(chance.randint(4, 20))]
    for _ in range(chance.randint(15, 40)):
        talk = Talk(chance.uniform(300, 900), 0.4, 0.85, 0.03, 0.02, 0)
        call = scene.call(victim, at, victim.numbers[0], chance.choice(targets), talk)
        yield replace(call, asserted=None, challenged=False)
        at += call.setup_us + call.ring_us + call.talk_us + chance.uniform(5, 60) * SECOND


def _shared_scan(scene: Scene) -> Iterator[Act]:
    """A scan that many addresses share: each asks for three or four users, the next goes on where it stopped."""
    chance, at, user = scene.chance, float(scene.begin), scene.chance.randrange(100, 8000)
    for _ in range(chance.randint(30, 80)):
        source, agent = scene.outsider(), chance.choice(AGENTS)
        for _ in range(chance.randint(3, 4)):
            at += chance.expovariate(1 / 5) * SECOND
            user += 1
            yield Ask(
                Micros(int(at)),
                new_id(chance),
                None,
                source,
                str(user),
                "REGISTER",
                chance.choice((404, 403)),
                EDGE,
                agent,
                actor=scene.label.actor,
            )


KINDS: Final = (
    AbusiveKind(
        "dialler in bursts",
        "auto-dialing",
        _bursts,
        ("spam", "false-user-information", "upstream-policy"),
        whole_days=2,
        held_out_only=True,
        written_last=True,
        complaints=0.004,
    ),
    AbusiveKind(
        "two accounts in turns",
        "harassment",
        _in_turns,
        ("denial-of-service",),
        whole_days=2,
        held_out_only=True,
        written_last=True,
    ),
    AbusiveKind(
        "toll fraud one by one", "security-breach", _one_by_one, ("unlawful",), whole_days=2, held_out_only=True, written_last=True
    ),
    AbusiveKind(
        "scan shared by many addresses",
        "unauthorised-access",
        _shared_scan,
        ("network-scanning", "security-breach", "denial-of-service"),
        held_out_only=True,
        written_last=True,
    ),
)
