"""The version that comes into force when its windows know what came before it."""

from typing import Final

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.lake import JournalReader
from ringfence.watch.live.filling import Filling
from ringfence.watch.live.judges import Judges

REFILL_US: Final = Micros(2 * SECOND)
"""What the desk told late is waited for so long, that windows are filled anew once and not for each."""


class Coming:
    """Windows that are being filled, for a posted version, or for the one in force because the desk told something late."""

    def __init__(self, judges: Judges, journal: JournalReader) -> None:
        self.filling: Filling | None = None
        self._judges = judges
        self._journal = journal
        self._told_upto = 0
        self._late_upto: int | None = None
        self._refill_at = Micros(0)

    @property
    def is_behind(self) -> bool:
        """Tell whether the windows in force lack what the desk told late: they are not what all that was consumed gives."""
        return self._late_upto is not None

    def want(self, policy: str, now: Micros, *, desk: int) -> None:
        """Begin to fill windows for a version, unless they are being filled; `desk` is how far the desk's events were consumed."""
        if self.filling is None or self.filling.policy != policy:
            self._begin(policy, now, desk)

    def keep(self, policy: str) -> None:
        """Give up to fill windows for any other version: that one is in force, and wanted."""
        if self.filling is not None and self.filling.policy != policy:
            self.filling = None

    def late(self, upto: int, now: Micros) -> None:
        """Take note that the desk told something late, up to that number of its feed: windows must be filled anew."""
        self._late_upto = upto
        self._refill_at = Micros(now + REFILL_US)

    def work(self, now: Micros, *, policy: str | None, desk: int, most: int) -> Filling | None:
        """Go on by about `most` events; return what knows all there is. `policy` is in force."""
        if self.filling is None and self._late_upto is not None and policy is not None and self._is_time(now):
            self._begin(policy, now, desk)
        return self.filling if self.filling is not None and self.filling.work(most) else None

    def done(self) -> None:
        """Take note that what was returned last is in force."""
        if self.filling is not None:
            self._judges.note(self.filling)
        if self._late_upto is not None and self._told_upto >= self._late_upto:
            self._late_upto = None
        self.filling = None

    def _begin(self, policy: str, now: Micros, desk: int) -> None:
        self.filling = self._judges.filling(policy, self._journal, now=now, desk=desk)
        self._told_upto = desk
        self._refill_at = Micros(now + REFILL_US)  # a version that is unusable is not tried at each turn

    def _is_time(self, now: Micros) -> bool:
        return not self._refill_at - REFILL_US <= now < self._refill_at  # a clock that was put back far doesn't stop it
