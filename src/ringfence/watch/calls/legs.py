"""Which leg of a request a captured copy is, from its Via headers (RFC 3261 section 18.2, RFC 3581)."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import ip_address
from typing import Final, NamedTuple

from ringfence.watch.calls.entries import TransactionKey
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.wire.sip.message import Message, Via

SIP_PORT: Final = 5060
LONGEST_TEXT: Final = 128
_LARGEST_CSEQ: Final = 2**31


class Leg(NamedTuple):
    """Who sent a request to the first server of ours that saw it, and the branch it has there."""

    source: str
    port: int
    branch: str | None


@dataclass(frozen=True, slots=True)
class Edges:
    """The provider's own servers: addresses, or address and port where an address is shared with others.

    What comes from or goes to one of `ignored` (address and port), such as a policy server that edges ask, is not the customers'.
    """

    addresses: Set[str] = frozenset()
    endpoints: Set[tuple[str, int]] = frozenset()
    ignored: Set[tuple[str, int]] = frozenset()

    def __contains__(self, endpoint: tuple[str, int]) -> bool:
        return endpoint[0] in self.addresses or endpoint in self.endpoints

    @property
    def are_none(self) -> bool:
        """Tell whether there are none."""
        return not (self.addresses or self.endpoints or self.ignored)

    def ignores(self, datagram: Datagram) -> bool:
        """Tell whether it is between our own servers and no business of anybody else."""
        return (datagram.source, datagram.source_port) in self.ignored or (
            datagram.destination,
            datagram.destination_port,
        ) in self.ignored

    def sender_leg(self, datagram: Datagram, message: Message) -> Leg | None:
        """Return the leg on which the request reached us, also where this copy shows a later one.

        An edge writes into its copy whom it came from (`received`), so the order in which copies arrive does not matter.
        `None` for a request that an edge began itself.
        """
        if (datagram.source, datagram.source_port) not in self:
            return Leg(datagram.source, datagram.source_port, _branch(message.vias[0]) if message.vias else None)
        for via in message.vias[1:]:
            source, port = _address(via), _port(via)
            if (source, port) not in self:
                return Leg(source, port, _branch(via))
        return None


def request_key(message: Message, method: str, leg: Leg) -> TransactionKey:
    """Return the key of a request that came on `leg`."""
    return (bounded(message.call_id or ""), _cseq(message), method, leg.branch, leg.source)


def response_keys(datagram: Datagram, message: Message, method: str) -> Iterator[tuple[TransactionKey, bool]]:
    """Yield the keys that the answered request may have, the likeliest first, and whether this is its sender's own leg."""
    call_id, cseq = bounded(message.call_id or ""), _cseq(message)
    for index, via in enumerate(message.vias):
        if index == 0:
            yield (call_id, cseq, method, _branch(via), datagram.destination), True
        yield (call_id, cseq, method, _branch(via), _address(via)), index == 0
    if not message.vias:
        yield (call_id, cseq, method, None, datagram.destination), True


def earlier_keys(message: Message, method: str) -> Iterator[TransactionKey]:
    """Yield the keys under which an earlier leg of this request may be known."""
    for via in message.vias[1:]:
        yield (bounded(message.call_id or ""), _cseq(message), method, _branch(via), _address(via))


def bounded(text: str) -> str:
    """Return `text` as it is stored: valid Unicode, and where it is very long a digest of it, so that memory stays bounded."""
    if len(text) > LONGEST_TEXT:
        return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _branch(via: Via) -> str | None:
    return None if via.branch is None else bounded(via.branch)


def _address(via: Via) -> str:
    text = via.received or via.host or ""
    if ":" in text:
        try:
            return str(ip_address(text.strip("[]")))
        except ValueError:
            pass
    return bounded(text)


def _port(via: Via) -> int:
    port = via.rport or via.port or SIP_PORT
    return port if 0 < port < 65_536 else 0


def _cseq(message: Message) -> int | None:
    return message.cseq if message.cseq is not None and 0 <= message.cseq < _LARGEST_CSEQ else None
