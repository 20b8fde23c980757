"""OpenSIPS' management interface as a real 4.0 answers, for machines without one: the commands of its cache alone."""

from typing import Any

from tests.edges.rig_table import TableRig
from tests.unit.gate.htable_server import HtableServer

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


class OpensipsProtocolRig(TableRig):
    """The cache, spoiled as told."""

    kind = SubjectKind.ACCOUNT
    written = "{order} 0 out"

    def __init__(self) -> None:
        super().__init__(_Cache())

    def edge(self, deadline_ms: int = 10_000) -> Edge:
        url = f"http://127.0.0.1:{self.port}/mi"
        return OpensipsEdge(OpensipsSettings(name="edge-1", url=url, deadline_ms=deadline_ms))
