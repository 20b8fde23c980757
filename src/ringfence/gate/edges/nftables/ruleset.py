"""What stands in the firewall: two sets whose elements end by themselves, and the rules that look sources up in them."""

import hashlib
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final, NamedTuple

import msgspec

SETS: Final = {4: "refused4", 6: "refused6"}
CHAIN: Final = "refuse"
PRIORITY: Final = -310
"""Before connections are tracked (-300): what is refused takes no room there."""
LONGEST_S: Final = 365 * 86_400
"""The end of an element whose order has a review date instead."""
_OURS: Final = frozenset(SETS.values())

Address = IPv4Address | IPv6Address


class Element(NamedTuple):
    """One address in a set. `comment` is the order's id where it is ours, `packets` how many it has sent since."""

    address: Address
    comment: str | None
    packets: int


class Found(NamedTuple):
    """What a listing of the table shows. `rules` are the comments of the chain's rules, `alone`: nothing of others stands in it."""

    elements: tuple[Element, ...] = ()
    rules: tuple[str, ...] = ()
    alone: bool = True
    stands: bool = False


class Ruleset:
    """The text of table, sets, chain and rules, for one table and some ports."""

    def __init__(self, table: str, ports: Sequence[int]) -> None:
        self._table = f"inet {table}"
        ports_text = ", ".join(str(port) for port in sorted(set(ports)))
        match = f"meta l4proto {{ tcp, udp }} th dport {{ {ports_text} }} " if ports_text else ""
        rules = [f"{match}{family} saddr @{name} drop" for family, name in (("ip", SETS[4]), ("ip6", SETS[6]))]
        mark = hashlib.sha256("\n".join(rules).encode("ascii")).hexdigest()[:16]
        self.rules: Final = tuple(f"ringfence {mark} {number}" for number in range(len(rules)))
        """The comments that the chain's rules must have, in order."""
        self._rules = tuple(f'{rule} comment "{comment}"' for rule, comment in zip(rules, self.rules, strict=True))

    def laid(self) -> list[str]:
        """Return the commands that lay the table, harmless where it stands; elements that are there stay."""
        chain = f"{self._table} {CHAIN}"
        return [
            f"add table {self._table}",
            f"add set {self._table} {SETS[4]} {{ type ipv4_addr; flags timeout; counter; }}",
            f"add set {self._table} {SETS[6]} {{ type ipv6_addr; flags timeout; counter; }}",
            f"add chain {chain} {{ type filter hook prerouting priority {PRIORITY}; policy accept; }}",
            f"flush chain {chain}",
            *(f"add rule {chain} {rule}" for rule in self._rules),
        ]

    def added(self, new: Iterable[tuple[Address, str, int]]) -> list[str]:
        """Return the commands that add addresses, each with its comment, for so many seconds."""
        texts = [
            (address, f'{address} timeout {min(max(seconds, 1), LONGEST_S)}s comment "{comment}"')
            for address, comment, seconds in new
        ]
        return self._of_each_set("add", texts)

    def deleted(self, addresses: Iterable[Address]) -> list[str]:
        """Return the commands that take addresses out."""
        return self._of_each_set("delete", [(address, str(address)) for address in addresses])

    def _of_each_set(self, verb: str, texts: Sequence[tuple[Address, str]]) -> list[str]:
        commands = []
        for version, name in SETS.items():
            elements = ", ".join(text for address, text in texts if address.version == version)
            if elements:
                commands.append(f"{verb} element {self._table} {name} {{ {elements} }}")
        return commands

    def listed(self) -> tuple[str, ...]:
        """Return the words of the command that lists the table."""
        return ("list", "table", *self._table.split(" "))

    def dismantled(self) -> str:
        """Return the command that takes the table away with all that is in it."""
        return f"delete table {self._table}"


def found(listing: bytes) -> Found:
    """Read nft's JSON listing of the table. Raises `ValueError` where it is none."""
    try:
        objects: list[dict[str, Any]] = msgspec.json.decode(listing, type=dict[str, list[dict[str, Any]]])["nftables"]
        elements: list[Element] = []
        rules: list[str] = []
        alone = True
        for each in objects:
            if "set" in each and each["set"]["name"] in _OURS:
                elements += _elements(each["set"].get("elem", ()))
            elif "rule" in each and each["rule"]["chain"] == CHAIN:
                rules.append(str(each["rule"].get("comment", "")))
            elif not ("metainfo" in each or "table" in each or ("chain" in each and each["chain"]["name"] == CHAIN)):
                alone = False
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"a listing that is not understood: {error}") from error
    return Found(tuple(elements), tuple(rules), alone, stands=True)


def _elements(listed: Iterable[Any]) -> list[Element]:
    """Read a set's elements: plain text where an element has nothing but its value."""
    elements = []
    for each in listed:
        element: dict[str, Any] = {"val": each} if isinstance(each, str) else each["elem"]
        packets = int(element.get("counter", {}).get("packets", 0))
        elements.append(Element(ip_address(element["val"]), element.get("comment"), packets))
    return elements
