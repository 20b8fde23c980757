"""The register of interpretations: kept by leads, searched, replaced, withdrawn, and cited by decisions."""

from datetime import timedelta

import pytest
from django.test import Client
from tests.unit.desk.decisions.conftest import climbing
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, LEAD, NOON, STRANGER, Desk

from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases.models import Case
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.choosing import NoMeasure, numbers_in
from ringfence.desk.decisions.models import Citation
from ringfence.desk.decisions.services import Why
from ringfence.desk.errors import NotPermitted, StaleState
from ringfence.desk.policies import interpretations
from ringfence.desk.policies.interpretations import InterpretationRefused
from ringfence.desk.policies.models import Interpretation
from ringfence.vocabulary.contracts import Subject
from ringfence.vocabulary.subjects import SubjectKind

__all__ = ["climbing"]
pytestmark = pytest.mark.django_db

CLAUSE = "unauthorised-access"


def kept(
    question: str = "Is a census of open ports a probe?", *, replaces: int | None = None, clause: str = CLAUSE
) -> Interpretation:
    answer = "Yes, where nobody asked for it; research that announced itself is not."
    return interpretations.interpret(clause=clause, question=question, answer=answer, replaces=replaces, actor=LEAD, now=NOON)


def found(**asked: str) -> list[int]:
    return [one.pk for one in interpretations.interpretations(actor=AUDITOR, **asked)]


def test_it_is_found_by_every_word_and_by_its_clause(desk: Desk) -> None:
    first = kept()
    second = kept("May announcements be played?", clause="technical-prevention")
    assert found(search="CENSUS research") == [first.pk]
    assert found(search="census played") == []
    assert found(clause="technical-prevention") == [second.pk]
    assert found() == [second.pk, first.pk]
    assert not interpretations.interpretations(actor=STRANGER).exists()


def test_another_takes_its_place_and_one_that_is_withdrawn_applies_no_more(desk: Desk) -> None:
    first = kept()
    second = kept("Is a census a probe?", replaces=first.pk)
    first = Interpretation.objects.get(pk=first.pk)
    assert (first.applies, second.applies) == (False, True)
    with pytest.raises(StaleState):
        kept(replaces=first.pk)
    interpretations.withdraw(number=second.pk, actor=LEAD, now=NOON)
    with pytest.raises(StaleState):
        interpretations.withdraw(number=second.pk, actor=LEAD, now=NOON)
    verbs = [entry.verb for entry in audit.entries(actor=ADMIN, noun="interpretation")]
    assert sorted(verbs) == ["interpretation-withdrawn", "interpreted", "interpreted"]


def test_what_interprets_nothing_is_refused_and_only_leads_interpret(desk: Desk) -> None:
    for clause, question, answer in (("nowhere", "q", "a"), (CLAUSE, " ", "a"), (CLAUSE, "q", ""), (CLAUSE, "q" * 501, "a")):
        with pytest.raises(InterpretationRefused):
            interpretations.interpret(clause=clause, question=question, answer=answer, actor=LEAD, now=NOON)
    other = kept(clause="technical-prevention")
    with pytest.raises(InterpretationRefused, match="is of technical-prevention"):
        kept(replaces=other.pk)
    for actor in (ANALYST, ADMIN, STRANGER):
        with pytest.raises(NotPermitted):
            interpretations.interpret(clause=CLAUSE, question="q", answer="a", actor=actor, now=NOON)


def test_a_decision_cites_what_applies_and_nothing_else(climbing: Desk) -> None:
    first, second = kept(), kept("Is asking for OPTIONS a probe?")
    gone = kept("Old?")
    interpretations.withdraw(number=gone.pk, actor=LEAD, now=NOON)
    subject = Subject(kind=SubjectKind.ACCOUNT, id="shop-1")
    finding = climbing.find(subject=subject, party_path=("reseller", "shop"))
    case = Case.objects.get(subject_id="shop").pk
    now = NOON + timedelta(minutes=1)
    for numbers in ((gone.pk,), (first.pk, 999)):
        why = Why("It went on.", interpretations=numbers)
        with pytest.raises(InterpretationRefused, match="that applies"):
            deciding.decide_by_person(case_id=case, finding_id=finding.id, why=why, actor=ANALYST, now=now)
    why = Why("It went on.", interpretations=(second.pk, first.pk, second.pk))
    id = deciding.decide_by_person(case_id=case, finding_id=finding.id, why=why, actor=ANALYST, now=now)
    assert set(Citation.objects.values_list("decision_id", "interpretation_id")) == {(id, first.pk), (id, second.pk)}


def test_numbers_are_typed_as_people_type_them() -> None:
    assert numbers_in(" 3, 7 12 ") == (3, 7, 12)
    assert numbers_in("") == ()
    for typed in ("three", "-1", "9" * 12):
        with pytest.raises(NoMeasure):
            numbers_in(typed)


def test_the_pages_keep_search_replace_and_withdraw(desk: Desk, client: Client) -> None:
    client.force_login(Person.objects.create(username="leo", roles=[str(StaffRole.LEAD)], created=NOON))
    form = {"clause": CLAUSE, "question": "Is a census a probe?", "answer": "Yes, <b>mostly</b>."}
    assert b"Is a census a probe?" in client.post("/policy/interpretations/", form, follow=True).content
    number = Interpretation.objects.get().pk
    page = client.get(f"/policy/interpretations/{number}/").content
    assert b"&lt;b&gt;mostly&lt;/b&gt;" in page
    assert b"Nothing is kept about that" in client.get("/policy/interpretations/", {"search": "parrots"}).content
    again = {"question": "Is a census a probe?", "answer": "Always.", "do": "replace"}
    assert b"Replaced by" in client.post(f"/policy/interpretations/{number}/", again, follow=True).content
    newest = Interpretation.objects.latest("id").pk
    assert b"withdrawn" in client.post(f"/policy/interpretations/{newest}/", {"do": "withdraw"}, follow=True).content.lower()
    client.force_login(Person.objects.create(username="ana", roles=[str(StaffRole.ANALYST)], created=NOON))
    assert client.post("/policy/interpretations/", form).status_code == 403
    assert client.get("/policy/interpretations/99/").status_code == 404
