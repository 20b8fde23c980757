"""`ringfence audit`: prove that the record is what was written."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from ringfence.desk.audit.chain import Proof, Statement

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _root() -> None:
    """Prove the record."""


_Data = Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")]
_Key = Annotated[str, typer.Option(help="The public key of the installation that should have signed it, in hexadecimal.")]
_Checkpoints = Annotated[
    list[Path] | None,
    typer.Option("--checkpoint", metavar="FILE", help="A checkpoint that was kept elsewhere: the chain must run through it."),
]


@app.command()
def verify(
    export: Annotated[
        Path | None, typer.Argument(help="An export, proven anywhere. Without one: the data folder's audit itself.")
    ] = None,
    data: _Data = Path("data"),
    key: _Key = "",
    checkpoint: _Checkpoints = None,
) -> None:
    """Recompute the chain over every audit entry. Exit 1 where it breaks, with the first broken entry."""
    from ringfence.desk.audit import chain

    kept = [_read(path, key) for path in checkpoint or ()]
    if export is not None:
        try:
            proof = chain.prove(export, key=key, checkpoints=kept)
        except OSError as error:
            _refuse(f"{export}: {error.strerror}. Hint: ringfence audit export makes one")
        _say_proof(proof, bool(key))
        return
    from ringfence.cli.deskwork import at_desk

    with at_desk(data) as actor:
        from ringfence.desk.audit.services import verify as verify_chain

        result = verify_chain(actor=actor, checkpoints=kept)
    if result.broken is not None:
        print(f"BROKEN at entry {result.broken}: {result.reason}. The {result.sealed} entries before it are as they were sealed.")
        raise typer.Exit(1)
    print(f"{result.sealed} entries are as they were sealed; {result.unsealed} wait for their seal.")


def _say_proof(proof: "Proof", named: bool) -> None:
    if proof.reason:
        where = f" at entry {proof.broken}" if proof.broken is not None else ""
        print(f"BROKEN{where}: {proof.reason}. The {proof.entries} entries before are as they were sealed.")
        raise typer.Exit(1)
    assert proof.statement is not None
    whose = "by the key that was named" if named else "by its own key, which you compare with the installation's"
    begun = f" after entry {proof.statement.after}" if proof.statement.after else ""
    count = proof.entries - proof.statement.after
    print(
        f"{count} entries{begun} are as they were sealed, exported {proof.statement.made}, signed {whose}: {proof.statement.key}."
    )


def _read(path: Path, key: str) -> "Statement":
    from ringfence.desk.audit import chain

    try:
        return chain.read_checkpoint(path.read_bytes().replace(b"\r\n", b"\n"), key=key)
    except OSError as error:
        _refuse(f"{path}: {error.strerror}")
    except ValueError as error:
        _refuse(f"{path}: {error}. Hint: the attached file of the mail, whole")


def _refuse(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise typer.Exit(2)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where the export is written.")],
    data: _Data = Path("data"),
    after: Annotated[int, typer.Option(min=0, help="Leave out so many entries from the beginning.")] = 0,
) -> None:
    """Write every sealed entry to a file that proves itself anywhere, signed by this installation."""
    from ringfence.cli.deskwork import at_desk

    with at_desk(data) as actor:
        from ringfence.desk.audit.checkpoints import export as export_chain

        try:
            made = export_chain(file=file, actor=actor, now=datetime.now(UTC), after=after)
        except OSError as error:
            _refuse(f"{file}: {error.strerror}")
    print(f"{file}: entries {made.after + 1} to {made.entries}, signed by {made.key}. {made.waiting} wait for their seal.")


@app.command()
def checkpoint(data: _Data = Path("data")) -> None:
    """Sign where the audit stands, and print that: two lines to keep where nobody who administers this installation can reach."""
    from ringfence.cli.deskwork import at_desk

    with at_desk(data) as actor:
        from ringfence.desk.audit import chain
        from ringfence.desk.audit.checkpoints import checkpoint as sign_checkpoint
        from ringfence.desk.audit.checkpoints import latest

        row = sign_checkpoint(actor=actor, now=datetime.now(UTC)) or latest(actor=actor)
    if row is None:
        _refuse("nothing is sealed yet. Hint: the worker seals; start ringfence up")
    sys.stdout.write(chain.as_text(bytes(row.statement), bytes(row.signature)).decode())


@app.command()
def bundle(
    file: Annotated[Path, typer.Argument(help="A case as it was exported.")],
    key: _Key = "",
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
