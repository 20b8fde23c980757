"""A mail of ours that comes back: believed where it returns our own token, noted at the notice or letter, and shown to a person."""

import pytest
from tests.unit.desk.decisions.test_ladder import decide, found
from tests.unit.desk.notices.test_notices import relay, telling, told
from tests.unit.desk.scene import ANALYST, NOON, WORKER, Desk

from ringfence.desk.actor import system
from ringfence.desk.audit import selectors as audit
from ringfence.desk.complaints import services
from ringfence.desk.complaints.bounces import Bounce, bounce_in
from ringfence.desk.complaints.handling import handle_received
from ringfence.desk.complaints.models import Complaint, Nature
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.letters import services as letters
from ringfence.desk.letters.models import Letter, LetterState
from ringfence.desk.letters.services import Draft, own_token
from ringfence.desk.notices import services as notices
from ringfence.desk.notices.relays import SmtpRelay

pytestmark = pytest.mark.django_db

__all__ = ["telling"]
MAILBOX = system("mail")


def report(returned: bytes, *, action: str = "failed", kind: str = "message/rfc822") -> bytes:
    """Return a report of delivery as mail servers write it (RFC 3464), with the mail or its head returned."""
    return (
        b"From: MAILER-DAEMON@mx.example\r\nTo: abuse@voice.example\r\nSubject: Returned\r\nAuto-Submitted: auto-replied\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        b"Final-Recipient: rfc822; abuse@shop.example\r\nAction: " + action.encode() + b"\r\nStatus: 5.1.1\r\n"
        b"Diagnostic-Code: smtp; 550 no such\x07 user\r\n\r\n"
        b"--b\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + returned + b"\r\n--b--\r\n"
    )


def head(message_id: str, token: str = "the-token") -> bytes:
    return f"From: abuse@voice.example\r\nMessage-ID: {message_id}\r\nX-Ringfence-Loop: {token}\r\nSubject: s\r\n\r\n".encode()


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_names_the_mail_and_the_reason(kind: str) -> None:
    assert bounce_in(report(head("<1@voice.example>"), kind=kind), "the-token") == Bounce(
        "<1@voice.example>", "5.1.1 smtp; 550 no such user"
    )


@pytest.mark.parametrize(
    "raw",
    [
        report(head("<1@voice.example>", token="another")),
        report(head("<1@voice.example>"), action="delayed"),
        report(head("<1@voice.example>"), action="delivered"),
        report(b"From: abuse@voice.example\r\nX-Ringfence-Loop: the-token\r\n\r\n"),
        report(b""),
        b"Subject: calls\r\n\r\nnobody wrote X-Ringfence-Loop: the-token\r\n",
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n",
    ],
)
def test_what_is_no_report_of_a_failure_of_ours_says_nothing(raw: bytes) -> None:
    assert bounce_in(raw, "the-token") is None


def come_back(returned: bytes) -> None:
    """Have the mail server report, as any mail comes in."""
    number = services.take_in(raw=report(returned), sender="", actor=MAILBOX, now=NOON)
    handle_received(actor=MAILBOX, now=NOON)
    assert Complaint.objects.get(id=number).nature == Nature.AUTOMATIC


def test_a_notice_that_comes_back_is_noted_and_a_person_sees_it(telling: Desk) -> None:
    decide(*found(telling))
    (notice,) = told(telling)
    with relay() as (address, taken):
        notices.send_due(relay=SmtpRelay(address, "abuse@voice.example"), actor=WORKER, now=telling.clock())
    assert isinstance(taken[0].content, bytes)
    come_back(taken[0].content)
    telling.work()
    notice.refresh_from_db()
    assert (notice.state, notice.problem) == ("bounced", "5.1.1 smtp; 550 no such user")
    assert [entry.verb for entry in audit.timeline(case=notice.case_id, actor=ANALYST)][-2:] == ["notice-bounced", "alarmed"]
    (alarm,) = [alarm for alarm in decisions.alarms(actor=ANALYST) if alarm.kind == "bounce"]
    assert f"of case {notice.case_id} came back: 5.1.1 smtp; 550 no such user" in alarm.text
    come_back(taken[0].content)  # the same again is nothing new
    telling.work()
    assert [alarm.kind for alarm in decisions.alarms(actor=ANALYST)].count("bounce") == 1


def test_a_letter_that_comes_back_is_noted_and_one_that_was_never_sent_is_not(desk: Desk) -> None:
    draft = Draft(key="k", about=("complaint", "1"), mail="joe@example.be", subject="s", text="t")
    letters.write(draft=draft, actor=MAILBOX, now=NOON)
    come_back(head("<other@voice.example>", own_token()))
    with relay() as (address, taken):
        letters.send_due(relay=SmtpRelay(address, "abuse@voice.example"), actor=WORKER, now=NOON)
    assert isinstance(taken[0].content, bytes)
    come_back(taken[0].content)
    desk.work()
    letter = Letter.objects.get(key="k")
    assert (letter.state, letter.problem) == (LetterState.BOUNCED, "5.1.1 smtp; 550 no such user")
    assert "The letter" in decisions.alarms(actor=ANALYST)[0].text
