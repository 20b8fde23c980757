"""Taking in what the provider knows of its parties."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from django.db import transaction

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties.models import Account, Number, Party, Trunk
from ringfence.desk.parties.rows import COLUMNS, AccountRow, NumberRow, RowProblem, Rows, Span, read

_BATCH = 500
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_END = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or with problems or as a dry run would have done: rows added and changed by file."""

    added: Mapping[str, int]
    changed: Mapping[str, int]
    problems: Sequence[RowProblem]
    written: bool


def import_folder(*, folder: Path, actor: Actor, now: datetime, dry_run: bool = False) -> ImportReport:
    """Import those of accounts.csv, trunks.csv and numbers.csv that `folder` has. Raises `OSError`."""
    files = {name: (folder / name).read_text(encoding="utf-8") for name in COLUMNS if (folder / name).exists()}
    return import_parties(files=files, actor=actor, now=now, dry_run=dry_run)


@transaction.atomic
def import_parties(*, files: Mapping[str, str], actor: Actor, now: datetime, dry_run: bool = False) -> ImportReport:
    """Add and change parties, accounts, trunks and numbers; what the files don't name stays as it is.

    One problem in one row, and nothing at all is written.
    """
    require(actor.administers, actor, "change parties")
    rows = read(files)
    _refuse_unknown(rows)
    added, changed = {}, {}
    if not rows.problems:
        added["accounts.csv"], changed["accounts.csv"] = _write_accounts(rows.accounts)
        added["trunks.csv"], changed["trunks.csv"] = _write_trunks(rows)
        added["numbers.csv"], changed["numbers.csv"] = _write_numbers(rows)
        rows.problems.extend(_overlaps(rows.numbers))
    if rows.problems or dry_run:
        transaction.set_rollback(True)
        return ImportReport(added, changed, sorted(rows.problems, key=lambda problem: (problem.file, problem.line)), False)
    if any((*added.values(), *changed.values())):
        details = {name: f"{added[name]} added, {changed[name]} changed" for name in added}
        audit.record(acts=[Act(verb="imported", about=("parties", ""), details=details)], actor=actor, now=now)
        outbox.enqueue(topic="reference.changed", payloads=[{}], now=now)
    return ImportReport(added, changed, (), True)


def _refuse_unknown(rows: Rows) -> None:
    known = set(Account.objects.values_list("name", flat=True)) | {row.account for row in rows.accounts}
    parents = {row.account: row.parent for row in rows.accounts}
    parties = set(Party.objects.values_list("name", flat=True)) | set(parents)
    for account in rows.accounts:
        if account.parent and account.parent not in parties:
            _refuse(rows, "accounts.csv", account.line, "parent", f"{account.parent} is no party", "give it a row of its own")
        elif _is_its_own_ancestor(account.account, parents):
            _refuse(rows, "accounts.csv", account.line, "parent", "leads back to the account itself", "a tree has no circles")
    for file, found in (("trunks.csv", rows.trunks), ("numbers.csv", rows.numbers)):
        for row in found:
            if row.account not in known:
                _refuse(rows, file, row.line, "account", f"{row.account} is no account", "add it to accounts.csv")


def _refuse(rows: Rows, file: str, line: int, column: str, cause: str, hint: str) -> None:
    rows.problems.append(RowProblem(file, line, column, cause, hint))


def _is_its_own_ancestor(name: str, parents: Mapping[str, str]) -> bool:
    seen, above = {name}, parents.get(name, "")
    while above and above not in seen:
        seen.add(above)
        above = parents[above] if above in parents else _standing_parent(above)
    return above == name


def _standing_parent(name: str) -> str:
    return Party.objects.filter(name=name).values_list("parent__name", flat=True).first() or ""


