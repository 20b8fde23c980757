"""What a group's arrays are about, as a snapshot keeps it: so that another version's group can take over what they share."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Final, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ringfence.vocabulary.times import Micros
from ringfence.watch.kernels.layout import HOLDS, KEY, MAXIMUM, NEWEST, NOBODY, REST, RESTS_UNTIL, Batch, Terms
from ringfence.watch.windows.state import Packed
from ringfence.watch.windows.terms import Pooled, Term

_Cell = TypeVar("_Cell", np.uint64, np.float64)


_KEPT: Final = 3
"""How a key's words are laid out, for what stands in `Terms` alike: 1 kept sums as floating point, 2 no samples."""


class RuleShape(Struct, frozen=True, array_like=True):
    """One rule of a group: its name, what decides what it remembers, how many tiers it has, and the places of its measures.

    `beside` are those of the counts that its peaks look at.
    """

    name: str
    digest: bytes
    tiers: int
    measured: tuple[int, ...]
    beside: tuple[int, ...] = ()


class Shape(Struct, frozen=True, array_like=True):
    """The rules in the group's order, and what stands for each measure and for the value of each lane."""

    rules: tuple[RuleShape, ...]
    terms: tuple[bytes, ...]
    pair_lanes: tuple[bytes, ...]
    value_lanes: tuple[bytes, ...]
    kept: int = 1
    exact: int = 0

    def judged(self) -> Iterator[tuple[str, int]]:
        """Yield the rule and the tier of each condition, in order."""
        for rule in self.rules:
            yield from ((rule.name, tier) for tier in range(rule.tiers))

    def shared(self, other: "Shape") -> frozenset[str]:
        """Return the rules of which both remember the same."""
        known = {rule.name: rule.digest for rule in other.rules}
        return frozenset(rule.name for rule in self.rules if known.get(rule.name) == rule.digest)


def shape_of(pooled: Pooled, digests: Mapping[str, bytes], exact: int) -> Shape:
    """Return a group's shape; `digests` are its rules', by name; beyond `exact` distinct values it estimates."""
    return Shape(
        tuple(
            RuleShape(rule.name, digests[rule.name], len(rule.tiers), measured, pooled.counts_of_peaks(measured))
            for rule, measured in zip(pooled.rules, pooled.measured, strict=True)
        ),
        tuple(map(_digest, pooled.terms)),
        tuple(map(_digest, pooled.pair_lanes)),
        tuple(map(_digest, pooled.value_lanes)),
        _KEPT,
        exact,
    )


def rows_for(shape: Shape, kept: frozenset[str], old: Packed, former: Shape) -> Batch:
    """Return the rows of a group that was `former` which measures of the `kept` rules count, as a batch for one that is `shape`.

    Its conditions look at none of them.
    """
    wanted = {place for rule in shape.rules if rule.name in kept for place in (*rule.measured, *rule.beside)}
    members = np.zeros(old.rows.size, np.uint64)
    for place in wanted:
        if shape.terms[place] in former.terms:
            bit = (old.rows["members"] >> np.uint64(former.terms.index(shape.terms[place]))) & np.uint64(1)
            members |= bit << np.uint64(place)
    counted = members != 0
    rows = old.rows[counted]
    values = old.values["value"][counted]
    return Batch(
        np.ascontiguousarray(rows["time"]),
        np.ascontiguousarray(rows["event"]),
        old.words[rows["slot"], KEY].view(np.uint64),
        members[counted],
        np.zeros(rows.size, np.uint64),
        _lanes(shape.pair_lanes, former.pair_lanes, old.pairs[counted]),
        _lanes(shape.value_lanes, former.value_lanes, values),
    )


def with_edges(new: Packed, terms: Terms, shape: Shape, kept: frozenset[str], old: Packed, former: Shape, now: Micros) -> Packed:  # noqa: PLR0913 - two groups' arrays, what each is about, and when
    """Return `new` with what the `kept` rules' conditions were in `old`, their cool-downs, and what was forgotten."""
    conditions = {judged: place for place, judged in enumerate(shape.judged())}
    before = [(place, conditions[judged]) for place, judged in enumerate(former.judged()) if judged[0] in kept]
    slots = {int(key): slot for slot, key in enumerate(new.words[:, KEY].tolist())}
    words, fresh = new.words.copy(), list[NDArray[np.int64]]()
    quiet_before = old.words.shape[1] - sum(rule.tiers for rule in former.rules)
    queues: list[list[int]] = [[] for _ in conditions]
    for place, now_at in before:
        bit = 1 << place
        for held in old.words[(old.words[:, HOLDS] & bit) != 0, KEY].tolist():
            if held in slots:
                words[slots[held], HOLDS] |= 1 << now_at
        for resting in old.resting[old.rests[place]["tail"] : old.rests[place]["head"]].tolist():
            key, until = int(old.words[resting, KEY]), int(old.words[resting, quiet_before + place])
            if until <= now:
                continue
            if key not in slots:
                slots[key] = words.shape[0] + len(fresh)
                fresh.append(_only_resting(terms, key))
            queues[now_at].append(slots[key])
            row = words[slots[key]] if slots[key] < words.shape[0] else fresh[slots[key] - words.shape[0]]
            row[terms.quiet + now_at] = until
            row[RESTS_UNTIL] = max(int(row[RESTS_UNTIL]), until)
    rests = np.zeros(len(queues), REST)
    rests["head"] = np.cumsum([len(queue) for queue in queues])
    rests["tail"][1:] = rests["head"][:-1]
    marks, spans = new.marks.copy(), new.spans.copy()
    marks["next_wake"] = 0
    marks["forgotten_rows"], marks["forgotten_rests"] = old.marks["forgotten_rows"], old.marks["forgotten_rests"]
    spans["short_until"] = old.spans["short_until"].max()
    return new._replace(
        marks=marks,
        spans=spans,
        words=np.vstack([words, *fresh]) if fresh else words,
        rests=rests,
        resting=np.array([slot for queue in queues for slot in queue], np.int64),
    )


def _digest(term: Term) -> bytes:
    grain = f" by {term.grain_us}" if term.grain_us else ""
    return blake2b(f"{term}{grain}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _lanes(lanes: tuple[bytes, ...], former: tuple[bytes, ...], columns: NDArray[_Cell]) -> NDArray[_Cell]:
    laid = np.zeros((columns.shape[0], len(lanes)), columns.dtype)
    for place, lane in enumerate(lanes):
        if lane in former:
            laid[:, place] = columns[:, former.index(lane)]
    return laid


def _only_resting(terms: Terms, key: int) -> NDArray[np.int64]:
    row = np.zeros(terms.words, np.int64)
    row[KEY], row[NEWEST] = key, NOBODY
    for place in terms.place[terms.function == MAXIMUM].tolist():
        row[place : place + 2] = NOBODY
    return row
