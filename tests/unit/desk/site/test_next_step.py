"""Why nothing was ordered, and what a person may do."""

import pytest
from tests.unit.desk.scene import ANALYST, NOON, Desk

from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import selectors as cases
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions import services as deciding
from ringfence.desk.detections import selectors as detections
from ringfence.desk.site.next_step import Explanation, Matter, explain
from ringfence.vocabulary.contracts import Subject
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind

pytestmark = pytest.mark.django_db

ACCOUNT = Subject(kind=SubjectKind.ACCOUNT, id="shop")


def explained(*, lifted_or_over: bool = False) -> Explanation:
    case = cases.cases(actor=ANALYST).get()
    latest = detections.findings(actor=ANALYST)[0]
    matter = Matter(
        case=case,
        finding=latest,
        proposal=decisions.proposal(case=case.id, finding_id=latest.id, actor=ANALYST, now=NOON),
        entries=audit.timeline(case=case.id, actor=ANALYST),
        lifted_or_over=lifted_or_over,
    )
    found = explain(matter, actor=ANALYST)
    assert found is not None
    return found


def test_a_rule_that_only_reports_leaves_a_customer_to_a_person_and_the_ladder_names_the_step(desk: Desk) -> None:
    desk.find(subject=ACCOUNT, party_path=("shop",), mode=Mode.REPORT)
    told = explained()
    assert "the rule sip-scan only reports" in told.why
    assert "to warn party shop" in told.then


def test_a_rule_that_only_reports_leaves_an_outsider_to_the_form(desk: Desk) -> None:
    desk.find(mode=Mode.REPORT)
    told = explained()
    assert "only reports" in told.why
    does = "refuse source 203.0.113.9 without an answer for 1h"
    assert told.then == f"The ladder's answer to unauthorised-access here is to {does}. The form “Decide” does that."


def test_a_warning_is_not_answered_by_itself(desk: Desk) -> None:
    desk.find(severity=Severity.WARN)
    assert explained().why.endswith("standing orders answer severity act, and this finding is warn.")


def test_a_brake_is_told_as_the_reason(desk: Desk) -> None:
    deciding.hold_automation(reason="maintenance", actor=ANALYST, now=NOON)
    desk.find()
    assert explained().why == "Nothing was ordered by itself, because automation is held."


def test_a_protected_source_must_not_be_refused(desk: Desk) -> None:
    desk.find("198.51.100.9")
    assert explained().then.endswith("but that must not be: the source is on the list of protected sources.")


def test_an_earlier_order_is_told(desk: Desk) -> None:
    desk.find()
    assert explained(lifted_or_over=True).why.startswith("An earlier order against it was lifted or has ended")


def test_a_clause_without_a_step_is_a_persons_alone(desk: Desk) -> None:
    desk.find(clause="technical-prevention", subject=ACCOUNT, party_path=("shop",), mode=Mode.REPORT)
    assert explained().then.startswith("The ladder has no step for technical-prevention by an offender")


def test_a_finding_that_the_worker_has_not_come_to_is_on_the_way(desk: Desk) -> None:
    desk.find()
    case, latest = cases.cases(actor=ANALYST).get(), detections.findings(actor=ANALYST)[0]
    proposal = decisions.proposal(case=case.id, finding_id=latest.id, actor=ANALYST, now=NOON)
    matter = Matter(case=case, finding=latest, proposal=proposal, entries=[], lifted_or_over=False)
    told = explain(matter, actor=ANALYST)
    assert told is not None
    assert told.why.endswith("its order is on the way.")
