"""packs/NAME.yaml: reading a pack into rows of lists. Every problem is reported with its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date
from typing import Final

import phonenumbers

from ringfence.policy.documents import Mapping, Sequence, parse_document
from ringfence.policy.functions import NUMBER_TYPES
from ringfence.policy.keys import Keys
from ringfence.policy.lists import ListRow
from ringfence.policy.local_time import HOLIDAY_WAYS, hours_problem
from ringfence.policy.moments import zone_problem
from ringfence.policy.packs.holidays import Holiday, HolidayRefused, parse_holiday
from ringfence.policy.packs.pack import Pack
from ringfence.policy.patterns import Pattern, PatternRefused
from ringfence.policy.plan import Row, Table
from ringfence.policy.problems import Report, did_you_mean

EMERGENCY: Final = "emergency-numbers"
HELPLINES: Final = "protected-callees"
NEVER_CALLERS: Final = "do-not-originate"
RANGES: Final = "pack-ranges"
FORMATS: Final = "pack-formats"
REGIONS: Final = "pack-regions"
ZONES: Final = "pack-zones"
HOURS: Final = {"marketing": "marketing-hours", "automated": "automated-hours"}
HOLIDAYS: Final = "pack-holidays"
PACK_LISTS: Final = (EMERGENCY, HELPLINES, NEVER_CALLERS, RANGES, FORMATS, REGIONS, ZONES, *HOURS.values(), HOLIDAYS)
"""The lists that packs have rows for. Where a bundle has its own, that comes first, and the packs' rows after it."""

OWNED: Final = "pack-"
"""How the names of lists begin that only packs may fill."""

COUNTRY: Final = "country"
UNALLOCATED: Final = "unallocated"

_HEAD: Final = ("pack", "country", "title", "review", "sources")
_SECTIONS: Final = (
    *("unknown", "zones", "regions", "formats", "numbers"),
    *("emergency", "helplines", "do-not-originate", "hours", "holidays"),
)
_NAME: Final = re.compile(r"[a-z]{2}(-[a-z0-9]{1,3})?\Z", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}\Z", re.ASCII)
_DIALLED: Final = re.compile(r"[0-9*#]{2,15}\Z", re.ASCII)
_RANGE: Final = re.compile(r"\+[1-9][0-9]{0,14}\Z", re.ASCII)
_WHOLE_YEAR: Final = re.compile(r"[0-9]{4}\Z", re.ASCII)
_KINDS: Final = (*NUMBER_TYPES.values(), "special", UNALLOCATED)


