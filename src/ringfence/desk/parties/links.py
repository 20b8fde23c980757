"""Writing what the rows of accounts and trunks say: the things first, then the links between them, each over its span."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from ringfence.desk.parties.files import Rows
from ringfence.desk.parties.models import Account, AccountHolding, Link, Membership, Party, Trunk, TrunkUse
from ringfence.desk.parties.succession import Held, Span, holds, overlap, succession
from ringfence.vocabulary.times import Micros, utc
from ringfence.watch.attribution.files import AccountRow

_BATCH: Final = 500
_EVER: Final = datetime.min.replace(tzinfo=UTC)
_Thing = TypeVar("_Thing", Party, Account, Trunk)


@dataclass(slots=True)
class Changes:
    """Names of what is new and what became another, and of the parties of which something did."""

    added: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    parties: set[str] = field(default_factory=set)

    @property
    def touched(self) -> set[str]:
        """New or changed."""
        return self.added | self.changed


@dataclass(frozen=True, slots=True)
class _Table:
    """Where links of one kind lie: whose they are by `key`, what they say by `columns`, and the file that their rows come from."""

    model: type[Link]
    key: str
    columns: tuple[str, ...]
    file: str

    def set(self, link: Any, values: tuple[object, ...]) -> Any:  # noqa: ANN401 # a link of whichever model
        for name, value in zip(self.columns, values, strict=True):
            setattr(link, name, value)
        return link


_HOLDINGS: Final = _Table(AccountHolding, "account_id", ("party_id", "plan"), "accounts.csv")
_USES: Final = _Table(TrunkUse, "trunk_id", ("account_id", "address", "user"), "trunks.csv")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One link that a row asks for: of the thing with that key, with these columns."""

    line: int
    name: str
    key: int
    columns: tuple[Any, ...]
    span: Span


def write_accounts(rows: Rows, now: datetime) -> Changes:
    """Write parties, whom they stand below, and which accounts they hold; return the accounts that are new or changed."""
    parties, begun = _things(Party, (row.party.party for row in rows.accounts))
    accounts, fresh = _things(Account, (row.account.account for row in rows.accounts))
    moved = _write_kinds(parties, rows.accounts) | _write_memberships(parties, rows.accounts, now)
    wanted = [
        _Wanted(
            row.line,
            row.account.account,
            accounts[row.account.account].pk,
            (parties[row.party.party].pk, row.account.plan or ""),
            _span(row.account.valid_from, row.account.valid_to),
        )
        for row in rows.accounts
    ]
    _refuse_transfers(wanted, parties, rows)
    changed = _write_links(_HOLDINGS, wanted, rows, now)
    touched = changed | {row.account.account for row in rows.accounts if row.party.party in moved}
    return Changes(fresh, touched - fresh, moved | begun)


def _refuse_transfers(wanted: Iterable[_Wanted], parties: Mapping[str, Party], rows: Rows) -> None:
    """Refuse rows that would give an account that somebody holds to another party: that takes a request and our consent.

    What is told of the time before the first holder is history, and no transfer.
    """
    holders: dict[int, list[AccountHolding]] = {}
    for holding in AccountHolding.objects.all():
        holders.setdefault(holding.account_id, []).append(holding)
    names = {party.pk: party.name for party in parties.values()}
    for one in wanted:
        held, party = holders.get(one.key, []), one.columns[0]
        stands = any(link.party_id == party and link.valid_from == one.span[0] for link in held)
        first = min((link.valid_from or _EVER for link in held), default=_EVER)
        before = one.span[1] is not None and one.span[1] <= first
        last = max(held, key=lambda link: link.valid_from or _EVER, default=None)
        if last is not None and last.party_id != party and not (stands or before):
            cause = f"{one.name} is held by {names.get(last.party_id, 'another party')}"
            rows.refuse(
                "accounts.csv", one.line, "party", cause, f"ask for its transfer to {names[party]}; we consent in writing first"
            )


def write_trunks(rows: Rows, now: datetime) -> Changes:
    """Write which accounts use which trunks, and how these are known; return the trunks that are new or changed."""
    if not rows.trunks:
        return Changes()
    accounts = dict(Account.objects.values_list("name", "id"))
    trunks, fresh = _things(Trunk, (row.trunk.trunk for row in rows.trunks))
    wanted = [
        _Wanted(
            row.line,
            row.trunk.trunk,
            trunks[row.trunk.trunk].pk,
            (accounts[row.trunk.account], row.trunk.address or "", row.trunk.user or ""),
            _span(row.trunk.valid_from, row.trunk.valid_to),
        )
        for row in rows.trunks
    ]
    changed = _write_links(_USES, wanted, rows, now)
    return Changes(fresh, changed - fresh)


