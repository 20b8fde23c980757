"""Reports that a mail of ours could not be delivered (RFC 3464): which mail, and why. Pure."""

from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from typing import Final

from ringfence.desk.complaints.mails import letter, parts, shown
from ringfence.desk.letters.services import LOOP_HEADER

_LONGEST_WHY: Final = 500


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that did not arrive: its Message-ID, and the status and diagnostic that its last server gave."""

    message_id: str
    why: str


def bounce_in(raw: bytes, own: str) -> Bounce | None:
    """Return what a report of delivery says of a mail of ours, `None` where it says that it arrived, or only that it will be late.

    `own` is the token in `LOOP_HEADER` of our mails: a report that does not return it may be anybody's and is not believed.
    """
    mail = letter(raw)
    if not own or mail.get_content_type() != "multipart/report":
        return None
    returned, why = None, None
    for part in parts(mail):
        kind = part.get_content_type()
        if kind == "message/rfc822":
            returned = returned or _inside(part)
        elif kind == "text/rfc822-headers":
            returned = returned or HeaderParser().parsestr(str(part.get_payload()))
        elif str(part.get("Action", "")).strip().lower() == "failed":
            why = why or f"{part.get('Status', '')} {part.get('Diagnostic-Code', '')}"
    if returned is None or why is None or str(returned.get(LOOP_HEADER, "")).strip() != own:
        return None
    message_id = str(returned.get("Message-ID", "")).strip()
    return Bounce(message_id, " ".join(shown(why).split())[:_LONGEST_WHY]) if message_id else None


def _inside(part: Message) -> Message | None:
    """Return the mail that a part holds."""
    held = part.get_payload()
    return held[0] if isinstance(held, list) and held and isinstance(held[0], Message) else None
