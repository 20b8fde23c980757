"""With two roles in PostgreSQL, the one that the desk works by appends to the audit and changes nothing of it."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.unit.desk.scene import write_bundle

from ringfence.desk.site.owning import OWNER

needs_postgresql = pytest.mark.skipif("RINGFENCE_TEST_DATABASE" not in os.environ, reason="no PostgreSQL is named for the tests")

CREATE = """
import sys, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as server:
    for name in ("owner", "worker"):
        server.execute(f"CREATE ROLE {sys.argv[2]}_{name} LOGIN")
    server.execute(f"CREATE DATABASE {sys.argv[2]} OWNER {sys.argv[2]}_owner")
"""
PREPARE = """
import sys
from pathlib import Path
from ringfence.desk.errors import DeskError
from ringfence.desk.site.prepare import prepare
try:
    prepare(Path(sys.argv[1]), bundle=Path(sys.argv[2]))
except DeskError as error:
    sys.exit(str(error))
from ringfence.desk.actor import system
from ringfence.desk.audit import checkpoints, services
from datetime import UTC, datetime
while services.seal(actor=system("test")):
    pass
assert checkpoints.checkpoint(actor=system("test"), now=datetime.now(UTC)) is not None
verified = services.verify(actor=system("test"))
assert (verified.broken, verified.unsealed) == (None, 0)
from django.db import DatabaseError, connection
def refused(statement):
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return str(error).splitlines()[0]
    return "done"
for table in ("audit_entry", "audit_seal", "audit_checkpoint"):
    for statement in (f"UPDATE {table} SET {'sequence = 1' if table != 'audit_entry' else 'verb = verb'}", f"DELETE FROM {table}",
                      f"TRUNCATE {table} CASCADE", f"ALTER TABLE {table} DISABLE TRIGGER ALL", f"DROP TABLE {table} CASCADE"):
        print(refused(statement))
print(refused("SET session_replication_role = replica"))
"""


def run(script: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "ringfence.desk.site.settings", **more}
    return subprocess.run([sys.executable, "-c", script, *arguments], env=environment, capture_output=True, text=True, check=False)


def folders(tmp_path: Path) -> tuple[str, str]:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(bytes(range(32)))
    return str(data), str(write_bundle(tmp_path / "bundle"))


@needs_postgresql
def test_the_role_that_works_can_neither_change_nor_delete_nor_take_the_guard_off(tmp_path: Path) -> None:
    server, name = os.environ["RINGFENCE_TEST_DATABASE"], f"roles_{os.getpid()}"
    made = run(CREATE, server, name)
    assert made.returncode == 0, made.stderr
    parts = urlsplit(server)
    at = {
        role: parts._replace(netloc=f"{name}_{role}@{parts.netloc.rpartition('@')[2]}", path=f"/{name}").geturl()
        for role in ("owner", "worker")
    }
    done = run(PREPARE, *folders(tmp_path), **{OWNER: at["owner"], "RINGFENCE_DATABASE": at["worker"]})
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == 16
    assert [line for line in said if "permission denied" not in line and "must be owner" not in line] == []


def test_an_owner_without_another_role_to_work_by_is_refused(tmp_path: Path) -> None:
    same = "postgresql://one@127.0.0.1:1/desk"
    done = run(PREPARE, *folders(tmp_path), **{OWNER: same, "RINGFENCE_DATABASE": same})
    assert done.returncode == 1
    assert "needs RINGFENCE_DATABASE to name another role" in done.stderr
