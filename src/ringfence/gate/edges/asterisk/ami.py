"""The Asterisk Manager Interface over TCP: actions and answers are blocks of `Key: Value` lines, ended by an empty one.

What one sends is `encoded`; `Blocks` takes bytes as they come and gives whole blocks. Events of their own accord are switched off.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from ringfence.gate.edges.encryption import Encryption, opened
from ringfence.gate.errors import EdgeRefused

MAX_BLOCK_BYTES: Final = 256 * 1024
MAX_EVENTS: Final = 2_000_000
GREETING: Final = b"Asterisk Call Manager/"
_READ: Final = 65_536
Block = dict[str, str]


class Answer(NamedTuple):
    """What an action came to. `events` are those of a list; `message` is the words of a failure."""

    succeeded: bool
    message: str
    events: list[Block]
    fields: Block


class Garbled(ValueError):
    """What came is no block of lines, or too long."""


def encoded(action: str, fields: Mapping[str, str]) -> bytes:
    """Return an action's bytes. Raises `ValueError` where a value would end its line.

    >>> encoded("DBGet", {"Family": "ringfence"})
    b'Action: DBGet\\r\\nFamily: ringfence\\r\\n\\r\\n'
    """
    lines = [f"Action: {action}", *(f"{name}: {value}" for name, value in fields.items())]
    if any(letter in line for line in lines for letter in "\r\n\0"):
        raise ValueError("a value with an end of line in it")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


class Blocks:
    """Whole blocks out of a stream of bytes. The greeting line is none, and left out."""

    def __init__(self) -> None:
        self._rest = b""
        self._greeted = False

    def take(self, data: bytes) -> Iterator[Block]:
        """Yield the blocks that `data` completes. Raises `Garbled`."""
        self._rest += data
        if not self._greeted:
            greeting, end, rest = self._rest.partition(b"\r\n")
            if not GREETING.startswith(greeting[: len(GREETING)]):
                raise Garbled("no manager interface of Asterisk answers there")
            if not end:
                return
            self._greeted, self._rest = True, rest
        while b"\r\n\r\n" in self._rest:
            block, _, self._rest = self._rest.partition(b"\r\n\r\n")
            if len(block) > MAX_BLOCK_BYTES:
                raise Garbled("a block that is too long")
            if block.strip():
                yield _fields(block)
        if len(self._rest) > MAX_BLOCK_BYTES:
            raise Garbled("a block that is too long")


def _fields(block: bytes) -> Block:
    """Read lines; of a key that comes twice the first counts."""
    fields: Block = {}
    for line in block.decode("utf-8", errors="replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip(), value.strip())
    return fields


class Ami:
    """Actions to one Asterisk, one at a time on a kept connection. Raises `EdgeRefused` alone."""

    def __init__(
        self, address: str, *, user: str, password: str, where: str, deadline_s: float, tls: Encryption | None = None
    ) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._user, self._password = user, password
        self._where = where
        self._deadline_s = deadline_s
        self._tls = tls
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._blocks = Blocks()
        self._heard: list[Block] = []
        self._turn = asyncio.Lock()
        self._number = 0

    async def ask(self, action: str, fields: Mapping[str, str], *, within: float = 1.0) -> Answer:
        """Carry an action out, within so many deadlines. An action may be sent twice where the connection was lost meanwhile."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._deadline_s * within):
                    return await self._ask(action, fields)
            except (TimeoutError, OSError, EOFError, ValueError) as error:
                await self.close()
                cause = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
                raise EdgeRefused(f"{self._where}: {action}: {cause}", permanent=False, reached=False) from error
            except BaseException:
                await self.close()  # an answer that comes late must not be taken for the next action's
                raise

    async def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams, self._blocks, self._heard = None, Blocks(), []

    async def _ask(self, action: str, fields: Mapping[str, str]) -> Answer:
        if self._streams is not None:
            try:
                return await self._exchange(action, fields)
            except (ConnectionError, EOFError):
                await self.close()  # Asterisk was started again; all actions may be repeated
        self._streams = await opened(self._host, self._port, self._tls)
        await self._log_in()
        return await self._exchange(action, fields)

    async def _log_in(self) -> None:
        """Prove the password without sending it."""
        challenge = await self._exchange("Challenge", {"AuthType": "MD5"})
        text = challenge.fields.get("Challenge", "") + self._password
        key = hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()  # the protocol's own choice
        answer = await self._exchange("Login", {"AuthType": "MD5", "Username": self._user, "Key": key, "Events": "off"})
        if not answer.succeeded:
            await self.close()
            hint = "Hint: compare user and password with manager.conf"
            raise EdgeRefused(f"{self._where}: {answer.message}. {hint}", permanent=True, reached=False)

    async def _exchange(self, action: str, fields: Mapping[str, str]) -> Answer:
        assert self._streams is not None
        self._number += 1
        number = str(self._number)
        self._streams[1].write(encoded(action, {"ActionID": number, **fields}))
        await self._streams[1].drain()
        response = await self._next(number, "Response")
        succeeded = response.get("Response") == "Success"
        events: list[Block] = []
        while succeeded and response.get("EventList") == "start":
            event = await self._next(number, "Event")
            if event.get("EventList") == "Complete":
                break
            events.append(event)
            if len(events) > MAX_EVENTS:
                raise Garbled("a list without an end")
        return Answer(succeeded, response.get("Message", ""), events, response)

    async def _next(self, number: str, kind: str) -> Block:
        """Return the action's next response or event; what belongs to no action of ours is left out."""
        assert self._streams is not None
        while True:
            while self._heard:
                block = self._heard.pop(0)
                if kind in block and block.get("ActionID") == number:
                    return block
            data = await self._streams[0].read(_READ)
            if not data:
                raise EOFError("the connection was closed")
            self._heard += self._blocks.take(data)
