"""FreeSWITCH's event socket, from outside in: a message is lines `Key: Value`, an empty line, and as much body as they say."""

import asyncio
from collections.abc import Iterator
from typing import Final, NamedTuple

from ringfence.gate.edges.encryption import Encryption, opened
from ringfence.gate.errors import EdgeRefused

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_BODY_BYTES: Final = 256 * 1024 * 1024
"""A listing of 100,000 channels takes some 100 MB."""
_READ: Final = 65_536


class Message(NamedTuple):
    """One message. `kind` is its Content-Type; `reply` its Reply-Text."""

    kind: str
    reply: str
    body: bytes


class Garbled(ValueError):
    """What came is no message, or too long."""


class Messages:
    """Whole messages out of a stream of bytes."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._head: dict[str, str] | None = None
        self._length = 0

    def take(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that `data` completes. Raises `Garbled`."""
        self._rest += data
        while True:
            if self._head is None:
                while self._rest[:1] == b"\n":
                    del self._rest[:1]
                end = self._rest.find(b"\n\n")
                if (end if end >= 0 else len(self._rest)) > MAX_HEAD_BYTES:
                    raise Garbled("a head that is too long")
                if end < 0:
                    return
                self._head = _fields(bytes(self._rest[:end]))
                self._length = _length(self._head)
                del self._rest[: end + 2]
            if len(self._rest) < self._length:
                return
            body = bytes(self._rest[: self._length])
            del self._rest[: self._length]
            head, self._head = self._head, None
            yield Message(head["Content-Type"], head.get("Reply-Text", ""), body)


def _fields(head: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in head.decode("utf-8", errors="replace").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip(), value.strip())
    if "Content-Type" not in fields:
        raise Garbled("no event socket of FreeSWITCH answers there")
    return fields


def _length(head: dict[str, str]) -> int:
    text = head.get("Content-Length", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 12) or int(text) > MAX_BODY_BYTES:
        raise Garbled(f"a body of {text[:20]!r} bytes")
    return int(text)


def encoded(command: str) -> bytes:
    """Return a command's bytes. Raises `ValueError` where it would be more than one.

    >>> encoded("api status")
    b'api status\\n\\n'
    """
    if any(letter in command for letter in "\r\n\0"):
        raise ValueError("a command with an end of line in it")
    return command.encode("utf-8") + b"\n\n"


class EventSocket:
    """Commands to one FreeSWITCH, one at a time on a kept connection. Raises `EdgeRefused` alone."""

    def __init__(self, address: str, *, password: str, where: str, deadline_s: float, tls: Encryption | None = None) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._password = password
        self._where = where
        self._deadline_s = deadline_s
        self._tls = tls
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._messages = Messages()
        self._heard: list[Message] = []
        self._turn = asyncio.Lock()

    async def api(self, command: str, *, within: float = 1.0) -> str:
        """Return what a command answers, within so many deadlines. It may be sent twice where the connection was lost."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._deadline_s * within):
                    return await self._api(command)
            except (TimeoutError, OSError, EOFError, ValueError) as error:
                await self.close()
                cause = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
                raise EdgeRefused(f"{self._where}: {command.partition('/')[0]}: {cause}", permanent=False, reached=False) from error
            except BaseException:
                await self.close()  # an answer that comes late must not be taken for the next command's
                raise

    async def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams, self._messages, self._heard = None, Messages(), []

    async def _api(self, command: str) -> str:
        if self._streams is not None:
            try:
                return (await self._exchange(f"api {command}", "api/response")).body.decode("utf-8", errors="replace")
            except (ConnectionError, EOFError):
                await self.close()  # FreeSWITCH was started again; all commands may be repeated
        self._streams = await opened(self._host, self._port, self._tls)
        await self._next("auth/request")
        answer = await self._exchange(f"auth {self._password}", "command/reply")
        if not answer.reply.startswith("+OK"):
            await self.close()
            hint = "Hint: compare the password with event_socket.conf.xml"
            raise EdgeRefused(f"{self._where}: {answer.reply}. {hint}", permanent=True, reached=False)
        return (await self._exchange(f"api {command}", "api/response")).body.decode("utf-8", errors="replace")

    async def _exchange(self, command: str, kind: str) -> Message:
        assert self._streams is not None
        self._streams[1].write(encoded(command))
        await self._streams[1].drain()
        return await self._next(kind)

    async def _next(self, kind: str) -> Message:
        """Return the next message of a kind; a notice that the connection ends, or an access list's word, is its end."""
        assert self._streams is not None
        while True:
            while self._heard:
                message = self._heard.pop(0)
                if message.kind == kind:
                    return message
                if message.kind in ("text/disconnect-notice", "text/rude-rejection"):
                    raise EOFError("refused: does apply-inbound-acl name the gate's address?")
            data = await self._streams[0].read(_READ)
            if not data:
                raise EOFError("the connection was closed")
            self._heard += self._messages.take(data)
