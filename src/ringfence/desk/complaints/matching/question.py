"""What is looked for: numbers in every reading, and spans of time widened by what clocks are commonly off."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from ringfence.desk.complaints.statements import NumberRole, Statement, Told
from ringfence.vocabulary.times import DAY, MINUTE, Micros

SKEW_US: Final = Micros(5 * MINUTE)
"""How far a complainant's clock, or our own, may be off."""
BACK_US: Final = Micros(30 * DAY)
"""How far back calls are looked for where no time is named."""
_SPANS: Final = 6


class Question(Struct, frozen=True, kw_only=True):
    """`callers`, `callees` and `callbacks` hold a tuple of readings for each number named; `unknown` numbers may be either party.

    `spans` are where to look, the likeliest first; `named` tells whether the complaint named a time at all.
    """

    callers: tuple[tuple[str, ...], ...] = ()
    callees: tuple[tuple[str, ...], ...] = ()
    callbacks: tuple[tuple[str, ...], ...] = ()
    unknown: tuple[tuple[str, ...], ...] = ()
    spans: tuple[Told, ...] = ()
    named: bool = False
    withheld: bool = False
    received: Micros

    @property
    def numbers(self) -> tuple[str, ...]:
        """All readings of all numbers, once."""
        every = (*self.callers, *self.callees, *self.unknown, *self.callbacks)
        return tuple(dict.fromkeys(reading for one in every for reading in one))

    @property
    def parties(self) -> tuple[str, ...]:
        """The readings of numbers that stood at an end of a call; those for calling back did not."""
        return tuple(dict.fromkeys(reading for one in (*self.callers, *self.callees, *self.unknown) for reading in one))


class Known(Struct, frozen=True, kw_only=True):
    """Who held a number: names of party and account, empty where nobody of ours did."""

    party: str = ""
    account: str = ""
    state: str = ""


def question_of(statement: Statement, received: Micros) -> Question:
    """Return what to look for. Times with an hour are preferred to days; without any, the last `BACK_US` are looked through."""
    hours = [told for told in statement.times if not told.is_day]
    spans: Sequence[Told] = (hours or list(statement.times))[:_SPANS]
    named = bool(spans)
    if not named:
        spans = (Told(begin=Micros(received - BACK_US), end=received, is_day=True),)
    return Question(
        callers=_of(statement, NumberRole.CALLER),
        callees=_of(statement, NumberRole.CALLEE),
        callbacks=_of(statement, NumberRole.CALLBACK),
        unknown=_of(statement, NumberRole.UNKNOWN),
        spans=tuple(spans),
        named=named,
        withheld=statement.withheld,
        received=received,
    )


def _of(statement: Statement, role: NumberRole) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(number.readings for number in statement.of(role)))
