"""Who complained contests what came of it on the report's page; another person decides, both are told, no measure changes by it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.unit.desk.decisions.conftest import LADDER, PARTIES
from tests.unit.desk.decisions.test_ladder import decide, found
from tests.unit.desk.notices.test_notices import CONTACTS
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, BUNDLE, LEAD, NOON, STRANGER, WORKER, Desk, write_bundle

from ringfence.desk.access.models import Person
from ringfence.desk.actor import Actor, ActorKind, StaffRole
from ringfence.desk.appeals import complainants, selectors, services
from ringfence.desk.appeals.complainants import NamesComplainant, contest
from ringfence.desk.appeals.filing import MOST_REPLIES, NoStanding, NothingSaid, TooLate
from ringfence.desk.appeals.models import Appeal, Reply
from ringfence.desk.appeals.rules import rule_page
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import services as casework
from ringfence.desk.cases.models import Case, CaseLink, JoinedComplaint
from ringfence.desk.clocks.models import Obligation
from ringfence.desk.complaints import services as complaining
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.complaints.telling_reporters import tell_outcome
from ringfence.desk.decisions.models import Decision, Strike
from ringfence.desk.decisions.services import NoReason, Why
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.letters.models import Letter
from ringfence.desk.letters.wording import languages, texts
from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
OTHER = Actor(ActorKind.PERSON, "oli", frozenset({StaffRole.ANALYST}))
MAIL = (
    b"From: Maria Complainant <maria@example.be>\r\nSubject: calls\r\n\r\nCalls from +3225551234 to +32470654321, 2026-03-01.\r\n"
)
CLOCKS = "calendars: {}\nclocks:\n  complaint-outcome:\n    rule: ours\n    due: 240h elapsed\n    missed: page lead\n"
FAIR = "We looked at the numbers once more."


@pytest.fixture
def closed(data: Path, tmp_path: Path, db: None) -> Iterator[Callable[..., Complaint]]:
    """Give a complaint about `shop` whose case was closed by the analyst, by a version with such a promise."""
    opened: list[Desk] = []

    def made(promise: str = "", *, outcome: str = "no-violation", decided: bool = False) -> Complaint:
        settings = f"{BUNDLE['bundle.toml']}\n[due_process]\n{promise}\n"
        bundle = {"ladder.yaml": LADDER, "bundle.toml": settings, "clocks.yaml": CLOCKS}
        policies.post_bundle(folder=write_bundle(tmp_path / "promising", **bundle), actor=ADMIN, now=NOON)
        assert not parties.import_parties(files={**PARTIES, "contacts.csv": CONTACTS}, actor=ADMIN, now=NOON).problems
        desk = Desk(data, next(path.name for path in (data / "policies").iterdir()))
        opened.append(desk)
        case, finding = found(desk)
        if decided:
            decide(case, finding)
            desk.work()
        number = complaining.take_in(raw=MAIL, sender="maria@example.be", actor=WORKER, now=NOON)
        casework.join_complaint(case_id=case, complaint=number, actor=WORKER, now=NOON)
        casework.close_case(case_id=case, outcome=outcome, actor=ANALYST, now=NOON)
        return Complaint.objects.get(id=number)

    yield made
    for desk in opened:
        desk.close()


def reviewed(appeal: Appeal, outcome: str, actor: Actor = LEAD, told: str = FAIR) -> None:
    services.review(appeal_id=appeal.pk, outcome=outcome, why=Why("So it is."), actor=actor, now=NOON + 2 * DAY, told_party=told)


def letters() -> list[Letter]:
    return list(Letter.objects.filter(noun="appeal").order_by("key"))


def test_nobody_who_decided_hears_it_and_upheld_both_are_told_and_the_party_not_who(closed: Callable[..., Complaint]) -> None:
    complaint = closed()
    appeal = contest(complaint=complaint, text=" They call me still. ", now=NOON + DAY)
    assert (appeal.by, appeal.contested, appeal.text) == ("complainant", "reviewed-without-action", "They call me still.")
    for who in (ANALYST, AUDITOR, STRANGER, ADMIN):
        with pytest.raises(NotPermitted):
            reviewed(appeal, "upheld", who)
    assert list(selectors.appeals(actor=ANALYST)) == [appeal]
    assert not selectors.appeals(actor=STRANGER)
    reviewed(appeal, "upheld")
    complaint.refresh_from_db()
    assert complaint.outcome == "reviewed-without-action"
    to_her, to_party = letters()
    assert (to_her.mail, to_party.mail) == ("maria@example.be", "abuse@shop.example")
    assert "What came of your report stays" in to_her.text
    assert "shop" not in to_her.text
    assert FAIR in to_party.text
    assert "maintenue" in to_party.text, "in its contact's language"
    for secret in ("maria", "Maria", "+32470654321", "They call me still", "So it is."):
        assert secret not in to_party.text
    with pytest.raises(StaleState):
        reviewed(appeal, "overturned")


def test_who_was_right_is_looked_into_again_and_no_measure_changes(closed: Callable[..., Complaint]) -> None:
    complaint = closed()
    before = JoinedComplaint.objects.get(complaint=complaint).case
    appeal = contest(complaint=complaint, text="No.", now=NOON + DAY)
    reviewed(appeal, "overturned")
    complaint.refresh_from_db()
    assert (complaint.outcome, complaint.closed) == ("", None)
    assert not Decision.objects.exists()
    case = JoinedComplaint.objects.get(complaint=complaint).case
    assert (case.id != before.id, case.state, case.subject_id, case.complaints) == (True, "open", "shop", 1)
    assert CaseLink.objects.filter(case=before, other=case).exists()
    assert "taken-up-again" in [entry.verb for entry in audit.timeline(case=case.id, actor=AUDITOR)]
    clock = Obligation.objects.get(noun="complaint-again")
    assert (clock.state, clock.due) == ("running", NOON + 12 * DAY)
    assert "we take your report up again" in letters()[0].text
    complaining.close_complaint(number=complaint.pk, outcome="actioned", actor=LEAD, now=NOON + 3 * DAY)
    clock.refresh_from_db()
    assert clock.state == "met"
    with pytest.raises(StaleState):
        contest(complaint=Complaint.objects.get(id=complaint.pk), text="still no", now=NOON + 4 * DAY)


def test_the_outcome_of_one_that_was_taken_up_again_is_told_too(closed: Callable[..., Complaint]) -> None:
    complaint = closed()
    assert tell_outcome(number=complaint.pk, actor=WORKER, now=NOON)
    assert tell_outcome(number=complaint.pk, actor=WORKER, now=NOON) == Letter.objects.get(noun="complaint").id
    reviewed(contest(complaint=complaint, text="No.", now=NOON + DAY), "overturned")
    complaining.close_complaint(number=complaint.pk, outcome="actioned", actor=LEAD, now=NOON + 3 * DAY)
    for _ in range(2):
        tell_outcome(number=complaint.pk, actor=WORKER, now=NOON + 3 * DAY)
    first, second = Letter.objects.filter(noun="complaint").order_by("created")
    assert "nothing was to be done" in first.text
    assert "within 183 days" in first.text
    assert "Something was done about it" in second.text


def test_an_open_case_comes_back_before_people(closed: Callable[..., Complaint]) -> None:
    complaint = closed()
    joined = JoinedComplaint.objects.get(complaint=complaint)
    Case.objects.filter(id=joined.case_id).update(state="open", snoozed_until=NOON + 90 * DAY)
    reviewed(contest(complaint=complaint, text="No.", now=NOON + DAY), "overturned")
    case = Case.objects.get(id=joined.case_id)
    assert (case.snoozed_until, case.latest) == (None, NOON + 2 * DAY)


def test_a_measure_against_the_party_stays_as_it_is_whatever_comes_of_it(closed: Callable[..., Complaint]) -> None:
    complaint = closed(outcome="acted", decided=True)
    decision = Decision.objects.get()
    appeal = contest(complaint=complaint, text="Too little.", now=NOON + timedelta(hours=1))
    assert orders.orders(actor=ANALYST).get().in_force
    with pytest.raises(NotPermitted, match="another person"):
        reviewed(appeal, "upheld", ANALYST)
    reviewed(appeal, "overturned")
    assert list(Decision.objects.all()) == [decision]
    assert orders.orders(actor=ANALYST).get().in_force
    assert Strike.objects.get().withdrawn is None


@pytest.mark.parametrize(
    ("told", "what"),
    [("Ask MARIA@example.be", "mailbox"), ("Maria Complainant saw it", "name"), ("calls to 0470 65 43 21", "called number")],
)
def test_what_gives_the_complainant_away_is_not_sent_to_the_party(closed: Callable[..., Complaint], told: str, what: str) -> None:
    appeal = contest(complaint=closed(), text="No.", now=NOON + DAY)
    with pytest.raises(NamesComplainant, match=what):
        reviewed(appeal, "upheld", told=told)
    with pytest.raises(NoReason):
        reviewed(appeal, "upheld", told=" ")
    appeal.refresh_from_db()
    assert (appeal.state, letters()) == ("open", [])


def test_of_harassment_the_party_hears_nothing_by_an_appeal_first(closed: Callable[..., Complaint]) -> None:
    complaint = closed()
    complaining.sort_complaint(number=complaint.pk, leaf="harassment", actor=ANALYST, now=NOON)
    appeal = contest(complaint=Complaint.objects.get(), text="No.", now=NOON + DAY)
    reviewed(appeal, "upheld", told="")
    assert [one.mail for one in letters()] == ["maria@example.be"]


def test_a_complaint_without_a_case_is_contested_too(closed: Callable[..., Complaint]) -> None:
    closed()
    number = complaining.take_in(raw=MAIL + b"again", sender="maria@example.be", actor=WORKER, now=NOON)
    complaining.close_complaint(number=number, outcome="not-ours", actor=ANALYST, now=NOON)
    appeal = contest(complaint=Complaint.objects.get(id=number), text="It is.", now=NOON + DAY)
    assert (appeal.case_id, appeal.rule) == (None, "")
    with pytest.raises(NotPermitted):
        reviewed(appeal, "upheld", ANALYST)
    reviewed(appeal, "overturned", told="")
    assert Complaint.objects.get(id=number).outcome == ""


def test_the_window_and_the_standing_are_the_bundles(closed: Callable[..., Complaint]) -> None:
    complaint = closed("appeal_days = 10")
    with pytest.raises(TooLate):
        contest(complaint=complaint, text="late", now=NOON + 10 * DAY + timedelta(seconds=1))
    assert contest(complaint=complaint, text="in time", now=NOON + 10 * DAY).state == "open"
    with pytest.raises(StaleState):
        contest(complaint=complaint, text="twice", now=NOON + DAY)


def test_six_months_by_default(closed: Callable[..., Complaint]) -> None:
    complaint = closed()
    assert isinstance(complainants.stands_against(complaint, NOON + 184 * DAY), TooLate)
    assert complainants.stands_against(complaint, NOON + 182 * DAY) is None


def test_where_the_bundle_gives_the_party_alone_an_appeal_who_complains_has_none(closed: Callable[..., Complaint]) -> None:
    complaint = closed('appeal_by = ["party"]')
    with pytest.raises(NoStanding):
        contest(complaint=complaint, text="No.", now=NOON + DAY)
    tell_outcome(number=complaint.pk, actor=WORKER, now=NOON)
    assert "contest it on that page" not in Letter.objects.get(noun="complaint").text


def test_what_is_open_or_was_told_before_is_not_contested(closed: Callable[..., Complaint]) -> None:
    complaint = closed()
    for changes in ({"outcome": ""}, {"outcome": "duplicate"}, {"nature": "enquiry"}):
        Complaint.objects.update(**{"outcome": "actioned", "nature": "complaint", **changes})
        complaint.refresh_from_db()
        with pytest.raises(StaleState):
            contest(complaint=complaint, text="No.", now=NOON + DAY)
    with pytest.raises(NotThere):
        services.review(appeal_id=99, outcome="upheld", why=Why("x"), actor=LEAD, now=NOON)


def test_it_counts_on_the_page_of_the_rule(closed: Callable[..., Complaint]) -> None:
    reviewed(contest(complaint=closed(), text="No.", now=NOON + DAY), "overturned")
    page = rule_page(name="sip-scan", actor=ANALYST)
    assert page is not None
    record = page.record
    assert (record.appeals, record.overturned, record.heard, record.right) == (1, 1, 1, 1)
    assert page.latest == ["So it is."]


def test_both_sides_reply_while_it_is_open_and_not_for_ever(closed: Callable[..., Complaint]) -> None:
    complaint = closed()
    with pytest.raises(StaleState):
        services.reply(complaint=complaint, text="more", now=NOON)
    appeal = contest(complaint=complaint, text="No.", now=NOON + DAY)
    for number in range(MOST_REPLIES):
        services.reply(complaint=complaint, text=f"more {number}", now=NOON + DAY)
    with pytest.raises(NothingSaid):
        services.reply(complaint=complaint, text="too much", now=NOON + DAY)
    services.answer(appeal_id=appeal.pk, text="At what hour?", actor=ANALYST, now=NOON + DAY)
    (letter,) = letters()
    assert "At what hour?" in letter.text
    assert f"/report/{complaining.ticket_of(complaint.pk)}/" in letter.text
    assert Reply.objects.last() == Reply.objects.get(author="ana")
    for who in (AUDITOR, STRANGER):
        with pytest.raises(NotPermitted):
            services.answer(appeal_id=appeal.pk, text="x", actor=who, now=NOON)
    reviewed(appeal, "upheld")
    with pytest.raises(StaleState):
        services.answer(appeal_id=appeal.pk, text="x", actor=ANALYST, now=NOON + 3 * DAY)
    with pytest.raises(StaleState):
        services.reply(text="nobody's", now=NOON)


def test_the_page_of_the_report_takes_it_without_a_login_and_staff_works_on_it(
    closed: Callable[..., Complaint], client: Client
) -> None:
    complaint = closed()
    page = f"/report/{complaining.ticket_of(complaint.pk)}/"
    visitor = Client()
    assert "The time to contest" in visitor.get(page).content.decode(), "by the wall's clock it is"
    Complaint.objects.update(closed="2999-01-01T00:00Z")
    assert "Send the appeal" in visitor.get(page).content.decode()
    assert visitor.post(page, {"do": "appeal", "text": " "}).status_code == 400
    assert visitor.post(page, {"do": "appeal", "text": "<b>They</b> call still"}).status_code == 302
    assert visitor.post(page, {"do": "reply", "text": "each night"}).status_code == 302
    shown = visitor.get(page).content.decode()
    assert "&lt;b&gt;They&lt;/b&gt; call still" in shown
    assert "each night" in shown
    assert "shop" not in shown
    (entry,) = audit.entries(actor=AUDITOR, verb="appealed")
    assert (entry.actor_kind, entry.noun) == ("anonymous", "appeal")
    appeal = Appeal.objects.get()
    client.force_login(Person.objects.create(username="leo", roles=["lead"], created=NOON))
    inside = client.get(f"/appeals/{appeal.pk}/").content.decode()
    assert f"/complaints/{complaint.pk}/" in inside
    assert "Why, for shop" in inside
    assert "who complained" in client.get("/appeals/").content.decode()
    assert f"appeal {appeal.pk}" in client.get(f"/cases/{appeal.case_id}/").content.decode()
    assert client.post(f"/appeals/{appeal.pk}/review/", {"do": "answer", "text": "When?"}).status_code == 302
    form = {"outcome": "overturned", "reasons": "Right you are.", "told_party": FAIR}
    assert client.post(f"/appeals/{appeal.pk}/review/", form).status_code == 302
    shown = visitor.get(page).content.decode()
    for told in ("When?", "We answered", "You were right", "Right you are."):
        assert told in shown
    assert FAIR not in shown


@pytest.mark.parametrize("language", languages("ringfence.desk.appeals"))
def test_every_language_says_all_that_english_says(language: str) -> None:
    told, english = texts("ringfence.desk.appeals", language), texts("ringfence.desk.appeals", "en")
    assert {name: sorted(table) for name, table in told.items()} == {name: sorted(table) for name, table in english.items()}
