"""The HEP3 encoder, against the specification's own example."""

import struct

import pytest

from ringfence.simulate import hep
from ringfence.simulate.hep import Capture
from ringfence.vocabulary.times import Micros

EXAMPLE = bytes.fromhex(
    "48455033 0071"
    "0000 0001 0007 02 0000 0002 0007 11"
    "0000 0003 000a d4ca0001 0000 0004 000a 527400d3"
    "0000 0007 0008 2eea 0000 0008 0008 13c4"
    "0000 0009 000a 4e4982cb 0000 000a 000a 0001d4c0"
    "0000 000b 0007 01 0000 000c 000a 000000e4"
    "0000 000f 0014 494e56495445207369703a626f62"
)


def captured(**changes: object) -> Capture:
    values: dict[str, object] = {
        "time": Micros(1_313_440_459_120_000),
        "source": "212.202.0.1",
        "source_port": 12010,
        "destination": "82.116.0.211",
        "destination_port": 5060,
        "payload": b"INVITE sip:bob",
        "agent": 228,
    }
    return Capture(**(values | changes))  # type: ignore[arg-type] # the test's own mapping


def chunks(packet: bytes) -> dict[int, bytes]:
    found, position = {}, 6
    while position < len(packet):
        _, kind, length = struct.unpack_from("!HHH", packet, position)
        found[kind] = packet[position + 6 : position + length]
        position += length
    return found


def test_the_specifications_example_is_met_to_the_byte() -> None:
    assert hep.encode(captured()) == EXAMPLE


def test_ipv6_addresses_go_into_their_own_chunks() -> None:
    found = chunks(hep.encode(captured(source="2001:db8::1", destination="2001:db8::2")))

    assert found[1] == b"\x0a"
    assert len(found[5]) == len(found[6]) == 16
    assert 3 not in found


def test_key_and_correlation_are_sent_where_given() -> None:
    found = chunks(hep.encode(captured(key="secret", correlation="abc@x", protocol=hep.PROTOCOL_LOG)))

    assert found[14] == b"secret"
    assert found[17] == b"abc@x"
    assert found[11] == b"\x64"


def test_the_length_counts_the_whole_packet() -> None:
    packet = hep.encode(captured(payload=b"x" * 4000))

    assert struct.unpack("!H", packet[4:6])[0] == len(packet)


def test_what_fits_no_packet_is_refused() -> None:
    with pytest.raises(struct.error):
        hep.encode(captured(payload=b"x" * 65_530))
