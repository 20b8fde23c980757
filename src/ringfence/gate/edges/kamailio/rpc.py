"""JSON-RPC 2.0 over HTTP as Kamailio's modules xhttp and jsonrpcs speak it: one kept connection, one command at a time."""

import asyncio
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from ringfence.gate.edges.encryption import Encryption, opened
from ringfence.gate.errors import EdgeRefused

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
"""A dump of 20,000 entries is under 3 MB."""
_MAX_HEADERS: Final = 100


class Failed(msgspec.Struct, frozen=True):
    """The error object of an answer. Kamailio 5.6 says 404 or 500 for "no such key", depending on the command."""

    code: int
    message: str


class _Answer(msgspec.Struct, frozen=True):
    id: int | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: Failed | None = None


T = TypeVar("T")
_DECODER: Final = msgspec.json.Decoder(_Answer)


class JsonRpc:
    """Commands to one edge. Raises `EdgeRefused` alone: with `reached` where the edge answered with an error.

    The connection is kept from one command to the next; one that the edge closed meanwhile is opened again, once a command.
    """

    def __init__(self, url: str, *, deadline_s: float, tls: Encryption | None = None) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._path = (
            parts.hostname or "",
            parts.port or (443 if parts.scheme == "https" else 80),
            parts.path or "/",
        )
        self._where = f"{self._host}:{self._port}"
        self._deadline_s = deadline_s
        self._tls = tls
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()
        self._number = 0

    async def call(self, method: str, *parameters: str | int, into: type[T]) -> T | Failed:
        """Return the command's result as `into`, or the edge's error as it put it."""
        answer = await self._answer(method, parameters)
        if answer.error is not None:
            return answer.error
        try:
            return msgspec.json.decode(answer.result, type=into)
        except msgspec.MsgspecError as error:
            raise EdgeRefused(f"{self._where}: {method}: unknown kind of answer: {error}", permanent=True, reached=True) from error

    async def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _answer(self, method: str, parameters: tuple[str | int, ...]) -> _Answer:
        async with self._turn:
            self._number += 1
            body = msgspec.json.encode({"jsonrpc": "2.0", "method": method, "params": parameters, "id": self._number})
            try:
                async with asyncio.timeout(self._deadline_s):
                    answer = await self._exchange(body)
            except (TimeoutError, OSError, EOFError, ValueError, asyncio.LimitOverrunError, msgspec.MsgspecError) as error:
                await self.close()
                cause = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
                raise EdgeRefused(f"{self._where}: {method}: {cause}", permanent=False, reached=False) from error
            except asyncio.CancelledError:
                await self.close()  # an answer that comes late must not be taken for the next command's
                raise
            if answer.id != self._number:
                await self.close()
                raise EdgeRefused(f"{self._where}: {method}: answer to another command", permanent=False, reached=False)
            return answer

    async def _exchange(self, body: bytes) -> _Answer:
        if self._streams is not None:
            try:
                return await self._once(body)
            except (ConnectionError, asyncio.IncompleteReadError):
                await self.close()  # closed by the edge between two commands; all commands may be repeated
        self._streams = await opened(self._host, self._port, self._tls)
        return await self._once(body)

    async def _once(self, body: bytes) -> _Answer:
        assert self._streams is not None
        reader, writer = self._streams
        lines = (
            f"POST {self._path} HTTP/1.1",
            f"Host: {self._where}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        )
        head = "".join(f"{line}\r\n" for line in lines) + "\r\n"
        writer.write(head.encode("ascii") + body)
        await writer.drain()
        status = (await reader.readuntil(b"\r\n")).split(b" ", 2)
        length = await _content_length(reader)
        payload = await reader.readexactly(length)
        if len(status) < 2 or not payload.startswith(b"{"):
            raise ValueError("refused: is the gate's address the one that RPC_CLIENT names, and the path right?")
        return _DECODER.decode(payload)


async def _content_length(reader: asyncio.StreamReader) -> int:
    """Read the header lines; return the body's length. Raises `ValueError` where none is given or it's too long."""
    length: int | None = None
    for _ in range(_MAX_HEADERS):
        line = (await reader.readuntil(b"\r\n")).strip()
        if not line:
            break
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    if length is None or not 0 <= length <= MAX_ANSWER_BYTES:
        raise ValueError("an answer without a usable Content-Length")
    return length
