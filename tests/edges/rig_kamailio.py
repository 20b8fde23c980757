"""The hash table's server that the driver's own tests use: tests/integration has the real proxy."""

from typing import Any, Self

from tests.unit.gate.htable_server import FOREIGN, HtableServer, http

from ringfence.gate.configuration import EdgeConfiguration
from ringfence.gate.edges import Edge
from ringfence.gate.edges.kamailio import KamailioEdge
from ringfence.vocabulary.subjects import SubjectKind


class KamailioRig:
    """A table behind JSON-RPC."""

    kind = SubjectKind.SOURCE

    async def __aenter__(self) -> Self:
        self._server = HtableServer()
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    def edge(self, deadline_ms: int = 10_000) -> Edge:
        url = f"http://127.0.0.1:{self._server.port}/RPC"
        return KamailioEdge(EdgeConfiguration(name="edge-1", url=url, deadline_ms=deadline_ms))

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
        self._server.table[key] = (order, 600)

    async def break_down(self, how: str) -> None:
        if how == "silent":
            self._server.silent = True
        elif how == "errors":
            self._server.spoil = _error
        else:
            await self._server.stop()

    async def mend(self) -> None:
        self._server.silent, self._server.spoil = False, None
        await self._server.stop()
        await self._server.start()


def _error(_method: str, _parameters: list[Any]) -> bytes:
    return http(b"<html>not now</html>", "500 Server Error")
