"""`ringfence up`: the whole product on one machine, on embedded storage."""

import fcntl
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from ringfence.cli.configuration import Configuration, ConfigurationRefused, address_port, installation_key, load, own_address
from ringfence.cli.demo import DEMO_FILES, player_arguments
from ringfence.cli.processes import Process, ProcessRefused, Supervisor, inherited_environment

FIRST_LOGIN_FILE: Final = "first-login"
_LOCK_FILE: Final = "up.lock"
_LEFT_OVER_SECONDS: Final = 5.0
_READY_SECONDS: Final = 60.0


class _Stop(Exception):
    """Somebody asked us to end."""


class _Stopping:
    """Ends what runs when a signal asks for it.

    At first the handler raises, so that a long step ends too. Once there are loops that `check`, `wait_to_be_asked` has it only
    note the wish: an exception raised while a process is being started would be lost in one of Python's own hooks.
    """

    def __init__(self) -> None:
        self._asked = False
        self._raises = True
        sys.unraisablehook = _tell_unless_asked
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def check(self) -> None:
        """Raise `_Stop` where somebody asked."""
        if self._asked:
            raise _Stop

    def wait_to_be_asked(self) -> None:
        """Raise from `check` alone, from now on."""
        self._raises = False
        self.check()

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True
        if self._raises:
            raise _Stop


def _tell_unless_asked(lost: "sys.UnraisableHookArgs") -> None:
    """Say nothing of our own exception where one of Python's hooks swallowed it: the wish is noted, and `check` sees it."""
    if not isinstance(lost.exc_value, _Stop):
        sys.__unraisablehook__(lost)


def command(
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
    demo: Annotated[bool, typer.Option("--demo", help="Play the demo network against it.")] = False,
) -> None:
    """Start desk, worker, mail, watch and gate; keep them running until Ctrl-C."""
    console = Console(highlight=False, soft_wrap=True)
    stopping = _Stopping()
    try:
        configuration = load(data)
        with _alone(data):
            _wait_for_leftovers(data, configuration)
            _prepare(data, demo=demo)
            stopping.wait_to_be_asked()
            _run(console, data, configuration, stopping, demo=demo)
    except (ConfigurationRefused, OSError) as error:
        console.print(f"[bold red]Ringfence cannot start:[/] {escape(str(error))}")
        raise typer.Exit(2) from None
    except _Stop:
        console.print("Ended before it was up.")
        raise typer.Exit(1) from None


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the data folder against a second start. Raises `ConfigurationRefused` where somebody holds it, `OSError`."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data / _LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationRefused(
                f"{data} is in use by another `ringfence up`. Hint: end that one, or name another --data"
            ) from None
        yield


def _run(console: Console, data: Path, configuration: Configuration, stopping: _Stopping, *, demo: bool) -> None:
    """Start every process and keep them running until told to end. Exits with 2 where one of them cannot start."""
    supervisor = Supervisor(
        [Process(name, [name, "--data", str(data)]) for name in ("worker", "gate", "watch", "mail", "web")],
        data / "logs",
        inherited_environment(
            RINGFENCE_DATA=str(data.resolve()),
            RINGFENCE_PUBLIC_URL=os.environ.get("RINGFENCE_PUBLIC_URL") or own_address(configuration.desk.listen),
            PYTHONUNBUFFERED="1",
        ),
    )
    try:
        supervisor.start()
        _wait_until_ready(supervisor, data, configuration, stopping)
        if demo:
            supervisor.add(Process("player", player_arguments(configuration)))
        _print_addresses(console, data, configuration, demo=demo)
        while True:
            stopping.check()
            for line in supervisor.check():
                console.print(f"[yellow]{escape(line)}[/]")
            time.sleep(0.2)
    except _Stop:
        console.print("Ending …")
    except ProcessRefused as error:
        console.print(f"[bold red]{escape(str(error))}[/]")
        raise typer.Exit(2) from None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        supervisor.stop()
    console.print(f"Ended. Everything is kept in {data}; the next start goes on from there.")


