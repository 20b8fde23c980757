"""HEP over real sockets on loopback: who may send, what is counted, what is delivered."""

import asyncio
import ipaddress
import socket
import struct
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.sources.errors import AddressInUse
from ringfence.watch.sources.hep import HepListener, Intake, Packets, datagram
from ringfence.watch.wire.hep import HepDefect, HepPacket

NOW = Micros(1_700_000_000 * SECOND)
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def chunk(kind: int, value: bytes) -> bytes:
    return struct.pack(">HHH", 0, kind, len(value) + 6) + value


def packet(payload: bytes = b"OPTIONS", *, key: bytes = b"", seconds: int = 1_700_000_000, agent: int = 7) -> bytes:
    body = (
        chunk(0x02, b"\x11")
        + chunk(0x03, bytes([192, 0, 2, 1]))
        + chunk(0x04, bytes([192, 0, 2, 2]))
        + chunk(0x07, b"\x13\xc4")
        + chunk(0x08, b"\x13\xc5")
        + chunk(0x09, struct.pack(">I", seconds))
        + chunk(0x0A, struct.pack(">I", 5))
        + chunk(0x0B, b"\x01")
        + chunk(0x0C, struct.pack(">I", agent))
        + chunk(0x0F, payload)
        + (chunk(0x0E, key) if key else b"")
    )
    return b"HEP3" + struct.pack(">H", len(body) + 6) + body


def intake(delivered: list[Datagram], **settings: object) -> Intake:
    return Intake(delivered.append, lambda: NOW, **{"allowed": LOOPBACK, **settings})  # type: ignore[arg-type] # a test's shorthand


def run(listener: HepListener, work: Callable[[HepListener], Awaitable[None]]) -> None:
    async def whole() -> None:
        await listener.start()
        try:
            await work(listener)
        finally:
            await listener.stop()

    asyncio.run(whole())


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not happened():
            await asyncio.sleep(0.001)


def test_what_lies_in_the_socket_at_the_end_is_taken() -> None:
    delivered: list[Datagram] = []

    async def work(listener: HepListener) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
            for number in range(50):
                agent.sendto(packet(agent=number), ("127.0.0.1", listener.port))

    run(HepListener(intake(delivered), "127.0.0.1", 0), work)
    assert [each.agent for each in delivered] == list(range(50))


def test_what_the_system_drops_is_counted() -> None:
    async def work(listener: HepListener) -> None:
        assert listener.kernel_drops() == 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
            filler, sent = packet(payload=b"x" * 60_000), 0
            while sent * len(filler) <= 2 * listener.receive_buffer_octets:  # nobody reads meanwhile
                agent.sendto(filler, ("127.0.0.1", listener.port))
                sent += 1
        dropped = listener.kernel_drops()
        assert 0 < dropped < sent
        await until(lambda: sum(each.packets for each in listener.intake.counts.agents.values()) == sent - dropped)

    listener = HepListener(intake([]), "127.0.0.1", 0)
    run(listener, work)
    assert listener.kernel_drops() == 0  # nothing is open


def test_what_there_was_no_room_for_is_counted_by_agent() -> None:
    kept: list[Datagram] = []

    def deliver(each: Datagram) -> bool:
        has_room = len(kept) < 3
        if has_room:
            kept.append(each)
        return has_room

    taking = Intake(deliver, lambda: NOW, allowed=LOOPBACK)
    for agent in (1, 2, 2, 2, 1):
        taking.take(packet(agent=agent), "127.0.0.1")
    assert {key.agent: (each.packets, each.dropped) for key, each in taking.counts.agents.items()} == {1: (2, 1), 2: (3, 1)}


def test_many_packets_taken_at_once_are_read_and_counted_as_one_by_one() -> None:
    key = b"secret"
    sent = [packet(b"OPTIONS %d" % n, key=key, agent=n % 3, seconds=1_700_000_000 + (n % 4) * 4) for n in range(40)]
    sent[3:3] = [packet(key=b"wrong"), packet(), b"HEP3\0", b"nothing", packet(b"", key=key), packet(key=key)[:-1]]
    apart: list[Datagram] = []
    together: list[Datagram] = []
    one, many = intake(apart, key=key), intake(together, key=key)
    for each in sent:
        one.take(each, "127.0.0.1")
    ends = np.cumsum([len(each) for each in sent])
    many.take_many(Packets(np.frombuffer(b"".join(sent), np.uint8), np.concatenate([[0], ends[:-1]]), ends), "127.0.0.1")
    assert many.counts == one.counts
    assert sorted(together, key=repr) == sorted(apart, key=repr)
    assert len(together) > 40


def test_what_there_was_no_room_for_of_many_is_counted_of_their_agents() -> None:
    taking = intake([], deliver_many=lambda mirrored: min(3, len(mirrored)))
    sent = [packet(agent=agent) for agent in (1, 2, 2, 2, 1)]
    ends = np.cumsum([len(each) for each in sent])
    taking.take_many(Packets(np.frombuffer(b"".join(sent), np.uint8), np.concatenate([[0], ends[:-1]]), ends), "127.0.0.1")
    assert {key.agent: (each.packets, each.dropped) for key, each in taking.counts.agents.items()} == {1: (2, 1), 2: (3, 1)}


