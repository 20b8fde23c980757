"""Notices and letters of a case as PDF."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from django.http import HttpResponse

from ringfence.desk.actor import Actor, DeskRequest
from ringfence.desk.errors import NotThere
from ringfence.desk.letters import selectors as letters
from ringfence.desk.letters.paper import Sheet, paper
from ringfence.desk.notices import selectors
from ringfence.desk.pages import for_staff
from ringfence.desk.policies import selectors as policies


def notice_sheet(*, id: str, actor: Actor) -> Sheet:
    """Return what the paper of a notice says: a statement of reasons, the end of a measure, what came of an appeal."""
    found = selectors.notice(id=id, actor=actor)
    if found is None:
        raise NotThere(f"no notice {id}")
    provider = policies.bundle(hash=found.decision.policy.hash).settings.provider
    return Sheet(
        noun="notice",
        id=found.id,
        case=found.case_id,
        provider=provider,
        to=(found.party, found.contact, found.mail),
        language=found.language,
        subject=found.subject,
        text=found.text,
        written=found.created,
    )


def letter_sheet(*, id: str, actor: Actor) -> Sheet:
    """Return what the paper of a letter says: an inquiry, an acknowledgement, what came of a complaint."""
    found = letters.letters(actor=actor).filter(id=id).first()
    if found is None:
        raise NotThere(f"no letter {id}")
    return Sheet(
        noun="letter",
        id=found.id,
        case=found.case,
        provider=found.provider,
        to=(found.mail,),
        language=found.language,
        subject=found.subject,
        text=found.text,
        written=found.created,
    )


SHEETS: Final[dict[str, Callable[..., Sheet]]] = {"notice": notice_sheet, "letter": letter_sheet}


@for_staff
def pdf(request: DeskRequest, noun: str, id: str) -> HttpResponse:
    """Give the PDF of a notice or a letter."""
    if noun not in SHEETS:
        raise NotThere(f"no {noun} is printed")
    octets = paper(sheet=SHEETS[noun](id=id, actor=request.actor), actor=request.actor, now=datetime.now(UTC))
    headers = {"Content-Disposition": f'attachment; filename="{noun}-{id[:12]}.pdf"'}
    return HttpResponse(octets, content_type="application/pdf", headers=headers)
