"""HEP versions 1 and 2, as senders of every byte order and filling write them."""

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.vocabulary.times import Micros
from ringfence.watch.wire.hep import HepDefect, decode, looks_like_hep

SIP = b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: x\r\n\r\n"


def early(version: int, source: str, destination: str, *, stamp: bytes = b"", family: int = 2, length: int = 0) -> bytes:
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    return struct.pack(">BBBBHH", version, length, family, 17, 5070, 5060) + addresses + stamp + SIP


def test_version_1_has_no_time() -> None:
    packet = decode(early(1, "192.0.2.1", "192.0.2.2", length=16))
    assert (packet.source, packet.source_port, packet.destination, packet.destination_port) == (
        "192.0.2.1",
        5070,
        "192.0.2.2",
        5060,
    )
    assert (packet.protocol, packet.time, packet.agent, packet.payload_type, packet.payload) == (17, None, None, 1, SIP)
    assert packet.defects == ()


@pytest.mark.parametrize("family", [10, 28, 30])
def test_ipv6_is_known_by_the_numbers_of_every_system(family: int) -> None:
    packet = decode(early(1, "2001:db8::1", "::ffff:192.0.2.2", family=family))
    assert (packet.source, packet.destination, packet.payload) == ("2001:db8::1", "192.0.2.2", SIP)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("filling", [b"", b"\0\0"])
@pytest.mark.parametrize("length", [16, 26, 28])
def test_version_2_has_its_senders_byte_order_and_filling(order: str, filling: bytes, length: int) -> None:
    stamp = struct.pack(order + "IIH", 1_313_440_459, 120_000, 228) + filling
    packet = decode(early(2, "192.0.2.1", "192.0.2.2", stamp=stamp, length=length))
    assert (packet.time, packet.agent, packet.payload) == (Micros(1_313_440_459_120_000), 228, SIP)


def test_a_time_that_makes_sense_in_neither_order_is_a_defect() -> None:
    packet = decode(early(2, "192.0.2.1", "192.0.2.2", stamp=b"\xff" * 10))
    assert (packet.time, packet.payload, packet.defects) == (None, SIP, (HepDefect.TIME,))


def test_what_only_starts_like_it_is_none() -> None:
    for data in (
        b"\1",
        b"\2\x10\2\x11",
        early(1, "192.0.2.1", "192.0.2.2")[:30],
        b"\1\x10\2\x11" + b"x" * 40,
        b"\1\x10\2\x50" + SIP,
    ):
        assert not looks_like_hep(data)
        assert HepDefect.NOT_HEP in decode(data).defects


@given(st.sampled_from([1, 2]), st.binary(max_size=80))
def test_no_octets_raise(version: int, rest: bytes) -> None:
    decode(bytes([version]) + rest)
    decode(bytes([version, 16, 2, 17]) + rest + SIP)
