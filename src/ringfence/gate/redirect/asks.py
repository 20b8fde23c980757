"""From a proxy's request to an Ask: who sent it, for whom, and which account answers for it."""

from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from ringfence.gate.redirect.answers import Question
from ringfence.vocabulary.contracts import Ask
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.wire.sip import Uri

_CACHED_ADDRESSES: Final = 4_096


class Peers:
    """Who may ask, by address, and whose word on a request's source and credentials is believed."""

    def __init__(self, allowed: tuple[str, ...], trusted: tuple[str, ...]) -> None:
        self._allowed: Final = lru_cache(maxsize=_CACHED_ADDRESSES)(partial(_within, networks=_networks((*allowed, *trusted))))
        self._trusted: Final = lru_cache(maxsize=_CACHED_ADDRESSES)(partial(_within, networks=_networks(trusted)))

    def may_ask(self, address: str) -> bool:
        """Tell whether the address is on the list."""
        return self._allowed(address)

    def is_trusted(self, address: str) -> bool:
        """Tell whether what it says of its own checks is believed."""
        return self._trusted(address)


def ask_of(question: Question, *, trusted: bool, directory: Directory, now: Micros) -> tuple[Ask, tuple[str, ...]]:
    """Return the Ask and the parties that answer for it, from the root down.

    The first Via is the asking proxy's own, so the request came from where the second says: its `received`, which that proxy
    wrote, else its sent-by host. A trusted peer names the source in a header of its own instead, and asks only about requests
    whose credentials it has checked: from others a user name is a mere claim and counts for nothing.
    """
    message = question.message
    source = _address(question.named_source) if trusted else None
    if source is None and len(message.vias) > 1:
        source = _address(message.vias[1].received) or _address(message.vias[1].host)
    user = message.authorization.username if trusted and message.authorization is not None else None
    sender = directory.sender(source, user, now)
    asked = Ask(
        call_id=message.call_id or "",
        method=question.method,
        source=source,
        trunk=sender.trunk if sender is not None else None,
        account=sender.account if sender is not None else None,
        caller=_subscriber(message.from_uri),
        asserted=_subscriber(message.asserted[0]) if message.asserted else None,
        callee=_service(question.uri) or _subscriber(message.uri),
        identity=message.identities,
    )
    return asked, sender.party_path if sender is not None else ()


def _subscriber(uri: Uri | None) -> str | None:
    """Return the user part as E.164 where it names a number in international form, else as sent."""
    if uri is None or uri.user is None:
        return None
    return to_e164(uri.user) or uri.user


def _service(uri: str) -> str | None:
    """Return a service name (RFC 5031) in lower case, or `None` for any other request URI."""
    known = uri.lower()
    return known if known.startswith("urn:service:") else None


def _address(text: str | None) -> str | None:
    """Return an address in canonical text, or `None` for anything else, such as a host name."""
    if text is None:
        return None
    try:
        return str(_plain(ip_address(text.strip().strip("[]"))))
    except ValueError:
        return None


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return an IPv4 address also where a socket for both families wrote it as IPv6 (RFC 4291 section 2.5.5.2)."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


def _within(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        parsed = _plain(ip_address(address))
    except ValueError:
        return False
    return any(parsed in network for network in networks)
