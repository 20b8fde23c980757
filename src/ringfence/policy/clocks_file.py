"""clocks.yaml: reading calendars and clocks.

calendars:
  office:
    zone: Europe/Brussels
    hours: {mon-fri: "09:00-12:00, 13:00-17:30", sat: 09:00-12:00}
    holidays: be                          # of a jurisdiction pack; or a list: each entry a date, or a month and a day
clocks:
  traceback-answer:
    rule: US traceback duty, 24 hours
    due: 24h elapsed                      # or 16h business, or 3 business days
    starts: next business hour            # or at once
    calendar: office
    typical: 4h elapsed
    warn: [{before: 4h, role: compliance}]
    missed: page lead                     # or escalate ROLE, or default
    pauses: [waiting-for-authority]
  traceback-review:
    rule: ours
    after: traceback-answer
    due: 5 business days
    calendar: office
    missed: escalate lead
"""

import re
from collections.abc import Iterable
from collections.abc import Mapping as Table
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ringfence.policy.calendars import Calendar
from ringfence.policy.clocks import Clock, Clocks, Counting, Length, Notification, OnMiss, Start
from ringfence.policy.documents import Mapping, Node, Scalar, Sequence, parse_document
from ringfence.policy.durations import DURATION_HINT, parse_duration
from ringfence.policy.keys import Keys
from ringfence.policy.lists import ListRow
from ringfence.policy.packs.holidays import Holiday, holidays_of
from ringfence.policy.packs.pack import Pack
from ringfence.policy.problems import START, Report, did_you_mean

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])\Z", re.ASCII)
_LENGTH: Final = re.compile(r"(?P<length>[^ ]+) (?P<counting>elapsed|business)\Z")
_BUSINESS_DAYS: Final = re.compile(r"(?P<days>[1-9][0-9]{0,2}) business days?\Z", re.ASCII)
_LENGTH_HINT: Final = "write 24h elapsed, 16h business, or 3 business days"
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z", re.ASCII)
_NAME_HINT: Final = "small letters, digits and hyphens, such as traceback-answer"

_YEARS: Final = range(1970, 2101)
"""The years whose holidays calendars hold: those of any case."""

_Lists = Table[str, tuple[ListRow, ...]]


def read_clocks(file: str, text: str, lists: _Lists, packs: Iterable[Pack], report: Report) -> Clocks:
    """Return the clocks that can be read; every problem is reported. `lists` and `packs` are the bundle's, for holidays."""
    node = parse_document(file, text, report)
    if node is None:
        return Clocks({})
    if not isinstance(node, Mapping):
        report.add(file, START, "clocks.yaml maps calendars and clocks to what they are", "begin with clocks:")
        return Clocks({})
    keys = Keys(file, node, report)
    keys.check(required=("clocks",), optional=("calendars",))
    closed = _Closed(lists, {place: holidays for pack in packs for place, holidays in pack.holidays.items()})
    calendars = {name: _calendar(name, inner, closed) for name, inner in _named(keys, "calendars")}
    named = _named(keys, "clocks")
    found = [_clock(name, inner, calendars) for name, inner in named]
    _check_chains(named)
    return Clocks({clock.name: clock for clock in found if clock is not None})


def _named(keys: Keys, key: str) -> list[tuple[str, Keys]]:
    node = keys.node.entries.get(key)
    if node is None:
        return []
    if not isinstance(node, Mapping):
        keys.refuse(node.mark, f"{key} must map names to what they are", f"write a name and a colon below {key}:")
        return []
    found = []
    for name, inner in node.entries.items():
        if not _NAME.match(name):
            keys.refuse(node.keys[name], f"{name!r} is no name", _NAME_HINT)
        if isinstance(inner, Mapping):
            found.append((name, Keys(keys.file, inner, keys.report)))
        else:
            keys.refuse(inner.mark, f"{name} says nothing", "write its keys below it")
    return found


@dataclass(frozen=True, slots=True)
class _Closed:
    """What `holidays` may name: a list of the bundle, or where its packs know holidays: be, gb-sct."""

    lists: _Lists
    places: Table[str, tuple[Holiday, ...]]


