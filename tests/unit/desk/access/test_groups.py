"""Roles down to queue and action: a group bounds what its people may do, and in which queues."""

from datetime import timedelta

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, STRANGER, WORKER, Desk

from ringfence.desk.access import groups, services
from ringfence.desk.access.groups import Bounds
from ringfence.desk.access.models import Person
from ringfence.desk.access.services import LoginRefused
from ringfence.desk.actor import Actor, Deed, StaffRole
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases import services as working
from ringfence.desk.cases.models import Case
from ringfence.desk.complaints import services as complaints
from ringfence.desk.decisions import confirming
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.models import Decision
from ringfence.desk.decisions.services import Why
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.recovery import services as recovery

pytestmark = pytest.mark.django_db


def someone(name: str, deeds: list[Deed], queues: tuple[str, ...] = groups.QUEUES, role: StaffRole = StaffRole.LEAD) -> Actor:
    """A person in a group of its own."""
    services.create_login(username=name, password="x" * 12, roles=(role,), actor=ADMIN, now=NOON)
    groups.set_group(name=f"{name}s", bounds=Bounds([str(deed) for deed in deeds], list(queues)), actor=ADMIN, now=NOON)
    groups.put_in_group(username=name, group=f"{name}s", actor=ADMIN, now=NOON)
    return Person.objects.get(username=name).actor


def test_who_may_work_on_cases_may_not_therefore_decide(desk: Desk) -> None:
    found = desk.find()
    case = Case.objects.get().pk
    worker = someone("wim", [Deed.WORK])
    working.claim_case(case_id=case, actor=worker, now=NOON)
    why = Why("because")
    with pytest.raises(NotPermitted):
        deciding.decide_by_person(case_id=case, finding_id=found.id, why=why, actor=worker, now=NOON)
    decision = Decision.objects.get()
    with pytest.raises(NotPermitted):
        deciding.decide_lift(decision_id=decision.pk, why=why, actor=worker, now=NOON)
    with pytest.raises(NotPermitted):
        confirming.confirm(decision_id=decision.pk, notes="", actor=worker, now=NOON)
    decider = someone("dora", [Deed.WORK, Deed.DECIDE])
    with pytest.raises(NotPermitted):
        confirming.confirm(decision_id=decision.pk, notes="", actor=decider, now=NOON)
    deciding.decide_lift(decision_id=decision.pk, why=why, actor=decider, now=NOON)


def test_who_may_confirm_may_not_therefore_decide(desk: Desk) -> None:
    desk.find()
    decision = Decision.objects.get()
    Decision.objects.update(grave=True, confirm_by=NOON + timedelta(hours=4))
    confirmer = someone("cleo", [Deed.WORK, Deed.CONFIRM])
    with pytest.raises(NotPermitted):
        deciding.decide_lift(decision_id=decision.pk, why=Why("x"), actor=confirmer, now=NOON)
    confirming.confirm(decision_id=decision.pk, notes="", actor=confirmer, now=NOON)


def test_evidence_logins_and_settings_are_each_of_their_own(desk: Desk) -> None:
    worker, reader = someone("wim", [Deed.WORK]), someone("rita", [Deed.EVIDENCE])
    mail = complaints.take_in(raw=b"Subject: x\r\n\r\ny\r\n", sender="a@b.example", actor=WORKER, now=NOON)
    with pytest.raises(NotPermitted):
        complaints.note_reading(number=mail, actor=worker, now=NOON)
    complaints.note_reading(number=mail, actor=reader, now=NOON)
    asked = recovery.Asked("other", "", "by telephone")
    number = recovery.ask(asked=asked, address="", actor=ANALYST, now=NOON)
    with pytest.raises(NotPermitted):
        recovery.close(request=number, done=True, outcome="x", actor=worker, now=NOON)
    recovery.close(request=number, done=True, outcome="x", actor=someone("rex", [Deed.RECOVER]), now=NOON)
    halfway = someone("adam", [Deed.RECOVER], role=StaffRole.ADMIN)
    with pytest.raises(NotPermitted):
        services.create_login(username="eve", password="x" * 12, roles=(), actor=halfway, now=NOON)
    assert someone("anna", [Deed.CONFIGURE], role=StaffRole.ADMIN).administers


