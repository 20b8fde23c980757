"""Asterisk: orders in its own database, calls and contacts ended by its manager interface."""

from ringfence.gate.edges.asterisk.edge import AsteriskEdge
from ringfence.gate.edges.asterisk.settings import AsteriskSettings

__all__ = ["AsteriskEdge", "AsteriskSettings"]
