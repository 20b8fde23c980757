"""What windows may remember, what they forgot, and what they tell."""

from dataclasses import dataclass

from ringfence.policy.plan import EXACT_DISTINCT, MEMORY_BYTES
from ringfence.vocabulary.times import Micros


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an engine may remember: `memory_bytes` for all rules, and of each rule so many events and live keys.

    Beyond that the oldest events leave early. In a compiled window an event takes 40 bytes, 40 more for each distinct, 72 for
    each commonest and 24 for each numeric measure; a key about 80, up to 24 more for each measure and 12 for each rule; `footprint`
    says it for a group.
    The number of a key's distinct values is estimated beyond `exact_distinct`. Unless `in_advance`, what the next events may
    need counts only once they came: nothing is forgotten before the bound is reached, and a burst may pass it for a moment.
    """

    events: int = 1 << 26
    keys: int = 1 << 24
    memory_bytes: int = MEMORY_BYTES
    exact_distinct: int = EXACT_DISTINCT
    in_advance: bool = True


@dataclass(frozen=True, slots=True)
class Losses:
    """What a rule forgot before its time, to bound memory. `events` left the window early; `cool_downs` ended early."""

    events: int
    cool_downs: int


@dataclass(frozen=True, slots=True)
class Crossing:
    """A rule's condition became true. `position` is the event's in the batch, `time` when it counted.

    `measures` stand in the rule's order. `events` is how many of the key's events the window holds, `sample` the numbers of the
    last of them, oldest first. `forgotten` is 0, or how many events the rule had forgotten by then where this window misses some.
    `errors` are the bounds of the measures' errors as shares of them, in their order; empty where all are exact.
    """

    position: int
    time: Micros
    measures: tuple[float, ...]
    events: int
    forgotten: int
    sample: tuple[int, ...]
    errors: tuple[float, ...] = ()