def _calendar(name: str, keys: Keys, closed: _Closed) -> Calendar | None:
    keys.check(required=("zone", "hours"), optional=("holidays",))
    zone, hours = keys.scalar("zone"), _hours(keys)
    if zone is not None:
        try:
            ZoneInfo(zone.value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            keys.refuse(zone.mark, f"{zone.value!r} is no time zone", "write one such as Europe/Brussels or UTC")
            zone = None
    dates, yearly = _holidays(keys, closed)
    return Calendar(name, zone.value, hours, dates, yearly) if zone is not None and hours else None


def _hours(keys: Keys) -> dict[int, tuple[tuple[int, int], ...]]:
    node = keys.node.entries.get("hours")
    if not isinstance(node, Mapping) or not node.entries:
        if node is not None:
            keys.refuse(node.mark, "hours must say when on which days", "write hours: {mon-fri: 09:00-17:00}")
        return {}
    found: dict[int, tuple[tuple[int, int], ...]] = {}
    inner = Keys(keys.file, node, keys.report)
    for days in node.entries:
        first, dash, last = days.partition("-")
        known = first in _DAYS and (not dash or last in _DAYS)
        spans = _spans(inner, days)
        if not known or (dash and _DAYS.index(first) >= _DAYS.index(last)):
            keys.refuse(node.keys[days], f"{days!r} are no days", f"write {', '.join(_DAYS)}, or two of them in order: mon-fri")
            continue
        for day in range(_DAYS.index(first), _DAYS.index(last if dash else first) + 1):
            if day in found:
                keys.refuse(node.keys[days], f"{_DAYS[day]} has hours twice", "write them together: 09:00-12:00, 13:00-17:00")
            found[day] = spans
    return found


def _spans(keys: Keys, days: str) -> tuple[tuple[int, int], ...]:
    scalar, spans = keys.scalar(days), list[tuple[int, int]]()
    for part in scalar.value.split(",") if scalar is not None else ():
        match = _HOURS.match(part.strip())
        start, end = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])) if match else (0, 0)
        if match is None or not start < end <= 1440 or (spans and spans[-1][1] > start):
            keys.refuse(
                keys.value_mark(days), f"{part.strip()!r} are no hours", "write 09:00-12:00, 13:00-17:30: in order, without overlap"
            )
            break
        spans.append((start, end))
    return tuple(spans)


def _holidays(keys: Keys, closed: _Closed) -> tuple[frozenset[date], frozenset[tuple[int, int]]]:
    """Return the dates and the yearly days of the list, or the country or region of a pack, that `holidays` names."""
    scalar = keys.scalar("holidays") if "holidays" in keys.node.entries else None
    if scalar is None:
        return frozenset(), frozenset()
    lists, place = closed.lists, scalar.value.upper()
    if place in closed.places and scalar.value not in lists:
        kept = (*closed.places[place], *(closed.places.get(place[:2], ()) if "-" in place else ()))
        return frozenset(day for year in _YEARS for day in holidays_of(year, kept)), frozenset()
    if scalar.value not in lists:
        known = {*lists, *(known.lower() for known in closed.places)}
        keys.refuse(scalar.mark, f"no list {scalar.value}", did_you_mean(scalar.value, known) or f"write lists/{scalar.value}.csv")
        return frozenset(), frozenset()
    dates, yearly = set[date](), set[tuple[int, int]]()
    for row in lists[scalar.value]:
        try:
            whole = date.fromisoformat(row.entry if len(row.entry) == 10 else f"2000-{row.entry}")
        except ValueError:
            keys.refuse(scalar.mark, f"{row.entry!r} of that list is no day", "write 2026-12-25, or 12-25 for every year")
            continue
        if len(row.entry) == 10:
            dates.add(whole)
        else:
            yearly.add((whole.month, whole.day))
    return frozenset(dates), frozenset(yearly)


def _clock(name: str, keys: Keys, calendars: Table[str, Calendar | None]) -> Clock | None:
    keys.check(required=("rule", "due", "missed"), optional=("starts", "calendar", "typical", "after", "warn", "pauses"))
    rule, due = keys.text("rule"), _length(keys, "due")
    start = keys.choice("starts", Start) if "starts" in keys.node.entries else Start.AT_ONCE
    typical = _length(keys, "typical") if "typical" in keys.node.entries else None
    calendar = _calendar_of(keys, calendars)
    missed = _missed(keys)
    counted = [length.counting for length in (due, typical) if length is not None]
    if "calendar" not in keys.node.entries and (start is Start.NEXT_BUSINESS_HOUR or set(counted) - {Counting.ELAPSED}):
        keys.refuse(keys.mark("due"), f"{name} counts business time and names no calendar", "add calendar: and the name of one")
    if rule is None or due is None or start is None or missed is None:
        return None
    return Clock(
        name=name,
        rule=rule,
        due=due,
        start=start,
        calendar=calendar,
        typical=typical,
        after=keys.text("after") if "after" in keys.node.entries else None,
        warn=_warnings(keys),
        on_miss=missed[0],
        role=missed[1],
        pauses=_grounds(keys),
    )


