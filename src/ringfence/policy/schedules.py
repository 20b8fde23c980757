"""When a rule is looked at, and what it answers: `evaluate`, `silent_too`, `decide`, `classifies`."""

import re
from dataclasses import dataclass
from typing import Final

from ringfence.policy.durations import DURATION_HINT, parse_duration, write_duration
from ringfence.policy.expressions import Expression
from ringfence.policy.fields import OUTCOME_FIELDS
from ringfence.policy.keys import Keys
from ringfence.policy.plan import Calendar, Evaluation, Window
from ringfence.policy.problems import Mark
from ringfence.policy.selections import Selected
from ringfence.policy.subjects import CountedBy
from ringfence.policy.trees import fields_in
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, SECOND, Micros

SHORTEST_ROUND: Final = SECOND
LONGEST_ROUND: Final = DAY
LISTED: Final = (SubjectKind.ACCOUNT, SubjectKind.PARTY, SubjectKind.TRUNK, SubjectKind.NUMBER)
"""The kinds of subject that the reference knows, so that also those are known who gave no event."""

LONGEST_CLASS: Final = Micros(400 * DAY)

BEFORE_A_CALL: Final = (EventKind.ATTEMPT, EventKind.MESSAGE, EventKind.REQUEST, EventKind.REGISTRATION)
"""What can still be answered when it is seen. Further kinds may be counted beside it."""

_CLASS: Final = re.compile(
    r"""(?P<quote>["']?)(?P<name>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)(?P=quote)\s+for\s+(?P<time>\S+)\s*\Z""", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a rule's condition is looked at."""

    evaluation: Evaluation = Evaluation.EVENT
    every_us: Micros | None = None
    silent_too: bool = False
    before: bool = False
    finds_each: bool = False


def read_schedule(keys: Keys, windows: tuple[Window, ...] | None, selected: tuple[Selected, ...] | None) -> Schedule:
    """Return the rule's schedule; what cannot be is reported. `windows` or `selected` is `None` where it has a problem itself."""
    evaluation, every_us = _evaluation(keys)
    silent_too, before = keys.flag("silent_too"), _before(keys, selected)
    if evaluation is Evaluation.CLOSE and windows is not None and (len(windows) != 1 or not isinstance(windows[0], Calendar)):
        keys.refuse(_mark(keys, "evaluate"), "at the close of what? It needs one calendar window", 'write window: day in "UTC"')
    if silent_too and evaluation is Evaluation.EVENT and "evaluate" not in keys.node.entries:
        keys.refuse(
            keys.mark("silent_too"), "who is silent gives no event to judge it at", "add evaluate: at close, or every 15min"
        )
    elif silent_too and evaluation is Evaluation.EVENT:
        keys.refuse(_mark(keys, "evaluate"), "who is silent gives no event to judge it at", "write at close, or every 15min")
    if before and evaluation is not Evaluation.EVENT:
        keys.refuse(_mark(keys, "evaluate"), "a rule that decides before is looked at for each call", "leave evaluate out")
    return Schedule(evaluation, every_us, silent_too, before, _finds_each(keys))


def check_silent(keys: Keys, schedule: Schedule, counted_by: CountedBy | None) -> None:
    """Report a rule about the silent whose subjects the reference cannot list."""
    if not schedule.silent_too or counted_by is None:
        return
    if counted_by.subject not in LISTED or len(counted_by.subject_parts) != len(counted_by.key):
        known = ", ".join(LISTED)
        keys.refuse(keys.mark("silent_too"), "nobody can list who is silent", f"count per one of {known}, and by nothing else")


def check_before(keys: Keys, schedule: Schedule, *conditions: Expression | None) -> None:
    """Report a rule that decides before, and asks of the call it decides about what only its end tells."""
    late = sorted(fields_in(*conditions) & OUTCOME_FIELDS)
    if schedule.before and late:
        keys.refuse(keys.mark("decide"), f"{late[0]} is known too late to decide before", "measure it: what is over counts there")


def _mark(keys: Keys, key: str) -> Mark:
    return keys.node.entries[key].mark


def _evaluation(keys: Keys) -> tuple[Evaluation, Micros | None]:
    scalar = keys.scalar("evaluate")
    if scalar is None:
        return Evaluation.EVENT, None
    words = scalar.value.split()
    if words == ["each", "event"]:
        return Evaluation.EVENT, None
    if words == ["at", "close"]:
        return Evaluation.CLOSE, None
    if len(words) == 2 and words[0] == "every":
        length = parse_duration(words[1])
        if length is None:
            keys.refuse(scalar.at(scalar.value.index(words[1])), f"{words[1]!r} is no duration", DURATION_HINT)
        elif not SHORTEST_ROUND <= length <= LONGEST_ROUND:
            allowed = f"{write_duration(SHORTEST_ROUND)} to {write_duration(LONGEST_ROUND)}"
            keys.refuse(scalar.at(scalar.value.index(words[1])), f"a round every {words[1]} is not kept", f"possible are {allowed}")
        return Evaluation.EVERY, length
    keys.refuse(scalar.mark, f"evaluate cannot be {scalar.value!r}", "write each event, at close, or every 15min")
    return Evaluation.EVENT, None


def _finds_each(keys: Keys) -> bool:
    """Read `first time` or `each time`."""
    scalar = keys.scalar("finds")
    if scalar is None:
        return False
    words = scalar.value.split()
    if words not in (["first", "time"], ["each", "time"]):
        keys.refuse(
            scalar.mark, f"finds cannot be {scalar.value!r}", "write each time, or leave it out: then the first time it holds"
        )
    elif words[0] == "each" and "clears" in keys.node.entries:
        keys.refuse(
            keys.mark("clears"), "what is found each time needs nothing to clear it", "leave out clears, or finds: each time"
        )
    return words[0] == "each" if words else False


def _before(keys: Keys, selected: tuple[Selected, ...] | None) -> bool:
    scalar = keys.scalar("decide")
    if scalar is None:
        return False
    if scalar.value != "before":
        keys.refuse(
            scalar.mark, f"decide cannot be {scalar.value!r}", "write before, or leave it out: then it is found as it happens"
        )
        return False
    for one in (selected or ())[:1]:
        late = sorted(fields_in(one.where) & OUTCOME_FIELDS)
        if one.kind not in BEFORE_A_CALL:
            keys.refuse(keys.mark("on"), f"{one.kind} comes too late to decide before", f"write on: {' or '.join(BEFORE_A_CALL)}")
        elif late:
            keys.refuse(keys.mark("on"), f"{late[0]} is known too late to decide before", "ask for what the set-up tells")
    return True


def read_classifies(keys: Keys) -> tuple[str | None, Micros | None]:
    """Read `NAME for DURATION`."""
    scalar = keys.scalar("classifies")
    if scalar is None:
        return None, None
    match = _CLASS.match(scalar.value)
    length = parse_duration(match["time"]) if match else None
    if match is None:
        keys.refuse(
            scalar.mark, f"classifies cannot be {scalar.value!r}", "write a class and how long it holds: auto-dialler for 24h"
        )
    elif not length or length > LONGEST_CLASS:
        hint = DURATION_HINT if length is None else f"at most {write_duration(LONGEST_CLASS)}"
        keys.refuse(scalar.at(match.start("time")), f"a class cannot hold for {match['time']}", hint)
    else:
        return match["name"], length
    return None, None
