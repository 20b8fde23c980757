"""Reading a bundle for a command: where it is refused, every problem is printed with its place, and the command ends."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from ringfence.policy import Bundle, BundleRefused, load, read_folder, render

REFUSED: Final = 2
"""The exit code of a command that was given something it can't use."""

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The bundle's folder: it holds bundle.toml, policy.md, ladder.yaml.")]


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of the bundle in `folder`."""
    try:
        return read_folder(folder)
    except BundleRefused as refused:
        refuse(refused, {})


def loaded(folder: Path, *, posted: bool = False) -> Bundle:
    """Return the bundle in `folder`; one that was `posted` may be of an earlier release, and is not asked what newer ones are."""
    return loaded_from(files_of(folder), posted=posted)


def loaded_from(files: Mapping[str, bytes], *, posted: bool = False) -> Bundle:
    """Return the bundle that `files` make up."""
    try:
        return load(files, posted=posted)
    except BundleRefused as refused:
        refuse(refused, files)


def refuse(refused: BundleRefused, files: Mapping[str, bytes]) -> NoReturn:
    """Print every problem with the line that it is about, and leave with `REFUSED`."""
    for problem in refused.problems:
        typer.echo(render(problem, files), err=True)
    count = len(refused.problems)
    typer.echo(f"refused: {count} problem{'' if count == 1 else 's'}", err=True)
    raise typer.Exit(REFUSED) from refused
