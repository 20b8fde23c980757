"""Writing notices, sending them, and what becomes of them."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.cases import selectors as cases
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions.holding import hold
from ringfence.desk.decisions.models import Decision, DecisionKind
from ringfence.desk.letters.services import GIVEN_UP_AFTER, TAKEN_UP_FOR, Refused, Relay, mail_from, message_id_of, pause_before
from ringfence.desk.letters.wording import filled
from ringfence.desk.notices import owed
from ringfence.desk.notices.models import Notice, NoticeKind, NoticeState
from ringfence.desk.notices.statements import places
from ringfence.desk.notices.wording import texts, written
from ringfence.desk.parties.addressees import Addressee, addressees
from ringfence.desk.policies import selectors as policies
from ringfence.vocabulary.subjects import Role, SubjectKind


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an appeal: the name of a phrase, and the reasons that are told."""

    phrase: str
    reasons: str


@dataclass(frozen=True, slots=True)
class News:
    """What a notice tells: `measure` is the decision itself, or the one that it ends."""

    kind: NoticeKind
    decision: Decision
    measure: Decision
    outcome: Outcome | None


@transaction.atomic
def announce(*, decision_id: str, actor: Actor, now: datetime) -> list[str]:
    """Write the notices of a decision; return their ids. Twice is once.

    Outsiders are told nothing. Compromised and victim accounts are told what a person decided. Where nobody can be written to, or
    a text cannot be filled, the case says so.
    """
    require(actor.works_cases, actor, "write notices")
    hold(decision_id)
    decision = decisions.decision(id=decision_id, actor=actor)
    if decision is None or Notice.objects.filter(decision_id=decision_id, kind__in=("measure", "lift")).exists():
        return []
    case = cases.case(number=decision.case_id, actor=actor)
    by_machine = decision.actor_kind == ActorKind.STANDING_ORDER
    if case is None or case.role == Role.OUTSIDER or (by_machine and case.role != Role.OFFENDER):
        return []
    about = decision.lifts if decision.kind == DecisionKind.LIFT else None
    if about is not None and Notice.objects.filter(decision=about, kind=NoticeKind.APPEAL).exists():
        return []  # what came of the appeal has said it
    kind = NoticeKind.LIFT if about is not None else NoticeKind.MEASURE
    if kind is NoticeKind.MEASURE:
        owed.owe_reasons(decision=decision, party=_party_of(decision, actor), actor=actor, now=now)
    return write(kind=kind, decision=decision, about=about, actor=actor, now=now)


def write(
    *,
    kind: NoticeKind,
    decision: Decision,
    actor: Actor,
    now: datetime,
    about: Decision | None = None,
    outcome: Outcome | None = None,
) -> list[str]:
    """Write a notice to everybody who is written to about the party of a decision. `about` is the measure that a decision ends."""
    party = _party_of(about or decision, actor)
    found = addressees(party=party, now=now, actor=actor) if party else []
    if not found:
        _not_told(decision, "nobody can be written to: neither the party nor one above it has a contact with a mail", actor, now)
    news = News(kind, decision, about or decision, outcome)
    made = [_worded(news, party, addressee, now) for addressee in found]
    for notice in made:
        notice.save(force_insert=True)
        details: dict[str, Detail] = {"decision": decision.id, "contact": notice.contact, "kind": str(kind)}
        audit.record(
            acts=[Act(verb="told", about=("notice", notice.id), case=decision.case_id, details=details)], actor=actor, now=now
        )
    return [notice.id for notice in made]


def _worded(news: News, party: str, addressee: Addressee, now: datetime) -> Notice:
    """Return a notice in the words of its reader's language. Raises `Unfilled`."""
    decision, outcome = news.decision, news.outcome
    id, language = secrets.token_hex(16), texts(addressee.language).language
    decided = decision.decided if outcome is None else now
    known = places(notice=id, decision=decision, party=party, language=language, measure=news.measure, decided=decided)
    if outcome is not None:
        known |= {"outcome": filled(texts(language).phrases[outcome.phrase], known), "reasons": outcome.reasons}
    subject, text = written(news.kind, language, known)
    return Notice(
        id=id,
        kind=news.kind,
        decision=decision,
        case_id=decision.case_id,
        party=party,
        contact=addressee.contact,
        mail=addressee.mail,
        language=language,
        subject=subject,
        text=text,
        created=now,
        due=now,
    )


