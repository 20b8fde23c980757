"""Hostile mails are kept byte for byte, bounded when read, never unpacked, never shown raw; what is odd about them is said."""

import gzip
import io
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, AUDITOR, NOON

from ringfence.desk.access import services as access
from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole, system
from ringfence.desk.complaints import mails, selectors, services
from ringfence.desk.complaints.handling import handle_received
from ringfence.desk.complaints.models import Attachment, Complaint, Nature, Outcome
from ringfence.desk.complaints.quarantine import MOST, attachments, clean_name, looked_at
from ringfence.desk.letters.services import own_token

MAILBOX = system("mail")


def taken(raw: bytes, sender: str = "joe@example.org") -> Complaint:
    number = services.take_in(raw=raw, sender=sender, actor=MAILBOX, now=NOON)
    handle_received(actor=MAILBOX, now=NOON)
    return Complaint.objects.get(id=number)


def mail_with(*files: tuple[str, bytes]) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "joe@example.org", "calls"
    mail.set_content("see what I attach")
    for name, data in files:
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return bytes(mail)


def bomb() -> bytes:
    """A small archive that says it holds two gigabytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"0" * 3_000_000)
    return packed.getvalue()


@pytest.mark.django_db
def test_attachments_lie_in_quarantine_under_their_hash_for_the_service_alone(data: Path, policy: str) -> None:
    row = taken(mail_with(("../../etc/passwd\u202egpj.exe", b"MZ\x90"), ("a.zip", bomb())))
    program, archive = row.attachments.order_by("id")
    assert (program.name, program.looks) == ("passwdgpj.exe", "a program for Windows")
    assert program.remarks == ["its name was cleaned", "can be run"]
    assert any("made to overflow" in remark for remark in archive.remarks)
    kept = data / "quarantine" / program.sha256
    assert kept.read_bytes() == b"MZ\x90"
    assert kept.stat().st_mode & 0o377 == 0
    assert sorted(path.name for path in (data / "quarantine").iterdir()) == sorted([program.sha256, archive.sha256])


def nested() -> bytes:
    """An archive of a few hundred bytes that holds ten of a megabyte of zeros each, packed in archives of their own."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(10):
            inner = io.BytesIO()
            with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as within:
                within.writestr("zeros", b"\0" * 1_000_000)
            archive.writestr(f"{number}.zip", inner.getvalue())
    return packed.getvalue()


BOMBS = (
    ("one.zip", bomb(), "made to overflow"),
    ("many.zip", nested(), "archives within the archive"),
    ("report.xml.gz", gzip.compress(b"\0" * 3_000_000, mtime=0), "made to overflow"),
)


@pytest.mark.django_db
def test_bombs_in_a_mail_lie_unpacked_by_nobody_as_evidence_and_are_called_by_their_name(data: Path, policy: str) -> None:
    raw = mail_with(*((name, content) for name, content, _ in BOMBS))
    row = taken(raw)
    for held, (name, content, remark) in zip(row.attachments.order_by("id"), BOMBS, strict=True):
        assert held.name == name
        assert remark in " ".join(held.remarks)
        assert (data / "quarantine" / held.sha256).read_bytes() == content
    assert (data / row.file).read_bytes() == raw
    kept = sum(path.stat().st_size for path in data.rglob("*") if path.is_file() and path.parent.name in ("quarantine", "mail"))
    assert kept == len(raw) + sum(len(content) for _, content, _ in BOMBS)


@pytest.mark.parametrize("data", [b"\x1f\x8b", b"\x1f\x8b" + b"\xff" * 40, gzip.compress(b"", mtime=0)])
def test_broken_packed_files_are_looked_at_without_raising(data: bytes) -> None:
    assert looked_at("a.gz", "application/gzip", data).remarks


def test_ten_thousand_attachments_are_listed_up_to_a_bound() -> None:
    part = b"--b\r\nContent-Type: application/x; name=a\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 10_000 + b"--b--\r\n"
    assert len(list(attachments(raw))) <= MOST


def test_a_mail_nested_ten_thousand_deep_is_read_as_far_as_it_can_be() -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(10_000))
    assert mails.text(raw + b"Content-Type: text/plain\r\n\r\ndeep") in ("", "deep")
    assert list(attachments(raw)) == []


