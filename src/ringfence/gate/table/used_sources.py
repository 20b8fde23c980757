"""Addresses that a trunk or a registration used of late: no firewall may hold them, whatever is ordered."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

from ringfence.vocabulary.times import DAY, MINUTE, Micros
from ringfence.watch.attribution import Directory

KEPT_US: Final = Micros(30 * DAY)
MAX_KEPT: Final = 262_144
"""Beyond it the address that was used longest ago is forgotten."""
_AGAIN_US: Final = Micros(MINUTE)
"""An address in use is noted again after so long at the earliest."""


class UsedSources:
    """Addresses by the time of their last use: by requests with an account behind them, registered contacts, and trunks' addresses.

    What was noted outlives the process by `noted` and `recall`; trunks' addresses are read from the directory.
    """

    def __init__(self) -> None:
        self._used: OrderedDict[str, Micros] = OrderedDict()
        self._directory: Directory | None = None
        self.changes = 0
        """How often an address was noted that was not known before."""

    def __len__(self) -> int:
        return len(self._used)

    def know(self, directory: Directory) -> None:
        """Take over where trunks are."""
        self._directory = directory

    def note(self, address: str, now: Micros) -> bool:
        """Take note that an address was used by somebody of ours; tell whether it was not known before."""
        before = self._used.get(address)
        if before is not None and now - before < _AGAIN_US:
            return False
        self._used[address] = now
        self._used.move_to_end(address)
        if len(self._used) > MAX_KEPT:
            self._used.popitem(last=False)
        self.changes += before is None
        return before is None

    def was_used(self, address: str, now: Micros) -> bool:
        """Tell whether a trunk or a registration used the address within 30 days."""
        used = self._used.get(address)
        if used is not None and now - used < KEPT_US:
            return True
        return self._directory is not None and self._directory.had_trunk_at(address, since=Micros(now - KEPT_US), now=now)

    def noted(self, now: Micros) -> dict[str, Micros]:
        """Return what is to be kept over a restart."""
        return {address: used for address, used in list(self._used.items()) if now - used < KEPT_US}

    def recall(self, noted: Mapping[str, Micros] | Iterable[tuple[str, Micros]]) -> None:
        """Take over what an earlier process noted."""
        for address, used in sorted(dict(noted).items(), key=lambda each: each[1]):
            self.note(address, used)
