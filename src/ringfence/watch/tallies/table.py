"""A rule's keys in the order in which they last had an event, within bounds."""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, KeysView
from typing import Final

from ringfence.watch.tallies.asleep import Asleep, decoded, encode
from ringfence.watch.tallies.bounds import Bounds
from ringfence.watch.tallies.held import Held
from ringfence.watch.tallies.keys import ENTRY_OCTETS, EVER, Key, KeyParts
from ringfence.watch.tallies.unwindowed import Concurrent
from ringfence.watch.tallies.windowed import Counted

EVERYTHING: Final = 1 << 62
"""No bound."""


class KeyTable:
    """Keys within `bounds` and `most_octets`, where each takes `octets`; what is idle for `kept_us` is forgotten, without loss.

    Beyond that the keys that were idle for longest are forgotten before their time. `forgotten` counts their events, `woken` those
    of which only a cool-down was left. `rows` gives the events that a key holds. Until `short_until` a key that is new may have
    been one of them. Keys that come from a snapshot, and those idle between two, are kept as they are written there until they have
    an event again.
    """

    def __init__(self, *, kept_us: int, bounds: Bounds, octets: int, rows: Callable[[Key], Counted]) -> None:
        self._kept_us: Final = kept_us
        self._rows: Final = rows
        self._most_keys: Final = max(bounds.keys, 1)
        self._most_entries: Final = max(bounds.entries, 1)
        self._key_octets: Final = octets
        self.most_octets = EVERYTHING
        self._keys: OrderedDict[KeyParts, Key | int] = OrderedDict()  # a dict looks for its first behind all that left before
        self._asleep = Asleep.nobody()
        self._under_way: dict[str, dict[KeyParts, None]] = {}
        self._oldest = EVER
        self._packed = EVER
        self.entries = 0
        self.forgotten = 0
        self.woken = 0
        self.short_until = 0

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, parts: KeyParts) -> bool:
        return parts in self._keys

    def parts(self) -> KeysView[KeyParts]:
        """Return what tells each key apart, the one idle for longest first."""
        return self._keys.keys()

    def get(self, parts: KeyParts) -> Key | None:
        """Return a key, to be used at once; `None` where there is none."""
        key = self._keys.get(parts)
        return self._wake(parts, key) if isinstance(key, int) else key

    def every(self) -> Iterator[Key]:
        """Yield each key. None may come or go meanwhile."""
        for parts in list(self._keys):
            key = self.get(parts)
            if key is not None:
                yield key

    def put(self, key: Key, time: int) -> None:
        """Keep a key that had an event at `time`, as the newest."""
        key.time = time
        keys = self._keys
        if key.parts in keys:
            keys.move_to_end(key.parts)
        else:
            keys[key.parts] = key
        self.settle(key)
        if self._is_full(len(keys)):
            self._bound(time)

    @property
    def octets(self) -> int:
        """About what the keys take, as measured."""
        return len(self._keys) * self._key_octets + self.entries * ENTRY_OCTETS

    def hold(self, octets: int, time: int) -> None:
        """Take no more than `octets` from now on."""
        self.most_octets = octets
        self._bound(time)

    def settle(self, key: Key) -> None:
        """Note how much a key of the table takes now."""
        self.entries += key.settle()

    def touch(self, key: Key, time: int) -> None:
        """Note how much a key takes at `time` though nothing counted: what `once` has seen grows too."""
        self.settle(key)
        self._bound(time)

    def drop(self, key: Key) -> None:
        """Forget a key."""
        if self._keys.pop(key.parts, None) is not None:
            self.entries -= key.size
        self.release(key)

    def release(self, key: Key, place: int | None = None) -> None:
        """Remember no longer which calls are under way for a key, for any measure or for the one at `place`."""
        for at, tally in enumerate(key.tallies):
            if isinstance(tally, Concurrent) and place in (None, at):
                for call_id in tally.begun:
                    self.end(call_id, key.parts)

    def expire(self, time: int) -> None:
        """Forget the keys that had nothing for so long that nothing of them matters."""
        horizon = time - self._kept_us
        if self._oldest > horizon:  # no key is idle for longer than since then
            return
        while self._keys:
            parts, key = next(iter(self._keys.items()))
            self._oldest = self._asleep.times[key] if isinstance(key, int) else key.time
            if self._oldest > horizon:
                return
            self.drop(self._wake(parts, key) if isinstance(key, int) else key)
        self._oldest = horizon

    def begin(self, call_id: str, parts: KeyParts) -> None:
        """Remember that a call of a key is under way."""
        self._under_way.setdefault(call_id, {})[parts] = None

    def end(self, call_id: str, parts: KeyParts) -> None:
        """Remember no longer that a call is under way for a key."""
        keys = self._under_way.get(call_id)
        if keys is not None:
            keys.pop(parts, None)
            if not keys:
                del self._under_way[call_id]

    def ended(self, call_id: str) -> list[Key]:
        """Return the keys that the call was under way for, and end it there."""
        keys = [key for parts in self._under_way.pop(call_id, ()) if (key := self.get(parts)) is not None]
        for key in keys:
            for tally in key.tallies:
                if isinstance(tally, Concurrent):
                    tally.end(call_id)
        return keys

    def age(self, key: Key, time: int) -> None:
        """End the calls of a key that began too long ago."""
        for tally in key.tallies:
            if isinstance(tally, Concurrent):
                for call_id in list(tally.aged(time)):
                    tally.end(call_id)
                    self.end(call_id, key.parts)

    def packed(self) -> Asleep:
        """Return every key as it is to be written, the one idle for longest first."""
        before, times, sizes, ends = self._asleep, array("q"), array("q"), array("q")
        blob = bytearray()
        newest = self._packed
        for place, (parts, key) in enumerate(self._keys.items()):
            if isinstance(key, int):
                blob += before.written(key)
                times.append(before.times[key])
                sizes.append(before.sizes[key])
                self._keys[parts] = place
            else:
                encode(key, blob)
                times.append(key.time)
                sizes.append(key.size)
                newest = max(newest, key.time)
                if key.time <= self._packed:
                    self._keys[parts] = place
            ends.append(len(blob))
        self._packed = newest
        self._asleep = Asleep(list(self._keys), times, sizes, ends, bytes(blob))
        return self._asleep

    @property
    def calls_under_way(self) -> Collection[str]:
        """The ids of the calls that are under way."""
        return self._under_way.keys()

    @property
    def under_way(self) -> dict[str, list[KeyParts]]:
        """The calls that are under way, each with the keys that it counts for."""
        return {call_id: list(keys) for call_id, keys in self._under_way.items()}

    def fill(self, asleep: Asleep, under_way: dict[str, list[KeyParts]]) -> None:
        """Hold these keys alone."""
        self._keys = OrderedDict(zip(asleep.parts, range(len(asleep.parts)), strict=True))
        self._asleep = asleep
        self.entries = sum(asleep.sizes)
        self._under_way = {call_id: dict.fromkeys(keys) for call_id, keys in under_way.items()}
        self._oldest, self._packed = EVER, max(asleep.times, default=EVER)

    def _wake(self, parts: KeyParts, place: int) -> Key:
        key = decoded(self._asleep.written(place))
        self._keys[parts] = key  # it keeps its place in the order
        return key

    def _bound(self, time: int) -> None:
        while self._is_full(len(self._keys)) and len(self._keys) > 1:
            key = self.get(next(iter(self._keys)))
            if key is None:
                return
            events = self._rows(key).total
            self.woken += not events
            self._lose(max(events - key.thinned, 0), key.time)
            self.drop(key)
        while self._is_full(len(self._keys)):
            (parts,) = self._keys
            key, before = self.get(parts), self.entries
            if key is None:
                return
            self._thin(key, time)
            if self.entries >= before:
                return

    def _is_full(self, keys: int) -> bool:
        return (
            keys > self._most_keys
            or self.entries > self._most_entries
            or keys * self._key_octets + self.entries * ENTRY_OCTETS > self.most_octets
        )

    def _thin(self, key: Key, time: int) -> None:
        """Let the oldest of what takes most room in the only key leave before its time."""
        fullest = max(key.tallies, key=lambda tally: tally.size, default=None)
        most = 0 if fullest is None else fullest.size
        if key.seen is not None and key.seen.size > max(most, key.rows.size):
            key.seen.shed()
            self._lose(1, time)
        elif key.rows.size > most:
            events = key.rows.shed()
            known = min(events, key.thinned)  # those of them that a measure forgot before
            key.thinned -= known
            self._lose(events - known, time)
        elif isinstance(fullest, Held):
            events = fullest.shed()
            if fullest is not self._rows(key):
                events = min(events, self._rows(key).total - key.thinned)
                key.thinned += events
            self._lose(events, time)
        elif isinstance(fullest, Concurrent):
            call_id = next(iter(fullest.begun))
            fullest.end(call_id)
            self.end(call_id, key.parts)
            self._lose(1, time)
        key.short_until = self.short_until
        self.settle(key)

    def _lose(self, events: int, time: int) -> None:
        self.forgotten += events
        self.short_until = max(self.short_until, time + self._kept_us)
