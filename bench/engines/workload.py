"""A day of calls of many accounts, in columns, with bursts planted that the rules are to find."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

DAY_US = 86_400_000_000
ACCOUNTS = 20_000
BURSTS = 150
BURST_CALLS = 800
BURST_US = 500_000_000
SHORT_US = 6_000_000
_SPREAD = 1.05  # Zipf's exponent: the busiest account has a ninth of all calls
_CONTACTS = 2_000


class Calls(NamedTuple):
    """N calls, times strictly rising. Account and callee are keys as an engine has them: 64 mixed bits, never 0."""

    time: NDArray[np.int64]  # microseconds
    account: NDArray[np.uint64]
    callee: NDArray[np.uint64]
    answered: NDArray[np.bool_]
    duration: NDArray[np.int64]  # microseconds, 0 where not answered

    def part(self, which: slice | NDArray[np.bool_]) -> "Calls":
        """Return some of the calls."""
        return Calls(self.time[which], self.account[which], self.callee[which], self.answered[which], self.duration[which])


def calls(count: int, *, seed: int) -> Calls:
    """Return `count` calls, the bursts among them: a third dialled with short answers, a third long to few, a third unanswered."""
    chance = np.random.default_rng(seed)
    planted = min(BURSTS, count // BURST_CALLS // 4)
    usual = count - planted * BURST_CALLS
    weights = 1 / np.arange(1, ACCOUNTS + 1) ** _SPREAD
    account = chance.choice(ACCOUNTS, usual, p=weights / weights.sum()).astype(np.uint64)
    contact = (chance.random(usual) ** 4 * _CONTACTS).astype(np.uint64)
    answered = chance.random(usual) < 0.6
    parts = [
        (
            _through_the_day(chance, usual),
            account,
            account * np.uint64(_CONTACTS) + contact,
            answered,
            chance.exponential(9e7, usual),
        )
    ]
    for number in range(planted):
        parts.append(_burst(chance, number))
    time, owner, callee, met, duration = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(time, kind="stable")
    rising = np.maximum.accumulate(np.sort(time) - np.arange(count)) + np.arange(count)
    lasting = np.where(met, duration, 0).astype(np.int64)
    return Calls(rising, _mixed(owner[order], 1), _mixed(callee[order], 2), met[order], lasting[order])


def _through_the_day(chance: np.random.Generator, count: int) -> NDArray[np.int64]:
    hours = np.arange(25)
    busy = np.concatenate(([0.0], np.cumsum(1.2 + np.sin((hours[:-1] - 8) / 24 * 2 * np.pi))))
    moments: NDArray[np.int64] = (np.interp(chance.random(count), busy / busy[-1], hours) / 24 * DAY_US).astype(np.int64)
    return moments


def _burst(chance: np.random.Generator, number: int) -> tuple[Any, ...]:
    begin = int(chance.integers(DAY_US - BURST_US))
    time = begin + np.sort(chance.integers(BURST_US, size=BURST_CALLS))
    account = np.full(BURST_CALLS, 200 + int(chance.integers(ACCOUNTS - 200)), np.uint64)
    fresh = np.uint64(10**9 + number * 10**5) + np.arange(BURST_CALLS, dtype=np.uint64)
    match number % 3:
        case 0:
            return time, account, fresh, chance.random(BURST_CALLS) < 0.7, chance.exponential(4e6, BURST_CALLS)
        case 1:
            return time, account, fresh % np.uint64(5), chance.random(BURST_CALLS) < 0.9, chance.exponential(3e8, BURST_CALLS)
        case _:
            return time, account, fresh, chance.random(BURST_CALLS) < 0.02, chance.exponential(6e7, BURST_CALLS)


def _mixed(number: NDArray[np.generic], salt: int) -> NDArray[np.uint64]:
    """Return 64 bits in which nothing of the number's order is left, as a hash of a text would."""
    bits = (number.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = bits ^ (bits >> np.uint64(31))
    return mixed
