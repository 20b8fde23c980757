"""Clients of the HTTP port that send slowly, nothing, too much or never end: bounded, counted, and nobody else waits."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
from tests.ports import free_port
from tests.unit.gate.orders import NOW

from ringfence.gate.configuration import RedirectConfiguration
from ringfence.gate.http import VerdictServer
from ringfence.gate.http.verdicts import Verdicts
from ringfence.gate.orders import OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect import streams
from ringfence.gate.redirect.peers import Peers
from ringfence.gate.table import OrdersTable

PEER = "127.0.0.9"
PATIENCE_S = 30.0
QUESTION = json.dumps({"call_id": "a1", "source": "203.0.113.9", "callee": "+3225550101"}).encode()


class Server:
    """A verdict server that one address may ask."""

    def __init__(self, port: int, verdicts: Verdicts) -> None:
        self.port, self.tally = port, verdicts.tally

    async def connect(self, address: str = PEER) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))

    async def asked(self) -> bytes:
        """Ask a whole question; return the answer's first line."""
        reader, writer = await self.connect()
        writer.write(request(QUESTION))
        async with asyncio.timeout(PATIENCE_S):
            line = await reader.readline()
        writer.transport.abort()
        return line.strip()

    async def until_shed(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.tally.shed < count:
                await asyncio.sleep(0.005)


def request(body: bytes, *lines: str, length: int | None = None) -> bytes:
    head = ["POST /v1/voice/decide HTTP/1.1", "Host: gate", *lines, f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def play(folder: Path, story: Callable[[Server], Coroutine[None, None, None]]) -> None:
    async def told() -> None:
        tail, book = OrdersTail(folder / "feeds", OrdersTable()), ReceiptBook(folder / "receipts")
        peers = Peers(RedirectConfiguration(listen="127.0.0.1:5062", peers=(f"{PEER}/32",)))
        verdicts = Verdicts(tail, book, asked=asyncio.Event(), clock=lambda: NOW)
        server, port = VerdictServer(verdicts, peers, dict), free_port()
        await server.listen("127.0.0.1", port)
        try:
            await story(Server(port, verdicts))
        finally:
            await server.close()
            book.close(NOW)

    asyncio.run(told())


async def ends(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the connection ends."""
    heard = b""
    async with asyncio.timeout(PATIENCE_S):
        try:
            while more := await reader.read(65_536):
                heard += more
        except ConnectionError:
            pass
    return heard


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"P",
        b"POST /v1/voice/decide HTTP/1.1\r\nHost: gate\r\n",
        request(b"{", length=100),
        b"POST /v1/voice/decide HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\r\n",
    ],
)
def test_a_request_that_does_not_come_to_its_end_is_ended_and_others_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    monkeypatch.setattr(streams, "UNFINISHED_S", 0.2)

    async def story(server: Server) -> None:
        reader, writer = await server.connect()
        writer.write(beginning)
        assert await server.asked() == b"HTTP/1.1 200 OK"
        assert await ends(reader) == b""
        assert server.tally.shed == 1
        assert await server.asked() == b"HTTP/1.1 200 OK"
        writer.transport.abort()

    play(tmp_path, story)


def test_a_head_that_trickles_in_octet_by_octet_has_no_more_time_than_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "UNFINISHED_S", 0.3)

    async def story(server: Server) -> None:
        reader, writer = await server.connect()
        sent = 0
        while server.tally.shed == 0 and sent < 3_000:
            writer.write(b"x" if sent else b"POST /")
            sent += 1
            await asyncio.sleep(0.01)
        assert await ends(reader) == b""
        assert server.tally.shed == 1
        writer.transport.abort()

    play(tmp_path, story)


def test_a_connection_that_is_kept_alive_rests_longer_than_a_request_may_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "UNFINISHED_S", 0.1)

    async def story(server: Server) -> None:
        reader, writer = await server.connect()
        for _ in range(3):
            writer.write(request(QUESTION))
            async with asyncio.timeout(PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            assert head.startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.3)
        assert server.tally.shed == 0
        writer.write(b"POST /v1")
        await server.until_shed(1)
        writer.transport.abort()

    play(tmp_path, story)


def test_a_flood_of_connections_on_which_nothing_comes_takes_no_peers_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_STREAMS", 24)
    monkeypatch.setattr(streams, "MOST_OF_STRANGERS", 8)

    async def story(server: Server) -> None:
        opened = [await server.connect(f"127.0.1.{1 + number}") for number in range(60)]
        await server.until_shed(52)
        assert await server.asked() == b"HTTP/1.1 200 OK"
        for _, writer in opened:
            writer.transport.abort()

    play(tmp_path, story)


@pytest.mark.parametrize("name", ["X-Long", "Host"])
def test_a_header_of_64_kilobytes_and_ten_thousand_headers_are_refused_and_not_logged(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    secret = "only-the-caller-knows"

    async def story(server: Server) -> None:
        for lines in ([f"{name}: {secret}{'x' * 65_536}"], [f"{name}-{number}: {secret}" for number in range(10_000)]):
            reader, writer = await server.connect()
            writer.write(request(QUESTION, *lines))
            assert (await ends(reader)).startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ", b""))
            writer.transport.abort()
            assert await server.asked() == b"HTTP/1.1 200 OK"

    play(tmp_path, story)
    told = capfd.readouterr()
    assert secret not in told.out + told.err + caplog.text


def test_a_body_that_never_ends_is_not_kept(tmp_path: Path) -> None:
    async def story(server: Server) -> None:
        reader, writer = await server.connect()
        writer.write(b"POST /v1/voice/decide HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        try:
            async with asyncio.timeout(PATIENCE_S):
                for _ in range(64):
                    writer.write(chunk)
                    await writer.drain()
        except ConnectionError:
            pass
        assert (await ends(reader)).startswith((b"HTTP/1.1 413", b""))
        writer.transport.abort()
        assert await server.asked() == b"HTTP/1.1 200 OK"

    play(tmp_path, story)
