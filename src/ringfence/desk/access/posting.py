"""Mails to people on their way to the relay. Unlike letters they are kept nowhere: some hold a link that opens a login."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from django.db import transaction

from ringfence.desk.access.mails import GIVEN_UP_AFTER, MAIL
from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.letters.services import LOOP_HEADER, TAKEN_UP_FOR, Refused, Relay, own_token
from ringfence.desk.outbox import services as outbox
from ringfence.desk.outbox.services import Due

_AT_ONCE: Final = 20


def send_mails(*, relay: Relay, actor: Actor, now: datetime) -> int:
    """Hand mails that wait to the relay; return how many it was tried for. Of several processes one takes each up.

    One is sent twice only where the process dies between the relay's yes and its own note of it, then with the same Message-ID.
    """
    require(actor.kind == ActorKind.SYSTEM, actor, "send mails")
    due = outbox.due(topics=(MAIL,), now=now, limit=_AT_ONCE)
    for message in due:
        if not outbox.claim(message=message.id, now=now, until=now + TAKEN_UP_FOR):
            continue
        written = datetime.fromisoformat(message.payload["written"])
        try:
            relay.take(_mail(message, relay.sender, written))
        except Refused as error:
            if not error.permanent and now - written < GIVEN_UP_AFTER:
                outbox.failed(message=message.id, error=f"relay: {error}", now=now)
                continue
            _settle(message, "mail-failed", actor, now)
        else:
            _settle(message, f"mail-{relay.state}", actor, now)
    return len(due)


def _mail(message: Due, sender: str, written: datetime) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = message.payload["to"]
    mail["Subject"] = message.payload["subject"]
    mail["Date"] = format_datetime(written)
    name = audit.token_of("mail-to-person", str(message.id))
    mail["Message-ID"] = f"<{name}.{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail[LOOP_HEADER] = own_token()
    mail["Content-Language"] = message.payload.get("language", "en")
    mail.set_content(message.payload["text"])
    return mail


@transaction.atomic
def _settle(message: Due, verb: str, actor: Actor, now: datetime) -> None:
    to = audit.token_of("mail", message.payload["to"])
    audit.record(acts=[Act(verb=verb, about=("mail", to))], actor=actor, now=now)
    outbox.done(ids=[message.id])