def test_fifty_megabytes_are_read_as_far_as_the_bound() -> None:
    raw = b"From: a@b\r\nContent-Type: text/plain\r\n\r\n" + b"0470 12 34 56 " * 3_600_000
    assert len(mails.text(raw)) == 20_000


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        (b"Content-Type: text/plain; charset=nonsense", b"caf\xc3\xa9", "café"),
        (b"Content-Type: text/plain; charset=utf-16", "café".encode("utf-16"), "café"),
        (b"Content-Type: text/plain; charset=utf-8", b"caf\xe9", "caf\ufffd"),
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", b"not base64!", "not base64!"),
        (
            b"Content-Type: text/html",
            b"<script>alert(1)</script><p>called at <b>14:05</b></p><style>p{}</style>",
            "called at 14:05",
        ),
        (b"Content-Type: text/html", b"<p>one</p><p>two<br>three</p><!-- no --><iframe src=x>no</iframe>", "one\ntwo\nthree"),
        (b"Content-Type: text/html", b"<p>unclosed <scr<script>ipt>x</script> end", "unclosed"),
        (b"Content-Type: multipart/mixed; boundary=", b"--\r\n\r\nx", ""),
        (
            b"Content-Type: multipart/alternative; boundary=b",
            b"--b\r\nContent-Type: text/html\r\n\r\n<p>h</p>\r\n--b\r\nContent-Type: text/plain\r\n\r\np",
            "p",
        ),
    ],
)
def test_what_is_read_of_a_mail_is_text_whatever_it_claims_to_be(headers: bytes, body: bytes, text: str) -> None:
    found = mails.text(headers + b"\r\n\r\n" + body)
    assert found.startswith(text)
    assert "alert" not in found


@pytest.mark.parametrize(
    "name", ["", "..", "a" * 500 + ".wav", "C:\\x\\y.wav", "/etc/passwd", "a\x00b\r\nc.wav", "\u202eexe.wav", "<img src=x>.png"]
)
def test_a_hostile_name_is_made_harmless(name: str) -> None:
    cleaned = clean_name(name)
    assert len(cleaned) <= 120
    assert not set(cleaned) & set("/\\<>\x00\r\n\u202e")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"PK\x03\x04" + b"\xff" * 500, bomb()[:-20], b"\x00" * 100])
def test_broken_archives_are_looked_at_without_raising(data: bytes) -> None:
    held = looked_at("a.zip", "application/zip", data)
    assert held.looks


@pytest.mark.django_db
def test_the_same_mail_again_is_a_duplicate_and_is_not_looked_into_twice(data: Path, policy: str) -> None:
    raw = mail_with(("a.wav", b"RIFF"))
    first, second = taken(raw), taken(raw)
    assert (second.duplicate_of_id, second.outcome) == (first.id, Outcome.DUPLICATE)
    assert (first.answers.count(), second.answers.count()) == (1, 0)
    resent = taken(b"Message-ID: <1@x>\r\nFrom: a@b\r\n\r\nx"), taken(b"Message-ID: <1@x>\r\nFrom: a@b\r\nReceived: again\r\n\r\nx")
    assert resent[1].duplicate_of_id == resent[0].id


@pytest.mark.django_db
def test_automatic_mails_and_our_own_that_come_back_are_kept_and_go_no_further(data: Path, policy: str) -> None:
    reply = taken(b"Auto-Submitted: auto-replied\r\nFrom: a@b\r\n\r\nI am away until Monday, call +32470123456")
    back = taken(f"X-Ringfence-Loop: {own_token()}\r\nFrom: a@b\r\n\r\nx".encode())
    assert (reply.nature, back.nature) == (Nature.AUTOMATIC, Nature.AUTOMATIC)
    assert back.checks["automatic"] == "a mail of ours came back"
    assert not reply.answers.exists()
    assert (data / reply.file).exists()


@pytest.mark.django_db
def test_a_forged_date_bounds_nothing(data: Path, policy: str) -> None:
    row = taken(b"From: a@b.be\r\nDate: Fri, 31 Feb 99999 99:99:99 +9999\r\n\r\n+32470123456 called yesterday at 14:05\r\n")
    (answer,) = row.answers.all()
    assert answer.looked["spans"]


@pytest.mark.django_db
def test_the_page_shows_no_script_and_no_raw_name(data: Path, policy: str) -> None:
    access.create_login(username="aud", password="correct horse battery", roles=(StaffRole.AUDITOR,), actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get())
    row = taken(mail_with(("<script>alert(1)</script>.html", b"<html><script>alert(2)</script>")))
    page = client.get(f"/complaints/{row.id}/").content.decode()
    assert "alert(1)" not in page
    assert "alert(2)" not in page
    assert "can hold scripts" in page
    assert Attachment.objects.get().name == "script_.html"
    assert selectors.complaint_page(number=row.id, actor=AUDITOR) is not None
