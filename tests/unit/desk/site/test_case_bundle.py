"""A whole case is handed out as one signed file that opens offline; whatever is changed in it is named."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, LEAD, NOON, WORKER, Desk
from typer.testing import CliRunner

from ringfence.cli.audit import app
from ringfence.desk.access import services as access
from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole
from ringfence.desk.audit import selectors as audit
from ringfence.desk.audit import services as auditing
from ringfence.desk.audit.bundles import prove
from ringfence.desk.audit.signing import public_key
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases import services as casework
from ringfence.desk.complaints import services as complaints
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.site.case_bundle import NoGround, bundle_case

pytestmark = pytest.mark.django_db

MAIL = b"From: joe@example.be\r\nSubject: at night\r\n\r\nI am Joe\r\n"


@pytest.fixture
def case(desk: Desk) -> int:
    """A case with a finding, an order, a complaint and notes, all sealed."""
    desk.find()
    number = cases.cases(actor=AUDITOR).get().id
    complaint = complaints.take_in(raw=MAIL, sender="joe@example.be", actor=WORKER, now=NOON)
    casework.join_complaint(case_id=number, complaint=complaint, actor=ANALYST, now=NOON)
    casework.note_case(case_id=number, text="they <b>called</b> back", actor=ANALYST, now=NOON)
    auditing.seal(actor=WORKER)
    return number


def bundle(case: int, *, raw: bool = False) -> bytes:
    return bundle_case(number=case, reason="for the court", raw=raw, actor=LEAD, now=NOON).data


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def test_all_that_belongs_to_a_case_stands_in_it_and_nothing_of_who_complained(case: int) -> None:
    files = opened(bundle(case))
    held = json.loads(files["case.json"])
    assert held["case"]["id"] == case
    assert [len(held[name]) for name in ("findings", "orders", "decisions", "complaints", "notes")] == [1, 1, 1, 1, 1]
    assert held["notes"][0]["text"] == "they <b>called</b> back"
    page = files["index.html"].decode()
    assert "&lt;b&gt;called" in page
    assert "Note written" in page
    assert "<script" not in page
    everything = b"".join(files.values())
    assert b"joe@example.be" not in everything
    lines = [json.loads(line) for line in files["timeline.jsonl"].splitlines()]
    assert json.loads(lines[0]["body"])["verb"] == "opened"
    assert all(line["seal"]["hash"] for line in lines)


def test_with_the_raw_complaints_it_is_for_leads_and_always_for_a_reason(case: int) -> None:
    files = opened(bundle(case, raw=True))
    assert MAIL in files.values()
    told = {"number": case, "now": NOON}
    with pytest.raises(NotPermitted):
        bundle_case(reason="r", raw=True, actor=ANALYST, **told)  # type: ignore[arg-type]  # as above
    with pytest.raises(NotPermitted):
        bundle_case(reason="r", raw=False, actor=AUDITOR, **told)  # type: ignore[arg-type]  # as above
    with pytest.raises(NoGround):
        bundle_case(reason=" ", raw=False, actor=ANALYST, **told)  # type: ignore[arg-type]  # as above
    with pytest.raises(NotThere):
        bundle_case(number=999, reason="r", raw=False, actor=ANALYST, now=NOON)
    entry = audit.timeline(case=case, actor=AUDITOR)[-1]
    assert (entry.verb, entry.details["reason"], entry.details["raw"]) == ("exported", "for the court", True)


def test_it_proves_itself_and_whose_it_is(case: int) -> None:
    proof = prove(bundle(case))
    assert (proof.broken, proof.case, proof.files, proof.key) == ("", case, 3, public_key().hex())
    assert prove(bundle(case), key=public_key().hex()).broken == ""
    assert prove(bundle(case), key="00" * 32).broken == "another installation signed it"


def test_every_change_is_found_and_named(case: int) -> None:
    files = opened(bundle(case))
    for name in ("case.json", "index.html", "timeline.jsonl"):
        assert prove(packed({**files, name: files[name] + b" "})).broken == f"{name} was changed"
        assert prove(packed({other: data for other, data in files.items() if other != name})).broken == f"{name} was removed"
    assert prove(packed({**files, "more.txt": b""})).broken == "more.txt was added"
    for place in range(0, len(files["manifest.json"]), 7):
        changed = bytearray(files["manifest.json"])
        changed[place] ^= 1
        assert prove(packed({**files, "manifest.json": bytes(changed)})).broken, place
    assert prove(packed({**files, "manifest.sig": b"00" * 64})).broken == "the signature is not that of the manifest"
    assert prove(packed({"case.json": b""})).broken
    assert prove(b"nothing").broken.startswith("it is no bundle")


def test_the_command_proves_it_without_a_data_folder(case: int, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    data = bundle(case)
    good.write_bytes(data)
    bad.write_bytes(packed({**opened(data), "case.json": b"{}"}))
    proven = CliRunner().invoke(app, ["bundle", str(good)])
    assert (proven.exit_code, f"Case {case}" in proven.output) == (0, True)
    broken = CliRunner().invoke(app, ["bundle", str(bad)])
    assert (broken.exit_code, broken.output) == (1, "BROKEN: case.json was changed.\n")
    assert CliRunner().invoke(app, ["bundle", str(tmp_path / "none.zip")]).exit_code == 2


def test_the_page_hands_it_out(case: int) -> None:
    access.create_login(username="ana", password="correct horse battery", roles=(StaffRole.ANALYST,), actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get())
    given = client.post(f"/cases/{case}/export/", {"reason": "for the court"})
    assert given["Content-Type"] == "application/zip"
    assert prove(given.content).broken == ""
    refused = client.post(f"/cases/{case}/export/", {"reason": ""}, follow=True).content.decode()
    assert "Nothing was exported: say why" in refused
