"""What a new installation begins with."""

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from django.core.management import call_command

from ringfence.desk.access import services as access
from ringfence.desk.access.services import FirstLogin
from ringfence.desk.actor import system
from ringfence.desk.data_folder import data_folder
from ringfence.desk.errors import DeskError
from ringfence.desk.parties import selectors as known
from ringfence.desk.parties import services as importing
from ringfence.desk.policies import selectors as posted
from ringfence.desk.policies import services as posting
from ringfence.desk.site.owning import migrate_as_owner


class PartiesRefused(DeskError):
    """The parties to begin with have rows that can't be taken; the text lists them."""


def begin(*, parties: Path | None, bundle: Path, login_file: Path | None = None) -> FirstLogin | None:
    """Migrate, post `bundle` where no version is posted, import `parties` where there are none, make the first login.

    The tables' owner migrates where one is named (`site.owning`).
    """
    if not migrate_as_owner(data_folder()):
        call_command("migrate", interactive=False, verbosity=0)
    actor, now = system("prepare"), datetime.now(UTC)
    if posted.current(actor=actor) is None:
        posting.post_bundle(folder=bundle, actor=actor, now=now)
    if parties is not None and not known.parties(actor=actor, now=now).exists():
        report = importing.import_folder(folder=parties, actor=actor, now=now)
        if report.problems:
            lines = [f"{row.file}:{row.line}: {row.column} {row.cause} ({row.hint})" for row in report.problems]
            raise PartiesRefused("\n".join(lines))
    keep = partial(_write_down, login_file) if login_file is not None else _keep_in_mind
    return access.create_first_login(actor=actor, now=now, keep=keep)


def _keep_in_mind(_login: FirstLogin) -> None:
    """Leave it to the caller."""


def _write_down(path: Path, login: FirstLogin) -> None:
    """Write name and password where their owner alone reads them, whole or not at all, and onto the disk."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{login.username} {login.password}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
