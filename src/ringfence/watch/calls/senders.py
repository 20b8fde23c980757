"""Who answers for requests, asked of the directory once for each address, user and stretch of time in which the answer stays."""

from bisect import bisect_right
from typing import Final

from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory, Sender

_REMEMBERED: Final = 65_536
_EVER: Final = 1 << 62

_Stretch = tuple[int, int, Sender | None]
"""From, until before, and who answers in it."""


class Senders:
    """Answers as `directory.sender` does."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._at_address: dict[str, _Stretch] = {}
        """Address to the last stretch asked for."""
        self._of_user: dict[tuple[str, str], _Stretch] = {}
        """Address and user to the same."""

    def of(self, source: str, user: str | None, time: Micros) -> Sender | None:
        """Return who answers for a request from `source` whose proven user, if any, is `user`."""
        known = self._at_address.get(source) if user is None else self._of_user.get((source, user))
        if known is None or not known[0] <= time < known[1]:
            known = self._found(source, user, time)
        return known[2]

    def _found(self, source: str, user: str | None, time: Micros) -> _Stretch:
        changes = self._directory.changes_at(source, user)
        after = bisect_right(changes, time)
        sender = self._directory.sender(source, user, time)
        begin, end = changes[after - 1] if after else -_EVER, changes[after] if after < len(changes) else _EVER
        found = (begin, end, sender)
        if user is None:
            if len(self._at_address) >= _REMEMBERED:
                self._at_address.clear()
            self._at_address[source] = found
        else:
            if len(self._of_user) >= _REMEMBERED:
                self._of_user.clear()
            self._of_user[source, user] = found
        return found
