"""`python -m bench.matching [COMPLAINTS]`: how many complaints about a call are attributed without a hand, and how many wrongly.

A carrier's day of 40,000 calls, and complaints in eight languages about calls that it carried, for a customer or a peer, and about
calls that it did not, with and without a number of its own. Clocks are off by up to five minutes.
"""

import resource
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from bench.matching.letters import Wish, letter
from bench.matching.world import COUNTRIES, World, number, world
from ringfence.desk.site.process import configure
from ringfence.vocabulary.times import SECOND, Micros, utc

if TYPE_CHECKING:
    from bench.matching.desk import Desk

CALLS: Final = 40_000
COMPLAINTS: Final = 600
GOAL: Final = 0.95
SKEW_S: Final = 300
SEED: Final = 20_260_310
KEY: Final = b"m" * 32
RECEIVED: Final = datetime(2026, 3, 11, 9, 30, tzinfo=UTC)

Expected = tuple[str, str]
"""The verdict, and the party or the peer."""


def main() -> int:
    """Measure; return 1 where fewer than `GOAL` are attributed."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COMPLAINTS
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-") as folder:
        data = Path(folder)
        (data / "installation.key").write_bytes(KEY)
        configure(data)
        from bench.matching.desk import Desk  # noqa: PLC0415 # Django reads its settings when a model is imported

        made = world(SEED, CALLS)
        return _measure(Desk(data, made, KEY), made, count)


def _measure(desk: "Desk", made: World, count: int) -> int:
    chance = Random(SEED + 1)
    told: list[tuple[Expected, Expected, str]] = []
    began = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    for _ in range(count):
        wish, when, expected = _drawn(chance, made)
        verdict, who, why = desk.asked(letter(chance, wish, when, RECEIVED), RECEIVED)
        told.append((expected, (verdict, who), f"{utc(when)} {wish} {why}"))
    spent = resource.getrusage(resource.RUSAGE_SELF).ru_utime - began
    return _print(told, spent / count)


def _drawn(chance: Random, made: World) -> tuple[Wish, Micros, Expected]:
    """Return what is complained of, when the complainant's clock said it was, and what the answer should be."""
    call = chance.choice(made.calls)
    off = chance.randint(-SKEW_S, SKEW_S) * SECOND
    when = Micros(call.start + off)
    kind = chance.random()
    home = next((country for country in COUNTRIES if call.callee.startswith(_prefix(country))), "BE")
    if kind < 0.70:
        named = chance.random()
        caller = None if named < 0.06 else call.caller
        callee = None if 0.06 <= named < 0.16 else call.callee
        if call.account is not None:
            return Wish(caller, callee, home), when, ("ours", call.account)
        return Wish(caller, callee, home), when, ("carried-for-peer", call.peer or "")
    if kind < 0.85:
        ours, account = chance.choice(list(made.held.items()))
        return Wish(ours, number(chance, home), home), when, ("spoofed-elsewhere", account)
    return Wish(number(chance, chance.choice(COUNTRIES)), number(chance, home), home), when, ("not-ours", "")


def _prefix(country: str) -> str:
    return number(Random(0), country)[:4]


def _print(told: list[tuple[Expected, Expected, str]], cost: float) -> int:
    by_kind: dict[str, Counter[str]] = {}
    for expected, found, _ in told:
        come = "right" if expected == found else "left" if found[0] == "undecidable" else "wrong"
        by_kind.setdefault(expected[0], Counter())[come] += 1
    print(f"{'should be':<20}{'complaints':>11}{'right':>8}{'wrong':>8}{'left to a person':>18}")
    for kind, counts in sorted(by_kind.items()):
        print(f"{kind:<20}{counts.total():>11}{counts['right']:>8}{counts['wrong']:>8}{counts['left']:>18}")
    every = sum(by_kind.values(), Counter())
    share = (every["right"] + every["wrong"]) / every.total()
    print(f"{'all':<20}{every.total():>11}{every['right']:>8}{every['wrong']:>8}{every['left']:>18}")
    wrong = every["wrong"] / (every["right"] + every["wrong"])
    print(f"attributed without a hand: {share:.1%} (goal {GOAL:.0%}), of these wrong: {wrong:.1%}")
    print(f"{1000 * cost:.0f} ms of processor time a complaint, letters included; clocks off by up to {SKEW_S // 60} min")
    if "-v" in sys.argv:
        for expected, found, why in told:
            if expected != found:
                print(expected, found, why)
    return 0 if share >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
