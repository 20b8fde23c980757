"""The audit can be appended to, sealed and proven, and nothing else."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from tests.unit.desk.scene import ANALYST, NOON, STRANGER, WORKER

from ringfence.desk.audit import services
from ringfence.desk.audit.models import Entry, Seal
from ringfence.desk.audit.services import Act
from ringfence.desk.errors import NotPermitted

pytestmark = pytest.mark.django_db


def write(count: int) -> None:
    for number in range(count):
        act = Act(verb="noted", about=("case", str(number)), case=number, details={"note": number})
        services.record(acts=[act], actor=ANALYST, now=NOON + timedelta(seconds=number))


def tamper(statement: str, *parameters: str | int | bytes) -> None:
    """Do what only somebody with the database's own password could: take the guard off first."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute("SET session_replication_role = replica")
        else:
            cursor.execute("PRAGMA defer_foreign_keys = ON")
            for table in ("audit_entry", "audit_seal"):
                for verb in ("update", "delete"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        cursor.execute(statement, parameters)
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = DEFAULT")


@pytest.mark.parametrize("table", ["audit_entry", "audit_seal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {}={}", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_delete(table: str, statement: str) -> None:
    write(1)
    services.seal(actor=WORKER)
    column = "verb" if table == "audit_entry" else "hash"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table, column, column))


def test_a_chain_that_nobody_touched_verifies() -> None:
    write(5)
    assert services.seal(actor=WORKER, limit=3) == 3
    assert services.seal(actor=WORKER) == 2
    assert services.seal(actor=WORKER) == 0
    write(1)
    verified = services.verify(actor=ANALYST)
    assert (verified.sealed, verified.unsealed, verified.broken) == (5, 1, None)


def test_a_changed_body_is_named() -> None:
    write(5)
    services.seal(actor=WORKER)
    third = Entry.objects.order_by("id")[2]
    tamper("UPDATE audit_entry SET body = %s WHERE id = %s", bytes(third.body).replace(b'"noted"', b'"NOTED"'), third.id)
    assert services.verify(actor=ANALYST).broken == third.id


def test_a_changed_column_is_named() -> None:
    write(5)
    services.seal(actor=WORKER)
    third = Entry.objects.order_by("id")[2]
    tamper("UPDATE audit_entry SET actor_id = 'eve' WHERE id = %s", third.id)
    verified = services.verify(actor=ANALYST)
    assert (verified.broken, verified.reason) == (third.id, "the columns differ from the sealed body")


def test_a_removed_seal_is_named_by_the_entry_after_it() -> None:
    write(5)
    services.seal(actor=WORKER)
    fourth = Entry.objects.order_by("id")[3]
    tamper("DELETE FROM audit_seal WHERE sequence = 3")
    assert services.verify(actor=ANALYST).broken == fourth.id


def test_a_removed_entry_is_named() -> None:
    write(5)
    services.seal(actor=WORKER)
    third = Entry.objects.order_by("id")[2]
    tamper("DELETE FROM audit_entry WHERE id = %s", third.id)
    assert (services.verify(actor=ANALYST).broken, services.verify(actor=ANALYST).sealed) == (third.id, 2)
    # the table is as a thief left it: put the row back, so that the database's own check at the test's end finds nothing
    Entry.objects.bulk_create([third])


def test_two_swapped_entries_are_named() -> None:
    write(4)
    services.seal(actor=WORKER)
    second, third = Seal.objects.get(sequence=2), Seal.objects.get(sequence=3)
    tamper("UPDATE audit_seal SET entry_id = %s WHERE sequence = 2", 10**9)
    tamper("UPDATE audit_seal SET entry_id = %s WHERE sequence = 3", second.entry_id)
    tamper("UPDATE audit_seal SET entry_id = %s WHERE sequence = 2", third.entry_id)
    assert services.verify(actor=ANALYST).broken == third.entry_id


def test_strangers_may_not_verify_and_people_may_not_seal() -> None:
    with pytest.raises(NotPermitted):
        services.verify(actor=STRANGER)
    with pytest.raises(NotPermitted):
        services.seal(actor=ANALYST)
