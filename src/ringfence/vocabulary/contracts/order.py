"""Order: what every edge must do, until when, and by which decision."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros


class ActionKind(StrEnum):
    """What an order does. The scope *sends* what its source, trunk, account, party or caller number sends."""

    REFUSE = "refuse"  # what the scope sends, silently where it is an outsider's
    REFUSE_INBOUND = "refuse-inbound"  # calls to the scope
    BAR = "bar"  # calls of the scope to a class of numbers: `bars`
    FIX_CALLER = "fix-caller"  # calls of the scope that show another number than `callers`
    DIVERT = "divert"  # calls of the scope go to `target` instead: an announcement
    WITHDRAW = "withdraw"  # a number: both ways; it is nobody's until it is given out again
    SUSPEND = "suspend"  # both ways
    TERMINATE = "terminate"  # both ways; the contract is over
    THROTTLE = "throttle"  # let `rate` calls a second of the scope through, or `concurrent` at once, or both
    ALLOW = "allow"  # no inline rule judges the scope; stands below every other order
    DEREGISTER = "deregister"  # once: what the scope has registered is dropped; it may register again
    END_CALLS = "end-calls"  # once: the scope's calls under way are ended, but for emergency calls


DEEDS: Final = frozenset({ActionKind.DEREGISTER, ActionKind.END_CALLS})
"""What is done once and can't be undone. Such an order's end takes nothing back; it refuses nothing that comes later."""


class CallClass(StrEnum):
    """Classes of calls that can be barred."""

    ALL_OUTBOUND = "all-outbound"
    INTERNATIONAL = "international"  # to no number that begins as one of the action's `home`
    PREMIUM = "premium"  # numbers that cost more than a call, by their country's numbering plan
    MESSAGES = "messages"  # MESSAGE requests


class Scope(Struct, frozen=True, kw_only=True):
    """Whom it touches, written as the subject kind's ids are."""

    kind: SubjectKind
    value: str


class Action(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to do, and the parameters of it. `silent`: drop without an answer, but report the refusal.

    `rate` is in calls a second; up to `burst` may come at once. `concurrent` is how many calls may be under way together. `callers`
    and `home` are E.164 with +: whole numbers, and prefixes. `target` is a SIP URI.
    """

    kind: ActionKind
    silent: bool = False
    code: int = 603
    phrase: str = "Decline"
    bars: CallClass | None = None
    home: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    target: str | None = None
    rate: float | None = None
    burst: int = 1
    concurrent: int | None = None


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
