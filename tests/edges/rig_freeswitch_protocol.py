"""FreeSWITCH's event socket as a real 1.10.12 answers, for machines without one: the commands of mod_hash alone."""

import asyncio
from contextlib import suppress
from typing import Self

from ringfence.gate.edges import Edge
from ringfence.gate.edges.freeswitch import FreeswitchEdge, FreeswitchSettings
from ringfence.vocabulary.subjects import SubjectKind

PASSWORD = "a password of the tests"


class FreeswitchProtocolRig:
    """A hash behind the event socket, spoiled as told."""

    kind = SubjectKind.ACCOUNT

    async def __aenter__(self) -> Self:
        self._hash: dict[str, str] = {}
        self._password = PASSWORD
        self._silent = False
        self._port = 0
        self._writers: list[asyncio.StreamWriter] = []
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    @property
    def port(self) -> int:
        return self._port

    def edge(self, deadline_ms: int = 10_000) -> Edge:
        address = f"127.0.0.1:{self._port}"
        settings = FreeswitchSettings(name="edge-1", address=address, password_file="p", deadline_ms=deadline_ms)
        return FreeswitchEdge(settings, PASSWORD)

    async def foreign(self, key: str) -> None:
        self._hash[f"ringfence_{key}"] = "the operator's own"

    async def keys(self) -> set[str]:
        return {key.removeprefix("ringfence_") for key in self._hash}

    async def forget(self, key: str | None = None) -> None:
        if key is None:
            self._hash.clear()
            await self._stop()
            await self._start()
        else:
            del self._hash[f"ringfence_{key}"]

    async def stray(self, key: str, order: str) -> None:
        self._hash[f"ringfence_{key}"] = f"{order} 0 out"

    async def break_down(self, how: str) -> None:
        if how == "silent":
            self._silent = True
        elif how == "errors":
            self._password = "another password"
        else:
            await self._stop()

    async def mend(self) -> None:
        self._silent, self._password = False, PASSWORD
        await self._stop()
        await self._start()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(b"Content-Type: auth/request\n\n")
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                command = (await reader.readuntil(b"\n\n")).decode().strip()
                if self._silent:
                    continue
                if command.startswith("auth "):
                    reply = "+OK accepted" if command == f"auth {self._password}" else "-ERR invalid"
                    writer.write(f"Content-Type: command/reply\nReply-Text: {reply}\n\n".encode())
                else:
                    body = self._answer(command.removeprefix("api ")) or "-ERR no reply\n"
                    writer.write(f"Content-Type: api/response\nContent-Length: {len(body.encode())}\n\n{body}".encode())
                await writer.drain()
        writer.close()

    def _answer(self, command: str) -> str:
        if command.startswith("hash_dump db "):
            return "".join(f"D/{key}/{value}\n" for key, value in self._hash.items() if command.split()[2] in key)
        verb, realm, key, *value = command.removeprefix("hash ").split("/", 3)
        name = f"{realm}_{key}"
        if verb == "insert":
            self._hash[name] = value[0]
            return "+OK\n"
        if verb == "delete":
            return "+OK\n" if self._hash.pop(name, None) is not None else "-ERR Not found\n"
        return self._hash.get(name, "")
