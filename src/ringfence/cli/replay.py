"""`ringfence replay`: what watch consumed, judged again in the same order: by the versions that were in force, or by any bundle.

Exit code 0: nothing found; 1: some; 2: unusable.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NoReturn

import msgspec
import structlog
import typer

from ringfence.cli.backtest import moment
from ringfence.cli.bundles import loaded
from ringfence.cli.configuration import KEY_FILE, ConfigurationRefused, installation_key, load
from ringfence.cli.countries import countries_of
from ringfence.cli.kept_bundles import kept_bundle
from ringfence.cli.lake import FOLDER, KEYS
from ringfence.feeds import FeedError
from ringfence.feeds.segments import records_after
from ringfence.policy import read_folder
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Finding, Reference
from ringfence.vocabulary.times import Micros, iso
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import RuleUnmeasurable
from ringfence.watch.history.replay import Replayed, as_it_was_judged, by_plan
from ringfence.watch.lake import JournalReader
from ringfence.watch.lake.store import Lake
from ringfence.watch.live import Judges, ReferenceTail

NONE, SOME, UNUSABLE = 0, 1, 2
_DECODER: Final = msgspec.json.Decoder(Reference)

Data = Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")]


def command(
    data: Data = Path("data"),
    policy: Annotated[Path | None, typer.Option(metavar="BUNDLE", help="Judge by this bundle, not as it was judged.")] = None,
    since: Annotated[str, typer.Option("--from", metavar="T", help="Leave out findings that are older.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="T", help="Leave out findings of this time or later.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One finding a line, as JSON.")] = False,
) -> None:
    """Judge what live watch consumed again, in its order, and print what is found: the journal of the last hours."""
    first, last = moment("--from", since), moment("--to", until)
    counts, count = Replayed(), 0
    try:
        for finding in _findings(data, policy, counts):
            if (first is None or finding.time >= first) and (last is None or finding.time < last):
                count += 1
                _print(finding, json=json)
    except (ConfigurationRefused, FeedError, RuleUnmeasurable) as refused:
        _refuse(str(refused))
    except OSError as failed:
        _refuse(f"{failed}. Hint: does another user own {data}?")
    if counts.begins_late and counts.first is not None:
        typer.echo(f"the journal begins at {iso(counts.first)}: windows were empty then", err=True)
    typer.echo(f"{counts.events} events in {counts.batches} batches, findings {count}", err=True)
    raise typer.Exit(SOME if count else NONE)


def _findings(data: Path, policy: Path | None, counts: Replayed) -> Iterator[Finding]:
    if not (data / KEY_FILE).exists():
        raise ConfigurationRefused(
            f"{data} is no data folder of Ringfence. Hint: name it with --data, or make it with ringfence up"
        )
    key, journal = installation_key(data), JournalReader(data / "journal")
    directory = Directory(ReferenceTail(data / "feeds").newest() or Reference(time=Micros(0)))
    if policy is not None:
        return by_plan(journal, loaded(policy).plan, directory, key=key, counts=counts)
    lake = Lake(data / FOLDER, data / KEYS, key)
    log = structlog.wrap_logger(structlog.PrintLogger(sys.stderr))
    judges = Judges(lambda version: _plan(data, version), key=key, log=log, lake=lake, feeds=data / "feeds")
    judges.locate(countries_of(load(data).watch, data))
    judges.know(directory)
    return as_it_was_judged(journal, judges, policy=_in_force(data, journal), counts=counts)


def _plan(data: Path, version: str) -> Plan:
    return kept_bundle(read_folder(data / "policies" / version), posted=True).plan


def _in_force(data: Path, journal: JournalReader) -> str | None:
    """Return the version that was in force when the journal's oldest batch was consumed, if its first posting is gone."""
    oldest = next(journal.after(), None)
    if oldest is None or oldest[0] == 1:
        return None
    now: Micros = oldest[1].now
    policy = None
    for record in records_after(data / "feeds" / "reference"):
        reference = _DECODER.decode(record.payload)
        if reference.time > now:
            break
        policy = reference.policy
    return policy


def _print(finding: Finding, *, json: bool) -> None:
    if json:
        sys.stdout.buffer.write(msgspec.json.encode(finding) + b"\n")
        return
    measures = ", ".join(f"{name} {value:g}" for name, value in finding.measures.items())
    told = f"{iso(finding.time)}  {finding.severity}  {finding.rule}  {finding.subject.kind} {finding.subject.id}  {measures}"
    typer.echo("".join(character if character.isprintable() else "?" for character in told))


def _refuse(message: str) -> NoReturn:
    typer.echo(f"ringfence replay: {message}", err=True)
    raise typer.Exit(UNUSABLE)
