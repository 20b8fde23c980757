"""`ringfence edges`: what stands on the edges, how to take it all away without desk, database or gate, and what they must know."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from ringfence.cli.bundles import Folder, loaded
from ringfence.cli.configuration import ConfigurationRefused, load
from ringfence.feeds import FeedBusy, FeedError, FeedWriter
from ringfence.gate.edges import Edge, EdgeRefused
from ringfence.gate.edges.clearing import Cleared, cleared
from ringfence.gate.edges.emergency import WRITINGS, NotDialled, written
from ringfence.gate.edges.kinds import edge_of
from ringfence.gate.edges.settings import SecretUnusable, secrets_in
from ringfence.policy.packs import emergency_by_country
from ringfence.watch.attribution import EMERGENCY_LIST

app = typer.Typer(no_args_is_help=True)

_FATAL_EXIT: Final = 2
_Data = Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")]
_Names = Annotated[list[str] | None, typer.Option("--edge", help="Only the edge of this name; may be given again.")]


@app.command("list")
def show(data: _Data = Path("data"), edge: _Names = None) -> None:
    """Print what each edge holds of ours: edge, key and order. It ends with 1 where an edge does not answer."""
    raise typer.Exit(asyncio.run(_listed(_edges(data, edge))))


@app.command()
def clear(data: _Data = Path("data"), edge: _Names = None) -> None:
    """Take everything that Ringfence ever put on the edges away, and look again. A running gate would put it back: end it first."""
    edges = _edges(data, edge)
    _refuse_while_the_gate_runs(data)
    raise typer.Exit(asyncio.run(_cleared(edges)))


@app.command()
def emergency(
    bundle: Folder,
    kind: Annotated[str, typer.Option("--for", metavar="EDGE", help=f"{', '.join(sorted(WRITINGS))}.")],
    country: Annotated[list[str], typer.Option(help="Where the edge's callers are (ISO 3166); may be given again.")],
    check: Annotated[
        Path | None, typer.Option(help="Compare with this file of the edge instead: 1 where it says otherwise.")
    ] = None,
) -> None:
    """Print the numbers that call for help as an edge's configuration has them, from a policy's lists and packs."""
    if kind not in WRITINGS:
        _end(f"no edge of kind {kind!r} knows such numbers. Hint: {', '.join(sorted(WRITINGS))}")
    known = emergency_by_country(loaded(bundle).lists.get(EMERGENCY_LIST, ()), datetime.now(UTC).date())
    for each in country:
        if each not in known:
            _end(f"{bundle}: no number for help in {each!r}. Hint: name a pack of it in bundle.toml, or two capital letters")
    try:
        line = written(kind, {number for each in country for number in known[each]})
    except NotDialled as error:
        _end(f"{bundle}: {EMERGENCY_LIST}: {error}. Hint: correct the list, ringfence policy packs shows where it comes from")
    if check is None:
        print(line)
        return
    try:
        same = line in check.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _end(f"{check}: {error}. Hint: the file of the edge's configuration that holds the numbers")
    print(f"{check}: {'as the policy says' if same else f'not as the policy says, which is{chr(10)}{line}'}")
    raise typer.Exit(0 if same else 1)


def _edges(data: Path, names: Iterable[str] | None) -> list[Edge]:
    try:
        configured = load(data).gate.edges
    except (ConfigurationRefused, OSError) as error:
        _end(str(error))
    known = {each.name: each for each in configured}
    for name in names or ():
        if name not in known:
            _end(f"no edge is named {name!r}. Hint: [[gate.edges]] in ringfence.toml names {', '.join(sorted(known)) or 'none'}")
    try:
        return [edge_of(each, secrets_in(data)) for each in configured if not names or each.name in names]
    except SecretUnusable as error:
        _end(str(error))


def _refuse_while_the_gate_runs(data: Path) -> None:
    """End where a gate holds this folder's receipts."""
    receipts = data / "feeds" / "receipts"
    if not receipts.is_dir():
        return
    try:
        FeedWriter(receipts).close()
    except FeedBusy:
        _end("the gate runs on this data folder and would put everything back. Hint: end it first, or lift the orders in the desk")
    except (FeedError, OSError):
        return  # a damaged feed holds up nobody who wants everything gone


async def _listed(edges: list[Edge]) -> int:
    failed = False
    for edge in edges:
        try:
            for key, order in sorted((await edge.placed()).items()):
                print(f"{edge.name}\t{key}\t{order}")
        except EdgeRefused as error:
            print(f"{edge.name}: {error}")
            failed = True
        await _close(edge)
    return 1 if failed else 0


async def _cleared(edges: list[Edge]) -> int:
    failed = False
    for edge in edges:
        done = await cleared(edge)
        print(_said(done))
        failed = failed or bool(done.left) or done.cause is not None
        await _close(edge)
    return 1 if failed else 0


def _said(done: Cleared) -> str:
    told = f"{done.edge}: {done.removed} taken away, {len(done.left)} left"
    return told if done.cause is None else f"{told}: {done.cause}"


async def _close(edge: Edge) -> None:
    with suppress(EdgeRefused):
        await edge.close()


def _end(text: str) -> NoReturn:
    typer.echo(f"ringfence edges: {text}", err=True)
    raise typer.Exit(_FATAL_EXIT)
