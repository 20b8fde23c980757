"""Mails to people: put into the outbox with what they follow from, sent by the mail process through the one relay.

They may hold secrets (a link that sets a password): they leave the database once sent, and are given up after four hours.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from ringfence.desk.access.models import Person
from ringfence.desk.letters.wording import filled, spoken, texts
from ringfence.desk.outbox import services as outbox

MAIL: Final = "access.mail"
GIVEN_UP_AFTER: Final = timedelta(hours=4)
_LONGEST: Final = 20_000
_PACKAGE: Final = "ringfence.desk.access"


class _Link(Protocol):
    """What holds over a span: contacts and memberships of parties, which stand above logins."""

    valid_from: datetime | None
    valid_to: datetime | None


def write(*, to: str, subject: str, text: str, now: datetime, language: str = "en") -> None:
    """Have a mail sent. Call it inside the transaction of what it follows from. Nobody is written to without an address."""
    if to:
        told = {"to": to, "subject": " ".join(subject.split())[:200], "text": text[:_LONGEST], "language": language}
        payload = {**told, "written": now.isoformat()}
        outbox.enqueue(topic=MAIL, payloads=[payload], now=now)


def tell(*, what: str, person: Person, places: Mapping[str, str], now: datetime, to: str = "") -> None:
    """Have a mail sent about a login, in the language of its party: to the login's own address, or to another on file.

    `what` names the texts; their places are `login`, `moment`, and what else is given. Staff are written to in English.
    """
    language = language_of(person=person, now=now)
    told = texts(_PACKAGE, language)
    known = {"login": person.username, "moment": f"{now:%Y-%m-%d %H:%M} UTC", **places}
    if "address" in known:
        known["whence"] = filled(told["phrases"]["whence"], known)
    subject, text = (filled(told["mails"][f"{what}_{part}"], known) for part in ("subject", "text"))
    write(to=to or person.mail, subject=subject, text=text.strip() + "\n", language=language, now=now)


def language_of(*, person: Person, now: datetime) -> str:
    """Return the language in which a login's owner is written to: that of the party's contact, by its own address if it has one.

    A party without contacts is written to as the nearest above it that has some; staff, and who has none, in English.
    """
    party, seen = person.party, set[int]()
    while party is not None and party.pk not in seen:
        seen.add(party.pk)
        known = [one for one in party.contacts.order_by("name") if _holds(one, now)]
        own = next((one for one in known if one.mail and one.mail.lower() == person.mail.lower()), next(iter(known), None))
        if own is not None:
            return spoken(_PACKAGE, own.language)
        above = next((one for one in party.memberships.select_related("parent") if _holds(one, now)), None)
        party = above.parent if above is not None else None
    return spoken(_PACKAGE, "")


def _holds(link: _Link, now: datetime) -> bool:
    return (link.valid_from is None or link.valid_from <= now) and (link.valid_to is None or now < link.valid_to)


class OutboxBackend(BaseEmailBackend):
    """Where Django's and allauth's mails go: the same outbox."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Put them in; return how many."""
        now = datetime.now(UTC)
        for mail in email_messages:
            for to in mail.to:
                write(to=to, subject=str(mail.subject), text=str(mail.body), now=now)
        return len(email_messages)
