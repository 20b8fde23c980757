"""Machine-readable reports: every form that exists is read, what is wrong is told, and no bytes make a reader raise."""

import json
from base64 import b64encode
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import shared_data
from tests.unit.desk.scene import ANALYST, NOON, WORKER

from ringfence.desk.complaints import mails, selectors, services
from ringfence.desk.complaints.reports import Report, report_of, reports_in
from ringfence.vocabulary.times import from_iso

SPAM: dict[str, Any] = {
    "Version": "3",
    "Disclosure": True,
    "ReporterInfo": {
        "ReporterOrg": "Reporters",
        "ReporterOrgDomain": "reporters.example",
        "ReporterOrgEmail": "abuse@reporters.example",
    },
    "Report": {
        "ReportClass": "Activity",
        "ReportType": "Spam",
        "Date": "2026-03-10T14:05:07Z",
        "SourceIp": "192.0.2.55",
        "Samples": [{"ContentType": "message/rfc822", "Base64Encoded": True, "Payload": b64encode(b"the mail").decode()}],
    },
}
VOICE: dict[str, Any] = {
    "xarf_version": "4.2.0",
    "report_id": "02eb480f-8172-431a-9276-c28ba90f694a",
    "timestamp": "2026-03-10T15:00:00Z",
    "reporter": {"org": "Reporters", "contact": "abuse@reporters.example", "domain": "reporters.example"},
    "sender": {"org": "Reporters", "contact": "abuse@reporters.example", "domain": "reporters.example"},
    "source_identifier": "+3225551212",
    "category": "messaging",
    "type": "spam",
    "evidence_source": "user_complaint",
    "protocol": "other",
    "tags": ["voice:robocall", "lifecycle:test"],
    "voice": {"caller": "+3225551212", "callback": "+3225550000", "call_time": "2026-03-10T14:05:07Z"},
}


def _mail(*attached: dict[str, Any]) -> bytes:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "A report", "Reporter <reporter@example.org>"
    mail.set_content("See the attachment.")
    for data in attached:
        mail.add_attachment(json.dumps(data).encode(), maintype="application", subtype="json", filename="xarf.json")
    return mail.as_bytes()


def _samples(*parts: str) -> list[Path]:
    return sorted(shared_data(*parts).rglob("*.json"))


def _read(path: Path) -> Report | None:
    return report_of(path.read_bytes())


def test_a_report_of_the_old_form_is_read_from_a_mail() -> None:
    (report,) = reports_in(_mail(SPAM))
    assert (report.about, report.addresses, report.reporter_mail) == ("Activity/Spam", ("192.0.2.55",), "abuse@reporters.example")
    assert report.happened == from_iso("2026-03-10T14:05:07Z")
    assert [one.data for one in report.evidence] == [b"the mail"]
    assert report.problems == ()


def test_a_report_of_a_call_names_numbers_and_the_time_of_the_call() -> None:
    (report,) = reports_in(_mail(VOICE))
    assert (report.numbers, report.callbacks) == (("+3225551212",), ("+3225550000",))
    assert report.happened == from_iso("2026-03-10T14:05:07Z")
    assert report.is_test
    assert report.problems == ()


def test_a_lie_about_base64_costs_no_sample() -> None:
    sample = {**SPAM["Report"]["Samples"][0], "Payload": "not base64!"}
    (report,) = reports_in(_mail({**SPAM, "Report": {**SPAM["Report"], "Samples": [sample]}}))
    assert [one.data for one in report.evidence] == [b"not base64!"]


def test_a_mail_of_the_first_form_is_lines_of_names_and_values() -> None:
    raw = (
        b"From: a@reporters.example\r\nX-XARF: PLAIN\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nDear all\r\n--b\r\nContent-Type: text/plain; name=report.txt\r\n\r\n"
        b"---\r\nReported-From: abuse@reporters.example\r\nCategory: abuse\r\nReport-Type: login-attack\r\nSource: 192.0.2.7\r\n"
        b"Source-Type: ip-address\r\nDate: Tue, 10 Mar 2026 14:05:07 +0000\r\nVersion: 0.2\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nthe log\r\n--b--\r\n"
    )
    (report,) = reports_in(raw)
    assert (report.about, report.version, report.addresses) == ("abuse/login-attack", "0.2", ("192.0.2.7",))
    assert (report.happened, [one.data for one in report.evidence]) == (from_iso("2026-03-10T14:05:07Z"), [b"the log"])
    assert report.problems == ()
    (cut,) = reports_in(raw.replace(b"Category: abuse\r\n", b"").replace(b"Tue, 10 Mar", b"no day"))
    assert [problem.field for problem in cut.problems] == ["category", "date"]


