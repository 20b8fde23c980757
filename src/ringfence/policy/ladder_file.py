"""ladder.yaml: reading the steps.

auto-dialing:
  strikes: {weight: 1, expires: 180d}
  steps:
    - at: 1
      do: notify
    - for: outsider
      do: refuse source for 1h, silent
      standing: yes
"""

import re
from dataclasses import dataclass
from typing import Final

from ringfence.policy.documents import Mapping, Node, Scalar, Sequence, parse_document
from ringfence.policy.durations import DURATION_HINT, parse_duration
from ringfence.policy.keys import Keys
from ringfence.policy.ladder import CALL_CLASSES, PROTECTIVE_CLAUSE, RESTRICTING, Ladder, Step, StepAction, Strikes
from ringfence.policy.problems import START, Mark, Report, did_you_mean
from ringfence.vocabulary.subjects import Role, SubjectKind
from ringfence.vocabulary.times import Micros

MAX_STRIKES: Final = 99

_DO: Final = re.compile(
    r"(?P<action>[a-z]+(?:-[a-z]+)?)(?:[ ](?P<detail>.*?))??"
    r"(?:[ ](?P<span>for|until[ ]review)[ ](?P<length>[^ ,]+))?(?P<silent>[ ]?,[ ]silent)?\Z"
)
_RATE: Final = re.compile(
    r"(?:(?P<rate>[0-9]{1,4}(?:\.[0-9]{1,3})?) calls?/s)?(?:(?(rate) and )(?P<together>[0-9]{1,4}) calls? at once)?\Z", re.ASCII
)
_SCOPES: Final = {str(kind): kind for kind in (SubjectKind.SOURCE, SubjectKind.TRUNK, SubjectKind.ACCOUNT, SubjectKind.NUMBER)}
_DO_HINT: Final = "write an action, what it touches, and how long: refuse source for 1h, silent"


@dataclass(frozen=True, slots=True)
class _Deed:
    """What `do:` says."""

    action: StepAction
    scope: SubjectKind | None = None
    calls_per_second: float | None = None
    calls_at_once: int | None = None
    call_class: str | None = None
    lasts_us: Micros | None = None
    review_us: Micros | None = None
    silent: bool = False


def read_ladder(file: str, text: str, report: Report) -> tuple[Ladder, dict[str, Mark]]:
    """Return the ladder and where each of its clauses, also those that steps rest `under`, is named."""
    node = parse_document(file, text, report)
    steps: list[Step] = []
    strikes: dict[str, Strikes] = {}
    marks: dict[str, Mark] = {}
    if node is not None and not isinstance(node, Mapping):
        report.add(file, START, "a ladder maps clauses to their steps", "begin with a clause's slug and a colon")
    for clause, entry in node.entries.items() if isinstance(node, Mapping) else ():
        marks[clause] = node.keys[clause] if isinstance(node, Mapping) else START
        if not isinstance(entry, Mapping):
            report.add(file, entry.mark, f"{clause} has no steps", "write strikes: and steps: below it")
            continue
        keys = Keys(file, entry, report)
        keys.check(required=("strikes", "steps"))
        if (weighed := _strikes(keys)) is not None:
            strikes[clause] = weighed
        steps += _steps(clause, keys, marks)
    return Ladder(tuple(steps), strikes), marks


def _strikes(keys: Keys) -> Strikes | None:
    node = keys.node.entries.get("strikes")
    if node is None:
        return None
    if not isinstance(node, Mapping):
        keys.refuse(node.mark, "strikes must say weight and expires", "write strikes: {weight: 1, expires: 180d}")
        return None
    inner = Keys(keys.file, node, keys.report)
    inner.check(required=("weight", "expires"))
    weight, expires = _count(inner, "weight", least=0), inner.duration("expires")
    return Strikes(weight, expires) if weight is not None and expires is not None else None


def _count(keys: Keys, key: str, *, least: int) -> int | None:
    scalar = keys.scalar(key)
    if scalar is None:
        return None
    if not re.fullmatch(r"[0-9]{1,2}", scalar.value, re.ASCII) or int(scalar.value) < least:
        keys.refuse(scalar.mark, f"{key} cannot be {scalar.value!r}", f"write a whole number from {least} to {MAX_STRIKES}")
        return None
    return int(scalar.value)


def _steps(clause: str, keys: Keys, marks: dict[str, Mark]) -> list[Step]:
    node = keys.node.entries.get("steps")
    if node is None:
        return []
    if not isinstance(node, Sequence) or not node.items:
        keys.refuse(node.mark, "steps must be a list", "write each step below a dash")
        return []
    steps: list[Step] = []
    for item in node.items:
        step = _step(clause, keys, item, marks)
        if step is None:
            continue
        if any((step.role, step.at) == (other.role, other.at) for other in steps):
            keys.refuse(item.mark, f"two steps for {step.role} at strike {step.at}", "give each its own number")
        steps.append(step)
    return steps


