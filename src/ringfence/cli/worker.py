"""`ringfence worker`: carries findings to cases, decisions and orders."""

import logging
import signal
import sys
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Annotated, Final

import typer
from django.core.exceptions import ImproperlyConfigured

from ringfence.desk.site.process import configure

_POLL_SECONDS: Final = 0.02
_PAUSE_SECONDS: Final = 1.0
FATAL_EXIT: Final = 2


def command(
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
) -> None:
    """Carry what watch finds to cases, decisions and orders, until ended."""
    try:
        configure(data)
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)
        raise typer.Exit(FATAL_EXIT) from None
    from django.db import close_old_connections

    from ringfence.desk.site.worker import Worker
    from ringfence.feeds import FeedBusy

    log = logging.getLogger("ringfence.worker")
    stop = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    try:
        worker = Worker(data.resolve())
    except FeedBusy as error:
        print(error, file=sys.stderr)
        raise typer.Exit(FATAL_EXIT) from None
    started, failure = False, ""
    while not stop.is_set():
        try:
            if not started:
                worker.start()
                started = True
            if not worker.step():
                stop.wait(_POLL_SECONDS)
            failure = ""
        except Exception as error:  # the process's outermost loop: a full disk or a database that is away may come right again
            if failure != repr(error):  # once, not every second for as long as it lasts
                log.exception("trying again every %.0f s", _PAUSE_SECONDS)
            failure = repr(error)
            close_old_connections()
            stop.wait(_PAUSE_SECONDS)
    worker.close()
