"""A Linux firewall: addresses in sets of nftables, with an end of their own."""

from ringfence.gate.edges.nftables.edge import NftablesEdge
from ringfence.gate.edges.nftables.settings import NftablesSettings

__all__ = ["NftablesEdge", "NftablesSettings"]
