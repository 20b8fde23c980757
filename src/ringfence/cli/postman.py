"""Sends notices and letters from the mail process, in a thread of its own: a slow relay holds up no complaint that comes in."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ringfence.cli.configuration import ConfigurationRefused, MailPart

if TYPE_CHECKING:
    from ringfence.desk.letters.services import Relay

log = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 1.0
KEPT: Final = Path("mail") / "out"
"""Where mails are kept without a relay, below the data folder."""


def relay_of(configuration: MailPart, data: Path) -> "Relay":
    """Return where mails go. Raises `ConfigurationRefused` for a DKIM key that can't be read."""
    from ringfence.desk.notices.relays import Folder, Signing, SmtpRelay

    if configuration.relay is None:
        return Folder(data / KEPT, configuration.sender)
    signing = None
    if configuration.dkim_key is not None:
        path = data / configuration.dkim_key
        try:
            key = path.read_bytes()
        except OSError as error:
            raise ConfigurationRefused(f"mail.dkim_key: {path}: {error.strerror}. Hint: a PEM file with an RSA key") from error
        signing = Signing(configuration.sender.rpartition("@")[2], configuration.dkim_selector, key)
    return SmtpRelay(configuration.relay, configuration.sender, signing)


async def send_notices(relay: "Relay", end: asyncio.Event) -> None:
    """Send what is due, until the end."""
    while not end.is_set():
        try:
            busy = await asyncio.to_thread(_turn, relay)
        except Exception:  # the outermost loop: a database that is away comes back, and mail goes on then
            log.exception("notices could not be sent")
            busy = False
        if not busy:
            with suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), _PAUSE_SECONDS)


def _turn(relay: "Relay") -> bool:
    from django.db import close_old_connections

    from ringfence.desk.access.posting import send_mails
    from ringfence.desk.actor import system
    from ringfence.desk.letters.services import send_due as send_letters
    from ringfence.desk.notices.services import send_due

    try:
        told = send_mails(relay=relay, actor=system("mail"), now=datetime.now(UTC))  # first: somebody waits for a link
        told += send_due(relay=relay, actor=system("mail"), now=datetime.now(UTC))
        return told + send_letters(relay=relay, actor=system("mail"), now=datetime.now(UTC)) > 0
    finally:
        close_old_connections()
