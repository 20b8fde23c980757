"""Reference: what watch and gate must know of the provider to attribute traffic and to judge it."""

from msgspec import Struct

from ringfence.vocabulary.times import Micros


class PartyLink(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A party and the one above it, over a span. `kind` is `customer`, `reseller` or `end-user`.

    A party that moved has a link for each parent; where none holds, it stands for itself.
    """

    party: str
    parent: str | None = None
    kind: str = "customer"
    valid_from: Micros | None = None
    valid_to: Micros | None = None


class AccountLink(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An account, the party that holds it, and its plan. The span is from `valid_from` (included) to `valid_to` (excluded).

    `billing_day` is the day of the month on which its billing cycle begins, 1 to 31: in a shorter month the last.
    """

    account: str
    party: str
    plan: str | None = None
    valid_from: Micros | None = None
    valid_to: Micros | None = None
    billing_day: int = 1


class TrunkLink(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A trunk is known by its address, its authentication user, or both (then both must fit)."""

    trunk: str
    account: str
    address: str | None = None
    """An IP address or network in canonical text."""
    user: str | None = None
    valid_from: Micros | None = None
    valid_to: Micros | None = None


class NumberLink(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who held an E.164 number, and when."""

    number: str
    account: str
    valid_from: Micros | None = None
    valid_to: Micros | None = None


class Reference(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole of it, as of `time`; each record on the feed replaces the one before.

    `policy` is the hash of the posted version, `None` before the first posting; `struck` the clauses that a ruling has struck.
    `lists` maps a list's name (`emergency-numbers`, `protected-sources` …) to its entries.
    """

    v: int = 1
    time: Micros
    policy: str | None = None
    struck: tuple[str, ...] = ()
    automation_held: bool = False
    parties: tuple[PartyLink, ...] = ()
    accounts: tuple[AccountLink, ...] = ()
    trunks: tuple[TrunkLink, ...] = ()
    numbers: tuple[NumberLink, ...] = ()
    lists: dict[str, tuple[str, ...]] = {}
