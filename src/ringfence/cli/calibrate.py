"""`ringfence policy calibrate`: how often each number of a rule was reached in own history, and what others would have found."""

from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli.shipped import DEFAULT_BUNDLE

Data = Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")]


def command(
    rule: Annotated[str, typer.Argument(help="The rule's name.")],
    policy: Annotated[Path, typer.Option(metavar="BUNDLE", help="The bundle that has it.")] = DEFAULT_BUNDLE,
    since: Annotated[str, typer.Option("--from", metavar="T", help="Leave out what is older, as 2026-01-31T10:00:00Z.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="T", help="Leave out what is of this time or later.")] = "",
    data: Data = Path("data"),
    a_day: Annotated[float, typer.Option("--a-day", min=0.01, help="Subjects a day that can be looked at.")] = 5.0,
    json: Annotated[bool, typer.Option("--json", help="As JSON, one number of the rule a line.")] = False,
    processes: Annotated[int | None, typer.Option(min=1, help="How many processes work; one a core if left out.")] = None,
) -> None:
    """Try other numbers in a rule over own history: how many reached each, what it would have found, what is proposed."""
    from ringfence.cli.calibration import Wanted, calibrate

    calibrate(rule, policy, data, Wanted(since, until, a_day, json, processes))
