"""Anybody complains by the form and sees what comes of it; who proves the called number is heard; machines get nowhere."""

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.unit.desk.complaints.test_bad_mails import BOMBS
from tests.unit.desk.scene import ANALYST, AUDITOR, NOON, Desk

from ringfence.desk.actor import system
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import selectors as cases
from ringfence.desk.complaints import answering, control, floods, selectors, services
from ringfence.desk.complaints.handling import handle_received
from ringfence.desk.complaints.models import FOUND, OUTCOME_OF, Complaint, ControlProof, Nature, Outcome, Verdict
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.errors import StaleState
from ringfence.desk.outbox import services as outbox

pytestmark = pytest.mark.django_db

CALLER, CALLEE = "+4930123456", "+32470654321"
FILLED = {
    "leaf": "scam",
    "caller": CALLER,
    "callee": "0470 65 43 21",
    "day": "2026-03-01",
    "hour": "11:05",
    "zone": "Europe/Brussels",
}
FORM = system("form")


@pytest.fixture
def home(policy: str) -> Client:
    """A visitor who never signed in."""
    return Client()


def solution(challenge: str) -> str:
    return next(str(number) for number in range(1 << 20) if floods.is_worked(challenge, str(number)))


def challenge(client: Client) -> str:
    found = re.search(r'name="challenge" value="([^"]+)"', client.get("/report/").content.decode())
    assert found
    return found[1]


def send(client: Client, **changes: object) -> str:
    """Send the form; return where it leads to."""
    given = challenge(client)
    answer = client.post("/report/", {**FILLED, "challenge": given, "solution": solution(given), **changes})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def test_a_complaint_by_the_form_has_a_page_that_says_how_it_stands_and_nothing_of_a_customer(home: Client) -> None:
    page = send(home, what="ils voulaient de l'argent", contact="joe@example.org")
    row = Complaint.objects.get()
    assert (row.door, row.nature, row.leaf) == ("form", "complaint", "scam")
    assert "We are looking into it" in home.get(page).content.decode()
    services.close_complaint(number=row.id, outcome="actioned", actor=ANALYST, now=NOON)
    shown = home.get(page).content.decode()
    assert "Something was done" in shown
    assert "joe@example.org" not in shown
    assert CALLER not in shown
    with pytest.raises(StaleState):
        services.close_complaint(number=row.id, outcome="actioned", actor=ANALYST, now=NOON)


def test_a_ticket_opens_its_own_complaint_alone(home: Client) -> None:
    page = send(home)
    number, mac = page.strip("/").split("/")[-1].split("-")
    for wrong in (f"{int(number) + 1}-{mac}", f"{number}-{'0' * 32}", number, "x", f"{'9' * 40}-{mac}", f"{number}-{mac}é"):
        assert home.get(f"/report/{wrong}/").status_code == 404