def test_a_page_with_evidence_is_refused_to_who_may_not_see_it(desk: Desk) -> None:
    someone("wim", [Deed.WORK])
    mail = complaints.take_in(raw=b"Subject: x\r\n\r\nsecret words\r\n", sender="a@b.example", actor=WORKER, now=NOON)
    client = Client()
    client.force_login(Person.objects.get(username="wim"))
    answer = client.get(f"/complaints/{mail}/")
    assert answer.status_code == 403
    assert b"secret words" not in answer.content


def test_cases_of_other_queues_are_neither_seen_nor_worked_on_nor_decided(desk: Desk) -> None:
    found = desk.find()
    case, decision = Case.objects.get(), Decision.objects.get()
    assert case.role == "outsider"
    every = [Deed.WORK, Deed.DECIDE, Deed.CONFIRM]
    inside, outside = someone("ida", every, ("outsider",)), someone("otto", every, ("compromised", "victim"))
    assert list(cases.cases(actor=inside)) == [case]
    assert not cases.cases(actor=outside)
    assert cases.case(number=case.pk, actor=outside) is None
    with pytest.raises(NotPermitted):
        working.claim_case(case_id=case.pk, actor=outside, now=NOON)
    with pytest.raises(NotPermitted):
        working.note_case(case_id=case.pk, text="x", actor=outside, now=NOON)
    with pytest.raises(NotPermitted):
        working.close_case(case_id=case.pk, outcome="harmless", actor=outside, now=NOON)
    with pytest.raises(NotPermitted):
        working.change_role(case_id=case.pk, role="compromised", reason="x", actor=outside, now=NOON)
    with pytest.raises(NotThere):
        deciding.decide_lift(decision_id=decision.pk, why=Why("x"), actor=outside, now=NOON)
    with pytest.raises(NotThere):
        deciding.decide_by_person(case_id=case.pk, finding_id=found.id, why=Why("x"), actor=outside, now=NOON)
    client = Client()
    client.force_login(Person.objects.get(username="otto"))
    assert client.get(f"/cases/{case.pk}/").status_code == 404
    deciding.decide_lift(decision_id=decision.pk, why=Why("x"), actor=inside, now=NOON)


def test_a_group_gives_nothing_that_roles_do_not(desk: Desk) -> None:
    auditor = someone("aud", list(Deed), role=StaffRole.AUDITOR)
    may = (auditor.works_cases, auditor.decides, auditor.confirms, auditor.administers, auditor.recovers)
    assert not any(may)
    assert auditor.sees_evidence


def test_nobody_frees_itself(desk: Desk) -> None:
    bound = someone("anna", [Deed.CONFIGURE], role=StaffRole.ADMIN)
    with pytest.raises(LoginRefused, match="another admin"):
        groups.set_group(name="annas", bounds=Bounds(list(Deed), list(groups.QUEUES)), actor=bound, now=NOON)
    for group in ("", "annas"):
        with pytest.raises(NotPermitted):
            groups.put_in_group(username="anna", group=group, actor=bound, now=NOON)
    for actor in (ANALYST, STRANGER):
        with pytest.raises(NotPermitted):
            groups.set_group(name="x", bounds=Bounds([], []), actor=actor, now=NOON)
    assert not groups.groups(actor=STRANGER)


@pytest.mark.parametrize(
    ("name", "bounds"), [("", Bounds([], [])), ("x\n", Bounds([], [])), ("x", Bounds(["fly"], [])), ("x", Bounds([], ["all"]))]
)
def test_a_group_that_would_not_do_is_not_made(policy: str, name: str, bounds: Bounds) -> None:
    with pytest.raises(LoginRefused):
        groups.set_group(name=name, bounds=bounds, actor=ADMIN, now=NOON)


def test_the_pages_bound_a_group_and_move_a_login(policy: str) -> None:
    for name, role in (("ada", StaffRole.ADMIN), ("wim", StaffRole.ANALYST)):
        services.create_login(username=name, password="x" * 12, roles=(role,), actor=ADMIN, now=NOON)
    client, wim = Client(), Person.objects.get(username="wim")
    client.force_login(Person.objects.get(username="ada"))
    client.post("/logins/groups/", {"name": "first line", "deed": ["work"], "queue": ["outsider"]})
    assert b"first line" in client.get("/logins/groups/").content
    client.post(f"/logins/{wim.pk}/", {"do": "move", "group": "first line"})
    actor = Person.objects.get(username="wim").actor
    assert (actor.works_cases, actor.decides, actor.queues) == (True, False, frozenset({"outsider"}))
    assert b"first line: work, in queues outsider" in client.get(f"/logins/{wim.pk}/").content
