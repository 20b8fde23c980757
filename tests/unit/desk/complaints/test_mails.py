"""Mails of strangers: kept to the byte, read without ever raising, shown as text alone."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.desk.scene import ANALYST, NOON, STRANGER, WORKER

from ringfence.desk.audit import selectors as audit
from ringfence.desk.complaints import mails, selectors, services

RAW = b"From: Joe <joe@example.org>\r\nSubject: =?utf-8?q?Calls_at_night_=E2=80=AE?=\r\n\r\nEvery \x07night.\r\n"


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_raise(raw: bytes) -> None:
    mails.heading(raw)
    mails.text(raw)


@given(
    st.sampled_from(["utf-8", "latin-1", "no-such-charset", "\u00e9"]),
    st.sampled_from(["base64", "quoted-printable", "8bit"]),
    st.binary(max_size=80),
)
def test_no_encoding_makes_the_reader_raise(charset: str, encoding: str, body: bytes) -> None:
    head = f"Subject: =?{charset}?b?/////w==?=\r\nContent-Type: text/plain; charset={charset}\r\n"
    head += f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    mails.heading(head.encode() + body)
    mails.text(head.encode() + body)


def test_controls_and_direction_marks_are_taken_out() -> None:
    assert mails.heading(RAW) == "Calls at night"
    assert mails.text(RAW) == "Every night.\n"


def test_the_text_part_of_a_multipart_mail_is_found_and_html_is_not_shown() -> None:
    raw = (
        b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>no</b>\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nyes\r\n--b--\r\n"
    )
    assert mails.text(raw) == "yes"


@pytest.mark.django_db
def test_a_mail_is_kept_to_the_byte_and_its_sender_is_a_token(data: Path) -> None:
    number = services.take_in(raw=RAW, sender="joe@example.org", actor=WORKER, now=NOON)
    digest = sha256(RAW).hexdigest()
    assert (data / "mail" / f"{digest}.eml").read_bytes() == RAW
    complaint = selectors.complaints(actor=ANALYST).get()
    assert (complaint.id, complaint.sha256, complaint.size, len(complaint.sender)) == (number, digest, len(RAW), 16)
    assert not [entry for entry in audit.entries(actor=ANALYST) if b"joe" in bytes(entry.body)]


@pytest.mark.django_db
def test_a_raw_mail_that_went_missing_is_said_to_be(data: Path) -> None:
    number = services.take_in(raw=RAW, sender="joe@example.org", actor=WORKER, now=NOON)
    next((data / "mail").iterdir()).unlink()
    page = selectors.complaint_page(number=number, actor=ANALYST)
    assert page is not None
    assert page.missing
    assert selectors.complaint_page(number=number, actor=STRANGER) is None


@pytest.mark.django_db
def test_a_disk_that_refuses_leaves_no_complaint(data: Path) -> None:
    (data / "mail").write_bytes(b"a file where the folder should be")
    with pytest.raises(OSError, match="mail"):
        services.take_in(raw=RAW, sender="joe@example.org", actor=WORKER, now=NOON)
    assert not selectors.complaints(actor=ANALYST).exists()
