"""What rigs share whose edge is a table behind JSON-RPC over HTTP, on the server that misbehaves as told."""

from typing import Self

from tests.unit.gate.htable_server import FOREIGN, HtableServer, http


class TableRig:
    """A table of the server's; `written` is how the edge writes an order that nobody ordered."""

    written = "{order}"

    def __init__(self, server: HtableServer) -> None:
        self._server = server

    @property
    def port(self) -> int:
        return self._server.port

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    async def foreign(self, key: str) -> None:
        self._server.table[key] = (FOREIGN, 600)

    async def keys(self) -> set[str]:
        return set(self._server.table)

    async def forget(self, key: str | None = None) -> None:
        if key is None:
            self._server.table.clear()
            self._server.drop_connections()
        else:
            del self._server.table[key]

    async def stray(self, key: str, order: str) -> None:
        self._server.table[key] = (self.written.format(order=order), 600)

    async def break_down(self, how: str) -> None:
        if how == "silent":
            self._server.silent = True
        elif how == "errors":
            self._server.spoil = lambda _method, _parameters: http(b"<html>not now</html>", "500 Server Error")
        else:
            await self._server.stop()

    async def mend(self) -> None:
        self._server.silent, self._server.spoil = False, None
        await self._server.stop()
        await self._server.start()
