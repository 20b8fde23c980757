"""Whether a request within a session comes from one of those who take part in it (RFC 3261 section 12.2, 9.1)."""

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Final

DISTURBING: Final = frozenset({"BYE", "CANCEL", "REFER", "INVITE", "UPDATE"})
"""Methods that end, move or change a session."""

STRANGER: Final = "stranger-in-session"
"""A request with a session's tags, from nobody who takes part in it."""

GUESSED: Final = "stranger-guesses-session"
"""The same with a Call-ID that is the session's, and tags that are not."""

_MOST_PLACES: Final = 8
_NAMING: Final = re.compile(rb"\n(?:contact|m|record-route)[ \t]*:([^\r\n]*)", re.IGNORECASE)
_V6_BITS: Final = 64
_ADDRESS: Final = re.compile(rb"sips?:(?:[^@<>,;\s]*@)?(\[[0-9A-Fa-f:.]+\]|[0-9]{1,3}(?:\.[0-9]{1,3}){3})", re.IGNORECASE)
_OCTET: Final = "(?:[1-9]?[0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
_CANONICAL: Final = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
"""IPv4 as `ip_address` writes it."""


def takes_part(source: str, places: Iterable[str]) -> bool:
    """Tell whether `source` is one of the places of a session, or a neighbour of one.

    Border controllers share their work with others in the same network, and a phone behind NAT may come back with its neighbour's
    address: within a /24, of IPv6 a /64, nobody is a stranger. All addresses are canonical text.
    """
    network = _network(source)
    return any(place == source or (network is not None and _network(place) == network) for place in places)


def places_named(payload: bytes) -> list[str]:
    """Return the addresses that an answer names as where requests of its session may come from: Contact and Record-Route.

    Names of hosts are left out: nobody is asked here what address they have.
    """
    found: list[str] = []
    for line in _NAMING.finditer(payload.partition(b"\r\n\r\n")[0]):
        for host in _ADDRESS.findall(line[1]):
            address = _canonical(host.strip(b"[]").decode())
            if address is not None and address not in found and len(found) < _MOST_PLACES:
                found.append(address)
    return found


def places_in(values: bytes) -> list[str]:
    """Return the same of the part of an answer's head from the first value of such a field on."""
    return places_named(b"\ncontact:" + values)


def _canonical(address: str) -> str | None:
    if _CANONICAL.fullmatch(address):  # nearly all: and a message in ten has some
        return address
    try:
        return str(ip_address(address))
    except ValueError:
        return None


def _network(address: str) -> str | None:
    if ":" not in address:
        return address.rpartition(".")[0] or None
    try:
        return str(ip_network(f"{address}/{_V6_BITS}", strict=False))
    except ValueError:
        return None