def test_the_fields_are_looked_for_as_they_were_filled_in(home: Client, data: Path) -> None:
    send(home)
    handle_received(actor=system("mail"), now=datetime.now(UTC))
    (answer,) = Complaint.objects.get().answers.all()
    assert [(end - begin) // 60_000_000 for begin, end in answer.looked["spans"]] == [10]
    assert answer.reasons == ["No history of calls is kept here."]
    assert CALLEE not in str(audit.history(noun="complaint", noun_id=str(answer.complaint_id), actor=AUDITOR)[-1].body)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"leaf": "nonsense"}, "choose what it is about"),
        ({"caller": "alice"}, "is no telephone number"),
        ({"day": "31/02/2026"}, "is no day and hour"),
        ({"day": "9999-12-31"}, "has not come yet"),
        ({"zone": "Mars/Olympus"}, "is no time zone"),
        ({"contact": "nobody"}, "is no mail address"),
        ({"caller": "", "callee": "", "what": " "}, "say what happened"),
        ({"challenge": "forged"}, "open for too long"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(home: Client, changes: dict[str, str], told: str) -> None:
    given = challenge(home)
    answer = home.post("/report/", {**FILLED, "challenge": given, "solution": solution(given), **changes})
    assert (answer.status_code, Complaint.objects.count()) == (400, 0)
    text = answer.content.decode()
    assert told in text
    assert "0470 65 43 21" in text or "callee" in changes


def test_sent_twice_is_kept_once(home: Client) -> None:
    given = challenge(home)
    form = {**FILLED, "challenge": given, "solution": solution(given)}
    assert home.post("/report/", form)["Location"] == home.post("/report/", form)["Location"]
    assert Complaint.objects.count() == 1


def test_a_machine_that_fills_the_trap_is_told_the_same_and_nothing_is_kept(home: Client) -> None:
    assert send(home, website="http://spam.example").startswith("/report/0-")
    assert not Complaint.objects.exists()


def test_a_flood_from_one_network_ends_sooner_without_work(home: Client) -> None:
    for _ in range(floods.UNWORKED_AN_HOUR):
        assert send(home, solution="")
    given = challenge(home)
    assert home.post("/report/", {**FILLED, "challenge": given}).status_code == 429
    for _ in range(floods.WORKED_AN_HOUR - floods.UNWORKED_AN_HOUR):
        assert send(home)
    given = challenge(home)
    refused = home.post("/report/", {**FILLED, "challenge": given, "solution": solution(given)})
    assert (refused.status_code, Complaint.objects.count()) == (429, floods.WORKED_AN_HOUR)
    elsewhere = home.post("/report/", {**FILLED, "challenge": given, "solution": solution(given)}, REMOTE_ADDR="198.51.100.7")
    assert elsewhere.status_code == 302


def test_what_is_handed_in_goes_to_quarantine_under_its_hash(home: Client, data: Path) -> None:
    files = [SimpleUploadedFile("../call.wav", b"RIFF1234"), SimpleUploadedFile("shot.png", b"\x89PNG")]
    send(home, files=files)
    held = Complaint.objects.get().attachments.order_by("id")
    assert [(one.name, one.looks) for one in held] == [("call.wav", "WAV audio"), ("shot.png", "a PNG picture")]
    assert (data / "quarantine" / sha256(b"RIFF1234").hexdigest()).read_bytes() == b"RIFF1234"


def test_bombs_handed_in_by_the_form_are_kept_packed_and_called_by_their_name(home: Client, data: Path) -> None:
    send(home, files=[SimpleUploadedFile(name, content) for name, content, _ in BOMBS])
    held = list(Complaint.objects.get().attachments.order_by("id"))
    assert len(held) == len(BOMBS)
    for one, (_, content, remark) in zip(held, BOMBS, strict=True):
        assert remark in " ".join(one.remarks)
        assert (data / "quarantine" / one.sha256).read_bytes() == content


def test_what_was_found_is_told_when_the_report_is_closed_and_not_before(home: Client) -> None:
    address, now = send(home), datetime.now(UTC) + timedelta(seconds=1)
    handle_received(actor=system("mail"), now=now)
    complaint = Complaint.objects.get()
    assert complaint.answers.exists()
    assert FOUND["not-ours"] not in home.get(address).content.decode()
    answering.answer_by_hand(
        number=complaint.id, verdict="carried-for-peer", names=("", "North"), reason="by its trunk", actor=ANALYST, now=now
    )
    assert FOUND["carried-for-peer"] not in home.get(address).content.decode()
    services.close_complaint(number=complaint.id, outcome="actioned", actor=ANALYST, now=now)
    page = home.get(address).content.decode()
    assert FOUND["carried-for-peer"] in page
    assert "North" not in page


@pytest.mark.parametrize("verdict", Verdict.values)
def test_each_of_the_five_ends_has_an_outcome_and_words_for_who_complained(verdict: str) -> None:
    assert FOUND[verdict]
    assert OUTCOME_OF[verdict] in Outcome.values


def test_an_enquiry_is_no_complaint(home: Client) -> None:
    send(home, leaf="enquiry", what="How do I leave?")
    assert Complaint.objects.get().nature == Nature.ENQUIRY
    assert not selectors.counted(actor=AUDITOR).exists()
    handle_received(actor=system("mail"), now=datetime.now(UTC))
    assert not Complaint.objects.get().answers.exists()


def code_of() -> str:
    (message,) = outbox.due(topics=(control.CODE,), now=NOON + timedelta(days=36_500))
    assert message.payload["number"] == CALLEE
    return str(message.payload["code"])


def test_who_proves_the_called_number_keeps_the_caller_away_and_nobody_else_does(home: Client, desk: Desk) -> None:
    desk.clock.now = datetime.now(UTC)  # the form reads the real clock
    page = send(home, wish="yes")
    assert "Send a code" in home.get(page).content.decode()
    assert home.post(page, {"do": "send"}).status_code == 302
    assert CALLEE not in home.get(page).content.decode()
    assert home.post(page, {"code": "nonsense"}).status_code == 400
    desk.clock.now = datetime.now(UTC)
    desk.work()
    assert not decisions.decisions(actor=AUDITOR).exists()
    assert home.post(page, {"code": code_of()}).status_code == 302
    desk.clock.now = datetime.now(UTC)
    desk.work()
    decision = decisions.decisions(actor=AUDITOR).get()
    assert (decision.scope_kind, decision.scope_value, decision.action) == ("pair", f"{CALLER},{CALLEE}", "refuse")
    assert orders.orders(actor=AUDITOR).get().scope_value == f"{CALLER},{CALLEE}"
    case = cases.cases(actor=AUDITOR).get()
    assert (case.subject_kind, case.role, case.complaints) == ("pair", "outsider", 1)
    assert "are being barred" in home.get(page).content.decode()


def test_a_code_is_taken_five_times_and_within_its_time(home: Client) -> None:
    send(home)
    row = Complaint.objects.get()
    control.send_code(complaint=row, wish=False, actor=FORM, now=NOON)
    right = code_of()
    with pytest.raises(control.CodeWrong):
        control.prove(complaint=row, code=right, actor=FORM, now=NOON + timedelta(minutes=16))
    for _ in range(5):
        with pytest.raises(control.CodeWrong):
            control.prove(complaint=row, code="wrong", actor=FORM, now=NOON)
    with pytest.raises(control.CodeWrong):
        control.prove(complaint=row, code=right, actor=FORM, now=NOON)
    assert ControlProof.objects.get().proven is None
    with pytest.raises(StaleState):
        control.send_code(complaint=row, wish=False, actor=FORM, now=NOON)


def test_a_number_gets_no_more_than_three_codes_a_day(home: Client) -> None:
    for place in range(4):
        send(home, what=f"again {place}")
    rows = list(Complaint.objects.order_by("id"))
    for row in rows[:3]:
        control.send_code(complaint=row, wish=False, actor=FORM, now=NOON)
    with pytest.raises(StaleState):
        control.send_code(complaint=rows[3], wish=False, actor=FORM, now=NOON)
    control.send_code(complaint=rows[3], wish=False, actor=FORM, now=NOON + timedelta(days=1, seconds=1))
