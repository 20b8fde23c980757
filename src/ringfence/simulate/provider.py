"""A fictional provider: its accounts, trunks and numbers, and the three files that describe them (README of examples/demo)."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ringfence.simulate.numbering import OWN_RANGES
from ringfence.vocabulary.numbers import E164

VALID_FROM: Final = "2020-01-01T00:00:00Z"
EDGE_ADDRESS: Final = "192.0.2.10"
"""The provider's SIP edge, in a network of RFC 5737: no such host exists."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """How an account reaches the edge: from `address`, with the authentication `user` where it has one."""

    name: str
    address: str
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account and the party of the same name. `kind` is `reseller`, `customer` or `end-user`, `parent` the party above it.

    `user_agent` is what its equipment calls itself. `numbers` are the ones it holds.
    """

    name: str
    kind: str
    plan: str
    trunk: Trunk
    numbers: tuple[E164, ...]
    user_agent: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """`dialler` names the account that dials automatically: the label that tests compare findings with."""

    name: str
    accounts: tuple[Account, ...]
    dialler: str


def harbour_voice() -> Provider:
    """Return the demo's provider: a reseller with three end users, and five direct customers, one of whom is a dialler.

    The reseller's end users share its session border controller and tell themselves apart by their users. One customer's
    equipment names itself like a scanner and behaves: a rule that goes by names alone would strike the wrong one.
    """
    local, london = OWN_RANGES
    above = "quayside-telecom"
    shared = "198.51.100.50"

    def held(first: int, count: int, where: int = 0) -> tuple[E164, ...]:
        return tuple((local, london)[where].number(first + step) for step in range(count))

    accounts = (
        Account(above, "reseller", "wholesale", Trunk("quayside-sbc", shared, "quayside"), held(0, 10), "Quay SBC 4.2"),
        Account("anchor-dental", "end-user", "office", Trunk("anchor", shared, "anchor"), held(100, 5), "Bell PBX 11", above),
        Account("lantern-books", "end-user", "office", Trunk("lantern", shared, "lantern"), held(110, 5), "Bell PBX 11", above),
        Account("tidewater-legal", "end-user", "office", Trunk("tidewater", shared, "tidewater"), held(120, 8), "Oak 2.0", above),
        Account(
            "breakwater-freight",
            "customer",
            "business",
            Trunk("breakwater", "198.51.100.61"),
            held(200, 20),
            "friendly-scanner-lab 1.0",
        ),
        Account("mooring-hotel", "customer", "business", Trunk("mooring", "198.51.100.62", "mooring"), held(0, 20, 1), "Oak 2.0"),
        Account("saltmarsh-clinic", "customer", "business", Trunk("saltmarsh", "198.51.100.63"), held(50, 12, 1), "Bell PBX 11"),
        Account("fairlead-support", "customer", "contact-centre", Trunk("fairlead", "198.51.100.64"), held(300, 10), "Ring 7"),
        Account("gullwing-offers", "customer", "business", Trunk("gullwing", "198.51.100.65"), held(100, 4, 1), "Oak 2.0"),
    )
    return Provider("Harbour Voice", accounts, dialler="gullwing-offers")


def write_provider(provider: Provider, folder: Path) -> list[Path]:
    """Write accounts.csv, trunks.csv and numbers.csv into `folder` and return their paths. Raises `OSError`."""
    tables: dict[str, tuple[Sequence[str], Iterable[Sequence[str]]]] = {
        "accounts.csv": (("account", "parent", "kind", "plan"), _account_rows(provider)),
        "trunks.csv": (("trunk", "account", "address", "user", "valid_from", "valid_to"), _trunk_rows(provider)),
        "numbers.csv": (("number", "account", "valid_from", "valid_to"), _number_rows(provider)),
    }
    paths = []
    for name, (header, rows) in tables.items():
        path = folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        paths.append(path)
    return paths


def _account_rows(provider: Provider) -> Iterator[Sequence[str]]:
    return ((account.name, account.parent or "", account.kind, account.plan) for account in provider.accounts)


def _trunk_rows(provider: Provider) -> Iterator[Sequence[str]]:
    for account in provider.accounts:
        trunk = account.trunk
        yield trunk.name, account.name, trunk.address, trunk.user or "", VALID_FROM, ""


def _number_rows(provider: Provider) -> Iterator[Sequence[str]]:
    return ((number, account.name, VALID_FROM, "") for account in provider.accounts for number in account.numbers)
