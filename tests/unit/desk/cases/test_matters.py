"""Cases are split, merged and linked by people with reasons; nothing of what belongs to them is lost or counted twice."""

from datetime import timedelta

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, LEAD, NOON, STRANGER, WORKER, Desk

from ringfence.desk.access import services as access
from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import attention, matters, selectors, services
from ringfence.desk.cases.models import Case, JoinedComplaint, JoinedFinding, Sighting
from ringfence.desk.cases.services import NothingSaid
from ringfence.desk.cases.sightings import seen_as, seen_besides, seen_elsewhere
from ringfence.desk.complaints import answering
from ringfence.desk.complaints import services as complaints
from ringfence.desk.errors import DeskError, NotPermitted, NotThere, StaleState
from ringfence.vocabulary.severity import Mode
from ringfence.vocabulary.times import SECOND, Micros, micros

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(desk: Desk) -> int:
    """A case with two findings and a complaint."""
    for place in range(2):
        desk.find(mode=Mode.REPORT, id=f"{place}" * 32, time=Micros(micros(NOON) + place * SECOND))
    number = selectors.cases(actor=ANALYST).get().id
    complain(number)
    return number


def complain(case: int) -> int:
    raw = f"Subject: calls {Case.objects.count()} {JoinedComplaint.objects.count()}\r\n\r\nx".encode()
    number = complaints.take_in(raw=raw, sender="a@example.org", actor=WORKER, now=NOON)
    services.join_complaint(case_id=case, complaint=number, actor=ANALYST, now=NOON)
    return number


def findings(case: int) -> list[str]:
    return sorted(JoinedFinding.objects.filter(case_id=case).values_list("finding_id", flat=True))


def split(case: int, **changes: object) -> int:
    told = {"matter": "the fax", "findings": ["0" * 32], "complaints": [], "actor": ANALYST, "now": NOON, **changes}
    return matters.split_case(case_id=case, **told)  # type: ignore[arg-type]  # as above


def counts(case: int) -> tuple[int, int]:
    row = Case.objects.get(id=case)
    return row.findings, row.complaints


def test_a_part_of_a_case_becomes_a_case_of_its_own(desk: Desk, case: int) -> None:
    made = split(case)
    assert (findings(case), findings(made)) == (["1" * 32], ["0" * 32])
    assert (counts(case), counts(made)) == ((1, 1), (1, 0))
    assert Case.objects.get(id=made).subject == "source 203.0.113.9: the fax"
    desk.find(mode=Mode.REPORT, id="2" * 32, time=Micros(micros(NOON) + 5 * SECOND))
    assert "2" * 32 in findings(case), "what comes later joins the one without a matter"
    assert [entry.verb for entry in audit.timeline(case=made, actor=AUDITOR)] == ["opened"]
    assert Sighting.objects.get(noun_id="0" * 32).case_id == made
    with pytest.raises(StaleState):
        split(case, findings=["1" * 32], complaints=[]), split(case, findings=["2" * 32])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"matter": " "}, NothingSaid),
        ({"findings": []}, NothingSaid),
        ({"findings": ["9" * 32]}, NotThere),
        ({"complaints": [999]}, NotThere),
        ({"actor": AUDITOR}, NotPermitted),
        ({"actor": WORKER}, NotPermitted),
    ],
)
def test_a_split_that_says_nothing_or_takes_what_is_not_there_is_refused(
    case: int, changes: dict[str, object], error: type[DeskError]
) -> None:
    with pytest.raises(error):
        split(case, **changes)
    assert counts(case) == (2, 1)


def test_nothing_is_split_off_that_leaves_nothing(case: int) -> None:
    everything = list(JoinedComplaint.objects.values_list("complaint_id", flat=True))
    with pytest.raises(StaleState):
        split(case, findings=["0" * 32, "1" * 32], complaints=everything)


def test_merged_cases_are_one_and_the_other_says_into_which(case: int) -> None:
    made = split(case)
    complain(made)
    with pytest.raises(NothingSaid):
        matters.merge_case(case_id=made, into=case, reason=" ", actor=ANALYST, now=NOON)
    matters.merge_case(case_id=made, into=case, reason="the same fax", actor=ANALYST, now=NOON)
    gone = Case.objects.get(id=made)
    assert (gone.state, gone.outcome, gone.merged_into_id, counts(made)) == ("closed", "duplicate", case, (0, 0))
    assert (findings(case), counts(case)) == (["0" * 32, "1" * 32], (2, 2))
    assert {entry.verb for entry in audit.timeline(case=case, actor=AUDITOR)} >= {"split", "took-in"}
    with pytest.raises(StaleState):
        matters.merge_case(case_id=made, into=case, reason="again", actor=ANALYST, now=NOON)


