"""What attackers send to the redirect server's sockets: it is bounded, hurts no other peer, and is not logged."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from tests.conftest import shared_data
from tests.unit.gate.orders import SCANNER
from tests.unit.gate.test_redirect import request
from tests.unit.gate.test_streams import Authority, Peer, answer, configured, ended, play

from ringfence.gate.redirect import server as server_module
from ringfence.gate.redirect import streams

FRIEND = "127.0.0.9"
PRETENDED = f"Via: SIP/2.0/UDP {FRIEND};received={FRIEND};x=".encode()
SECRET = "s3cret-in-a-header"


@contextmanager
def asking(address: str = FRIEND) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind((address, 0))
        made.setblocking(False)
        yield made


async def over_udp(peer: Peer, message: bytes, address: str = FRIEND) -> bytes:
    """Return what one datagram from an address is answered with."""
    with asking(address) as made:
        loop = asyncio.get_running_loop()
        await loop.sock_sendto(made, message, ("127.0.0.1", peer.port))
        return await asyncio.wait_for(loop.sock_recv(made, 65_535), 30)


async def from_address(peer: Peer, address: str, port: int | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port or peer.port, local_addr=(address, 0))


def torture() -> list[bytes]:
    return [path.read_bytes() for path in sorted(shared_data("sip-torture", "rfc4475").glob("*.dat"))]


def test_after_each_torture_message_by_udp_and_tcp_the_next_question_is_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    messages = torture()
    assert len(messages) > 40

    async def story(peer: Peer) -> None:
        with asking() as made:
            loop = asyncio.get_running_loop()
            for number, message in enumerate(messages):
                await loop.sock_sendto(made, message[:65_000], ("127.0.0.1", peer.port))
                assert (await over_udp(peer, request(branch=f"z9hG4bKu{number}"))).startswith(b"SIP/2.0 403")
                reader, writer = await from_address(peer, FRIEND)
                writer.write(message)
                writer.transport.abort()
            reader, writer = await from_address(peer, FRIEND)
            writer.write(request(branch="z9hG4bKlast"))
            assert await answer(reader) == 403
            writer.transport.abort()

    play(tmp_path, story, peers=(f"{FRIEND}/32",))
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")


def test_who_pretends_to_be_a_peer_or_to_speak_for_one_is_not_believed(tmp_path: Path) -> None:
    async def story(peer: Peer) -> None:
        spoofed = request("INVITE", f"P-Ringfence-Source: {SCANNER}", source="192.0.2.9", branch="z9hG4bK1")
        assert (await over_udp(peer, spoofed)).startswith(b"SIP/2.0 404")
        via = request(branch="z9hG4bK2").replace(
            b"Via: SIP/2.0/UDP ", f"Via: SIP/2.0/UDP {FRIEND};received={FRIEND};x=".encode(), 1
        )
        assert (await over_udp(peer, via, "127.0.0.8")).startswith(b"SIP/2.0 403 Forbidden")
        assert peer.server.tally.strangers == 1
        assert peer.server.tally.asks == 1

    play(tmp_path, story, peers=(f"{FRIEND}/32",))


def test_a_strangers_cancel_ends_no_peers_question(tmp_path: Path) -> None:
    async def story(peer: Peer) -> None:
        cancel = request("CANCEL", branch="z9hG4bKvictim")
        assert (await over_udp(peer, cancel, "127.0.0.8")).startswith(b"SIP/2.0 403")
        assert (await over_udp(peer, request(branch="z9hG4bKvictim", source="192.0.2.9"))).startswith(b"SIP/2.0 404")

    play(tmp_path, story, peers=(f"{FRIEND}/32", "127.0.0.10/32"))


def test_a_flood_of_streams_on_which_nothing_comes_takes_no_peers_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_STREAMS", 24)
    monkeypatch.setattr(streams, "MOST_OF_STRANGERS", 8)

    async def story(peer: Peer) -> None:
        opened = [await from_address(peer, f"127.0.1.{1 + number}") for number in range(60)]
        while peer.server.tally.shed < 52:
            await asyncio.sleep(0.005)
        assert peer.server.connections == 8
        reader, writer = await from_address(peer, FRIEND)
        writer.write(request())
        assert await answer(reader) == 403
        for _, other in opened:
            other.transport.abort()
        writer.transport.abort()

    play(tmp_path, story, peers=(f"{FRIEND}/32",))


def test_a_stranger_who_says_nothing_is_let_go_soon_and_a_peer_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "UNFINISHED_S", 0.05)

    async def story(peer: Peer) -> None:
        (silent, one), (reader, two) = await from_address(peer, "127.0.1.1"), await from_address(peer, FRIEND)
        assert await ended(silent)
        two.write(request())
        assert await answer(reader) == 403
        for writer in (one, two):
            writer.transport.abort()

    play(tmp_path, story, peers=(f"{FRIEND}/32",))


def test_a_handshake_that_comes_octet_by_octet_is_ended_and_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "HANDSHAKE_S", 0.4)
    authority = Authority(tmp_path, "root")

    async def story(peer: Peer) -> None:
        hello = ssl.MemoryBIO()
        client = authority.client().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="gate.example")
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        reader, writer = await asyncio.open_connection("127.0.0.1", peer.tls_port)
        ending = asyncio.create_task(ended(reader))
        for octet in hello.read()[:-1]:
            if ending.done():
                break
            writer.write(bytes((octet,)))
            await asyncio.sleep(0.01)
            if octet == 1:
                async with peer.stream() as (other, asked):
                    asked.write(request())
                    assert await answer(other) == 403
        assert await ending
        writer.transport.abort()

    play(tmp_path, story, configured(authority))


@pytest.mark.parametrize("name", ["Identity", "Subject", "User-Agent", "Contact", "Authorization"])
def test_a_header_of_60_kilobytes_is_answered_by_udp_and_tcp_and_not_logged(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    long = f"{name}: {SECRET}{'x' * 60_000}"
    logged: list[str] = []

    def note(_: object, __: str, event: object) -> str:
        logged.append(str(event))
        return ""

    structlog.configure(processors=[note])

    async def story(peer: Peer) -> None:
        assert (await over_udp(peer, request("INVITE", long, source="192.0.2.9", branch="z9hG4bK1"))).startswith(b"SIP/2.0 404")
        reader, writer = await from_address(peer, FRIEND)
        writer.write(request("INVITE", long, source="192.0.2.9", branch="z9hG4bK2"))
        assert await answer(reader) == 404
        writer.write(request("INVITE", f"{name}: {'x' * 70_000}", branch="z9hG4bK3"))
        assert await ended(reader)
        assert peer.server.tally.shed == 1
        writer.transport.abort()

    try:
        play(tmp_path, story, peers=(f"{FRIEND}/32",))
    finally:
        structlog.reset_defaults()
    told = capsys.readouterr()
    assert SECRET not in told.out + told.err + "".join(logged)


def test_what_came_by_udp_and_is_larger_than_an_answer_may_be_hurts_nobody(tmp_path: Path) -> None:
    async def story(peer: Peer) -> None:
        with asking() as made:
            loop = asyncio.get_running_loop()
            via = f"Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK{'x' * 64_000}"
            await loop.sock_sendto(made, request("INVITE", via), ("127.0.0.1", peer.port))
        assert (await over_udp(peer, request(branch="z9hG4bKnext"))).startswith(b"SIP/2.0 403")

    play(tmp_path, story, peers=(f"{FRIEND}/32",))
