"""`ringfence parties`: bring accounts, trunks and numbers in from CSV files."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

FILES: Final = ("accounts.csv", "trunks.csv", "numbers.csv")

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _root() -> None:
    """Bring parties in."""


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
