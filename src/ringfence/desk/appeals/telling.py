"""Letters about appeals: what came of one that a complainant filed, to both sides, and what the desk answers meanwhile."""

from datetime import datetime
from typing import Final

from django.conf import settings

from ringfence.desk.actor import Actor, system
from ringfence.desk.appeals.models import Appeal, Reply
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.complaints.services import ticket_of
from ringfence.desk.complaints.telling_reporters import address_of
from ringfence.desk.letters import services as letters
from ringfence.desk.letters.services import Draft
from ringfence.desk.letters.wording import filled, spoken, texts
from ringfence.desk.notices import statements
from ringfence.desk.parties.addressees import addressees
from ringfence.desk.policies import selectors as policies
from ringfence.policy.settings import Settings

_OURS: Final = system("appeals")
_PACKAGE: Final = "ringfence.desk.appeals"


def tell_complainant(*, appeal: Appeal, complaint: Complaint, actor: Actor, now: datetime) -> None:
    """Tell who complained what came of the appeal. Where no mailbox is known the report's page says it."""
    held, mail = _settings(), address_of(complaint)
    if held is None or not mail:
        return
    language = _language(held)
    words = texts(_PACKAGE, language)["complainant"]
    places = _places(held, now) | {
        "reference": f"C-{complaint.pk}",
        "outcome": words[appeal.state],
        "reasons": appeal.reasons,
        "page": page_of(complaint),
    }
    _write(appeal, f"appeal {appeal.pk}", mail, language, (words["subject"], words["text"]), places, actor, now)


def tell_party(*, appeal: Appeal, party: str, case: int | None, actor: Actor, now: datetime) -> None:
    """Tell the one complained about what came of it: `told_party`, and nothing of who. `case` is where it goes on."""
    held = _settings()
    if held is None:
        return
    found = addressees(party=party, now=now, actor=actor)
    for one in found:
        language = spoken(_PACKAGE, one.language)
        words = texts(_PACKAGE, language)["party"]
        places = _places(held, now) | {
            "party": party,
            "case": str(case),
            "outcome": words[appeal.state],
            "reasons": appeal.told_party,
        }
        key = f"appeal {appeal.pk} {audit.token_of('mail', one.mail)}"
        _write(appeal, key, one.mail, language, (words["subject"], words["text"]), places, actor, now)
    if not found:
        details: dict[str, Detail] = {"complaint": appeal.complaint_id, "because": "nobody can be written to"}
        act = Act(verb="not-told", about=("appeal", str(appeal.pk)), case=appeal.case_id, details=details)
        audit.record(acts=[act], actor=actor, now=now)


def tell_answer(*, reply: Reply, actor: Actor, now: datetime) -> None:
    """Send who appealed what the desk answered, with the page on which they answer."""
    held, appeal = _settings(), reply.appeal
    if held is None:
        return
    if appeal.notice is not None:
        mail, language, page = appeal.notice.mail, spoken(_PACKAGE, appeal.notice.language), statements.page_of(appeal.notice.id)
    else:
        assert appeal.complaint is not None
        mail, language, page = address_of(appeal.complaint), _language(held), page_of(appeal.complaint)
    if not mail:
        return
    words = texts(_PACKAGE, language)
    subject = words["party" if appeal.notice is not None else "complainant"]["answer_subject"]
    places = _places(held, now) | {
        "reference": f"C-{appeal.complaint_id}",
        "case": str(appeal.case_id),
        "answer": reply.text,
        "page": page,
    }
    _write(appeal, f"appeal reply {reply.pk}", mail, language, (subject, words["answer"]["text"]), places, actor, now)


def page_of(complaint: Complaint) -> str:
    """Return the address of a report's page, as a mail names it."""
    return f"{settings.RINGFENCE_PUBLIC_URL}/report/{ticket_of(complaint.pk)}/"


def _language(held: Settings) -> str:
    return spoken(_PACKAGE, next(iter(held.languages), "en"))


def _settings() -> Settings | None:
    version = policies.current(actor=_OURS)
    return policies.bundle(hash=version.hash).settings if version is not None else None


def _places(held: Settings, now: datetime) -> dict[str, str]:
    return {
        "provider": held.provider,
        "mailbox": held.abuse_mailbox,
        "service_mailbox": held.service_mailbox,
        "decided": f"{now:%Y-%m-%d}",
    }


def _write(  # noqa: PLR0913 # one letter: of what, known as what, to whom, in which words
    appeal: Appeal, key: str, mail: str, language: str, words: tuple[str, str], places: dict[str, str], actor: Actor, now: datetime
) -> None:
    draft = Draft(
        key=key,
        about=("appeal", str(appeal.pk)),
        case=appeal.case_id,
        mail=mail,
        subject=filled(words[0], places),
        text=filled(words[1], places).strip() + "\n",
        language=language,
        provider=places["provider"],
    )
    letters.write(draft=draft, actor=actor, now=now)
