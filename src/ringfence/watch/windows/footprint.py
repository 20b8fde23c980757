"""What a group of rules keeps, before any event: measures and who asks for them, and the memory of a key and of an event."""

from collections.abc import Sequence
from dataclasses import dataclass

from ringfence.policy.plan import EXACT_DISTINCT, Rule
from ringfence.policy.written import written_measure
from ringfence.vocabulary.times import Micros
from ringfence.watch.kernels.layout import CELL, ROW, VALUE
from ringfence.watch.windows.state import Room, power_of_two
from ringfence.watch.windows.terms import Pooled, pool, tables_of, terms_of

_WORD = 8
_SLOT = 4


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a group keeps. `measures` are each measure as a rule writes it, its window's length, and the rules that ask for it.

    `key_bytes` and `event_bytes` are what a live key and an event in the longest window take. `grain_us`: events leave a whole
    grain at a time, and lengths have one more.
    """

    lengths: tuple[Micros, ...]
    measures: tuple[tuple[str, Micros, tuple[str, ...]], ...]
    key_bytes: int
    event_bytes: int
    grain_us: Micros | None = None

    def bytes_of(self, room: Room) -> int:
        """Return what the group's arrays take with room for so many: lengths of arrays are powers of two."""
        return power_of_two(room.keys) * self.key_bytes + power_of_two(room.rows) * self.event_bytes


def footprint(rules: Sequence[Rule]) -> Footprint:
    """Return what `rules`, which form one group, keep."""
    pooled = pool(rules)
    terms = terms_of(pooled, EXACT_DISTINCT)
    key = _WORD * terms.words + _SLOT * (1 + len(pooled.judged)) + 2 * CELL.itemsize
    pairs = _WORD * len(pooled.pair_lanes) + 2 * CELL.itemsize * tables_of(terms)
    event = ROW.itemsize + pairs + VALUE.itemsize * len(pooled.value_lanes)
    return Footprint(pooled.lengths, tuple(_measures(pooled)), key, event, pooled.terms[0].grain_us or None)


def _measures(pooled: Pooled) -> list[tuple[str, Micros, tuple[str, ...]]]:
    told: dict[int, tuple[str, list[str]]] = {}
    for rule, places in zip(pooled.rules, pooled.measured, strict=True):
        for measure, place in zip(rule.measures, places, strict=True):
            told.setdefault(place, (written_measure(measure), []))[1].append(rule.name)
    return [(text, pooled.terms[place].length_us, tuple(dict.fromkeys(names))) for place, (text, names) in sorted(told.items())]
