"""A rule's keys in the order in which they last had an event, within bounds."""

from collections.abc import Iterable
from typing import Final

from ringfence.watch.tallies.keys import Key, KeyParts
from ringfence.watch.tallies.told_apart import Distinct, Most
from ringfence.watch.tallies.unwindowed import Concurrent, Unwindowed


class KeyTable:
    """At most `most_keys` keys that hold at most `most_entries` together; what is idle for `kept_us` is forgotten, without loss.

    Beyond that the keys that were idle for longest are forgotten before their time. `forgotten` counts their events, `woken` those
    of which only a cool-down was left. Until `short_until` a key that is new may have been one of them.
    """

    def __init__(self, *, kept_us: int, most_keys: int, most_entries: int) -> None:
        self._kept_us: Final = kept_us
        self._most_keys: Final = max(most_keys, 1)
        self._most_entries: Final = max(most_entries, 1)
        self.keys: dict[KeyParts, Key] = {}
        self.entries = 0
        self.forgotten = 0
        self.woken = 0
        self.short_until = 0
        self._under_way: dict[str, dict[KeyParts, None]] = {}

    def put(self, key: Key, time: int) -> None:
        """Keep a key that had an event at `time`, as the newest."""
        key.time = time
        self.keys.pop(key.parts, None)
        self.keys[key.parts] = key
        self.settle(key)
        if len(self.keys) > self._most_keys or self.entries > self._most_entries:
            self._bound(time)

    def settle(self, key: Key) -> None:
        """Note how much a key of the table holds now."""
        self.entries += key.settle()

    def touch(self, key: Key, time: int) -> None:
        """Note how much a key holds at `time` though nothing counted: what `once` has seen grows too."""
        self.settle(key)
        self._bound(time)

    def drop(self, key: Key) -> None:
        """Forget a key."""
        if self.keys.pop(key.parts, None) is not None:
            self.entries -= key.size
        for tally in key.tallies:
            if isinstance(tally, Concurrent):
                for call_id in tally.begun:
                    self._end(call_id, key.parts)

    def expire(self, time: int) -> None:
        """Forget the keys that had nothing for so long that nothing of them matters."""
        while self.keys:
            oldest = next(iter(self.keys.values()))
            if oldest.time > time - self._kept_us:
                return
            self.drop(oldest)

    def begin(self, call_id: str, parts: KeyParts) -> None:
        """Remember that a call of a key is under way."""
        self._under_way.setdefault(call_id, {})[parts] = None

    def ended(self, call_id: str) -> list[Key]:
        """Return the keys that the call was under way for, and end it there."""
        keys = [self.keys[parts] for parts in self._under_way.pop(call_id, ()) if parts in self.keys]
        for key in keys:
            for tally in key.tallies:
                if isinstance(tally, Concurrent):
                    tally.end(call_id)
        return keys

    def fill(self, keys: Iterable[Key]) -> None:
        """Hold `keys` alone, the one idle for longest first."""
        self.keys = {key.parts: key for key in keys}
        self.entries = sum(key.size for key in self.keys.values())
        self._under_way = {}
        for key in self.keys.values():
            for tally in key.tallies:
                if isinstance(tally, Concurrent):
                    for call_id in tally.begun:
                        self.begin(call_id, key.parts)

    def _end(self, call_id: str, parts: KeyParts) -> None:
        keys = self._under_way.get(call_id)
        if keys is not None:
            keys.pop(parts, None)
            if not keys:
                del self._under_way[call_id]

    def _bound(self, time: int) -> None:
        while len(self.keys) > self._most_keys or (self.entries > self._most_entries and len(self.keys) > 1):
            oldest = next(iter(self.keys.values()))
            self._lose(oldest.rows.total, oldest.time)
            self.drop(oldest)
        while self.entries > self._most_entries:
            (key,) = self.keys.values()
            before = self.entries
            self._thin(key, time)
            if self.entries >= before:
                return

    def _thin(self, key: Key, time: int) -> None:
        """Let the only key's oldest entries leave before their time."""
        fullest = max(key.tallies, key=lambda tally: tally.entries, default=None)
        if fullest is None or len(key.seen) > fullest.entries:
            del key.seen[next(iter(key.seen))]
        elif isinstance(fullest, Distinct | Most):
            fullest.shed()
        elif not isinstance(fullest, Unwindowed):
            fullest.leave(fullest.oldest)
        elif isinstance(fullest, Concurrent):
            call_id = next(iter(fullest.begun))
            fullest.end(call_id)
            self._end(call_id, key.parts)
        self._lose(1, time)
        key.short_until = self.short_until
        self.settle(key)

    def _lose(self, events: int, time: int) -> None:
        self.forgotten += events
        self.woken += not events
        self.short_until = max(self.short_until, time + self._kept_us)