def _length(keys: Keys, key: str) -> Length | None:
    scalar = keys.scalar(key)
    if scalar is None:
        return None
    if (days := _BUSINESS_DAYS.match(scalar.value)) is not None:
        return Length(int(days["days"]), Counting.DAYS)
    match = _LENGTH.match(scalar.value)
    length = parse_duration(match["length"]) if match else None
    if match is None or not length:
        keys.refuse(scalar.mark, f"{key}: {scalar.value!r} is not understood", f"{_LENGTH_HINT}; {DURATION_HINT}")
        return None
    return Length(length, Counting(match["counting"]))


def _calendar_of(keys: Keys, calendars: Table[str, Calendar | None]) -> Calendar | None:
    scalar = keys.scalar("calendar") if "calendar" in keys.node.entries else None
    if scalar is None:
        return None
    if scalar.value not in calendars:
        keys.refuse(scalar.mark, f"no calendar {scalar.value}", did_you_mean(scalar.value, calendars) or "add it below calendars:")
    return calendars.get(scalar.value)


def _missed(keys: Keys) -> tuple[OnMiss, str] | None:
    scalar = keys.scalar("missed")
    if scalar is None:
        return None
    does, _, role = scalar.value.partition(" ")
    if does not in tuple(map(str, OnMiss)) or (not role and does != OnMiss.DEFAULT) or (role and not _NAME.match(role)):
        keys.refuse(scalar.mark, f"missed: {scalar.value!r} is not understood", "write page ROLE, escalate ROLE, or default")
        return None
    return OnMiss(does), role or "lead"


def _warnings(keys: Keys) -> tuple[Notification, ...]:
    found = []
    for item in _items(keys, "warn"):
        if not isinstance(item, Mapping):
            keys.refuse(item.mark, "a warning says how long before, and to whom", "write {before: 4h, role: compliance}")
            continue
        inner = Keys(keys.file, item, keys.report)
        inner.check(required=("before", "role"))
        before, role = inner.duration("before"), inner.text("role")
        if before is not None and role is not None:
            found.append(Notification(before, role))
    return tuple(found)


def _grounds(keys: Keys) -> tuple[str, ...]:
    found = []
    for item in _items(keys, "pauses"):
        if isinstance(item, Scalar) and _NAME.match(item.value):
            found.append(item.value)
        else:
            keys.refuse(item.mark, "a ground for a pause is a name", _NAME_HINT)
    return tuple(found)


def _items(keys: Keys, key: str) -> tuple[Node, ...]:
    node = keys.node.entries.get(key)
    if node is None:
        return ()
    if not isinstance(node, Sequence):
        keys.refuse(node.mark, f"{key} must be a list", f"write {key}: [ … ]")
        return ()
    return node.items


def _check_chains(named: list[tuple[str, Keys]]) -> None:
    """Refuse a clock that waits for none, for one that another waits for already, or in a circle for itself."""
    names = [name for name, _ in named]
    before = {name: scalar for name, keys in named if "after" in keys.node.entries and (scalar := keys.scalar("after")) is not None}
    waiting: dict[str, str] = {}
    for name, keys in named:
        if name not in before:
            continue
        mark, first = before[name].mark, before[name].value
        if first not in names:
            keys.refuse(mark, f"{name} comes after {first}, which is no clock", did_you_mean(first, names))
        elif waiting.setdefault(first, name) != name:
            keys.refuse(mark, f"{name} and {waiting[first]} both come after {first}", "let one come after the other")
        seen, at = {name}, first
        while at in before and at not in seen:
            seen.add(at)
            at = before[at].value
        if at == name:
            keys.refuse(mark, f"{name} comes after itself", "a chain begins somewhere")
