"""The obligation board as rows: for the page, as JSON, and for a terminal."""

from collections.abc import Iterable
from datetime import datetime

from ringfence.desk.clocks.models import Obligation, ObligationState
from ringfence.vocabulary.times import iso, micros


def as_json(rows: Iterable[Obligation], now: datetime) -> list[dict[str, object]]:
    """Return each row as JSON has it: times in UTC, `overdue_s` how long its time is over, `left_s` how long is left."""
    return [_row(row, now) for row in rows]


def _row(row: Obligation, now: datetime) -> dict[str, object]:
    seconds = None if row.due is None else int((row.due - now).total_seconds())
    open_pause = next((one for one in row.pauses.all() if one.until is None), None)
    return {
        "id": row.id,
        "clock": row.clock,
        "what": row.what,
        "rule": row.rule,
        "about": {"noun": row.noun, "id": row.noun_id},
        "case": row.case,
        "party": row.party or None,
        "state": row.state,
        "begins": iso(micros(row.begins)),
        "typical": None if row.typical is None else iso(micros(row.typical)),
        "due": None if row.due is None else iso(micros(row.due)),
        "left_s": seconds if seconds is not None and seconds > 0 and row.state == ObligationState.RUNNING else None,
        "overdue_s": -seconds if seconds is not None and seconds <= 0 and row.state == ObligationState.RUNNING else None,
        "missed": None if row.missed is None else iso(micros(row.missed)),
        "on_miss": row.on_miss,
        "role": row.role,
        "paused_for": None if open_pause is None else open_pause.ground,
    }
