"""Traffic of others through an account here, tariffs turned to account, and use that contradicts what was declared."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act
from ringfence.simulate.labelled.numbering import any_number, costly_number, fixed_number, foreign_country
from ringfence.simulate.labelled.parties import AGENTS, Party
from ringfence.simulate.labelled.scene import AbusiveKind, Scene
from ringfence.simulate.labelled.telephony import Talk
from ringfence.vocabulary.times import SECOND

_PEOPLE: Final = Talk(70, 1.2, 0.55, 0.08, 0.12, 0)


def _channelled(scene: Scene) -> Iterator[Act]:
    """Another provider's users, day and night: callers of many countries, equipment of many makers, many hops."""
    party, chance = scene.account(lines=(5, 20), by_address=True), scene.chance
    makers = chance.sample(AGENTS, scene.count((4, 8), (3, 5)))
    for day in range(2):
        for _ in range(scene.count((350, 900), (250, 500))):
            at = float(scene.at_hour(party, day, chance.uniform(0, 24)))
            if at < scene.begin:
                continue
            country = foreign_country(party.country, chance) if chance.random() < 0.6 else party.country
            call = scene.call(party, at, any_number(country, chance), any_number(party.country, chance), _PEOPLE)
            yield replace(call, user_agent=chance.choice(makers), hops=chance.randint(2, 6), asserted=None)


def _through_a_reseller(scene: Scene) -> Iterator[Act]:
    """A dialler behind a reseller: on the reseller's own trunk, between the calls of its users."""
    chance = scene.chance
    reseller = scene.account(plan="wholesale", lines=(20, 50), cover=30.0, by_address=True)
    makers = chance.sample(AGENTS, scene.count((4, 7), (3, 5)))
    at, gap_s = float(scene.begin), scene.pick((4, 20), (10, 40))
    for _ in range(scene.count((500, 1500), (400, 800))):
        at += chance.expovariate(1 / gap_s) * SECOND
        caller = any_number(foreign_country(reseller.country, chance) if chance.random() < 0.4 else reseller.country, chance)
        call = scene.call(reseller, at, caller, any_number(reseller.country, chance), Talk(10, 0.9, 0.35, 0.05, 0.1, 0))
        yield replace(call, user_agent=chance.choice(makers), hops=chance.randint(2, 6), asserted=None)


def _pumped(scene: Scene) -> Iterator[Act]:
    """Calls to a handful of numbers that pay whoever sends calls there, as long as they will last, round the clock."""
    party, chance, at = scene.account(lines=(2, 10)), scene.chance, float(scene.begin)
    stem = costly_number(scene.costly_prefix(), chance)[:-2]
    targets = [f"{stem}{nth:02d}" for nth in chance.sample(range(100), scene.count((2, 8), (5, 20)))]
    talk, gap_s = Talk(scene.pick((500, 1500), (300, 900)), 0.4, 0.9, 0.02, 0.02, 0), scene.pick((30, 150), (60, 240))
    for _ in range(scene.count((80, 300), (60, 150))):
        at += chance.expovariate(1 / gap_s) * SECOND
        yield scene.call(party, at, chance.choice(party.numbers), chance.choice(targets), talk)


def _toll_free(scene: Scene) -> Iterator[Act]:
    """Calls to free numbers, held open by a machine: the callee pays for each minute."""
    party, chance, at = scene.account(lines=(3, 12)), scene.chance, float(scene.begin)
    free = {"BE": "+32800", "GB": "+44800", "US": "+1800"}[party.country]
    digits = {"BE": 5, "GB": 7, "US": 7}[party.country]
    targets = [
        f"{free}{chance.randrange(2 * 10 ** (digits - 1), 8 * 10 ** (digits - 1)):0{digits}d}"
        for _ in range(scene.count((3, 12), (8, 25)))
    ]
    for _ in range(scene.count((250, 900), (200, 500))):
        at += chance.expovariate(1 / scene.pick((10, 50), (20, 90))) * SECOND
        yield scene.call(party, at, chance.choice(party.numbers), chance.choice(targets), Talk(170, 0.5, 0.92, 0.02, 0.01, 0))


