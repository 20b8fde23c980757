"""A real OpenSIPS."""

from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from tests.edges.opensips_server import OpensipsServer
from tests.edges.rig_process import ProcessRig

from ringfence.gate.edges import Edge
from ringfence.gate.edges.opensips import OpensipsEdge, OpensipsSettings
from ringfence.vocabulary.subjects import SubjectKind


class OpensipsRig(ProcessRig):
    """OpenSIPS' local cache, looked into by requests of the test's own."""

    kind = SubjectKind.ACCOUNT

    def __init__(self, folder: Path) -> None:
        self.server = OpensipsServer(folder)
        super().__init__(self.server, group=True)

    def edge(self, deadline_ms: int = 10_000) -> Edge:
        url = f"http://127.0.0.1:{self.server.mi}/{'elsewhere' if self.misled else 'mi'}"
        return OpensipsEdge(OpensipsSettings(name="edge-1", url=url, deadline_ms=deadline_ms))

    async def foreign(self, key: str) -> None:
        await self._ask("cache_store", "local:ringfence", key, "the operator's own", 600)

    async def keys(self) -> set[str]:
        return {entry["name"] for entry in (await self._ask("cache_fetch_chunk", "*", "ringfence"))["keys"]}

    async def forget(self, key: str | None = None) -> None:
        if key is not None:
            await self._ask("cache_remove", "local:ringfence", key)
            return
        await self.restart()

    async def stray(self, key: str, order: str) -> None:
        await self._ask("cache_store", "local:ringfence", key, f"{order} 0 out", 600)

    async def _ask(self, method: str, *parameters: str | int) -> Any:  # noqa: ANN401 - whatever the command answers
        told = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        async with ClientSession() as session, session.post(f"http://127.0.0.1:{self.server.mi}/mi", json=told) as answer:
            return (await answer.json())["result"]
