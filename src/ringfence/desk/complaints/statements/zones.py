"""Time zones as people write them: abbreviations, offsets, cities, names of the time zone database."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import phonenumbers
from phonenumbers import timezone as number_zones

_MOST: Final = 4
_WRITTEN_OFFSETS: Final = """
utc 0 gmt 0 z 0 wet 0 west 60 bst 60 cet 60 mez 60 hec 60 cest 120 mesz 120 haec 120 eet 120 eest 180 msk 180 trt 180
est -300 edt -240 cst -360 cdt -300 mst -420 mdt -360 pst -480 pdt -420 akst -540 akdt -480 hst -600 brt -180
jst 540 kst 540 aest 600 aedt 660 sast 120 gst 240 sgt 480 hkt 480
"""
_OFFSETS: Final = {name: int(minutes) for name, minutes in re.findall(r"(\w+) (-?\d+)", _WRITTEN_OFFSETS)}
"""Minutes east of Greenwich. Abbreviations that mean several zones are read as the commonest in telephony."""
_LONGEST_MINUTES: Final = 14 * 60
_WRITTEN: Final = re.compile(
    r"\s{0,2}\(?(?:(?P<name>utc|gmt)?\s?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>[0-5]\d))?(?!\d)|(?P<iana>[A-Za-z]+/[A-Za-z_]+)"
    r"|(?P<abbreviation>[A-Za-z]{1,4})\b)",
    re.IGNORECASE,
)
_CITY: Final = re.compile(
    r"(?:heure de|heure d'|hora de|hora del|ora di|horario de|ortszeit|tijd in)\s([A-Za-z\u00c0-\u024f]+)"
    r"|\b([A-Za-z\u00c0-\u024f]+)(?:er zeit|\stime|\stijd|\stid|er ortszeit)",
    re.IGNORECASE,
)
_CITIES_OTHERWISE: Final = {
    "bruxelles": "Brussels",
    "brussel": "Brussels",
    "lisboa": "Lisbon",
    "roma": "Rome",
    "wien": "Vienna",
    "wiener": "Vienna",
    "warszawa": "Warsaw",
    "moskva": "Moscow",
    "londres": "London",
    "berliner": "Berlin",
    "pariser": "Paris",
    "eastern": "New_York",
    "central": "Chicago",
    "mountain": "Denver",
    "pacific": "Los_Angeles",
}


def zone_after(text: str, place: int) -> tuple[tzinfo, int] | None:
    """Return the zone that stands right after `place` of the text, and where it ends."""
    match = _WRITTEN.match(text, place)
    if match is None:
        return None
    if match["sign"]:
        minutes = int(match["hours"]) * 60 + int(match["minutes"] or 0)
        if minutes > _LONGEST_MINUTES:
            return None
        return timezone(timedelta(minutes=-minutes if match["sign"] == "-" else minutes)), match.end()
    if match["iana"]:
        named = zone(match["iana"])
        return (named, match.end()) if named else None
    found = _OFFSETS.get(match["abbreviation"].lower())
    is_word = match["abbreviation"].islower() and match["abbreviation"] not in ("utc", "gmt", "cet", "cest")
    return None if found is None or is_word else (timezone(timedelta(minutes=found)), match.end())


def zone_told(text: str) -> tzinfo | None:
    """Return the zone that a text states for all its times: `heure de Paris`, `Eastern time`."""
    for match in _CITY.finditer(text):
        city = _CITIES_OTHERWISE.get((match[1] or match[2]).lower(), (match[1] or match[2]).capitalize())
        if city in _by_city():
            return ZoneInfo(_by_city()[city])
    return None


@lru_cache(maxsize=1)
def _by_city() -> dict[str, str]:
    return {name.rpartition("/")[2]: name for name in sorted(available_timezones()) if "/" in name and not name.startswith("Etc")}


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo | None:
    """Return a zone of the database, or of an offset such as `+01:00`; `None` for what is neither."""
    if name[:1] in ("+", "-"):
        try:
            return datetime.fromisoformat(f"2000-01-01T00:00:00{name}").tzinfo
        except ValueError:
            return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zones_of_number(number: str) -> Iterator[str]:
    """Yield the zones in which an E.164 number lies, none where there are so many that they say nothing."""
    try:
        found = number_zones.time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return
    if len(found) <= _MOST:
        yield from (name for name in found if zone(name) is not None)
