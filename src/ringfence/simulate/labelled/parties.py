"""The provider's parties and the addresses that they and strangers come from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from random import Random
from typing import Final

from ringfence.vocabulary.numbers import E164

EDGE: Final = "192.0.2.10"
DOMAIN: Final = "voice.example"
PEERS: Final = ("192.0.2.65", "192.0.2.66", "192.0.2.67")
"""Other networks' border controllers, over which calls for the provider's numbers come. No account is known at them."""

GATEWAY: Final = "192.0.2.68"
"""The network over which calls from abroad come; it has an account of its own."""

_FIXED_NET: Final = int(IPv4Address("198.18.0.0"))
_ACCESS_NET: Final = int(IPv4Address("100.64.0.0"))
_V6_NET: Final = int(IPv6Address("2001:db8::"))

AGENTS: Final = (
    "Oak 2.0", "Oak 2.1", "Bell PBX 11", "Bell PBX 13.4", "Ring 7", "Quay SBC 4.2", "Elm/3.9.1", "Tern Softphone 5.1.0",
    "Heron Phone 1.4", "Larch IP-320/6.1", "Larch IP-450/6.3", "Plover ATA 2.2", "Finch Mobile 9.0", "Rowan PBX 20.5", "Kite 4",
)  # fmt: skip
"""What equipment calls itself. Made-up names."""

SCANNER_AGENTS: Final = ("friendly-scanner", "sipcli/v1.8", "sipsak 0.9.7", "VaxSIPUserAgent/3.1", "pplsip", "sundayddr")
"""What widely used attack tools call themselves, unless they are told not to."""


@dataclass(eq=False, slots=True)
class Party:
    """An account, and the party of the same name that holds it.

    `account` and `trunk` are opaque; `kind` (of the contract's three) and `plan` are what the provider's records say. `habit` is
    the kind of user it is, which no record says. `user` is set where the trunk is known by it; `address` where by an address.
    """

    account: str
    kind: str
    plan: str
    habit: str
    country: str
    trunk: str
    address: str | None
    user: str | None
    numbers: tuple[E164, ...]
    agent: str
    source: str
    parent: "Party | None" = None
    book: tuple[E164, ...] = ()
    rate: float = 0.0
    traits: dict[str, float] = field(default_factory=dict)

    @property
    def path(self) -> tuple[str, ...]:
        """From the root party down to this one."""
        return (*self.parent.path, self.account) if self.parent is not None else (self.account,)


class Addresses:
    """Gives out addresses, each once: of fixed lines, and of access networks that honest nomads and attackers share."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._taken: set[str] = set()

    def fixed(self) -> str:
        """Return a company's or household's own address (RFC 2544's range)."""
        return self._new(lambda: str(IPv4Address(_FIXED_NET + self._chance.randrange(1 << 17))))

    def access(self) -> str:
        """Return one of an access network: 100.64.0.0/10 (RFC 6598), one in twelve of 2001:db8::/32."""
        if self._chance.random() < 1 / 12:
            return self._new(
                lambda: str(IPv6Address(_V6_NET + (self._chance.getrandbits(32) << 64) + self._chance.getrandbits(60) + 1))
            )
        return self._new(lambda: str(IPv4Address(_ACCESS_NET + self._chance.randrange(1 << 22))))

    def _new(self, draw: Callable[[], str]) -> str:
        while (address := draw()) in self._taken:
            pass
        self._taken.add(address)
        return address
