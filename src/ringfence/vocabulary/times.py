"""Times as whole microseconds since 1970-01-01T00:00:00Z, and their text form."""

from datetime import UTC, datetime, timedelta
from typing import Final, NewType

Micros = NewType("Micros", int)
"""A moment, or (where a name ends in `_us`) a length of time, in microseconds."""

MILLISECOND: Final = Micros(1_000)
SECOND: Final = Micros(1_000_000)
MINUTE: Final = Micros(60 * SECOND)
HOUR: Final = Micros(60 * MINUTE)
DAY: Final = Micros(24 * HOUR)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def iso(moment: Micros) -> str:
    """Return `moment` as RFC 3339 text in UTC, always with six decimals.

    >>> iso(Micros(1313440459120000))
    '2011-08-15T20:34:19.120000Z'
    """
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def utc(moment: Micros) -> datetime:
    """Return `moment` as an aware UTC datetime. Raises `OverflowError` outside years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=moment)


def micros(moment: datetime) -> Micros:
    """Return an aware datetime as `Micros`, exactly. Raises `ValueError` for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone names no moment")
    return Micros((moment - _EPOCH) // timedelta(microseconds=1))


def from_iso(text: str) -> Micros:
    """Return the moment that ISO 8601 `text` names. Raises `ValueError` where it lacks a zone or is no time.

    >>> from_iso("2011-08-15T20:34:19.12Z")
    1313440459120000
    """
    return micros(datetime.fromisoformat(text))
