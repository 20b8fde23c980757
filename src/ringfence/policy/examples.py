"""Examples: a little traffic, and what a policy must find in it. A bundle keeps them under `tests/`, beside its version.

    says: 130 calls within the hour, a third of them answered
    time: 2026-03-02T10:00:00Z
    accounts:
      - {account: acme, parent: wholesale, plan: call-centre}
    events:
      - call: {account: acme, caller: "+3225550100", callee: "+3247#######", duration: [40s, 0s, 0s]}
        count: 130
        every: 20s
    finds:
      - {at: 40min 40s, subject: account acme, measures: {calls: 121}}

`finds: none` says that nothing is found. Events are written as `example_traffic` says.
"""

import re
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from ringfence.policy.documents import Mapping, Node, Scalar, Sequence, parse_document
from ringfence.policy.example_traffic import MAX_EVENTS, Account, Block, events_of, read_block, read_moment
from ringfence.policy.keys import Keys
from ringfence.policy.problems import START, BundleRefused, Mark, Report, did_you_mean
from ringfence.vocabulary.contracts import AccountLink, Event, NumberLink, PartyLink, PresentationRight, Reference
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros, from_iso

ENTRIES: Final = ("says", "time", "rules", "accounts", "numbers", "rights", "events", "until", "finds")
EXPECTED: Final = (
    "at",
    "rule",
    "tier",
    "mode",
    "severity",
    "subject",
    "key",
    "measures",
    "thresholds",
    "proposes",
    "charge",
    "points",
    "classifies",
    "events",
    "says",
)
CHARGE: Final = re.compile(r"(?P<amount>[0-9]+(?:\.[0-9]+)?) (?P<currency>[A-Z]{3})\Z", re.ASCII)

