"""Unsolicited bulk: texts, loops, and calls that nobody wants."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act, Text
from ringfence.simulate.labelled.numbering import any_number, mobile_number
from ringfence.simulate.labelled.parties import Party
from ringfence.simulate.labelled.scene import AbusiveKind, Scene
from ringfence.simulate.labelled.telephony import Talk, new_id
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros


def _texts(scene: Scene, party: Party, content: str, count: int, gap_s: float) -> Iterator[Act]:
    chance, at = scene.chance, float(scene.begin)
    for nth in range(count):
        at += chance.expovariate(1 / gap_s) * SECOND
        said = content or f"{chance.getrandbits(64):016x}"
        to = mobile_number(party.country, chance)
        yield Text(
            Micros(int(at)),
            new_id(chance),
            party,
            party.source,
            party.numbers[nth % len(party.numbers)],
            to,
            202 if chance.random() > 0.1 else 404,
            said,
            "outbound",
            party.agent,
            scene.label.actor,
        )


def _same_text(scene: Scene) -> Iterator[Act]:
    """One text to everybody."""
    party = scene.account(lines=(1, 3))
    return _texts(
        scene, party, f"{scene.chance.getrandbits(64):016x}", scene.count((200, 1200), (150, 500)), scene.pick((0.3, 2), (1, 4))
    )


def _varied_text(scene: Scene) -> Iterator[Act]:
    """The same with a word changed each time, from more numbers."""
    return _texts(scene, scene.account(lines=(5, 20)), "", scene.count((300, 1200), (250, 600)), scene.pick((0.5, 2.5), (1, 5)))


def _loop(scene: Scene) -> Iterator[Act]:
    """Two machines that answer each other."""
    party, chance, at = scene.account(lines=(1, 1)), scene.chance, float(scene.begin)
    other, content = mobile_number(party.country, chance), f"{chance.getrandbits(64):016x}"
    scene.concerns(SubjectKind.NUMBER, other)
    for nth in range(scene.count((80, 300), (60, 150))):
        at += scene.pick((0.4, 2.0), (0.8, 2.6)) * SECOND
        ours = nth % 2 == 0
        caller, callee = (party.numbers[0], other) if ours else (other, party.numbers[0])
        yield Text(
            Micros(int(at)),
            new_id(chance),
            party if ours else None,
            party.source if ours else "192.0.2.65",
            caller,
            callee,
            202,
            content,
            "outbound" if ours else "inbound",
            party.agent,
            scene.label.actor,
        )


def _unwanted(scene: Scene) -> Iterator[Act]:
    """Calls that people answer with 607 Unwanted (RFC 8197) or decline."""
    party, chance, at = scene.account(lines=(2, 6)), scene.chance, float(scene.begin)
    share, gap_s = scene.pick((0.04, 0.12), (0.02, 0.06)), scene.pick((8, 30), (15, 45))
    for _ in range(scene.count((250, 700), (250, 500))):
        at += chance.expovariate(1 / gap_s) * SECOND
        call = scene.call(
            party, at, chance.choice(party.numbers), any_number(party.country, chance), Talk(25, 1.0, 0.5, 0.05, 0.05, 0)
        )
        if chance.random() < share:
            call = replace(call, status=607, talk_us=0, ring_us=int(chance.uniform(2, 8) * SECOND), released_by="callee")
        yield call


def _unwanted_from_abroad(scene: Scene) -> Iterator[Act]:
    """The same from another network, for our users: one range of callers."""
    chance, at = scene.chance, float(scene.begin)
    stem, gap_s = any_number("GB", chance)[:-4], scene.pick((3, 20), (10, 40))
    scene.concerns(SubjectKind.RANGE, stem)
    for length in range(4, 10):
        scene.concerns(SubjectKind.RANGE, stem[:length])
    callers = [f"{stem}{nth:04d}" for nth in chance.sample(range(10_000), scene.count((4, 30), (20, 60)))]
    for caller in callers:
        scene.concerns(SubjectKind.NUMBER, caller)
    for _ in range(scene.count((250, 700), (250, 500))):
        at += chance.expovariate(1 / gap_s) * SECOND
        call = scene.call(None, at, chance.choice(callers), scene.victim().numbers[0], Talk(12, 1.0, 0.5, 0.05, 0.05, 0))
        if chance.random() < 0.08:
            call = replace(call, status=607, talk_us=0, ring_us=int(chance.uniform(2, 8) * SECOND), released_by="callee")
        yield call


KINDS: Final = (
    AbusiveKind("one text to everybody", "spam", _same_text, ("auto-dialing",), complaints=0.01),
    AbusiveKind("texts, each a little different", "spam", _varied_text, ("auto-dialing",), held_out_only=True, complaints=0.01),
    AbusiveKind("message loop", "spam", _loop, ("denial-of-service", "harassment")),
    AbusiveKind(
        "calls that nobody wants", "spam", _unwanted, ("auto-dialing", "harassment", "false-user-information"), complaints=0.02
    ),
    AbusiveKind(
        "unwanted calls from another network",
        "spam",
        _unwanted_from_abroad,
        ("auto-dialing", "caller-id-falsification", "deceptive-marketing"),
    ),
)
