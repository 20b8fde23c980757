"""A classic capture, read in runs where it can be, gives what the same packets give from a pcapng file, read one by one."""

import io
import random
import struct
from collections.abc import Sequence
from typing import NamedTuple

import pytest

from ringfence.watch.sources import pcap
from ringfence.watch.sources.datagram import Datagram

_START = 1_700_000_000
_SIP = b"OPTIONS sip:a@example.com SIP/2.0\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n"
_RESPONSE = b"SIP/2.0 200 OK\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n"
_PAYLOADS = (
    *([_SIP] * 8 + [_RESPONSE] * 4 + [b"\x80\x00rtp"] * 4),
    *(b"", b"\r\n\r\n", b"\r\n" + _SIP, b"x", b"SIP/2.0 20x OK\r\n", b"SIP/3.1 200 OK\r\n", b"A  SIP/2.0\r\n", b"A b SIP/2.0\n"),
    *(
        b"M" * 64 + b" sip:a SIP/2.0\r\n",
        b"M" * 65 + b" sip:a SIP/2.0\r\n",
        b"M " + b"u" * 3_100 + b" SIP/2.0\r\n",
        b"A b SIP/2.0  \r\n",
    ),
    *(b"HEP3\x00\x06", b"\x02\x10\x02\x11abcdefgh", b"SIP/2.0 200", b"\xffSIP", b"a b\rc SIP/2.0\r\n", b" b SIP/2.0\r\n"),
)


class Packet(NamedTuple):
    micros: int
    octets: bytes
    original: int


def udp(payload: bytes, chance: random.Random) -> bytes:
    """Return an IPv4 packet with the payload; seldom with options, a fragment's mark, other lengths, or of another protocol."""
    odd = chance.random() < 0.1
    length = 8 + len(payload) + (chance.choice((-9, -3, 4, 0)) if odd else 0)
    total = 20 + 8 + len(payload) + (chance.choice((-30, -3, 6, 0)) if odd else 0)
    options = b"\x01" * 4 if odd and chance.random() < 0.3 else b""
    place = chance.choice((0, 0x4000, 0x2000, 0x00B9)) if odd else 0x4000
    header = struct.pack(
        "!BBHHHBBH4s4s",
        *(0x45 + len(options) // 4, 0, (total + len(options)) & 0xFFFF, 7, place, 64, chance.choice((17, 6, 1)) if odd else 17, 0),
        *(bytes([192, 0, 2, chance.randrange(4)]), bytes([198, 51, 100, 255])),
    )
    return header + options + struct.pack("!HHHH", 5060, chance.choice((5060, 6060)), length & 0xFFFF, 0) + payload


def framed(packet: bytes, link: int, chance: random.Random) -> bytes:
    kind = b"\x08\x00" if chance.random() < 0.97 else chance.choice((b"\x86\xdd", b"\x08\x06"))
    tags = chance.choice((b"", b"", b"", b"\x81\x00\x00\x07", b"\x88\xa8\x00\x01\x81\x00\x00\x07"))
    trailer = bytes(chance.choice((0, 0, 6)))
    if link == 1:
        return bytes(12) + tags + kind + packet + trailer
    return {113: bytes(14) + kind, 276: kind + bytes(18), 0: bytes(4), 101: b"", 147: b"?"}[link] + packet + trailer


def packets(link: int, count: int, chance: random.Random) -> list[Packet]:
    micros, made = _START * 1_000_000, []
    steady = chance.random() < 0.5
    for _ in range(count):
        micros += chance.choice((0, 1, 900, 20_000, -700))
        if not steady and chance.random() < 0.02:
            micros += chance.choice((-3_000_000, -1_500_000, 4_000_000_000, -90_000_000, 7_200_000_000))
        octets = framed(udp(chance.choice(_PAYLOADS), chance), link, chance)
        original = len(octets) + (40 if chance.random() < 0.01 else 0)
        made.append(Packet(max(micros, 1_000_000), octets, original))
    return made


def classic(made: Sequence[Packet], link: int, order: str = "<", parts: int = 1) -> bytes:
    magic = 0xA1B2C3D4 if parts == 1 else 0xA1B23C4D
    pieces = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65_535, link)]
    for each in made:
        seconds, micros = divmod(each.micros, 1_000_000)
        pieces.append(struct.pack(order + "IIII", seconds, micros * parts, len(each.octets), each.original) + each.octets)
    return b"".join(pieces)


def blocks(made: Sequence[Packet], link: int) -> bytes:
    pieces = [struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28), struct.pack("<IIHHII", 1, 20, link, 0, 0, 20)]
    for each in made:
        body = each.octets + bytes(-len(each.octets) % 4)
        size = 32 + len(body)
        head = struct.pack("<IIIIIII", 6, size, 0, each.micros >> 32, each.micros & 0xFFFFFFFF, len(each.octets), each.original)
        pieces.append(head + body + struct.pack("<I", size))
    return b"".join(pieces)


class Dribble(io.BytesIO):
    """A file that gives what it has in pieces of any size, as a pipe does."""

    def __init__(self, octets: bytes, chance: random.Random) -> None:
        super().__init__(octets)
        self._chance = chance

    def read1(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, self._chance.choice((1, 7, 300, 5_000))))


def read(file: io.BytesIO) -> tuple[list[Datagram], pcap.CaptureCounts]:
    counts = pcap.CaptureCounts()
    return list(pcap.read(file, counts)), counts


@pytest.mark.parametrize("link", [1, 113, 276, 0, 101, 147])
@pytest.mark.parametrize("seed", range(6))
def test_runs_change_nothing(link: int, seed: int) -> None:
    chance = random.Random(100 * seed + link)
    made = packets(link, 800, chance)
    expected = read(io.BytesIO(blocks(made, link)))
    assert link == 147 or len(expected[0]) > 300
    for order, parts in (("<", 1), (">", 1), ("<", 1_000)):
        assert read(io.BytesIO(classic(made, link, order, parts))) == expected
    assert read(Dribble(classic(made, link), chance)) == expected


def test_a_second_capture_right_behind_the_first_is_read() -> None:
    made = packets(1, 100, random.Random(5))
    plain = [Packet(each.micros, framed(udp(_SIP, random.Random(1)), 101, random.Random(3)), 0) for each in made]
    plain = [each._replace(original=len(each.octets)) for each in plain]
    assert len(read(io.BytesIO(classic(plain, 101) + classic(plain, 101)))[0]) == 200


def test_a_capture_cut_anywhere_gives_the_packets_before() -> None:
    chance = random.Random(9)
    made = [Packet(_START * 1_000_000 + n, framed(udp(_SIP, random.Random(1)), 1, random.Random(2)), 0) for n in range(4)]
    made = [each._replace(original=len(each.octets)) for each in made]
    whole = classic(made, 1)
    size = (len(whole) - 24) // 4
    for cut in (chance.randrange(24, len(whole)) for _ in range(80)):
        datagrams, counts = read(io.BytesIO(whole[:cut]))
        assert len(datagrams) == counts.messages == (cut - 24) // size
        assert counts.is_damaged == ((cut - 24) % size != 0)
