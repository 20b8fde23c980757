"""A capture of any size: the demo network's hour again and again, each time as new calls, with phones that register, keep-alives
and scanners in between. The same size gives the same octets.
"""

import random
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from ringfence.simulate import carrier, signalling, sip_text
from ringfence.simulate.flows import Packet
from ringfence.simulate.provider import EDGE_ADDRESS, harbour_voice
from ringfence.vocabulary.times import HOUR, MILLISECOND, SECOND, Micros, from_iso

OUT: Final = Path(__file__).resolve().parent.parent / "out"
BEGIN: Final = from_iso("2026-03-02T09:00:00Z")
_SEED: Final = 11
_SALT: Final = b"hour0000"
"""Stands in every Call-ID, and becomes the number of the hour."""
_PHONES: Final = 4_000
_SCANNERS: Final = 6
_GUESSES: Final = 1_500
_ETHERNET: Final = bytes(12) + b"\x08\x00"
_REALM: Final = 'Digest realm="harbour.example"'


class Timed(NamedTuple):
    """A packet at `offset` within each hour; `earlier`: by how many hours its call began before."""

    offset: int
    earlier: int
    head: bytes
    payload: bytes


def capture(megabytes: float) -> tuple[Path, int]:
    """Return a pcap file of at least that size and how many messages it holds; written where it is missing."""
    path = OUT / f"signalling-{megabytes:g}mb.pcap"
    noted = path.with_suffix(".messages")
    if not (path.exists() and noted.exists()):
        OUT.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        messages = _write(draft, int(megabytes * 1e6))
        draft.replace(path)
        noted.write_text(str(messages))
    return path, int(noted.read_text())


def payloads() -> list[bytes]:
    """Return an hour's messages, in order."""
    return [timed.payload for timed in _hour()]


def _write(path: Path, octets: int) -> int:
    hour = _hour()
    written = messages = number = 0
    with path.open("wb") as file:
        written += file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        while written < octets:
            for offset, earlier, head, payload in hour:
                if earlier > number:
                    continue
                time = BEGIN + number * HOUR + offset
                salted = payload.replace(_SALT, b"hour%04d" % (number - earlier))
                size = len(head) + len(salted)
                written += file.write(struct.pack("<IIII", time // SECOND, time % SECOND, size, size) + head + salted)
                messages += 1
                if written >= octets:
                    break
            number += 1
    return messages


def _hour() -> list[Timed]:
    timed = [Timed(at % HOUR, at // HOUR, _head(packet), packet.payload) for at, packet in _packets()]
    return sorted(timed)


def _packets() -> Iterator[tuple[int, Packet]]:
    salt = _SALT.decode()
    for plan in carrier.calls(harbour_voice(), seed=_SEED, duration=Micros(HOUR)):
        flow = signalling.flow(plan, salt)
        yield from ((flow.start + packet.offset, packet) for packet in flow.packets)
    chance = random.Random(_SEED)
    for phone in range(_PHONES):
        yield from _registration(phone, chance.randrange(HOUR), chance)
    for trunk in range(40):
        for turn in range(120):
            yield from _asked(f"198.51.100.{trunk}", "OPTIONS", f"{trunk}-{turn}", turn * 30 * SECOND + trunk, ("200 OK",))
    for scanner in range(_SCANNERS):
        begin = chance.randrange(HOUR - 200 * SECOND)
        for turn in range(_GUESSES):
            method = "REGISTER" if scanner % 2 else "OPTIONS"
            name = f"203.0.113.{scanner + 1}"
            yield from _asked(name, method, f"{scanner}-{turn}", begin + turn * 100 * MILLISECOND, ("404 Not Found",))


def _registration(phone: int, begin: int, chance: random.Random) -> Iterator[tuple[int, Packet]]:
    address = f"100.64.{phone // 250}.{phone % 250 + 1}"
    stale = ", stale=true" if chance.random() < 0.3 else ""
    yield from _asked(address, "REGISTER", str(phone), begin, ("401 Unauthorized", f'WWW-Authenticate: {_REALM}, nonce="n"{stale}'))
    credentials = f'Authorization: Digest username="phone{phone}", realm="harbour.example", nonce="n", uri="sip:r", response="00"'
    yield from _asked(address, "REGISTER", str(phone), begin + 60 * MILLISECOND, ("200 OK",), credentials)


def _asked(address: str, method: str, name: str, at: int, answer: tuple[str, ...], *more: str) -> Iterator[tuple[int, Packet]]:
    """Yield a request to the edge and its answer."""
    cseq = 2 if more else 1
    request = sip_text.compose(
        f"{method} sip:{EDGE_ADDRESS} SIP/2.0",
        [
            f"Via: SIP/2.0/UDP {address}:5060;branch=z9hG4bK{method}{name}c{cseq};rport",
            "Max-Forwards: 70",
            f'From: "{name}" <sip:{name}@{EDGE_ADDRESS}>;tag=t{name}',
            f"To: <sip:{name}@{EDGE_ADDRESS}>",
            f"Call-ID: {method}-{name}-{_SALT.decode()}@{address}",
            f"CSeq: {cseq} {method}",
            "User-Agent: Bell Phone 4.2",
            f"Contact: <sip:{name}@{address}:5060>;expires=3600",
            *more,
        ],
    )
    yield at, Packet(Micros(0), address, 5060, EDGE_ADDRESS, 5060, request)
    status, *headers = answer
    yield (
        at + 2 * MILLISECOND,
        Packet(Micros(0), EDGE_ADDRESS, 5060, address, 5060, sip_text.answer(request, status, headers, "edge")),
    )


def _head(packet: Packet) -> bytes:
    """Return the frame's octets before the payload. Checksums are zero, as in captures of offloading network cards."""
    udp = struct.pack("!HHHH", packet.source_port, packet.destination_port, 8 + len(packet.payload), 0)
    addresses = socket.inet_aton(packet.source) + socket.inet_aton(packet.destination)
    return _ETHERNET + struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(packet.payload), 0, 0, 64, 17, 0) + addresses + udp
