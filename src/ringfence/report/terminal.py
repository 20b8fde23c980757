"""The findings of a scan as a table for a terminal: by rule and subject, with the numbers against their limits."""

from typing import Final

from rich.console import Group as Renderables
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ringfence.report.collector import Collector, Group, ordered
from ringfence.vocabulary.severity import Severity
from ringfence.words.rules import compared
from ringfence.words.writing import Writer, counted, moment

MOST_SHOWN: Final = 100
"""Rows of the table."""

_STYLES: Final = {Severity.ACT: "bold red", Severity.WARN: "bold yellow", Severity.INFO: "cyan"}


def findings_table(collector: Collector, *, masked: bool = False) -> RenderableType | None:
    """Return the table to print with a rich console, `None` where nothing was found.

    Text from traffic is harmless in it. Colours come from the console, so that a pipe gets plain text.
    """
    writer = Writer(masked=masked)
    groups = ordered(collector.groups.values())
    if not groups:
        return None
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("severity", "who", "rule", "numbers (limits)", "first (UTC)"):
        table.add_column(heading, overflow="fold")
    table.add_column("findings", justify="right")
    for group in groups[:MOST_SHOWN]:
        rule = group.rule
        table.add_row(
            Text(rule.severity, _STYLES[rule.severity]),
            Text(_ascii_mark(collector.names.subject(group.subject, writer)), "bold"),
            Text(rule.name),
            _numbers(group),
            Text(moment(group.findings[0].time)),
            Text(f"{group.count:,}"),
        )
    shown = sum(group.count for group in groups[:MOST_SHOWN])
    rest = sum(collector.totals.findings.values()) - shown
    return Renderables(table, Text(f"and {counted(rest, 'finding')} more; --json gives all")) if rest else table


def _numbers(group: Group) -> Text:
    lines = Text()
    for place, line in enumerate(compared(group.rule, group.findings[0].measures)):
        lines.append("\n" if place else "")
        lines.append(f"{line.what} ", "" if line.holds else "dim")
        lines.append(line.measured or "-", "bold" if line.holds else "dim")
        lines.append(f" ({line.limit}{'' if line.holds else ', not reached'})", "dim")
    return lines


def _ascii_mark(text: str) -> str:
    """Return text whose replaced characters any terminal can show."""
    return text.replace("\ufffd", "?")
