"""`ringfence mail`: the abuse mailbox, by SMTP, and the way that notices go."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from django.core.exceptions import ImproperlyConfigured

from ringfence.cli.configuration import ConfigurationRefused, MailPart, address_port, load
from ringfence.cli.mailbox_turns import take_turns
from ringfence.cli.postman import relay_of, send_notices
from ringfence.desk.site.process import configure

if TYPE_CHECKING:
    from ringfence.desk.letters.services import Relay

FATAL_EXIT: Final = 2


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
        asyncio.run(_serve(configuration, data, relay))
    except OSError as error:
        print(f"mail.listen: {configuration.listen}: {error.strerror}", file=sys.stderr)
        raise typer.Exit(FATAL_EXIT) from None


async def _serve(configuration: MailPart, data: Path, relay: "Relay") -> None:
    from ringfence.desk.complaints.intake import listener
    from ringfence.desk.recovery.intake import ServiceMailbox

    service = ServiceMailbox(configuration.service)
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    host, port = address_port(configuration.listen)
    server = await loop.create_server(lambda: listener(size_limit=configuration.size_limit, loop=loop, other=service), host, port)
    async with server:
        working = [asyncio.create_task(take_turns(configuration, data, end)), asyncio.create_task(send_notices(relay, end))]
        await end.wait()
        await asyncio.gather(*working)
