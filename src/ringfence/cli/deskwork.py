"""Commands that act at the desk from a shell: whoever may read the data folder may use them, and the record names him."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ringfence.cli.configuration import KEY_FILE

if TYPE_CHECKING:
    from ringfence.desk.actor import Actor


@contextmanager
def at_desk(data: Path) -> "Iterator[Actor]":
    """Make this process one of the data folder's and give the shell's actor; what the desk refuses ends the command with 2."""
    if not (data / KEY_FILE).exists():
        print(f"{data} is no data folder of Ringfence. Hint: name it with --data, or make it with ringfence up", file=sys.stderr)
        raise typer.Exit(2)
    from ringfence.desk.site.process import configure

    configure(data)
    from ringfence.desk.actor import system
    from ringfence.desk.errors import DeskError

    try:
        yield system(f"shell:{getpass.getuser()}")
    except DeskError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
