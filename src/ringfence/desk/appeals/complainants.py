"""Appeals of who complained: against what came of a complaint, by its ticket. None changes a measure by itself."""

from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from ringfence.desk.actor import ANONYMOUS, Actor, system
from ringfence.desk.appeals import telling
from ringfence.desk.appeals.filing import CLOCK, NoStanding, TooLate, record, said
from ringfence.desk.appeals.models import Appeal, AppealState
from ringfence.desk.audit import selectors as auditing
from ringfence.desk.cases import from_complaints
from ringfence.desk.cases.models import Case, JoinedComplaint, JoinedFinding
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.complaints import services as complaining
from ringfence.desk.complaints.identity import names_complainant
from ringfence.desk.complaints.kinds import HIDDEN_ALWAYS
from ringfence.desk.complaints.models import Complaint, Nature, Outcome
from ringfence.desk.decisions.models import Confirmation, Decision, DecisionKind
from ringfence.desk.errors import DeskError, StaleState
from ringfence.desk.inquiries.models import Inquiry
from ringfence.desk.notices.models import Notice
from ringfence.desk.policies import selectors as policies
from ringfence.policy.due_process import DueProcess, Standing
from ringfence.vocabulary.subjects import Role, SubjectKind

_OURS: Final = system("appeals")
_CONTESTABLE: Final = frozenset({Outcome.ACTIONED, Outcome.NOT_OURS, Outcome.REVIEWED, Outcome.NEED_MORE})
"""What was told before has the outcome of what told it first."""


class NamesComplainant(DeskError):
    """What the one complained about would be told gives away who complained."""


def stands_against(complaint: Complaint, now: datetime) -> DeskError | None:
    """Return why who complained cannot contest what came of it; `None` where they can."""
    if complaint.nature != Nature.COMPLAINT or complaint.outcome not in _CONTESTABLE or complaint.closed is None:
        return StaleState("nothing came of this report that can be contested")
    if Appeal.objects.filter(complaint=complaint).exists():
        return StaleState("what came of this report was contested already")
    promised = _promised(complaint)
    if Standing.COMPLAINANT not in promised.appeal_by:
        return NoStanding("the policy that it was decided by gives who complains no appeal")
    if now - complaint.closed > timedelta(days=promised.appeal_days):
        return TooLate("the time to contest it is over")
    return None


def _promised(complaint: Complaint) -> DueProcess:
    """Return what the version promises that was in force when the complaint was closed."""
    assert complaint.closed is not None
    version = policies.in_force_at(moment=complaint.closed, actor=_OURS)
    return policies.bundle(hash=version.hash).settings.due_process if version is not None else DueProcess()


@transaction.atomic
def contest(*, complaint: Complaint, text: str, now: datetime) -> Appeal:
    """Contest what came of a complaint, by whoever holds its ticket. No measure changes by it.

    Raises `NothingSaid`, `NoStanding`, `TooLate`, `StaleState` where nothing came of it yet, or it was contested.
    """
    words = said(text)
    against = stands_against(complaint, now)
    if against is not None:
        raise against
    joined = JoinedComplaint.objects.filter(complaint=complaint).first()
    case = joined.case_id if joined is not None else None
    try:
        with transaction.atomic():
            appeal = Appeal.objects.create(
                by=Standing.COMPLAINANT,
                complaint=complaint,
                contested=complaint.outcome,
                case_id=case,
                rule=_rule_of(case),
                text=words,
                filed=now,
            )
    except IntegrityError as error:  # two windows at once
        raise StaleState("what came of this report was contested already") from error
    record("appealed", appeal, ANONYMOUS, now)
    owed = Owed(clock=CLOCK, about=("appeal", str(appeal.pk)), what=f"Decide appeal {appeal.pk}", case=case)
    clocks.start(owed=owed, actor=_OURS, now=now)
    return appeal


def _rule_of(case: int | None) -> str:
    """Return the rule that the case rests on: of its latest measure, else of its latest finding; empty where people alone spoke."""
    if case is None:
        return ""
    measure = Decision.objects.filter(case_id=case, kind=DecisionKind.MEASURE).exclude(rule="").order_by("-decided").first()
    finding = JoinedFinding.objects.select_related("finding").filter(case_id=case).order_by("-joined", "-id").first()
    return measure.rule if measure is not None else finding.finding.rule if finding is not None else ""


def deciders(appeal: Appeal) -> set[str]:
    """Return who decided what a complainant contests: who closed the complaint, who decided in its case, and who confirmed that."""
    history = auditing.history(noun="complaint", noun_id=str(appeal.complaint_id), actor=_OURS)
    found = {entry.actor_id for entry in history if entry.verb == "closed"}
    if appeal.case_id is not None:
        found |= set(Decision.objects.filter(case_id=appeal.case_id).values_list("actor_id", flat=True))
        found |= set(Confirmation.objects.filter(decision__case_id=appeal.case_id).values_list("by", flat=True))
    return found


def follow(*, appeal: Appeal, actor: Actor, now: datetime) -> None:
    """Do what follows from a complainant's appeal that was decided: both sides are told; one that was right is looked into again.

    Raises `NamesComplainant` where what the party is told would give away who complained.
    """
    complaint = appeal.complaint
    assert complaint is not None
    given_away = names_complainant(text=appeal.told_party, complaint=complaint, actor=_OURS)
    if given_away:
        raise NamesComplainant(f"what the party is told holds {given_away}: who complained stays unknown to it")
    case = appeal.case_id
    if appeal.state == AppealState.OVERTURNED:
        complaining.reopen_complaint(number=complaint.pk, actor=actor, now=now)
        case = from_complaints.take_up_again(complaint=complaint.pk, reason=f"appeal {appeal.pk}", actor=actor, now=now)
    telling.tell_complainant(appeal=appeal, complaint=complaint, actor=actor, now=now)
    party = party_of(appeal)
    if party:
        telling.tell_party(appeal=appeal, party=party, case=case, actor=actor, now=now)


def party_of(appeal: Appeal) -> str:
    """Return the party that a complainant's appeal is about and that is told what came of it; empty where there is none."""
    case = appeal.case
    if case is None or case.subject_kind != SubjectKind.PARTY or case.role == Role.OUTSIDER:
        return ""
    hidden = appeal.complaint is not None and appeal.complaint.leaf in HIDDEN_ALWAYS
    return "" if hidden and not _knows(case) else case.subject_id


def _knows(case: Case) -> bool:
    """Tell whether the party has heard of the matter: of threats and harassment it hears nothing by an appeal first."""
    return Notice.objects.filter(case=case).exists() or Inquiry.objects.filter(case=case).exists()
