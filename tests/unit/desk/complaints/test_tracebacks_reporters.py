"""Tracebacks have a clock from the calendar and an answer in one click; reporters are known by what came of their complaints."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.desk.complaints.test_answering import CALLEE, OURS, carrier, client_of, complain
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, LEAD, NOON, STRANGER, write_bundle

from ringfence.desk.actor import StaffRole, system
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import selectors as cases
from ringfence.desk.complaints import reporters, services, tracebacks
from ringfence.desk.complaints.answering import NoGround
from ringfence.desk.complaints.handling import handle_received
from ringfence.desk.complaints.models import Complaint, Door, Standing, Traceback
from ringfence.desk.complaints.submissions import Submission
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.outbox import services as outbox
from ringfence.desk.policies import services as policies
from ringfence.desk.site import complained

pytestmark = pytest.mark.django_db

__all__ = ["carrier"]
MAILBOX = system("mail")
CLOCKS = """
calendars:
  office:
    zone: UTC
    hours: {mon-fri: "09:00-17:00"}
clocks:
  traceback-answer:
    rule: traceback duty of 24 hours
    due: 24h elapsed
    starts: next business hour
    calendar: office
    missed: page lead
"""


def traced(now: datetime = NOON) -> Complaint:
    filled = Submission(
        leaf="traceback", caller=OURS, callee=CALLEE, when="2026-03-01T11:29:00Z", reference="TB-7", what="Who sent it?"
    )
    kept = services.submit(submission=filled, door=Door.API, reporter="r", sender="r", token="TB-7", actor=system("api"), now=now)
    handle_received(actor=MAILBOX, now=now)
    return Complaint.objects.get(id=kept.id)


def test_without_a_clock_in_the_policy_a_day_from_receipt_is_given(carrier: Path) -> None:
    row = traced()
    clock = Traceback.objects.get(complaint=row)
    assert (clock.begins, clock.due) == (NOON, NOON + timedelta(hours=24))
    assert "names no clock" in clock.rule


def test_a_request_out_of_hours_has_its_clock_from_the_next_business_hour(carrier: Path, tmp_path: Path) -> None:
    policies.post_bundle(folder=write_bundle(tmp_path / "second", **{"clocks.yaml": CLOCKS}), actor=ADMIN, now=NOON)
    clock = Traceback.objects.get(complaint=traced())  # noon of a Sunday
    assert clock.begins == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert (clock.due, clock.rule) == (datetime(2026, 3, 3, 9, tzinfo=UTC), "traceback duty of 24 hours")


def test_the_answer_is_one_pack_with_calls_times_and_customer_for_a_reason(carrier: Path) -> None:
    row = traced()
    with pytest.raises(NoGround):
        tracebacks.answer_pack(number=row.id, reason="", actor=ANALYST, now=NOON)
    with pytest.raises(NotPermitted):
        tracebacks.answer_pack(number=row.id, reason="r", actor=AUDITOR, now=NOON)
    pack = json.loads(tracebacks.answer_pack(number=row.id, reason="TB-7", actor=ANALYST, now=NOON))
    assert (pack["your_reference"], pack["verdict"], pack["customer"]) == ("TB-7", "ours", "shop")
    (call,) = pack["calls"]
    assert (call["caller"], call["called"], call["call_id"], call["customer_account"]) == (OURS, CALLEE, "meant@x", "shop")
    assert call["start"] == "2026-03-01T11:30:00.000000Z"
    assert Traceback.objects.get().answered == NOON
    entry = audit.history(noun="complaint", noun_id=str(row.id), actor=AUDITOR)[-1]
    assert (entry.verb, entry.details["reason"]) == ("packed-traceback", "TB-7")
    assert OURS.encode() not in bytes(entry.body)


def test_the_pack_is_a_file_from_the_page(carrier: Path) -> None:
    row, client = traced(), client_of(StaffRole.ANALYST)
    assert "answer due" in client.get(f"/complaints/{row.id}/").content.decode()
    given = client.post(f"/complaints/{row.id}/pack/", {"reason": "answer"})
    assert given["Content-Disposition"].endswith(f'traceback-{row.id}.json"')
    assert "answered" in client.get(f"/complaints/{row.id}/").content.decode()


def test_a_score_comes_from_outcomes_and_bad_faith_and_masses_are_said(carrier: Path) -> None:
    numbers = [complain(f"call from {OURS} number {place}") for place in range(6)]
    token = Complaint.objects.get(id=numbers[0]).reporter
    fresh = reporters.record_of(token=token, actor=AUDITOR, now=NOON)
    assert fresh is not None
    assert (fresh.score, fresh.sent, fresh.remarks) == (0.5, 6, ())
    for number in numbers[:-1]:
        services.close_complaint(number=number, outcome="not-ours", actor=ANALYST, now=NOON)
    worse = reporters.record_of(token=token, actor=AUDITOR, now=NOON)
    assert worse is not None
    assert worse.score < 0.2
    assert "bad faith" in worse.remarks[0]
    for place in range(50):
        complain(f"again {place}")
    flood = reporters.record_of(token=token, actor=AUDITOR, now=NOON)
    assert flood is not None
    assert "mass reporting" in flood.remarks[0]
    assert reporters.record_of(token=token, actor=STRANGER, now=NOON) is None


def test_a_muted_reporters_complaint_is_kept_and_opens_no_case(carrier: Path) -> None:
    number = complain(f"Call from {OURS} to {CALLEE} on 2026-03-01 at 11:29 UTC")
    token = Complaint.objects.get(id=number).reporter
    with pytest.raises(reporters.NoWord):
        reporters.set_standing(token=token, standing=Standing.MUTED, reason="", actor=LEAD, now=NOON)
    with pytest.raises(NotPermitted):
        reporters.set_standing(token=token, standing=Standing.MUTED, reason="r", actor=ANALYST, now=NOON)
    with pytest.raises(NotThere):
        reporters.set_standing(token="nobody", standing=Standing.MUTED, reason="r", actor=LEAD, now=NOON)
    reporters.set_standing(token=token, standing=Standing.MUTED, reason="robots", actor=LEAD, now=NOON)
    handle_received(actor=MAILBOX, now=NOON)
    answer = Complaint.objects.get(id=number).answers.get()
    complained.on_answer({"answer": answer.id}, system("worker"), NOON)
    assert not cases.cases(actor=AUDITOR).exists()
    reporters.set_standing(token=token, standing=Standing.TRUSTED, reason="they mend it", actor=LEAD, now=NOON)
    complained.on_answer({"answer": answer.id}, system("worker"), NOON)
    case = cases.cases(actor=AUDITOR).get()
    assert (case.subject_kind, case.subject_id, case.complaints) == ("party", "shop", 1)


def test_watch_is_told_of_a_complaint_by_tokens_alone(carrier: Path) -> None:
    number = complain(f"Call from {OURS} to {CALLEE} on 2026-03-01 at 11:29 UTC")
    handle_received(actor=MAILBOX, now=NOON)
    complained.on_answer({"answer": Complaint.objects.get(id=number).answers.get().id}, system("worker"), NOON)
    (event,) = (message.payload for message in outbox.due(topics=("desk-event",), now=NOON))
    assert (event["kind"], event["account"], event["party_path"]) == ("complaint", "shop", ["resell", "shop"])
    assert OURS not in str(event)
    assert CALLEE not in str(event)


def test_the_partys_pages_say_nothing_of_who_complained(carrier: Path) -> None:
    number = complain(f"Call from {OURS} to {CALLEE} on 2026-03-01 at 11:29 UTC. I am Joe Complainant, joe@example.be")
    handle_received(actor=MAILBOX, now=NOON)
    row = Complaint.objects.get(id=number)
    complained.on_answer({"answer": row.answers.get().id}, system("worker"), NOON)
    client = client_of(StaffRole.ANALYST)
    case = cases.cases(actor=AUDITOR).get()
    for address in (f"/cases/{case.id}/", "/parties/of/shop/", "/cases/", "/audit/", f"/report/{services.ticket_of(number)}/"):
        page = client.get(address).content.decode()
        assert "Complainant" not in page, address
        assert "joe@example.be" not in page, address
        assert CALLEE not in page, address
