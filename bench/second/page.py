"""What the second network showed, as the page docs/quality-second.md."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

_HOW = """\
This network shares no code with the carriers of [quality](quality.md): other kinds of customers with other habits, other numbers,
file names and formats, other words for what abusers do, their own rates and lengths. It is read twice, through the command line
alone: as call records in a table of its own, and as packets of a mirror. What records cannot show is missing there."""


@dataclass
class Part:
    """One reading of the network: its abusers by kind, its clauses, and whom of the innocent rules touched."""

    name: str
    kinds: list[tuple[str, ...]] = field(default_factory=list)
    clauses: list[tuple[str, ...]] = field(default_factory=list)
    innocents: list[tuple[str, ...]] = field(default_factory=list)


def page(command: str, policy: str, size: str, parts: Sequence[Part]) -> str:
    """Return the page."""
    return "\n".join(_lines(command, policy, size, parts))


def middle(values: Sequence[float]) -> str:
    """Return the median as a whole number, or a dash of none."""
    return f"{median(values):.0f}" if values else "–"


def _lines(command: str, policy: str, size: str, parts: Sequence[Part]) -> Iterator[str]:
    yield "# The same bundle on a second network"
    yield ""
    yield f"Made by `{command}`. Version of the policy: `{policy}`."
    yield ""
    yield _HOW
    yield ""
    yield f"{size}."
    yield ""
    for part in parts:
        yield f"## {part.name}"
        yield ""
        yield from _table(("clause", "recall, warn", "precision, warn", "recall, act", "precision, act"), part.clauses)
        yield from _table(("clause", "kind", "abusers", "warned", "acted on", "acts until warn", "acts until act"), part.kinds)
        if part.innocents:
            yield "Innocents that were touched:"
            yield ""
            yield from _table(("severity", "clause and rule", "kind of customer", "customers"), part.innocents)
        else:
            yield "No innocent was touched."
            yield ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
