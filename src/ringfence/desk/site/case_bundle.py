"""A whole case as one file that opens offline: a page, the same as JSON, what happened as it was sealed, a signature."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import msgspec
from django.db import transaction
from django.db.models import Model
from django.template.loader import render_to_string

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.appeals import selectors as appeals
from ringfence.desk.audit import selectors as auditing
from ringfence.desk.audit import services as audit
from ringfence.desk.audit import signing
from ringfence.desk.audit.models import Entry
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.bulk import selectors as bulk
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases.selectors import CaseFile
from ringfence.desk.charges import selectors as charges
from ringfence.desk.clocks import selectors as clocks
from ringfence.desk.clocks.board import as_json
from ringfence.desk.clocks.selectors import Wanted
from ringfence.desk.complaints import selectors as complaints
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.data_folder import data_folder
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions.strikes import strikes_of_case
from ringfence.desk.detections import selectors as detections
from ringfence.desk.disclosures import selectors as disclosures
from ringfence.desk.endings import selectors as endings
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.errors import DeskError, NotThere
from ringfence.desk.inquiries import selectors as inquiries
from ringfence.desk.letters import selectors as letters
from ringfence.desk.notices import selectors as notices
from ringfence.desk.returns import selectors as returns

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
_MOST: Final = 1000
_LARGEST: Final = 200 << 20
_BEGINNING: Final = (1980, 1, 1, 0, 0, 0)
"""The time that every file in the bundle bears: the same case gives the same bytes."""
_HIDDEN: Final = frozenset({"text", "attached", "body", "words", "names", "code", "counter"})
"""Columns of bytes, and of what stands in files of its own."""


class NoGround(DeskError):
    """A case is handed out for a stated reason."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The bytes of a bundle, and the SHA-256 of its manifest, by which it is named in the audit."""

    data: bytes
    digest: str


@transaction.atomic
def bundle_case(*, number: int, reason: str, raw: bool, actor: Actor, now: datetime) -> Bundle:
    """Return a case with all that belongs to it, signed by this installation. `raw`: with the raw complaints, for leads alone.

    Raises `NotThere`, `NoGround` without a reason or where the complaints are more than 200 MiB.
    """
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "export cases")
    if raw:
        require(actor.leads, actor, "export what complainants sent")
    file = cases.case_file(number=number, actor=actor)
    if file is None:
        raise NotThere(f"no case {number}")
    if not reason.strip():
        raise NoGround("say why the case is handed out: the audit keeps it")
    entries = auditing.timeline(case=number, actor=actor)
    held = _held(file, actor, now)
    told = {"case": file.case, "sections": _sections(held), "entries": entries, "made": now, "by": actor.id}
    files = {
        "case.json": msgspec.json.format(msgspec.json.encode(held), indent=2),
        "timeline.jsonl": b"".join(_sealed(entry) + b"\n" for entry in entries),
        "index.html": render_to_string("site/case_bundle.html", told).encode(),
        **(_raw(file) if raw else {}),
    }
    manifest = _manifest(number, files, actor, now)
    digest = sha256(manifest).hexdigest()
    details: dict[str, Detail] = {"reason": reason.strip()[:500], "manifest": digest, "raw": raw}
    audit.record(acts=[Act(verb="exported", about=("case", str(number)), case=number, details=details)], actor=actor, now=now)
    return Bundle(_packed({**files, MANIFEST: manifest, SIGNATURE: signing.sign(manifest).hex().encode() + b"\n"}), digest)


def _manifest(number: int, files: Mapping[str, bytes], actor: Actor, now: datetime) -> bytes:
    listed = [{"name": name, "size": len(data), "sha256": sha256(data).hexdigest()} for name, data in sorted(files.items())]
    manifest = {
        "v": 1,
        "case": number,
        "made": now.astimezone(UTC),
        "by": actor.id,
        "key": signing.public_key().hex(),
        "files": listed,
    }
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2)


