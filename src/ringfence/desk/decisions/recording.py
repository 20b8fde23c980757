"""What the audit and the register of strikes hold of a decision that is being made. Call it in the decision's transaction."""

from datetime import datetime

from ringfence.desk.actor import Actor
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.decisions import strikes
from ringfence.desk.decisions.models import Decision, Strike
from ringfence.desk.decisions.proposals import Proposal
from ringfence.desk.parties import selectors as parties
from ringfence.desk.policies import selectors as policies


def record(made: Decision, strike: Strike | None, party: str, actor: Actor, now: datetime) -> None:
    """Have the audit hold a decision, the strike that it gave, and the contract's cure period that it does not wait for."""
    details: dict[str, Detail] = {
        "decision": made.id,
        "clause": made.clause,
        "rule": made.rule,
        "action": made.action,
        made.scope_kind: audit.token_of(made.scope_kind, made.scope_value),
    }
    contract = parties.contract_of(party=party, moment=now, actor=actor) if party and actor.sees_the_desk else None
    if contract is not None and contract.cure_hours:
        details["cure-waived-hours"] = contract.cure_hours  # at once, whatever cure period a contract has: clause immediacy
    acts = [Act(verb="decided", about=("decision", made.id), case=made.case_id, details=details)]
    if strike is not None:
        struck: dict[str, Detail] = {"decision": made.id, "clause": strike.clause, "weight": strike.weight}
        acts.append(Act(verb="struck", about=("decision", made.id), case=made.case_id, details=struck))
    audit.record(acts=acts, actor=actor, now=now)


def strike_of(made: Decision, proposal: Proposal, now: datetime) -> Strike | None:
    """Give the strike of a decision, to offenders alone."""
    if proposal.weighs == 0 or not proposal.party:
        return None
    ladder = policies.bundle(hash=proposal.policy).ladder
    return strikes.give(decision=made, party=proposal.party, ladder=ladder, now=now)
