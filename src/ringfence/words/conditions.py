"""What a condition's sides come to."""

from collections.abc import Mapping
from math import nan

from ringfence.policy.evaluation import Context, Occasion, judging
from ringfence.policy.expressions import Call, Expression, Field, Listed, Lookup, PastValue
from ringfence.policy.functions import FUNCTIONS
from ringfence.policy.trees import parts
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros

_NO_EVENT = Event(kind=EventKind.FACT, time=Micros(0), call_id="")


def value_of(expression: Expression, measures: Mapping[str, float]) -> float:
    """Return what an expression over measures comes to; not-a-number where a measure has no value, or where it needs more."""
    if any(map(_needs_more, parts(expression))):
        return nan
    try:
        return float(judging(expression, Context())(Occasion(_NO_EVENT, measures)))
    except KeyError:  # a mean of nothing is left out of a finding
        return nan


def _needs_more(part: Expression) -> bool:
    """Tell whether measures don't suffice: it reads the event, a list, or periods gone by."""
    if isinstance(part, Call):
        return bool(FUNCTIONS[part.function].needs)
    return isinstance(part, Field | Listed | Lookup | PastValue)
