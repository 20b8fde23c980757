"""`ringfence hold`: stop everything automatic, or let it go on."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer


def command(
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
    reason: Annotated[str, typer.Option(help="Why; stands in the record.")] = "held from the command line",
    resume: Annotated[bool, typer.Option("--resume", help="Let standing orders decide again.")] = False,
) -> None:
    """Stop all standing orders from deciding; orders in force stay. What comes in meanwhile is left to people."""
    from ringfence.cli.deskwork import at_desk

    with at_desk(data) as actor:
        from ringfence.desk.decisions.services import hold_automation, resume_automation

        if resume:
            resume_automation(actor=actor, now=datetime.now(UTC))
        else:
            hold_automation(reason=reason, actor=actor, now=datetime.now(UTC))
    print(
        "Standing orders decide again."
        if resume
        else "Automation is held. Orders in force stay; `ringfence hold --resume` ends it."
    )
