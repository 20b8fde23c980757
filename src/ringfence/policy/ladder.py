"""The ladder: what answers a violation of each clause, by the subject's role and, for offenders, by strike count."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ringfence.vocabulary.subjects import Role, SubjectKind
from ringfence.vocabulary.times import Micros


class StepAction(StrEnum):
    """What a step does, from the mildest on."""

    NOTIFY = "notify"  # tell the party what was found
    ASK = "ask"  # an inquiry: the party must answer
    THROTTLE = "throttle"  # let fewer calls through: so many a second, so many under way at once, or both
    BAR = "bar"  # refuse one class of calls: `call_class`
    REFUSE = "refuse"  # refuse everything of the scope
    END_CALLS = "end-calls"  # once: end the calls under way, but no emergency call
    DEREGISTER = "deregister"  # once: drop what is registered
    WITHDRAW = "withdraw"  # take a number back
    SUSPEND = "suspend"  # refuse every call of the party but emergency calls
    TERMINATE = "terminate"  # end the contract


CALL_CLASSES: Final = ("all-outbound", "international", "premium", "messages")
"""The classes of calls that can be barred."""

RESTRICTING: Final = frozenset(
    {
        StepAction.THROTTLE,
        StepAction.BAR,
        StepAction.REFUSE,
        StepAction.END_CALLS,
        StepAction.DEREGISTER,
        StepAction.WITHDRAW,
        StepAction.SUSPEND,
    }
)
"""Actions that become an order at the edge: each needs an end or a review date; what is done once is done until then."""

PROTECTIVE_CLAUSE: Final = "technical-prevention"
"""The clause on which steps against outsiders rest: nobody's contract binds them, the network protects itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `at` is the strike from which it applies; 1 for every role but the offender, who alone collects strikes.

    A restricting action has exactly one of `lasts_us` (it ends by itself) and `review_us` (a person looks again by then).
    `standing`: may be taken without a person. `grave`: takes a second person. `silent`: the edge drops without an answer.
    `under` is the clause that allows the step, which for an outsider is not the clause that was violated.
    `calls_at_once` is how many calls a throttle lets be under way together. `text` is the step as the bundle writes it.
    """

    clause: str
    role: Role
    at: int
    action: StepAction
    under: str
    text: str
    scope: SubjectKind | None = None
    calls_per_second: float | None = None
    calls_at_once: int | None = None
    call_class: str | None = None
    lasts_us: Micros | None = None
    review_us: Micros | None = None
    standing: bool = False
    grave: bool = False
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Strikes:
    """What a violation of a clause weighs, and when it no longer counts."""

    weight: int
    expires_us: Micros


@dataclass(frozen=True, slots=True)
class Ladder:
    """Every clause's steps in the order of the file, and its strikes."""

    steps: tuple[Step, ...]
    strikes: dict[str, Strikes]

    def step(self, clause: str, role: Role, strikes: int) -> Step | None:
        """Return the step for a violation of `clause`, or `None` where the ladder has none: then a person decides.

        `strikes` counts the matter at hand too. Beyond the last step the last one stays. Only an offender climbs: for every other
        role it is as if this were the first.
        """
        reached = strikes if role is Role.OFFENDER else 1
        fitting = [step for step in self.steps if step.clause == clause and step.role is role and step.at <= reached]
        return max(fitting, key=lambda step: step.at, default=None)

    def of(self, clause: str) -> tuple[Step, ...]:
        """Return all the steps of `clause`."""
        return tuple(step for step in self.steps if step.clause == clause)
