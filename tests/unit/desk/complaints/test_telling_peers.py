"""A peer is told in XARF what the format's own library accepts: the caller and the call, never who complained unasked."""

import json
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import xarf
from django.test import Client
from tests.unit.desk.complaints.test_answering import CALLEE, OURS, PEERS_OWN, carrier, client_of, complain
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, NOON, STRANGER, WORKER

from ringfence.desk.access import keys
from ringfence.desk.access.keys import KeyRefused, Reach
from ringfence.desk.actor import KeyScope, StaffRole, system
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases.from_complaints import join_to_subject
from ringfence.desk.complaints import answering, services
from ringfence.desk.complaints.answering import NoGround
from ringfence.desk.complaints.handling import handle_received
from ringfence.desk.complaints.kinds import BY_SLUG, LEAVES, leaf_of_report
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.complaints.reports import report_of
from ringfence.desk.complaints.reports.outgoing import ReportUnfit
from ringfence.desk.complaints.telling_peers import NoMailbox, Telling, tell_peer
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.letters import selectors as letters
from ringfence.policy import load, read_folder
from ringfence.vocabulary.subjects import SubjectKind

pytestmark = pytest.mark.django_db

__all__ = ["carrier"]
TOLD = f"Call from {PEERS_OWN} on my number {CALLEE}, 2026-03-01 11:15 UTC. I am Joe Complainant, joe@example.be"
DEFAULT = Path(__file__).parents[4] / "bundles" / "default"


@pytest.fixture
def told(carrier: Path) -> Telling:
    number = complain(TOLD)
    handle_received(actor=system("mail"), now=NOON)
    services.sort_complaint(number=number, leaf="scam", actor=ANALYST, now=NOON)
    return Telling(complaint=number, peer="North", reason="they sent it")


def test_a_report_is_as_its_format_says_and_reads_back_as_what_was_told(told: Telling) -> None:
    raw = tell_peer(telling=told, actor=ANALYST, now=NOON)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert xarf.parse(raw.decode()).errors == []
    report = json.loads(raw)
    assert (report["source_identifier"], report["tags"], report["category"]) == (PEERS_OWN, ["voice:scam"], "messaging")
    assert (report["voice"]["call_id"], report["voice"]["call_time"]) == ("peer@x", "2026-03-01T11:15:00.000000Z")
    assert report["reporter"]["contact"] == "abuse@voice.example"
    for secret in (CALLEE, "Joe", "joe@example.be"):
        assert secret not in raw.decode()
    read = report_of(raw)
    assert read is not None
    assert (read.numbers, read.problems, leaf_of_report(read.about, read.tags)) == ((PEERS_OWN,), (), "scam")
    assert tell_peer(telling=told, actor=ANALYST, now=NOON) == raw, "the same report has the same id"


def test_it_says_what_was_found_and_once_it_is_closed_what_came_of_it(told: Telling) -> None:
    before = json.loads(tell_peer(telling=told, actor=ANALYST, now=NOON))
    assert (before["voice"]["finding"], "outcome" in before["voice"]) == ("carried-for-peer", False)
    services.close_complaint(number=told.complaint, outcome="actioned", actor=ANALYST, now=NOON)
    after = json.loads(tell_peer(telling=told, actor=ANALYST, now=NOON))
    assert (after["voice"]["finding"], after["voice"]["outcome"]) == ("carried-for-peer", "actioned")
    assert after["report_id"] == before["report_id"]


def test_it_takes_a_person_a_reason_and_a_peer(told: Telling) -> None:
    for actor in (AUDITOR, STRANGER, WORKER):
        with pytest.raises(NotPermitted):
            tell_peer(telling=told, actor=actor, now=NOON)
    with pytest.raises(NoGround):
        tell_peer(telling=replace(told, reason=" "), actor=ANALYST, now=NOON)
    with pytest.raises(NotThere):
        tell_peer(telling=replace(told, peer="South"), actor=ANALYST, now=NOON)
    tell_peer(telling=told, actor=ANALYST, now=NOON)
    entry = audit.history(noun="complaint", noun_id=str(told.complaint), actor=AUDITOR)[-1]
    assert (entry.verb, entry.details["peer"], entry.details["reason"]) == ("told-peer", "North", "they sent it")


def test_the_called_number_is_told_where_its_holder_agreed_and_in_harassment_never(told: Telling) -> None:
    named = replace(told, with_callee=True)
    with pytest.raises(NoGround):
        tell_peer(telling=named, actor=ANALYST, now=NOON)
    services.note_consent(number=told.complaint, how="by telephone", actor=ANALYST, now=NOON)
    assert json.loads(tell_peer(telling=named, actor=ANALYST, now=NOON))["voice"]["callee"] == CALLEE
    services.sort_complaint(number=told.complaint, leaf="harassment", actor=ANALYST, now=NOON)
    with pytest.raises(NoGround):
        tell_peer(telling=named, actor=ANALYST, now=NOON)


def test_it_is_sent_once_to_the_peers_mailbox(told: Telling) -> None:
    sent = replace(told, send=True)
    with pytest.raises(NoMailbox):
        tell_peer(telling=sent, actor=ANALYST, now=NOON)
    answering.know_peer(name="North", addresses=["198.51.100.0/28"], mail="abuse@north.example", actor=ADMIN, now=NOON)
    tell_peer(telling=sent, actor=ANALYST, now=NOON)
    raw = tell_peer(telling=sent, actor=ANALYST, now=NOON)
    (letter,) = letters.letters(actor=AUDITOR).filter(attached__isnull=False)
    assert (letter.mail, letter.attached_kind, bytes(letter.attached or b"")) == ("abuse@north.example", "application/json", raw)
    assert f"C-{told.complaint}" in letter.subject


