"""What a measure makes the provider owe its party: the reasons in time, and of the first in a case the time to cure the breach."""

from datetime import datetime, timedelta

from ringfence.desk.actor import Actor
from ringfence.desk.cases import selectors as cases
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import CURE, REASONS, Owed
from ringfence.desk.decisions.models import Decision
from ringfence.desk.notices.models import Notice, NoticeKind
from ringfence.desk.parties import selectors as parties
from ringfence.vocabulary.contracts import ActionKind
from ringfence.vocabulary.subjects import Role


def owe_reasons(*, decision: Decision, party: str, actor: Actor, now: datetime) -> None:
    """Start the clock of the statement of reasons as the measure takes effect; sending the first notice of it ends it."""
    what = f"Reasons told to {party or 'the party'}: {decision.deed}"
    owed = Owed(clock=REASONS, about=("decision", decision.pk), what=what, case=decision.case_id, party=party)
    clocks.start(owed=owed, event=now if decision.waits else decision.decided, actor=actor, now=now)


def note_told(*, notice: Notice, actor: Actor, now: datetime) -> None:
    """Take that a notice of a measure went out: its reasons are told, and an offender's time to cure begins, once in a case.

    The time is the contract's, where that names one, else that of the policy's clock. The end of a contract leaves nothing to cure.
    """
    if notice.kind != NoticeKind.MEASURE:
        return
    clocks.meet(about=("decision", notice.decision_id), clock=REASONS, actor=actor, now=now)
    case = cases.case(number=notice.case_id, actor=actor)
    if case is None or case.role != Role.OFFENDER or case.state == "closed" or notice.decision.action == ActionKind.TERMINATE:
        return
    contract = parties.contract_of(party=notice.party, moment=now, actor=actor)
    hours = contract.cure_hours if contract is not None else None
    owed = Owed(
        clock=CURE,
        about=("case", str(notice.case_id)),
        what=f"{notice.party} cures what case {notice.case_id} is about",
        case=notice.case_id,
        party=notice.party,
        due=now + timedelta(hours=hours) if hours else None,
    )
    clocks.start(owed=owed, actor=actor, now=now)