def _step(clause: str, outer: Keys, node: Node, marks: dict[str, Mark]) -> Step | None:
    if not isinstance(node, Mapping):
        outer.refuse(node.mark, "a step must say what it does", "write - at: 1 and below it do: notify")
        return None
    keys = Keys(outer.file, node, outer.report)
    keys.check(required=("do",), optional=("for", "at", "standing", "grave", "under"))
    role = keys.choice("for", Role) if "for" in node.entries else Role.OFFENDER
    at = _count(keys, "at", least=1) if "at" in node.entries else 1
    deed, grave, standing = _deed(keys), keys.flag("grave"), keys.flag("standing")
    under = keys.text("under") or (PROTECTIVE_CLAUSE if role is Role.OUTSIDER else clause)
    marks.setdefault(under, keys.mark("under"))
    if deed is None or role is None or at is None:
        return None
    _check(keys, deed, role=role, at=at, grave=grave, standing=standing)
    return Step(
        clause=clause,
        role=role,
        at=at,
        action=deed.action,
        under=under,
        text=keys.text("do") or "",
        scope=deed.scope,
        calls_per_second=deed.calls_per_second,
        calls_at_once=deed.calls_at_once,
        call_class=deed.call_class,
        lasts_us=deed.lasts_us,
        review_us=deed.review_us,
        standing=standing,
        grave=grave,
        silent=deed.silent,
    )


def _check(keys: Keys, deed: _Deed, *, role: Role, at: int, grave: bool, standing: bool) -> None:
    """Refuse steps that the design forbids: endless orders, strikes of outsiders, machines ending contracts."""
    mark = keys.mark("do")
    if deed.action in RESTRICTING and deed.lasts_us is None and deed.review_us is None:
        keys.refuse(mark, f"{deed.action} without an end", "write for 1h, or until review 7d")
    if deed.action not in RESTRICTING and (deed.lasts_us is not None or deed.review_us is not None):
        keys.refuse(mark, f"{deed.action} has no end", "leave out for … and until review …")
    if deed.action is StepAction.TERMINATE and not grave:
        keys.refuse(mark, "ending a contract takes two persons", "add grave: yes")
    if deed.action is StepAction.DEREGISTER and standing:
        keys.refuse(
            keys.mark("standing"), "who is registered no more cannot call for help: a person decides", "leave out standing:"
        )
    if grave and standing:
        keys.refuse(keys.mark("standing"), "a grave step takes two persons, a standing one none", "remove one of the two")
    if role is not Role.OFFENDER and at != 1:
        keys.refuse(keys.mark("at"), f"only an offender collects strikes, not the {role}", "leave out at:")
    if role is Role.OUTSIDER and not (deed.action is StepAction.REFUSE and deed.scope is SubjectKind.SOURCE):
        keys.refuse(mark, "an outsider has no contract to notify, ask or suspend", "write refuse source for 1h")
    if deed.silent and deed.action is not StepAction.REFUSE:
        keys.refuse(mark, f"{deed.action} cannot be silent", "silent goes with refuse: the edge drops without an answer")


def _deed(keys: Keys) -> _Deed | None:
    scalar = keys.scalar("do")
    if scalar is None:
        return None
    match = _DO.match(scalar.value)
    if match is None:
        keys.refuse(scalar.mark, f"do: {scalar.value!r} is not understood", _DO_HINT)
        return None
    action = keys.choose("do", StepAction, match["action"], scalar.mark)
    length = parse_duration(match["length"]) if match["length"] else None
    if match["length"] and not length:
        keys.refuse(scalar.at(match.start("length")), f"{match['length']!r} is no duration", DURATION_HINT)
        return None
    detail = _detail(keys, scalar, action, match) if action else None
    if action is None or detail is None:
        return None
    ends = match["span"] == "for"
    return _Deed(
        action=action,
        scope=detail.scope,
        calls_per_second=detail.calls_per_second,
        calls_at_once=detail.calls_at_once,
        call_class=detail.call_class,
        lasts_us=length if ends else None,
        review_us=None if ends else length,
        silent=match["silent"] is not None,
    )


def _detail(keys: Keys, scalar: Scalar, action: StepAction, match: re.Match[str]) -> _Deed | None:
    """Read what stands between the action and its end: a scope, a rate, a class of calls, or nothing."""
    told = match["detail"] or ""
    place = scalar.at(match.start("detail") if match["detail"] else 0)
    if action is StepAction.THROTTLE:
        rate = _RATE.match(told) if told else None
        if rate is not None and all(each is None or float(each) > 0 for each in rate.groups()):
            per_second, together = rate["rate"], rate["together"]
            return _Deed(
                action,
                calls_per_second=float(per_second) if per_second else None,
                calls_at_once=int(together) if together else None,
            )
        hint = "write throttle 1 call/s for 24h, throttle 10 calls at once for 24h, or both with and between them"
        keys.refuse(place, f"throttle to {told!r} is not understood", hint)
    elif action is StepAction.BAR:
        if told in CALL_CLASSES:
            return _Deed(action, call_class=told)
        keys.refuse(place, f"unknown class of calls {told!r}", did_you_mean(told, CALL_CLASSES))
    elif action is StepAction.REFUSE:
        if told in _SCOPES:
            return _Deed(action, scope=_SCOPES[told])
        keys.refuse(place, f"refuse cannot touch {told!r}", did_you_mean(told, _SCOPES))
    elif told:
        keys.refuse(place, f"{action} takes nothing more, not {told!r}", _DO_HINT)
    else:
        return _Deed(action)
    return None
