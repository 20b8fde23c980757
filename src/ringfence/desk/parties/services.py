"""Taking in what the provider knows of its parties: every change ends a link and begins another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.parties.files import COLUMNS, read
from ringfence.desk.parties.links import write_accounts, write_trunks
from ringfence.desk.parties.numbers import write_numbers
from ringfence.desk.parties.told import Named, announce
from ringfence.watch.attribution.files import RowProblem


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or with problems or as a dry run would have done: rows added and changed by file.

    `changes` names, by file, what became another, for a person who looks before writing.
    """

    added: Mapping[str, int]
    changed: Mapping[str, int]
    problems: Sequence[RowProblem]
    written: bool
    changes: Mapping[str, Sequence[str]]


def import_folder(*, folder: Path, actor: Actor, now: datetime, dry_run: bool = False) -> ImportReport:
    """Import those of accounts.csv, trunks.csv and numbers.csv that `folder` has. Raises `OSError`."""
    files = {name: (folder / name).read_bytes() for name in COLUMNS if (folder / name).exists()}
    return import_parties(files=files, actor=actor, now=now, dry_run=dry_run)


@transaction.atomic
def import_parties(*, files: Mapping[str, bytes], actor: Actor, now: datetime, dry_run: bool = False) -> ImportReport:
    """Add and change parties, accounts, trunks and numbers; what the files don't name stays as it is.

    One problem in one row, and nothing at all is written.
    """
    require(actor.administers, actor, "change parties")
    rows = read(files, now)
    added, changed, changes, named = dict[str, int](), dict[str, int](), dict[str, Sequence[str]](), Named()
    if not rows.problems:
        accounts, trunks, numbers = write_accounts(rows, now), write_trunks(rows, now), write_numbers(rows, now)
        for file, written in (("accounts.csv", accounts), ("trunks.csv", trunks)):
            added[file], changed[file], changes[file] = len(written.added), len(written.changed), sorted(written.changed)
        added["numbers.csv"], changed["numbers.csv"] = numbers.added, numbers.changed
        named = Named(frozenset(accounts.parties), frozenset(accounts.touched), frozenset(trunks.touched), numbers.blocks)
    problems = sorted(rows.problems, key=lambda problem: (problem.file, problem.line))
    if problems or dry_run:
        transaction.set_rollback(True)
        return ImportReport(added, changed, problems, False, changes)
    if any((*added.values(), *changed.values())):
        details = {name: f"{added[name]} added, {changed[name]} changed" for name in added}
        audit.record(acts=[Act(verb="imported", about=("parties", ""), details=details)], actor=actor, now=now)
        announce(named=named, now=now)
    return ImportReport(added, changed, (), True, changes)