@dataclass(slots=True)
class _Reader:
    """What every section of one pack needs: its country, its sources and when its values are looked at again."""

    keys: Keys
    country: str
    sources: dict[str, str]
    review: date
    regions: dict[str, tuple[str, ...]]

    def rows(self, section: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Iterator[Keys]:
        """Yield the section's entries, each a mapping with known keys."""
        node = self.keys.node.entries.get(section)
        if node is None:
            return
        if not isinstance(node, Sequence):
            self.keys.refuse(
                self.keys.mark(section), f"{section} must be a list", f"write {section}: and below it lines that begin with -"
            )
            return
        for item in node.items:
            if not isinstance(item, Mapping):
                self.keys.refuse(item.mark, f"{section} holds something that is no entry", "write - {…: …, source: …}")
                continue
            inner = Keys(self.keys.file, item, self.keys.report)
            inner.check(required=(*required, "source"), optional=(*optional, "review", "note"))
            yield inner

    def row(self, keys: Keys, entry: str, **columns: str | None) -> ListRow:
        """Return a row with the entry's source and review."""
        cited = keys.scalar("source")
        source = self.sources.get(cited.value, "") if cited is not None else ""
        if cited is not None and not source:
            hint = did_you_mean(cited.value, self.sources) or "name it under sources"
            keys.refuse(cited.mark, f"no source {cited.value}", hint)
        review = read_day(keys, "review") if "review" in keys.node.entries else self.review
        told = {COUNTRY: self.country, **columns, "note": keys.text("note") if "note" in keys.node.entries else None}
        return ListRow(entry, source, None, review, {name: value for name, value in told.items() if value is not None})

    def ranges(self, keys: Keys) -> tuple[str, ...]:
        """Return the prefixes that stand at `ranges`, all of the pack's country."""
        scalar = keys.scalar("ranges")
        code = f"+{phonenumbers.country_code_for_region(self.country)}"
        found = []
        for text in scalar.value.split() if scalar is not None else ():
            if scalar is not None and not (_RANGE.match(text) and text.startswith(code) and text != code):
                cause = f"{text!r} is no range of {self.country}"
                keys.refuse(scalar.mark, cause, f"write what its numbers begin with, {code} included: {code}800")
            found.append(text)
        return tuple(found)

    def place(self, keys: Keys) -> str:
        """Return the country, or the region that `where` names."""
        scalar = keys.scalar("where") if "where" in keys.node.entries else None
        if scalar is None:
            return self.country
        if scalar.value not in self.regions:
            keys.refuse(
                scalar.mark, f"no region {scalar.value}", did_you_mean(scalar.value, self.regions) or "name it under regions"
            )
        return scalar.value


def read_pack(file: str, text: str, report: Report) -> Pack | None:
    """Return the pack, `None` where it has problems, which go to `report`."""
    before = len(report.problems)
    node = parse_document(file, text, report)
    if not isinstance(node, Mapping):
        if node is not None:
            report.add(file, node.mark, "a pack maps words to what they are", "begin with pack:")
        return None
    keys = Keys(file, node, report)
    keys.check(required=_HEAD, optional=_SECTIONS)
    name, country, title = keys.scalar("pack"), keys.scalar("country"), keys.text("title")
    review = read_day(keys, "review")
    if name is not None and not (_NAME.match(name.value) and file.endswith(f"{name.value}.yaml")):
        keys.refuse(name.mark, f"{name.value!r} is not the name of this file", "a pack be lies in packs/be.yaml")
    if country is not None and not (_COUNTRY.match(country.value) and phonenumbers.country_code_for_region(country.value)):
        keys.refuse(country.mark, f"{country.value!r} is no country with numbers", "write its two capital letters (ISO 3166)")
        country = None
    if name is None or country is None or title is None or review is None:
        return None
    reader = _Reader(keys, country.value, _sources(keys), review, {})
    lists = {list_name: rows for list_name, rows in _lists(reader) if rows}
    holidays = _holidays(reader)
    if holidays:
        lists[HOLIDAYS] = tuple(row for _, _, row in holidays)
    if len(report.problems) > before:
        return None
    places = {place for place, _, _ in holidays}
    kept = {place: tuple(holiday for at, holiday, _ in holidays if at == place) for place in sorted(places)}
    return Pack(name.value, country.value, title, _unknown(keys), lists, kept)


def read_day(keys: Keys, key: str) -> date | None:
    """Read a day such as 2027-06-30."""
    scalar = keys.scalar(key)
    if scalar is None:
        return None
    try:
        return date.fromisoformat(scalar.value)
    except ValueError:
        keys.refuse(scalar.mark, f"{key} {scalar.value!r} is no date", "write it as 2027-06-30")
        return None


def _sources(keys: Keys) -> dict[str, str]:
    node = keys.node.entries.get("sources")
    if not isinstance(node, Mapping):
        if node is not None:
            keys.refuse(
                keys.mark("sources"), "sources must map a word to what it stands for", "write sources: and below it plan: …"
            )
        return {}
    inner = Keys(keys.file, node, keys.report)
    return {name: text for name in node.entries if (text := inner.text(name)) is not None}


def _unknown(keys: Keys) -> tuple[str, ...]:
    if "unknown" not in keys.node.entries:
        return ()
    return tuple(" ".join(scalar.value.split()) for scalar in keys.texts("unknown") or ())


def _lists(reader: _Reader) -> Iterator[tuple[str, tuple[ListRow, ...]]]:
    yield ZONES, tuple(_zones(reader))
    yield REGIONS, tuple(_regions(reader))
    yield FORMATS, tuple(_formats(reader))
    yield RANGES, tuple(_numbers(reader))
    yield EMERGENCY, tuple(_dialled(reader, "emergency"))
    yield HELPLINES, tuple(_dialled(reader, "helplines"))
    never = (reader.row(keys, entry) for keys in reader.rows("do-not-originate", ("ranges",)) for entry in reader.ranges(keys))
    yield NEVER_CALLERS, tuple(never)
    hours = list(_hours(reader))
    for calls, name in HOURS.items():
        yield name, tuple(row for kind, row in hours if kind == calls)


def _zones(reader: _Reader) -> Iterator[ListRow]:
    for keys in reader.rows("zones", ("names",)):
        scalar = keys.scalar("names")
        for zone in scalar.value.split() if scalar is not None else ():
            if scalar is not None and (hint := zone_problem(zone)) is not None:
                keys.refuse(scalar.mark, f"{zone} is no time zone", hint)
        if scalar is not None:
            yield reader.row(keys, reader.country, zones=" ".join(scalar.value.split()))


def _regions(reader: _Reader) -> Iterator[ListRow]:
    for keys in reader.rows("regions", ("region", "ranges")):
        scalar, ranges = keys.scalar("region"), reader.ranges(keys)
        if scalar is None:
            continue
        if not scalar.value.startswith(f"{reader.country}-"):
            keys.refuse(scalar.mark, f"{scalar.value!r} is no region of {reader.country}", "write it as US-TX (ISO 3166-2)")
        reader.regions[scalar.value] = (*reader.regions.get(scalar.value, ()), *ranges)
        yield from (reader.row(keys, entry, region=scalar.value) for entry in ranges)


def _formats(reader: _Reader) -> Iterator[ListRow]:
    for keys in reader.rows("formats", ("pattern",)):
        scalar = keys.scalar("pattern")
        if scalar is None:
            continue
        try:
            Pattern(scalar.value)
        except PatternRefused as refused:
            keys.refuse(scalar.mark, refused.cause, refused.hint)
            continue
        yield reader.row(keys, scalar.value)


def _numbers(reader: _Reader) -> Iterator[ListRow]:
    for keys in reader.rows("numbers", ("ranges", "kind")):
        kind = keys.scalar("kind")
        if kind is not None and kind.value not in _KINDS:
            keys.refuse(kind.mark, f"{kind.value!r} is no kind of number", did_you_mean(kind.value, _KINDS))
        if kind is not None:
            yield from (reader.row(keys, entry, kind=kind.value) for entry in reader.ranges(keys))


def _dialled(reader: _Reader, section: str) -> Iterator[ListRow]:
    for keys in reader.rows(section, ("number",)):
        scalar = keys.scalar("number")
        if scalar is None:
            continue
        if not _DIALLED.match(scalar.value):
            keys.refuse(scalar.mark, f"{scalar.value!r} is no number to dial", "write digits alone, as a caller dials them")
        yield reader.row(keys, scalar.value)


def _hours(reader: _Reader) -> Iterator[tuple[str, ListRow]]:
    """Yield rows with the kind of calls that they are for. Hours of a region hold for each of its ranges."""
    for keys in reader.rows("hours", ("calls", "weekdays", "from", "to"), ("where", "holidays")):
        calls, cells = keys.scalar("calls"), {key: keys.scalar(key) for key in ("weekdays", "from", "to")}
        way = keys.scalar("holidays") if "holidays" in keys.node.entries else None
        place = reader.place(keys)
        if calls is None or not all(cells.values()):
            continue
        if calls.value not in HOURS:
            keys.refuse(calls.mark, f"no hours for {calls.value!r}", f"write one of {', '.join(HOURS)}")
        if way is not None and way.value not in HOLIDAY_WAYS:
            keys.refuse(way.mark, f"holidays cannot be {way.value!r}", f"write one of {', '.join(HOLIDAY_WAYS)}, or leave it out")
        columns = {key: cell.value for key, cell in cells.items() if cell is not None}
        if (problem := hours_problem(Table("hours", (Row(place, columns),)))) is not None:
            keys.refuse(keys.node.mark, problem.removeprefix("list hours, "), "write weekdays: 1-5, from: 08:00, to: 21:00")
        entries = (place,) if place == reader.country else reader.regions.get(place, ())
        yield from (
            (calls.value, reader.row(keys, entry, holidays=way.value if way is not None else None, **columns)) for entry in entries
        )


def _holidays(reader: _Reader) -> list[tuple[str, Holiday, ListRow]]:
    """Return where each is kept, its rule, and its row."""
    found = []
    for keys in reader.rows("holidays", ("name", "on"), ("where", "moved", "first", "last")):
        name, on, place = keys.text("name"), keys.text("on"), reader.place(keys)
        moved = keys.text("moved") if "moved" in keys.node.entries else None
        first, last = (_year(keys, key) for key in ("first", "last"))
        if name is None or on is None:
            continue
        try:
            holiday = parse_holiday(name, on, moved=moved or "", first=first or MINYEAR, last=last or MAXYEAR)
        except HolidayRefused as refused:
            keys.refuse(keys.value_mark("on"), str(refused))
            continue
        span = {key: None if year is None else f"{year:04d}" for key, year in (("first", first), ("last", last))}
        found.append((place, holiday, reader.row(keys, place, name=name, on=on, moved=moved, **span)))
    return found


def _year(keys: Keys, key: str) -> int | None:
    scalar = keys.scalar(key) if key in keys.node.entries else None
    if scalar is None:
        return None
    if not _WHOLE_YEAR.match(scalar.value) or scalar.value == "0000":
        keys.refuse(scalar.mark, f"{key} {scalar.value!r} is no year", "write it as 2021")
        return None
    return int(scalar.value)