def test_each_of_several_senders_is_counted_and_those_not_allowed_are_refused() -> None:
    delivered: list[Datagram] = []

    async def work(listener: HepListener) -> None:
        for nth, address in enumerate(("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.2")):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
                agent.bind((address, 0))
                agent.sendto(packet(b"OPTIONS %d" % nth), ("127.0.0.1", listener.port))
        await until(lambda: len(delivered) == 3 and listener.intake.counts.refused_address == 1)

    allowed = (ipaddress.ip_network("127.0.0.1"), ipaddress.ip_network("127.0.0.2"))
    listener = HepListener(intake(delivered, allowed=allowed), "127.0.0.1", 0)
    run(listener, work)
    assert sorted(each.agent_address or "" for each in delivered) == ["127.0.0.1", "127.0.0.2", "127.0.0.2"]
    assert {key.address: each.packets for key, each in listener.intake.counts.agents.items()} == {"127.0.0.1": 1, "127.0.0.2": 2}


def test_udp_packets_become_datagrams() -> None:
    delivered: list[Datagram] = []

    async def work(listener: HepListener) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
            agent.sendto(packet(), ("127.0.0.1", listener.port))
            agent.sendto(b"not HEP", ("127.0.0.1", listener.port))
        await until(lambda: listener.intake.counts.not_hep == 1)

    listener = HepListener(intake(delivered), "127.0.0.1", 0)
    run(listener, work)
    assert delivered == [
        Datagram(
            time=Micros(NOW + 5),
            arrival=NOW,
            kind=PayloadKind.SIP,
            transport="udp",
            source="192.0.2.1",
            source_port=5060,
            destination="192.0.2.2",
            destination_port=5061,
            payload=b"OPTIONS",
            agent=7,
            agent_address="127.0.0.1",
        )
    ]
    counts = listener.intake.counts
    assert counts.defects == {HepDefect.NOT_HEP: 1}
    assert [(key.agent, agent.packets, agent.last_arrival) for key, agent in counts.agents.items()] == [(7, 1, NOW)]


def test_tcp_packets_are_found_in_the_stream() -> None:
    delivered: list[Datagram] = []

    async def work(listener: HepListener) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        stream = b"??" + packet(b"one") + packet(b"two")
        for octet in stream:
            writer.write(bytes([octet]))
        await writer.drain()
        await until(lambda: len(delivered) == 2)
        assert listener.intake.counts.connections == 1
        writer.close()
        await until(lambda: listener.intake.counts.connections == 0)

    listener = HepListener(intake(delivered), "127.0.0.1", 0)
    run(listener, work)
    assert [each.payload for each in delivered] == [b"one", b"two"]
    assert listener.intake.counts.lost_octets == 2


def test_stopping_closes_open_connections() -> None:
    async def work(listener: HepListener) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        await until(lambda: listener.intake.counts.connections == 1)
        await listener.stop()
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()

    run(HepListener(intake([]), "127.0.0.1", 0), work)


def test_agents_that_are_not_on_the_list_are_refused_and_counted() -> None:
    delivered: list[Datagram] = []

    async def work(listener: HepListener) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
            agent.sendto(packet(), ("127.0.0.1", listener.port))
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()
        await until(lambda: listener.intake.counts.refused_address == 2)

    run(HepListener(intake(delivered, allowed=(ipaddress.ip_network("10.0.0.0/8"),)), "127.0.0.1", 0), work)
    assert delivered == []


def test_a_packet_without_the_key_is_refused_and_counted() -> None:
    delivered: list[Datagram] = []
    keyed = intake(delivered, key=b"right")
    for key in (b"", b"wrong", b"right"):
        keyed.take(packet(key=key), "127.0.0.1")
    assert len(delivered) == 1
    assert keyed.counts.refused_key == 2
    assert sum(agent.packets for agent in keyed.counts.agents.values()) == 1


def test_a_mapped_address_is_the_ipv4_address() -> None:
    assert intake([]).admits("::ffff:127.0.0.9")
    assert not intake([]).admits("::1")
    assert not intake([]).admits("nonsense")


@pytest.mark.parametrize(("skew", "refused"), [(5, False), (-5, False), (6, True), (-3600, True), (86_400, True)])
def test_an_agents_clock_counts_within_five_seconds_of_arrival(skew: int, refused: bool) -> None:
    delivered: list[Datagram] = []
    taken = intake(delivered)
    seconds = 1_700_000_000 + skew
    taken.take(packet(seconds=seconds).replace(struct.pack(">I", 5), struct.pack(">I", 0)), "127.0.0.1")
    (found,) = delivered
    assert found.time == (NOW if refused else seconds * SECOND)
    assert found.arrival == NOW
    (counts,) = taken.counts.agents.values()
    assert counts.clock_refused == int(refused)


def test_a_packet_without_time_counts_at_arrival() -> None:
    found = datagram(HepPacket(source="192.0.2.1", destination="192.0.2.2", payload=b"x", payload_type=100), NOW)
    assert found is not None
    assert (found.time, found.kind, found.source_port) == (NOW, PayloadKind.LOG, 0)


def test_a_packet_that_carries_nothing_is_counted() -> None:
    taken = intake([])
    taken.take(b"HEP3\0\6", "127.0.0.1")
    assert taken.counts.without_payload == 1


def test_made_up_agent_ids_do_not_fill_the_memory() -> None:
    taken = intake([])
    for agent in range(3_000):
        taken.take(packet(agent=agent), "127.0.0.1")
    assert len(taken.counts.agents) < 1_100
    assert sum(agent.packets for agent in taken.counts.agents.values()) == 3_000


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_busy_port_is_named_with_what_to_do(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        with pytest.raises(AddressInUse, match=f"127.0.0.1 port {port}: another process listens there"):
            asyncio.run(HepListener(intake([]), "127.0.0.1", port).start())


@pytest.mark.parametrize(("address", "reason"), [("192.0.2.1", "none of this machine's"), ("localhost", "is no IP address")])
def test_an_address_that_cannot_be_is_named(address: str, reason: str) -> None:
    with pytest.raises(AddressInUse, match=reason):
        asyncio.run(HepListener(intake([]), address, 9060).start())
