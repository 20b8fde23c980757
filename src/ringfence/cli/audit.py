"""`ringfence audit`: prove that the record is what was written."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _root() -> None:
    """Prove the record."""


@app.command()
def verify(
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
) -> None:
    """Recompute the chain over every audit entry. Exit 1 where it breaks, with the first broken entry."""
    from ringfence.cli.deskwork import at_desk

    with at_desk(data) as actor:
        from ringfence.desk.audit.services import verify as verify_chain

        result = verify_chain(actor=actor)
    if result.broken is not None:
        print(f"BROKEN at entry {result.broken}: {result.reason}. The {result.sealed} entries before it are as they were sealed.")
        raise typer.Exit(1)
    print(f"{result.sealed} entries are as they were sealed; {result.unsealed} wait for their seal.")
