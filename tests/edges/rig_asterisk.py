"""A real Asterisk 22."""

import asyncio
from pathlib import Path

from tests.edges.asterisk_server import PASSWORD, USER, AsteriskServer
from tests.edges.rig_process import ProcessRig

from ringfence.gate.edges import Edge
from ringfence.gate.edges.asterisk import AsteriskEdge, AsteriskSettings
from ringfence.gate.edges.asterisk.ami import Ami
from ringfence.gate.errors import EdgeRefused
from ringfence.vocabulary.subjects import SubjectKind


class AsteriskRig(ProcessRig):
    """Asterisk's database, looked into by a connection of the test's own."""

    kind = SubjectKind.ACCOUNT

    def __init__(self, folder: Path) -> None:
        self.server = AsteriskServer(folder)
        super().__init__(self.server)

    def edge(self, deadline_ms: int = 10_000) -> Edge:
        address = f"127.0.0.1:{self._port}"
        settings = AsteriskSettings(name="edge-1", address=address, password_file="ami.password", deadline_ms=deadline_ms)
        return AsteriskEdge(settings, "another password" if self.misled else PASSWORD)

    async def foreign(self, key: str) -> None:
        await self._ask("DBPut", {"Family": "ringfence", "Key": key, "Val": "the operator's own"})

    async def keys(self) -> set[str]:
        events = await self._ask("DBGetTree", {"Family": "ringfence"})
        return {event["Key"].removeprefix("/ringfence/") for event in events}

    async def forget(self, key: str | None = None) -> None:
        if key is not None:
            await self._ask("DBDel", {"Family": "ringfence", "Key": key})
            return
        self.server.stop()
        self.server.forget()
        await asyncio.to_thread(self.server.start)

    async def stray(self, key: str, order: str) -> None:
        await self._ask("DBPut", {"Family": "ringfence", "Key": key, "Val": f"{order} 0 out"})

    @property
    def _port(self) -> int:
        return self.server.manager

    async def _ask(self, action: str, fields: dict[str, str]) -> list[dict[str, str]]:
        ami = Ami(f"127.0.0.1:{self._port}", user=USER, password=PASSWORD, where="the test", deadline_s=10)
        try:
            answer = await ami.ask(action, fields)
        finally:
            await ami.close()
        if not answer.succeeded:
            raise EdgeRefused(answer.message, permanent=True, reached=True)
        return answer.events
