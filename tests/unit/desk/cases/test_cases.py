"""One open case of a subject; states change once, by whoever was first."""

import pytest
from tests.unit.desk.scene import ANALYST, AUDITOR, LEAD, NOON, STRANGER, WORKER, Desk

from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import selectors, services
from ringfence.desk.cases.services import NothingSaid
from ringfence.desk.complaints import services as complaints
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.vocabulary.severity import Mode
from ringfence.vocabulary.times import SECOND, micros

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(desk: Desk) -> int:
    desk.find(mode=Mode.REPORT)
    return selectors.cases(actor=ANALYST).get().id


def test_a_case_is_claimed_by_one_person(case: int) -> None:
    services.claim_case(case_id=case, actor=ANALYST, now=NOON)
    with pytest.raises(StaleState):
        services.claim_case(case_id=case, actor=LEAD, now=NOON)
    with pytest.raises(StaleState):
        services.release_case(case_id=case, actor=LEAD, now=NOON)
    services.release_case(case_id=case, actor=ANALYST, now=NOON)
    services.claim_case(case_id=case, actor=LEAD, now=NOON)
    assert selectors.cases(actor=ANALYST, state="claimed").get().assignee == "leo"


def test_a_lead_takes_a_claimed_case_over_from_whom_it_names(case: int) -> None:
    with pytest.raises(StaleState):
        services.take_over(case_id=case, holder="ana", actor=LEAD, now=NOON)
    services.claim_case(case_id=case, actor=ANALYST, now=NOON)
    for who in (ANALYST, AUDITOR):
        with pytest.raises(NotPermitted):
            services.take_over(case_id=case, holder="ana", actor=who, now=NOON)
    with pytest.raises(StaleState):
        services.take_over(case_id=case, holder="otto", actor=LEAD, now=NOON)
    services.take_over(case_id=case, holder="ana", actor=LEAD, now=NOON)
    assert selectors.cases(actor=ANALYST, state="claimed").get().assignee == "leo"
    assert audit.timeline(case=case, actor=AUDITOR)[-1].details == {"from": "ana"}
    with pytest.raises(StaleState):
        services.release_case(case_id=case, actor=ANALYST, now=NOON)


def test_after_closing_a_further_finding_opens_a_new_case(desk: Desk, case: int) -> None:
    services.close_case(case_id=case, outcome="no-violation", actor=ANALYST, now=NOON)
    with pytest.raises(StaleState):
        services.close_case(case_id=case, outcome="acted", actor=ANALYST, now=NOON)
    desk.find(mode=Mode.REPORT, time=micros(NOON) + SECOND)
    assert selectors.cases(actor=ANALYST).get().id != case
    assert selectors.cases(actor=ANALYST, state="all").count() == 2


def test_an_outcome_must_be_one_of_the_list(case: int) -> None:
    with pytest.raises(NothingSaid):
        services.close_case(case_id=case, outcome="whatever", actor=ANALYST, now=NOON)


def test_a_note_is_kept_and_the_audit_holds_only_that_it_was_written(case: int) -> None:
    services.note_case(case_id=case, text=" they called back ", actor=ANALYST, now=NOON)
    file = selectors.case_file(number=case, actor=ANALYST)
    assert file is not None
    assert [note.text for note in file.notes] == ["they called back"]
    assert not [entry for entry in audit.timeline(case=case, actor=ANALYST) if b"called back" in bytes(entry.body)]


@pytest.mark.parametrize("text", ["", "   ", "x" * 20_001])
def test_an_empty_or_endless_note_is_refused(case: int, text: str) -> None:
    with pytest.raises(NothingSaid):
        services.note_case(case_id=case, text=text, actor=ANALYST, now=NOON)


def test_a_complaint_belongs_to_one_case(case: int) -> None:
    complaint = complaints.take_in(raw=b"Subject: calls\r\n\r\nx", sender="a@example.org", actor=WORKER, now=NOON)
    services.join_complaint(case_id=case, complaint=complaint, actor=ANALYST, now=NOON)
    with pytest.raises(StaleState):
        services.join_complaint(case_id=case, complaint=complaint, actor=ANALYST, now=NOON)
    assert selectors.case_of_complaint(complaint=complaint, actor=ANALYST) == case
    with pytest.raises(NotThere):
        services.join_complaint(case_id=case, complaint=complaint + 1, actor=ANALYST, now=NOON)


def test_who_only_reads_changes_nothing(case: int) -> None:
    for actor in (AUDITOR, STRANGER):
        with pytest.raises(NotPermitted):
            services.claim_case(case_id=case, actor=actor, now=NOON)
        with pytest.raises(NotPermitted):
            services.note_case(case_id=case, text="x", actor=actor, now=NOON)
        with pytest.raises(NotPermitted):
            services.close_case(case_id=case, outcome="acted", actor=actor, now=NOON)


def test_every_change_stands_in_the_timeline(case: int) -> None:
    services.claim_case(case_id=case, actor=ANALYST, now=NOON)
    services.note_case(case_id=case, text="x", actor=ANALYST, now=NOON)
    services.close_case(case_id=case, outcome="acted", actor=ANALYST, now=NOON)
    assert [entry.verb for entry in audit.timeline(case=case, actor=ANALYST)] == [
        "opened",
        "joined-finding",
        "claimed",
        "noted",
        "closed",
    ]
