"""Why nothing was ordered against a case's subject, and what a person may do now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ringfence.desk.actor import Actor
from ringfence.desk.audit.models import Entry
from ringfence.desk.cases.models import Case
from ringfence.desk.decisions.proposals import Proposal, step_for
from ringfence.desk.detections.models import Finding
from ringfence.policy import Step
from ringfence.vocabulary.severity import Mode, Severity


@dataclass(frozen=True, slots=True)
class Explanation:
    """`why` no order is in force, and what comes `then`. Whole sentences."""

    why: str
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What is known of a case. `finding` is the latest that no order in force answers, `None` where there is none.

    `lifted_or_over`: an order against the same subject was in force before.
    """

    case: Case
    finding: Finding | None
    proposal: Proposal | None
    entries: Sequence[Entry]
    lifted_or_over: bool


def explain(matter: Matter, *, actor: Actor) -> Explanation | None:
    """Return why nothing refuses the subject at the moment and what a person may do; `None` where nothing needs to be said."""
    if matter.case.state == "closed" or matter.finding is None:
        return None
    return Explanation(_why(matter, matter.finding), _then(matter, matter.finding, actor))


def _is_on_the_way(matter: Matter) -> bool:
    """The worker has not come to this finding yet: it neither decided nor left it to a person."""
    found, proposal = matter.finding, matter.proposal
    decides = found is not None and (found.mode, found.severity) == (Mode.ACT, Severity.ACT)
    stands = proposal is not None and proposal.standing and not proposal.obstacle
    return decides and stands and not matter.lifted_or_over and not _left(matter)


def _left(matter: Matter) -> list[Entry]:
    return [entry for entry in matter.entries if entry.verb == "left-to-a-person"]


def _why(matter: Matter, finding: Finding) -> str:
    left = _left(matter)
    if matter.lifted_or_over:
        return "An earlier order against it was lifted or has ended, and nothing refuses it now."
    if left:
        return f"Nothing was ordered by itself, because {left[-1].details['because']}."
    if finding.mode != Mode.ACT:
        return f"Nothing was ordered, because the rule {finding.rule} only reports: its findings open a case, and a person decides."
    if finding.severity != Severity.ACT:
        return f"Nothing was ordered by itself: standing orders answer severity act, and this finding is {finding.severity}."
    if _is_on_the_way(matter):
        return "A standing order of the policy answers this: its order is on the way."
    return "Nothing was ordered by itself, because no standing order of the policy answers this."


def _then(matter: Matter, finding: Finding, actor: Actor) -> str:
    proposal = matter.proposal
    if _is_on_the_way(matter):
        return "If this stays so, the worker does not run: `ringfence doctor` says so."
    if proposal is not None and proposal.obstacle:
        return f"The ladder would {proposal.deed} {proposal.length}, but that must not be: {proposal.obstacle}."
    if proposal is not None:
        return f"The ladder's answer to {finding.clause} here is to {proposal.deed} {proposal.length}. The form “Decide” does that."
    step = _step(matter.case, finding, actor)
    if step is None:
        return (
            f"The ladder has no step for {finding.clause} by an {matter.case.role}, so what is right is yours to say. "
            "Choose a measure or a warning in the form “Decide”, or close the case with what came out of it."
        )
    return (
        f"The ladder's step is “{step.text}”, under {step.under}, and the finding does not say against whom. Choose a measure in "
        "the form “Decide”, or close the case with what came out of it."
    )


def _step(case: Case, finding: Finding, actor: Actor) -> Step | None:
    placed = step_for(case=case, finding=finding, now=datetime.now(UTC), actor=actor)
    return placed[0] if placed is not None else None
