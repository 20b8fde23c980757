"""`ringfence backtest`: what a policy bundle would have found in the history of traffic, alone or against another bundle.

Exit code 0: nothing; 1: some; 2: unusable; 130: stopped, to be gone on with by --resume.
"""

import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Annotated, Final, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ringfence.cli.bundles import loaded
from ringfence.cli.configuration import ConfigurationRefused, installation_key
from ringfence.cli.lake import FOLDER, KEYS, lake_of
from ringfence.cli.recorded_decisions import has_desk, judgements
from ringfence.feeds import FeedError
from ringfence.vocabulary.contracts import Finding, Reference
from ringfence.vocabulary.times import Micros, from_iso, iso
from ringfence.watch.history.backtest import Asked, Backtest, ShareFailed, begin, cores, resume
from ringfence.watch.history.comparison import Comparison, compared, party_of
from ringfence.watch.history.run_state import RunDamaged
from ringfence.watch.history.share import Place
from ringfence.watch.lake.store import erased
from ringfence.watch.live import ReferenceTail

NONE, SOME, UNUSABLE, STOPPED = 0, 1, 2, 130
RUNS: Final = "backtests"
_SHOWN: Final = 40

Folder = Annotated[Path, typer.Argument(metavar="BUNDLE", help="The bundle's folder.")]
Data = Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")]


