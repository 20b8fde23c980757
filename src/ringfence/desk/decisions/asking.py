"""What the ladder's step “ask” does beside the warning: the party gets a question, with a clock, in the same transaction."""

from datetime import datetime

from ringfence.desk.actor import Actor
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.decisions.proposals import Proposal
from ringfence.desk.errors import NotThere
from ringfence.desk.inquiries import services as inquiries
from ringfence.desk.inquiries.models import InquiryKind
from ringfence.desk.inquiries.services import NotAsked, Question


def ask_with(*, decision: str, proposal: Proposal, text: str, actor: Actor, now: datetime) -> None:
    """Ask the party what happened. Where nobody can be reached the case says so: the decision stands without an answer."""
    question = Question(case=proposal.case_id, kind=InquiryKind.QUESTION, party=proposal.party, text=text)
    try:
        inquiries.ask(question=question, actor=actor, now=now)
    except (NotAsked, NotThere) as refused:
        details: dict[str, Detail] = {"decision": decision, "because": str(refused)}
        act = Act(verb="not-asked", about=("decision", decision), case=proposal.case_id, details=details)
        audit.record(acts=[act], actor=actor, now=now)
