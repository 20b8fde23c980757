"""A JSON-RPC server with one hash table that misbehaves as told: what no real proxy does on demand."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

Reply = Callable[[str, list[Any]], bytes | None]


def http(body: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


class HtableServer:
    """Answers htable commands on loopback. `spoil`, where set, sees each command first: its bytes are sent instead, b"" closes,
    `None` lets the command be served.
    """

    def __init__(self) -> None:
        self.table: dict[str, tuple[object, int]] = {}
        self.commands: list[tuple[str, list[Any]]] = []
        self.connections = 0
        self.silent = False
        self.spoil: Reply | None = None
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> "HtableServer":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.drop_connections()

    def drop_connections(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                command = json.loads(await reader.readexactly(length))
                reply = self._reply(command)
                if reply is None:
                    continue
                if not reply:
                    break
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _reply(self, command: dict[str, Any]) -> bytes | None:
        method, parameters = command["method"], command["params"]
        self.commands.append((method, parameters))
        if self.silent:
            return None
        if self.spoil is not None:
            spoiled = self.spoil(method, parameters)
            if spoiled is not None:
                return spoiled
        handled: Any = getattr(self, method.replace("htable.", "_"))(*parameters)
        if isinstance(handled, Exception):
            error = {"code": 500, "message": str(handled)}
            return http(json.dumps({"jsonrpc": "2.0", "id": command["id"], "error": error}).encode(), "500 Server Error")
        return http(json.dumps({"jsonrpc": "2.0", "id": command["id"], "result": handled}).encode())

    def _setxs(self, _table: str, key: str, value: str, seconds: int) -> str:
        self.table[key] = (value, seconds)
        return "Ok. Key set to new value."

    def _get(self, _table: str, key: str) -> dict[str, Any] | Exception:
        if key not in self.table:
            return KeyError("Key name doesn't exist in htable.")
        return {"item": {"name": key, "value": self.table[key][0], "flags": 2}}

    def _delete(self, _table: str, key: str) -> str | Exception:
        return "Ok. Key deleted." if self.table.pop(key, None) is not None else KeyError("Key not found in htable.")

    def _dump(self, _table: str) -> list[dict[str, Any]]:
        return [
            {"entry": number, "size": 1, "slot": [{"name": key, "value": value, "type": "str"}]}
            for number, (key, (value, _)) in enumerate(self.table.items())
        ]


FOREIGN: Final = "an operator's own"
