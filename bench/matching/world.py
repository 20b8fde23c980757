"""A carrier's day: parties and what they hold, peers, and the calls that it carried. Made up by a seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import HOUR, SECOND, Micros, from_iso

BEGIN: Final = from_iso("2026-03-10T05:00:00Z")
SPAN_US: Final = 14 * HOUR
ACCOUNTS: Final = 150
_BY_COUNTRY: Final = {
    "BE": ("+3247", 7), "FR": ("+3361", 7), "DE": ("+4930", 7), "NL": ("+3161", 7), "ES": ("+3461", 7), "IT": ("+39347", 7),
    "GB": ("+4477", 8), "PL": ("+4860", 7), "PT": ("+35191", 7),
}  # fmt: skip
"""How numbers of a country begin, and how many digits follow."""
COUNTRIES: Final = tuple(_BY_COUNTRY)
PEERS: Final = {f"Peer {letter}": [f"198.51.100.{16 * place}/28"] for place, letter in enumerate("ABCDEFGH")}


@dataclass(frozen=True)
class Call:
    """One call. `account` is `None` where a peer handed it in, `peer` otherwise."""

    id: str
    start: Micros
    caller: str
    callee: str
    account: str | None
    peer: str | None
    source: str


@dataclass(frozen=True)
class World:
    """All of it. `held` is who holds which number."""

    held: dict[str, str]
    calls: list[Call]

    def events(self) -> Iterator[Event]:
        """Yield each call's beginning and end."""
        for call in self.calls:
            about = {
                "call_id": call.id,
                "caller": call.caller,
                "callee": call.callee,
                "account": call.account,
                "source": call.source,
            }
            path = () if call.account is None else (call.account,)
            direction = "outbound" if call.account else "inbound" if call.callee in self.held else None
            yield Event(kind=EventKind.ATTEMPT, time=call.start, party_path=path, direction=direction, **about)  # type: ignore[arg-type]  # as above
            end = Micros(call.start + 40 * SECOND)
            yield Event(kind=EventKind.END, time=end, party_path=path, status=200, answered=True, duration_ms=30_000, **about)  # type: ignore[arg-type]  # as above


def number(chance: Random, country: str) -> str:
    """Return a number of a country."""
    prefix, digits = _BY_COUNTRY[country]
    return prefix + "".join(str(chance.randrange(10)) for _ in range(digits))


def world(seed: int, count: int) -> World:
    """Return a carrier with `count` calls. Some customers show numbers of others, and some callees are called by many."""
    chance = Random(seed)
    held = {
        number(chance, country): f"account-{place}" for place in range(ACCOUNTS) for country in ("BE", chance.choice(COUNTRIES)) * 4
    }
    ours: dict[str, list[str]] = {}
    for one, account in held.items():
        ours.setdefault(account, []).append(one)
    called = [number(chance, chance.choice(COUNTRIES)) for _ in range(count // 4)]
    favourites = called[:200]
    shared = [number(chance, "BE") for _ in range(20)]
    calls = []
    for place in range(count):
        start = Micros(BEGIN + chance.randrange(SPAN_US // SECOND) * SECOND)
        callee = chance.choice(favourites) if chance.random() < 0.1 else chance.choice(called)
        if chance.random() < 0.7:
            account = f"account-{chance.randrange(ACCOUNTS)}"
            caller = chance.choice(shared) if chance.random() < 0.03 else chance.choice(ours[account])
            calls.append(Call(f"c{place}@x", start, caller, callee, account, None, f"203.0.113.{chance.randrange(256)}"))
            continue
        place_of_peer = chance.randrange(len(PEERS))
        source = f"198.51.100.{16 * place_of_peer + chance.randrange(16)}"
        callee = chance.choice(list(held)) if chance.random() < 0.6 else callee
        caller = number(chance, chance.choice(COUNTRIES))
        calls.append(Call(f"c{place}@x", start, caller, callee, None, list(PEERS)[place_of_peer], source))
    return World(held, sorted(calls, key=lambda call: call.start))