def command(
    bundle: Folder,
    against: Annotated[Path | None, typer.Option(metavar="BUNDLE", help="Compare with this one, such as the one in force.")] = None,
    since: Annotated[str, typer.Option("--from", metavar="T", help="Leave out what is older, as 2026-01-31T10:00:00Z.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="T", help="Leave out what is of this time or later.")] = "",
    data: Data = Path("data"),
    json: Annotated[bool, typer.Option("--json", help="Findings, one a line; of two bundles the comparison.")] = False,
    go_on: Annotated[bool, typer.Option("--resume", help="Go on where the same question was stopped.")] = False,
    processes: Annotated[int, typer.Option(min=1, help="How many processes work.", show_default="one a core")] = cores(),
) -> None:
    """Judge the history of traffic by a bundle, or compare two bundles over it. Ctrl-C stops; --resume goes on."""
    bundles = [loaded(bundle), *([loaded(against)] if against is not None else [])]
    plans = tuple(each.plan for each in bundles)
    asked = Asked(plans=plans, since=moment("--from", since), until=moment("--to", until))
    with ExitStack() as handlers:
        stops = stopping(handlers)
        backtest = _made(asked, data, processes, go_on=go_on)
        if not worked(backtest, stops):
            typer.echo(f"stopped after {backtest.done} of {backtest.events} events; the same with --resume goes on", err=True)
            raise typer.Exit(STOPPED)
        found = [list(backtest.findings(number)) for number in range(len(bundles))]
        if len(found) == 1:
            _print_findings(found[0], json=json)
        else:
            _print_comparison(compared(found[0], found[1], judgements(data) if has_desk(data) else []), json=json)
        sys.stdout.flush()
        _tell(backtest, data)
        backtest.forget()
    raise typer.Exit(SOME if any(found) else NONE)


def worked(backtest: Backtest, stops: Callable[[], bool]) -> bool:
    """Let the backtest work, with its progress on a terminal; tell whether it is done. What stops it for good ends the command."""
    try:
        with ExitStack() as stack:
            return backtest.run(told=_progress_on_terminal(backtest, stack), stops=stops)
    except (FeedError, ShareFailed) as refused:
        _refuse(str(refused))
    except OSError as failed:
        _refuse(f"{failed}. Hint: is the disk full, or does another user own the data folder?")


def moment(option: str, text: str) -> Micros | None:
    """Return the moment that an option names, `None` for none; what names none ends the command."""
    try:
        return from_iso(text) if text else None
    except ValueError:
        _refuse(f"{option} {text!r} is no time with a zone: write 2026-01-31T10:00:00Z")


def _made(asked: Asked, data: Path, processes: int, *, go_on: bool) -> Backtest:
    if asked.since is not None and asked.until is not None and asked.since >= asked.until:
        _refuse(f"nothing lies between {iso(asked.since)} and {iso(asked.until)}")
    try:
        lake, key = lake_of(data), installation_key(data)
        place = Place(data / FOLDER, data / KEYS, data / RUNS / asked.name, key)
        backtest = resume(asked, lake, place) if go_on else None
        if backtest is None and go_on:
            typer.echo("nothing was stopped that this could go on with: begun anew", err=True)
        return backtest if backtest is not None else begun(asked, data, place, processes)
    except (ConfigurationRefused, FeedError, RunDamaged) as refused:
        _refuse(str(refused))
    except OSError as failed:
        _refuse(f"{failed}. Hint: is the disk full, or does another user own {data}?")


def begun(asked: Asked, data: Path, place: Place, processes: int) -> Backtest:
    """Return a new backtest over the data folder's lake; an empty range ends the command. Raises as `lake_of` and `begin` do."""
    reference = ReferenceTail(data / "feeds").newest() or Reference(time=Micros(0))
    backtest = begin(asked, lake_of(data), place, reference=reference, processes=processes)
    if not backtest.kept.files:
        backtest.forget()
        _refuse("the lake has nothing in that range. Hint: `ringfence lake show` says what it has")
    return backtest


def stopping(stack: ExitStack) -> Callable[[], bool]:
    """Return what tells whether somebody asked to stop: once stops in order, twice at once."""
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    for number in (signal.SIGINT, signal.SIGTERM):
        stack.callback(signal.signal, number, signal.signal(number, ask))
    return lambda: asked


def _progress_on_terminal(backtest: Backtest, stack: ExitStack) -> Callable[[], None]:
    """Return what shows on a terminal how far it is."""
    if not sys.stderr.isatty():
        return lambda: None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("events"), TimeRemainingColumn())
    progress = stack.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
    task = progress.add_task("judging", total=backtest.events)
    return lambda: progress.update(task, completed=backtest.done)


def _print_findings(findings: list[Finding], *, json: bool) -> None:
    if json:
        _print_json(findings)
        return
    table = Table("rule", "findings", "subjects", "first", "last", box=None, header_style="bold")
    for rule in sorted({finding.rule for finding in findings}):
        of_rule = [finding for finding in findings if finding.rule == rule]
        subjects = {finding.subject for finding in of_rule}
        table.add_row(rule, str(len(of_rule)), str(len(subjects)), iso(of_rule[0].time), iso(of_rule[-1].time))
    _console().print(table)


def _print_comparison(comparison: Comparison, *, json: bool) -> None:
    if json:
        _print_json([comparison])
        return
    rules = Table("rule", "new", "old", "the same", box=None, header_style="bold")
    for rule in comparison.rules:
        rules.add_row(rule.rule, str(rule.new), str(rule.old), str(rule.same))
    parties = Table("whom it falls on", "new", "old", "new, acting", "old, acting", box=None, header_style="bold")
    most = sorted(comparison.parties, key=lambda party: (-abs(party.new - party.old), party.party))
    for party in most[:_SHOWN]:
        parties.add_row(party.party, str(party.new), str(party.old), str(party.new_acting), str(party.old_acting))
    console = _console()
    console.print(rules, parties)
    for title, findings in (("only the new one finds", comparison.only_new), ("only the old one finds", comparison.only_old)):
        if findings:
            console.print(f"\n{title} {len(findings)}:")
            for finding in findings[:_SHOWN]:
                console.print(
                    f"  {iso(finding.time)}  {finding.rule}  {finding.subject.kind} {finding.subject.id}  {party_of(finding)}"
                )
    if comparison.people is not None:
        for name, people in zip(("new", "old"), comparison.people, strict=True):
            console.print(
                f"\nof {people.upheld} upheld cases the {name} one finds {people.found}, of {people.cleared} closed without "
                f"a violation {people.blamed}; {people.unknown} subjects it finds were never judged"
            )


def _print_json(rows: list[Finding] | list[Comparison]) -> None:
    encoder = msgspec.json.Encoder()
    for row in rows:
        sys.stdout.buffer.write(encoder.encode(row) + b"\n")


def _tell(backtest: Backtest, data: Path) -> None:
    lake = lake_of(data)
    gone = erased(lake.contents(), lake.keys)
    hours = {file.path.rpartition("/")[0] for file in backtest.kept.files} & gone.keys()
    if hours:
        typer.echo(f"{len(hours)} hours are erased: rules saw tokens there in place of numbers", err=True)
    typer.echo(f"{backtest.done} events judged", err=True)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 180, highlight=False, markup=False, emoji=False)


def _refuse(message: str) -> NoReturn:
    typer.echo(f"ringfence backtest: {message}", err=True)
    raise typer.Exit(UNUSABLE)
