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
from ringfence.policy.ladder import PROTECTIVE_CLAUSE
from ringfence.vocabulary.contracts import ActionKind, Scope, Subject
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
        return self.measure.action is not None and self.measure.action.kind is ActionKind.TERMINATE


def propose(
    *, case_id: int, finding: "Finding | None", now: datetime, actor: Actor, clause: str = "", freely: bool = False
) -> Proposal | None:
    """Return what the ladder proposes for a finding, or, where a person picked a `clause`, for that one instead of its rule's.

    Without a finding the case's subject is answered under the clause of the version in force. `None` where the ladder has no step
    for the clause and the role, or none that says against whom; `freely`, the proposal has an empty `step` then, for a person who
    chooses the measure. Also `None` where the version is not posted here: nothing may be done under it. Raises `NotThere`.
    """
    case = cases.case(number=case_id, actor=actor)
    if case is None:
        raise NotThere(f"no case {case_id}")
    basis = basis_of(case=case, finding=finding, clause=clause, actor=actor)
    if basis is None:
        return None
    bundle = policies.bundle(hash=basis.policy)
    step, strikes, weighs = _placed(case, basis, now)
    found = Found(
        kind=basis.about.subject.kind, value=basis.about.subject.id, party=basis.party, country=bundle.settings.jurisdiction
    )
    measure = measure_of(step, found) if step is not None else None
    if measure is None and not freely:
        return None
    whom = Scope(kind=found.kind, value=found.value)
    under = step.under if step is not None else PROTECTIVE_CLAUSE if case.role == Role.OUTSIDER else basis.clause
    chosen = measure or Measure(whom, None, None, None)
    shared = parties.trunks_at(address=found.value, now=now, actor=actor) if found.kind is SubjectKind.SOURCE else []
    names = ", ".join(use.trunk.name for use in shared)
    fallen = _struck(basis, under, now, actor)
    return Proposal(
        case_id=case_id,
        finding_id=basis.finding,
        policy_id=policies.version_id(hash=basis.policy, actor=actor),
        policy=basis.policy,
        clause=under,
        rule_clause=basis.clause,
        rule=basis.rule,
        party=basis.party,
        measure=chosen,
        step=step.text if step is not None and measure is not None else "",
        grave=step.grave if step is not None and measure is not None else False,
        standing=step is not None and measure is not None and step.standing and not step.grave and not measure.asks,
        strikes=strikes,
        weighs=weighs,
        says=basis.says,
        remark=f"The address is also that of {names}: edges let its authenticated requests through." if names else "",
        obstacle=fallen or obstacle(chosen.scope, policies.lists(hash=basis.policy, on=now.date())),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a decision rests on: a clause of a version, and whom it is about. `finding`, `rule` and `moment` are a finding's."""

    policy: str
    clause: str
    about: About
    party: str
    finding: str = ""
    rule: str = ""
    says: str = ""
    moment: datetime | None = None


def basis_of(*, case: Case, finding: "Finding | None", clause: str, actor: Actor) -> Basis | None:
    """Return what a decision would rest on; `None` without a posted version. Raises `NotThere` where that has no such clause."""
    version = policies.current(actor=actor)
    if finding is None and version is None:
        return None
    policy = finding.policy if finding is not None else version.hash if version is not None else ""
    try:
        policies.version_id(hash=policy, actor=actor)
    except NotThere:
        return None
    text = policies.bundle(hash=policy).clause(clause) if clause else None
    if clause and text is None:
        raise NotThere(f"the policy has no clause {clause}")
    if finding is None and text is None:
        return None
    says = text.title if text is not None else ""
    if finding is not None:
        told = finding.contract
        return Basis(
            policy=policy,
            clause=clause or finding.clause,
            about=About(told.subject, told.party_path),
            party=finding.party,
            finding=finding.id,
            rule=finding.rule,
            says=told.says if not clause or clause == finding.clause else says,
            moment=finding.time,
        )
    subject = Subject(kind=SubjectKind(case.subject_kind), id=case.subject_id)
    party = case.subject_id if case.subject_kind == SubjectKind.PARTY else ""
    page = parties.party_page(name=party, actor=actor, now=case.latest) if party else None
    return Basis(policy=policy, clause=clause, about=About(subject, page.path if page else ()), party=party, says=says)


def _struck(basis: Basis, under: str, now: datetime, actor: Actor) -> str:
    """Return why nothing may rest on the clause or on the one that allows the step, or empty text."""
    moments = [now] if basis.moment is None else [now, basis.moment]
    for clause in dict.fromkeys((basis.clause, under)):
        ruling = rulings.striking(clause=clause, about=basis.about, moments=moments, actor=actor)
        if ruling is not None:
            return f"the clause {clause} is struck by {ruling.court}, {ruling.reference}"
    return ""


def step_for(*, case: Case, finding: "Finding", now: datetime, actor: Actor) -> tuple[Step, int, int] | None:
    """Return the ladder's step for a finding in a case, where on the ladder that is and what the matter weighs there.

    `None` where the ladder has no step, or the version is not posted here. Only offenders climb.
    """
    basis = basis_of(case=case, finding=finding, clause="", actor=actor)
    if basis is None:
        return None
    step, strikes, weighs = _placed(case, basis, now)
    return (step, strikes, weighs) if step is not None else None


def _placed(case: Case, basis: Basis, now: datetime) -> tuple[Step | None, int, int]:
    ladder, role = policies.bundle(hash=basis.policy).ladder, Role(case.role)
    strikes, weighs = 0, 0
    if role is Role.OFFENDER:
        strikes, weighs = reached(ladder=ladder, party=basis.party, clause=basis.clause, case=case.pk, now=now)
    return ladder.step(basis.clause, role, max(strikes, 1)), strikes, weighs


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