def test_the_case_that_later_findings_join_may_be_merged_away(desk: Desk, case: int) -> None:
    made = split(case)
    matters.merge_case(case_id=case, into=made, reason="the same", actor=ANALYST, now=NOON)
    desk.find(mode=Mode.REPORT, id="3" * 32, time=Micros(micros(NOON) + 9 * SECOND))
    assert selectors.case_of_finding(finding_id="3" * 32, actor=AUDITOR) == made


def test_cases_of_different_subjects_are_linked_and_not_merged(desk: Desk, case: int) -> None:
    desk.find("203.0.113.10", mode=Mode.REPORT)
    other = selectors.cases(actor=AUDITOR).exclude(id=case).get().id
    with pytest.raises(StaleState):
        matters.merge_case(case_id=other, into=case, reason="r", actor=ANALYST, now=NOON)
    link = {"case_id": other, "other": case, "actor": ANALYST, "now": NOON}
    for wrong in ({"kind": "merged", "reason": "r"}, {"kind": "related", "reason": ""}):
        with pytest.raises(NothingSaid):
            matters.link_cases(**link, **wrong)  # type: ignore[arg-type]  # as above
    with pytest.raises(NotThere):
        matters.link_cases(**{**link, "other": 999}, kind="related", reason="r")  # type: ignore[arg-type]  # as above
    matters.link_cases(**link, kind="campaign", reason="one script")  # type: ignore[arg-type]  # as above
    with pytest.raises(StaleState):
        matters.link_cases(case_id=case, other=other, kind="related", reason="r", actor=ANALYST, now=NOON)
    assert [one.reason for one in selectors.links(case=case, actor=AUDITOR)] == ["one script"]
    assert not selectors.links(case=case, actor=STRANGER)


def test_where_else_an_identifier_was_seen(desk: Desk, case: int) -> None:
    services.close_case(case_id=case, outcome="harmless", actor=ANALYST, now=NOON)
    desk.find(mode=Mode.REPORT, id="4" * 32, time=Micros(micros(NOON) + 20 * SECOND))
    again = selectors.cases(actor=AUDITOR).get().id
    complain(again)
    found = {(one.kind, one.value): one for one in seen_elsewhere(case=again, actor=AUDITOR)}
    source = found["source", "203.0.113.9"]
    assert (list(source.cases), source.findings, source.complaints) == ([case], 2, 0)
    reporter = next(one for (kind, _), one in found.items() if kind == "reporter")
    assert (list(reporter.cases), reporter.complaints) == ([case], 1)
    assert not seen_elsewhere(case=again, actor=STRANGER)


def test_a_case_put_off_is_out_of_the_queue_until_its_day_or_until_something_joins_it(desk: Desk, case: int) -> None:
    week = NOON + timedelta(days=7)
    for until, reason in ((week, " "), (NOON, "r"), (NOON + timedelta(days=400), "r")):
        with pytest.raises(NothingSaid):
            attention.snooze_case(case_id=case, until=until, reason=reason, actor=ANALYST, now=NOON)
    with pytest.raises(NotPermitted):
        attention.snooze_case(case_id=case, until=week, reason="r", actor=AUDITOR, now=NOON)

    def queue(state: str = "", *, days: int = 1) -> list[int]:
        return [one.id for one in selectors.cases(actor=ANALYST, state=state, now=NOON + timedelta(days=days))]

    attention.snooze_case(case_id=case, until=week, reason="their letter", actor=ANALYST, now=NOON)
    assert (queue(), queue("snoozed"), queue(days=8), queue("snoozed", days=8)) == ([], [case], [case], [])
    complain(case)
    assert queue() == [case]
    attention.snooze_case(case_id=case, until=week, reason="again", actor=ANALYST, now=NOON)
    desk.find(mode=Mode.REPORT, id="5" * 32, time=Micros(micros(NOON) + 30 * SECOND))
    assert queue() == [case]
    with pytest.raises(StaleState):
        attention.wake_case(case_id=case, actor=ANALYST, now=NOON)
    attention.snooze_case(case_id=case, until=week, reason="again", actor=ANALYST, now=NOON)
    attention.wake_case(case_id=case, actor=ANALYST, now=NOON)
    assert queue() == [case]


