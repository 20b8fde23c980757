"""Which way traffic goes: out where one of ours answers for it, in where it calls a number of ours, else neither."""

from bisect import bisect_right
from typing import Final

from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory, Sender
from ringfence.watch.calls.entries import Origin
from ringfence.watch.calls.notes import Note, Notes

_REMEMBERED: Final = 65_536
_EVER: Final = 1 << 62


class Directions:
    """Asks the directory once for each number called and stretch of time in which the answer stays."""

    def __init__(self, directory: Directory, notes: Notes) -> None:
        self.notes: Final = notes
        self._directory = directory
        self._stretches: dict[str, tuple[int, int, str | None]] = {}
        self._always: dict[int, str | None] = {}
        """Where calls to a number go, by its hash, if that never changes."""

    def to(self, callee: int, origin: Origin | Note) -> str | None:
        """Return the direction of what nobody of ours answers for. `callee` is the hash of who is called, always by one key."""
        try:
            return self._always[callee]
        except KeyError:
            pass
        called, time = self.notes.callee(origin) if isinstance(origin, bytes) else (origin.callee, origin.time)
        begin, end, direction = (-_EVER, _EVER, None) if called is None else self._stretch(called, time)
        if (begin, end) == (-_EVER, _EVER):
            if len(self._always) >= _REMEMBERED:
                self._always.clear()
            self._always[callee] = direction
        return direction

    def of(self, origin: Origin | Note, sender: Sender | None) -> str | None:
        """Return the direction of a call or request: `outbound`, `inbound` or `None`."""
        if sender is not None:
            return "outbound"
        callee, time = self.notes.callee(origin) if isinstance(origin, bytes) else (origin.callee, origin.time)
        return None if callee is None else self._stretch(callee, time)[2]

    def _stretch(self, callee: str, time: Micros) -> tuple[int, int, str | None]:
        known = self._stretches.get(callee)
        if known is None or not known[0] <= time < known[1]:
            known = self._found(callee, time)
        return known

    def _found(self, callee: str, time: Micros) -> tuple[int, int, str | None]:
        changes = self._directory.changes_of_holder(callee)
        after = bisect_right(changes, time)
        if len(self._stretches) >= _REMEMBERED:
            self._stretches.clear()
        begin, end = changes[after - 1] if after else -_EVER, changes[after] if after < len(changes) else _EVER
        direction = "inbound" if self._directory.holder(callee, time) is not None else None
        found = self._stretches[callee] = (begin, end, direction)
        return found
