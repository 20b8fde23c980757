"""The version that comes into force when its windows know what came before it."""

from typing import Final

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.engine import Engine
from ringfence.watch.lake import JournalReader
from ringfence.watch.live.filling import Filling
from ringfence.watch.live.judges import Asked, Judges

REFILL_US: Final = Micros(2 * SECOND)
"""What the desk told late is waited for so long, that windows are filled anew once and not for each."""
RETRY_US: Final = Micros(10 * SECOND)
"""How long a version that is unusable is left alone."""


class Coming:
    """Windows that are being filled, for a posted version, or for the one in force because the desk told something late."""

    def __init__(self, judges: Judges, journal: JournalReader) -> None:
        self.filling: Filling | None = None
        self._judges = judges
        self._journal = journal
        self._wanted: str | None = None
        self._late: Micros | None = None
        self._lacks = False
        self._again_at = Micros(0)

    @property
    def is_behind(self) -> bool:
        """Tell whether the windows in force lack what the desk told late: they are not what all that was consumed gives."""
        return self._late is not None

    def want(self, policy: str, now: Micros, *, desk: int, former: Engine | None = None) -> None:
        """Begin to fill windows for a version, unless they are being filled; `desk` is how far the desk's events were consumed.

        `former` is in force.
        """
        self._wanted = policy
        if self.filling is None or self.filling.policy != policy:
            self._begin(policy, Asked(now, desk, late=self._late, former=former))

    def keep(self, policy: str) -> None:
        """Give up to fill windows for any other version: that one is in force, and wanted."""
        self._wanted = None
        if self.filling is not None and self.filling.policy != policy:
            self.filling = None

    def late(self, since: Micros, now: Micros) -> None:
        """Take note that the desk told something late, of `since` at the oldest: windows must be filled, and those too that are."""
        self.filling = None
        self._late = since if self._late is None else min(self._late, since)
        self._again_at = Micros(now + REFILL_US)

    def lacks(self) -> None:
        """Take note that some rules in force began anew: windows are to be filled for all, while the others go on."""
        self._lacks = True

    def work(self, now: Micros, *, policy: str | None, former: Engine | None, desk: int, most: int) -> Filling | None:
        """Go on by about `most` events; return what knows all there is. `policy` is in force, and `former` judges by it."""
        is_asked = self._lacks or self._late is not None or self._wanted is not None
        if self.filling is None and is_asked and self._is_time(now):
            wanted = policy if self._wanted is None else self._wanted
            if wanted is not None:
                self._begin(wanted, Asked(now, desk, late=self._late, former=former))
        return self.filling if self.filling is not None and self.filling.work(most) else None

    def done(self) -> None:
        """Take note that what was returned last is in force."""
        if self.filling is not None:
            self._judges.note(self.filling)
        self.filling = self._wanted = self._late = None
        self._lacks = False

    def _begin(self, policy: str, asked: Asked) -> None:
        self.filling = self._judges.filling(policy, self._journal, asked=asked)
        self._again_at = Micros(asked.now + RETRY_US)  # one that is unusable is not tried at each turn

    def _is_time(self, now: Micros) -> bool:
        return not self._again_at - RETRY_US <= now < self._again_at  # a clock that was put back far doesn't stop it
