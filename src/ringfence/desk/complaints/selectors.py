"""Questions about complaints."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.complaints import mails
from ringfence.desk.complaints.models import Answer, Campaign, Candidate, Complaint, Nature, Peer, Story
from ringfence.desk.complaints.reports import Report, reports_in
from ringfence.desk.complaints.submissions import Submission, decoded
from ringfence.desk.data_folder import data_folder
from ringfence.desk.queues import of_cases
from ringfence.vocabulary.times import utc

_NOTES_LENGTH: Final = 4_000
_TITLE_LENGTH: Final = 200
_ANSWERS: Final = 20
_CANDIDATES: Final = 100


@dataclass(frozen=True, slots=True)
class ReportShown:
    """A machine-readable report as a page shows it.

    `facts` and `problems` are what and its text; a piece of evidence is what, its kind, its bytes and its SHA-256.
    """

    title: str
    happened: datetime | None
    facts: tuple[tuple[str, str], ...]
    evidence: tuple[tuple[str, str, int, str], ...]
    problems: tuple[tuple[str, str], ...]
    is_test: bool


@dataclass(frozen=True, slots=True)
class ComplaintPage:
    """One complaint with the text of it and the reports in it. `missing`: the raw mail is no longer where it was put."""

    complaint: Complaint
    text: str
    missing: bool
    reports: tuple[ReportShown, ...] = ()
    answers: tuple[Answer, ...] = ()
    """What was answered to whether it is ours, the newest first."""
    candidates: tuple[Candidate, ...] = ()
    """Of the newest answer that has any, the likest first."""


def complaints(*, actor: Actor) -> QuerySet[Complaint]:
    """Return complaints, newest first."""
    found = Complaint.objects.order_by("-received", "-id")
    return of_cases(found, actor, "joinedcomplaint__case") if actor.sees_the_desk else found.none()


def counted(*, actor: Actor) -> QuerySet[Complaint]:
    """Return what counts as complaints: no enquiries, automatic mails, tries, and nothing that was told before."""
    return complaints(actor=actor).filter(nature=Nature.COMPLAINT, duplicate_of__isnull=True)


def complaint_page(*, number: int, actor: Actor) -> ComplaintPage | None:
    """Return one complaint; `None` where there is none, or none for this actor. The caller records the reading."""
    complaint = complaints(actor=actor).filter(id=number).first()
    if complaint is None:
        return None
    answers = tuple(complaint.answers.order_by("-id")[:_ANSWERS])
    candidates = tuple(Candidate.objects.filter(answer__in=answers).order_by("-answer_id", "-likeness", "id")[:_CANDIDATES])
    shown = tuple(one for one in candidates if one.answer_id == candidates[0].answer_id)
    try:
        raw = (data_folder() / complaint.file).read_bytes()
    except FileNotFoundError:
        return ComplaintPage(complaint, "", True, (), answers, shown)
    if complaint.file.endswith(".json"):
        return ComplaintPage(complaint, _filled_in(decoded(raw)), False, (), answers, shown)
    return ComplaintPage(complaint, mails.text(raw), False, tuple(map(_shown, reports_in(raw))), answers, shown)


def _filled_in(submission: Submission) -> str:
    """Return the fields of a form as lines; who complains is left to who opens the file."""
    fields = (
        ("Caller", submission.caller),
        ("Called", submission.callee),
        ("To call back", submission.callback),
        ("When", f"{submission.when} ± {submission.skew_minutes} min" if submission.when else ""),
        ("Reference", submission.reference),
        ("Tags", ", ".join(submission.tags)),
        ("Wishes", "that the caller reach this number no more" if submission.wish_bar else ""),
    )
    return "\n".join([*(f"{name}: {value}" for name, value in fields if value), "", submission.what])


def campaigns(*, actor: Actor) -> QuerySet[Campaign]:
    """Return campaigns that were not merged away, the latest first, each with `complaints`, how many it has."""
    if not actor.sees_the_desk:
        return Campaign.objects.none()
    found = Campaign.objects.filter(merged_into=None)
    if actor.queues is not None:
        found = found.filter(stories__in=_stories(actor))
    return found.annotate(complaints=Count("stories", distinct=True)).order_by("-latest", "-id")


def _stories(actor: Actor) -> QuerySet[Story]:
    return of_cases(Story.objects.all(), actor, "complaint__joinedcomplaint__case")


def members(*, campaign: int, actor: Actor) -> QuerySet[Story]:
    """Return a campaign's complaints with why each is in it, the earliest first."""
    if not actor.sees_the_desk:
        return Story.objects.none()
    return _stories(actor).filter(campaign_id=campaign).select_related("complaint").order_by("received", "id")


def peers(*, actor: Actor) -> QuerySet[Peer]:
    """Return the networks that hand us traffic, by name."""
    return Peer.objects.order_by("name") if actor.sees_the_desk else Peer.objects.none()


def _shown(report: Report) -> ReportShown:
    facts = (
        ("Reporter", report.reporter or ""),
        ("Reporter's address", report.reporter_mail or ""),
        ("Reporter's reference", report.reference or ""),
        ("Numbers", ", ".join(report.numbers)),
        ("Called numbers", ", ".join(report.callees)),
        ("Numbers to call back", ", ".join(report.callbacks)),
        ("Addresses", ", ".join(report.addresses)),
        ("Accounts", ", ".join(report.accounts)),
        ("Web addresses", ", ".join(report.urls)),
        ("Tags", ", ".join(report.tags)),
        ("Notes", report.notes[:_NOTES_LENGTH]),
    )
    return ReportShown(
        title=mails.shown(f"{report.about or 'nothing said'} ({report.format.upper()} {report.version})")[:_TITLE_LENGTH],
        happened=None if report.happened is None else utc(report.happened),
        facts=tuple((name, mails.shown(value)) for name, value in facts if value),
        evidence=tuple(
            (mails.shown(one.description), mails.shown(one.content_type), len(one.data), one.digest) for one in report.evidence
        ),
        problems=tuple((mails.shown(one.field) or "the whole", mails.shown(one.cause)) for one in report.problems),
        is_test=report.is_test,
    )
