"""Two engines' memories made one: of the version before, what did not change; of one that was told history, what did.

Both must have consumed the same up to now. Each part is taken whole from one of them, a group of compiled windows or one rule's
tallies: no window ever holds rows of both.
"""

from collections.abc import Iterable, Mapping, Set
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ringfence.policy.plan import Rule
from ringfence.policy.strata import readers
from ringfence.vocabulary.times import Micros
from ringfence.watch.engine import snapshots
from ringfence.watch.engine.snapshots import Snapshot
from ringfence.watch.kernels.layout import ROW
from ringfence.watch.windows import Shape

_ROWS: Final = 2
"""Which of a group's arrays are its rows, in the order of `Packed`."""
_UNNAMED: Final = -(1 << 62)
"""The number of an event that no finding can name."""


class Memory(NamedTuple):
    """What an engine remembers, without the content: its groups' shapes, and its tallies' digests by their rules' names.

    `begun` is since when each rule counts, where somebody said so.
    """

    shapes: tuple[Shape, ...]
    tallied: Mapping[str, bytes]
    begun: Mapping[str, Micros]


def to_be_filled(own: Memory, former: Memory, short: Set[str]) -> frozenset[str]:
    """Return the rules for which an engine can't go on from a former one's memory: those that changed, and all in their groups.

    So it is with the rules in `short`, of which history knows more.
    """
    fresh = {name for name, digest in own.tallied.items() if former.tallied.get(name) != digest or name in short}
    for shape in own.shapes:
        names = frozenset(rule.name for rule in shape.rules)
        is_known = any(shape.shared(each) == names and shape.exact == each.exact for each in former.shapes)
        if not is_known or names & short:
            fresh |= names
    return frozenset(fresh)


def with_what_they_read(names: Set[str], rules: Iterable[Rule]) -> frozenset[str]:
    """Return rules with all whose findings they read, and those that these read."""
    read, found, asked = readers(tuple(rules)), set(names), list(names)
    while asked:
        others = set(read.get(asked.pop(), ())) - found
        found |= others
        asked += others
    return frozenset(found)


def joined(former: bytes, filled: bytes, owner: bytes, *, fresh: Set[str], remembered: int) -> bytes:
    """Return a snapshot that has the rules in `fresh` of the snapshot `filled`, and all others of the `former` one.

    `remembered`: of how many events findings can name the calls. Raises `SnapshotRefused`.
    """
    before, told = (snapshots.read(each, owner, is_whole=True)[0] for each in (former, filled))
    numbers, call_ids = _numbered(before, told, remembered)
    taken = [
        (shape, _renumbered(packed, numbers))
        for shape, packed in zip(told.shapes, told.windows, strict=True)
        if {rule.name for rule in shape.rules} <= fresh
    ]
    kept = [each for each in zip(before.shapes, before.windows, strict=True) if not {rule.name for rule in each[0].rules} <= fresh]
    tallies = [each for each in zip(before.tallied, before.tallies, strict=True) if each[0][0] not in fresh]
    tallies += [each for each in zip(told.tallied, told.tallies, strict=True) if each[0][0] in fresh]
    begun_of = {name: since for name, since in before.begun_of.items() if name not in fresh}
    begun_of |= {name: since for name in fresh if (since := told.begun_of.get(name, told.begun)) is not None}
    return snapshots.encoded(
        msgspec.structs.replace(
            before,
            clock=max(before.clock, told.clock),
            windows=tuple(packed for _, packed in (*taken, *kept)),
            shapes=tuple(shape for shape, _ in (*taken, *kept)),
            call_ids=call_ids,
            tallied=tuple(name for name, _ in tallies),
            tallies=tuple(octets for _, octets in tallies),
            begun_of=begun_of,
        )
    )


class _Numbers(NamedTuple):
    """The numbers of one engine's events, rising, and those that the same events get in the other's counting."""

    old: NDArray[np.int64]
    new: NDArray[np.int64]

    def of(self, events: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the new numbers of some events; those that nobody can name have none."""
        if not self.old.size:
            return np.full(events.size, _UNNAMED)
        places = np.minimum(np.searchsorted(self.old, events), self.old.size - 1)
        return np.where(self.old[places] == events, self.new[places], _UNNAMED)


def _numbered(before: Snapshot, told: Snapshot, remembered: int) -> tuple[_Numbers, dict[int, str]]:
    """Give the events that findings may name numbers that `before` has not given to others it may name; return all call ids."""
    oldest = max(0, before.next_event - remembered)
    free = np.setdiff1d(np.arange(oldest, before.next_event), np.array(list(before.call_ids), np.int64))
    old = np.array(sorted(told.call_ids), np.int64)[-free.size :] if free.size else np.zeros(0, np.int64)
    new = free[free.size - old.size :]
    call_ids = {number: told.call_ids[earlier] for number, earlier in zip(new.tolist(), old.tolist(), strict=True)}
    return _Numbers(old, new), before.call_ids | call_ids


def _renumbered(
    packed: tuple[tuple[tuple[int, ...], memoryview], ...], numbers: _Numbers
) -> tuple[tuple[tuple[int, ...], memoryview], ...]:
    shape, octets = packed[_ROWS]
    rows = np.frombuffer(octets, ROW).reshape(shape).copy()
    rows["event"] = numbers.of(rows["event"])
    return (*packed[:_ROWS], (shape, memoryview(rows.tobytes())), *packed[_ROWS + 1 :])
