"""Mails to people: put into the outbox with what they follow from, sent by the mail process through the one relay.

They may hold secrets (a link that sets a password): they leave the database once sent, and are given up after four hours.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string

from ringfence.desk.outbox import services as outbox

MAIL: Final = "access.mail"
GIVEN_UP_AFTER: Final = timedelta(hours=4)
_LONGEST: Final = 20_000


def write(*, to: str, subject: str, text: str, now: datetime) -> None:
    """Have a mail sent. Call it inside the transaction of what it follows from. Nobody is written to without an address."""
    if to:
        told = {"to": to, "subject": " ".join(subject.split())[:200], "text": text[:_LONGEST]}
        payload = {**told, "written": now.isoformat()}
        outbox.enqueue(topic=MAIL, payloads=[payload], now=now)


def write_page(*, to: str, page: str, context: dict[str, object], now: datetime) -> None:
    """Have a mail sent whose template is `page`: its first line is the subject."""
    subject, _, text = render_to_string(page, context).strip().partition("\n")
    write(to=to, subject=subject, text=text.strip() + "\n", now=now)


class OutboxBackend(BaseEmailBackend):
    """Where Django's and allauth's mails go: the same outbox."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Put them in; return how many."""
        now = datetime.now(UTC)
        for mail in email_messages:
            for to in mail.to:
                write(to=to, subject=str(mail.subject), text=str(mail.body), now=now)
        return len(email_messages)
