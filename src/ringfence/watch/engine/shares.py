"""One bound of memory for all that an engine's rules remember, shared out between groups of windows and tallies.

It is shared out anew after every so many events, counted from the first one ever: so what is forgotten depends on the events alone,
however they are cut into steps. While there is room for what everybody may need until then, nothing is forgotten. Where there is
not, whoever takes most is halved until it fits, and forgets what is oldest. As much as the largest takes is kept free: arrays are
copied when their length changes. What is not shared out in advance counts only what each needs for certain, and gives all of them
room beyond the bound as long as that fits.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final, NamedTuple

from ringfence.vocabulary.times import Micros
from ringfence.watch.tallies import RuleTally
from ringfence.watch.windows import Room, RuleGroup

ROUND: Final = 16_384
"""Events after which the bound is shared out anew. A group holds no more rows and keys for them than these."""
_CALL_ID_OCTETS: Final = 100
_TEXT_OCTETS: Final = 170
_MOST_CALL_IDS: Final = 1 << 19
_MOST_TEXTS: Final = 1 << 18
_LEAST: Final = Room(64, 64)
_LEAST_OCTETS: Final = 16_384


class Beside(NamedTuple):
    """What an engine remembers beside its rules' windows: so many call ids, and so many texts with their hashes."""

    call_ids: int
    texts: int

    @property
    def octets(self) -> int:
        """About what it takes."""
        return (self.call_ids + ROUND) * _CALL_ID_OCTETS + self.texts * _TEXT_OCTETS


def beside(octets: int) -> Beside:
    """Return how much that is for an engine that may take so many octets: an eighth of them for either, at most."""
    return Beside(min(_MOST_CALL_IDS, octets // 8 // _CALL_ID_OCTETS), min(_MOST_TEXTS, octets // 8 // _TEXT_OCTETS))


class _Margin(NamedTuple):
    """By how much more than it has now one may need: a share of it, and a number."""

    share: int
    number: int


_GENEROUS: Final = _Margin(1, ROUND)
_TIGHT: Final = _Margin(8, 64)


@dataclass(slots=True)
class _OfGroup:
    """`least` is what it needs before others are asked to do with less than they need, `octets` what its `room` takes."""

    group: RuleGroup
    room: Room
    least: Room
    octets: int
    least_octets: int

    def halve(self, *, hard: bool) -> bool:
        """Take half of what most of it goes into, unless it needs it, or with `hard` though it does; tell whether it could."""
        least = _LEAST if hard else self.least
        rows, keys = self.room
        fewer = [Room(rows // 2, keys)] * (rows > least.rows) + [Room(rows, keys // 2)] * (keys > least.keys)
        if fewer:
            self.room = min(fewer, key=self.group.footprint.bytes_of)
            self.octets = self.group.footprint.bytes_of(self.room)
        return bool(fewer)

    def settle(self, now: Micros) -> None:
        self.group.hold(self.room, now)


@dataclass(slots=True)
class _OfTally:
    tally: RuleTally
    octets: int
    least: int

    @property
    def least_octets(self) -> int:
        return self.least

    def halve(self, *, hard: bool) -> bool:
        """Take half of it, unless it needs that, or with `hard` though it does; tell whether it could."""
        least = _LEAST_OCTETS if hard else self.least
        before, self.octets = self.octets, min(self.octets, max(self.octets // 2, least))
        return self.octets < before

    def settle(self, now: Micros) -> None:
        self.tally.hold(self.octets, now)


class Shares:
    """Shares `octets` out between `groups` and `tallies`."""

    def __init__(self, groups: Sequence[RuleGroup], tallies: Sequence[RuleTally], octets: int, *, in_advance: bool = True) -> None:
        self._groups = groups
        self._tallies = tallies
        self._octets = octets
        self._in_advance = in_advance
        self._wanted = [(-1, _group(group)) for group in groups]
        """What each group wanted when it had moved so often."""

    def share_out(self, now: Micros) -> None:
        """Let each hold what it may until this is called next."""
        wanted: list[_OfGroup | _OfTally] = [*map(self._of_group, range(len(self._groups))), *map(_tally, self._tallies)]
        hard = False
        fits = not self._in_advance and _needed([one.least_octets for one in wanted]) <= self._octets
        while not fits and _needed([one.octets for one in wanted]) > self._octets:
            if not any(one.halve(hard=hard) for one in sorted(wanted, key=_octets, reverse=True)):
                if hard:
                    break  # all hold the least that they can: no bound that a bundle may state is so low
                hard = True
        for one in wanted:
            one.settle(now)

    def _of_group(self, place: int) -> _OfGroup:
        """Return what a group wants: what it did before where it did not move since, as most groups don't."""
        group = self._groups[place]
        moves, wanted = self._wanted[place]
        if moves != group.moves:
            wanted = _group(group)
            self._wanted[place] = group.moves, wanted
        return copy(wanted)


def _group(group: RuleGroup) -> _OfGroup:
    rows, keys, octets_of = group.live_events, group.live_keys, group.footprint.bytes_of
    room = Room(_length(rows, _GENEROUS), _length(keys, _GENEROUS))
    least = Room(_length(rows, _TIGHT), _length(keys, _TIGHT))
    return _OfGroup(group, room, least, octets_of(room), octets_of(least))


def _tally(tally: RuleTally) -> _OfTally:
    held, one = tally.memory_bytes, tally.event_octets
    return _OfTally(tally, _more(held, _GENEROUS, one), _more(held, _TIGHT, one))


def _more(live: int, margin: _Margin, one: int) -> int:
    return live + live // margin.share + margin.number * one


def _length(live: int, margin: _Margin) -> int:
    """Return the length of an array for what is live and may come: a power of two."""
    more = live + margin.number if margin is _GENEROUS else _more(live, margin, 1)
    return 1 << max(more - 1, _LEAST.rows - 1).bit_length()


def _octets(one: _OfGroup | _OfTally) -> int:
    return one.octets


def _needed(every: list[int]) -> int:
    return sum(every) + max(every, default=0)
