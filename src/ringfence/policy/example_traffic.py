"""The traffic of an example: a few blocks of YAML as the events that watch would have made of it.

    - call: {account: acme, caller: "+3225550100", callee: "+3247#######", duration: [4s, 40s]}
      at: 10min                 # from the example's `time`; or a date and time with its zone
      count: 130                # so many of them …
      every: 20s                # … so far apart …
      rounds: 7                 # … and the whole again so many times …
      apart: 1d                 # … each so long after the one before

A key is a field as rules name it. A run of `#` is the event's number in its block, from 1; a list gives its values in turn, anew
in each round. A `call` makes an attempt, an answer where it was answered, and an end; every other kind makes one event.
"""

import re
from collections.abc import Callable
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from typing import Final, get_type_hints

from ringfence.policy.documents import Mapping, Node, Scalar, Sequence
from ringfence.policy.durations import DURATION_HINT, parse_duration
from ringfence.policy.fields import FIELDS
from ringfence.policy.keys import Keys
from ringfence.policy.problems import did_you_mean
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import MILLISECOND, Micros, from_iso

CALL: Final = "call"
KINDS: Final = (CALL, *(str(kind) for kind in EventKind))
SCHEDULE: Final = ("at", "count", "every", "rounds", "apart")
MAX_EVENTS: Final = 1_000_000
UNANSWERED: Final = 480
GIVEN_UP: Final = 487

_TYPES: Final = get_type_hints(Event)
_FROM_ELSEWHERE: Final = frozenset({"v", "kind", "time", "sequence"})
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}\Z", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?\Z", re.ASCII)
_INDEX: Final = re.compile(r"#+")

Value = str | int | float | bool | None
Account = tuple[str | None, tuple[str, ...]]
"""An account's plan and the path of parties down to it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Events of one shape. `values` holds for each attribute of the contract what it is in turn."""

    kind: str
    values: dict[str, tuple[Value, ...]]
    at: Micros
    count: int
    every: Micros
    rounds: int
    apart: Micros


def read_moment(keys: Keys, key: str, start: Micros) -> Micros | None:
    """Return the moment at `key`: lengths of time after `start` (`2d 4h`), or a date and time with its zone."""
    scalar = keys.scalar(key)
    if scalar is None:
        return None
    lengths = [parse_duration(word) for word in scalar.value.split()]
    if all(length is not None for length in lengths):
        return Micros(start + sum(length or 0 for length in lengths))
    try:
        return from_iso(scalar.value)
    except ValueError:
        hint = "write 40min, 2d 4h, or 2026-03-02T10:00:00Z"
        keys.refuse(scalar.mark, f"{key}: {scalar.value!r} is no moment", hint)
        return None


def read_block(keys: Keys, start: Micros) -> Block | None:
    """Return one block of an example's events; its problems go to the report."""
    kinds = [key for key in keys.node.entries if key not in SCHEDULE]
    if len(kinds) != 1 or kinds[0] not in KINDS:
        wrong = next((key for key in kinds if key not in KINDS), None)
        cause = f"unknown kind of event {wrong!r}" if wrong else "which kind of event?"
        keys.refuse(keys.mark(wrong or ""), cause, did_you_mean(wrong or "", KINDS))
        return None
    kind = kinds[0]
    node = keys.node.entries[kind]
    if not isinstance(node, Mapping):
        keys.refuse(node.mark, f"{kind} must be a mapping", f"write {kind}: {{account: acme}}")
        return None
    values = _values(Keys(keys.file, node, keys.report))
    at = read_moment(keys, "at", start) if "at" in keys.node.entries else start
    count, rounds = _times(keys, "count"), _times(keys, "rounds")
    every, apart = _apart(keys, "every", count), _apart(keys, "apart", rounds)
    if values is None or at is None or count is None or rounds is None or every is None or apart is None:
        return None
    if count * rounds > MAX_EVENTS:
        keys.refuse(keys.mark("count"), f"more than {MAX_EVENTS} events", "an example shows one thing")
        return None
    return Block(kind, values, at, count, every, rounds, apart)


def _times(keys: Keys, key: str) -> int | None:
    scalar = keys.scalar(key)
    if scalar is None:
        return 1 if key not in keys.node.entries else None
    if not _WHOLE.match(scalar.value) or int(scalar.value) < 1:
        keys.refuse(scalar.mark, f"{key} cannot be {scalar.value!r}", "write a whole number above zero")
        return None
    return int(scalar.value)


def _apart(keys: Keys, key: str, times: int | None) -> Micros | None:
    scalar = keys.scalar(key)
    if scalar is None:
        if times == 1 and key not in keys.node.entries:
            return Micros(0)
        if times is not None:
            keys.refuse(keys.node.mark, f"{key} is missing", f"say how far apart they are: {key}: 20s")
        return None
    length = parse_duration(scalar.value)
    if length is None:
        keys.refuse(scalar.mark, f"{key}: {scalar.value!r} is no duration", DURATION_HINT)
    return length


