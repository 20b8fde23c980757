"""What a finding's numbers say, for people to read. Pure."""

from dataclasses import dataclass

from ringfence.vocabulary.contracts import Finding


@dataclass(frozen=True, slots=True)
class Compared:
    """One line: what was measured, what the rule compared it with, and how the two stand. Empty where there is no threshold."""

    what: str
    measured: str
    threshold: str
    words: str


def compared(finding: Finding) -> list[Compared]:
    """Return a line for each threshold, then for each measure that the rule compares with nothing."""
    lines = [_line(what, finding.measures.get(what), threshold) for what, threshold in finding.thresholds.items()]
    rest = [Compared(what, number(value), "", "") for what, value in finding.measures.items() if what not in finding.thresholds]
    return lines + rest


def _line(what: str, measured: float | None, threshold: float) -> Compared:
    if measured is None:
        return Compared(what, "", number(threshold), "computed from the measures below")
    difference = measured - threshold
    words = (
        f"{number(abs(difference))} {'above' if difference > 0 else 'below'} the threshold" if difference else "at the threshold"
    )
    if difference and threshold:
        words += f" ({measured / threshold:.1f} times it)"
    return Compared(what, number(measured), number(threshold), words)


def number(value: float) -> str:
    """Return a number as people write it: whole where it is whole, else with three significant decimals.

    >>> number(1200.0), number(0.25)
    ('1,200', '0.25')
    """
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"
