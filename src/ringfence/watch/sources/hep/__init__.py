"""HEP from capture agents: listeners for UDP and TCP, who may send, and what was counted."""

from ringfence.watch.sources.hep.arrival import CLOCK_TOLERANCE_US, datagram
from ringfence.watch.sources.hep.counters import AgentCounts, AgentKey, HepCounts
from ringfence.watch.sources.hep.intake import Intake, Network, Packets
from ringfence.watch.sources.hep.listeners import HepListener
from ringfence.watch.sources.hep.mirrored import Mirrored

__all__ = [
    "CLOCK_TOLERANCE_US",
    "AgentCounts",
    "AgentKey",
    "HepCounts",
    "HepListener",
    "Intake",
    "Mirrored",
    "Network",
    "Packets",
    "datagram",
]
