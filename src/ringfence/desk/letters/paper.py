"""Letters on paper: a PDF of exactly the words that were sent, made once and kept, its hash in the audit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from django.db import transaction
from django.template.loader import render_to_string

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.errors import DeskError
from ringfence.desk.letters.models import Paper
from ringfence.desk.letters.wording import Unfilled

Printer = Callable[[str], bytes]
"""A page of HTML as PDF."""
_PLACE: Final = "{{"


class NoPaper(DeskError):
    """PDFs can't be made on this machine; the text says what is missing."""

    permanent = False


class PaperDamaged(DeskError):
    """The kept bytes are not those whose hash the audit has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands on it: `noun` and `id` name the notice or letter, `to` is to whom, as lines."""

    noun: str
    id: str
    case: int | None
    provider: str
    to: tuple[str, ...]
    language: str
    subject: str
    text: str
    written: datetime


@transaction.atomic
def paper(*, sheet: Sheet, actor: Actor, now: datetime, printer: Printer | None = None) -> bytes:
    """Return the PDF of a sheet: the kept one, made where there is none. Each time it is handed out is an entry.

    Raises `Unfilled` where a place of the text stands open, `NoPaper` where PDFs can't be made, `PaperDamaged`.
    """
    require(actor.sees_the_desk, actor, "read letters")
    held = Paper.objects.filter(noun=sheet.noun, noun_id=sheet.id).first() or _made(sheet, actor, now, printer or printed)
    octets = bytes(held.octets)
    if sha256(octets).hexdigest() != held.sha256:
        raise PaperDamaged(f"the PDF of {sheet.noun} {sheet.id} is not the one that was made on {held.made:%Y-%m-%d}")
    _record("handed-out-paper", sheet, held.sha256, actor, now)
    return octets


def _made(sheet: Sheet, actor: Actor, now: datetime, printer: Printer) -> Paper:
    if _PLACE in sheet.subject or _PLACE in sheet.text:
        raise Unfilled("a place of the text stands open: it is not printed")
    octets = printer(render_to_string("letters/paper.html", {"sheet": sheet, "paragraphs": sheet.text.strip().split("\n\n")}))
    made, new = Paper.objects.get_or_create(
        noun=sheet.noun,
        noun_id=sheet.id,
        defaults={"case": sheet.case, "sha256": sha256(octets).hexdigest(), "octets": octets, "made": now, "made_by": actor.id},
    )
    if new:
        _record("printed", sheet, made.sha256, actor, now)
    return made


def _record(verb: str, sheet: Sheet, hash: str, actor: Actor, now: datetime) -> None:
    details: dict[str, Detail] = {sheet.noun: sheet.id, "sha256": hash}
    audit.record(acts=[Act(verb=verb, about=(sheet.noun, sheet.id), case=sheet.case, details=details)], actor=actor, now=now)


def printed(html: str) -> bytes:
    """Return a page as PDF. It fetches nothing. Raises `NoPaper` where Pango is missing."""
    try:
        # They need libraries of the system, which who never prints may lack.
        from weasyprint import HTML  # noqa: PLC0415 # see above
        from weasyprint.urls import URLFetcher  # noqa: PLC0415 # see above
    except OSError as error:
        raise NoPaper(f"PDFs can't be made here: {error}. Hint: apt-get install libpango-1.0-0 libpangoft2-1.0-0") from error
    octets: bytes = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf()
    return octets
