"""The work of `ringfence policy calibrate`, apart from the command because it loads the engine."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from ringfence.cli.backtest import RUNS, STOPPED, UNUSABLE, begun, moment, stopping, worked
from ringfence.cli.bundles import loaded
from ringfence.cli.configuration import ConfigurationRefused, installation_key
from ringfence.cli.lake import FOLDER, KEYS, lake_of
from ringfence.cli.recorded_decisions import has_desk, judgements
from ringfence.feeds import FeedError
from ringfence.policy.plan import Plan, Rule
from ringfence.vocabulary.times import DAY
from ringfence.watch.history.backtest import Asked, Backtest, cores
from ringfence.watch.history.calibration import Calibration, NotCalibrated, calibrated, dials_of, variants
from ringfence.watch.history.share import Place

_BAR: Final = 30


class Wanted(NamedTuple):
    """What is asked: the span as given, how many subjects a day can be looked at, and whether JSON is printed."""

    since: str
    until: str
    a_day: float
    json: bool
    processes: int | None


def calibrate(rule: str, policy: Path, data: Path, wanted: Wanted) -> None:
    """Do what the command says."""
    plan = loaded(policy).plan
    chosen = _rule(plan, rule, policy)
    try:
        dials = dials_of(chosen)
        asked = Asked(
            plans=(variants(plan, chosen, dials),), since=moment("--from", wanted.since), until=moment("--to", wanted.until)
        )
        place = Place(data / FOLDER, data / KEYS, data / RUNS / f"calibrate-{rule}", key_of(data))
        backtest = begun(asked, data, place, wanted.processes or cores())
    except (NotCalibrated, ConfigurationRefused, FeedError) as refused:
        _refuse(str(refused))
    except OSError as failed:
        _refuse(f"{failed}. Hint: is the disk full, or does another user own {data}?")
    with ExitStack() as handlers:
        whole = worked(backtest, stopping(handlers))
    if not whole:
        backtest.forget()
        raise typer.Exit(STOPPED)
    days = _days(backtest)
    decided = judgements(data) if has_desk(data) else []
    results = calibrated(chosen, dials, backtest.findings(0), decided, most_subjects=wanted.a_day * days)
    backtest.forget()
    for result in results:
        if wanted.json:
            sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
        else:
            _print(result, days, judged=bool(decided))


def _rule(plan: Plan, name: str, policy: Path) -> Rule:
    found = next((rule for rule in plan.rules if rule.name == name), None)
    if found is None:
        _refuse(f"{policy} has no rule {name}: it has {', '.join(rule.name for rule in plan.rules)}")
    return found


def key_of(data: Path) -> bytes:
    """Return the key of a data folder that is one. Raises `ConfigurationRefused`."""
    lake_of(data)
    return installation_key(data)


def _days(backtest: Backtest) -> float:
    """Return how many days of traffic were looked at, at least a part of one."""
    first = min(file.first for file in backtest.kept.files)
    last = max(file.last for file in backtest.kept.files)
    return max((last - first) / DAY, 1 / 24)


def _print(result: Calibration, days: float, *, judged: bool) -> None:
    dial = result.dial
    columns = ["", f"{dial.compared} {dial.operator}", "findings", "subjects", "a day", *(["upheld", "cleared"] if judged else [])]
    table = Table(*columns, "subjects that reach it, and not the next", box=None, header_style="bold")
    most = max((trial.ends for trial in result.trials), default=0)
    for trial in result.trials:
        people = [str(trial.upheld), str(trial.cleared)] if judged else []
        bar = "█" * max(round(_BAR * trial.ends / most), 1) if trial.ends else ""
        mark = "▶" if trial.threshold == dial.present else ""
        counts = (str(trial.findings), str(trial.subjects), f"{trial.subjects / days:.3g}")
        table.add_row(mark, f"{trial.threshold:g}", *counts, *people, f"{bar} {trial.ends}" if trial.ends else "")
    console = Console(width=None if sys.stdout.isatty() else 180, highlight=False, markup=False)
    console.print(table)
    for reason, threshold in result.proposals.items():
        console.print(f"  {dial.compared} {dial.operator} {threshold:g} {reason}")
    console.print()


def _refuse(message: str) -> NoReturn:
    typer.echo(f"ringfence policy calibrate: {message}", err=True)
    raise typer.Exit(UNUSABLE)
