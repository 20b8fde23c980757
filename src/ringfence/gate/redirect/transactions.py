"""Which requests were answered lately: a retransmission gets the same answer and counts once (RFC 3261 section 17.2)."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from ringfence.vocabulary.times import SECOND, Micros

KEPT_US: Final = 32 * SECOND
"""64 times T1: for so long a request may be sent again."""
MAX_KEPT: Final = 65_536
"""Beyond it the oldest go: a retransmission is then decided anew, with the same answer as long as no order changed."""

CANCELLED: Final = b""
"""Stands for the answer of an INVITE whose CANCEL overtook it."""

Key = tuple[str, str, str]
"""Peer address, branch, method."""


class Transactions:
    """Answers by transaction, for `KEPT_US` and at most `MAX_KEPT` of them."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Key, tuple[Micros, bytes]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._answers)

    def answered(self, key: Key) -> bytes | None:
        """Return the answer that was given, or `None`."""
        kept = self._answers.get(key)
        return kept[1] if kept is not None else None

    def keep(self, key: Key, answer: bytes, now: Micros) -> None:
        """Note the answer; drop what is too old or too much."""
        self._answers[key] = (now, answer)
        self._answers.move_to_end(key)
        while self._answers:
            oldest = next(iter(self._answers))
            if len(self._answers) <= MAX_KEPT and self._answers[oldest][0] > now - KEPT_US:
                break
            del self._answers[oldest]
