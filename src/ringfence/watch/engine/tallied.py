"""The rules that tallies measure, in strata: those that read findings come after those that make them, within one step."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from heapq import merge
from itertools import count
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.evaluation import Context
from ringfence.policy.expressions import Expression
from ringfence.policy.plan import Rule
from ringfence.vocabulary.contracts import Event, EventKind, Finding
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import KIND_CODES, Asked, Columns, TextHashes, asked_of, leave_out
from ringfence.watch.findings import Explainer, event_of
from ringfence.watch.tallies import Bounds, Found, Known, RuleTally

_AT_BOUNDARY: Final = 0
_AT_EVENT: Final = 1
_END: Final = KIND_CODES[EventKind.END]


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


class _Given:
    """A batch: its columns, and its events, each made once; `end` is up to when time passed."""

    def __init__(self, columns: Columns, events: Sequence[Event], call_ids: Sequence[str], end: Micros) -> None:
        self.columns = columns
        self.call_ids = call_ids
        self.end = end
        self._events = events
        self._made: dict[int, Event] = {}

    @cached_property
    def ends(self) -> list[tuple[int, str]]:
        """Where calls end, and their ids."""
        return [(place, self.call_ids[place]) for place in np.flatnonzero(self.columns.kind == _END).tolist()]

    def event(self, position: int) -> Event:
        """Return the event at a position."""
        event = self._made.get(position)
        if event is None:
            event = self._made[position] = self._events[position]
        return event


class _Member(NamedTuple):
    """A rule: its number in the plan, and which kinds of events (by `KIND_CODES`) it reads.

    `asks`: of which kinds only those events matter for which one of these expressions, each with its name, is true.
    """

    number: int
    tally: RuleTally
    reads: NDArray[np.bool_]
    asks: tuple[tuple[int, tuple[Asked, ...]], ...]


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
        self._silenced: Callable[[Finding], bool] = lambda _: False
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

    def advance(
        self, columns: Columns, events: Sequence[Event], call_ids: Sequence[str], end: Micros, made: list[Made]
    ) -> list[Made]:
        """Take in a batch, and time up to `end`; return `made`, what other rules found in it, with what these found, in order.

        `call_ids` are the events'.
        """
        given = _Given(columns, events, call_ids, end)
        every = list(made)
        for stratum, members in enumerate(self._strata):
            told = sorted(one for one in every if not self._silenced(one.finding)) if stratum else []
            for member in members:
                every += self._advance(member, stratum, given, told)
        return sorted(every)

    def _advance(self, member: _Member, stratum: int, given: "_Given", told: list[Made]) -> list[Made]:
        end = given.end
        tally, times = member.tally, given.columns.time
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
        positions = np.flatnonzero(self._taking_part(member, given)).tolist()
        own = ((Place(position, _AT_EVENT, int(times[position]), -1, -1, 0), None) for position in positions)
        findings = ((one.place, one) for one in told) if EventKind.FINDING in tally.kinds else ()
        for place, one in merge(own, findings, key=_place):
            time = Micros(place.time)
            if tally.due(time):
                tell(tally.pass_time(time), None)
            event = given.event(place.position) if one is None else event_of(one.finding, one.found)
            tell(tally.take(event, time, is_asked=one is None), place)
        if tally.due(end):
            tell(tally.pass_time(end), None)
        return made

    def _taking_part(self, member: _Member, given: "_Given") -> NDArray[np.bool_]:
        """Tell which events may take part. What others ask too is computed once."""
        columns = given.columns
        part: NDArray[np.bool_] = member.reads[columns.kind]
        if not part.any():
            return part
        for code, asked in member.asks:
            here = columns.kind == code
            passed = ~here
            for each in asked:
                of_kind = part & here
                leave_out(columns, each, of_kind, self._hashes)
                passed |= of_kind
            part &= passed
        if member.tally.counts_calls and member.asks:
            self._mark_ends(member.tally, given, part)
        return part

    def _mark_ends(self, tally: RuleTally, given: "_Given", part: NDArray[np.bool_]) -> None:
        """Let the ends take part of calls that are under way, or may begin in this batch."""
        beginning = {given.call_ids[place] for place in np.flatnonzero(part).tolist()}
        under_way = tally.calls_under_way
        if beginning or under_way:
            part[[place for place, call_id in given.ends if call_id in under_way or call_id in beginning]] = True

    def silence(self, silenced: Callable[[Finding], bool]) -> None:
        """Let rules that read findings read none of those any more."""
        self._silenced = silenced

    def know(self, known: Callable[[Rule], Known], billing_day: Callable[[str | None], int]) -> None:
        """Let the tallies know the subjects of the reference and the accounts' billing days from now on."""
        for tally in self.tallies:
            tally.know(known(tally.rule), billing_day)


def _place(item: tuple[Place, Made | None]) -> Place:
    return item[0]


def _member(number: int, tally: RuleTally) -> _Member:
    reads = np.zeros(len(KIND_CODES), np.bool_)
    reads[[KIND_CODES[kind] for kind in tally.kinds if kind is not EventKind.FINDING]] = True
    asks = tuple((KIND_CODES[kind], tuple(asked_of(each) for each in asked)) for kind, asked in tally.asks.items())
    return _Member(number, tally, reads, asks)
