"""Moments as rules write them: `2026-12-01`, or a date and a time with its zone."""

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ringfence.policy.problems import did_you_mean
from ringfence.vocabulary.times import DAY, Micros, from_iso, micros, utc

MOMENT_HINT: Final = "write 2026-12-01, or 2026-12-01T08:00:00+01:00 with its zone"

_EARLIEST: Final = 1970
_LATEST: Final = 2200


def parse_moment(text: str, zone: str = "UTC") -> Micros | None:
    """Return the moment that `text` names, or `None` where it names none from 1970 to 2199. A date alone is its start in `zone`.

    >>> parse_moment("1970-01-02"), parse_moment("1970-01-01T01:00:00+01:00"), parse_moment("1970-01-01T01:00:00")
    (86400000000, 0, None)
    """
    try:
        is_date = len(text) == 10
        moment = micros(datetime.combine(date.fromisoformat(text), time(), ZoneInfo(zone))) if is_date else from_iso(text)
        return moment if _EARLIEST <= utc(moment).year < _LATEST else None
    except (ValueError, OverflowError):
        return None


def write_moment(moment: Micros) -> str:
    """Return a moment as `parse_moment` reads it.

    >>> write_moment(Micros(86_400_000_000)), write_moment(Micros(1_500_000))
    ('1970-01-02', '1970-01-01T00:00:01.500000+00:00')
    """
    whole = utc(moment)
    return whole.date().isoformat() if moment % DAY == 0 else whole.astimezone(UTC).isoformat()


def zone_problem(name: str) -> str | None:
    """Return what may have been meant where `name` is no time zone of the IANA database; `None` where it is one."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        near = did_you_mean(name, known)
        return near if near.startswith("did") else 'write an IANA name, such as "Europe/Brussels" or "UTC"'
    return None
