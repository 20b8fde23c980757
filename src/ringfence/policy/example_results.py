"""What an example found beside what it must find."""

from collections.abc import Iterator, Sequence
from math import isclose, isnan
from typing import Final

from ringfence.policy.examples import Example, Expected
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.times import Micros, iso

_PRECISION: Final = 1e-6


def differences(example: Example, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return a line for each thing that `findings` have otherwise than `example` states; none where all is as it must be."""
    told: list[str] = []
    taken = [finding for finding in findings if not example.rules or finding.rule in example.rules]
    for expected, finding in zip(example.finds, taken, strict=False):
        place = f"{example.file}:{expected.mark.line}"
        told += [f"{place}: {what}, not {instead}" for what, instead in _differing(expected, finding)]
    for expected in example.finds[len(taken) :]:
        told.append(f"{example.file}:{expected.mark.line}: nothing was found; {_written(expected)} must come")
    told += [f"{example.file}: too much was found: {written(finding)}" for finding in taken[len(example.finds) :]]
    return tuple(told)


def written(finding: Finding) -> str:
    """Return a finding on one line: rule, time, subject, measures."""
    measures = ", ".join(f"{name} {value:g}" for name, value in finding.measures.items())
    tier = f" (tier {tier})" if (tier := getattr(finding, "tier", 0)) else ""
    return f"{finding.rule}{tier} at {_short(finding.time)} about {finding.subject.kind} {finding.subject.id}: {measures}"


def _written(expected: Expected) -> str:
    subject = f" about {' '.join(expected.subject)}" if expected.subject else ""
    at = f" at {_short(expected.at)}" if expected.at is not None else ""
    return f"{expected.rule or 'a finding'}{at}{subject}"


def _short(moment: Micros) -> str:
    return iso(moment).replace(".000000Z", "Z")


def _differing(expected: Expected, finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield what was found and what was expected, where they differ."""
    if expected.at is not None and expected.at != finding.time:
        yield f"found at {_short(finding.time)}", _short(expected.at)
    if expected.subject is not None and expected.subject != (subject := (finding.subject.kind, finding.subject.id)):
        yield f"about {' '.join(subject)}", " ".join(expected.subject)
    for name in ("rule", "tier", "mode", "severity", "key", "points", "classifies", "says", "proposes"):
        stated, found = getattr(expected, name), getattr(finding, name, None)
        if stated is not None and stated != found:
            yield f"{name} is {found!r}", repr(stated)
    if expected.events is not None and expected.events != finding.evidence.events:
        yield f"rests on {finding.evidence.events} events", str(expected.events)
    yield from _numbers("", expected.measures, finding.measures)
    yield from _numbers("threshold ", expected.thresholds, finding.thresholds)
    yield from _charged(expected, finding)


def _numbers(what: str, stated: dict[str, float], found: dict[str, float]) -> Iterator[tuple[str, str]]:
    for name, value in stated.items():
        measured = found.get(name)
        if measured is None or isnan(measured) or not isclose(measured, value, rel_tol=_PRECISION, abs_tol=_PRECISION):
            yield f"{what}{name} is {'absent' if measured is None else f'{measured:g}'}", f"{value:g}"


def _charged(expected: Expected, finding: Finding) -> Iterator[tuple[str, str]]:
    if expected.charge is None:
        return
    charge = getattr(finding, "charge", None)
    amount, currency = expected.charge
    if charge is None:
        yield "nothing is charged", f"{amount:g} {currency}"
        return
    whole = charge.amount * charge.quantity
    if charge.currency != currency or not isclose(whole, amount, rel_tol=_PRECISION, abs_tol=_PRECISION):
        yield f"charges {whole:g} {charge.currency}", f"{amount:g} {currency}"
