"""`ringfence clocks`: what is owed by when, the next due first."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 10_000


def command(
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
    state: Annotated[str, typer.Option(help="overdue, running, paused, met, dropped, all; without it what is open.")] = "",
    clock: Annotated[str, typer.Option(help="Only this clock.")] = "",
    party: Annotated[str, typer.Option(help="Only what this party's matters owe.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the obligation board. Exit 1 where anything is overdue."""
    from ringfence.cli.deskwork import at_desk

    now = datetime.now(UTC)
    with at_desk(data) as actor:
        from ringfence.desk.clocks.board import as_json as written
        from ringfence.desk.clocks.selectors import Wanted, obligations, overdue

        wanted = Wanted(state=state, clock=clock, party=party)
        rows = written(obligations(actor=actor, now=now, wanted=wanted)[:_MOST], now)
        late = overdue(actor=actor, now=now)
    for row in rows:
        print(json.dumps(row) if as_json else _line(row))
    if not as_json:
        print(f"{len(rows)} shown, {late} overdue.")
    raise typer.Exit(1 if late else 0)


def _line(row: "Mapping[str, object]") -> str:
    sign = "OVERDUE" if row["overdue_s"] is not None else str(row["state"])
    case = f" case {row['case']}" if row["case"] is not None else ""
    return f"{str(row['due'] or '-')[:16]:16}  {sign:8}  {row['clock']}: {row['what']}{case}"
