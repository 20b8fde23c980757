"""Automatic and predictive dialling."""

from collections.abc import Iterator
from random import Random
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act
from ringfence.simulate.labelled.numbering import any_number, invalid_number
from ringfence.simulate.labelled.parties import AGENTS
from ringfence.simulate.labelled.scene import AbusiveKind, Scene
from ringfence.simulate.labelled.telephony import Talk
from ringfence.vocabulary.times import HOUR, SECOND


def _listed(country: str, dead: float, chance: Random) -> str:
    """Return the next number of a bought list, of which the share `dead` is in service no more."""
    return invalid_number(country, chance) if chance.random() < dead else any_number(country, chance)


def _blatant(scene: Scene) -> Iterator[Act]:
    """Hundreds an hour from a few numbers, most of them seconds long."""
    party, chance = scene.account(), scene.chance
    per_s = scene.pick((0.25, 3.0), (0.12, 6.0))
    talk = Talk(
        scene.pick((4, 22), (7, 38)), 0.7, scene.pick((0.15, 0.45), (0.3, 0.6)), 0.05, scene.pick((0.02, 0.3), (0.0, 0.1)), 0
    )
    dead, paced, at = scene.pick((0.02, 0.2), (0.0, 0.06)), chance.random() < 0.5, float(scene.begin)
    for _ in range(scene.count((400, 2500), (500, 1500))):
        at += (chance.uniform(0.8, 1.2) if paced else chance.expovariate(1.0)) / per_s * SECOND
        yield scene.call(party, at, chance.choice(party.numbers), _listed(party.country, dead, chance), talk)


def _snowshoe(scene: Scene) -> Iterator[Act]:
    """Under every limit for a number, not for the account: many numbers, each a few times a day."""
    party, chance = scene.account(lines=(60, 200) if not scene.held_out else (120, 400)), scene.chance
    talk = Talk(scene.pick((5, 18), (8, 30)), 0.7, scene.pick((0.2, 0.45), (0.3, 0.55)), 0.06, 0.1, 0)
    days = 2
    a_day = len(party.numbers) * scene.count((8, 20), (5, 10))
    for day in range(days):
        for nth in range(a_day):
            at = scene.at_hour(party, day, chance.uniform(9, 19))
            yield scene.call(party, at, party.numbers[nth % len(party.numbers)], _listed(party.country, 0.05, chance), talk)


def _campaign(scene: Scene) -> Iterator[Act]:
    """Eight accounts dial one list, each at a rate that a busy office has; they share times and equipment."""
    shared = Random(f"{scene.seed}:campaign:{scene.nth // 8}:{scene.held_out}")
    party, chance = scene.account(lines=(2, 6)), scene.chance
    agent = shared.choice(AGENTS)
    median, answered, a_day = (
        shared.uniform(5, 20),
        shared.uniform(0.2, 0.4),
        shared.randint(250, 700) if not scene.held_out else shared.randint(180, 400),
    )
    for day in range(2):
        begin, length = shared.uniform(9, 12), shared.uniform(3, 7)
        for _ in range(a_day):
            at = scene.at_hour(party, day, begin + length * chance.random())
            call = scene.call(
                party,
                at,
                chance.choice(party.numbers),
                _listed(party.country, 0.06, chance),
                Talk(median, 0.6, answered, 0.05, 0.12, 0),
            )
            yield replace(call, user_agent=agent)


def _predictive(scene: Scene) -> Iterator[Act]:
    """More calls than there are agents: who answers while none is free is hung up on within two seconds."""
    party, chance = scene.account(lines=(4, 12)), scene.chance
    per_h = scene.pick((500, 1800), (350, 900))
    abandoned, at = scene.pick((0.06, 0.25), (0.04, 0.12)), float(scene.begin)
    talk = Talk(scene.pick((45, 120), (60, 160)), 0.9, 0.38, 0.05, 0.25, 0)
    for _ in range(scene.count((900, 2500), (900, 1800))):
        at += chance.expovariate(per_h / HOUR)
        call = scene.call(party, at, chance.choice(party.numbers), _listed(party.country, 0.05, chance), talk)
        if call.status == 200 and chance.random() < abandoned:
            call = replace(call, talk_us=int(chance.uniform(0.2, 2.0) * SECOND), released_by="caller")
        elif call.status == 487:
            call = replace(call, ring_us=int(chance.uniform(3, 14) * SECOND))
        yield call


