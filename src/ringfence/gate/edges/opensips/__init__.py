"""OpenSIPS: orders in its local cache, calls and contacts ended, by its management interface as JSON-RPC over HTTP."""

from ringfence.gate.edges.opensips.edge import OpensipsEdge
from ringfence.gate.edges.opensips.settings import OpensipsSettings

__all__ = ["OpensipsEdge", "OpensipsSettings"]
