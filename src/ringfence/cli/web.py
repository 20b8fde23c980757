"""`ringfence web`: serves the desk's pages."""

import ctypes
import os
import signal
import socket
from pathlib import Path
from typing import Annotated, Final

import typer
from django.core.exceptions import ImproperlyConfigured
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from ringfence.cli.configuration import ConfigurationRefused, address_port, load
from ringfence.desk.site.process import configure

FATAL_EXIT: Final = 2
_PR_SET_PDEATHSIG: Final = 1


def command(
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
) -> None:
    """Serve the desk's pages at the address that the configuration names, until ended."""
    try:
        host, port = address_port(load(data).desk.listen)
        os.environ["RINGFENCE_HOSTS"] = ",".join(filter(None, (os.environ.get("RINGFENCE_HOSTS"), _as_host(host))))
        configure(data)
    except (ConfigurationRefused, ImproperlyConfigured) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FATAL_EXIT) from None
    _refuse_busy_port(host, port)
    server = Granian(
        "ringfence.cli.web:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=4,
        respawn_failed_workers=True,
        websockets=False,
        log_level=LogLevels.warning,
        log_access=False,
    )
    server.serve()


def _refuse_busy_port(host: str, port: int) -> None:
    """End where another process listens there: the server would share the port with it and say nothing."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            typer.echo(f"desk.listen: {host}:{port}: {error.strerror}. Hint: set another address in ringfence.toml", err=True)
            raise typer.Exit(FATAL_EXIT) from None


def _as_host(address: str) -> str:
    """Return the listening address as browsers write it in the Host header."""
    return f"[{address}]" if ":" in address else address


def application() -> object:
    """Return the desk as a WSGI application, in a process that ends when its parent does, however that ends (prctl(2))."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    from ringfence.desk.site.wsgi import application as desk

    return desk
