"""`ringfence policy`: check a bundle, show what it says and what it measures, and what helps its authors."""

import time
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from ringfence.cli import calibrate, policy_authoring, policy_packs, policy_posting
from ringfence.cli.bundles import REFUSED, Folder, loaded
from ringfence.cli.kept_passes import prune_passes
from ringfence.policy import Bundle
from ringfence.policy.durations import write_duration
from ringfence.policy.plan import Calendar, Rolling, Rule, Window
from ringfence.policy.written import written, written_measure
from ringfence.watch.engine import Engine, limits_of
from ringfence.watch.engine.physical import Physical, physical

_MEGABYTE = 1e6
app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def check(folder: Folder) -> None:
    """Check a bundle and say every problem with its place, and what is out of date. Exit code 0: it may be posted; 2: refused."""
    bundle = loaded(folder)
    rows = sum(len(rows) for rows in bundle.lists.values())
    print(f"{bundle.settings.name}: clauses {len(bundle.clauses)}, rules {len(bundle.plan.rules)}, entries in lists {rows}")
    if bundle.packs:
        print(f"packs {', '.join(pack.name for pack in bundle.packs)}")
    print(f"version {bundle.hash}")
    policy_packs.warn_of_age(bundle, datetime.now(UTC).date())


@app.command()
def show(folder: Folder, clause: Annotated[str, typer.Argument(help="A clause's slug; without it, all are listed.")] = "") -> None:
    """Show the clauses of a bundle, or one with its text, its rules and its ladder."""
    bundle = loaded(folder)
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
def plan(
    folder: Folder,
    as_json: Annotated[bool, typer.Option("--json", help="Print only how the rules are measured, for programs.")] = False,
) -> None:
    """Show what the rules of a bundle measure: by whom, over which window, against which thresholds; then how, and the memory."""
    bundle = loaded(folder)
    measured = physical(bundle.plan, limits_of(bundle.plan))
    if as_json:
        print(msgspec.json.encode(measured).decode())
        return
    for rule in bundle.plan.rules:
        print(f"{rule.name} ({rule.severity}, {rule.mode}): {rule.says}")
        key = "rollup(party)" if rule.rollup else ", ".join(written(part) for part in rule.key)
        kinds = ", ".join((rule.on, *rule.also_on))
        print(f"    clause {rule.clause}; on {kinds} per {key}; {_windows(rule)}")
        for measure in rule.measures:
            print(f"    {measure.name}: {written_measure(measure, several_windows=len(rule.windows) > 1)}")
        for tier in rule.tiers:
            limits = ", ".join(f"{compared}: {limit:g}" for compared, limit in tier.thresholds.items())
            print(f"    {tier.severity} when {written(tier.when)}{f'; thresholds {limits}' if limits else ''}")
        print(f"    silent for {write_duration(rule.cool_down_us)} after a finding; source: {rule.source}")
    _show_physical(measured)


@app.command("compile")
def compile_passes(
    folder: Folder,
    posted: Annotated[bool, typer.Option("--posted", help="Take a posted version as it was: ask no questions of it.")] = False,
) -> None:
    """Compile a bundle's passes, seconds for each group, and drop those that nothing uses any more.

    Watch does so by itself; scan and backtest take passes up from half a million events on.
    """
    used = Engine(loaded(folder, posted=posted).plan, key=b"", source="compile").compile()
    prune_passes(time.time(), used=used)


def _show_physical(measured: Physical) -> None:
    bound = (8 / measured.exact_distinct) ** 0.5  # two standard deviations, of a sample of half as many at least
    one_by_one = f"{measured.exact_distinct:,} different values of a key one by one"
    estimates = f"    counts up to {one_by_one}, and estimates more: about ± {bound:.1%} at worst, as findings say"
    for number, group in enumerate(measured.groups, 1):
        where = f" where {group.where}" if group.where else ""
        print(f"\ngroup {number}, one compiled pass: per {group.key}, on {group.on}{where}")
        print(f"    rules {', '.join(group.rules)}")
        for shared in group.measures:
            print(f"    {shared.measure} in {shared.seconds:g} s, for {', '.join(shared.rules)}")
        if group.grain_seconds is not None:
            print(f"    events leave {group.grain_seconds:g} s at a time, and the windows are so much longer at most")
        print(f"    {group.key_bytes} B a key, {group.event_bytes} B an event in the window at most")
        if group.estimates:
            print(estimates)
    print()
    for tallied in measured.tallied:
        print(f"tallied: {tallied.rule}, because {tallied.why}")
        print(f"    about {tallied.key_bytes:,} B a key, {tallied.entry_bytes} B an event, grain or value that it holds")
        if tallied.estimates:
            print(estimates)
    for name, key in measured.split_by.items():
        print(f"{name} can be split by {key}" if key else f"{name} cannot be split: it compares its keys")
    most, other = measured.most_bytes / _MEGABYTE, measured.beside_bytes / _MEGABYTE
    print(f"all rules together take {most:,.0f} MB at most, {other:,.0f} of them for call ids and texts beside the windows")
    print("beyond that whoever takes most forgets what is oldest; findings and `losses` say so")


def _windows(rule: Rule) -> str:
    if not rule.windows:
        return "no window"
    if len(rule.windows) == 1:
        return f"window {_window(rule.windows[0])}"
    return f"windows {', '.join(f'{window.name}: {_window(window)}' for window in rule.windows)}"


def _window(window: Window) -> str:
    match window:
        case Rolling(length_us=length, grain_us=grain):
            return f"{write_duration(length)} rolling{f' by {write_duration(grain)}' if grain else ''}"
        case Calendar(unit=unit, zone=zone, periods=periods):
            return f'{f"{periods} {unit}s" if periods > 1 else unit} in "{zone}"'


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


app.command("test")(policy_authoring.run_examples)
app.command("fmt")(policy_authoring.format_rules)
app.command("explain")(policy_authoring.explain_rules)
app.command("diff")(policy_authoring.show_differences)
app.command("schema")(policy_authoring.print_schema)
app.command("calibrate")(calibrate.command)
app.command("packs")(policy_packs.packs)
app.command("draft")(policy_posting.make_draft)
app.command("post")(policy_posting.post_draft)
