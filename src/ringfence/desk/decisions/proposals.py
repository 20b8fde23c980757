"""What the ladder of a finding's policy version proposes, and what stands against it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

from ringfence.desk.actor import Actor
from ringfence.desk.cases import selectors as cases
from ringfence.desk.errors import NotThere
from ringfence.desk.parties import selectors as parties
from ringfence.desk.policies import selectors as policies
from ringfence.policy import StepAction
from ringfence.policy.durations import write_duration
from ringfence.vocabulary.subjects import Role, SubjectKind
from ringfence.vocabulary.times import Micros

if TYPE_CHECKING:
    from ringfence.desk.detections.models import Finding

_FIRST: Final = 1
"""Strikes are not counted yet: every matter is its subject's first."""

PROTECTED_LIST: Final = "protected-sources"
EMERGENCY_LIST: Final = "emergency-numbers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A measure that would be decided. `obstacle` says why it must not be, empty where nothing stands against it.

    `lasts` or `review` is set. `says` may be told to the party; `remark` is for the desk.
    """

    case_id: int
    finding_id: str
    policy_id: int
    clause: str
    rule_clause: str
    rule: str
    scope_kind: str
    scope_value: str
    silent: bool
    standing: bool
    lasts: timedelta | None
    review: timedelta | None
    says: str
    remark: str
    obstacle: str

    @property
    def length(self) -> str:
        """How long it lasts, for people to read."""
        return write_duration(Micros((self.lasts or self.review or timedelta()) // timedelta(microseconds=1)))


def propose(*, case_id: int, finding: "Finding", now: datetime, actor: Actor) -> Proposal | None:
    """Return what the ladder proposes; `None` where it has no measure for the clause and the role that an edge can carry out.

    Also `None` where the version is not posted here: nothing may be done under it.
    """
    case = cases.case(number=case_id, actor=actor)
    if case is None:
        raise NotThere(f"no case {case_id}")
    try:
        policy_id = policies.version_id(hash=finding.policy, actor=actor)
    except NotThere:
        return None
    bundle = policies.bundle(hash=finding.policy)
    role = Role(case.role)
    step = bundle.ladder.step(finding.clause, role, _FIRST)
    if step is None or step.action is not StepAction.REFUSE or step.scope not in (None, finding.subject_kind):
        return None
    shared = (
        parties.trunks_at(address=finding.subject_id, now=now, actor=actor) if finding.subject_kind == SubjectKind.SOURCE else []
    )
    names = ", ".join(use.trunk.name for use in shared)
    return Proposal(
        case_id=case_id,
        finding_id=finding.id,
        policy_id=policy_id,
        clause=step.under,
        rule_clause=finding.clause,
        rule=finding.rule,
        scope_kind=finding.subject_kind,
        scope_value=finding.subject_id,
        silent=step.silent,
        standing=step.standing and not step.grave,
        lasts=timedelta(microseconds=step.lasts_us) if step.lasts_us else None,
        review=timedelta(microseconds=step.review_us) if step.review_us else None,
        says=finding.contract.says,
        remark=f"The address is also that of {names}: edges let its authenticated requests through." if names else "",
        obstacle=_obstacle(finding, policies.lists(hash=finding.policy, on=now.date())),
    )


def _obstacle(finding: "Finding", lists: dict[str, tuple[str, ...]]) -> str:
    if finding.subject_kind == SubjectKind.SOURCE and _is_within(finding.subject_id, lists.get(PROTECTED_LIST, ())):
        return "the source is on the list of protected sources"
    if finding.subject_kind == SubjectKind.NUMBER and finding.subject_id in lists.get(EMERGENCY_LIST, ()):
        return "it is an emergency number"
    return ""


def _is_within(address: str, networks: tuple[str, ...]) -> bool:
    try:
        wanted = ip_address(address)
    except ValueError:
        return False
    return any(wanted in ip_network(network, strict=False) for network in networks)
