"""A real OpenSIPS."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientSession
from tests.edges.opensips_server import OpensipsServer

from ringfence.gate.edges import Edge
from ringfence.gate.edges.opensips import OpensipsEdge, OpensipsSettings
from ringfence.vocabulary.subjects import SubjectKind


class OpensipsRig:
    """OpenSIPS' local cache, looked into by requests of the test's own."""

    kind = SubjectKind.ACCOUNT

    def __init__(self, folder: Path) -> None:
        self.server = OpensipsServer(folder)
        self._path = "mi"
        self._stopped = self._away = False

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.server.start)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.stop()

    def edge(self, deadline_ms: int = 10_000) -> Edge:
        url = f"http://127.0.0.1:{self.server.mi}/{self._path}"
        return OpensipsEdge(OpensipsSettings(name="edge-1", url=url, deadline_ms=deadline_ms))

    async def foreign(self, key: str) -> None:
        await self._ask("cache_store", "local:ringfence", key, "the operator's own", 600)

    async def keys(self) -> set[str]:
        return {entry["name"] for entry in (await self._ask("cache_fetch_chunk", "*", "ringfence"))["keys"]}

    async def forget(self, key: str | None = None) -> None:
        if key is not None:
            await self._ask("cache_remove", "local:ringfence", key)
            return
        self.server.stop()
        await asyncio.to_thread(self.server.start)

    async def stray(self, key: str, order: str) -> None:
        await self._ask("cache_store", "local:ringfence", key, f"{order} 0 out", 600)

    async def break_down(self, how: str) -> None:
        """OpenSIPS is a group of processes, all of which stop and go on together."""
        if how == "errors":
            self._path = "elsewhere"
        elif how == "silent":
            assert self.server.pid is not None
            os.killpg(self.server.pid, signal.SIGSTOP)
            self._stopped = True
        else:
            self.server.stop()
            self._away = True

    async def mend(self) -> None:
        self._path = "mi"
        if self._stopped:
            assert self.server.pid is not None
            os.killpg(self.server.pid, signal.SIGCONT)
        if self._away:
            await asyncio.to_thread(self.server.start)
        self._stopped = self._away = False

    async def _ask(self, method: str, *parameters: str | int) -> Any:  # noqa: ANN401 - whatever the command answers
        told = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        async with ClientSession() as session, session.post(f"http://127.0.0.1:{self.server.mi}/mi", json=told) as answer:
            return (await answer.json())["result"]
