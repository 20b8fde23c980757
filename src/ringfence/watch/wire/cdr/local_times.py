"""Local times of records that a switch writes at each call's end: which of two moments an hour that comes twice means."""

from datetime import datetime, tzinfo
from typing import Final

from ringfence.vocabulary.times import MINUTE, Micros, micros
from ringfence.watch.wire.cdr.values import BadValue, short

DISORDER_US: Final = 10 * MINUTE
"""How much earlier than the record before a record may end without a clock having been set back."""


class LocalTimes:
    """Reads local times in `zone`, whose clock was set back for winter at most once an hour.

    An hour that comes twice is told apart by the order of the records: they are written as calls end, so an end well before the one
    before it belongs to the second time. Times with a zone of their own keep it.
    """

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._last: int | None = None

    def end(self, column: str, text: str) -> Micros:
        """Return the moment at which a call ended. Raises `BadValue`."""
        first, second = self._moments(column, text)
        is_second = first != second and self._last is not None and first < self._last - DISORDER_US
        self._last = second if is_second else first
        return Micros(self._last)

    def note(self, end: Micros) -> None:
        """Note that a call ended at `end`, whose moment is known."""
        self._last = end

    def before(self, column: str, text: str, end: Micros, *, length_us: int | None = None) -> Micros:
        """Return the moment named by `text` of a call that ended at `end`, `length_us` later where that is known."""
        first, second = self._moments(column, text)
        if first == second or second > end:
            return first
        if length_us is not None and abs(end - first - length_us) <= abs(end - second - length_us):
            return first
        return second

    def _moments(self, column: str, text: str) -> tuple[Micros, Micros]:
        try:
            written = datetime.fromisoformat(text)
        except ValueError:
            raise BadValue(column, f"{short(text)} is no time" if text else "empty") from None
        if written.tzinfo is not None:
            return (micros(written),) * 2
        if self._zone is None:
            raise BadValue(column, f"{short(text)} names no zone: give the zone")
        first, second = (micros(written.replace(tzinfo=self._zone, fold=fold)) for fold in (0, 1))
        # In spring an hour is skipped; there the two readings fall the other way round, and only the first is meant.
        return (first, second) if first < second else (first, first)
