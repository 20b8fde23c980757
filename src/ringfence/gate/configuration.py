"""What the gate is told: who may ask it, and which edges it drives. The data folder's ringfence.toml holds both."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class EdgeConfiguration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One proxy that orders are pushed to.

    `name` stands in receipts. `url` is where its JSON-RPC answers, in clear: give it an address that only the gate reaches.
    `table` is the hash table that is Ringfence's alone. `deadline_ms` is for one command.
    """

    kind: Literal["kamailio"]
    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="lower-case letters, digits and hyphens")]
    url: Annotated[str, Meta(pattern=r"^http://[^/\s]+/[!-~]*$", description="http://address:port/path")]
    table: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,32}$")] = "ringfence"
    deadline_ms: Annotated[int, Meta(ge=10, le=60_000)] = 1_000
    reconcile_s: Annotated[int, Meta(ge=1, le=3_600)] = 5


class RedirectConfiguration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The SIP redirect server.

    `peers` are addresses or networks of the proxies that may ask; `trusted` those among them that say in `P-Ringfence-Source` where
    the request came from, and that ask only after they have checked credentials. `allow_code` is what "no objection" is called:
    404, or 503 for a proxy that stops at 404. `network_blocked`: refuse by analytics as the United States ask for ("603+").
    """

    listen: str
    peers: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    trusted: tuple[str, ...] = ()
    allow_code: Literal[404, 503] = 404
    network_blocked: bool = False