def _values(keys: Keys) -> dict[str, tuple[Value, ...]] | None:
    values: dict[str, tuple[Value, ...]] = {}
    whole = True
    known = {*FIELDS, *_TYPES} - _FROM_ELSEWHERE
    for name, node in keys.node.entries.items():
        attribute = FIELDS[name].attribute if name in FIELDS else name
        if name not in known or attribute not in _TYPES:
            keys.refuse(keys.mark(name), f"unknown field {name}", did_you_mean(name, known))
            whole = False
            continue
        read = _in_turn(keys, name, attribute, node)
        whole = whole and read is not None
        values[attribute] = read or ()
    return values if whole else None


def _in_turn(keys: Keys, name: str, attribute: str, node: Node) -> tuple[Value, ...] | None:
    items = node.items if isinstance(node, Sequence) else (node,)
    if attribute == "party_path":
        keys.refuse(node.mark, "party_path follows from the account", "state the account's parent under accounts")
        return None
    read: list[Value] = []
    for item in items:
        if not isinstance(item, Scalar):
            keys.refuse(item.mark, f"{name} must be a value or a list of values")
            return None
        value, hint = _value(attribute, item.value)
        if hint:
            keys.refuse(item.mark, f"{name} cannot be {item.value!r}", hint)
            return None
        read.append(value)
    if not read:
        keys.refuse(node.mark, f"{name} is an empty list", "name at least one value")
        return None
    return tuple(read)


def _value(attribute: str, text: str) -> tuple[Value, str]:
    """Return the contract's value, or a hint at what can stand there."""
    kind = _TYPES[attribute]
    if text == "" or text == "none":
        return None, ""
    if kind is bool:
        return text == "yes", "" if text in ("yes", "no") else "write yes or no"
    if attribute.endswith("_ms"):
        length = parse_duration(text)
        return (None, DURATION_HINT) if length is None else (length // MILLISECOND, "")
    if attribute.endswith("_time"):
        try:
            return from_iso(text), ""
        except ValueError:
            return None, "write 2026-03-02T10:00:00Z"
    if kind is int or kind == int | None:
        return (int(text), "") if _WHOLE.match(text) else (None, "write a whole number")
    if kind is float or kind == float | None:
        return (float(text), "") if _NUMBER.match(text) else (None, "write a number")
    return text, ""


def events_of(block: Block, number: int, accounts: AnyMapping[str, Account]) -> list[Event]:
    """Return the block's events in the order of their times. `number` tells its calls from those of other blocks."""
    make: Callable[[dict[str, Value], Micros], list[Event]] = _call if block.kind == CALL else _single(EventKind(block.kind))
    events: list[Event] = []
    for turn in range(block.rounds):
        for place in range(block.count):
            nth = turn * block.count + place
            values = {name: _turned(cycle[place % len(cycle)], nth + 1) for name, cycle in block.values.items()}
            values.setdefault("call_id", f"{block.kind}-{number}-{nth + 1}")
            account = values.get("account")
            if isinstance(account, str) and account in accounts:
                plan, path = accounts[account]
                values.setdefault("plan", plan)
                values["party_path"] = path  # type: ignore[assignment]  # the only field that is not a plain value
            events += make(values, Micros(block.at + turn * block.apart + place * block.every))
    return events


def _turned(value: Value, nth: int) -> Value:
    return _INDEX.sub(lambda run: f"{nth:0{len(run[0])}}", value) if isinstance(value, str) else value


def _single(kind: EventKind) -> Callable[[dict[str, Value], Micros], list[Event]]:
    def make(values: dict[str, Value], time: Micros) -> list[Event]:
        if kind is EventKind.REGISTRATION:
            values.setdefault("method", "REGISTER")
        if values.get("account") is not None and kind not in _OF_OTHERS:
            values.setdefault("direction", "outbound")
        return [_event(kind, time, values)]

    return make


_OF_OTHERS: Final = frozenset(EventKind) - {EventKind.ATTEMPT, EventKind.ANSWER, EventKind.END, EventKind("message")}
"""Kinds that nobody sends: what is told of them has no direction unless it is stated."""


def _call(values: dict[str, Value], time: Micros) -> list[Event]:
    """Return a call's events. It was answered where it has a duration, or the example says so."""
    answered = bool(values.get("answered", bool(values.get("duration_ms"))))
    status = 200 if answered else GIVEN_UP if values.get("released_by") == "caller" else UNANSWERED
    values = {
        "status": status,
        "direction": "outbound" if values.get("account") is not None else None,
        **values,
        "answered": answered,
    }
    known_late = {name: values.pop(name) for name in _OUTCOME if name in values}
    ring, duration = (int(known_late.get(name) or 0) * MILLISECOND for name in ("ring_ms", "duration_ms"))
    events = [_event(EventKind.ATTEMPT, time, values)]
    answer = {name: known_late[name] for name in ("status", "answered", "ring_ms") if name in known_late}
    if answered:
        events.append(_event(EventKind.ANSWER, Micros(time + ring), {**values, **answer}))
    events.append(_event(EventKind.END, Micros(time + ring + duration), {**values, **known_late}))
    return events


_OUTCOME: Final = ("status", "answered", "ring_ms", "duration_ms", "released_by", "q850", "cost")
"""What only the end of a call tells."""


def _event(kind: EventKind, time: Micros, values: AnyMapping[str, Value]) -> Event:
    stated = {name: value for name, value in values.items() if value is not None}
    return Event(kind=kind, time=time, **stated)  # type: ignore[arg-type]  # read by the types of the contract's fields
