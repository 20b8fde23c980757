"""Where the player may send: to this machine alone."""

from dataclasses import dataclass
from ipaddress import ip_address


class AddressRefused(Exception):
    """The player won't send there. The text says why and what would do."""


@dataclass(frozen=True, slots=True)
class LoopbackAddress:
    """An address and port of this machine."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "LoopbackAddress":
        """Read `127.0.0.1:9060` or `[::1]:9060`. Raises `AddressRefused` for all else: a name could lead anywhere.

        >>> LoopbackAddress.parse("[::1]:9060")
        LoopbackAddress(host='::1', port=9060)
        """
        host, _, port = text.rpartition(":")
        host = host.strip("[]")
        try:
            is_loopback = ip_address(host).is_loopback
        except ValueError:
            raise AddressRefused(f"{text!r} is no address and port. Hint: write 127.0.0.1:9060") from None
        if not is_loopback:
            raise AddressRefused(f"{text!r} is not this machine. Hint: recorded attacks are played to loopback addresses only")
        if not port.isdigit() or not 0 < int(port) < 65536:
            raise AddressRefused(f"{text!r} lacks a port from 1 to 65535. Hint: write 127.0.0.1:9060")
        return cls(host, int(port))
