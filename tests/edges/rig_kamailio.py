"""The hash table's server that the driver's own tests use: tests/integration has the real proxy."""

from tests.edges.rig_table import TableRig
from tests.unit.gate.htable_server import HtableServer

from ringfence.gate.configuration import EdgeConfiguration
from ringfence.gate.edges import Edge
from ringfence.gate.edges.kamailio import KamailioEdge
from ringfence.vocabulary.subjects import SubjectKind


class KamailioRig(TableRig):
    """A table behind JSON-RPC."""

    kind = SubjectKind.SOURCE

    def __init__(self) -> None:
        super().__init__(HtableServer())

    def edge(self, deadline_ms: int = 10_000) -> Edge:
        url = f"http://127.0.0.1:{self.port}/RPC"
        return KamailioEdge(EdgeConfiguration(name="edge-1", url=url, deadline_ms=deadline_ms))
