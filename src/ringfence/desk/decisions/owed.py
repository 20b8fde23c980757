"""What a decision makes people owe: a second person's word, and a look again at its review date."""

from datetime import datetime

from ringfence.desk.actor import Actor
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.decisions.models import Decision
from ringfence.desk.parties import selectors as parties
from ringfence.vocabulary.contracts import ActionKind

CONFIRMATION = "grave-confirmation"
REVIEW = "measure-review"


def owe(*, made: Decision, actor: Actor, now: datetime) -> None:
    """Start the clocks of a decision just made, each with the end that the decision has."""
    about, what = ("decision", made.id), f"{made.deed}, decided by {made.actor_id[:32]}"
    if made.confirm_by is not None:
        owed = Owed(
            clock=CONFIRMATION, about=about, what=f"A second person's word on: {what}", case=made.case_id, due=made.confirm_by
        )
        clocks.start(owed=owed, actor=actor, now=now)
    if made.review is not None:
        owed = Owed(clock=REVIEW, about=about, what=f"Look again at: {what}", case=made.case_id, due=made.review)
        clocks.start(owed=owed, actor=actor, now=now)


def waive_cure(*, made: Decision, party: str, actor: Actor, now: datetime) -> None:
    """Record that a measure did not wait for the cure period that the party's contract grants; the end of a contract ends it."""
    contract = parties.contract_of(party=party, moment=now, actor=actor) if party else None
    if contract is not None and contract.cure_hours:
        details: dict[str, Detail] = {"decision": made.id, "contract": contract.reference, "hours": contract.cure_hours}
        act = Act(verb="waived-cure-period", about=("decision", made.id), case=made.case_id, details=details)
        audit.record(acts=[act], actor=actor, now=now)
    if made.action == ActionKind.TERMINATE and actor.works_cases:
        reason = "the contract was ended"
        clocks.drop(about=("case", str(made.case_id)), clock=clocks.CURE, reason=reason, actor=actor, now=now)


def confirmed(*, decision: str, actor: Actor, now: datetime) -> None:
    """End the clock of the second person."""
    clocks.meet(about=("decision", decision), clock=CONFIRMATION, actor=actor, now=now)


def lifted(*, decision: str, actor: Actor, now: datetime) -> None:
    """End the clocks of a decision that was lifted: nothing is left to confirm or to look at again."""
    clocks.drop(about=("decision", decision), reason="the measure was lifted", actor=actor, now=now)