def test_a_letter_of_a_person_holds_no_report() -> None:
    assert reports_in(b'Subject: calls\r\n\r\n{"they": "call every night"}\r\n') == ()
    assert reports_in(_mail({"they": "call every night"})) == ()


def test_legacy_samples_are_read_as_their_folder_says() -> None:
    good = {path: _read(path) for path in _samples("xarf-legacy", "samples", "positive")}
    assert len(good) == 102
    assert [
        path.name
        for path, report in good.items()
        if report is None or report.problems or not report.about or report.happened is None
    ] == []
    bad = {path: _read(path) for path in _samples("xarf-legacy", "samples", "negative")}
    assert len(bad) == 206
    assert [path.name for path, report in bad.items() if report is not None and not report.problems] == []


def test_samples_of_version_4_are_read_without_a_problem() -> None:
    found = {path: _read(path) for path in _samples("xarf-v4", "samples")}
    assert len(found) == 36
    assert [path.name for path, report in found.items() if report is None or report.problems] == []
    assert all(report is not None and report.evidence and report.happened is not None for report in found.values())


def test_feedback_reports_of_mail_are_read_as_their_list_says() -> None:
    folder = shared_data("arf")
    for said in json.loads((folder / "gt.json").read_text()):
        reports = reports_in((folder / said["file"]).read_bytes())
        if said.get("feedback") is None:
            assert reports == (), said["file"]
            continue
        (report,) = reports
        addresses = () if said["source_ip"] is None else (said["source_ip"],)
        assert (report.about, report.addresses, len(report.evidence), report.problems) == (said["feedback"], addresses, 1, ()), (
            said["file"]
        )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_no_value_anywhere_makes_a_reader_raise(data: st.DataObject) -> None:
    for whole in (SPAM, VOICE):
        report = json.loads(json.dumps(whole))
        holder = report
        while True:
            name = data.draw(st.sampled_from(sorted(holder)))
            if not isinstance(holder[name], dict) or data.draw(st.booleans()):
                break
            holder = holder[name]
        holder[name] = data.draw(_JSON)
        assert report_of(json.dumps(report).encode()) is not None or name in ("Report", "ReporterInfo", "xarf_version")


@given(st.binary(max_size=300), st.sampled_from(["PLAIN", "yes", ""]))
def test_no_bytes_make_the_reader_of_mails_raise(body: bytes, plain: str) -> None:
    head = (
        f"X-XARF: {plain}\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n"
    )
    reports_in(head.encode() + body)
    reports_in(head.replace("message/feedback-report", "text/plain").encode() + body)
    reports_in(body)


def _nested(depth: int) -> bytes:
    within = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    return b"Subject: nested\r\n" + within + b"Content-Type: text/plain\r\n\r\nhello\r\n"


@pytest.mark.parametrize(
    "raw", [_nested(5_000), b"Subject: nested\r\n" + b"X: y\r\n" * 100_000, b"Subject: nested\r\n\r\n" + b"x" * (9 << 20)]
)
def test_a_bomb_of_a_mail_is_read_as_far_as_its_head(raw: bytes) -> None:
    assert mails.heading(raw) == "nested"
    assert len(mails.text(raw)) <= 20_000
    assert reports_in(raw) == ()


@pytest.mark.django_db
@pytest.mark.usefixtures("data")
def test_a_nested_bomb_is_kept_like_any_other_mail() -> None:
    number = services.take_in(raw=_nested(5_000), sender="a@b.example", actor=WORKER, now=NOON)
    found = selectors.complaint_page(number=number, actor=ANALYST)
    assert found is not None
    assert (found.complaint.heading, found.missing) == ("nested", False)


@pytest.mark.django_db
@pytest.mark.usefixtures("data")
def test_the_page_has_the_report_with_its_evidence_by_hash_and_its_problems() -> None:
    spam = {**SPAM, "Report": {**SPAM["Report"], "SourceIp": "no address\u202e"}}
    number = services.take_in(raw=_mail(spam), sender="a@b.example", actor=WORKER, now=NOON)
    found = selectors.complaint_page(number=number, actor=ANALYST)
    assert found is not None
    (report,) = found.reports
    assert report.title == "Activity/Spam (X-ARF 3)"
    assert dict(report.facts)["Reporter"] == "Reporters"
    assert [(kind, size) for _, kind, size, _ in report.evidence] == [("message/rfc822", 8)]
    assert report.problems == (("Report/SourceIp", "is no IP address"),)
