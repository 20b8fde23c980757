"""SMTP: from a connection to a complaint on the disk. Every recipient is the abuse mailbox, but for those of another mailbox of
ours that is handed in (the service mailbox); nothing is ever relayed.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import DatabaseError, close_old_connections

from ringfence.desk.actor import Actor, system
from ringfence.desk.complaints.services import Sent, take_in
from ringfence.desk.errors import DeskError

log = logging.getLogger(__name__)

_SILENCE_SECONDS: Final = 120.0
_COMMANDS: Final = 20
_RECIPIENTS: Final = 20
_LONGEST_LINE: Final = 1 << 20
"""Octets. RFC 5321 asks for a thousand; programs hand in reports whose text or JSON is one line."""


class OtherMailbox(Protocol):
    """A mailbox beside the abuse one. Asked in a thread: it may look into the database."""

    def among(self, recipients: Sequence[str]) -> bool:
        """Tell whether one of the recipients is this mailbox."""

    def take(self, *, raw: bytes, sender: str, actor: Actor, now: datetime) -> str:
        """Keep a mail; return what its sender is told. Raises `OSError`, `DeskError` where it must come again later."""


class Mailbox:
    """Takes each mail in before it is answered 250: afterwards the sender forgets it."""

    def __init__(self, other: OtherMailbox | None = None) -> None:
        self._other = other

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
            told = await asyncio.to_thread(self._keep, raw, envelope, sent)
        except DeskError as error:
            return f"451 4.7.1 Not kept, try again later: {error}"
        except (OSError, DatabaseError):
            log.exception("a mail of %d bytes could not be kept", len(raw))
            return "451 4.3.0 Not kept, try again later"
        return f"250 2.0.0 {told}"

    def _keep(self, raw: bytes, envelope: Envelope, sent: Sent) -> str:
        sender, actor, now = envelope.mail_from or "", system("mail"), datetime.now(UTC)
        other, told = self._other, []
        try:
            to_other = [each for each in envelope.rcpt_tos if other is not None and other.among([each])]
            if other is not None and to_other:
                told.append(other.take(raw=raw, sender=sender, actor=actor, now=now))
            if len(to_other) < len(envelope.rcpt_tos):
                told.append(f"Complaint {take_in(raw=raw, sender=sender, actor=actor, now=now, sent=sent)} is kept")
        finally:
            close_old_connections()
        return "; ".join(told)


class _Connection(SMTP):
    """One connection, which ends where a line does not: the library keeps all of a line, however long, until it has its end."""

    line_length_limit = _LONGEST_LINE

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 # the library's own
        super().__init__(*arguments, **named)
        self._unended, self._last = 0, b""

    def data_received(self, data: bytes) -> None:
        """Take octets in, unless the line has gone on for twice as long as any that is taken."""
        seen = self._last + data
        end = seen.rfind(b"\r\n")
        self._unended = len(seen) - end - 2 if end >= 0 else self._unended + len(data)
        self._last = data[-1:]
        if self._unended > 2 * _LONGEST_LINE and self.transport is not None:
            self.transport.close()
            return
        super().data_received(data)


def listener(*, size_limit: int, loop: asyncio.AbstractEventLoop, other: OtherMailbox | None = None) -> SMTP:
    """Return the protocol of one connection. `size_limit` in bytes."""
    return _Connection(
        Mailbox(other),
        data_size_limit=size_limit,
        enable_SMTPUTF8=True,
        decode_data=False,
        hostname="abuse",
        ident="Ringfence",
        timeout=_SILENCE_SECONDS,
        command_call_limit={"*": _COMMANDS, "RCPT": _RECIPIENTS + 1},
        loop=loop,
    )