_SUBJECT: Final = re.compile(r"(?P<kind>[a-z]+) (?P<id>\S+)\Z", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expected:
    """A finding that must come. What it does not state (`None`) is not compared; of `measures` only those it names.

    `charge` is the whole amount and its currency.
    """

    mark: Mark
    at: Micros | None = None
    rule: str | None = None
    tier: int | None = None
    mode: Mode | None = None
    severity: Severity | None = None
    subject: tuple[SubjectKind, str] | None = None
    key: dict[str, str] | None = None
    measures: dict[str, float] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    proposes: tuple[str, ...] | None = None
    charge: tuple[float, str] | None = None
    points: float | None = None
    classifies: str | None = None
    events: int | None = None
    says: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """Traffic and what must be found in it, in the order of time.

    `rules`, where not empty, are the only ones whose findings count. `until` is when the example ends: every boundary before it
    has passed.
    """

    file: str
    says: str
    reference: Reference
    rules: tuple[str, ...]
    events: tuple[Event, ...]
    until: Micros
    finds: tuple[Expected, ...]


def read_example(file: str, text: str) -> Example:
    """Return the example that `text` states. Raises `BundleRefused` with every problem that can be found at once."""
    report = Report()
    example = _example(file, text, report)
    if example is None or report.problems:
        raise BundleRefused(report.problems)
    return example


def _example(file: str, text: str, report: Report) -> Example | None:
    node = parse_document(file, text, report)
    if not isinstance(node, Mapping):
        if node is not None:
            report.add(file, START, "an example is a mapping", "begin with says: and what happens in it")
        return None
    keys = Keys(file, node, report)
    keys.check(required=("says", "time", "events", "finds"), optional=ENTRIES)
    says, start = keys.text("says"), _start(keys)
    if start is None or says is None:
        return None
    reference = _reference(keys, start)
    blocks = [read_block(inner, start) for inner in _mappings(keys, "events")]
    finds = _finds(keys, start)
    events = _events([block for block in blocks if block], _accounts_of(reference))
    if len(events) > MAX_EVENTS:
        keys.refuse(keys.mark("events"), f"more than {MAX_EVENTS} events", "an example shows one thing")
    end = max((event.time for event in events), default=start)
    until = read_moment(keys, "until", start) if "until" in node.entries else end
    if until is not None and until < end:
        keys.refuse(keys.mark("until"), "the example ends before its last event", "leave until out, or make it later")
    rules = tuple(scalar.value for scalar in keys.texts("rules") or ())
    return Example(file, says, reference, rules, events, until or end, finds)


def _start(keys: Keys) -> Micros | None:
    scalar = keys.scalar("time")
    if scalar is None:
        return None
    try:
        return from_iso(scalar.value)
    except ValueError:
        keys.refuse(scalar.mark, f"time: {scalar.value!r} names no moment", "write 2026-03-02T10:00:00Z")
        return None


def _mappings(keys: Keys, key: str) -> list[Keys]:
    """Return the mappings of the list at `key`."""
    node = keys.node.entries.get(key)
    if node is None:
        return []
    if not isinstance(node, Sequence) or not all(isinstance(item, Mapping) for item in node.items):
        keys.refuse(node.mark, f"{key} must be a list of mappings", f"write {key}: and below it lines that begin with -")
        return []
    return [Keys(keys.file, item, keys.report) for item in node.items if isinstance(item, Mapping)]


def _events(blocks: list[Block], accounts: AnyMapping[str, Account]) -> tuple[Event, ...]:
    """Return the blocks' events in the order of time; at one moment those of the earlier block first."""
    made = [event for number, block in enumerate(blocks, start=1) for event in events_of(block, number, accounts)]
    return tuple(sorted(made, key=lambda event: event.time))


# Reference data


def _reference(keys: Keys, start: Micros) -> Reference:
    parties: dict[str, PartyLink] = {}
    accounts: list[AccountLink] = []
    for inner in _mappings(keys, "accounts"):
        inner.check(required=("account",), optional=("party", "parent", "kind", "plan", "billing_day"))
        name = inner.text("account") or ""
        party = inner.text("party") or name
        parent = inner.text("parent")
        if parent is not None:
            parties.setdefault(parent, PartyLink(party=parent, kind="reseller"))
        parties[party] = PartyLink(party=party, parent=parent, kind=inner.text("kind") or "customer")
        plan, day = inner.text("plan"), _number(inner, "billing_day")
        link = AccountLink(account=name, party=party, plan=plan)
        accounts.append(link if day is None else msgspec.structs.replace(link, billing_day=int(day)))
    numbers = tuple(link for inner in _mappings(keys, "numbers") for link in _held(inner, start))
    rights = tuple(link for inner in _mappings(keys, "rights") for link in _right(inner, start))
    return Reference(time=start, parties=tuple(parties.values()), accounts=tuple(accounts), numbers=numbers, rights=rights)


def _held(keys: Keys, start: Micros) -> tuple[NumberLink, ...]:
    keys.check(required=("number", "account"), optional=("from", "until"))
    number, account = keys.text("number"), keys.text("account")
    if number is None or account is None:
        return ()
    span = {name: read_moment(keys, key, start) for key, name in (("from", "valid_from"), ("until", "valid_to"))}
    return (NumberLink(number=number, account=account, **span),)


def _right(keys: Keys, start: Micros) -> tuple[PresentationRight, ...]:
    return tuple(
        PresentationRight(account=link.account, number=link.number, valid_from=link.valid_from, valid_to=link.valid_to)
        for link in _held(keys, start)
    )


def _accounts_of(reference: Reference) -> dict[str, Account]:
    parents = {link.party: link.parent for link in reference.parties}
    return {link.account: (link.plan, _path(link.party, parents)) for link in reference.accounts}


def _path(party: str, parents: AnyMapping[str, str | None]) -> tuple[str, ...]:
    path = [party]
    while (parent := parents.get(path[-1])) is not None and parent not in path:
        path.append(parent)
    return tuple(reversed(path))


# What must be found


def _finds(keys: Keys, start: Micros) -> tuple[Expected, ...]:
    node = keys.node.entries.get("finds")
    if isinstance(node, Scalar):
        if node.value != "none":
            keys.refuse(node.mark, f"finds cannot be {node.value!r}", "write none, or a list of findings")
        return ()
    return tuple(_expected(inner, start) for inner in _mappings(keys, "finds"))


def _expected(keys: Keys, start: Micros) -> Expected:
    keys.check(required=(), optional=EXPECTED)
    tier, points, events = (_number(keys, key) for key in ("tier", "points", "events"))
    proposes = keys.node.entries.get("proposes")
    none = isinstance(proposes, Scalar) and proposes.value == "none"
    lines = () if none else tuple(" ".join(scalar.value.split()) for scalar in keys.texts("proposes") or ())
    return Expected(
        keys.node.mark,
        at=read_moment(keys, "at", start),
        rule=keys.text("rule"),
        tier=None if tier is None else int(tier),
        mode=keys.choice("mode", Mode),
        severity=keys.choice("severity", Severity),
        subject=_subject(keys),
        key=_texts(keys, "key"),
        measures=_numbers(keys, "measures"),
        thresholds=_numbers(keys, "thresholds"),
        proposes=None if proposes is None else lines,
        charge=_charge(keys),
        points=points,
        classifies=keys.text("classifies"),
        events=None if events is None else int(events),
        says=keys.text("says"),
    )


def _subject(keys: Keys) -> tuple[SubjectKind, str] | None:
    scalar = keys.scalar("subject")
    match = _SUBJECT.match(scalar.value) if scalar else None
    if scalar is None:
        return None
    if match is None or match["kind"] not in tuple(SubjectKind):
        keys.refuse(scalar.mark, f"subject cannot be {scalar.value!r}", did_you_mean(scalar.value.split()[0], SubjectKind))
        return None
    return SubjectKind(match["kind"]), match["id"]


def _charge(keys: Keys) -> tuple[float, str] | None:
    scalar = keys.scalar("charge")
    if scalar is None:
        return None
    match = CHARGE.match(scalar.value)
    if match is None:
        keys.refuse(scalar.mark, f"charge cannot be {scalar.value!r}", "write the whole amount and its currency: 0.60 USD")
        return None
    return float(match["amount"]), match["currency"]


def _number(keys: Keys, key: str) -> float | None:
    scalar = keys.scalar(key)
    if scalar is None:
        return None
    if not _NUMBER.match(scalar.value):
        keys.refuse(scalar.mark, f"{key} cannot be {scalar.value!r}", "write a number")
        return None
    return float(scalar.value)


def _inner(keys: Keys, key: str) -> Keys | None:
    node: Node | None = keys.node.entries.get(key)
    if node is None:
        return None
    if not isinstance(node, Mapping):
        keys.refuse(node.mark, f"{key} must be a mapping", f"write {key}: {{name: value}}")
        return None
    return Keys(keys.file, node, keys.report)


def _numbers(keys: Keys, key: str) -> dict[str, float]:
    inner = _inner(keys, key)
    if inner is None:
        return {}
    read = {name: _number(inner, name) for name in inner.node.entries}
    return {name: value for name, value in read.items() if value is not None}


def _texts(keys: Keys, key: str) -> dict[str, str] | None:
    inner = _inner(keys, key)
    return None if inner is None else {name: inner.text(name) or "" for name in inner.node.entries}
