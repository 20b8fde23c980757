"""`ringfence collect`: take events from a switch's own connection into a file that a tail of watch follows, or a scan reads.

Exit code 0: it was asked to end; 2: the switch refuses, or the arguments are unusable.
"""

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, NoReturn
from urllib.parse import unquote, urlsplit

import typer

from ringfence.watch.sources.switch_sockets import EventFile, collect
from ringfence.watch.wire.logs.sessions import ManagerSession, Session, SessionEnded, SocketSession

UNUSABLE: Final = 2
_PORTS: Final = {"ami": 5038, "esl": 8021}
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 30.0
_SWITCH: Final = "ami://USER@HOST[:5038] for Asterisk, esl://HOST[:8021] for FreeSWITCH."


def command(
    switch: Annotated[str, typer.Argument(metavar="SWITCH", help=_SWITCH, show_default=False)],
    to: Annotated[Path, typer.Option(metavar="FILE", help="Events are appended to it; a tail follows it, or its folder.")],
    secret: Annotated[Path, typer.Option(metavar="FILE", help="A file that holds the password, and nothing else.")],
    most: Annotated[int, typer.Option(metavar="MB", min=1, help="From this size on the file is renamed and begun anew.")] = 256,
) -> None:
    """Stay connected to a switch, and write the events that are read of it; what may be secret is never written."""
    address, session = _switch(switch, _secret(secret))
    try:
        file = EventFile(to, most * 1_000_000)
    except OSError as failed:
        _refuse(f"{to}: {failed.strerror or failed}")
    stopped = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopped.set())
    try:
        _stay(address, session, file, stopped)
    finally:
        file.close()


def _stay(address: tuple[str, int], session: Callable[[], Session], file: EventFile, stopped: threading.Event) -> None:
    """Connect again and again, later after each time in vain. What was not received meanwhile is lost, and that is said."""
    wait = _FIRST_WAIT_S
    while not stopped.is_set():
        begun = session()
        try:
            collect(address, begun, file.append, is_wanted=lambda: not stopped.is_set())
        except SessionEnded as ended:
            if ended.permanent:
                _refuse(f"{address[0]}:{address[1]}: {ended}")
            typer.echo(f"ringfence collect: {address[0]}:{address[1]}: {ended}; events are lost until it is back", err=True)
        except OSError as failed:
            typer.echo(f"ringfence collect: {address[0]}:{address[1]}: {failed.strerror or failed}; trying again", err=True)
        wait = _FIRST_WAIT_S if begun.is_in else min(2 * wait, _LONGEST_WAIT_S)
        stopped.wait(wait)


def _switch(text: str, secret: str) -> tuple[tuple[str, int], Callable[[], Session]]:
    """Return where the switch is, and what makes a session with it."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as refused:
        _refuse(f"{text!r}: {refused}; write {_SWITCH}")
    if parts.scheme not in _PORTS or not parts.hostname or parts.password is not None:
        _refuse(f"{text!r} names no switch; write {_SWITCH} The password stands in the file that --secret names.")
    user = unquote(parts.username or "")
    if parts.scheme == "ami" and not user:
        _refuse(f"{text!r} names no user; write {_SWITCH}")
    address = (parts.hostname, port or _PORTS[parts.scheme])
    if parts.scheme == "ami":
        return address, lambda: ManagerSession(user, secret)
    return address, lambda: SocketSession(secret)


def _secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as failed:
        _refuse(f"{path}: {getattr(failed, 'strerror', None) or failed}")


def _refuse(message: str) -> NoReturn:
    typer.echo(f"ringfence collect: {message}", err=True)
    raise typer.Exit(UNUSABLE)
