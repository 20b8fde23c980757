"""Which subjects that gave no event a rule means: those that pass what its filters ask of the reference alone."""

from collections.abc import Callable, Iterator
from typing import Final

from ringfence.policy.evaluation import Context, reading
from ringfence.policy.expressions import Call, Connective, Expression, Field
from ringfence.policy.functions import FUNCTIONS, Needs
from ringfence.policy.plan import Rule
from ringfence.policy.trees import fields_in, parts
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.subjects import SubjectKind

_TOLD: Final = frozenset({"account", "plan", "party", "root"})
"""What the reference tells of every subject, beside the rule's own key."""

_Filter = Callable[[Event], bool]


def meant(rule: Rule, context: Context) -> _Filter:
    """Return whether the rule means a subject, given as an event that holds what the reference tells.

    Of its filters only what depends on that is asked: `plan == "wholesale"` is, `direction == "outbound"` says nothing about who
    was silent. Where the rule names several kinds of events, to pass for one is enough.
    """
    told = _TOLD | fields_in(*rule.key) | ({"trunk"} if rule.subject is SubjectKind.TRUNK else set())
    kinds = [[reading(part, context) for part in _asked(rule.where_of(kind), told, "and")] for kind in (rule.on, *rule.also_on)]
    exempt = [reading(part, context) for part in _asked(rule.exempt, told, "or")]

    def means(event: Event) -> bool:
        return any(all(ask(event) for ask in asked) for asked in kinds) and not any(ask(event) for ask in exempt)

    return means


def _asked(condition: Expression | None, told: frozenset[str], operator: str) -> Iterator[Expression]:
    """Yield the operands that the reference tells, of a condition that `operator` joins."""
    if condition is None:
        return
    operands = condition.operands if isinstance(condition, Connective) and condition.operator == operator else (condition,)
    for operand in operands:
        if isinstance(operand, Connective) and operand.operator == operator:
            yield from _asked(operand, told, operator)
        elif fields_in(operand) <= told and not any(_tells_time(part) for part in parts(operand)):
            yield operand


def _tells_time(part: Expression) -> bool:
    if isinstance(part, Field):
        return part.name == "time"
    return isinstance(part, Call) and Needs.TIME in FUNCTIONS[part.function].needs