def _origin_changed(scene: Scene) -> Iterator[Act]:
    """Foreign callers, which are dear to connect, shown as national ones: the network's own field still tells where they are."""
    party, chance, at = scene.account(by_address=True), scene.chance, float(scene.begin)
    country = foreign_country(party.country, chance)
    for _ in range(scene.count((150, 500), (100, 250))):
        at += chance.expovariate(1 / scene.pick((20, 120), (60, 200))) * SECOND
        call = scene.call(party, at, fixed_number(party.country, chance), any_number(party.country, chance), _PEOPLE)
        yield replace(call, asserted=any_number(country, chance))


def _office(scene: Scene, party: Party, a_day: int, strangers: float) -> Iterator[Act]:
    """Yield days of a call centre's work: agents who talk, many strangers."""
    chance = scene.chance
    known = [any_number(party.country, chance) for _ in range(60)]
    for day in range(3):
        for _ in range(a_day):
            at = float(scene.at_hour(party, day, chance.uniform(9, 17.5)))
            if at < scene.begin:
                continue
            callee = any_number(party.country, chance) if chance.random() < strangers else chance.choice(known)
            yield scene.call(party, at, chance.choice(party.numbers), callee, Talk(80, 1.0, 0.45, 0.05, 0.12, 0))


def _not_a_home(scene: Scene) -> Iterator[Act]:
    """Signed up as a home, used as a call centre."""
    return _office(scene, scene.account(plan="residential", lines=(1, 3)), scene.count((250, 500), (180, 350)), 0.9)


def _not_an_alarm(scene: Scene) -> Iterator[Act]:
    """Signed up for alarm lines, which cost little and ring through; used for selling."""
    return _office(scene, scene.account(plan="alarm", lines=(1, 3), cover=0.3), scene.count((120, 400), (80, 200)), 0.9)


def _not_here(scene: Scene) -> Iterator[Act]:
    """Signed up as a home in one country, used from another for its whole traffic, several calls at a time."""
    party = scene.account(plan="residential", lines=(1, 2), cover=0.3)
    chance, country = scene.chance, foreign_country(party.country, scene.chance)
    for day in range(3):
        for _ in range(scene.count((120, 300), (90, 180))):
            at = float(scene.at_hour(party, day, chance.uniform(6, 23)))
            if at < scene.begin:
                continue
            yield scene.call(party, at, party.numbers[0], any_number(country, chance), Talk(150, 0.9, 0.6, 0.05, 0.1, 0))


def _ours_elsewhere(scene: Scene) -> Iterator[Act]:
    """A customer sends its calls through another provider, with our numbers, which then reach our users from outside."""
    chance, at = scene.chance, float(scene.begin)
    party = scene.account(lines=(2, 6))
    for _ in range(scene.count((60, 250), (40, 100))):
        at += chance.expovariate(1 / scene.pick((40, 200), (80, 400))) * SECOND
        yield scene.call(None, at, chance.choice(party.numbers), scene.victim().numbers[0], _PEOPLE, source="192.0.2.67")


KINDS: Final = (
    AbusiveKind(
        "another provider's traffic",
        "proxied-abuse",
        _channelled,
        ("caller-id-falsification", "auto-dialing", "false-user-information"),
        whole_days=2,
    ),
    AbusiveKind(
        "dialler behind a reseller",
        "proxied-abuse",
        _through_a_reseller,
        ("caller-id-falsification", "auto-dialing", "spam", "upstream-policy"),
    ),
    AbusiveKind(
        "own number by another provider", "proxied-abuse", _ours_elsewhere, ("caller-id-falsification",), held_out_only=True
    ),
    AbusiveKind("traffic pumping", "unlawful", _pumped, ("security-breach", "false-user-information")),
    AbusiveKind(
        "free numbers pumped",
        "unlawful",
        _toll_free,
        ("auto-dialing", "false-user-information", "denial-of-service"),
        held_out_only=True,
    ),
    AbusiveKind("origin changed", "unlawful", _origin_changed, ("caller-id-falsification", "proxied-abuse")),
    AbusiveKind(
        "call centre declared as a home",
        "false-user-information",
        _not_a_home,
        ("auto-dialing", "spam"),
        whole_days=3,
        complaints=0.002,
    ),
    AbusiveKind(
        "seller on an alarm plan", "false-user-information", _not_an_alarm, ("auto-dialing", "spam"), whole_days=3, complaints=0.002
    ),
    AbusiveKind(
        "foreign trade declared as a home",
        "false-user-information",
        _not_here,
        ("auto-dialing", "proxied-abuse", "unlawful"),
        whole_days=3,
        held_out_only=True,
    ),
)
