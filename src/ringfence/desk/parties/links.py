"""Writing what the rows of accounts and trunks say: the things first, then the links between them, each over its span."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from ringfence.desk.parties.files import Rows, among, tells_party
from ringfence.desk.parties.models import Account, AccountHolding, Contact, Link, Membership, Party, Trunk, TrunkUse
from ringfence.desk.parties.succession import Held, Span, holds, overlap, succession
from ringfence.vocabulary.contracts import PartyLink
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


_MEMBERSHIPS: Final = _Table(Membership, "party_id", ("parent_id",), "parties.csv")
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


def write_parties(rows: Rows, now: datetime) -> Changes:
    """Write what parties.csv and accounts.csv say of parties; return those that are new or became another."""
    told = [row.party for row in rows.parties] + [row.party for row in rows.accounts if tells_party(row)]
    named = (*(party.party for party in told), *(row.party.party for row in rows.accounts))
    parties, fresh = _things(Party, (*named, *(party.parent for party in told if party.parent is not None)))
    moved = _write_kinds(parties, told)
    keys = [party.pk for party in parties.values()]
    older: set[int] = set()
    older |= set(among(Membership.objects.all(), "party_id", keys).values_list("party_id", flat=True))
    older |= set(among(AccountHolding.objects.all(), "party_id", keys).values_list("party_id", flat=True))
    moved |= _write_memberships(
        parties, [party for party in told if party.valid_from is None and party.valid_to is None], older, now
    )
    wanted = [
        _Wanted(row.line, row.party.party, parties[row.party.party].pk, (parties[row.party.parent].pk,), _span_of(row.party))
        for row in rows.parties
        if row.party.parent is not None and (row.party.valid_from is not None or row.party.valid_to is not None)
    ]
    moved |= _write_links(_MEMBERSHIPS, wanted, rows, now)
    return Changes(fresh, moved - fresh, moved | fresh)


def _span_of(party: PartyLink) -> Span:
    return _span(party.valid_from, party.valid_to)


def write_accounts(rows: Rows, moved: set[str], now: datetime) -> Changes:
    """Write which parties hold which accounts; return the accounts that are new or changed, or whose party is among `moved`."""
    parties, _ = _things(Party, (row.party.party for row in rows.accounts))
    accounts, fresh = _things(Account, (row.account.account for row in rows.accounts))
    marked = _write_marks(accounts, rows.accounts)
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
    touched = changed | marked | {row.account.account for row in rows.accounts if tells_party(row) and row.party.party in moved}
    return Changes(fresh, touched - fresh)


def _write_marks(accounts: Mapping[str, Account], rows: Iterable[AccountRow]) -> set[str]:
    """Write billing days and countries where they are told; return the accounts that became another by it."""
    changed: dict[str, Account] = {}
    for row in rows:
        one, link = accounts[row.account.account], row.account
        day = link.billing_day if "billing_day" in row.told else one.billing_day
        country = link.country or "" if "country" in row.told else one.country
        if (one.billing_day, one.country) != (day, country):
            one.billing_day, one.country = day, country
            changed[one.name] = one
    Account.objects.bulk_update(changed.values(), ("billing_day", "country"), batch_size=_BATCH)
    return set(changed)


def write_contacts(rows: Rows) -> Changes:
    """Write whom to reach; return the contacts that are new or changed."""
    if not rows.contacts:
        return Changes()
    parties: dict[str, int] = dict(Party.objects.values_list("name", "id"))
    standing = Contact.objects.in_bulk([row.contact for row in rows.contacts], field_name="name")
    changes = Changes()
    for row in rows.contacts:
        start, end = _span(*row.span)
        values = {**row.values, "party_id": parties[row.party], "valid_from": start, "valid_to": end}
        contact = standing.get(row.contact)
        if contact is None:
            Contact.objects.create(name=row.contact, **values)
            changes.added.add(row.contact)
        elif any(getattr(contact, name) != value for name, value in values.items()):
            Contact.objects.filter(id=contact.id).update(**values)
            changes.changed.add(row.contact)
    return changes


def _refuse_transfers(wanted: Sequence[_Wanted], parties: Mapping[str, Party], rows: Rows) -> None:
    """Refuse rows that would give an account that somebody holds to another party: that takes a request and our consent.

    What is told of the time before the first holder is history, and no transfer.
    """
    holders: dict[int, list[AccountHolding]] = {}
    for holding in among(AccountHolding.objects.all(), "account_id", {one.key for one in wanted}):
        holders.setdefault(holding.account_id, []).append(holding)
    names = {party.pk: party.name for party in parties.values()}
    for one in wanted:
        held, party = holders.get(one.key, []), one.columns[0]
        stands = any(link.party_id == party and link.valid_from == one.span[0] for link in held)
        first = min((link.valid_from or _EVER for link in held), default=_EVER)
        before = one.span[1] is not None and one.span[1] <= first
        last = max(held, key=lambda link: link.valid_from or _EVER, default=None)
        if last is not None and last.party_id != party and not (stands or before):
            cause = f"{one.name} is held by {names.get(last.party_id) or last.party.name}"
            rows.refuse(
                "accounts.csv", one.line, "party", cause, f"ask for its transfer to {names[party]}; we consent in writing first"
            )


def write_trunks(rows: Rows, now: datetime) -> Changes:
    """Write which accounts use which trunks, and how these are known; return the trunks that are new or changed."""
    if not rows.trunks:
        return Changes()
    named = {row.trunk.account for row in rows.trunks}
    accounts = dict(among(Account.objects.all(), "name", named).values_list("name", "id"))
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
    wanted = dict.fromkeys(names)
    standing: dict[str, _Thing] = {one.name: one for one in among(kind.objects.all(), "name", wanted.keys())}
    fresh = [kind(name=name) for name in wanted if name not in standing]
    kind.objects.bulk_create(fresh, batch_size=_BATCH)
    return standing | {one.name: one for one in fresh}, {one.name for one in fresh}


def _write_kinds(parties: Mapping[str, Party], told: Iterable[PartyLink]) -> set[str]:
    kinds = {party.party: party.kind for party in told}
    changed = [parties[name] for name, kind in kinds.items() if parties[name].kind != kind]
    for party in changed:
        party.kind = kinds[party.name]
    Party.objects.bulk_update(changed, ("kind",), batch_size=_BATCH)
    return {party.name for party in changed}


def _write_memberships(parties: Mapping[str, Party], told: Iterable[PartyLink], older: set[int], now: datetime) -> set[str]:
    """Put each party below the parent of its row from now on, and return those that moved. A new party was always there."""
    standing: dict[int, list[Membership]] = {}
    for link in among(Membership.objects.all(), "party_id", [party.pk for party in parties.values()]):
        standing.setdefault(link.party_id, []).append(link)
    ended, begun = list[Membership](), list[Membership]()
    for name, parent in {party.party: party.parent for party in told}.items():
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
    wanted = list(wanted)
    for link in among(table.model._default_manager.all(), table.key, {one.key for one in wanted}):
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
