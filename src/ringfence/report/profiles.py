"""What one subject did in a recording, whatever rule looks at it: whom it called, how long, who registered."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ringfence.report.durations import CLASSES, empty
from ringfence.report.following import Known
from ringfence.report.rates import RateDeck
from ringfence.report.registrations import OUTCOMES, Pair, Registrations, pair_of
from ringfence.report.spending import Spending, spent_at
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import NumberCodes
from ringfence.watch.kernels import evidence_layout as layout

MOST_COUNTERPARTS: Final = 64
"""Users and sources that registered, agents: told apart for one subject."""
MOST_PREFIXES: Final = 400
"""Beginnings of numbers told apart for one subject; later ones count as one."""
TRUNK_CALLERS: Final = 20
"""Callers of answered calls that are told apart."""
ITEM_LIMITS: Final = (MOST_PREFIXES, 64, MOST_COUNTERPARTS, 400, MOST_COUNTERPARTS, TRUNK_CALLERS)
"""How many different items of each kind are told apart for one subject, as `kernels.evidence_layout` orders them."""
OTHER: Final = ""
"""The beginning under which those beyond `MOST_PREFIXES` are counted."""
AS_DIALLED: Final = "as dialled"
"""The beginning under which longer texts are counted that are no numbers."""

_UPPER: Final = 32
_TEXT: Final = 0xF000_0000


class Point(NamedTuple):
    """One attempt at a number, or one request for a user."""

    time: Micros
    number: str


@dataclass(slots=True)
class Raster:
    """Points in time and number, thinned evenly when they get many: of `seen` every `every`-th is there."""

    points: list[Point] = field(default_factory=list)
    every: int = 1
    seen: int = 0


@dataclass(slots=True)
class Profile:
    """One subject. `dialled` are its attempts' callees, `asked` the users it sent other requests for.

    `plan` is the plan's hash, 0 where none is known; `spending` is there where rates are known. It is followed from `since` on,
    after it had been given up, where that is not `None`.
    """

    attempts: int = 0
    answered: int = 0
    plan: int = 0
    since: Micros | None = None
    dialled: Raster = field(default_factory=Raster)
    asked: Raster = field(default_factory=Raster)
    prefixes: dict[str, int] = field(default_factory=dict)
    durations: list[int] = field(default_factory=empty)
    registrations: Registrations = field(default_factory=lambda: Registrations(MOST_COUNTERPARTS))
    statuses: dict[int, int] = field(default_factory=dict)
    agents: dict[str, int] = field(default_factory=dict)
    spending: Spending | None = None


@dataclass(slots=True)
class Texts:
    """What the hashes and codes of subjects stand for: numbers, agents, and who registered as whom from where."""

    numbers: NumberCodes
    agents: dict[int, str] = field(default_factory=dict)
    pairs: dict[int, Pair] = field(default_factory=dict)

    def learn_pair(self, key: int, event: Event) -> None:
        """Learn who a registration is of, and from where."""
        if key not in self.pairs:
            self.pairs[key] = pair_of(event)


def profile_of(known: Known, texts: Texts, deck: RateDeck | None) -> Profile:
    """Return what was seen of a subject, in words."""
    figures = known.figures.tolist()
    return Profile(
        attempts=figures[layout.ATTEMPTS],
        answered=figures[layout.ANSWERED],
        plan=known.plan,
        since=known.since if known.may_lack else None,
        dialled=_raster(known, 0, texts.numbers),
        asked=_raster(known, 1, texts.numbers),
        prefixes=_prefixes(known, texts.numbers),
        durations=figures[layout.DURATIONS : layout.DURATIONS + len(CLASSES)],
        registrations=_registrations(known, texts),
        statuses={what: counts[0] for what, counts in known.items(layout.STATUS)},
        agents={text: counts[0] for what, counts in known.items(layout.AGENT) if (text := texts.agents.get(what)) is not None},
        spending=None if deck is None else spent_at(deck, known.items(layout.RATE)),
    )


def _raster(known: Known, which: int, numbers: NumberCodes) -> Raster:
    points = [Point(Micros(time), numbers.text(code)) for time, code in zip(*known.dots(which), strict=True)]
    every, seen = known.figures[layout.DOTS_EVERY + which], known.figures[layout.DOTS_SEEN + which]
    return Raster(points, int(every) + 1, int(seen))


def _prefixes(known: Known, numbers: NumberCodes) -> dict[str, int]:
    prefixes: dict[str, int] = {}
    for what, counts in known.items(layout.PREFIX):
        # Of a text that is no number only its length tells: see `NumberCodes`.
        text = numbers.text(what << _UPPER) if what < _TEXT else AS_DIALLED if what > _TEXT else AS_DIALLED[:2]
        prefixes[text] = prefixes.get(text, 0) + counts[0]
    if beyond := known.beyond(layout.PREFIX):
        prefixes[OTHER] = prefixes.get(OTHER, 0) + beyond
    return prefixes


def _registrations(known: Known, texts: Texts) -> Registrations:
    registrations = Registrations(MOST_COUNTERPARTS)
    registrations.beyond = known.beyond(layout.PAIR)
    for what, counts in known.items(layout.PAIR):
        pair = texts.pairs.get(what)
        if pair is None:
            registrations.beyond += sum(counts)
        else:
            registrations.pairs[pair] = dict(zip(OUTCOMES, counts, strict=True))
    return registrations
