"""OpenSIPS' management interface as a real 4.0 answers, for machines without one: the commands of its cache alone."""

from typing import Any, Self

from tests.unit.gate.htable_server import HtableServer, http

from ringfence.gate.edges import Edge
from ringfence.gate.edges.opensips import OpensipsEdge, OpensipsSettings
from ringfence.vocabulary.subjects import SubjectKind


class _Failure(Exception):
    """Answered as an error object."""


class _Cache(HtableServer):
    """The same transport as Kamailio's, other commands: an entry is a text."""

    def cache_store(self, _system: str, key: str, value: str, seconds: int) -> str:
        self.table[key] = (value, seconds)
        return "OK"

    def cache_fetch(self, _system: str, key: str) -> dict[str, Any] | Exception:
        return {"key": key, "value": self.table[key][0]} if key in self.table else _Failure("Value not found")

    def cache_remove(self, _system: str, key: str) -> str:
        self.table.pop(key, None)
        return "OK"

    def cache_fetch_chunk(self, _glob: str, _collection: str) -> dict[str, Any]:
        return {"keys": [{"name": key, "value": value} for key, (value, _) in self.table.items()]}


class OpensipsProtocolRig:
    """The cache, spoiled as told."""

    kind = SubjectKind.ACCOUNT

    async def __aenter__(self) -> Self:
        self._server = _Cache()
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    def edge(self, deadline_ms: int = 10_000) -> Edge:
        url = f"http://127.0.0.1:{self._server.port}/mi"
        return OpensipsEdge(OpensipsSettings(name="edge-1", url=url, deadline_ms=deadline_ms))

    async def foreign(self, key: str) -> None:
        self._server.table[key] = ("the operator's own", 600)

    async def keys(self) -> set[str]:
        return set(self._server.table)

    async def forget(self, key: str | None = None) -> None:
        if key is None:
            self._server.table.clear()
            self._server.drop_connections()
        else:
            del self._server.table[key]

    async def stray(self, key: str, order: str) -> None:
        self._server.table[key] = (f"{order} 0 out", 600)

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
