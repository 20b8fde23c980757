"""The rules that tallies measure, in strata: those that read findings come after those that make them, within one step."""

from collections.abc import Callable, Iterable, Sequence
from heapq import merge
from itertools import count
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.evaluation import Context
from ringfence.policy.expressions import Expression
from ringfence.policy.plan import Rule
from ringfence.policy.written import written
from ringfence.vocabulary.contracts import Event, EventKind, Finding
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import KIND_CODES, Columns, TextHashes, evaluate
from ringfence.watch.findings import Explainer, event_of
from ringfence.watch.tallies import Bounds, Found, Known, RuleTally

_AT_BOUNDARY: Final = 0
_AT_EVENT: Final = 1


class Place(NamedTuple):
    """Where something happens in a batch: before the event at `position`, at a boundary of `time`, or at that event.

    Things at one place happen stratum by stratum, rule by rule; the event itself, of stratum -1, comes first.
    """

    position: int
    phase: int
    time: int
    stratum: int
    rule: int
    nth: int


def at_event(position: int, time: Micros, rule: int, tier: int) -> Place:
    """Return the place of what a compiled window's rule, by its number in the plan, finds at an event."""
    return Place(position, _AT_EVENT, time, 0, rule, tier)


class Made(NamedTuple):
    """A finding, and where it was made."""

    place: Place
    finding: Finding
    found: Found


class _Member(NamedTuple):
    """A rule: its number in the plan, and which kinds of events (by `KIND_CODES`) it reads.

    `asks`: of which kinds only those events matter for which one of these expressions, each with its name, is true.
    """

    number: int
    tally: RuleTally
    reads: NDArray[np.bool_]
    asks: tuple[tuple[int, tuple[tuple[str, Expression], ...]], ...]


class Tallied:
    """`strata` are rules with their numbers in the plan."""

    def __init__(
        self,
        strata: Iterable[Iterable[tuple[int, Rule]]],
        context: Context,
        explainer: Explainer,
        hashes: TextHashes,
        bounds: Bounds,
    ) -> None:
        self._explainer = explainer
        self._hashes = hashes
        self._strata = tuple(
            tuple(_member(number, RuleTally(rule, context, hashes, bounds)) for number, rule in stratum) for stratum in strata
        )

    @property
    def tallies(self) -> tuple[RuleTally, ...]:
        """The rules' tallies, in the order of the strata."""
        return tuple(member.tally for stratum in self._strata for member in stratum)

    @property
    def asked(self) -> list[Expression]:
        """What the columns that `advance` is given must tell of events."""
        return [each for tally in self.tallies for several in tally.asks.values() for each in several]

    def due(self, now: int) -> bool:
        """Tell whether a boundary is reached at `now`."""
        return any(tally.due(now) for tally in self.tallies)

    def advance(self, columns: Columns, events: Sequence[Event], end: Micros, made: list[Made]) -> list[Made]:
        """Take in a batch, and time up to `end`; return `made`, what other rules found in it, with what these found, in order."""
        objects: dict[int, Event] = {}

        def event_at(position: int) -> Event:
            if position not in objects:
                objects[position] = events[position]
            return objects[position]

        every = list(made)
        for stratum, members in enumerate(self._strata):
            told = sorted(every) if stratum else []
            for member in members:
                every += self._advance(member, stratum, (columns, event_at, end), told)
        return sorted(every)

    def _advance(
        self, member: _Member, stratum: int, batch: tuple[Columns, Callable[[int], Event], Micros], told: list[Made]
    ) -> list[Made]:
        columns, event_at, end = batch
        tally, times = member.tally, columns.time
        made: list[Made] = []
        numbers = count()

        def tell(found: Iterable[Found], place: Place | None) -> None:
            for one in found:
                here = place or Place(int(np.searchsorted(times, one.time)), _AT_BOUNDARY, one.time, 0, 0, 0)
                here = here._replace(stratum=stratum, rule=member.number, nth=next(numbers))
                made.append(Made(here, self._explainer.finding(one), one))

        first = Micros(int(times[0])) if times.size else end
        if tally.due(first):  # its time begins with the first event, also where that takes no part
            tell(tally.pass_time(first), None)
        positions = np.flatnonzero(self._taking_part(member, columns)).tolist()
        own = ((Place(position, _AT_EVENT, int(times[position]), -1, -1, 0), None) for position in positions)
        findings = ((one.place, one) for one in told) if EventKind.FINDING in tally.kinds else ()
        for place, one in merge(own, findings, key=_place):
            time = Micros(place.time)
            if tally.due(time):
                tell(tally.pass_time(time), None)
            event = event_at(place.position) if one is None else event_of(one.finding, one.found)
            tell(tally.take(event, time), place)
        if tally.due(end):
            tell(tally.pass_time(end), None)
        return made

    def _taking_part(self, member: _Member, columns: Columns) -> NDArray[np.bool_]:
        """Tell which events may take part. What others ask too is computed once."""
        part: NDArray[np.bool_] = member.reads[columns.kind]
        if not part.any():
            return part
        for code, asked in member.asks:
            passed = np.zeros(part.size, np.bool_)
            for name, expression in asked:
                if name not in columns.fields:
                    columns.fields[name] = evaluate(expression, columns.fields, part.size, self._hashes)
                passed |= columns.fields[name]
            part &= passed | (columns.kind != code)
        return part

    def know(self, known: Callable[[Rule], Known], billing_day: Callable[[str | None], int]) -> None:
        """Let the tallies know the subjects of the reference and the accounts' billing days from now on."""
        for tally in self.tallies:
            tally.know(known(tally.rule), billing_day)


def _place(item: tuple[Place, Made | None]) -> Place:
    return item[0]


def _member(number: int, tally: RuleTally) -> _Member:
    reads = np.zeros(len(KIND_CODES), np.bool_)
    reads[[KIND_CODES[kind] for kind in tally.kinds if kind is not EventKind.FINDING]] = True
    asks = tuple((KIND_CODES[kind], tuple((written(each), each) for each in asked)) for kind, asked in tally.asks.items())
    return _Member(number, tally, reads, asks)