def _held(file: CaseFile, actor: Actor, now: datetime) -> dict[str, object]:
    """Return the rows of a case and of all that belongs to it, as JSON has them. Who complained is a token."""
    number = file.case.id
    rows: dict[str, object] = {
        "case": _row(file.case),
        "notes": [{**_row(note), "text": note.text} for note in file.notes],
        "links": [_row(link) for link in cases.links(case=number, actor=actor)],
        "findings": [_row(one) for one in detections.findings_by_id(ids=file.findings, actor=actor)],
        "complaints": [_complaint(one) for one in complaints.complaints(actor=actor).filter(id__in=file.complaints)],
        "decisions": [_row(one) for one in decisions.decisions_of_case(case=number, actor=actor)],
        "orders": [_row(one) for one in orders.orders_of_case(case=number, actor=actor)],
        "inquiries": [
            {**_row(one), "tiers": [_row(tier) for tier in inquiries.tiers(inquiry=one.id, actor=actor)]}
            for one in inquiries.inquiries(actor=actor, case=number)
        ],
        "notices": [{**_row(one), "text": one.text} for one in notices.notices(actor=actor, case=number)[:_MOST]],
        "letters": [{**_row(one), "text": one.text} for one in letters.letters(actor=actor, case=number)[:_MOST]],
        "appeals": [{**_row(one), "text": one.text} for one in appeals.appeals(actor=actor, case=number)],
        **_hanging(number, actor),
        "clocks": as_json(clocks.obligations(actor=actor, now=now, wanted=Wanted(state="all", case=number))[:_MOST], now),
    }
    return rows


def _hanging(number: int, actor: Actor) -> dict[str, object]:
    """Return the rows of what else hangs on a case."""
    return {
        "charges": [_row(one) for one in charges.charges(actor=actor, case=number)[:_MOST]],
        "disclosures": [_row(one) for one in disclosures.requests(actor=actor, case=number)[:_MOST]],
        "bulk decisions": [{**_row(one), "bulk": _row(one.bulk)} for one in bulk.of_case(case=number, actor=actor)[:_MOST]],
        "ends of contracts": [_row(one) for one in endings.endings(actor=actor, case=number)],
        "quarantine": [_row(one) for one in endings.quarantines_of_case(case=number, actor=actor)[:_MOST]],
        "returns": [_row(one) for one in returns.returns_of_case(case=number, actor=actor)],
        "strikes": [_row(one) for one in strikes_of_case(case=number, actor=actor)],
    }


def _sections(held: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, list[tuple[str, object]]]]]]:
    """Return what the page shows: each section's name, and of each row its title and the columns that say something."""
    sections = []
    for name, rows in held.items():
        listed = [rows] if isinstance(rows, dict) else rows
        shown = [
            (_title(row), [(column, value) for column, value in row.items() if value not in (None, "", [], {})]) for row in listed
        ]
        if shown:
            sections.append((name.capitalize(), shown))
    return sections


def _title(row: Mapping[str, Any]) -> str:
    return next((str(row[name]) for name in ("what", "subject", "rule", "heading", "question", "id") if row.get(name)), "")


def _complaint(row: Complaint) -> dict[str, object]:
    answer = row.answers.order_by("-id").first()
    attached = [{"name": one.name, "sha256": one.sha256, "size": one.size} for one in row.attachments.order_by("id")]
    return {**_row(row), "attachments": attached, "answer": None if answer is None else _row(answer)}


def _row(row: Model) -> dict[str, object]:
    """Return a row's columns by name, as they stand in the database."""
    told: dict[str, Any] = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {name: value for name, value in told.items() if name not in _HIDDEN and not isinstance(value, bytes | memoryview)}


def _sealed(entry: Entry) -> bytes:
    """Return an entry as it was sealed: its body as it is, with its place in the chain and the link's hash."""
    seal = getattr(entry, "seal", None)
    place: dict[str, object] = (
        {"sequence": None, "hash": None} if seal is None else {"sequence": seal.sequence, "hash": bytes(seal.hash).hex()}
    )
    return msgspec.json.encode({"entry": entry.id, "seal": place, "body": bytes(entry.body).decode()})


def _raw(file: CaseFile) -> dict[str, bytes]:
    """Return the raw complaints by their names in the bundle; one whose file is gone is left out, its hash stands in case.json."""
    found: dict[str, bytes] = {}
    for row in Complaint.objects.filter(id__in=file.complaints).order_by("id"):
        path = data_folder() / row.file
        if path.exists():
            found[f"complaints/{row.id}{path.suffix}"] = path.read_bytes()
        if sum(map(len, found.values())) > _LARGEST:
            raise NoGround(f"its complaints are more than {_LARGEST >> 20} MiB: export it without them")
    return found


def _packed(files: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _BEGINNING), data, zipfile.ZIP_DEFLATED)
    return held.getvalue()
