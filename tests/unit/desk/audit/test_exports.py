"""An export of the audit proves itself far from the desk: a changed octet anywhere is found, and the first broken entry named."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.desk.audit.test_audit import tamper
from tests.unit.desk.scene import ANALYST, AUDITOR, NOON, STRANGER, WORKER, Desk
from typer.testing import CliRunner

from ringfence.cli.audit import app
from ringfence.desk.access import services as access
from ringfence.desk.actor import StaffRole
from ringfence.desk.audit import chain, checkpoints, services
from ringfence.desk.audit.models import Checkpoint, Entry, Seal
from ringfence.desk.audit.services import Act
from ringfence.desk.audit.signing import public_key
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.letters.models import Letter
from ringfence.desk.site.checkpoints import sign

ENTRIES = 6


def write(count: int, *, text: str = "") -> None:
    for number in range(count):
        act = Act(verb="noted", about=("case", str(number)), case=number, details={"note": number, "text": text})
        services.record(acts=[act], actor=ANALYST, now=NOON + timedelta(seconds=number))
    services.seal(actor=WORKER)


@pytest.fixture
def export(tmp_path: Path, db: None) -> Path:
    write(ENTRIES, text="a line\n")
    path = tmp_path / "audit.txt"
    made = checkpoints.export(file=path, actor=AUDITOR, now=NOON)
    assert (made.after, made.entries, made.waiting) == (0, ENTRIES, 1)  # that it was exported is an entry too
    return path


def entry_of(data: bytes, at: int) -> int | None:
    """The entry in whose line an octet stands; `None` in the first line and in the statement."""
    line = data[:at].count(b"\n")
    return line if 1 <= line <= ENTRIES else None


def test_an_export_that_nobody_touched_is_proven(export: Path) -> None:
    proof = chain.prove(export)
    assert (proof.entries, proof.broken, proof.reason) == (ENTRIES, None, "")
    assert proof.statement is not None
    assert proof.statement.key == public_key().hex()
    assert chain.prove(export, key=public_key().hex().upper()).reason == ""
    assert chain.prove(export, key="00" * 32).reason == "at the end: another installation signed it"


def test_every_octet_is_guarded_and_the_first_broken_entry_named(export: Path) -> None:
    data = export.read_bytes()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 0x01 if data[at] != 0x0B else 0x02
        export.write_bytes(changed)
        proof = chain.prove(export)
        assert proof.reason, f"octet {at} was changed and nobody noticed"
        expected = (entry_of(data, at),) if data[:at].count(b"\n") else (None, 1)  # the first line says what entry 1 follows
        assert proof.broken in expected, f"octet {at}: {proof}"


@st.composite
def changes(draw: st.DrawFn) -> tuple[float, int, str]:
    return draw(st.floats(0, 1, exclude_max=True)), draw(st.integers(1, 255)), draw(st.sampled_from(("set", "add", "take")))


@pytest.mark.django_db
def test_an_octet_changed_added_or_taken_anywhere_is_found(tmp_path_factory: pytest.TempPathFactory) -> None:
    write(ENTRIES)
    path = tmp_path_factory.mktemp("changed") / "audit.txt"
    checkpoints.export(file=path, actor=AUDITOR, now=NOON)
    data = path.read_bytes()

    @given(changes())
    def found(change: tuple[float, int, str]) -> None:
        where, by, how = change
        at = int(where * len(data))
        new = {"set": bytes([data[at] ^ by]), "add": data[at : at + 1] + bytes([by]), "take": b""}[how]
        path.write_bytes(data[:at] + new + data[at + 1 :])
        proof = chain.prove(path)
        assert proof.reason
        expected = entry_of(data, at)
        assert expected is None or proof.broken in (expected, expected + 1)  # what is added after a line's end belongs to the next

    found()


def test_entries_taken_out_swapped_or_cut_off_are_named(export: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    for changed, broken in (
        (lines[:3] + lines[4:], 3),
        ([*lines[:3], lines[4], lines[3], *lines[5:]], 3),
        (lines[:4] + lines[-2:], 4),
        (lines[:4], None),
    ):
        export.write_bytes(b"".join(changed))
        proof = chain.prove(export)
        assert proof.reason
        assert proof.broken == broken
    export.write_bytes(b"")
    assert chain.prove(export).reason


def test_a_chain_made_anew_is_found_by_an_earlier_checkpoint(export: Path) -> None:
    """Whoever holds the installation's key can make a chain that proves itself: not one that an earlier checkpoint fits."""
    row = checkpoints.checkpoint(actor=WORKER, now=NOON)
    assert row is not None
    kept = chain.read_checkpoint(chain.as_text(bytes(row.statement), bytes(row.signature)))
    assert kept.sequence == ENTRIES
    assert chain.prove(export, checkpoints=[kept]).reason == ""
    third = Entry.objects.order_by("id")[2]
    tamper("UPDATE audit_entry SET body = %s WHERE id = %s", bytes(third.body).replace(b'"noted"', b'"NOTED"'), third.id)
    tamper("UPDATE audit_entry SET verb = 'NOTED' WHERE id = %s", third.id)
    previous = chain.GENESIS
    for seal in Seal.objects.order_by("sequence"):
        previous = chain.link(previous, bytes(seal.entry.body))
        tamper("UPDATE audit_seal SET hash = %s WHERE sequence = %s", previous, seal.sequence)
    checkpoints.export(file=export, actor=AUDITOR, now=NOON + timedelta(hours=1))
    assert chain.prove(export).reason == ""
    proof = chain.prove(export, checkpoints=[kept])
    assert (proof.broken, "made anew" in proof.reason) == (ENTRIES, True)
    assert "checkpoint" in services.verify(actor=AUDITOR).reason


