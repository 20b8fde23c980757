"""Reference: what watch and gate must know of the provider to attribute traffic and to judge it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ringfence.vocabulary.contracts.brought import BroughtList
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
    `country` (ISO 3166 alpha-2) is where its callers are; `None`: where the provider is. It says which numbers call for help there.
    """

    account: str
    party: str
    plan: str | None = None
    valid_from: Micros | None = None
    valid_to: Micros | None = None
    billing_day: int = 1
    country: str | None = None


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


class BlockLink(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who held the numbers of `digits` characters (the `+` included) that begin with `prefix`, and when.

    `account` is `None` where nobody here did: such a link may name a single number. Of several that hold a number the longest
    prefix answers, and a `NumberLink` before them all.
    """

    prefix: str
    digits: int
    account: str | None = None
    valid_from: Micros | None = None
    valid_to: Micros | None = None


class ExemptionLink(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A clause by which a party, and whoever stands below it, is not judged over a span, because that was granted in writing."""

    party: str
    clause: str
    valid_from: Micros | None = None
    valid_to: Micros | None = None


class PresentationRight(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That an account may show a number which it does not hold: a right to use it, and how that was verified.

    `number` is E.164; with `digits` it is what all numbers of a block begin with, each of so many characters (the `+` included).
    The span is from `valid_from` (included) to `valid_to` (excluded).
    """

    account: str
    number: str
    digits: int = 0
    """0: the number itself and no block."""
    verified: str = ""
    """How somebody made sure of it: "call back", "letter of the holder", "registry" …"""
    valid_from: Micros | None = None
    valid_to: Micros | None = None


class RulingLink(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That a court struck a clause, by its number at the desk: over a span, whatever version is in force.

    `jurisdictions` (ISO 3166 alpha-2) are where it holds, none: everywhere. `parties` are whom it was given for, none: everybody;
    it holds for whoever stands below them too.
    """

    ruling: int
    clause: str
    jurisdictions: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    valid_from: Micros | None = None
    valid_to: Micros | None = None

    def strikes(self, party_path: Sequence[str], countries: Collection[str], time: Micros) -> bool:
        """Tell whether the clause is struck at `time` for the last party of the path, whose accounts are in those countries."""
        begun = self.valid_from is None or self.valid_from <= time
        over = self.valid_to is not None and self.valid_to <= time
        there = not self.jurisdictions or any(country in self.jurisdictions for country in countries)
        for_it = not self.parties or any(party in self.parties for party in party_path)
        return begun and not over and there and for_it


class Reference(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole of it, as of `time`: such a record on the feed replaces all before it. Or, where not `full`, what changed.

    A change carries every link of each party, account, trunk, number and block that it names, in the place of those known before,
    all exemptions of each party and all rights of each account that it names, and each list that it names; what it doesn't name
    stays. Its other fields count as in a whole one. So to apply it twice is to apply it once.

    `policy` is the hash of the posted version, `None` before the first posting, and `jurisdiction` its country. `struck` are
    clauses that are struck for everybody as long as that is told, `rulings` those that courts struck, for whom, where and when.
    `lists` maps a list's name (`emergency-numbers`, `protected-sources` …) to its entries. `emergency` maps a country (ISO 3166
    alpha-2) to the numbers that call for help there; the list of that name is for callers who are where the provider is.
    `brought` maps a list's name to what peers and the operator add to it, which rules read behind the posted rows; a change carries
    each such list whole that it names.
    """

    v: int = 1
    time: Micros
    full: bool = True
    policy: str | None = None
    jurisdiction: str | None = None
    struck: tuple[str, ...] = ()
    rulings: tuple[RulingLink, ...] = ()
    automation_held: bool = False
    parties: tuple[PartyLink, ...] = ()
    accounts: tuple[AccountLink, ...] = ()
    trunks: tuple[TrunkLink, ...] = ()
    numbers: tuple[NumberLink, ...] = ()
    blocks: tuple[BlockLink, ...] = ()
    exemptions: tuple[ExemptionLink, ...] = ()
    rights: tuple[PresentationRight, ...] = ()
    emergency: dict[str, tuple[str, ...]] = {}
    lists: dict[str, tuple[str, ...]] = {}
    brought: dict[str, BroughtList] = {}


_Link = TypeVar("_Link", AccountLink, BlockLink, ExemptionLink, NumberLink, PartyLink, PresentationRight, TrunkLink)


def merged(before: Reference, change: Reference) -> Reference:
    """Return what is known once `change` was told; `before` may be a change itself, and so is the answer then.

    A whole record is its own answer. A party that a change names and gives no exemption has none any more.
    """
    if change.full:
        return change
    parties = frozenset(link.party for link in change.parties)
    exempted = parties | {link.party for link in change.exemptions}
    entitled = frozenset(map(_account, change.accounts)) | {right.account for right in change.rights}
    held = frozenset((link.number, len(link.number)) for link in change.numbers) | {_block(link) for link in change.blocks}
    return replace(
        change,
        full=before.full,
        parties=_following(before.parties, change.parties, lambda link: link.party in parties),
        accounts=_following(before.accounts, change.accounts, _named(change.accounts, _account)),
        trunks=_following(before.trunks, change.trunks, _named(change.trunks, _trunk)),
        numbers=_following(before.numbers, change.numbers, lambda link: (link.number, len(link.number)) in held),
        blocks=_following(before.blocks, change.blocks, lambda link: _block(link) in held),
        exemptions=_following(before.exemptions, change.exemptions, lambda link: link.party in exempted),
        rights=_following(before.rights, change.rights, lambda link: link.account in entitled),
        emergency=before.emergency | change.emergency,
        lists=before.lists | change.lists,
        brought=before.brought | change.brought,
    )


def _following(before: Iterable[_Link], after: tuple[_Link, ...], is_replaced: Callable[[_Link], bool]) -> tuple[_Link, ...]:
    return tuple(chain((link for link in before if not is_replaced(link)), after))


def _named(links: Iterable[_Link], key: Callable[[_Link], str]) -> Callable[[_Link], bool]:
    names: Final = frozenset(map(key, links))
    return lambda link: key(link) in names


def _account(link: AccountLink) -> str:
    return link.account


def _trunk(link: TrunkLink) -> str:
    return link.trunk


def _block(link: BlockLink) -> tuple[str, int]:
    return link.prefix, link.digits
