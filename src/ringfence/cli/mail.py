"""`ringfence mail`: the abuse mailbox, by SMTP."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from django.core.exceptions import ImproperlyConfigured

from ringfence.cli.configuration import ConfigurationRefused, address_port, load
from ringfence.desk.site.process import configure

FATAL_EXIT: Final = 2


def command(
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
) -> None:
    """Take complaints in by SMTP, until ended. A mail is answered 250 only when it is on the disk."""
    try:
        configuration = load(data).mail
        configure(data)
    except (ConfigurationRefused, ImproperlyConfigured) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FATAL_EXIT) from None
    try:
        asyncio.run(_serve(*address_port(configuration.listen), configuration.size_limit))
    except OSError as error:
        print(f"mail.listen: {configuration.listen}: {error.strerror}", file=sys.stderr)
        raise typer.Exit(FATAL_EXIT) from None


async def _serve(host: str, port: int, size_limit: int) -> None:
    from ringfence.desk.complaints.intake import listener

    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    server = await loop.create_server(lambda: listener(size_limit=size_limit, loop=loop), host, port)
    async with server:
        await end.wait()
