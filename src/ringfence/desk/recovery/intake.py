"""The service mailbox: mails of people who can't come in, or whose portal a thief holds. It stands beside the abuse mailbox."""

from collections.abc import Sequence
from datetime import datetime

from ringfence.desk.actor import ANONYMOUS, Actor
from ringfence.desk.policies import selectors as policies
from ringfence.desk.recovery.models import RequestDoor
from ringfence.desk.recovery.services import take_in


class ServiceMailbox:
    """Knows its addresses: those of the configuration, else the one that the policy in force names, if it isn't the abuse one."""

    def __init__(self, addresses: Sequence[str] = ()) -> None:
        self._configured = frozenset(address.lower() for address in addresses)

    def among(self, recipients: Sequence[str]) -> bool:
        """Tell whether one of the recipients is the service mailbox."""
        return bool(self._addresses() & {recipient.lower() for recipient in recipients})

    def _addresses(self) -> frozenset[str]:
        version = None if self._configured else policies.current(actor=ANONYMOUS)
        if version is None:
            return self._configured
        settings = policies.bundle(hash=version.hash).settings
        named = settings.service_mailbox.lower()
        return frozenset() if named == settings.abuse_mailbox.lower() else frozenset({named})

    def take(self, *, raw: bytes, sender: str, actor: Actor, now: datetime) -> str:
        """Keep a mail; return what its sender is told. Raises `OSError`, `RequestRefused` (come again later)."""
        number = take_in(raw=raw, sender=sender, door=RequestDoor.MAIL, actor=actor, now=now)
        return "Thank you" if number is None else f"Request {number} is kept"
