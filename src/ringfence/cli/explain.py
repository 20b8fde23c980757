"""`ringfence explain FINDING`: say in a paragraph what a finding rests on, and what would have made it quiet.

Exit code 0: said; 2: there is no such finding, or the input is unusable.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NoReturn

import msgspec
import typer

from ringfence.cli.bundles import loaded
from ringfence.cli.shipped import DEFAULT_BUNDLE
from ringfence.cli.told import plain
from ringfence.feeds import FeedError
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import Finding
from ringfence.words.findings import explained

UNUSABLE: Final = 2
_FEWEST: Final = 6
"""Characters of an id that may stand for all of it."""
_STANDARD_INPUT: Final = Path("-")
_FINDINGS: Final = "Lines of `ringfence scan --json`: a file, or - for standard input. Otherwise the data folder's findings."


def command(
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="Its id, or how it begins.", show_default=False)],
    data: Annotated[Path, typer.Option(metavar="DIR", help="The data folder.")] = Path("data"),
    findings: Annotated[Path | None, typer.Option(metavar="FILE", help=_FINDINGS)] = None,
    policy: Annotated[Path, typer.Option(metavar="DIR", help="The policy bundle's folder.")] = DEFAULT_BUNDLE,
    json: Annotated[bool, typer.Option("--json", help="As JSON, part by part.")] = False,
) -> None:
    """Say what was measured, against what, since when, and what would have made it quiet."""
    if len(finding) < _FEWEST:
        _refuse(f"{finding!r} is too short for a finding: give at least {_FEWEST} characters of its id")
    bundle = loaded(policy, posted=True)
    found = _only(finding, _lines(findings) if findings is not None else _feed(data))
    rule = next((rule for rule in bundle.plan.rules if rule.name == found.rule), None)
    clause = bundle.clause(found.clause)
    told = explained(found, rule, clause.title if clause is not None else None)
    if json:
        typer.echo(msgspec.json.encode(told).decode())
        return
    typer.echo(plain(told.paragraph).plain)
    if found.policy != bundle.hash:
        other = f"it was found under policy {found.policy[:12]}, and is told in the words of {bundle.hash[:12]}"
        typer.echo(f"ringfence explain: {other}; give --policy for the other", err=True)


def _only(wanted: str, findings: Iterator[Finding]) -> Finding:
    """Return the finding whose id begins so."""
    found = {each.id: each for each in findings if each.id.startswith(wanted)}
    if len(found) > 1:
        _refuse(f"{len(found)} findings begin with {wanted!r}: give more of the id")
    if not found:
        _refuse(f"no finding begins with {wanted!r}; --data names the data folder, --findings lines of `ringfence scan --json`")
    return next(iter(found.values()))


def _lines(path: Path) -> Iterator[Finding]:
    name = "standard input" if path == _STANDARD_INPUT else str(path)
    try:
        octets = sys.stdin.buffer.read() if path == _STANDARD_INPUT else path.read_bytes()
    except OSError as failed:
        _refuse(f"{path}: {failed.strerror or failed}")
    for number, line in enumerate(octets.splitlines(), start=1):
        if line.strip():
            yield _decoded(line, f"{name}, line {number}")


def _feed(data: Path) -> Iterator[Finding]:
    folder = data / "feeds" / "findings"
    if not folder.is_dir():
        _refuse(f"{folder}: no such folder; --data names the data folder, --findings lines of `ringfence scan --json`")
    try:
        for record in records_after(folder):
            yield _decoded(record.payload, f"{folder}, record {record.number}")
    except FeedError as failed:
        _refuse(f"{folder}: {failed}")


def _decoded(line: bytes, where: str) -> Finding:
    try:
        return msgspec.json.decode(line, type=Finding)
    except msgspec.DecodeError as refused:
        _refuse(f"{where}: no finding: {refused}")


def _refuse(message: str) -> NoReturn:
    typer.echo(f"ringfence explain: {message}", err=True)
    raise typer.Exit(UNUSABLE)
