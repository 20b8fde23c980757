"""What a bundle knows from outside: its jurisdiction packs and lists, where each value comes from, and what is out of date."""

from datetime import UTC, date, datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from ringfence.cli.bundles import REFUSED, Folder, loaded
from ringfence.policy import Bundle, ListRow
from ringfence.policy.packs import Pack

_SHOWN: Final = 5
_NOTHING_DUE: Final = "-"


def packs(
    folder: Folder,
    name: Annotated[str, typer.Argument(metavar="[PACK]", help="One of them: every value with its source and review.")] = "",
) -> None:
    """List the jurisdiction packs that a bundle reads, and how fresh they are. Exit code 1: a value's day of review has passed."""
    bundle, today = loaded(folder), datetime.now(UTC).date()
    chosen = [pack for pack in bundle.packs if name in ("", pack.name)]
    if name and not chosen:
        known = ", ".join(pack.name for pack in bundle.packs) or "none"
        typer.echo(f"no pack {name} in bundle.toml; it names {known}", err=True)
        raise typer.Exit(REFUSED)
    console = Console(highlight=False, markup=False)
    if name:
        for pack in chosen:
            _show(console, pack, today)
    elif not chosen:
        print('no pack; name some in bundle.toml, such as packs = ["be"]')
    else:
        console.print(_overview(chosen, today))
    raise typer.Exit(1 if any(pack.freshness(today).overdue for pack in chosen) else 0)


def _overview(packs: list[Pack], today: date) -> Table:
    table = Table("pack", "country", "values", "emergency", "next review", "overdue", box=None, header_style="bold", padding=(0, 2))
    for pack in packs:
        freshness = pack.freshness(today)
        emergency = " ".join(row.entry for row in pack.lists.get("emergency-numbers", ()))
        due = str(freshness.due or _NOTHING_DUE)
        table.add_row(pack.name, pack.title, str(pack.values), emergency, due, str(len(freshness.overdue) or _NOTHING_DUE))
    return table


def _show(console: Console, pack: Pack, today: date) -> None:
    console.print(f"{pack.title} ({pack.country}), {pack.values} values")
    for text in pack.unknown:
        console.print(f"  not known: {text}")
    for name, rows in pack.lists.items():
        console.print(f"\n{name}", style="bold")
        table = Table("entry", "what", "source", "review", box=None, show_header=False, padding=(0, 2, 0, 2))
        for row in rows:
            what = ", ".join(f"{column} {value}" for column, value in row.columns.items() if column != "country")
            late = " OVERDUE" if row.review is not None and row.review < today else ""
            table.add_row(row.entry, what, row.source, f"{row.review}{late}")
        console.print(table)


def warn_of_age(bundle: Bundle, today: date) -> None:
    """Say on standard error which values are out of date: reviews that passed, entries that expired, whole lists without any."""
    for pack in bundle.packs:
        overdue = pack.freshness(today).overdue
        if overdue:
            shown = ", ".join(f"{name} {row.entry}" for name, row in overdue[:_SHOWN])
            more = f" and {len(overdue) - _SHOWN} more" if len(overdue) > _SHOWN else ""
            oldest = min(row.review for _, row in overdue if row.review is not None)
            typer.echo(f"warning: pack {pack.name}: {len(overdue)} values were to be reviewed by {oldest}: {shown}{more}", err=True)
    of_packs = {id(row) for pack in bundle.packs for rows in pack.lists.values() for row in rows}
    for name, rows in bundle.lists.items():
        own = [row for row in rows if id(row) not in of_packs]
        late = [row for row in own if row.review is not None and row.review < today]
        if late:
            typer.echo(f"warning: lists/{name}.csv: {len(late)} of {len(own)} entries are past their day of review", err=True)
        gone = [row for row in own if _is_gone(row, today)]
        if gone:
            typer.echo(f"warning: lists/{name}.csv: {len(gone)} of {len(own)} entries have expired", err=True)


def _is_gone(row: ListRow, today: date) -> bool:
    return row.expiry is not None and row.expiry < today
