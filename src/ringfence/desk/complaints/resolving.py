"""DNS as the checks of senders ask it: through the servers that the configuration names, within seconds."""

from collections.abc import Sequence
from typing import Final

import dns.exception
import dns.resolver

from ringfence.desk.complaints.sending import Lookup, LookupFailed

OFF: Final = "off"
SYSTEM: Final = "system"
_SECONDS: Final = 4.0
_RECORDS: Final = 50


def lookup_through(servers: str) -> Lookup | None:
    """Return how to ask: `system`, or addresses apart by spaces, `192.0.2.53` or `192.0.2.53:5353`; `None` for `off`."""
    if servers == OFF:
        return None
    resolver = dns.resolver.Resolver(configure=servers == SYSTEM)
    if servers != SYSTEM:
        named = [server.partition(":") for server in servers.split()]
        resolver.nameservers = [address for address, _, _ in named]
        resolver.nameserver_ports = {address: int(port or 53) for address, _, port in named}
    resolver.lifetime = _SECONDS

    def lookup(name: str, kind: str) -> Sequence[str]:
        try:
            answer = resolver.resolve(name, kind)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.exception.DNSException as error:
            raise LookupFailed(f"no answer from DNS ({type(error).__name__})") from error
        return tuple(_written(record, kind) for record in list(answer)[:_RECORDS])

    return lookup


def _written(record: object, kind: str) -> str:
    if kind == "TXT":
        return b"".join(getattr(record, "strings", ())).decode("utf-8", "replace")
    return str(record)
