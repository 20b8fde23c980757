"""Taking in what the provider knows of its parties: every change ends a link and begins another."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from django.db import transaction

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.parties.differences import Differences, Things, after_and_before, between, rows_of
from ringfence.desk.parties.files import COLUMNS, Given, Rows, read
from ringfence.desk.parties.links import Changes, write_accounts, write_contacts, write_parties, write_trunks
from ringfence.desk.parties.numbers import Written, write_numbers
from ringfence.desk.parties.told import Named, announce
from ringfence.watch.attribution.files import RowProblem


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or with problems or as a dry run would have done: rows added and changed by file.

    `changes` names, by file, what became another; `differences` shows that and what is new row by row, for a person who looks
    before writing. It is empty where nobody asked for it, or something is wrong.
    """

    added: Mapping[str, int]
    changed: Mapping[str, int]
    problems: Sequence[RowProblem]
    written: bool
    changes: Mapping[str, Sequence[str]]
    differences: Differences = field(default_factory=Differences)


_ByFile = Mapping[str, Changes | Written]
_FEW: Final = 2_000
"""Rows whose things are looked at before and after. Of more, what turns out to change is looked at, and written twice."""

_ALWAYS_TOLD: Final = frozenset({"accounts.csv", "trunks.csv", "numbers.csv"})
"""Files that a report names also where they were not given."""


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
    with _collector_at_rest():
        rows = read(files, now)
        if rows.problems:
            return _refused(rows)
        written, named, differences = _written(rows, now, compared=dry_run or compare, twice=not dry_run)
    if rows.problems:
        transaction.set_rollback(True)
        return _refused(rows, written)
    written = {file: one for file, one in written.items() if file in _ALWAYS_TOLD or getattr(rows, file.removesuffix(".csv"))}
    added, changed = _counts(written)
    changes = {file: sorted(one.changed) for file, one in written.items() if isinstance(one, Changes)}
    if dry_run:
        transaction.set_rollback(True)
        return ImportReport(added, changed, (), False, changes, differences)
    if any((*added.values(), *changed.values())):
        details = {name: f"{added[name]} added, {changed[name]} changed" for name in added}
        audit.record(acts=[Act(verb="imported", about=("parties", ""), details=details)], actor=actor, now=now)
        announce(named=named, now=now)
    return ImportReport(added, changed, (), True, changes, differences)


def _refused(rows: Rows, written: _ByFile | None = None) -> ImportReport:
    added, changed = _counts(written or {})
    problems = sorted(rows.problems, key=lambda problem: (problem.file, problem.line))
    return ImportReport(added, changed, problems, False, {})


def _counts(written: _ByFile) -> tuple[dict[str, int], dict[str, int]]:
    return {file: len(one.added) for file, one in written.items()}, {file: len(one.changed) for file, one in written.items()}


def _written(rows: Rows, now: datetime, *, compared: bool, twice: bool) -> tuple[_ByFile, Named, Differences]:
    """Write the rows; return what became of each file, and where it is to be compared, what differs.

    Many rows that are compared are taken back meanwhile, and written `twice` where they are to stay.
    """
    if not compared:
        return *_write(rows, now), Differences()
    things = _things_of(rows)
    if sum(map(len, things.values())) <= _FEW:
        before = rows_of(things)
        written, named = _write(rows, now)
        return written, named, Differences() if rows.problems else between(before, rows_of(things))
    savepoint = transaction.savepoint()
    written, named = _write(rows, now)
    if rows.problems:
        return written, named, Differences()
    changed, fresh = _things_in(written, "changed"), _things_in(written, "added")
    differences = after_and_before(changed, fresh, lambda: transaction.savepoint_rollback(savepoint))
    if twice:
        written, named = _write(rows, now)
    return written, named, differences


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Let no search for dead cycles go over a million rows again and again; other threads' wait as long."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _write(rows: Rows, now: datetime) -> tuple[dict[str, Changes | Written], Named]:
    """Write the rows; return what became of each file, and of what watch must hear. A problem may still come of it."""
    parties = write_parties(rows, now)
    accounts = write_accounts(rows, parties.parties, now)
    trunks, numbers, contacts = write_trunks(rows, now), write_numbers(rows, now), write_contacts(rows)
    named = Named(frozenset(parties.parties), frozenset(accounts.touched), frozenset(trunks.touched), numbers.blocks)
    return dict(zip(COLUMNS, (parties, accounts, trunks, numbers, contacts), strict=True)), named


def _things_of(rows: Rows) -> Things:
    """Return the things that the rows say anything about."""
    return {
        "parties.csv": sorted({*(row.party.party for row in rows.parties), *(row.party.party for row in rows.accounts)}),
        "accounts.csv": sorted({row.account.account for row in rows.accounts}),
        "trunks.csv": sorted({row.trunk.trunk for row in rows.trunks}),
        "numbers.csv": sorted({block for row in rows.numbers for block in row.blocks}),
        "contacts.csv": sorted({row.contact for row in rows.contacts}),
    }


def _things_in(written: _ByFile, which: Literal["added", "changed"]) -> Things:
    """Return the things that are new, or that changed."""
    return {file: sorted(getattr(one, which)) for file, one in written.items()}
