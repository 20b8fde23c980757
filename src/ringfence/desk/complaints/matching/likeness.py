"""How much a carried call is like the one that was told of: which numbers stand at which end, and how far it lies from the time."""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from ringfence.desk.complaints.matching.question import SKEW_US, Question
from ringfence.desk.complaints.statements import Told
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.lake.carried import Carried

Token = Callable[[str], str]

BOTH_ENDS: Final = 4.0
"""Both numbers stand where they were told to."""
ONE_END: Final = 2.0
_CROSSED: Final = 1.0
"""Both stand in the call, at the other ends: the one who complains called back, say."""
_IN_SPAN: Final = 2.0
_LESS_LIKELY: Final = 0.3
"""What each further reading of the words for time, or of a national number, costs."""
_READINGS: Final = 4


class Scored(Struct, frozen=True, kw_only=True):
    """A call with how like it is, and why. `ends`: how many of the numbers named stand where they were told to."""

    call: Carried
    likeness: float
    ends: int
    crossed: bool
    off_us: int
    why: tuple[str, ...]


def scored(question: Question, calls: Sequence[Carried], token: Token) -> list[Scored]:
    """Return the calls that are like it at all, the likest first; of equals the one nearest in time, then the earlier."""
    callers, callees = _ranks(question.callers, token), _ranks(question.callees, token)
    either = _ranks(question.unknown, token)
    found = [one for call in calls if (one := _scored(question, call, (callers, callees, either))) is not None]
    return sorted(found, key=lambda one: (-one.likeness, one.off_us, one.call.start, one.call.call_id))


_Ranks = dict[str, int]


def _ranks(numbers: Sequence[Sequence[str]], token: Token) -> _Ranks:
    return {token(reading): rank for readings in reversed(numbers) for rank, reading in reversed(list(enumerate(readings)))}


def _scored(question: Question, call: Carried, ranks: tuple[_Ranks, _Ranks, _Ranks]) -> Scored | None:
    callers, callees, either = ranks
    near = _nearest(question.spans, call.start)
    if near is None:
        return None
    told, off = near
    why = [_when(told, off)] if question.named else ["within the days that were looked through"]
    at_caller = {name for name in (call.caller, call.asserted, call.diverted) if name is not None}
    shown = _best(at_caller, callers, either)
    called = _best({call.callee} - {None}, callees, {name: rank for name, rank in either.items() if name not in at_caller})
    ends = (shown is not None) + (called is not None)
    crossed = False
    if ends == 0:
        back = _best({call.caller} - {None}, callees, {}), _best({call.callee} - {None}, callers, {})
        if None in back:
            return None
        crossed = True
        why.append("the other way round: who complains called the number told of")
    points = BOTH_ENDS if ends == 2 else ONE_END if ends == 1 else _CROSSED
    if shown is not None:
        why.append("the caller is the one that was shown" + (" (asserted or diverted)" if _is_other(call, callers, either) else ""))
    if called is not None:
        why.append("the called number is the one told of")
    spread = max(SKEW_US, told.end - told.begin)
    points += _IN_SPAN * (1 - off / (2 * spread)) if question.named else 0.0
    points -= _LESS_LIKELY * (min(told.rank, _READINGS) + (shown or 0) + (called or 0))
    return Scored(call=call, likeness=round(points, 3), ends=ends, crossed=crossed, off_us=off, why=tuple(why))


def _best(tokens: set[str | None] | set[str], named: _Ranks, either: _Ranks) -> int | None:
    ranks = [held[name] for held in (named, either) for name in tokens if name is not None and name in held]
    return min(ranks, default=None)


def _is_other(call: Carried, callers: _Ranks, either: _Ranks) -> bool:
    return call.caller not in callers and call.caller not in either


def _nearest(spans: Sequence[Told], start: Micros) -> tuple[Told, int] | None:
    """Return the span that the start lies in or nearest to, and how far from its middle; `None` where it is off by too much."""
    best: tuple[float, Told, int] | None = None
    for told in spans:
        outside = max(told.begin - start, start - told.end, 0)
        if outside > SKEW_US:
            continue
        off = abs(start - (told.begin + told.end) // 2)
        weight = off / max(SKEW_US, told.end - told.begin) + min(told.rank, _READINGS) * _LESS_LIKELY
        if best is None or weight < best[0]:
            best = (weight, told, off)
    return None if best is None else best[1:]


def _when(told: Told, off: int) -> str:
    outside = off - (told.end - told.begin) // 2
    if outside <= 0:
        return "at the time told"
    seconds = outside // SECOND
    return f"{seconds // 60} min {seconds % 60} s from the time told"
