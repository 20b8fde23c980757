"""Real calls of people who did nothing: what the bundle says of them.

The files are those of the Copenhagen Networks Study (P. Sapiezynski, A. Stopczynski, D. D. Lassen, S. Lehmann, "Interaction data
from the Copenhagen Networks Study", Scientific Data 6, 2019; CC BY 4.0): `timestamp,caller,callee,duration`, with duration -1 for
a missed call.
Each person becomes an account with a number of its own.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from ringfence.policy.plan import Plan
from ringfence.quality.judging import Judged
from ringfence.simulate.labelled.carrier import BEGIN
from ringfence.vocabulary.contracts import AccountLink, Event, EventKind, NumberLink, PartyLink, Reference
from ringfence.vocabulary.severity import Severity
from ringfence.vocabulary.times import DAY, SECOND, Micros

_RINGS: int = 9 * SECOND


class RealCalls(Struct, frozen=True):
    """How many calls and texts of how many people over how long, and how many of them were touched, by which rules."""

    calls: int
    texts: int
    people: int
    days: float
    warned: int
    acted: int
    rules: dict[str, int]


def measured(plan: Plan, folder: Path) -> RealCalls:
    """Return what `plan` says of calls.csv and sms.csv in `folder`. Raises `OSError`, and `ValueError` for another file."""
    calls, texts = list(_rows(folder / "calls.csv", 4)), list(_rows(folder / "sms.csv", 3))
    people = sorted({person for row in (*calls, *texts) for person in row[1:3]})
    judged = Judged([plan], _reference(people), source="calls of the Copenhagen Networks Study")
    judged.take(sorted((*_call_events(calls), *_text_events(texts)), key=lambda event: event.time))
    found = [finding for finding in judged.findings[0] if finding.severity is not Severity.INFO]
    rules: dict[str, set[str]] = {}
    for finding in found:
        rules.setdefault(finding.rule, set()).add(finding.subject.id)
    return RealCalls(
        len(calls),
        len(texts),
        len(people),
        max(row[0] for row in (*calls, *texts)) * SECOND / DAY,
        len({finding.subject.id for finding in found}),
        len({finding.subject.id for finding in found if finding.severity is Severity.ACT}),
        {rule: len(subjects) for rule, subjects in sorted(rules.items())},
    )


def _rows(path: Path, columns: int) -> Iterator[list[int]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in list(csv.reader(file))[1:]:
            if len(row) != columns:
                raise ValueError(f"{path}: a row with {len(row)} values, where there should be {columns}")
            yield [int(value) for value in row]


def _number(person: int) -> str:
    return f"+4520{200_000 + person:06d}"


def _account(person: int) -> str:
    return f"person-{person}"


def _reference(people: list[int]) -> Reference:
    return Reference(
        time=BEGIN,
        parties=tuple(PartyLink(party=_account(person)) for person in people),
        accounts=tuple(AccountLink(account=_account(person), party=_account(person), plan="residential") for person in people),
        numbers=tuple(NumberLink(number=_number(person), account=_account(person)) for person in people),
    )


def _told(nth: int, caller: int, callee: int) -> dict[str, Any]:
    account = _account(caller)
    return {
        "call_id": f"copenhagen-{nth}",
        "caller": _number(caller),
        "callee": _number(callee),
        "target": _number(callee),
        "account": account,
        "party_path": (account,),
        "plan": "residential",
        "direction": "outbound",
    }


def _call_events(rows: list[list[int]]) -> Iterator[Event]:
    for nth, (at, caller, callee, seconds) in enumerate(rows):
        told = _told(nth, caller, callee)
        start = Micros(BEGIN + at * SECOND)
        over = Micros(start + _RINGS)
        yield Event(kind=EventKind.ATTEMPT, time=start, **told)
        if seconds <= 0:
            outcome: dict[str, Any] = {"status": 480, "ring_ms": _RINGS // 1000, "released_by": "caller"}
            yield Event(kind=EventKind.END, time=over, **outcome, **told)
            continue
        answered: dict[str, Any] = {"status": 200, "answered": True, "ring_ms": _RINGS // 1000}
        yield Event(kind=EventKind.ANSWER, time=over, **answered, **told)
        ended: dict[str, Any] = {"duration_ms": seconds * 1000, "released_by": "caller"}
        yield Event(kind=EventKind.END, time=Micros(over + seconds * SECOND), **answered, **ended, **told)


def _text_events(rows: list[list[int]]) -> Iterator[Event]:
    for nth, (at, caller, callee) in enumerate(rows):
        told = {**_told(nth, caller, callee), "call_id": f"copenhagen-text-{nth}", "method": "MESSAGE", "content": f"{nth:x}"}
        yield Event(kind=EventKind.MESSAGE, time=Micros(BEGIN + at * SECOND), status=202, **told)
