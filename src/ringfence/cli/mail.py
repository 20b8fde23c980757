"""`ringfence mail`: the abuse mailbox, by SMTP, and the way that notices go."""

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from django.core.exceptions import ImproperlyConfigured

from ringfence.cli.configuration import ConfigurationRefused, address_port, load
from ringfence.cli.postman import relay_of, send_notices
from ringfence.desk.site.process import configure

if TYPE_CHECKING:
    from ringfence.desk.notices.services import Relay

log = logging.getLogger(__name__)

FATAL_EXIT: Final = 2
_PAUSE_SECONDS: Final = 0.5


def command(
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
) -> None:
    """Take complaints in by SMTP and send notices, until ended. A mail is answered 250 only when it is on the disk."""
    try:
        configuration = load(data).mail
        configure(data)
        relay = relay_of(configuration, data)
    except (ConfigurationRefused, ImproperlyConfigured) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FATAL_EXIT) from None
    try:
        asyncio.run(_serve(*address_port(configuration.listen), configuration.size_limit, relay))
    except OSError as error:
        print(f"mail.listen: {configuration.listen}: {error.strerror}", file=sys.stderr)
        raise typer.Exit(FATAL_EXIT) from None


async def _serve(host: str, port: int, size_limit: int, relay: "Relay") -> None:
    from ringfence.desk.complaints.intake import listener

    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    server = await loop.create_server(lambda: listener(size_limit=size_limit, loop=loop), host, port)
    async with server:
        working = [asyncio.create_task(_handle(end)), asyncio.create_task(send_notices(relay, end))]
        await end.wait()
        await asyncio.gather(*working)


async def _handle(end: asyncio.Event) -> None:
    """Look into complaints as they come, until the end; where that fails, the next turn tries again."""
    while not end.is_set():
        try:
            busy = await asyncio.to_thread(_turn)
        except Exception:  # the outermost loop of the mailbox: mail must be taken in whatever becomes of what came before
            log.exception("complaints could not be looked into")
            busy = False
        if not busy:
            with suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), _PAUSE_SECONDS)


def _turn() -> bool:
    from django.db import close_old_connections

    from ringfence.desk.actor import system
    from ringfence.desk.complaints.handling import handle_received

    try:
        return handle_received(actor=system("mail"), now=datetime.now(UTC)) > 0
    finally:
        close_old_connections()