def _write_accounts(rows: Sequence[AccountRow]) -> tuple[int, int]:
    """Write parties first without and then with their parents, then accounts; return how many accounts were added and changed."""
    parties = {party.name: party for party in Party.objects.all()}
    accounts = {account.name: account for account in Account.objects.all()}
    fresh = [Party(name=row.account, kind=row.kind) for row in rows if row.account not in parties]
    Party.objects.bulk_create(fresh, batch_size=_BATCH)
    parties.update({party.name: party for party in fresh})
    moved, added, changed = [], [], []
    for row in rows:
        party, parent = parties[row.account], parties.get(row.parent)
        parent_id = parent.pk if parent else None
        differs = (party.kind, party.parent_id) != (row.kind, parent_id)
        if differs:
            party.kind, party.parent_id = row.kind, parent_id
            moved.append(party)
        account = accounts.get(row.account)
        if account is None:
            added.append(Account(name=row.account, party=party, plan=row.plan))
        elif differs or account.plan != row.plan:
            account.plan = row.plan
            changed.append(account)
    Party.objects.bulk_update(moved, ("kind", "parent"), batch_size=_BATCH)
    Account.objects.bulk_create(added, batch_size=_BATCH)
    Account.objects.bulk_update(changed, ("plan",), batch_size=_BATCH)
    return len(added), len(changed)


def _write_trunks(rows: Rows) -> tuple[int, int]:
    accounts = dict(Account.objects.values_list("name", "id"))
    standing = {trunk.name: trunk for trunk in Trunk.objects.all()}
    added, changed = [], []
    for row in rows.trunks:
        wanted = (accounts[row.account], row.address, row.user, *row.span)
        trunk = standing.get(row.trunk)
        if trunk is None:
            trunk = Trunk(name=row.trunk)
            added.append(trunk)
        elif (trunk.account_id, trunk.address, trunk.user, trunk.valid_from, trunk.valid_to) != wanted:
            changed.append(trunk)
        trunk.account_id, trunk.address, trunk.user, trunk.valid_from, trunk.valid_to = wanted
    Trunk.objects.bulk_create(added, batch_size=_BATCH)
    Trunk.objects.bulk_update(changed, ("account", "address", "user", "valid_from", "valid_to"), batch_size=_BATCH)
    return len(added), len(changed)


def _write_numbers(rows: Rows) -> tuple[int, int]:
    accounts = dict(Account.objects.values_list("name", "id"))
    standing = {(held.number, held.account_id, held.valid_from): held for held in Number.objects.all()}
    added, changed = [], []
    for row in rows.numbers:
        key = (row.number, accounts[row.account], row.span[0])
        held = standing.get(key)
        if held is None:
            standing[key] = held = Number(number=key[0], account_id=key[1], valid_from=key[2], valid_to=row.span[1])
            added.append(held)
        elif held.valid_to != row.span[1]:
            held.valid_to = row.span[1]
            changed.append(held)
    Number.objects.bulk_create(added, batch_size=_BATCH)
    Number.objects.bulk_update(changed, ("valid_to",), batch_size=_BATCH)
    return len(added), len(changed)


def _overlaps(rows: Sequence[NumberRow]) -> list[RowProblem]:
    """Return a problem for each row whose number another span holds at the same time, as the database now stands."""
    lines = {(row.number, row.account): row.line for row in rows}
    spans: dict[str, list[tuple[Span, str]]] = {}
    wanted = {row.number for row in rows}
    for number, name, start, end in Number.objects.values_list("number", "account__name", "valid_from", "valid_to"):
        if number in wanted:
            spans.setdefault(number, []).append(((start, end), name))
    problems = []
    for number, held in spans.items():
        held.sort(key=lambda item: item[0][0] or _BEGINNING)
        for (earlier, first), (later, second) in pairwise(held):
            if (later[0] or _BEGINNING) < (earlier[1] or _END):
                line = lines.get((number, second)) or lines.get((number, first)) or 0
                cause = f"{number} would be held by {first} and {second} at once"
                problems.append(RowProblem("numbers.csv", line, "valid_from", cause, "end the earlier span first"))
    return problems
