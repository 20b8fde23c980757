"""How grave a case is: its findings and complaints say so, or a person with a reason."""

import pytest
from tests.unit.desk.scene import ANALYST, AUDITOR, LEAD, NOON, STRANGER, WORKER, Desk
from tests.unit.desk.site.test_pages import client_of

from ringfence.desk.actor import StaffRole
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import selectors, services
from ringfence.desk.cases.from_complaints import join_to_subject
from ringfence.desk.cases.models import Case, JoinedComplaint
from ringfence.desk.cases.services import NothingSaid
from ringfence.desk.cases.summaries import severity_of
from ringfence.desk.complaints import services as complaining
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.errors import NotPermitted, StaleState
from ringfence.desk.held import ClaimedByAnother
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind

pytestmark = pytest.mark.django_db


def complain(text: str, leaf: str) -> Case:
    """Have somebody complain of a kind of conduct by the shop; return the case that the complaint alone makes."""
    number = complaining.take_in(raw=f"Subject: calls\r\n\r\n{text}\r\n".encode(), sender="joe@example.be", actor=WORKER, now=NOON)
    Complaint.objects.filter(id=number).update(leaf=leaf, nature="complaint")
    return Case.objects.get(pk=join_to_subject(complaint=number, kind=SubjectKind.PARTY, subject="shop", actor=WORKER, now=NOON))


def grade(case: Case, severity: str, **changes: object) -> None:
    given: dict[str, object] = {"reason": "they threaten a child", "actor": ANALYST, "now": NOON, **changes}
    services.grade_case(case_id=case.pk, severity=severity, **given)  # type: ignore[arg-type]  # each test changes one of them


@pytest.mark.parametrize(("leaf", "severity"), [("scam", "act"), ("harassment", "act"), ("sales", "warn"), ("", "warn")])
def test_a_case_of_complaints_alone_is_as_grave_as_what_they_are_about(desk: Desk, leaf: str, severity: str) -> None:
    assert severity_of(complain("They rang.", leaf)) == severity


def test_an_enquiry_makes_no_case_grave(desk: Desk) -> None:
    case = complain("What do you do?", "enquiry")
    Complaint.objects.update(nature="enquiry")
    assert severity_of(case) == ""


def test_the_gravest_of_findings_and_complaints_counts(desk: Desk) -> None:
    desk.find(mode=Mode.REPORT, severity=Severity.WARN)
    (case,) = selectors.cases(actor=ANALYST)
    assert severity_of(case) == "warn"
    other = complain("They rang.", "scam")
    assert (severity_of(case), severity_of(other)) == ("warn", "act")
    JoinedComplaint.objects.update(case=case)
    assert severity_of(case) == "act"


def test_a_person_says_how_grave_a_case_is_and_takes_it_back(desk: Desk) -> None:
    case = complain("They rang.", "sales")
    grade(case, "act")
    assert severity_of(case) == "act"
    last = audit.timeline(case=case.pk, actor=AUDITOR)[-1]
    assert (last.verb, last.details["severity"]) == ("graded", "act")
    file = selectors.case_file(number=case.pk, actor=AUDITOR)
    assert file is not None
    assert [note.text for note in file.notes] == ["Severity act: they threaten a child"]
    grade(case, "")
    assert severity_of(case) == "warn"


def test_it_takes_a_reason_a_known_severity_an_open_case_and_somebody_who_works_on_it(desk: Desk) -> None:
    case = complain("They rang.", "sales")
    with pytest.raises(NothingSaid, match="why"):
        grade(case, "act", reason=" ")
    with pytest.raises(NothingSaid, match="choose"):
        grade(case, "dire")
    for actor in (AUDITOR, STRANGER, WORKER):
        with pytest.raises(NotPermitted):
            grade(case, "act", actor=actor)
    services.claim_case(case_id=case.pk, actor=LEAD, now=NOON)
    with pytest.raises(ClaimedByAnother):
        grade(case, "act")
    services.close_case(case_id=case.pk, outcome="acted", actor=LEAD, now=NOON)
    with pytest.raises(StaleState):
        grade(case, "act", actor=LEAD)


def test_the_case_and_the_list_show_it_and_a_form_sets_it(desk: Desk) -> None:
    case = complain("They rang.", "sales")
    client = client_of(StaffRole.ANALYST)
    assert "the worst of its findings and complaints" in client.get(f"/cases/{case.pk}/").content.decode()
    done = client.post(f"/cases/{case.pk}/severity/", {"severity": "act", "reason": "a child"}, follow=True).content.decode()
    assert "as a person said" in done
    assert '<span class="state act">act</span>' in client.get("/cases/").content.decode()
