"""The report on a terminal: a table worth showing, and below it what was read and what was left aside."""

from collections.abc import Iterator
from typing import Final

from rich.console import Group as Renderables
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ringfence.report import reading
from ringfence.report.collector import Collector
from ringfence.report.groups import GroupShown, ordered, shown
from ringfence.report.inputs import Given, Read
from ringfence.report.unjudged import unjudged
from ringfence.report.writing import Writer, counted, length, moment
from ringfence.vocabulary.severity import Severity

_STYLES: Final = {Severity.ACT: "bold red", Severity.WARN: "bold yellow", Severity.INFO: "cyan"}
_MOST_ROWS: Final = 100
_MOST_EXAMPLES: Final = 2


def summary(collector: Collector, read: Read, given: Given, *, masked: bool = False) -> RenderableType:
    """Return what a terminal shows of a finished scan: findings by rule and subject, then files. Print it with a rich console.

    Text from traffic is harmless in it; colours come from the console, so that a pipe gets plain text.
    """
    writer = Writer(masked=masked)
    groups = [shown(group, collector, writer) for group in ordered(collector.groups.values())]
    parts: list[RenderableType] = []
    if groups:
        parts += [_table(groups), Text()]
    if len(groups) > _MOST_ROWS:
        parts.append(Text(f"and {len(groups) - _MOST_ROWS} more; --json gives all, --html shows them"))
    parts += _told(collector, read, given, writer)
    return Renderables(*parts)


def _table(groups: list[GroupShown]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("severity", "who", "rule", "numbers against limits", "first (UTC)"):
        table.add_column(heading, overflow="fold")
    table.add_column("findings", justify="right")
    for group in groups[:_MOST_ROWS]:
        table.add_row(
            Text(group.severity, _STYLES[group.severity]),
            Text(group.name, "bold"),
            Text(group.rule.name),
            _numbers(group),
            Text(group.first),
            Text(f"{group.count:,}"),
        )
    return table


def _numbers(group: GroupShown) -> Text:
    lines = Text()
    for place, line in enumerate(group.first_numbers):
        lines.append("\n" if place else "")
        lines.append(f"{line.what} ", "" if line.holds else "dim")
        lines.append(line.measured or "–", "bold" if line.holds else "dim")
        lines.append(f" ({line.limit}{'' if line.holds else ', not reached'})", "dim")
    return lines


def _told(collector: Collector, read: Read, given: Given, writer: Writer) -> Iterator[RenderableType]:
    totals = collector.totals
    for file in reading.files(read, writer):
        yield Text(f"{file.name}: {file.used}")
        for left in file.left:
            yield Text(f"  left aside: {left.reason}: {left.count:,}", "yellow")
            for example in left.examples[:_MOST_EXAMPLES]:
                yield Text(f"    {example}", "dim")
    for skipped in read.skipped:
        yield Text(f"{reading.plain_name(skipped.name)}: passed over: {writer.text(skipped.cause, 200)}", "yellow")
    for left in reading.problems(read, writer):
        yield Text(f"{left.reason}: {left.count:,}", "yellow")
        for example in left.examples[:_MOST_EXAMPLES]:
            yield Text(f"  {example}", "dim")
    missing = [line.what for line in unjudged(collector, read, given)]
    yield Text(f"not judged: {'; '.join(missing)}", "dim")
    span = ""
    if totals.first is not None and totals.last is not None:
        span = f", {moment(totals.first)} to {moment(totals.last)} UTC ({length(totals.last - totals.first)})"
    found = counted(sum(totals.findings.values()), "finding")
    yield Text(f"{counted(sum(totals.events.values()), 'event')}{span}: {found}", "bold")