def _prepare(data: Path, *, demo: bool) -> None:
    """Make the data folder, its key, the database, the first login and the first policy version, as far as they are missing."""
    if shutil.disk_usage(data).free < 100_000_000:
        raise ConfigurationRefused(f"{data}: under 100 MB of disk are free. Hint: choose another folder with --data")
    installation_key(data)
    from django.core.exceptions import ImproperlyConfigured
    from django.db import Error as DatabaseError

    from ringfence.desk.errors import DeskError
    from ringfence.desk.site.prepare import prepare
    from ringfence.policy import BundleRefused

    try:
        prepare(data.resolve(), parties=DEMO_FILES if demo else None, login_file=data / FIRST_LOGIN_FILE)
    except (DeskError, BundleRefused, ImproperlyConfigured) as error:
        raise ConfigurationRefused(str(error)) from error
    except DatabaseError as error:
        raise ConfigurationRefused(f"the database: {error}. Hint: is the disk full or read-only, is its server up?") from error


def _wait_for_leftovers(data: Path, configuration: Configuration) -> None:
    """Wait a moment for processes of a start that was killed: they end when they notice. Raises `ConfigurationRefused`."""
    deadline = time.monotonic() + _LEFT_OVER_SECONDS
    while True:
        try:
            _refuse_busy_ports(configuration)
            _refuse_busy_feeds(data)
        except ConfigurationRefused:
            if time.monotonic() > deadline:
                raise
        else:
            return
        time.sleep(0.1)


def _refuse_busy_feeds(data: Path) -> None:
    for path in data.glob("feeds/*/writer.lock"):
        with path.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigurationRefused(f"{path.parent}: another process writes this feed. Hint: end it first") from None


def _refuse_busy_ports(configuration: Configuration) -> None:
    wanted = [
        ("desk.listen", configuration.desk.listen, (socket.SOCK_STREAM,)),
        ("watch.hep", configuration.watch.hep, (socket.SOCK_DGRAM, socket.SOCK_STREAM)),
        ("gate.sip", configuration.gate.sip, (socket.SOCK_DGRAM,)),
        ("mail.listen", configuration.mail.listen, (socket.SOCK_STREAM,)),
    ]
    for name, listen, kinds in wanted:
        host, port = address_port(listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        for kind in kinds:
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1 if kind == socket.SOCK_STREAM else 0)
                try:
                    probe.bind((host, port))
                except OSError as error:
                    raise ConfigurationRefused(
                        f"{name}: {listen} is not free ({error.strerror}). "
                        f"Hint: end what uses it, or set another address for {name} in ringfence.toml of the data folder"
                    ) from error


def _wait_until_ready(supervisor: Supervisor, data: Path, configuration: Configuration, stopping: _Stopping) -> None:
    """Wait until the pages, the mailbox and the mirror's port take connections and the gate has said how it stands."""
    began = time.time()
    listening = (configuration.desk.listen, configuration.mail.listen, configuration.watch.hep)
    waits = [(listen, partial(_takes_connections, listen)) for listen in listening]
    waits.append(("the gate", partial(_is_newer, data / "gate-health.json", began)))
    for name, ready in waits:
        while not ready():
            stopping.check()
            supervisor.check()
            if time.time() - began > _READY_SECONDS:
                raise ProcessRefused(f"{name} does not answer after {_READY_SECONDS:.0f} s; see {supervisor.logs}")
            time.sleep(0.1)


def _takes_connections(listen: str) -> bool:
    try:
        socket.create_connection(address_port(listen), timeout=1).close()
    except OSError:
        return False
    return True


def _is_newer(path: Path, moment: float) -> bool:
    return path.exists() and path.stat().st_mtime >= moment


def _print_addresses(console: Console, data: Path, configuration: Configuration, *, demo: bool) -> None:
    console.print(f"\n[bold green]Ringfence is up[/]{' with the demo network at work' if demo else ''}. Data folder: {data}\n")
    console.print(f"  desk   http://{configuration.desk.listen}/")
    first_login = data / FIRST_LOGIN_FILE
    words = first_login.read_text(encoding="utf-8").split() if first_login.exists() else []
    if len(words) == 2:
        username, password = words
        console.print(f"  login  {username}   password  {password}   (also in {first_login}; delete it when you have changed it)")
    console.print(f"  HEP    {configuration.watch.hep} (UDP and TCP): mirror your proxies' signalling here")
    console.print(f"  SIP    {configuration.gate.sip} (UDP): redirect server, ask it before you route")
    console.print(f"  mail   {configuration.mail.listen} (SMTP): the abuse mailbox")
    console.print(f"  logs   {data / 'logs'}\n\nCtrl-C ends everything.")
    sys.stdout.flush()
