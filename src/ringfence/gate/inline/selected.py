"""Which rules of a bundle the gate can decide by, and why not by the others."""

from dataclasses import dataclass, replace
from typing import Final

from ringfence.policy.fields import OUTCOME_FIELDS
from ringfence.policy.plan import MeasureFunction, Plan, Proposal, ProposalKind, Rule
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.severity import Mode
from ringfence.vocabulary.times import Micros
from ringfence.watch.tallies import fields_of

EACH: Final = " (each question)"
"""Behind a rule's name: the same rule, found at every question for which its condition holds. No rule's own name has a blank."""

_ASKED: Final = frozenset(
    {
        *("method", "source", "caller", "callee", "asserted", "target", "domain", "diverted", "credentials", "user_agent"),
        *("account", "party", "root", "trunk", "plan", "direction", "kind", "time", "call_id"),
    }
)
"""What a question says of a call, by the names of the rule language."""
_VERIFIED: Final = frozenset({"verification", "attestation", "signer"})
"""What it says besides where signed identities are verified."""
OUTCOME_TOLD: Final = frozenset({"status", "answered", "duration", "ring", "released_by"})
"""What who tells of an end says of it."""
_PLAIN_CODE: Final = 603


@dataclass(frozen=True, slots=True)
class Selected:
    """The rules that decide, each twice: as it is, for findings, and, where it may refuse, as it holds for each question.

    `why_not` says of the other rules with `decide: before` why the gate does not decide by them. Watch finds by them all the same.
    """

    plan: Plan
    why_not: dict[str, str]

    @property
    def names(self) -> list[str]:
        """The names of the rules that decide."""
        return [rule.name for rule in self.plan.rules if not rule.name.endswith(EACH)]


def selected(plan: Plan, *, verifies: bool = False, ends: bool = False) -> Selected:
    """Return which rules of `plan` the gate decides by; `verifies`: it verifies identities, `ends`: it is told how calls end."""
    before = {rule.name: (rule, why_undecidable(rule, verifies=verifies, ends=ends)) for rule in plan.rules if rule.before}
    deciding = [rule for rule, why in before.values() if why is None]
    each = [
        replace(rule, name=rule.name + EACH, finds_each=True, cool_down_us=Micros(0)) for rule in deciding if rule.mode is Mode.ACT
    ]
    rules = tuple(sorted((*deciding, *each), key=lambda rule: rule.name))
    chosen = Plan(plan.policy, rules, plan.lists, plan.bounds)
    return Selected(chosen, {name: why for name, (_, why) in sorted(before.items()) if why is not None})


def why_undecidable(rule: Rule, *, verifies: bool = False, ends: bool = False) -> str | None:
    """Return why the gate can't decide by this rule, `None` where it can; `verifies` and `ends` as for `selected`."""
    kinds = {rule.on, *rule.also_on, *(measure.on for measure in rule.measures if measure.on is not None)}
    kinds.update(reset.on for reset in rule.reset)
    others = sorted(kinds - ({EventKind.ATTEMPT, EventKind.END} if ends else {EventKind.ATTEMPT}))
    if others:
        return f"it counts {', '.join(others)}, which nobody tells the gate"
    if EventKind.END in kinds and rule.measures and all(measure.on is EventKind.END for measure in rule.measures):
        return "it counts ends alone, so nothing is asked where a call begins: add count(on=attempt) to its condition"
    if not ends and any(measure.function is MeasureFunction.CONCURRENT for measure in rule.measures):
        return "it counts calls under way, and nobody tells the gate when a call ends"
    outcome = OUTCOME_TOLD if ends and EventKind.END in kinds else frozenset()
    untold = sorted(fields_of(rule) - (_ASKED | _VERIFIED if verifies else _ASKED) - outcome)
    if untold and _VERIFIED.issuperset(untold):
        return f"it reads {', '.join(untold)}, and signed identities are not verified here: see gate.identity"
    if untold:
        late = OUTCOME_FIELDS.intersection(untold)
        return f"it reads {', '.join(untold)}, which {'only the end of a call tells' if late else 'no question says'}"
    if any(tier.clears is not None for tier in rule.tiers):
        return "it refuses until something clears it; an order does that"
    if not any(refusal(tier.proposes) for tier in rule.tiers):
        return "it proposes to refuse nothing"
    return None


def refusal(proposals: tuple[Proposal, ...]) -> int | None:
    """Return the status code with which these refuse a request, `None` where they don't."""
    for proposal in proposals:
        if proposal.kind is ProposalKind.REFUSE:
            return _PLAIN_CODE if proposal.number is None else int(proposal.number)
    return None
