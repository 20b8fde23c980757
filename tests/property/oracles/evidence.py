"""What evidence of followed subjects must be, in plain Python, with everything counted anew: it imports nothing of the library."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

CLASSES_MS = (6_000, 15_000, 30_000, 60_000, 180_000, 600_000, 1_800_000)
SLOTS, MOST_BINS = 50, 120


@dataclass
class Row:
    """One row. `looked` is by rule, `added` by line: what it adds, `None` where that is nothing."""

    subject: int
    time: int
    parts: frozenset[str] = frozenset()
    status: int = 0
    answered: bool = False
    duration_ms: int = 0
    plan: int = 0
    agent: int = 0
    other: int = 0
    target: int = 0
    rate: int = -1
    pair: int = 0
    outcome: int = 0
    caller: int = 0
    looked: tuple[bool, ...] = ()
    added: tuple[int | None, ...] = ()


@dataclass
class Subject:
    """One subject: all its rows since it is followed, and what it counts for others to take its place."""

    count: int
    since: int
    rows: list[Row] = field(default_factory=list)


def followed(rows: list[Row], most: int) -> tuple[dict[int, Subject], int]:
    """Return who is followed by space-saving, and how many were given up. Of those that count least the first slot's goes first."""
    slots: list[int] = []
    subjects: dict[int, Subject] = {}
    hand, floor, given_up = most, 0, 0
    for row in rows:
        if row.subject == 0:
            continue
        if row.subject not in subjects:
            count = 0
            if len(slots) < most:
                slots.append(row.subject)
            else:
                while hand == most or subjects[slots[hand]].count > floor:
                    hand += 1
                    if hand >= most:
                        hand, floor = 0, min(subjects[one].count for one in slots)
                count = subjects.pop(slots[hand]).count
                slots[hand] = row.subject
                hand += 1
                given_up += 1
            subjects[row.subject] = Subject(count, row.time)
        subjects[row.subject].count += 1
        subjects[row.subject].rows.append(row)
    return subjects, given_up


def told(subject: Subject, widths: tuple[int, ...], lines: list[tuple[int, int, bool]], few: int) -> dict[str, Any]:
    """Return all that is known of a subject. `lines` are rule, length of a slot of time, and whether values are told apart."""
    rows = subject.rows
    ends = [row for row in rows if "end" in row.parts]
    attempts = [row for row in rows if "attempt" in row.parts]
    asked = [row for row in rows if "request" in row.parts]
    registered = [row for row in rows if "registration" in row.parts]
    answers = [row for row in rows if "answer" in row.parts]
    rates: dict[int, list[int]] = {}
    for row in rows:
        if row.rate >= 0 and "attempt" in row.parts:
            rates.setdefault(row.rate, [0, 0, 0, 0])[0] += 1
        if row.rate >= 0 and "end" in row.parts and row.answered:
            spent = rates.setdefault(row.rate, [0, 0, 0, 0])
            spent[1] += 1
            spent[2] += row.duration_ms
    pairs: dict[int, list[int]] = {}
    for row in registered:
        pairs.setdefault(row.pair, [0, 0, 0, 0])[row.outcome] += 1
    return {
        "attempts": len(attempts),
        "answered": len(answers),
        "asked": len(asked),
        "plan": attempts[-1].plan if attempts else 0,
        "durations": [sum(duration_class(row) == each for row in ends) for each in range(9)],
        "dialled": dots([(row.time, row.other) for row in attempts], few),
        "users": dots([(row.time, row.target) for row in asked], few),
        "prefixes": dict(Counter(row.other >> 32 for row in attempts)),
        "statuses": dict(Counter(row.status for row in (*ends, *asked))),
        "agents": dict(Counter(row.agent for row in attempts if row.agent)),
        "callers": {row.caller for row in answers if row.caller},
        "rates": rates,
        "pairs": pairs,
        "events": [events(rows, rule, widths) for rule in range(len(rows[0].looked))],
        "peaks": [peaks(rows, nth, line, widths) for nth, line in enumerate(lines)],
    }


def duration_class(row: Row) -> int:
    """Return the class of an ended call."""
    return 0 if not row.answered else 1 + sum(row.duration_ms >= bound for bound in CLASSES_MS)


def dots(points: list[tuple[int, int]], few: int) -> tuple[list[tuple[int, int]], int]:
    """Return the dots that are held, and of how many each is one."""
    held: list[tuple[int, int]] = []
    every = 1
    for nth, point in enumerate(points):
        if nth % every == 0:
            held.append(point)
            if len(held) > few:
                held, every = held[::2], 2 * every
    return held, every


def binned(values: list[tuple[int, int]], widths: tuple[int, ...], *, adds: bool) -> tuple[int, dict[int, int]]:
    """Return the width of bins, the first in which they are few enough, and their values."""
    width = next(
        (
            width
            for width in widths
            if max((time // width for time, _ in values), default=0) - min((time // width for time, _ in values), default=0)
            < MOST_BINS
        ),
        widths[-1],
    )
    bins: dict[int, int] = {}
    for time, value in values:
        held = bins.get(time // width, 0)
        bins[time // width] = held + value if adds else max(held, value)
    return width, {place: value for place, value in bins.items() if value}


def events(rows: list[Row], rule: int, widths: tuple[int, ...]) -> tuple[int, dict[int, int]]:
    """Return the course of what a rule looked at."""
    return binned([(row.time, 1) for row in rows if row.looked[rule]], widths, adds=True)


def peaks(rows: list[Row], nth: int, line: tuple[int, int, bool], widths: tuple[int, ...]) -> tuple[int, dict[int, int]]:
    """Return the most that stood within a line's window, by bin: at each row everything is counted anew."""
    rule, slot_us, distinct = line
    seen: list[tuple[int, int]] = []
    values = []
    newest = None
    for row in rows:
        added = row.added[nth]
        if not row.looked[rule] or added is None:
            continue
        newest = row.time // slot_us if newest is None else max(newest, row.time // slot_us)
        seen.append((newest, added))
        within = [value for moment, value in seen if moment > newest - SLOTS]
        values.append((row.time, len(set(within)) if distinct else sum(within)))
    return binned(values, widths, adds=False)
