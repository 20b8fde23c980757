"""A real FreeSWITCH."""

from pathlib import Path

from tests.edges.freeswitch_server import PASSWORD, FreeswitchServer
from tests.edges.rig_process import ProcessRig

from ringfence.gate.edges import Edge
from ringfence.gate.edges.freeswitch import FreeswitchEdge, FreeswitchSettings
from ringfence.gate.edges.freeswitch.esl import EventSocket
from ringfence.vocabulary.subjects import SubjectKind


class FreeswitchRig(ProcessRig):
    """FreeSWITCH's hash, looked into by a connection of the test's own."""

    kind = SubjectKind.ACCOUNT

    def __init__(self, folder: Path) -> None:
        self.server = FreeswitchServer(folder)
        super().__init__(self.server)

    def edge(self, deadline_ms: int = 10_000) -> Edge:
        address = f"127.0.0.1:{self.server.socket}"
        settings = FreeswitchSettings(name="edge-1", address=address, password_file="esl.password", deadline_ms=deadline_ms)
        return FreeswitchEdge(settings, "another password" if self.misled else PASSWORD)

    async def foreign(self, key: str) -> None:
        await self._api(f"hash insert/ringfence/{key}/the operator's own")

    async def keys(self) -> set[str]:
        lines = (await self._api("hash_dump db ringfence")).split("\n")
        return {line.removeprefix("D/ringfence_").split("/")[0] for line in lines if line.startswith("D/")}

    async def forget(self, key: str | None = None) -> None:
        if key is not None:
            await self._api(f"hash delete/ringfence/{key}")
            return
        await self.restart()

    async def stray(self, key: str, order: str) -> None:
        await self._api(f"hash insert/ringfence/{key}/{order} 0 out")

    async def _api(self, command: str) -> str:
        connection = EventSocket(f"127.0.0.1:{self.server.socket}", password=PASSWORD, where="the test", deadline_s=10)
        try:
            return await connection.api(command)
        finally:
            await connection.close()