def test_without_a_calling_number_nothing_is_told(carrier: Path) -> None:
    number = complain("They are crooks")
    with pytest.raises(ReportUnfit):
        tell_peer(telling=Telling(complaint=number, peer="North", reason="r"), actor=ANALYST, now=NOON)
    Complaint.objects.filter(id=number).update(nature="enquiry")
    with pytest.raises(NotThere):
        tell_peer(telling=Telling(complaint=number, peer="North", reason="r"), actor=ANALYST, now=NOON)


def test_the_page_of_a_case_gives_the_report_of_its_own_complaints_alone(told: Telling) -> None:
    case = join_to_subject(complaint=told.complaint, kind=SubjectKind.PARTY, subject="shop", actor=WORKER, now=NOON)
    client = client_of(StaffRole.ANALYST)
    assert "Tell a peer" in client.get(f"/cases/{case}/").content.decode()
    form = {"peer": "North", "reason": "r", "do": "file", "complaint": str(told.complaint)}
    given = client.post(f"/cases/{case}/tell-peer/", form)
    assert (given["Content-Type"], given.json()["source_identifier"]) == ("application/json", PEERS_OWN)
    assert audit.timeline(case=case, actor=AUDITOR)[-1].verb == "told-peer"
    other = complain(f"Call from {OURS}")
    assert client.post(f"/cases/{case}/tell-peer/", {**form, "complaint": str(other)}).status_code == 404
    refused = client.post(f"/complaints/{told.complaint}/tell-peer/", {**form, "reason": ""}, follow=True)
    assert "Nothing was told: say why" in refused.content.decode()
    assert cases.cases(actor=AUDITOR).get().id == case


def test_every_kind_has_a_clause_of_the_shipped_policy_questions_and_evidence() -> None:
    clauses = {clause.slug for clause in load(read_folder(DEFAULT)).clauses}
    assert len(BY_SLUG) == len(LEAVES)
    for leaf in LEAVES:
        assert leaf.clause in clauses, leaf.slug
        assert leaf.questions, leaf.slug
        assert leaf.evidence, leaf.slug
    assert [leaf.slug for leaf in LEAVES if leaf.is_enquiry] == ["enquiry"]


def _program(*scopes: KeyScope) -> Client:
    made = keys.create_key(name=f"program {len(scopes)}", reach=Reach(scopes), actor=ADMIN, now=NOON)
    return Client(headers={"authorization": f"Bearer {made.key}"})


def _asked(client: Client, number: int, **body: object) -> tuple[int, bytes]:
    sent = {"peer": "North", "reason": "our program tells North", **body}
    answer = client.post(f"/api/reports/v1/outgoing/{number}", json.dumps(sent), content_type="application/json")
    return answer.status_code, answer.content


def test_a_program_with_the_key_for_it_gets_what_is_to_be_told_and_the_same_report(told: Telling) -> None:
    program = _program(KeyScope.TELL)
    (listed,) = program.get("/api/reports/v1/outgoing?untold=true").json()
    assert (listed["id"], listed["peer"], listed["leaf"], listed["told"]) == (told.complaint, "North", "scam", False)
    status, raw = _asked(program, told.complaint)
    assert status == 200
    assert raw == tell_peer(telling=told, actor=ANALYST, now=NOON)
    assert program.get("/api/reports/v1/outgoing?untold=true").json() == []
    assert [one["told"] for one in program.get("/api/reports/v1/outgoing?peer=North").json()] == [True]
    entry = audit.history(noun="complaint", noun_id=str(told.complaint), actor=AUDITOR)[-2]
    assert (entry.verb, entry.actor_kind, entry.details["reason"]) == ("told-peer", "api-key", "our program tells North")


def test_a_program_sends_it_to_the_peers_mailbox_once(told: Telling) -> None:
    answering.know_peer(name="North", addresses=["203.0.113.200"], mail="abuse@north.example", actor=ADMIN, now=NOON)
    program = _program(KeyScope.TELL)
    for _ in range(2):
        assert _asked(program, told.complaint, send=True)[0] == 200
    written = letters.letters_about(about=("complaint", str(told.complaint)), actor=AUDITOR)
    assert [one.attached_name for one in written if one.mail == "abuse@north.example"] == ["xarf.json"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"peer": "South"}, 404),
        ({"reason": " "}, 422),
        ({"with_callee": True}, 422),
        ({"send": True}, 409),
        ({"peer": "x" * 200}, 422),
    ],
)
def test_a_program_is_told_why_there_is_no_report(told: Telling, body: dict[str, object], status: int) -> None:
    answering.know_peer(name="North", addresses=["203.0.113.200"], mail="", actor=ADMIN, now=NOON)
    assert _asked(_program(KeyScope.TELL), told.complaint, **body)[0] == status


def test_a_program_tells_no_peer_of_what_did_not_come_from_it(told: Telling) -> None:
    program = _program(KeyScope.TELL)
    answering.answer_by_hand(
        number=told.complaint, verdict="not-ours", names=("", ""), reason="looked again", actor=ANALYST, now=NOON
    )
    assert program.get("/api/reports/v1/outgoing").json() == []
    assert _asked(program, told.complaint)[0] == 404
    tell_peer(telling=told, actor=ANALYST, now=NOON)  # a person may


def test_no_other_key_and_no_partys_key_tells_peers(told: Telling) -> None:
    for client in (_program(KeyScope.REPORT), _program(KeyScope.READ, KeyScope.WRITE), Client()):
        assert client.get("/api/reports/v1/outgoing").status_code == 401
        assert _asked(client, told.complaint)[0] == 401
    with pytest.raises(KeyRefused):
        keys.create_key(name="p", reach=Reach((KeyScope.TELL,), party="shop"), actor=ADMIN, now=NOON)
