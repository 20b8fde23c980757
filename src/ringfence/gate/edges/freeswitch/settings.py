"""What the gate is told of a FreeSWITCH."""

from typing import Annotated

from msgspec import Meta

from ringfence.gate.configuration import EdgeTls
from ringfence.gate.edges.settings import Address, EdgeSettings, Word


class FreeswitchSettings(EdgeSettings, frozen=True, kw_only=True, tag="freeswitch"):
    """`address` is where the event socket answers, in clear without `tls`: one that only the gate reaches. `password_file` holds
    its password.

    `realm` of mod_hash is Ringfence's alone; `profiles` are the SIP profiles whose registrations may be dropped.
    """

    address: Address
    tls: EdgeTls | None = None
    password_file: str
    realm: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,32}$", description="letters and digits")] = "ringfence"
    profiles: tuple[Word, ...] = ("internal",)
