"""What the ladder of a finding's policy version proposes, and what stands against it."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

from ringfence.desk.actor import Actor
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases.models import Case
from ringfence.desk.decisions.measures import Found, Measure, measure_of
from ringfence.desk.decisions.strikes import reached
from ringfence.desk.errors import NotThere
from ringfence.desk.parties import selectors as parties
from ringfence.desk.policies import rulings
from ringfence.desk.policies import selectors as policies
from ringfence.desk.policies.rulings import About
from ringfence.policy import Step
from ringfence.vocabulary.contracts import ActionKind, Scope
from ringfence.vocabulary.subjects import Role, SubjectKind

if TYPE_CHECKING:
    from ringfence.desk.detections.models import Finding

PROTECTED_LIST: Final = "protected-sources"
EMERGENCY_LIST: Final = "emergency-numbers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A measure that would be decided. `obstacle` says why it must not be, empty where nothing stands against it.

    `strikes` is where on the ladder an offender stands with this matter, which weighs `weighs`; 0 for every other role.
    `says` may be told to the party; `remark` is for the desk. `step` is the ladder's, as it is written there.
    """

    case_id: int
    finding_id: str
    policy_id: int
    policy: str
    clause: str
    rule_clause: str
    rule: str
    party: str
    measure: Measure
    step: str
    grave: bool
    standing: bool
    strikes: int
    weighs: int
    says: str
    remark: str
    obstacle: str

    @property
    def deed(self) -> str:
        """What it does, for people to read."""
        return self.measure.deed

    @property
    def length(self) -> str:
        """How long it lasts, for people to read."""
        return self.measure.length

    @property
    def waits(self) -> bool:
        """Nothing is ordered before a second person has confirmed it: the end of a contract."""
        return self.measure.action.kind is ActionKind.TERMINATE


def propose(*, case_id: int, finding: "Finding", now: datetime, actor: Actor) -> Proposal | None:
    """Return what the ladder proposes; `None` where it has no measure for the clause and the role that an edge can carry out.

    Also `None` where the version is not posted here: nothing may be done under it.
    """
    case = cases.case(number=case_id, actor=actor)
    if case is None:
        raise NotThere(f"no case {case_id}")
    placed = step_for(case=case, finding=finding, now=now, actor=actor)
    if placed is None:
        return None
    step, strikes, weighs = placed
    bundle = policies.bundle(hash=finding.policy)
    kind = SubjectKind(finding.subject_kind)
    found = Found(kind=kind, value=finding.subject_id, party=finding.party, country=bundle.settings.jurisdiction)
    measure = measure_of(step, found)
    if measure is None:
        return None
    fallen = _struck(finding, step, now, actor)
    shared = parties.trunks_at(address=finding.subject_id, now=now, actor=actor) if kind is SubjectKind.SOURCE else []
    names = ", ".join(use.trunk.name for use in shared)
    return Proposal(
        case_id=case_id,
        finding_id=finding.id,
        policy_id=policies.version_id(hash=finding.policy, actor=actor),
        policy=finding.policy,
        clause=step.under,
        rule_clause=finding.clause,
        rule=finding.rule,
        party=finding.party,
        measure=measure,
        step=step.text,
        grave=step.grave,
        standing=step.standing and not step.grave,
        strikes=strikes,
        weighs=weighs,
        says=finding.contract.says,
        remark=f"The address is also that of {names}: edges let its authenticated requests through." if names else "",
        obstacle=fallen or obstacle(measure.scope, policies.lists(hash=finding.policy, on=now.date())),
    )


def _struck(finding: "Finding", step: Step, now: datetime, actor: Actor) -> str:
    """Return why nothing may rest on the finding's clause or on the one that allows the step, or empty text."""
    told = finding.contract
    about, moments = About(told.subject, told.party_path), [now, finding.time]
    for clause in dict.fromkeys((finding.clause, step.under)):
        ruling = rulings.striking(clause=clause, about=about, moments=moments, actor=actor)
        if ruling is not None:
            return f"the clause {clause} is struck by {ruling.court}, {ruling.reference}"
    return ""


def step_for(*, case: Case, finding: "Finding", now: datetime, actor: Actor) -> tuple[Step, int, int] | None:
    """Return the ladder's step for a finding in a case, where on the ladder that is and what the matter weighs there.

    `None` where the ladder has no step, or the version is not posted here. Only offenders climb.
    """
    try:
        policies.version_id(hash=finding.policy, actor=actor)
    except NotThere:
        return None
    ladder, role = policies.bundle(hash=finding.policy).ladder, Role(case.role)
    strikes, weighs = 0, 0
    if role is Role.OFFENDER:
        strikes, weighs = reached(ladder=ladder, party=finding.party, clause=finding.clause, case=case.pk, now=now)
    step = ladder.step(finding.clause, role, max(strikes, 1))
    return (step, strikes, weighs) if step is not None else None


def obstacle(scope: Scope, lists: dict[str, tuple[str, ...]]) -> str:
    """Return why a measure against a scope must not be, or empty text."""
    if scope.kind is SubjectKind.SOURCE and _is_within(scope.value, lists.get(PROTECTED_LIST, ())):
        return "the source is on the list of protected sources"
    if scope.kind is SubjectKind.NUMBER and scope.value in lists.get(EMERGENCY_LIST, ()):
        return "it is an emergency number"
    return ""


def _is_within(address: str, networks: tuple[str, ...]) -> bool:
    try:
        wanted = ip_address(address)
    except ValueError:
        return False
    return any(wanted in ip_network(network, strict=False) for network in networks)
