"""Where a tier's condition became true."""

from dataclasses import dataclass, field

from ringfence.policy.plan import Rule
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import Micros
from ringfence.watch.tallies.keys import KeyParts


@dataclass(frozen=True, slots=True)
class Found:
    """`tier` of `rule` became true for `key` at `time`, when `event` counted, or at a boundary: then it is the key's newest.

    `measures` stand in the rule's order. `events` is how many of the key's events the window from `start` on holds, `sample` the
    call ids of the last of them, oldest first. `forgotten` is 0, or how many events the rule had forgotten by then where this
    window misses some. `quantity` is how many times the tier's charge is taken; `None` where it has none, or nobody can tell.
    `thresholds` is what the condition compared with beside the numbers that it states. `errors` are the bounds of the measures
    that were estimated, as shares of them, by the measure's name.
    """

    rule: Rule
    tier: int
    time: Micros
    event: Event
    key: KeyParts
    start: Micros
    measures: tuple[float, ...]
    events: int
    sample: tuple[str, ...]
    forgotten: int = 0
    quantity: float | None = None
    thresholds: dict[str, float] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
