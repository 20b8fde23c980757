"""What watch and gate are told of parties: all of it, or all of those that changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, Final, TypeVar

from django.db.models import Model, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties.models import (
    AccountHolding,
    Exemption,
    Membership,
    NumberHolding,
    Party,
    RightToUse,
    TrunkUse,
)
from ringfence.vocabulary.contracts import (
    AccountLink,
    BlockLink,
    ExemptionLink,
    NumberLink,
    PartyLink,
    PresentationRight,
    TrunkLink,
)
from ringfence.vocabulary.number_blocks import Block
from ringfence.vocabulary.times import Micros, micros

TOPIC: Final = "reference.changed"
MOST_NAMED: Final = 5_000
"""Things whose changes are told one by one; where more changed, all is told."""
_ASKED_AT_ONCE: Final = 500

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Named:
    """Things of which something changed. Of each all links are told."""

    parties: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    trunks: frozenset[str] = frozenset()
    blocks: frozenset[Block] = frozenset()

    def __bool__(self) -> bool:
        return self.size > 0

    @property
    def size(self) -> int:
        """How many they are."""
        return len(self.parties) + len(self.accounts) + len(self.trunks) + len(self.blocks)

    def __or__(self, other: "Named") -> "Named":
        return Named(
            self.parties | other.parties, self.accounts | other.accounts, self.trunks | other.trunks, self.blocks | other.blocks
        )


@dataclass(frozen=True, slots=True)
class Links:
    """The provider's parties and what they hold, as the reference feed carries them."""

    parties: tuple[PartyLink, ...] = ()
    accounts: tuple[AccountLink, ...] = ()
    trunks: tuple[TrunkLink, ...] = ()
    numbers: tuple[NumberLink, ...] = ()
    blocks: tuple[BlockLink, ...] = ()
    exemptions: tuple[ExemptionLink, ...] = ()
    rights: tuple[PresentationRight, ...] = ()


def announce(*, named: Named, now: datetime) -> None:
    """Let watch and gate be told of what changed, and of whatever is no party's. Call it inside the transaction of the change."""
    payload: dict[str, Any] = {}
    if named.size <= MOST_NAMED:
        payload = {
            "parties": sorted(named.parties),
            "accounts": sorted(named.accounts),
            "trunks": sorted(named.trunks),
            "blocks": sorted(named.blocks),
        }
    outbox.enqueue(topic=TOPIC, payloads=[payload], now=now)


def named_in(payloads: Iterable[Mapping[str, Any]]) -> Named | None:
    """Return what messages of `announce` name together; `None` where one of them, or of another noun's, asks for everything."""
    messages = list(payloads)
    if not all(messages):
        return None
    named = reduce(Named.__or__, (_named(payload) for payload in messages), Named())
    return named if named.size <= MOST_NAMED else None


def _named(payload: Mapping[str, Any]) -> Named:
    return Named(
        frozenset(payload["parties"]),
        frozenset(payload["accounts"]),
        frozenset(payload["trunks"]),
        frozenset(Block(*block) for block in payload["blocks"]),
    )


def links(*, actor: Actor, named: Named | None = None) -> Links:
    """Return parties, accounts, trunks and numbers with their spans: all there ever were, or those `named`."""
    if not actor.sees_the_desk:
        return Links()
    numbers, blocks = _number_links(named)
    return Links(
        tuple(_party_links(named)),
        tuple(_account_links(named)),
        tuple(_trunk_links(named)),
        numbers,
        blocks,
        tuple(_exemption_links(named)),
        tuple(_right_links(named)),
    )


def _rows(rows: QuerySet[_Row], lookup: str, names: Iterable[str] | None) -> Iterable[QuerySet[_Row]]:
    """Return the rows in pieces: all, or those whose `lookup` is among `names`."""
    if names is None:
        return [rows]
    wanted = sorted(names)
    pieces = (wanted[at : at + _ASKED_AT_ONCE] for at in range(0, len(wanted), _ASKED_AT_ONCE))
    return (rows.filter(**{f"{lookup}__in": piece}) for piece in pieces)


