"""What tallies cannot measure. The policy's checker refuses it with file and line; here it must not pass unseen."""

from collections.abc import Iterator

from ringfence.policy.expressions import Type
from ringfence.policy.plan import Calendar, Evaluation, Measure, MeasureFunction, Rule
from ringfence.policy.trees import measures_in
from ringfence.watch.tallies.judging import conditions_of, past_values
from ringfence.watch.tallies.past import past_refusal

_NUMERIC = frozenset(
    {
        MeasureFunction.SUM,
        MeasureFunction.MEAN,
        MeasureFunction.MAXIMUM,
        MeasureFunction.MINIMUM,
        MeasureFunction.DEVIATION,
        MeasureFunction.FIRST,
        MeasureFunction.LAST,
    }
)
_OF_VALUES = _NUMERIC | {MeasureFunction.DISTINCT, MeasureFunction.MOST}
_WITHOUT_WINDOW = frozenset({MeasureFunction.RUN, MeasureFunction.CONCURRENT, MeasureFunction.SINCE, MeasureFunction.GAP})


def refusals(rule: Rule) -> Iterator[str]:
    """Yield what of the rule cannot be measured."""
    if not rule.key or not rule.tiers:
        yield "it has no key or no tier"
    if not rule.subject_parts or not all(0 <= place < len(rule.key) for place in rule.subject_parts):
        yield f"its key doesn't tell which {rule.subject} its finding is about"
    if rule.cool_down_us < 0:
        yield "its cool-down must not be shorter than nothing"
    names = {measure.name for measure in rule.measures}
    for name in measures_in(*conditions_of(rule)):
        if name not in names:
            yield f"its condition is over measures, and there is none named {name}"
    windows = {window.name for window in rule.windows}
    for measure in rule.measures:
        yield from _of_measure(measure, windows)
    calendars = [window for window in rule.windows if isinstance(window, Calendar)]
    if rule.evaluation is Evaluation.CLOSE and len(calendars) != 1:
        yield "at the close of what? It needs one calendar window"
    if rule.evaluation is Evaluation.EVERY and not (rule.every_us and rule.every_us > 0):
        yield "it is looked at every so often, but how often is not said"
    if rule.evaluation is not Evaluation.EVENT and not rule.measures:
        yield "it measures nothing, so there is nothing to look at without an event"
    past = past_refusal(rule, past_values(rule))
    if past is not None:
        yield past


def _of_measure(measure: Measure, windows: set[str]) -> Iterator[str]:
    function, value = measure.function, measure.value
    if (value is None) == (function in _OF_VALUES):
        yield f"measure {measure.name}: a count has no field, every other measure has one"
    elif value is not None and function in _NUMERIC and value.type is not Type.NUMBER:
        yield f"measure {measure.name}: {measure.field or 'its value'} is no number"
    if (measure.window is None) != (function in _WITHOUT_WINDOW):
        yield f"measure {measure.name}: {function} {'needs no' if measure.window else 'needs a'} window"
    elif measure.window is not None and measure.window not in windows:
        yield f"measure {measure.name}: there is no window {measure.window}"
    if function is MeasureFunction.PEAK and not (measure.length_us and measure.length_us > 0):
        yield f"measure {measure.name}: a peak within which span?"
