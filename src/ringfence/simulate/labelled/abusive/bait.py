"""One ring and gone: who calls back pays."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act, Call
from ringfence.simulate.labelled.numbering import costly_number, mobile_number
from ringfence.simulate.labelled.parties import PEERS
from ringfence.simulate.labelled.scene import AbusiveKind, Scene
from ringfence.simulate.labelled.telephony import PEOPLE, Talk
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import MINUTE, SECOND

_BAIT: Final = Talk(2, 0.3, 0.05, 0.02, 0.9, 0)


def _rung(scene: Scene, call: Call) -> Call:
    """Return the call as one ring."""
    ring_us = int(scene.pick((0.5, 4.0), (0.8, 4.8)) * SECOND)
    if call.status == 200:
        return replace(call, ring_us=ring_us, talk_us=int(scene.chance.uniform(0.3, 2.4) * SECOND), released_by="caller")
    return replace(call, ring_us=min(call.ring_us, ring_us)) if call.status == 487 else call


def _outbound(scene: Scene) -> Iterator[Act]:
    """A customer of ours rings everybody once, with its own number."""
    party, chance, at = scene.account(lines=(1, 5)), scene.chance, float(scene.begin)
    gap_s = scene.pick((1.5, 10), (4, 25))
    for _ in range(scene.count((300, 1200), (250, 600))):
        at += chance.expovariate(1 / gap_s) * SECOND
        yield _rung(scene, scene.call(party, at, chance.choice(party.numbers), mobile_number(party.country, chance), _BAIT))


def _outbound_costly(scene: Scene) -> Iterator[Act]:
    """A customer of ours rings everybody once, with a number that is dear to call."""
    party, chance, at = scene.account(), scene.chance, float(scene.begin)
    number, gap_s = costly_number(scene.costly_prefix(), chance), scene.pick((2, 12), (4, 25))
    scene.concerns(SubjectKind.NUMBER, number)
    for _ in range(scene.count((300, 1000), (250, 500))):
        at += chance.expovariate(1 / gap_s) * SECOND
        yield _rung(scene, scene.call(party, at, number, mobile_number(party.country, chance), _BAIT))


def _inbound(scene: Scene) -> Iterator[Act]:
    """From another network our users are rung once; some call back."""
    chance, at = scene.chance, float(scene.begin)
    stem, gap_s = costly_number(scene.costly_prefix(), chance)[:-3], scene.pick((1, 8), (3, 15))
    for length in range(3, len(stem) + 1):
        scene.concerns(SubjectKind.RANGE, stem[:length])
    callers = [f"{stem}{nth:03d}" for nth in chance.sample(range(1000), scene.count((3, 40), (30, 120)))]
    for caller in callers:
        scene.concerns(SubjectKind.NUMBER, caller)
    for _ in range(scene.count((200, 900), (150, 400))):
        at += chance.expovariate(1 / gap_s) * SECOND
        victim, caller = scene.victim(), chance.choice(callers)
        yield _rung(scene, scene.call(None, at, caller, victim.numbers[0], _BAIT, source=chance.choice(PEERS)))
        if chance.random() < 0.02:
            back = scene.call(victim, at + chance.uniform(1, 30) * MINUTE, victim.numbers[0], caller, PEOPLE)
            yield replace(back, actor=None)


_ALSO: Final = ("auto-dialing", "network-scanning", "spam", "caller-id-falsification", "upstream-policy")

KINDS: Final = (
    AbusiveKind("one ring to everybody", "deceptive-marketing", _outbound, _ALSO),
    AbusiveKind("one ring with a costly number", "deceptive-marketing", _outbound_costly, _ALSO, held_out_only=True),
    AbusiveKind("one ring from another network", "deceptive-marketing", _inbound, _ALSO),
)
