"""Who complains: what came of it before, whom a person trusts or mutes, and who reports in masses or in bad faith."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, Q

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.complaints.models import Complaint, Nature, Outcome, ReporterStanding, Standing
from ringfence.desk.errors import DeskError, NotThere

_MASS_A_DAY: Final = 50
_LEAST_CLOSED: Final = 5
_BAD_SHARE: Final = 0.1
_PRIOR: Final = 2.0


class NoWord(DeskError):
    """A reporter's standing changes for a reason."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a reporter. `score` runs from 0 to 1, a half for who is new; `remarks` say what is odd."""

    token: str
    standing: str
    sent: int
    actioned: int
    reviewed: int
    not_ours: int
    duplicates: int
    score: float
    remarks: tuple[str, ...]


def record_of(*, token: str, actor: Actor, now: datetime) -> Record | None:
    """Return what is known of a reporter; `None` for nobody, or for an actor that does not see the desk."""
    if not token or not actor.sees_the_desk:
        return None
    sent = Complaint.objects.filter(reporter=token, nature=Nature.COMPLAINT)
    counts = sent.aggregate(
        all=Count("id"),
        lately=Count("id", filter=Q(received__gt=now - timedelta(days=1))),
        **{name: Count("id", filter=Q(outcome=outcome)) for name, outcome in _COUNTED.items()},
    )
    row = ReporterStanding.objects.filter(token=token).first()
    good, bad = counts["actioned"], counts["reviewed"] + counts["not_ours"]
    score = (good + _PRIOR / 2) / (good + bad + _PRIOR)
    remarks = []
    if counts["lately"] >= _MASS_A_DAY:
        remarks.append(f"{counts['lately']} complaints within a day: mass reporting")
    if good + bad >= _LEAST_CLOSED and good / (good + bad) < _BAD_SHARE:
        remarks.append(f"of {good + bad} closed complaints {good} led to anything: perhaps in bad faith")
    return Record(
        token=token,
        standing=row.standing if row else Standing.PLAIN,
        sent=counts["all"],
        actioned=good,
        reviewed=counts["reviewed"],
        not_ours=counts["not_ours"],
        duplicates=counts["duplicates"],
        score=round(score, 3),
        remarks=tuple(remarks),
    )


_COUNTED: Final = {
    "actioned": Outcome.ACTIONED,
    "reviewed": Outcome.REVIEWED,
    "not_ours": Outcome.NOT_OURS,
    "duplicates": Outcome.DUPLICATE,
}


def is_muted(token: str) -> bool:
    """Tell whether complaints of a reporter are kept without opening a case or counting."""
    return ReporterStanding.objects.filter(token=token, standing=Standing.MUTED).exists()


@transaction.atomic
def set_standing(*, token: str, standing: str, reason: str, actor: Actor, now: datetime) -> None:
    """Trust or mute a reporter, or neither. Raises `NoWord` without a reason, `NotThere` for a reporter nobody heard of."""
    require(actor.kind is ActorKind.PERSON and actor.leads, actor, "trust or mute reporters")
    if not reason.strip():
        raise NoWord("say why")
    if standing not in Standing.values or not Complaint.objects.filter(reporter=token).exists():
        raise NotThere("no such reporter, or no such standing")
    values = {"standing": standing, "reason": reason.strip()[:500], "by": actor.id}
    ReporterStanding.objects.update_or_create(token=token, defaults=values, create_defaults={**values, "since": now})
    act = Act(verb="standing-set", about=("reporter", token), details={"standing": standing, "reason": reason.strip()[:500]})
    audit.record(acts=[act], actor=actor, now=now)
