"""Made-up events with every field filled, by a seed."""

from random import Random

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.identity import IdentityOutcome
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros

BEGIN = Micros(1_769_860_800 * SECOND + 40 * MINUTE)
"""2026-01-31T12:40:00Z."""
KEY = bytes(range(32))
PRIVATE = ("caller", "callee", "target", "asserted", "diverted", "source", "destination", "call_id", "domain", "user_agent")


def events(seed: int, size: int, *, span_us: int = 3 * HOUR, begin: Micros = BEGIN) -> list[Event]:
    """Return events in the order of their times, many of one time, few of one account."""
    chance = Random(seed)
    times = sorted(begin + chance.randrange(0, max(1, span_us // SECOND)) * SECOND for _ in range(size))
    return [_event(chance, Micros(time), number) for number, time in enumerate(times)]


def _event(chance: Random, time: Micros, number: int) -> Event:
    return Event(
        kind=chance.choice(list(EventKind)),
        time=time,
        sequence=number,
        call_id=f"call-{chance.randrange(1 << 30):x}@203.0.113.77",
        method=chance.choice(("INVITE", "REGISTER")),
        source=chance.choice((None, "198.51.100.23", "2001:db8::5")),
        source_port=chance.choice((0, 5060)),
        destination=chance.choice((None, "192.0.2.250")),
        transport=chance.choice((None, "udp", "tls")),
        caller=chance.choice((None, "", f"+3225551{chance.randrange(1000):03}", "alice-the-caller")),
        callee=chance.choice((None, f"+4366012{chance.randrange(100_000):05}", f"+1212555{chance.randrange(10_000):04}")),
        target=chance.choice((None, "bob-the-target", "+3225551212")),
        domain=chance.choice((None, "voice.example.net")),
        account=chance.choice((None, "A1", "A2", "A3")),
        party_path=chance.choice(((), ("acme",), ("root", "reseller", "acme"))),
        trunk=chance.choice((None, "T1")),
        plan=chance.choice((None, "home")),
        direction=chance.choice((None, "inbound", "outbound")),
        credentials=chance.random() < 0.5,
        status=chance.choice((0, 200, 486)),
        answered=chance.random() < 0.5,
        duration_ms=chance.choice((0, 5999, 60_000)),
        released_by=chance.choice((None, "caller")),
        attestation=chance.choice((None, Attestation.A, Attestation.C)),
        verification=chance.choice((None, IdentityOutcome.VERIFIED, IdentityOutcome.REPLAYED)),
        signer=chance.choice((None, "1234")),
        user_agent=chance.choice((None, "Phone/1 0004f2aabbcc")),
        agent=chance.choice((None, 0, 7)),
        late=chance.random() < 0.1,
        asserted=chance.choice((None, "+3225550000")),
        diverted=chance.choice((None, "+3225559999")),
        q850=chance.choice((None, 0, 16)),
        price=chance.choice((None, 0.0, 0.25)),
        conduct_time=chance.choice((None, Micros(5))),
    )
