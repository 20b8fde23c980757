"""Kamailio 5.6 and later: orders in a hash table, written by JSON-RPC over HTTP."""

from ringfence.gate.edges.kamailio.edge import KamailioEdge

__all__ = ["KamailioEdge"]