def test_who_watches_a_case_is_told_that_something_happened_since_it_looked(case: int) -> None:
    attention.watch_case(case_id=case, actor=AUDITOR, now=NOON + timedelta(hours=1))
    with pytest.raises(StaleState):
        attention.watch_case(case_id=case, actor=AUDITOR, now=NOON)
    with pytest.raises(NotPermitted):
        attention.watch_case(case_id=case, actor=STRANGER, now=NOON)
    assert selectors.unread(actor=AUDITOR) == 0
    services.note_case(case_id=case, text="news", actor=ANALYST, now=NOON + timedelta(hours=2))
    assert (selectors.unread(actor=AUDITOR), selectors.unread(actor=LEAD)) == (1, 0)
    attention.note_looked(case_id=case, actor=AUDITOR, now=NOON + timedelta(hours=3))
    assert selectors.unread(actor=AUDITOR) == 0
    assert (selectors.watchers(case=case, actor=LEAD), selectors.watchers(case=case, actor=STRANGER)) == (["aud"], [])
    assert [one.id for one in selectors.cases(actor=AUDITOR, state="watched")] == [case]
    attention.unwatch_case(case_id=case, actor=AUDITOR, now=NOON)
    with pytest.raises(StaleState):
        attention.unwatch_case(case_id=case, actor=AUDITOR, now=NOON)


def test_the_page_splits_ties_watches_and_puts_off(desk: Desk, case: int) -> None:
    access.create_login(username="ana", password="correct horse battery", roles=(StaffRole.ANALYST,), actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get())

    def post(path: str, **form: object) -> str:
        return client.post(f"/cases/{case}/{path}/", form, follow=True).content.decode()

    assert "is a case of its own now" in post("split", finding=["0" * 32], matter="the fax")
    made = Case.objects.get(matter="the fax").id
    assert "type the number of a case" in post("tie", do="merge", case="x", reason="r")
    assert f"case {made}</a> (split: the fax)" in client.get(f"/cases/{case}/").content.decode()
    assert "Watched by" in post("look", do="watch")
    services.note_case(case_id=case, text="x", actor=LEAD, now=NOON + timedelta(days=36_500))
    assert "(1 new)" in client.get("/cases/?state=watched").content.decode()
    assert "Watched by" not in post("look", do="unwatch")
    assert "Put off" in post("look", do="snooze", days="7", reason="wait")
    assert f"#{case}<" not in client.get("/cases/").content.decode()
    assert f"#{case}<" in client.get("/cases/?state=snoozed").content.decode()
    assert "Bring it back now" not in post("look", do="wake")
    assert "The cases are tied." in post("tie", do="merge", case=f"#{made}", reason="one")
    assert f'into <a href="/cases/{made}/">' in client.get(f"/cases/{case}/").content.decode()


def test_the_page_of_a_finding_or_a_complaint_says_where_else_each_identifier_was_seen(desk: Desk, case: int) -> None:
    services.close_case(case_id=case, outcome="harmless", actor=ANALYST, now=NOON)
    desk.find(mode=Mode.REPORT, id="4" * 32, time=Micros(micros(NOON) + 20 * SECOND))
    again = selectors.cases(actor=AUDITOR).get().id
    complain(again)
    source, *_ = seen_besides(noun="finding", noun_id="4" * 32, actor=AUDITOR)
    assert (source.kind, source.value, list(source.cases)) == ("source", "203.0.113.9", [case])
    (same,) = seen_as(kind="source", value="203.0.113.9", actor=AUDITOR)
    assert (list(same.cases), same.findings) == ([again, case], 3)
    assert not seen_besides(noun="finding", noun_id="4" * 32, actor=STRANGER)
    assert not seen_as(kind="source", value="203.0.113.9", actor=STRANGER)
    access.create_login(username="aud", password="x" * 12, roles=(StaffRole.AUDITOR,), actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get(username="aud"))
    page = client.get(f"/findings/{'4' * 32}/").content.decode()
    assert "Seen elsewhere" in page
    assert f'/cases/{case}/">#{case}</a>' in page


def test_a_complaint_that_was_answered_is_known_again_whatever_the_answer(desk: Desk) -> None:
    mails = [f"Subject: {n}\r\n\r\nat night {n}\r\n".encode() for n in "ab"]
    numbers = [complaints.take_in(raw=raw, sender="joe@example.org", actor=WORKER, now=NOON) for raw in mails]
    for number in numbers:
        answering.answer_by_hand(number=number, verdict="not-ours", names=("", ""), reason="x", actor=ANALYST, now=NOON)
    desk.work()
    (reporter,) = seen_besides(noun="complaint", noun_id=str(numbers[0]), actor=AUDITOR)
    assert (reporter.kind, reporter.complaints) == ("reporter", 1)
