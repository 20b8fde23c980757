"""Who answers for requests, asked of the directory once for each address and stretch of time in which the answer stays."""

from bisect import bisect_right
from typing import Final

from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory, Sender

_REMEMBERED: Final = 65_536
_EVER: Final = 1 << 62


class Senders:
    """Answers as `directory.sender` does."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._stretches: dict[str, tuple[int, int, Sender | None]] = {}
        """Address to the last stretch asked for: from, until before, and who answers in it."""

    def of(self, source: str, user: str | None, time: Micros) -> Sender | None:
        """Return who answers for a request from `source` whose proven user, if any, is `user`."""
        if user is not None:
            return self._directory.sender(source, user, time)
        known = self._stretches.get(source)
        if known is not None and known[0] <= time < known[1]:
            return known[2]
        changes = self._directory.changes_at_source(source)
        after = bisect_right(changes, time)
        sender = self._directory.sender(source, None, time)
        if len(self._stretches) >= _REMEMBERED:
            self._stretches.clear()
        begin, end = changes[after - 1] if after else -_EVER, changes[after] if after < len(changes) else _EVER
        self._stretches[source] = (begin, end, sender)
        return sender
