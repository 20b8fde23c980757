"""`ringfence policy`: check a bundle, show what it says and what it measures."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ringfence.policy import Bundle, BundleRefused, load, read_folder, render
from ringfence.policy.durations import write_duration
from ringfence.policy.written import written

REFUSED = 2

app = typer.Typer(no_args_is_help=True, add_completion=False)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The bundle's folder: it holds bundle.toml, policy.md, ladder.yaml.")]


@app.command()
def check(folder: Folder) -> None:
    """Check a bundle and say every problem with its place. Exit code 0: it may be posted; 2: it is refused."""
    bundle = _loaded(folder)
    rows = sum(len(rows) for rows in bundle.lists.values())
    print(f"{bundle.settings.name}: clauses {len(bundle.clauses)}, rules {len(bundle.plan.rules)}, entries in lists {rows}")
    print(f"version {bundle.hash}")


@app.command()
def show(folder: Folder, clause: Annotated[str, typer.Argument(help="A clause's slug; without it, all are listed.")] = "") -> None:
    """Show the clauses of a bundle, or one with its text, its rules and its ladder."""
    bundle = _loaded(folder)
    if clause:
        _show_clause(bundle, clause)
        return
    table = Table("section", "clause", "title", "rules", "steps", box=None, header_style="bold")
    for column in table.columns:
        column.no_wrap = True
    for text in bundle.clauses:
        rules = ", ".join(rule.name for rule in bundle.plan.rules if rule.clause == text.slug)
        table.add_row(str(text.section), text.slug, text.title, rules, str(len(bundle.ladder.of(text.slug)) or ""))
    Console(highlight=False, markup=False).print(table)


@app.command()
def plan(folder: Folder) -> None:
    """Show what the rules of a bundle measure: by whom, over which window, against which thresholds."""
    bundle = _loaded(folder)
    for rule in bundle.plan.rules:
        print(f"{rule.name} ({rule.severity}, {rule.mode}): {rule.says}")
        key = ", ".join(written(part) for part in rule.key)
        print(f"    clause {rule.clause}; on {rule.on} per {key}; window {write_duration(rule.window_us)} rolling")
        print(f"    thresholds {', '.join(f'{compared}: {limit:g}' for compared, limit in rule.thresholds.items())}")
        print(f"    silent for {write_duration(rule.cool_down_us)} after a finding; source: {rule.source}")


def _loaded(folder: Path) -> Bundle:
    """Return the bundle in `folder`; where it is refused, print every problem and leave with 2."""
    files: dict[str, bytes] = {}
    try:
        files = read_folder(folder)
        return load(files)
    except BundleRefused as refused:
        for problem in refused.problems:
            typer.echo(render(problem, files), err=True)
        count = len(refused.problems)
        typer.echo(f"refused: {count} problem{'' if count == 1 else 's'}", err=True)
        raise typer.Exit(REFUSED) from refused


def _show_clause(bundle: Bundle, slug: str) -> None:
    text = bundle.clause(slug)
    if text is None:
        typer.echo(f"no clause {slug}; `ringfence policy show DIR` lists them", err=True)
        raise typer.Exit(REFUSED)
    print(f"{text.section} {text.section_title} / {text.title}\n\n{text.body}\n")
    for rule in bundle.plan.rules:
        if rule.clause == slug:
            print(f"rule {rule.name}: {rule.says}")
    for step in bundle.ladder.of(slug):
        marks = "".join(f", {word}" for word, on in (("standing", step.standing), ("grave", step.grave)) if on)
        print(f"{step.role} from strike {step.at}: {step.text}{marks} (under {step.under})")
