"""From a step of the ladder and what was found to a measure: against whom, what, and for how long. No database."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import phonenumbers

from ringfence.policy import Step, StepAction
from ringfence.policy.durations import write_duration
from ringfence.vocabulary.contracts import Action, ActionKind, CallClass, Scope
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros

_KINDS: Final = {
    StepAction.THROTTLE: ActionKind.THROTTLE,
    StepAction.BAR: ActionKind.BAR,
    StepAction.REFUSE: ActionKind.REFUSE,
    StepAction.END_CALLS: ActionKind.END_CALLS,
    StepAction.DEREGISTER: ActionKind.DEREGISTER,
    StepAction.WITHDRAW: ActionKind.WITHDRAW,
    StepAction.SUSPEND: ActionKind.SUSPEND,
    StepAction.TERMINATE: ActionKind.TERMINATE,
}
"""Steps that edges carry out. To notify and to ask is not theirs: those are warnings."""
_SENDING: Final = (SubjectKind.ACCOUNT, SubjectKind.TRUNK, SubjectKind.NUMBER, SubjectKind.RANGE, SubjectKind.PARTY)
"""Scopes that a throttle or a bar can have."""

TERMINATED_FOR: Final = timedelta(days=30)
"""A contract that ended is looked at again after so long: numbers, final charges (its order needs a review date)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a measure would answer: the subject, its party (empty: nobody's), and the country whose calls are not international."""

    kind: SubjectKind
    value: str
    party: str
    country: str


@dataclass(frozen=True, slots=True)
class Measure:
    """`lasts` (it ends by itself) or `review` (a person looks again by then) is set; neither for a warning, which has no `action`.

    A warning is told to its party and counts as a strike; nothing is ordered. `asks`: the party is asked too.
    """

    scope: Scope
    action: Action | None
    lasts: timedelta | None
    review: timedelta | None
    asks: bool = False

    @property
    def deed(self) -> str:
        """What it does, for people to read.

        >>> scope = Scope(kind=SubjectKind.ACCOUNT, value="acme")
        >>> Measure(scope, Action(kind=ActionKind.THROTTLE, rate=1.0), timedelta(days=1), None).deed
        'throttle account acme to 1 call/s'
        """
        if self.action is None:
            return warning(self.scope)
        return deed(self.scope, self.action)

    @property
    def length(self) -> str:
        """How long it lasts, for people to read."""
        if self.action is None:
            return "(nothing is ordered)"
        span = write_duration(Micros((self.lasts or self.review or timedelta()) // timedelta(microseconds=1)))
        return f"for {span}" if self.lasts else f"until a review within {span}"


def measure_of(step: Step, found: Found) -> Measure | None:
    """Return the measure that a step takes, or `None` where the finding doesn't say against whom."""
    kind = _KINDS.get(step.action)
    if kind is None:
        whom = Scope(kind=SubjectKind.PARTY, value=found.party) if found.party else Scope(kind=found.kind, value=found.value)
        return Measure(whom, None, None, None, asks=step.action is StepAction.ASK)
    scope = _scope(step, found)
    if scope is None:
        return None
    action = Action(
        kind=kind,
        silent=step.silent,
        bars=CallClass(step.call_class) if step.call_class is not None else None,
        home=_home(found.country) if step.call_class == CallClass.INTERNATIONAL else (),
        rate=step.calls_per_second,
        concurrent=step.calls_at_once,
    )
    if kind is ActionKind.TERMINATE:
        return Measure(scope, action, None, TERMINATED_FOR)
    lasts = timedelta(microseconds=step.lasts_us) if step.lasts_us else None
    review = timedelta(microseconds=step.review_us) if step.review_us and not step.lasts_us else None
    return Measure(scope, action, lasts, review)


def _scope(step: Step, found: Found) -> Scope | None:
    """Return against whom: the narrowest of what was found that the step can be taken against."""
    subject = Scope(kind=found.kind, value=found.value)
    party = Scope(kind=SubjectKind.PARTY, value=found.party) if found.party else None
    match step.action:
        case StepAction.REFUSE:
            return subject if step.scope in (None, found.kind) else None
        case StepAction.WITHDRAW:
            return subject if found.kind is SubjectKind.NUMBER else None
        case StepAction.SUSPEND | StepAction.TERMINATE:
            return party or (subject if found.kind in (SubjectKind.ACCOUNT, SubjectKind.TRUNK, SubjectKind.PARTY) else None)
        case StepAction.END_CALLS | StepAction.DEREGISTER:
            once = Action(kind=_KINDS[step.action])
            return party if misfit(subject, once) else subject
        case _:
            return subject if found.kind in _SENDING else party


def _home(country: str) -> tuple[str, ...]:
    """Return how numbers of a country begin. Countries of one numbering plan, as in North America, begin alike."""
    code = phonenumbers.country_code_for_region(country)
    return (f"+{code}",) if code else ()


def warning(scope: Scope) -> str:
    """Return what a warning does, for people to read."""
    return f"warn {scope.kind} {scope.value}"


def deed(scope: Scope, action: Action) -> str:
    """Return what an order does, for people to read.

    >>> deed(Scope(kind=SubjectKind.SOURCE, value="203.0.113.9"), Action(kind=ActionKind.REFUSE, silent=True))
    'refuse source 203.0.113.9 without an answer'
    """
    whom = f"{scope.kind} {scope.value}"
    match action.kind:
        case ActionKind.REFUSE:
            return f"refuse {whom}{' without an answer' if action.silent else ''}"
        case ActionKind.REFUSE_INBOUND:
            return f"refuse calls to {whom}"
        case ActionKind.THROTTLE:
            return f"throttle {whom} to {_throttled(action)}"
        case ActionKind.DEREGISTER:
            return f"drop what {whom} has registered, once"
        case ActionKind.END_CALLS:
            return f"end the calls under way of {whom}, once, but no emergency call"
        case ActionKind.BAR:
            return f"bar {_CLASSES.get(action.bars or CallClass.ALL_OUTBOUND, '')} of {whom}"
        case ActionKind.FIX_CALLER:
            return f"let {whom} show no other number than {', '.join(action.callers)}"
        case ActionKind.DIVERT:
            return f"divert calls of {whom} to {action.target}"
        case ActionKind.TERMINATE:
            return f"end the contract of {whom}"
        case _:
            return f"{action.kind} {whom}"


def _throttled(action: Action) -> str:
    rate = f"{action.rate:g} call{'' if action.rate == 1 else 's'}/s" if action.rate is not None else ""
    together = f"{action.concurrent} call{'' if action.concurrent == 1 else 's'} at once" if action.concurrent is not None else ""
    return " and ".join(each for each in (rate, together) if each)


_CLASSES: Final = {
    CallClass.ALL_OUTBOUND: "all outgoing calls",
    CallClass.INTERNATIONAL: "international calls",
    CallClass.PREMIUM: "calls to premium numbers",
    CallClass.MESSAGES: "messages",
}


REMOVES_ACCESS: Final = frozenset({ActionKind.TERMINATE, ActionKind.DEREGISTER})
"""Actions after which somebody may have no way to call for help: only persons decide on them, and see before who that is."""
_PEOPLE: Final = frozenset({SubjectKind.ACCOUNT, SubjectKind.PARTY, SubjectKind.TRUNK})
_NUMBERS: Final = frozenset({SubjectKind.NUMBER, SubjectKind.RANGE})
_SENDERS: Final = _PEOPLE | {SubjectKind.SOURCE}
_FITTING: Final[dict[ActionKind, tuple[frozenset[SubjectKind], str]]] = {
    ActionKind.WITHDRAW: (_NUMBERS, "only a number, or a range of them, is withdrawn"),
    ActionKind.REFUSE_INBOUND: (
        _NUMBERS | {SubjectKind.ACCOUNT, SubjectKind.PARTY},
        "calls go to a number, a range, an account or a party",
    ),
    ActionKind.SUSPEND: (_PEOPLE | _NUMBERS, "a party, account, trunk, number or range is suspended; refuse anything else"),
    ActionKind.TERMINATE: (_PEOPLE, "a contract is a party's, and goes for its accounts and trunks; refuse anything else"),
    ActionKind.FIX_CALLER: (_SENDERS, "who sends calls has a caller number fixed, not a number, a pair or a registration"),
    ActionKind.DIVERT: (_SENDERS | _NUMBERS | {SubjectKind.PAIR}, "calls are diverted; a registration is refused"),
    ActionKind.DEREGISTER: (
        _SENDERS | {SubjectKind.NUMBER, SubjectKind.REGISTRATION},
        "who registers has an account, trunk, party, number, source or registration",
    ),
    ActionKind.END_CALLS: (
        _SENDERS | _NUMBERS | {SubjectKind.PAIR},
        "a registration has no calls; drop it, and end those of its account",
    ),
    ActionKind.BAR: (_SENDERS | _NUMBERS, "a class of calls is barred for who sends them; a pair or a registration is refused"),
}
"""What each action can be done to, and what to say where it can't; the others can be done to every kind."""


def misfit(scope: Scope, action: Action) -> str:
    """Return why an action has no meaning against a scope, or empty text.

    >>> misfit(Scope(kind=SubjectKind.SOURCE, value="203.0.113.9"), Action(kind=ActionKind.WITHDRAW))
    'only a number, or a range of them, is withdrawn'
    """
    kinds, says = _FITTING.get(action.kind, (frozenset(SubjectKind), ""))
    return "" if scope.kind in kinds else says
