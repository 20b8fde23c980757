"""Edges that remember orders: one folder for each kind of proxy, all driven alike."""

from ringfence.gate.edges.driver import EdgeDriver
from ringfence.gate.edges.edge import Edge, EdgeRefused, HoldsCalls, HoldsRegistrations, LiveCall, Registration

__all__ = ["Edge", "EdgeDriver", "EdgeRefused", "HoldsCalls", "HoldsRegistrations", "LiveCall", "Registration"]
