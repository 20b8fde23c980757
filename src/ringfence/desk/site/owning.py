"""PostgreSQL with two roles: one owns the tables and changes them, the other works in them and can only append to the audit.

Run as a process of its own, `python -m ringfence.desk.site.owning DATA ROLE`, whose RINGFENCE_DATABASE is the owner's.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from ringfence.desk.errors import DeskError
from ringfence.desk.site.process import configure

OWNER: Final = "RINGFENCE_DATABASE_OWNER"
_APPENDED: Final = ("audit_entry", "audit_seal", "audit_checkpoint")
_READ: Final = ("django_migrations",)


class OwnerRefused(DeskError):
    """The owner's role could not make or hand out the tables; the text says why."""


def migrate_as_owner(data: Path) -> bool:
    """Bring the tables to this release by the owner's role, where RINGFENCE_DATABASE_OWNER names one. Raises `OwnerRefused`."""
    owner, role = os.environ.get(OWNER, ""), unquote(urlsplit(os.environ.get("RINGFENCE_DATABASE", "")).username or "")
    if not owner:
        return False
    if not role or role == unquote(urlsplit(owner).username or ""):
        raise OwnerRefused(
            f"{OWNER} needs RINGFENCE_DATABASE to name another role. Hint: postgresql://ringfence:password@host/name"
        )
    done = subprocess.run(
        [sys.executable, "-m", "ringfence.desk.site.owning", str(data), role],
        env={**os.environ, "RINGFENCE_DATABASE": owner, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OwnerRefused(f"{OWNER}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'it failed'}")
    return True


def _own(data: Path, role: str) -> None:
    configure(data)
    from django.core.management import call_command  # noqa: PLC0415 # only after configure()
    from django.db import connection  # noqa: PLC0415 # as above

    call_command("migrate", interactive=False, verbosity=0)
    to = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        for statement in (
            f"GRANT USAGE ON SCHEMA public TO {to}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {to}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {to}",
            *(f"REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON {table} FROM {to}" for table in _APPENDED),
            *(f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {to}" for table in _READ),
        ):
            cursor.execute(statement)


if __name__ == "__main__":
    _own(Path(sys.argv[1]), sys.argv[2])
