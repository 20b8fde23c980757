"""The kernel that reads HEP packets takes those that are plain, as its oracle does, and no octets lead it astray."""

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ringfence.watch.kernels import hep_packets as kernel
from ringfence.watch.sources.datagram import PayloadKind
from ringfence.watch.sources.hep import datagram
from ringfence.watch.wire.hep import decode
from tests.property.oracles import hep as oracle

_PLAIN = {
    1: b"\2",
    2: b"\x11",
    3: bytes((192, 0, 2, 1)),
    4: bytes((198, 51, 100, 255)),
    7: b"\x13\xc4",
    8: b"\xff\xff",
    9: struct.pack(">I", 1_800_000_000),
    10: struct.pack(">I", 999_999),
    11: b"\1",
    12: b"\xff\0\0\7",
    15: b"OPTIONS sip:a@b SIP/2.0\r\n\r\n",
}
_KEY = b"secret"


def _chunk(kind: int, value: bytes, vendor: int = 0) -> bytes:
    return struct.pack(">HHH", vendor, kind, len(value) + 6) + value


def _packet(chunks: list[bytes]) -> bytes:
    body = b"".join(chunks)
    return b"HEP3" + struct.pack(">H", len(body) + 6) + body


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """Draw a packet that is plain, or nearly: chunks changed, left away, repeated, added, octets spoilt."""
    chunks = [_chunk(kind, value) for kind, value in _PLAIN.items()]
    if draw(st.booleans()):
        chunks = draw(st.permutations(chunks))
    for _ in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from((1, 2, 5, 9, 10, 11, 14, 15, 16, 17, 18, 19, 33, 63, 64, 40_000)))
        value = draw(st.sampled_from((b"", b"\0", b"\6", b"\x84", _KEY, b"secreT", b"\0\x0f\x42\x40", b"abc", bytes(16))))
        more = _chunk(kind, value, draw(st.sampled_from((0, 0, 0, 1))))
        at = draw(st.integers(0, len(chunks) - 1))
        chunks[at : at + draw(st.sampled_from((0, 1)))] = [more]
    packet = _packet(chunks)
    if draw(st.booleans()):
        at = draw(st.integers(0, len(packet) - 1))
        packet = packet[:at] + draw(st.sampled_from((b"", b"\0", b"\xff", b"\6", b"HEP3"))) + packet[at + draw(st.integers(0, 3)) :]
    return packet


def _read(several: list[bytes], key: bytes) -> list[oracle.Said | None]:
    octets = np.frombuffer(b"".join(several) + b"\xff" * 9, np.uint8)
    ends = np.cumsum([len(each) for each in several], dtype=np.int64)
    begins = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
    rows, payloads = np.zeros((len(several), kernel.COLUMNS), np.int64), np.empty(octets.size, np.uint8)
    used = kernel.read_packets(octets, begins, ends, np.frombuffer(key, np.uint8), rows, payloads)
    said: list[oracle.Said | None] = []
    for time, source, destination, port, other, at, end, agent, transport, *_ in rows.tolist():
        payload = payloads[at:end].tobytes()
        said.append(None if at < 0 else oracle.Said(time, source, destination, port, other, agent, transport, payload))
        assert at < 0 or end <= used
    return said


@given(st.lists(packets() | st.binary(max_size=40), min_size=1, max_size=6), st.sampled_from((b"", _KEY)))
def test_it_reads_what_its_oracle_reads(several: list[bytes], key: bytes) -> None:
    assert _read(several, key) == [oracle.read(each, key) for each in several]


@given(packets())
def test_a_packet_that_it_takes_is_one_without_defects_that_says_the_same(packet: bytes) -> None:
    (said,) = _read([packet], b"")
    plainly = decode(packet)
    if said is not None:
        carried = datagram(plainly, said.time)  # type: ignore[arg-type] # a plain number here
        assert carried is not None
        assert not plainly.defects
        assert (carried.time, carried.agent, carried.payload) == (said.time, said.agent, said.payload)
        assert (carried.source_port, carried.destination_port) == (said.source_port, said.destination_port)
        assert carried.kind is PayloadKind.SIP


def test_a_usual_packet_is_plain() -> None:
    assert _read([_packet([_chunk(kind, value) for kind, value in _PLAIN.items()])], b"") != [None]


def test_the_packet_of_an_agent_that_lacks_the_key_is_not_plain() -> None:
    chunks = [_chunk(kind, value) for kind, value in _PLAIN.items()]
    without, wrong, right = _packet(chunks), _packet([_chunk(14, b"secreT"), *chunks]), _packet([_chunk(14, _KEY), *chunks])
    assert [said is not None for said in _read([without, wrong, right], _KEY)] == [False, False, True]


def test_payloads_are_gathered_in_the_order_of_their_rows() -> None:
    rows = np.zeros((2, kernel.COLUMNS), np.int64)
    rows[:, kernel.PAYLOAD], rows[:, kernel.PAYLOAD_END] = (4, 0), (6, 3)
    payloads = np.empty(9, np.uint8)
    used = kernel.gather(np.frombuffer(b"abcdef", np.uint8), rows, payloads)
    assert payloads[:used].tobytes() == b"efabc"
    assert rows[:, kernel.PAYLOAD].tolist() == [0, 2]
    assert rows[:, kernel.PAYLOAD_END].tolist() == [2, 5]
