"""Order: what every edge must do, until when, and by which decision."""

from enum import StrEnum

from msgspec import Struct

from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros


class ActionKind(StrEnum):
    """What an order does. More kinds come with the edges that can carry them out."""

    REFUSE = "refuse"  # refuse every request of the scope, silently where it is an outsider's


class Scope(Struct, frozen=True, kw_only=True):
    """Whom it touches, written as the subject kind's ids are."""

    kind: SubjectKind
    value: str


class Action(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to do, and the parameters of it. `silent`: drop without an answer, but report the refusal."""

    kind: ActionKind
    silent: bool = False
    code: int = 603
    phrase: str = "Decline"


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order in force from `start` until `until`, or without end until its `review` date.

    Exactly one of `until` and `review` is set: an end lifts the order, a review date starts a clock and lifts nothing.
    `rule` is the rule whose finding led here, `None` where a person decided. `redress` leads to the case.
    """

    v: int = 1
    id: str
    generation: int
    decision: str
    policy: str
    clause: str
    rule: str | None = None
    scope: Scope
    action: Action
    start: Micros
    until: Micros | None = None
    review: Micros | None = None
    redress: str | None = None


class OrderChange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record of the orders feed. With `full` the upserts are the whole table, and what they lack is gone."""

    v: int = 1
    generation: int
    full: bool = False
    upserts: tuple[Order, ...] = ()
    removals: tuple[str, ...] = ()
    """Ids of orders that must be gone from every edge."""