def _span(start: Micros | None, end: Micros | None) -> Span:
    return None if start is None else utc(start), None if end is None else utc(end)


def _things(kind: type[_Thing], names: Iterable[str]) -> tuple[dict[str, _Thing], set[str]]:
    """Return the things of that kind by name, and the names of those made now."""
    standing: dict[str, _Thing] = {one.name: one for one in kind.objects.all()}
    fresh = [kind(name=name) for name in dict.fromkeys(names) if name not in standing]
    kind.objects.bulk_create(fresh, batch_size=_BATCH)
    return standing | {one.name: one for one in fresh}, {one.name for one in fresh}


def _write_kinds(parties: Mapping[str, Party], rows: Iterable[AccountRow]) -> set[str]:
    kinds = {row.party.party: row.party.kind for row in rows}
    changed = [parties[name] for name, kind in kinds.items() if parties[name].kind != kind]
    for party in changed:
        party.kind = kinds[party.name]
    Party.objects.bulk_update(changed, ("kind",), batch_size=_BATCH)
    return {party.name for party in changed}


def _write_memberships(parties: Mapping[str, Party], rows: Iterable[AccountRow], now: datetime) -> set[str]:
    """Put each party below the parent of its row from now on, and return those that moved. A new party was always there."""
    standing: dict[int, list[Membership]] = {}
    for link in Membership.objects.all():
        standing.setdefault(link.party_id, []).append(link)
    older = {*standing, *AccountHolding.objects.values_list("party_id", flat=True)}
    ended, begun = list[Membership](), list[Membership]()
    for name, parent in {row.party.party: row.party.parent for row in rows}.items():
        party = parties[name].pk
        current = next((link for link in standing.get(party, ()) if holds((link.valid_from, link.valid_to), now)), None)
        wanted = parties[parent].pk if parent is not None else None
        if (current.parent_id if current else None) == wanted:
            continue
        if current is not None:
            current.valid_to = now
            ended.append(current)
        if wanted is not None:
            begun.append(Membership(party_id=party, parent_id=wanted, valid_from=now if party in older else None))
    Membership.objects.bulk_update(ended, ("valid_to",), batch_size=_BATCH)
    Membership.objects.bulk_create(begun, batch_size=_BATCH)
    names = {party.pk: party.name for party in parties.values()}
    return {names[link.party_id] for link in (*ended, *begun)}


def _write_links(table: _Table, wanted: Iterable[_Wanted], rows: Rows, now: datetime) -> set[str]:
    """End, begin and mend links until each wanted one holds; return the names of the things that changed."""
    standing: dict[int, list[Any]] = {}
    for link in table.model._default_manager.all():
        standing.setdefault(getattr(link, table.key), []).append(link)
    touched, changed = list[Any](), dict[str, _Wanted]()
    for one in wanted:
        links = standing.setdefault(one.key, [])
        held = [
            Held(at, tuple(getattr(link, name) for name in table.columns), (link.valid_from, link.valid_to))
            for at, link in enumerate(links)
        ]
        change = succession(held, one.columns, one.span, now)
        if change.nothing:
            continue
        changed[one.name] = one
        for at, moment in change.end:
            links[at].valid_to = moment
            touched.append(links[at])
        for at, values, moment in change.mend:
            links[at].valid_to = moment
            touched.append(table.set(links[at], values))
        for values, (start, end) in change.begin:
            fresh = table.set(table.model(**{table.key: one.key, "valid_from": start, "valid_to": end}), values)
            links.append(fresh)
            touched.append(fresh)
    for name, one in changed.items():
        if overlap([(link.valid_from, link.valid_to) for link in standing[one.key]]) is not None:
            rows.refuse(table.file, one.line, "valid_from", f"{name} would be two things at once", "end the earlier span first")
    fresh = {id(link): link for link in touched if link.pk is None}
    mended = {link.pk: link for link in touched if link.pk is not None}
    table.model._default_manager.bulk_create(fresh.values(), batch_size=_BATCH)
    table.model._default_manager.bulk_update(mended.values(), ("valid_to", *table.columns), batch_size=_BATCH)
    return set(changed)
