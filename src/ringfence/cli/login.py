"""`ringfence login NAME`: the way in for who has the machine, where nobody can unlock anybody any more."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

_UNUSABLE: Final = 2


def command(
    name: Annotated[str, typer.Argument(help="The login's name.")],
    reason: Annotated[str, typer.Option(help="Why; stands in the record.")],
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
) -> None:
    """Unlock a login, take its codes and passkeys off, void its password, end its sessions; print a link that sets a new one."""
    from ringfence.cli.deskwork import at_desk

    with at_desk(data) as actor:
        from ringfence.desk.access.links import password_link
        from ringfence.desk.access.locks import NoLockReason, Unlocking, rescue_login
        from ringfence.desk.errors import NotThere

        try:
            person = rescue_login(username=name, how=Unlocking(reason), actor=actor, now=datetime.now(UTC))
        except (NotThere, NoLockReason) as error:
            typer.echo(f"{error}. Hint: the page Logins lists the names", err=True)
            raise typer.Exit(_UNUSABLE) from None
        print(f"{name} is open again. Its owner sets a password here, within twelve hours:\n{password_link(person)}")
