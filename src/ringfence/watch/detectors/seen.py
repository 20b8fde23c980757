"""What was seen before, within bounds."""

from collections import OrderedDict


class Seen:
    """Keys that came before; those that came least recently leave first beyond `limit`. Not carried over a restart."""

    def __init__(self, limit: int = 20_000) -> None:
        self._limit = limit
        self._keys: OrderedDict[tuple[str, ...], None] = OrderedDict()

    def is_new(self, *key: str) -> bool:
        """Note that `key` came; tell whether it is not known."""
        if key in self._keys:
            self._keys.move_to_end(key)
            return False
        self._keys[key] = None
        if len(self._keys) > self._limit:
            self._keys.popitem(last=False)
        return True
