"""Which addresses certificates may be fetched from: public ones, so that nobody has the gate ask its own network."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

Networks = tuple[IPv4Network | IPv6Network, ...]

_CARRIES_IPV4: Final = tuple(ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96"))
"""Prefixes whose addresses lead to an IPv4 address within them (RFC 6052, RFC 8215, RFC 3056, RFC 4380)."""
_MOST_ADDRESSES: Final = 16


class AddressRefused(OSError):
    """Nothing is fetched from this host. An `OSError`, so that who connects takes it for a host that cannot be reached."""


def refused_because(address: IPv4Address | IPv6Address, permitted: Networks = ()) -> str | None:
    """Return why nothing is fetched from an address, or `None`. Those in `permitted` networks are taken whatever they are."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in network for network in permitted):
        return None
    if isinstance(address, IPv6Address) and (
        address.scope_id is not None or any(address in network for network in _CARRIES_IPV4) or address.is_site_local
    ):
        return "is no public address"
    if not address.is_global or address.is_multicast or address.is_reserved:
        return "is no public address"
    return None


def check_literal(host: str, permitted: Networks) -> None:
    """Refuse a host that is an address of the wrong kind; names are looked at when they are resolved. Raises `AddressRefused`."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return
    why = refused_because(address, permitted)
    if why is not None:
        raise AddressRefused(f"the host {why}")


class GuardedResolver(AbstractResolver):
    """Resolves names once and gives only what was checked: the connection goes to that very address, whatever the name means later.

    A name one of whose addresses is refused is refused whole: it would be another one at the next question.
    """

    def __init__(self, permitted: Networks = ()) -> None:
        self._permitted = permitted

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Return the host's addresses. Raises `OSError`, `AddressRefused`."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        addresses = checked(list(dict.fromkeys(str(entry[4][0]) for entry in found)), self._permitted)
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=text, port=port, family=_family(text), proto=0, flags=flags) for text in addresses
        ]

    async def close(self) -> None:
        """Nothing is kept open."""


def checked(addresses: Sequence[str], permitted: Networks) -> list[str]:
    """Return the addresses, all fit to be fetched from. Raises `AddressRefused`."""
    if not addresses:
        raise AddressRefused("the host has no address")
    for text in addresses:
        why = refused_because(ip_address(text), permitted)
        if why is not None:
            raise AddressRefused(f"the host's address {why}")
    return list(addresses[:_MOST_ADDRESSES])


def _family(text: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in text else socket.AF_INET
