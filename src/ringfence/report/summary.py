"""A scan on a terminal, beside its findings: what was read, what was left aside and why, what could not be judged."""

from collections.abc import Sequence
from typing import Final

from rich.console import Group as Renderables
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ringfence.report import reading
from ringfence.report.collector import Collector
from ringfence.report.inputs import Given, Read
from ringfence.report.reading import Left
from ringfence.report.unjudged import unjudged
from ringfence.words.writing import Writer, counted

_MOST_FILES: Final = 20
_MOST_REASONS: Final = 4
_EXAMPLE: Final = 100


def summary(collector: Collector, read: Read, given: Given, *, masked: bool = False) -> RenderableType:
    """Return the tables to print with a rich console. Text from traffic and of files is harmless in it."""
    writer = Writer(masked=masked)
    parts: list[RenderableType] = [_heading("What was read"), _files(read, writer)]
    everywhere = reading.problems(read, writer)
    if everywhere:
        parts.append(Padding(_reasons(everywhere), (0, 0, 0, 2)))
    missing = unjudged(collector, read, given)
    if missing:
        table = _table("what", "why", "what would help")
        for line in missing:
            table.add_row(Text(line.what), Text(line.why, "dim"), Text(line.helps, "cyan"))
        parts += [_heading("What could not be judged"), table]
    return Renderables(*parts)


def not_judged(collector: Collector, read: Read, given: Given) -> list[str]:
    """Return the same as lines, for where no terminal is."""
    return [f"not judged: {line.what}: {line.why}; {line.helps}" for line in unjudged(collector, read, given)]


def _heading(text: str) -> RenderableType:
    return Padding(Text(text, "bold"), (1, 0, 0, 0))


def _table(*headings: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _files(read: Read, writer: Writer) -> Table:
    """Return a row for each file; of many, those of which something was left aside come first, as they ask for a look."""
    table = _table("file", "read as", "what of it", "left aside, or read with care")
    files = reading.files(read, writer)
    shown = files if len(files) <= _MOST_FILES else sorted(files, key=lambda file: not file.left)[:_MOST_FILES]
    for file in shown:
        table.add_row(Text(file.name), Text(file.format), _used(file.used, file.span), _reasons(file.left))
    skipped = read.skipped[:_MOST_FILES]
    for each in skipped:
        table.add_row(
            Text(reading.plain_name(each.name), "dim"),
            Text("skipped", "yellow"),
            Text("-", "dim"),
            Text(writer.text(each.cause, 200)),
        )
    more = len(files) - len(shown) + len(read.skipped) - len(skipped)
    if more:
        table.add_row(Text(f"and {counted(more, 'file')} more", "dim"), "", "", Text("--html names all", "dim"))
    return table


def _used(used: str, span: str) -> Text:
    text = Text(used, "bold")
    if span:
        text.append(f"\n{span}", "dim not bold")
    return text


def _reasons(left: Sequence[Left]) -> Text:
    if not left:
        return Text("nothing", "dim")
    text = Text()
    for place, each in enumerate(left[:_MOST_REASONS]):
        text.append("\n" if place else "")
        text.append(f"{each.count:,} × ", "yellow")
        text.append(_ascii_mark(each.reason))
        if each.examples:
            # An example that only repeats its reason says no more than where it is.
            example = each.examples[0].removesuffix(f": {each.reason}")
            text.append(f" ({_ascii_mark(example[:_EXAMPLE])})", "dim")
    if len(left) > _MOST_REASONS:
        text.append(f"\nand {counted(len(left) - _MOST_REASONS, 'further reason')}", "dim")
    return text


def _ascii_mark(text: str) -> str:
    """Return text whose replaced characters any terminal can show."""
    return text.replace("\ufffd", "?")
