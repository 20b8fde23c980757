"""Who may ask, by address or certificate, how each is spoken to, and whose word on a request's source is believed."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from ringfence.gate.configuration import Manners, RedirectConfiguration

_CACHED_ADDRESSES: Final = 4_096

_Networks = tuple[IPv4Network | IPv6Network, ...]


@dataclass(frozen=True, slots=True)
class Peer:
    """A proxy that may ask. What a `trusted` one says of its own checks is believed."""

    manners: Manners
    trusted: bool


class Peers:
    """Everybody who may ask."""

    def __init__(self, configuration: RedirectConfiguration) -> None:
        whole = [profile for profile in configuration.profiles if not profile.hosts]
        self._profiles = [(_networks(profile.peers), Peer(profile, profile.trusted)) for profile in whole]
        self._parts = [
            (_networks(profile.peers), frozenset(host.lower() for host in profile.hosts), Peer(profile, profile.trusted))
            for profile in configuration.profiles
            if profile.hosts
        ]
        self._profiles.append((_networks(configuration.trusted), Peer(configuration, trusted=True)))
        self._anybody: Final = Peer(configuration, trusted=False)
        self._profiles.append((_networks(configuration.peers), self._anybody))
        self._at: Final = lru_cache(maxsize=_CACHED_ADDRESSES)(self._find)
        self._parts_at: Final = lru_cache(maxsize=_CACHED_ADDRESSES)(self._find_parts)

    def of(self, host: str, *, verified: bool = False) -> Peer | None:
        """Return the peer at an address, `None` for a stranger. One whose certificate was `verified` may ask from anywhere."""
        return self._at(host) or (self._anybody if verified else None)

    @property
    def are_parted(self) -> bool:
        """Tell whether any edges are told apart by the host that a request's target is at."""
        return bool(self._parts)

    def parted(self, host: str) -> bool:
        """Tell whether several edges ask from an address, told apart by the host that a request's target is at."""
        return bool(self._parts) and bool(self._parts_at(host))

    def of_target(self, host: str, target: str | None, *, verified: bool = False) -> Peer | None:
        """Return the peer at an address that asks about a target at host `target`, `None` for a stranger."""
        if self._parts and target is not None:
            for hosts, peer in self._parts_at(host):
                if target in hosts:
                    return peer
        return self.of(host, verified=verified)

    def _find_parts(self, host: str) -> tuple[tuple[frozenset[str], Peer], ...]:
        try:
            address = plain(ip_address(host))
        except ValueError:
            return ()
        return tuple((hosts, peer) for networks, hosts, peer in self._parts if any(address in network for network in networks))

    def _find(self, host: str) -> Peer | None:
        try:
            address = plain(ip_address(host))
        except ValueError:
            return None
        return next((peer for networks, peer in self._profiles if any(address in network for network in networks)), None)


def plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return an IPv4 address also where a socket for both families wrote it as IPv6 (RFC 4291 section 2.5.5.2)."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _networks(texts: tuple[str, ...]) -> _Networks:
    return tuple(ip_network(text, strict=False) for text in texts)
