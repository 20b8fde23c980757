"""IMAP: mails that lie in a mailbox elsewhere are fetched, kept, and only then moved aside. One fetched twice is kept once."""

import imaplib
import logging
import ssl
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Final

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError
from msgspec import Struct

from ringfence.desk.actor import Actor
from ringfence.desk.complaints.models import Complaint, Door
from ringfence.desk.complaints.services import Sent, take_in

log = logging.getLogger(__name__)

Keep = Callable[[bytes, Actor, datetime], object]
_AT_ONCE: Final = 50
_SECONDS: Final = 30.0


class Source(Struct, frozen=True, kw_only=True):
    """A mailbox. Fetched mails are moved to the folder `done`; one larger than `most` bytes stays, and the log says so."""

    host: str
    port: int
    user: str
    password: str
    tls: bool = True
    folder: str = "INBOX"
    done: str = "Taken"
    most: int = 26_214_400


class FetchFailed(Exception):
    """The mailbox could not be read now; what was fetched before is kept."""


def fetch(source: Source, *, actor: Actor, now: datetime, keep: Keep | None = None) -> int:
    """Take in what lies in the folder, at most fifty mails; return how many. Raises `FetchFailed`, `OSError` of our disk.

    Mails are complaints, but where `keep` keeps them as something else; the same bytes must be the same to it.
    """
    try:
        with _opened(source) as box:
            return _taken(box, source, keep or _as_complaint, actor, now)
    except (ImapToolsError, imaplib.IMAP4.error, ssl.SSLError, ConnectionError, TimeoutError) as error:
        raise FetchFailed(f"{source.host}:{source.port}: {type(error).__name__}: {error}") from error


def _opened(source: Source) -> BaseMailBox:
    kind = MailBox if source.tls else MailBoxUnencrypted
    box = kind(source.host, source.port, timeout=_SECONDS)
    return box.login(source.user, source.password, initial_folder=source.folder)


def _as_complaint(raw: bytes, actor: Actor, now: datetime) -> None:
    if not Complaint.objects.filter(sha256=sha256(raw).hexdigest(), door=Door.IMAP).exists():  # kept, and not yet moved
        take_in(raw=raw, sender="", actor=actor, now=now, sent=Sent(door=Door.IMAP))


def _taken(box: BaseMailBox, source: Source, keep: Keep, actor: Actor, now: datetime) -> int:
    if not box.folder.exists(source.done):
        box.folder.create(source.done)
    taken = 0
    for uid in box.uids()[:_AT_ONCE]:
        raw = _raw(box, uid, source.most)
        if raw is None:
            log.warning("mail %s of %s is larger than %d bytes and stays where it is", uid, source.user, source.most)
            continue
        keep(raw, actor, now)
        box.move([uid], source.done)
        taken += 1
    return taken


def _raw(box: BaseMailBox, uid: str, most: int) -> bytes | None:
    """Return a mail's bytes; `None` where it is too large: its size is asked first."""
    answered = box.client.uid("FETCH", uid, "(RFC822.SIZE)")[1]
    text = b" ".join(part for part in answered if isinstance(part, bytes)).decode("ascii", "replace")
    size = int(text.rpartition("RFC822.SIZE ")[2].split(")")[0].split()[0]) if "RFC822.SIZE " in text else 0
    if size > most:
        return None
    for part in box.client.uid("FETCH", uid, "(BODY.PEEK[])")[1]:
        if isinstance(part, tuple):
            return bytes(part[1])
    return b""
