"""Taking in what the provider knows of its parties: every change ends a link and begins another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction
from django.db.models import Q

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.parties import exporting
from ringfence.desk.parties.exporting import Row
from ringfence.desk.parties.files import COLUMNS, Given, Rows, read
from ringfence.desk.parties.links import Changes, write_accounts, write_contacts, write_parties, write_trunks
from ringfence.desk.parties.numbers import Written, write_numbers
from ringfence.desk.parties.told import Named, announce
from ringfence.watch.attribution.files import RowProblem


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that becomes another: its rows in `file` before and after, each column to value."""

    file: str
    name: str
    before: Sequence[Row]
    after: Sequence[Row]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or with problems or as a dry run would have done: rows added and changed by file.

    `changes` names, by file, what became another, for a person who looks before writing; `differences` shows it row by row,
    `None` where the files have more than `MOST_COMPARED` rows.
    """

    added: Mapping[str, int]
    changed: Mapping[str, int]
    problems: Sequence[RowProblem]
    written: bool
    changes: Mapping[str, Sequence[str]]
    differences: Sequence[Difference] | None = ()


MOST_COMPARED: Final = 2_000


def import_folder(*, folder: Path, actor: Actor, now: datetime, dry_run: bool = False) -> ImportReport:
    """Import those of parties.csv, accounts.csv … that `folder` has. Raises `OSError`."""
    files = {name: (folder / name).read_bytes() for name in COLUMNS if (folder / name).exists()}
    return import_parties(files=files, actor=actor, now=now, dry_run=dry_run)


@transaction.atomic
def import_parties(*, files: Given, actor: Actor, now: datetime, dry_run: bool = False, compare: bool = False) -> ImportReport:
    """Add and change parties, accounts, trunks, numbers and contacts; what the files don't name stays as it is.

    One problem in one row, and nothing at all is written. A dry run compares, and so does one that is asked to.
    """
    require(actor.keeps_parties, actor, "change parties")
    rows = read(files, now)
    before = _rows_of(rows) if dry_run or compare else {}
    written: Mapping[str, Changes | Written] = {}
    named = Named()
    if not rows.problems:
        written, named = _write(rows, now)
    differences = None if before is None else _differences(before, _rows_of(rows) or {}) if not rows.problems else ()
    problems = sorted(rows.problems, key=lambda problem: (problem.file, problem.line))
    added = {file: len(one.added) for file, one in written.items()}
    changed = {file: len(one.changed) for file, one in written.items()}
    changes = {file: sorted(one.changed) for file, one in written.items() if isinstance(one, Changes)}
    if problems or dry_run:
        transaction.set_rollback(True)
        return ImportReport(added, changed, problems, False, changes, differences)
    if any((*added.values(), *changed.values())):
        details = {name: f"{added[name]} added, {changed[name]} changed" for name in added}
        audit.record(acts=[Act(verb="imported", about=("parties", ""), details=details)], actor=actor, now=now)
        announce(named=named, now=now)
    return ImportReport(added, changed, (), True, changes, differences)


def _write(rows: Rows, now: datetime) -> tuple[dict[str, Changes | Written], Named]:
    """Write the rows; return what became of each file, and of what watch must hear. A problem may still come of it."""
    parties = write_parties(rows, now)
    accounts = write_accounts(rows, parties.parties, now)
    trunks, numbers, contacts = write_trunks(rows, now), write_numbers(rows, now), write_contacts(rows)
    named = Named(frozenset(parties.parties), frozenset(accounts.touched), frozenset(trunks.touched), numbers.blocks)
    written: dict[str, Changes | Written] = {"accounts.csv": accounts, "trunks.csv": trunks, "numbers.csv": numbers}
    if rows.parties:
        written = {"parties.csv": parties, **written}
    if rows.contacts:
        written["contacts.csv"] = contacts
    return written, named


def _rows_of(rows: Rows) -> dict[str, dict[str, list[Row]]] | None:
    """Return what the things that the rows name are now, by file and name; `None` where they are too many to be compared."""
    if len(rows.parties) + len(rows.accounts) + len(rows.trunks) + len(rows.numbers) + len(rows.contacts) > MOST_COMPARED:
        return None
    tables = exporting.named(
        parties={*(row.party.party for row in rows.parties), *(row.party.party for row in rows.accounts)},
        accounts=[row.account.account for row in rows.accounts],
        trunks=[row.trunk.trunk for row in rows.trunks],
        numbers=[block for row in rows.numbers for block in row.blocks],
    )
    tables["contacts.csv"] = exporting.contacts(Q(name__in=[row.contact for row in rows.contacts]))
    found: dict[str, dict[str, list[Row]]] = {}
    for file, table in tables.items():
        for row in table:
            found.setdefault(file, {}).setdefault(row[COLUMNS[file][0]], []).append(row)
    return found


def _differences(
    before: Mapping[str, Mapping[str, list[Row]]], after: Mapping[str, Mapping[str, list[Row]]]
) -> Sequence[Difference]:
    return [
        Difference(file, name, before.get(file, {}).get(name, ()), rows)
        for file in COLUMNS
        for name, rows in after.get(file, {}).items()
        if before.get(file, {}).get(name) != rows
    ]
