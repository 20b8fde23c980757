"""What a measure would do to people, shown before anybody confirms it: whom it touches, who talks now, who calls for help there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from ringfence.desk.actor import Actor
from ringfence.desk.data_folder import data_folder
from ringfence.desk.decisions.measures import REMOVES_ACCESS
from ringfence.desk.parties.selectors import number_holder
from ringfence.desk.parties.touched import Line, Touched, lines_touched, touched
from ringfence.desk.policies import selectors as policies
from ringfence.vocabulary.contracts import ActionKind, Scope
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros, utc

CALLS_FILE: Final = "gate-calls.json"
"""Where the gate says how many calls are under way, by edge and scope."""
STALE: Final = timedelta(minutes=2)
LIFELINES: Final = {"alarm": "alarm lines", "care": "care lines"}
"""Plans whose lines call for help by themselves, whatever the policy's list says."""
LIFELINES_LIST: Final = "lifelines"
"""The policy's list of such lines: its entries are plans, accounts and numbers, its column `kind` says what they are."""
_NAMED: Final = 10
_BETWEEN: Final = frozenset({SubjectKind.PAIR, SubjectKind.RANGE})
"""Kinds of scopes whose calls are counted by the numbers at their ends."""


class _AtEdge(msgspec.Struct, frozen=True):
    seen: int
    calls: int = 0
    emergency: int = 0
    scopes: dict[str, int] = {}
    between: dict[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Reaching:
    """`calls` are under way as of `seen`; `None` where no edge tells. `lifelines` names accounts and numbers, and what they are.

    `may_call` counts the lines from which people may call for help, and `numbers_for_help` says which numbers do so, by place.
    `loses` says that they could not do so any more: then only a person decides.
    """

    touched: Touched
    calls: int | None
    seen: datetime | None
    lines: tuple[Line, ...]
    lifelines: tuple[tuple[str, str], ...]
    numbers_for_help: tuple[tuple[str, str], ...]
    loses: bool

    @property
    def may_call(self) -> int:
        """How many numbers people may call for help from."""
        return sum(line.numbers for line in self.lines)

    @property
    def named(self) -> str:
        """The first of the accounts, for people to read."""
        names = [line.account for line in self.lines]
        return ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")


def reaching(*, scope: Scope, action: ActionKind | None, now: datetime, actor: Actor) -> Reaching | None:
    """Return what a measure would do; `None` for who may not see the desk."""
    if not actor.sees_the_desk:
        return None
    kind = str(scope.kind)
    lines = tuple(lines_touched(kind=kind, value=scope.value, now=now, actor=actor))
    calls, seen = _under_way(scope, now)
    return Reaching(
        touched=touched(kind=kind, value=scope.value, now=now, actor=actor),
        calls=calls,
        seen=seen,
        lines=lines,
        lifelines=_lifelines(scope, lines, actor, now),
        numbers_for_help=_numbers_for_help(lines, actor, now),
        loses=bool(lines) and action in REMOVES_ACCESS,
    )


def _lifelines(scope: Scope, lines: tuple[Line, ...], actor: Actor, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return which of the lines call for help by themselves: what they are, and the account or number."""
    version = policies.current(actor=actor)
    rows = policies.bundle(hash=version.hash).lists.get(LIFELINES_LIST, ()) if version is not None else ()
    held = {
        row.entry: row.columns.get("kind") or "lines for help" for row in rows if row.expiry is None or row.expiry >= now.date()
    }
    plans = {**LIFELINES, **held}
    found: dict[str, str] = {}
    for line in lines:
        what = held.get(line.account) or (plans.get(line.plan) if line.plan else None)
        if what is not None:
            found[f"account {line.account}"] = what
    accounts = {line.account for line in lines}
    numbered = (SubjectKind.NUMBER, SubjectKind.RANGE)
    for number in sorted(entry for entry in held if entry.startswith("+")):
        if scope.kind in numbered and not number.startswith(scope.value):
            continue
        holder = number_holder(number=number, moment=now, actor=actor)
        if holder is not None and holder.account in accounts:
            found[number] = held[number]
    return tuple((what, who) for who, what in found.items())


def _numbers_for_help(lines: tuple[Line, ...], actor: Actor, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return, for each place where the lines are, the numbers that call for help there."""
    version = policies.current(actor=actor)
    if version is None or not lines:
        return ()
    home = policies.bundle(hash=version.hash).settings.jurisdiction
    told = policies.emergency(hash=version.hash, on=now.date())
    places = sorted({line.country or home for line in lines})
    return tuple((place, ", ".join(told.get(place, told.get("ZZ", ())))) for place in places)


def _under_way(scope: Scope, now: datetime) -> tuple[int | None, datetime | None]:
    """Return how many calls of the scope are under way at all edges, and as of when; `None` where nobody tells of late."""
    try:
        told = msgspec.json.decode((data_folder() / CALLS_FILE).read_bytes(), type=dict[str, _AtEdge])
    except (OSError, RuntimeError, msgspec.MsgspecError):
        return None, None
    lately = [at for at in told.values() if now - utc(Micros(at.seen)) <= STALE]
    if not lately or (scope.kind in _BETWEEN and any(at.between is None for at in lately)):
        return None, None
    count = sum(_at_edge(scope, at) for at in lately)
    return count, utc(Micros(min(at.seen for at in lately)))


def _at_edge(scope: Scope, at: _AtEdge) -> int:
    """Return how many calls of a scope an edge has. What a registration is refused are new registrations: no call is its own."""
    if scope.kind not in _BETWEEN:
        return at.scopes.get(f"{scope.kind}:{scope.value}", 0)
    return sum(count for numbers, count in (at.between or {}).items() if _is_between(scope, numbers.split(",")))


def _is_between(scope: Scope, numbers: list[str]) -> bool:
    """Tell whether a call is of a pair or a range; the called number is the last."""
    if scope.kind is SubjectKind.RANGE:
        return any(number.startswith(scope.value) for number in numbers)
    caller, _, called = scope.value.partition(",")
    return numbers[-1] == called and caller in numbers[:-1]
