"""What the mailbox does again and again beside listening: look into complaints, deliver codes, fetch from a mailbox elsewhere."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ringfence.cli.configuration import ImapPart, MailPart, address_port

if TYPE_CHECKING:
    from ringfence.desk.complaints.fetching import Keep

log = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 0.5


async def take_turns(configuration: MailPart, data: Path, end: asyncio.Event) -> None:
    """Do so until the end."""
    turns = Turns(configuration, data)
    tasks = [repeat(turns.handle, _PAUSE_SECONDS, end)]
    if configuration.imap is not None:
        tasks.append(repeat(turns.fetch, configuration.imap.every_seconds, end))
    if configuration.service_imap is not None:
        tasks.append(repeat(turns.fetch_service, configuration.service_imap.every_seconds, end))
    await asyncio.gather(*tasks)


class Turns:
    """What the mailbox does again and again beside listening. Each turn tells whether there was anything."""

    def __init__(self, configuration: MailPart, data: Path) -> None:
        from ringfence.desk.complaints.campaigns.services import Grouping
        from ringfence.desk.complaints.resolving import lookup_through

        self._configuration = configuration
        self._data = data
        self._lookup = lookup_through(configuration.dns)
        self._grouping = Grouping()

    def handle(self) -> bool:
        """Look into complaints that came, deliver codes."""
        from ringfence.desk.actor import system
        from ringfence.desk.complaints.delivering import deliver_codes
        from ringfence.desk.complaints.handling import handle_received

        now = datetime.now(UTC)
        done = handle_received(actor=system("mail"), now=now, lookup=self._lookup, grouping=self._grouping)
        return done + deliver_codes(self._configuration.code_hook, now=now) > 0

    def fetch(self) -> bool:
        """Take in what lies in the mailbox elsewhere."""
        assert self._configuration.imap is not None
        return self._fetch(self._configuration.imap)

    def fetch_service(self) -> bool:
        """The same of the service mailbox."""
        from ringfence.desk.actor import Actor
        from ringfence.desk.recovery.models import RequestDoor
        from ringfence.desk.recovery.services import take_in

        def keep(raw: bytes, actor: Actor, now: datetime) -> None:
            take_in(raw=raw, sender="", door=RequestDoor.IMAP, actor=actor, now=now)

        assert self._configuration.service_imap is not None
        return self._fetch(self._configuration.service_imap, keep)

    def _fetch(self, imap: ImapPart, keep: "Keep | None" = None) -> bool:
        from ringfence.desk.actor import system
        from ringfence.desk.complaints.fetching import FetchFailed, Source, fetch
        from ringfence.desk.errors import DeskError

        host, port = address_port(imap.address)
        password = (self._data / imap.password_file).read_text(encoding="utf-8").strip()
        source = Source(
            host=host,
            port=port,
            user=imap.user,
            password=password,
            tls=imap.tls,
            folder=imap.folder,
            done=imap.done,
            most=self._configuration.size_limit,
        )
        try:
            return fetch(source, actor=system("mail"), now=datetime.now(UTC), keep=keep) > 0
        except (FetchFailed, DeskError) as error:  # what the desk did not take stays in the mailbox
            log.warning("%s", error)
            return False


async def repeat(turn: Callable[[], bool], pause: float, end: asyncio.Event) -> None:
    """Take turns until the end; where one fails, the next tries again."""
    while not end.is_set():
        try:
            busy = await asyncio.to_thread(_with_database, turn)
        except Exception:  # the outermost loop of the mailbox: mail must be taken in whatever becomes of what came before
            log.exception("a turn of the mailbox failed")
            busy = False
        if not busy:
            with suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), pause)


def _with_database(turn: Callable[[], bool]) -> bool:
    from django.db import close_old_connections

    try:
        return turn()
    finally:
        close_old_connections()