def _party_of(decision: Decision, actor: Actor) -> str:
    if decision.scope_kind == SubjectKind.PARTY:
        return decision.scope_value
    if decision.finding is not None and decision.finding.party:
        return decision.finding.party
    case = cases.case(number=decision.case_id, actor=actor)
    return case.subject_id if case is not None and case.subject_kind == SubjectKind.PARTY else ""


def _not_told(decision: Decision, because: str, actor: Actor, now: datetime) -> None:
    details: dict[str, Detail] = {"decision": decision.id, "because": because}
    act = Act(verb="not-told", about=("decision", decision.id), case=decision.case_id, details=details)
    audit.record(acts=[act], actor=actor, now=now)


def send_due(*, relay: Relay, actor: Actor, now: datetime, limit: int = 20) -> int:
    """Hand notices that are due to the relay, oldest first; return how many it was tried for.

    Of several processes one takes each up; where it dies in between, the same mail is sent again, as letters are.
    """
    require(actor.kind == ActorKind.SYSTEM, actor, "send notices")
    due = list(Notice.objects.filter(state=NoticeState.QUEUED, due__lte=now).order_by("due", "id")[:limit])
    for notice in due:
        notice.message_id = notice.message_id or message_id_of(notice.id, relay.sender)
        mine = Notice.objects.filter(id=notice.id, state=NoticeState.QUEUED, due__lte=now)
        if not mine.update(due=now + TAKEN_UP_FOR, message_id=notice.message_id):
            continue
        try:
            relay.take(mail_of(notice, relay.sender))
        except Refused as error:
            _put_off(notice, error, actor, now)
        else:
            _settle(notice, NoticeState(relay.state), "", actor, now)
    return len(due)


def mail_of(notice: Notice, sender: str) -> EmailMessage:
    """Return a notice as the mail that it is sent as, in the name of the provider whose policy was decided by."""
    return mail_from(sender, policies.bundle(hash=notice.decision.policy.hash).settings.provider, notice)


def _put_off(notice: Notice, error: Refused, actor: Actor, now: datetime) -> None:
    if error.permanent or now - notice.created > GIVEN_UP_AFTER:
        _settle(notice, NoticeState.FAILED, str(error), actor, now)
        return
    notice.attempts += 1
    due = now + pause_before(notice.attempts)
    Notice.objects.filter(id=notice.id).update(attempts=notice.attempts, problem=str(error)[:2000], due=due)


@transaction.atomic
def _settle(notice: Notice, state: NoticeState, problem: str, actor: Actor, now: datetime) -> None:
    sent = now if state in (NoticeState.SENT, NoticeState.KEPT) else None
    if Notice.objects.filter(id=notice.id, state=NoticeState.QUEUED).update(state=state, problem=problem[:2000], sent=sent):
        act = Act(verb=f"notice-{state}", about=("notice", notice.id), case=notice.case_id)
        audit.record(acts=[act], actor=actor, now=now)
        if sent is not None:
            owed.note_told(notice=notice, actor=actor, now=now)


@transaction.atomic
def note_bounce(*, message_id: str, why: str, actor: Actor, now: datetime) -> Notice | None:
    """Note that the mail with this Message-ID came back; return the notice, `None` where none that had been sent has this id."""
    require(actor.kind == ActorKind.SYSTEM, actor, "note bounces")
    notice = Notice.objects.filter(message_id=message_id, state=NoticeState.SENT).first()
    if notice is None:
        return None
    Notice.objects.filter(id=notice.id).update(state=NoticeState.BOUNCED, problem=why[:2000])
    audit.record(acts=[Act(verb="notice-bounced", about=("notice", notice.id), case=notice.case_id)], actor=actor, now=now)
    return notice


@transaction.atomic
def note_opened(*, notice: Notice, actor: Actor, now: datetime) -> None:
    """Note the first time that a notice's page was read."""
    if Notice.objects.filter(id=notice.id, opened__isnull=True).update(opened=now):
        audit.record(acts=[Act(verb="notice-read", about=("notice", notice.id), case=notice.case_id)], actor=actor, now=now)
