"""False caller identities, in the forms that an edge can see."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

from ringfence.simulate.labelled.acts import Act
from ringfence.simulate.labelled.numbering import any_number, fixed_number, invalid_number
from ringfence.simulate.labelled.parties import GATEWAY, PEERS, Party
from ringfence.simulate.labelled.scene import AbusiveKind, Scene
from ringfence.simulate.labelled.telephony import Talk
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND

_TALK: Final = Talk(40, 1.1, 0.45, 0.06, 0.12, 0)


def _spread(
    scene: Scene, make: Callable[[Party, Random], tuple[str, str, dict[str, Any]]], usual: tuple[int, int] = (40, 300)
) -> Iterator[Act]:
    """Yield calls over a day and more, each with the caller, callee and further fields that `make` gives."""
    party, chance = scene.account(lines=(1, 8)), scene.chance
    at, gap_s = float(scene.begin), scene.pick((20, 240), (60, 500))
    for _ in range(scene.count(usual, (30, 120))):
        at += chance.expovariate(1 / gap_s) * SECOND
        caller, callee, more = make(party, chance)
        yield scene.call(party, at, caller, callee, _TALK, **more)


def _not_held(scene: Scene) -> Iterator[Act]:
    """Any number, another for each call."""
    return _spread(scene, lambda party, chance: (any_number(party.country, chance), any_number(party.country, chance), {}))


def _impostor(scene: Scene) -> Iterator[Act]:
    """One number that is somebody else's, again and again."""
    borrowed = scene.victim().numbers[0]
    return _spread(scene, lambda party, chance: (borrowed, any_number(party.country, chance), {}))


def _invalid(scene: Scene) -> Iterator[Act]:
    """Numbers that no line can have."""
    return _spread(scene, lambda party, chance: (invalid_number(party.country, chance), any_number(party.country, chance), {}))


def _neighbour(scene: Scene) -> Iterator[Act]:
    """A caller that looks as if it lived round the corner from the callee."""

    def make(party: Party, chance: Random) -> tuple[str, str, dict[str, Any]]:
        callee = any_number(party.country, chance)
        return f"{callee[:-4]}{chance.randrange(10_000):04d}", callee, {}

    return _spread(scene, make, (120, 400))


def _contradiction(scene: Scene) -> Iterator[Act]:
    """The network is told the account's own number, the callee another."""
    return _spread(
        scene,
        lambda party, chance: (
            fixed_number(party.country, chance),
            any_number(party.country, chance),
            {"asserted": party.numbers[0]},
        ),
    )


def _false_diversion(scene: Scene) -> Iterator[Act]:
    """As if somebody had sent the call on, who is nobody's customer here."""
    return _spread(
        scene,
        lambda party, chance: (
            any_number(party.country, chance),
            any_number(party.country, chance),
            {"diverted": fixed_number(party.country, chance)},
        ),
    )


def _never_originates(scene: Scene) -> Iterator[Act]:
    """A number that only receives calls: an authority's or a bank's hotline."""
    hotline = scene.chance.choice(scene.never_originate or ("+3225550000",))
    return _spread(scene, lambda party, chance: (hotline, any_number(party.country, chance), {}))


def _home_from_abroad(scene: Scene) -> Iterator[Act]:
    """Calls come from other networks with numbers that the provider's own customers hold."""
    chance = scene.chance
    owner = scene.victim(lambda party: len(party.numbers) >= 1)
    scene.concerns(SubjectKind.NUMBER, owner.numbers[0])
    scene.concerns(SubjectKind.ACCOUNT, owner.account)
    at = float(scene.begin)
    for _ in range(scene.count((40, 200), (25, 60))):
        at += chance.expovariate(1 / scene.pick((20, 200), (60, 400))) * SECOND
        called = scene.victim()
        yield scene.call(None, at, owner.numbers[0], called.numbers[0], _TALK, source=scene.chance.choice((*PEERS, GATEWAY)))


KINDS: Final = (
    AbusiveKind("caller numbers not held", "caller-id-falsification", _not_held, ("auto-dialing", "spam", "proxied-abuse")),
    AbusiveKind(
        "one borrowed number", "caller-id-falsification", _impostor, ("auto-dialing", "spam", "proxied-abuse"), held_out_only=True
    ),
    AbusiveKind("caller numbers that cannot be", "caller-id-falsification", _invalid, ("auto-dialing", "spam", "proxied-abuse")),
    AbusiveKind("neighbour spoofing", "caller-id-falsification", _neighbour, ("auto-dialing", "spam", "proxied-abuse")),
    AbusiveKind(
        "From against asserted identity", "caller-id-falsification", _contradiction, ("auto-dialing", "spam", "proxied-abuse")
    ),
    AbusiveKind(
        "false diversion",
        "caller-id-falsification",
        _false_diversion,
        ("auto-dialing", "spam", "proxied-abuse"),
        held_out_only=True,
    ),
    AbusiveKind("number that never calls", "caller-id-falsification", _never_originates, ("auto-dialing", "spam", "proxied-abuse")),
    AbusiveKind("own numbers from elsewhere", "proxied-abuse", _home_from_abroad, ("caller-id-falsification",)),
)
