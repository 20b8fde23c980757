"""What the gate is told of a firewall."""

from typing import Annotated

from msgspec import Meta

from ringfence.gate.edges.settings import EdgeSettings, Word

Port = Annotated[int, Meta(ge=1, le=65_535)]


class NftablesSettings(EdgeSettings, frozen=True, kw_only=True, tag="nftables"):
    """`command` runs nft where the sets are: `["nft"]` on this machine, with `ssh` or `sudo` before it elsewhere.

    `table` is Ringfence's alone. `ports` are those that a refused address cannot reach, over UDP and TCP; empty: none at all.
    `forgeable`: packets with forged source addresses can reach the ports, so that an address must have proved itself first.
    """

    command: Annotated[tuple[str, ...], Meta(min_length=1)] = ("nft",)
    table: Word = "ringfence"
    ports: tuple[Port, ...] = (5060, 5061)
    forgeable: bool = True
