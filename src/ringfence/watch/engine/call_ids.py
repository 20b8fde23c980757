"""The call ids of recent events, for the evidence."""

from collections.abc import Iterable, Sequence


class CallIds:
    """The call ids of the last `remembered` events, by the events' numbers; `batch` is the most that come at once."""

    def __init__(self, *, remembered: int, batch: int) -> None:
        self._remembered = remembered
        # Room for a whole batch more, so that what an event may name doesn't depend on how many come after it in its batch.
        self._ring: list[str | None] = [None] * (remembered + batch)

    def add(self, first: int, call_ids: Sequence[str]) -> None:
        """Remember the call ids of the events numbered from `first` on."""
        size = len(self._ring)
        begin = first % size
        fits = min(len(call_ids), size - begin)
        self._ring[begin : begin + fits] = call_ids[:fits]
        self._ring[: len(call_ids) - fits] = call_ids[fits:]

    def of(self, numbers: Iterable[int], *, present: int) -> list[str]:
        """Return the call ids of the events `numbers`, save those forgotten when the event `present` came."""
        recent = (number for number in numbers if number > present - self._remembered)
        return [call_id for number in recent if (call_id := self._ring[number % len(self._ring)]) is not None]

    def pick(self, numbers: Iterable[int], *, present: int) -> dict[int, str]:
        """Return the call ids that are still known at the event `present`, by number."""
        return {number: call_id for number in numbers for call_id in self.of((number,), present=present)}

    def replace(self, picked: dict[int, str]) -> None:
        """Forget everything, and remember what `pick` gave."""
        self._ring = [None] * len(self._ring)
        for number, call_id in picked.items():
            self._ring[number % len(self._ring)] = call_id
