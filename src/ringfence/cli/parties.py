"""`ringfence parties`: bring accounts, trunks and numbers in from CSV files, and ask who held one when."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import from_iso, utc

FILES: Final = ("accounts.csv", "trunks.csv", "numbers.csv")
_NAMED: Final = 50
"""Changed names that are printed for each file."""
_TOLD: Final = ("account", "party", "plan", "path", "state", "through")

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _root() -> None:
    """Bring parties in, and ask who held what."""


@app.command("import")
def import_files(
    folder: Annotated[Path, typer.Argument(help="Folder with accounts.csv, trunks.csv, numbers.csv, or some of them.")],
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Take the rows of the folder's files, all or none. Exit 2 where a row can't be taken, with each such row."""
    from ringfence.cli.deskwork import at_desk

    if not any((folder / name).exists() for name in FILES):
        print(f"{folder} has none of {', '.join(FILES)}.")
        raise typer.Exit(2)
    with at_desk(data) as actor:
        from ringfence.desk.parties.services import import_folder

        report = import_folder(folder=folder, actor=actor, now=datetime.now(UTC), dry_run=dry_run)
    for row in report.problems:
        print(f"{row.file}:{row.line}: {row.column}: {row.cause}. Hint: {row.hint}")
    if report.problems:
        print("Nothing was changed.")
        raise typer.Exit(2)
    for name in report.added:
        print(f"{name}: {report.added[name]} added, {report.changed[name]} changed{' (not written: dry run)' if dry_run else ''}")
        for changed in report.changes.get(name, ())[:_NAMED]:
            print(f"  {changed}")
        if len(report.changes.get(name, ())) > _NAMED:
            print(f"  and {len(report.changes[name]) - _NAMED} more")


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
