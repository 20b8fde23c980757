"""When it was: days and hours of a text put together, read in every zone that may be meant. Bounded, and never in the future."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from ringfence.desk.complaints.statements.dates import Day, days_in
from ringfence.desk.complaints.statements.hours import DAY_S, Hour, hours_in, part_in
from ringfence.desk.complaints.statements.statement import Around, Told
from ringfence.desk.complaints.statements.zones import zone, zone_told
from ringfence.vocabulary.times import HOUR, SECOND, Micros, micros, utc

MOST: Final = 24
"""Readings of times that are kept of one text."""
_FORWARD: Final = 90
_BACK: Final = 60
_AHEAD: Final = Micros(HOUR)
"""How far a clock may be ahead of ours before a time counts as not yet come."""
_MONTH_FIRST: Final = frozenset({"US", "PH"})


def spans_and_times(text: str, written: str, around: Around) -> tuple[list[tuple[int, int]], list[Told]]:
    """Return where the text speaks of time, and what times it means, the likeliest first. `text` is `written`, folded."""
    zones = _zones(written, around)
    today = utc(around.received).astimezone(zones[0]).date()
    days = days_in(text, today=today, month_first=bool(around.countries) and around.countries[0] in _MONTH_FIRST)
    masked = _without(text, [(day.begin, day.end) for day in days])
    hours = hours_in(masked, _without(written, [(day.begin, day.end) for day in days]))
    told = [
        one for begin, end, ranked in _paired(text, days, hours, today) for one in _told(ranked, zones, text[begin:end], around)
    ]
    kept = [one for one in told if one.begin <= around.received + _AHEAD]
    ordered = sorted(kept, key=lambda one: (one.is_day, one.rank))
    once = {(one.begin, one.end): one for one in reversed(ordered)}
    spans = [*((day.begin, day.end) for day in days), *((hour.begin, hour.end) for hour in hours)]
    return spans, [one for one in ordered if once[one.begin, one.end] is one][:MOST]


def _zones(written: str, around: Around) -> list[tzinfo]:
    stated = zone_told(written)
    if stated is not None:
        return [stated]
    found = [held for name in around.zones if (held := zone(name)) is not None]
    return found or [UTC]


_Span = tuple[date, int, int, tzinfo | None]
"""A day, the first and last second of it, and a zone that was written."""


def _paired(text: str, days: Sequence[Day], hours: Sequence[Hour], today: date) -> Iterator[tuple[int, int, list[_Span]]]:
    """Yield each hour with its day, and each day without an hour, as spans in order of likelihood."""
    used: set[Day] = set()
    for hour in hours:
        day = _day_of(hour, days)
        if day is not None:
            used.add(day)
        several = day.days if day is not None else (today,)
        spans = [(each, first, last, hour.zone) for first, last in ((hour.first, hour.last), *hour.others) for each in several]
        if day is None:  # nobody says which day: the last such hour before the writing
            spans += [(today - timedelta(days=1), first, last, zone) for _, first, last, zone in spans]
        yield min(hour.begin, day.begin if day else hour.begin), max(hour.end, day.end if day else hour.end), spans
    for day in days:
        if day not in used:
            first, last = (
                part_in(text, day.end, day.end + _BACK // 2) or part_in(text, day.begin - _BACK // 3, day.begin) or (0, DAY_S)
            )
            yield day.begin, day.end, [(each, first, last - 1, None) for each in day.days]


def _day_of(hour: Hour, days: Sequence[Day]) -> Day | None:
    before = [day for day in days if day.end <= hour.begin and hour.begin - day.end <= _FORWARD]
    after = [day for day in days if day.begin >= hour.end and day.begin - hour.end <= _BACK]
    if before and after:
        near, far = before[-1], after[0]
        return near if hour.begin - near.end <= far.begin - hour.end else far
    if before or after:
        return (before or after)[-1 if before else 0]
    plain = [day for day in days if not day.is_relative] or list(days)
    return plain[0] if len(plain) == 1 else None


def _told(spans: Sequence[_Span], zones: Sequence[tzinfo], words: str, around: Around) -> Iterator[Told]:
    rank = 0
    for day, first, last, stated in spans:
        for held in [stated] if stated is not None else zones:
            begin, end = _moment(day, first, held), _moment(day, last, held)
            if begin is None or end is None:
                continue
            yield Told(
                begin=Micros(begin - around.skew_us),
                end=Micros(end + around.skew_us),
                rank=rank,
                is_zoned=stated is not None,
                is_day=last - first > 4 * 3600,
                text=" ".join(words.split()),
            )
            rank += 1


def _moment(day: date, second: int, held: tzinfo) -> Micros | None:
    try:
        local = datetime.combine(day, time(), held) + timedelta(seconds=second)
        return Micros(micros(local) // SECOND * SECOND)
    except (OverflowError, ValueError):
        return None


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    characters = list(text)
    for begin, end in spans:
        characters[begin:end] = " " * (end - begin)
    return "".join(characters)
