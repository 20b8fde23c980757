"""`ringfence bench quality`: how well a bundle finds what a labelled carrier does, and how much it costs the innocent."""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ringfence.cli.bundles import loaded
from ringfence.cli.shipped import DEFAULT_BUNDLE
from ringfence.quality.page import page, tables
from ringfence.quality.report import Asked, report

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Measure what this installation does."""


@app.command()
def quality(
    bundle: Annotated[Path, typer.Option(metavar="DIR", help="The bundle to measure.")] = DEFAULT_BUNDLE,
    seed: Annotated[int, typer.Option(help="The same seed gives the same carriers.")] = 1,
    parties: Annotated[int, typer.Option(min=100, help="Honest parties; of all, one in a hundred is abusive.")] = 5000,
    weeks: Annotated[int, typer.Option(min=1, max=26, help="How long they are watched.")] = 4,
    abusers: Annotated[int | None, typer.Option(min=0, help="So many in each carrier, instead of one in a hundred.")] = None,
    clause: Annotated[list[str] | None, typer.Option(help="Only abuse against this clause; may be repeated.")] = None,
    held_out: Annotated[bool, typer.Option(help="Measure the carriers set aside too.")] = True,
    ablation: Annotated[bool, typer.Option(help="Also without each rule, and with thresholds at half and double.")] = True,
    sessions: Annotated[bool, typer.Option(help="Measure what packets alone show too.")] = True,
    real_calls: Annotated[Path | None, typer.Option(metavar="DIR", help="calls.csv and sms.csv of real people.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
    page_file: Annotated[Path | None, typer.Option("--page", metavar="FILE", help="Write it as a page (Markdown).")] = None,
    processes: Annotated[int, typer.Option(min=1, help="How many processes work.", show_default="one a core")] = os.cpu_count()
    or 1,
) -> None:
    """Run a bundle over labelled carriers and print recall, precision, delay and cost, clause by clause."""
    loaded(bundle)  # says what is wrong with it, and ends
    asked = Asked(bundle, seed, parties, weeks, abusers, tuple(clause or ()), held_out, ablation, sessions, real_calls)
    with ExitStack() as stack:
        try:
            made = report(asked, processes=processes, told=_progress(stack))
        except (OSError, ValueError) as failed:
            _refuse(f"{failed}. Hint: --real-calls names a folder with calls.csv and sms.csv of the Copenhagen Networks Study")
    if page_file is not None:
        try:
            page_file.write_text(page(made), encoding="utf-8")
        except OSError as failed:
            _refuse(f"{page_file}: {failed.strerror}. Hint: choose another place with --page")
    if json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    else:
        sys.stdout.write(tables(made))


def _progress(stack: ExitStack) -> Callable[[str, int, int], None]:
    """Return what shows progress on a terminal, and nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return lambda _what, _done, _of: None
    shown = stack.enter_context(
        Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console)
    )
    tasks: dict[str, TaskID] = {}

    def told(what: str, done: int, of: int) -> None:
        if what not in tasks:
            tasks[what] = shown.add_task(what, total=of)
        shown.update(tasks[what], completed=done)

    return told


def _refuse(cause: str) -> NoReturn:
    typer.echo(f"bench: {cause}", err=True)
    raise typer.Exit(2)