def test_a_chain_cut_at_its_end_is_found_by_a_checkpoint(export: Path) -> None:
    services.seal(actor=WORKER)
    row = checkpoints.checkpoint(actor=WORKER, now=NOON)
    assert row is not None
    assert row.sequence == ENTRIES + 1
    last = Entry.objects.order_by("-id")[0]
    tamper("DELETE FROM audit_seal WHERE sequence = %s", row.sequence)
    tamper("DELETE FROM audit_entry WHERE id = %s", last.id)
    verified = services.verify(actor=AUDITOR)
    assert (verified.broken, verified.sealed) == (last.id, ENTRIES)
    kept = chain.read_checkpoint(chain.as_text(bytes(row.statement), bytes(row.signature)))
    assert chain.prove(export, checkpoints=[kept]).broken == ENTRIES + 1  # made at the same moment as the checkpoint


def test_an_export_after_the_last_one_continues_it(export: Path) -> None:
    write(3)
    later = export.with_name("later.txt")
    made = checkpoints.export(file=later, actor=AUDITOR, now=NOON, after=ENTRIES)
    assert (made.after, made.entries) == (ENTRIES, ENTRIES + 4)
    proof = chain.prove(later)
    assert (proof.entries, proof.reason) == (ENTRIES + 4, "")
    whole = chain.prove(export)
    assert whole.statement is not None
    assert chain.prove(later, checkpoints=[whole.statement]).reason == ""
    data = later.read_bytes().replace(f": {ENTRIES} ".encode(), f": {ENTRIES - 1} ".encode(), 1)
    later.write_bytes(data)
    assert chain.prove(later).reason == "its first line is not the one that was signed"
    with pytest.raises(NotThere):
        checkpoints.export(file=later, actor=AUDITOR, now=NOON, after=10**6)


@pytest.mark.django_db
def test_the_database_refuses_to_change_a_checkpoint_and_a_forged_one_is_named() -> None:
    write(2)
    assert checkpoints.checkpoint(actor=WORKER, now=NOON) is not None
    assert checkpoints.checkpoint(actor=WORKER, now=NOON) is None  # nothing new
    for statement in ("UPDATE audit_checkpoint SET sequence = 1", "DELETE FROM audit_checkpoint"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    write(1)
    said = Checkpoint.objects.get()
    Checkpoint.objects.create(sequence=3, statement=said.statement, signature=bytes(64), made=NOON)
    assert "not this installation's" in services.verify(actor=AUDITOR).reason


@pytest.mark.django_db
def test_strangers_export_nothing_and_people_sign_nothing(tmp_path: Path) -> None:
    write(1)
    with pytest.raises(NotPermitted):
        checkpoints.export(file=tmp_path / "audit.txt", actor=STRANGER, now=NOON)
    with pytest.raises(NotPermitted):
        checkpoints.checkpoint(actor=ANALYST, now=NOON)
    assert checkpoints.latest(actor=STRANGER) is None
    assert list(tmp_path.iterdir()) == []


def test_auditors_are_mailed_the_first_checkpoint_of_a_day(desk: Desk, tmp_path: Path) -> None:
    roles, mail = [StaffRole.AUDITOR], "iris@audit.example"
    access.create_login(username="iris", password=None, roles=roles, mail=mail, actor=WORKER, now=NOON)
    access.create_login(username="olga", password=None, roles=[StaffRole.LEAD], mail="o@audit.example", actor=WORKER, now=NOON)
    desk.find()
    services.seal(actor=WORKER)
    sign(actor=WORKER, now=NOON)  # unless the worker did
    assert Letter.objects.filter(noun="audit").count() == 1
    desk.find("203.0.113.10")
    services.seal(actor=WORKER)
    assert sign(actor=WORKER, now=NOON + timedelta(minutes=59)) is None
    hourly = sign(actor=WORKER, now=NOON + timedelta(minutes=61))
    assert hourly is not None
    letter = Letter.objects.get(noun="audit")
    assert letter.mail == "iris@audit.example"
    assert chain.read_checkpoint(bytes(letter.attached or b""), key=public_key().hex()).sequence == int(letter.noun_id)
    desk.find("203.0.113.11")
    services.seal(actor=WORKER)
    next_day = sign(actor=WORKER, now=NOON + timedelta(days=1))
    assert next_day is not None
    assert Letter.objects.filter(noun="audit").count() == 2


def test_the_command_proves_an_export_and_names_what_is_broken(export: Path, tmp_path: Path) -> None:
    row = checkpoints.checkpoint(actor=WORKER, now=NOON)
    assert row is not None
    kept = tmp_path / "checkpoint.txt"
    kept.write_bytes(chain.as_text(bytes(row.statement), bytes(row.signature)).replace(b"\n", b"\r\n"))  # as mails have it
    key = public_key().hex()
    good = CliRunner().invoke(app, ["verify", str(export), "--key", key, "--checkpoint", str(kept)])
    assert (good.exit_code, f"{ENTRIES} entries are as they were sealed" in good.output) == (0, True)
    export.write_bytes(export.read_bytes().replace(b'"note":4,', b'"note":5,'))
    broken = CliRunner().invoke(app, ["verify", str(export)])
    assert (broken.exit_code, "BROKEN at entry 5" in broken.output) == (1, True)
    assert CliRunner().invoke(app, ["verify", str(tmp_path / "none")]).exit_code == 2
    kept.write_text("nonsense")
    assert CliRunner().invoke(app, ["verify", str(export), "--checkpoint", str(kept)]).exit_code == 2
