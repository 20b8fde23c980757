"""How much an edge has refused by its own count, where it keeps one: what the desk is told as the proof that an order works."""

from collections.abc import Mapping


class Counted:
    """Turns counters that an edge goes on counting, and begins anew when an entry is written again, into what came since."""

    def __init__(self) -> None:
        self._before: dict[str, int] | None = None

    def since(self, counters: Mapping[str, int]) -> dict[str, int]:
        """Return by order how much more there is than at the last look; what was there at the first look may be told already.

        >>> counted = Counted()
        >>> counted.since({"a": 7}), counted.since({"a": 9, "b": 4}), counted.since({"a": 2, "b": 4})
        ({}, {'a': 2, 'b': 4}, {'a': 2})
        """
        before, self._before = self._before, dict(counters)
        if before is None:
            return {}
        more = {order: count - seen if (seen := before.get(order, 0)) <= count else count for order, count in counters.items()}
        return {order: count for order, count in more.items() if count}
