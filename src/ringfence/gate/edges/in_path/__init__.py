"""The redirect server seen as an edge: it holds every order that the table holds, from the moment it does."""

from ringfence.gate.edges.in_path.edge import NAME, InPath

__all__ = ["NAME", "InPath"]
