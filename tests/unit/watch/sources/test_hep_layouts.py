"""What is remembered of how an agent lays its packets out changes nothing of what is read of them."""

import ipaddress
import struct

from hypothesis import given
from hypothesis import strategies as st

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.hep import Intake, datagram
from ringfence.watch.sources.hep.layouts import Captured, Layouts
from ringfence.watch.wire.hep import HepPacket, decode

ARRIVAL = Micros(1_800_000_000 * SECOND)


def chunk(kind: int, value: bytes, vendor: int = 0) -> bytes:
    return struct.pack(">HHH", vendor, kind, len(value) + 6) + value


def packet(*chunks: bytes) -> bytes:
    body = b"".join(chunks)
    return b"HEP3" + struct.pack(">H", len(body) + 6) + body


def head(*, seconds: int = 1_800_000_000, microseconds: int = 7, source: bytes = bytes((192, 0, 2, 1))) -> list[bytes]:
    return [
        chunk(1, b"\2"),
        chunk(2, b"\x11"),
        chunk(3 if len(source) == 4 else 5, source),
        chunk(4, bytes((192, 0, 2, 2))),
        chunk(7, struct.pack(">H", 5060)),
        chunk(8, struct.pack(">H", 5080)),
        chunk(9, struct.pack(">I", seconds)),
        chunk(10, struct.pack(">I", microseconds)),
        chunk(11, b"\1"),
        chunk(12, struct.pack(">I", 77)),
    ]


def read_plainly(data: bytes) -> Datagram | None:
    return datagram(decode(data), ARRIVAL, "198.51.100.9")


def read_by(layouts: Layouts, data: bytes) -> Datagram | None:
    return datagram(layouts.read(data), ARRIVAL, "198.51.100.9")


def test_the_second_packet_of_an_agent_is_read_by_the_layout_of_the_first() -> None:
    layouts = Layouts()
    first, second = (packet(*head(microseconds=n), chunk(15, b"OPTIONS sip:a%d" % n)) for n in (7, 123_456))
    assert isinstance(layouts.read(first), HepPacket)
    found = layouts.read(second)
    assert isinstance(found, Captured)
    assert found.time == 1_800_000_000_123_456
    assert found.payload == b"OPTIONS sip:a123456"
    assert read_by(layouts, second) == read_plainly(second)


def test_packets_of_several_layouts_in_turn_are_all_read_by_them() -> None:
    layouts = Layouts()
    kinds = [
        packet(*head(), chunk(15, b"one")),
        packet(*head(source=bytes(15) + b"\1"), chunk(15, b"two")),
        packet(*head(), chunk(17, b"call-id"), chunk(15, b"three")),
        packet(chunk(14, b"secret"), *head()[::-1], chunk(2, b"mine", vendor=9), chunk(15, b"four")),
    ]
    for each in kinds:
        layouts.read(each)
    for each in kinds * 2:
        found = layouts.read(each)
        assert isinstance(found, Captured)
        assert (found.key, found.correlation) == (decode(each).key, decode(each).correlation)
        assert read_by(layouts, each) == read_plainly(each)


def test_a_packet_whose_payload_is_not_its_end_is_read_as_before() -> None:
    layouts = Layouts()
    data = packet(*head(), chunk(15, b"payload"), chunk(17, b"call-id"))
    for _ in range(3):
        assert isinstance(layouts.read(data), HepPacket)


_AGENTS = st.sampled_from(
    [
        packet(*head(), chunk(15, b"INVITE sip:a")),
        packet(*head()[::-1], chunk(17, b"call-id\0"), chunk(15, b"")),
        packet(*head(source=bytes(15) + b"\1"), chunk(18, b"\0\7"), chunk(14, b"key"), chunk(15, b"SIP/2.0 200")),
        packet(*head(microseconds=2_000_000), chunk(15, b"late")),
        packet(*head()[2:], chunk(15, b"no family")),
        packet(*head()[:3], chunk(15, b"no destination")),
        packet(*head(), *head()[:1], chunk(15, b"twice")),
        packet(*head(), chunk(12, b"\0\1"), chunk(15, b"size")),
        packet(*head()[:-1], chunk(12, b"\0\1"), chunk(15, b"size")),
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(_AGENTS))
    for _ in range(draw(st.integers(0, 3))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    cut = draw(st.integers(0, len(data)) | st.just(len(data)))
    return bytes(data[:cut]) + draw(st.binary(max_size=3) | st.just(b""))


@given(st.lists(_AGENTS | damaged(), max_size=12))
def test_whatever_comes_is_read_as_if_nothing_had_come_before(packets: list[bytes]) -> None:
    layouts = Layouts()
    for each in packets:
        found, plain = layouts.read(each), decode(each)
        assert read_by(layouts, each) == read_plainly(each)
        assert (found.key, found.agent, found.time) == (plain.key, plain.agent, plain.time)
        assert isinstance(found, Captured) or found.defects == plain.defects
        assert not (isinstance(found, Captured) and plain.defects)


def test_what_an_agent_sends_again_is_counted_and_delivered_as_before() -> None:
    delivered: list[Datagram] = []
    intake = Intake(
        deliver=delivered.append, clock=lambda: ARRIVAL, allowed=(ipaddress.ip_network("198.51.100.0/24"),), key=b"secret"
    )
    good = packet(chunk(14, b"secret"), *head(), chunk(15, b"OPTIONS sip:a"))
    bad = packet(chunk(14, b"guess!"), *head(), chunk(15, b"OPTIONS sip:a"))
    off = packet(chunk(14, b"secret"), *head(seconds=1_000_000_000), chunk(15, b"OPTIONS sip:a"))
    for each in (good, good, bad, off):
        intake.take(each, "198.51.100.9")
    (told,) = intake.counts.agents.values()
    assert (told.packets, told.clock_refused, intake.counts.refused_key) == (3, 1, 1)
    assert [each.time for each in delivered] == [ARRIVAL + 7, ARRIVAL + 7, ARRIVAL]
