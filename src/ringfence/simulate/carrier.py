"""An hour of a provider's calls as plans: who calls whom, when, and how it goes. The same seed gives the same hour."""

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from ringfence.simulate.numbering import world_numbers
from ringfence.simulate.profiles import DIALLER, PROFILES, Outcome, Profile
from ringfence.simulate.provider import Account, Provider
from ringfence.vocabulary.numbers import E164
from ringfence.vocabulary.times import HOUR, SECOND, Micros

_LONGEST_TALK_S: Final = 7200.0
_RELEASED_BY: Final = {
    Outcome.BUSY: "callee",
    Outcome.CANCELLED: "caller",
    Outcome.NO_ANSWER: "network",
    Outcome.UNALLOCATED: "network",
}
_CHALLENGED: Final = 0.1  # a registered trunk's nonce grows stale every so often (ours)


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One attempt that will be made `offset` after the start.

    `setup_us` runs from INVITE to the first ringing (or the failure), `ring_us` from there to the answer or the end of ringing,
    `talk_us` from answer to BYE. `source` is the sender's address. `challenged`: the edge asks for fresh credentials first.
    `call_id` is a Call-ID's left side.
    """

    offset: Micros
    call_id: str
    account: Account
    caller: E164
    callee: E164
    source: str
    outcome: Outcome
    setup_us: int
    ring_us: int
    talk_us: int
    released_by: str
    challenged: bool = False


def calls(provider: Provider, *, seed: int, duration: Micros = HOUR) -> Iterator[CallPlan]:
    """Yield all calls that begin within `duration`, in the order of their times.

    Each account draws from its own stream of chance, so adding one changes no other. Raises `KeyError` for a plan without profile.
    """
    world = world_numbers()
    streams = [_account_calls(provider, account, seed, world) for account in provider.accounts]
    return takewhile(lambda plan: plan.offset < duration, heapq.merge(*streams, key=lambda plan: plan.offset))


def _account_calls(provider: Provider, account: Account, seed: int, world: Sequence[E164]) -> Iterator[CallPlan]:
    """Yield the account's calls without end, in the order of their times."""
    chance = random.Random(f"{seed}:{account.name}")
    profile = DIALLER if account.name == provider.dialler else PROFILES[account.plan]
    callees = _new_numbers(world, chance) if profile.contacts == 0 else _contacts(profile, world, chance)
    mean_gap_s = 1 / profile.calls_per_second
    at_s = 0.0
    while True:
        at_s += mean_gap_s * chance.uniform(0.8, 1.2) if profile.paced else chance.expovariate(profile.calls_per_second)
        yield _call(account, profile, next(callees), Micros(int(at_s * SECOND)), chance)


def _new_numbers(world: Sequence[E164], chance: random.Random) -> Iterator[E164]:
    """Yield each number of the world once, then each once more."""
    while True:
        yield from chance.sample(world, len(world))


def _contacts(profile: Profile, world: Sequence[E164], chance: random.Random) -> Iterator[E164]:
    """Yield whom to call next: mostly people of the book, its first most often (harmonic weights, ours); else anybody."""
    book = chance.sample(world, profile.contacts)
    weights = [1 / rank for rank in range(1, len(book) + 1)]
    while True:
        yield chance.choice(world) if chance.random() < profile.strangers else chance.choices(book, weights)[0]


def _call(account: Account, profile: Profile, callee: E164, offset: Micros, chance: random.Random) -> CallPlan:
    outcomes, shares = zip(*profile.outcomes, strict=True)
    outcome = chance.choices(outcomes, shares)[0]
    talk_s = min(chance.lognormvariate(0.0, profile.talk_sigma) * profile.talk_median_s, _LONGEST_TALK_S)
    return CallPlan(
        offset=offset,
        call_id=f"{chance.getrandbits(80):020x}",
        account=account,
        caller=chance.choice(account.numbers),
        callee=callee,
        source=account.trunk.address,
        outcome=outcome,
        setup_us=int(chance.uniform(0.15, 1.2) * SECOND),  # post-dial delay: ours
        ring_us=int(_ring_s(outcome, chance) * SECOND),
        talk_us=int(talk_s * SECOND) if outcome is Outcome.ANSWERED else 0,
        released_by=_RELEASED_BY.get(outcome) or chance.choice(("caller", "callee")),
        challenged=account.trunk.user is not None and chance.random() < _CHALLENGED,
    )


def _ring_s(outcome: Outcome, chance: random.Random) -> float:
    """How long it rings: people pick up after two or three rings, or give up; exchanges do after half a minute (ours)."""
    if outcome is Outcome.ANSWERED:
        return min(chance.gammavariate(2.5, 3.0), 28.0)
    if outcome is Outcome.CANCELLED:
        return min(2.0 + chance.gammavariate(2.0, 5.0), 28.0)
    return 30.0 if outcome is Outcome.NO_ANSWER else 0.0
