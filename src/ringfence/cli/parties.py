"""`ringfence parties`: bring parties and what they hold in and out, ask who held what when and what it accepted, make keys."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import from_iso, utc

if TYPE_CHECKING:
    from ringfence.desk.parties.differences import Differences
    from ringfence.desk.parties.files import Given

FILES: Final = ("parties.csv", "accounts.csv", "trunks.csv", "numbers.csv", "contacts.csv")
EXPORTED: Final = "parties.json"
_NAMED: Final = 50
"""Changed names that are printed for each file."""
_TOLD: Final = ("account", "party", "plan", "path", "state", "through")

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _root() -> None:
    """Bring parties in, and ask who held what."""


@app.command("import")
def import_files(
    source: Annotated[Path, typer.Argument(help="Folder with parties.csv, accounts.csv …, or some of them; or an exported .json.")],
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    differences: Annotated[Path | None, typer.Option(help="With --dry-run: a CSV file for all that would change.")] = None,
) -> None:
    """Take the rows of the folder's files, all or none. Exit 2 where a row can't be taken, with each such row."""
    from ringfence.cli.deskwork import at_desk

    if differences is not None and not dry_run:
        print("--differences goes with --dry-run: what was written is compared no more.")
        raise typer.Exit(2)
    if source.is_dir() and not any((source / name).exists() for name in FILES):
        print(f"{source} has none of {', '.join(FILES)}.")
        raise typer.Exit(2)
    with at_desk(data) as actor:
        from ringfence.desk.parties.services import import_folder, import_parties

        now = datetime.now(UTC)
        if source.is_dir():
            report = import_folder(folder=source, actor=actor, now=now, dry_run=dry_run)
        else:
            report = import_parties(files=_exported(source), actor=actor, now=now, dry_run=dry_run)
    for row in report.problems:
        print(f"{row.file}:{row.line}: {row.column}: {row.cause}. Hint: {row.hint}")
    if report.problems:
        print("Nothing was changed.")
        raise typer.Exit(2)
    for name in report.added:
        print(f"{name}: {report.added[name]} added, {report.changed[name]} changed{' (not written: dry run)' if dry_run else ''}")
        if not dry_run:
            _print_names(report.changes.get(name, ()))
    if dry_run:
        _print_differences(report.differences)
    if differences is not None:
        _write_differences(report.differences, differences)


def _exported(source: Path) -> "Given":
    from msgspec import DecodeError

    from ringfence.desk.parties.exporting import from_json

    try:
        return from_json(source.read_bytes())
    except OSError as error:
        print(f"{source}: {error.strerror}. Hint: name a folder with CSV files, or a .json that was exported")
    except DecodeError as error:
        print(f"{source}: {error}. Hint: it must be as ringfence parties export --json writes it")
    raise typer.Exit(2)


def _print_names(names: Sequence[str]) -> None:
    for changed in names[:_NAMED]:
        print(f"  {changed}")
    if len(names) > _NAMED:
        print(f"  and {len(names) - _NAMED} more")


def _print_differences(differences: "Differences") -> None:
    """Print each thing's rows that go and that come, as a diff does; of each file the first things."""
    printed = Counter[str]()
    for one in differences:
        printed[one.file] += 1
        if printed[one.file] > _NAMED:
            if all(printed[file] >= min(_NAMED, count) for file, count in differences.counts.items()):
                break
            continue
        print(f"  {one.file.removesuffix('.csv')} {one.name}")
        for mark, rows, others in (("-", one.before, one.after), ("+", one.after, one.before)):
            for row in rows:
                if row not in others:
                    print(f"    {mark} {', '.join(f'{column} {value}' for column, value in row.items() if value)}")
    for file, count in differences.counts.items():
        if count > _NAMED:
            print(f"  and {count - _NAMED} more of {file}; --differences FILE writes all")


def _write_differences(differences: "Differences", target: Path) -> None:
    from ringfence.desk.parties.differences import csv_pieces

    try:
        _write(target, (text.encode() for text in csv_pieces(differences)))
    except OSError as error:
        print(f"{target}: {error.strerror}. Hint: name a file in a folder that can be written to", file=sys.stderr)
        raise typer.Exit(1) from None


@app.command("export")
def export(
    target: Annotated[Path, typer.Argument(help="Folder that the files are written to, or - for JSON on standard output.")],
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
    as_json: Annotated[bool, typer.Option("--json", help=f"{EXPORTED} instead of CSV files.")] = False,
) -> None:
    """Write all that is known of parties, as an import takes it. Cells that a spreadsheet would take for formulas are marked."""
    from ringfence.cli.deskwork import at_desk

    with at_desk(data) as actor:
        from ringfence.desk.parties import exporting

        tables = exporting.export(actor=actor, now=datetime.now(UTC))
        if str(target) == "-":
            for piece in exporting.json_pieces(tables):
                sys.stdout.buffer.write(piece)
            return
        try:
            target.mkdir(parents=True, exist_ok=True)
            if as_json:
                _write(target / EXPORTED, exporting.json_pieces(tables))
            else:
                for name, rows in tables.items():
                    _write(target / name, (text.encode() for text in exporting.csv_lines(name, rows)))
        except OSError as error:
            print(f"{target}: {error.strerror}. Hint: name a folder that can be written to", file=sys.stderr)
            raise typer.Exit(1) from None


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)
    print(path)


