"""A rule in plain words, for the customer whom it may be about: what is counted, what follows, and where its numbers come from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ringfence.policy.expressions import Comparison, Literal, Type
from ringfence.policy.plan import Calendar, Evaluation, Measure, MeasureFunction, Proposal, Rolling, Rule, Unit, Window
from ringfence.policy.trees import parts
from ringfence.policy.wording import condition_in_words, in_words, length_in_words, number_in_words
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.times import iso

EVENTS: Final = {
    EventKind.ATTEMPT: "attempts to call",
    EventKind.ANSWER: "answered calls",
    EventKind.END: "calls that have ended",
    EventKind.REQUEST: "requests outside calls",
    EventKind.REGISTRATION: "registrations",
    EventKind.MESSAGE: "messages",
    EventKind.COMPLAINT: "complaints",
    EventKind.DECISION: "decisions",
    EventKind.TRACEBACK: "tracebacks",
    EventKind.FINDING: "findings of other rules",
    EventKind.FACT: "facts told from outside",
    EventKind.ODDITY: "oddities in the signalling",
}
SEVERITIES: Final = {
    Severity.INFO: "it is worth knowing",
    Severity.WARN: "somebody should look",
    Severity.ACT: "a measure may be taken",
}
MODES: Final = {
    Mode.SHADOW: "Nothing follows by itself: the finding is kept, other rules may read it.",
    Mode.REPORT: "A case is opened for a person.",
    Mode.ACT: "A case is opened, and what the ladder allows without a person is done at once.",
}
TAKEN: Final = {
    MeasureFunction.DISTINCT: "the number of different values of {}",
    MeasureFunction.SUM: "the sum of {}",
    MeasureFunction.MEAN: "the mean of {}",
    MeasureFunction.MAXIMUM: "the largest of {}",
    MeasureFunction.MINIMUM: "the smallest of {}",
    MeasureFunction.DEVIATION: "how far {} strays from its mean (standard deviation)",
    MeasureFunction.FIRST: "the oldest of {}",
    MeasureFunction.LAST: "the newest of {}",
    MeasureFunction.MOST: "the number that share the commonest value of {}",
}
"""Measures of a value."""

_COUNTED: Final = {
    MeasureFunction.COUNT: "the number of {}",
    MeasureFunction.RUN: "the number in a row, up to the newest, of {}",
    MeasureFunction.SINCE: "the time since the newest of the {}",
    MeasureFunction.GAP: "the time between the newest two of the {}",
}


@dataclass(frozen=True, slots=True)
class Section:
    """One thing that a rule says: a title and lines below it."""

    title: str
    lines: tuple[str, ...]


def explain(rule: Rule) -> tuple[Section, ...]:
    """Return the rule in plain words, section by section."""
    told = (
        ("What it finds", (rule.says,)),
        ("What is looked at", tuple(_taken(rule))),
        ("For whom", tuple(_keyed(rule))),
        ("Over which time", tuple(_window(rule, window) for window in rule.windows)),
        ("What is measured", tuple(f"{_name(one.name)} is {measure_in_words(rule, one)}." for one in rule.measures)),
        ("When it is found", tuple(_found(rule))),
        ("What follows", tuple(_follows(rule))),
        ("Where the numbers come from", (*_numbers(rule), rule.source)),
    )
    return tuple(Section(title, lines) for title, lines in told if lines)


def measure_in_words(rule: Rule, measure: Measure) -> str:
    """Return what a measure is, as a phrase."""
    where = f" for which {condition_in_words(measure.where)}" if measure.where is not None else ""
    kinds = EVENTS[measure.on] if measure.on is not None else _kinds(rule)
    over = next((f", over {_briefly(window)}" for window in rule.windows if window.name == measure.window), "")
    over = over if len(rule.windows) > 1 else ""
    same = f", counted anew when {in_words(measure.same)} changes" if measure.same is not None else ""
    if measure.function is MeasureFunction.PEAK:
        return f"the most {kinds}{where} within any {length_in_words(measure.length_us or 0)}{over}{same}"
    if measure.function is MeasureFunction.CONCURRENT:
        return f"the number of calls{where} that are under way at the same time"
    if measure.value is not None:
        return f"{TAKEN[measure.function].format(in_words(measure.value))} over {kinds}{where}{over}{same}"
    return f"{_COUNTED[measure.function].format(kinds)}{where}{over}{same}"


def window_in_words(window: Window) -> str:
    """Return how far back a window reaches."""
    match window:
        case Rolling(length_us=length, grain_us=None):
            return f"the last {_unless_one(length)} before each moment"
        case Rolling(length_us=length, grain_us=grain):
            return f"the last {_unless_one(length)}, moving on by {length_in_words(grain or 0)} at a time"
        case Calendar(unit=unit, zone=zone, periods=periods):
            name = "billing cycle of the account" if unit is Unit.BILLING_CYCLE else f"calendar {unit}"
            if periods == 1:
                return f"each {name}, which begins at midnight in {zone}" if unit is not Unit.HOUR else f"each {name} in {zone}"
            return f"the last {periods} {name}s in {zone}, the present one included"


def _briefly(window: Window) -> str:
    """Return a window where others stand beside it: *the last hour*."""
    return window_in_words(window).removesuffix(" before each moment").split(", moving on")[0]


def _unless_one(length_us: int) -> str:
    return length_in_words(length_us).removeprefix("1 ")


def _name(name: str) -> str:
    return f"“{name.replace('_', ' ')}”"


def _kinds(rule: Rule) -> str:
    return " and ".join(EVENTS[kind] for kind in (rule.on, *rule.also_on))


def _taken(rule: Rule) -> Iterator[str]:
    for kind in (rule.on, *rule.also_on):
        where = rule.where_of(kind)
        told = EVENTS[kind]
        yield f"{told[0].upper()}{told[1:]}{f', where {condition_in_words(where)}' if where is not None else ''}."
    if rule.exempt is not None:
        yield f"Left out where {condition_in_words(rule.exempt)}."
    if rule.passes is not None:
        yield f"Counted, but never found, where {condition_in_words(rule.passes)}."
    if rule.once is not None:
        same = " and ".join(in_words(part).removeprefix("the ") for part in rule.once.per)
        yield f"Those with the same {same} within {length_in_words(rule.once.within_us)} count once."
    for reset in rule.reset:
        where_text = f" where {condition_in_words(reset.where)}" if reset.where is not None else ""
        yield f"All that was counted is forgotten at one of the {EVENTS[reset.on]}{where_text}."
    if rule.from_us is not None:
        yield f"From {iso(rule.from_us)[:19].replace('T', ' ')} UTC on."
    if rule.until_us is not None:
        yield f"Until {iso(rule.until_us)[:19].replace('T', ' ')} UTC."


def _keyed(rule: Rule) -> Iterator[str]:
    if rule.rollup:
        yield "Counted for each party of the account's path, from the end user up to the head of the contract."
    else:
        named = " and ".join("each " + in_words(part).removeprefix("the ").removeprefix("its ") for part in rule.key)
        yield f"Counted apart for {named}."
    yield f"A finding is about the {rule.subject}."


def _window(rule: Rule, window: Window) -> str:
    named = f"{window.name.replace('_', ' ').capitalize()}: " if len(rule.windows) > 1 else ""
    told = f"{named}{window_in_words(window)}."
    return told[0].upper() + told[1:]


def _found(rule: Rule) -> Iterator[str]:
    match rule.evaluation:
        case Evaluation.EVENT:
            yield (
                "Each time something counts, and before the call is let through." if rule.before else "Each time something counts."
            )
        case Evaluation.CLOSE:
            yield "When the period is over."
        case Evaluation.EVERY:
            yield f"Every {length_in_words(rule.every_us or 0)}."
    if rule.silent_too:
        yield "Also for those from whom nothing came."
    for number, tier in enumerate(rule.tiers, start=1):
        label = f"{number}. " if len(rule.tiers) > 1 else ""
        yield f"{label}If {condition_in_words(tier.when)}: {SEVERITIES[tier.severity]} ({tier.severity})."
        if tier.clears is not None:
            yield f"{label}It is over again when {condition_in_words(tier.clears)}."
    if rule.finds_each:
        yield "It is found each time that it holds, not only the first time."
    if rule.minimum is not None:
        yield f"Only once {condition_in_words(rule.minimum)}."
    yield f"After a finding there is no other of the same kind for {length_in_words(rule.cool_down_us)}."


def _follows(rule: Rule) -> Iterator[str]:
    yield MODES[rule.mode]
    for number, tier in enumerate(rule.tiers, start=1):
        label = f"{number}. " if len(rule.tiers) > 1 else ""
        for proposal in tier.proposes:
            yield f"{label}Proposed: {_proposed(proposal)}."
        if tier.points:
            yield f"{label}It weighs {tier.points:g} point{'' if tier.points == 1 else 's'}."
    if rule.classifies is not None:
        yield f"The traffic is held to be of the class {rule.classifies} for {length_in_words(rule.class_us or 0)}."


def _proposed(proposal: Proposal) -> str:
    if proposal.quantity is None:
        return proposal.text
    return f"charge {proposal.amount or 0:g} {proposal.currency} times {in_words(proposal.quantity)}"


def _numbers(rule: Rule) -> Iterator[str]:
    """Yield each number that the rule compares with, and what it is compared with."""
    stated = [*(tier.when for tier in rule.tiers), rule.minimum, *(measure.where for measure in rule.measures)]
    told = [_limit(part) for part in parts(*stated) if isinstance(part, Comparison)]
    yield from dict.fromkeys(line for line in told if line)


def _limit(comparison: Comparison) -> str:
    for number, compared in ((comparison.right, comparison.left), (comparison.left, comparison.right)):
        if isinstance(number, Literal) and number.type is Type.NUMBER:
            return f"{number_in_words(number, compared)}: the limit of {in_words(compared)}."
    return ""
