"""What every appeal has, whoever filed it: its words, its clock, its entry in the audit; and why one is refused."""

from datetime import datetime
from typing import Final

from ringfence.desk.actor import Actor
from ringfence.desk.appeals.models import Appeal, Reply
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.errors import DeskError

CLOCK: Final = "appeal-answer"
MOST_CHARACTERS: Final = 20_000
MOST_REPLIES: Final = 50


class NothingSaid(DeskError):
    """An appeal or a reply is empty, too long, or one too many."""


class NoStanding(DeskError):
    """The version that was decided by does not give this side an appeal."""


class TooLate(DeskError):
    """The time to appeal is over."""


def said(text: str) -> str:
    """Return what was said. Raises `NothingSaid`."""
    found = text.strip()
    if not found or len(found) > MOST_CHARACTERS:
        raise NothingSaid(f"say something, in at most {MOST_CHARACTERS} characters")
    return found


def record(verb: str, appeal: Appeal, actor: Actor, now: datetime) -> None:
    """Write what was done with an appeal into the audit."""
    against: dict[str, Detail] = (
        {"decision": appeal.decision_id} if appeal.decision_id is not None else {"complaint": appeal.complaint_id}
    )
    act = Act(verb=verb, about=("appeal", str(appeal.pk)), case=appeal.case_id, details=against)
    audit.record(acts=[act], actor=actor, now=now)


def add_reply(*, appeal: Appeal, text: str, actor: Actor, now: datetime, author: str = "") -> Reply:
    """Add to an open appeal that the caller holds. Raises `NothingSaid`."""
    words = said(text)
    if appeal.replies.filter(author="").count() >= MOST_REPLIES and not author:
        raise NothingSaid("that is enough to look at: please wait for what comes of it")
    made = Reply.objects.create(appeal=appeal, author=author, text=words, written=now)
    record("appeal-answered" if author else "appeal-added-to", appeal, actor, now)
    return made
