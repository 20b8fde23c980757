"""How far back rules look: since when a rule misses nothing of its windows, and what a new engine must be told to know them."""

from collections.abc import Iterable
from typing import Final

from ringfence.policy.expressions import Past, PastValue
from ringfence.policy.plan import MeasureFunction, Rolling, Rule, Unit, Window, span_us
from ringfence.policy.strata import readers, strata
from ringfence.vocabulary.times import DAY, Micros
from ringfence.watch.tallies.judging import past_values
from ringfence.watch.tallies.past import WEEK
from ringfence.watch.tallies.spans import LATEST, Span
from ringfence.watch.tallies.unwindowed import LONGEST_CALL

EVER_US: Final = Micros(400 * DAY)
"""How far a measure without a window looks back: further than anybody keeps history."""


def complete_from(rules: Iterable[Rule], begun: Micros) -> dict[str, Micros]:
    """Return for each rule, by name, the moment from which its windows miss nothing where nothing before `begun` was counted.

    What has no window (a run, the time since an event) says what was seen, and misses nothing. A rule that reads other rules'
    findings misses something for as long as those do.
    """
    every = list(rules)
    read, found = readers(every), dict[str, Micros]()
    for layer in strata(every):
        for rule in layer:
            known = max((found[name] for name in read.get(rule.name, ())), default=begun)
            found[rule.name] = _complete(rule, max(known, begun))
    return found


def reach_us(rules: Iterable[Rule]) -> Micros:
    """Return how far back before a moment events may still matter at it: for windows, the past asked about, and cool-downs."""
    every = list(rules)
    read, found = readers(every), dict[str, int]()
    for layer in strata(every):
        for rule in layer:
            found[rule.name] = _reach(rule) + max((found[name] for name in read.get(rule.name, ())), default=0)
    return Micros(max(found.values(), default=0))


def _complete(rule: Rule, begun: Micros) -> Micros:
    if rule.from_us is not None and begun <= rule.from_us:
        return begun  # nothing before that counts
    asked = past_values(rule)
    moments = [_window_complete(rule, window, asked, begun) for window in rule.windows]
    once = Micros(begun + rule.once.within_us) if rule.once else begun
    return min(max(begun, once, *moments), LATEST)


def _window_complete(rule: Rule, window: Window, asked: tuple[PastValue, ...], begun: Micros) -> Micros:
    if isinstance(window, Rolling):
        return Micros(begun + span_us(window) + _peak_us(rule))
    periods, weeks = window.periods, 0
    for value in _of_window(rule, window, asked):
        if value.past is Past.USUAL:
            weeks = max(weeks, value.periods)
        else:
            periods = max(periods, window.periods + 1)
    if window.unit is Unit.BILLING_CYCLE:  # each account has its own
        return Micros(begun + periods * span_us(window) // window.periods)
    grid = Span(window).grid()
    start = grid.start(min(begun, LATEST))
    return Micros(grid.shifted(start, periods - (start == begun)) + WEEK * weeks)


def _of_window(rule: Rule, window: Window, asked: tuple[PastValue, ...]) -> list[PastValue]:
    measures = {measure.name for measure in rule.measures if measure.window == window.name}
    return [value for value in asked if value.measure in measures]


def _reach(rule: Rule) -> int:
    asked = past_values(rule)
    windows = (span_us(window) + _past_us(window, _of_window(rule, window, asked)) for window in rule.windows)
    functions = {measure.function for measure in rule.measures if measure.window is None}
    calls = LONGEST_CALL if MeasureFunction.CONCURRENT in functions else 0
    ever = EVER_US if functions - {MeasureFunction.CONCURRENT} else 0
    once = rule.once.within_us if rule.once else 0
    return max(*windows, calls, ever, once, 0) + _peak_us(rule) + rule.cool_down_us


def _peak_us(rule: Rule) -> int:
    """Return how far before its window a peak may have begun."""
    return max((measure.length_us or 0 for measure in rule.measures), default=0)


def _past_us(window: Window, asked: list[PastValue]) -> int:
    """Return how much further back the periods lie that are asked about; `peers` looks at what each key had a period before."""
    period = 0 if isinstance(window, Rolling) else span_us(window) // window.periods
    return max((period + (WEEK * value.periods if value.past in (Past.USUAL, Past.CALM) else 0) for value in asked), default=0)
