"""`ringfence lists`: how the lists stand that rules read: what they hold, who brought it, how old it is, what is lacking.

Exit code 0: nothing lacks; 1: a list is empty or out of date; 2: the data folder is unusable.
"""

import time
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from ringfence.cli.bundles import loaded
from ringfence.cli.shipped import DEFAULT_BUNDLE
from ringfence.feeds import FeedError
from ringfence.policy.context import Context
from ringfence.policy.lacking import Standing, standing
from ringfence.policy.list_files import FOLDER, ListFiles
from ringfence.vocabulary.contracts import Reference
from ringfence.vocabulary.times import Micros, iso
from ringfence.watch.live.reference_tail import ReferenceTail

UNUSABLE: Final = 2
_RULES_SHOWN: Final = 3


def command(
    data: Annotated[Path, typer.Option(metavar="DIR", help="The data folder.")] = Path("data"),
    policy: Annotated[Path, typer.Option(metavar="DIR", help="A bundle's folder, where none was posted yet.")] = DEFAULT_BUNDLE,
    json: Annotated[bool, typer.Option("--json", help="As JSON, a list a line.")] = False,
) -> None:
    """Say of each list that a rule reads what it holds now, how old that is, and what it lacks."""
    reference = _reference(data)
    posted = data / "policies" / (reference.policy or "none")
    bundle = loaded(posted if posted.is_dir() else policy, posted=posted.is_dir())
    context = Context(bundle.plan.lists)
    context.bring(reference.brought)
    found = standing(bundle.plan.rules, context, Micros(time.time_ns() // 1000))
    for one in found:
        for line in [msgspec.json.encode(one).decode()] if json else _told(one):
            typer.echo(line)
    files = ListFiles(data / FOLDER)
    files.look()
    for problem in files.problems:
        typer.echo(f"ringfence lists: {problem}", err=True)
    raise typer.Exit(1 if files.problems or any(one.lacks for one in found) else 0)


def _reference(data: Path) -> Reference:
    try:
        return ReferenceTail(data / "feeds").newest() or Reference(time=Micros(0))
    except (FeedError, msgspec.DecodeError, OSError) as failed:
        typer.echo(f"ringfence lists: {data / 'feeds'}: {failed}. Hint: --data names the data folder", err=True)
        raise typer.Exit(UNUSABLE) from failed


def _told(one: Standing) -> list[str]:
    more = len(one.rules) - _RULES_SHOWN
    rules = ", ".join(one.rules[:_RULES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    dates = [f"{what} {_day(moment)}" for what, moment in (("fetched", one.fetched), ("due", one.due)) if moment is not None]
    lines = [f"{one.name}: {one.posted} posted, {one.brought} brought{''.join(f'; {date}' for date in dates)}; read by {rules}"]
    return [*lines, f"  lacking: {one.lacks}"] if one.lacks else lines


def _day(moment: Micros) -> str:
    return iso(moment)[:10]
