"""`ringfence audit`: prove that the record is what was written."""

import sys
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


@app.command()
def bundle(
    file: Annotated[Path, typer.Argument(help="A case as it was exported.")],
    key: Annotated[str, typer.Option(help="The public key of the installation that should have signed it, in hexadecimal.")] = "",
) -> None:
    """Prove an exported case, anywhere: no data folder is needed. Exit 1 where it was changed, with what was changed first."""
    from ringfence.desk.audit.bundles import prove

    try:
        data = file.read_bytes()
    except OSError as error:
        print(f"{file}: {error.strerror}", file=sys.stderr)
        raise typer.Exit(2) from None
    proof = prove(data, key=key)
    if proof.broken:
        print(f"BROKEN: {proof.broken}.")
        raise typer.Exit(1)
    whose = "by the key that was named" if key else "by its own key, which you compare with the installation's"
    print(f"Case {proof.case} as exported {proof.made}: {proof.files} files, signed {whose}: {proof.key}.")
