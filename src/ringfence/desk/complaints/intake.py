"""SMTP: from a connection to a complaint on the disk. Every recipient is the abuse mailbox; nothing is ever relayed."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import DatabaseError, close_old_connections

from ringfence.desk.actor import system
from ringfence.desk.complaints.services import Sent, take_in

log = logging.getLogger(__name__)

_SILENCE_SECONDS: Final = 120.0
_COMMANDS: Final = 20
_RECIPIENTS: Final = 20


class Mailbox:
    """Takes each mail in before it is answered 250: afterwards the sender forgets it."""

    async def handle_RCPT(  # noqa: N802 # the library's name and arguments
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accept every recipient, up to a bound: people write to abuse@ whatever name they know."""
        if len(envelope.rcpt_tos) >= _RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 # the library's name
        """Keep the mail; on a full disk or an absent database ask the sender to come again."""
        raw = envelope.original_content or b""
        try:
            peer: object = session.peer  # a pair of address and port; the library says text
            address = str(peer[0]) if isinstance(peer, tuple) else ""
            sent = Sent(address=address, helo=str(session.host_name or "")[:255])
            number = await asyncio.to_thread(_keep, raw, envelope.mail_from or "", sent)
        except (OSError, DatabaseError):
            log.exception("a mail of %d bytes could not be kept", len(raw))
            return "451 4.3.0 Not kept, try again later"
        return f"250 2.0.0 Complaint {number} is kept"


def _keep(raw: bytes, sender: str, sent: Sent) -> int:
    try:
        return take_in(raw=raw, sender=sender, actor=system("mail"), now=datetime.now(UTC), sent=sent)
    finally:
        close_old_connections()


def listener(*, size_limit: int, loop: asyncio.AbstractEventLoop) -> SMTP:
    """Return the protocol of one connection. `size_limit` in bytes."""
    return SMTP(
        Mailbox(),
        data_size_limit=size_limit,
        enable_SMTPUTF8=True,
        decode_data=False,
        hostname="abuse",
        ident="Ringfence",
        timeout=_SILENCE_SECONDS,
        command_call_limit={"*": _COMMANDS, "RCPT": _RECIPIENTS + 1},
        loop=loop,
    )