def _voice_drop(scene: Scene) -> Iterator[Act]:
    """A recorded message, as long each time; steady from morning to evening."""
    party, chance = scene.account(lines=(1, 3)), scene.chance
    message_s, gap_s, at = scene.pick((18, 45), (12, 60)), scene.pick((8, 20), (15, 40)), float(scene.begin)
    for _ in range(scene.count((500, 1500), (400, 1000))):
        at += gap_s * chance.uniform(0.9, 1.1) * SECOND
        call = scene.call(
            party, at, chance.choice(party.numbers), _listed(party.country, 0.08, chance), Talk(9, 0.8, 0.6, 0.05, 0.02, 0)
        )
        if call.status == 200 and chance.random() < 0.6:  # heard to its end, or by a machine
            call = replace(call, talk_us=int((message_s + chance.uniform(0, 1.5)) * SECOND))
        yield call


def _even(scene: Scene) -> Iterator[Act]:
    """One call after the other at even intervals, to numbers that are in service, and people who answer talk a while."""
    party, chance = scene.account(lines=(1, 4)), scene.chance
    gap_s, jitter, at = scene.pick((7, 16), (6, 11)), scene.pick((0.02, 0.15), (0.05, 0.3)), float(scene.begin)
    talk = Talk(scene.pick((50, 120), (70, 150)), 0.9, scene.pick((0.5, 0.7), (0.45, 0.75)), 0.06, 0.05, 0)
    for _ in range(scene.count((500, 1200), (500, 900))):
        at += gap_s * chance.uniform(1 - jitter, 1 + jitter) * SECOND
        yield scene.call(party, at, chance.choice(party.numbers), _listed(party.country, 0.03, chance), talk)


def _sequential(scene: Scene) -> Iterator[Act]:
    """Dials a block of numbers one after the other, and talks."""
    party, chance = scene.account(), scene.chance
    number, at = int(any_number(party.country, chance)[1:]) // 10_000 * 10_000, float(scene.begin)
    step = 1 if not scene.held_out else chance.choice((2, 5, 7))
    for nth in range(scene.count((400, 1200), (400, 900))):
        at += chance.expovariate(1 / scene.pick((6, 20), (10, 30))) * SECOND
        yield scene.call(party, at, party.numbers[0], f"+{number + nth * step}", Talk(8, 0.8, 0.3, 0.05, 0.1, 0))


KINDS: Final = (
    AbusiveKind(
        "blatant dialler",
        "auto-dialing",
        _blatant,
        ("spam", "network-scanning", "false-user-information", "upstream-policy"),
        complaints=0.004,
    ),
    AbusiveKind(
        "snowshoe dialler",
        "auto-dialing",
        _snowshoe,
        ("spam", "false-user-information", "upstream-policy"),
        whole_days=2,
        complaints=0.004,
    ),
    AbusiveKind(
        "campaign over accounts",
        "auto-dialing",
        _campaign,
        ("spam", "false-user-information", "upstream-policy"),
        whole_days=2,
        together=8,
        complaints=0.004,
    ),
    AbusiveKind(
        "predictive dialler", "auto-dialing", _predictive, ("spam", "false-user-information", "upstream-policy"), complaints=0.006
    ),
    AbusiveKind(
        "evenly paced dialler", "auto-dialing", _even, ("spam", "false-user-information", "upstream-policy"), complaints=0.004
    ),
    AbusiveKind(
        "recorded messages", "auto-dialing", _voice_drop, ("spam", "false-user-information", "upstream-policy"), complaints=0.008
    ),
    AbusiveKind(
        "sequential dialler",
        "auto-dialing",
        _sequential,
        ("spam", "network-scanning", "false-user-information", "upstream-policy"),
        held_out_only=True,
    ),
)
