"""`ringfence policy draft` and `post`: the next version, from a folder to its posting, for who works in a shell."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli.bundles import REFUSED, Folder
from ringfence.cli.deskwork import at_desk

Data = Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")]


def make_draft(folder: Folder, data: Data = Path("data")) -> None:
    """Hand a bundle in as a draft, to be looked at on its page and posted. Exit code 2: it does not pass the checks."""
    with at_desk(data) as actor:
        from ringfence.desk.policies import drafts

        made = drafts.draft_from_path(folder=folder, actor=actor, now=datetime.now(UTC))
        for problem in drafts.content(made).problems:
            print(problem)
        print(f"draft {made.pk}: {made.hash or f'problems {made.problems}'}")
        if made.problems:
            raise typer.Exit(REFUSED)


def post_draft(number: Annotated[int, typer.Argument(help="The draft's number.")], data: Data = Path("data")) -> None:
    """Post a draft: it is in force from this moment, and everybody is bound by it."""
    with at_desk(data) as actor:
        from ringfence.desk.errors import NotThere
        from ringfence.desk.policies import drafts

        found = drafts.draft(number=number, actor=actor)
        if found is None:
            raise NotThere(f"no draft {number}")
        version = drafts.post_draft(number=number, hash=found.hash, actor=actor, now=datetime.now(UTC))
        print(f"version {version} is in force")
