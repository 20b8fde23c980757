"""A batch of events as rows of evidence: what each tells, whomever it is about."""

from collections.abc import Collection, Iterator, Sequence
from enum import Enum
from functools import reduce
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ringfence.report.profiles import Texts
from ringfence.report.rates import RateDeck
from ringfence.report.registrations import outcome_places
from ringfence.vocabulary.contracts import Event, EventKind, Subject
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.watch.columns import KIND_CODES, UNSET, ColumnBatch, TextHashes, fold
from ringfence.watch.kernels import evidence_layout as layout

_REQUEST, _REGISTRATION = KIND_CODES[EventKind.REQUEST], KIND_CODES[EventKind.REGISTRATION]
_OF_CALLS: Final = {EventKind.ATTEMPT: layout.ATTEMPT, EventKind.ANSWER: layout.ANSWER, EventKind.END: layout.END}
_CALL_CODES: Final = np.array([KIND_CODES[kind] for kind in _OF_CALLS], np.uint8)
_WEIGHTS: Final = np.array([bits.bit_count() for bits in range(8)], np.int64)
_UNSET_PART: Final = np.uint64(0x9D39247E33776D41)  # stands for an unset part of who registers as whom
_MOST_CUTS: Final = 12
_CALLED: Final = frozenset({"callee", "target", "destination"})


class Called(Enum):
    """Whether subjects are at the called end of calls: then callers are their counterparts."""

    NO = "callee"
    YES = "caller"

    @classmethod
    def of(cls, fields: Collection[str]) -> "Called":
        """Return it for subjects that `fields` name."""
        return cls.YES if not _CALLED.isdisjoint(fields) and "caller" not in fields else cls.NO


class BatchRows:
    """A batch read: `rows` about nobody yet, which of their calls were `answered`, and the latest time that each tells."""

    def __init__(self, batch: ColumnBatch, hashes: TextHashes, texts: Texts, deck: RateDeck | None) -> None:
        self.batch: Final = batch
        self._hashes = hashes
        self._texts = texts
        kinds, size = batch.kinds, len(batch)
        told = batch.outcomes(hashes)
        self.answered: Final = told.answered
        self.until: Final = told.until
        self._requests = kinds == _REQUEST
        self._registrations = kinds == _REGISTRATION
        self._nothing = np.zeros(size, np.uint64)
        parts = told.parts.copy()
        if self._requests.any():
            parts[self._requests & (self.column("method") != hashes["INVITE"])] = layout.REQUEST
        parts[self._registrations] = layout.REGISTRATION
        callees = batch.codes("callee", texts.numbers)
        self._codes = {Called.NO: callees}
        self._callers: NDArray[np.uint64] | None = None
        self.rows: Final = layout.Rows(
            subjects=self._nothing,
            times=batch.times,
            parts=parts,
            status=told.status,
            duration_ms=told.duration_ms,
            plans=self.column("plan"),
            agents=self.column("user_agent"),
            others=callees,
            targets=batch.codes("target", texts.numbers) if self._requests.any() else self._nothing,
            rates=np.full(size, layout.NOTHING, np.int64) if deck is None else deck.of(callees),
            pairs=self._pairs(),
            outcomes=self._outcomes(told.status),
            callers=self._nothing,
            passes=np.zeros((0, size), np.bool_),
            values=np.zeros((0, size), np.int64),
            present=np.zeros((0, size), np.bool_),
        )

    def column(self, name: str) -> NDArray[Any]:
        """Return a field of every event."""
        return self.batch.column(name, self._hashes)

    def about(self, subjects: NDArray[np.uint64], called: Called, *, callers: bool) -> layout.Rows:
        """Return the rows as those about subjects; with `callers` those of answered calls are told."""
        if called not in self._codes:
            self._codes[called] = self._caller_codes()
        others = self._codes[called]
        return self.rows._replace(subjects=subjects, others=others, callers=self._caller_codes() if callers else self._nothing)

    def counted(self) -> dict[EventKind, int]:
        """Return how many events of each kind the rows tell."""
        counts = {kind: int(np.count_nonzero(self.rows.parts & bit)) for kind, bit in _OF_CALLS.items()}
        by_code = np.bincount(self.batch.kinds, minlength=len(KIND_CODES)).tolist()
        counts |= {kind: by_code[code] for kind, code in KIND_CODES.items() if kind not in _OF_CALLS}
        return {kind: count for kind, count in counts.items() if count}

    def weights(self) -> NDArray[np.int64]:
        """Return how many events each row tells."""
        weights: NDArray[np.int64] = _WEIGHTS[self.rows.parts & 7] + ~np.isin(self.batch.kinds, _CALL_CODES)
        return weights

    def receivers(self) -> NDArray[np.uint64]:
        """Return the addresses that received answered calls."""
        addresses = self.column("destination")
        return np.asarray(addresses[(self.rows.parts & layout.ANSWER) != 0], np.uint64)

    def registered(self) -> Iterator[tuple[int, Event]]:
        """Yield each registration, and the hash of who registers as whom from where."""
        for place in np.flatnonzero(self._registrations).tolist():
            yield int(self.rows.pairs[place]), self.batch[place]

    def new_agents(self, known: Collection[int]) -> Iterator[tuple[int, int]]:
        """Yield the hashes of user agents that are not `known`, and where one of each stands."""
        agents = self.rows.agents
        if agents.any():
            hashed, first = np.unique(agents, return_index=True)
            yield from (
                (one, place) for one, place in zip(hashed.tolist(), first.tolist(), strict=True) if one and one not in known
            )

    def _caller_codes(self) -> NDArray[np.uint64]:
        if self._callers is None:
            self._callers = self.batch.codes("caller", self._texts.numbers)
        return self._callers

    def _pairs(self) -> NDArray[np.uint64]:
        if not self._registrations.any():
            return self._nothing
        parts = (self.column(name) for name in ("source", "target", "domain"))
        return reduce(fold, (np.where(part == UNSET, _UNSET_PART, part) for part in parts))

    def _outcomes(self, status: NDArray[np.int16]) -> NDArray[np.int64]:
        if not self._registrations.any():
            return np.zeros(status.size, np.int64)
        return outcome_places(status, self.column("stale"), self.column("credentials"))


def keys_of(read: BatchRows, fields: Sequence[str]) -> NDArray[np.uint64]:
    """Return the keys of the subjects that `fields` of events name, 0 where one is unset."""
    return reduce(fold, map(read.column, fields))


def subject_keys(subject: Subject, fields: Sequence[str], hashes: TextHashes) -> list[int]:
    """Return the keys that a subject can have which `fields` name: several where its text can be read in several ways."""
    if len(fields) == 1:
        return [hashes[subject.id]]
    marks = "@," if subject.kind is SubjectKind.REGISTRATION and len(fields) > 2 else ","
    cuts = [place for place, mark in enumerate(subject.id) if mark in marks][:_MOST_CUTS]
    keys = []
    for chosen in combinations(cuts, len(fields) - 1):
        ends = (*chosen, len(subject.id))
        begins = (0, *(place + 1 for place in chosen))
        parts = [subject.id[begin:end] for begin, end in zip(begins, ends, strict=True)]
        keys.append(int(reduce(fold, (np.array([hashes[part]], np.uint64) for part in parts))[0]))
    return keys
