"""`ringfence gate`: answers proxies that ask, and keeps those that remember at what is ordered."""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvloop

from ringfence.cli.configuration import Configuration, ConfigurationRefused, installation_key, load
from ringfence.cli.gate_identity import identity_of
from ringfence.cli.memory import give_back_what_is_freed
from ringfence.cli.open_files import open_many_files
from ringfence.feeds import FeedError
from ringfence.gate.configuration import RedirectConfiguration
from ringfence.gate.errors import GateError
from ringfence.gate.service import Gate

FATAL_EXIT = 2


def command(
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
    sip: Annotated[
        str | None, typer.Option(help="Address and port of the redirect server, instead of the configured ones.")
    ] = None,
) -> None:
    """Follow the orders feed, answer the proxies that ask, push orders to the edges, and report what came of it."""
    _log_as_json()
    give_back_what_is_freed()
    open_many_files()
    try:
        configuration = load(data)
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = installation_key(data)
        identity = identity_of(configuration.gate, data, key=key)
        gate = Gate(data, _redirect(configuration, sip), configuration.gate.edges, key=key, identity=identity)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_told(gate))
    except (ConfigurationRefused, FeedError, GateError, OSError) as error:
        print(f"ringfence gate cannot go on: {error}", file=sys.stderr)
        raise typer.Exit(FATAL_EXIT if _lasting(error) else 1) from None


async def _until_told(gate: Gate) -> None:
    """Run the gate until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with suppress(asyncio.CancelledError):
        await gate.run(stop)


def _redirect(configuration: Configuration, sip: str | None) -> RedirectConfiguration:
    part = configuration.gate
    return RedirectConfiguration(
        listen=sip or part.sip,
        peers=part.peers,
        trusted=part.trusted,
        profiles=part.profiles,
        tls=part.tls,
        http=part.http,
        ends_told=part.ends_told,
        allow_code=part.allow_code,
        throttle_code=part.throttle_code,
        refuse_code=part.refuse_code,
        network_blocked=part.network_blocked,
        on_identity=part.on_identity,
        sign=part.sign,
        data_by_redirect=part.data_by_redirect,
    )


def _lasting(error: Exception) -> bool:
    """Tell whether starting again cannot help."""
    return not isinstance(error, FeedError | GateError) or error.permanent


def _log_as_json() -> None:
    """Log to standard error, one JSON object a line. No address, number or Call-ID is ever logged."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
