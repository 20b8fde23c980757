"""Where numbers are, as far as packs and numbering plans tell: their zones and region, their holidays, their calls for help."""

from collections.abc import Callable, Mapping
from datetime import MAXYEAR, MINYEAR, date
from functools import lru_cache
from typing import Final

from ringfence.policy.functions import NUMBER_TYPES
from ringfence.policy.local_time import Clock
from ringfence.policy.number_facts import NumberFacts
from ringfence.policy.packs.holidays import Holiday, holidays_of, parse_holiday
from ringfence.policy.packs.joining import EVERYWHERE
from ringfence.policy.packs.reading import COUNTRY, EMERGENCY, FORMATS, HOLIDAYS, RANGES, REGIONS, UNALLOCATED, ZONES
from ringfence.policy.patterns import Pattern
from ringfence.policy.plan import Row, Table
from ringfence.policy.tables import Entries

_REMEMBERED: Final = 1 << 16
_KINDS: Final = frozenset(NUMBER_TYPES.values())
_DAY_MINUTES: Final = 24 * 60


class Places:
    """Answers about numbers, by the lists that packs fill. Without packs it knows what the numbering plans' library knows."""

    def __init__(self, lists: Mapping[str, Table], numbers: NumberFacts, entries: Callable[[str], Entries]) -> None:
        self._numbers = numbers
        named = {name: entries(name) for name in (ZONES, REGIONS, RANGES, EMERGENCY) if name in lists}
        self._zones_of_country = {row.entry: tuple(row.values.get("zones", "").split()) for row in _rows(lists, ZONES)}
        self._regions, self._ranges, self._emergency = (named.get(name) for name in (REGIONS, RANGES, EMERGENCY))
        self._formats: dict[str, tuple[Pattern, ...]] = {}
        for row in _rows(lists, FORMATS):
            country = row.values.get(COUNTRY, "")
            self._formats[country] = (*self._formats.get(country, ()), Pattern(row.entry))
        self._holidays = _holidays(lists)
        self._clocks: dict[str, Clock] = {}
        remember = lru_cache(maxsize=_REMEMBERED)
        self.zones: Final = remember(self._zones)
        """IANA names of all time zones the number could be in; empty where nobody can tell."""
        self.valid: Final = remember(self._valid)
        """It fits its country's formats and lies in a range that its numbering plan assigns."""
        self.kind: Final = remember(self._kind)
        """Kind of number as `functions.NUMBER_TYPES` writes it, or `None`."""
        self._days: Final = lru_cache(maxsize=1 << 10)(self._days_of)

    def forget(self) -> None:
        """Forget what followed from lists that hold other rows now."""
        for answers in (self.zones, self.valid, self.kind):
            answers.cache_clear()

    def is_holiday(self, number: str, day: str) -> bool:
        """Tell whether the day (ISO 8601) is a public holiday where the number is: in its whole country, or its region if known."""
        country = self._numbers.country(number)
        if country is None:
            return False
        region = self._regions.longest(number, 0) if self._regions is not None else None
        places = (country,) if region is None else (country, region.values.get("region", ""))
        return any(day in self._days(place, int(day[:4])) for place in places if place in self._holidays)

    def on_holiday(self, number: str, time: float) -> bool:
        """Tell whether `time` lies on a public holiday in every zone that the number could be in. Without any: false."""
        shown = [self._clock(zone).at(time) for zone in self.zones(number)]
        return bool(shown) and all(local is not None and self.is_holiday(number, local.date) for local in shown)

    def shows(self, number: str, time: float, first: int, last: int) -> bool:
        """Tell whether clocks show a minute in [`first`, `last`) of the day, over midnight too, in every zone it could be in."""
        shown = [self._clock(zone).at(time) for zone in self.zones(number)]
        length = (last - first) % _DAY_MINUTES or _DAY_MINUTES
        return bool(shown) and all(local is not None and (local.minute - first) % _DAY_MINUTES < length for local in shown)

    def emergency(self, dialled: str, number: str, time: float) -> bool:
        """Tell whether `dialled` calls for help in the country of `number`, or everywhere."""
        if self._emergency is None:
            return False
        where = {EVERYWHERE, "", self._numbers.country(number)}
        return any(row.values.get(COUNTRY, "") in where for row in self._emergency.all_at(dialled, time))

    def _clock(self, zone: str) -> Clock:
        clock = self._clocks.get(zone)
        if clock is None:
            clock = self._clocks[zone] = Clock(zone)
        return clock

    def _zones(self, number: str) -> tuple[str, ...]:
        """A country's one zone is that of its mobile numbers too. Of zones in several countries only those of its own count."""
        known = self._numbers.zones(number)
        own = self._zones_of_country.get(self._numbers.country(number) or "")
        if own is None:
            return known
        return tuple(zone for zone in known if zone in own) or own

    def _valid(self, number: str) -> bool:
        if not self._numbers.valid(number):
            return False
        row = self._ranges.longest(number, 0) if self._ranges is not None else None
        if row is not None and row.values.get("kind") == UNALLOCATED:
            return False
        formats = self._formats.get(self._numbers.country(number) or "")
        return formats is None or any(pattern.fits(number) for pattern in formats)

    def _kind(self, number: str) -> str | None:
        row = self._ranges.longest(number, 0) if self._ranges is not None and self._numbers.country(number) is not None else None
        kind = row.values.get("kind") if row is not None else None
        return kind if kind in _KINDS else self._numbers.kind(number) if kind is None else None

    def _days_of(self, place: str, year: int) -> frozenset[str]:
        if not MINYEAR <= year <= MAXYEAR:
            return frozenset()
        return frozenset(map(date.isoformat, holidays_of(year, self._holidays[place])))


def _rows(lists: Mapping[str, Table], name: str) -> tuple[Row, ...]:
    return lists[name].rows if name in lists else ()


def _holidays(lists: Mapping[str, Table]) -> dict[str, tuple[Holiday, ...]]:
    found: dict[str, tuple[Holiday, ...]] = {}
    for row in _rows(lists, HOLIDAYS):
        values = row.values
        first, last = int(values.get("first", MINYEAR)), int(values.get("last", MAXYEAR))
        holiday = parse_holiday(values["name"], values["on"], moved=values.get("moved", ""), first=first, last=last)
        found[row.entry] = (*found.get(row.entry, ()), holiday)
    return found
