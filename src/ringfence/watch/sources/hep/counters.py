"""What came in by HEP, from which agent, and what was refused or off."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ringfence.vocabulary.times import Micros
from ringfence.watch.wire.hep import HepDefect

MAX_AGENTS: Final = 1_024
"""Agents counted apart; the id is the sender's claim, so it could make up any number of them."""


class AgentKey(NamedTuple):
    """Where an agent's packets come from, and the id it gives itself (`None` for those beyond `MAX_AGENTS`)."""

    address: str
    agent: int | None


@dataclass(slots=True)
class AgentCounts:
    """`clock_refused`: packets whose time was missing or too far from their arrival, so that arrival counted.

    `dropped`: packets that were taken off the socket and let go of, because too many waited.
    """

    packets: int = 0
    octets: int = 0
    clock_refused: int = 0
    dropped: int = 0
    last_arrival: Micros | None = None


@dataclass(slots=True)
class HepCounts:
    """All counts since the start. `agents` holds accepted packets only."""

    refused_address: int = 0
    """Packets and connections from addresses that are not on the allow-list."""
    refused_key: int = 0
    not_hep: int = 0
    without_payload: int = 0
    """Packets that lack payload or addresses, such as keep-alives."""
    lost_octets: int = 0
    """Of TCP streams, between packets."""
    connections: int = 0
    """Open TCP connections."""
    refused_connections: int = 0
    """Beyond the number that may be open."""
    defects: Counter[HepDefect] = field(default_factory=Counter)
    agents: dict[AgentKey, AgentCounts] = field(default_factory=dict)

    def of(self, address: str, agent: int | None) -> AgentCounts:
        """Return the counts of that agent, new where it is."""
        key = AgentKey(address, agent or 0)
        known = self.agents.get(key)
        if known is None:
            if len(self.agents) >= MAX_AGENTS:
                key = AgentKey("other", None)
            known = self.agents.setdefault(key, AgentCounts())
        return known
