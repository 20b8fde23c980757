"""What stands in the firewall: sets of refused addresses, sets of those proved to be where they say, and the rules beside them."""

import hashlib
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final, NamedTuple

import msgspec

SETS: Final = {4: "refused4", 6: "refused6"}
PROVEN: Final = {4: "proven4", 6: "proven6"}
"""Who completed a handshake of TCP, for a day: whoever writes another's address never sees what must be answered.

A reset proves nothing: it is what the true owner of a forged address sends.
"""
CHAINS: Final = ("refuse", "learn")
PRIORITIES: Final = (-310, -150)
"""Before connections are tracked (-200, defragmented at -400), so that what is refused takes no room there; and behind that."""
LONGEST_S: Final = 365 * 86_400
"""The end of an element whose order has a review date instead."""
_ANSWERED: Final = "tcp flags & (fin | syn | rst | ack) == ack ct direction original ct status assured"
"""A packet of a connection whose handshake was whole. `ct state established` would not do: it is said of guessed numbers too."""
_OURS: Final = frozenset(SETS.values())
_PROVEN: Final = frozenset(PROVEN.values())
_MOST_PROVEN: Final = 65_536

Address = IPv4Address | IPv6Address


class Element(NamedTuple):
    """One address in a set. `comment` is the order's id where it is ours, `packets` how many it has sent since."""

    address: Address
    comment: str | None
    packets: int


class Found(NamedTuple):
    """What a listing of the table shows. `rules` are the rules' comments, `alone`: nothing of others stands in it."""

    elements: tuple[Element, ...] = ()
    proven: frozenset[Address] = frozenset()
    rules: tuple[str, ...] = ()
    alone: bool = True
    stands: bool = False


class Ruleset:
    """The text of table, sets, chain and rules, for one table and some ports."""

    def __init__(self, table: str, ports: Sequence[int]) -> None:
        self._table = f"inet {table}"
        ports_text = ", ".join(str(port) for port in sorted(set(ports)))
        any_protocol = f"meta l4proto {{ tcp, udp }} th dport {{ {ports_text} }} " if ports_text else ""
        tcp = f"tcp dport {{ {ports_text} }} " if ports_text else "meta l4proto tcp "
        families = (("ip", 4), ("ip6", 6))
        rules = [(CHAINS[0], f"{any_protocol}{family} saddr @{SETS[version]} drop") for family, version in families]
        rules += [
            (
                CHAINS[1],
                f"{tcp}{_ANSWERED} update @{PROVEN[version]} {{ {family} saddr }}",
            )
            for family, version in families
        ]
        mark = hashlib.sha256(repr(rules).encode("ascii")).hexdigest()[:16]
        self.rules: Final = tuple(f"ringfence {mark} {number}" for number in range(len(rules)))
        """The comments that the rules must have, in order."""
        self._rules = tuple(f'{chain} {rule} comment "{comment}"' for (chain, rule), comment in zip(rules, self.rules, strict=True))

    def laid(self) -> list[str]:
        """Return the commands that lay the table, harmless where it stands; elements that are there stay."""
        types = {4: "ipv4_addr", 6: "ipv6_addr"}
        sets = [f"add set {self._table} {SETS[v]} {{ type {types[v]}; flags timeout; counter; }}" for v in types]
        learning = f"flags dynamic, timeout; timeout 1d; size {_MOST_PROVEN};"
        sets += [f"add set {self._table} {PROVEN[v]} {{ type {types[v]}; {learning} }}" for v in types]
        chains = [
            f"add chain {self._table} {chain} {{ type filter hook prerouting priority {priority}; policy accept; }}"
            for chain, priority in zip(CHAINS, PRIORITIES, strict=True)
        ]
        flushed = [f"flush chain {self._table} {chain}" for chain in CHAINS]
        return [f"add table {self._table}", *sets, *chains, *flushed, *(f"add rule {self._table} {rule}" for rule in self._rules)]

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
        proven: list[Element] = []
        rules: list[str] = []
        alone = True
        for each in objects:
            if "set" in each and each["set"]["name"] in _OURS:
                elements += _elements(each["set"].get("elem", ()))
            elif "set" in each and each["set"]["name"] in _PROVEN:
                proven += _elements(each["set"].get("elem", ()))
            elif "rule" in each and each["rule"]["chain"] in CHAINS:
                rules.append(str(each["rule"].get("comment", "")))
            elif not ("metainfo" in each or "table" in each or ("chain" in each and each["chain"]["name"] in CHAINS)):
                alone = False
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"a listing that is not understood: {error}") from error
    addresses = frozenset(element.address for element in proven)
    return Found(tuple(elements), addresses, tuple(rules), alone, stands=True)


def _elements(listed: Iterable[Any]) -> list[Element]:
    """Read a set's elements: plain text where an element has nothing but its value."""
    elements = []
    for each in listed:
        element: dict[str, Any] = {"val": each} if isinstance(each, str) else each["elem"]
        packets = int(element.get("counter", {}).get("packets", 0))
        elements.append(Element(ip_address(element["val"]), element.get("comment"), packets))
    return elements
