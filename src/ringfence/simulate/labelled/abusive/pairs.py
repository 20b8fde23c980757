"""Harassment: one person called again and again who does not want it."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act, Call
from ringfence.simulate.labelled.numbering import any_number
from ringfence.simulate.labelled.parties import Party
from ringfence.simulate.labelled.scene import AbusiveKind, Scene
from ringfence.simulate.labelled.telephony import Talk
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import MINUTE, SECOND

_STALKER: Final = Talk(5, 0.7, 0.5, 0.1, 0.3, 0)


def _pair(scene: Scene, lines: tuple[int, int] = (1, 1)) -> tuple[Party, str]:
    party = scene.account(lines=lines, plan="residential", cover=1.5)
    victim = any_number(party.country, scene.chance)
    for number in (*party.numbers, "anonymous"):
        scene.concerns(SubjectKind.PAIR, f"{number},{victim}")
    scene.concerns(SubjectKind.NUMBER, victim)
    return party, victim


def _again(scene: Scene) -> Iterator[Act]:
    """Dozens of calls an evening, hung up at once."""
    party, victim = _pair(scene)
    at = float(scene.begin)
    for _ in range(scene.count((25, 80), (18, 45))):
        at += scene.chance.uniform(*((0.5, 5) if not scene.held_out else (1, 7))) * MINUTE
        yield scene.call(party, at, party.numbers[0], victim, _STALKER)


def _refused(scene: Scene, call: Call, after: int, nth: int) -> Call:
    if nth < after or scene.chance.random() < 0.3:
        return call
    refused_us = int(scene.chance.uniform(1, 6) * SECOND)
    status = scene.chance.choice((603, 607, 486, 603))
    return replace(call, status=status, ring_us=refused_us, talk_us=0, released_by="callee")


def _after_refusal(scene: Scene) -> Iterator[Act]:
    """The callee declines, and is called on."""
    party, victim = _pair(scene)
    at, after = float(scene.begin), scene.chance.randint(0, 2)
    for nth in range(scene.count((14, 40), (12, 25))):
        at += scene.chance.uniform(*((4, 40) if not scene.held_out else (10, 70))) * MINUTE
        yield _refused(scene, scene.call(party, at, party.numbers[0], victim, _STALKER), after, nth)


def _changing(scene: Scene) -> Iterator[Act]:
    """Another of the account's numbers each time, or none."""
    party, victim = _pair(scene, (5, 15))
    at = float(scene.begin)
    for nth in range(scene.count((16, 50), (14, 30))):
        at += scene.chance.uniform(*((2, 25) if not scene.held_out else (5, 40))) * MINUTE
        caller = "anonymous" if scene.chance.random() < 0.2 else scene.chance.choice(party.numbers)
        yield _refused(scene, scene.call(party, at, caller, victim, _STALKER), 6, nth)


def _by_night(scene: Scene) -> Iterator[Act]:
    """A few calls every night."""
    party, victim = _pair(scene)
    for night in range(3):
        for _ in range(scene.count((6, 12), (5, 8))):
            at = scene.at_hour(party, night, scene.chance.uniform(0, 5))
            if at >= scene.begin:
                yield scene.call(party, float(at), party.numbers[0], victim, _STALKER)


KINDS: Final = (
    AbusiveKind("the same person again and again", "harassment", _again, ("denial-of-service",)),
    AbusiveKind("called on after refusing", "harassment", _after_refusal, ("denial-of-service", "spam")),
    AbusiveKind("with changing callers", "harassment", _changing, ("denial-of-service",)),
    AbusiveKind("by night", "harassment", _by_night, ("denial-of-service",), whole_days=4, held_out_only=True),
)
