"""How much a rule's tallies may hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """At most `keys` that hold at most `entries` together; beyond `exact` distinct values of a key its count is estimated."""

    keys: int
    entries: int
    exact: int