def _party_links(named: Named | None) -> Iterable[PartyLink]:
    """Yield a link for each parent that a party has or had, and one without for a party that never had any."""
    names = None if named is None else named.parties
    above: dict[str, list[PartyLink]] = {}
    for rows in _rows(Membership.objects.order_by("id"), "party__name", names):
        for party, parent, kind, start, end in rows.values_list(
            "party__name", "parent__name", "party__kind", "valid_from", "valid_to"
        ):
            link = PartyLink(party=party, parent=parent, kind=kind, valid_from=_moment(start), valid_to=_moment(end))
            above.setdefault(party, []).append(link)
    for parties in _rows(Party.objects.order_by("id"), "name", names):
        for name, kind in parties.values_list("name", "kind"):
            yield from above.get(name, (PartyLink(party=name, kind=kind),))


def _account_links(named: Named | None) -> Iterable[AccountLink]:
    columns = ("account__name", "party__name", "plan", "account__billing_day", "account__country", "valid_from", "valid_to")
    rows = AccountHolding.objects.order_by("account_id", "id")
    for piece in _rows(rows, "account__name", None if named is None else named.accounts):
        for name, party, plan, day, country, start, end in piece.values_list(*columns):
            yield AccountLink(
                account=name,
                party=party,
                plan=plan or None,
                billing_day=day,
                country=country or None,
                valid_from=_moment(start),
                valid_to=_moment(end),
            )


def _trunk_links(named: Named | None) -> Iterable[TrunkLink]:
    columns = ("trunk__name", "account__name", "address", "user", "valid_from", "valid_to")
    rows = TrunkUse.objects.order_by("trunk_id", "id")
    for piece in _rows(rows, "trunk__name", None if named is None else named.trunks):
        for name, account, address, user, start, end in piece.values_list(*columns):
            yield TrunkLink(
                trunk=name,
                account=account,
                address=address or None,
                user=user or None,
                valid_from=_moment(start),
                valid_to=_moment(end),
            )


def _number_links(named: Named | None) -> tuple[tuple[NumberLink, ...], tuple[BlockLink, ...]]:
    """Return single numbers that somebody holds or held, and blocks; a number that is nobody's is a block of one."""
    numbers, blocks = list[NumberLink](), list[BlockLink]()
    wanted = None if named is None else named.blocks
    rows = NumberHolding.objects.order_by("id")
    for piece in _rows(rows, "prefix", None if wanted is None else {block.prefix for block in wanted}):
        held = piece.values_list("prefix", "digits", "account__name", "valid_from", "valid_to")
        for prefix, digits, account, start, end in held.iterator(chunk_size=10_000):
            if wanted is not None and (prefix, digits) not in wanted:
                continue
            span: dict[str, Micros | None] = {"valid_from": _moment(start), "valid_to": _moment(end)}
            if len(prefix) == digits and account is not None:
                numbers.append(NumberLink(number=prefix, account=account, **span))
            else:
                blocks.append(BlockLink(prefix=prefix, digits=digits, account=account, **span))
    return tuple(numbers), tuple(blocks)


def _exemption_links(named: Named | None) -> Iterable[ExemptionLink]:
    rows = Exemption.objects.order_by("id")
    for piece in _rows(rows, "party__name", None if named is None else named.parties):
        for party, clause, start, end in piece.values_list("party__name", "clause", "valid_from", "valid_to"):
            yield ExemptionLink(party=party, clause=clause, valid_from=_moment(start), valid_to=_moment(end))


def _right_links(named: Named | None) -> Iterable[PresentationRight]:
    rows = RightToUse.objects.order_by("id")
    columns = ("account__name", "prefix", "digits", "verified", "valid_from", "valid_to")
    for piece in _rows(rows, "account__name", None if named is None else named.accounts):
        for account, prefix, digits, verified, start, end in piece.values_list(*columns):
            yield PresentationRight(
                account=account,
                number=prefix,
                digits=0 if digits == len(prefix) else digits,
                verified=verified,
                valid_from=_moment(start),
                valid_to=_moment(end),
            )


def _moment(moment: datetime | None) -> Micros | None:
    return micros(moment) if moment else None