@app.command("acceptance")
def acceptance(
    party: Annotated[str, typer.Argument(help="A party; without one, who has not accepted by now.")] = "",
    at: Annotated[str, typer.Option(help="The moment, as 2026-03-10T14:05:07Z; now where none is given.")] = "",
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
) -> None:
    """Say which version of the policy bound a party, and how that is known. Exit 1 where none did, or somebody is pending."""
    from ringfence.cli.deskwork import at_desk

    now = datetime.now(UTC)
    try:
        moment = utc(from_iso(at)) if at else now
    except (ValueError, OverflowError):
        print(f"{at} is no moment with a zone. Hint: write 2026-03-10T14:05:07Z")
        raise typer.Exit(2) from None
    with at_desk(data) as actor:
        from ringfence.desk.parties.selectors import parties
        from ringfence.desk.policies import acceptance as accepted
        from ringfence.desk.policies.selectors import current

        if not party:
            version = current(actor=actor)
            if version is None:
                print("No version of the policy is posted.")
                raise typer.Exit(1)
            standings = accepted.report(parties=list(parties(actor=actor, now=now)), version=version, now=now)
            pending = [one.party.name for one in standings if one.state == accepted.State.PENDING]
            print(
                f"version {version.number}, posted {version.posted.isoformat()}: {len(standings)} parties, {len(pending)} pending"
            )
            for reseller in accepted.unattested(version=version, actor=actor, now=now):
                print(f"  reseller {reseller.name} has not attested")
            _print_names(pending)
            raise typer.Exit(1 if pending else 0)
        found = accepted.bound(party=party, moment=moment, actor=actor, now=now)
    if found is None:
        print(f"No version bound {party} at {moment.isoformat()}, or there is no such party.")
        raise typer.Exit(1)
    print(
        f"{party} at {moment.isoformat()}: version {found.version.number}, posted {found.version.posted.isoformat()}: {found.state}"
    )
    for one in found.all:
        print(f"  {one.at.isoformat()} {one.how} by {one.by}{f': {one.proof}' if one.proof else ''}")


@app.command("key")
def key(
    name: Annotated[str, typer.Argument(help="The key's name, given once.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="parties:read, parties:write, acceptance:write; several by several.")
    ] = None,
    party: Annotated[str, typer.Option(help="Of a party and those below it alone.")] = "",
    revoke: Annotated[bool, typer.Option("--revoke", help="Let the key open nothing any more.")] = False,
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
) -> None:
    """Make a key for the API and print it this once, or revoke one."""
    from ringfence.cli.deskwork import at_desk

    with at_desk(data) as actor:
        from ringfence.desk.access import keys
        from ringfence.desk.actor import KeyScope

        now = datetime.now(UTC)
        if revoke:
            keys.revoke_key(name=name, actor=actor, now=now)
            print(f"{name} opens nothing now.")
            return
        unknown = [one for one in scope or () if one not in set(KeyScope)]
        if unknown:
            print(f"{unknown[0]} is no scope. Hint: one of {', '.join(KeyScope)}", file=sys.stderr)
            raise typer.Exit(2)
        reach = keys.Reach([KeyScope(one) for one in scope or ()], party or None)
        print(keys.create_key(name=name, reach=reach, actor=actor, now=now).key)


@app.command("who")
def who(
    asked: Annotated[str, typer.Argument(help="A number in E.164, or a trunk's name.", metavar="NUMBER|TRUNK")],
    at: Annotated[str, typer.Option(help="The moment, as 2026-03-10T14:05:07Z; now where none is given.")] = "",
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say whose account held a number, or used a trunk, at a moment. Exit 1 where nobody's did."""
    from ringfence.cli.deskwork import at_desk

    try:
        moment = utc(from_iso(at)) if at else datetime.now(UTC)
    except (ValueError, OverflowError):
        print(f"{at} is no moment with a zone. Hint: write 2026-03-10T14:05:07Z")
        raise typer.Exit(2) from None
    number = to_e164(asked)
    with at_desk(data) as actor:
        from ringfence.desk.parties.selectors import number_holder, trunk_user

        found = number_holder(number=number, moment=moment, actor=actor) if number else None
        found = found or trunk_user(trunk=asked, moment=moment, actor=actor)
    if as_json:
        told = {"asked": number or asked, "at": moment.isoformat()}
        print(json.dumps(told | ({} if found is None else {name: getattr(found, name) for name in _TOLD})))
    elif found is None:
        print(f"Nothing is known of {number or asked} at {moment.isoformat()}.")
    else:
        through = f", within {found.through}" if found.through else ""
        print(f"{number or asked} at {moment.isoformat()}: {found.state}{through}")
        print(f"account {found.account or 'of nobody'}{f', plan {found.plan}' if found.plan else ''}")
        print(f"party {' > '.join(found.path) or 'none'}")
    if found is None or found.account is None:
        raise typer.Exit(1)
