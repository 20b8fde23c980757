"""What a rule remembers of one key."""

from collections.abc import Callable, Iterable
from math import nan
from typing import Final

from msgspec import Struct, field

from ringfence.policy.plan import Measure, MeasureFunction
from ringfence.vocabulary.contracts import Event
from ringfence.watch.tallies.sampled import Sampled
from ringfence.watch.tallies.told_apart import Distinct, Most
from ringfence.watch.tallies.unwindowed import Concurrent, Gap, Run, Since, Unwindowed
from ringfence.watch.tallies.windowed import Counted, Deviating, Ended, Extreme, Peak, Summed, Windowed

SAMPLE: Final = 10
"""How many call ids a finding names at most."""

Tally = Windowed | Sampled | Unwindowed
KeyParts = tuple[str | float | bool, ...]

EVER: Final = -(1 << 62)
"""Before all moments."""

ENTRY_OCTETS: Final = 100
"""About what each event, grain or value takes that a measure holds."""

_MAKERS: Final[dict[MeasureFunction, Callable[[Measure], Tally]]] = {
    MeasureFunction.COUNT: lambda _: Counted(),
    MeasureFunction.SUM: lambda _: Summed(),
    MeasureFunction.MEAN: lambda _: Summed(mean=True),
    MeasureFunction.MAXIMUM: lambda _: Extreme(),
    MeasureFunction.MINIMUM: lambda _: Extreme(largest=False),
    MeasureFunction.DEVIATION: lambda _: Deviating(),
    MeasureFunction.FIRST: lambda _: Ended(newest=False),
    MeasureFunction.LAST: lambda _: Ended(),
    MeasureFunction.MOST: lambda _: Most(),
    MeasureFunction.PEAK: lambda measure: Peak(length_us=measure.length_us or 1),
    MeasureFunction.RUN: lambda _: Run(),
    MeasureFunction.CONCURRENT: lambda _: Concurrent(),
    MeasureFunction.SINCE: lambda _: Since(),
    MeasureFunction.GAP: lambda _: Gap(),
}


def tally_of(measure: Measure, *, exact: int) -> Tally:
    """Return what holds `measure` for a new key; beyond `exact` distinct values it estimates."""
    return Sampled(exact=exact) if measure.function is MeasureFunction.DISTINCT else _MAKERS[measure.function](measure)


class Closed(Struct, array_like=True, gc=False):
    """A calendar measure's values in periods gone by. `present` is the one that is not over, `born` the key's first.

    A period since `born` that `values` lacks had nothing in its window. `alarmed` are those in which a condition of the rule held,
    in order, where the rule asks for calm ones.
    """

    born: int
    present: int
    values: dict[int, float] = field(default_factory=dict)
    alarmed: list[int] = field(default_factory=list)


class Key(Struct, array_like=True, gc=False):
    """One key: its measures' tallies in the rule's order, and for each tier whether its condition held and until when it rests.

    `rows` are the events that counted for any measure, in the longest window, where no tally holds just these; `sample` the last of
    them, by call id. `newest` is kept where boundaries need it, `present` is the stamp of the newest event that took part.
    `same` are the values that measures were last told to stay by, `seen` what `once` has let pass. `size` is how many entries it
    was counted with last, `thinned` how many events its measures forgot before their time, of those in `rows`.
    """

    parts: KeyParts
    tallies: list[Tally]
    held: list[bool]
    quiet: list[int]
    time: int
    billing_day: int
    short_until: int = 0
    rows: Counted = field(default_factory=Counted)
    sample_stamps: list[int] = field(default_factory=list)
    sample: list[str] = field(default_factory=list)
    newest: Event | None = None
    present: int = EVER
    same: dict[int, str | float | bool | None] = field(default_factory=dict)
    seen: Distinct | None = None
    past: dict[int, Closed] = field(default_factory=dict)
    size: int = 0
    thinned: int = 0

    @property
    def is_empty(self) -> bool:
        """Tell whether no measure holds anything."""
        for tally in self.tallies:  # noqa: SIM110 (asked for each event: a generator costs as much as the answer)
            if tally.entries:
                return False
        return True

    def sampled(self, horizon: int) -> tuple[str, ...]:
        """Return the call ids of the last events that have not left, oldest first."""
        return tuple(name for stamp, name in zip(self.sample_stamps, self.sample, strict=True) if stamp > horizon)

    def note(self, stamp: int, call_id: str) -> None:
        """Remember the call id of an event that counted."""
        self.sample_stamps.append(stamp)
        self.sample.append(call_id)
        if len(self.sample) > SAMPLE:
            del self.sample_stamps[0], self.sample[0]

    def rests(self, time: int) -> bool:
        """Tell whether a cool-down runs."""
        return max(self.quiet, default=0) > time

    def matters(self, time: int) -> bool:
        """Tell whether anything of it may still matter."""
        if not self.is_empty or self.rests(time) or self.past or any(self.held):
            return True
        return self.settled() > 0

    def settled(self) -> int:
        """Return how many entries it takes."""
        size = self.rows.size
        if self.seen is not None:
            size += self.seen.size
        for tally in self.tallies:
            size += tally.size
        for closed in self.past.values():
            size += len(closed.values) + len(closed.alarmed)
        return size

    def settle(self) -> int:
        """Return by how much more it takes than when this was asked last."""
        size = self.settled()
        more, self.size = size - self.size, size
        return more

    def refute(self) -> None:
        """Make every condition false."""
        if True in self.held:
            self.held = [False] * len(self.held)

    def clear(self) -> None:
        """Make every condition false, and forget which events stood for it."""
        self.refute()
        if self.rows.entries:
            self.rows = Counted()
        if self.sample:
            self.sample_stamps.clear()
            self.sample.clear()
        self.thinned = 0


def empty_value(measure: Measure) -> float:
    """Return what a measure comes to over nothing."""
    tally = tally_of(measure, exact=1)
    return nan if isinstance(tally, Unwindowed) else tally.value()


def key_octets(measures: Iterable[Measure]) -> int:
    """Return about what a key with these measures takes, as measured, beside what they hold."""
    return 1_000 + 300 * sum(1 for _ in measures)
