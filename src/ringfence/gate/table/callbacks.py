"""Who called an emergency number lately: emergency services must be able to call back, whatever is ordered."""

from collections import OrderedDict
from typing import Final

from ringfence.vocabulary.times import MINUTE, Micros

WINDOW_US: Final = Micros(30 * MINUTE)
"""How long after an emergency call calls to its caller pass. Ours: RFC 7090 section 3 leaves the time to local policy."""
MAX_KEPT: Final = 65_536


class EmergencyCallers:
    """Numbers by the time of their last emergency call. Only those of attributed parties are noted: anybody can write a caller."""

    def __init__(self) -> None:
        self._called: OrderedDict[str, Micros] = OrderedDict()

    def note(self, number: str, now: Micros) -> None:
        """Take note that `number` called an emergency number."""
        self._called[number] = now
        self._called.move_to_end(number)
        if len(self._called) > MAX_KEPT:
            self._called.popitem(last=False)

    def may_be_called_back(self, number: str | None, now: Micros | None) -> bool:
        """Tell whether a call to `number` at `now` may come from emergency services; `None`: at a moment nobody knows."""
        if number is None or not self._called:
            return False
        called = self._called.get(number)
        return called is not None and (now is None or now - called < WINDOW_US)
